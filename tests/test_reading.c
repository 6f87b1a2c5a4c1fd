/* Lists that rows must answer are read in slices: rows are there after the first, each slice adds, the last makes the answer
 * of one shot; a commit goes on, another question begins anew, and what was whole stays until its successor is. */
#include "tests/view_lab.h"
#include "tui/groups.h"
#include "tui/overview.h"

enum { CALLS = 3000 };

static void add_call(int64_t i) {
    static const char *const user[] = {"ann", "bob", "cy"}, *const feature[] = {"search", "checkout"};
    Spec s = {.ts_ms = utc(NOW) - 1000 - i * 5000, .id = (uint64_t)i + 1, .cost_nano = 1000 + i};
    s.name[DIM_USER] = user[i % 3];
    s.name[DIM_FEATURE] = feature[i / 500 % 2];
    fixture_add(&place.f, &s);
}

static int setup(void **state) {
    Err e = {""};
    fixture_open(&place.f, "UTC", utc(NOW));
    for (int64_t i = 0; i < CALLS; i++) add_call(i);
    fixture_flush(&place.f);
    view_lab_open("UTC");
    must(view_set_range(&place.view, "24h", &e), &e);
    must(view_set_filter(&place.view, "user:ann,bob", &e), &e);
    *state = &place.view;
    return 0;
}

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool slice(Groups *g, View *v, int64_t deadline_us) {
    Err e = {""};
    bool more;
    must(groups_load(g, v, deadline_us, &more, &e), &e);
    return more;
}

static void slices_show_rows_at_once_and_end_whole(void **state) {
    View *v = *state;
    Groups g;
    groups_init(&g, DIM_FEATURE, -1);
    int slices = 0, permille = -1;
    int64_t requests = 0;
    while (slice(&g, v, now_us())) {
        assert_true(g.count >= 1 && g.range.total.requests >= requests && g.range.total.requests > 0);
        assert_true(v->reading_permille >= permille && v->reading_permille < 1000);
        requests = g.range.total.requests;
        permille = v->reading_permille;
        slices++;
    }
    assert_true(slices >= 3);
    assert_int_equal(g.range.total.requests, CALLS / 3 * 2);
    assert_int_equal(g.count, 2);
    groups_free(&g);
}

static void what_was_whole_stays_and_a_commit_goes_on(void **state) {
    View *v = *state;
    Groups g;
    groups_init(&g, DIM_FEATURE, -1);
    assert_false(slice(&g, v, INT64_MAX));
    add_call(CALLS);
    fixture_flush(&place.f);
    int slices = 0;
    for (; slice(&g, v, now_us()); slices++) { /* the same question: the old figures stay, and it ends */
        assert_int_equal(g.range.total.requests, CALLS / 3 * 2);
        view_tick(v);
    }
    assert_true(slices >= 3 && slices < 100);
    assert_int_equal(g.range.total.requests, CALLS / 3 * 2 + 1);
    groups_free(&g);
}

static void another_question_begins_anew(void **state) {
    View *v = *state;
    Err e = {""};
    Groups g;
    groups_init(&g, DIM_FEATURE, -1);
    assert_true(slice(&g, v, now_us()));
    must(view_set_filter(v, "user:cy", &e), &e);
    assert_true(slice(&g, v, now_us()));
    assert_true(g.range.total.requests <= 256);
    must(view_set_filter(v, "user:ann,bob", &e), &e);
    assert_true(slice(&g, v, now_us()));
    assert_true(g.range.total.requests <= 256 && g.range.total.requests > 0);
    assert_false(slice(&g, v, INT64_MAX));
    assert_int_equal(g.range.total.requests, CALLS / 3 * 2 + 1);
    must(view_set_compare(v, "before", &e), &e);
    while (slice(&g, v, now_us()));
    assert_true(g.compared);
    groups_free(&g);
}

