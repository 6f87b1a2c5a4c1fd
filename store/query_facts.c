/* query_facts: see query_facts.h. */
#include "store/query_facts.h"
#include "store/money.h"
#include "store/query_bills.h"
#include "store/usual.h"
#include <jansson.h>

enum { RATE_MINUTES = 5 };
#define BEFORE_MS (24 * MS_PER_HOUR)
#define HELD_MS (10 * MS_PER_MINUTE)

/* What only rows can answer (by feature, team, user, key, single calls) is read so often: 90,000 rows are 50 ms. */
enum { ROWS_MS = 30000 };

struct FactsRoom {
    int64_t rows_ms;   /* when rows were read last; 0 = never */
    size_t features_count, calls_count;
    FactBudget *budgets;
    BillsRoom *bills;
    SpendMix mix;
    Now latency;
    FactScope features[FACT_SCOPES_MAX], models[FACT_SCOPES_MAX], unpriced[FACT_SCOPES_MAX];
    FactCall calls[FACT_CALLS_MAX];
    PolicyAck acks[POLICY_ACKS_MAX];
};

FactsRoom *facts_room_new(void) {
    FactsRoom *r = xcalloc(1, sizeof *r);
    r->bills = bills_room_new();
    return r;
}

void facts_room_free(FactsRoom *r) {
    if (!r) return;
    free(r->budgets);
    bills_room_free(r->bills);
    free(r);
}

static int total_of(Db *db, const Filter *filter, int64_t since, int64_t until, Totals *out, Err *e) {
    Query q = {.since_ms = since, .until_ms = until, .filter = filter};
    Result r;
    if (query_run(db, &q, &r, e) != 0) return -1;
    *out = r.total;
    result_free(&r);
    return 0;
}

/* ---- budgets ---- */
/* Who spent most: by feature, or by model where the budget is a feature's. */
static int budget_top(Db *db, const Filter *filter, FactBudget *b, int64_t now, Err *e) {
    Query q = {.since_ms = b->view.begin_ms, .until_ms = now, .filter = filter, .by_count = 1,
               .by = {b->budget->scope_dim == DIM_FEATURE ? DIM_MODEL : DIM_FEATURE}};
    Result r;
    if (query_run(db, &q, &r, e) != 0) return -1;
    for (size_t i = 0; i < r.count; i++) {
        if (r.groups[i].t.cost_nano <= b->top_nano) continue;
        b->top_nano = r.groups[i].t.cost_nano;
        snprintf(b->top, sizeof b->top, "%s", r.groups[i].name[0]);
    }
    result_free(&r);
    return 0;
}

static bool needs_rows(const Budget *b) {
    return !budget_is_effective(b) && b->scope_dim != DIM_MODEL;
}

/* last_rate: of the round before, -1 = it is to be read. */
static int load_budget(Db *db, const FactsAsk *ask, FactBudget *b, int64_t last_rate, Err *e) {
    Filter *filter;
    Totals fresh;
    if (query_budget_spent(db, b->budget, ask->zone, ask->now_ms, &b->view, e) != 0) return -1;
    if (query_budget_filter(b->budget, &filter, e) != 0) return -1;
    int rc = last_rate >= 0 ? 0 : total_of(db, filter, ask->now_ms - ALERT_FRESH_MS, ask->now_ms, &fresh, e);
    if (rc == 0) {
        b->view.rate_nano_per_min = last_rate >= 0 ? last_rate : fresh.cost_nano / (ALERT_FRESH_MS / MS_PER_MINUTE);
        Forecast f = budget_forecast(b->budget, b->view.spent_nano, b->view.rate_nano_per_min, ask->now_ms, b->view.end_ms);
        b->view.end_at_rate_nano = f.end_nano;
        b->view.breaks_ms = f.breaks_ms;
    }
    if (rc == 0 && (b->view.level || b->view.breaks_ms >= 0)) rc = budget_top(db, filter, b, ask->now_ms, e);
    filter_free(filter);
    return rc;
}

