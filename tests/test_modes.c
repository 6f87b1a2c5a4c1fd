/* test_modes: every file we make has the mode that its folder and its database say, whatever the umask was, also after a chmod. */
#include "store/data.h"
#include "store/db.h"
#include "tests/unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Place { char dir[64], path[96]; } Place;
static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.lock", "m.prom", "view"};

static int setup(void **state) {
    Place *p = calloc(1, sizeof *p);
    snprintf(p->dir, sizeof p->dir, "/tmp/tollwatch-modes-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/ledger.db", p->dir);
    *state = p;
    return 0;
}

static int teardown(void **state) {
    Place *p = *state;
    char path[160];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) snprintf(path, sizeof path, "%s/%s", p->dir, names[i]), unlink(path);
    umask(022);
    rmdir(p->dir);
    free(p);
    return 0;
}

static void has_mode(const Place *p, const char *name, unsigned mode) {
    char path[160];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", p->dir, name);
    if (stat(path, &st) != 0) fail_msg("%s is not there", path);
    if ((st.st_mode & 07777) != mode) fail_msg("%s has mode %o, not %o", path, (unsigned)st.st_mode & 07777, mode);
}

static void have_mode(const Place *p, unsigned mode) {
    for (int i = 0; i < 4; i++) has_mode(p, names[i], mode);
}

static void the_umask_decides_nothing(void **state) {
    Place *p = *state;
    Err e = {0};
    static const mode_t masks[] = {0, 027, 077};
    char path[160];
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        Db *db;
        Role *r;
        umask(masks[i]);
        assert_int_equal(chmod(p->dir, i == 1 ? 02750 : 0700), 0);
        assert_int_equal(db_open(&db, p->path, DB_WRITE, &e) | role_take(&r, p->path, &e), 0);
        have_mode(p, i == 1 ? 0640 : 0600);
        snprintf(path, sizeof path, "%s/m.prom", p->dir);
        assert_int_equal(file_write(path, "x", 1, &e), 0);
        has_mode(p, "m.prom", 0644); /* for a node exporter of another user */
        snprintf(path, sizeof path, "%s/view", p->dir);
        assert_int_equal(file_write_private(path, "x", 1, &e), 0);
        has_mode(p, "view", 0600);
        role_drop(r);
        db_close(db);
        for (int k = 0; k < 4; k++) snprintf(path, sizeof path, "%s/%s", p->dir, names[k]), unlink(path);
    }
}

/* An administrator opens a ledger for a group while it is collected, and closes it again: with the next beat all follows. */
static void a_chmod_is_followed(void **state) {
    Place *p = *state;
    Err e = {0};
    Db *db;
    Role *r;
    umask(077);
    assert_int_equal(db_open(&db, p->path, DB_WRITE, &e) | role_take(&r, p->path, &e), 0);
    static const mode_t modes[] = {0640, 0644, 0600};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(p->path, modes[i]), 0);
        db_follow_mode(p->path);
        assert_int_equal(role_beat(p->path, 1795539395000, &e), 0);
        have_mode(p, modes[i]);
    }
    role_drop(r);
    assert_int_equal(chmod(p->path, 0640), 0);
    assert_int_equal(role_take(&r, p->path, &e), 0); /* the next collector, too */
    has_mode(p, "ledger.lock", 0640);
    role_drop(r);
    db_close(db);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {CASE(the_umask_decides_nothing), CASE(a_chmod_is_followed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
