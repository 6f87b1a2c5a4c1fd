/* policy_set: one value by its path, as people type it: `limits.batch.max_output_tokens 1024`. What the switch's own commands
 * and the guard keep is refused with the command that does it. The result must be a valid policy. */
#include "store/nearest.h"
#include "store/policy_schema.h"

enum { STEPS_MAX = 8, STEP_BYTES = 128 };

typedef struct Setting {
    const PolicyWriter *w;
    const char *at, *value;
    char step[STEPS_MAX][STEP_BYTES + 1];
    size_t count;
    char pattern[256]; /* the path with "[]" for ids: a row of policy_keys */
} Setting;

/* limits.batch.x and limits."my.id".x */
static int split(Setting *s, Err *e) {
    const char *p = s->at;
    while (*p) {
        bool quoted = *p == '"';
        p += quoted;
        size_t len = strcspn(p, quoted ? "\"" : ".");
        if (s->count == STEPS_MAX || len == 0 || len > STEP_BYTES) return fail(e, "%.80s: no path like limits.batch.max_output_tokens", s->at);
        snprintf(s->step[s->count++], STEP_BYTES + 1, "%.*s", (int)len, p);
        p += len;
        if (quoted && *p++ != '"') return fail(e, "%.80s: a quote is not closed", s->at);
        if (*p && *p++ != '.') return fail(e, "%.80s: a dot is missing", s->at);
    }
    return s->count >= 2 ? 0 : fail(e, "%.80s: name a key inside a section, like limits.batch.max_output_tokens", s->at);
}

/* ---- where one may write ---- */
static int refuse_section(const Setting *s, Err *e) {
    static const char *const sections[] = {"critical", "budgets", "limits", "rate_limits", "routing", "cache", "reader"};
    char hint[80];
    if (strcmp(s->step[0], "kill_switch") == 0) return fail(e, "the switch is set by `tollwatch kill` and `tollwatch resume`");
    if (strcmp(s->step[0], "overrides") == 0) return fail(e, "overrides are made by `tollwatch resume` and by `policy set budgets.ID.state ok`");
    Nearest n = nearest_start(s->step[0]);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (strcmp(sections[i], s->step[0]) == 0) return 0;
        nearest_try(&n, sections[i]);
    }
    nearest_hint(&n, hint, sizeof hint);
    return fail(e, "a policy has no section %.60s%s; known are critical budgets limits rate_limits routing cache reader", s->step[0], hint);
}

static bool is_list_key(const char *pattern) {
    for (const PolicyKey *k = policy_keys; k->at; k++)
        if (k->kind == KEY_LIST && strcmp(k->at, pattern) == 0) return true;
    return false;
}

static const PolicyKey *key_of(const char *pattern) {
    for (const PolicyKey *k = policy_keys; k->at; k++)
        if (strcmp(k->at, pattern) == 0) return k;
    return NULL;
}

static void add_pattern(Setting *s, const char *text) {
    size_t at = strlen(s->pattern);
    snprintf(s->pattern + at, sizeof s->pattern - at, "%s%s", at && *text != '[' ? "." : "", text);
}

/* One step down, making what is missing; a list's element is found by its id. */
static json_t *descend(Setting *s, json_t *at, const char *step) {
    if (is_list_key(s->pattern)) {
        json_t *found = policy_by_id(at, step);
        if (!found) {
            found = json_pack("{s:s}", "id", step);
            json_array_append_new(at, found);
        }
        add_pattern(s, "[]");
        return found;
    }
    add_pattern(s, step);
    return is_list_key(s->pattern) ? policy_array(at, step) : policy_object(at, step);
}

/* ---- the value ---- */
static bool takes_text(const Setting *s) {
    const PolicyKey *k = key_of(s->pattern);
    bool tiers = strncmp(s->pattern, "routing.tiers.", 14) == 0;
    return tiers || (k && (k->kind == KEY_TEXT || k->kind == KEY_NAME || k->kind == KEY_MONEY || k->kind == KEY_WORD || k->kind == KEY_TIME));
}

static json_t *value_new(const Setting *s) {
    json_t *v = strcmp(s->value, "null") == 0 || !takes_text(s) ? json_loads(s->value, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL) : NULL;
    const PolicyKey *k = key_of(s->pattern);
    if (!v && k && k->kind == KEY_WORDS) return policy_words_new(s->value);
    if (!v && s->value[0] == '"') v = json_loads(s->value, JSON_DECODE_ANY, NULL);
    return v ? v : json_string(s->value);
}

