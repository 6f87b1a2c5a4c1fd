/* policy_validate: the one table of the policy's keys, and what may stand there. Keys that are not in it are fine: they
 * belong to another program or a newer version (P8) — except inside `match`, where an unread condition would make a rule
 * hit more calls than its author meant. */
#include "store/policy_schema.h"

enum { PATH_MAX_BYTES = 256 };

/* "[]" = each element of a list, "{}" = each member of an object. */
const PolicyKey policy_keys[] = {
    {"schema_version", KEY_COUNT, NULL}, {"generation", KEY_COUNT, NULL}, {"updated_at", KEY_TIME, NULL},
    {"kill_switch.enabled", KEY_BOOL, NULL}, {"kill_switch.scope", KEY_WORD, "non_critical all"},
    {"kill_switch.inflight", KEY_WORD, "drain abort"}, {"kill_switch.reason", KEY_TEXT, NULL},
    {"kill_switch.engaged_at", KEY_TIME, NULL}, {"kill_switch.engaged_by", KEY_TEXT, NULL},
    {"kill_switch.expires_at", KEY_TIME, NULL}, {"kill_switch.retry_after_seconds", KEY_COUNT, NULL},
    {"critical.features", KEY_WORDS, NULL},
    {"budgets", KEY_LIST, NULL}, {"budgets[].id", KEY_NAME, NULL},
    {"budgets[].scope.type", KEY_WORD, "global account provider model feature team user key"},
    {"budgets[].scope.value", KEY_TEXT, NULL}, {"budgets[].period", KEY_WORD, "hour day week month"},
    {"budgets[].timezone", KEY_TEXT, NULL}, {"budgets[].limit_usd", KEY_MONEY, NULL},
    {"budgets[].enforcement", KEY_WORD, "soft hard"}, {"budgets[].action", KEY_WORD, "alert block kill"},
    {"budgets[].state", KEY_WORD, "ok warning exhausted"}, {"budgets[].spent_usd", KEY_MONEY, NULL},
    {"budgets[].as_of", KEY_TIME, NULL}, {"budgets[].resets_at", KEY_TIME, NULL},
    {"limits", KEY_LIST, NULL}, {"limits[].id", KEY_NAME, NULL}, {"limits[].match", KEY_MATCH, NULL},
    {"limits[].max_output_tokens", KEY_POSITIVE, NULL}, {"limits[].on_exceed", KEY_WORD, "clamp reject"},
    {"limits[].timeout_ms", KEY_POSITIVE, NULL},
    {"rate_limits", KEY_LIST, NULL}, {"rate_limits[].id", KEY_NAME, NULL}, {"rate_limits[].match", KEY_MATCH, NULL},
    {"rate_limits[].requests_per_minute", KEY_POSITIVE, NULL}, {"rate_limits[].tokens_per_minute", KEY_POSITIVE, NULL},
    {"rate_limits[].per", KEY_WORD, "gateway"},
    {"routing.tiers{}", KEY_NAME, NULL}, {"routing.rules", KEY_LIST, NULL}, {"routing.rules[].id", KEY_NAME, NULL},
    {"routing.rules[].match", KEY_MATCH, NULL}, {"routing.rules[].set_tier", KEY_NAME, NULL},
    {"routing.rules[].set_model", KEY_NAME, NULL},
    {"cache", KEY_LIST, NULL}, {"cache[].id", KEY_NAME, NULL}, {"cache[].match", KEY_MATCH, NULL},
    {"cache[].ttl_seconds", KEY_POSITIVE, NULL}, {"cache[].any_temperature", KEY_BOOL, NULL},
    {"overrides", KEY_LIST, NULL}, {"overrides[].budget", KEY_NAME, NULL}, {"overrides[].until", KEY_TIME, NULL},
    {"reader.max_age_seconds", KEY_COUNT, NULL}, {"reader.on_missing", KEY_WORD, "last_good"},
    {"reader.on_stale", KEY_WORD, "keep"}, {"reader.on_no_policy", KEY_WORD, "allow deny"},
    {0},
};

