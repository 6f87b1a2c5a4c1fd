/* reconcile_left: what is left of credit, and how fast it goes. See reconcile.h. */
#include "store/reconcile.h"
#include <strings.h>

#define SAID_MS (7 * MS_PER_DAY)

static int read_rows(Db *db, int64_t now_ms, BalanceView *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT account, kind, currency, nano, at_ms FROM bill_balance WHERE at_ms > ?1 ORDER BY account, kind, currency", e);
    int got = -1;
    *count = 0;
    if (s) sqlite3_bind_int64(s, 1, now_ms - SAID_MS);
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

/* Logs may know nothing of an account: then its bill or report says what a day costs. */
static void last_day(const ReconPart *parts, size_t part_count, BalanceView *b) {
    int64_t spent = 0;
    for (size_t i = 0; i < part_count; i++)
        if (parts[i].kind != RECON_TOTAL && strcmp(parts[i].line.account, b->account) == 0) spent += parts[i].spend_nano;
    if (spent > b->day_nano) b->day_nano = spent;
}

static int add_rates(Db *db, int64_t now_ms, BalanceView *out, size_t count, Err *e) {
    Result r;
    Recon recon;
    ReconPart *parts;
    int64_t today = now_ms - now_ms % MS_PER_DAY;
    const Query q = {.since_ms = now_ms - MS_PER_DAY, .until_ms = now_ms, .by = {DIM_ACCOUNT}, .by_count = 1};
    if (query_run(db, &q, &r, e) != 0) return -1;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < r.count; k++)
            if (strcmp(r.groups[k].name[0], out[i].account) == 0) out[i].day_nano = r.groups[k].t.cost_nano;
    result_free(&r);
    int rc = reconcile_load(db, &(ReconAsk){.since_ms = today - MS_PER_DAY, .until_ms = today, .now_ms = now_ms}, &recon, e);
    if (rc == 0) {
        size_t part_count = reconcile_parts(&recon, &parts);
        for (size_t i = 0; i < count; i++) last_day(parts, part_count, &out[i]);
        free(parts);
    }
    reconcile_free(&recon);
    return rc;
}

static int64_t days_left(const BalanceView *b) {
    bool left = strcmp(b->kind, "month") != 0 && strcasecmp(b->currency, "USD") == 0;
    return left && b->day_nano > 0 ? (b->nano > 0 ? b->nano / b->day_nano : 0) : -1;
}

/* What lasts shortest first; what cannot be said last. */
static int by_urgency(const void *a, const void *b) {
    uint64_t x = (uint64_t)((const BalanceView *)a)->days_left, y = (uint64_t)((const BalanceView *)b)->days_left; /* -1 is the largest */
    return x < y ? -1 : x > y ? 1 : strcmp(((const BalanceView *)a)->account, ((const BalanceView *)b)->account);
}

int query_balances(Db *db, int64_t now_ms, BalanceView *out, size_t max, size_t *count, Err *e) {
    if (read_rows(db, now_ms, out, max, count, e) != 0) return -1;
    if (*count && add_rates(db, now_ms, out, *count, e) != 0) return -1;
    for (size_t i = 0; i < *count; i++) out[i].days_left = days_left(&out[i]);
    if (*count) qsort(out, *count, sizeof *out, by_urgency);
    return 0;
}
