/* test_guard_worker: the guard beside other writers and as a worker on the real clock: it sees commits, and undoes nobody. */
#include "tests/guard_desk.h"
#include <poll.h>
#include <sys/wait.h>

/* ---- two writers at once ---- */
/* Waiting for one's turn is no failure: the guard looks again. */
static void look_if_free(Desk *d) {
    Err e = {""};
    if (guard_look(d->guard, d->now, &d->next, &e) != 0 && !strstr(e.text, "is held by another writer")) fail_msg("%s", e.text);
}

/* A person stops and resumes while the guard changes states as fast as it can: no word of the person's is lost. */
static void people_and_the_guard_write_at_once(void **state) {
    Desk *d = *state;
    enum { ROUNDS = 200 };
    look(d);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const PolicyWriter w = person(d);
        PolicyDone done;
        Err e = {""};
        int bad = 0;
        for (int i = 0; i < ROUNDS; i++) {
            char reason[32];
            snprintf(reason, sizeof reason, "round %d", i);
            bad |= policy_kill(&w, &(PolicyStop){.all = true, .reason = reason, .critical = ""}, &done, &e);
            bad |= done.result != POLICY_WRITTEN;
            PolicyView v;
            policy_view(d->policy, d->now, &v);
            bad |= v.state != SWITCH_ALL || strcmp(v.reason, reason) != 0; /* the guard left it alone */
        }
        _exit(bad != 0);
    }
    int status = 0, looks = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        spend_at(d, d->now, "search", 6 * USD);
        look_if_free(d);
        d->now += HOUR; /* a new hour each time: the state of the search budget changes all the time */
        spend_at(d, d->now, "search", 11 * USD);
        look_if_free(d);
        looks++;
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(looks > 0);
}

/* ---- as a worker ---- */
static bool wait_for(Desk *d, SwitchState wanted, int64_t ms) {
    for (int64_t until = clock_monotonic_ms() + ms; clock_monotonic_ms() < until;) {
        if (view(d).state == wanted) return true;
        poll(NULL, 0, 2);
    }
    return false;
}

/* From the commit to the policy file, also while somebody commits all the time. */
static void the_worker_acts_on_a_commit(void **state) {
    Desk *d = *state;
    Err e = {""};
    Stop *stop = stop_new();
    Worker *w;
    d->shared.fixed_now_ms = d->now;
    OK(e, worker_start(&w, &guard_worker, &d->shared, stop, &e));
    assert_true(wait_for(d, SWITCH_OFF, 5000));
    for (int i = 0; i < 50; i++) spend_at(d, LAB_NOW - DAY - i, "chat", USD);
    spend_at(d, d->now, "chat", 100 * USD);
    assert_true(wait_for(d, SWITCH_NON_CRITICAL, 5000));
    stop_set(stop);
    worker_join(w);
    stop_free(stop);
}

/* G6 */
static void flags_of_a_stop_that_is_over_go(void **state) {
    Desk *d = *state;
    Err e = {""};
    char flag[256];
    snprintf(flag, sizeof flag, "%s/derived/kill_non_critical", d->lab.dir);
    person_kills(d);
    assert_int_equal(access(flag, F_OK), 0);
    Stop *stop = stop_new();
    Worker *w;
    d->shared.fixed_now_ms = d->now + HOUR;
    OK(e, worker_start(&w, &guard_worker, &d->shared, stop, &e));
    int64_t until = clock_monotonic_ms() + 5000;
    while (access(flag, F_OK) == 0 && clock_monotonic_ms() < until) poll(NULL, 0, 5);
    stop_set(stop);
    worker_join(w);
    stop_free(stop);
    assert_int_equal(access(flag, F_OK), -1);
}

/* P13: as after a writer that was killed between the policy and its flags. */
static void flags_that_are_out_of_step_are_set_again(void **state) {
    Desk *d = *state;
    Err e = {""};
    char flag[256];
    snprintf(flag, sizeof flag, "%s/derived/kill_non_critical", d->lab.dir);
    person_kills(d);
    assert_int_equal(unlink(flag), 0);
    Stop *stop = stop_new();
    Worker *w;
    d->shared.fixed_now_ms = d->now;
    OK(e, worker_start(&w, &guard_worker, &d->shared, stop, &e));
    int64_t until = clock_monotonic_ms() + 5000;
    while (access(flag, F_OK) != 0 && clock_monotonic_ms() < until) poll(NULL, 0, 5);
    stop_set(stop);
    worker_join(w);
    stop_free(stop);
    assert_int_equal(access(flag, F_OK), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(people_and_the_guard_write_at_once),
        CASE(the_worker_acts_on_a_commit),
        CASE(flags_of_a_stop_that_is_over_go),
        CASE(flags_that_are_out_of_step_are_set_again),
    };
    return cmocka_run_group_tests_name("guard_worker", tests, NULL, NULL);
}
