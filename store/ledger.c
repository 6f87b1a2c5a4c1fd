/* ledger: opening, the frame of every transaction, and the numbers in meta. See ledger.h; the work is in the other
 * ledger_*.c files. */
#include "store/ledger_parts.h"

enum { GROUP_MS = 10 }; /* committing takes as long again */

static int sync_settings(Ledger *l, Err *e) {
    if (!l->own_zone && l->zone && meta_set(l, "zone", zone_name(l->zone), e)) return -1;
    return budgets_sync(l, e);
}

static int prepare(Ledger *l, Err *e) {
    if (budgets_load(l, e)) return -1;
    l->cells = cells_new(l); /* needs the budgets */
    if (rows_prepare(l, e) || ledger_start(l, e)) return -1;
    return ledger_end(l, sync_settings(l, e), e);
}

int ledger_open(Ledger **out, Db *db, const LedgerOptions *o, Err *e) {
    Ledger *l = xcalloc(1, sizeof *l);
    *l = (Ledger){.db = db, .zone = o->zone, .budgets = o->budgets, .budget_count = o->budget_count, .now_ms = o->now_ms,
                   .group_ms = o->group_ms ? o->group_ms : GROUP_MS};
    l->names = names_new(l);
    l->tuples = tuples_new(l);
    l->days = days_new(l);
    l->files = files_new(l);
    l->links = links_new(l);
    *out = NULL;
    if (prepare(l, e)) {
        ledger_close(l);
        return -1;
    }
    *out = l;
    return 0;
}

void ledger_close(Ledger *l) {
    if (!l) return;
    names_free(l->names);
    tuples_free(l->tuples);
    days_free(l->days);
    files_free(l->files);
    links_free(l->links);
    cells_free(l->cells);
    items_free(&l->items);
    zone_free(l->own_zone);
    for (size_t i = 0; l->own_budgets && i < l->budget_count; i++) zone_free(l->own_budgets[i].zone);
    free(l->own_budgets);
    free(l);
}

void ledger_set_now(Ledger *l, int64_t now_ms) {
    l->now_ms = now_ms;
}

/* ---- transactions ---- */
void ledger_forget(Ledger *l) {
    names_forget(l->names);
    tuples_forget(l->tuples);
    days_forget(l->days);
    files_forget(l->files);
    links_forget(l->links);
    cells_forget(l->cells);
}

int ledger_start(Ledger *l, Err *e) {
    if (db_begin(l->db, e)) return -1;
    days_forget(l->days);
    links_forget(l->links);
    if (cells_horizons(l->cells, e) == 0) return 0;
    return ledger_end(l, -1, e);
}

static int finish(Ledger *l, Err *e) {
    if (names_finish(l->names, e) || days_finish(l->days, e) || cells_finish(l->cells, e)) return -1;
    return db_commit(l->db, e);
}

int ledger_end(Ledger *l, int rc, Err *e) {
    if (rc == 0 && finish(l, e) == 0) return 0;
    db_rollback(l->db);
    ledger_forget(l);
    return -1;
}

/* ---- meta ---- */
int meta_get(Ledger *l, const char *key, int64_t fallback, int64_t *out, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT value FROM meta WHERE key = ?1", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    int got = db_step(l->db, s, "read a setting", e);
    *out = got == 1 ? sqlite3_column_int64(s, 0) : fallback;
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

int meta_set(Ledger *l, const char *key, const char *value, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "INSERT INTO meta VALUES(?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value "
                                        "WHERE value <> excluded.value", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, value, -1, SQLITE_STATIC);
    return db_step(l->db, s, "store a setting", e);
}

int meta_set_int(Ledger *l, const char *key, int64_t value, Err *e) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return meta_set(l, key, text, e);
}

static int beat(Ledger *l, const char *who, Err *e) {
    return meta_set_int(l, "heartbeat_ms", l->now_ms, e) || meta_set(l, "heartbeat_by", who, e) ? -1 : 0;
}

int ledger_heartbeat(Ledger *l, const char *who, Err *e) {
    if (ledger_start(l, e)) return -1;
    return ledger_end(l, beat(l, who, e), e);
}
