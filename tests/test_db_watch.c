/* A commit by another connection is learnt of: by an event within milliseconds, and by looking where there are none. */
#include "store/db_watch.h"
#include "store/clock.h"
#include "tests/unit.h"
#include <poll.h>
#include <unistd.h>

static char dir[64], path[96];
static Db *writer, *reader;
static DbWatch *watch;

static void must(int rc, const Err *e) {
    if (rc != 0) fail_msg("%s", e->text);
}

static int setup(void **s) {
    (void)s;
    Err e = {""};
    snprintf(dir, sizeof dir, "/tmp/tollwatch-watch-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/ledger.db", dir);
    must(db_open(&writer, path, DB_WRITE, &e), &e);
    must(db_open(&reader, path, DB_READ, &e), &e);
    watch = dbwatch_open(reader);
    return 0;
}

static int teardown(void **s) {
    (void)s;
    char file[128];
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    dbwatch_close(watch);
    db_close(reader);
    db_close(writer);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(file, sizeof file, "%s%s", path, ends[i]);
        unlink(file);
    }
    snprintf(file, sizeof file, "%s/ledger.lock", dir);
    unlink(file);
    rmdir(dir);
    return 0;
}

static void commit(const char *value) {
    Err e = {""};
    sqlite3_stmt *st = db_prepare(writer, "INSERT OR REPLACE INTO meta(key, value) VALUES ('test', ?1)", &e);
    assert_non_null(st);
    sqlite3_bind_text(st, 1, value, -1, SQLITE_STATIC);
    assert_int_equal(db_step(writer, st, "write", &e), 0);
    sqlite3_reset(st);
}

/* As the event loop does: wait for the event or the time it asks for, look, until it says that something changed. */
static bool learns_within(int ms) {
    int64_t end = clock_monotonic_ms() + ms;
    for (int64_t now; (now = clock_monotonic_ms()) < end;) {
        int64_t due = dbwatch_due_ms(watch);
        struct pollfd p = {.fd = dbwatch_fd(watch), .events = POLLIN};
        int wait = (int)((due < end ? due : end) - now);
        poll(&p, 1, wait > 0 ? wait : 0);
        now = clock_monotonic_ms();
        if (p.revents) dbwatch_event(watch, now);
        if (now >= dbwatch_due_ms(watch) && dbwatch_look(watch, now)) return true;
    }
    return false;
}

static void a_commit_is_an_event(void **s) {
    (void)s;
    assert_true(dbwatch_fd(watch) >= 0);
    for (int i = 0; i < 5; i++) {
        commit(i % 2 ? "odd" : "even");
        assert_true(learns_within(2000));
        assert_false(dbwatch_look(watch, clock_monotonic_ms())); /* once */
    }
}

static void without_events_a_look_finds_it(void **s) {
    (void)s;
    assert_int_equal(dbwatch_due_ms(watch), INT64_MAX);
    assert_false(dbwatch_look(watch, 1000));
    commit("x");
    assert_true(dbwatch_look(watch, 2000));
    assert_false(dbwatch_look(watch, 3000));
}

/* An event can come before the commit is visible: it is looked again 2 and 20 ms later, then there is no need. */
static void an_event_asks_for_two_looks(void **s) {
    (void)s;
    commit("x");
    assert_true(dbwatch_look(watch, 900));
    dbwatch_event(watch, 1000);
    assert_int_equal(dbwatch_due_ms(watch), 1002);
    assert_false(dbwatch_look(watch, 1002));
    assert_int_equal(dbwatch_due_ms(watch), 1020);
    assert_false(dbwatch_look(watch, 1025));
    assert_int_equal(dbwatch_due_ms(watch), INT64_MAX);
    dbwatch_event(watch, 1100); /* there is none any more */
    assert_int_equal(dbwatch_due_ms(watch), INT64_MAX);
    dbwatch_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_is_an_event, setup, teardown),
        cmocka_unit_test_setup_teardown(without_events_a_look_finds_it, setup, teardown),
        cmocka_unit_test_setup_teardown(an_event_asks_for_two_looks, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
