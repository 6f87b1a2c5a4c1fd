/* test_usual: what is usual: the median of up to four weeks, same weekday and local hour; unknown where nothing is known. */
#include "tests/now_lab.h"

/* Tuesdays, 10:00 Berlin: 60, 120, 240 and 600 dollars an hour: the median is 180, $3 a minute. The clock was turned on
 * 25 October, so the fourth week lies in summer time: its 10:00 is 08:00 UTC, the others' is 09:00. */
static void usual_is_the_median_of_four_weeks_at_the_same_local_hour(void **state) {
    Fixture *f = *state;
    const int64_t usd = INT64_C(1000000000);
    spend(f, "2026-10-20T05:00:00Z", 1); /* history begins before the oldest of the four hours */
    spend(f, "2026-11-17T09:59:59.999Z", 60 * usd);
    spend(f, "2026-11-10T09:00:00Z", 120 * usd);
    spend(f, "2026-11-03T09:30:00Z", 240 * usd);
    spend(f, "2026-10-27T09:15:00Z", 600 * usd);
    spend(f, "2026-11-17T08:59:59.999Z", 9000 * usd); /* not that hour */
    spend(f, "2026-11-17T10:00:00Z", 7000 * usd);
    Now n = now_at(f, NOW);
    assert_int_equal(n.usual_nano_per_min, 3 * usd);
    /* As of 17 November the four weeks are 10 and 3 November, 27 and 20 October: 0, 120, 240, 600 */
    assert_int_equal(now_at(f, "2026-11-17T09:10:00Z").usual_nano_per_min, 3 * usd);
    /* before a week of history nothing is usual; with one week that week is */
    assert_int_equal(now_at(f, "2026-10-27T04:00:00Z").usual_nano_per_min, -1);
    assert_int_equal(now_at(f, "2026-11-03T09:10:00Z").usual_nano_per_min, 5 * usd); /* 27 Oct 600, 20 Oct 0 */
}

/* A ledger that knows one old file and today has no usual: weeks in which nothing was recorded are not weeks at $0. */
static void weeks_without_records_are_not_usual(void **state) {
    Fixture *f = *state;
    const int64_t usd = INT64_C(1000000000);
    spend(f, "2026-08-01T09:30:00Z", 60 * usd);
    spend(f, "2026-11-24T09:00:00Z", 60 * usd);
    Now n = now_at(f, NOW);
    assert_int_equal(n.usual_nano_per_min, -1);
    assert_int_equal(n.usual_today_nano, -1);
    assert_int_equal(n.eod_at_usual_nano, -1);
    spend(f, "2026-11-10T09:30:00Z", 120 * usd); /* the only recorded week is the usual one */
    assert_int_equal(now_at(f, NOW).usual_nano_per_min, 2 * usd);
}

/* The same hour of the week for single values; the clock was turned in between. */
static void usual_rates_of_single_values(void **state) {
    Fixture *f = *state;
    const int64_t usd = INT64_C(1000000000);
    const char *const names[] = {"search", "chat", "never"};
    int64_t rate[3];
    Err e = {""};
    const Query q = {.by = {DIM_FEATURE}, .by_count = 1, .zone = f->zone};
    must(query_usual_rates(f->db, &q, utc(NOW), names, 3, rate, &e), &e);
    for (int i = 0; i < 3; i++) assert_int_equal(rate[i], -1);
    const char *const at[] = {"2026-11-17T09:30:00Z", "2026-11-10T09:59:59.999Z", "2026-10-27T09:00:00Z"}; /* 3 Nov: none */
    for (int i = 0; i < 3; i++) {
        fixture_add(f, &(Spec){.ts_ms = utc(at[i]), .cost_nano = (i + 1) * 60 * usd, .name[DIM_FEATURE] = "search"});
        if (i == 0) fixture_add(f, &(Spec){.ts_ms = utc(at[i]) + 1, .cost_nano = 600 * usd, .name[DIM_FEATURE] = "chat"});
    }
    fixture_add(f, &(Spec){.ts_ms = utc("2026-11-17T10:00:00Z"), .cost_nano = 6000 * usd, .name[DIM_FEATURE] = "search"});
    fixture_flush(f);
    must(query_usual_rates(f->db, &q, utc(NOW), names, 3, rate, &e), &e);
    assert_int_equal(rate[0], 2 * usd); /* median of 1, 2, 3 */
    assert_int_equal(rate[1], 0);       /* 10, 0, 0 */
    assert_int_equal(rate[2], 0);
}

static void usual_turns_with_the_clock(void **state) {
    Fixture *f = *state;
    const int64_t usd = INT64_C(1000000000);
    spend(f, "2026-10-19T00:00:00Z", 1);
    spend(f, "2026-10-20T08:30:00Z", 60 * usd); /* 10:30 in summer time */
    spend(f, "2026-10-20T09:30:00Z", 6000 * usd); /* 11:30 */
    assert_int_equal(now_at(f, "2026-10-27T09:10:00Z").usual_nano_per_min, usd); /* 10:10 in winter time */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(usual_is_the_median_of_four_weeks_at_the_same_local_hour),
        CASE(weeks_without_records_are_not_usual),
        CASE(usual_rates_of_single_values),
        CASE(usual_turns_with_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
