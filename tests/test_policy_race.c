/* test_policy_race: P2 P3 P5 P6 of store/policy.h: two people and the guard, three processes, 10,000 rounds on one file. */
#include "tests/policy_lab.h"

static const Budget day_block = {.id = "search", .scope_dim = DIM_FEATURE, .scope_value = "search", .period = UNIT_DAY,
                                 .limit_nano = 50000000000, .action = BUDGET_BLOCK};
#define MIDNIGHT (T0 + 22 * 60 * MIN)

/* ---- P2 P3 P5: races of processes ---- */
enum { ROUNDS = 3334 };

static int person_rounds(const Lab *l, const char *at) { /* reads, adds one, writes with what it saw; again after a conflict */
    PolicyWriter w = writer(l, &l->alice, T0);
    for (int done_rounds = 0; done_rounds < ROUNDS;) {
        PolicyView v;
        PolicyDone done;
        char value[32];
        Err e = {0};
        json_t *p = NULL;
        policy_view(l->path, T0, &v);
        if (v.state == SWITCH_UNKNOWN || policy_read(l->path, &p, &e) != 0) return 1; /* P3: a torn read */
        int64_t n = 0;
        json_t *limits = json_object_get(p, "limits");
        w.seen_generation = json_integer_value(json_object_get(p, "generation"));
        for (size_t i = 0; i < json_array_size(limits); i++) n += json_integer_value(json_object_get(json_array_get(limits, i), "timeout_ms"));
        json_decref(p);
        snprintf(value, sizeof value, "%lld", (long long)n + 1);
        if (policy_set(&w, at, value, &done, &e) != 0) return 2;
        done_rounds += done.result == POLICY_WRITTEN;
    }
    return 0;
}

static int guard_rounds(const Lab *l) {
    PolicyWriter w = writer(l, &l->guard, T0);
    for (int i = 0; i < ROUNDS; i++) {
        PolicyBudget p = {.budget = &day_block, .zone = "UTC", .state = BUDGET_EXHAUSTED, .resets_ms = MIDNIGHT + i * MIN};
        PolicyDone done;
        Err e = {0};
        if (policy_guard(&w, &p, 1, &done, &e) != 0 || done.result != POLICY_WRITTEN) return 3;
        if (i % 100 == 0 && policy_kill(&w, &(PolicyStop){.all = true}, &done, &e) != 0) return 4;
        if (i % 100 == 0 && done.result != POLICY_WRITTEN) return 5; /* P6 */
    }
    return 0;
}

static void no_update_is_lost(void **state) {
    Lab *l = *state;
    pid_t child[3];
    set_by(l, &l->alice, -1, "limits.n", "{\"match\":{},\"timeout_ms\":1}");
    for (int i = 0; i < 3; i++) {
        child[i] = fork();
        if (child[i] == 0) _exit(i < 2 ? person_rounds(l, "limits.n.timeout_ms") : guard_rounds(l));
    }
    for (int i = 0; i < 3; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    json_t *p = load(l);
    const json_t *limit = json_array_get(json_object_get(p, "limits"), 0);
    assert_int_equal(json_integer_value(json_object_get(limit, "timeout_ms")), 1 + 2 * ROUNDS);
    assert_int_equal(json_integer_value(json_object_get(p, "generation")), 1 + 3 * ROUNDS + (ROUNDS + 99) / 100);
    json_decref(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LAB_TEST(no_update_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
