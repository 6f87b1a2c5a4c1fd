/* query_budget: what a budget has spent in its present period, how fast, and when it breaks. Metered amounts come from the
 * ledger's own accumulators, which outlive raw rows; what bills and usage reports add, from the rollups. */
#include "store/effective.h"
#include "store/money.h"
#include "store/query_scan.h"
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

/* The weeks to come are taken to be like the one that begins now: of later hours no other week is known. */
static int64_t usual_rest(const Usual *u, int64_t now_ms, int64_t left_ms) {
    int64_t part = usual_span(u, now_ms, now_ms + left_ms % WEEK_MS), sum = part, weeks = left_ms / WEEK_MS;
    int64_t week = weeks ? usual_span(u, now_ms, now_ms + WEEK_MS) : 0;
    if (part < 0 || week < 0) return -1;
    for (; weeks > 0; weeks--) sum = nano_add(sum, week);
    return sum;
}

/* ---- in slices ---- */
struct BudgetRun {
    Db *db;
    BudgetAsk ask;
    Filter *filter;
    QueryRun *metered; /* of the past: what was metered by then */
    UsualRun *usual;   /* when the rest is known */
    bool viewed;
    BudgetView view;
};

int query_budget_open(Db *db, const BudgetAsk *ask, BudgetRun **out, Err *e) {
    BudgetRun *r = xcalloc(1, sizeof *r);
    *r = (BudgetRun){.db = db, .ask = *ask, .view = period_of(ask->budget, ask->day_zone, ask->at_ms)};
    *out = r;
    int rc = query_budget_filter(ask->budget, &r->filter, e);
    const Query q = {.since_ms = r->view.begin_ms, .until_ms = ask->at_ms, .filter = r->filter, .interrupt = ask->interrupt, .ctx = ask->ctx};
    if (rc == 0 && ask->past) rc = query_open(db, &q, &r->metered, e);
    if (rc == 0) return 0;
    query_budget_close(r);
    *out = NULL;
    return -1;
}

/* What was metered by then comes from rollups, and from rows where those do not know the scope. */
static int view_past(BudgetRun *r, bool *more, Err *e) {
    Result all;
    if (query_go_on(r->metered, more, e) != 0) return -1;
    if (*more) return 0;
    query_take(r->metered, &all);
    r->metered = NULL;
    r->view.metered_nano = all.total.cost_nano;
    r->view.unpriced_tokens = all.total.unpriced_tokens;
    result_free(&all);
    if (add_spent(r->db, r->ask.budget, r->ask.at_ms, &r->view, e) != 0) return -1;
    return add_forecast(r->db, r->ask.budget, r->ask.at_ms, &r->view, e);
}

static int open_usual(BudgetRun *r, Err *e) {
    int64_t at = r->ask.at_ms, left_ms = r->view.end_ms - at;
    const Query q = {.since_ms = at, .until_ms = at + (left_ms < WEEK_MS ? left_ms : WEEK_MS), .filter = r->filter,
                     .zone = budget_zone(r->ask.budget, r->ask.day_zone), .interrupt = r->ask.interrupt, .ctx = r->ask.ctx};
    return usual_open(&r->usual, r->db, &q, e);
}

static void add_usual(BudgetRun *r) {
    Usual u;
    usual_take(r->usual, &u);
    r->usual = NULL;
    int64_t rest = usual_rest(&u, r->ask.at_ms, r->view.end_ms - r->ask.at_ms);
    r->view.end_at_usual_nano = rest < 0 ? -1 : nano_add(r->view.spent_nano, rest);
    usual_free(&u);
}

static int go_on(BudgetRun *r, bool *more, Err *e) {
    const BudgetAsk *a = &r->ask;
    *more = false;
    if (!r->viewed) {
        if (a->past ? view_past(r, more, e) : query_budget(r->db, a->budget, a->day_zone, a->at_ms, &r->view, e)) return -1;
        if (*more) return 0;
        r->viewed = true;
        if (a->usual && open_usual(r, e) != 0) return -1;
    }
    if (!r->usual) return 0;
    if (usual_go_on(r->usual, more, e) != 0) return -1;
    if (!*more) add_usual(r);
    return 0;
}

int query_budget_go_on(BudgetRun *r, bool *more, Err *e) {
    bool mine;
    if (read_begin(r->db, &mine, e) != 0) return -1;
    int rc = go_on(r, more, e);
    read_end(r->db, mine);
    return rc;
}

void query_budget_take(BudgetRun *r, BudgetView *out) {
    *out = r->view;
    query_budget_close(r);
}

void query_budget_close(BudgetRun *r) {
    if (!r) return;
    query_close(r->metered);
    usual_close(r->usual);
    filter_free(r->filter);
    free(r);
}

int query_budget_asof(Db *db, const Budget *b, const Zone *zone, int64_t at_ms, BudgetView *out, Err *e) {
    BudgetRun *r;
    bool more;
    *out = (BudgetView){0};
    if (query_budget_open(db, &(BudgetAsk){.budget = b, .day_zone = zone, .at_ms = at_ms, .past = true}, &r, e) != 0) return -1;
    int rc = query_budget_go_on(r, &more, e);
    if (rc == 0) query_budget_take(r, out);
    else query_budget_close(r);
    return rc;
}
