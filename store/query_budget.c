/* query_budget: what a budget has spent in its present period, how fast, and when it breaks. Amounts come from the ledger's
 * own accumulators, which outlive raw rows; the speed is that of the last minute in the budget's scope. */
#include <limits.h>
#include "store/query.h"

static int read_spent(Db *db, const Budget *b, BudgetView *out, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT nano, unpriced_tokens FROM budget_spend WHERE budget = ?1 AND period_start_ms = ?2", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, b->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, out->begin_ms);
    int rc = db_step(db, s, "read a budget", e);
    if (rc == 1) {
        out->spent_nano = sqlite3_column_int64(s, 0);
        out->unpriced_tokens = sqlite3_column_int64(s, 1);
    }
    sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

/* The scope as a filter; quotes and backslashes in a value are escaped, globs in it mean what they say. */
static int scope_filter(const Budget *b, Filter **out, Err *e) {
    Buf text = {.max = 1024};
    *out = NULL;
    if (b->scope_dim < 0) return 0;
    buf_fmt(&text, "origin:metered %s:\"", dim_names[b->scope_dim]);
    for (const char *p = b->scope_value; *p; p++) {
        if (*p == '"' || *p == '\\') buf_add(&text, "\\", 1);
        buf_add(&text, p, 1);
    }
    buf_str(&text, "\"");
    int rc = filter_parse(out, text.at, e);
    buf_free(&text);
    return rc;
}

static int read_rate(Db *db, const Budget *b, int64_t now_ms, BudgetView *out, Err *e) {
    Filter *filter;
    Result r;
    if (scope_filter(b, &filter, e) != 0) return -1;
    Query q = {.since_ms = now_ms - MS_PER_MINUTE, .until_ms = now_ms, .filter = filter};
    int rc = query_run(db, &q, &r, e);
    if (rc == 0) out->rate_nano_per_min = r.total.cost_nano;
    result_free(&r);
    filter_free(filter);
    return rc;
}

/* Whole minutes are enough; a break after the period's end is none. */
static int64_t break_ms(const BudgetView *v, const Budget *b, int64_t now_ms) {
    if (v->spent_nano >= b->limit_nano) return now_ms;
    if (v->rate_nano_per_min <= 0) return -1;
    int64_t minutes = (b->limit_nano - v->spent_nano) / v->rate_nano_per_min;
    return minutes < (v->end_ms - now_ms) / MS_PER_MINUTE ? now_ms + minutes * MS_PER_MINUTE : -1;
}

static int permille(int64_t spent, int64_t limit) {
    __extension__ typedef __int128 Wide;
    if (limit <= 0) return spent > 0 ? INT_MAX : 0;
    Wide p = (Wide)spent * 1000 / limit;
    return p > INT_MAX ? INT_MAX : p < 0 ? 0 : (int)p;
}

int query_budget(Db *db, const Budget *b, const Zone *zone, int64_t now_ms, BudgetView *out, Err *e) {
    *out = (BudgetView){.begin_ms = time_floor(zone, now_ms, b->period), .end_ms = time_next(zone, now_ms, b->period)};
    if (read_spent(db, b, out, e) != 0 || read_rate(db, b, now_ms, out, e) != 0) return -1;
    out->breaks_ms = break_ms(out, b, now_ms);
    out->spent_permille = permille(out->spent_nano, b->limit_nano);
    return 0;
}
