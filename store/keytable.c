/* keytable: open addressing over dense keys; see keytable.h. */
#include "store/keytable.h"

enum { FIRST_SLOTS = 64, SMALL_MAX = 1 << 14 };

/* Keys are ids and times that log files bring about: mixed well enough that no order of them makes long chains. */
static uint64_t key_hash(const int64_t *key, size_t width) {
    uint64_t h = 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < width; i++) {
        h = (h ^ (uint64_t)key[i]) * 0xD1B54A32D192ED03u;
        h ^= h >> 32;
    }
    return h;
}

static bool same(const int64_t *a, const int64_t *b, size_t width) {
    size_t i = 0;
    while (i < width && a[i] == b[i]) i++;
    return i == width;
}

static bool is_small(const KeyTable *t, const int64_t *key) {
    return t->width == 1 && key[0] >= 0 && key[0] < SMALL_MAX;
}

static uint32_t *slot_of(const KeyTable *t, const int64_t *key) {
    size_t mask = t->slot_count - 1;
    for (size_t i = key_hash(key, t->width) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &t->slots[i];
        if (!*slot || same(keytable_key(t, *slot - 1), key, t->width)) return slot;
    }
}

static void grow(KeyTable *t) {
    t->slot_count = t->slot_count ? t->slot_count * 2 : FIRST_SLOTS;
    free(t->slots);
    t->slots = xcalloc(t->slot_count, sizeof *t->slots);
    for (size_t i = 0; i < t->count; i++)
        if (!is_small(t, keytable_key(t, i))) *slot_of(t, keytable_key(t, i)) = (uint32_t)i + 1;
}

static uint32_t *small_of(KeyTable *t, int64_t key) {
    if ((size_t)key >= t->small_cap) {
        size_t cap = t->small_cap ? t->small_cap : FIRST_SLOTS;
        while (cap <= (size_t)key) cap *= 2;
        t->small = xrealloc(t->small, cap * sizeof *t->small);
        memset(t->small + t->small_cap, 0, (cap - t->small_cap) * sizeof *t->small);
        t->small_cap = cap;
    }
    return &t->small[key];
}

uint32_t keytable_index(KeyTable *t, const int64_t *key, bool *is_new) {
    bool small = is_small(t, key);
    if (!small && (t->count + 1) * 2 > t->slot_count) grow(t);
    uint32_t *slot = small ? small_of(t, key[0]) : slot_of(t, key);
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
    if (is_small(t, key))
        return (size_t)key[0] < t->small_cap && t->small[key[0]] ? t->small[key[0]] - 1 : UINT32_MAX;
    if (!t->slot_count) return UINT32_MAX;
    uint32_t *slot = slot_of(t, key);
    return *slot ? *slot - 1 : UINT32_MAX;
}

void keytable_clear(KeyTable *t) {
    if (t->slots) memset(t->slots, 0, t->slot_count * sizeof *t->slots);
    if (t->small) memset(t->small, 0, t->small_cap * sizeof *t->small);
    t->count = 0;
}

void keytable_free(KeyTable *t) {
    free(t->keys);
    free(t->slots);
    free(t->small);
    *t = (KeyTable){.width = t->width};
}
