/* The demo's bills: made of what was metered, so that the store itself finds an account in order, a wrong price, a leaked key. */
#include "tests/bill_lab.h"
#include "tui/demo_bills.h"
#include "tui/demo_load.h"

enum { DAYS = 2 };
#define START (LAB_NOW + 15 * MS_PER_HOUR)

static void play_day(Desk *d, int64_t day_ms) {
    const DemoLoad load = {.seed = 42, .onset_ms = INT64_MAX};
    Batch *batch[DEMO_GATEWAYS] = {d->lab.b, d->lab.b, d->lab.b};
    for (int64_t minute = day_ms; minute < day_ms + MS_PER_DAY; minute += MS_PER_MINUTE) {
        demo_minute(&load, minute, minute, minute + MS_PER_MINUTE, batch);
        if (batch_count(d->lab.b) + DEMO_MINUTE_MAX <= LEDGER_BATCH && minute + MS_PER_MINUTE < day_ms + MS_PER_DAY) continue;
        for (size_t i = 0; i < batch_count(d->lab.b); i++) pricer_price(d->pricer, d->lab.b, batch_at(d->lab.b, i));
        lab_ingest(&d->lab);
    }
}

static DemoBills bills_of(Desk *d) { return (DemoBills){.db = d->lab.db, .ledger = d->lab.l, .pricer = d->pricer, .start_ms = START}; }

static const ReconFinding *found(const ReconFinding *list, size_t count, const char *account, Cause cause) {
    for (size_t i = 0; i < count; i++)
        if (list[i].cause == cause && strcmp(list[i].account, account) == 0) return &list[i];
    return NULL;
}

static ReconLine day_of(const Recon *r, const char *account, int64_t day_ms) {
    ReconLine sum = {.day_ms = day_ms};
    for (size_t i = 0; i < r->count; i++)
        if (r->at[i].day_ms == day_ms && strcmp(r->at[i].account, account) == 0) reconcile_add(&sum, &r->at[i]);
    return sum;
}

static int64_t size_of(int64_t n) { return n < 0 ? -n : n; }

/* Within a percent: as much as is in order in real life. */
static void anthropic_agrees(const Recon *r, const ReconFinding *list, size_t count) {
    const ReconLine day = day_of(r, "anthropic", LAB_NOW - MS_PER_DAY);
    assert_true(day.has_metered && day.has_reported && day.has_billed && day.billed_nano > 50 * USD);
    assert_true(size_of(recon_drift_ppm(&day)) < 10000 && recon_coverage_ppm(&day) > 990000);
    for (int c = 0; c < CAUSE_COUNT; c++) assert_null(found(list, count, "anthropic", (Cause)c));
}

static void differences_have_the_cause_they_were_made_of(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding list[RECON_FINDINGS_MAX];
    BalanceView left[4];
    size_t count, balances;
    const DemoBills demo = bills_of(d);
    for (int day = DAYS; day > 0; day--) play_day(d, LAB_NOW - day * MS_PER_DAY);
    for (int day = DAYS; day > 0; day--) OK(e, demo_bills_day(&demo, LAB_NOW - day * MS_PER_DAY, START, &e));
    OK(e, demo_bills_say(&demo, START, &e));
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.since_ms = LAB_NOW - DAYS * MS_PER_DAY, .until_ms = LAB_NOW, .now_ms = START, .book = d->book}, &r, &e));
    OK(e, reconcile_findings(d->lab.db, &r, list, RECON_FINDINGS_MAX, &count, &e));
    anthropic_agrees(&r, list, count);
    const ReconFinding *leak = found(list, count, "openai", CAUSE_OUTSIDE), *price = found(list, count, "google", CAUSE_PRICE);
    assert_non_null(leak);
    assert_string_equal(leak->what, "ci-legacy");
    assert_non_null(price);
    assert_string_equal(price->what, "gemini-3.8-flash");
    const ReconLine leaky = day_of(&r, "openai", LAB_NOW - MS_PER_DAY);
    assert_true(recon_coverage_ppm(&leaky) < 950000 && recon_unmetered_nano(&leaky) > 5 * USD);
    assert_null(found(list, count, "openai", CAUSE_PRICE));
    OK(e, query_balances(d->lab.db, START, left, 4, &balances, &e));
    assert_int_equal(balances, 1);
    assert_in_range(left[0].days_left, 3, 60);
    reconcile_free(&r);
}

/* The day that ends while the demo runs is billed again by the next run of the same minute: nothing is added twice (C1). */
static void a_day_billed_twice_is_billed_once(void **state) {
    Desk *d = *state;
    Err e = {0};
    const DemoBills demo = bills_of(d);
    play_day(d, LAB_NOW - MS_PER_DAY);
    OK(e, demo_bills_day(&demo, LAB_NOW - MS_PER_DAY, START, &e));
    int64_t rows = lab_number(&d->lab, "SELECT count(*) FROM bill"), nano = lab_number(&d->lab, "SELECT sum(nano) FROM bill");
    OK(e, demo_bills_day(&demo, LAB_NOW - MS_PER_DAY, START, &e));
    assert_true(rows > 10 && nano > 0);
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM bill"), rows);
    assert_int_equal(lab_number(&d->lab, "SELECT sum(nano) FROM bill"), nano);
    lab_verify(&d->lab);
}

static void each_account_is_a_source_with_a_lag(void **state) {
    Desk *d = *state;
    Err e = {0};
    const DemoBills demo = bills_of(d);
    OK(e, demo_bills_health(&demo, LAB_NOW, START, &e));
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM source WHERE name LIKE 'account %' AND state = 'ok' AND lag_ms = 54000000"), DEMO_ACCOUNTS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(differences_have_the_cause_they_were_made_of, desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(a_day_billed_twice_is_billed_once, desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(each_account_is_a_source_with_a_lag, desk_setup, desk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
