/* test_policy: the door that writes the policy file: invariants P5 to P14 of store/policy.h by their numbers. */
#include "tests/policy_lab.h"

/* ---- P5 P6: generations and conflicts ---- */
static void a_change_conflicts_only_in_its_own_section(void **state) {
    Lab *l = *state;
    int64_t g1 = set_by(l, &l->alice, -1, "limits.a", "{\"match\":{},\"timeout_ms\":1000}").generation;
    int64_t g2 = set_by(l, &l->bob, g1, "cache.faq", "{\"match\":{},\"ttl_seconds\":60}").generation;
    assert_int_equal(g1, 1);
    assert_int_equal(g2, 2);
    assert_int_equal(set_by(l, &l->alice, g1, "limits.a.timeout_ms", "2000").result, POLICY_WRITTEN); /* bob changed another one */
    PolicyDone late = set_by(l, &l->bob, g2, "limits.a.timeout_ms", "3000");
    assert_int_equal(late.result, POLICY_CONFLICT);
    assert_non_null(strstr(late.conflict, "by alice"));
    assert_int_equal(late.generation, 3);
    json_t *p = load(l);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(p, "limits"), 0), "timeout_ms")), 2000);
    json_decref(p);
    PolicyWriter w = writer(l, &l->bob, T0);
    w.seen_generation = 0;
    PolicyDone done;
    Err e = {0};
    assert_int_equal(policy_kill(&w, &(PolicyStop){.all = true}, &done, &e), 0); /* P6 */
    assert_int_equal(done.result, POLICY_WRITTEN);
    w.seen_generation = 3;
    assert_int_equal(policy_resume(&w, "", &done, &e), 0);
    assert_int_equal(done.result, POLICY_CONFLICT); /* resumes what he did not see */
    assert_int_equal(state_at(l, T0), SWITCH_ALL);
    assert_int_equal(set_by(l, &l->alice, -1, "limits.a.timeout_ms", "2000").result, POLICY_UNCHANGED);
}

/* ---- P8: what we do not know stays ---- */
static void unknown_keys_are_kept(void **state) {
    Lab *l = *state;
    put_file(l, "policy.json", "{\"schema_version\":1,\"generation\":7,\"future\":{\"x\":[1,null]},\"kill_switch\":{\"enabled\":false,"
                               "\"scope\":\"all\",\"colour\":\"red\"},\"limits\":[{\"id\":\"a\",\"match\":{},\"timeout_ms\":5,\"shape\":\"round\"}]}", 0664);
    assert_int_equal(kill_by(l, &l->alice, T0, (PolicyStop){.reason = "x"}).generation, 8);
    set_by(l, &l->alice, -1, "limits.a.timeout_ms", "9");
    json_t *p = load(l), *expect = json_loads("{\"x\":[1,null]}", 0, NULL);
    assert_true(json_equal(json_object_get(p, "future"), expect));
    assert_string_equal(json_string_value(json_object_get(json_object_get(p, "kill_switch"), "colour")), "red");
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(p, "limits"), 0), "shape")), "round");
    json_decref(expect);
    json_decref(p);
}

/* ---- P9: attacks ---- */
static void refused(const Lab *l, const char *what) {
    PolicyWriter w = writer(l, &l->alice, T0);
    PolicyDone done;
    Err e = {0};
    if (policy_set(&w, "limits.a", "{\"match\":{},\"timeout_ms\":1}", &done, &e) == 0) fail_msg("was not refused: %s", what);
    if (!strstr(e.text, what)) fail_msg("\"%s\" does not tell: %s", e.text, what);
}

