/* test_reconcile: three measurements of the same days: drift, coverage, and why they differ, each figure written out. */
#include "tests/bill_lab.h"

/* gpt-4o-mini is $0.15 and $0.60 a million: 20 M in and 5 M out are $6. */
static void three_measurements_of_a_leaked_key(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding f[RECON_FINDINGS_MAX];
    size_t count;
    meter(d, DAY0, "gpt-4o-mini", "web", 5 * USD);
    meter(d, LAB_NOW + MS_PER_HOUR, "gpt-4o-mini", "web", USD); /* today: not comparable */
    const Said usage[] = {{.model = "gpt-4o-mini", .key = "key_web", .input = 20000000, .output = 4000000}, {.model = "gpt-4o-mini", .key = "key_leaked", .input = 10000000, .output = 7500000}};
    const Said costs[] = {{.model = "gpt-4o-mini", .item = "gpt-4o-mini, input", .currency = "usd", .nano = 11 * USD}, {.item = "web search tool calls", .currency = "usd", .nano = 2 * USD}};
    say(d, "usage", ORIGIN_REPORTED, usage, 2);
    say(d, "costs", ORIGIN_BILLED, costs, 2);
    OK(e, bill_name_set(d->lab.l, "main", "key", "key_web", "web", &e));
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW + MS_PER_DAY, .now_ms = LAB_NOW + MS_PER_HOUR}, &r, &e));
    const ReconLine *l = line_of(&r, 0, "gpt-4o-mini");
    assert_int_equal(l->metered.cost_nano, 5 * USD);
    assert_int_equal(l->reported.cost_nano, 11400000000); /* 3.0 + 2.4 and 1.5 + 4.5 */
    assert_int_equal(l->billed_nano, 11 * USD);
    assert_int_equal(recon_drift_ppm(l), 36363);           /* 0.4 / 11 */
    assert_int_equal(recon_coverage_ppm(l), 438596);       /* 5 / 11.4 */
    assert_int_equal(recon_unmetered_nano(l), 6400000000);
    assert_true(line_of(&r, 3, "gpt-4o-mini")->open);
    assert_true(recon_coverage_ppm(line_of(&r, 3, "gpt-4o-mini")) == INT64_MIN);
    OK(e, reconcile_findings(d->lab.db, &r, f, RECON_FINDINGS_MAX, &count, &e));
    const ReconFinding *leak = finding(f, count, CAUSE_OUTSIDE);
    assert_string_equal(leak->what, "key_leaked"); /* key_web is known by its name */
    assert_int_equal(leak->nano, 6 * USD);
    assert_ptr_equal(leak, &f[0]);
    assert_string_equal(finding(f, count, CAUSE_ITEMS)->what, "web search tool calls");
    assert_non_null(strstr(finding(f, count, CAUSE_PRICE)->evidence, "billed implies $"));
    reconcile_free(&r);
}

static void days_that_agree_have_no_findings(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding f[RECON_FINDINGS_MAX];
    size_t count;
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD);
    const Said usage[] = {{.model = "gpt-4o-mini", .key = "web", .input = 20000000, .output = 5000000}};
    const Said costs[] = {{.model = "gpt-4o-mini", .item = "gpt-4o-mini, input", .currency = "usd", .nano = 6 * USD}, {.model = "gpt-4o-mini", .item = "x", .currency = "EUR", .nano = 99 * USD}};
    say(d, "usage", ORIGIN_REPORTED, usage, 1);
    say(d, "costs", ORIGIN_BILLED, costs, 2);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .account = "main", .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    assert_int_equal(recon_drift_ppm(line_of(&r, 0, "gpt-4o-mini")), 0); /* euros are not compared */
    assert_int_equal(recon_coverage_ppm(line_of(&r, 0, "gpt-4o-mini")), 1000000);
    OK(e, reconcile_findings(d->lab.db, &r, f, RECON_FINDINGS_MAX, &count, &e));
    if (count) fail_msg("%s: %s", cause_names[f[0].cause], f[0].evidence);
    reconcile_free(&r);
}

static void a_call_at_midnight_is_a_day_boundary(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding f[RECON_FINDINGS_MAX];
    size_t count;
    meter(d, DAY0, "gpt-4o-mini", "web", 12 * USD); /* all on the first day */
    const Said usage[] = {{.model = "gpt-4o-mini", .key = "web", .input = 20000000, .output = 5000000}, {.model = "gpt-4o-mini", .key = "web", .day = 1, .input = 20000000, .output = 5000000}};
    say(d, "usage", ORIGIN_REPORTED, usage, 2);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    OK(e, reconcile_findings(d->lab.db, &r, f, RECON_FINDINGS_MAX, &count, &e));
    assert_int_equal(finding(f, count, CAUSE_DAY_EDGE)->nano, 6 * USD);
    reconcile_free(&r);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {CASE(three_measurements_of_a_leaked_key), CASE(days_that_agree_have_no_findings), CASE(a_call_at_midnight_is_a_day_boundary)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
