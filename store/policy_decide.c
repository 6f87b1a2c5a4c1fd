/* policy_decide: the decision of a gateway that just read the policy, for `tollwatch check`. Pure. The gateways decide the
 * same in their own languages; tests/gateway/decisions.jsonl holds all of them to it. */
#include "store/policy_parts.h"
#include <zlib.h>

typedef struct Deciding {
    const json_t *policy;
    PolicyCall call; /* with the model that will be called, once routed */
    int64_t now_ms;
    PolicyDecision *out;
} Deciding;

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* ---- match ---- */
static bool one_matches(const char *pattern, const char *value) {
    size_t len = strlen(pattern);
    if (len && pattern[len - 1] == '*') return strncmp(pattern, value, len - 1) == 0;
    return is(pattern, value);
}

/* A text, a prefix with *, or a list of those; what the call does not have matches nothing. */
static bool texts_match(const json_t *patterns, const char *value) {
    if (!value) return false;
    if (json_is_string(patterns)) return one_matches(json_string_value(patterns), value);
    for (size_t i = 0; i < json_array_size(patterns); i++) {
        const char *p = json_string_value(json_array_get(patterns, i));
        if (p && one_matches(p, value)) return true;
    }
    return false;
}

/* The same share of the same requests in every gateway: CRC-32 of the request id. */
static bool in_percent(const char *request_id, json_int_t percent) {
    uLong crc = crc32(0L, (const Bytef *)(request_id ? request_id : ""), request_id ? (uInt)strlen(request_id) : 0);
    return (json_int_t)(crc % 100) < percent;
}

static bool condition_holds(const PolicyCall *c, const char *key, const json_t *v) {
    const struct { const char *key, *value; } names[] = {
        {"feature", c->feature}, {"model", c->model}, {"team", c->team}, {"user", c->user},
        {"key", c->key}, {"provider", c->provider}, {"account", c->account}, {"endpoint", c->endpoint}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(names[i].key, key)) return texts_match(v, names[i].value);
    if (is(key, "max_prompt_bytes")) return json_is_integer(v) && c->prompt_bytes >= 0 && c->prompt_bytes <= json_integer_value(v);
    if (is(key, "tools")) return json_is_boolean(v) && c->tools >= 0 && (c->tools == 1) == json_is_true(v);
    if (is(key, "percent")) return json_is_integer(v) && in_percent(c->request_id, json_integer_value(v));
    return false; /* a condition that is not understood is not known to hold */
}

bool policy_rule_matches(const json_t *rule, const PolicyCall *c) {
    const char *key;
    json_t *v, *match = json_object_get(rule, "match");
    if (!json_is_object(rule) || (match && !json_is_object(match))) return false;
    json_object_foreach(match, key, v) {
        if (!condition_holds(c, key, v)) return false;
    }
    return true;
}

/* ---- refusing ---- */
static void refuse(PolicyDecision *d, const char *code, const char *rule) {
    d->refuse = true;
    snprintf(d->code, sizeof d->code, "%s", code);
    snprintf(d->rule, sizeof d->rule, "%s", rule);
}

/* Names, not patterns: one star too many would let everything pass. */
static bool is_critical(const Deciding *d) {
    const json_t *features = json_object_get(json_object_get(d->policy, "critical"), "features");
    for (size_t i = 0; i < json_array_size(features); i++) {
        const char *name = json_string_value(json_array_get(features, i));
        if (name && is(name, d->call.feature)) return true;
    }
    return false;
}

static void ask_switch(Deciding *d) {
    SwitchState s = policy_switch_state(d->policy, d->now_ms);
    if (s == SWITCH_ALL || (s == SWITCH_NON_CRITICAL && !is_critical(d))) refuse(d->out, "kill_switch_engaged", "");
}