/* Conditions of `match`; names take a text, a prefix with *, or a list of those. */
static const PolicyKey match_keys[] = {
    {"feature", KEY_TEXTS, NULL}, {"model", KEY_TEXTS, NULL}, {"team", KEY_TEXTS, NULL}, {"user", KEY_TEXTS, NULL},
    {"key", KEY_TEXTS, NULL}, {"provider", KEY_TEXTS, NULL}, {"endpoint", KEY_TEXTS, NULL}, {"account", KEY_TEXTS, NULL},
    {"max_prompt_bytes", KEY_COUNT, NULL}, {"tools", KEY_BOOL, NULL}, {"percent", KEY_PERCENT, NULL}, {0},
};

static bool is_word(const char *words, const char *word) {
    size_t len = strlen(word);
    for (const char *p = words; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, word, n) == 0) return true;
        p += n;
    }
    return false;
}

static bool is_money(const json_t *v) {
    int64_t nano;
    const char *text = json_string_value(v);
    return text && decimal_parse(text, strlen(text), 9, &nano, NULL) == 0 && nano >= 0;
}

static bool is_texts(const json_t *v) {
    if (json_is_string(v)) return true;
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!json_is_string(json_array_get(v, i))) return false;
    return json_is_array(v);
}

static int64_t count_of(const json_t *v) { return json_is_integer(v) ? json_integer_value(v) : -1; }

static int check_match(const json_t *v, const char *at, Err *e);

static int check_value(const PolicyKey *k, const json_t *v, const char *at, Err *e) {
    int64_t ms;
    switch (k->kind) {
    case KEY_BOOL: return json_is_boolean(v) ? 0 : fail(e, "%s: must be true or false", at);
    case KEY_COUNT: return count_of(v) >= 0 ? 0 : fail(e, "%s: must be a whole number, 0 or more", at);
    case KEY_POSITIVE: return count_of(v) > 0 ? 0 : fail(e, "%s: must be a whole number above 0", at);
    case KEY_PERCENT: return count_of(v) >= 0 && count_of(v) <= 100 ? 0 : fail(e, "%s: must be a whole number from 0 to 100", at);
    case KEY_TEXT: return json_is_string(v) ? 0 : fail(e, "%s: must be a text", at);
    case KEY_NAME: return json_string_length(v) > 0 ? 0 : fail(e, "%s: must be a text, not an empty one", at);
    case KEY_TEXTS: return is_texts(v) ? 0 : fail(e, "%s: must be a text or a list of texts", at);
    case KEY_WORDS: return json_is_array(v) && is_texts(v) ? 0 : fail(e, "%s: must be a list of texts", at);
    case KEY_TIME: return policy_time(v, &ms) == 0 ? 0 : fail(e, "%s: must be a time like 2026-11-24T10:15:00Z, or null", at);
    case KEY_MONEY: return is_money(v) ? 0 : fail(e, "%s: must be dollars as a text, like \"500.00\"", at);
    case KEY_WORD: return json_is_string(v) && is_word(k->words, json_string_value(v)) ? 0 : fail(e, "%s: must be one of: %s", at, k->words);
    case KEY_LIST: return json_is_array(v) ? 0 : fail(e, "%s: must be a list", at);
    case KEY_MATCH: return check_match(v, at, e);
    }
    return 0;
}

static int check_condition(const char *name, const json_t *v, const char *at, Err *e) {
    char where[PATH_MAX_BYTES];
    snprintf(where, sizeof where, "%s.%.60s", at, name);
    for (const PolicyKey *k = match_keys; k->at; k++)
        if (strcmp(k->at, name) == 0) return check_value(k, v, where, e);
    return fail(e, "%s: no condition of that name; known are feature model team user key provider account endpoint "
                   "max_prompt_bytes tools percent", where);
}

static int check_match(const json_t *v, const char *at, Err *e) {
    const char *name;
    json_t *value;
    if (!json_is_object(v)) return fail(e, "%s: must be an object of conditions", at);
    json_object_foreach((json_t *)v, name, value) {
        if (check_condition(name, value, at, e) != 0) return -1;
    }
    return 0;
}

/* ---- walking a row's path through the policy ---- */
static int check_at(const PolicyKey *k, const char *rest, const json_t *v, const char *at, Err *e);

