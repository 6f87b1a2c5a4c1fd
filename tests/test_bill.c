/* test_bill: what providers say, stored: invariants C1 to C5 of store/bill.h, with shuffled, repeated and revised reads. */
#include "store/bill.h"
#include "store/effective.h"
#include "tests/ledger_lab.h"

#define DAY0 (INT64_C(1795392000) * 1000) /* 2026-11-23 */
#define DAY MS_PER_DAY

typedef struct Desk {
    Lab lab;
    Book *book;
    Pricer *pricer;
} Desk;

static int setup(void **state) {
    Desk *d = calloc(1, sizeof *d);
    Err e = {0};
    lab_open(&d->lab, NULL);
    if (book_load(&d->book, NULL, &e) != 0) return -1;
    d->pricer = pricer_new(d->book);
    *state = d;
    return 0;
}

static int teardown(void **state) {
    Desk *d = *state;
    lab_close(&d->lab);
    pricer_free(d->pricer);
    book_free(d->book);
    free(d);
    return 0;
}

static BillRow *usage(BillSet *s, int64_t at, const char *model, int64_t input, int64_t output) {
    BillRow *r = bill_set_add(s);
    *r = (BillRow){.start_ms = at, .end_ms = at + DAY, .model = bill_set_name(s, model), .requests = 10,
                   .tokens = {[TOK_INPUT] = input, [TOK_OUTPUT] = output}};
    return r;
}

static BillRow *money(BillSet *s, int64_t at, const char *model, int64_t nano, const char *currency) {
    BillRow *r = bill_set_add(s);
    *r = (BillRow){.start_ms = at, .end_ms = at + DAY, .model = bill_set_name(s, model), .money = true, .nano = nano,
                   .currency = bill_set_name(s, currency)};
    return r;
}

static int store_set(Desk *d, BillSet *s, const char *account, const char *feed, Origin o, int64_t from, int64_t until, Err *e) {
    const BillRead read = {.account = account, .provider = "openai", .feed = feed, .origin = o, .from_ms = from, .until_ms = until,
                           .closed_ms = DAY0 + 100 * DAY, .now_ms = DAY0 + 100 * DAY};
    int rc = bills_replace(d->lab.l, &read, s, d->pricer, e);
    bill_set_free(s);
    return rc;
}

static Totals totals_of(Desk *d, const char *where) {
    Filter *f = NULL;
    Result r;
    Err e = {0};
    OK(e, filter_parse(&f, where, &e));
    Query q = {.since_ms = DAY0 - 400 * DAY, .until_ms = DAY0 + 400 * DAY, .filter = f};
    OK(e, query_run(d->lab.db, &q, &r, &e));
    Totals t = r.total;
    for (size_t i = 0; i < r.count; i++)
        if (t.basis == 0) t = r.groups[i].t;
    result_free(&r);
    filter_free(f);
    return t;
}

static int64_t cost_where(Desk *d, const char *origin) {
    char where[64];
    snprintf(where, sizeof where, "origin:%s", origin);
    return totals_of(d, where).cost_nano;
}

static void a_bucket_is_replaced_never_added(void **state) { /* C1 C3 */
    Desk *d = *state;
    Err e = {0};
    for (int round = 0; round < 3; round++) {
        BillSet s;
        bill_set_init(&s);
        money(&s, DAY0 + DAY, "gpt-5.4", 7000 + round, "USD");
        money(&s, DAY0, "gpt-5.4", 1000, "usd");
        money(&s, DAY0, "", 50, "");
        OK(e, store_set(d, &s, "main", "costs", ORIGIN_BILLED, DAY0, DAY0 + 2 * DAY, &e));
        assert_int_equal(cost_where(d, "billed"), 8050 + round);
        OK(e, ledger_verify(d->lab.l, &e));
    }
    BillSet s; /* a bucket that became empty */
    bill_set_init(&s);
    OK(e, store_set(d, &s, "main", "costs", ORIGIN_BILLED, DAY0, DAY0 + DAY, &e));
    assert_int_equal(cost_where(d, "billed"), 7002);
    bill_set_init(&s); /* another account's bucket of the same day is its own */
    money(&s, DAY0, "gpt-5.4", 5, "USD");
    OK(e, store_set(d, &s, "second", "costs", ORIGIN_BILLED, DAY0, DAY0 + DAY, &e));
    assert_int_equal(cost_where(d, "billed"), 7007);
    OK(e, ledger_verify(d->lab.l, &e));
}

