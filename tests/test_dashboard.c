/* The dashboard by its keys and clicks, on a terminal: the way back from a drill restores what was left, a click sorts, columns are
 * chosen, a row is copied and never more than is drawn, what is shown goes to a file, the chart is stacked otherwise.
 */
#include "store/alert_book.h"
#include "tests/dash_lab.h"
#include "tui/view.h"
#include "tui/copy.h"
#include "tui/drill.h"
#include "tui/keys.h"
#include "tui/list.h"
#include <signal.h>

static DashLab lab;
static bool running;

/* As after a start: nothing kept from the test before. */
static void begin(const char *keys, int w, int h) {
    dash_lab_size(&lab, w, h);
    dash_lab_start(&lab);
    running = true;
    lab.dash.view.saved = saved_new();
    dash_lab_type(&lab, keys);
    dash_lab_look(&lab);
    model_assert_shows(lab.model, lab.dash.canvas);
}

/* Also after a test that failed. */
static int end(void **state) {
    (void)state;
    if (!running) return 0;
    running = false;
    lab.dash.view.readonly = true; /* what was chosen stays in this test */
    dash_lab_stop(&lab);
    Buf left = {.max = DASH_SEEN_MAX};
    dash_lab_take(&lab, &left);
    buf_free(&left);
    return 0;
}

static TableState *state_of(const char *screen) {
    const Screen *s = screen_find(screen);
    return list_state(s, dash_self(&lab.dash, s));
}

static const char *screen(void) {
    return lab.dash.screen->name;
}

/* ---- the way back ---- */

static void esc_restores_what_was_left(void **state) {
    (void)state;
    begin("2", 120, 40);
    View *v = &lab.dash.view;
    dash_lab_type(&lab, "tssSj"); /* another range, sorted by another column, turned round, the second row */
    TableState left = *state_of("models");
    char range[16], name[64];
    snprintf(range, sizeof range, "%s", v->range_name);
    assert_string_equal(range, "24h");
    assert_true(left.sort > 0 && left.selected == 1 && left.key);

    dash_lab_type(&lab, "\r"); /* its features */
    assert_string_equal(screen(), "features");
    snprintf(name, sizeof name, "%.60s", v->step[0].crumb);
    assert_true(strncmp(v->filter_text, "model:", 6) == 0 && dash_lab_shows(&lab, name));
    dash_lab_type(&lab, "Ts/ cost>0\r"); /* there another range and order and a filter, and on to the calls */
    dash_lab_type(&lab, "\r");
    assert_string_equal(screen(), "requests");
    assert_int_equal(v->depth, 2);
    dash_lab_type(&lab, "t\x7f");
    assert_string_equal(screen(), "features");
    assert_string_equal(v->range_name, "6h");
    assert_non_null(strstr(v->filter_text, "cost>0"));
    dash_lab_type(&lab, "\x7f");
    assert_string_equal(screen(), "models");
    assert_string_equal(v->range_name, range);
    assert_string_equal(v->filter_text, "");
    const TableState *back = state_of("models");
    assert_true(back->sort == left.sort && back->ascending == left.ascending);
    assert_true(back->key == left.key && back->selected == left.selected);
    assert_int_equal(v->depth, 0);
}

/* ---- clicks ---- */

static void a_click_on_a_title_sorts_and_on_a_row_selects(void **state) {
    (void)state;
    begin("2m", 120, 40);
    int x, y, row_x, row_y;
    assert_true(dash_lab_find(&lab, "¢/call", &x, &y));
    const TableState *s = state_of("models");
    dash_lab_click(&lab, x + 1, y);
    assert_true(dash_lab_shows(&lab, "¢/call\u2193") && !s->ascending);
    assert_true(dash_lab_shows(&lab, "sorted by cents_per_call, largest first"));
    int sort = s->sort;
    dash_lab_click(&lab, x + 1, y);
    assert_true(dash_lab_shows(&lab, "¢/call\u2191") && s->ascending && s->sort == sort);
    assert_true(dash_lab_find(&lab, "model", &x, &y));
    dash_lab_click(&lab, x, y);
    assert_true(dash_lab_shows(&lab, "model\u2191"));

    assert_int_equal(s->selected, 0);
    dash_lab_click(&lab, 4, y + 2);
    assert_int_equal(s->selected, 1);
    assert_true(dash_lab_find(&lab, "\u25ba", &row_x, &row_y) && row_y == y + 2);
    dash_lab_click(&lab, 4, y + 2); /* the selected one opens */
    assert_string_equal(screen(), "features");
}

