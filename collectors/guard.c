/* guard: from what is spent to what gateways may do. See guard.h. */
#include "collectors/guard.h"
#include "collectors/policy_watch.h"
#include "store/db_watch.h"
#include "store/policy_log.h"
#include "store/query.h"
#include <jansson.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Ten looks a second at most, while somebody commits all the time (an import). Commits and changes of the policy file wake;
 * in between it is looked now and then, often where no events come. Without a hard budget no commit matters. The end of a
 * stop (G6) and of a budget's period is a date that is slept until; while a stop is on, files that others made are mended. */
enum { CACHE_KIB = 1024, LOOK_GAP_MS = 100, IDLE_MS = 2000, UNWATCHED_MS = 1800, CALM_MS = 30000, NO_FOLDER_MS = 10000, BLIND_MS = 250,
       POLICY_MS = 1000, RETRY_MS = 1000 };

struct Guard {
    const Collecting *c;
    Db *db;
    DbWatch *watch;
    PolicyWatch *policy;
    int wake;                 /* an epoll of both: what a step waits for */
    Actor actor;
    char ledger[1200];        /* "host:path" */
    PolicyLog log;
    PolicyBudget *now, *told; /* hard budgets; told: as the policy was written last */
    size_t count;
    int64_t generation;       /* of the policy file after we told it, and the switch in it */
    SwitchState state;
    bool fresh;               /* it was not told yet: it may hold what we do not know (G3) */
    int64_t looked_ms, policy_ms, next_ms; /* monotonic, monotonic, the clock */
    bool engaged;             /* a stop was on at the last look */
    bool policy_news;         /* the policy file was touched since */
    bool dirty;               /* a commit was seen that nobody has looked at */
    char complaint[ERR_MAX];  /* told once, not at each try */
};

/* ---- looking ---- */
static BudgetState state_of(int level) {
    return level >= 1000 ? BUDGET_EXHAUSTED : level > 0 ? BUDGET_WARNING : BUDGET_OK;
}

static int look_at(Guard *g, PolicyBudget *p, int64_t now_ms, Err *e) {
    BudgetView v;
    if (query_budget_spent(g->db, p->budget, g->c->zone, now_ms, &v, e) != 0) return -1;
    p->state = state_of(v.level);
    p->resets_ms = v.end_ms;
    p->spent_nano = v.spent_nano;
    return 0;
}

/* G2; and others write the file too: a person may have reopened a scope, brought back a copy of yesterday, or stopped calls
 * for a time that is over while a budget is spent. */
static bool has_changed(const Guard *g, const PolicyView *v) {
    if (g->fresh) return true;
    if (g->count && (v->generation != g->generation || v->state != g->state)) return true;
    for (size_t i = 0; i < g->count; i++)
        if (g->now[i].state != g->told[i].state || g->now[i].resets_ms != g->told[i].resets_ms) return true;
    return false;
}

static int tell_policy(Guard *g, int64_t now_ms, Err *e) {
    const PolicyWriter w = {.path = g->c->policy_path, .by = &g->actor, .now_ms = now_ms, .seen_generation = -1,
                            .witness = policy_log_witness, .ctx = &g->log, .ledger = g->ledger,
                            .critical = g->c->config->critical_features};
    PolicyDone done;
    PolicyView v;
    if (policy_guard(&w, g->now, g->count, &done, e) != 0) return -1;
    memcpy(g->told, g->now, g->count * sizeof *g->now);
    policy_view(g->c->policy_path, now_ms, &v);
    g->fresh = false;
    g->generation = done.generation; /* if somebody wrote since, we look again */
    g->state = v.state;
    return done.warning[0] ? fail(e, "%s", done.warning) : 0;
}

int guard_look(Guard *g, int64_t now_ms, int64_t *next_ms, Err *e) {
    PolicyView v;
    *next_ms = INT64_MAX;
    for (size_t i = 0; i < g->count; i++) {
        if (look_at(g, &g->now[i], now_ms, e) != 0) return -1;
        if (g->now[i].resets_ms < *next_ms) *next_ms = g->now[i].resets_ms;
    }
    policy_view(g->c->policy_path, now_ms, &v);
    if (v.expires_at_ms > now_ms && v.expires_at_ms < *next_ms) *next_ms = v.expires_at_ms;
    return has_changed(g, &v) ? tell_policy(g, now_ms, e) : 0;
}

/* ---- opening ---- */
static void choose_budgets(Guard *g) {
    const Config *c = g->c->config;
    g->now = xcalloc(c->budget_count + 1, sizeof *g->now);
    g->told = xcalloc(c->budget_count + 1, sizeof *g->told);
    for (size_t i = 0; i < c->budget_count; i++) {
        const Budget *b = &c->budgets[i];
        if (budget_is_hard(b))
            g->now[g->count++] = (PolicyBudget){.budget = b, .zone = zone_name(budget_zone(b, g->c->zone))};
    }
}

/* Did an earlier configuration with hard budgets leave entries in the policy file? */
static bool left_something(const char *policy_path, const char *ledger) {
    json_t *policy = NULL, *b;
    size_t i;
    bool found = false;
    Err ignored = {0};
    if (policy_read(policy_path, &policy, &ignored) != 0) return false;
    json_array_foreach(json_object_get(policy, "budgets"), i, b) {
        found |= policy_is_guards(b, ledger);
    }
    json_decref(policy);
    return found;
}