static void usage_is_priced_and_reported(void **state) {
    Desk *d = *state;
    Err e = {0};
    BillSet s;
    bill_set_init(&s);
    usage(&s, DAY0, "gpt-4o-mini", 1000000, 1000000); /* $0.15 and $0.60 a million */
    usage(&s, DAY0, "no-such-model", 500, 500);
    OK(e, store_set(d, &s, "main", "usage", ORIGIN_REPORTED, DAY0, DAY0 + DAY, &e));
    Totals t = totals_of(d, "origin:reported");
    assert_int_equal(t.cost_nano, 750000000);
    assert_int_equal(t.unpriced_tokens, 1000);
    assert_int_equal(t.requests, 20);
    Effective eff;
    OK(e, effective_spend(d->lab.db, NULL, DAY0, DAY0 + DAY, DAY0 + 3 * DAY, &eff, &e));
    assert_int_equal(eff.nano, 750000000);
    assert_int_equal(eff.metered_nano, 0);
}

static void a_bad_read_changes_nothing(void **state) { /* C2 */
    Desk *d = *state;
    Err e = {0};
    BillSet s;
    bill_set_init(&s);
    money(&s, DAY0, "m", 1000, "USD");
    OK(e, store_set(d, &s, "main", "costs", ORIGIN_BILLED, DAY0, DAY0 + DAY, &e));
    bill_set_init(&s);
    money(&s, DAY0, "m", 1, "USD");
    money(&s, DAY0 + 5 * DAY, "m", 1, "USD"); /* not asked for */
    assert_int_equal(store_set(d, &s, "main", "costs", ORIGIN_BILLED, DAY0, DAY0 + DAY, &e), -1);
    assert_non_null(strstr(e.text, "outside of the range"));
    assert_int_equal(cost_where(d, "billed"), 1000);
}

static void other_currencies_are_in_no_sum(void **state) { /* C4 */
    Desk *d = *state;
    Err e = {0};
    BillSet s;
    bill_set_init(&s);
    money(&s, DAY0, "m", 1000, "EUR");
    money(&s, DAY0, "m", 30, "USD");
    OK(e, store_set(d, &s, "main", "costs", ORIGIN_BILLED, DAY0, DAY0 + DAY, &e));
    assert_int_equal(cost_where(d, "billed"), 30);
}

static int store_rival(Desk *d, int64_t nano, bool wins, int64_t from, Err *e) {
    const BillRead read = {.account = "proxy", .provider = "litellm", .feed = wins ? "logs" : "activity", .rival = wins ? "activity" : "logs", .wins = wins,
                           .origin = ORIGIN_BILLED, .from_ms = from, .until_ms = from + DAY, .closed_ms = DAY0 + 100 * DAY, .now_ms = DAY0 + 100 * DAY};
    BillSet s;
    bill_set_init(&s);
    if (nano) money(&s, from, "m", nano, "USD");
    int rc = bills_replace(d->lab.l, &read, &s, d->pricer, e);
    bill_set_free(&s);
    return rc;
}

static void of_two_that_tell_the_same_one_counts(void **state) { /* C5 */
    Desk *d = *state;
    Err e = {0};
    OK(e, store_rival(d, 100, false, DAY0, &e));
    OK(e, store_rival(d, 20, false, DAY0 + DAY, &e));
    assert_int_equal(cost_where(d, "billed"), 120);
    for (int round = 0; round < 2; round++) {
        OK(e, store_rival(d, 107, true, DAY0, &e)); /* the winner, where it has rows */
        assert_int_equal(cost_where(d, "billed"), 127);
        OK(e, store_rival(d, 101, false, DAY0, &e)); /* read again: still beside */
        assert_int_equal(cost_where(d, "billed"), 127);
        OK(e, store_rival(d, 0, true, DAY0 + DAY, &e)); /* it has none: the other stays */
        assert_int_equal(cost_where(d, "billed"), 127);
        OK(e, ledger_verify(d->lab.l, &e));
    }
    OK(e, store_rival(d, 0, true, DAY0, &e)); /* the winner lost its rows, and the other is read again */
    OK(e, store_rival(d, 102, false, DAY0, &e));
    assert_int_equal(cost_where(d, "billed"), 122);
    OK(e, ledger_verify(d->lab.l, &e));
}

