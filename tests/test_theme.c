/* Themes: btop's format, our roles over it, the red that must look like one, palettes. */
#include "tests/unit.h"
#include "store/data.h"
#include "tui/theme.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_theme(const char *dir, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/themes", dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/themes/%s.theme", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void remove_theme(const char *dir, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/themes/%s.theme", dir, name);
    unlink(path);
    snprintf(path, sizeof path, "%s/themes", dir);
    rmdir(path);
    rmdir(dir);
}

/* The value of theme[key] in a file, as it stands there; fails where the key is missing. */
static Colour written(const char *file, const char *key) {
    char start[64];
    snprintf(start, sizeof start, "\ntheme[%s]=\"", key);
    const char *at = strstr(file, start);
    if (!at) fail_msg("no %s in\n%s", key, file);
    at += strlen(start);
    return colour_parse(at, strcspn(at, "\""));
}

static void read_built_in(const char *name, Buf *out) {
    char path[128];
    Err e = {""};
    snprintf(path, sizeof path, "themes/%s.theme", name);
    buf_clear(out);
    if (file_read(path, out, &e) != 0) fail_msg("%s", e.text);
}

static const char *const keys[ROLE_COUNT] = {"text", "dim", "title", "key", "rule", "selected_fg", "watch", "act", "proof", "chart"};

static Colour or_else(Colour c, int32_t rgb) {
    return c.rgb < 0 ? (Colour){rgb} : c;
}

/* As 256 colours, in true colour again: 232..255 greys, 16..231 the cube. */
static Colour in_256(Colour c) {
    static const int level[] = {0, 95, 135, 175, 215, 255};
    int n = colour_to_256(c);
    if (n < 16) return c;
    if (n >= 232) return (Colour){(8 + 10 * (n - 232)) * 0x010101};
    n -= 16;
    return (Colour){level[n / 36] << 16 | level[n / 6 % 6] << 8 | level[n % 6]};
}

static void assert_readable(const char *name, const char *key, Colour fg, Colour bg) {
    int32_t least = strcmp(name, "high-contrast") == 0 ? 7000 : strcmp(key, "rule") == 0 ? 1500 : 4500;
    int32_t full = colour_contrast(fg, bg), fewer = colour_contrast(in_256(fg), in_256(bg));
    if (full < least || fewer < least) fail_msg("%s: %s has %d, in 256 colours %d, of %d", name, key, full, fewer, least);
}

/* What the files say is what is shown: every role is there, can be read, and needed no mending. The terminal's own colours
 * (default.theme: for dark ones) count as white on black. */
static void every_built_in_theme_names_every_role_and_can_be_read(void **s) {
    (void)s;
    char names[THEMES_MAX][64];
    size_t n = theme_names(NULL, names, THEMES_MAX);
    Buf file = {.max = 65536};
    assert_true(n >= 8);
    for (size_t i = 0; i < n; i++) {
        Theme t;
        Err e = {""};
        assert_int_equal(theme_load(&t, names[i], NULL, &e), 0);
        read_built_in(names[i], &file);
        Colour ground = or_else(written(file.at, "main_bg"), 0), selected = written(file.at, "selected_bg");
        assert_true(selected.rgb >= 0);
        for (int role = 0; role < ROLE_COUNT; role++) {
            Colour fg = written(file.at, keys[role]);
            assert_int_equal(t.fg[role].rgb, fg.rgb);
            assert_readable(names[i], keys[role], or_else(fg, 0xFFFFFF), role == ROLE_SELECTED ? selected : ground);
        }
        assert_true(t.fg[ROLE_ACT].rgb != t.fg[ROLE_WATCH].rgb && t.fg[ROLE_PROOF].rgb != t.fg[ROLE_WATCH].rgb);
    }
    buf_free(&file);
}

static void the_kinds_that_were_promised_are_there(void **s) {
    (void)s;
    const Colour black = {0};
    Theme t;
    Err e = {""};
    assert_int_equal(theme_load(&t, "light", NULL, &e), 0);
    assert_true(colour_contrast(t.bg[ROLE_TEXT], black) > 15000);
    assert_int_equal(theme_load(&t, "sixteen", NULL, &e), 0);
    for (int role = 0; role < ROLE_COUNT; role++)
        assert_true(t.fg[role].rgb >= COLOUR_OWN && t.fg[role].rgb < COLOUR_OWN + 16 && t.bg[role].rgb >= COLOUR_OWN);
}

typedef struct Rgb { int v[3]; } Rgb;

