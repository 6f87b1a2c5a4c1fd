/* Keys from bytes, and bytes of a frame replayed on a small model of a terminal. */
#include "tests/terminal_model.h"
#include "tui/term_draw.h"
#include "tui/term_keys.h"
#include "tui/text_width.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int key_of(const char *bytes, bool last) {
    KeyInput in = {.len = 0};
    keys_add(&in, (const unsigned char *)bytes, strlen(bytes));
    int key = keys_take(&in, last);
    if (key != -1) assert_int_equal(in.len, 0);
    return key;
}

static void sequences_are_keys(void **s) {
    (void)s;
    const struct { const char *bytes; int key; } cases[] = {
        {"q", 'q'}, {"\r", KEY_ENTER}, {"\n", KEY_ENTER}, {"\t", KEY_TAB}, {"\x7f", KEY_BACKSPACE}, {"\b", KEY_BACKSPACE},
        {"\x1b[A", KEY_UP}, {"\x1bOB", KEY_DOWN}, {"\x1b[1;5C", KEY_RIGHT}, {"\x1b[Z", KEY_BACK_TAB}, {"\x1b[5~", KEY_PAGE_UP},
        {"\x1b[6~", KEY_PAGE_DOWN}, {"\x1b[H", KEY_HOME}, {"\x1b[4~", KEY_END}, {"\x1b[7~", KEY_HOME}, {"\x1b[3~", KEY_DELETE},
        {"\x1b[200~", KEY_PASTE_START}, {"\x1b[201~", KEY_PASTE_END}, {"\x1b[15~", KEY_UNKNOWN}, {"\x1b[[A", KEY_UNKNOWN},
        {"\x1b[?2026;2$y", KEY_UNKNOWN}, {"\x1b[<64;3;4M", KEY_MOUSE}, {"\xc3\xa9", 0xE9}, {"\xe6\xbc\xa2", 0x6F22}, {"\xff", KEY_UNKNOWN},
        {"\x1b[99999999999999999999~", KEY_UNKNOWN}, {"\x1b[<9;M", KEY_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (key_of(cases[i].bytes, false) != cases[i].key) fail_msg("case %zu: %x", i, (unsigned)key_of(cases[i].bytes, false));
}

static void a_lone_escape_waits_for_what_may_follow(void **s) {
    (void)s;
    assert_int_equal(key_of("\x1b", false), -1);
    assert_int_equal(key_of("\x1b", true), KEY_ESC);
    assert_int_equal(key_of("\x1b[", false), -1);
    assert_int_equal(key_of("\x1b[1;", false), -1);
    assert_int_equal(key_of("\xe6\xbc", false), -1);
    KeyInput in = {.len = 0};
    keys_add(&in, (const unsigned char *)"\x1bq\x1b", 3); /* Esc, then q, then one still open */
    assert_int_equal(keys_take(&in, false), KEY_ESC);
    assert_int_equal(keys_take(&in, false), 'q');
    assert_int_equal(keys_take(&in, false), -1);
    assert_true(keys_waiting(&in));
}

static void the_terminal_says_what_it_can(void **s) {
    (void)s;
    KeyInput in = {.len = 0};
    keys_add(&in, (const unsigned char *)"\x1b[?2026;1$y\x1b[<0;12;3m", 21);
    assert_int_equal(keys_take(&in, false), KEY_UNKNOWN);
    assert_true(in.synchronized);
    assert_int_equal(keys_take(&in, false), KEY_MOUSE);
    assert_int_equal(in.mouse.x, 11);
    assert_int_equal(in.mouse.y, 2);
    assert_false(in.mouse.pressed);
    keys_add(&in, (const unsigned char *)"\x1b[?2026;0$y", 11);
    keys_take(&in, false);
    assert_false(in.synchronized);
}

static uint64_t random_next(uint64_t *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

/* Any bytes in any pieces: every call either takes something or waits for more, and `last` always empties it. */
static void any_bytes_end_as_keys(void **s) {
    (void)s;
    uint64_t seed = 7;
    const char alphabet[] = "\x1b\x1b[[O<?;~0159AMmy$\xff\xc3\xa9q";
    for (int round = 0; round < 20000; round++) {
        KeyInput in = {.len = 0};
        for (int piece = 0; piece < 4; piece++) {
            unsigned char bytes[40];
            size_t n = random_next(&seed) % sizeof bytes;
            for (size_t i = 0; i < n; i++)
                bytes[i] = random_next(&seed) & 1 ? (unsigned char)alphabet[random_next(&seed) % (sizeof alphabet - 1)]
                                                  : (unsigned char)random_next(&seed);
            keys_add(&in, bytes, n);
            for (size_t before = in.len + 1; keys_take(&in, false) != -1; before = in.len) assert_true(in.len < before);
        }
        for (int i = 0; i < 200 && in.len; i++) assert_int_not_equal(keys_take(&in, true), -1);
        assert_int_equal(in.len, 0);
    }
}

/* ---- what the bytes make a terminal show ---- */

enum { W = 40, H = 8 };

static void assert_shows(const Model *m, const Canvas *c) {
    model_assert_shows(m, c);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const Cell *cell = &c->cells[y * W + x];
            bool plain = cell->role == ROLE_TEXT && cell->attr == 0; /* the only style without a pen */
            if (cell->width > 0 && strcmp(cell->text, " ") != 0) assert_int_equal(m->cell[y][x].style == 0, plain);
        }
}

static void caps_for(TermCaps *caps, const char *name) {
    Err e = {""};
    setenv("TERM", name, 1);
    if (caps_open(caps, STDOUT_FILENO, &e) != 0) fail_msg("%s", e.text);
}

static void scribble(Canvas *c, uint64_t *seed) {
    static const char *const words[] = {"doc-agent", "漢字", "8.73", "▁▃█", "   ", "→", "x"};
    for (uint64_t n = random_next(seed) % 12; n > 0; n--) {
        int x = (int)(random_next(seed) % W), y = (int)(random_next(seed) % H);
        ThemeRole role = random_next(seed) & 1 ? ROLE_TEXT : ROLE_ACT;
        canvas_text(c, x, y, W, role, 0, words[random_next(seed) % 7]);
    }
    if (random_next(seed) % 5 == 0) canvas_fill(c, (Rect){10, 2, 30, 3}, ROLE_TEXT, 0, " ");
}

/* Whatever was shown and whatever comes next, the bytes between them make the terminal show the new canvas. */
static void the_bytes_of_a_frame_show_the_canvas(void **s) {
    (void)s;
    const char *const terminals[] = {"xterm-256color", "tmux-256color", "linux", "vt100"};
    for (size_t i = 0; i < 4; i++) {
        TermCaps caps;
        uint64_t seed = 42 + i;
        Model *model = xcalloc(1, sizeof *model);
        model->w = W;
        model->h = H;
        Buf out = {.max = 1 << 20};
        caps_for(&caps, terminals[i]);
        Painter p = {.caps = &caps, .mode = colour_mode(&caps, false), .x = -1, .y = -1};
        for (int role = 0; role < ROLE_COUNT; role++) p.theme.fg[role].rgb = p.theme.bg[role].rgb = -1;
        p.theme.fg[ROLE_ACT].rgb = 0xFF5F5F;
        Canvas *c = canvas_new(W, H, false);
        for (int frame = 0; frame < 600; frame++) {
            scribble(c, &seed);
            if (frame % 97 == 0) painter_forget(&p);
            buf_clear(&out);
            painter_draw(&p, c, &out);
            model_feed(model, out.at);
            assert_shows(model, c);
            buf_clear(&out);
            painter_draw(&p, c, &out);
            assert_int_equal(out.len, 0); /* nothing changed, nothing is sent */
        }
        canvas_free(c);
        painter_free(&p);
        buf_free(&out);
        caps_close();
        free(model);
    }
}

/* A clock that ticks costs a few bytes, not a line. */
static void a_small_change_is_a_few_bytes(void **s) {
    (void)s;
    TermCaps caps;
    Buf out = {.max = 1 << 20};
    caps_for(&caps, "xterm-256color");
    Painter p = {.caps = &caps, .mode = COLOUR_256, .x = -1, .y = -1};
    Canvas *c = canvas_new(W, H, false);
    canvas_text(c, 30, 0, 10, ROLE_TEXT, 0, "03:12:40");
    painter_draw(&p, c, &out);
    canvas_text(c, 30, 0, 10, ROLE_TEXT, 0, "03:12:41");
    buf_clear(&out);
    painter_draw(&p, c, &out);
    assert_true(out.len > 0 && out.len <= 12);
    canvas_free(c);
    painter_free(&p);
    buf_free(&out);
    caps_close();
}

static void colours_follow_what_the_terminal_has(void **s) {
    (void)s;
    TermCaps caps = {.colours = 256, .direct_colour = true};
    Theme t = {.fg[ROLE_ACT] = {0xFF5F5F}};
    for (int role = 0; role < ROLE_COUNT; role++) t.bg[role].rgb = -1;
    assert_int_equal(colour_mode(&caps, false), COLOUR_DIRECT);
    assert_int_equal(colour_mode(&caps, true), COLOUR_NONE);
    caps.direct_colour = false;
    assert_int_equal(colour_mode(&caps, false), COLOUR_256);
    caps.colours = 8;
    assert_int_equal(colour_mode(&caps, false), COLOUR_8);
    assert_int_equal(style_of(&t, COLOUR_DIRECT, ROLE_ACT, 0).fg, 0xFF5F5F);
    assert_int_equal(style_of(&t, COLOUR_256, ROLE_ACT, 0).fg, 203);
    assert_int_equal(style_of(&t, COLOUR_16, ROLE_ACT, 0).fg, 1);
    assert_int_equal(style_of(&t, COLOUR_16, ROLE_DIM, 0).fg, -1); /* bright black may be the ground's colour */
    assert_int_equal(style_of(&t, COLOUR_16, ROLE_RULE, 0).fg, 8);
    assert_int_equal(style_of(&t, COLOUR_8, ROLE_DIM, 0).fg, -1);
    assert_int_equal(style_of(&t, COLOUR_NONE, ROLE_ACT, 0).attr, ATTR_BOLD);
    assert_int_equal(style_of(&t, COLOUR_NONE, ROLE_WATCH, 0).attr, ATTR_UNDERLINE);
    assert_int_equal(style_of(&t, COLOUR_NONE, ROLE_SELECTED, 0).attr, ATTR_REVERSE);
}

/* In every built-in theme, with 16 and with 8 colours: text can be read on its ground, and what is to be seen at once
 * does not look like what is to be watched. */
static void few_colours_can_be_read_too(void **s) {
    (void)s;
    static const ColourMode modes[] = {COLOUR_16, COLOUR_8};
    char names[THEMES_MAX][64];
    for (size_t i = 0, n = theme_names(NULL, names, THEMES_MAX); i < n * 2; i++) {
        Theme t;
        Err e = {""};
        assert_int_equal(theme_load(&t, names[i / 2], NULL, &e), 0);
        for (ThemeRole role = 0; role < ROLE_COUNT; role++) {
            Style style = style_of(&t, modes[i % 2], role, 0);
            if (style.bg < 0) continue;
            assert_true(style.fg >= 0 && style.fg < (modes[i % 2] == COLOUR_8 ? 8 : 16));
            assert_true(colour_contrast((Colour){COLOUR_OWN + style.fg}, (Colour){COLOUR_OWN + style.bg}) >= CONTRAST_TEXT);
        }
        Style act = style_of(&t, modes[i % 2], ROLE_ACT, 0), watch = style_of(&t, modes[i % 2], ROLE_WATCH, 0);
        assert_true(act.fg != watch.fg || act.attr != watch.attr);
    }
}

/* The bytes: a colour of the terminal's own is asked for by number even where true colours are, no palette is redefined,
 * and without colours none is sent. */
static void colours_are_sent_as_the_mode_says(void **s) {
    (void)s;
    static const struct { ColourMode mode; const char *there, *not_there; } cases[] = {
        {COLOUR_DIRECT, "\033[38;5;9m", "38;2;"}, {COLOUR_256, "m", "38;2;"}, {COLOUR_NONE, "act", "\033[3"}};
    TermCaps caps;
    caps_for(&caps, "xterm-256color");
    for (size_t i = 0; i < 3; i++) {
        Err e = {""};
        Buf out = {.max = 1 << 20};
        Painter p = {.caps = &caps, .mode = cases[i].mode, .x = -1, .y = -1};
        assert_int_equal(theme_load(&p.theme, "sixteen", NULL, &e), 0);
        Canvas *c = canvas_new(W, H, false);
        canvas_text(c, 0, 0, 10, ROLE_ACT, 0, "act");
        painter_draw(&p, c, &out);
        assert_non_null(strstr(out.at, cases[i].there));
        assert_null(strstr(out.at, cases[i].not_there));
        assert_null(strstr(out.at, "\033]4"));
        canvas_free(c);
        painter_free(&p);
        buf_free(&out);
    }
    caps_close();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_are_keys),
        cmocka_unit_test(a_lone_escape_waits_for_what_may_follow),
        cmocka_unit_test(the_terminal_says_what_it_can),
        cmocka_unit_test(any_bytes_end_as_keys),
        cmocka_unit_test(the_bytes_of_a_frame_show_the_canvas),
        cmocka_unit_test(a_small_change_is_a_few_bytes),
        cmocka_unit_test(colours_follow_what_the_terminal_has),
        cmocka_unit_test(few_colours_can_be_read_too),
        cmocka_unit_test(colours_are_sent_as_the_mode_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
