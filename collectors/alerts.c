/* alerts: see alerts.h. */
#include "collectors/alerts.h"
#include "collectors/channels/channel.h"
#include "store/db_watch.h"
#include "store/query_facts.h"

/* A round when something was committed, and now and then because time alone ends stops and silences sources. */
enum { CACHE_KIB = 1024, ROUND_MS = 5000, IDLE_ROUND_MS = 10000, LIVE_STEP_MS = 60000 };

struct Alerts {
    const Collecting *c;
    Db *db;
    DbWatch *watch;
    FactsRoom *room;
    Findings found;
    TellTo *to;
    size_t to_count;
    const char **gateways;
    FactSource sources[FACT_SOURCES_MAX];
    SourceView *views;
    int64_t round_ms; /* monotonic; 0 = none yet */
    bool changed;     /* something was committed since */
};

int alerts_open(Alerts **out, const Collecting *c, Err *e) {
    Alerts *a = xcalloc(1, sizeof *a);
    const Config *cfg = c->config;
    *a = (Alerts){.c = c, .room = facts_room_new(), .found.at = xcalloc(FINDINGS_MAX, sizeof *a->found.at),
                  .to = xcalloc(cfg->alert_count + 1, sizeof *a->to),
                  .gateways = xcalloc(cfg->gateway_count + 1, sizeof *a->gateways),
                  .views = xcalloc(FACT_SOURCES_MAX, sizeof *a->views)};
    for (size_t i = 0; i < cfg->alert_count; i++) {
        const ChannelType *t = channel_find(cfg->alerts[i].channel);
        if (t && !t->beat_ms) a->to[a->to_count++] = (TellTo){cfg->alerts[i].name, cfg->alerts[i].least};
    }
    for (size_t i = 0; i < cfg->gateway_count; i++)
        a->gateways[i] = cfg->gateways[i].ack[0] ? cfg->gateways[i].ack : cfg->gateways[i].name;
    *out = NULL;
    if (db_open(&a->db, c->db_path, DB_WRITE, e) == 0) {
        db_cache(a->db, CACHE_KIB);
        a->watch = dbwatch_open(a->db);
        return *out = a, 0;
    }
    alerts_close(a);
    return -1;
}

void alerts_close(Alerts *a) {
    if (!a) return;
    dbwatch_close(a->watch);
    db_close(a->db);
    facts_room_free(a->room);
    free(a->found.at);
    free(a->to);
    free(a->gateways);
    free(a->views);
    free(a);
}

/* ---- sources ---- */
static bool is_followed(const Collecting *c, const char *name) {
    for (size_t i = 0; i < c->source_count; i++)
        if (strcmp(c->sources[i].name, name) == 0) return !c->sources[i].notional; /* agents rest when people do */
    return false;
}

static FactSource *live_of(Alerts *a, AlertFacts *f, const char *name) {
    for (size_t i = 0; i < f->source_count; i++)
        if (strcmp(a->sources[i].name, name) == 0) return &a->sources[i];
    return NULL;
}

/* A record is proof of life only if it was young when it came; old logs that are read now are none. */
static int note_live(Alerts *a, AlertFacts *f, const SourceView *v, Err *e) {
    FactSource *known = live_of(a, f, v->source);
    if (!is_followed(a->c, v->source) || v->notional || v->seen_ms == 0) return 0;
    if (f->now_ms - v->seen_ms >= ALERT_FRESH_MS || v->seen_ms > f->now_ms + MS_PER_MINUTE) return 0;
    if (known && (v->seen_ms <= known->live_ms || f->now_ms - known->live_ms < LIVE_STEP_MS)) return 0;
    if (known) known->live_ms = v->seen_ms;
    return book_live(a->db, v->source, v->seen_ms, e);
}