/* Each value has one row, with what it spent in both ranges: those of now, of both, and of before alone, however many. */
static void what_is_compared_stands_beside_its_value(void **state) {
    enum { NAMES = 400 };
    View *v = *state;
    Err e = {""};
    Groups g;
    for (int64_t i = 0; i < NAMES; i++) {
        char name[32];
        snprintf(name, sizeof name, "u%lld", (long long)i);
        for (int before = i < NAMES / 4; before <= (i < NAMES / 2); before++) { /* a quarter only before, one in both, half only now */
            Spec s = {.ts_ms = utc(NOW) - 1000 - before * 24 * MS_PER_HOUR, .id = (uint64_t)(2 * i + before) + 100000, .cost_nano = i + 1};
            s.name[DIM_USER] = name;
            fixture_add(&place.f, &s);
        }
    }
    fixture_flush(&place.f);
    groups_init(&g, DIM_USER, -1);
    view_tick(v);
    must(view_set_filter(v, "user:u*", &e), &e);
    must(view_set_compare(v, "before", &e), &e);
    slice(&g, v, INT64_MAX);
    assert_int_equal(g.count, NAMES);
    for (size_t i = 0; i < g.count; i++) {
        long n = strtol(g.rows[i].name + 1, NULL, 10);
        assert_int_equal(g.rows[i].before_nano, n < NAMES / 2 ? n + 1 : 0);
        assert_int_equal(g.rows[i].t.cost_nano, n < NAMES / 4 ? 0 : n + 1);
        assert_int_equal(g.rows[i].rate_nano, g.rows[i].t.cost_nano);
    }
    groups_free(&g);
}

/* The Overview's list, models and chart are of the same calls at any moment, and end as those of one shot. */
static bool overview_slice(Overview *o, View *v) {
    Err e = {""};
    bool more;
    must(overview_load(o, v, now_us(), &more, &e), &e);
    return more;
}

static int64_t charted(const Overview *o) {
    int64_t sum = 0;
    for (size_t i = 0; i < o->series.slots * o->series.stacks; i++) sum += o->series.nano[i];
    return sum;
}

static void the_overview_grows_together_and_ends_whole(void **state) {
    View *v = *state;
    Err e = {""};
    const Screen *s = screen_find("overview");
    Overview *o = s->open(), *whole = s->open();
    bool more;
    must(view_set_compare(v, "off", &e), &e);
    must(view_set_filter(v, "user:ann,bob", &e), &e);
    o->dim = whole->dim = DIM_USER;
    must(overview_load(whole, v, INT64_MAX, &more, &e), &e);
    assert_false(more);
    int permille = -1, slices = 0;
    int64_t requests = 0;
    for (v->reading_permille = -1; overview_slice(o, v); slices++) {
        assert_true(o->list.total.requests >= requests && o->list.total.requests > 0);
        assert_int_equal(o->models.total.requests, o->list.total.requests);
        assert_int_equal(charted(o), o->list.total.cost_nano);
        assert_true(v->reading_permille >= permille && v->reading_permille < 1000);
        requests = o->list.total.requests;
        permille = v->reading_permille;
    }
    assert_true(slices >= 5);
    assert_memory_equal(&o->list.total, &whole->list.total, sizeof o->list.total);
    assert_int_equal(o->list.count, whole->list.count);
    assert_int_equal(charted(o), charted(whole));
    assert_int_equal(o->lives, whole->lives);
    s->close(o);
    s->close(whole);
}

/* A commit leaves the old figures until the new are whole; a key that asks for something else begins with it. */
static void a_key_leaves_off_what_the_overview_reads(void **state) {
    View *v = *state;
    Err e = {""};
    const Screen *s = screen_find("overview");
    Overview *o = s->open();
    o->dim = DIM_FEATURE;
    while (overview_slice(o, v));
    int64_t requests = o->list.total.requests;
    add_call(CALLS + 1);
    fixture_flush(&place.f);
    v->reading_permille = -1;
    assert_true(overview_slice(o, v));
    assert_int_equal(o->list.total.requests, requests);
    assert_int_equal(v->reading_permille, -1);
    must(view_set_filter(v, "user:cy", &e), &e);
    assert_true(overview_slice(o, v));
    assert_in_range(o->list.total.requests, 1, 256);
    while (overview_slice(o, v));
    assert_int_equal(o->list.total.requests, CALLS / 3);
    s->close(o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_show_rows_at_once_and_end_whole),
        cmocka_unit_test(what_was_whole_stays_and_a_commit_goes_on),
        cmocka_unit_test(another_question_begins_anew),
        cmocka_unit_test(the_overview_grows_together_and_ends_whole),
        cmocka_unit_test(a_key_leaves_off_what_the_overview_reads),
        cmocka_unit_test(what_is_compared_stands_beside_its_value),
    };
    return cmocka_run_group_tests(tests, setup, view_lab_teardown);
}
