/* query_bills: see query_bills.h. */
#include "store/query_bills.h"
#include "store/money.h"

enum { WINDOW_DAYS = 7 };
#define AGAIN_MS (10 * MS_PER_MINUTE)
#define SETTLE_MS MS_PER_HOUR /* logs may come later than the end of their day */

struct BillsRoom {
    int64_t loaded_ms, read_ms; /* when, and what the providers' last reading was then */
    FactBill bills[FACT_BILLS_MAX];
    ReconLine prices[FACT_PRICES_MAX];
    size_t bill_count, price_count;
};

BillsRoom *bills_room_new(void) { return xcalloc(1, sizeof(BillsRoom)); }

void bills_room_free(BillsRoom *r) { free(r); }

/* 0 = no provider was ever read. */
static int newest_read(Db *db, int64_t *ms, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT coalesce(max(read_ms), 0) FROM bill_feed", e);
    int got = s ? db_step(db, s, "look when bills were read", e) : -1;
    *ms = got == 1 ? sqlite3_column_int64(s, 0) : 0;
    if (s) sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

static bool is_said(const Recon *r, const ReconLine *l) {
    return !l->open && l->day_ms + MS_PER_DAY + SETTLE_MS <= r->now_ms && (l->has_reported || l->has_billed);
}

static FactBill *bill_of(BillsRoom *r, const char *account, bool make) {
    for (size_t i = 0; i < r->bill_count; i++)
        if (strcmp(r->bills[i].day.account, account) == 0) return &r->bills[i];
    if (!make || r->bill_count == FACT_BILLS_MAX) return NULL;
    FactBill *b = &r->bills[r->bill_count++];
    *b = (FactBill){0};
    snprintf(b->day.account, sizeof b->day.account, "%s", account);
    return b;
}

/* Lines are sorted by day, newest first: the first said one of an account is of its newest day. */
static void choose_days(BillsRoom *r, const Recon *recon) {
    for (size_t i = 0; i < recon->count; i++) {
        const ReconLine *l = &recon->at[i];
        FactBill *b = is_said(recon, l) ? bill_of(r, l->account, true) : NULL;
        if (b && !b->day.day_ms) b->day.day_ms = b->sure.day_ms = l->day_ms;
    }
}

/* What has tokens without a price cannot be compared with the bill: it stays out of what is sure. */
static void take_line(BillsRoom *r, FactBill *b, const ReconLine *l) {
    reconcile_add(&b->day, l);
    if (!l->metered.unpriced_tokens && !(l->has_reported && l->reported.unpriced_tokens)) reconcile_add(&b->sure, l);
    if (!l->model[0] && l->has_billed && !l->has_reported) b->items_nano = nano_add(b->items_nano, l->billed_nano);
    if (l->model[0] && l->has_reported && l->has_billed && r->price_count < FACT_PRICES_MAX) r->prices[r->price_count++] = *l;
}

static void take_days(BillsRoom *r, const Recon *recon) {
    for (size_t i = 0; i < recon->count; i++) {
        const ReconLine *l = &recon->at[i];
        FactBill *b = bill_of(r, l->account, false);
        if (!b || l->day_ms > b->day.day_ms) continue;
        b->logged |= l->has_metered;
        if (l->day_ms == b->day.day_ms && !l->open) take_line(r, b, l);
    }
    for (size_t i = 0; i < r->bill_count; i++) { /* a bill alone names no model well enough to leave one out */
        FactBill *b = &r->bills[i];
        if (!b->day.has_reported) b->sure = b->day, b->sure.open = b->day.metered.unpriced_tokens > 0;
    }
}

static int find_why(Db *db, const FactsAsk *ask, FactBill *b, Err *e) {
    const ReconAsk of_day = {.account = b->day.account, .since_ms = b->day.day_ms, .until_ms = b->day.day_ms + MS_PER_DAY, .now_ms = ask->now_ms,
                             .book = ask->book, .config_dir = ask->config_dir};
    Recon recon;
    int rc = reconcile_load(db, &of_day, &recon, e);
    if (rc == 0) rc = reconcile_findings(db, &recon, b->why, FACT_WHY_MAX, &b->why_count, e);
    reconcile_free(&recon);
    return rc;
}

static int load_days(Db *db, const FactsAsk *ask, Recon *out, Err *e) {
    int64_t today = ask->now_ms - ask->now_ms % MS_PER_DAY;
    const ReconAsk all = {.since_ms = today - WINDOW_DAYS * MS_PER_DAY, .until_ms = today, .now_ms = ask->now_ms, .book = ask->book, .config_dir = ask->config_dir};
    return reconcile_load(db, &all, out, e);
}

static int load(BillsRoom *r, Db *db, const FactsAsk *ask, Err *e) {
    Recon recon;
    r->bill_count = r->price_count = 0;
    int rc = load_days(db, ask, &recon, e);
    if (rc == 0) {
        choose_days(r, &recon);
        take_days(r, &recon);
    }
    reconcile_free(&recon);
    for (size_t i = 0; rc == 0 && i < r->bill_count; i++) rc = find_why(db, ask, &r->bills[i], e);
    return rc;
}

int bills_facts_load(BillsRoom *r, Db *db, const FactsAsk *ask, AlertFacts *out, Err *e) {
    int64_t read_ms, age = ask->now_ms - r->loaded_ms;
    if (newest_read(db, &read_ms, e) != 0) return -1;
    bool stale = read_ms != r->read_ms || age < 0 || age >= AGAIN_MS;
    if (read_ms == 0) r->bill_count = r->price_count = 0;
    else if (stale && load(r, db, ask, e) != 0) return -1;
    if (stale) r->read_ms = read_ms, r->loaded_ms = ask->now_ms;
    out->bills = r->bills, out->bill_count = r->bill_count;
    out->prices = r->prices, out->price_count = r->price_count;
    return 0;
}