static int load_sources(Alerts *a, AlertFacts *f, Err *e) {
    size_t n, kept = 0;
    if (book_live_list(a->db, a->sources, FACT_SOURCES_MAX, &f->source_count, e) != 0) return -1;
    if (query_sources(a->db, f->now_ms, a->views, FACT_SOURCES_MAX, &n, e) != 0) return -1;
    for (size_t i = 0; i < n; i++)
        if (note_live(a, f, &a->views[i], e) != 0) return -1;
    for (size_t i = 0; i < f->source_count; i++) /* those that are no longer configured are not missed */
        if (is_followed(a->c, a->sources[i].name)) a->sources[kept++] = a->sources[i];
    f->sources = a->sources;
    f->source_count = kept;
    return 0;
}

/* ---- a round ---- */
static int64_t call_floor(const Config *c) {
    for (size_t i = 0; i < c->rule_count; i++)
        if (strcmp(c->rules[i].name, "request") == 0 && c->rules[i].floor_nano) return c->rules[i].floor_nano;
    return alert_rule("request")->floor_nano;
}

int alerts_round(Alerts *a, int64_t now_ms, Err *e) {
    const Config *c = a->c->config;
    const FactsAsk ask = {.now_ms = now_ms, .zone = a->c->zone, .budgets = c->budgets, .budget_count = c->budget_count,
                          .policy_path = a->c->policy_path, .runbook = c->runbook, .gateways = a->gateways,
                          .gateway_count = c->gateway_count, .call_floor_nano = call_floor(c),
                          .book = a->c->book, .config_dir = c->dir, .tiers = tiers_of(c)};
    BookOptions o = {.now_ms = now_ms, .to = a->to, .to_count = a->to_count, .rules = c->rules, .rule_count = c->rule_count};
    AlertFacts facts;
    if (facts_load(a->room, a->db, &ask, &facts, e) != 0 || load_sources(a, &facts, e) != 0) return -1;
    bool stopped = facts.policy.state == SWITCH_ALL || facts.policy.state == SWITCH_NON_CRITICAL;
    if (stopped && strncmp(facts.policy.by, "budget:", 7) != 0) o.stopped_by = facts.policy.by, o.stopped_ms = facts.policy.engaged_at_ms;
    alert_judge(&facts, c->rules, c->rule_count, &a->found);
    return book_update(a->db, &a->found, &o, e);
}

/* A commit wakes; what comes in the five seconds after a round waits for their end. */
static Wait next_wait(const Alerts *a, int64_t mono_ms) {
    int64_t gap = a->round_ms + ROUND_MS - mono_ms, left = a->round_ms + IDLE_ROUND_MS - mono_ms;
    int64_t due = dbwatch_due_ms(a->watch);
    bool watched = dbwatch_fd(a->watch) >= 0;
    if (gap > 0 && (a->changed || due != INT64_MAX || !watched)) return (Wait){.sleep_ms = gap, .fd = -1};
    if (due != INT64_MAX && due - mono_ms < left) left = due - mono_ms;
    return (Wait){.sleep_ms = left > 0 ? left : 1, .fd = dbwatch_fd(a->watch)};
}

static bool is_due(const Alerts *a, int64_t mono_ms) {
    return !a->round_ms || mono_ms - a->round_ms >= (a->changed ? ROUND_MS : IDLE_ROUND_MS);
}

static int step(void *self, Wait *next, Err *e) {
    Alerts *a = self;
    int rc = 0;
    int64_t mono_ms = clock_monotonic_ms();
    dbwatch_event(a->watch, mono_ms);
    a->changed |= dbwatch_look(a->watch, mono_ms);
    if (is_due(a, mono_ms)) {
        a->round_ms = mono_ms;
        rc = alerts_round(a, collecting_now_ms(a->c), e);
        a->changed = rc != 0;
    }
    *next = next_wait(a, mono_ms);
    return rc;
}

static int open_alerts(void **self, const void *config, const Stop *stop, Err *e) {
    Alerts *a;
    (void)stop;
    if (alerts_open(&a, config, e) != 0) return -1;
    *self = a;
    return 0;
}

static void close_alerts(void *self) {
    alerts_close(self);
}

static void failed(const void *config, const Err *e) {
    collecting_failed(config, e);
}

const WorkerType alerts_worker = {.kind = "alerts", .open = open_alerts, .step = step, .close = close_alerts, .failed = failed};
