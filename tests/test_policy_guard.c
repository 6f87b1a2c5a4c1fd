/* test_policy_guard: P7 of store/policy.h: what budgets do to the policy, and that the guard never undoes a person. */
#include "tests/policy_lab.h"

/* ---- P7: the guard ---- */
static const Budget day_kill = {.id = "org", .scope_dim = -1, .period = UNIT_DAY, .limit_nano = 500000000000, .action = BUDGET_KILL};
static const Budget day_block = {.id = "search", .scope_dim = DIM_FEATURE, .scope_value = "search", .period = UNIT_DAY,
                                 .limit_nano = 50000000000, .action = BUDGET_BLOCK};
#define MIDNIGHT (T0 + 22 * 60 * MIN)

static PolicyDone guard_at(const Lab *l, int64_t now_ms, const Budget *b, BudgetState s, int64_t resets_ms) {
    PolicyWriter w = writer(l, &l->guard, now_ms);
    PolicyBudget p = {.budget = b, .zone = "UTC", .state = s, .resets_ms = resets_ms, .spent_nano = b->limit_nano};
    PolicyDone done;
    Err e = {0};
    if (policy_guard(&w, &p, 1, &done, &e) != 0) fail_msg("guard: %s", e.text);
    return done;
}

static bool blocks(const Lab *l, const char *feature, int64_t now_ms) {
    PolicyDecision d;
    json_t *p = load(l);
    policy_decide(p, &(PolicyCall){.feature = feature, .max_tokens = -1, .prompt_bytes = -1, .tools = -1}, now_ms, &d);
    json_decref(p);
    return d.refuse;
}

static void the_guard_blocks_and_latches_until_the_period_ends(void **state) {
    Lab *l = *state;
    assert_int_equal(guard_at(l, T0, &day_block, BUDGET_OK, MIDNIGHT).result, POLICY_WRITTEN);
    assert_int_equal(guard_at(l, T0, &day_block, BUDGET_OK, MIDNIGHT).result, POLICY_UNCHANGED); /* amounts are no reason */
    guard_at(l, T0 + MIN, &day_block, BUDGET_EXHAUSTED, MIDNIGHT);
    assert_true(blocks(l, "search", T0 + MIN));
    assert_false(blocks(l, "chat", T0 + MIN));
    assert_int_equal(guard_at(l, T0 + 2 * MIN, &day_block, BUDGET_EXHAUSTED, MIDNIGHT).result, POLICY_UNCHANGED); /* a restart */
    assert_int_equal(guard_at(l, T0 + 3 * MIN, &day_block, BUDGET_OK, MIDNIGHT).result, POLICY_UNCHANGED);       /* repriced */
    assert_true(blocks(l, "search", T0 + 3 * MIN));
    assert_false(blocks(l, "search", MIDNIGHT)); /* reader's clock */
    guard_at(l, MIDNIGHT, &day_block, BUDGET_OK, MIDNIGHT + 24 * 60 * MIN);
    assert_false(blocks(l, "search", MIDNIGHT));
    /* A person reopens, or raises the limit. */
    guard_at(l, MIDNIGHT, &day_block, BUDGET_EXHAUSTED, MIDNIGHT + 24 * 60 * MIN);
    PolicyWriter w = writer(l, &l->alice, MIDNIGHT + 1);
    PolicyDone done;
    Err e = {0};
    assert_int_equal(policy_set(&w, "budgets.search.state", "ok", &done, &e), 0);
    guard_at(l, MIDNIGHT + MIN, &day_block, BUDGET_EXHAUSTED, MIDNIGHT + 24 * 60 * MIN);
    assert_false(blocks(l, "search", MIDNIGHT + MIN));
    int64_t next = MIDNIGHT + 24 * 60 * MIN;
    guard_at(l, next, &day_block, BUDGET_EXHAUSTED, next + 24 * 60 * MIN);
    assert_true(blocks(l, "search", next)); /* the override ended with its period */
    Budget raised = day_block;
    raised.limit_nano *= 2;
    guard_at(l, next, &raised, BUDGET_WARNING, next + 24 * 60 * MIN);
    assert_false(blocks(l, "search", next));
}

static void the_guard_kills_and_releases_only_its_own(void **state) {
    Lab *l = *state;
    PolicyView v;
    guard_at(l, T0, &day_kill, BUDGET_EXHAUSTED, MIDNIGHT);
    policy_view(l->path, T0, &v);
    assert_int_equal(v.state, SWITCH_NON_CRITICAL);
    assert_string_equal(v.by, "budget:org");
    assert_int_equal(v.expires_at_ms, MIDNIGHT);
    assert_int_equal(guard_at(l, T0 + 1, &day_kill, BUDGET_EXHAUSTED, MIDNIGHT).result, POLICY_UNCHANGED);
    resume_by(l, &l->alice, T0 + MIN); /* a person wants it to go on */
    guard_at(l, T0 + 2 * MIN, &day_kill, BUDGET_EXHAUSTED, MIDNIGHT);
    assert_int_equal(state_at(l, T0 + 2 * MIN), SWITCH_OFF);
    int64_t next = MIDNIGHT + 24 * 60 * MIN;
    guard_at(l, MIDNIGHT, &day_kill, BUDGET_EXHAUSTED, next); /* the next day it may again */
    assert_int_equal(state_at(l, MIDNIGHT), SWITCH_NON_CRITICAL);
    kill_by(l, &l->bob, MIDNIGHT + 1, (PolicyStop){.all = true, .reason = "mine"});
    guard_at(l, next, &day_kill, BUDGET_OK, next + 24 * 60 * MIN); /* not the guard's to release */
    assert_int_equal(state_at(l, next), SWITCH_ALL);
    resume_by(l, &l->bob, next + 1);
    guard_at(l, next + 2, &day_kill, BUDGET_EXHAUSTED, next + 24 * 60 * MIN);
    assert_int_equal(state_at(l, next + 2), SWITCH_NON_CRITICAL);
    Budget gone = day_block;
    guard_at(l, next + 3, &gone, BUDGET_OK, next + 24 * 60 * MIN); /* the killing budget was taken out of the configuration */
    assert_int_equal(state_at(l, next + 3), SWITCH_OFF);
}

