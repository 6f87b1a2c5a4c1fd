/* test_policy_rescue: the policy file when something is wrong with it: P14, P15 and P7 of store/policy.h. */
#include "tests/policy_lab.h"
#include <errno.h>

static void put_ack(Lab *l, int64_t generation) {
    char dir[128], text[128];
    snprintf(dir, sizeof dir, "%s/acks", l->dir);
    assert_true(mkdir(dir, 0775) == 0 || errno == EEXIST);
    snprintf(text, sizeof text, "{\"generation\":%lld,\"seen_at\":\"2026-11-24T02:12:39Z\"}", (long long)generation);
    put_file(l, "acks/gw.json", text, 0664);
}

/* P14: else a gateway that spoke before would be taken for one that obeys. */
static void a_generation_never_comes_again(void **state) {
    Lab *l = *state;
    set_by(l, &l->alice, -1, "limits.a", "{\"match\":{},\"timeout_ms\":1000}");
    put_ack(l, 41);
    put_file(l, "policy.json", "{ torn", 0664);
    assert_int_equal(kill_by(l, &l->bob, T0, (PolicyStop){.all = true}).generation, 42);
    put_file(l, "policy.json", "{\"schema_version\":1,\"generation\":9223372036854775807}", 0664);
    assert_int_equal(kill_by(l, &l->bob, T0, (PolicyStop){.all = true}).generation, 43);
}

/* P14: gateways keep a file that is gone; a new one without the stop that was in it would end that stop. */
static void a_file_that_is_gone_is_not_begun_anew(void **state) {
    Lab *l = *state;
    PolicyDone done;
    Err e = {0};
    set_by(l, &l->alice, -1, "critical.features", "checkout");
    kill_by(l, &l->alice, T0, (PolicyStop){.reason = "INC-1"});
    assert_int_equal(unlink(l->path), 0);
    PolicyWriter w = writer(l, &l->bob, T0);
    assert_int_equal(policy_guard(&w, NULL, 0, &done, &e), -1);
    assert_non_null(strstr(e.text, "is gone"));
    assert_int_equal(policy_set(&w, "limits.c", "{\"match\":{},\"timeout_ms\":1}", &done, &e), -1);
    done = kill_by(l, &l->bob, T0, (PolicyStop){.reason = "INC-1"});
    assert_int_equal(done.generation, 3);
    assert_non_null(strstr(done.warning, "is gone"));
    json_t *p = load(l);
    assert_int_equal(json_array_size(json_object_get(json_object_get(p, "critical"), "features")), 1);
    json_decref(p);
}

/* P7, P14: the copy is from before the stop. */
static void the_guard_takes_no_copy_that_lacks_what_a_person_did(void **state) {
    static const Budget day = {.id = "org", .scope_dim = -1, .period = UNIT_DAY, .limit_nano = 1, .action = BUDGET_BLOCK};
    PolicyBudget spent = {.budget = &day, .zone = "UTC", .state = BUDGET_EXHAUSTED, .resets_ms = T0 + 60 * MIN};
    Lab *l = *state;
    PolicyDone done;
    Err e = {0};
    PolicyWriter w = writer(l, &l->guard, T0);
    set_by(l, &l->alice, -1, "limits.a", "{\"match\":{},\"timeout_ms\":1000}");
    kill_by(l, &l->alice, T0, (PolicyStop){.all = true});
    put_file(l, "policy.json", "{ torn", 0664);
    assert_int_equal(policy_guard(&w, &spent, 1, &done, &e), -1);
    assert_non_null(strstr(e.text, "budgets wait"));
    kill_by(l, &l->bob, T0, (PolicyStop){.all = true});
    assert_int_equal(policy_guard(&w, &spent, 1, &done, &e), 0);
    put_file(l, "policy.json", "{ torn", 0664);
    assert_int_equal(policy_guard(&w, &spent, 1, &done, &e), 0); /* the copy has the stop */
    json_t *p = load(l);
    assert_true(json_is_true(json_object_get(json_object_get(p, "kill_switch"), "enabled")));
    json_decref(p);
}