/* ---- columns ---- */

static void columns_are_chosen_and_kept(void **state) {
    (void)state;
    begin("2", 120, 40);
    dash_lab_type(&lab, "v");
    View *v = &lab.dash.view;
    assert_true(dash_lab_shows(&lab, "\u250c\u2500 Columns") && dash_lab_shows(&lab, "[x]  cents_per_call"));
    dash_lab_type(&lab, " "); /* the name stays */
    assert_true(dash_lab_shows(&lab, "always shown") && dash_lab_shows(&lab, "[x]  name"));
    dash_lab_type(&lab, "jjjjjjj "); /* calls */
    assert_true(dash_lab_shows(&lab, "[ ]  calls"));
    dash_lab_type(&lab, "Gkkkk ");  /* refused, a spare one */
    assert_true(dash_lab_shows(&lab, "[x]  refused"));
    dash_lab_type(&lab, "\r");
    assert_false(dash_lab_shows(&lab, "Columns"));
    assert_true(dash_lab_shows(&lab, "refused") && !dash_lab_shows(&lab, " calls  "));
    assert_string_equal(saved_get(v->saved, "models.columns"), "-calls +refused");

    dash_lab_size(&lab, 60, 20); /* there it gives way, and says so */
    raise(SIGWINCH);
    dash_lab_type(&lab, "v");
    assert_true(dash_lab_shows(&lab, "no room here"));
    dash_lab_type(&lab, "r\r");
    assert_null(saved_get(v->saved, "models.columns"));
    dash_lab_type(&lab, "?v"); /* nothing is listed there */
    assert_true(dash_lab_shows(&lab, "nothing is listed") || dash_lab_shows(&lab, "does nothing"));
}

/* ---- the clipboard ---- */

static size_t clipboard_of(const Buf *bytes, char *out, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = bytes->len ? strstr(bytes->at, "\033]52;c;") : NULL;
    size_t n = 0;
    uint32_t bits = 0;
    int have = 0;
    if (!p) return 0;
    for (p += 7; *p && *p != '\a' && *p != '='; p++) {
        assert_non_null(strchr(digits, *p));
        bits = bits << 6 | (uint32_t)(strchr(digits, *p) - digits);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        assert_true(n + 1 < size);
        out[n++] = (char)(bits >> have & 0xFF);
    }
    out[n] = '\0';
    return n;
}

static size_t copied(const char *keys, char *out, size_t size) {
    Buf bytes = {.max = DASH_SEEN_MAX};
    dash_lab_look(&lab);
    dash_lab_type(&lab, keys);
    dash_lab_take(&lab, &bytes);
    size_t n = clipboard_of(&bytes, out, size);
    buf_free(&bytes);
    return n;
}

static void the_row_is_copied_as_it_is_drawn(void **state) {
    (void)state;
    char text[2 * COPY_MAX];
    begin("3", 80, 24);
    assert_true(copied("y", text, sizeof text) > 0);
    assert_true(strncmp(text, "feature doc-agent   $/min ", 26) == 0);
    assert_true(dash_lab_shows(&lab, "copied doc-agent, "));
    for (int row = 0; row < LAB_FEATURES; row++) { /* hostile names too: no control character */
        assert_true(copied(row ? "jy" : "y", text, sizeof text) > 0);
        for (const char *p = text; *p; p++) assert_true((unsigned char)*p >= ' ' || *p == '\n');
        assert_true(text[strlen(text) - 1] == '\n' && strlen(text) <= COPY_MAX);
    }
    dash_lab_type(&lab, "4");
    dash_lab_type(&lab, "\r");
    assert_true(copied("y", text, sizeof text) > 0); /* with what is opened from it, the lines as they stand */
    for (const char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        char one[256];
        snprintf(one, sizeof one, "%.*s", (int)strcspn(line, "\n"), line);
        if (!dash_lab_shows(&lab, one)) fail_msg("is not shown: %s", one);
    }
    assert_true(strchr(text, '\n') && strchr(text, '\n')[1]);
}

