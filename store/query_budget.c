/* query_budget: what a budget has spent in its present period, how fast, and when it breaks. Metered amounts come from the
 * ledger's own accumulators, which outlive raw rows; what bills and usage reports add, from the rollups. */
#include "store/effective.h"
#include "store/money.h"
#include "store/usual.h"

#define WEEK_MS (7 * MS_PER_DAY)

static int read_metered(Db *db, const Budget *b, BudgetView *out, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT nano, unpriced_tokens FROM budget_spend WHERE budget = ?1 AND period_start_ms = ?2", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, b->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, out->begin_ms);
    int rc = db_step(db, s, "read a budget", e);
    if (rc == 1) {
        out->metered_nano = sqlite3_column_int64(s, 0);
        out->unpriced_tokens = sqlite3_column_int64(s, 1);
    }
    sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

/* The scope as a filter; quotes and backslashes in a value are escaped, globs in it mean what they say. */
static int scope_filter(const Budget *b, const char *origin, Filter **out, Err *e) {
    Buf text = {.max = 1024};
    *out = NULL;
    if (b->scope_dim < 0) return 0;
    buf_fmt(&text, "%s%s:\"", origin, dim_names[b->scope_dim]);
    for (const char *p = b->scope_value; *p; p++) {
        if (*p == '"' || *p == '\\') buf_add(&text, "\\", 1);
        buf_add(&text, p, 1);
    }
    buf_str(&text, "\"");
    int rc = filter_parse(out, text.at, e);
    buf_free(&text);
    return rc;
}

int query_budget_filter(const Budget *b, Filter **out, Err *e) {
    return scope_filter(b, "origin:metered ", out, e);
}

static int add_unmetered(Db *db, const Budget *b, int64_t now_ms, BudgetView *out, Err *e) {
    Filter *filter;
    Effective all;
    out->spent_nano = out->metered_nano;
    out->basis = 1u << ORIGIN_METERED;
    if (!budget_is_effective(b)) return 0;
    if (scope_filter(b, "", &filter, e) != 0) return -1;
    int rc = effective_spend(db, filter, out->begin_ms, now_ms, now_ms, &all, e);
    filter_free(filter);
    if (rc != 0) return -1;
    out->spent_nano = nano_add(out->metered_nano, all.nano - all.metered_nano);
    if (all.basis) out->basis = all.basis;
    return 0;
}

static int add_spent(Db *db, const Budget *b, int64_t now_ms, BudgetView *out, Err *e) {
    if (add_unmetered(db, b, now_ms, out, e) != 0) return -1;
    out->spent_permille = budget_permille(out->spent_nano, b->limit_nano);
    out->level = budget_level(b, out->spent_nano);
    return 0;
}

static BudgetView period_of(const Budget *b, const Zone *zone, int64_t at_ms) {
    return (BudgetView){.begin_ms = budget_begin_ms(b, zone, at_ms), .end_ms = budget_end_ms(b, zone, at_ms),
                        .breaks_ms = -1, .end_at_usual_nano = -1};
}

int query_budget_spent(Db *db, const Budget *b, const Zone *zone, int64_t now_ms, BudgetView *out, Err *e) {
    *out = period_of(b, zone, now_ms);
    return read_metered(db, b, out, e) == 0 ? add_spent(db, b, now_ms, out, e) : -1;
}

static int read_rate(Db *db, const Budget *b, int64_t now_ms, BudgetView *out, Err *e) {
    Filter *filter;
    Result r;
    if (query_budget_filter(b, &filter, e) != 0) return -1;
    Query q = {.since_ms = now_ms - MS_PER_MINUTE, .until_ms = now_ms, .filter = filter};
    int rc = query_run(db, &q, &r, e);
    if (rc == 0) out->rate_nano_per_min = r.total.cost_nano;
    result_free(&r);
    filter_free(filter);
    return rc;
}

static int add_forecast(Db *db, const Budget *b, int64_t now_ms, BudgetView *out, Err *e) {
    if (read_rate(db, b, now_ms, out, e) != 0) return -1;
    Forecast f = budget_forecast(b, out->spent_nano, out->rate_nano_per_min, now_ms, out->end_ms);
    out->end_at_rate_nano = f.end_nano;
    out->breaks_ms = f.breaks_ms;
    return 0;
}

int query_budget(Db *db, const Budget *b, const Zone *zone, int64_t now_ms, BudgetView *out, Err *e) {
    return query_budget_spent(db, b, zone, now_ms, out, e) == 0 ? add_forecast(db, b, now_ms, out, e) : -1;
}

int query_budget_asof(Db *db, const Budget *b, const Zone *zone, int64_t at_ms, BudgetView *out, Err *e) {
    Filter *filter;
    Result r;
    *out = period_of(b, zone, at_ms);
    if (query_budget_filter(b, &filter, e) != 0) return -1;
    const Query q = {.since_ms = out->begin_ms, .until_ms = at_ms, .filter = filter};
    int rc = query_run(db, &q, &r, e);
    if (rc == 0) out->metered_nano = r.total.cost_nano, out->unpriced_tokens = r.total.unpriced_tokens;
    result_free(&r);
    filter_free(filter);
    if (rc != 0 || add_spent(db, b, at_ms, out, e) != 0) return -1;
    return add_forecast(db, b, at_ms, out, e);
}

/* The weeks to come are taken to be like the one that begins now: of later hours no other week is known. */
static int64_t usual_rest(const Usual *u, int64_t now_ms, int64_t left_ms) {
    int64_t part = usual_span(u, now_ms, now_ms + left_ms % WEEK_MS), sum = part, weeks = left_ms / WEEK_MS;
    int64_t week = weeks ? usual_span(u, now_ms, now_ms + WEEK_MS) : 0;
    if (part < 0 || week < 0) return -1;
    for (; weeks > 0; weeks--) sum = nano_add(sum, week);
    return sum;
}

int query_budget_usual(Db *db, const Budget *b, const Zone *zone, int64_t now_ms, BudgetView *out, Err *e) {
    Filter *filter;
    Usual u;
    int64_t left_ms = out->end_ms - now_ms, ahead_ms = left_ms < WEEK_MS ? left_ms : WEEK_MS;
    if (query_budget_filter(b, &filter, e) != 0) return -1;
    int rc = usual_load(&u, db, filter, budget_zone(b, zone), now_ms, now_ms + ahead_ms, e);
    filter_free(filter);
    if (rc != 0) return -1;
    int64_t rest = usual_rest(&u, now_ms, left_ms);
    out->end_at_usual_nano = rest < 0 ? -1 : nano_add(out->spent_nano, rest);
    usual_free(&u);
    return 0;
}
