/* bench_query: a large ledger: does it take its last requests as fast as its first, how long does each screen's question
 * take on it, and how soon is the first frame there?
 *
 * bench_query [ROWS [PATH]]: ROWS requests (BENCH_ROWS, 10,000,000 unless said) of the last 30 days, 960 combinations of who
 * and what, at PATH (BENCH_DIR/query.db), where it stays for bench_screen; ROWS 0: the ledger that an earlier run left there.
 * Figures are the median of 15 runs; targets are held against the wall's clock.
 */
#include "store/ledger.h"
#include "store/query.h"
#include "tests/bench.h"

enum { RUNS = 15, DAYS = 30, MODELS = 8, KEYS = 30, FEATURES = 12, MILLION = 1000000, PARTS_MAX = 1000 };

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

static void fill(Batch *b, Request *r, uint64_t i, uint64_t rows, int64_t now_ms) {
    uint64_t z = scramble(i);
    unsigned model = (unsigned)(z >> 12) % MODELS, key = (unsigned)(z >> 3) % KEYS;
    r->ts_ms = now_ms - DAYS * MS_PER_DAY + (int64_t)(i * (DAYS * (uint64_t)MS_PER_DAY / 1000) / rows * 1000) + (int64_t)(z % 1000);
    if (r->ts_ms >= now_ms) r->ts_ms = now_ms - 1;
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

/* ---- making it ---- */
typedef struct Pace { /* seconds that each whole million took in the ledger, the making of the batches not counted */
    double wall_s[PARTS_MAX], cpu_s[PARTS_MAX];
} Pace;

static double cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int ingest(Ledger *l, Batch *b, uint64_t at, Pace *pace, Err *e) {
    IngestCounts n = {0};
    size_t part = (size_t)(at / MILLION);
    double wall = bench_now_s(), cpu = cpu_s();
    int rc = ledger_ingest(l, b, &n, e);
    if (part >= PARTS_MAX) return rc;
    pace->wall_s[part] += bench_now_s() - wall;
    pace->cpu_s[part] += cpu_s() - cpu;
    return rc;
}

static void remove_ledger(const char *path) {
    char side[700];
    for (int i = 0; i < 4; i++) {
        snprintf(side, sizeof side, "%s%s", path, (const char *const[]){"", "-wal", "-shm", ".lock"}[i]);
        unlink(side);
    }
}

static int make(const char *path, uint64_t rows, int64_t now_ms, Pace *pace, Err *e) {
    Db *db;
    Ledger *l;
    remove_ledger(path);
    if (db_open(&db, path, DB_WRITE, e) != 0) return -1;
    int rc = ledger_open(&l, db, &(LedgerOptions){.now_ms = now_ms}, e);
    Batch *b = batch_new(LEDGER_BATCH);
    for (uint64_t i = 0; i < rows && rc == 0;) {
        uint64_t begin = i;
        batch_clear(b);
        for (Request *r; i < rows && (r = batch_add(b)); i++) fill(b, r, i, rows, now_ms);
        rc = ingest(l, b, begin, pace, e);
    }
    if (rc == 0) rc = db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", e);
    batch_free(b);
    ledger_close(l);
    db_close(db);
    return rc;
}

static void tell_pace(const Pace *p, const char *path, uint64_t rows) {
    struct stat st = {0};
    size_t last = (size_t)(rows / MILLION) - 1;
    stat(path, &st);
    if (rows >= 2 * MILLION)
        bench_row(bench_at_least(p->cpu_s[0] / p->cpu_s[last], .8), "rate of the last million against the first", ">= 0.80x",
                  "%.2fx by CPU, %.2fx by wall (%.0f rows/s against %.0f)", p->cpu_s[0] / p->cpu_s[last], p->wall_s[0] / p->wall_s[last],
                  MILLION / p->wall_s[last], MILLION / p->wall_s[0]);
    bench_row(bench_at_most((double)st.st_size / (double)rows, 110), "database of 960 combinations", "<= 110 bytes",
              "%.1f bytes a request (%.1f M requests)", (double)st.st_size / (double)rows, (double)rows / 1e6);
}

/* ---- questions ---- */
typedef struct Question {
    const char *what, *by, *filter;
    int64_t back_ms;
    int (*ask)(Db *db, const struct Question *q, int64_t now_ms, Err *e);
    int64_t slot_ms;
    double most_ms; /* 10: a screen asks this of rollups; more: what rows may take; 0: no promise */
} Question;

static int ask_now(Db *db, const Question *q, int64_t now_ms, Err *e) {
    Now now;
    return query_now(db, NULL, now_ms - q->back_ms, &now, e);
}

static int ask_run(Db *db, const Question *q, int64_t now_ms, Err *e) {
    Filter *f = NULL;
    Result r;
    Query query = {.since_ms = now_ms - q->back_ms, .until_ms = now_ms};
    if (by_parse(q->by, query.by, QUERY_BY_MAX, &query.by_count, e) != 0 || filter_parse(&f, q->filter, e) != 0) return -1;
    query.filter = f;
    int rc = query_run(db, &query, &r, e);
    result_free(&r);
    filter_free(f);
    return rc;
}

static int ask_series(Db *db, const Question *q, int64_t now_ms, Err *e) {
    Series s;
    size_t n;
    int by[1];
    int64_t since = now_ms - q->back_ms;
    Filter *f = NULL;
    Query query = {.since_ms = since - since % q->slot_ms, .until_ms = now_ms};
    if (by_parse(q->by, by, 1, &n, e) != 0 || filter_parse(&f, q->filter, e) != 0) return -1;
    query.filter = f;
    int rc = query_series(db, &query, by[0], 8, q->slot_ms, &s, e);
    series_free(&s);
    filter_free(f);
    return rc;
}

static int ask_rows(Db *db, const Question *q, int64_t now_ms, Err *e) {
    static RowView rows[60];
    size_t count;
    bool more;
    Filter *f;
    if (filter_parse(&f, q->filter, e) != 0) return -1;
    Query query = {.until_ms = now_ms, .filter = f};
    int rc = query_rows(db, &query, INT64_MAX, rows, 60, &count, &more, e);
    filter_free(f);
    return rc;
}

static int ask_sources(Db *db, const Question *q, int64_t now_ms, Err *e) {
    static SourceView views[64];
    size_t count;
    (void)q;
    return query_sources(db, now_ms, views, 64, &count, e);
}

static int ask_unpriced(Db *db, const Question *q, int64_t now_ms, Err *e) {
    Result r;
    int rc = query_unpriced(db, now_ms - q->back_ms, now_ms, &r, e);
    result_free(&r);
    return rc;
}

#define HOURS(n) ((n) * MS_PER_HOUR)
static const Question questions[] = {
    {"overview: now", "", "", 0, ask_now, 0, 10},
    {"overview: an hour ago", "", "", HOURS(1), ask_now, 0, 10},
    {"overview: chart 6h by model, 5 min", "model", "", HOURS(6), ask_series, 300000, 10},
    {"overview: chart 6h by feature, 15 min", "feature", "", HOURS(6), ask_series, 900000, 10},
    {"overview: chart 30d by model, 6 h", "model", "", HOURS(720), ask_series, HOURS(6), 10},
    {"overview of one feature: chart 6h, 15 min", "model", "feature:feature-3", HOURS(6), ask_series, 900000, 10},
    {"overview of one feature: chart 30d, 1 d", "model", "feature:feature-3", HOURS(720), ask_series, HOURS(24), 10},
    {"overview of one feature: chart 7d, 30 min", "model", "feature:feature-3", HOURS(168), ask_series, 1800000, 10},
    {"chart 30d by feature, 6 h (no screen)", "feature", "", HOURS(720), ask_series, HOURS(6), 10},
    {"models: 6h by model and tier", "model,tier", "", HOURS(6), ask_run, 0, 10},
    {"models: 24h by model and tier", "model,tier", "", HOURS(24), ask_run, 0, 10},
    {"models: 7d by model and tier", "model,tier", "", HOURS(168), ask_run, 0, 10},
    {"models: 30d by model and tier", "model,tier", "", HOURS(720), ask_run, 0, 10},
    {"features: 6h by feature", "feature", "", HOURS(6), ask_run, 0, 10},
    {"features: 24h by feature", "feature", "", HOURS(24), ask_run, 0, 10},
    {"features: 7d by key, one model", "key", "model:*-3", HOURS(168), ask_run, 0, 10},
    {"features: 30d by feature", "feature", "", HOURS(720), ask_run, 0, 10},
    {"requests: newest 60", "", "", 0, ask_rows, 0, 10},
    {"requests: newest 60 dear ones of a key", "", "key:key-07 cost>0.1", 0, ask_rows, 0, 100},
    {"sources", "", "", 0, ask_sources, 0, 10},
    {"unpriced: 24h", "", "", HOURS(24), ask_unpriced, 0, 10},
    {"rows: 1h by user", "user", "", HOURS(1), ask_run, 0, 100},
    {"rows: 24h by user", "user", "", HOURS(24), ask_run, 0, 300},
    {"report: 30d by day and model", "day,model", "", HOURS(720), ask_run, 0, 10},
};

static int measure(Db *db, const Question *q, int64_t now_ms, Err *e) {
    double took[RUNS], wall[RUNS];
    char target[24];
    for (int i = 0; i < RUNS; i++) {
        double begin = bench_now_s(), cpu = cpu_s();
        if (q->ask(db, q, now_ms, e) != 0) return -1;
        took[i] = (cpu_s() - cpu) * 1e3;
        wall[i] = (bench_now_s() - begin) * 1e3;
    }
    double middle = bench_rank(took, RUNS, .5), wall_middle = bench_rank(wall, RUNS, .5);
    snprintf(target, sizeof target, q->most_ms > 0 ? "<= %.0f ms" : "", q->most_ms);
    bench_row(q->most_ms > 0 ? bench_at_most(wall_middle, q->most_ms) : VERDICT_NONE, q->what, target,
              "%.2f ms; %.2f ms of CPU, longest of %d %.2f ms", wall_middle, middle, RUNS, wall[RUNS - 1]);
    return 0;
}

/* ---- the first frame: the real program, on this ledger and on an empty one ---- */
static double first_frame_ms(const char *screen, const char *db) {
    double took[RUNS];
    for (int i = 0; i < RUNS; i++) {
        BenchCost c = bench_run(&(BenchRun){.argv = {bench_program(), "--db", db, "--readonly", "render", screen, "80x24"}});
        if (c.status != 0) return -1;
        took[i] = c.wall_s * 1e3;
    }
    return bench_rank(took, RUNS, .5);
}

static int warm_start(const char *path, int64_t now_ms, Err *e) {
    static const char *const shown[] = {"overview", "models", "features", "requests", "sources"};
    char empty[600], what[64];
    Pace none;
    if (make(bench_path(empty, sizeof empty, "empty.db"), 0, now_ms, &none, e) != 0) return -1;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        double on_empty = first_frame_ms(shown[i], empty), on_this = first_frame_ms(shown[i], path);
        snprintf(what, sizeof what, "first frame: render %s 80x24", shown[i]);
        if (on_this < 0 || on_empty < 0) return fail(e, "tollwatch render %s failed", shown[i]);
        bench_row(bench_at_most(on_this, 100), what, "<= 100 ms", "%.1f ms; %.2fx of an empty ledger's %.1f ms", on_this, on_this / on_empty, on_empty);
    }
    remove_ledger(empty);
    return 0;
}

static int run(const char *path, uint64_t rows, Err *e) {
    static Pace pace;
    Db *db = NULL;
    int64_t now_ms = (int64_t)time(NULL) * 1000 - 2 * MS_PER_MINUTE; /* for bench_screen: nothing moves any more */
    if (rows && make(path, rows, now_ms, &pace, e) != 0) return -1;
    if (rows) tell_pace(&pace, path, rows);
    if (db_open(&db, path, DB_READ, e) != 0) return -1;
    if (!rows) now_ms = query_newest_ms(db) + 1;
    int rc = 0;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0] && rc == 0; i++) rc = measure(db, &questions[i], now_ms, e);
    db_close(db);
    return rc == 0 ? warm_start(path, now_ms, e) : rc;
}

int main(int argc, char **argv) {
    char path[600];
    Err e = {""};
    uint64_t rows = strtoull(argc > 1 ? argv[1] : bench_env("BENCH_ROWS", "10000000"), NULL, 10);
    bench_path(path, sizeof path, "query.db");
    if (run(argc > 2 ? argv[2] : path, rows, &e) != 0) {
        fprintf(stderr, "bench_query: %s\n", e.text);
        return 1;
    }
    return 0;
}
