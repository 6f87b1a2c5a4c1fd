/* Header, answer row and footer around a screen, at every size; the switch in words. Text in tests/tui/frame_*.txt. */
#include "tests/golden.h"
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/screen.h"

#define NOW_MS INT64_C(1795486360000) /* Tue 24 Nov 2026 03:12:40 CET */

static Zone *berlin(void) {
    Zone *z;
    Err e = {""};
    assert_int_equal(zone_open(&z, "Europe/Berlin", &e), 0);
    return z;
}

static View view(const Zone *z) {
    return (View){.now_ms = NOW_MS, .since_ms = NOW_MS - 6 * MS_PER_HOUR, .until_ms = NOW_MS, .range_name = "6h", .zone = z,
                  .policy = {.state = SWITCH_OFF}, .collecting = "ops-3 4242 alice", .newest_ms = NOW_MS - 1000,
                  .reading_permille = -1};
}

static void draw_to(const View *v, int w, int h, bool ascii, const char *path) {
    Canvas *c = canvas_new(w, h, ascii);
    const Screen *s = screen_find("help");
    void *self = s->open();
    frame_draw(s, self, v, c);
    golden(c, path);
    s->close(self);
    canvas_free(c);
}

static void the_help_screen_at_four_sizes(void **s) {
    (void)s;
    Zone *z = berlin();
    View v = view(z);
    draw_to(&v, 40, 10, false, "tests/tui/frame_40x10.txt");
    draw_to(&v, 80, 24, false, "tests/tui/frame_80x24.txt");
    draw_to(&v, 80, 24, true, "tests/tui/frame_80x24_ascii.txt");
    draw_to(&v, 120, 40, false, "tests/tui/frame_120x40.txt");
    draw_to(&v, 200, 60, false, "tests/tui/frame_200x60.txt");
    zone_free(z);
}

static void draw_nothing(const void *self, const View *v, Canvas *c, Rect area) {
    (void)self, (void)v, (void)c, (void)area;
}

/* Screens that a filter does not touch never read as if it did, however narrow. */
static void what_ignores_the_filter_says_so(void **state) {
    (void)state;
    static const int widths[] = {40, 60, 80, 120, 200};
    Zone *z = berlin();
    View v = view(z);
    snprintf(v.filter_text, sizeof v.filter_text, "feature:search");
    for (size_t i = 0; screens[i]; i++)
        for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
            const Screen named = {.name = "x", .title = screens[i]->title, .key = screens[i]->key, .unfiltered = screens[i]->unfiltered, .draw = draw_nothing};
            Canvas *c = canvas_new(widths[k], 24, false);
            Buf b = {.max = 1 << 20};
            frame_draw(&named, NULL, &v, c);
            canvas_dump(c, &b);
            bool all = strstr(b.at, " all"), part = strstr(b.at, "/feature:") || strstr(b.at, "/\u2026");
            if (all != named.unfiltered || part == named.unfiltered) fail_msg("%s at %d columns: %.300s", named.title, widths[k], b.at);
            buf_free(&b);
            canvas_free(c);
        }
    assert_true(screen_find("bills")->unfiltered && screen_find("budgets")->unfiltered && screen_find("alerts")->unfiltered);
    assert_false(screen_find("overview")->unfiltered || screen_find("savings")->unfiltered || screen_find("requests")->unfiltered);
    zone_free(z);
}

static bool help_shows(const void *self, const View *v, int w, int h, const char *words) {
    Canvas *c = canvas_new(w, h, false);
    Buf b = {.max = 1 << 20};
    frame_draw(screen_find("help"), self, v, c);
    canvas_dump(c, &b);
    bool found = strstr(b.at, words);
    buf_free(&b);
    canvas_free(c);
    return found;
}

