/* savings_rule: a rule from JSON or words, checked, and put into a policy. See savings_rule.h. */
#include "store/money.h"
#include "store/policy_parts.h"
#include "store/savings_rule.h"

const char *const rule_sections[RULE_KINDS] = {"routing.rules", "limits", "rate_limits", "cache"};
static const char *const verbs[RULE_KINDS] = {"route", "limit", "rate", "cache"};
static const char *const id_words[RULE_KINDS] = {"routing", "limit", "rate", "cache"};
/* By which members an entry without its section is known. */
static const struct { const char *member; RuleKind kind; } signs[] = {
    {"set_model", RULE_ROUTE}, {"set_tier", RULE_ROUTE}, {"max_output_tokens", RULE_LIMIT}, {"timeout_ms", RULE_LIMIT},
    {"requests_per_minute", RULE_RATE}, {"tokens_per_minute", RULE_RATE}, {"ttl_seconds", RULE_CACHE}};

enum { TEXT_MAX = 8192 };

/* ---- words ---- */
static bool is_match_key(const char *key) {
    static const char *const keys[] = {"feature", "model", "team", "user", "key", "provider", "account", "endpoint",
                                       "max_prompt_bytes", "tools", "percent"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

static json_t *value_of(const char *text) {
    static const char *const words[] = {"true", "false", "yes", "no"};
    for (int i = 0; i < 4; i++)
        if (strcmp(text, words[i]) == 0) return json_boolean(i % 2 == 0);
    int64_t n;
    if (strspn(text, "0123456789") == strlen(text) && decimal_parse(text, strlen(text), 0, &n, NULL) == 0) return json_integer(n);
    if (!strchr(text, ',')) return json_string(text);
    json_t *list = json_array();
    for (const char *p = text; *p; p += *p == ',') {
        size_t len = strcspn(p, ",");
        if (len) json_array_append_new(list, json_stringn(p, len));
        p += len;
    }
    return list;
}

static int add_word(json_t *rule, const char *word, Err *e) {
    char key[64];
    const char *equals = strchr(word, '=');
    if (!equals || equals == word || (size_t)(equals - word) >= sizeof key) return fail(e, "%.60s: a word of a rule is NAME=VALUE, like feature=faq", word);
    snprintf(key, sizeof key, "%.*s", (int)(equals - word), word);
    json_t *value = value_of(equals + 1);
    if (!value) return fail(e, "%.60s: the value is not UTF-8 text", word);
    json_object_set_new(is_match_key(key) ? policy_object(rule, "match") : rule, key, value);
    return 0;
}

static int kind_of_verb(const char *verb, Err *e) {
    for (int i = 0; i < RULE_KINDS; i++)
        if (strcmp(verbs[i], verb) == 0) return i;
    return fail(e, "%.40s: a rule is JSON, or begins with route, limit, rate or cache: route feature=faq set_model=gpt-4.1-nano", verb);
}

static int parse_words(SaveRule *out, const char *text, Err *e) {
    char *copy = xstrdup(text), *rest = copy, *word;
    int kind = -1, rc = 0;
    out->json = json_pack("{s:s, s:{}}", "id", "", "match");
    while (rc == 0 && (word = strsep(&rest, " \t\n")) != NULL) {
        if (!*word) continue;
        if (kind < 0) rc = (kind = kind_of_verb(word, e)) < 0 ? -1 : 0;
        else rc = add_word(out->json, word, e);
    }
    free(copy);
    if (rc == 0 && kind < 0) rc = fail(e, "the rule is empty; give one like: route feature=faq set_model=gpt-4.1-nano");
    if (rc == 0) out->kind = (RuleKind)kind;
    return rc;
}

/* ---- JSON ---- */
static const json_t *list_of(const json_t *policy, RuleKind kind) {
    const json_t *in = kind == RULE_ROUTE ? json_object_get(policy, "routing") : policy;
    return json_object_get(in, kind == RULE_ROUTE ? "rules" : rule_sections[kind]);
}

static int take_entry(SaveRule *out, const json_t *root, Err *e) {
    size_t found = 0;
    for (int k = 0; k < RULE_KINDS; k++) {
        const json_t *list = list_of(root, (RuleKind)k);
        found += json_array_size(list);
        if (json_array_size(list) == 0) continue;
        out->kind = (RuleKind)k;
        json_decref(out->json);
        out->json = json_deep_copy(json_array_get(list, 0));
    }
    if (found > 1) return fail(e, "there are %zu rules; give one at a time", found);
    if (found == 1) return 0;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (!json_object_get(root, signs[i].member)) continue;
        out->kind = signs[i].kind;
        out->json = json_deep_copy(root);
        return 0;
    }
    return fail(e, "no rule in it: give routing.rules, limits, rate_limits or cache with one entry, or the entry itself");
}

static int parse_json(SaveRule *out, const char *text, Err *e) {
    json_error_t why;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!root) return fail(e, "the rule is no JSON: %.120s", why.text);
    int rc = json_is_object(root) ? take_entry(out, root, e) : fail(e, "the rule is no JSON object");
    json_decref(root);
    if (rc == 0 && !json_is_object(out->json)) rc = fail(e, "the rule is no JSON object");
    return rc;
}

