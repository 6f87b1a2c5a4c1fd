/* savings_half: see savings_half.h. */
#include "collectors/savings_half.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { SLICE_US = 20000 };

struct SavingsHalf {
    pthread_t thread;
    Db *db;
    SaveRun *part;
    atomic_bool stop, ended;
    atomic_int permille;
    int rc;
    Err error;
};

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void *work(void *ctx) {
    SavingsHalf *h = ctx;
    bool more = true;
    while (more && h->rc == 0 && !atomic_load(&h->stop)) {
        h->rc = savings_step(h->part, now_us() + SLICE_US, &more, &h->error);
        atomic_store(&h->permille, savings_permille(h->part));
    }
    atomic_store(&h->ended, true);
    return NULL;
}

SavingsHalf *savings_half_begin(SaveRun *run, const char *db_path) {
    SavingsHalf *h = xcalloc(1, sizeof *h);
    Err e = {0};
    if (db_open(&h->db, db_path, DB_READ, &e) == 0 && (h->part = savings_part(run, h->db)) && pthread_create(&h->thread, NULL, work, h) == 0) return h;
    if (h->part) savings_rejoin(run, h->part);
    db_close(h->db);
    free(h);
    return NULL;
}

bool savings_half_wait(const SavingsHalf *h, int64_t deadline_us) {
    const struct timespec tick = {.tv_nsec = 1000000};
    while (h && !atomic_load(&h->ended) && now_us() < deadline_us) nanosleep(&tick, NULL);
    return !h || atomic_load(&h->ended);
}

int savings_half_permille(const SavingsHalf *h) { return h ? atomic_load(&h->permille) : 1000; }

int savings_half_add(SavingsHalf *h, SaveRun *run, Err *e) {
    if (!h) return 0;
    pthread_join(h->thread, NULL);
    int rc = h->rc;
    if (rc != 0) fail(e, "%s", h->error.text);
    if (rc == 0) savings_add(run, h->part);
    else savings_close(h->part);
    db_close(h->db);
    free(h);
    return rc;
}

void savings_half_drop(SavingsHalf *h) {
    if (!h) return;
    atomic_store(&h->stop, true);
    pthread_join(h->thread, NULL);
    savings_close(h->part);
    db_close(h->db);
    free(h);
}