/* However small the terminal, j reaches every command and the legend's end; G is there at once and k leads back. */
static void help_scrolls_to_every_row(void **s) {
    (void)s;
    static const int size[][2] = {{40, 10}, {68, 12}, {80, 24}, {98, 14}, {100, 14}, {102, 14}, {110, 14}};
    Zone *z = berlin();
    View v = view(z);
    const Screen *help = screen_find("help");
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        const int w = size[i][0], h = size[i][1];
        for (const KeyCommand *k = key_commands; k->name; k++) {
            void *self = help->open();
            int presses = 0;
            while (!help_shows(self, &v, w, h, k->help) && presses < 99) help->key_pressed(self, &v, 'j'), presses++;
            if (presses == 99) fail_msg("%dx%d: \"%s\" is never shown", w, h, k->help);
            help->close(self);
        }
        void *self = help->open();
        assert_true(help_shows(self, &v, w, h, "more below"));
        help->key_pressed(self, &v, 'G');
        assert_true(help_shows(self, &v, w, h, "usual: median") && !help_shows(self, &v, w, h, "more below"));
        help->key_pressed(self, &v, 'k');
        assert_true(help_shows(self, &v, w, h, "more below"));
        help->key_pressed(self, &v, 'g');
        assert_false(help_shows(self, &v, w, h, "more above"));
        help->close(self);
    }
    zone_free(z);
}

/* A made-up incident in a pane must not be taken for a real one. */
static void the_demo_says_so_at_any_width(void **s) {
    (void)s;
    Zone *z = berlin();
    View v = view(z);
    v.demo = true;
    const Screen *help = screen_find("help");
    void *self = help->open();
    for (int w = 40; w <= 200; w++) {
        Canvas *c = canvas_new(w, 10, false);
        Buf b = {.max = 1 << 20};
        frame_draw(help, self, &v, c);
        canvas_dump(c, &b);
        char *end = strchr(b.at, '\n'), *below = end ? strchr(end + 1, '\n') : NULL; /* the tabs may stand above */
        assert_non_null(below);
        *below = '\0';
        assert_non_null(strstr(b.at, "demo"));
        assert_null(strstr(b.at, "live"));
        buf_free(&b);
        canvas_free(c);
    }
    help->close(self);
    zone_free(z);
}

/* What must never be dropped: the switch, the alert counts, that nobody collects. */
static void the_header_keeps_what_matters_at_any_width(void **s) {
    (void)s;
    Zone *z = berlin();
    View v = view(z);
    v.policy = (PolicyView){.state = SWITCH_NON_CRITICAL, .expires_at_ms = NOW_MS + 27 * MS_PER_MINUTE};
    v.alerts_act = 2;
    v.alerts_watch = 3;
    const Screen *help = screen_find("help");
    void *self = help->open();
    for (int w = 40; w <= 300; w++)
        for (int collecting = 0; collecting < 2; collecting++) {
            Canvas *c = canvas_new(w, 24, false);
            Buf b = {.max = 1 << 20};
            if (collecting) snprintf(v.collecting, sizeof v.collecting, "ops-3 4242 alice");
            else v.collecting[0] = '\0';
            frame_draw(help, self, &v, c);
            canvas_dump(c, &b);
            bool brief = !strstr(b.at, "■ STOP non-critical 27m");
            if (brief) assert_non_null(strstr(b.at, "■STOP non-crit 27m"));
            if (brief) assert_true(w < 60 && !collecting);
            assert_non_null(strstr(b.at, "●2"));
            assert_non_null(strstr(b.at, "▲3"));
            if (!collecting) assert_non_null(strstr(b.at, brief ? "NOT COLLECTING" : "NOBODY IS COLLECTING"));
            assert_non_null(strstr(b.at, "? help"));
            buf_free(&b);
            canvas_free(c);
        }
    help->close(self);
    zone_free(z);
}

/* The first line of a screen; the caller frees it. */
static char *header_of(const View *v, int w) {
    const Screen *help = screen_find("help");
    void *self = help->open();
    Canvas *c = canvas_new(w, 10, false);
    Buf b = {.max = 1 << 20};
    frame_draw(help, self, v, c);
    canvas_dump(c, &b);
    char *line = strndup(b.at, strcspn(b.at, "\n"));
    buf_free(&b);
    canvas_free(c);
    help->close(self);
    return line;
}

