/* bench_savings: how long does the analysis of all savings take on a large ledger, against a plain sum over the same rows in
 * the same run? Is the answer the same by one thread and by two?
 *
 * bench_savings [PATH]: the ledger that bench_query left (BENCH_DIR/query.db). Its made-up models get a book that prices them
 * as the ledger does, so that every call goes through every strategy.
 */
#include "collectors/savings_half.h"
#include "store/clock.h"
#include "tests/bench.h"

enum { MODELS = 8, SLICE_US = 20000, PREMIUM = 3 };

static int make_book(Book **out, Err *e) {
    Buf csv = {0};
    buf_str(&csv, "provider,model,mode,class,input_per_mtok,cached_input_per_mtok,output_per_mtok,batch_input_per_mtok,batch_output_per_mtok,confidence,source\n");
    for (int i = 0; i < MODELS; i++)
        buf_fmt(&csv, "provider-%d,some-model-%d,chat,%s,3,0.3,15,1.5,7.5,high,made\n", i % 3, i, i < PREMIUM ? "premium" : "economy");
    int rc = book_load_csv(out, "made.csv", csv.at, csv.len, e);
    buf_free(&csv);
    return rc;
}

static double sum_s(Db *db, int64_t *rows) {
    double begin = bench_now_s();
    sqlite3_stmt *st = db_prepare(db, "SELECT count(*), sum(length(body)) FROM request", NULL);
    if (st && db_step(db, st, "sum", NULL) == 1) *rows = sqlite3_column_int64(st, 0);
    if (st) sqlite3_reset(st);
    return bench_now_s() - begin;
}

typedef struct Timing { double first_s, all_s, cpu_s, slice_ms; } Timing; /* first: the survey; slice: the longest */

static double cpu_s(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return bench_seconds(u.ru_utime) + bench_seconds(u.ru_stime);
}

static int step(SaveRun *r, bool *more, Timing *t, Err *e) {
    double begin = bench_now_s();
    int rc = savings_step(r, (int64_t)(begin * 1e6) + SLICE_US, more, e);
    double ms = (bench_now_s() - begin) * 1e3;
    if (ms > t->slice_ms) t->slice_ms = ms;
    return rc;
}

static int analyse(Db *db, const char *path, const Book *b, const Query *q, bool two, Timing *t, Savings *out, Err *e) {
    const SaveAsk ask = {0};
    SaveRun *r;
    SaveSample examples;
    bool more = true;
    double begin = bench_now_s(), cpu = cpu_s();
    *t = (Timing){0};
    if (savings_open(&r, db, b, &ask, q, e) != 0) return -1;
    int rc = 0;
    while (rc == 0 && !savings_surveyed(r)) rc = step(r, &more, t, e);
    t->first_s = bench_now_s() - begin;
    SavingsHalf *half = rc == 0 && two ? savings_half_begin(r, path) : NULL;
    while (rc == 0 && more) rc = step(r, &more, t, e);
    if (rc == 0) rc = savings_half_add(half, r, e);
    else savings_half_drop(half);
    if (rc == 0) rc = savings_result(r, out, &examples, e);
    t->all_s = bench_now_s() - begin;
    t->cpu_s = cpu_s() - cpu;
    savings_close(r);
    return rc;
}

static int run(const char *path, Err *e) {
    Db *db = NULL;
    Book *b = NULL;
    Timing one, two;
    Savings *v = xcalloc(2, sizeof *v);
    int64_t rows = 0;
    const Query q = {.until_ms = INT64_MAX};
    int rc = db_open(&db, path, DB_READ, e);
    if (rc == 0) rc = make_book(&b, e);
    double sum = rc == 0 ? sum_s(db, &rows) : 0;
    int64_t newest = rc == 0 ? query_newest_ms(db) : 0;
    Query month = q;
    month.since_ms = newest - 30 * MS_PER_DAY;
    month.until_ms = newest + 1;
    if (rc == 0) rc = analyse(db, path, b, &month, false, &one, &v[0], e);
    if (rc == 0) rc = analyse(db, path, b, &month, true, &two, &v[1], e);
    if (rc == 0 && (v[0].combined.possible_nano != v[1].combined.possible_nano || v[0].without_nano != v[1].without_nano || v[0].paid_nano != v[1].paid_nano))
        rc = fail(e, "one thread and two do not agree");
    if (rc == 0) {
        int64_t sound = v[1].calls - v[1].repriced - v[1].unpriced;
        bench_row(bench_at_most(two.all_s, 2), "savings of a month, two threads", "<= 2 s", "%.2f s, %.2f M rows/s (%.1f M rows, %.1f s CPU, sound %d%%)", two.all_s,
                  (double)v[1].calls / two.all_s / 1e6, (double)rows / 1e6, two.cpu_s, (int)(v[1].calls ? 100 * sound / v[1].calls : 0));
        bench_row(VERDICT_NONE, "savings of a month, one thread", "", "%.2f s, %.2f M rows/s, %.1fx a plain sum() of %.2f s", one.all_s, (double)v[0].calls / one.all_s / 1e6, one.all_s / sum, sum);
        bench_row(bench_at_most(one.slice_ms, 40), "longest slice of it", "<= 40 ms", "%.1f ms; survey %.0f ms", one.slice_ms, one.first_s * 1e3);
    }
    free(v);
    book_free(b);
    db_close(db);
    return rc;
}

int main(int argc, char **argv) {
    char path[600];
    Err e = {""};
    bench_path(path, sizeof path, "query.db");
    if (run(argc > 1 ? argv[1] : path, &e) == 0) return 0;
    fprintf(stderr, "bench_savings: %s\n", e.text);
    return 1;
}
