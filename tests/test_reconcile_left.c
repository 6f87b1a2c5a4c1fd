/* test_reconcile_left: for how long credit lasts: at what the logs metered in the last 24 hours, or at the last day's bill where the
 * logs know less; what cannot be said is not said. */
#include "tests/bill_lab.h"

static const BalanceView *left_of(const BalanceView *b, size_t count, const char *account, const char *kind) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(b[i].account, account) == 0 && strcmp(b[i].kind, kind) == 0) return &b[i];
    fail_msg("nothing is left of %s, %s", account, kind);
    return NULL;
}

static void set(Desk *d, const char *account, const char *kind, const char *currency, int64_t nano, int64_t at_ms) {
    Err e = {0};
    OK(e, bill_balance_set(d->lab.l, account, kind, currency, nano, at_ms, &e));
}

static void credit_lasts_as_long_as_what_is_known_says(void **state) {
    Desk *d = *state;
    BalanceView b[16];
    size_t count;
    Err e = {0};
    const int64_t now = LAB_NOW + MS_PER_HOUR;
    meter(d, LAB_NOW - 2 * MS_PER_HOUR, "gpt-4o-mini", "web", 10 * USD); /* main: $10 in 24 hours by the logs, $15 by the bill of yesterday */
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-4o-mini", .day = 2, .nano = 15 * USD}}, 1);
    say_of(d, "unlogged", "openrouter", "activity", ORIGIN_BILLED, (const Said[]){{.model = "x", .day = 2, .nano = 4 * USD}, {.model = "x", .day = 1, .nano = 400 * USD}}, 2);
    set(d, "main", "balance", "usd", 75 * USD, now);
    set(d, "main", "limit", "USD", 31 * USD, now);
    set(d, "main", "month", "USD", 9000 * USD, now);
    set(d, "unlogged", "balance", "USD", 41 * USD, now);
    set(d, "euros", "balance", "EUR", 41 * USD, now);
    set(d, "idle", "balance", "USD", 41 * USD, now);
    set(d, "overdrawn", "balance", "USD", -USD, now);
    set(d, "gone", "balance", "USD", 41 * USD, now - 8 * MS_PER_DAY);
    say_of(d, "overdrawn", "openrouter", "activity", ORIGIN_BILLED, (const Said[]){{.model = "x", .day = 2, .nano = USD}}, 1);
    OK(e, query_balances(d->lab.db, now, b, 16, &count, &e));
    assert_int_equal(count, 7); /* what nobody has said for a week is not shown */
    assert_int_equal(left_of(b, count, "main", "balance")->day_nano, 15 * USD);
    assert_int_equal(left_of(b, count, "main", "balance")->days_left, 5);
    assert_int_equal(left_of(b, count, "main", "limit")->days_left, 2);
    assert_int_equal(left_of(b, count, "main", "month")->days_left, -1); /* the whole of a month is not what is left */
    assert_int_equal(left_of(b, count, "unlogged", "balance")->days_left, 10);
    assert_int_equal(left_of(b, count, "euros", "balance")->days_left, -1);
    assert_int_equal(left_of(b, count, "idle", "balance")->days_left, -1);
    assert_int_equal(left_of(b, count, "overdrawn", "balance")->days_left, 0);
    assert_string_equal(b[0].account, "overdrawn"); /* what ends first stands first */
    assert_int_equal(b[count - 1].days_left, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(credit_lasts_as_long_as_what_is_known_says, desk_setup, desk_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
