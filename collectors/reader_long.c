/* reader_long: see reader_long.h. Every rule looks at the record alone, so that no chunking changes the result. */
#include "collectors/reader_long.h"
#include "collectors/reader.h"

void tail_add(Tail *t, const char *at, size_t len) {
    if (len >= TAIL) {
        memcpy(t->at, at + len - TAIL, TAIL);
        t->len = TAIL;
        return;
    }
    size_t keep = t->len + len > TAIL ? TAIL - len : t->len;
    memmove(t->at, t->at + t->len - keep, keep);
    memcpy(t->at + keep, at, len);
    t->len = keep + len;
}

void long_begin(Long *l, Str begin, const Tail *before, const PruneSpec *wanted) {
    *l = (Long){.active = true, .pruned = wanted, .begin_hash = hash64(begin.at, begin.len, 0), .tail = *before, .pruner = l->pruner};
    if (!wanted) return;
    if (!l->pruner) l->pruner = pruner_new();
    pruner_start(l->pruner, wanted);
}

size_t long_take(Long *l, char *record, size_t stop) {
    size_t most = 0;
    tail_add(&l->tail, record + l->kept, stop - l->kept);
    l->raw += stop - l->kept;
    l->newlines += newlines_in(record + l->kept, stop - l->kept);
    if (l->skipping) return l->kept = 0;
    if (l->pruned) l->kept = pruner_run(l->pruner, record, l->kept, stop), most = pruner_most(l->pruner);
    else l->kept = most = cutter_run(&l->cutter, record, l->kept, stop);
    l->skipping = most > READER_KEPT_MAX || l->raw > READER_RECORD_MAX + 1 /* its newline */;
    if (l->skipping) l->kept = 0;
    return l->kept;
}

uint64_t long_hash(const Long *l) {
    uint64_t ends = 0;
    while (ends < l->tail.len && (l->tail.at[l->tail.len - 1 - ends] == '\n' || l->tail.at[l->tail.len - 1 - ends] == '\r')) ends++;
    uint64_t part[2] = {l->begin_hash, l->raw - ends};
    return hash64((const char *)part, sizeof part, 0);
}

void long_end(Long *l) {
    *l = (Long){.pruner = l->pruner};
}

void long_free(Long *l) {
    pruner_free(l->pruner);
    l->pruner = NULL;
}
