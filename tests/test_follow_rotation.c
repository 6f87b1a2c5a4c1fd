/* test_follow_rotation: every manner in which logs are rotated, copied, packed, cut and replaced: nothing is lost while
 * somebody still holds the old file, and what comes back under another name is known. Each manner is tried with the
 * follower watching, and with it stopped meanwhile. */
#include "tests/follow_lab.h"

typedef struct Case {
    const char *name;
    void (*rotate)(Lab *lab, int old_fd); /* may write more through the old descriptor */
} Case;

static void refill(Lab *lab, int lines) {
    lab_append(lab, "a.jsonl", lines);
}

/* Cut to nothing and written from the start, as copytruncate and programs that reopen with O_TRUNC leave it. */
static void overwrite(Lab *lab, int lines) {
    close(lab_open_file(lab, "a.jsonl", O_WRONLY | O_TRUNC));
    refill(lab, lines);
}

static void by_rename(Lab *lab, int old_fd) {
    lab_rename(lab, "a.jsonl", "a.jsonl.1");
    lab_write_line(lab, old_fd);
    refill(lab, 2);
    lab_settle(lab);
    lab_write_line(lab, old_fd);
}

static void by_rename_to_a_name_of_no_source(Lab *lab, int old_fd) {
    lab_settle(lab); /* it is open: held after it is gone */
    lab_rename(lab, "a.jsonl", "old");
    refill(lab, 2);
    if (!lab->follow) lab_rename(lab, "old", "a.jsonl.1");
    if (!lab->follow) return; /* nobody saw where it was */
    lab_write_line(lab, old_fd);
    lab_settle(lab);
    lab_write_line(lab, old_fd);
    lab_pass(lab, 1000);
    lab_write_line(lab, old_fd);
}

static void by_copy_and_truncate(Lab *lab, int old_fd) {
    lab_write_line(lab, old_fd);
    lab_copy(lab, "a.jsonl", "a.jsonl.1");
    overwrite(lab, 2);
}

static void by_copy_and_regrowth_to_the_same_size(Lab *lab, int old_fd) {
    char bytes[1 << 16];
    size_t old = lab_read_file(lab, "a.jsonl", bytes, sizeof bytes);
    (void)old_fd;
    lab_copy(lab, "a.jsonl", "a.jsonl-20261124");
    overwrite(lab, 4);
    assert_int_equal(lab_read_file(lab, "a.jsonl", bytes, sizeof bytes), old);
}

static void by_copy_and_regrowth_to_more(Lab *lab, int old_fd) {
    (void)old_fd;
    lab_copy(lab, "a.jsonl", "a.jsonl.1");
    overwrite(lab, 50);
}

static void by_delete(Lab *lab, int old_fd) {
    if (lab->follow) lab_write_line(lab, old_fd);
    lab_settle(lab);
    lab_unlink(lab, "a.jsonl");
    if (lab->follow) lab_write_line(lab, old_fd); /* whoever holds it may go on, and so do we */
    lab_settle(lab);
    refill(lab, 3);
}

static void by_date(Lab *lab, int old_fd) {
    lab_write_line(lab, old_fd);
    lab_append(lab, "a-2026-11-25.jsonl", 3);
    lab_write_line(lab, old_fd);
}

static void by_gzip(Lab *lab, int old_fd) {
    lab_write_line(lab, old_fd);
    lab_rename(lab, "a.jsonl", "a.jsonl.1");
    refill(lab, 2);
    lab_settle(lab);
    lab_gzip(lab, "a.jsonl.1", "a.jsonl.1.gz");
    lab_age(lab, "a.jsonl.1.gz", 10);
    lab_unlink(lab, "a.jsonl.1");
}

static void by_a_shift_of_generations(Lab *lab, int old_fd) {
    for (int i = 0; i < 3; i++) {
        char from[32], to[32];
        for (int g = i; g >= 1; g--) {
            snprintf(from, sizeof from, "a.jsonl.%d", g);
            snprintf(to, sizeof to, "a.jsonl.%d", g + 1);
            lab_rename(lab, from, to);
        }
        lab_rename(lab, "a.jsonl", "a.jsonl.1");
        refill(lab, 1 + i);
        if (i == 1) lab_settle(lab);
    }
    lab_write_line(lab, old_fd);
}

/* An inode is given out again at once: only the content tells that it is another file. */
static void by_reuse_of_its_inode(Lab *lab, int old_fd) {
    (void)old_fd;
    overwrite(lab, 6); /* the same inode, the same or a greater size, other content */
    if (!lab->follow) return; /* nobody read it */
    lab_settle(lab);
    overwrite(lab, 7);
}

/* The same first line, so the same fingerprint, and then something else. */
static void by_beginning_the_same_way(Lab *lab, int old_fd) {
    char bytes[1 << 16];
    (void)old_fd;
    lab_read_file(lab, "a.jsonl", bytes, sizeof bytes);
    int fd = lab_open_file(lab, "a.jsonl", O_WRONLY | O_TRUNC);
    lab_write_fd(fd, bytes, (size_t)(strchr(bytes, '\n') - bytes) + 1);
    lab->lines += 100; /* shorter lines would end elsewhere */
    for (int i = 0; i < 7; i++) lab_write_line(lab, fd);
    close(fd);
}

static void by_replacement(Lab *lab, int old_fd) {
    lab_append(lab, "new", 5);
    lab_rename(lab, "new", "a.jsonl");
    if (lab->follow) lab_write_line(lab, old_fd);
}