/* How a colour looks to who lacks one kind of cones (Machado and others, 2009, in thousandths); 3 = to everybody else. */
static Rgb seen_without(int kind, Colour c) {
    static const int matrix[4][3][3] = {
        {{152, 1053, -205}, {115, 786, 99}, {-4, -48, 1052}},
        {{367, 861, -228}, {280, 673, 47}, {-12, 43, 969}},
        {{1256, -77, -179}, {-78, 931, 148}, {5, 691, 304}},
        {{1000, 0, 0}, {0, 1000, 0}, {0, 0, 1000}},
    };
    int in[3] = {c.rgb >> 16 & 0xFF, c.rgb >> 8 & 0xFF, c.rgb & 0xFF};
    Rgb out = {{0}};
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) out.v[i] += matrix[kind][i][j] * in[j];
        out.v[i] = out.v[i] < 0 ? 0 : out.v[i] / 1000 > 255 ? 255 : out.v[i] / 1000;
    }
    return out;
}

static void assert_apart(int kind, Colour a, Colour b) {
    Rgb x = seen_without(kind, a), y = seen_without(kind, b);
    int sum = 0;
    for (int i = 0; i < 3; i++) sum += (x.v[i] - y.v[i]) * (x.v[i] - y.v[i]);
    if (sum < 60 * 60) fail_msg("#%06X and #%06X are %d^2 apart for kind %d", (unsigned)a.rgb, (unsigned)b.rgb, sum, kind);
}

static void states_stay_apart_for_every_kind_of_colour_blindness(void **s) {
    (void)s;
    Theme t;
    Err e = {""};
    assert_int_equal(theme_load(&t, "colour-blind", NULL, &e), 0);
    for (int kind = 0; kind < 4; kind++) {
        const Colour state[] = {t.fg[ROLE_WATCH], t.fg[ROLE_ACT], t.fg[ROLE_PROOF]};
        for (int i = 0; i < 3; i++) {
            const Colour one = state[i], other = state[(i + 1) % 3];
            assert_apart(kind, one, other);
            assert_apart(kind, in_256(one), in_256(other));
        }
    }
}

/* Against ratios that are known. */
static void contrast_is_the_ratio_of_wcag(void **s) {
    (void)s;
    const Colour black = {0}, white = {0xFFFFFF};
    assert_int_equal(colour_contrast(black, white), 21000);
    assert_int_equal(colour_contrast(white, white), 1000);
    assert_in_range(colour_contrast((Colour){0x767676}, white), 4540, 4543);
    assert_in_range(colour_contrast(white, (Colour){0x777777}), 4476, 4479);
    assert_in_range(colour_contrast((Colour){0xFF0000}, white), 3996, 3999);
    assert_in_range(colour_contrast((Colour){0x0000FF}, white), 8590, 8593);
    assert_int_equal(colour_contrast((Colour){COLOUR_OWN + 15}, (Colour){COLOUR_OWN}), 21000);
}

static void copy_theme(const char *dir, const char *name, const char *from) {
    Buf file = {.max = 65536};
    Err e = {""};
    if (file_read(from, &file, &e) != 0) fail_msg("%s", e.text);
    write_theme(dir, name, file.at);
    buf_free(&file);
}

/* Each role from btop's key; only what could not be read there is moved until it can. */
static void a_theme_with_only_btops_keys_loads_unchanged(void **s) {
    (void)s;
    static const int32_t expected[ROLE_COUNT] = {[ROLE_TEXT] = 0xCFD8E3, [ROLE_DIM] = -1, [ROLE_TITLE] = 0xE6EDF5,
        [ROLE_KEY] = 0x7FB4FF, [ROLE_RULE] = 0x39424D, [ROLE_SELECTED] = 0xF4F7FB, [ROLE_WATCH] = 0xD8C86F,
        [ROLE_ACT] = 0xE0605A, [ROLE_PROOF] = 0x6FD89B, [ROLE_CHART] = 0x8D9BAB};
    char dir[] = "/tmp/tollwatch-theme-XXXXXX";
    assert_non_null(mkdtemp(dir));
    copy_theme(dir, "harbour", "tests/themes/harbour.theme");
    Theme t;
    Err e = {""};
    assert_int_equal(theme_load(&t, "harbour", dir, &e), 0);
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (role != ROLE_DIM) assert_int_equal(t.fg[role].rgb, expected[role]);
        assert_int_equal(t.bg[role].rgb, role == ROLE_SELECTED ? 0x2D4A6E : 0x10151C);
    }
    assert_in_range(colour_contrast(t.fg[ROLE_DIM], t.bg[ROLE_DIM]), 4500, 5500); /* #404040 has 1.8 */
    remove_theme(dir, "harbour");
}

