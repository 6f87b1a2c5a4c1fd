/* test_policy_watch: whoever waits for the policy file wakes for it, and for nothing else in its folder. */
#include "collectors/policy_watch.h"
#include "tests/ledger_lab.h"
#include <fcntl.h>
#include <poll.h>

typedef struct Stage {
    char dir[64], folder[96], policy[128], other[128];
    PolicyWatch *watch;
} Stage;

static void write_file(const char *path) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs("{}", f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state) {
    Stage *s = xcalloc(1, sizeof *s);
    memcpy(s->dir, "/tmp/tollwatch-pw-XXXXXX", 25);
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->folder, sizeof s->folder, "%s/policy", s->dir);
    snprintf(s->policy, sizeof s->policy, "%s/policy.json", s->folder);
    snprintf(s->other, sizeof s->other, "%s/policy.json.lock", s->folder);
    *state = s;
    return 0;
}

static int teardown(void **state) {
    Stage *s = *state;
    policy_watch_close(s->watch);
    unlink(s->policy);
    unlink(s->other);
    rmdir(s->folder);
    rmdir(s->dir);
    free(s);
    return 0;
}

static bool wakes(Stage *s) {
    struct pollfd p = {.fd = policy_watch_fd(s->watch), .events = POLLIN};
    return poll(&p, 1, 2000) == 1;
}

static void replaced_edited_or_gone(void **state) {
    Stage *s = *state;
    assert_int_equal(mkdir(s->folder, 0700), 0);
    s->watch = policy_watch_open(s->policy);
    assert_true(policy_watch_works(s->watch));
    assert_false(policy_watch_changed(s->watch));
    write_file(s->other);
    assert_true(wakes(s));
    assert_false(policy_watch_changed(s->watch)); /* a neighbour */
    assert_int_equal(rename(s->other, s->policy), 0);
    assert_true(wakes(s));
    assert_true(policy_watch_changed(s->watch));
    write_file(s->policy);
    assert_true(policy_watch_changed(s->watch));
    unlink(s->policy);
    assert_true(policy_watch_changed(s->watch));
    assert_false(policy_watch_changed(s->watch));
}

/* It may hold the file already when it is seen for the first time, and when another took its place. */
static void a_folder_that_comes_goes_and_comes(void **state) {
    Stage *s = *state;
    s->watch = policy_watch_open(s->policy);
    assert_false(policy_watch_works(s->watch));
    assert_false(policy_watch_changed(s->watch));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mkdir(s->folder, 0700), 0);
        write_file(s->policy);
        assert_true(policy_watch_changed(s->watch));
        assert_true(policy_watch_works(s->watch));
        assert_false(policy_watch_changed(s->watch));
        unlink(s->policy);
        rmdir(s->folder);
        assert_true(policy_watch_changed(s->watch));
        assert_false(policy_watch_works(s->watch));
    }
    policy_watch_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replaced_edited_or_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_comes_goes_and_comes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
