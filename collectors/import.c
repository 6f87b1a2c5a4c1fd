/* import: whole files once: the thread that writes, and what it needs.
 *
 * One writer, because SQLite has one. It gives out jobs, gathers what the parsers filled and stores it, several small
 * files in one transaction: that writes far fewer pages. Does not: follow, or print more than progress.
 */
#include "collectors/import_impl.h"
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>

enum { SHOW_MS = 200, ASK_MS = 1000, YIELD_MS = 3 };

/* ---- the writer ---- */

static void progress(Import *m) {
    static const char bar[] = "##############################";
    int64_t now = clock_monotonic_ms();
    if (!m->options->progress || now - m->shown_ms < SHOW_MS) return;
    m->shown_ms = now;
    uint64_t total = m->raw_total ? m->raw_total : 1, done = m->raw_done < total ? m->raw_done : total;
    int cells = (int)(done * (sizeof bar - 1) / total);
    fprintf(stderr, "\r[%.*s%*s] %3llu%%  %llu of %zu files  %llu requests ", cells, bar, (int)sizeof bar - 1 - cells, "",
            (unsigned long long)(done * 100 / total), (unsigned long long)m->sum->files, m->paths.count,
            (unsigned long long)(m->sum->rows.added + m->sum->rows.merged + m->sum->rows.duplicate));
}

/* A collector that waits for the lock looks every 2 ms: it gets its turn between two transactions. */
static void yield_lock(Import *m) {
    char who[256];
    int64_t now = clock_monotonic_ms();
    if (now - m->asked_ms >= ASK_MS) {
        m->asked_ms = now;
        m->shared = role_holder(m->options->db_path, who, sizeof who) == 0;
    }
    if (m->shared) poll(NULL, 0, YIELD_MS);
}

/* What the parsers have filled. Waits for it: while it waits they go on. When it is stopped they may have nothing to do. */
static int gather(Import *m, Filling **group, size_t *count, Err *e) {
    for (*count = 0; *count < GROUP_MAX && !m->ended;) {
        if (import_give_jobs(m, e) != 0) return -1;
        if (stop_is_set(m->stop)) return fail(e, "import was stopped; run it again to go on where it is");
        Filling *b = ring_pop(m->full);
        m->ended = !b;
        if (!b) return 0;
        import_take(m, b);
        group[(*count)++] = b;
    }
    return 0;
}

static void give_back(Import *m, Filling *b) {
    Batch *own = b->batch;
    batch_clear(own);
    *b = (Filling){.batch = own};
    ring_push(m->empty, b);
}

static int store(Import *m, Filling **group, size_t count, Err *e) {
    Batch *batch[GROUP_MAX];
    for (size_t i = 0; i < count; i++) batch[i] = group[i]->batch;
    for (size_t at = 0, stored; at < count; at += stored) {
        if (ledger_ingest_some(m->ledger, batch + at, count - at, &stored, &m->sum->rows, e) != 0) return -1;
        for (size_t i = at; i < at + stored; i++) give_back(m, group[i]);
        progress(m);
        yield_lock(m);
    }
    return 0;
}

static int write_all(Import *m, Err *e) {
    while (!m->ended) {
        Filling *group[GROUP_MAX];
        size_t count;
        if (gather(m, group, &count, e) != 0 || store(m, group, count, e) != 0) return -1;
    }
    return 0;
}

static int run(Import *m, Err *e) {
    pthread_t thread[PARSERS];
    size_t started = 0;
    while (started < PARSERS && pthread_create(&thread[started], NULL, import_parser, m) == 0) started++;
    for (size_t i = started; i < PARSERS; i++) ring_close(m->full); /* the ones that are not there */
    int rc = started ? write_all(m, e) : fail(e, "no thread can be started; is a limit of processes reached?");
    if (m->jobs_open) ring_close(m->jobs);
    ring_close(m->empty); /* after a failure the parsers end when they have used up what is there */
    for (size_t i = 0; i < started; i++) pthread_join(thread[i], NULL);
    import_drop_jobs(m);
    if (m->options->progress && m->shown_ms) fputs("\r\033[K", stderr);
    return rc;
}

/* ---- what it needs ---- */

typedef struct Aged {
    char *path;
    struct timespec written;
    size_t named; /* as the how manieth */
} Aged;

static int by_age(const void *a, const void *b) {
    const Aged *x = a, *y = b;
    if (x->written.tv_sec != y->written.tv_sec) return x->written.tv_sec < y->written.tv_sec ? -1 : 1;
    if (x->written.tv_nsec != y->written.tv_nsec) return x->written.tv_nsec < y->written.tv_nsec ? -1 : 1;
    return x->named < y->named ? -1 : x->named > y->named;
}

/* Oldest first. The ledger's rows are ordered by time: in that order they are appended to it, which is quicker than putting
 * them between others, and leaves its pages full. What is counted is the same in any order. */