static void a_theme_of_btop_works_as_it_is(void **s) {
    (void)s;
    char dir[] = "/tmp/tollwatch-theme-XXXXXX";
    assert_non_null(mkdtemp(dir));
    write_theme(dir, "mine", "# a comment\ntheme[main_bg]=\"#00\"\ntheme[main_fg]=\"#cc\"\ntheme[inactive_fg]='#40 40 40'\ntheme[title]=\"201 202 203\"\n"
                             "theme[cpu_end]=\"#00ffff\"\ntheme[cpu_mid]=\"#ffff00\"\ntheme[watch]=\"#ffa500\"\ntheme[hi_fg]=\"\"\ntheme[div_line]=\"#nonsense\"\n");
    Theme t;
    Err e = {""};
    assert_int_equal(theme_load(&t, "mine", dir, &e), 0);
    assert_int_equal(t.fg[ROLE_TEXT].rgb, 0xCCCCCC);
    assert_int_equal(t.bg[ROLE_TEXT].rgb, 0);
    assert_int_equal(t.fg[ROLE_TITLE].rgb, 0xC9CACB);
    assert_int_equal(t.fg[ROLE_WATCH].rgb, 0xFFA500); /* our key over btop's */
    assert_int_equal(t.fg[ROLE_ACT].rgb, 0xFF5F5F);   /* cyan is no alarm */
    assert_int_equal(t.fg[ROLE_KEY].rgb, -1);
    assert_int_equal(t.fg[ROLE_RULE].rgb, -1);
    remove_theme(dir, "mine");
}

static void an_unreadable_red_is_replaced(void **s) {
    (void)s;
    char dir[] = "/tmp/tollwatch-theme-XXXXXX";
    assert_non_null(mkdtemp(dir));
    write_theme(dir, "pale", "theme[main_bg]=\"#ffffff\"\ntheme[act]=\"#ff8080\"\n");
    Theme t;
    Err e = {""};
    assert_int_equal(theme_load(&t, "pale", dir, &e), 0);
    assert_int_equal(t.fg[ROLE_ACT].rgb, 0xAF0000);
    remove_theme(dir, "pale");
}

/* Dark ink on the terminal's own ground is meant for a light one, and is left as it is. */
static void the_terminals_own_ground_is_guessed_from_the_text(void **s) {
    (void)s;
    char dir[] = "/tmp/tollwatch-theme-XXXXXX";
    assert_non_null(mkdtemp(dir));
    write_theme(dir, "ink", "theme[main_bg]=\"\"\ntheme[text]=\"#202020\"\ntheme[dim]=\"#606060\"\ntheme[act]=\"#a00000\"\n");
    Theme t;
    Err e = {""};
    assert_int_equal(theme_load(&t, "ink", dir, &e), 0);
    assert_int_equal(t.fg[ROLE_TEXT].rgb, 0x202020);
    assert_int_equal(t.fg[ROLE_DIM].rgb, 0x606060);
    assert_int_equal(t.fg[ROLE_ACT].rgb, 0xA00000);
    assert_int_equal(t.bg[ROLE_TEXT].rgb, -1);
    remove_theme(dir, "ink");
}

static void unknown_names_are_refused_with_the_known_ones(void **s) {
    (void)s;
    const char *const bad[] = {"nope", "../../etc/passwd", ".hidden", "a/b"};
    for (size_t i = 0; i < 4; i++) {
        Theme t;
        Err e = {""};
        assert_int_equal(theme_load(&t, bad[i], "/nonexistent", &e), -1);
        assert_non_null(strstr(e.text, "default"));
    }
}

static void palettes_find_the_nearest_colour(void **s) {
    (void)s;
    assert_int_equal(colour_to_256((Colour){-1}), -1);
    assert_int_equal(colour_to_256((Colour){0xFF5F5F}), 203);
    assert_int_equal(colour_to_256((Colour){0x8A8A8A}), 245);
    assert_int_equal(colour_to_256((Colour){0xFFAF00}), 214);
    assert_int_equal(colour_to_16((Colour){0xFE0101}), 9);
    assert_int_equal(colour_to_16((Colour){-1}), -1);
    assert_int_equal(colour_to_256((Colour){COLOUR_OWN + 9}), 9); /* the user's own stay their own */
    assert_int_equal(colour_to_16((Colour){COLOUR_OWN + 9}), 9);
    assert_int_equal(colour_to_few((Colour){COLOUR_OWN + 9}, 8, -1), 1);
    assert_int_equal(colour_to_few((Colour){0xFFFFFF}, 16, 15), 12); /* white on white: the nearest that can be read */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_built_in_theme_names_every_role_and_can_be_read),
        cmocka_unit_test(the_kinds_that_were_promised_are_there),
        cmocka_unit_test(states_stay_apart_for_every_kind_of_colour_blindness),
        cmocka_unit_test(contrast_is_the_ratio_of_wcag),
        cmocka_unit_test(a_theme_with_only_btops_keys_loads_unchanged),
        cmocka_unit_test(a_theme_of_btop_works_as_it_is),
        cmocka_unit_test(an_unreadable_red_is_replaced),
        cmocka_unit_test(the_terminals_own_ground_is_guessed_from_the_text),
        cmocka_unit_test(unknown_names_are_refused_with_the_known_ones),
        cmocka_unit_test(palettes_find_the_nearest_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
