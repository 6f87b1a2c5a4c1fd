/* guard_desk: a ledger, a policy file, a guard and a person, for tests of what budgets do. */
#ifndef TESTS_GUARD_DESK_H
#define TESTS_GUARD_DESK_H
#include "collectors/guard.h"
#include "store/data.h"
#include "store/money.h"
#include "store/policy.h"
#include "tests/ledger_lab.h"
#include <jansson.h>

#define DAY MS_PER_DAY
#define HOUR MS_PER_HOUR
#define USD NANO_PER_USD

typedef struct Desk { /* a ledger, a policy file, a guard and people */
    Lab lab;
    char policy[160];
    Budget budgets[3];
    Config config;
    Collecting shared;
    Guard *guard;
    int64_t now, next;
    uint64_t id;
} Desk;

static inline void desk_guard(Desk *d) {
    Err e = {""};
    OK(e, guard_open(&d->guard, &d->shared, &e));
}

static inline int desk_open(void **state) {
    Desk *d = xcalloc(1, sizeof *d);
    d->now = LAB_NOW + HOUR;
    d->budgets[0] = (Budget){.id = "all-day", .scope_dim = -1, .period = UNIT_DAY, .limit_nano = 100 * USD, .warn_permille = {800},
                             .action = BUDGET_KILL};
    d->budgets[1] = (Budget){.id = "search", .scope_dim = DIM_FEATURE, .scope_value = "search", .period = UNIT_HOUR,
                             .limit_nano = 10 * USD, .action = BUDGET_BLOCK};
    d->budgets[2] = (Budget){.id = "soft", .scope_dim = -1, .period = UNIT_DAY, .limit_nano = USD, .action = BUDGET_KILL, .soft = true};
    d->config = (Config){.timezone = "UTC", .budgets = d->budgets, .budget_count = 3};
    lab_open(&d->lab, &(LedgerOptions){.budgets = d->budgets, .budget_count = 3, .now_ms = d->now});
    snprintf(d->policy, sizeof d->policy, "%s/policy.json", d->lab.dir);
    d->shared = (Collecting){.config = &d->config, .db_path = d->lab.path, .policy_path = d->policy};
    desk_guard(d);
    *state = d;
    return 0;
}

static inline int desk_close(void **state) {
    Desk *d = *state;
    static const char *const names[] = {"policy.json", "policy.json.lock", "policy.json.prev", "audit.jsonl", "policy.audit.jsonl",
                                        "policy.json.audit.jsonl", "derived/kill_all", "derived/kill_non_critical"};
    char path[256];
    guard_close(d->guard);
    lab_disconnect(&d->lab);
    batch_free(d->lab.b);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", d->lab.dir, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/derived", d->lab.dir);
    rmdir(path);
    lab_remove(d->lab.dir);
    free(d);
    return 0;
}

static inline void spend_at(Desk *d, int64_t at_ms, const char *feature, int64_t nano) {
    Request *r = lab_add(&d->lab, ++d->id, at_ms);
    r->name[DIM_FEATURE] = lab_name(&d->lab, feature);
    r->cost_nano = nano;
    lab_ingest(&d->lab);
}

static inline void look(Desk *d) {
    Err e = {""};
    OK(e, guard_look(d->guard, d->now, &d->next, &e));
}

static inline PolicyView view(Desk *d) {
    PolicyView v;
    policy_view(d->policy, d->now, &v);
    return v;
}

static inline void budget_state(Desk *d, const char *id, char out[16]) {
    Err e = {""};
    json_t *policy, *b;
    size_t i;
    OK(e, policy_read(d->policy, &policy, &e));
    *out = '\0';
    json_array_foreach(json_object_get(policy, "budgets"), i, b) {
        if (strcmp(json_string_value(json_object_get(b, "id")), id) == 0)
            snprintf(out, 16, "%s", json_string_value(json_object_get(b, "state")));
    }
    json_decref(policy);
}

static inline void must_be(Desk *d, const char *id, const char *state) {
    char is[16];
    budget_state(d, id, is);
    assert_string_equal(is, state);
}

static const Actor alice = {.user = "alice", .login = "alice", .host = "ops-1"};

static inline PolicyWriter person(const Desk *d) {
    return (PolicyWriter){.path = d->policy, .by = &alice, .now_ms = d->now, .seen_generation = -1};
}

static inline void person_kills(Desk *d) {
    Err e = {""};
    PolicyDone done;
    const PolicyWriter w = person(d);
    OK(e, policy_kill(&w, &(PolicyStop){.expires_ms = d->now + HOUR, .reason = "drill", .critical = "checkout"}, &done, &e));
}

static inline void person_resumes(Desk *d) {
    Err e = {""};
    PolicyDone done;
    const PolicyWriter w = person(d);
    OK(e, policy_resume(&w, "seen", &done, &e));
}
#endif