/* What the policy file says of the budgets that act. */
static void read_policy_states(const FactsAsk *ask, FactBudget *budgets, size_t count) {
    json_t *policy = NULL, *entry;
    size_t i;
    Err ignored = {0};
    if (policy_read(ask->policy_path, &policy, &ignored) != 0) return;
    json_array_foreach(json_object_get(policy, "budgets"), i, entry) {
        const char *id = json_string_value(json_object_get(entry, "id")), *state = json_string_value(json_object_get(entry, "state"));
        for (size_t k = 0; id && state && k < count; k++)
            if (strcmp(budgets[k].budget->id, id) == 0) snprintf(budgets[k].in_policy, sizeof budgets[k].in_policy, "%.15s", state);
    }
    json_decref(policy);
}

static int load_budgets(FactsRoom *r, Db *db, const FactsAsk *ask, bool rows, AlertFacts *out, Err *e) {
    r->budgets = xrealloc(r->budgets, (ask->budget_count + 1) * sizeof *r->budgets);
    out->budgets = r->budgets;
    for (size_t i = 0; i < ask->budget_count; i++) {
        int64_t last = rows || !needs_rows(&ask->budgets[i]) ? -1 : r->budgets[i].view.rate_nano_per_min;
        r->budgets[i] = (FactBudget){.budget = &ask->budgets[i]};
        if (load_budget(db, ask, &r->budgets[i], last, e) != 0) return -1;
    }
    out->budget_count = ask->budget_count;
    read_policy_states(ask, r->budgets, ask->budget_count);
    return 0;
}

/* ---- rates ---- */
static int load_rates(Db *db, const FactsAsk *ask, AlertFacts *out, Err *e) {
    Totals rate, day;
    Usual u;
    int64_t now = ask->now_ms, hour = time_floor(ask->zone, now, UNIT_HOUR), next = time_next(ask->zone, now, UNIT_HOUR);
    if (total_of(db, NULL, now - RATE_MINUTES * MS_PER_MINUTE, now, &rate, e) != 0 ||
        total_of(db, NULL, now - BEFORE_MS, now, &day, e) != 0 || usual_load(&u, db, NULL, ask->zone, hour, next, e) != 0)
        return -1;
    int64_t usual = usual_span(&u, hour, next);
    usual_free(&u);
    out->rate_nano_per_min = rate.cost_nano / RATE_MINUTES;
    out->day_nano_per_min = day.cost_nano / (BEFORE_MS / MS_PER_MINUTE);
    out->usual_nano_per_min = usual < 0 ? -1 : usual / ((next - hour) / MS_PER_MINUTE);
    return 0;
}

/* ---- what has names ---- */
static FactScope *scope_of(FactScope *list, size_t *count, const char *name, bool make) {
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list[i].name, name) == 0) return &list[i];
    if (!make || *count == FACT_SCOPES_MAX) return NULL;
    list[*count] = (FactScope){0};
    snprintf(list[*count].name, sizeof list->name, "%s", name);
    return &list[(*count)++];
}

/* Only what costs money, the dearest first. */
static int run_by(Db *db, int dim, int64_t since, int64_t until, Result *r, Err *e) {
    Filter *filter;
    if (filter_parse(&filter, "origin:metered", e) != 0) return -1;
    Query q = {.since_ms = since, .until_ms = until, .by = {dim}, .by_count = 1, .filter = filter};
    int rc = query_run(db, &q, r, e);
    if (rc == 0) rc = result_sort(r, &q, "cost_usd", false, e);
    filter_free(filter);
    return rc;
}

