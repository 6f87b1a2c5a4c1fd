/* reconcile_left: what is left of credit, and how fast it goes. See reconcile.h. */
#include "store/reconcile.h"

static int read_rows(Db *db, BalanceView *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT account, kind, currency, nano, at_ms FROM bill_balance ORDER BY account, kind, currency", e);
    int got = -1;
    *count = 0;
    while (s && *count < max && (got = db_step(db, s, "read balances", e)) == 1) {
        BalanceView *b = &out[(*count)++];
        *b = (BalanceView){.nano = sqlite3_column_int64(s, 3), .at_ms = sqlite3_column_int64(s, 4)};
        snprintf(b->account, sizeof b->account, "%s", (const char *)sqlite3_column_text(s, 0));
        snprintf(b->kind, sizeof b->kind, "%s", (const char *)sqlite3_column_text(s, 1));
        snprintf(b->currency, sizeof b->currency, "%s", (const char *)sqlite3_column_text(s, 2));
    }
    if (s) sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

int query_balances(Db *db, int64_t now_ms, BalanceView *out, size_t max, size_t *count, Err *e) {
    Result r;
    Query q = {.since_ms = now_ms - MS_PER_DAY, .until_ms = now_ms, .by = {DIM_ACCOUNT}, .by_count = 1};
    if (read_rows(db, out, max, count, e) != 0) return -1;
    if (*count == 0) return 0;
    if (query_run(db, &q, &r, e) != 0) return -1;
    for (size_t i = 0; i < *count; i++)
        for (size_t k = 0; k < r.count; k++)
            if (strcmp(r.groups[k].name[0], out[i].account) == 0) out[i].day_nano = r.groups[k].t.cost_nano;
    result_free(&r);
    return 0;
}