static void links_and_open_modes_are_refused(void **state) {
    Lab *l = *state;
    char path[160], big[160];
    put_file(l, "victim", "{\"schema_version\":1,\"generation\":1}", 0644);
    snprintf(path, sizeof path, "%s/victim", l->dir);
    assert_int_equal(symlink(path, l->path), 0);
    refused(l, "symbolic link");
    assert_int_equal(kill_by(l, &l->alice, T0, (PolicyStop){.all = true}).result, POLICY_WRITTEN); /* the link goes, not its target */
    struct stat st;
    assert_int_equal(lstat(l->path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    put_file(l, "policy.json", "{\"schema_version\":1,\"generation\":1}", 0666);
    refused(l, "everybody may write it");
    unlink(l->path);
    assert_int_equal(mkfifo(l->path, 0600), 0);
    refused(l, "policy.json");
    unlink(l->path);
    put_file(l, "policy.json", "", 0644);
    assert_int_equal(truncate(l->path, (1 << 20) + 1), 0);
    refused(l, "1 MiB");
    unlink(l->path);
    snprintf(big, sizeof big, "%s/policy.json.lock", l->dir);
    unlink(big);
    assert_int_equal(symlink(path, big), 0);
    refused(l, "lock");
    unlink(big);
    assert_int_equal(chmod(l->dir, 0777), 0);
    refused(l, "chmod o-w");
    assert_int_equal(chmod(l->dir, 0700), 0);
}

/* ---- P10 ---- */
static void modes_do_not_follow_the_umask(void **state) {
    Lab *l = *state;
    struct stat st;
    mode_t old = umask(0077);
    kill_by(l, &l->alice, T0, (PolicyStop){.all = true});
    umask(old);
    assert_int_equal(stat(l->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0664);
}

/* ---- P11: the trail ---- */
static char seen_outcome[4][64];
static size_t seen_count;
static int64_t file_generation_then[4];
static void witness(void *ctx, const PolicyEvent *v) {
    PolicyView view;
    if (seen_count == 4) return;
    policy_view(ctx, T0, &view);
    file_generation_then[seen_count] = view.generation;
    snprintf(seen_outcome[seen_count++], sizeof seen_outcome[0], "%.60s", v->outcome);
}

static void the_trail_is_written_before_and_after(void **state) {
    Lab *l = *state;
    PolicyEvent events[8];
    size_t count;
    Err e = {0};
    kill_by(l, &l->alice, T0, (PolicyStop){.all = true, .reason = "agent \x1b loop"});
    PolicyWriter w = writer(l, &l->bob, T0 + 1);
    PolicyDone done;
    w.witness = witness, w.ctx = l->path;
    seen_count = 0;
    assert_int_equal(policy_resume(&w, "over", &done, &e), 0);
    assert_int_equal(seen_count, 2);
    assert_string_equal(seen_outcome[0], "intended");
    assert_int_equal(file_generation_then[0], 1);
    assert_string_equal(seen_outcome[1], "written");
    assert_int_equal(file_generation_then[1], 2);
    assert_int_equal(policy_history(l->path, events, 8, &count, &e), 0);
    assert_int_equal(count, 2);
    assert_string_equal(events[0].user, "bob");
    assert_string_equal(events[0].reason, "over");
    assert_string_equal(events[1].reason, "agent ? loop");
    assert_string_equal(events[1].outcome, "written");
    /* A trail that cannot be written keeps nobody from stopping calls. */
    char trail[128];
    snprintf(trail, sizeof trail, "%s/policy.audit.jsonl", l->dir);
    unlink(trail);
    assert_int_equal(mkdir(trail, 0700), 0);
    done = kill_by(l, &l->alice, T0, (PolicyStop){.all = true});
    assert_int_equal(done.result, POLICY_WRITTEN);
    assert_non_null(strstr(done.warning, "audit trail"));
    rmdir(trail);
}

/* ---- P12 P13 ---- */
static void a_stop_ends_by_the_clock_and_its_flags_by_a_sync(void **state) {
    Lab *l = *state;
    Err e = {0};
    kill_by(l, &l->alice, T0, (PolicyStop){.expires_ms = T0 + 30 * MIN, .critical = "checkout fraud"});
    assert_int_equal(state_at(l, T0 + 30 * MIN - 1), SWITCH_NON_CRITICAL);
    assert_int_equal(state_at(l, T0 + 30 * MIN), SWITCH_EXPIRED);
    assert_true(has(l, "derived/kill_non_critical") && !has(l, "derived/kill_all"));
    assert_int_equal(policy_flags_sync(l->path, T0 + 30 * MIN - 1, &e), 0);
    assert_true(has(l, "derived/kill_non_critical"));
    assert_int_equal(policy_flags_sync(l->path, T0 + 30 * MIN, &e), 0);
    assert_false(has(l, "derived/kill_non_critical"));
    kill_by(l, &l->alice, T0, (PolicyStop){.all = true});
    assert_true(has(l, "derived/kill_non_critical") && has(l, "derived/kill_all"));
    resume_by(l, &l->bob, T0);
    assert_false(has(l, "derived/kill_non_critical") || has(l, "derived/kill_all"));
}

/* ---- P14: a broken file ---- */
static void a_broken_file_keeps_nobody_from_stopping_calls(void **state) {
    Lab *l = *state;
    PolicyDone done;
    Err e = {0};
    set_by(l, &l->alice, -1, "limits.a", "{\"match\":{},\"timeout_ms\":1000}");
    set_by(l, &l->alice, -1, "limits.b", "{\"match\":{},\"timeout_ms\":2000}");
    put_file(l, "policy.json", "{\"schema_version\":1,\"gener", 0664);
    PolicyWriter w = writer(l, &l->bob, T0);
    assert_int_equal(policy_set(&w, "limits.c", "{\"match\":{},\"timeout_ms\":1}", &done, &e), -1);
    assert_non_null(strstr(e.text, "policy.json:1:"));
    done = kill_by(l, &l->bob, T0, (PolicyStop){.all = true});
    assert_int_equal(done.result, POLICY_WRITTEN);
    assert_non_null(strstr(done.warning, "policy.json:1:"));
    assert_true(has(l, "policy.json.broken"));
    json_t *p = load(l);
    assert_int_equal(json_array_size(json_object_get(p, "limits")), 1); /* the last good copy */
    assert_int_equal(json_integer_value(json_object_get(p, "generation")), 3); /* 2 was written before */
    json_decref(p);
    put_file(l, "policy.json", "{\"schema_version\":2,\"generation\":9}", 0664);
    e = (Err){0};
    assert_int_equal(policy_kill(&w, &(PolicyStop){.all = true}, &done, &e), -1); /* not broken: newer */
    assert_non_null(strstr(e.text, "update tollwatch"));
}

static void a_writer_that_holds_the_lock_is_named(void **state) {
    Lab *l = *state;
    char lock[128];
    PolicyDone done;
    Err e = {0};
    PolicyWriter w = writer(l, &l->alice, T0);
    snprintf(lock, sizeof lock, "%s/policy.json.lock", l->dir);
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    w.patience_ms = 50;
    assert_int_equal(policy_kill(&w, &(PolicyStop){.all = true}, &done, &e), -1);
    assert_non_null(strstr(e.text, "fuser"));
    close(fd);
}

/* ---- acknowledgements ---- */
static void acknowledgements_tell_who_obeys(void **state) {
    Lab *l = *state;
    char dir[128];
    const char *configured[] = {"gw1", "gw9"};
    PolicyAck acks[8];
    size_t count;
    Err e = {0};
    assert_int_equal(policy_acks(l->path, configured, 2, 3, T0, acks, 8, &count, &e), 0);
    assert_int_equal(count, 2);
    snprintf(dir, sizeof dir, "%s/acks", l->dir);
    assert_int_equal(mkdir(dir, 0775), 0);
    put_file(l, "acks/gw1.json", "{\"gateway\":\"gw1\",\"host\":\"h\\u001b\",\"workers\":2,\"generation\":3,\"applied_at\":\"2026-11-24T02:12:00Z\",\"seen_at\":\"2026-11-24T02:12:30Z\"}", 0664);
    put_file(l, "acks/gw2.json", "{\"generation\":2,\"seen_at\":\"2026-11-24T02:12:39Z\"}", 0664);
    put_file(l, "acks/gw3.json", "{\"generation\":3,\"seen_at\":\"2026-11-24T02:12:09Z\"}", 0664);
    put_file(l, "acks/gw4.json", "{\"generation\":3,\"seen_at\":\"2026-11-22T02:12:09Z\"}", 0664); /* forgotten after 24 h */
    put_file(l, "acks/gw5.json", "{\"generation\":", 0664);
    put_file(l, "acks/.gw6.json", "{\"generation\":3,\"seen_at\":\"2026-11-24T02:12:39Z\"}", 0664); /* being written */
    assert_int_equal(policy_acks(l->path, configured, 2, 3, T0, acks, 8, &count, &e), 0);
    static const struct { const char *id; AckState state; } want[] = {{"gw1", ACK_OBEYED}, {"gw2", ACK_BEHIND}, {"gw3", ACK_UNKNOWN}, {"gw9", ACK_UNKNOWN}};
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(acks[i].id, want[i].id);
        assert_int_equal(acks[i].state, want[i].state);
    }
    assert_string_equal(acks[0].host, "h?");
}

/* ---- set, validate ---- */
static void set_says_what_is_wrong(void **state) {
    Lab *l = *state;
    static const struct { const char *at, *value, *says; } cases[] = {
        {"limits.a", "{\"match\":{\"featur\":\"x\"},\"timeout_ms\":1}", "limits[0].match.featur: no condition"},
        {"limits.a", "{\"match\":{},\"max_output_tokens\":-1}", "limits[0].max_output_tokens: must be a whole number above 0"},
        {"limits.a.on_exceed", "explode", "must be one of: clamp reject"},
        {"limits.a", "7", "give an object"},
        {"limitz.a", "{}", "did you mean \"limits\""},
        {"kill_switch.enabled", "true", "tollwatch kill"},
        {"generation", "9", "name a key inside a section"},
        {"section_generation.x", "1", "no section"},
        {"routing.rules.r", "{\"match\":{},\"set_tier\":\"gold\"}", "there is no tier \"gold\""},
        {"cache.c", "{\"match\":{\"percent\":101},\"ttl_seconds\":5}", "from 0 to 100"},
        {"critical.features", "\xff", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PolicyWriter w = writer(l, &l->alice, T0);
        PolicyDone done;
        Err e = {0};
        int rc = policy_set(&w, cases[i].at, cases[i].value, &done, &e);
        if (rc == 0 || !strstr(e.text, cases[i].says)) fail_msg("%s = %s: %d \"%s\"", cases[i].at, cases[i].value, rc, e.text);
    }
    assert_false(has(l, "policy.json")); /* nothing of that was written */
    set_by(l, &l->alice, -1, "routing.tiers.economy", "gpt-4.1-nano");
    set_by(l, &l->alice, -1, "routing.rules.\"a.b\"", "{\"match\":{\"feature\":[\"x\",\"y*\"]},\"set_tier\":\"economy\"}");
    set_by(l, &l->alice, -1, "critical.features", "checkout fraud");
    set_by(l, &l->alice, -1, "routing.rules.\"a.b\"", "null");
    json_t *p = load(l);
    assert_int_equal(json_array_size(json_object_get(json_object_get(p, "routing"), "rules")), 0);
    assert_int_equal(json_array_size(json_object_get(json_object_get(p, "critical"), "features")), 2);
    json_decref(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LAB_TEST(a_change_conflicts_only_in_its_own_section),
        LAB_TEST(unknown_keys_are_kept),
        LAB_TEST(links_and_open_modes_are_refused),
        LAB_TEST(modes_do_not_follow_the_umask),
        LAB_TEST(the_trail_is_written_before_and_after),
        LAB_TEST(a_stop_ends_by_the_clock_and_its_flags_by_a_sync),
        LAB_TEST(a_broken_file_keeps_nobody_from_stopping_calls),
        LAB_TEST(a_writer_that_holds_the_lock_is_named),
        LAB_TEST(acknowledgements_tell_who_obeys),
        LAB_TEST(set_says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