static void sort_paths(Import *m) {
    Aged *file = xcalloc(m->paths.count + 1, sizeof *file);
    for (size_t i = 0; i < m->paths.count; i++) {
        struct stat st = {0};
        if (stat(m->paths.path[i], &st) == 0) m->raw_total += (uint64_t)st.st_size;
        file[i] = (Aged){.path = m->paths.path[i], .written = st.st_mtim, .named = i};
    }
    qsort(file, m->paths.count, sizeof *file, by_age);
    for (size_t i = 0; i < m->paths.count; i++) m->paths.path[i] = file[i].path;
    free(file);
}

static void add_paths(Import *m, const char *const *paths, size_t count) {
    for (size_t i = 0; i < count; i++) {
        Err why = {0};
        if (paths_add(&m->paths, paths[i], &why) != 0) import_file_failed(m, why.text);
    }
    sort_paths(m);
}

/* Copying the WAL back keeps the writer, and soon the parsers, waiting for the disk: a few times less often than a collector. */
static const char checkpoints[] = "PRAGMA wal_autocheckpoint = 16000"; /* 64 MiB */

static int open_ledger(Import *m, Err *e) {
    const ImportOptions *o = m->options;
    const Config *c = o->config;
    if (zone_open(&m->zone, c->timezone, e) != 0 || db_open(&m->db, o->db_path, DB_WRITE, e) != 0) return -1;
    if (db_exec(m->db, checkpoints, e) != 0) return -1;
    LedgerOptions lo = {.zone = m->zone, .budgets = c->budgets, .budget_count = c->budget_count, .now_ms = o->now_ms};
    if (ledger_open(&m->ledger, m->db, &lo, e) != 0) return -1;
    if (!o->reopen_day_ms) return 0;
    ledger_reopen_later(m->ledger, o->reopen_day_ms);
    return ledger_day_calls(m->ledger, o->reopen_day_ms, &m->sum->day_fewer, e);
}

/* What a reopened day held before is gone for good: who gave only some of its files must hear it. */
static int compare_day(Import *m, Err *e) {
    int64_t now = 0, before = m->sum->day_fewer;
    if (!m->options->reopen_day_ms) return 0;
    if (ledger_day_calls(m->ledger, m->options->reopen_day_ms, &now, e) != 0) return -1;
    m->sum->day_kept = ledger_reopen_waits(m->ledger);
    m->sum->day_fewer = now < before ? before - now : 0;
    return 0;
}

static int prepare(Import *m, Err *e) {
    const ImportOptions *o = m->options;
    const char *dir = o->config->dir[0] ? o->config->dir : NULL;
    if (formats_load(&m->formats, dir, e) != 0 || book_load(&m->book, dir, e) != 0) return -1;
    const char *broken = formats_broken_at(m->formats, 0);
    if (*o->format && !formats_find(m->formats, o->format))
        return broken ? fail(e, "no format \"%s\"; it may be this one: %s", o->format, broken)
                      : fail(e, "no format \"%s\"; see `tollwatch doctor` for the known ones", o->format);
    if (broken) snprintf(m->sum->left_out, sizeof m->sum->left_out, "%s", broken);
    m->loan.pricer = pricer_new(m->book);
    snprintf(m->source.name, sizeof m->source.name, "import");
    snprintf(m->source.format, sizeof m->source.format, "%s", o->format);
    m->setup = (LogSetup){.formats = m->formats, .book = m->book, .config = o->config, .source = &m->source,
                          .notional = o->notional, .later = true, .databases = true, .by_format = true, .from_start = o->reopen_day_ms != 0, .now_ms = o->now_ms};
    return open_ledger(m, e);
}

static void make_rings(Import *m) {
    m->jobs = ring_new(JOBS, 1);
    m->full = ring_new(FILLINGS, PARSERS);
    m->empty = ring_new(FILLINGS, 1);
    m->jobs_open = true;
    for (size_t i = 0; i < FILLINGS; i++) {
        m->filling[i].batch = batch_new(BATCH_REQUESTS);
        ring_push(m->empty, &m->filling[i]);
    }
}

static void release(Import *m) {
    for (size_t i = 0; i < FILLINGS; i++) batch_free(m->filling[i].batch);
    ring_free(m->jobs);
    ring_free(m->full);
    ring_free(m->empty);
    ledger_close(m->ledger);
    db_close(m->db);
    zone_free(m->zone);
    pricer_free(m->loan.pricer);
    book_free(m->book);
    formats_free(m->formats);
    paths_free(&m->paths);
    free(m);
}

int import_files(const ImportOptions *o, const char *const *paths, size_t count, ImportSummary *out, const Stop *stop, Err *e) {
    Import *m = xcalloc(1, sizeof *m);
    *out = (ImportSummary){0};
    m->options = o, m->sum = out, m->stop = stop;
    m->started_ms = clock_monotonic_ms();
    add_paths(m, paths, count);
    int rc = prepare(m, e);
    if (rc == 0) {
        make_rings(m);
        rc = run(m, e);
        if (rc == 0) rc = compare_day(m, e);
    }
    out->elapsed_ms = clock_monotonic_ms() - m->started_ms;
    release(m);
    return rc;
}
