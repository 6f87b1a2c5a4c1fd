/* query_fixture: a ledger in a temporary folder, filled through ledger_ingest() with a fixed clock, for the tests of queries
 * and of the commands that show them. */
#ifndef TESTS_QUERY_FIXTURE_H
#define TESTS_QUERY_FIXTURE_H
#include <unistd.h>
#include "store/ledger.h"
#include "store/rollup.h"
#include "store/query.h"
#include "tests/unit.h"

typedef struct Fixture {
    char dir[64], path[96];
    Db *db;
    Ledger *ledger;
    Batch *batch;
    Zone *zone;
} Fixture;

/* What a test wants to say about a request; the rest is unknown or zero. */
typedef struct Spec {
    int64_t ts_ms;
    uint64_t id; /* 0 = made from the time */
    const char *name[DIM_COUNT];
    int64_t tokens[TOK_COUNT], cost_nano, saved_cache_nano, saved_response_nano;
    uint32_t flags;
    int32_t latency_ms, ttft_ms; /* 0 = unknown */
    Origin origin;
    Outcome outcome;
} Spec;

static inline void must(int rc, const Err *e) {
    if (rc != 0) fail_msg("%s", e->text);
}

static inline int64_t utc(const char *text) {
    int64_t ms = 0;
    assert_int_equal(time_parse_rfc3339(text, strlen(text), &ms), 0);
    return ms;
}

static inline void fixture_open(Fixture *f, const char *zone, int64_t now_ms) {
    Err e = {""};
    *f = (Fixture){.dir = "/tmp/tollwatch-query-XXXXXX"};
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/ledger.db", f->dir);
    must(zone_open(&f->zone, zone, &e), &e);
    must(db_open(&f->db, f->path, DB_WRITE, &e), &e);
    must(ledger_open(&f->ledger, f->db, &(LedgerOptions){.zone = f->zone, .now_ms = now_ms}, &e), &e);
    f->batch = batch_new(LEDGER_BATCH);
}

static inline void fixture_flush(Fixture *f) {
    Err e = {""};
    IngestCounts counts = {0};
    if (batch_count(f->batch)) must(ledger_ingest(f->ledger, f->batch, &counts, &e), &e);
    batch_clear(f->batch);
}

static inline void fixture_add(Fixture *f, const Spec *s) {
    if (batch_full(f->batch)) fixture_flush(f);
    Request *r = batch_add(f->batch);
    r->ts_ms = s->ts_ms;
    r->id = s->id ? s->id : hash64(&s->ts_ms, sizeof s->ts_ms, 1);
    for (int i = 0; i < DIM_COUNT; i++)
        if (s->name[i]) r->name[i] = batch_name(f->batch, s->name[i], strlen(s->name[i]));
    memcpy(r->tokens, s->tokens, sizeof r->tokens);
    r->cost_nano = s->cost_nano;
    r->saved_cache_nano = s->saved_cache_nano;
    r->saved_response_nano = s->saved_response_nano;
    r->flags = s->flags;
    r->latency_ms = s->latency_ms ? s->latency_ms : -1;
    r->ttft_ms = s->ttft_ms ? s->ttft_ms : -1;
    r->origin = (uint8_t)s->origin;
    r->outcome = (uint8_t)s->outcome;
}

/* Both answers hold the same groups with the same figures; sorts them. */
static inline void same_groups(const Query *q, Result *a, Result *b) {
    must(result_sort(a, q, NULL, false, NULL), &(Err){"sort"});
    must(result_sort(b, q, NULL, false, NULL), &(Err){"sort"});
    assert_int_equal(a->count, b->count);
    assert_memory_equal(&a->total, &b->total, sizeof a->total);
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < q->by_count; k++) assert_string_equal(a->groups[i].name[k], b->groups[i].name[k]);
        assert_memory_equal(&a->groups[i].t, &b->groups[i].t, sizeof a->total);
    }
}

static inline void fixture_close(Fixture *f) {
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.lock"};
    batch_free(f->batch);
    ledger_close(f->ledger);
    db_close(f->db);
    zone_free(f->zone);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    rmdir(f->dir);
}
#endif
