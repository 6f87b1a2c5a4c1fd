/* worker: the thread around a step function: waiting, back-off with jitter, stopping. See worker.h. */
#include "collectors/worker.h"
#include "store/clock.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MAX_MS = 300000, FAILURES_MAX = 3 };

struct Worker {
    const WorkerType *type;
    const void *config;
    const Stop *stop;
    pthread_t thread;
    Backoff backoff;
};

int64_t backoff_next(Backoff *b) {
    b->ms = b->ms ? b->ms * 2 : BACKOFF_FIRST_MS;
    if (b->ms > BACKOFF_MAX_MS) b->ms = BACKOFF_MAX_MS;
    if (!b->seed) b->seed = (unsigned)clock_monotonic_ms() | 1;
    b->seed = b->seed * 1103515245u + 12345u;
    return b->ms * 3 / 4 + (int64_t)(b->seed >> 16) % (b->ms / 4 + 1); /* so that many do not come back at once */
}

/* Until the time is over, the descriptor is readable, or all stops. */
static void wait_for(const Worker *w, const Wait *next) {
    struct pollfd p[2] = {{.fd = stop_fd(w->stop), .events = POLLIN}, {.fd = next->fd, .events = POLLIN}};
    int timeout = next->sleep_ms > INT32_MAX ? INT32_MAX : (int)next->sleep_ms;
    poll(p, next->fd >= 0 ? 2 : 1, timeout);
}

static Wait after_failure(Worker *w, const Err *e) {
    if (w->type->failed) w->type->failed(w->config, e);
    return (Wait){.sleep_ms = backoff_next(&w->backoff), .fd = -1};
}

static void *run(void *arg) {
    Worker *w = arg;
    void *self = NULL;
    for (int failures = 0; !stop_is_set(w->stop);) {
        Err e = {0};
        Wait next = {.fd = -1};
        int rc = self ? 0 : w->type->open(&self, w->config, w->stop, &e);
        if (rc == 0) rc = w->type->step(self, &next, &e);
        failures = rc == 0 ? 0 : failures + 1;
        if (rc == 0) w->backoff.ms = 0;
        else next = after_failure(w, &e);
        if (self && failures >= FAILURES_MAX) {
            w->type->close(self);
            self = NULL;
        }
        if (next.sleep_ms != 0) wait_for(w, &next);
    }
    if (self) w->type->close(self);
    return NULL;
}

/* Started with all signals blocked that a handler could take away from the thread they are for. */
static int start_quiet(Worker *w) {
    sigset_t quiet, before;
    sigfillset(&quiet);
    const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&quiet, own[i]);
    pthread_sigmask(SIG_SETMASK, &quiet, &before);
    int rc = pthread_create(&w->thread, NULL, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int worker_start(Worker **out, const WorkerType *type, const void *config, const Stop *stop, Err *e) {
    Worker *w = xcalloc(1, sizeof *w);
    *w = (Worker){.type = type, .config = config, .stop = stop};
    *out = NULL;
    if (start_quiet(w) != 0) {
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