static int put_member(const Setting *s, json_t *at, const char *step, json_t *v, Err *e) {
    if (json_is_null(v)) {
        json_decref(v);
        return json_object_del(at, step) == 0;
    }
    return json_object_set_new(at, step, v) == 0 ? 1 : fail(e, "%.80s: out of memory", s->at);
}

/* A whole element of a list: `limits.batch null` removes it, an object takes its place, so that a limit never stands there
 * without its match. */
static int put_element(const Setting *s, json_t *list, const char *id, json_t *v, Err *e) {
    json_t *old = policy_by_id(list, id);
    size_t at = 0;
    while (at < json_array_size(list) && json_array_get(list, at) != old) at++;
    if (json_is_object(v)) {
        json_object_set_new(v, "id", json_string(id));
        return (old ? json_array_set_new(list, at, v) : json_array_append_new(list, v)) == 0;
    }
    bool null = json_is_null(v);
    json_decref(v);
    if (!null) return fail(e, "%.80s: give an object like '{\"match\":{\"feature\":\"batch\"},\"timeout_ms\":30000}', or null to remove it", s->at);
    return old ? json_array_remove(list, at) == 0 : 0;
}

static int put(Setting *s, json_t *at, const char *step, Err *e) {
    bool element = is_list_key(s->pattern);
    if (!element) add_pattern(s, step);
    json_t *v = value_new(s);
    if (!v) return fail(e, "%.80s: the value is neither JSON nor UTF-8 text", s->at);
    return element ? put_element(s, at, step, v, e) : put_member(s, at, step, v, e);
}

/* ---- a budget's state is the guard's; a person may only reopen it ---- */
static int reopen(const Setting *s, json_t *policy, json_t *budget, Err *e) {
    if (strcmp(s->value, "ok") != 0) return fail(e, "a budget's state is found by its spend; only ok can be set, which reopens its scope");
    json_object_set_new(budget, "state", json_string("ok"));
    policy_override(policy, s->step[1], json_object_get(budget, "resets_at"), s->w);
    return 1;
}

static int set_budget(const Setting *s, json_t *policy, bool *done, Err *e) {
    json_t *budget = policy_by_id(json_object_get(policy, "budgets"), s->step[1]);
    const char *owner = json_string_value(json_object_get(budget, "owner"));
    *done = strcmp(s->step[0], "budgets") == 0 && budget && s->count == 3 && strcmp(s->step[2], "state") == 0;
    if (*done) return reopen(s, policy, budget, e);
    if (strcmp(s->step[0], "budgets") != 0 || !owner || strcmp(owner, "guard") != 0) return 0;
    return fail(e, "budget %.60s comes from the configuration; change [budget %.60s] there", s->step[1], s->step[1]);
}

static int set_value(void *ctx, json_t *policy, Err *e) {
    Setting *s = ctx;
    json_t *at = policy, *before = json_deep_copy(policy);
    bool done;
    s->pattern[0] = '\0';
    int rc = set_budget(s, policy, &done, e);
    if (rc == 0 && !done) {
        for (size_t i = 0; i + 1 < s->count; i++) at = descend(s, at, s->step[i]);
        rc = put(s, at, s->step[s->count - 1], e);
    }
    if (rc > 0 && json_equal(before, policy)) rc = 0;
    if (rc > 0 && policy_validate(policy, e) != 0) rc = -1;
    json_decref(before);
    return rc;
}

int policy_set(const PolicyWriter *w, const char *at, const char *value, PolicyDone *done, Err *e) {
    char reason[256];
    Setting s = {.w = w, .at = at, .value = value};
    *done = (PolicyDone){0};
    if (split(&s, e) != 0 || refuse_section(&s, e) != 0) return -1;
    snprintf(reason, sizeof reason, "%s", value);
    reason[utf8_cut(reason, strlen(reason), sizeof reason - 1)] = '\0';
    char what[512];
    snprintf(what, sizeof what, "%.200s = %s", at, reason);
    PolicyEdit edit = {.action = "set", .section = s.step[0], .reason = what, .edit = set_value, .ctx = &s};
    return policy_change(w, &edit, done, e);
}
