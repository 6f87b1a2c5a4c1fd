/* Charts, big digits and row pictures, compared as text with tests/tui/chart_*.txt. */
#include "store/money.h"
#include "tests/golden.h"
#include "tui/chart.h"

enum { SLOTS = 72 };
#define START_MS INT64_C(1795464720000) /* 23 Nov 2026 20:12 UTC */

static Zone *utc(void) {
    Zone *z;
    Err e = {""};
    assert_int_equal(zone_open(&z, "UTC", &e), 0);
    return z;
}

/* Six hours of five minutes: 0.80 a minute with a wave, the burner from slot 63 on. */
static void fill(int64_t *burner, int64_t *rest, int64_t *usual) {
    for (int i = 0; i < SLOTS; i++) {
        rest[i] = (80 + i % 7 - i / 12) * (NANO_PER_USD / 100);
        usual[i] = i < 6 ? -1 : NANO_PER_USD * 8 / 10;
        burner[i] = i < 63 ? 0 : (700 + i % 4 * 50) * (NANO_PER_USD / 100);
    }
}

static void draw_to(const Chart *ch, int w, int h, bool ascii, const char *path) {
    Canvas *c = canvas_new(w, h, ascii);
    chart_draw(ch, c, (Rect){0, 0, w, h});
    golden(c, path);
    canvas_free(c);
}

static void bars_axes_and_usual(void **s) {
    (void)s;
    int64_t burner[SLOTS], rest[SLOTS], usual[SLOTS], all[SLOTS];
    Zone *z = utc();
    fill(burner, rest, usual);
    for (int i = 0; i < SLOTS; i++) all[i] = burner[i] + rest[i];
    Chart ch = {.slots = SLOTS, .rest = all, .since_ms = START_MS, .slot_ms = 5 * MS_PER_MINUTE, .zone = z, .burner_role = ROLE_ACT};
    draw_to(&ch, 79, 7, false, "tests/tui/chart_plain.txt");
    ch.rest = rest;
    ch.burner = burner;
    ch.usual = usual;
    ch.mark_ms = START_MS + 63 * 5 * MS_PER_MINUTE;
    draw_to(&ch, 79, 7, false, "tests/tui/chart_burner.txt");
    draw_to(&ch, 79, 7, true, "tests/tui/chart_burner_ascii.txt");
    draw_to(&ch, 115, 11, false, "tests/tui/chart_tall.txt");
    zone_free(z);
}

/* Labels of the time axis never run into one another, from an hour to a lifetime of logs; ticks of a few parts of a cent
 * are not all 0. */
static void axes_of_any_length_and_height_can_be_read(void **s) {
    (void)s;
    static const int64_t days[] = {1, 7, 31, 92, 180, 366, 693, 3650, 9800};
    const int64_t small[8] = {30000, 0, 4000000, 0, 30000, 0, 0, 9000000};
    Zone *z = utc();
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        for (int w = 24; w <= 220; w += 14) {
            Canvas *c = canvas_new(w, 7, false);
            Buf b = {.max = 1 << 16};
            chart_draw(&(Chart){.slots = 8, .rest = small, .since_ms = START_MS - days[i] * MS_PER_DAY, .slot_ms = days[i] * MS_PER_DAY / 8, .zone = z},
                       c, (Rect){0, 0, w, 7});
            canvas_dump(c, &b);
            assert_null(strstr(b.at, "$0 "));
            assert_non_null(strstr(b.at, "\u00a2"));
            const char *axis = strstr(b.at, "\u253c");
            assert_non_null(axis);
            for (const char *p = axis; *p && *p != '\n'; p++) { /* a label is at most "Jan 2025", with rule on both its sides */
                size_t n = strcspn(p, "\u2500\u253c\n");
                assert_true(n <= 8);
                p += n;
                if (!*p || *p == '\n') break;
            }
            buf_free(&b);
            canvas_free(c);
        }
    zone_free(z);
}

/* Nothing, one slot, huge and negative values, every small size: drawn inside its rectangle or not at all. */
static void any_values_and_sizes(void **s) {
    (void)s;
    const int64_t zero[4] = {0}, wild[4] = {INT64_MAX, INT64_MIN, 1, -5}, one[4] = {1, 0, 0, 1};
    const int64_t *const sets[] = {zero, wild, one};
    Zone *z = utc();
    for (size_t i = 0; i < 3; i++)
        for (int w = 0; w < 40; w++)
            for (int h = 0; h < 14; h++) {
                Canvas *c = canvas_new(44, 16, false);
                Chart ch = {.slots = 4, .rest = sets[i], .burner = sets[(i + 1) % 3], .usual = wild, .since_ms = START_MS,
                            .slot_ms = MS_PER_MINUTE, .zone = z};
                chart_draw(&ch, c, (Rect){2, 1, w, h});
                for (int y = 0; y < 16; y++)
                    for (int x = 0; x < 44; x++)
                        if (x < 2 || y < 1 || x >= 2 + w || y >= 1 + h) assert_string_equal(c->cells[y * 44 + x].text, " ");
                canvas_free(c);
            }
    zone_free(z);
}

