/* test_follow: what grows, appears and cannot be read is followed: nothing lost, nothing twice, at once. */
#include "collectors/follow_parts.h"
#include "tests/follow_lab.h"
#include <errno.h>
#include <sys/resource.h>

static Lab *follow(const char *pattern) {
    Lab *lab = lab_new((const char *const[]){pattern, NULL});
    lab_append(lab, "a.jsonl", 3);
    lab_start(lab);
    lab_settle(lab);
    lab_agrees(lab);
    return lab;
}

/* F1: what is appended is in the ledger when the follower sleeps again; after a restart it goes on, nothing twice. */
static void appended_lines_are_stored_before_it_sleeps(void **state) {
    (void)state;
    Lab *lab = follow("a.jsonl");
    for (int i = 0; i < 20; i++) {
        lab_append(lab, "a.jsonl", 1 + i % 3);
        lab_settle(lab);
        lab_agrees(lab);
        if (i % 5 == 4) lab_stop(lab), lab_start(lab);
    }
    lab_append(lab, "a.jsonl", 5000); /* more than a slice */
    lab_settle(lab);
    lab_agrees(lab);
    assert_string_equal(lab_source(lab, 0).kind, "gateway");
    lab_free(lab);
}

/* A record that is written in pieces is one record, however long that takes. */
static void a_partial_line_is_held(void **state) {
    (void)state;
    Lab *lab = follow("a.jsonl");
    char line[512];
    int64_t requests = lab->requests, tokens = lab->tokens;
    size_t len = strlen(lab_line(lab, line));
    Lab expected = {.requests = lab->requests, .tokens = lab->tokens};
    int fd = lab_open_file(lab, "a.jsonl", O_WRONLY | O_APPEND);
    lab->requests = requests, lab->tokens = tokens;
    for (size_t at = 0; at < len; at += 40) {
        lab_agrees(lab);
        lab_write_fd(fd, line + at, len - at < 40 ? len - at : 40);
        if (at == 80) lab_pass(lab, 10000); /* its rest is tried, and is no record */
        if (at == 120) lab_stop(lab), lab_start(lab);
        lab_settle(lab);
    }
    close(fd);
    lab->requests = expected.requests, lab->tokens = expected.tokens;
    lab_agrees(lab);
    assert_int_equal(lab_source(lab, 0).bad_lines, 0);
    lab_free(lab);
}

/* A last line without its newline is taken when it stayed whole for seconds; the newline that comes later is nothing. */
static void a_last_line_without_a_newline_is_taken_once(void **state) {
    (void)state;
    Lab *lab = follow("a.jsonl");
    char line[512];
    int64_t requests = lab->requests;
    size_t len = strlen(lab_line(lab, line));
    int fd = lab_open_file(lab, "a.jsonl", O_WRONLY | O_APPEND);
    lab_write_fd(fd, line, len - 1);
    lab_settle(lab);
    assert_int_equal(lab_totals(lab).requests, requests);
    lab_pass(lab, 4000);
    lab_agrees(lab);
    lab_write_fd(fd, "\n", 1);
    lab_settle(lab);
    lab_write_line(lab, fd);
    lab_settle(lab);
    lab_agrees(lab);
    assert_int_equal(lab_source(lab, 0).bad_lines, 0);
    close(fd);
    lab_free(lab);
}

/* The same of a file that has nothing but such a line. */
static void a_file_of_one_line_without_a_newline_is_read(void **state) {
    (void)state;
    Lab *lab = follow("*.jsonl");
    char line[512];
    size_t len = strlen(lab_line(lab, line));
    int fd = lab_open_file(lab, "b.jsonl", O_WRONLY | O_CREAT);
    lab_write_fd(fd, line, len - 1);
    lab_pass(lab, 5000);
    lab_agrees(lab);
    lab_write_fd(fd, "\n", 1);
    lab_write_line(lab, fd);
    lab_settle(lab);
    lab_agrees(lab);
    close(fd);
    lab_free(lab);
}

