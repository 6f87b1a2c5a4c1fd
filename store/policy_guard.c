/* policy_guard: what budgets do to the policy: states of their entries, and the stop of a budget whose action is kill.
 * The file is the guard's memory: after a restart it neither engages twice nor forgets. Invariant P7 of policy.h. */
#include "store/policy_parts.h"
#include "store/money.h"
#include <inttypes.h>

#define ENGAGED_BY "budget:"

typedef struct Guard {
    const PolicyWriter *w;
    const PolicyBudget *budgets;
    size_t count;
    json_t *policy;
    bool changed;
} Guard;

const char *const budget_state_names[] = {"ok", "warning", "exhausted"};

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const char *scope_type(const Budget *b) { return b->scope_dim < 0 ? "global" : dim_names[b->scope_dim]; }

static const char *period_name(Unit u) {
    switch (u) {
    case UNIT_HOUR: return "hour";
    case UNIT_WEEK: return "week";
    case UNIT_MONTH: return "month";
    default: return "day";
    }
}

/* ---- one budget's entry ---- */
static json_t *limit_new(int64_t nano) {
    char text[32];
    nano_exact(nano, text, sizeof text);
    return json_string(text);
}

/* What the configuration says; nothing here moves by itself. */
static json_t *terms_new(const PolicyBudget *p) {
    const Budget *b = p->budget;
    json_t *scope = json_pack("{s:s}", "type", scope_type(b));
    if (b->scope_dim >= 0) json_object_set_new(scope, "value", json_string(b->scope_value));
    json_t *o = json_pack("{s:o, s:s, s:s, s:o, s:s, s:s}", "scope", scope, "period", period_name(b->period), "timezone", p->zone,
                          "limit_usd", limit_new(b->limit_nano), "action", b->action == BUDGET_KILL ? "kill" : "block",
                          "owner", "guard");
    /* A global budget that kills acts by the switch alone: its entry would stop the critical features too. */
    bool by_switch = b->action == BUDGET_KILL && b->scope_dim < 0;
    json_object_set_new(o, "enforcement", json_string(by_switch ? "soft" : "hard"));
    return o;
}

static bool has_terms(const json_t *entry, const json_t *terms) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)terms, key, value) {
        if (!json_equal(json_object_get(entry, key), value)) return false;
    }
    return true;
}

static bool still_latched(const Guard *g, const json_t *entry, bool same_terms) {
    int64_t resets_ms;
    if (!same_terms || strcmp(text_of(entry, "state"), "exhausted") != 0) return false;
    return policy_time(json_object_get(entry, "resets_at"), &resets_ms) == 0 && resets_ms > g->w->now_ms;
}

/* A scope that was blocked stays so until its period ends, also when a reprice makes its spend fall. */
static BudgetState state_of(const Guard *g, const PolicyBudget *p, const json_t *entry, bool same_terms) {
    BudgetState s = p->state;
    if (still_latched(g, entry, same_terms)) s = BUDGET_EXHAUSTED;
    if (s == BUDGET_EXHAUSTED && policy_overridden(g->policy, p->budget->id, g->w->now_ms)) s = BUDGET_WARNING;
    return s;
}

static json_t *entry_of(Guard *g, const char *id) {
    json_t *list = policy_array(g->policy, "budgets"), *entry = policy_by_id(list, id);
    if (entry) return entry;
    entry = json_pack("{s:s}", "id", id);
    json_array_append_new(list, entry);
    return entry;
}

static void write_entry(Guard *g, const PolicyBudget *p, json_t *entry, json_t *terms, BudgetState s) {
    json_object_update(entry, terms);
    if (g->w->ledger) json_object_set_new(entry, "ledger", json_string(g->w->ledger));
    json_object_set_new(entry, "state", json_string(budget_state_names[s]));
    json_object_set_new(entry, "resets_at", policy_time_new(p->resets_ms));
    json_object_set_new(entry, "spent_usd", limit_new(p->spent_nano));
    json_object_set_new(entry, "as_of", policy_time_new(g->w->now_ms));
    g->changed = true;
}

/* Amounts alone are no reason to write: they live in the ledger. The end of a period is one only for a blocked scope. */
static BudgetState update_budget(Guard *g, const PolicyBudget *p) {
    json_t *terms = terms_new(p), *entry = policy_by_id(json_object_get(g->policy, "budgets"), p->budget->id);
    bool same = entry && has_terms(entry, terms);
    BudgetState s = state_of(g, p, entry, same);
    int64_t resets_ms = 0;
    if (entry) policy_time(json_object_get(entry, "resets_at"), &resets_ms);
    bool same_end = s != BUDGET_EXHAUSTED || resets_ms == p->resets_ms;
    if (!same || !same_end || strcmp(text_of(entry, "state"), budget_state_names[s]) != 0)
        write_entry(g, p, entry_of(g, p->budget->id), terms, s);
    json_decref(terms);
    return s;
}

static bool configured(const Guard *g, const char *id) {
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->budgets[i].budget->id, id) == 0) return true;
    return false;
}

bool policy_is_guards(const json_t *budget, const char *ledger) {
    const char *of = text_of(budget, "ledger");
    return strcmp(text_of(budget, "owner"), "guard") == 0 && (!*of || !ledger || strcmp(of, ledger) == 0);
}

