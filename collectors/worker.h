/* worker: everything in the background is a worker, and a worker is one step function.
 *
 * Written once here: the thread, back-off with jitter after failures (1 s doubling to 5 min), telling of failures, and
 * stopping within 200 ms (every wait watches the stop event). Threads share only the database and this stop event (an
 * eventfd). Workers take no signals: those belong to the thread that started them.
 */
#ifndef COLLECTORS_WORKER_H
#define COLLECTORS_WORKER_H
#include "store/base.h"

typedef struct Stop Stop; /* the stop event: created once, set once, watched by all */
Stop *stop_new(void);     /* NULL: no descriptor is left */
void stop_set(Stop *s);   /* async-signal-safe */
int stop_fd(const Stop *s); /* readable when stopping */
bool stop_is_set(const Stop *s);
bool stop_wait(const Stop *s, int64_t ms); /* at most so long, -1 = until it is set; true = it is set */
void stop_free(Stop *s);

typedef struct Wait { /* what step wants next */
    int64_t sleep_ms;  /* at most this long; 0 = call again at once; -1 = until fd or the end */
    int fd;            /* also wake when readable; -1 = none */
} Wait;
typedef struct WorkerType {
    const char *kind;
    /* Opens its own Db and so on, on the worker's thread. *self is passed to step and close. */
    int (*open)(void **self, const void *config, const Stop *stop, Err *e);
    /* Does a bit (<= 100 ms), says how long to sleep, or fails with a sentence. After a failure it is called again with
     * the same self, so that what it holds is not lost; the third failure in a row closes it, and it is opened anew. */
    int (*step)(void *self, Wait *next, Err *e);
    void (*close)(void *self);
    void (*failed)(const void *config, const Err *e); /* told of each failure, on the worker's thread; may be NULL */
} WorkerType;
typedef struct Worker Worker;
/* type, config and stop are borrowed until worker_join(). */
int worker_start(Worker **out, const WorkerType *type, const void *config, const Stop *stop, Err *e);
void worker_join(Worker *w); /* after stop_set; NULL is fine */

/* The back-off of everything that is tried again: 1 s, 2 s ... 5 min, a quarter of it by chance. Zero is the start. */
typedef struct Backoff {
    int64_t ms;
    unsigned seed;
} Backoff;
int64_t backoff_next(Backoff *b);
#endif
