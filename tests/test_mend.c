/* test_mend: bytes that no JSON has, in the middle of a log: what was written whole is counted, whatever stands beside it,
 * and only what a dead writer never finished is lost and counted as bad. */
#include "collectors/mend.h"
#include "tests/follow_lab.h"

typedef struct Break {
    const char *what;
    size_t keep, zeros; /* bytes of the line that is never finished; zeros behind it */
} Break;

/* A line is begun, the machine dies, another line is written behind it. */
static void write_break(Lab *lab, const Break *b) {
    static const char zeros[1 << 20];
    char line[512];
    int fd = lab_open_file(lab, "a.jsonl", O_WRONLY | O_APPEND | O_CREAT);
    lab_line(lab, line);
    lab->requests--, lab->tokens -= lab->lines; /* it is not to be there */
    lab_write_fd(fd, line, b->keep);
    if (lab->follow) lab_pass(lab, 10000);
    lab_write_fd(fd, zeros, b->zeros);
    lab_write_line(lab, fd);
    lab_write_line(lab, fd);
    close(fd);
}

static void only_the_unfinished_line_is_lost(void **state) {
    static const Break breaks[] = {{"in its time", 12, 0},    {"in its tokens", 130, 0}, {"in its time, one zero", 12, 1},
                                   {"before its end, zeros", 150, 4096}, {"many zeros", 60, 1 << 19}, {"nothing but zeros", 0, 5000}};
    (void)state;
    for (int follows = 0; follows < 2; follows++) {
        Lab *lab = lab_new((const char *[]){"*.jsonl", NULL});
        lab_append(lab, "a.jsonl", 2);
        for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
            if (follows && !lab->follow) lab_start(lab);
            lab_settle(lab);
            write_break(lab, &breaks[i]);
            if (!lab->follow) lab_start(lab);
            lab_settle(lab);
            lab_agrees(lab);
            lab_stop(lab);
        }
        lab_copy(lab, "a.jsonl", "b.jsonl"); /* read anew: the same places */
        lab_start(lab);
        lab_settle(lab);
        lab_agrees(lab);
        lab_free(lab);
    }
}

static void lines_in_latin_1_are_counted(void **state) {
    static const char *const names[] = {"caf\xe9", "caf\xe8", "\xc3(", "tab\there", "\x1b[31m", "\xed\xa0\x80"};
    (void)state;
    Lab *lab = lab_new((const char *[]){"*.jsonl", NULL});
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char line[512], more[600];
        lab_line(lab, line);
        snprintf(more, sizeof more, "{\"feature\":\"%s\",%s", names[i], line + 1);
        lab_append_text(lab, "a.jsonl", more);
    }
    lab_start(lab);
    lab_settle(lab);
    lab_agrees(lab);
    assert_string_equal(lab_source(lab, 0).state, "ok");
    Db *db;
    Err e = {0};
    Result r;
    Query q = {.since_ms = LAB_NOW - MS_PER_DAY, .until_ms = LAB_NOW + MS_PER_DAY, .by = {DIM_FEATURE}, .by_count = 1};
    assert_int_equal(db_open(&db, lab->db, DB_READ, &e), 0);
    assert_int_equal(query_run(db, &q, &r, &e), 0);
    assert_int_equal(r.count, sizeof names / sizeof *names); /* each its own feature */
    result_free(&r);
    db_close(db);
    lab_free(lab);
}

static void good_text_is_left_alone(void **state) {
    (void)state;
    const char good[] = "{\"a\":\"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f\"}";
    assert_null(mend_bytes((Str){good, sizeof good - 1}).at);
    assert_int_equal(mend_break((Str){good, sizeof good - 1}, 0), 0);
}

static void breaks_go_forward_and_end(void **state) {
    (void)state;
    const char text[] = "{\"a\":{\"a\":{\"a\":\0\0\0{\"a\":{\"a\":1}}";
    size_t at = 0, last, turns = 0;
    for (; (last = at, at = mend_break((Str){text, sizeof text - 1}, at)) > 0; turns++) assert_true(at > last && at < sizeof text - 1);
    assert_int_equal(turns, 2);
    for (size_t len = 0; len < sizeof text; len++)
        for (size_t from = 0; from <= len; from++) {
            at = mend_break((Str){text, len}, from);
            assert_true(at == 0 || (at > from && at < len));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_unfinished_line_is_lost),
        cmocka_unit_test(lines_in_latin_1_are_counted),
        cmocka_unit_test(good_text_is_left_alone),
        cmocka_unit_test(breaks_go_forward_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
