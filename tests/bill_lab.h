/* bill_lab: a ledger with the price book, and what providers say of its days, for tests of bills against logs. */
#ifndef TESTS_BILL_LAB_H
#define TESTS_BILL_LAB_H
#include "store/bill.h"
#include "store/reconcile.h"
#include "tests/ledger_lab.h"

#define DAY0 (LAB_NOW - 3 * MS_PER_DAY) /* 2026-11-21 */
#define USD INT64_C(1000000000)

typedef struct Desk {
    Lab lab;
    Book *book;
    Pricer *pricer;
    uint64_t id;
} Desk;

static inline int desk_setup(void **state) {
    Desk *d = calloc(1, sizeof *d);
    Err e = {0};
    lab_open(&d->lab, NULL);
    if (book_load(&d->book, NULL, &e) != 0) return -1;
    d->pricer = pricer_new(d->book);
    *state = d;
    return 0;
}

static inline int desk_teardown(void **state) {
    Desk *d = *state;
    lab_close(&d->lab);
    pricer_free(d->pricer);
    book_free(d->book);
    free(d);
    return 0;
}

/* A logged call of account "main", which can still be changed before meter_end(). */
static inline Request *meter_begin(Desk *d, int64_t ts, const char *model, const char *key, int64_t nano) {
    d->id++;
    Request *r = lab_add(&d->lab, d->id * 7919, ts + (int64_t)d->id * 1000);
    r->name[DIM_MODEL] = lab_name(&d->lab, model);
    r->name[DIM_KEY] = lab_name(&d->lab, key);
    r->cost_nano = nano;
    return r;
}

static inline void meter(Desk *d, int64_t ts, const char *model, const char *key, int64_t nano) {
    meter_begin(d, ts, model, key, nano);
    lab_ingest(&d->lab);
}

typedef struct Said { /* what a provider says of a model (or item) on a day */
    const char *model, *key, *item, *currency, *tier, *project;
    int64_t day, nano, input, output, write_5m;
    bool batch;
} Said;

/* rival: the feed that tells the same calls and loses; NULL = none. */
static inline void say_over(Desk *d, const char *account, const char *provider, const char *feed, const char *rival, Origin o, const Said *said, size_t count) {
    BillSet s;
    Err e = {0};
    const BillRead read = {.account = account, .provider = provider, .feed = feed, .origin = o, .from_ms = DAY0, .until_ms = LAB_NOW + MS_PER_DAY,
                           .closed_ms = LAB_NOW, .now_ms = LAB_NOW, .rival = rival, .wins = rival != NULL};
    bill_set_init(&s);
    for (size_t i = 0; i < count; i++) {
        BillRow *r = bill_set_add(&s);
        *r = (BillRow){.start_ms = DAY0 + said[i].day * MS_PER_DAY, .end_ms = DAY0 + (said[i].day + 1) * MS_PER_DAY, .requests = 1,
                       .model = bill_set_name(&s, said[i].model), .key = bill_set_name(&s, said[i].key), .item = bill_set_name(&s, said[i].item),
                       .currency = bill_set_name(&s, said[i].currency), .tier = bill_set_name(&s, said[i].tier),
                       .project = bill_set_name(&s, said[i].project), .money = o == ORIGIN_BILLED, .nano = said[i].nano, .batch = said[i].batch,
                       .tokens = {[TOK_INPUT] = said[i].input, [TOK_OUTPUT] = said[i].output, [TOK_CACHE_WRITE_5M] = said[i].write_5m}};
    }
    OK(e, bills_replace(d->lab.l, &read, &s, d->pricer, &e));
    bill_set_free(&s);
}

static inline void say_of(Desk *d, const char *account, const char *provider, const char *feed, Origin o, const Said *said, size_t count) {
    say_over(d, account, provider, feed, NULL, o, said, count);
}

static inline void say(Desk *d, const char *feed, Origin o, const Said *said, size_t count) { say_of(d, "main", "openai", feed, o, said, count); }

static inline const ReconLine *line_of(const Recon *r, int day, const char *model) {
    for (size_t i = 0; i < r->count; i++)
        if (r->at[i].day_ms == DAY0 + day * MS_PER_DAY && strcmp(r->at[i].model, model) == 0) return &r->at[i];
    fail_msg("no line for %s on day %d", model, day);
    return NULL;
}

static inline const ReconFinding *finding(const ReconFinding *f, size_t count, Cause c) {
    for (size_t i = 0; i < count; i++)
        if (f[i].cause == c) return &f[i];
    fail_msg("nobody found: %s", cause_names[c]);
    return NULL;
}
#endif
