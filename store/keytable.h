/* keytable: a hash table from small integer tuples to dense indices 0, 1, 2, ... in order of arrival.
 *
 * Owns: keys and slots. Does not: hold values: the caller keeps an array beside it. One table serves all the maps that
 * queries need (groups by tuple, members by id, names by id). Memory grows with the keys; callers bound their number.
 */
#ifndef STORE_KEYTABLE_H
#define STORE_KEYTABLE_H
#include "store/base.h"

typedef struct KeyTable {
    size_t width;           /* int64s in a key; set at birth, the rest zero */
    int64_t *keys;          /* count * width */
    uint32_t *slots;        /* index + 1; 0 = free */
    uint32_t *small;        /* width 1, keys below small_cap: index + 1; ids count from 1, so most are here */
    size_t small_cap;
    size_t count, cap, slot_count;
} KeyTable;

/* Index of the key, which is added when it is new. */
uint32_t keytable_index(KeyTable *t, const int64_t *key, bool *is_new);
/* Index of the key, or UINT32_MAX. */
uint32_t keytable_find(const KeyTable *t, const int64_t *key);
static inline const int64_t *keytable_key(const KeyTable *t, size_t index) { return t->keys + index * t->width; }
void keytable_clear(KeyTable *t); /* keeps the memory */
void keytable_free(KeyTable *t);  /* keeps .width */
#endif