static void a_person_before_the_guard_is_left_alone(void **state) {
    Lab *l = *state;
    PolicyView v;
    kill_by(l, &l->alice, T0, (PolicyStop){.expires_ms = T0 + 30 * MIN, .reason = "mine"});
    guard_at(l, T0 + MIN, &day_kill, BUDGET_EXHAUSTED, MIDNIGHT);
    policy_view(l->path, T0 + MIN, &v);
    assert_string_equal(v.by, "alice");
    guard_at(l, T0 + 31 * MIN, &day_kill, BUDGET_EXHAUSTED, MIDNIGHT); /* her stop is over, the budget is still spent */
    policy_view(l->path, T0 + 31 * MIN, &v);
    assert_string_equal(v.by, "budget:org");
}

/* P14 */
static void a_broken_file_keeps_no_spent_budget_from_acting(void **state) {
    Lab *l = *state;
    Err e = {0};
    PolicyDone done;
    guard_at(l, T0, &day_block, BUDGET_OK, MIDNIGHT);
    guard_at(l, T0, &day_block, BUDGET_WARNING, MIDNIGHT); /* so that there is a copy of the one before */
    put_file(l, "policy.json", "{\"schema_version\":1,\"gener", 0664);
    PolicyWriter w = writer(l, &l->guard, T0 + 1);
    PolicyBudget p = {.budget = &day_block, .zone = "UTC", .state = BUDGET_WARNING, .resets_ms = MIDNIGHT};
    assert_int_equal(policy_guard(&w, &p, 1, &done, &e), -1); /* nothing is due: a person is to mend it */
    guard_at(l, T0 + 2, &day_block, BUDGET_EXHAUSTED, MIDNIGHT);
    assert_true(blocks(l, "search", T0 + 2));
    assert_true(has(l, "policy.json.broken"));
}

/* P7: somebody who looks with a ledger and a configuration of his own does not open what the service's budgets closed. */
static void budgets_of_another_ledger_are_left_alone(void **state) {
    Lab *l = *state;
    PolicyDone done;
    PolicyView v;
    Err e = {0};
    PolicyWriter service = writer(l, &l->guard, T0), other = service, moved = service;
    PolicyBudget spent[] = {{.budget = &day_kill, .zone = "UTC", .state = BUDGET_EXHAUSTED, .resets_ms = MIDNIGHT},
                            {.budget = &day_block, .zone = "UTC", .state = BUDGET_EXHAUSTED, .resets_ms = MIDNIGHT}};
    service.ledger = "vm:/var/lib/tollwatch/ledger.db";
    other.ledger = "vm:/home/bob/ledger.db";
    moved.ledger = service.ledger;
    assert_int_equal(policy_guard(&service, spent, 2, &done, &e), 0);
    assert_int_equal(policy_guard(&other, NULL, 0, &done, &e), 0);
    assert_int_equal(done.result, POLICY_UNCHANGED);
    assert_true(blocks(l, "search", T0));
    assert_int_equal(policy_guard(&moved, NULL, 0, &done, &e), 0); /* the service's own configuration has none any more */
    assert_false(blocks(l, "search", T0));
    policy_view(l->path, T0, &v);
    assert_int_equal(v.state, SWITCH_OFF);
}

/* Who calls must not depend on whether a person or a budget stopped the rest. */
static void critical_features_pass_a_budgets_stop(void **state) {
    Lab *l = *state;
    PolicyWriter w = writer(l, &l->guard, T0);
    const PolicyBudget spent = {.budget = &day_kill, .zone = "UTC", .state = BUDGET_EXHAUSTED, .resets_ms = MIDNIGHT, .spent_nano = 1};
    PolicyDone done;
    Err e = {0};
    w.critical = "checkout fraud";
    assert_int_equal(policy_guard(&w, &spent, 1, &done, &e), 0);
    assert_false(blocks(l, "checkout", T0) || blocks(l, "fraud", T0));
    assert_true(blocks(l, "search", T0));
    set_by(l, &l->alice, -1, "critical.features", "[\"search\"]"); /* a person's word stays */
    resume_by(l, &l->alice, T0 + MIN);
    w.now_ms = MIDNIGHT;
    assert_int_equal(policy_guard(&w, &(PolicyBudget){.budget = &day_kill, .zone = "UTC", .state = BUDGET_EXHAUSTED, .resets_ms = 2 * MIDNIGHT - T0, .spent_nano = 1}, 1, &done, &e), 0);
    assert_true(blocks(l, "checkout", MIDNIGHT));
    assert_false(blocks(l, "search", MIDNIGHT));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LAB_TEST(the_guard_blocks_and_latches_until_the_period_ends),
        LAB_TEST(the_guard_kills_and_releases_only_its_own),
        LAB_TEST(a_person_before_the_guard_is_left_alone),
        LAB_TEST(a_broken_file_keeps_no_spent_budget_from_acting),
        LAB_TEST(budgets_of_another_ledger_are_left_alone),
        LAB_TEST(critical_features_pass_a_budgets_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
