/* test_follow_trouble: what the system refuses: reads that fail in the middle of a file and come back, watches that ran out,
 * names that are no files. Nothing is lost, nothing hangs, and the Sources screen says what is wrong. The system calls are
 * these: they do as they are told by files in the lab, else what they always do. */
#include "collectors/follow_parts.h"
#include "tests/follow_lab.h"
#include <errno.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

enum { GOOD_BYTES = 1000 };

/* Of a file named *.torn what is behind GOOD_BYTES cannot be read while its twin *.torn.fails is there. */
static bool fails(int fd) {
    char link[64], path[300] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 16);
    if (n < 5 || strcmp(path + n - 5, ".torn") != 0) return false;
    snprintf(path + n, 16, ".fails");
    return access(path, F_OK) == 0 && lseek(fd, 0, SEEK_CUR) >= GOOD_BYTES;
}

ssize_t read(int fd, void *to, size_t size) {
    if (fails(fd)) return errno = EIO, -1;
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at >= 0 && at < GOOD_BYTES && size > (size_t)(GOOD_BYTES - at)) size = (size_t)(GOOD_BYTES - at);
    return (ssize_t)syscall(SYS_read, fd, to, size);
}

/* No watch is left for a folder whose name ends so. */
int inotify_add_watch(int fd, const char *path, uint32_t mask) {
    size_t n = strlen(path);
    if (n >= 10 && strcmp(path + n - 10, ".unwatched") == 0) return errno = ENOSPC, -1;
    return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}

static void a_read_that_fails_is_tried_again(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *[]){"*.torn", NULL});
    lab_append(lab, "a.torn", 20);
    lab_append_text(lab, "a.torn.fails", "");
    lab_start(lab);
    lab_settle(lab);
    assert_true(lab_totals(lab).requests < 20);
    lab_pass(lab, 1000);
    assert_string_equal(lab_source(lab, 0).state, "error");
    assert_non_null(strstr(lab_source(lab, 0).last_word, "Input/output error"));
    lab_pass(lab, 120000);
    lab_unlink(lab, "a.torn.fails");
    lab_pass(lab, 2 * RETRY_MAX_MS);
    lab_agrees(lab);
    assert_string_equal(lab_source(lab, 0).state, "ok");
    lab_free(lab);
}

/* The wait for the next try grows: a file that stays broken costs nothing. */
static void what_stays_broken_is_left_in_peace(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *[]){"*.torn", NULL});
    lab_append(lab, "a.torn", 20);
    lab_append_text(lab, "a.torn.fails", "");
    lab_start(lab);
    lab_pass(lab, 3600000);
    const Follow *f = lab->follow;
    Entry *n = table_bag(f->table, BAG_ALL)->at[0];
    assert_int_equal(n->retry_ms, RETRY_MAX_MS);
    lab_free(lab);
}

static void without_a_watch_a_folder_is_looked_through(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *[]){"logs.unwatched/*.jsonl", "later.unwatched/deep/*.jsonl", NULL});
    lab_mkdir(lab, "logs.unwatched");
    lab_append(lab, "logs.unwatched/a.jsonl", 2);
    lab_start(lab);
    lab_settle(lab);
    lab_agrees(lab);
    lab_append(lab, "logs.unwatched/a.jsonl", 2);
    lab_append(lab, "logs.unwatched/b.jsonl", 2);
    lab_mkdir(lab, "later.unwatched");
    lab_mkdir(lab, "later.unwatched/deep");
    lab_append(lab, "later.unwatched/deep/c.jsonl", 2);
    lab_pass(lab, 2000);
    lab_agrees(lab);
    lab_rename(lab, "logs.unwatched/a.jsonl", "logs.unwatched/a.jsonl.1");
    lab_append(lab, "logs.unwatched/a.jsonl", 2);
    lab_pass(lab, 2000);
    lab_agrees(lab);
    lab_free(lab);
}

static void what_is_no_file_is_passed(void **state) {
    char path[256], to[256];
    (void)state;
    Lab *lab = lab_new((const char *[]){"logs", "logs/*.jsonl", "fifo.jsonl", NULL});
    lab_mkdir(lab, "logs");
    lab_mkdir(lab, "logs/folder.jsonl");
    assert_int_equal(mkfifo(lab_path(lab, "logs/pipe.jsonl", path), 0600), 0);
    assert_int_equal(mkfifo(lab_path(lab, "fifo.jsonl", path), 0600), 0);
    assert_int_equal(symlink("/dev/zero", lab_path(lab, "logs/zero.jsonl", path)), 0);
    assert_int_equal(symlink("loop.jsonl", lab_path(lab, "logs/loop.jsonl", path)), 0);
    assert_int_equal(symlink("..", lab_path(lab, "logs/up", path)), 0);
    assert_int_equal(symlink(lab_path(lab, "logs/pipe.jsonl", to), lab_path(lab, "logs/b.jsonl", path)), 0);
    lab_append(lab, "logs/a.jsonl", 2);
    lab_start(lab);
    lab_pass(lab, 20000);
    lab_append(lab, "logs/a.jsonl", 1);
    lab_settle(lab);
    lab_agrees(lab);
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_that_fails_is_tried_again),
        cmocka_unit_test(what_stays_broken_is_left_in_peace),
        cmocka_unit_test(without_a_watch_a_folder_is_looked_through),
        cmocka_unit_test(what_is_no_file_is_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