/* Figures of a part never look like those of the whole: a filter, and a row that was opened, show at every width. */
static void the_header_says_that_it_is_a_part(void **s) {
    (void)s;
    Zone *z = berlin();
    View v = view(z);
    v.alerts_act = 2;
    v.alerts_watch = 3;
    snprintf(v.filter_text, sizeof v.filter_text, "provider:anthropic model:claude* cost>0.1");
    for (int past = 0; past < 2; past++)
        for (int w = 40; w <= 300; w++) {
            v.asof_ms = past ? NOW_MS - MS_PER_HOUR : 0;
            char *line = header_of(&v, w);
            assert_non_null(strstr(line, "/"));
            if (past) assert_non_null(strstr(line, "as of 02:12"));
            if (w >= 80) assert_non_null(strstr(line, "/provider:an"));
            free(line);
        }
    v.depth = 1;
    snprintf(v.step[0].crumb, sizeof v.step[0].crumb, "anthropic");
    snprintf(v.filter_text, sizeof v.filter_text, "provider:anthropic");
    snprintf(v.drill_filter, sizeof v.drill_filter, "provider:anthropic");
    for (int w = 40; w <= 300; w++) {
        char *line = header_of(&v, w);
        assert_true(strstr(line, "\u203a \u2026") || strstr(line, "anthropic") || strstr(line, "/\u2026"));
        if (w >= 80) assert_non_null(strstr(line, "anthropic"));
        free(line);
    }
    zone_free(z);
}

/* "range" says nothing: from when it is, or how long. */
static void the_header_says_which_range(void **s) {
    (void)s;
    Zone *z = berlin();
    View v = view(z);
    snprintf(v.range_name, sizeof v.range_name, "range");
    snprintf(v.range_text, sizeof v.range_text, "2025-01-01");
    char *line = header_of(&v, 80);
    assert_non_null(strstr(line, "since 2025-01-01"));
    free(line);
    v.range_text[0] = '\0';
    v.since_ms = NOW_MS - 6 * MS_PER_DAY;
    line = header_of(&v, 80);
    assert_non_null(strstr(line, "range of 6d"));
    free(line);
    zone_free(z);
}

static void assert_switch(PolicyView p, const Zone *z, const char *words, const char *brief, ThemeRole expected) {
    char out[128];
    ThemeRole role;
    assert_string_equal(switch_words(&p, z, NOW_MS, false, out, sizeof out, &role), words);
    assert_int_equal(role, expected);
    assert_string_equal(switch_words(&p, z, NOW_MS, true, out, sizeof out, &role), brief);
}

static void the_switch_says_the_truth_and_no_more(void **s) {
    (void)s;
    Zone *z = berlin();
    const int64_t ended = NOW_MS - 10 * MS_PER_MINUTE;
    assert_switch((PolicyView){.state = SWITCH_OFF}, z, "○ calls pass", "○pass", ROLE_TEXT);
    assert_switch((PolicyView){.state = SWITCH_UNKNOWN}, z, "? switch unknown", "?switch", ROLE_WATCH);
    assert_switch((PolicyView){.state = SWITCH_UNKNOWN, .never = true}, z, "○ no switch yet", "○no switch", ROLE_DIM);
    assert_switch((PolicyView){.state = SWITCH_ALL}, z, "■ STOP all", "■STOP all", ROLE_ACT);
    assert_switch((PolicyView){.state = SWITCH_EXPIRED, .expires_at_ms = ended}, z, "○ calls pass, stop ended 03:02", "○pass", ROLE_WATCH);
    assert_switch((PolicyView){.state = SWITCH_EXPIRED, .expires_at_ms = 1000}, z, "○ calls pass", "○pass", ROLE_TEXT);
    zone_free(z);
}