static void drop_forgotten(Guard *g) {
    json_t *list = json_object_get(g->policy, "budgets");
    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *entry = json_array_get(list, i);
        if (!policy_is_guards(entry, g->w->ledger) || configured(g, text_of(entry, "id"))) continue;
        json_array_remove(list, i);
        g->changed = true;
    }
}

/* ---- the switch ---- */
static void note_change(Guard *g, const char *section) {
    int64_t next = json_integer_value(json_object_get(g->policy, "generation")) + 1;
    json_object_set_new(policy_object(g->policy, "section_generation"), section, json_integer(next));
    g->changed = true;
}

/* The features that are named in the policy are people's; what only the configuration names is critical for a budget, too. */
static void name_critical(Guard *g) {
    const json_t *named = json_object_get(json_object_get(g->policy, "critical"), "features");
    if (json_array_size(named) > 0 || !g->w->critical || !*g->w->critical) return;
    json_object_set_new(policy_object(g->policy, "critical"), "features", policy_words_new(g->w->critical));
    note_change(g, "critical");
}

static void engage(Guard *g, const PolicyBudget *p) {
    char by[80], reason[256], limit[32], spent[32];
    json_t *k = policy_object(g->policy, "kill_switch");
    nano_grouped(p->budget->limit_nano, 2, limit, sizeof limit);
    nano_grouped(p->spent_nano, 2, spent, sizeof spent);
    snprintf(by, sizeof by, ENGAGED_BY "%s", p->budget->id);
    snprintf(reason, sizeof reason, "budget %s: $%s of $%s spent this %s", p->budget->id, spent, limit, period_name(p->budget->period));
    json_object_set_new(k, "enabled", json_true());
    json_object_set_new(k, "scope", json_string("non_critical"));
    json_object_set_new(k, "inflight", json_string("drain"));
    json_object_set_new(k, "reason", json_string(reason));
    json_object_set_new(k, "engaged_at", policy_time_new(g->w->now_ms));
    json_object_set_new(k, "engaged_by", json_string(by));
    json_object_set_new(k, "expires_at", policy_time_new(p->resets_ms));
    json_object_set_new(k, "retry_after_seconds", json_integer(300));
    note_change(g, "kill_switch");
    name_critical(g);
}

static void release(Guard *g, json_t *k) {
    json_object_set_new(k, "enabled", json_false());
    json_object_set_new(k, "released_at", policy_time_new(g->w->now_ms));
    json_object_set_new(k, "released_by", json_string("guard"));
    note_change(g, "kill_switch");
}

/* Ours, or of a budget that nobody has any more. */
static bool is_ours(const Guard *g, const json_t *k) {
    const char *by = text_of(k, "engaged_by"), *id = by + strlen(ENGAGED_BY);
    if (!json_is_true(json_object_get(k, "enabled")) || strncmp(by, ENGAGED_BY, strlen(ENGAGED_BY)) != 0) return false;
    return configured(g, id) || !policy_by_id(json_object_get(g->policy, "budgets"), id);
}

/* `due` = the budget that stops calls now; NULL = none. `holds` = the one that engaged the present stop is still due. */
static void update_switch(Guard *g, const PolicyBudget *due, bool holds) {
    json_t *k = json_object_get(g->policy, "kill_switch");
    SwitchState state = policy_switch_state(g->policy, g->w->now_ms);
    bool ours = is_ours(g, k);
    bool on = state == SWITCH_ALL || state == SWITCH_NON_CRITICAL;
    if (state == SWITCH_UNKNOWN || (on && !ours)) return; /* a person's stop, or nothing that we understand */
    if (on && holds) return;
    if (due)
        engage(g, due);
    else if (ours)
        release(g, k);
}

static int guard(void *ctx, json_t *policy, Err *e) {
    Guard *g = ctx;
    const PolicyBudget *due = NULL;
    bool holds = false;
    (void)e;
    g->policy = policy;
    const char *by = text_of(json_object_get(policy, "kill_switch"), "engaged_by");
    for (size_t i = 0; i < g->count; i++) {
        const PolicyBudget *p = &g->budgets[i];
        if (update_budget(g, p) != BUDGET_EXHAUSTED || p->budget->action != BUDGET_KILL) continue;
        if (!due) due = p;
        if (strncmp(by, ENGAGED_BY, strlen(ENGAGED_BY)) == 0 && strcmp(by + strlen(ENGAGED_BY), p->budget->id) == 0) holds = true;
    }
    drop_forgotten(g);
    update_switch(g, due, holds);
    return g->changed;
}

int policy_guard(const PolicyWriter *w, const PolicyBudget *budgets, size_t count, PolicyDone *done, Err *e) {
    PolicyWriter always = *w;
    always.seen_generation = -1; /* it looks and acts under one lock */
    Guard g = {.w = w, .budgets = budgets, .count = count};
    bool stops = false; /* a spent budget must not wait until somebody mends the file (P14) */
    for (size_t i = 0; i < count; i++) stops |= budgets[i].state == BUDGET_EXHAUSTED;
    PolicyEdit edit = {.action = "budget", .section = "budget_states", .reason = "", .rescue = stops, .edit = guard, .ctx = &g};
    return policy_change(&always, &edit, done, e);
}
