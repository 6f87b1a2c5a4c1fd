/* worker: everything in the background is a worker, and a worker is one step function.
 *
 * Written once here: the thread, back-off with jitter after failures (1 s doubling to 5 min), health, and stopping
 * within 200 ms (every wait watches the stop event). Threads share only the database and this stop event (an eventfd).
 */
#ifndef COLLECTORS_WORKER_H
#define COLLECTORS_WORKER_H
#include "store/base.h"

typedef struct Stop Stop; /* the stop event: created once, set once, watched by all */
Stop *stop_new(void);
void stop_set(Stop *s);   /* async-signal-safe */
int stop_fd(const Stop *s); /* readable when stopping */
bool stop_is_set(const Stop *s);
void stop_free(Stop *s);

typedef struct Wait { /* what step wants next */
    int64_t sleep_ms;  /* at most this long; 0 = call again at once */
    int fd;            /* also wake when readable; -1 = none */
} Wait;
typedef struct WorkerType {
    const char *kind;
    /* Opens its own Db and so on, on the worker's thread. *self is passed to step and close. */
    int (*open)(void **self, const void *config, const Stop *stop, Err *e);
    int (*step)(void *self, Wait *next, Err *e); /* do a bit (<= 100 ms), say how long to sleep, or fail with a sentence */
    void (*close)(void *self);
    void (*failed)(const void *config, const Err *e); /* told of each failure, on the worker's thread; may be NULL */
} WorkerType;
typedef struct Worker Worker;
int worker_start(Worker **out, const WorkerType *type, const void *config, const Stop *stop, Err *e);
void worker_join(Worker *w); /* after stop_set */
#endif