static const Case cases[] = {
    {"rename", by_rename}, {"rename away", by_rename_to_a_name_of_no_source}, {"copy, truncate", by_copy_and_truncate},
    {"regrown to the same size", by_copy_and_regrowth_to_the_same_size}, {"regrown to more", by_copy_and_regrowth_to_more},
    {"delete", by_delete}, {"date", by_date}, {"gzip", by_gzip}, {"generations", by_a_shift_of_generations},
    {"inode", by_reuse_of_its_inode}, {"same beginning", by_beginning_the_same_way}, {"replacement", by_replacement},
};

static void rotate(const Case *c, bool stopped, bool polling, bool idle) {
    Lab *lab = lab_new((const char *const[]){idle ? "a.jsonl" : "a*.jsonl", NULL}); /* rotated forms fit both */
    lab->c.polling = polling;
    lab_append(lab, "a.jsonl", 4);
    int old_fd = lab_open_file(lab, "a.jsonl", O_WRONLY | O_APPEND);
    lab_start(lab);
    lab_settle(lab);
    if (idle) lab_pass(lab, 30000);
    if (stopped) lab_stop(lab);
    c->rotate(lab, old_fd);
    if (stopped) lab_start(lab);
    lab_pass(lab, 3000);
    lab_agrees(lab);
    refill(lab, 2);
    lab_pass(lab, 20000);
    lab_agrees(lab);
    lab_stop(lab);
    lab_start(lab);
    lab_pass(lab, 1000);
    lab_agrees(lab);
    if (lab_source(lab, 0).bad_lines) fail_msg("%s: bad lines", c->name);
    close(old_fd);
    lab_free(lab);
}

static void each(bool stopped, bool polling, bool idle) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("# %s\n", cases[i].name);
        if (polling && (cases[i].rotate == by_rename_to_a_name_of_no_source || cases[i].rotate == by_reuse_of_its_inode)) continue;
        rotate(&cases[i], stopped, polling, idle);
    }
}

static void rotated_while_it_watches(void **state) {
    (void)state;
    each(false, false, false);
    each(false, false, true);
}

static void rotated_while_it_polls(void **state) {
    (void)state;
    each(false, true, false);
}

static void rotated_while_it_is_stopped(void **state) {
    (void)state;
    each(true, false, false);
}

/* A copy of what is known, plain or packed, adds only what the original does not have. */
static void copies_are_known(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *const[]){"*.jsonl", NULL});
    lab_append(lab, "a.jsonl", 10);
    lab_start(lab);
    lab_settle(lab);
    lab_copy(lab, "a.jsonl", "b.jsonl");
    lab_gzip(lab, "a.jsonl", "c.jsonl.gz");
    lab_age(lab, "c.jsonl.gz", 10);
    lab_pass(lab, 3000);
    lab_agrees(lab);
    lab_append(lab, "b.jsonl", 1);
    lab_pass(lab, 1000);
    lab_agrees(lab);
    lab_stop(lab);
    lab_copy(lab, "b.jsonl", "d.jsonl");
    lab_start(lab);
    lab_settle(lab);
    lab_agrees(lab);
    assert_int_equal(lab_source(lab, 0).files, 4);
    lab_free(lab);
}

/* A packed file that is still being written is waited for, and is no error. */
static void a_growing_packed_file_is_waited_for(void **state) {
    (void)state;
    static char bytes[1 << 16];
    Lab *lab = lab_new((const char *const[]){"*.jsonl", NULL});
    lab_append(lab, "a.txt", 20);
    lab_gzip(lab, "a.txt", "a.txt.gz");
    size_t n = lab_read_file(lab, "a.txt.gz", bytes, sizeof bytes);
    lab_start(lab);
    int fd = lab_open_file(lab, "a.jsonl.1.gz", O_WRONLY | O_CREAT);
    for (size_t at = 0; at < n; at += 100) {
        lab_write_fd(fd, bytes + at, n - at < 100 ? n - at : 100);
        lab_pass(lab, 100);
        assert_string_not_equal(lab_source(lab, 0).state, "error");
    }
    close(fd);
    lab_age(lab, "a.jsonl.1.gz", 10);
    lab_pass(lab, 3000);
    lab_agrees(lab);
    lab_free(lab);
}

/* F3: the name that rotation gives it is followed, and the old descriptor let go in the end. */
static void what_is_gone_is_let_go(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *const[]){"a.jsonl", NULL});
    lab_append(lab, "a.jsonl", 2);
    lab_start(lab);
    lab_settle(lab);
    lab_agrees(lab); /* SQLite keeps a descriptor of a closed connection while there is another */
    size_t before = lab_open_files();
    for (int i = 0; i < 5; i++) {
        lab_unlink(lab, "a.jsonl");
        lab_append(lab, "a.jsonl", 2);
        lab_pass(lab, 30000);
        lab_agrees(lab);
    }
    assert_int_equal(lab_open_files(), before);
    assert_string_equal(lab_source(lab, 0).state, "ok");
    assert_string_equal(lab_source(lab, 0).last_word, "following 1 file");
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotated_while_it_watches),
        cmocka_unit_test(rotated_while_it_polls),
        cmocka_unit_test(rotated_while_it_is_stopped),
        cmocka_unit_test(copies_are_known),
        cmocka_unit_test(a_growing_packed_file_is_waited_for),
        cmocka_unit_test(what_is_gone_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
