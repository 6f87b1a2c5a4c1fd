/* rollup: the tables of sums by slot and lane, combo or file: reading a range, adding to cells, letting go.
 *
 * Owns: how cells stand in the tables. Up to 64 neighbouring cells of one slot share a row ("block"), each as one byte of
 * its id and its packed sums: a cell costs about 18 bytes instead of 31, an import writes ten times fewer rows, and a
 * query steps through ten times fewer. Does not: know which requests belong where (ledger_cells.c does).
 */
#ifndef STORE_ROLLUP_H
#define STORE_ROLLUP_H
#include "store/db.h"
#include "store/row.h"

typedef enum Rollup {
    ROLLUP_MINUTE,    /* 1 minute x lane; from meta.minute_from_ms on */
    ROLLUP_COMBO,     /* 15 minutes x combo; from meta.combo_from_ms on */
    ROLLUP_LANE,      /* 15 minutes x lane; for good */
    ROLLUP_COMBO_DAY, /* UTC day x combo; days from meta.combo_from_ms on are whole */
    ROLLUP_LANE_DAY,  /* UTC day x lane; for good */
    ROLLUP_FILE,      /* 15 minutes x file, the number of requests alone; kept like the minutes */
    ROLLUPS
} Rollup;
const char *rollup_name(Rollup r);
int64_t rollup_slot_ms(Rollup r);

/* A cell: slot << 28 | id of a lane, combo or file. */
enum { CELL_ID_BITS = 28, CELL_ID_MAX = (1 << CELL_ID_BITS) - 1 };
#define SLOT_MINUTE_MS INT64_C(60000)
#define SLOT_QUARTER_MS INT64_C(900000)
#define SLOT_DAY_MS INT64_C(86400000)
static inline int64_t cell_of(int64_t slot, uint32_t id) { return (int64_t)((uint64_t)slot << CELL_ID_BITS | id); }
static inline int64_t cell_slot(int64_t cell) { return cell >> CELL_ID_BITS; }
static inline uint32_t cell_id(int64_t cell) { return (uint32_t)(cell & CELL_ID_MAX); }
typedef struct CellSum {
    int64_t cell;
    Sums sums;
} CellSum;

/* Cells of the slots that begin in [from_ms, to_ms), in order. One cursor a table and Db at a time. */
typedef struct RollupCursor {
    CellSum now; /* valid after rollup_next() gave 1 */
    /* private */
    Db *db;
    sqlite3_stmt *s;
    const uint8_t *at, *end, *packed;
    int64_t block;
} RollupCursor;
int rollup_open(RollupCursor *c, Db *db, Rollup r, int64_t from_ms, int64_t to_ms, Err *e);
int rollup_next(RollupCursor *c, Err *e); /* 1 = a cell, 0 = the end, -1 = failed */
/* The same in two steps, for who needs few of the cells, or few of their sums: rollup_step() sets now.cell alone;
 * rollup_read() after it the first `count` of now.sums (the others are undefined). */
int rollup_step(RollupCursor *c, Err *e);
int rollup_read(RollupCursor *c, unsigned count, Err *e);
void rollup_close(RollupCursor *c);       /* always, also after the end */
/* Start of the first slot at from_ms or later that has cells; INT64_MAX = none. */
int rollup_first_ms(Db *db, Rollup r, int64_t from_ms, int64_t *out, Err *e);

/* Adds sorted, distinct cells. One that has become empty goes: the table looks as if its rows had never been there. */
int rollup_add(Db *db, Rollup r, const CellSum *cells, size_t count, Err *e);
/* Deletes the cells of the slots that begin in [from_ms, to_ms), at most some thousand; *more: call again. */
int rollup_drop(Db *db, Rollup r, int64_t from_ms, int64_t to_ms, bool *more, Err *e);
#endif