/* Strict readers refuse a policy without a switch, so the first one has it whoever writes it. */
static void a_budget_writes_a_switch_that_is_off(void **state) {
    static const Budget day = {.id = "org", .scope_dim = -1, .period = UNIT_DAY, .limit_nano = 1, .action = BUDGET_BLOCK};
    PolicyBudget spent = {.budget = &day, .zone = "UTC", .state = BUDGET_EXHAUSTED, .resets_ms = T0 + 60 * MIN};
    Lab *l = *state;
    PolicyDone done;
    Err e = {0};
    PolicyWriter w = writer(l, &l->guard, T0);
    assert_int_equal(policy_guard(&w, &spent, 1, &done, &e), 0);
    json_t *p = load(l);
    assert_true(json_is_false(json_object_get(json_object_get(p, "kill_switch"), "enabled")));
    json_decref(p);
}

/* Gateways keep the stop that they had when they do not understand the switch; a person's resume ends that. */
static void a_switch_that_makes_no_sense_is_resumed(void **state) {
    Lab *l = *state;
    PolicyView v;
    put_file(l, "policy.json", "{\"schema_version\":1,\"generation\":4,\"kill_switch\":{\"enabled\":\"maybe\",\"expires_at\":7}}", 0664);
    assert_int_equal(resume_by(l, &l->bob, T0).result, POLICY_WRITTEN);
    policy_view(l->path, T0, &v);
    assert_int_equal(v.state, SWITCH_OFF);
    assert_int_equal(v.generation, 5);
}

/* P15 */
static void no_file_is_larger_than_readers_take(void **state) {
    Lab *l = *state;
    PolicyDone done;
    Err e = {0};
    json_t *p = json_pack("{s:i, s:i, s:[]}", "schema_version", 1, "generation", 1, "x"), *back;
    for (int i = 0; i < 300000; i++) json_array_append_new(json_object_get(p, "x"), json_integer(1));
    char *text = json_dumps(p, JSON_COMPACT);
    put_file(l, "policy.json", text, 0664);
    free(text);
    kill_by(l, &l->alice, T0, (PolicyStop){.all = true});
    assert_int_equal(policy_read(l->path, &back, &e), 0);
    json_decref(back);
    for (int i = 0; i < 224150; i++) json_array_append_new(json_object_get(p, "x"), json_integer(1));
    text = json_dumps(p, JSON_COMPACT);
    put_file(l, "policy.json", text, 0664);
    free(text);
    json_decref(p);
    PolicyWriter w = writer(l, &l->bob, T0);
    assert_int_equal(policy_kill(&w, &(PolicyStop){.all = true}, &done, &e), -1);
    assert_non_null(strstr(e.text, "the policy is as it was"));
}

/* P7: the guard ends only what it began, whatever a person calls himself. */
static void nobody_stops_calls_in_the_name_of_a_budget(void **state) {
    Lab *l = *state;
    PolicyDone done;
    Err e = {0};
    Actor mallory = l->alice;
    snprintf(mallory.user, sizeof mallory.user, "budget:org");
    kill_by(l, &mallory, T0, (PolicyStop){.all = true});
    PolicyWriter w = writer(l, &l->bob, T0);
    assert_int_equal(policy_guard(&w, NULL, 0, &done, &e), 0);
    assert_int_equal(done.result, POLICY_UNCHANGED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LAB_TEST(a_generation_never_comes_again),
        LAB_TEST(a_file_that_is_gone_is_not_begun_anew),
        LAB_TEST(the_guard_takes_no_copy_that_lacks_what_a_person_did),
        LAB_TEST(a_budget_writes_a_switch_that_is_off),
        LAB_TEST(a_switch_that_makes_no_sense_is_resumed),
        LAB_TEST(no_file_is_larger_than_readers_take),
        LAB_TEST(nobody_stops_calls_in_the_name_of_a_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