/* As long as nothing of it is whole the source waits, and says for what; it follows when the line has its end. */
static void a_file_of_half_a_line_is_waited_for(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *const[]){"half*.jsonl", NULL});
    char line[512];
    lab_start(lab);
    size_t len = strlen(lab_line(lab, line));
    int fd = lab_open_file(lab, "half.jsonl", O_WRONLY | O_CREAT);
    lab_write_fd(fd, line, len / 2);
    lab_pass(lab, 10000);
    assert_string_equal(lab_source(lab, 0).state, "waiting");
    assert_string_equal(lab_source(lab, 0).last_word, "1 file without a whole line yet");
    lab_write_fd(fd, line + len / 2, len - len / 2);
    lab_pass(lab, 5000);
    lab_agrees(lab);
    assert_string_equal(lab_source(lab, 0).state, "ok");
    assert_string_equal(lab_source(lab, 0).last_word, "following 1 file");
    close(fd);
    lab_free(lab);
}

/* Bad lines are counted, the last one named with its line; a line beyond 64 MiB is passed and counted. */
static void bad_and_endless_lines_are_counted(void **state) {
    (void)state;
    Lab *lab = follow("a.jsonl");
    enum { PIECE = 1 << 20 };
    char *piece = xcalloc(1, PIECE);
    memset(piece, 'x', PIECE);
    lab_append_text(lab, "a.jsonl", "{\"ts\":\"2026-11-24T11:00:00Z\",\"usage\":{\"prompt_tokens\":-5}}\nno json at all\n");
    lab_append(lab, "a.jsonl", 1);
    int fd = lab_open_file(lab, "a.jsonl", O_WRONLY | O_APPEND);
    lab_write_fd(fd, "{\"a\":\"", 6);
    for (int i = 0; i < 65; i++) lab_write_fd(fd, piece, PIECE);
    lab_settle(lab);
    lab_write_fd(fd, "\"}\n", 3);
    close(fd);
    lab_append(lab, "a.jsonl", 1);
    lab_pass(lab, 2000);
    lab_agrees(lab);
    SourceView v = lab_source(lab, 0);
    assert_int_equal(v.bad_lines, 2);
    assert_int_equal(v.skipped_lines, 1);
    assert_int_equal(v.lines, 8);
    assert_string_equal(v.state, "watch");
    assert_non_null(strstr(v.last_word, "a.jsonl"));
    assert_non_null(strstr(v.last_word, "line 5"));
    free(piece);
    lab_free(lab);
}

/* A file that may not be read is said, and read when it may be. */
static void a_forbidden_file_is_read_when_it_may_be(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *const[]){"a.jsonl", NULL});
    bool root = geteuid() == 0;
    char path[256];
    lab_append(lab, "a.jsonl", 3);
    lab_path(lab, "a.jsonl", path);
    if (root) { /* whom no mode stops */
        assert_int_equal(chown(lab->dir, 65534, 65534) | chown(path, 65534, 65534) | seteuid(65534), 0);
    }
    assert_int_equal(chmod(path, 0), 0);
    lab_start(lab);
    lab_pass(lab, 2000);
    assert_int_equal(lab_totals(lab).requests, 0);
    assert_string_equal(lab_source(lab, 0).state, "error");
    assert_non_null(strstr(lab_source(lab, 0).last_word, strerror(EACCES)));
    assert_int_equal(chmod(path, 0600), 0);
    lab_pass(lab, 6000);
    lab_agrees(lab);
    assert_string_equal(lab_source(lab, 0).state, "ok");
    if (root) assert_int_equal(seteuid(0), 0);
    lab_free(lab);
}

