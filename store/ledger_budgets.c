/* ledger_budgets: what each budget's scope has spent in each of its periods, kept in the transaction of the rows.
 *
 * Owns: table budget_spend. Which budgets there are: ledger_budget_set.c. Metered spend only. Kept apart from the rollups because a period must be
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

static bool covers(const Budget *b, uint32_t scope_id, const Combo *c, uint32_t user) {
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

static int scope_id_of(Ledger *l, const Budget *b, uint32_t *id, Err *e) {
    *id = 0;
    return b->scope_dim < 0 ? 0 : names_find(l->names, b->scope_dim, b->scope_value, id, e);
}

static void add_cell(Ledger *l, Spends *spends, size_t budget, const CellSum *cell) {
    int64_t ms = cell_slot(cell->cell) * SLOT_QUARTER_MS;
    Spend *s = spend_at(spends, budget, budget_begin_ms(&l->budgets[budget], l->zone, ms));
    sum_add(&s->nano, cell->sums.v[SUM_COST], 1);
    sum_add(&s->unpriced_tokens, cell->sums.v[SUM_UNPRICED_TOKENS], 1);
}

static int add_combos(Ledger *l, Spends *spends, size_t budget, uint32_t scope_id, const CellSet *combos, Err *e) {
    for (size_t i = 0; i < combos->count; i++) {
        const Combo *combo;
        if (tuples_combo(l->tuples, cell_id(combos->at[i].cell), &combo, e)) return -1;
        if (covers(&l->budgets[budget], scope_id, combo, 0)) add_cell(l, spends, budget, &combos->at[i]);
    }
    return 0;
}

/* SQL would turn a sum beyond int64 into a fraction. SUM_FULL stays, as in sum_add(). */
#define FULL "9223372036854775807"
#define ADD(column, value) column " = CASE WHEN " FULL " IN (" column ", " value ") THEN " FULL " ELSE min(" FULL ", " column " + " value ") END"

static int store_spend(Ledger *l, const Spend *spend, Err *e) {
    if (spend->nano == 0 && spend->unpriced_tokens == 0) return 0;
    sqlite3_stmt *s = db_prepare(l->db, "INSERT INTO budget_spend VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
                                        ADD("nano", "?3") ", " ADD("unpriced_tokens", "?4"), e);
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
    if (scope_id_of(l, b, &scope_id, e)) return -1;
    if (b->scope_dim != DIM_USER) return add_combos(l, spends, budget, scope_id, combos, e);
    for (size_t i = 0; i < users->count; i++)
        if (scope_id && cell_id(users->at[i].cell) == scope_id) add_cell(l, spends, budget, &users->at[i]);
    return 0;
}

int budgets_add_one(Ledger *l, size_t budget, const CellSet *combos, const CellSet *users, Err *e) {
    Spends spends = {0};
    int rc = add_budget(l, &spends, budget, combos, users, e);
    for (size_t i = 0; i < spends.count && rc == 0; i++) rc = store_spend(l, &spends.at[i], e);
    free(spends.at);
    return rc;
}

int budgets_add(Ledger *l, const CellSet *combos, const CellSet *users, Err *e) {
    for (size_t i = 0; i < l->budget_count; i++)
        if (budgets_add_one(l, i, combos, users, e)) return -1;
    return 0;
}
