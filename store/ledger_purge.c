/* ledger_purge: letting go of what is old: raw rows (their day is sealed then, L6), upstream ids, fine rollups; and opening
 * a sealed day again.
 *
 * Each call deletes a few thousand rows at most, so that the lock is held for some 10 ms. A day is sealed before its first
 * row goes: what arrives in between is late already.
 */
#include "store/bill.h"
#include "store/ledger_parts.h"

enum { NAME_DAYS_KEPT = 92 };
#define REOPENED_KEPT_MS MS_PER_DAY /* how long a reopened day is left alone, so that an import can fill it */

static int run(Ledger *l, const char *sql_literal, int64_t a, int64_t b, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, sql_literal, e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, a);
    if (sqlite3_bind_parameter_count(s) > 1) sqlite3_bind_int64(s, 2, b);
    return db_step(l->db, s, "let go of old data", e);
}

/* One number of one row; *found tells whether there is one. */
static int select_one(Ledger *l, const char *sql_literal, int64_t a, int64_t b, bool *found, int64_t *out, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, sql_literal, e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, a);
    if (sqlite3_bind_parameter_count(s) > 1) sqlite3_bind_int64(s, 2, b);
    int got = db_step(l->db, s, "look for old data", e);
    *found = got == 1;
    if (got == 1) *out = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

static int trim_rollups(Ledger *l, bool *more, Err *e) {
    const struct {
        Rollup rollup;
        int64_t from_ms;
    } kept[] = {{ROLLUP_MINUTE, cells_minute_from(l->cells)}, {ROLLUP_FILE, cells_minute_from(l->cells)},
                {ROLLUP_COMBO, cells_combo_from(l->cells)},
                /* the day that the horizon cuts stays until it is past */
                {ROLLUP_COMBO_DAY, cells_combo_from(l->cells) / MS_PER_DAY * MS_PER_DAY}};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        bool left;
        if (rollup_drop(l->db, kept[i].rollup, 0, kept[i].from_ms, &left, e)) return -1;
        *more |= left;
    }
    return run(l, "DELETE FROM name_day WHERE day < ?1", l->now_ms / MS_PER_DAY - NAME_DAYS_KEPT, 0, e);
}

/* The oldest day before `end` with rows that may go. */
static int oldest_day(Ledger *l, int64_t end, bool *found, int64_t *day, Err *e) {
    int64_t from = 0, key = 0, ignored;
    for (;;) {
        if (select_one(l, "SELECT key FROM request WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT 1",
                       row_key_at(from * MS_PER_DAY), row_key_at(end * MS_PER_DAY), found, &key, e))
            return -1;
        if (!*found) return 0;
        *day = row_key_ms(key) / MS_PER_DAY;
        bool kept;
        if (select_one(l, "SELECT 1 FROM sealed_day WHERE day = ?1 AND reopened_ms > ?2", *day,
                       l->now_ms - REOPENED_KEPT_MS, &kept, &ignored, e))
            return -1;
        if (!kept) return 0;
        from = *day + 1;
    }
}

static int purge_rows(Ledger *l, int64_t end, bool *more, Err *e) {
    int64_t day = 0;
    bool found;
    if (oldest_day(l, end, &found, &day, e)) return -1;
    if (!found) return 0;
    *more = true; /* after this day there may be another */
    if (run(l, "INSERT INTO sealed_day(day, late, reopened_ms) VALUES(?1, 0, 0) ON CONFLICT DO UPDATE SET reopened_ms = 0 "
               "WHERE reopened_ms <> 0", day, 0, e))
        return -1;
    return run(l, "DELETE FROM request WHERE key IN (SELECT key FROM request WHERE key >= ?1 AND key < ?2 LIMIT 4000)",
               row_key_at(day * MS_PER_DAY), row_key_at((day + 1) * MS_PER_DAY), e);
}

static int purge_hour(Ledger *l, int64_t end, bool *more, Err *e) {
    int64_t hour = 0;
    bool found;
    if (select_one(l, "SELECT hour FROM upstream_hour WHERE hour < ?1 AND hour / 24 IN "
                      "(SELECT day FROM sealed_day WHERE reopened_ms = 0) ORDER BY hour LIMIT 1",
                   end * 24, 0, &found, &hour, e))
        return -1;
    if (!found) return 0;
    *more = true;
    if (run(l, "DELETE FROM upstream WHERE hour = ?1", hour, 0, e)) return -1;
    return run(l, "DELETE FROM upstream_hour WHERE hour = ?1", hour, 0, e);
}

/* The same of services. */
static int purge_service_hour(Ledger *l, int64_t end, bool *more, Err *e) {
    int64_t hour = 0;
    bool found;
    if (select_one(l, "SELECT hour FROM service_hour WHERE hour < ?1 AND hour / 24 IN "
                      "(SELECT day FROM sealed_day WHERE reopened_ms = 0) ORDER BY hour LIMIT 1",
                   end * 24, 0, &found, &hour, e))
        return -1;
    if (!found) return 0;
    *more = true;
    if (run(l, "DELETE FROM service_metric WHERE hour = ?1", hour, 0, e)) return -1;
    return run(l, "DELETE FROM service_hour WHERE hour = ?1", hour, 0, e);
}

