/* saved: what a person chose in the dashboard and finds again after a restart: `key = value` lines in one small file.
 *
 * Owns: that file ($XDG_STATE_HOME/tollwatch/view, 0600, replaced whole) and its grammar. Does not: know what a key means;
 * whoever sets "models.sort" reads it and judges it, because an older or a newer tollwatch may have written it. Keys that
 * nobody knows are kept. Every function takes NULL: then nothing is remembered. Thread: the UI's.
 */
#ifndef TUI_SAVED_H
#define TUI_SAVED_H
#include "store/base.h"

enum { SAVED_MAX = 96 /* keys */, SAVED_KEY_MAX = 48, SAVED_VALUE_MAX = 256 /* bytes with NUL */ };
typedef struct Saved Saved;

Saved *saved_new(void);
void saved_free(Saved *s);
/* NULL: it was not saved. Lifetime: until the key is set again. */
const char *saved_get(const Saved *s, const char *key);
/* NULL or "" forgets it. A key is made of a-z 0-9 . - _; what does not fit, or holds control characters, is not remembered. */
void saved_set(Saved *s, const char *key, const char *value);
bool saved_changed(const Saved *s); /* since it was read or written */

/* No file = nothing saved. A bad one is an error that says where, and nothing is saved: never half of it. */
int saved_read(Saved *s, const char *path, Err *e);
int saved_write(Saved *s, const char *path, Err *e); /* what cannot be written is not tried again until it changes */
#endif
