/* test_follow_judge: what rotation does to names, and what became of a file, as tables. */
#include "collectors/follow_judge.h"
#include "collectors/log_name.h"
#include "tests/unit.h"

static void names_lose_what_rotation_added(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"x.log", "x.log"},
        {"x.log.1", "x.log"},
        {"x.log.14.gz", "x.log"},
        {"x.log.gz", "x.log"},
        {"x.log-20261124", "x.log"},
        {"x.log-20261124.gz", "x.log"},
        {"x.log-2026112409.gz", "x.log"},
        {"x.log-20261124.1", "x.log"},
        {"x-20261124.log", "x.log"},
        {"x-2026-11-24.jsonl", "x.jsonl"},
        {"x.2026-11-24_09.jsonl.gz", "x.jsonl"},
        {"data-2022-09-14T05-02-14.173.json", "data.json"},
        {"2026-01-01_00-00-00__access.log", "access.log"},
        {"0.log.20260101-000000", "0.log"},
        {"0.log.20260101-000000.gz", "0.log"},
        {"id-json.log.1", "id-json.log"},
        {"x.log.1234", "x.log.1234"}, /* no generation, no date */
        {"x2.log", "x2.log"},
        {"v1.2.log", "v1.2.log"},
        {"20261124", ""}, /* nothing is left to compare */
        {".1", ".1"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char base[256];
        log_name_base(cases[i][0], base, sizeof base);
        assert_string_equal(base, cases[i][1]);
    }
}

static void rotated_names_fit_their_glob_and_others_do_not(void **state) {
    (void)state;
    static const struct { const char *glob, *name; bool fits; } cases[] = {
        {"x.jsonl", "x.jsonl", true},
        {"x.jsonl", "x.jsonl.1", true},
        {"x.jsonl", "x.jsonl.2.gz", true},
        {"x.jsonl", "x-20261124.jsonl", true},
        {"*.jsonl", "a.jsonl-20261124", true},
        {"gw-*.log", "gw-a.log.3", true},
        {"x.jsonl", "y.jsonl", false},
        {"x.jsonl", "x.jsonl.bak", false},
        {"x.jsonl", "xx.jsonl.1", false},
        {"*.jsonl", ".hidden.jsonl", false},
        {"*.jsonl", "20261124", false},
        {"*", "20261124", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (log_name_fits(cases[i].glob, cases[i].name) != cases[i].fits) fail_msg("%s against %s", cases[i].name, cases[i].glob);
}

static void a_long_name_is_cut_not_overrun(void **state) {
    (void)state;
    char name[400], base[64];
    memset(name, '7', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    log_name_base(name, base, sizeof base);
    assert_true(strlen(base) < sizeof base);
    assert_false(log_name_fits("x.log", name));
}

#define SIGHT(d, i, s, m) ((FileSight){.there = true, .dev = (d), .ino = (i), .size = (s), .mtime_ns = (m) * 1000000})
#define NONE ((FileSight){.there = false})

static void paths_are_judged(void **state) {
    (void)state;
    const struct { const char *what; FileSight was, now; Verdict verdict; } cases[] = {
        {"nothing, still", NONE, NONE, VERDICT_SAME},
        {"it appeared", NONE, SIGHT(1, 10, 0, 5), VERDICT_NEW},
        {"it stayed", SIGHT(1, 10, 100, 5), SIGHT(1, 10, 100, 5), VERDICT_SAME},
        {"it grew", SIGHT(1, 10, 100, 5), SIGHT(1, 10, 200, 6), VERDICT_CHANGED},
        {"it grew within one tick of the clock", SIGHT(1, 10, 100, 5), SIGHT(1, 10, 200, 5), VERDICT_CHANGED},
        {"written over, no longer", SIGHT(1, 10, 100, 5), SIGHT(1, 10, 100, 6), VERDICT_CHANGED},
        {"copytruncate", SIGHT(1, 10, 100, 5), SIGHT(1, 10, 0, 6), VERDICT_TRUNCATED},
        {"truncated, has grown again a little", SIGHT(1, 10, 100, 5), SIGHT(1, 10, 99, 6), VERDICT_TRUNCATED},
        {"renamed, a new one is there", SIGHT(1, 10, 100, 5), SIGHT(1, 11, 20, 6), VERDICT_ROTATED},
        {"another file system is mounted", SIGHT(1, 10, 100, 5), SIGHT(2, 10, 100, 5), VERDICT_ROTATED},
        {"renamed, nothing new yet", SIGHT(1, 10, 100, 5), NONE, VERDICT_GONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (judge_path(&cases[i].was, &cases[i].now) != cases[i].verdict) fail_msg("%s", cases[i].what);
}

static void only_a_file_as_it_was_at_its_end_stays_unread(void **state) {
    (void)state;
    const struct { const char *what; FileRecord kept; FileSight now; bool unread; } cases[] = {
        {"as it was", {SIGHT(1, 10, 100, 5), 100, false}, SIGHT(1, 10, 100, 5), true},
        {"as it was, packed", {SIGHT(1, 10, 100, 5), 900, true}, SIGHT(1, 10, 100, 5), true},
        {"under another name (the path is no part of it)", {SIGHT(1, 10, 100, 5), 100, false}, SIGHT(1, 10, 100, 5), true},
        {"a last line without its end", {SIGHT(1, 10, 100, 5), 90, false}, SIGHT(1, 10, 100, 5), false},
        {"left in the middle", {SIGHT(1, 10, 0, 5), 50, false}, SIGHT(1, 10, 100, 5), false},
        {"left in the middle, packed", {SIGHT(1, 10, 0, 5), 50, true}, SIGHT(1, 10, 100, 5), false},
        {"it grew", {SIGHT(1, 10, 100, 5), 100, false}, SIGHT(1, 10, 101, 5), false},
        {"written over", {SIGHT(1, 10, 100, 5), 100, false}, SIGHT(1, 10, 100, 6), false},
        {"its inode was given out again", {SIGHT(1, 10, 100, 5), 100, false}, SIGHT(1, 10, 300, 9), false},
        {"another inode", {SIGHT(1, 10, 100, 5), 100, false}, SIGHT(1, 11, 100, 5), false},
        {"empty", {SIGHT(1, 10, 0, 5), 0, false}, SIGHT(1, 10, 0, 5), false},
        {"gone", {SIGHT(1, 10, 100, 5), 100, false}, NONE, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (judge_unread(&cases[i].kept, &cases[i].now) != cases[i].unread) fail_msg("%s", cases[i].what);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lose_what_rotation_added),
        cmocka_unit_test(rotated_names_fit_their_glob_and_others_do_not),
        cmocka_unit_test(a_long_name_is_cut_not_overrun),
        cmocka_unit_test(paths_are_judged),
        cmocka_unit_test(only_a_file_as_it_was_at_its_end_stays_unread),
    };
    return cmocka_run_group_tests_name("follow_judge", tests, NULL, NULL);
}
