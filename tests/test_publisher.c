/* test_publisher: a changed policy reaches the other hosts: also when the first try fails, or a collector ended before it. */
#include "tests/guard_desk.h"
#include "collectors/publish.h"
#include <poll.h>

static void start(Desk *d, Stop **stop, Worker **w) {
    Err e = {""};
    *stop = stop_new();
    OK(e, worker_start(w, &publisher_worker, &d->shared, *stop, &e));
}

static void end(Stop *stop, Worker *w) {
    stop_set(stop);
    worker_join(w);
    stop_free(stop);
}

static int runs(const char *file) {
    struct stat st;
    return stat(file, &st) == 0 ? (int)st.st_size : 0; /* a byte a run */
}

static bool wait_runs(const char *file, int wanted) {
    for (int64_t until = clock_monotonic_ms() + 8000; clock_monotonic_ms() < until; poll(NULL, 0, 10))
        if (runs(file) >= wanted) return true;
    return false;
}

static void what_did_not_arrive_is_published_again(void **state) {
    Desk *d = *state;
    char tries[200], arrived[220];
    Stop *stop;
    Worker *w;
    d->shared.fixed_now_ms = d->now;
    snprintf(tries, sizeof tries, "%s/tries", d->lab.dir);
    snprintf(arrived, sizeof arrived, "%s/arrived", d->lab.dir);
    snprintf(d->config.publish, sizeof d->config.publish, "printf x >> %s; test $(wc -c < %s) -ge 2 && printf x >> %s", tries, tries, arrived);
    person_kills(d); /* before anybody collects, and nobody published it */
    start(d, &stop, &w);
    assert_true(wait_runs(arrived, 1));
    assert_int_equal(runs(tries), 2); /* the first failed */
    end(stop, w);
    PolicyEvent last[2];
    size_t count;
    Err e = {""};
    OK(e, policy_history(d->policy, last, 2, &count, &e));
    assert_string_equal(last[0].action, "publish");
    assert_string_equal(last[0].outcome, "done");
    unlink(tries);
    unlink(arrived);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(what_did_not_arrive_is_published_again, desk_open, desk_close)};
    return cmocka_run_group_tests_name("publisher", tests, NULL, NULL);
}
