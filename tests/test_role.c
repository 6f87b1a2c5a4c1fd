/* The collector's role is one database's: a second ledger in the same folder has a collector of its own. */
#include "tests/unit.h"
#include "store/db.h"
#include <unistd.h>

static void each_database_in_a_folder_has_its_own_lock(void **state) {
    (void)state;
    static const char *const names[] = {"ledger.db", "own.db", "own.sqlite"};
    enum { NAMES = sizeof names / sizeof *names };
    char dir[] = "/tmp/tollwatch-role.XXXXXX", path[NAMES][64], lock[64], who[256];
    Role *r[NAMES];
    Err e = {""};
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < NAMES; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", dir, names[i]);
        assert_int_equal(role_holder(path[i], who, sizeof who), -1);
        assert_int_equal(role_take(&r[i], path[i], &e), 0);
        assert_non_null(r[i]);
        assert_int_equal(role_holder(path[i], who, sizeof who), 0);
    }
    for (size_t i = 0; i < NAMES; i++) role_drop(r[i]);
    static const char *const locks[] = {"ledger.lock", "own.lock", "own.sqlite.lock"};
    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
        snprintf(lock, sizeof lock, "%s/%s", dir, locks[i]);
        assert_int_equal(unlink(lock), 0);
    }
    assert_int_equal(rmdir(dir), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_database_in_a_folder_has_its_own_lock)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
