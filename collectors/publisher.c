/* publisher: runs `[policy] publish` after each change of the policy file, whoever made it. A command line that changed it has
 * published it itself and said so in the audit trail, which is looked at first. See publish.h. */
#include "collectors/collect_parts.h"
#include "collectors/publish.h"

/* HISTORY: a change and its publishing have a line each; more are not needed to find ours. */
enum { LOOK_MS = 250, IDLE_MS = -1, HISTORY = 16, OWN_MS = 1000, BUSY_MS = 60000, RETRY_MAX_MS = 15000 };

typedef struct Publisher {
    const Collecting *c;
    const Stop *stop;
    Actor by;
    int64_t published; /* generation */
    int64_t seen, told;
    int64_t due_ms;    /* monotonic: when `seen` is tried, first or again */
    Backoff backoff;
} Publisher;

static int open_publisher(void **self, const void *config, const Stop *stop, Err *e) {
    Publisher *p = xcalloc(1, sizeof *p);
    (void)e;
    p->c = config;
    p->stop = stop;
    actor_find(p->c->config->user, &p->by);
    *self = p;
    return 0;
}

/* Done, or under way in another process: that one has a minute. What failed or was cut off is not published. */
static bool is_published(const Publisher *p, int64_t generation, int64_t now_ms, bool *busy) {
    PolicyEvent *events = xcalloc(HISTORY, sizeof *events);
    size_t count = 0;
    bool done = false;
    Err ignored = {0};
    *busy = false;
    if (policy_history(p->c->policy_path, events, HISTORY, &count, &ignored) != 0) count = 0;
    for (size_t i = 0; i < count; i++) {
        const PolicyEvent *v = &events[i];
        if (strcmp(v->action, "publish") != 0 || v->generation < generation) continue;
        done |= strcmp(v->outcome, "done") == 0;
        *busy |= strcmp(v->outcome, "intended") == 0 && now_ms - v->at_ms < BUSY_MS;
    }
    free(events);
    return done;
}

/* A stop that other hosts have not got is no stop there: tried until it arrives, told once. */
static void publish(Publisher *p, int64_t generation, int64_t now_ms) {
    const PolicyWriter w = {.path = p->c->policy_path, .by = &p->by, .now_ms = now_ms, .seen_generation = -1};
    Err e = {0};
    if (publish_policy(p->c->config->publish, &w, generation, p->stop, &e) == 0) {
        p->published = generation;
        return;
    }
    int64_t wait_ms = backoff_next(&p->backoff);
    p->due_ms = clock_monotonic_ms() + (wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS);
    if (p->told != generation) collecting_failed(p->c, &e);
    p->told = generation;
}

/* A new generation waits a second for its author, who publishes it himself. One that was there at the start may have lost
 * its publisher half way. */
static int step(void *self, Wait *next, Err *e) {
    Publisher *p = self;
    PolicyView v;
    bool busy;
    int64_t now_ms = collecting_now_ms(p->c);
    (void)e;
    *next = (Wait){.sleep_ms = p->c->config->publish[0] ? LOOK_MS : IDLE_MS, .fd = -1};
    if (!p->c->config->publish[0]) return 0;
    policy_view(p->c->policy_path, now_ms, &v);
    if (v.why_unknown[0] || v.generation == p->published) return 0;
    if (v.generation != p->seen) {
        p->seen = v.generation;
        p->due_ms = clock_monotonic_ms() + OWN_MS;
        p->backoff.ms = 0;
    }
    if (clock_monotonic_ms() < p->due_ms) return 0;
    if (is_published(p, v.generation, now_ms, &busy)) p->published = v.generation;
    else if (!busy) publish(p, v.generation, now_ms);
    return 0;
}

static void failed(const void *config, const Err *e) { collecting_failed(config, e); }

const WorkerType publisher_worker = {.kind = "publisher", .open = open_publisher, .step = step, .close = free, .failed = failed};
