/* test_reconcile_rest: what no cause explains is said, and what is in order is not called a leak: a gateway's own key has another name
 * at the provider, one key is used in two places, a bill that names no model is off, logs hold too much. */
#include "tests/bill_lab.h"

typedef struct Found { ReconFinding at[RECON_FINDINGS_MAX]; size_t count; } Found;

static Found find(Desk *d) {
    Found f = {.count = 0};
    Recon r;
    Err e = {0};
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    OK(e, reconcile_findings(d->lab.db, &r, f.at, RECON_FINDINGS_MAX, &f.count, &e));
    reconcile_free(&r);
    return f;
}

/* 20 M in and 5 M out of gpt-4o-mini are $6. */
#define SIX_DOLLARS(on, with) {.model = "gpt-4o-mini", .key = with, .day = on, .input = 20000000, .output = 5000000}

static void a_gateways_key_has_another_name_there(void **state) {
    Desk *d = *state;
    for (int day = 0; day < 2; day++) meter(d, DAY0 + day * MS_PER_DAY, "gpt-4o-mini", "web", 6 * USD);
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){SIX_DOLLARS(0, "key_of_the_gateway"), SIX_DOLLARS(1, "key_of_the_gateway")}, 2);
    Found f = find(d);
    if (f.count) fail_msg("%s: %s", cause_names[f.at[0].cause], f.at[0].evidence);
}

/* The leaked key beside it is found: its spend is what is missing, the gateway's is not. */
static void a_leak_beside_it_is_found(void **state) {
    Desk *d = *state;
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD);
    meter(d, DAY0 + 1, "gpt-4o-mini", "web", 6 * USD);
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){SIX_DOLLARS(0, "key_of_the_gateway"), SIX_DOLLARS(0, "key_of_the_gateway"), SIX_DOLLARS(0, "ci-legacy")}, 3);
    Found f = find(d);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.at[0].cause, CAUSE_OUTSIDE);
    assert_string_equal(f.at[0].what, "ci-legacy");
    assert_int_equal(f.at[0].nano, 6 * USD);
}

static void a_key_used_in_two_places_is_unexplained(void **state) {
    Desk *d = *state;
    meter(d, DAY0 + MS_PER_DAY, "gpt-4o-mini", "web", 6 * USD);
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){SIX_DOLLARS(1, "web"), SIX_DOLLARS(1, "web")}, 2);
    Found f = find(d);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.at[0].cause, CAUSE_REST);
    assert_int_equal(f.at[0].nano, 6 * USD);
    assert_int_equal(f.at[0].day_ms, DAY0 + MS_PER_DAY);
    assert_string_equal(f.at[0].evidence, "$6.00 by the provider's count that no log has, with keys that are logged: used elsewhere, too, or a log is not read?");
}

static void logs_that_hold_too_much_are_unexplained(void **state) {
    Desk *d = *state;
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD);
    meter(d, DAY0 + 1, "gpt-4o-mini", "web", 6 * USD);
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){SIX_DOLLARS(0, "web")}, 1);
    Found f = find(d);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.at[0].nano, -6 * USD);
    assert_string_equal(f.at[0].evidence, "the logs hold $6.00 more than the provider counted: calls of another account, or a log read twice?");
}

static void a_bill_without_models_that_is_off_is_unexplained(void **state) {
    Desk *d = *state;
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD);
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){SIX_DOLLARS(0, "web")}, 1);
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.nano = 9 * USD}}, 1);
    Found f = find(d);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.at[0].what, "bill");
    assert_int_equal(f.at[0].nano, 3 * USD);
    assert_string_equal(f.at[0].evidence, "billed $9.00, the reported tokens at our prices are $6.00; no model and no line of the bill says why");
}

/* A cent, or less than 2 %, is rounding and clocks. */
static void noise_is_no_finding(void **state) {
    Desk *d = *state;
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD - USD / 10);
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){SIX_DOLLARS(0, "web")}, 1);
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.nano = 6 * USD + USD / 10}}, 1);
    Found f = find(d);
    if (f.count) fail_msg("%s: %s", cause_names[f.at[0].cause], f.at[0].evidence);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {CASE(a_gateways_key_has_another_name_there), CASE(a_leak_beside_it_is_found), CASE(a_key_used_in_two_places_is_unexplained),
                                       CASE(logs_that_hold_too_much_are_unexplained), CASE(a_bill_without_models_that_is_off_is_unexplained), CASE(noise_is_no_finding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