/* ---- both ---- */
/* savings-routing-faq: of what it is for; what may not stand in a path becomes "-". */
static void name_rule(SaveRule *r) {
    const json_t *id = json_object_get(r->json, "id"), *feature = json_object_get(json_object_get(r->json, "match"), "feature");
    const char *given = json_string_value(id), *of = json_string_value(feature);
    if (json_is_array(feature)) of = json_string_value(json_array_get(feature, 0));
    if (given && *given) snprintf(r->id, sizeof r->id, "%.*s", (int)utf8_cut(given, strlen(given), sizeof r->id - 1), given);
    else {
        size_t len = utf8_cut(of ? of : "all", strlen(of ? of : "all"), 50);
        snprintf(r->id, sizeof r->id, "savings-%s-%.*s", id_words[r->kind], (int)len, of ? of : "all");
    }
    for (char *p = r->id; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == '"' || *p == '.' || *p == '*' || *p == 0x7f) *p = '-';
    json_object_set_new(r->json, "id", json_string(r->id));
    snprintf(r->at, sizeof r->at, "%s.%s", rule_sections[r->kind], r->id);
}

/* What would a policy be with it: valid? And does the entry do anything? */
static int check_rule(const SaveRule *r, Err *e) {
    json_t *policy = json_pack("{s:i, s:i}", "schema_version", POLICY_SCHEMA, "generation", 0);
    bool acts = false;
    const char *tier = json_string_value(json_object_get(r->json, "set_tier"));
    save_rule_put(r, policy);
    if (tier) json_object_set_new(policy_object(policy_object(policy, "routing"), "tiers"), tier, json_string("?")); /* the policy's own may have it */
    int rc = policy_validate(policy, e);
    json_decref(policy);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) acts |= signs[i].kind == r->kind && json_object_get(r->json, signs[i].member);
    if (rc == 0 && !acts) return fail(e, "the rule does nothing: a route needs set_model or set_tier, a limit max_output_tokens, a rate requests_per_minute, a cache ttl_seconds");
    return rc;
}

int save_rule_parse(SaveRule *out, const char *text, Err *e) {
    *out = (SaveRule){0};
    if (strlen(text) > TEXT_MAX) return fail(e, "the rule is longer than %d bytes", TEXT_MAX);
    text += strspn(text, " \t\n");
    int rc = *text == '{' ? parse_json(out, text, e) : parse_words(out, text, e);
    if (rc == 0) name_rule(out);
    if (rc == 0) rc = check_rule(out, e);
    if (rc != 0) save_rule_free(out);
    return rc;
}

void save_rule_free(SaveRule *r) {
    json_decref(r->json);
    r->json = NULL;
}

int save_rule_percent(const SaveRule *r) {
    const json_t *p = json_object_get(json_object_get(r->json, "match"), "percent");
    return json_is_integer(p) ? (int)json_integer_value(p) : 100;
}

void save_rule_set_percent(SaveRule *r, int percent) {
    json_t *match = policy_object(r->json, "match");
    if (percent >= 100) json_object_del(match, "percent");
    else json_object_set_new(match, "percent", json_integer(percent < 0 ? 0 : percent));
}

char *save_rule_text(const SaveRule *r, bool with_id) {
    json_t *copy = json_copy(r->json);
    if (!with_id) json_object_del(copy, "id");
    char *text = json_dumps(copy, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(copy);
    return text ? text : xstrdup("{}");
}

json_t *save_rule_find(const json_t *policy, RuleKind kind, const char *id) { return policy_by_id(list_of(policy, kind), id); }

void save_rule_put(const SaveRule *r, json_t *policy) {
    json_t *list = r->kind == RULE_ROUTE ? policy_array(policy_object(policy, "routing"), "rules") : policy_array(policy, rule_sections[r->kind]);
    json_t *old = policy_by_id(list, r->id);
    size_t at = 0;
    while (at < json_array_size(list) && json_array_get(list, at) != old) at++;
    if (old) json_array_set_new(list, at, json_deep_copy(r->json));
    else json_array_append_new(list, json_deep_copy(r->json));
}
