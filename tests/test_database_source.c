/* test_database_source: databases as sources: rows once each, updates merged, other people's files left as they are, and
 * what is wrong told in one line. The databases are made here; the follower's clock is turned by hand. */
#include "collectors/database_source.h"
#include "collectors/rows.h"
#include "tests/follow_lab.h"
#include <sqlite3.h>
#include <sys/time.h>
#include <sys/wait.h>

static const char bifrost[] = "CREATE TABLE logs(id varchar(255) PRIMARY KEY, timestamp datetime, provider text, model text, status text,"
                              "token_usage text, stream numeric, payload blob)";

typedef struct DbLab {
    Lab *lab;
    sqlite3 *owner;
    char path[256];
} DbLab;

static void sql(const DbLab *d, const char *text) {
    char *why = NULL;
    if (sqlite3_exec(d->owner, text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", text, why);
}

static DbLab *db_lab(const char *schema) {
    DbLab *d = xcalloc(1, sizeof *d);
    d->lab = lab_new((const char *const[]){"logs.db", NULL});
    d->lab->source[0].format[0] = '\0';
    d->lab->type = &database_worker;
    lab_path(d->lab, "logs.db", d->path);
    assert_int_equal(sqlite3_open(d->path, &d->owner), SQLITE_OK);
    if (*schema) sql(d, schema);
    return d;
}

static void db_free(DbLab *d) {
    sqlite3_close(d->owner);
    lab_free(d->lab);
    free(d);
}

/* A call in progress, or one with so many tokens. */
static void row(const DbLab *d, int id, const char *status, int tokens) {
    char text[512];
    snprintf(text, sizeof text, "INSERT OR REPLACE INTO logs(rowid, id, timestamp, provider, model, status, token_usage, payload) VALUES "
             "(%d, 'c%d', '2026-11-24 11:00:%02d+00:00', 'openai', 'gpt-4o', '%s', '{\"prompt_tokens\":%d,\"completion_tokens\":0,\"total_tokens\":%d}', x'00ff')",
             id, id, id % 60, status, tokens, tokens);
    sql(d, text);
}

static void agrees(const DbLab *d, int64_t requests, int64_t tokens) {
    lab_pass(d->lab, 1000);
    Totals t = lab_totals(d->lab);
    assert_int_equal(t.requests, requests);
    assert_int_equal(t.tokens[TOK_INPUT], tokens);
}

static bool beside(const DbLab *d, const char *ending) {
    char path[300];
    snprintf(path, sizeof path, "%s%s", d->path, ending);
    return access(path, F_OK) == 0;
}

/* L1: a row that is updated after it was read is one call, with what it grew to; a restart neither loses nor doubles. */
static void rows_are_followed_updated_and_survive_a_restart(void **state) {
    (void)state;
    DbLab *d = db_lab(bifrost);
    row(d, 1, "success", 10);
    row(d, 2, "processing", 0);
    lab_start(d->lab);
    agrees(d, 1, 10);
    row(d, 2, "success", 20);
    agrees(d, 2, 30);
    lab_stop(d->lab);
    row(d, 3, "success", 40);
    row(d, 4, "error", 0);
    lab_start(d->lab);
    agrees(d, 4, 70);
    assert_string_equal(lab_source(d->lab, 0).state, "ok");
    db_free(d);
}

/* Row numbers of a table without an integer key may change: all is read again, and nothing twice. */
static void renumbered_rows_are_read_again(void **state) {
    (void)state;
    DbLab *d = db_lab(bifrost);
    for (int i = 1; i <= 700; i++) row(d, 100000 + i, "success", 1);
    lab_start(d->lab);
    agrees(d, 700, 700);
    sql(d, "DELETE FROM logs WHERE rowid <= 100100; UPDATE logs SET rowid = rowid - 100100");
    sql(d, "UPDATE logs SET token_usage = '{\"prompt_tokens\":5,\"completion_tokens\":0,\"total_tokens\":5}' WHERE rowid = 600");
    row(d, 200000, "success", 9);
    agrees(d, 701, 699 + 5 + 9);
    db_free(d);
}

/* In WAL mode the owner's rows are seen before they are copied back; with the owner away nothing appears beside its file. */
static void other_peoples_files_stay_as_they_are(void **state) {
    (void)state;
    DbLab *d = db_lab(bifrost);
    sql(d, "PRAGMA journal_mode = WAL");
    row(d, 1, "success", 10);
    sqlite3_close(d->owner);
    assert_false(beside(d, "-wal"));
    lab_start(d->lab);
    agrees(d, 1, 10);
    assert_false(beside(d, "-wal"));
    assert_false(beside(d, "-shm"));
    assert_int_equal(sqlite3_open(d->path, &d->owner), SQLITE_OK);
    row(d, 2, "success", 20);
    assert_true(beside(d, "-wal"));
    agrees(d, 2, 30);
    row(d, 3, "success", 40);
    agrees(d, 3, 70);
    db_free(d);
}

static void told(const DbLab *d, const char *word) {
    lab_pass(d->lab, 2000);
    SourceView v = lab_source(d->lab, 0);
    if (!strstr(v.last_word, word)) fail_msg("\"%s\" instead of \"%s\"", v.last_word, word);
}

static void what_is_wrong_is_one_line_and_mends_itself(void **state) {
    (void)state;
    DbLab *d = db_lab("CREATE TABLE other(a)");
    lab_start(d->lab);
    told(d, "without a table that a format knows");
    sql(d, "DROP TABLE other");
    sql(d, bifrost);
    row(d, 1, "success", 10);
    sql(d, "INSERT INTO logs(id, timestamp, provider, model, status, token_usage) VALUES ('bad', 'soon', 'openai', 'gpt-4o', 'success', '{\"prompt_tokens\":1}')");
    lab_pass(d->lab, 10000);
    agrees(d, 1, 10);
    assert_string_equal(lab_source(d->lab, 0).state, "watch");
    sql(d, "BEGIN EXCLUSIVE");
    row(d, 2, "success", 20);
    told(d, "line "); /* while it is locked what was known stays */
    sql(d, "COMMIT");
    lab_pass(d->lab, 10000);
    agrees(d, 2, 30);
    db_free(d);
}

/* Columns are found by their names; the one that is missing is named. */
static void a_missing_column_is_named(void **state) {
    (void)state;
    DbLab *d = db_lab("CREATE TABLE logs(id text, timestamp text, provider text, model text, status text)");
    const Format *f;
    Rows *r;
    Err e = {0};
    assert_int_equal(rows_open(&r, d->path, d->lab->formats, "bifrost", &f, &e), -1);
    assert_non_null(strstr(e.text, "no column \"token_usage\""));
    db_free(d);
}

/* The newest rows are read again at each look; one that is wrong is counted once. */
static void a_wrong_row_is_counted_once(void **state) {
    (void)state;
    DbLab *d = db_lab(bifrost);
    row(d, 1, "success", 10);
    sql(d, "INSERT INTO logs(id, timestamp, provider, model, status, token_usage) VALUES ('bad', 'soon', 'openai', 'gpt-4o', 'success', '{\"prompt_tokens\":1}')");
    lab_start(d->lab);
    for (int id = 2; id < 6; id++) {
        row(d, id + 10, "success", 10);
        agrees(d, id, 10 * id);
    }
    assert_int_equal(lab_source(d->lab, 0).bad_lines, 1);
    db_free(d);
}

/* Reads until it is all read or the alarm, which nobody handles, ends the process where it stands. */
static void read_until_killed(DbLab *d, int after_us) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = after_us}}, NULL);
        lab_start(d->lab);
        for (int i = 0; i < 8; i++) lab_pass(d->lab, 1000);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/* L1: whoever dies within a pass loses nothing and doubles nothing. */
static void a_killed_reader_loses_and_doubles_nothing(void **state) {
    (void)state;
    enum { ROWS = 6000 };
    DbLab *d = db_lab(bifrost);
    sql(d, "BEGIN");
    for (int id = 1; id <= ROWS; id++) row(d, id, "success", 1);
    sql(d, "COMMIT");
    for (int after_us = 2000; after_us < 100000; after_us *= 3) read_until_killed(d, after_us);
    lab_start(d->lab);
    for (int i = 0; i < 10; i++) lab_pass(d->lab, 1000);
    agrees(d, ROWS, ROWS);
    db_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_followed_updated_and_survive_a_restart),
        cmocka_unit_test(renumbered_rows_are_read_again),
        cmocka_unit_test(other_peoples_files_stay_as_they_are),
        cmocka_unit_test(what_is_wrong_is_one_line_and_mends_itself),
        cmocka_unit_test(a_missing_column_is_named),
        cmocka_unit_test(a_wrong_row_is_counted_once),
        cmocka_unit_test(a_killed_reader_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
