/* query_names: which values a dimension has had, for completion: those that begin with what was typed. */
#include "store/query.h"

int query_names(Db *db, int dim, const char *prefix, QueryName *out, size_t max, size_t *count, Err *e) {
    const Str begin = str_of(prefix);
    int got = 0;
    *count = 0;
    sqlite3_stmt *s = db_prepare(db, "SELECT value FROM name WHERE dim = ?1 AND value >= ?2 ORDER BY value", e);
    if (!s) return -1;
    sqlite3_bind_int(s, 1, dim);
    sqlite3_bind_text(s, 2, prefix, -1, SQLITE_STATIC);
    while (*count < max && (got = db_step(db, s, "read the names of a dimension", e)) == 1) {
        Str value = {(const char *)sqlite3_column_text(s, 0), (size_t)sqlite3_column_bytes(s, 0)};
        if (value.len < begin.len || memcmp(value.at, begin.at, begin.len) != 0) break;
        snprintf(out[(*count)++].text, sizeof out->text, "%.*s", (int)value.len, value.at);
    }
    sqlite3_reset(s); /* no read transaction is left open */
    return got < 0 ? -1 : 0;
}
