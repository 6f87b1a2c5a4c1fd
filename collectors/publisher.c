/* publisher: runs `[policy] publish` after each change of the policy file, whoever made it. A command line that changed it has
 * published it itself and said so in the audit trail, which is looked at first. See publish.h. */
#include "collectors/collect_parts.h"
#include "collectors/publish.h"

/* HISTORY: a change has a line or two; more than a few between two looks are not needed to find ours. */
enum { LOOK_MS = 250, IDLE_MS = -1, HISTORY = 16, OWN_MS = 1000 };

typedef struct Publisher {
    const Collecting *c;
    const Stop *stop;
    Actor by;
    int64_t published; /* generation */
    int64_t seen, seen_ms;
} Publisher;

static int open_publisher(void **self, const void *config, const Stop *stop, Err *e) {
    Publisher *p = xcalloc(1, sizeof *p);
    PolicyView v;
    (void)e;
    p->c = config;
    p->stop = stop;
    policy_view(p->c->policy_path, collecting_now_ms(p->c), &v);
    p->published = v.generation; /* 0 where there is none yet: the first one is news */
    actor_find(p->c->config->user, &p->by);
    *self = p;
    return 0;
}

static bool is_published(const Publisher *p, int64_t generation) {
    PolicyEvent *events = xcalloc(HISTORY, sizeof *events);
    size_t count = 0;
    bool found = false;
    Err ignored = {0};
    if (policy_history(p->c->policy_path, events, HISTORY, &count, &ignored) != 0) count = 0;
    for (size_t i = 0; i < count; i++) found |= strcmp(events[i].action, "publish") == 0 && events[i].generation >= generation;
    free(events);
    return found;
}

static int publish(Publisher *p, int64_t generation, int64_t now_ms, Err *e) {
    const PolicyWriter w = {.path = p->c->policy_path, .by = &p->by, .now_ms = now_ms, .seen_generation = -1};
    p->published = generation; /* once: a failure is told, in the trail too, and is not repeated four times a second */
    return publish_policy(p->c->config->publish, &w, generation, p->stop, e);
}

/* What was there at the start was published by whoever changed it. A new generation waits a second for its author. */
static int step(void *self, Wait *next, Err *e) {
    Publisher *p = self;
    PolicyView v;
    int64_t now_ms = collecting_now_ms(p->c);
    *next = (Wait){.sleep_ms = p->c->config->publish[0] ? LOOK_MS : IDLE_MS, .fd = -1};
    if (!p->c->config->publish[0]) return 0;
    policy_view(p->c->policy_path, now_ms, &v);
    if (v.why_unknown[0]) return 0;
    if (v.generation == p->published) return 0;
    if (v.generation != p->seen) p->seen = v.generation, p->seen_ms = clock_monotonic_ms();
    if (is_published(p, v.generation)) p->published = v.generation;
    else if (clock_monotonic_ms() - p->seen_ms >= OWN_MS) return publish(p, v.generation, now_ms, e);
    return 0;
}

static void failed(const void *config, const Err *e) { collecting_failed(config, e); }

const WorkerType publisher_worker = {.kind = "publisher", .open = open_publisher, .step = step, .close = free, .failed = failed};
