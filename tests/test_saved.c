/* A saved view comes back as it was, is read by its owner only, and whatever stands in the file: it is read whole or not at
 * all, and never grows beyond its bounds. */
#include "tests/unit.h"
#include "store/config.h"
#include "store/data.h"
#include "tui/saved.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[128];

static int setup(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/tollwatch-saved-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/deep/view", dir);
    return 0;
}

static int teardown(void **state) {
    char deep[128];
    (void)state;
    unlink(path);
    snprintf(deep, sizeof deep, "%s/deep", dir);
    rmdir(deep);
    return rmdir(dir);
}

static void put(const char *text, size_t len) {
    Err e = {""};
    assert_int_equal(file_write(path, text, len, &e), 0);
}

static void it_comes_back_as_it_was(void **state) {
    (void)state;
    Err e = {""};
    struct stat st;
    Saved *s = saved_new(), *again = saved_new();
    assert_int_equal(saved_read(s, path, &e), 0); /* nothing was saved */
    assert_null(saved_get(s, "range"));
    assert_false(saved_changed(s));
    saved_set(s, "range", "7d");
    saved_set(s, "models.sort", "cost -");
    saved_set(s, "theme", "nord é");
    saved_set(s, "gone", "x");
    saved_set(s, "gone", NULL);
    assert_true(saved_changed(s));
    assert_int_equal(saved_write(s, path, &e), 0);
    assert_false(saved_changed(s));
    saved_set(s, "range", "7d"); /* as it is: nothing to write */
    assert_false(saved_changed(s));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(saved_read(again, path, &e), 0);
    assert_string_equal(saved_get(again, "range"), "7d");
    assert_string_equal(saved_get(again, "models.sort"), "cost -");
    assert_string_equal(saved_get(again, "theme"), "nord é");
    assert_null(saved_get(again, "gone"));
    assert_false(saved_changed(again));
    saved_free(s);
    saved_free(again);
}

static void what_does_not_fit_is_not_remembered(void **state) {
    (void)state;
    char wide[SAVED_VALUE_MAX + 1], key[16];
    Saved *s = saved_new();
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    saved_set(s, "wide", wide);
    saved_set(s, "two lines", "x");
    saved_set(s, "lines", "a\nb = c");
    saved_set(s, "escape", "\033[2J");
    assert_null(saved_get(s, "wide"));
    assert_null(saved_get(s, "two lines"));
    assert_null(saved_get(s, "lines"));
    assert_null(saved_get(s, "escape"));
    assert_false(saved_changed(s));
    for (int i = 0; i < 2 * SAVED_MAX; i++) {
        snprintf(key, sizeof key, "k%d", i);
        saved_set(s, key, "v");
    }
    assert_non_null(saved_get(s, "k95"));
    assert_null(saved_get(s, "k96"));
    saved_free(s);
}

static void a_bad_file_is_not_read_at_all(void **state) {
    (void)state;
    static char big[128 * 1024];
    static const struct { const char *text; size_t len; } bad[] = {
        {"range = 7d\nnonsense\n", 20}, {"range = 7d\n = x\n", 16}, {"range = 7d\nx =\n", 15}, {"range = 7d\nkey = \033[2J\n", 22},
        {"range = 7d\nA = x\n", 17}, {"range = 7d\n\0x = y\n", 18}, {"\x7f" "ELF\1\1", 6}, {big, sizeof big},
    };
    memset(big, '#', sizeof big);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err e = {""};
        Saved *s = saved_new();
        saved_set(s, "theme", "before");
        put(bad[i].text, bad[i].len);
        if (saved_read(s, path, &e) != -1) fail_msg("file %zu was read", i);
        assert_non_null(strstr(e.text, path));
        assert_null(saved_get(s, "range"));
        assert_null(saved_get(s, "theme"));
        saved_free(s);
    }
    Err e = {""};
    Saved *s = saved_new();
    static const char good[] = "# a remark\n\nrange = 7d\nnew.in-9_9 = a = b"; /* the last line may lack its end */
    put(good, sizeof good - 1);
    assert_int_equal(saved_read(s, path, &e), 0);
    assert_string_equal(saved_get(s, "range"), "7d");
    assert_string_equal(saved_get(s, "new.in-9_9"), "a = b");
    saved_free(s);
}

static void without_a_place_nothing_is_remembered(void **state) {
    (void)state;
    Err e = {""};
    saved_set(NULL, "range", "7d");
    assert_null(saved_get(NULL, "range"));
    assert_false(saved_changed(NULL));
    assert_int_equal(saved_read(NULL, path, &e), 0);
    assert_int_equal(saved_write(NULL, path, &e), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void its_place_is_the_users_own(void **state) {
    (void)state;
    char at[256];
    Err e = {""};
    setenv("XDG_STATE_HOME", "/x/state", 1);
    assert_int_equal(place_view(at, sizeof at, &e), 0);
    assert_string_equal(at, "/x/state/tollwatch/view");
    unsetenv("XDG_STATE_HOME");
    setenv("HOME", "/x", 1);
    assert_int_equal(place_view(at, sizeof at, &e), 0);
    assert_string_equal(at, "/x/.local/state/tollwatch/view");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_comes_back_as_it_was, setup, teardown),
        cmocka_unit_test(what_does_not_fit_is_not_remembered),
        cmocka_unit_test_setup_teardown(a_bad_file_is_not_read_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_place_nothing_is_remembered, setup, teardown),
        cmocka_unit_test(its_place_is_the_users_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
