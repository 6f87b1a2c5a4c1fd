/* worker: the thread around a step function: waiting, back-off with jitter, health, stopping. See worker.h. */
#include "collectors/worker.h"
#include "store/clock.h"
#include <poll.h>
#include <pthread.h>

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MAX_MS = 300000 };

struct Worker {
    const WorkerType *type;
    const void *config;
    const Stop *stop;
    pthread_t thread;
    int64_t backoff_ms;
    unsigned seed;
};

/* Until the time is over, the descriptor is readable, or all stops. */
static void wait_for(const Worker *w, const Wait *next) {
    struct pollfd p[2] = {{.fd = stop_fd(w->stop), .events = POLLIN}, {.fd = next->fd, .events = POLLIN}};
    int timeout = next->sleep_ms > INT32_MAX ? INT32_MAX : (int)next->sleep_ms;
    poll(p, next->fd >= 0 ? 2 : 1, timeout);
}

/* Doubles up to five minutes; a quarter of it is chance, so that many do not come back at once. */
static int64_t next_backoff(Worker *w) {
    w->backoff_ms = w->backoff_ms ? w->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (w->backoff_ms > BACKOFF_MAX_MS) w->backoff_ms = BACKOFF_MAX_MS;
    w->seed = w->seed * 1103515245u + 12345u;
    return w->backoff_ms * 3 / 4 + (int64_t)(w->seed >> 16) % (w->backoff_ms / 4 + 1);
}

static void *run(void *arg) {
    Worker *w = arg;
    void *self = NULL;
    while (!stop_is_set(w->stop)) {
        Err e = {0};
        Wait next = {.fd = -1};
        int rc = self ? 0 : w->type->open(&self, w->config, w->stop, &e);
        if (rc == 0) rc = w->type->step(self, &next, &e);
        if (rc == 0) {
            w->backoff_ms = 0;
        } else {
            if (w->type->failed) w->type->failed(w->config, &e);
            if (self) w->type->close(self);
            self = NULL;
            next = (Wait){.sleep_ms = next_backoff(w), .fd = -1};
        }
        if (next.sleep_ms > 0) wait_for(w, &next);
    }
    if (self) w->type->close(self);
    return NULL;
}

int worker_start(Worker **out, const WorkerType *type, const void *config, const Stop *stop, Err *e) {
    Worker *w = xcalloc(1, sizeof *w);
    *w = (Worker){.type = type, .config = config, .stop = stop, .seed = (unsigned)clock_monotonic_ms()};
    *out = NULL;
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        free(w);
        return fail(e, "%s: no thread can be started; close other programs", type->kind);
    }
    *out = w;
    return 0;
}

void worker_join(Worker *w) {
    if (!w) return;
    pthread_join(w->thread, NULL);
    free(w);
}
