/* collect: the collector role: a worker that takes it when it is free and runs the other workers while it has it. */
#include "collectors/alerts.h"
#include "collectors/bills.h"
#include "collectors/collect_parts.h"
#include "collectors/command_source.h"
#include "collectors/database_source.h"
#include "collectors/follow.h"
#include "collectors/guard.h"
#include "collectors/housekeep.h"
#include "collectors/notify.h"
#include "collectors/publish.h"

enum { ROLE_FIRST_MS = 300, ROLE_RETRY_MS = 2000, WORKERS_MAX = 96 };

struct Collector {
    CollectOptions o;
    const Stop *stop;
    Collecting shared;
    SourceConfig *sources;
    Formats *formats;
    Zone *zone;
    CommandSource *commands;
    NotifyConfig *channels;
    BillsConfig *bills;
    Worker *role_worker; /* the rest is its own */
    Role *role;
    int looks; /* for the role, in vain */
    Worker *worker[WORKERS_MAX];
    size_t workers;
};

int64_t collecting_now_ms(const Collecting *c) {
    return c->fixed_now_ms ? c->fixed_now_ms : clock_now_ms();
}

int64_t collecting_steady_ms(const Collecting *c) {
    return c->steady_ms ? *c->steady_ms : clock_monotonic_ms();
}

int collecting_open(const Collecting *c, Db **db, Ledger **l, Err *e) {
    LedgerOptions o = {.zone = c->zone, .budgets = c->config->budgets, .budget_count = c->config->budget_count,
                       .now_ms = collecting_now_ms(c)};
    return db_open(db, c->db_path, DB_WRITE, e) == 0 && ledger_open(l, *db, &o, e) == 0 ? 0 : -1;
}

void collecting_failed(const Collecting *c, const Err *e) {
    if (c->failed) c->failed(e);
}

/* ---- the role ---- */

static int start_worker(Collector *c, const WorkerType *type, const void *config, Err *e) {
    if (c->workers == WORKERS_MAX) return fail(e, "more than %d sources and alert channels run at once; join some", WORKERS_MAX);
    if (worker_start(&c->worker[c->workers], type, config, c->stop, e) != 0) return -1;
    c->workers++;
    return 0;
}

static int start_all(Collector *c, Err *e) {
    static const WorkerType *const always[] = {&housekeep_worker, &follow_worker, &database_worker, &guard_worker, &publisher_worker, &alerts_worker};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (start_worker(c, always[i], &c->shared, e) != 0) return -1;
    for (size_t i = 0; i < c->o.config->alert_count; i++) {
        c->channels[i] = (NotifyConfig){.shared = &c->shared, .to = &c->o.config->alerts[i]};
        if (start_worker(c, &notify_worker, &c->channels[i], e) != 0) return -1;
    }
    for (size_t i = 0; i < c->o.config->account_count; i++) {
        const AccountConfig *a = &c->o.config->accounts[i];
        c->bills[i] = (BillsConfig){.shared = &c->shared, .account = a};
        bool has_key = a->key_env[0] || a->key_file[0] || a->key_command[0]; /* without one it only names who pays */
        if (has_key && start_worker(c, &bills_worker, &c->bills[i], e) != 0) return -1;
    }
    for (size_t i = 0; i < c->shared.source_count; i++) {
        c->commands[i] = (CommandSource){.shared = &c->shared, .config = &c->sources[i]};
        if (c->sources[i].command[0] && start_worker(c, &command_worker, &c->commands[i], e) != 0) return -1;
    }
    return 0;
}

static int role_open(void **self, const void *config, const Stop *stop, Err *e) {
    (void)stop, (void)e;
    *self = (void *)(uintptr_t)config;
    return 0;
}

/* Once, and not at the first look: a lock may outlive its killed holder for an instant. Without it one would seem to hang. */
static void tell_who_collects(Collector *c) {
    char who[128];
    Err e = {0};
    if (++c->looks != 2 || role_holder(c->o.db_path, who, sizeof who) != 0) return;
    fail(&e, "%s collects already; this one waits and takes over when it is gone", who);
    if (c->o.failed) c->o.failed(&e);
}

static int role_step(void *self, Wait *next, Err *e) {
    Collector *c = self;
    if (!c->role && role_take(&c->role, c->o.db_path, e) != 0) return -1;
    if (!c->role) tell_who_collects(c);
    next->sleep_ms = c->role ? -1 : c->looks < 2 ? ROLE_FIRST_MS : ROLE_RETRY_MS;
    return c->role && c->workers == 0 ? start_all(c, e) : 0;
}

/* Only when all stops, so that the others stop too. */
static void role_close(void *self) {
    Collector *c = self;
    while (c->workers) worker_join(c->worker[--c->workers]);
    role_drop(c->role);
    c->role = NULL;
}

static void role_failed(const void *config, const Err *e) {
    const Collector *c = config;
    collecting_failed(&c->shared, e);
}

static const WorkerType role_type = {.kind = "collector", .open = role_open, .step = role_step, .close = role_close, .failed = role_failed};

/* ---- the collector ---- */

/* Configured sources; without any, all known places, whether there is something yet or not. */
static void gather_sources(Collector *c) {
    const Config *cfg = c->o.config;
    size_t n = cfg->source_count ? cfg->source_count : discover_known(c->formats, NULL, SIZE_MAX);
    c->sources = xcalloc(n, sizeof *c->sources);
    c->commands = xcalloc(n, sizeof *c->commands);
    c->channels = xcalloc(cfg->alert_count + 1, sizeof *c->channels);
    c->bills = xcalloc(cfg->account_count + 1, sizeof *c->bills);
    for (size_t i = 0; i < cfg->source_count; i++) c->sources[i] = cfg->sources[i];
    if (cfg->source_count == 0) discover_known(c->formats, c->sources, n);
    c->shared.sources = c->sources;
    c->shared.source_count = n;
}

static void release(Collector *c) {
    free(c->sources);
    free(c->commands);
    free(c->channels);
    free(c->bills);
    formats_free(c->formats);
    zone_free(c->zone);
    free(c);
}

/* Formats of the user's that are wrong are left out; the rest is followed. */
static void tell_broken_formats(const Collector *c) {
    const char *why;
    for (size_t i = 0; c->o.failed && (why = formats_broken_at(c->formats, i)); i++) {
        Err e = {0};
        fail(&e, "%s", why);
        c->o.failed(&e);
    }
}

static int prepare(Collector *c, Err *e) {
    const Config *cfg = c->o.config;
    const char *dir = cfg->dir[0] ? cfg->dir : NULL;
    if (formats_load(&c->formats, dir, e) != 0 || zone_open(&c->zone, cfg->timezone, e) != 0)
        return -1;
    formats_drop_samples(c->formats);
    c->shared = (Collecting){.config = cfg, .formats = c->formats, .book = c->o.book, .zone = c->zone, .db_path = c->o.db_path, .policy_path = c->o.policy_path,
                             .fixed_now_ms = c->o.fixed_now_ms, .failed = c->o.failed};
    tell_broken_formats(c);
    gather_sources(c);
    return 0;
}

int collector_start(Collector **out, const CollectOptions *o, const Stop *stop, Err *e) {
    Collector *c = xcalloc(1, sizeof *c);
    c->o = *o, c->stop = stop;
    *out = NULL;
    if (prepare(c, e) == 0 && worker_start(&c->role_worker, &role_type, c, stop, e) == 0) return *out = c, 0;
    release(c);
    return -1;
}

void collector_join(Collector *c) {
    if (!c) return;
    worker_join(c->role_worker);
    release(c);
}