static void a_prompt_shows_its_cursor_and_its_error(void **s) {
    (void)s;
    Zone *z = berlin();
    View v = view(z);
    v.prompt = (Prompt){.kind = '/', .text = "feature:doc* cost>", .cursor = 18, .error = "column 19: a number is missing after \"cost>\""};
    draw_to(&v, 100, 24, false, "tests/tui/frame_prompt.txt");
    v.prompt.kind = 0;
    snprintf(v.answer, sizeof v.answer, "tollwatch: the ledger is locked by pid 42; wait or stop it");
    draw_to(&v, 40, 10, false, "tests/tui/frame_answer_40x10.txt");
    zone_free(z);
}

static int bold_cells_of_the_footer(const View *v) {
    const Screen *help = screen_find("help");
    void *self = help->open();
    Canvas *c = canvas_new(80, 24, false);
    int bold = 0;
    frame_draw(help, self, v, c);
    for (int x = 0; x < 80; x++) bold += c->cells[23 * 80 + x].attr == ATTR_BOLD && c->cells[23 * 80 + x].role == ROLE_KEY;
    canvas_free(c);
    help->close(self);
    return bold;
}

/* While something else takes the keys the footer promises none: "q" in a reason is a letter. */
static void the_footer_is_dim_while_its_keys_do_not_act(void **s) {
    (void)s;
    Zone *z = berlin();
    View v = view(z);
    assert_true(bold_cells_of_the_footer(&v) > 0);
    v.prompt.kind = ':';
    assert_int_equal(bold_cells_of_the_footer(&v), 0);
    v.prompt.kind = 0;
    const DialogType type = {.title = "Any"};
    v.dialog.type = &type;
    assert_int_equal(bold_cells_of_the_footer(&v), 0);
    zone_free(z);
}

static void every_size_is_drawn(void **s) {
    (void)s;
    Zone *z = berlin();
    View v = view(z);
    const Screen *help = screen_find("help");
    void *self = help->open();
    for (int w = 1; w <= 130; w += 3)
        for (int h = 1; h <= 50; h++) {
            Canvas *c = canvas_new(w, h, w & 1);
            frame_draw(help, self, &v, c);
            canvas_free(c);
        }
    help->close(self);
    zone_free(z);
}

static void every_key_means_one_thing(void **s) {
    (void)s;
    for (const KeyCommand *k = key_commands; k->name; k++)
        for (const int *code = k->codes; *code; code++) assert_ptr_equal(key_meaning(*code), k);
    assert_null(key_meaning('f'));
    assert_true(key_works_on(key_command("sort"), "models"));
    assert_false(key_works_on(key_command("sort"), "help"));
    assert_false(key_works_on(key_command("sort"), "model"));
    for (size_t i = 0; screens[i]; i++) /* footers name commands that exist and work there */
        for (char names[256], *save, *name = (snprintf(names, sizeof names, "%s", screens[i]->footer), strtok_r(names, " ", &save)); name;
             name = strtok_r(NULL, " ", &save)) {
            assert_non_null(key_command(name));
            assert_true(key_works_on(key_command(name), screens[i]->name));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ignores_the_filter_says_so),
        cmocka_unit_test(the_help_screen_at_four_sizes), cmocka_unit_test(help_scrolls_to_every_row),
        cmocka_unit_test(the_demo_says_so_at_any_width),
        cmocka_unit_test(the_header_keeps_what_matters_at_any_width),
        cmocka_unit_test(the_header_says_that_it_is_a_part), cmocka_unit_test(the_header_says_which_range),
        cmocka_unit_test(the_switch_says_the_truth_and_no_more),
        cmocka_unit_test(a_prompt_shows_its_cursor_and_its_error),
        cmocka_unit_test(the_footer_is_dim_while_its_keys_do_not_act),
        cmocka_unit_test(every_size_is_drawn),
        cmocka_unit_test(every_key_means_one_thing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
