/* What all screens share: ranges on a fixed clock, a filter that is off while it is wrong, pausing, one dialog at a time. */
#include "tests/view_lab.h"

static int setup(void **state) {
    fixture_open(&place.f, "UTC", utc(NOW));
    view_lab_open("Europe/Berlin");
    *state = &place.view;
    return 0;
}

static void ranges_end_now(void **state) {
    View *v = *state;
    Err e = {""};
    assert_string_equal(v->range_name, "6h");
    assert_int_equal(v->until_ms - v->since_ms, 6 * MS_PER_HOUR);
    must(view_set_range(v, "today", &e), &e);
    assert_int_equal(v->since_ms, utc("2026-11-24T00:00:00Z")); /* days are the ledger's, not the display's */
    assert_int_equal(view_set_range(v, "2026-12-01..2026-12-02", &e), -1);
    assert_non_null(strstr(e.text, "begins in the future"));
    assert_int_equal(view_set_range(v, "yesterweek", &e), -1);
    assert_true(e.text[0]);
    assert_string_equal(v->range_name, "today"); /* as it was */
    assert_int_equal(v->since_ms, utc("2026-11-24T00:00:00Z"));
}

static void ranges_go_round_both_ways(void **state) {
    View *v = *state;
    int count = 0;
    while (view_ranges[count]) count++;
    for (int i = 0; i < count; i++) {
        view_next_range(v, false);
        if (i + 1 < count) assert_string_not_equal(v->range_name, "6h");
    }
    assert_string_equal(v->range_name, "6h");
    view_next_range(v, true);
    assert_string_equal(v->range_name, "1h");
}

static void a_wrong_filter_changes_nothing(void **state) {
    View *v = *state;
    Err e = {""};
    must(view_set_filter(v, "model:gpt* cost>0.1", &e), &e);
    assert_non_null(v->filter);
    assert_int_equal(view_set_filter(v, "model:gpt* cost>", &e), -1);
    assert_non_null(v->filter);
    assert_string_equal(v->filter_text, "model:gpt* cost>0.1");
    must(view_set_filter(v, "", &e), &e);
    assert_null(v->filter);
}

/* A paused range stays; live it follows the clock. */
static void pausing_holds_the_range(void **state) {
    View *v = *state;
    int64_t until = v->until_ms;
    view_set_paused(v, true);
    place.app.fixed_now_ms += MS_PER_HOUR;
    view_tick(v);
    assert_int_equal(v->now_ms, until + MS_PER_HOUR); /* the clock goes on */
    assert_int_equal(v->until_ms, until);
    view_set_paused(v, false);
    assert_int_equal(v->until_ms, until + MS_PER_HOUR);
}

static void nobody_collects_until_somebody_does(void **state) {
    View *v = *state;
    Err e = {""};
    Role *role = NULL;
    assert_string_equal(v->collecting, "");
    assert_int_equal(v->policy.state, SWITCH_UNKNOWN); /* no policy file: off would be a guess */
    assert_true(v->policy.never);                      /* and no gateway either: no reason for alarm */
    must(role_take(&role, place.f.path, &e), &e);
    view_tick(v);
    char pid[16];
    snprintf(pid, sizeof pid, " %d ", (int)getpid());
    assert_non_null(strstr(v->collecting, pid));
    role_drop(role);
    view_tick(v);
    assert_string_equal(v->collecting, "");
}

static void open_one(Dialog *d, View *v) {
    dialog_text(d, "reason", v->range_name, true);
}
static const DialogType one = {.title = "One", .confirm_words = "go", .open = open_one}, other = {.title = "Other", .open = open_one};

static void one_dialog_at_a_time(void **state) {
    View *v = *state;
    view_open_dialog(v, &one);
    assert_string_equal(v->dialog.field[0].line.text, "6h");
    view_open_dialog(v, &other);
    assert_ptr_equal(v->dialog.type, &one);
    view_close_dialog(v);
    view_open_dialog(v, &other);
    assert_ptr_equal(v->dialog.type, &other);
}

/* Back and forward: the whole view, on whole minutes; at the end it is live again and follows the clock. */
static void it_travels_back_and_forward(void **state) {
    View *v = *state;
    Err e = {""};
    char words[64];
    view_step(v, -1); /* a tenth of six hours */
    assert_int_equal(v->until_ms, utc("2026-11-24T01:36:00Z"));
    assert_int_equal(v->since_ms, utc("2026-11-23T19:36:00Z"));
    assert_true(view_is_past(v));
    place.app.fixed_now_ms += MS_PER_HOUR;
    view_tick(v);
    assert_int_equal(v->until_ms, utc("2026-11-24T01:36:00Z"));
    view_pace_words(v, true, words, sizeof words);
    assert_string_equal(words, "as of 02:36, 1h ago");
    must(view_set_range(v, "today", &e), &e); /* of then */
    assert_int_equal(v->since_ms, utc("2026-11-24T00:00:00Z"));
    assert_int_equal(v->until_ms, utc("2026-11-24T01:36:00Z"));
    view_go_to(v, utc("2026-11-24T00:00:00Z")); /* at midnight "today" is the day that ends there */
    assert_int_equal(v->since_ms, utc("2026-11-23T00:00:00Z"));
    must(view_set_range(v, "1h", &e), &e);
    view_go_to(v, v->now_ms - 90000);
    view_step(v, 1);
    assert_true(view_is_live(v));
    assert_int_equal(v->until_ms, v->now_ms);
    for (int i = 0; i < 1000000; i++) view_step(v, -10); /* there is a beginning */
    assert_true(v->asof_ms > 0 && v->since_ms < v->until_ms);
    view_set_paused(v, false);
    assert_true(view_is_live(v));
}

