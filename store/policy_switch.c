/* policy_switch: stopping calls and letting them pass again, as a person does it. Invariants P6 P7 of policy.h. */
#include "store/policy_parts.h"

typedef struct Stopping {
    const PolicyWriter *w;
    const PolicyStop *stop;
    const char *reason;
} Stopping;

/* Gateways tell clients when to come again; never later than the stop ends. */
static int64_t retry_after_s(const PolicyStop *stop, int64_t now_ms) {
    int64_t left_s = stop->expires_ms ? (stop->expires_ms - now_ms) / MS_PER_SECOND : 300;
    return left_s < 1 ? 1 : left_s > 300 ? 300 : left_s;
}

/* No person's stop reads like a budget's, or the guard would end it. */
static const char *name_of(const Actor *by) { return strncmp(by->user, "budget:", 7) == 0 ? by->login : by->user; }

static int engage(void *ctx, json_t *policy, Err *e) {
    const Stopping *s = ctx;
    json_t *k = policy_object(policy, "kill_switch");
    if (s->stop->expires_ms && s->stop->expires_ms <= s->w->now_ms) return fail(e, "the stop would end before it begins; give a longer --for");
    json_object_set_new(k, "enabled", json_true());
    json_object_set_new(k, "scope", json_string(s->stop->all ? "all" : "non_critical"));
    json_object_set_new(k, "inflight", json_string(s->stop->abort ? "abort" : "drain"));
    json_object_set_new(k, "reason", json_string(s->reason));
    json_object_set_new(k, "engaged_at", policy_time_new(s->w->now_ms));
    json_object_set_new(k, "engaged_by", json_string(name_of(s->w->by)));
    json_object_set_new(k, "expires_at", policy_time_new(s->stop->expires_ms));
    json_object_set_new(k, "retry_after_seconds", json_integer(retry_after_s(s->stop, s->w->now_ms)));
    if (s->stop->critical && s->stop->critical[0])
        json_object_set_new(policy_object(policy, "critical"), "features", policy_words_new(s->stop->critical));
    return 1;
}

static const char *utf8_or(const char *text, const char *fallback) {
    json_t *v = text ? json_string(text) : NULL; /* jansson refuses what is not UTF-8 */
    bool fine = v != NULL;
    json_decref(v);
    return fine ? text : fallback;
}

int policy_kill(const PolicyWriter *w, const PolicyStop *stop, PolicyDone *done, Err *e) {
    PolicyWriter always = *w;
    always.seen_generation = -1; /* P6 */
    Stopping s = {.w = w, .stop = stop, .reason = utf8_or(stop->reason, "")};
    PolicyEdit edit = {.action = "kill", .section = "kill_switch", .reason = s.reason, .rescue = true, .edit = engage, .ctx = &s};
    return policy_change(&always, &edit, done, e);
}

/* Budgets that had stopped calls, or would the next moment, stay overridden until their periods end. */
static void override_budgets(const Stopping *s, json_t *policy) {
    json_t *list = json_object_get(policy, "budgets");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *b = json_array_get(list, i);
        const char *id = json_string_value(json_object_get(b, "id")), *action = json_string_value(json_object_get(b, "action"));
        const char *state = json_string_value(json_object_get(b, "state"));
        if (id && action && state && strcmp(action, "kill") == 0 && strcmp(state, "exhausted") == 0)
            policy_override(policy, id, json_object_get(b, "resets_at"), s->w);
    }
}

static int release(void *ctx, json_t *policy, Err *e) {
    const Stopping *s = ctx;
    (void)e;
    SwitchState state = policy_switch_state(policy, s->w->now_ms);
    if (state == SWITCH_OFF) return 0;
    /* What no reader understands leaves gateways at what they had, which may be a stop. */
    if (state == SWITCH_UNKNOWN) json_object_del(policy, "kill_switch");
    json_t *k = policy_object(policy, "kill_switch");
    override_budgets(s, policy);
    json_object_set_new(k, "enabled", json_false());
    json_object_set_new(k, "released_at", policy_time_new(s->w->now_ms));
    json_object_set_new(k, "released_by", json_string(s->w->by->user));
    return 1;
}

int policy_resume(const PolicyWriter *w, const char *reason, PolicyDone *done, Err *e) {
    Stopping s = {.w = w, .reason = utf8_or(reason, "")};
    PolicyEdit edit = {.action = "resume", .section = "kill_switch", .reason = s.reason, .edit = release, .ctx = &s};
    return policy_change(w, &edit, done, e);
}