/* Without events: seen at the next look, a second later; no event is missed because none is expected. */
static void without_events_it_polls(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *const[]){"logs", NULL});
    lab->c.polling = true;
    lab_mkdir(lab, "logs");
    lab_append(lab, "logs/a.jsonl", 3);
    lab_start(lab);
    lab_settle(lab);
    lab_agrees(lab);
    for (int i = 0; i < 5; i++) {
        lab_append(lab, "logs/a.jsonl", 2);
        if (i == 1) lab_mkdir(lab, "logs/below");
        if (i >= 1) lab_append(lab, "logs/below/b.jsonl", 2);
        if (i == 3) lab_rename(lab, "logs/a.jsonl", "logs/a.jsonl.1");
        lab_pass(lab, 1100);
        lab_agrees(lab);
    }
    lab_free(lab);
}

/* F5: any number of files, written in any order, with a bounded number of them open. */
static void many_files_are_followed_with_few_open(void **state) {
    (void)state;
    enum { FILES = 200 };
    Lab *lab = lab_new((const char *const[]){"logs", NULL});
    char name[64];
    size_t before = lab_open_files();
    lab_mkdir(lab, "logs");
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < FILES; i++) {
            snprintf(name, sizeof name, "logs/%d.jsonl", (i * 7 + round) % FILES);
            lab_append(lab, name, 1 + i % 2);
            if (round == 0 && i < FILES / 2) continue;
            if (!lab->follow) lab_start(lab);
            if (i % 3 == 0) lab_settle(lab);
        }
    lab_settle(lab);
    lab_agrees(lab);
    assert_true(lab_open_files() - before <= FOLLOW_OPEN_MAX + 8);
    lab_free(lab);
}

/* Files, folders, and folders in them, also those of a pattern of which nothing exists yet. */
static void what_appears_is_found(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *const[]){"glob/*.jsonl", "tree", "deep/*/logs/x-*.jsonl", NULL});
    lab_start(lab);
    lab_settle(lab);
    lab_mkdir(lab, "glob");
    lab_append(lab, "glob/a.jsonl", 1);
    lab_append_text(lab, "glob/a.txt", "not a log of ours\n");
    lab_mkdir(lab, "tree");
    lab_settle(lab);
    lab_mkdir(lab, "tree/1");
    lab_mkdir(lab, "tree/1/2");
    lab_append(lab, "tree/1/2/b.jsonl", 2); /* before the new folder is watched */
    lab_mkdir(lab, "deep");
    lab_settle(lab);
    lab_mkdir(lab, "deep/one");
    lab_settle(lab);
    lab_mkdir(lab, "deep/one/logs");
    lab_append(lab, "deep/one/logs/x-1.jsonl", 3);
    lab_settle(lab);
    lab_agrees(lab);
    lab_append(lab, "tree/1/2/b.jsonl", 1);
    lab_append(lab, "glob/c.jsonl", 1);
    lab_append(lab, "deep/one/logs/x-1.jsonl", 1);
    lab_settle(lab);
    lab_agrees(lab);
    assert_int_equal(lab_source(lab, 1).files, 1);
    lab_free(lab);
}

/* A folder that is moved away and back is known by what is in it. */
static void a_moved_folder_is_not_read_again(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *const[]){"tree", NULL});
    lab_mkdir(lab, "tree");
    lab_mkdir(lab, "tree/a");
    lab_append(lab, "tree/a/x.jsonl", 3);
    lab_start(lab);
    lab_settle(lab);
    lab_rename(lab, "tree/a", "tree/b");
    lab_append(lab, "tree/b/x.jsonl", 2);
    lab_pass(lab, 1000);
    lab_agrees(lab);
    lab_append(lab, "tree/b/x.jsonl", 2);
    lab_settle(lab);
    lab_agrees(lab);
    lab_free(lab);
}

/* F6: a quiet log wakes nobody but for one slow look. */
static void a_quiet_log_wakes_nobody(void **state) {
    (void)state;
    Lab *lab = follow("a.jsonl");
    lab_pass(lab, 20000);
    int64_t until = lab->steady_ms + 60000;
    int steps = 0;
    for (; lab->steady_ms < until; steps++) {
        lab->steady_ms += lab->next.sleep_ms;
        lab_settle(lab);
    }
    assert_true(steps <= 5);
    lab_free(lab);
}

