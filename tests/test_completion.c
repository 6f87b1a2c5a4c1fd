/* Tab in the filter: whatever it puts in is a filter that is right, means that value, and can be typed; names that logs made up
 * to do harm are never put in. What is wrong stands under its place at any width. */
#include "store/filter_term.h"
#include "tests/query_fixture.h"
#include "tui/completion.h"
#include "tui/keys.h"
#include "tui/text_width.h"
#include <locale.h>

static Fixture f;
static const char *const models[] = {"claude-opus-5-5", "claude-haiku-5", "gpt-5.6-luna", "a, \"b\" c\\d", "\033[31mred", "\xff\xfe", "漢字 検索", "x\u202Ey"};
enum { MODELS = sizeof models / sizeof *models };

static int setup(void **state) {
    (void)state;
    setlocale(LC_CTYPE, "C.UTF-8");
    const int64_t at = utc("2026-11-24T02:00:00Z");
    char user[24];
    fixture_open(&f, "UTC", at + MS_PER_HOUR);
    for (size_t i = 0; i < MODELS; i++)
        fixture_add(&f, &(Spec){.ts_ms = at + (int64_t)i, .name = {[DIM_MODEL] = models[i], [DIM_FEATURE] = "search"}});
    for (int i = 0; i < 100; i++) {
        snprintf(user, sizeof user, "user-%03d", i);
        fixture_add(&f, &(Spec){.ts_ms = at + 1000 + i, .name = {[DIM_USER] = user}});
    }
    fixture_flush(&f);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fixture_close(&f);
    return 0;
}

/* What Tab makes of a text, pressed so many times; the cursor stands at '|', else at the end. */
static const char *tabbed(const char *text, int presses, bool back) {
    static Prompt p;
    Completion c;
    char plain[256];
    const char *bar = strchr(text, '|');
    snprintf(plain, sizeof plain, "%.*s%s", (int)(bar ? bar - text : (long)strlen(text)), text, bar ? bar + 1 : "");
    prompt_open(&p, '/', plain);
    if (bar) p.cursor = (size_t)(bar - text);
    completion_find(&c, &p, f.db);
    for (int i = 0; i < presses; i++) {
        completion_step(&c, &p, back);
        if (c.at < 0) completion_find(&c, &p, f.db);
    }
    return p.text;
}

