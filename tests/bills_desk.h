/* bills_desk: an account's worker over a ledger of its own, for tests that answer it from a server on loopback. */
#ifndef TESTS_BILLS_DESK_H
#define TESTS_BILLS_DESK_H
#include "collectors/bills.h"
#include "store/query.h"
#include "tests/ledger_lab.h"
#include "tests/loopback.h"

#define NOW (INT64_C(1795486360) * 1000) /* 2026-11-24T02:12:40Z */

typedef struct Desk {
    Lab lab;
    Config config;
    AccountConfig account;
    Collecting shared;
    BillsConfig bills;
    Book *book;
    Stop *stop;
    int mode;            /* how the server behaves, of the test's own */
    const char *refusal; /* a file that it answers instead of costs; NULL = none */
    Loopback server;
} Desk;

/* `account` has its key in an environment variable, which gets this value. */
static inline Desk *desk_open(const AccountConfig *account, const char *secret) {
    Desk *d = xcalloc(1, sizeof *d);
    Err e = {0};
    lab_open(&d->lab, NULL);
    if (book_load(&d->book, NULL, &e) != 0) fail_msg("%s", e.text);
    d->account = *account;
    setenv(account->key_env, secret, 1);
    d->shared = (Collecting){.config = &d->config, .book = d->book, .db_path = d->lab.path, .fixed_now_ms = NOW};
    d->bills = (BillsConfig){.shared = &d->shared, .account = &d->account};
    d->stop = stop_new();
    return d;
}

static inline int desk_close(void **state) {
    Desk *d = *state;
    stop_free(d->stop);
    lab_close(&d->lab);
    book_free(d->book);
    free(d);
    return 0;
}

static inline void desk_serve(Desk *d, LoopbackAnswer *answer) {
    d->server = loopback_start(answer, d);
    snprintf(d->account.base_url, sizeof d->account.base_url, "http://127.0.0.1:%d", d->server.port);
}

/* Steps until nothing is due, `most` at the most, without waiting what it asks to wait; how long it would sleep then. */
static inline int64_t desk_run(Desk *d, int most) {
    Err e = {0};
    void *worker;
    Wait next = {.fd = -1};
    OK(e, bills_worker.open(&worker, &d->bills, d->stop, &e));
    for (int i = 0; i < most && next.sleep_ms <= 30000; i++) OK(e, bills_worker.step(worker, &next, &e));
    bills_worker.close(worker);
    return next.sleep_ms;
}

/* What the account says of itself: "state: last word". */
static inline void desk_word(Desk *d, char *out, size_t size) {
    SourceView v[4];
    size_t count = 0;
    Err e = {0};
    OK(e, query_sources(d->lab.db, NOW, v, 4, &count, &e));
    *out = '\0';
    for (size_t i = 0; i < count; i++)
        if (strcmp(v[i].source, "account main") == 0) snprintf(out, size, "%s: %s", v[i].state, v[i].last_word);
}
#endif