static int check_each(const PolicyKey *k, const char *rest, const json_t *v, const char *at, Err *e) {
    char where[PATH_MAX_BYTES];
    for (size_t i = 0; i < json_array_size(v); i++) {
        snprintf(where, sizeof where, "%s[%zu]", at, i);
        if (check_at(k, rest, json_array_get(v, i), where, e) != 0) return -1;
    }
    return 0;
}

static int check_members(const PolicyKey *k, const char *rest, const json_t *v, const char *at, Err *e) {
    char where[PATH_MAX_BYTES];
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)v, name, member) {
        snprintf(where, sizeof where, "%s.%.60s", at, name);
        if (check_at(k, rest, member, where, e) != 0) return -1;
    }
    return 0;
}

static int check_at(const PolicyKey *k, const char *rest, const json_t *v, const char *at, Err *e) {
    char name[64], where[PATH_MAX_BYTES];
    if (!v) return 0;
    if (*rest == '\0') return check_value(k, v, at, e);
    if (strncmp(rest, "[]", 2) == 0) return check_each(k, rest + 2, v, at, e);
    if (strncmp(rest, "{}", 2) == 0) return check_members(k, rest + 2, v, at, e);
    if (*rest == '.') rest++;
    size_t len = strcspn(rest, ".[{");
    snprintf(name, sizeof name, "%.*s", (int)len, rest);
    if (*at && !json_is_object(v)) return fail(e, "%s: must be an object", at);
    snprintf(where, sizeof where, "%s%s%s", at, *at ? "." : "", name);
    return check_at(k, rest + len, json_object_get(v, name), where, e);
}

/* ---- what no single key can tell ---- */
static int check_ids(const json_t *policy, const char *section, Err *e) {
    const json_t *list = json_object_get(policy, section);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *at = json_array_get(list, i);
        const char *id = json_string_value(json_object_get(at, "id"));
        if (!id) return fail(e, "%s[%zu].id: is missing; every entry has one", section, i);
        if (policy_by_id(list, id) != at) return fail(e, "%s[%zu].id: \"%.60s\" is there twice", section, i, id);
    }
    return 0;
}

static int check_scopes(const json_t *policy, Err *e) {
    const json_t *list = json_object_get(policy, "budgets");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *scope = json_object_get(json_array_get(list, i), "scope");
        const char *type = json_string_value(json_object_get(scope, "type"));
        if (!type) return fail(e, "budgets[%zu].scope.type: is missing", i);
        if (strcmp(type, "global") != 0 && !json_string_length(json_object_get(scope, "value")))
            return fail(e, "budgets[%zu].scope.value: is missing; which %s?", i, type);
    }
    return 0;
}

static int check_rules(const json_t *policy, Err *e) {
    const json_t *routing = json_object_get(policy, "routing"), *rules = json_object_get(routing, "rules");
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        const char *tier = json_string_value(json_object_get(rule, "set_tier"));
        if (!tier && !json_object_get(rule, "set_model")) return fail(e, "routing.rules[%zu]: needs set_tier or set_model", i);
        if (tier && !json_object_get(json_object_get(routing, "tiers"), tier))
            return fail(e, "routing.rules[%zu].set_tier: there is no tier \"%.60s\" in routing.tiers", i, tier);
    }
    return 0;
}

int policy_validate(const json_t *policy, Err *e) {
    const json_t *version = json_object_get(policy, "schema_version");
    if (!json_is_object(policy)) return fail(e, "the policy is not a JSON object");
    if (!json_is_integer(version) || json_integer_value(version) != POLICY_SCHEMA) return fail(e, "schema_version: must be %d", POLICY_SCHEMA);
    if (!json_is_integer(json_object_get(policy, "generation"))) return fail(e, "generation: is missing");
    for (const PolicyKey *k = policy_keys; k->at; k++)
        if (check_at(k, k->at, policy, "", e) != 0) return -1;
    static const char *const lists[] = {"budgets", "limits", "rate_limits", "cache"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (check_ids(policy, lists[i], e) != 0) return -1;
    if (check_ids(json_object_get(policy, "routing"), "rules", e) != 0) return -1;
    return check_scopes(policy, e) == 0 ? check_rules(policy, e) : -1;
}