static void fields_and_values_are_completed(void **state) {
    (void)state;
    static const struct { const char *text; int presses; const char *then; } cases[] = {
        {"mod", 1, "model:"}, {"-mod", 1, "-model:"}, {"a mod", 1, "a model:"}, {"cos", 1, "cost>"}, {"MOD", 1, "model:"},
        {"mod| cost>1", 1, "model: cost>1"},        /* what stands behind the cursor stays */
        {"model:g", 1, "model:gpt-5.6-luna"}, {"g", 2, "gateway:"},
        {"mod", 3, "model:\"a, \\\"b\\\" c\\\\d\""}, /* a field alone is done: the next Tab is about its values */
        {"model:claude", 1, "model:claude-haiku-5"}, {"model:claude", 2, "model:claude-opus-5-5"}, {"model:claude", 3, "model:claude-haiku-5"},
        {"model:gpt*,cl", 2, "model:gpt*,claude-opus-5-5"}, {"model:\"a, \\\"", 1, "model:\"a, \\\"b\\\" c\\\\d\""},
        {"model:漢", 1, "model:\"漢字 検索\""},
        {"status:e", 1, "status:error"}, {"origin:", 1, "origin:metered"}, {"stream:n", 1, "stream:no"},
        {"user:user-09", 3, "user:user-092"}, {"feature:", 1, "feature:search"},
        {"cost>", 1, "cost>"}, {"nosuch:", 1, "nosuch:"}, {"zzz", 1, "zzz"}, {"\"mod", 1, "\"mod"}, {"model:zzz", 1, "model:zzz"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_string_equal(tabbed(cases[i].text, cases[i].presses, false), cases[i].then);
    assert_string_equal(tabbed("model:claude", 1, true), "model:claude-opus-5-5");
}

/* Each known name once around: a right filter, no control character, and it matches that name. */
static void what_is_put_in_is_right_and_harmless(void **state) {
    (void)state;
    int met = 0;
    for (int i = 1; i <= 2 * MODELS; i++) {
        const char *text = tabbed("model:", i, false);
        Filter *filter;
        Err e = {""};
        must(filter_parse(&filter, text, &e), &e);
        for (const char *p = text; *p;) assert_true(code_columns(utf8_next(&p)) >= 0);
        int matched = 0;
        for (size_t k = 0; k < MODELS; k++) matched += filter_matches(filter, &(FilterRow){.name = {[DIM_MODEL] = str_of(models[k])}});
        met += matched == 1;
        filter_free(filter);
    }
    assert_int_equal(met, 2 * MODELS);
}

static void a_long_dictionary_is_cut(void **state) {
    (void)state;
    Prompt p;
    Completion c;
    prompt_open(&p, '/', "user:");
    completion_find(&c, &p, f.db);
    assert_int_equal(c.count, COMPLETIONS_MAX);
    assert_true(c.more);
    QueryName name[4];
    size_t count;
    Err e = {""};
    must(query_names(f.db, DIM_USER, "user-05", name, 4, &count, &e), &e);
    assert_int_equal(count, 4);
    assert_string_equal(name[3].text, "user-053");
}

/* No room in the line: nothing is half put in. */
static void a_full_line_stays(void **state) {
    (void)state;
    char text[256];
    memset(text, 'x', sizeof text);
    snprintf(text + 244, sizeof text - 244, " model:cla");
    assert_string_equal(tabbed(text, 1, false), text);
}

/* ---- what is drawn ---- */

static const Cell *cell(const Canvas *c, int x, int y) {
    return &c->cells[y * c->w + x];
}

static bool row_says(const Canvas *c, int y, const char *word) {
    Buf line = {.max = 2048};
    for (int x = 0; x < c->w; x++) buf_str(&line, cell(c, x, y)->text);
    bool says = strstr(line.at, word) != NULL;
    buf_free(&line);
    return says;
}

/* The mark stands under (or, in low windows, above) the character that the sentence names, at any width. */
static void the_mark_stands_at_the_place(void **state) {
    (void)state;
    static const char *const broken[] = {"feature:doc* cost>", "user:Jörg cost>=x", "漢字 modl:gpt", "model:\"gpt", "status:errr ok"};
    for (int w = 40; w <= 130; w += 9)
        for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
            const int h = w % 2 ? 24 : 10;
            Filter *filter;
            Err e = {""};
            Completion k = {.at = -1};
            Prompt p;
            assert_int_equal(filter_parse(&filter, broken[i], &e), -1);
            prompt_open(&p, '/', broken[i]);
            snprintf(p.error, sizeof p.error, "%s", e.text);
            p.error_at = filter_error_column(e.text);
            assert_true(p.error_at > 0);
            Canvas *c = canvas_new(w, h, i % 2);
            prompt_draw(&p, c, (Rect){0, h == 24 ? 22 : 9, w, 1});
            completion_draw(&k, &p, c);
            int x = prompt_column(&p, w, p.error_at);
            assert_string_equal(cell(c, x, h == 24 ? 23 : 8)->text, h == 24 ? "^" : "v");
            assert_true(row_says(c, h == 24 ? 23 : 8, "column"));
            canvas_free(c);
        }
}

/* The cursor of a line that is longer than the window is always in it. */
static void the_cursor_is_always_seen(void **state) {
    (void)state;
    Prompt p;
    prompt_open(&p, '/', "");
    for (int i = 0; i < 120; i++) prompt_key(&p, i % 3 ? 'a' + i % 26 : 0x6F22);
    for (int i = 0; i < 125; i++, prompt_key(&p, KEY_LEFT)) {
        Canvas *c = canvas_new(40, 1, false);
        prompt_draw(&p, c, (Rect){0, 0, 40, 1});
        int cursors = 0;
        for (int x = 0; x < 40; x++) cursors += (cell(c, x, 0)->attr & ATTR_REVERSE) != 0;
        assert_in_range(cursors, 1, 2);
        canvas_free(c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_values_are_completed), cmocka_unit_test(what_is_put_in_is_right_and_harmless),
        cmocka_unit_test(a_long_dictionary_is_cut),        cmocka_unit_test(a_full_line_stays),
        cmocka_unit_test(the_mark_stands_at_the_place),    cmocka_unit_test(the_cursor_is_always_seen),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
