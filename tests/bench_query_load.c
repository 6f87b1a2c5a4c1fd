/* bench_query_load: each screen's load on a large ledger, in the slices in which the dashboard asks for it: how soon are the first
 * rows there, how long is the longest slice (so long a key waits), and how long does the whole take? Unfiltered, of one
 * feature, which many cells answer, and through filters that only rows answer.
 *
 * bench_query_load [PATH]: the ledger that bench_query left (BENCH_DIR/query.db). Figures are medians of 5 loads, of one where it
 * takes more than a second. Targets are held against the wall's clock; CPU says what a busy machine added.
 */
#include "tests/bench.h"
#include "tui/dash.h"

enum { RUNS = 5, LONG_MS = 1000 };

static const char config_text[] =
    "[budget org-day]\nscope = global\nperiod = day\nlimit_usd = 50000\n"
    "[budget search]\nscope = feature:feature-3\nperiod = month\nlimit_usd = 900000\naction = block\n"
    "[budget key]\nscope = key:key-07\nperiod = month\nlimit_usd = 900000\n"
    "[budget user]\nscope = user:user-7\nperiod = month\nlimit_usd = 90000\n";

typedef struct Case {
    const char *screen, *range, *filter;
    bool back; /* as of a day ago */
} Case;
static const Case cases[] = {
    {"overview", "6h", "", false}, {"overview", "24h", "", false}, {"overview", "30d", "", false},
    {"overview", "24h", "feature:feature-3", false}, {"overview", "7d", "feature:feature-3", false},
    {"overview", "30d", "feature:feature-3", false}, {"overview", "24h", "user:user-7", false},
    {"overview", "30d", "user:user-7", false}, {"overview", "30d", "cost>0.1", false}, {"overview", "6h", "", true},
    {"models", "30d", "", false}, {"models", "30d", "feature:feature-3", false}, {"models", "30d", "user:user-7", false},
    {"features", "24h", "", false}, {"features", "30d", "", false}, {"features", "30d", "model:*-3", false},
    {"features", "30d", "user:user-7", false}, {"features", "30d", "cost>0.1", false},
    {"budgets", "6h", "", false}, {"budgets", "30d", "user:user-7", false}, {"budgets", "6h", "", true},
    {"bills", "30d", "", false}, {"alerts", "30d", "", false}, {"alerts", "30d", "user:user-7", false},
    {"policy", "30d", "", false}, {"sources", "30d", "user:user-7", false},
};

typedef struct Took {
    double first_ms, longest_ms, longest_cpu_ms, all_ms, cpu_ms;
} Took;

static double cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int load(const Screen *s, View *v, Took *out, Err *e) {
    void *self = s->open();
    bool more = true, first = true;
    int rc = 0;
    *out = (Took){0};
    double begin = bench_now_s(), cpu = cpu_s();
    while (rc == 0 && more) {
        double at = bench_now_s(), used = cpu_s();
        rc = s->load(self, v, (int64_t)(at * 1e6) + (first ? DASH_FIRST_US : DASH_SLICE_US), &more, e);
        double took = (bench_now_s() - at) * 1e3;
        if (first) out->first_ms = took;
        if (took > out->longest_ms) out->longest_ms = took;
        used = (cpu_s() - used) * 1e3;
        if (used > out->longest_cpu_ms) out->longest_cpu_ms = used;
        first = false;
    }
    out->all_ms = (bench_now_s() - begin) * 1e3;
    out->cpu_ms = (cpu_s() - cpu) * 1e3;
    s->close(self);
    v->reading_permille = -1;
    return rc;
}

static int measure(const Case *c, View *v, Err *e) {
    double first[RUNS], longest[RUNS], busy[RUNS], all[RUNS], cpu[RUNS];
    size_t n = 0;
    const Screen *s = screen_find(c->screen);
    char what[96];
    view_go_live(v);
    if (view_set_range(v, c->range, e) != 0 || view_set_filter(v, c->filter, e) != 0) return -1;
    if (c->back) view_go_to(v, v->until_ms - MS_PER_DAY);
    do {
        Took t;
        if (load(s, v, &t, e) != 0) return -1;
        first[n] = t.first_ms, longest[n] = t.longest_ms, busy[n] = t.longest_cpu_ms, all[n] = t.all_ms, cpu[n] = t.cpu_ms;
    } while (all[n++] < LONG_MS && n < RUNS);
    double begins = bench_rank(first, n, .5), holds = bench_rank(longest, n, .5);
    Verdict verdict = bench_at_most(begins, 10);
    if (verdict == bench_at_most(0, 1)) verdict = bench_at_most(holds, 20);
    snprintf(what, sizeof what, "load: %s %s%s%s%s", c->screen, c->range, c->back ? " as of yesterday" : "", c->filter[0] ? ", " : "", c->filter);
    bench_row(verdict, what, "first <= 10, slice <= 20 ms", "first rows %.2f ms, longest slice %.2f ms (%.2f of CPU), whole %.1f ms (%.1f of CPU)",
              begins, holds, bench_rank(busy, n, .5), bench_rank(all, n, .5), bench_rank(cpu, n, .5));
    return 0;
}

static int write_config(char *path, size_t size, Err *e) {
    bench_path(path, size, "load.config");
    FILE *f = fopen(path, "w");
    if (!f) return fail(e, "%s cannot be written", path);
    fputs(config_text, f);
    return fclose(f) == 0 ? 0 : fail(e, "%s cannot be written", path);
}

static int run(const char *path, Err *e) {
    char config[600];
    View v;
    if (write_config(config, sizeof config, e) != 0) return -1;
    Db *db;
    if (db_open(&db, path, DB_READ, e) != 0) return -1;
    App app = {.db_option = path, .config_path = config, .policy_option = "/nonexistent/policy.json", .tz_option = "UTC",
               .fixed_now_ms = query_newest_ms(db) + 1};
    db_close(db);
    int rc = view_open(&v, &app, e);
    if (rc == 0) rc = view_open_ledger(&v, e);
    for (size_t i = 0; i < sizeof cases / sizeof *cases && rc == 0; i++) rc = measure(&cases[i], &v, e);
    view_close(&v);
    app_close(&app);
    return rc;
}

int main(int argc, char **argv) {
    char path[600];
    Err e = {""};
    bench_path(path, sizeof path, "query.db");
    if (run(argc > 1 ? argv[1] : path, &e) == 0) return 0;
    fprintf(stderr, "bench_query_load: %s\n", e.text);
    return 1;
}
