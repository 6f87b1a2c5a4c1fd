/* Themes: btop's format, our roles over it, the red that must look like one, palettes. */
#include "tests/unit.h"
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

static void every_built_in_theme_has_every_role(void **s) {
    (void)s;
    char names[32][64];
    size_t n = theme_names(NULL, names, 32);
    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++) {
        Theme t;
        Err e = {""};
        assert_int_equal(theme_load(&t, names[i], NULL, &e), 0);
        assert_true(t.fg[ROLE_DIM].rgb >= 0 && t.fg[ROLE_WATCH].rgb >= 0 && t.fg[ROLE_ACT].rgb >= 0 && t.fg[ROLE_PROOF].rgb >= 0);
        assert_true(t.bg[ROLE_SELECTED].rgb >= 0);
        assert_true(t.fg[ROLE_ACT].rgb != t.fg[ROLE_WATCH].rgb);
    }
}

static void a_theme_of_btop_works_as_it_is(void **s) {
    (void)s;
    char dir[] = "/tmp/tollwatch-theme-XXXXXX";
    assert_non_null(mkdtemp(dir));
    write_theme(dir, "mine", "# a comment\ntheme[main_bg]=\"#00\"\ntheme[main_fg]=\"#cc\"\ntheme[inactive_fg]='#40 40 40'\ntheme[title]=\"1 2 3\"\n"
                             "theme[cpu_end]=\"#00ffff\"\ntheme[cpu_mid]=\"#ffff00\"\ntheme[watch]=\"#ffa500\"\ntheme[hi_fg]=\"\"\ntheme[div_line]=\"#nonsense\"\n");
    Theme t;
    Err e = {""};
    assert_int_equal(theme_load(&t, "mine", dir, &e), 0);
    assert_int_equal(t.fg[ROLE_TEXT].rgb, 0xCCCCCC);
    assert_int_equal(t.bg[ROLE_TEXT].rgb, 0);
    assert_int_equal(t.fg[ROLE_TITLE].rgb, 0x010203);
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
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_built_in_theme_has_every_role),
        cmocka_unit_test(a_theme_of_btop_works_as_it_is),
        cmocka_unit_test(an_unreadable_red_is_replaced),
        cmocka_unit_test(unknown_names_are_refused_with_the_known_ones),
        cmocka_unit_test(palettes_find_the_nearest_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