static int watch(Guard *g, Err *e) {
    g->wake = epoll_create1(EPOLL_CLOEXEC);
    const int fds[] = {policy_watch_fd(g->policy), g->count ? dbwatch_fd(g->watch) : -1};
    if (g->wake < 0) return fail(e, "guard: no descriptor is left; close other programs");
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0 && epoll_ctl(g->wake, EPOLL_CTL_ADD, fds[i], &(struct epoll_event){.events = EPOLLIN}) != 0)
            return fail(e, "guard: nothing more can be waited for; close other programs");
    return 0;
}

int guard_open(Guard **out, const Collecting *c, Err *e) {
    Guard *g = xcalloc(1, sizeof *g);
    g->c = c;
    g->wake = -1;
    g->dirty = true;
    *out = NULL;
    if (db_open(&g->db, c->db_path, DB_WRITE, e) != 0) {
        guard_close(g);
        return -1;
    }
    db_cache(g->db, CACHE_KIB);
    g->watch = dbwatch_open(g->db);
    policy_log_open(&g->log, c->db_path);
    actor_find(c->config->user, &g->actor);
    g->actor.guard = true;
    snprintf(g->ledger, sizeof g->ledger, "%s:%s", g->actor.host, c->db_path);
    choose_budgets(g);
    g->fresh = g->count > 0 || left_something(c->policy_path, g->ledger);
    g->state = SWITCH_UNKNOWN;
    g->policy = policy_watch_open(c->policy_path);
    if (watch(g, e) != 0) {
        guard_close(g);
        return -1;
    }
    *out = g;
    return 0;
}

void guard_close(Guard *g) {
    if (!g) return;
    policy_log_close(&g->log);
    policy_watch_close(g->policy);
    if (g->wake >= 0) close(g->wake);
    dbwatch_close(g->watch);
    db_close(g->db);
    free(g->now);
    free(g->told);
    free(g);
}

/* ---- the worker ---- */
/* A policy that cannot be written is tried again each second, because calls pass until then. Said once. */
static void complain(Guard *g, const Err *e) {
    if (strcmp(g->complaint, e->text) == 0) return;
    snprintf(g->complaint, sizeof g->complaint, "%s", e->text);
    if (e->text[0]) collecting_failed(g->c, e);
}

static bool is_due(Guard *g, int64_t mono_ms) {
    if (g->count) dbwatch_event(g->watch, mono_ms);
    if (g->count && dbwatch_look(g->watch, mono_ms)) g->dirty = true;
    return (g->dirty || collecting_now_ms(g->c) >= g->next_ms) && (!g->looked_ms || mono_ms - g->looked_ms >= LOOK_GAP_MS);
}

/* Between commits: what others did to the file, and G6. */
static void look_at_policy(Guard *g, int64_t mono_ms, Err *e) {
    PolicyView v;
    g->policy_news |= policy_watch_changed(g->policy);
    if (!g->policy_news && g->policy_ms && mono_ms - g->policy_ms < POLICY_MS) return;
    g->policy_news = false;
    g->policy_ms = mono_ms;
    policy_view(g->c->policy_path, collecting_now_ms(g->c), &v);
    if (g->count && (v.generation != g->generation || v.state != g->state)) g->dirty = true;
    g->engaged = v.state == SWITCH_ALL || v.state == SWITCH_NON_CRITICAL;
    if (v.state != SWITCH_UNKNOWN && policy_flags_sync(g->c->policy_path, collecting_now_ms(g->c), e) != 0) g->engaged = true;
    if (g->engaged && v.expires_at_ms && v.expires_at_ms < g->next_ms) g->next_ms = v.expires_at_ms;
}

static Wait next_wait(const Guard *g, int64_t mono_ms) {
    int64_t due = dbwatch_due_ms(g->watch), left = g->next_ms - collecting_now_ms(g->c);
    int64_t wait = !g->count ? CALM_MS : dbwatch_fd(g->watch) >= 0 ? IDLE_MS : BLIND_MS;
    if (g->engaged && wait > UNWATCHED_MS) wait = UNWATCHED_MS;
    if (!policy_watch_works(g->policy) && wait > NO_FOLDER_MS) wait = NO_FOLDER_MS;
    int64_t gap = g->looked_ms + LOOK_GAP_MS - mono_ms;
    if (left < wait) wait = left;
    if (due != INT64_MAX && due - mono_ms < wait) wait = due - mono_ms;
    if (g->dirty || wait < 1) wait = gap > 1 ? gap : 1;
    bool busy = gap > 0; /* not to be woken by each commit of an import */
    return (Wait){.sleep_ms = busy && wait < gap ? gap : wait, .fd = busy ? -1 : g->wake};
}

static int step(void *self, Wait *next, Err *e) {
    Guard *g = self;
    Err why = {0};
    int64_t mono_ms = clock_monotonic_ms();
    (void)e;
    if (is_due(g, mono_ms)) {
        g->looked_ms = mono_ms;
        g->dirty = guard_look(g, collecting_now_ms(g->c), &g->next_ms, &why) != 0;
    }
    look_at_policy(g, mono_ms, &why);
    complain(g, &why);
    *next = next_wait(g, mono_ms);
    if (g->dirty && why.text[0]) *next = (Wait){.sleep_ms = RETRY_MS, .fd = -1};
    return 0;
}

static int open_guard(void **self, const void *config, const Stop *stop, Err *e) {
    Guard *g;
    (void)stop;
    if (guard_open(&g, config, e) != 0) return -1;
    *self = g;
    return 0;
}

static void close_guard(void *self) {
    guard_close(self);
}

static void failed(const void *config, const Err *e) {
    collecting_failed(config, e);
}

const WorkerType guard_worker = {.kind = "guard", .open = open_guard, .step = step, .close = close_guard, .failed = failed};
