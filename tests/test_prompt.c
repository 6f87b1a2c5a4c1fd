/* The line after "/" and ":": what is typed stays valid UTF-8 without control characters, whatever is typed; the palette
 * finds by words and puts names first; a row of a list becomes a filter that matches it. */
#include "tests/unit.h"
#include "store/filter.h"
#include "tui/drill.h"
#include "tui/keys.h"
#include "tui/palette.h"
#include "tui/prompt.h"
#include "tui/text_width.h"

static void type(Prompt *p, const char *text) {
    while (*text) assert_true(prompt_key(p, utf8_next(&text)));
}

static void it_edits_where_the_cursor_is(void **s) {
    (void)s;
    Prompt p;
    prompt_open(&p, '/', "");
    type(&p, "model:日本é");
    assert_string_equal(p.text, "model:日本é");
    prompt_key(&p, KEY_LEFT);
    prompt_key(&p, KEY_BACKSPACE); /* a whole character, not a byte */
    assert_string_equal(p.text, "model:日é");
    prompt_key(&p, KEY_DELETE);
    assert_string_equal(p.text, "model:日");
    prompt_key(&p, KEY_DELETE); /* at the end: nothing */
    prompt_key(&p, KEY_HOME);
    prompt_key(&p, KEY_LEFT);
    prompt_key(&p, KEY_BACKSPACE); /* at the start: nothing */
    type(&p, "-");
    assert_string_equal(p.text, "-model:日");
    prompt_key(&p, KEY_END);
    type(&p, " cost>1");
    prompt_key(&p, KEY_CTRL_W);
    assert_string_equal(p.text, "-model:日 ");
    prompt_key(&p, KEY_LEFT);
    prompt_key(&p, KEY_CTRL_U);
    assert_string_equal(p.text, " ");
    assert_int_equal(p.cursor, 0);
    prompt_close(&p);
    assert_int_equal(p.kind, 0);
}

static bool is_valid(const char *text) {
    for (const char *p = text; *p;) {
        int32_t code = utf8_next(&p);
        if (code < 0 || code_columns(code) < 0) return false;
    }
    return true;
}

/* Every key a terminal can send, at every length: never longer than it may be, never half a character. */
static void any_keys_leave_valid_text(void **s) {
    (void)s;
    Prompt p;
    uint64_t state = 7;
    prompt_open(&p, ':', "");
    static const int special[] = {KEY_LEFT,   KEY_RIGHT, KEY_HOME, KEY_END, KEY_BACKSPACE, KEY_DELETE,
                                  KEY_CTRL_W, KEY_TAB,   27,       1,       0x9B,          0x200E,
                                  0x202E,     0xD800,    KEY_UP,   -1,      0x10FFFF};
    for (int i = 0; i < 20000; i++) {
        state = hash64(&state, sizeof state, 1);
        int key = state % 4 == 0 ? special[state / 4 % (sizeof special / sizeof *special)] : (int)(state / 4 % 0x3000);
        prompt_key(&p, key);
        assert_true(strlen(p.text) < sizeof p.text && p.cursor <= strlen(p.text));
        assert_true((p.text[p.cursor] & 0xC0) != 0x80);
    }
    assert_true(is_valid(p.text));
    char longer[400];
    memset(longer, 'x', sizeof longer);
    memcpy(longer + 253, "日", 3); /* would be cut in the middle */
    longer[399] = '\0';
    prompt_set(&p, longer);
    assert_int_equal(strlen(p.text), 253);
    assert_int_equal(p.cursor, 253);
}

static const Entry *first(Palette *p, const char *text) {
    palette_match(p, text);
    return p->count ? &p->match[0] : NULL;
}

static void the_palette_finds_by_words(void **s) {
    (void)s;
    Palette p = {.count = 0};
    palette_match(&p, "");
    assert_true(p.count == p.total && p.count > 20);
    assert_string_equal(first(&p, "mod")->name, "models");
    assert_int_equal(p.match[0].kind, ENTRY_SCREEN);
    assert_string_equal(first(&p, "MOUSE")->name, "mouse");
    assert_int_equal(p.match[0].code, 'm');
    assert_string_equal(first(&p, "7d")->name, "7d");
    assert_string_equal(first(&p, "range 30")->name, "30d"); /* all words, in kind, name or help */
    assert_null(first(&p, "no such thing"));
    palette_move(&p, 1); /* of nothing */
    assert_int_equal(p.chosen, 0);
    palette_match(&p, "");
    for (int i = 0; i < 500; i++) palette_move(&p, 1);
    assert_int_equal(p.chosen, p.count - 1);
    for (int i = 0; i < 500; i++) palette_move(&p, -1);
    assert_int_equal(p.chosen, 0);
}

