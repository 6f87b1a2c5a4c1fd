/* The layout function, for every size from 20x1 to 300x100. */
#include "tests/unit.h"
#include "tui/layout.h"

static const Part frame_parts[] = {PART_TABS, PART_HEADER, PART_BODY, PART_ANSWER, PART_FOOTER};
static const Part body_parts[] = {PART_VERDICT, PART_RATE, PART_FIGURES, PART_MORE, PART_HEALTH, PART_CHART,
                                  PART_LIST, PART_SIDE, PART_MODELS, PART_MOVERS, PART_LIVE};
enum { FRAME_PARTS = sizeof frame_parts / sizeof frame_parts[0], BODY_PARTS = sizeof body_parts / sizeof body_parts[0] };

static bool is_inside(Rect r, Rect of) {
    return r.x >= of.x && r.y >= of.y && r.w >= 1 && r.h >= 1 && r.x + r.w <= of.x + of.w && r.y + r.h <= of.y + of.h;
}

static bool overlap(Rect a, Rect b) {
    return a.h > 0 && b.h > 0 && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static void check_parts(const Layout *l, const Part *parts, size_t count, Rect within, int w, int h) {
    for (size_t i = 0; i < count; i++) {
        Rect r = l->at[parts[i]];
        if (r.h == 0) continue;
        if (!is_inside(r, within)) fail_msg("%dx%d: part %d is outside: %d,%d %dx%d", w, h, (int)parts[i], r.x, r.y, r.w, r.h);
        for (size_t j = 0; j < i; j++)
            if (overlap(r, l->at[parts[j]])) fail_msg("%dx%d: parts %d and %d overlap", w, h, (int)parts[i], (int)parts[j]);
    }
}

static void no_overlap_and_nothing_outside_at_any_size(void **s) {
    (void)s;
    for (int w = 20; w <= 300; w++)
        for (int h = 1; h <= 100; h++) {
            Layout l = layout_make(w, h);
            check_parts(&l, frame_parts, FRAME_PARTS, (Rect){0, 0, w, h}, w, h);
            check_parts(&l, body_parts, BODY_PARTS, l.at[PART_BODY], w, h);
            assert_true(l.at[PART_BODY].h >= 1);
            assert_true(l.at[PART_RATE].h >= 1); /* dollars per minute is on every size */
        }
}

/* Sizes add: a part that is shown stays shown when the terminal grows. */
static void growing_never_takes_a_part_away(void **s) {
    (void)s;
    for (int w = 40; w < 300; w++)
        for (int h = 10; h < 100; h++) {
            Layout l = layout_make(w, h), wider = layout_make(w + 1, h), taller = layout_make(w, h + 1);
            for (int p = 0; p < PART_COUNT; p++) {
                if (l.at[p].h == 0) continue;
                if (wider.at[p].h == 0) fail_msg("part %d is lost from %dx%d to %dx%d", p, w, h, w + 1, h);
                if (taller.at[p].h == 0) fail_msg("part %d is lost from %dx%d to %dx%d", p, w, h, w, h + 1);
            }
        }
}

static void lists_and_charts_have_room_to_say_something(void **s) {
    (void)s;
    for (int w = 40; w <= 300; w++)
        for (int h = 10; h <= 100; h++) {
            Layout l = layout_make(w, h);
            assert_true(l.at[PART_LIST].h >= 3 && l.at[PART_LIST].w >= 40);
            if (l.at[PART_CHART].h) assert_true(l.at[PART_CHART].h >= 5 && l.at[PART_CHART].w >= 60);
            if (l.at[PART_SIDE].h) assert_true(l.at[PART_SIDE].w >= 30);
        }
}

typedef struct Must {
    int w, h;
    unsigned shown; /* bit per Part */
} Must;
#define P(part) (1u << PART_##part)

static void what_must_be_visible(void **s) {
    (void)s;
    const unsigned frame = P(HEADER) | P(BODY) | P(FOOTER), small = frame | P(VERDICT) | P(RATE) | P(FIGURES) | P(LIST);
    const unsigned middle = small | P(ANSWER) | P(CHART), wide = middle | P(SIDE) | P(MODELS);
    const Must must[] = {
        {20, 1, P(BODY) | P(RATE)},
        {80, 1, P(BODY) | P(RATE)},
        {80, 3, P(BODY) | P(HEADER) | P(VERDICT) | P(RATE)},
        {40, 10, small},
        {60, 20, middle},
        {80, 24, wide | P(MORE)},
        {120, 40, wide | P(TABS) | P(MORE) | P(MOVERS)},
        {200, 60, wide | P(TABS) | P(MORE) | P(MOVERS) | P(HEALTH) | P(LIVE)},
    };
    for (size_t i = 0; i < sizeof must / sizeof must[0]; i++) {
        Layout l = layout_make(must[i].w, must[i].h);
        for (int p = 0; p < PART_COUNT; p++)
            if ((l.at[p].h > 0) != (must[i].shown >> p & 1)) fail_msg("%dx%d: part %d", must[i].w, must[i].h, p);
    }
    Layout l = layout_make(80, 24);
    assert_int_equal(l.at[PART_CHART].h, 7);
    assert_int_equal(l.at[PART_LIST].h, 6);
    assert_int_equal(layout_make(200, 60).at[PART_RATE].h, 5);
}

static void a_split_leaves_the_list_a_third(void **s) {
    (void)s;
    for (int h = 0; h <= 100; h++)
        for (int want = 0; want <= 40; want++) {
            Rect list, detail;
            layout_split((Rect){0, 2, 80, h}, want, &list, &detail);
            assert_int_equal(list.h + detail.h, h);
            assert_true(detail.h <= want && list.h * 3 >= h);
            assert_int_equal(detail.y, list.y + list.h);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_overlap_and_nothing_outside_at_any_size),
        cmocka_unit_test(growing_never_takes_a_part_away),
        cmocka_unit_test(lists_and_charts_have_room_to_say_something),
        cmocka_unit_test(what_must_be_visible),
        cmocka_unit_test(a_split_leaves_the_list_a_third),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