static void where_nothing_can_be_copied_it_is_said(void **state) {
    (void)state;
    char text[COPY_MAX];
    setenv("TERM", "linux", 1);
    begin("3", 80, 24);
    assert_int_equal(copied("y", text, sizeof text), 0);
    assert_true(dash_lab_shows(&lab, "no clipboard"));
    end(state);
    setenv("TERM", "xterm-256color", 1);
    begin("?", 80, 24);
    assert_int_equal(copied("y", text, sizeof text), 0);
}

/* ---- files ---- */

static void what_is_shown_goes_to_a_file_also_when_one_only_looks(void **state) {
    (void)state;
    lab.lab.app.readonly = true;
    begin("2", 120, 40);
    dash_lab_type(&lab, "e");
    assert_true(dash_lab_shows(&lab, "tollwatch-models-20261124-0312.csv"));
    dash_lab_type(&lab, "\025mine.json\r");
    assert_true(dash_lab_shows(&lab, "written: ") && dash_lab_shows(&lab, "/mine.json"));
    struct stat st;
    assert_int_equal(stat("mine.json", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    dash_lab_type(&lab, "e");
    assert_true(dash_lab_shows(&lab, "tollwatch-models-20261124-0312.json")); /* the ending is remembered */
    dash_lab_type(&lab, "\025mine.json\r");
    assert_true(dash_lab_shows(&lab, "Enter waits for: it exists"));
    dash_lab_type(&lab, "replace\r");
    assert_true(dash_lab_shows(&lab, "written: "));
    lab.lab.app.readonly = false;
}

/* While two ranges are compared the Overview's file names what its columns hold then, as Models' does. */
static void a_compared_file_names_what_it_holds(void **state) {
    (void)state;
    begin("1c", 120, 40);
    for (const char *key = "12"; *key; key++) {
        Listing l;
        bool before = false, change = false, old = false;
        dash_lab_type(&lab, (char[]){*key, '\0'});
        assert_true(list_whole(&lab.dash.view, &l));
        for (size_t i = 0; i < l.table.column_count; i++) {
            const char *name = l.table.columns[i].name;
            before |= strcmp(name, "before") == 0;
            change |= strcmp(name, "change") == 0;
            old |= *key == '1' && (strcmp(name, "usual") == 0 || strcmp(name, "cents_per_call") == 0);
        }
        assert_true(before && change && !old);
    }
}

/* ---- the chart ---- */

/* What the row says is the answer to the last key: of an older one it would be a lie beside a filter that is on again. An error
 * is seen for its time whatever is pressed; a typed range is answered by what it is. */
static void the_answer_is_that_of_the_last_key(void **state) {
    (void)state;
    begin("1/model:nope\r", 120, 40);
    View *v = &lab.dash.view;
    dash_lab_type(&lab, "\033");
    assert_string_equal(v->answer, "filter off");
    dash_lab_type(&lab, "/model:nope\r");
    assert_string_equal(v->answer, "");
    dash_lab_type(&lab, "c");
    assert_non_null(strstr(v->answer, "compared with before"));
    dash_lab_type(&lab, ":range 2025-01-01..\r");
    assert_string_equal(v->answer, "range 01 Jan 2025 00:00 \u2013 now");
    for (const char *key = "jGs\r"; *key; key++) { /* they do something here, when there is something */
        dash_lab_type(&lab, (char[]){*key, '\0'});
        assert_string_equal(v->answer, "nothing is listed here");
    }
    lab.dash.stale = true; /* typed ahead: nobody knows yet what there is */
    dash_key(&lab.dash, 'j');
    assert_non_null(strstr(v->answer, "still being read"));
    dash_lab_type(&lab, "\033");
    snprintf(v->answer, sizeof v->answer, "tollwatch: it failed; mend it");
    dash_lab_type(&lab, "j");
    assert_string_equal(v->answer, "tollwatch: it failed; mend it");
}

static void the_chart_is_stacked_otherwise(void **state) {
    (void)state;
    begin("1", 120, 40);
    assert_true(dash_lab_shows(&lab, "by model") && dash_lab_shows(&lab, "\u2588 claude-opus-5-5"));
    dash_lab_type(&lab, "b");
    assert_true(dash_lab_shows(&lab, "by feature, 15m each") && dash_lab_shows(&lab, "\u2588 doc-agent"));
    assert_string_equal(saved_get(lab.dash.view.saved, "overview.stack"), "feature");
    dash_lab_type(&lab, "b");
    assert_true(dash_lab_shows(&lab, "spend $/min   ") && dash_lab_shows(&lab, "in one piece"));
    dash_lab_type(&lab, "b");
    assert_true(dash_lab_shows(&lab, "by provider") && dash_lab_shows(&lab, "\u2588 anthropic"));
    dash_lab_type(&lab, "B");
    assert_string_equal(saved_get(lab.dash.view.saved, "overview.stack"), "none");
}

/* The verdict is about models, whatever the chart shows. */
static void the_verdict_does_not_change_with_the_chart(void **state) {
    (void)state;
    begin("1", 160, 44);
    static const char verdict[] = "usual since 02:32: doc-agent on claude-opus-5-5 burns";
    for (int i = 0; i < 4; i++) {
        if (!dash_lab_shows(&lab, verdict)) fail_msg("after %d times b", i);
        dash_lab_type(&lab, "b");
    }
}

static void a_cursor_on_the_chart_takes_the_arrows_until_it_is_gone(void **state) {
    (void)state;
    begin("1", 120, 40);
    const TableState *s = state_of("overview");
    int sort = s->sort;
    dash_lab_type(&lab, "<hl\033[D\033[C");
    assert_true(dash_lab_shows(&lab, "Enter: as of then"));
    assert_int_equal(s->sort, sort);
    dash_lab_type(&lab, "\x7f"); /* gives them back */
    assert_false(dash_lab_shows(&lab, "Enter: as of then"));
    dash_lab_type(&lab, "l");
    assert_int_not_equal(s->sort, sort);
}

/* The header's count and the ticker are of the time that is shown, with the key that goes there. */
static void alerts_are_those_of_then(void **state) {
    (void)state;
    Err e = {""};
    Finding f = {.rule = alert_rule("request"), .severity = WEIGHT_ACT, .nano_per_hour = -1, .scope = "doc-agent", .title = "one request cost $7"};
    must(book_update(lab.lab.f.db, &(Findings){.at = &f, .count = 1}, &(BookOptions){.now_ms = utc(LAB_NOW) - MS_PER_MINUTE}, &e), &e);
    begin("7", 80, 24);
    const View *v = &lab.dash.view;
    assert_int_equal(v->alerts_act, 1);
    assert_non_null(strstr(v->ticker, "one request cost $7"));
    dash_lab_type(&lab, "[");
    assert_true(view_is_past(v));
    assert_int_equal(v->alerts_act, 0);
    assert_string_equal(v->ticker, "");
    dash_lab_type(&lab, " ");
    assert_int_equal(v->alerts_act, 1);
}

static int setup(void **state) {
    (void)state;
    dash_lab_open(&lab);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    dash_lab_close(&lab);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(esc_restores_what_was_left, end),
        cmocka_unit_test_teardown(a_click_on_a_title_sorts_and_on_a_row_selects, end),
        cmocka_unit_test_teardown(columns_are_chosen_and_kept, end),
        cmocka_unit_test_teardown(the_row_is_copied_as_it_is_drawn, end),
        cmocka_unit_test_teardown(where_nothing_can_be_copied_it_is_said, end),
        cmocka_unit_test_teardown(what_is_shown_goes_to_a_file_also_when_one_only_looks, end),
        cmocka_unit_test_teardown(the_answer_is_that_of_the_last_key, end),
        cmocka_unit_test_teardown(a_compared_file_names_what_it_holds, end),
        cmocka_unit_test_teardown(the_chart_is_stacked_otherwise, end),
        cmocka_unit_test_teardown(the_verdict_does_not_change_with_the_chart, end),
        cmocka_unit_test_teardown(a_cursor_on_the_chart_takes_the_arrows_until_it_is_gone, end),
        cmocka_unit_test_teardown(alerts_are_those_of_then, end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
