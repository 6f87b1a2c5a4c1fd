/* reader_long: one record that outgrew the reader's buffer, while it comes in pieces. Private to reader*.c.
 *
 * Owns: what is left out of it, what went in (its length, lines, last bytes), and whether it is given up. Does not: read,
 * find its end, or own its text, which stays in the reader's buffer.
 */
#ifndef COLLECTORS_READER_LONG_H
#define COLLECTORS_READER_LONG_H
#include "collectors/reader_cut.h"
#include "collectors/scan_prune.h"

enum { TAIL = 64 };
typedef struct Tail { /* the last bytes before a place in the log; by them a copy is told from a file that begins alike */
    char at[TAIL];
    size_t len;
} Tail;
void tail_add(Tail *t, const char *at, size_t len);

typedef struct Long {
    bool active, skipping;
    bool pruned;            /* by what is wanted; else by the cutter */
    size_t kept;            /* the record's first bytes in the buffer, from which was left out what may be */
    uint64_t raw, newlines; /* what went in */
    uint64_t begin_hash;
    Tail tail;
    Cutter cutter;
    Pruner *pruner; /* NULL until one is needed; kept for the next */
} Long;

/* A record begins so, is long, and stands behind `before`; wanted: NULL = not known. */
void long_begin(Long *l, Str begin, const Tail *before, const PruneSpec *wanted);
/* record[kept..stop) goes in; what stays is moved together. Returns where it ends: 0 when the record is given up. */
size_t long_take(Long *l, char *record, size_t stop);
uint64_t long_hash(const Long *l); /* of its beginning and its length, whatever was left out */
void long_end(Long *l);
void long_free(Long *l);
#endif