/* While another program holds the ledger, what was read waits; after seconds that is told, and still nothing is lost. */
static int pages_kept(const Lab *lab) {
    int now = 0, most = 0;
    const Follow *f = lab->follow;
    assert_int_equal(sqlite3_db_status(db_handle(f->db), SQLITE_DBSTATUS_CACHE_USED, &now, &most, 0), SQLITE_OK);
    return now;
}

/* While lines come the pages stay, so that a line costs what it did; they go in the quiet after, at a wake-up that was due. */
static void memory_of_a_burst_is_given_back(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *[]){"*.jsonl", NULL});
    lab_append(lab, "a.jsonl", 3000);
    lab_start(lab);
    lab_settle(lab);
    int busy = pages_kept(lab);
    for (int i = 0; i < 10; i++) {
        lab_append(lab, "a.jsonl", 1);
        lab_pass(lab, 5000);
        assert_true(pages_kept(lab) >= busy);
    }
    lab_pass(lab, 30000);
    assert_true(pages_kept(lab) < busy / 4);
    lab_append(lab, "a.jsonl", 1);
    lab_settle(lab);
    lab_agrees(lab);
    lab_free(lab);
}

static void a_locked_ledger_loses_nothing(void **state) {
    (void)state;
    Lab *lab = follow("a.jsonl");
    Lab before = *lab;
    Db *other;
    Err e = {0}, why = {0};
    assert_int_equal(db_open(&other, lab->db, DB_WRITE, &e), 0);
    assert_int_equal(db_begin(other, &e), 0);
    lab_append(lab, "a.jsonl", 2);
    lab_settle(lab);
    lab_pass(lab, 20);
    lab_append(lab, "a.jsonl", 2);
    lab_settle(lab);
    lab_agrees(&before);
    lab->steady_ms += 6000;
    assert_int_equal(follow_worker.step(lab->follow, &lab->next, &why), -1);
    assert_non_null(strstr(why.text, "locked"));
    db_rollback(other);
    db_close(other);
    lab_settle(lab);
    lab_agrees(lab);
    lab_free(lab);
}

/* One file under two names, or a link to it, is one file. */
static void links_are_read_once(void **state) {
    (void)state;
    Lab *lab = follow("*.jsonl");
    char a[256], b[256];
    assert_int_equal(link(lab_path(lab, "a.jsonl", a), lab_path(lab, "hard.jsonl", b)), 0);
    assert_int_equal(symlink(a, lab_path(lab, "soft.jsonl", b)), 0);
    lab_append(lab, "a.jsonl", 2);
    lab_pass(lab, 1000);
    lab_agrees(lab);
    lab_unlink(lab, "a.jsonl"); /* the other name leads to it still */
    lab_pass(lab, 1000);
    lab_append(lab, "hard.jsonl", 2);
    lab_pass(lab, 1000);
    lab_agrees(lab);
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_lines_are_stored_before_it_sleeps),
        cmocka_unit_test(a_partial_line_is_held),
        cmocka_unit_test(a_last_line_without_a_newline_is_taken_once),
        cmocka_unit_test(a_file_of_one_line_without_a_newline_is_read),
        cmocka_unit_test(a_file_of_half_a_line_is_waited_for),
        cmocka_unit_test(bad_and_endless_lines_are_counted),
        cmocka_unit_test(a_forbidden_file_is_read_when_it_may_be),
        cmocka_unit_test(without_events_it_polls),
        cmocka_unit_test(many_files_are_followed_with_few_open),
        cmocka_unit_test(what_appears_is_found),
        cmocka_unit_test(a_moved_folder_is_not_read_again),
        cmocka_unit_test(a_quiet_log_wakes_nobody),
        cmocka_unit_test(links_are_read_once),
        cmocka_unit_test(memory_of_a_burst_is_given_back),
        cmocka_unit_test(a_locked_ledger_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
