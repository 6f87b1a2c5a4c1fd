/* query_plan: which table answers which part of a range. Private to store/query*.c.
 *
 * Owns: the choice between rollups and rows. Does not: read what it chose. A range is cut at slot edges: whole slots are
 * read from the coarsest rollup that has the asked dimensions and fits into the asked time steps; what sticks out at both
 * ends is read from finer tables, at last from rows, so that every answer is exact to the millisecond.
 */
#ifndef STORE_QUERY_PLAN_H
#define STORE_QUERY_PLAN_H
#include "store/query.h"
#include "store/rollup.h"

typedef enum Table {
    TABLE_LANE_DAY, TABLE_COMBO_DAY, TABLE_LANE, TABLE_COMBO, TABLE_MINUTE, TABLE_ROWS, TABLE_COUNT
} Table;
typedef struct Segment {
    Table table;
    int64_t from_ms, to_ms; /* whole slots, except for TABLE_ROWS */
} Segment;

typedef struct Ask {
    int64_t since_ms, until_ms;
    unsigned uses;    /* what is grouped and filtered by, as bits of filter_uses() */
    int64_t grain_ms; /* slots longer than this do not fit into the time steps; INT64_MAX = no steps */
} Ask;

typedef struct Plan {
    Segment *segments;
    size_t count, cap;
    bool from_rows; /* rows answer for more than the cut slots at the ends */
    int purged_days;
} Plan;

/* The caller holds a read transaction over this and the reading. */
int query_plan_make(Plan *out, Db *db, const Ask *ask, Err *e);
void query_plan_free(Plan *p);
int64_t table_slot_ms(Table t); /* 1 for rows */

/* Start of the newest / time of the oldest thing the ledger knows; INT64_MIN / INT64_MAX when it is empty. */
int ledger_newest_ms(Db *db, int64_t *out, Err *e);
int ledger_oldest_ms(Db *db, int64_t *out, Err *e);
/* An integer of the meta table; `fallback` when it is not there. */
int meta_int(Db *db, const char *key, int64_t fallback, int64_t *out, Err *e);
#endif