static void a_range_may_have_two_ends(void **state) {
    View *v = *state;
    Err e = {""};
    must(view_set_range(v, "2026-11-20..2026-11-22", &e), &e);
    assert_int_equal(v->since_ms, utc("2026-11-20T00:00:00Z"));
    assert_int_equal(v->asof_ms, utc("2026-11-22T00:00:00Z")); /* it is over: everything as of then */
    assert_string_equal(v->range_name, "range");
    view_step(v, -10);
    assert_int_equal(v->since_ms, utc("2026-11-18T00:00:00Z"));
    assert_int_equal(v->until_ms, utc("2026-11-20T00:00:00Z"));
    view_go_live(v);
    assert_int_equal(v->until_ms - v->since_ms, 2 * MS_PER_DAY);
    must(view_set_range(v, "2026-11-23..2027-01-01", &e), &e); /* not over: until now */
    assert_true(view_is_live(v));
    assert_int_equal(v->since_ms, utc("2026-11-23T00:00:00Z"));
    must(view_set_range(v, "3h", &e), &e);
    static const char *const bad[] = {"..", "2026-11-22..2026-11-20", "x..y", "2027-01-01", "2026-11-20...2026-11-22", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err why = {""};
        if (view_set_range(v, bad[i], &why) != -1 || !why.text[0]) fail_msg("%s was taken", bad[i]);
    }
    assert_string_equal(v->range_name, "3h");
    assert_int_equal(v->until_ms - v->since_ms, 3 * MS_PER_HOUR);
}

/* Beside a range stands one of the same length, or the same times a day or a week ago by the clock of the days' zone. */
static void it_is_compared_with_the_right_range(void **state) {
    View *v = *state;
    Err e = {""};
    int64_t since, until;
    assert_false(view_compared(v, &since, &until));
    view_next_compare(v);
    assert_true(view_compared(v, &since, &until));
    assert_int_equal(until, v->since_ms);
    assert_int_equal(until - since, 6 * MS_PER_HOUR);
    must(view_set_range(v, "today", &e), &e); /* not the evening before: the same part of yesterday */
    assert_true(view_compared(v, &since, &until));
    assert_int_equal(since, utc("2026-11-23T00:00:00Z"));
    assert_int_equal(until, utc("2026-11-23T02:12:40Z"));
    must(view_set_range(v, "month", &e), &e);
    assert_true(view_compared(v, &since, &until));
    assert_int_equal(since, utc("2026-10-01T00:00:00Z"));
    assert_int_equal(until - since, v->until_ms - v->since_ms);
    must(view_set_compare(v, "week", &e), &e);
    must(view_set_range(v, "1h", &e), &e);
    assert_true(view_compared(v, &since, &until));
    assert_int_equal(since, v->since_ms - 7 * MS_PER_DAY);
    assert_int_equal(view_set_compare(v, "mars", &e), -1);
    view_next_compare(v);
    assert_false(view_compared(v, &since, &until));
}

/* The zone is that of what is shown; days stay the ledger's. */
static void zones_change_what_is_shown_only(void **state) {
    View *v = *state;
    Err e = {""};
    must(view_set_range(v, "today", &e), &e);
    int64_t since = v->since_ms;
    assert_string_equal(zone_name(v->zone), "Europe/Berlin");
    must(view_next_zone(v, &e), &e);
    assert_string_equal(zone_name(v->zone), "UTC");
    view_tick(v);
    assert_int_equal(v->since_ms, since);
    must(view_set_zone(v, "config", &e), &e);
    assert_string_equal(zone_name(v->zone), "Europe/Berlin");
    assert_int_equal(view_set_zone(v, "Mars", &e), -1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, view_lab_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(ranges_end_now), CASE(ranges_go_round_both_ways), CASE(a_wrong_filter_changes_nothing), CASE(pausing_holds_the_range),
        CASE(it_travels_back_and_forward), CASE(a_range_may_have_two_ends), CASE(it_is_compared_with_the_right_range), CASE(zones_change_what_is_shown_only),
        CASE(nobody_collects_until_somebody_does), CASE(one_dialog_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
