/* rows: a table of somebody else's SQLite database as a stream of JSON lines, one object per row, for the ordinary formats.
 *
 * Owns: opening read-only without making files beside it, finding the table by its columns, paging, the sliding window.
 * Does not: know what the columns mean (a format's "table" does) or remember where it was (the ledger's file row does).
 * Rows are updated after they were written, so each look begins a window of rows before the newest known one; what comes
 * again is known by its identity. The row at the cursor proves that row numbers still mean what they did (VACUUM, restore);
 * else all is read again. No read transaction is open between two calls: the owner's WAL can be copied back.
 * Memory: one page of rows, ROWS_PAGE_MAX bytes and one row. Thread: one at a time; may be handed over.
 */
#ifndef COLLECTORS_ROWS_H
#define COLLECTORS_ROWS_H
#include "collectors/format.h"
#include <sqlite3.h>
#include <sys/types.h>

typedef struct Rows Rows;
bool rows_is_database(const char *path); /* by its first bytes */
/* *format: the one called `wanted`, or when that is "" the best whose table and needed columns are there. */
int rows_open(Rows **out, const char *path, const Formats *f, const char *wanted, const Format **format, Err *e);
void rows_close(Rows *r); /* NULL is fine */
void rows_start(Rows *r, uint64_t cursor, uint64_t anchor); /* where the last look ended; 0 = nowhere yet */
/* Bytes of lines; 0 = no more for now. The next call looks again, if the database changed. */
ssize_t rows_read(Rows *r, char *to, size_t size, Err *e);
uint64_t rows_cursor(const Rows *r); /* number of the newest row that was handed out */
uint64_t rows_anchor(const Rows *r); /* hash64 of its key */

/* One row again, by what it says. */
typedef enum RowJudged { ROW_EARLIER, ROW_IT, ROW_LATER, ROW_MUTE /* it does not say */ } RowJudged;
typedef RowJudged RowsJudge(void *ctx, const char *line, size_t len); /* line: as rows_read() gives it; SCAN_PAD bytes behind it */
/* Rows are about in the order of time: halves, then looks at the neighbours. Some thousand rows, however large the table.
 * 1 = found, 0 = not; *number is its order's value. */
int rows_find(Rows *r, RowsJudge *judge, void *ctx, int64_t *number, Err *e);
sqlite3_stmt *rows_whole(Rows *r, int64_t number, Err *e); /* that row with all its columns, not yet stepped; the caller's */
#endif
