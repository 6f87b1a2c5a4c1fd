/* ledger_budgets: what each budget's scope has spent in each of its periods, kept in the transaction of the rows.
 *
 * Owns: tables budget_spend and budget_known. Metered spend only. Kept apart from the rollups because a period must be
 * summed up even when its rows are purged, and because a screen and the guard ask for it all the time. Periods begin on
 * quarter hours in every zone, so the transaction's combo sums are enough.
 */
#include "store/ledger_parts.h"

typedef struct Spend {
    size_t budget;
    int64_t period_ms, nano, unpriced_tokens;
} Spend;

typedef struct Spends { /* few: one per budget, and one more where a batch crosses into another period */
    Spend *at;
    size_t count, cap;
} Spends;

static Spend *spend_at(Spends *s, size_t budget, int64_t period_ms) {
    for (size_t i = s->count; i-- > 0;)
        if (s->at[i].budget == budget && s->at[i].period_ms == period_ms) return &s->at[i];
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 16;
        s->at = xrealloc(s->at, s->cap * sizeof *s->at);
    }
    s->at[s->count] = (Spend){.budget = budget, .period_ms = period_ms};
    return &s->at[s->count++];
}

bool budgets_cover(const Budget *b, uint32_t scope_id, const Combo *c, uint32_t user) {
    if (c->origin != ORIGIN_METERED) return false;
    if (b->scope_dim < 0) return true;
    if (scope_id == 0) return false; /* nobody of that name has been seen */
    switch (b->scope_dim) {
    case DIM_ACCOUNT: return c->account == scope_id;
    case DIM_PROVIDER: return c->provider == scope_id;
    case DIM_MODEL: return c->model == scope_id;
    case DIM_FEATURE: return c->feature == scope_id;
    case DIM_TEAM: return c->team == scope_id;
    case DIM_KEY: return c->key == scope_id;
    case DIM_USER: return user == scope_id;
    default: return false; /* no other scope can be configured */
    }
}

int budgets_scope_id(Ledger *l, const Budget *b, uint32_t *id, Err *e) {
    *id = 0;
    return b->scope_dim < 0 ? 0 : names_find(l->names, b->scope_dim, b->scope_value, id, e);
}

static void add_cell(Ledger *l, Spends *spends, size_t budget, const CellSum *cell) {
    int64_t ms = cell_slot(cell->cell) * SLOT_QUARTER_MS;
    Spend *s = spend_at(spends, budget, time_floor(l->zone, ms, l->budgets[budget].period));
    s->nano = (int64_t)((uint64_t)s->nano + (uint64_t)cell->sums.v[SUM_COST]);
    s->unpriced_tokens = (int64_t)((uint64_t)s->unpriced_tokens + (uint64_t)cell->sums.v[SUM_UNPRICED_TOKENS]);
}

static int add_combos(Ledger *l, Spends *spends, size_t budget, uint32_t scope_id, const CellSet *combos, Err *e) {
    for (size_t i = 0; i < combos->count; i++) {
        const Combo *combo;
        if (tuples_combo(l->tuples, cell_id(combos->at[i].cell), &combo, e)) return -1;
        if (budgets_cover(&l->budgets[budget], scope_id, combo, 0)) add_cell(l, spends, budget, &combos->at[i]);
    }
    return 0;
}

static int store_spend(Ledger *l, const Spend *spend, Err *e) {
    if (spend->nano == 0 && spend->unpriced_tokens == 0) return 0;
    sqlite3_stmt *s = db_prepare(l->db, "INSERT INTO budget_spend VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
                                        "nano = nano + ?3, unpriced_tokens = unpriced_tokens + ?4", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, l->budgets[spend->budget].id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, spend->period_ms);
    sqlite3_bind_int64(s, 3, spend->nano);
    sqlite3_bind_int64(s, 4, spend->unpriced_tokens);
    return db_step(l->db, s, "store a budget's spend", e);
}

static int add_budget(Ledger *l, Spends *spends, size_t budget, const CellSet *combos, const CellSet *users, Err *e) {
    uint32_t scope_id;
    const Budget *b = &l->budgets[budget];
    if (budgets_scope_id(l, b, &scope_id, e)) return -1;
    if (b->scope_dim != DIM_USER) return add_combos(l, spends, budget, scope_id, combos, e);
    for (size_t i = 0; i < users->count; i++)
        if (scope_id && cell_id(users->at[i].cell) == scope_id) add_cell(l, spends, budget, &users->at[i]);
    return 0;
}

