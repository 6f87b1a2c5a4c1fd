/* term_keys: bytes from the terminal to keys. Pure: given bytes, gives keys; hostile bytes give KEY_UNKNOWN at worst.
 *
 * A lone Esc is a key of its own only when nothing follows it for a moment: `last` says that the moment has passed.
 */
#ifndef TUI_TERM_KEYS_H
#define TUI_TERM_KEYS_H
#include "tui/keys.h"

typedef struct MouseEvent { int x, y; /* cells from 0 */ int button /* 0 left, 64 wheel up, 65 wheel down */; bool pressed; } MouseEvent;
typedef struct KeyInput {
    unsigned char at[1024];
    size_t len;
    MouseEvent mouse;      /* of the last KEY_MOUSE */
    bool synchronized;     /* the terminal said that it has synchronized updates */
} KeyInput;

void keys_add(KeyInput *in, const unsigned char *at, size_t len); /* what does not fit is dropped */
/* Takes one key off the input; -1 = none that is complete. */
int keys_take(KeyInput *in, bool last);
bool keys_waiting(const KeyInput *in); /* an unfinished sequence is held */
#endif
