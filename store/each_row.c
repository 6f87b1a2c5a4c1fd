/* each_row: a filter of rows that looks at them; see each_row.h. */
#include "store/each_row.h"

static const char pointer_type[] = "RowVisit"; /* nobody who writes SQL can make one */

typedef struct RowVisit { RowSeen *seen; void *ctx; } RowVisit;

/* see_row(visit, key, body): whether it is enough, so that the first row that is, is the only one that the statement gives. */
static void see_row(sqlite3_context *c, int count, sqlite3_value **v) {
    const RowVisit *visit = sqlite3_value_pointer(v[0], pointer_type);
    (void)count;
    if (!visit) {
        sqlite3_result_error(c, "see_row() is tollwatch's own", -1);
        return;
    }
    const void *body = sqlite3_value_blob(v[2]); /* before its length is asked for */
    bool enough = visit->seen(visit->ctx, sqlite3_value_int64(v[1]), body, (size_t)sqlite3_value_bytes(v[2]));
    sqlite3_result_int(c, enough);
}

int each_row_register(sqlite3 *handle) {
    return sqlite3_create_function(handle, "see_row", 3, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, see_row, NULL, NULL);
}

int each_row(Db *db, int64_t from, int64_t to, RowSeen *seen, void *ctx, bool *stopped, Err *e) {
    RowVisit visit = {seen, ctx};
    sqlite3_stmt *st = db_prepare(db, "SELECT 1 FROM request WHERE key >= ?1 AND key < ?2 AND see_row(?3, key, body) ORDER BY key", e);
    *stopped = false;
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, from);
    sqlite3_bind_int64(st, 2, to);
    sqlite3_bind_pointer(st, 3, &visit, pointer_type, NULL);
    int rc = db_step(db, st, "read requests", e);
    *stopped = rc == 1;
    sqlite3_reset(st);
    sqlite3_bind_null(st, 3); /* `visit` ends here */
    return rc < 0 ? -1 : 0;
}