static int purge(Ledger *l, int raw_days, bool *more, Err *e) {
    int64_t end = l->now_ms / MS_PER_DAY - raw_days;
    if (trim_rollups(l, more, e)) return -1;
    if (raw_days <= 0) return 0; /* rows are kept for good */
    return purge_rows(l, end, more, e) || purge_hour(l, end, more, e) || purge_service_hour(l, end, more, e) ? -1 : 0;
}

int ledger_purge(Ledger *l, int raw_days, bool *more, Err *e) {
    *more = false;
    if (ledger_start(l, e)) return -1;
    return ledger_end(l, purge(l, raw_days, more, e), e);
}

/* ---- reopening ---- */
/* Budgets must not count the day twice when it is filled again. A user's share of a purged day is known to nobody, so it
 * stays, and what fills the day is not counted for users (ledger_cells.c). */
static int withdraw_spend(Ledger *l, int64_t from_ms, int64_t to_ms, Err *e) {
    CellSet cells = {0}, users = {0};
    RollupCursor c;
    int rc;
    if (rollup_open(&c, l->db, ROLLUP_COMBO, from_ms, to_ms, e)) return -1;
    while ((rc = rollup_next(&c, e)) == 1) sums_add(cellset_at(&cells, c.now.cell), &c.now.sums, -1);
    rollup_close(&c);
    if (rc == 0) rc = budgets_add(l, &cells, &users, e);
    cellset_free(&cells);
    return rc;
}

static int empty_day(Ledger *l, int64_t from_ms, Err *e) {
    int64_t to_ms = from_ms + MS_PER_DAY, from_hour = from_ms / MS_PER_HOUR, to_hour = to_ms / MS_PER_HOUR;
    if (withdraw_spend(l, from_ms, to_ms, e)) return -1;
    for (Rollup r = 0; r < ROLLUPS; r++)
        for (bool more = true; more;)
            if (rollup_drop(l->db, r, from_ms, to_ms, &more, e)) return -1;
    if (run(l, "DELETE FROM request WHERE key >= ?1 AND key < ?2", row_key_at(from_ms), row_key_at(to_ms), e) ||
        run(l, "DELETE FROM upstream WHERE hour >= ?1 AND hour < ?2", from_hour, to_hour, e) ||
        run(l, "DELETE FROM upstream_hour WHERE hour >= ?1 AND hour < ?2", from_hour, to_hour, e) ||
        run(l, "DELETE FROM service_metric WHERE hour >= ?1 AND hour < ?2", from_hour, to_hour, e) ||
        run(l, "DELETE FROM service_hour WHERE hour >= ?1 AND hour < ?2", from_hour, to_hour, e))
        return -1;
    if (bills_restore(l, from_ms, to_ms, e)) return -1; /* what providers said of the day still holds */
    return run(l, "UPDATE sealed_day SET late = 0, reopened_ms = ?2 WHERE day = ?1", from_ms / MS_PER_DAY, l->now_ms, e);
}

static int reopen(Ledger *l, int64_t day_ms, Err *e) {
    bool sealed;
    if (days_sealed(l->days, day_ms, &sealed, e)) return -1;
    if (!sealed) return 0; /* its rows are there: an import merges into them */
    int rc = empty_day(l, day_ms / MS_PER_DAY * MS_PER_DAY, e);
    days_forget(l->days);
    return rc;
}

int ledger_reopen_day(Ledger *l, int64_t day_ms, Err *e) {
    if (ledger_start(l, e)) return -1;
    return ledger_end(l, reopen(l, day_ms, e), e);
}

void ledger_reopen_later(Ledger *l, int64_t day_ms) {
    l->reopen_day = day_ms / MS_PER_DAY;
    l->reopen_waits = true;
}

bool ledger_reopen_waits(const Ledger *l) {
    return l->reopen_waits;
}

static bool has_day(const Batch *b, int64_t day) {
    for (size_t i = 0; i < batch_count(b); i++)
        if (batch_at(b, i)->ts_ms / MS_PER_DAY == day) return true;
    return false;
}

int reopen_for(Ledger *l, Batch *const *batches, size_t count, bool *done, Err *e) {
    *done = false;
    for (size_t i = 0; l->reopen_waits && i < count && !*done; i++) *done = has_day(batches[i], l->reopen_day);
    return *done ? reopen(l, l->reopen_day * MS_PER_DAY, e) : 0;
}

int ledger_day_calls(Ledger *l, int64_t day_ms, int64_t *calls, Err *e) {
    RollupCursor c;
    int64_t from_ms = day_ms / MS_PER_DAY * MS_PER_DAY;
    int rc;
    *calls = 0;
    if (rollup_open(&c, l->db, ROLLUP_LANE_DAY, from_ms, from_ms + MS_PER_DAY, e)) return -1;
    while ((rc = rollup_next(&c, e)) == 1) sum_add(calls, c.now.sums.v[SUM_REQUESTS], 1);
    rollup_close(&c);
    return rc;
}
