/* ledger_services: metrics, which are sums of a service's calls, count only where none of these calls is known by itself (L3).
 *
 * Owns: tables service_hour and service_metric. Does not: link single calls (ledger_links.c). A service that exports spans or
 * events exports them of all it does, so one of them within an hour slot of a sum is enough: what a sum says was called before
 * it, mostly within a minute, and which call is in which sum nobody can tell. A function of the set of rows, as links are.
 */
#include "store/ledger_parts.h"

static int64_t hour_of(const Row *row) {
    return row->r.ts_ms / MS_PER_HOUR;
}

static sqlite3_stmt *of_service(Ledger *l, const char *sql_literal, int64_t hour, uint64_t service, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, sql_literal, e);
    if (!s) return NULL;
    sqlite3_bind_int64(s, 1, hour);
    sqlite3_bind_int64(s, 2, (int64_t)service);
    return s;
}

/* A statement of at most one row: its number, 0 when there is none. */
static int one_number(Ledger *l, sqlite3_stmt *s, int64_t *out, Err *e) {
    *out = 0;
    if (!s) return -1;
    int got = db_step(l->db, s, "look up a service", e);
    if (got == 1) *out = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

static int calls_near(Ledger *l, const Row *row, bool *any, Err *e) {
    static const char sql[] = "SELECT count(*) FROM service_hour WHERE hour IN (?1 - 1, ?1, ?1 + 1) AND service = ?2 AND calls > 0";
    int64_t hours;
    if (one_number(l, of_service(l, sql, hour_of(row), row->r.also, e), &hours, e)) return -1;
    *any = hours > 0;
    return 0;
}

static int judge_stored(Ledger *l, int64_t key, Err *e) {
    Row row;
    bool found, any;
    if (rows_get(l, key, &row, &found, e)) return -1;
    if (!found) return 0;
    return calls_near(l, &row, &any, e) || links_set(l->links, &row, any, e) ? -1 : 0;
}

/* The first call of an hour came, or its last one went. */
static int judge_near(Ledger *l, const Row *call, Err *e) {
    static const char sql[] = "SELECT key FROM service_metric WHERE hour IN (?1 - 1, ?1, ?1 + 1) AND service = ?2";
    sqlite3_stmt *s = of_service(l, sql, hour_of(call), call->r.also, e);
    if (!s) return -1;
    int got;
    while ((got = db_step(l->db, s, "look up a service's metrics", e)) == 1)
        if (judge_stored(l, sqlite3_column_int64(s, 0), e)) {
            sqlite3_reset(s);
            return -1;
        }
    return got;
}

static int metric_stored(Ledger *l, const char *sql_literal, const Row *row, Err *e) {
    sqlite3_stmt *s = of_service(l, sql_literal, hour_of(row), row->r.also, e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 3, row->key);
    return db_step(l->db, s, "note a service's metrics", e);
}

static int metric_added(Ledger *l, Row *row, Err *e) {
    bool any;
    int64_t ignored;
    if (one_number(l, of_service(l, "INSERT OR IGNORE INTO service_hour VALUES(?1, ?2, 0)", hour_of(row), row->r.also, e), &ignored, e) ||
        metric_stored(l, "INSERT OR REPLACE INTO service_metric VALUES(?1, ?2, ?3)", row, e) || calls_near(l, row, &any, e))
        return -1;
    if (!any) return 0;
    row->r.flags |= REQ_LINKED;
    return rows_update(l, row, e);
}

int services_added(Ledger *l, Row *row, Err *e) {
    static const char sql[] = "INSERT INTO service_hour VALUES(?1, ?2, 1) ON CONFLICT DO UPDATE SET calls = calls + 1 RETURNING calls";
    int64_t calls;
    if (!row->r.also) return 0;
    if (row->r.source_class == CLASS_METRICS) return metric_added(l, row, e);
    if (row->r.source_class != CLASS_TELEMETRY) return 0;
    if (one_number(l, of_service(l, sql, hour_of(row), row->r.also, e), &calls, e)) return -1;
    return calls == 1 ? judge_near(l, row, e) : 0;
}

int services_removed(Ledger *l, const Row *row, Err *e) {
    static const char sql[] = "UPDATE service_hour SET calls = max(calls - 1, 0) WHERE hour = ?1 AND service = ?2 RETURNING calls";
    int64_t calls;
    if (!row->r.also) return 0;
    if (row->r.source_class == CLASS_METRICS)
        return metric_stored(l, "DELETE FROM service_metric WHERE hour = ?1 AND service = ?2 AND key = ?3", row, e);
    if (row->r.source_class != CLASS_TELEMETRY) return 0;
    if (one_number(l, of_service(l, sql, hour_of(row), row->r.also, e), &calls, e)) return -1;
    return calls == 0 ? judge_near(l, row, e) : 0;
}
