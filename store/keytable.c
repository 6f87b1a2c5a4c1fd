/* keytable: open addressing over dense keys; see keytable.h. */
#include "store/keytable.h"

enum { FIRST_SLOTS = 64 };

/* Keys are ids and times that log files bring about: mixed well enough that no order of them makes long chains. */
static uint64_t key_hash(const int64_t *key, size_t width) {
    uint64_t h = 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < width; i++) {
        h = (h ^ (uint64_t)key[i]) * 0xD1B54A32D192ED03u;
        h ^= h >> 32;
    }
    return h;
}

static uint32_t *slot_of(const KeyTable *t, const int64_t *key) {
    size_t mask = t->slot_count - 1;
    for (size_t i = key_hash(key, t->width) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &t->slots[i];
        if (!*slot || memcmp(keytable_key(t, *slot - 1), key, t->width * sizeof *key) == 0) return slot;
    }
}

static void grow(KeyTable *t) {
    t->slot_count = t->slot_count ? t->slot_count * 2 : FIRST_SLOTS;
    free(t->slots);
    t->slots = xcalloc(t->slot_count, sizeof *t->slots);
    for (size_t i = 0; i < t->count; i++) *slot_of(t, keytable_key(t, i)) = (uint32_t)i + 1;
}

uint32_t keytable_index(KeyTable *t, const int64_t *key, bool *is_new) {
    if ((t->count + 1) * 2 > t->slot_count) grow(t);
    uint32_t *slot = slot_of(t, key);
    *is_new = !*slot;
    if (*slot) return *slot - 1;
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : FIRST_SLOTS / 2;
        t->keys = xrealloc(t->keys, t->cap * t->width * sizeof *t->keys);
    }
    memcpy(t->keys + t->count * t->width, key, t->width * sizeof *key);
    *slot = (uint32_t)++t->count;
    return *slot - 1;
}

uint32_t keytable_find(const KeyTable *t, const int64_t *key) {
    if (!t->slot_count) return UINT32_MAX;
    uint32_t *slot = slot_of(t, key);
    return *slot ? *slot - 1 : UINT32_MAX;
}

void keytable_clear(KeyTable *t) {
    if (t->slots) memset(t->slots, 0, t->slot_count * sizeof *t->slots);
    t->count = 0;
}

void keytable_free(KeyTable *t) {
    free(t->keys);
    free(t->slots);
    *t = (KeyTable){.width = t->width};
}
