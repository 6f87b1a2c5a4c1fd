/* test_budget: scopes are read strictly, periods begin and end where people say they do, and projections are exact. */
#include "store/budget.h"
#include "tests/unit.h"

static void scopes_are_read(void **state) {
    (void)state;
    static const struct { const char *text; int dim; const char *value; } good[] = {
        {"global", -1, ""}, {"account:x", DIM_ACCOUNT, "x"}, {"provider:x", DIM_PROVIDER, "x"}, {"model:x", DIM_MODEL, "x"},
        {"feature:a:b c", DIM_FEATURE, "a:b c"}, {"team:x", DIM_TEAM, "x"}, {"user:x", DIM_USER, "x"}, {"key:x", DIM_KEY, "x"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        Budget b = {0};
        assert_int_equal(budget_parse_scope(&b, good[i].text, NULL), 0);
        assert_int_equal(b.scope_dim, good[i].dim);
        assert_string_equal(b.scope_value, good[i].value);
    }
}

static void what_is_no_scope_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"", "everything", "feature", "feature:", "session:x", "features:x", ":x", "global:x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Budget b = {0};
        Err e = {0};
        assert_int_equal(budget_parse_scope(&b, bad[i], &e), -1);
        assert_non_null(strstr(e.text, "write global, or"));
    }
}

/* A record's name is cut to 128 bytes at a character; a scope must be cut to the same name to match it. */
static void long_values_are_cut_like_names(void **state) {
    (void)state;
    char text[300] = "team:";
    for (int i = 0; i < 100; i++) memcpy(text + 5 + 2 * i, "\xC3\xA4", 3);
    text[5] = 'x';
    memmove(text + 6, text + 7, strlen(text + 7) + 1);
    Budget b = {0};
    Batch *batch = batch_new(1);
    assert_int_equal(budget_parse_scope(&b, text, NULL), 0);
    Str name = batch_name_at(batch, batch_name(batch, text + 5, strlen(text + 5)));
    assert_int_equal(name.len, 127);
    assert_true(str_is(name, b.scope_value));
    batch_free(batch);
}

/* ---- periods ---- */
static int64_t utc(const char *text) {
    int64_t ms = 0;
    assert_int_equal(time_parse_rfc3339(text, strlen(text), &ms), 0);
    return ms;
}

static void text_utc(int64_t ms, char out[32]) {
    time_format_utc(ms, out, 32);
    out[19] = '\0';
}

