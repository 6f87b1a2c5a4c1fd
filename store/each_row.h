/* each_row: the requests of a range of keys, oldest first, handed to a function while SQLite stands on them.
 *
 * Owns: the SQL function by which SQLite does that. Does not: unpack a row. Why: to step out of SQLite and to ask it for two
 * columns takes as long as reading the row; millions of rows are read so in two thirds of the time.
 */
#ifndef STORE_EACH_ROW_H
#define STORE_EACH_ROW_H
#include "store/db.h"

/* true = enough: no more rows. It may ask the database other things. The body lives until it returns. */
typedef bool RowSeen(void *ctx, int64_t key, const void *body, size_t len);
/* Keys [from, to). *stopped: it was enough before the end. One at a time on a Db. */
int each_row(Db *db, int64_t from, int64_t to, RowSeen *seen, void *ctx, bool *stopped, Err *e);
int each_row_register(sqlite3 *handle); /* for db_open(): an SQLite code */
#endif