/* The 24 hours before end at a quarter, which the rollups know. */
static int load_scopes(Db *db, int dim, int64_t now, FactScope *list, size_t *count, Err *e) {
    Result r;
    int64_t quarter = now - now % (15 * MS_PER_MINUTE) - ALERT_FRESH_MS;
    *count = 0;
    if (run_by(db, dim, now - ALERT_FRESH_MS, now, &r, e) != 0) return -1;
    for (size_t i = 0; i < r.count; i++) {
        FactScope *s = scope_of(list, count, r.groups[i].name[0], true);
        if (s) s->now = r.groups[i].t;
    }
    result_free(&r);
    if (run_by(db, dim, quarter - BEFORE_MS, quarter, &r, e) != 0) return -1;
    for (size_t i = 0; i < r.count; i++) {
        FactScope *s = scope_of(list, count, r.groups[i].name[0], true);
        if (s) s->before = r.groups[i].t;
    }
    result_free(&r);
    return 0;
}

static int load_unpriced(FactsRoom *room, Db *db, const FactsAsk *ask, AlertFacts *out, Err *e) {
    Result r;
    size_t n = 0;
    if (query_unpriced(db, time_floor(ask->zone, ask->now_ms, UNIT_DAY), ask->now_ms, &r, e) != 0) return -1;
    for (size_t i = 0; i < r.count && n < FACT_SCOPES_MAX; i++) {
        if (!totals_lack_a_price(&r.groups[i].t)) continue; /* flat-rate use costs the same without one */
        FactScope *s = scope_of(room->unpriced, &n, r.groups[i].name[1], true);
        if (s) totals_add(&s->now, &r.groups[i].t);
    }
    result_free(&r);
    out->unpriced = room->unpriced;
    out->unpriced_count = n;
    return 0;
}

static int dearest_first(const void *a, const void *b) {
    int64_t x = ((const FactCall *)a)->cost_nano, y = ((const FactCall *)b)->cost_nano;
    return (x < y) - (x > y);
}

static int read_calls(FactsRoom *room, Db *db, const Query *q, size_t *n, Err *e) {
    RowView *rows = xcalloc(FACT_CALLS_MAX, sizeof *rows);
    bool more;
    int rc = query_rows(db, q, INT64_MAX, rows, FACT_CALLS_MAX, n, &more, e);
    for (size_t i = 0; rc == 0 && i < *n; i++) {
        FactCall *c = &room->calls[i];
        *c = (FactCall){.key = rows[i].key, .cost_nano = rows[i].r.cost_nano};
        snprintf(c->feature, sizeof c->feature, "%s", rows[i].name[DIM_FEATURE]);
        snprintf(c->model, sizeof c->model, "%s", rows[i].name[DIM_MODEL]);
    }
    free(rows);
    return rc;
}

static int load_calls(FactsRoom *room, Db *db, const FactsAsk *ask, Err *e) {
    Filter *filter;
    char text[64], usd[32];
    nano_exact(ask->call_floor_nano, usd, sizeof usd);
    snprintf(text, sizeof text, "origin:metered cost>=%s", usd);
    if (filter_parse(&filter, text, e) != 0) return -1;
    Query q = {.since_ms = ask->now_ms - ALERT_FRESH_MS, .until_ms = ask->now_ms, .filter = filter};
    int rc = read_calls(room, db, &q, &room->calls_count, e);
    filter_free(filter);
    if (rc == 0) qsort(room->calls, room->calls_count, sizeof *room->calls, dearest_first);
    return rc;
}

/* ---- gateways and the switch ---- */
static bool is_critical(const json_t *policy, const char *feature) {
    const json_t *list = json_object_get(json_object_get(policy, "critical"), "features"), *v;
    size_t i;
    json_array_foreach(list, i, v) {
        if (json_is_string(v) && strcmp(json_string_value(v), feature) == 0) return true;
    }
    return false;
}

