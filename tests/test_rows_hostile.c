/* test_rows_hostile: a database with any bytes changed is read or refused in a sentence: no crash, no end that never comes. */
#include "collectors/rows.h"
#include "tests/unit.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

enum { DAMAGES = 400, READS_MAX = 2000, FILE_MAX = 1 << 17 };

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static size_t make_database(const char *path, unsigned char *bytes) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE logs(id varchar(255) PRIMARY KEY, timestamp datetime, provider text, model text, status text, token_usage text, stream numeric);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO logs SELECT 'c' || i, '2026-11-24 11:00:00+00:00', 'openai', 'gpt-4o', 'success',"
        " '{\"prompt_tokens\":10,\"completion_tokens\":1,\"total_tokens\":11}', 0 FROM n", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, bytes, FILE_MAX);
    close(fd);
    assert_true(n > 4096 && n < FILE_MAX);
    return (size_t)n;
}

static void damage(unsigned char *bytes, size_t len, uint32_t *seed) {
    for (uint32_t n = 1 + next_random(seed) % 24; n; n--) {
        size_t within = next_random(seed) % 3 ? 200 : len; /* mostly the header, where it hurts */
        bytes[16 + next_random(seed) % (within - 16)] = (unsigned char)next_random(seed);
    }
}

/* How many of the file's reads gave bytes. */
static int read_all(const char *path, const Formats *formats) {
    const Format *f;
    Rows *r;
    Err e = {0};
    char bytes[4096];
    int reads = 0;
    if (rows_open(&r, path, formats, "", &f, &e) != 0) return assert_true(e.text[0]), 0;
    rows_start(r, 0, 0);
    for (ssize_t n; (n = rows_read(r, bytes, sizeof bytes, &e)) != 0; reads++) {
        if (n < 0) assert_true(e.text[0]);
        if (n < 0) break;
        assert_true(reads < READS_MAX);
    }
    rows_close(r);
    return reads;
}

static void damaged_databases_end_in_a_sentence(void **state) {
    (void)state;
    char dir[] = "/tmp/tollwatch-rows-XXXXXX", path[64];
    unsigned char *whole = xcalloc(1, FILE_MAX), *bytes = xcalloc(1, FILE_MAX);
    Formats *formats;
    Err e = {0};
    uint32_t seed = 7;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/logs.db", dir);
    assert_int_equal(formats_load(&formats, NULL, &e), 0);
    size_t len = make_database(path, whole);
    assert_true(read_all(path, formats) > 0);
    for (int i = 0; i < DAMAGES; i++) {
        memcpy(bytes, whole, len);
        damage(bytes, len, &seed);
        size_t keep = next_random(&seed) % 4 ? len : 100 + next_random(&seed) % (len - 100);
        int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);
        assert_true(write(fd, bytes, keep) == (ssize_t)keep);
        close(fd);
        if (rows_is_database(path)) read_all(path, formats);
    }
    formats_free(formats);
    unlink(path);
    rmdir(dir);
    free(whole);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(damaged_databases_end_in_a_sentence)};
    return cmocka_run_group_tests_name("rows_hostile", tests, NULL, NULL);
}
