/* bench_query: how long each screen's questions take on a large ledger.
 *
 * bench_query [ROWS [PATH]]: makes a ledger of ROWS requests (2,000,000 unless said) over 30 days, 960 combinations of who
 * and what, in $TMPDIR or at PATH, where it stays and is used again. Prints the median and the longest of 15 runs.
 */
#include <time.h>
#include <unistd.h>
#include "store/ledger.h"
#include "store/query.h"

enum { RUNS = 15, DAYS = 30, MODELS = 8, KEYS = 30, FEATURES = 12 };
#define NOW_MS INT64_C(1795511567123) /* 2026-11-24 09:12:47 */

static uint64_t scramble(uint64_t z) {
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint32_t name(Batch *b, const char *fmt, unsigned i) {
    char text[64];
    int n = snprintf(text, sizeof text, fmt, i);
    return batch_name(b, text, (size_t)n);
}

static void fill(Batch *b, Request *r, uint64_t i, uint64_t rows) {
    uint64_t z = scramble(i);
    unsigned model = (unsigned)(z >> 12) % MODELS, key = (unsigned)(z >> 3) % KEYS;
    r->ts_ms = NOW_MS - DAYS * MS_PER_DAY + (int64_t)(i * (DAYS * (uint64_t)MS_PER_DAY / 1000) / rows * 1000) + (int64_t)(z % 1000);
    if (r->ts_ms >= NOW_MS) r->ts_ms = NOW_MS - 1;
    r->id = z | 1;
    r->name[DIM_PROVIDER] = r->name[DIM_ACCOUNT] = name(b, "provider-%u", model % 3);
    r->name[DIM_MODEL] = name(b, "some-model-%u", model);
    r->name[DIM_FEATURE] = name(b, "feature-%u", key % FEATURES);
    r->name[DIM_TEAM] = name(b, "team-%u", key % 5);
    r->name[DIM_KEY] = name(b, "key-%02u", key);
    r->name[DIM_GATEWAY] = name(b, "edge-%u", (unsigned)(z >> 45) % 2);
    r->name[DIM_USER] = name(b, "user-%u", (unsigned)(z >> 20) % 500);
    r->name[DIM_ENDPOINT] = name(b, "/v1/%u", (unsigned)(z >> 30) % 4);
    r->tokens[TOK_INPUT] = 50 + (int64_t)((z >> 16) % 20000);
    r->tokens[TOK_CACHE_READ] = (z >> 50) % 10 < 3 ? r->tokens[TOK_INPUT] / 3 : 0;
    r->tokens[TOK_OUTPUT] = (int64_t)((z >> 32) % 3000);
    r->cost_nano = r->tokens[TOK_INPUT] * 3000 + r->tokens[TOK_OUTPUT] * 15000 + r->tokens[TOK_CACHE_READ] * 300;
    r->saved_cache_nano = r->tokens[TOK_CACHE_READ] * 2700;
    r->latency_ms = (int32_t)((z >> 5) % 20000);
    r->ttft_ms = r->latency_ms / 5;
    r->status = 200;
    if ((z >> 40) % 100 < 3) r->outcome = OUTCOME_ERROR;
}

static int make(const char *path, uint64_t rows, Err *e) {
    Db *db;
    Ledger *l;
    IngestCounts n = {0};
    if (db_open(&db, path, DB_WRITE, e) != 0) return -1;
    int rc = ledger_open(&l, db, &(LedgerOptions){.now_ms = NOW_MS}, e);
    Batch *b = batch_new(LEDGER_BATCH);
    for (uint64_t i = 0; i < rows && rc == 0;) {
        batch_clear(b);
        for (Request *r; i < rows && (r = batch_add(b)); i++) fill(b, r, i, rows);
        rc = ledger_ingest(l, b, &n, e);
    }
    batch_free(b);
    ledger_close(l);
    db_close(db);
    return rc;
}

/* ---- questions ---- */
typedef struct Question {
    const char *what, *by, *filter;
    int64_t back_ms;
    int (*ask)(Db *db, const struct Question *q, Err *e);
    int64_t slot_ms;
} Question;

static int ask_now(Db *db, const Question *q, Err *e) {
    Now now;
    return query_now(db, NULL, NOW_MS - q->back_ms, &now, e);
}

static int ask_run(Db *db, const Question *q, Err *e) {
    Filter *f = NULL;
    Result r;
    Query query = {.since_ms = NOW_MS - q->back_ms, .until_ms = NOW_MS};
    if (by_parse(q->by, query.by, QUERY_BY_MAX, &query.by_count, e) != 0 || filter_parse(&f, q->filter, e) != 0) return -1;
    query.filter = f;
    int rc = query_run(db, &query, &r, e);
    result_free(&r);
    filter_free(f);
    return rc;
}

static int ask_series(Db *db, const Question *q, Err *e) {
    Series s;
    size_t n;
    int by[1];
    int64_t since = NOW_MS - q->back_ms;
    Query query = {.since_ms = since - since % q->slot_ms, .until_ms = NOW_MS};
    if (by_parse(q->by, by, 1, &n, e) != 0) return -1;
    int rc = query_series(db, &query, by[0], 8, q->slot_ms, &s, e);
    series_free(&s);
    return rc;
}

static int ask_rows(Db *db, const Question *q, Err *e) {
    static RowView rows[60];
    size_t count;
    bool more;
    Filter *f;
    if (filter_parse(&f, q->filter, e) != 0) return -1;
    Query query = {.until_ms = NOW_MS, .filter = f};
    int rc = query_rows(db, &query, INT64_MAX, rows, 60, &count, &more, e);
    filter_free(f);
    return rc;
}

static int ask_sources(Db *db, const Question *q, Err *e) {
    static SourceView views[64];
    size_t count;
    (void)q;
    return query_sources(db, NOW_MS, views, 64, &count, e);
}

static int ask_unpriced(Db *db, const Question *q, Err *e) {
    Result r;
    int rc = query_unpriced(db, NOW_MS - q->back_ms, NOW_MS, &r, e);
    result_free(&r);
    return rc;
}

#define HOURS(n) ((n) * MS_PER_HOUR)
static const Question questions[] = {
    {"overview: now", "", "", 0, ask_now, 0},
    {"overview: an hour ago", "", "", HOURS(1), ask_now, 0},
    {"overview: chart 6h by model, 5 min", "model", "", HOURS(6), ask_series, 300000},
    {"overview: chart 6h by feature, 15 min", "feature", "", HOURS(6), ask_series, 900000},
    {"overview: chart 30d by model, 6 h", "model", "", HOURS(720), ask_series, HOURS(6)},
    {"overview: chart 30d by feature, 6 h", "feature", "", HOURS(720), ask_series, HOURS(6)},
    {"models: 6h by model and tier", "model,tier", "", HOURS(6), ask_run, 0},
    {"models: 24h by model and tier", "model,tier", "", HOURS(24), ask_run, 0},
    {"models: 7d by model and tier", "model,tier", "", HOURS(168), ask_run, 0},
    {"models: 30d by model and tier", "model,tier", "", HOURS(720), ask_run, 0},
    {"features: 6h by feature", "feature", "", HOURS(6), ask_run, 0},
    {"features: 24h by feature", "feature", "", HOURS(24), ask_run, 0},
    {"features: 7d by key, one model", "key", "model:*-3", HOURS(168), ask_run, 0},
    {"features: 30d by feature", "feature", "", HOURS(720), ask_run, 0},
    {"requests: newest 60", "", "", 0, ask_rows, 0},
    {"requests: newest 60 dear ones of a key", "", "key:key-07 cost>0.1", 0, ask_rows, 0},
    {"sources", "", "", 0, ask_sources, 0},
    {"unpriced: 24h", "", "", HOURS(24), ask_unpriced, 0},
    {"rows: 1h by user", "user", "", HOURS(1), ask_run, 0},
    {"rows: 24h by user", "user", "", HOURS(24), ask_run, 0},
    {"report: 30d by day and model", "day,model", "", HOURS(720), ask_run, 0},
};

static double wall_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int smaller_first(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int measure(Db *db, const Question *q, Err *e) {
    double took[RUNS];
    for (int i = 0; i < RUNS; i++) {
        double begin = wall_ms();
        if (q->ask(db, q, e) != 0) return -1;
        took[i] = wall_ms() - begin;
    }
    qsort(took, RUNS, sizeof took[0], smaller_first);
    printf("%-40s %9.2f ms, longest %9.2f ms\n", q->what, took[RUNS / 2], took[RUNS - 1]);
    return 0;
}

static int run(const char *path, uint64_t rows, Err *e) {
    Db *db = NULL;
    if (access(path, F_OK) != 0 && make(path, rows, e) != 0) return -1;
    if (db_open(&db, path, DB_READ, e) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0] && rc == 0; i++) rc = measure(db, &questions[i], e);
    db_close(db);
    return rc;
}

int main(int argc, char **argv) {
    const char *dir = getenv("TMPDIR");
    char path[256], side[300];
    Err e = {""};
    uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
    snprintf(path, sizeof path, "%s/tollwatch-bench-query-%d.db", dir ? dir : "/tmp", (int)getpid());
    int rc = run(argc > 2 ? argv[2] : path, rows, &e);
    if (rc != 0) fprintf(stderr, "bench_query: %s\n", e.text);
    for (int i = 0; argc <= 2 && i < 3; i++) {
        snprintf(side, sizeof side, "%s%s", path, (const char *const[]){"", "-wal", "-shm"}[i]);
        unlink(side);
    }
    return rc != 0;
}
