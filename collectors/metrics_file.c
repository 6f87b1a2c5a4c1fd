/* metrics_file: see metrics_file.h. */
#include <stdlib.h>
#include <unistd.h>
#include "collectors/metrics_file.h"
#include "store/data.h"

enum { ROUND_MS = 15000, ABSENT_MS = 1000, SAVINGS_MS = 600000 };

typedef struct Rounds {
    const MetricsFile *file;
    const Stop *stop;
    Db *db;
    Buf text, savings;
    int64_t savings_ms; /* when they were worked out; 0 = never */
} Rounds;

static void close_rounds(void *self) {
    Rounds *r = self;
    if (!r) return;
    db_close(r->db);
    buf_free(&r->text);
    buf_free(&r->savings);
    free(r);
}

static int open_rounds(void **self, const void *config, const Stop *stop, Err *e) {
    Rounds *r = xcalloc(1, sizeof *r);
    *r = (Rounds){.file = config, .stop = stop, .text.max = METRICS_TEXT_MAX, .savings.max = METRICS_TEXT_MAX};
    (void)e;
    *self = r;
    return 0;
}

static int stopping(void *ctx) {
    const Rounds *r = ctx;
    return stop_is_set(r->stop);
}

static int add_savings(Rounds *r, const MetricsAsk *ask, int64_t now_ms, Err *e) {
    if (!r->file->book) return 0;
    if (!r->savings_ms || now_ms - r->savings_ms >= SAVINGS_MS) {
        buf_clear(&r->savings);
        if (metrics_savings(r->db, ask, r->file->book, &r->savings, e) != 0) return -1;
        r->savings_ms = now_ms;
    }
    buf_add(&r->text, r->savings.at, r->savings.len);
    return 0;
}

static int write_round(Rounds *r, Wait *next, Err *e) {
    MetricsAsk ask = r->file->ask;
    int64_t begun_ms = clock_monotonic_ms();
    if (ask.now_ms == 0) ask.now_ms = clock_now_ms();
    ask.interrupt = stopping;
    ask.ctx = r;
    buf_clear(&r->text);
    int rc = metrics_text(r->db, &ask, &r->text, e);
    if (rc == 0) rc = add_savings(r, &ask, begun_ms, e);
    if (rc != 0 && stop_is_set(r->stop)) return *next = (Wait){.sleep_ms = -1, .fd = -1}, 0;
    if (rc != 0 || file_write(r->file->path, r->text.at, r->text.len, e) != 0) return -1;
    int64_t left_ms = ROUND_MS - (clock_monotonic_ms() - begun_ms);
    *next = (Wait){.sleep_ms = left_ms > 1000 ? left_ms : 1000, .fd = -1};
    return 0;
}

static int step(void *self, Wait *next, Err *e) {
    Rounds *r = self;
    /* At the first start of all the collector is about to make the ledger. */
    if (!r->db && access(r->file->db_path, F_OK) != 0) return *next = (Wait){.sleep_ms = ABSENT_MS, .fd = -1}, 0;
    if (!r->db && db_open(&r->db, r->file->db_path, DB_READ, e) != 0) return -1;
    return write_round(r, next, e);
}

static void failed(const void *config, const Err *e) {
    const MetricsFile *f = config;
    if (f->failed) f->failed(e);
}

const WorkerType metrics_file_worker = {.kind = "metrics file", .open = open_rounds, .step = step, .close = close_rounds, .failed = failed};
