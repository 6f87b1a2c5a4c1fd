/* collect: the collector role: one thread that takes it when it is free and runs the workers while it has it. */
#include "collectors/collect.h"
#include "collectors/follow.h"
#include "collectors/housekeep.h"
#include <poll.h>
#include <pthread.h>

enum { ROLE_RETRY_MS = 5000, SOURCES_MAX = 64 };

struct Collector {
    CollectOptions o;
    const Stop *stop;
    pthread_t thread;
    Role *role;
    SourceConfig *sources;
    size_t source_count;
    FollowConfig follow;
    HousekeepConfig keep;
};

/* Configured sources; without any, what stands at the known places. A format decides what agents' use costs, unless told. */
static int gather_sources(Collector *c, Err *e) {
    const Config *cfg = c->o.config;
    Formats *f;
    if (formats_load(&f, cfg->dir[0] ? cfg->dir : NULL, e) != 0) return -1;
    c->sources = xcalloc(cfg->source_count + SOURCES_MAX, sizeof *c->sources);
    for (size_t i = 0; i < cfg->source_count; i++) {
        SourceConfig *s = &c->sources[c->source_count++];
        *s = cfg->sources[i];
        const Format *format = formats_find(f, s->format);
        if (format && format_is_agent(format) && !s->payg) s->notional = true;
    }
    if (c->source_count == 0) c->source_count = discover_sources(f, c->sources, SOURCES_MAX);
    formats_free(f);
    return 0;
}

static void wait_stop(const Collector *c, int timeout_ms) {
    struct pollfd p = {.fd = stop_fd(c->stop), .events = POLLIN};
    poll(&p, 1, timeout_ms);
}

static void tell(const Collector *c, const Err *e) {
    if (c->o.failed) c->o.failed(e);
}

static bool take_role(Collector *c) {
    while (!stop_is_set(c->stop)) {
        Err e = {0};
        if (role_take(&c->role, c->o.db_path, &e) != 0) tell(c, &e);
        if (c->role) return true;
        wait_stop(c, ROLE_RETRY_MS);
    }
    return false;
}

static void *run(void *arg) {
    Collector *c = arg;
    Worker *follow = NULL, *keep = NULL;
    Err e = {0};
    if (!take_role(c)) return NULL;
    c->follow = (FollowConfig){.config = c->o.config, .sources = c->sources, .source_count = c->source_count,
                               .db_path = c->o.db_path, .fixed_now_ms = c->o.fixed_now_ms, .failed = c->o.failed};
    c->keep = (HousekeepConfig){.config = c->o.config, .db_path = c->o.db_path, .fixed_now_ms = c->o.fixed_now_ms,
                                .failed = c->o.failed};
    if (worker_start(&follow, &follow_worker, &c->follow, c->stop, &e) != 0 ||
        worker_start(&keep, &housekeep_worker, &c->keep, c->stop, &e) != 0)
        tell(c, &e);
    wait_stop(c, -1);
    worker_join(follow);
    worker_join(keep);
    role_drop(c->role);
    return NULL;
}

int collector_start(Collector **out, const CollectOptions *o, const Stop *stop, Err *e) {
    Collector *c = xcalloc(1, sizeof *c);
    *c = (Collector){.o = *o, .stop = stop};
    *out = NULL;
    if (gather_sources(c, e) == 0 && pthread_create(&c->thread, NULL, run, c) == 0) return *out = c, 0;
    fail(e, "the collector's thread cannot be started; close other programs");
    free(c->sources);
    free(c);
    return -1;
}

size_t collector_sources(const Collector *c) {
    return c->source_count;
}

void collector_join(Collector *c) {
    if (!c) return;
    pthread_join(c->thread, NULL);
    free(c->sources);
    free(c);
}