static void steps_are_round_and_reach_the_maximum(void **s) {
    (void)s;
    assert_int_equal(chart_step(8730000000, 3), 3000000000);
    assert_int_equal(chart_step(9000000001, 3), 4000000000);
    assert_int_equal(chart_step(0, 3), 1);
    for (int64_t max = 1; max < INT64_MAX / 9; max *= 7)
        for (int ticks = 1; ticks < 9; ticks++) assert_true(chart_step(max, ticks) >= max / ticks);
    assert_true(chart_step(INT64_MAX, 3) > 0);
}

static void a_day_that_changes_its_clock_has_straight_labels(void **s) {
    (void)s;
    int64_t flat[48] = {0};
    Zone *z;
    Err e = {""};
    assert_int_equal(zone_open(&z, "Europe/Berlin", &e), 0);
    Chart ch = {.slots = 48, .rest = flat, .since_ms = INT64_C(1792879200000), .slot_ms = 30 * MS_PER_MINUTE, .zone = z};
    draw_to(&ch, 103, 3, false, "tests/tui/chart_clock_change.txt"); /* 25 Oct 2026 00:00 CEST to 23:00 CET */
    zone_free(z);
}

static void digits_in_three_shapes(void **s) {
    (void)s;
    Canvas *c = canvas_new(90, 13, false), *a = canvas_new(60, 3, true);
    assert_int_equal(digits_draw(c, 1, 0, 3, ROLE_TEXT, 0, "1234567890"), 39);
    assert_int_equal(digits_draw(c, 50, 0, 3, ROLE_TEXT, 0, "8.73"), 11);
    assert_int_equal(digits_draw(c, 1, 4, 5, ROLE_TEXT, 0, "1234567890"), 69);
    assert_int_equal(digits_draw(NULL, 0, 0, 5, ROLE_TEXT, 0, "8.73"), 23);
    digits_draw(a, 1, 0, 3, ROLE_TEXT, 0, "1234567890");
    digits_draw(a, 44, 0, 3, ROLE_TEXT, 0, "8.73");
    golden(c, "tests/tui/digits.txt");
    golden(a, "tests/tui/digits_ascii.txt");
    canvas_free(c);
    canvas_free(a);
}

static void row_pictures(void **s) {
    (void)s;
    char out[128];
    const int64_t wave[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, -1, 8};
    bar_text(out, sizeof out, 9, 75, 100);
    assert_string_equal(out, "\u2588\u2588\u2588\u2588\u2588\u2588\u258a");
    bar_text(out, sizeof out, 9, 1, 1000000); /* something is never nothing */
    assert_string_equal(out, "\u258f");
    bar_text(out, sizeof out, 3, 200, 100);
    assert_string_equal(out, "\u2588\u2588\u2588");
    bar_text(out, sizeof out, 3, 0, 0);
    assert_string_equal(out, "");
    spark_text(out, sizeof out, wave, 11, 8);
    assert_string_equal(out, "\u2581\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588 \u2588");
    gauge_text(out, sizeof out, 10, 50, 70, 100);
    assert_string_equal(out, "\u2588\u2588\u2588\u2588\u2588\u2592\u2592\u2591\u2591\u2591");
    gauge_text(out, sizeof out, 10, 50, 130, 100);
    assert_string_equal(out, "\u2588\u2588\u2588\u2588\u2588\u2592\u2592\u2592\u2592\u25ba");
    char tight[5]; /* a glyph is whole or not there */
    bar_text(tight, sizeof tight, 9, 1, 1);
    assert_string_equal(tight, "\u2588");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_axes_and_usual),
        cmocka_unit_test(axes_of_any_length_and_height_can_be_read),
        cmocka_unit_test(any_values_and_sizes),
        cmocka_unit_test(steps_are_round_and_reach_the_maximum),
        cmocka_unit_test(a_day_that_changes_its_clock_has_straight_labels),
        cmocka_unit_test(digits_in_three_shapes),
        cmocka_unit_test(row_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