static bool in_scope(const json_t *budget, const PolicyCall *c) {
    const json_t *scope = json_object_get(budget, "scope");
    const char *type = text_of(scope, "type"), *value = text_of(scope, "value");
    const struct { const char *type, *value; } scopes[] = {
        {"account", c->account}, {"provider", c->provider}, {"model", c->model}, {"feature", c->feature},
        {"team", c->team}, {"user", c->user}, {"key", c->key}};
    if (is(type, "global")) return true;
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        if (is(scopes[i].type, type)) return scopes[i].value && *value && is(scopes[i].value, value);
    return false;
}

static bool blocks(const Deciding *d, const json_t *budget) {
    int64_t resets_ms;
    if (!is(text_of(budget, "state"), "exhausted") || is(text_of(budget, "enforcement"), "soft")) return false;
    if (is(text_of(budget, "action"), "alert") || policy_overridden(d->policy, text_of(budget, "id"), d->now_ms)) return false;
    return policy_time(json_object_get(budget, "resets_at"), &resets_ms) != 0 || resets_ms == 0 || resets_ms > d->now_ms;
}

static void ask_budgets(Deciding *d) {
    const json_t *list = json_object_get(d->policy, "budgets");
    for (size_t i = 0; i < json_array_size(list) && !d->out->refuse; i++) {
        const json_t *b = json_array_get(list, i);
        if (blocks(d, b) && in_scope(b, &d->call)) refuse(d->out, "budget_exceeded", text_of(b, "id"));
    }
}

/* ---- limiting and routing ---- */
static int64_t positive(const json_t *rule, const char *key) {
    const json_t *v = json_object_get(rule, key);
    return json_is_integer(v) && json_integer_value(v) > 0 ? json_integer_value(v) : -1;
}

static int64_t lower(int64_t a, int64_t b) { return a < 0 || (b >= 0 && b < a) ? b : a; }

static void apply_limit(Deciding *d, const json_t *limit) {
    int64_t most = positive(limit, "max_output_tokens");
    d->out->timeout_ms = lower(d->out->timeout_ms, positive(limit, "timeout_ms"));
    if (most < 0) return;
    if (is(text_of(limit, "on_exceed"), "reject") && d->call.max_tokens > most)
        refuse(d->out, "max_tokens_exceeded", text_of(limit, "id"));
    else
        d->out->max_tokens = lower(d->out->max_tokens, most); /* who asks for nothing gets the limit */
}

static void ask_limits(Deciding *d) {
    const json_t *list = json_object_get(d->policy, "limits");
    for (size_t i = 0; i < json_array_size(list) && !d->out->refuse; i++)
        if (policy_rule_matches(json_array_get(list, i), &d->call)) apply_limit(d, json_array_get(list, i));
}

static void route(Deciding *d) {
    const json_t *routing = json_object_get(d->policy, "routing"), *rules = json_object_get(routing, "rules");
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        if (!policy_rule_matches(rule, &d->call)) continue;
        const char *model = text_of(rule, "set_model");
        if (!*model) model = text_of(json_object_get(routing, "tiers"), text_of(rule, "set_tier"));
        if (*model) snprintf(d->out->model, sizeof d->out->model, "%s", model);
        if (*model) d->call.model = d->out->model;
        snprintf(d->out->rule, sizeof d->out->rule, "%s", text_of(rule, "id"));
        return; /* the first rule that matches decides */
    }
}

void policy_decide(const json_t *policy, const PolicyCall *call, int64_t now_ms, PolicyDecision *out) {
    Deciding d = {.policy = policy, .call = *call, .now_ms = now_ms, .out = out};
    *out = (PolicyDecision){.max_tokens = call->max_tokens, .timeout_ms = -1};
    out->generation = json_integer_value(json_object_get(policy, "generation"));
    snprintf(out->model, sizeof out->model, "%s", call->model ? call->model : "");
    if (!d.call.feature || !*d.call.feature) d.call.feature = "unknown";
    ask_switch(&d);
    if (!out->refuse) route(&d);
    if (!out->refuse) ask_budgets(&d);
    if (!out->refuse) ask_limits(&d);
}
