/* memo: a bounded map from short tuples of numbers to one number, which forgets everything when it is full.
 *
 * Owns: fixed memory, whatever is put in. Does not: keep what is only here; a memo saves a look-up in the database.
 */
#ifndef STORE_MEMO_H
#define STORE_MEMO_H
#include "store/base.h"

enum { MEMO_WORDS_MAX = 12 };
typedef struct Memo Memo;
Memo *memo_new(size_t words, size_t slots /* a power of two */);
void memo_free(Memo *m);
void memo_clear(Memo *m);
/* The place of the tuple's value; *value is 0 when it was not there, and the caller sets it then (if he cannot, he clears
 * the memo). Valid until the next call. */
uint32_t *memo_at(Memo *m, const uint32_t *key);
#endif
