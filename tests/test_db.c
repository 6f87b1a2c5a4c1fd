/* test_db: opening, modes, schema versions, error lines, and the collector's lock. */
#include "store/data.h"
#include "tests/ledger_lab.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

typedef struct Place {
    char dir[64], path[128];
} Place;

static int setup(void **state) {
    Place *p = xcalloc(1, sizeof *p);
    memcpy(p->dir, "/tmp/tollwatch-db-XXXXXX", 25);
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/ledger.db", p->dir);
    *state = p;
    return 0;
}

static int teardown(void **state) {
    Place *p = *state;
    chmod(p->dir, 0700);
    lab_remove(p->dir);
    free(p);
    return 0;
}

static unsigned mode_of(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static Db *must_open(const char *path, DbMode mode) {
    Db *db;
    Err e = {""};
    OK(e, db_open(&db, path, mode, &e));
    return db;
}

static void must_refuse(const char *path, DbMode mode, const char *word) {
    Db *db = (Db *)1;
    Err e = {""};
    assert_int_equal(db_open(&db, path, mode, &e), -1);
    assert_null(db);
    if (!strstr(e.text, word)) print_error("expected \"%s\" in: %s\n", word, e.text);
    assert_non_null(strstr(e.text, word));
    assert_null(strchr(e.text, '\n'));
}

static void private_folder_gives_private_files(void **state) {
    Place *p = *state;
    umask(0);
    Db *db = must_open(p->path, DB_WRITE);
    char wal[160];
    snprintf(wal, sizeof wal, "%s-wal", p->path);
    assert_int_equal(mode_of(p->path), 0600);
    assert_int_equal(mode_of(wal), 0600);
    db_close(db);
    assert_int_not_equal(access(wal, F_OK), 0); /* nothing is left behind */
}

static void shared_folder_gives_group_readable_files_that_stay(void **state) {
    Place *p = *state;
    umask(077);
    assert_int_equal(chmod(p->dir, 02750), 0);
    db_close(must_open(p->path, DB_WRITE));
    char wal[160];
    snprintf(wal, sizeof wal, "%s-wal", p->path);
    assert_int_equal(mode_of(p->path), 0640);
    assert_int_equal(mode_of(wal), 0640); /* persistent, so that a reader needs no writer */
    umask(022);
}

static void a_link_is_not_followed_where_others_may_write(void **state) {
    Place *p = *state;
    char link[160];
    snprintf(link, sizeof link, "%s/link", p->dir);
    assert_int_equal(symlink(p->path, link), 0);
    chmod(p->dir, 02770);
    must_refuse(link, DB_WRITE, "symbolic link");
    assert_int_not_equal(access(p->path, F_OK), 0);
}

static void a_reader_never_creates(void **state) {
    Place *p = *state;
    must_refuse(p->path, DB_READ, "run `tollwatch collect`");
    assert_int_not_equal(access(p->path, F_OK), 0);
    close(open(p->path, O_CREAT | O_WRONLY, 0600));
    must_refuse(p->path, DB_READ, "still empty");
}

static void a_reader_needs_no_writer_and_cannot_write(void **state) {
    Place *p = *state;
    Err e = {""};
    db_close(must_open(p->path, DB_WRITE));
    Db *db = must_open(p->path, DB_READ);
    assert_int_equal(db_exec(db, "DELETE FROM meta", &e), -1);
    assert_non_null(strstr(e.text, "may not be written"));
    db_close(db);
}

static void a_missing_folder_says_what_to_do(void **state) {
    Place *p = *state;
    char path[160];
    snprintf(path, sizeof path, "%s/none/ledger.db", p->dir);
    must_refuse(path, DB_WRITE, "create it or use --db");
}

static void a_newer_schema_is_refused(void **state) {
    Place *p = *state;
    Err e = {""};
    Db *db = must_open(p->path, DB_WRITE);
    OK(e, db_exec(db, "PRAGMA user_version = 99", &e));
    db_close(db);
    must_refuse(p->path, DB_WRITE, "newer tollwatch (schema 99");
    must_refuse(p->path, DB_READ, "install the newer version");
}

static void an_older_schema_waits_for_a_writer(void **state) {
    Place *p = *state;
    Err e = {""};
    sqlite3 *raw;
    assert_int_equal(sqlite3_open(p->path, &raw), SQLITE_OK);
    sqlite3_exec(raw, "PRAGMA application_id = 0x746f6c6c; PRAGMA user_version = 0; CREATE TABLE x(y)", NULL, NULL, NULL);
    sqlite3_close(raw);
    must_refuse(p->path, DB_READ, "still empty");
    Db *db = must_open(p->path, DB_WRITE);
    OK(e, db_exec(db, "SELECT count(*) FROM request", &e));
    db_close(db);
    db_close(must_open(p->path, DB_READ));
}

/* A ledger as the first version made it, with a budget in it: its rows are kept, what is new is there, and only a writer
 * does it. */
static void a_ledger_of_version_1_is_brought_up_to_date(void **state) {
    Place *p = *state;
    Err e = {""};
    Buf sql = {.max = 1 << 20};
    sqlite3 *raw;
    assert_int_equal(file_read("store/schema.sql", &sql, &e), 0);
    assert_int_equal(sqlite3_open(p->path, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, sql.at, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_exec(raw, "PRAGMA application_id = 0x746f6c6c; PRAGMA user_version = 1;"
                      "INSERT INTO budget_known VALUES('search', 7, 'search', 4, 'UTC');"
                      "INSERT INTO budget_spend VALUES('search', 0, 42, 0)", NULL, NULL, NULL);
    sqlite3_close(raw);
    buf_free(&sql);
    must_refuse(p->path, DB_READ, "has the older schema 1");
    Db *db = must_open(p->path, DB_WRITE);
    OK(e, db_exec(db, "INSERT INTO alert_silence VALUES('burn', '', 1, 'alice')", &e));
    sqlite3_stmt *s = db_prepare(db, "SELECT anchor_day, nano FROM budget_known JOIN budget_spend USING(budget)", &e);
    assert_int_equal(db_step(db, s, "look", &e), 1);
    assert_int_equal(sqlite3_column_int(s, 0), 1);
    assert_int_equal(sqlite3_column_int(s, 1), 42);
    db_close(db);
    db_close(must_open(p->path, DB_READ));
}

static void another_programs_database_is_left_alone(void **state) {
    Place *p = *state;
    sqlite3 *raw;
    assert_int_equal(sqlite3_open(p->path, &raw), SQLITE_OK);
    sqlite3_exec(raw, "CREATE TABLE theirs(x)", NULL, NULL, NULL);
    sqlite3_close(raw);
    must_refuse(p->path, DB_WRITE, "another program's database");
}

static void a_damaged_file_says_so(void **state) {
    Place *p = *state;
    int fd = open(p->path, O_CREAT | O_WRONLY, 0600);
    char junk[8192];
    memset(junk, 'x', sizeof junk);
    assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
    close(fd);
    must_refuse(p->path, DB_WRITE, "damaged or no ledger");
    must_refuse(p->path, DB_READ, "damaged or no ledger");
}

static void a_locked_database_says_so_after_its_patience(void **state) {
    Place *p = *state;
    Err e = {""};
    Db *one = must_open(p->path, DB_WRITE), *two = must_open(p->path, DB_WRITE);
    db_patience(two, 20);
    OK(e, db_begin(one, &e));
    assert_int_equal(db_begin(two, &e), -1);
    assert_non_null(strstr(e.text, "locked by another program"));
    db_rollback(one);
    e = (Err){""};
    OK(e, db_begin(two, &e)); /* nothing is left in the way */
    db_rollback(two);
    db_close(one);
    db_close(two);
}

static void a_full_disk_loses_nothing(void **state) {
    Place *p = *state;
    Err e = {""};
    Db *db = must_open(p->path, DB_WRITE);
    OK(e, db_exec(db, "INSERT INTO meta VALUES('kept', '1'); PRAGMA max_page_count = 1", &e));
    OK(e, db_begin(db, &e));
    assert_int_equal(db_exec(db, "INSERT INTO meta SELECT printf('%0400d', value), 'x' FROM "
                                 "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 500) "
                                 "SELECT value FROM n)", &e), -1);
    assert_non_null(strstr(e.text, "is full; nothing is lost"));
    db_rollback(db);
    e = (Err){""};
    sqlite3_stmt *s = db_prepare(db, "SELECT count(*) FROM meta", &e);
    assert_int_equal(db_step(db, s, "count", &e), 1);
    assert_int_equal(sqlite3_column_int(s, 0), 1);
    sqlite3_reset(s);
    db_close(db);
}

static void a_read_only_file_says_so(void **state) {
    Place *p = *state;
    db_close(must_open(p->path, DB_WRITE));
    if (geteuid() == 0) { /* root may write everything: ask as nobody */
        pid_t child = fork();
        if (child == 0) {
            Db *db;
            Err e = {""};
            chmod(p->dir, 0755);
            chmod(p->path, 0444);
            if (setgid(65534) || setuid(65534)) _exit(9);
            int rc = db_open(&db, p->path, DB_WRITE, &e);
            bool told = rc == -1 && strstr(e.text, "mode"); /* and who only reads: --readonly would not help, a copy does */
            _exit(told && db_open(&db, p->path, DB_READ, (e = (Err){""}, &e)) == -1 && strstr(e.text, "copy it and use --db") ? 0 : 1);
        }
        int status = -1;
        assert_true(waitpid(child, &status, 0) == child && status == 0);
        return;
    }
    chmod(p->path, 0444);
    must_refuse(p->path, DB_WRITE, "mode");
}

static void another_process_is_seen_to_have_committed(void **state) {
    Place *p = *state;
    Err e = {""};
    Db *writer = must_open(p->path, DB_WRITE), *reader = must_open(p->path, DB_READ);
    int64_t before = db_data_version(reader);
    assert_int_equal(db_data_version(reader), before);
    OK(e, db_exec(writer, "INSERT INTO meta VALUES('a', 'b')", &e));
    assert_int_not_equal(db_data_version(reader), before);
    db_close(reader);
    db_close(writer);
}

static void statements_are_reset_when_asked_for_again(void **state) {
    Place *p = *state;
    Err e = {""};
    static const char sql[] = "SELECT ?1";
    Db *db = must_open(p->path, DB_WRITE);
    sqlite3_stmt *s = db_prepare(db, sql, &e);
    sqlite3_bind_int(s, 1, 7);
    assert_int_equal(db_step(db, s, "read", &e), 1);
    sqlite3_stmt *again = db_prepare(db, sql, &e);
    assert_ptr_equal(again, s);
    assert_int_equal(db_step(db, again, "read", &e), 1);
    assert_int_equal(sqlite3_column_type(again, 0), SQLITE_NULL);
    assert_null(db_prepare(db, "SELECT nonsense FROM nowhere", &e));
    assert_non_null(strstr(e.text, "nowhere"));
    db_close(db);
}

/* ---- the collector's role ---- */
static void one_collects_and_others_see_who(void **state) {
    Place *p = *state;
    Err e = {""};
    char who[256], pid[32];
    Role *one, *two;
    db_close(must_open(p->path, DB_WRITE));
    assert_int_equal(role_holder(p->path, who, sizeof who), -1);
    OK(e, role_take(&one, p->path, &e));
    assert_non_null(one);
    OK(e, role_take(&two, p->path, &e));
    assert_null(two);
    assert_int_equal(role_holder(p->path, who, sizeof who), 0);
    snprintf(pid, sizeof pid, " %ld ", (long)getpid());
    assert_non_null(strstr(who, pid));
    role_drop(one);
    assert_int_equal(role_holder(p->path, who, sizeof who), -1);
    OK(e, role_take(&two, p->path, &e));
    assert_non_null(two);
    role_drop(two);
    role_drop(NULL);
}

static void a_dead_collector_is_nobody(void **state) {
    Place *p = *state;
    Err e = {""};
    char who[256], text[512] = "", lock[160];
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        Role *r;
        char c = role_take(&r, p->path, &e) == 0 && r ? 'y' : 'n';
        if (write(ready[1], &c, 1) != 1) _exit(1);
        for (;;) pause();
    }
    char c = 0;
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    assert_int_equal(role_holder(p->path, who, sizeof who), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    snprintf(lock, sizeof lock, "%s/ledger.lock", p->dir);
    int fd = open(lock, O_RDONLY);
    assert_true(read(fd, text, sizeof text - 1) > 0); /* its name is still there, and means nothing */
    close(fd);
    assert_int_equal(role_holder(p->path, who, sizeof who), -1);
    Role *r;
    OK(e, role_take(&r, p->path, &e));
    assert_non_null(r);
    role_drop(r);
    close(ready[0]);
    close(ready[1]);
}

/* Of this database alone, and still known when the collector is gone; who collects stays readable beside it. */
static void the_lock_says_when_its_holder_last_lived(void **state) {
    Place *p = *state;
    Err e = {""};
    char who[256], who_then[256], other[160];
    Role *r;
    snprintf(other, sizeof other, "%s/ledger.db2", p->dir);
    assert_int_equal(role_beat_ms(p->path), 0);
    OK(e, role_take(&r, p->path, &e));
    assert_int_equal(role_beat_ms(p->path), 0);
    assert_int_equal(role_holder(p->path, who, sizeof who), 0);
    OK(e, role_beat(p->path, 1795539395000, &e));
    OK(e, role_beat(p->path, 1795539415000, &e));
    assert_int_equal(role_beat_ms(p->path), 1795539415000);
    assert_int_equal(role_beat_ms(other), 0);
    assert_int_equal(role_holder(p->path, who_then, sizeof who_then), 0);
    assert_string_equal(who_then, who);
    role_drop(r);
    assert_int_equal(role_beat_ms(p->path), 1795539415000);
}

/* By another name it is the same database, with the same lock: two would collect for it. */
static void a_link_to_a_database_has_its_lock(void **state) {
    Place *p = *state;
    Role *r, *second;
    char folder[100], link[140];
    snprintf(link, sizeof link, "%s/other.db", (snprintf(folder, sizeof folder, "%s/elsewhere", p->dir), folder));
    db_close(must_open(p->path, DB_WRITE));
    assert_int_equal(mkdir(folder, 0700) | symlink(p->path, link), 0);
    assert_int_equal(role_take(&r, p->path, NULL) | role_take(&second, link, NULL) | role_beat(p->path, 1795539415000, NULL), 0);
    assert_true(second == NULL && role_beat_ms(link) == 1795539415000);
    role_drop(r);
    assert_int_equal(unlink(link) | rmdir(folder), 0);
}

static void the_lock_is_no_link_and_moves_no_cursor(void **state) {
    Place *p = *state;
    Err e = {""};
    Role *r;
    char lock[160], who[256];
    snprintf(lock, sizeof lock, "%s/ledger.lock", p->dir);
    assert_int_equal(symlink("/tmp/elsewhere", lock), 0);
    assert_int_equal(role_take(&r, p->path, &e), -1);
    assert_null(r);
    unlink(lock);
    int fd = open(lock, O_CREAT | O_RDWR, 0600);
    assert_int_equal(write(fd, "\x1b[2Jhost 1 x\n", 13), 13);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(role_holder(p->path, who, sizeof who), 0);
    assert_string_equal(who, "?[2Jhost 1 x");
    close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(private_folder_gives_private_files),
        CASE(shared_folder_gives_group_readable_files_that_stay),
        CASE(a_link_is_not_followed_where_others_may_write),
        CASE(a_reader_never_creates),
        CASE(a_reader_needs_no_writer_and_cannot_write),
        CASE(a_missing_folder_says_what_to_do),
        CASE(a_newer_schema_is_refused),
        CASE(an_older_schema_waits_for_a_writer), CASE(a_ledger_of_version_1_is_brought_up_to_date),
        CASE(another_programs_database_is_left_alone),
        CASE(a_damaged_file_says_so),
        CASE(a_locked_database_says_so_after_its_patience),
        CASE(a_full_disk_loses_nothing),
        CASE(a_read_only_file_says_so),
        CASE(another_process_is_seen_to_have_committed),
        CASE(statements_are_reset_when_asked_for_again),
        CASE(one_collects_and_others_see_who),
        CASE(a_dead_collector_is_nobody),
        CASE(the_lock_says_when_its_holder_last_lived), CASE(a_link_to_a_database_has_its_lock),
        CASE(the_lock_is_no_link_and_moves_no_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