static void an_estimate_is_in_no_sum(void **state) { /* C5 */
    Desk *d = *state;
    Err e = {0};
    BillSet s;
    bill_set_init(&s);
    money(&s, DAY0, "claude-sonnet-5", 1000, "USD");
    OK(e, store_set(d, &s, "main", "claude code", ORIGIN_NOTIONAL, DAY0, DAY0 + DAY, &e));
    for (int o = 0; o < ORIGIN_COUNT; o++) assert_int_equal(cost_where(d, origin_names[o]), 0);
    assert_int_equal(lab_number(&d->lab, "SELECT sum(nano) FROM bill"), 1000);
    OK(e, ledger_verify(d->lab.l, &e));
}

/* Windows of random length and order, read again with revised numbers: at the end the last word on each day counts. */
static int64_t reported_cost(Desk *d, int64_t input, int64_t requests) {
    Err e = {0};
    BillSet s;
    bill_set_init(&s);
    usage(&s, DAY0, "gpt-5.6-luna", input, 0)->requests = requests;
    OK(e, store_set(d, &s, "main", "usage", ORIGIN_REPORTED, DAY0, DAY0 + DAY, &e));
    return cost_where(d, "reported");
}

/* Above 272,000 tokens a call costs twice as much; the tokens of a day are no call. */
static void a_long_call_is_dear_a_long_day_is_not(void **state) {
    Desk *d = *state;
    int64_t million = reported_cost(d, 1000000, 10);
    assert_true(million > 0);
    assert_int_equal(reported_cost(d, 4000000, 40), 4 * million);
    assert_int_equal(reported_cost(d, 4000000, 0), 4 * million); /* calls are not told */
    assert_int_equal(reported_cost(d, 4000000, 10), 8 * million);
}

static void any_order_of_reads_gives_the_last_word(void **state) { /* C1 */
    Desk *d = *state;
    Err e = {0};
    int64_t word[40] = {0}, sum = 0;
    unsigned seed = 7;
    for (int round = 0; round < 120; round++) {
        seed = seed * 1103515245u + 12345u;
        int from = (int)(seed >> 16) % 40, days = 1 + (int)(seed >> 8) % 5;
        if (from + days > 40) days = 40 - from;
        BillSet s;
        bill_set_init(&s);
        for (int k = days - 1; k >= 0; k--) {
            word[from + k] = 100 + round * 7 + k;
            money(&s, DAY0 + (from + k) * DAY, k % 2 ? "a" : "b", word[from + k], "USD");
        }
        OK(e, store_set(d, &s, "main", "costs", ORIGIN_BILLED, DAY0 + from * DAY, DAY0 + (from + days) * DAY, &e));
    }
    for (int i = 0; i < 40; i++) sum += word[i];
    assert_int_equal(cost_where(d, "billed"), sum);
    OK(e, ledger_verify(d->lab.l, &e));
    int64_t until, read;
    OK(e, bill_feed_state(d->lab.db, "main", "costs", &until, &read, &e));
    assert_true(until > DAY0 && read == DAY0 + 100 * DAY);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {CASE(a_bucket_is_replaced_never_added), CASE(usage_is_priced_and_reported), CASE(a_bad_read_changes_nothing),
                                       CASE(other_currencies_are_in_no_sum), CASE(of_two_that_tell_the_same_one_counts), CASE(an_estimate_is_in_no_sum), CASE(a_long_call_is_dear_a_long_day_is_not), CASE(any_order_of_reads_gives_the_last_word)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
