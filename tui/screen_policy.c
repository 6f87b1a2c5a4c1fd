/* screen_policy: the switch and its proof: written, obeyed, refused, and what is spent since; the rules of the policy file; who
 * changed it. Drawing is in policy_draw.c. */
#include "tui/policy_screen.h"
#include "tui/policy_dialogs.h"
#include "tui/keys.h"
#include "tui/view.h"

static void *open_policy(void) { return xcalloc(1, sizeof(PolicyScreen)); }

static void close_policy(void *self) {
    PolicyScreen *p = self;
    json_decref(p->policy);
    table_state_free(&p->table);
    free(p->acks);
    free(p);
}

/* ---- refused and let through since the stop ---- */
static void add_feature(PolicyScreen *p, const Group *g) {
    size_t at = p->refused_features;
    if (g->t.refused == 0) return;
    if (at < REFUSED_SHOWN) p->refused_features++;
    else if (p->refused_by[REFUSED_SHOWN - 1].calls >= g->t.refused) return;
    else at = REFUSED_SHOWN - 1;
    for (; at > 0 && p->refused_by[at - 1].calls < g->t.refused; at--) p->refused_by[at] = p->refused_by[at - 1];
    p->refused_by[at].calls = g->t.refused;
    snprintf(p->refused_by[at].name, sizeof p->refused_by[0].name, "%s", g->name[0][0] ? g->name[0] : "unknown");
}

static void add_gateway(PolicyScreen *p, const Group *g) {
    for (size_t i = 0; i < p->ack_count; i++) {
        if (strcmp(p->acks[i].ack.id, g->name[0]) != 0) continue;
        p->acks[i].refused = g->t.refused;
        p->acks[i].passed = g->t.requests - g->t.refused;
        p->acks[i].passed_nano = g->t.cost_nano;
    }
}

static int load_since(PolicyScreen *p, View *v, int dim, Result *r, Err *e) {
    int64_t from = v->policy.engaged_at_ms, oldest = v->now_ms - MS_PER_DAY;
    Query q = {.since_ms = from > oldest ? from : oldest, .until_ms = v->now_ms + 1, .by = {dim}, .by_count = 1};
    (void)p;
    return query_run(v->db, &q, r, e);
}

static int load_refused(PolicyScreen *p, View *v, Err *e) {
    Result r = {0};
    p->refused = p->refused_features = 0;
    for (size_t i = 0; i < p->ack_count; i++) p->acks[i].refused = p->acks[i].passed = p->acks[i].passed_nano = 0;
    if (!policy_is_stopped(&v->policy)) return 0;
    if (load_since(p, v, DIM_FEATURE, &r, e) != 0) return -1;
    p->refused = (size_t)r.total.refused;
    for (size_t i = 0; i < r.count; i++) add_feature(p, &r.groups[i]);
    result_free(&r);
    if (load_since(p, v, DIM_GATEWAY, &r, e) != 0) return -1;
    for (size_t i = 0; i < r.count; i++) add_gateway(p, &r.groups[i]);
    result_free(&r);
    return 0;
}

static int rate_at(View *v, int64_t at_ms, int64_t *nano, Err *e) {
    Result r = {0};
    Query q = {.since_ms = at_ms - MS_PER_MINUTE, .until_ms = at_ms};
    if (query_run(v->db, &q, &r, e) != 0) return -1;
    *nano = r.total.cost_nano;
    result_free(&r);
    return 0;
}

static void load_acks(PolicyScreen *p, View *v) {
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    Err why = {0};
    p->ack_count = 0;
    if (policy_act_acks(v->app, v->policy.generation, v->now_ms, acks, &p->ack_count, &why) != 0) p->ack_count = 0;
    if (!p->acks) p->acks = xcalloc(POLICY_ACKS_MAX, sizeof *p->acks);
    for (size_t i = 0; i < p->ack_count; i++) p->acks[i] = (GatewayRow){.ack = acks[i]};
    free(acks);
}

static int load_policy(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    PolicyScreen *p = self;
    Err why = {0};
    (void)deadline_us;
    *more = false;
    if (view_is_past(v)) {
        policy_asof_load(p, v);
        return 0;
    }
    json_decref(p->policy);
    p->policy = NULL;
    if (policy_read(v->app->policy_path, &p->policy, &why) != 0) p->policy = NULL; /* v->policy says why */
    policy_rules_list(p->policy, p->rules, RULES_MAX, &p->rule_count);
    Table rules;
    policy_rules_table(p, &rules);
    table_arrange(&rules, &p->table);
    load_acks(p, v);
    if (policy_history(v->app->policy_path, p->history, HISTORY_SHOWN, &p->history_count, &why) != 0) p->history_count = 0;
    if (load_refused(p, v, e) != 0 || rate_at(v, v->until_ms, &p->rate_now_nano, e) != 0) return -1;
    return policy_is_stopped(&v->policy) ? rate_at(v, v->policy.engaged_at_ms, &p->rate_before_nano, e) : 0;
}

/* Gateways write their acknowledgements into files, of which no commit tells. */
static int tick_policy(void *self, View *v, Err *e) {
    bool more;
    return load_policy(self, v, INT64_MAX, &more, e);
}

static bool open_rule(const PolicyScreen *p, View *v) {
    if (p->rule_count == 0) policy_dialog(v, &rule_dialog);
    else {
        const Table t = {.rows = p->rule_count};
        const PolicyRule *r = &p->rules[table_selected(&t, &p->table)];
        policy_rule_dialog(v, r->at, r->value);
    }
    return true;
}

static bool key_policy(void *self, View *v, int key) {
    PolicyScreen *p = self;
    if (view_is_past(v)) return false; /* no rule of now is shown */
    if (key == 'w') return policy_dialog(v, &rule_dialog), true;
    if (key == KEY_ENTER) return open_rule(p, v);
    return false;
}

const Screen screen_policy = {
    .name = "policy", .title = "Policy", .key = '8', .open = open_policy, .close = close_policy, .load = load_policy, .tick = tick_policy, .restless = true,
    .draw = policy_screen_draw, .key_pressed = key_policy, .list = policy_screen_list,
    .table_at = offsetof(PolicyScreen, table), .unfiltered = true, .footer = "resume stop rule open copy export",
};
