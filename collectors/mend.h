/* mend: what can still be read of a record that is no JSON because of some of its bytes.
 *
 * Owns: two repairs. A client's name in Latin-1, or an escape sequence in it, must not keep a call out of the ledger; and
 * a writer that dies within a line leaves its beginning, zeros perhaps, and whoever comes next writes on from there.
 * Does not: parse, count or decide; whoever tries the result says whether it is a record now. Pure.
 */
#ifndef COLLECTORS_MEND_H
#define COLLECTORS_MEND_H
#include "store/base.h"

enum { MEND_MAX = 1 << 20 }; /* a longer record stays as it is */

/* The text with bytes that are no UTF-8 taken as Latin-1, so that names stay different, and control characters as spaces;
 * SCAN_PAD bytes follow it. The caller's to free. at NULL: nothing is wrong with its bytes, or it is too long. */
typedef struct Mended { char *at; size_t len; } Mended;
Mended mend_bytes(Str text);
/* Behind `from`, where another record may begin: behind the last zero, or where what text begins with ("{"ts"") stands
 * again: within a string it would be escaped. 0 = nowhere. */
size_t mend_break(Str text, size_t from);
#endif