/* "theme NAME" is about themes only, whatever else has that name; the one that is shown is chosen first. */
static void themes_are_chosen_by_name(void **s) {
    (void)s;
    Palette p = {.count = 0};
    palette_themes(&p, "/nonexistent");
    palette_match(&p, "theme ");
    assert_true(p.count >= 8 && p.count == p.themes);
    for (size_t i = 0; i < p.count; i++) assert_int_equal(p.match[i].kind, ENTRY_THEME);
    palette_choose(&p, "light");
    assert_string_equal(palette_chosen(&p)->name, "light");
    assert_string_equal(first(&p, "theme high")->name, "high-contrast");
    assert_int_equal(p.match[0].kind, ENTRY_THEME);
    assert_true(palette_names_kind("theme x", ENTRY_THEME) && !palette_names_kind("themes", ENTRY_THEME));
    assert_int_equal(first(&p, "theme")->code, 'o'); /* the command before its entries */
    assert_null(first(&p, "theme overview"));
    assert_null(palette_chosen(&p));
}

/* Its whole name chooses every screen and every command, also with another of that beginning; two letters offer it. */
static void every_name_chooses_its_own(void **s) {
    (void)s;
    Palette p = {.count = 0};
    for (size_t i = 0; screens[i]; i++) {
        assert_string_equal(first(&p, screens[i]->name)->name, screens[i]->name);
        assert_int_equal(p.match[0].kind, ENTRY_SCREEN);
    }
    for (const KeyCommand *k = key_commands; k->name; k++) {
        if (k->act == DO_SCREEN || k->act == DO_PALETTE) continue;
        char text[64];
        snprintf(text, sizeof text, "command %s", k->name);
        assert_non_null(first(&p, text));
        assert_string_equal(p.match[0].name, k->name);
        assert_int_equal(p.match[0].code, k->codes[0]);
        snprintf(text, sizeof text, "%.2s", k->name);
        palette_match(&p, text);
        bool offered = false;
        for (size_t i = 0; i < p.count; i++) offered |= p.match[i].kind == ENTRY_COMMAND && strcmp(p.match[i].name, k->name) == 0;
        assert_true(offered);
    }
}

/* What every entry promises is there: a screen, a key, a range. */
static void every_entry_leads_somewhere(void **s) {
    (void)s;
    Palette p = {.count = 0};
    palette_match(&p, "");
    for (size_t i = 0; i < p.count; i++) {
        const Entry *e = &p.match[i];
        assert_true(e->name[0] && e->help[0]);
        if (e->kind == ENTRY_SCREEN) assert_non_null(screen_find(e->name));
        if (e->kind == ENTRY_COMMAND) assert_ptr_equal(key_meaning(e->code), key_command(e->name));
    }
}

/* The chosen entry is always in view, on any canvas; on one too small for a list nothing is drawn. */
static void the_list_shows_what_is_chosen(void **s) {
    (void)s;
    Palette p = {.count = 0};
    for (int h = 1; h <= 40; h += 3) {
        Canvas *c = canvas_new(80, h, false);
        palette_match(&p, "");
        for (int i = 0; i < 30; i++) palette_move(&p, 1);
        palette_draw(&p, c);
        Buf b = {.max = 1 << 16};
        canvas_dump(c, &b);
        if (h >= 10) assert_non_null(strstr(b.at, p.match[30].name));
        else assert_null(b.at ? strstr(b.at, p.match[30].name) : NULL);
        buf_free(&b);
        canvas_free(c);
    }
}

static void a_row_becomes_a_filter_that_matches_it(void **s) {
    (void)s;
    static const char *const values[] = {"search", "doc agent", "a,b", "say \"hi\" \\ there", "日本", "x*y", ""};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char term[256];
        Filter *f = NULL;
        Err e = {""};
        FilterRow row = {.cost_nano = -1};
        for (int d = 0; d < DIM_COUNT; d++) row.name[d] = str_of("other");
        assert_true(drill_term(DIM_FEATURE, values[i], term, sizeof term));
        if (filter_parse(&f, term, &e) != 0) fail_msg("%s: %s", term, e.text);
        assert_false(filter_matches(f, &row));
        row.name[DIM_FEATURE] = str_of(values[i]);
        assert_true(filter_matches(f, &row));
        filter_free(f);
    }
    char small[12];
    assert_false(drill_term(DIM_FEATURE, "does not fit in there", small, sizeof small));
}

/* Both walks visit each dimension once and come back; the shallow one leaves out what only raw rows know. */
static void dimensions_go_round(void **s) {
    (void)s;
    for (int deep = 0; deep < 2; deep++) {
        unsigned seen = 0;
        int dim = DIM_FEATURE, steps = 0;
        do {
            assert_false(seen >> dim & 1);
            seen |= 1u << dim;
            int next = dimension_next(dim, false, deep);
            if (dim != DIM_FEATURE || deep) assert_int_equal(dimension_next(next, true, deep), dim);
            dim = next;
            steps++;
        } while (dim != DIM_FEATURE && steps < 50);
        assert_int_equal(seen >> DIM_SESSION & 1, deep);
        assert_true(seen >> DIM_MODEL & 1 && seen >> DIM_TEAM & 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_edits_where_the_cursor_is), cmocka_unit_test(any_keys_leave_valid_text),
        cmocka_unit_test(the_palette_finds_by_words), cmocka_unit_test(every_name_chooses_its_own), cmocka_unit_test(themes_are_chosen_by_name),
        cmocka_unit_test(every_entry_leads_somewhere),
        cmocka_unit_test(the_list_shows_what_is_chosen), cmocka_unit_test(a_row_becomes_a_filter_that_matches_it),
        cmocka_unit_test(dimensions_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
