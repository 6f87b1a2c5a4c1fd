/* The first moment of a database: whoever looks while another process makes its tables sees either an empty file of ours or a
 * ledger, never "another program's". */
#include "store/db.h"
#include "tests/unit.h"
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 120, OPENERS = 6 };

static int open_it(const char *path) {
    Db *db;
    Err e = {""};
    if (db_open(&db, path, DB_WRITE, &e) != 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    db_close(db);
    return 0;
}

static void all_may_open_it_at_once(void **state) {
    (void)state;
    char dir[] = "/tmp/tollwatch-first-XXXXXX", path[64], side[80];
    int bad = 0;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/ledger.db", dir);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < OPENERS; i++)
            if (fork() == 0) _exit(open_it(path));
        for (int i = 0, status; i < OPENERS; i++) bad += wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
        for (size_t i = 0; i < 3; i++) {
            snprintf(side, sizeof side, "%s%s", path, (const char *const[]){"", "-wal", "-shm"}[i]);
            unlink(side);
        }
    }
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(bad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_may_open_it_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