int budgets_add(Ledger *l, const CellSet *combos, const CellSet *users, Err *e) {
    Spends spends = {0};
    int rc = 0;
    for (size_t i = 0; i < l->budget_count && rc == 0; i++) rc = add_budget(l, &spends, i, combos, users, e);
    for (size_t i = 0; i < spends.count && rc == 0; i++) rc = store_spend(l, &spends.at[i], e);
    free(spends.at);
    return rc;
}

/* ---- new and changed budgets ---- */
static void scope_text(const Ledger *l, const Budget *b, char *out, size_t size) {
    const char *dim = b->scope_dim < 0 ? "global" : dim_names[b->scope_dim];
    snprintf(out, size, "%s:%s:%d:%s", dim, b->scope_value, (int)b->period, zone_name(l->zone));
}

static int is_known(Ledger *l, const Budget *b, const char *scope, bool *known, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT 1 FROM budget_known WHERE budget = ?1 AND scope = ?2", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, b->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, scope, -1, SQLITE_STATIC);
    int got = db_step(l->db, s, "look up a budget", e);
    sqlite3_reset(s);
    *known = got == 1;
    return got < 0 ? -1 : 0;
}

static int run_budget(Ledger *l, const char *sql_literal, const char *id, const char *scope, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, sql_literal, e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
    if (scope) sqlite3_bind_text(s, 2, scope, -1, SQLITE_STATIC);
    return db_step(l->db, s, "store a budget", e);
}

/* What is stored of the period that now lies in. Users are not in the rollups: their rows are read. */
static int sum_cells(Ledger *l, int64_t from_ms, CellSet *out, Err *e) {
    RollupCursor c;
    int got;
    if (rollup_open(&c, l->db, ROLLUP_COMBO, from_ms, INT64_MAX, e)) return -1;
    while ((got = rollup_next(&c, e)) == 1) *cellset_at(out, c.now.cell) = c.now.sums;
    rollup_close(&c);
    return got;
}

static int sum_users(Ledger *l, int64_t from_ms, CellSet *out, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT key, body FROM request WHERE key >= ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, row_key_at(from_ms));
    int got;
    while ((got = db_step(l->db, s, "sum up a budget", e)) == 1) {
        Row row;
        uint32_t user = 0;
        if (!row_unpack(sqlite3_column_int64(s, 0), sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1), &row))
            continue;
        if (row.r.origin != ORIGIN_METERED || row.r.flags & REQ_LINKED) continue;
        if (tuples_user(l->tuples, row.context, &user, e)) return -1;
        if (user) sums_add_request(cellset_at(out, cell_of(row.r.ts_ms / SLOT_QUARTER_MS, user)), &row.r, 1);
    }
    return got;
}

static int make_anew(Ledger *l, size_t budget, const char *scope, Err *e) {
    const Budget *b = &l->budgets[budget];
    int64_t from_ms = time_floor(l->zone, l->now_ms, b->period);
    CellSet cells = {0}, none = {0};
    Spends spends = {0};
    bool user = b->scope_dim == DIM_USER;
    int rc = run_budget(l, "DELETE FROM budget_spend WHERE budget = ?1", b->id, NULL, e);
    if (!rc) rc = user ? sum_users(l, from_ms, &cells, e) : sum_cells(l, from_ms, &cells, e);
    if (!rc) rc = add_budget(l, &spends, budget, user ? &none : &cells, user ? &cells : &none, e);
    for (size_t i = 0; i < spends.count && !rc; i++) rc = store_spend(l, &spends.at[i], e);
    if (!rc) rc = run_budget(l, "INSERT OR REPLACE INTO budget_known VALUES(?1, ?2)", b->id, scope, e);
    cellset_free(&cells);
    free(spends.at);
    return rc;
}

static bool is_configured(const Ledger *l, const char *id) {
    for (size_t i = 0; i < l->budget_count; i++)
        if (strcmp(l->budgets[i].id, id) == 0) return true;
    return false;
}

static int forget_one(Ledger *l, const char *id, Err *e) {
    if (run_budget(l, "DELETE FROM budget_known WHERE budget = ?1", id, NULL, e)) return -1;
    return run_budget(l, "DELETE FROM budget_spend WHERE budget = ?1", id, NULL, e);
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
        if (forget_one(l, id, e)) return -1;
    }
}

int budgets_sync(Ledger *l, Err *e) {
    if (forget_removed(l, e)) return -1;
    for (size_t i = 0; i < l->budget_count; i++) {
        char scope[NAME_MAX_BYTES + 128];
        bool known;
        scope_text(l, &l->budgets[i], scope, sizeof scope);
        if (is_known(l, &l->budgets[i], scope, &known, e)) return -1;
        if (!known && make_anew(l, i, scope, e)) return -1;
    }
    return 0;
}
