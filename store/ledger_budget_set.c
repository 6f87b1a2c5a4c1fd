/* ledger_budget_set: which budgets the ledger keeps sums for.
 *
 * Owns: table budget_known. A program that has read the configuration says which budgets there are; one that has not
 * (housekeeping, repricing) keeps those that are stored. A budget that is new, or that has another scope, period, anchor
 * or zone, gets its present period summed up from what is stored: a limit set in the middle of a month knows all of it.
 */
#include "store/ledger_parts.h"

/* ---- stored budgets ---- */
static int read_known(Ledger *l, size_t *cap, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT budget, scope_dim, scope_value, period, anchor_day, zone FROM budget_known", e);
    int got = s ? 0 : -1;
    while (s && (got = db_step(l->db, s, "read the budgets", e)) == 1) {
        if (l->budget_count == *cap) l->own_budgets = xrealloc(l->own_budgets, (*cap = *cap * 2 + 8) * sizeof *l->own_budgets);
        Budget *b = &l->own_budgets[l->budget_count++];
        *b = (Budget){.scope_dim = sqlite3_column_int(s, 1), .period = (Unit)sqlite3_column_int(s, 3),
                      .anchor_day = sqlite3_column_int(s, 4)};
        snprintf(b->id, sizeof b->id, "%s", (const char *)sqlite3_column_text(s, 0));
        snprintf(b->scope_value, sizeof b->scope_value, "%s", (const char *)sqlite3_column_text(s, 2));
        if (zone_open(&b->zone, (const char *)sqlite3_column_text(s, 5), e)) got = -1;
        if (got < 0) break;
    }
    if (s) sqlite3_reset(s);
    return got;
}

static int read_zone(Ledger *l, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT value FROM meta WHERE key = 'zone'", e);
    if (!s) return -1;
    int got = db_step(l->db, s, "read the time zone", e), rc = got < 0 ? -1 : 0;
    if (got == 1) rc = zone_open(&l->own_zone, (const char *)sqlite3_column_text(s, 0), e);
    sqlite3_reset(s);
    l->zone = l->own_zone;
    return rc;
}

/* ---- new, changed and removed ones ---- */
static int bind_known(Ledger *l, sqlite3_stmt *s, const Budget *b) {
    sqlite3_bind_text(s, 1, b->id, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 2, b->scope_dim);
    sqlite3_bind_text(s, 3, b->scope_value, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 4, (int)b->period);
    sqlite3_bind_int(s, 6, b->anchor_day > 1 ? b->anchor_day : 1);
    return sqlite3_bind_text(s, 5, zone_name(budget_zone(b, l->zone)), -1, SQLITE_TRANSIENT);
}

static int is_known(Ledger *l, const Budget *b, bool *known, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT 1 FROM budget_known WHERE budget = ?1 AND scope_dim = ?2 AND scope_value = ?3 "
                                        "AND period = ?4 AND zone = ?5 AND anchor_day = ?6", e);
    if (!s) return -1;
    bind_known(l, s, b);
    int got = db_step(l->db, s, "look up a budget", e);
    sqlite3_reset(s);
    *known = got == 1;
    return got < 0 ? -1 : 0;
}

static int forget(Ledger *l, const char *id, Err *e) {
    static const char *const sql[] = {"DELETE FROM budget_known WHERE budget = ?1", "DELETE FROM budget_spend WHERE budget = ?1"};
    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *s = db_prepare(l->db, sql[i], e);
        if (!s) return -1;
        sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
        if (db_step(l->db, s, "forget a budget", e)) return -1;
    }
    return 0;
}

static int remember(Ledger *l, const Budget *b, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "INSERT INTO budget_known VALUES(?1, ?2, ?3, ?4, ?5, ?6)", e);
    if (!s) return -1;
    bind_known(l, s, b);
    return db_step(l->db, s, "store a budget", e);
}

static int sum_cells(Ledger *l, int64_t from_ms, CellSet *out, Err *e) {
    RollupCursor c;
    int got;
    if (rollup_open(&c, l->db, ROLLUP_COMBO, from_ms, INT64_MAX, e)) return -1;
    while ((got = rollup_next(&c, e)) == 1) *cellset_at(out, c.now.cell) = c.now.sums;
    rollup_close(&c);
    return got;
}

/* Users are not in the rollups: their rows are read. */
static int sum_users(Ledger *l, int64_t from_ms, CellSet *out, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT key, body FROM request WHERE key >= ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, row_key_at(from_ms));
    int got;
    while ((got = db_step(l->db, s, "sum up a budget", e)) == 1) {
        Row row;
        uint32_t user = 0;
        const void *body = sqlite3_column_blob(s, 1);
        if (!row_unpack(sqlite3_column_int64(s, 0), body, (size_t)sqlite3_column_bytes(s, 1), &row)) continue;
        if (row.r.origin != ORIGIN_METERED || row.r.flags & REQ_LINKED) continue;
        if (tuples_user(l->tuples, row.context, &user, e)) break;
        if (user) sums_add_request(cellset_at(out, cell_of(row.r.ts_ms / SLOT_QUARTER_MS, user)), &row.r, 1);
    }
    sqlite3_reset(s);
    return got ? -1 : 0;
}

static int make_anew(Ledger *l, size_t budget, Err *e) {
    const Budget *b = &l->budgets[budget];
    int64_t from_ms = budget_begin_ms(b, l->zone, l->now_ms);
    CellSet combos = {0}, users = {0};
    int rc = forget(l, b->id, e);
    if (!rc) rc = b->scope_dim == DIM_USER ? sum_users(l, from_ms, &users, e) : sum_cells(l, from_ms, &combos, e);
    if (!rc) rc = budgets_add_one(l, budget, &combos, &users, e);
    if (!rc) rc = remember(l, b, e);
    cellset_free(&combos);
    cellset_free(&users);
    return rc;
}

static bool is_configured(const Ledger *l, const char *id) {
    for (size_t i = 0; i < l->budget_count; i++)
        if (strcmp(l->budgets[i].id, id) == 0) return true;
    return false;
}

/* One at a time, because deleting from a table that is being read is not well defined. */
static int forget_removed(Ledger *l, Err *e) {
    for (;;) {
        char id[sizeof l->budgets->id] = "";
        sqlite3_stmt *s = db_prepare(l->db, "SELECT budget FROM budget_known", e);
        int got = s ? 0 : -1;
        while (s && (got = db_step(l->db, s, "look up budgets", e)) == 1) {
            snprintf(id, sizeof id, "%s", (const char *)sqlite3_column_text(s, 0));
            if (!is_configured(l, id)) break;
        }
        if (s) sqlite3_reset(s);
        if (got != 1) return got;
        if (forget(l, id, e)) return -1;
    }
}

int budgets_load(Ledger *l, Err *e) {
    size_t cap = 0;
    if (!l->zone && read_zone(l, e)) return -1;
    if (l->budgets) return 0;
    l->budget_count = 0;
    if (read_known(l, &cap, e)) return -1;
    l->budgets = l->own_budgets;
    return 0;
}

int budgets_sync(Ledger *l, Err *e) {
    if (l->budgets == l->own_budgets) return 0; /* the stored ones */
    if (forget_removed(l, e)) return -1;
    for (size_t i = 0; i < l->budget_count; i++) {
        bool known;
        if (is_known(l, &l->budgets[i], &known, e)) return -1;
        if (!known && make_anew(l, i, e)) return -1;
    }
    return 0;
}