/* Each edge written out: the clock goes forward on 29 March and back on 25 October 2026 in Berlin. */
static void periods_begin_and_end_by_the_calendar_of_their_zone(void **state) {
    (void)state;
    static const struct { const char *zone; Unit unit; int anchor; const char *at, *begin, *end; } cases[] = {
        {"UTC", UNIT_HOUR, 1, "2026-11-24T09:20:46Z", "2026-11-24T09:00:00", "2026-11-24T10:00:00"},
        {"Asia/Kathmandu", UNIT_HOUR, 1, "2026-11-24T09:20:46Z", "2026-11-24T09:15:00", "2026-11-24T10:15:00"},
        {"Europe/Berlin", UNIT_DAY, 1, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00", "2026-03-29T22:00:00"}, /* 23 h */
        {"Europe/Berlin", UNIT_DAY, 1, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00", "2026-10-25T23:00:00"}, /* 25 h */
        {"Europe/Berlin", UNIT_HOUR, 1, "2026-10-25T00:30:00Z", "2026-10-25T00:00:00", "2026-10-25T01:00:00"}, /* first 02:30 */
        {"Europe/Berlin", UNIT_HOUR, 1, "2026-10-25T01:30:00Z", "2026-10-25T01:00:00", "2026-10-25T02:00:00"}, /* second 02:30 */
        {"Europe/Berlin", UNIT_WEEK, 1, "2026-10-25T12:00:00Z", "2026-10-18T22:00:00", "2026-10-25T23:00:00"},
        {"Europe/Berlin", UNIT_MONTH, 1, "2026-10-31T22:59:59Z", "2026-09-30T22:00:00", "2026-10-31T23:00:00"},
        {"America/Sao_Paulo", UNIT_DAY, 1, "2018-11-04T12:00:00Z", "2018-11-04T03:00:00", "2018-11-05T02:00:00"}, /* no midnight */
        {"UTC", UNIT_MONTH, 15, "2026-11-14T23:59:59Z", "2026-10-15T00:00:00", "2026-11-15T00:00:00"},
        {"UTC", UNIT_MONTH, 15, "2026-11-15T00:00:00Z", "2026-11-15T00:00:00", "2026-12-15T00:00:00"},
        {"UTC", UNIT_MONTH, 15, "2026-01-03T00:00:00Z", "2025-12-15T00:00:00", "2026-01-15T00:00:00"},
        {"UTC", UNIT_MONTH, 15, "2026-12-20T00:00:00Z", "2026-12-15T00:00:00", "2027-01-15T00:00:00"},
        {"UTC", UNIT_MONTH, 31, "2026-02-27T23:00:00Z", "2026-01-31T00:00:00", "2026-02-28T00:00:00"},
        {"UTC", UNIT_MONTH, 31, "2026-02-28T01:00:00Z", "2026-02-28T00:00:00", "2026-03-31T00:00:00"},
        {"UTC", UNIT_MONTH, 30, "2028-02-29T01:00:00Z", "2028-02-29T00:00:00", "2028-03-30T00:00:00"}, /* a leap day */
        {"UTC", UNIT_MONTH, 29, "2028-02-28T01:00:00Z", "2028-01-29T00:00:00", "2028-02-29T00:00:00"},
        {"UTC", UNIT_MONTH, 29, "2100-02-28T01:00:00Z", "2100-02-28T00:00:00", "2100-03-29T00:00:00"}, /* none in 2100 */
        {"Europe/Berlin", UNIT_MONTH, 29, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00", "2026-04-28T22:00:00"},
        {"Europe/Berlin", UNIT_MONTH, 25, "2026-10-25T23:00:00Z", "2026-10-24T22:00:00", "2026-11-24T23:00:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Zone *zone;
        char begin[32], end[32];
        assert_int_equal(zone_open(&zone, cases[i].zone, NULL), 0);
        const Budget b = {.period = cases[i].unit, .anchor_day = cases[i].anchor, .zone = zone};
        text_utc(budget_begin_ms(&b, NULL, utc(cases[i].at)), begin);
        text_utc(budget_end_ms(&b, NULL, utc(cases[i].at)), end);
        zone_free(zone);
        if (strcmp(begin, cases[i].begin) != 0 || strcmp(end, cases[i].end) != 0)
            fail_msg("case %d: %s to %s", (int)i, begin, end);
    }
}

/* Whatever the zone, unit and anchor: periods follow each other without gap or overlap, and an instant is in its own. */
static void periods_cover_time_without_gap_or_overlap(void **state) {
    (void)state;
    static const char *const zones[] = {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
                                        "Pacific/Apia", "Africa/Cairo"};
    static const Unit units[] = {UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH};
    uint64_t seed = 7;
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        Zone *zone;
        assert_int_equal(zone_open(&zone, zones[z], NULL), 0);
        for (int i = 0; i < 2000; i++) {
            seed = hash64(&seed, sizeof seed, 1);
            const Budget b = {.period = units[seed % 4], .anchor_day = (int)(seed >> 8 & 31), .zone = zone};
            int64_t ms = utc("2010-01-01T00:00:00Z") + (int64_t)(seed >> 16) % (30 * 365 * MS_PER_DAY);
            int64_t begin = budget_begin_ms(&b, NULL, ms), end = budget_end_ms(&b, NULL, ms);
            assert_true(begin <= ms && ms < end);
            assert_int_equal(budget_begin_ms(&b, NULL, begin), begin);
            assert_int_equal(budget_begin_ms(&b, NULL, end), end);
            assert_int_equal(budget_begin_ms(&b, NULL, end - 1), begin);
            assert_int_equal(budget_end_ms(&b, NULL, end - 1), end);
        }
        zone_free(zone);
    }
}

/* ---- amounts ---- */
static void the_highest_level_that_is_reached_counts(void **state) {
    (void)state;
    const Budget b = {.limit_nano = 1000, .warn_permille = {500, 800}};
    static const struct { int64_t spent; int level; } cases[] = {
        {-5, 0}, {0, 0}, {499, 0}, {500, 500}, {799, 500}, {800, 800}, {999, 800}, {1000, 1000}, {INT64_MAX, 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_int_equal(budget_level(&b, cases[i].spent), cases[i].level);
}

static void a_forecast_is_exact_and_saturates(void **state) {
    (void)state;
    const Budget b = {.limit_nano = 1000};
    Forecast f = budget_forecast(&b, 700, 10, 0, 60 * MS_PER_MINUTE);
    assert_int_equal(f.end_nano, 1300);
    assert_int_equal(f.breaks_ms, 30 * MS_PER_MINUTE);
    f = budget_forecast(&b, 700, 10, 0, 30 * MS_PER_MINUTE); /* at its end it is over: no break */
    assert_int_equal(f.end_nano, 1000);
    assert_int_equal(f.breaks_ms, -1);
    f = budget_forecast(&b, 700, 0, 0, MS_PER_DAY);
    assert_int_equal(f.end_nano, 700);
    assert_int_equal(f.breaks_ms, -1);
    f = budget_forecast(&b, 1000, 0, 5, MS_PER_DAY);
    assert_int_equal(f.breaks_ms, 5);
    f = budget_forecast(&b, 700, INT64_MAX, 0, MS_PER_DAY);
    assert_int_equal(f.end_nano, INT64_MAX);
    assert_int_equal(f.breaks_ms, 0);
    assert_int_equal(budget_overshoot_nano(60000), 1500);
}

static void only_hard_budgets_with_an_action_act(void **state) {
    (void)state;
    assert_false(budget_is_hard(&(Budget){.action = BUDGET_ALERT}));
    assert_true(budget_is_hard(&(Budget){.action = BUDGET_BLOCK}));
    assert_false(budget_is_hard(&(Budget){.action = BUDGET_KILL, .soft = true}));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(scopes_are_read), cmocka_unit_test(what_is_no_scope_is_refused),
                                       cmocka_unit_test(long_values_are_cut_like_names),
                                       cmocka_unit_test(periods_begin_and_end_by_the_calendar_of_their_zone),
                                       cmocka_unit_test(periods_cover_time_without_gap_or_overlap),
                                       cmocka_unit_test(the_highest_level_that_is_reached_counts),
                                       cmocka_unit_test(a_forecast_is_exact_and_saturates),
                                       cmocka_unit_test(only_hard_budgets_with_an_action_act)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