/* What the calls that a stop refuses cost in the ten minutes before it. */
static int load_held(Db *db, const FactsAsk *ask, AlertFacts *out, Err *e) {
    const PolicyView *p = &out->policy;
    json_t *policy = NULL;
    Result r;
    Err ignored = {0};
    int64_t held = 0;
    out->held_nano_per_min = -1;
    if (!p->expires_at_ms || !p->engaged_at_ms) return 0;
    if (policy_read(ask->policy_path, &policy, &ignored) != 0) return 0;
    int rc = run_by(db, DIM_FEATURE, p->engaged_at_ms - HELD_MS, p->engaged_at_ms, &r, e);
    for (size_t i = 0; rc == 0 && i < r.count; i++)
        if (p->state == SWITCH_ALL || !is_critical(policy, r.groups[i].name[0])) held = nano_add(held, r.groups[i].t.cost_nano);
    if (rc == 0) {
        out->held_nano_per_min = held / (HELD_MS / MS_PER_MINUTE);
        result_free(&r);
    }
    json_decref(policy);
    return rc;
}

/* A folder of acknowledgements that cannot be read is no reason to be silent about money. */
static void load_acks(FactsRoom *room, const FactsAsk *ask, AlertFacts *out) {
    Err ignored = {0};
    policy_view(ask->policy_path, ask->now_ms, &out->policy);
    out->acks = room->acks;
    if (policy_acks(ask->policy_path, ask->gateways, ask->gateway_count, out->policy.generation, ask->now_ms, room->acks,
                    POLICY_ACKS_MAX, &out->ack_count, &ignored) != 0)
        out->ack_count = 0;
}

/* What the last 15 minutes' money went into. */
static int load_mix(FactsRoom *room, Db *db, const FactsAsk *ask, Err *e) {
    Filter *filter;
    Result r;
    room->mix = (SpendMix){0};
    if (!ask->book) return 0;
    if (filter_parse(&filter, "origin:metered", e) != 0) return -1;
    Query q = {.since_ms = ask->now_ms - ALERT_FRESH_MS, .until_ms = ask->now_ms, .by = {DIM_PROVIDER, DIM_MODEL}, .by_count = 2, .filter = filter};
    int rc = query_run(db, &q, &r, e);
    for (size_t i = 0; rc == 0 && i < r.count; i++)
        spend_mix_add(&room->mix, ask->book, ask->tiers, r.groups[i].name[0], r.groups[i].name[1], ask->now_ms, &r.groups[i].t);
    if (rc == 0) result_free(&r);
    filter_free(filter);
    return rc;
}

static int load_rows(FactsRoom *r, Db *db, const FactsAsk *ask, Err *e) {
    if (load_scopes(db, DIM_FEATURE, ask->now_ms, r->features, &r->features_count, e) != 0) return -1;
    if (load_calls(r, db, ask, e) != 0 || load_mix(r, db, ask, e) != 0) return -1;
    r->latency = (Now){0};
    if (query_latencies(db, ask->now_ms - ALERT_FRESH_MS, ask->now_ms, &r->latency, e) != 0) return -1;
    r->rows_ms = ask->now_ms;
    return 0;
}

int facts_load(FactsRoom *r, Db *db, const FactsAsk *ask, AlertFacts *out, Err *e) {
    *out = (AlertFacts){.now_ms = ask->now_ms, .zone = ask->zone, .runbook = ask->runbook, .features = r->features, .models = r->models,
                        .calls = r->calls};
    bool rows = r->rows_ms == 0 || ask->now_ms < r->rows_ms || ask->now_ms - r->rows_ms >= ROWS_MS;
    load_acks(r, ask, out);
    if (load_budgets(r, db, ask, rows, out, e) != 0 || load_rates(db, ask, out, e) != 0) return -1;
    if (rows && load_rows(r, db, ask, e) != 0) return -1;
    out->feature_count = r->features_count;
    out->call_count = r->calls_count;
    out->mix = r->mix;
    out->latency_p50_ms = r->latency.latency_p50_ms;
    out->latency_p95_ms = r->latency.latency_p95_ms;
    out->latency_sample = r->latency.latency_sample;
    if (load_scopes(db, DIM_MODEL, ask->now_ms, r->models, &out->model_count, e) != 0) return -1;
    if (load_unpriced(r, db, ask, out, e) != 0 || bills_facts_load(r->bills, db, ask, out, e) != 0) return -1;
    return load_held(db, ask, out, e);
}
