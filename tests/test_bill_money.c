/* test_bill_money: what a bucket of many calls costs, and money at its extremes: nothing is lost, and nothing ends a reconciliation. */
#include "tests/bill_lab.h"

static int64_t reported(Desk *d, const BillRow *like, const char *model) {
    BillSet s;
    Err e = {0};
    const BillRead read = {.account = "main", .provider = "openai", .feed = "usage", .origin = ORIGIN_REPORTED, .from_ms = DAY0,
                           .until_ms = DAY0 + MS_PER_DAY, .closed_ms = LAB_NOW, .now_ms = LAB_NOW};
    bill_set_init(&s);
    BillRow *r = bill_set_add(&s);
    *r = *like;
    r->start_ms = DAY0, r->end_ms = DAY0 + MS_PER_DAY;
    r->model = bill_set_name(&s, model);
    OK(e, bills_replace(d->lab.l, &read, &s, d->pricer, &e));
    bill_set_free(&s);
    lab_verify(&d->lab);
    return lab_number(&d->lab, "SELECT sum(nano) FROM bill");
}

/* gpt-5.4: $2.50 a million in, $5 above 272,000 tokens of one prompt. A day has millions, and no call of them is long. */
static void a_day_of_many_calls_is_no_long_prompt(void **state) {
    Desk *d = *state;
    BillRow day = {.requests = 1000, .tokens = {[TOK_INPUT] = 10000000}};
    assert_int_equal(reported(d, &day, "gpt-5.4"), 25 * USD);
    day.requests = 20; /* half a million tokens a call */
    assert_int_equal(reported(d, &day, "gpt-5.4"), 50 * USD);
    day.requests = 0; /* not said: nobody knows of a long one */
    assert_int_equal(reported(d, &day, "gpt-5.4"), 25 * USD);
    day.long_prompts = true; /* but the provider does */
    assert_int_equal(reported(d, &day, "gpt-5.4"), 50 * USD);
}

/* In millionths a drift of $10,000 is more nano-dollars than 63 bits hold: it must not wrap round to none. */
static void a_large_drift_is_a_drift(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding f[RECON_FINDINGS_MAX];
    size_t count;
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){{.model = "gpt-4o-mini", .input = INT64_C(200000000000), .output = 1}}, 1); /* $30,000 */
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-4o-mini", .nano = 15000 * USD}}, 1);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    OK(e, reconcile_findings(d->lab.db, &r, f, RECON_FINDINGS_MAX, &count, &e));
    assert_int_equal(finding(f, count, CAUSE_PRICE)->nano, -15000 * USD - 600); /* one token out */
    reconcile_free(&r);
}

static void dollars_are_dollars_however_they_are_written(void **state) {
    Desk *d = *state;
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.model = "m", .nano = 1, .currency = "Usd"}, {.model = "m", .nano = 2, .currency = "USD"}, {.model = "m", .nano = 4}}, 3);
    assert_int_equal(lab_number(&d->lab, "SELECT sum(nano) FROM bill WHERE lane <> 0"), 7);
}

/* A billion rupiah is not much, and nine of them are more nano-rupiah than 63 bits hold. */
static void a_sum_in_small_money_ends_nothing(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ForeignView v[4];
    size_t count;
    Said said[6];
    for (int i = 0; i < 6; i++) said[i] = (Said){.model = "m", .item = i % 2 ? "a" : "b", .day = i / 2, .nano = 5 * INT64_C(1000000000) * USD / 3, .currency = "IDR"};
    say(d, "costs", ORIGIN_BILLED, said, 6);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    OK(e, reconcile_foreign(d->lab.db, &r, v, 4, &count, &e));
    assert_int_equal(count, 1);
    assert_true(v[0].nano == INT64_MAX);
    assert_int_equal(v[0].days, 3);
    reconcile_free(&r);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {CASE(a_day_of_many_calls_is_no_long_prompt), CASE(a_large_drift_is_a_drift),
                                       CASE(dollars_are_dollars_however_they_are_written), CASE(a_sum_in_small_money_ends_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
