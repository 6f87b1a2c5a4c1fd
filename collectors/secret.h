/* secret: a key or an address that nobody else may see, from where the configuration says it is.
 *
 * Owns: reading it, each time anew (it may be rotated), and refusing what is no secret any more: a file that others can read.
 * Does not: keep it, write it anywhere, or put it into an error or a command line. Callers wipe theirs with secret_wipe().
 */
#ifndef COLLECTORS_SECRET_H
#define COLLECTORS_SECRET_H
#include "collectors/worker.h"

typedef struct SecretFrom { const char *what, *env, *file, *command; } SecretFrom; /* what: "url", for errors; "" = not so */
/* One line, without control characters, trimmed; "" when nothing is configured. */
int secret_read(const SecretFrom *from, const Stop *stop, char *out, size_t size, Err *e);
void secret_wipe(void *at, size_t size);
#endif
