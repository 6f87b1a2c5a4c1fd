/* test_disk_full: a disk that fills up at any moment of an import, a purge or of following costs one clear line and
 * nothing else: no row is lost or doubled, and when there is space again it goes on. Also a clock that is set back.
 *
 * The disk is SQLite's own door to the system, which says ENOSPC when so many bytes were written: no root is needed. */
#include "store/ledger.h"
#include "tests/follow_lab.h"
#include <errno.h>
#include <sqlite3.h>

enum { LINES = 3000 };

static struct Disk {
    int64_t left; /* bytes that may still be written; files that shrink give nothing back */
} disk = {INT64_MAX};

static bool fits(size_t len) {
    if (disk.left < (int64_t)len) return errno = ENOSPC, false;
    disk.left -= (int64_t)len;
    return true;
}

static ssize_t disk_write(int fd, const void *at, size_t len) {
    return fits(len) ? write(fd, at, len) : -1;
}

static ssize_t disk_pwrite(int fd, const void *at, size_t len, off_t where) {
    return fits(len) ? pwrite(fd, at, len, where) : -1;
}

/* Whatever of them this SQLite was built to use. */
static int put_disk(void **state) {
    (void)state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    const struct { const char *name; sqlite3_syscall_ptr call; } calls[] = {
        {"write", (sqlite3_syscall_ptr)disk_write}, {"pwrite", (sqlite3_syscall_ptr)disk_pwrite}, {"pwrite64", (sqlite3_syscall_ptr)disk_pwrite}};
    int put = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) put += vfs->xSetSystemCall(vfs, calls[i].name, calls[i].call) == SQLITE_OK;
    return put ? 0 : -1;
}

static void assert_one_clear_line(const Err *e) {
    if (!strstr(e->text, "is full; nothing is lost") && !strstr(e->text, "No space left")) fail_msg("not clear: \"%s\"", e->text);
    assert_null(strchr(e->text, '\n'));
}

static Lab *lab_with_log(int lines) {
    static const char *const patterns[] = {"logs/*.jsonl", NULL};
    Lab *lab = lab_new(patterns);
    lab_mkdir(lab, "logs");
    if (lines) lab_append(lab, "logs/a.jsonl", lines);
    return lab;
}

static int import(const Lab *lab, Err *e) {
    char path[256];
    const char *one = lab_path(lab, "logs/a.jsonl", path);
    ImportOptions o = {.config = lab->config, .db_path = lab->db, .format = "gateway", .now_ms = LAB_NOW};
    ImportSummary sum;
    return import_files(&o, &one, 1, &sum, NULL, e);
}

static Ledger *open_ledger(const Lab *lab, Db **db, int64_t now_ms) {
    Ledger *l;
    Err e = {0};
    LedgerOptions o = {.now_ms = now_ms};
    assert_int_equal(db_open(db, lab->db, DB_WRITE, &e), 0);
    assert_int_equal(ledger_open(&l, *db, &o, &e), 0);
    return l;
}

static void verify(const Lab *lab) {
    Db *db;
    Err e = {0};
    Ledger *l = open_ledger(lab, &db, LAB_NOW);
    assert_int_equal(ledger_verify(l, &e), 0);
    ledger_close(l);
    db_close(db);
}

static void an_import_goes_on_when_there_is_space(void **state) {
    (void)state;
    int failures = 0;
    for (int64_t space = 4 << 10; space < 2 << 20; space *= 3) {
        Lab *lab = lab_with_log(LINES);
        Err e = {0};
        disk.left = space;
        if (import(lab, &e) != 0) failures++, assert_one_clear_line(&e);
        disk.left = INT64_MAX;
        e = (Err){0};
        assert_int_equal(import(lab, &e), 0);
        lab_agrees(lab);
        verify(lab);
        lab_free(lab);
    }
    assert_true(failures >= 3);
}

/* Steps until nothing is left to do; a step that fails is made again, as its worker does. */
static int follow_for(Lab *lab, int steps) {
    int failures = 0;
    for (int i = 0; i < steps; i++) {
        Err e = {0};
        if (lab->type->step(lab->follow, &lab->next, &e) != 0) failures++, assert_one_clear_line(&e);
        lab->steady_ms += 250;
    }
    return failures;
}

static void following_goes_on_when_there_is_space(void **state) {
    (void)state;
    int waited = 0;
    for (int64_t space = 0; space < 200 << 10; space += 61 << 10) {
        Lab *lab = lab_with_log(100);
        lab_start(lab);
        lab_pass(lab, 2000);
        lab_agrees(lab);
        disk.left = space;
        lab_append(lab, "logs/a.jsonl", LINES / 3);
        lab_append(lab, "logs/b.jsonl", LINES / 3);
        follow_for(lab, 40);
        waited += lab_totals(lab).requests < lab->requests;
        disk.left = INT64_MAX;
        assert_int_equal(follow_for(lab, 40), 0);
        lab_agrees(lab);
        assert_string_equal(lab_source(lab, 0).state, "ok");
        lab_stop(lab);
        verify(lab);
        lab_free(lab);
    }
    assert_true(waited >= 2);
}

static void a_purge_goes_on_when_there_is_space(void **state) {
    (void)state;
    int failures = 0;
    for (int64_t space = 0; space < 300 << 10; space += 91 << 10) {
        Lab *lab = lab_with_log(LINES);
        Err e = {0};
        Db *db;
        assert_int_equal(import(lab, &e), 0);
        Ledger *l = open_ledger(lab, &db, LAB_NOW + 60 * MS_PER_DAY);
        bool more = true;
        disk.left = space;
        while (more && ledger_purge(l, 35, &more, &e) == 0) {}
        if (*e.text) failures++, assert_one_clear_line(&e);
        lab_agrees(lab);
        disk.left = INT64_MAX;
        e = (Err){0};
        for (more = true; more;) assert_int_equal(ledger_purge(l, 35, &more, &e), 0);
        ledger_close(l);
        db_close(db);
        lab_agrees(lab);
        lab_free(lab);
    }
    assert_true(failures >= 2);
}

/* An hour back: what is written meanwhile is read and stored all the same, and once. */
static void a_clock_set_back_loses_nothing(void **state) {
    (void)state;
    Lab *lab = lab_with_log(100);
    lab_start(lab);
    lab_pass(lab, 2000);
    lab->c.fixed_now_ms = LAB_NOW - MS_PER_HOUR;
    lab_append(lab, "logs/a.jsonl", 100);
    lab_age(lab, "logs/a.jsonl", 3600);
    lab_pass(lab, 11000);
    lab_append(lab, "logs/new.jsonl", 50);
    lab_age(lab, "logs/new.jsonl", 7200);
    lab_pass(lab, 11000);
    lab_agrees(lab);
    lab_stop(lab);
    lab_start(lab);
    lab->c.fixed_now_ms = LAB_NOW;
    lab_append(lab, "logs/a.jsonl", 10);
    lab_pass(lab, 11000);
    lab_agrees(lab);
    lab_stop(lab);
    verify(lab);
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_import_goes_on_when_there_is_space), cmocka_unit_test(following_goes_on_when_there_is_space),
        cmocka_unit_test(a_purge_goes_on_when_there_is_space), cmocka_unit_test(a_clock_set_back_loses_nothing),
    };
    return cmocka_run_group_tests(tests, put_disk, NULL);
}
