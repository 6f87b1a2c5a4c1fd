/* memo: open addressing over fixed memory; clearing is one increment. See memo.h. */
#include "store/memo.h"

typedef struct Entry {
    uint32_t generation; /* of another generation = empty */
    uint32_t value;
    uint32_t key[];
} Entry;

struct Memo {
    size_t words, mask, used, limit, stride;
    uint32_t generation;
    unsigned char *entries;
};

Memo *memo_new(size_t words, size_t slots) {
    Memo *m = xcalloc(1, sizeof *m);
    m->words = words;
    m->mask = slots - 1;
    m->limit = slots - slots / 4;
    m->stride = sizeof(Entry) + words * sizeof(uint32_t);
    m->entries = xcalloc(slots, m->stride);
    m->generation = 1;
    return m;
}

void memo_free(Memo *m) {
    if (!m) return;
    free(m->entries);
    free(m);
}

void memo_clear(Memo *m) {
    m->used = 0;
    if (++m->generation) return;
    memset(m->entries, 0, (m->mask + 1) * m->stride);
    m->generation = 1;
}

static Entry *entry_at(Memo *m, size_t i) {
    return (Entry *)(void *)(m->entries + i * m->stride);
}

uint32_t *memo_at(Memo *m, const uint32_t *key) {
    size_t bytes = m->words * sizeof *key;
    if (m->used >= m->limit) memo_clear(m);
    for (size_t i = hash64(key, bytes, 0) & m->mask;; i = (i + 1) & m->mask) {
        Entry *e = entry_at(m, i);
        if (e->generation == m->generation) {
            if (memcmp(e->key, key, bytes) == 0) return &e->value;
            continue;
        }
        m->used++;
        e->generation = m->generation;
        e->value = 0;
        memcpy(e->key, key, bytes);
        return &e->value;
    }
}
