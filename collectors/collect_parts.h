/* collect_parts: what all workers of the collector share: read-only, loaded once, borrowed for their lives. Each worker
 * opens its own database. Private to the collector. */
#ifndef COLLECTORS_COLLECT_PARTS_H
#define COLLECTORS_COLLECT_PARTS_H
#include "collectors/collect.h"

typedef struct Collecting {
    const Config *config;
    const SourceConfig *sources; /* configured, or discovered when none is */
    size_t source_count;
    const Formats *formats;
    const Book *book;
    const Zone *zone;
    const char *db_path, *policy_path;
    int64_t fixed_now_ms;
    const int64_t *steady_ms; /* NULL = the monotonic clock; a test turns its own by hand */
    bool polling;             /* no folder is watched, as where that is impossible */
    void (*failed)(const Err *e);
} Collecting;

int64_t collecting_now_ms(const Collecting *c);
int64_t collecting_steady_ms(const Collecting *c); /* for intervals */
int collecting_open(const Collecting *c, Db **db, Ledger **l, Err *e); /* a writer of the caller's own */
void collecting_failed(const Collecting *c, const Err *e);
#endif
