/* import: whole files once. Parser threads turn files into batches; this thread opens files and writes batches.
 *
 * One writer, because SQLite has one; two parsers, because parsing costs about as much as writing. Batches go round
 * between two rings, so memory is bounded whatever the input. Does not: follow, or print more than progress.
 */
#include "collectors/collect.h"
#include "collectors/logfile.h"
#include "collectors/paths.h"
#include "collectors/ring.h"
#include <pthread.h>
#include <unistd.h>

enum { PARSERS = 2, BATCHES = 8, BATCH_REQUESTS = 2048, JOBS = 4, GROUP = 6 };

typedef struct Filling { /* a batch on its way from a parser to the writer */
    Batch *batch;
    LogFile *done; /* its file, when this is its last batch: the writer counts and closes it */
    bool parser_ends, failed;
    Err error;
} Filling;

typedef struct Import {
    const ImportOptions *options;
    const Stop *stop;
    Ring *jobs, *full, *empty;
    Filling filling[BATCHES + PARSERS];
    pthread_t thread[PARSERS];
    size_t running;
    Formats *formats;
    Book *book;
    Db *db;
    Ledger *ledger;
    Zone *zone;
    Paths paths;
    size_t next_path;
    SourceConfig source;
    ImportSummary *sum;
    int64_t shown_ms, started_ms;
    bool wrong;
} Import;

/* ---- parser threads ---- */

static void parse_file(Import *m, LogFile *f) {
    for (;;) {
        Filling *b = ring_pop(m->empty);
        Filled got = logfile_fill(f, b->batch, true, &b->error);
        b->failed = got == FILLED_FAILED;
        b->done = got == FILLED_BATCH && !stop_is_set(m->stop) ? NULL : f;
        bool last = b->done != NULL;
        ring_push(m->full, b);
        if (last) return;
    }
}

static void *parser_thread(void *arg) {
    Import *m = arg;
    LogFile *f;
    while ((f = ring_pop(m->jobs))) parse_file(m, f);
    Filling *end = ring_pop(m->empty);
    end->parser_ends = true;
    ring_push(m->full, end);
    return NULL;
}

/* ---- the writer ---- */

static void file_failed(Import *m, const char *why) {
    m->sum->failed_files++;
    if (!m->sum->first_failed[0]) snprintf(m->sum->first_failed, sizeof m->sum->first_failed, "%s", why);
}

/* Opens files ahead of the parsers, as many as wait for them. */
static void feed_parsers(Import *m) {
    LogSetup setup = {.formats = m->formats, .book = m->book, .config = m->options->config, .source = &m->source,
                      .notional = m->options->notional, .now_ms = m->options->now_ms,
                      .from_start = m->options->reopen_day_ms != 0};
    while (m->next_path < m->paths.count && !stop_is_set(m->stop)) {
        LogFile *f = NULL;
        Err e = {0};
        if (logfile_open(&f, m->paths.path[m->next_path], &setup, m->ledger, &e) != 0) file_failed(m, e.text);
        m->sum->files++;
        m->next_path++;
        if (!f) continue;
        ring_push(m->jobs, f); /* the caller saw that there is room */
        return;
    }
    if (m->next_path < PATHS_MAX + 1) {
        m->next_path = PATHS_MAX + 1; /* once */
        ring_close(m->jobs);
    }
}

static void count_file(Import *m, LogFile *f) {
    ImportSummary *s = m->sum;
    s->lines += f->mark.lines;
    s->records += f->mark.records;
    s->bad_lines += f->mark.bad_lines;
    s->skipped_lines += f->mark.skipped_lines;
    s->unpriced += f->unpriced;
    s->bytes += f->bytes;
    if (f->first_bad[0] && !s->first_bad[0]) snprintf(s->first_bad, sizeof s->first_bad, "%s", f->first_bad);
    logfile_close(f);
}

static void progress(Import *m) {
    int64_t now = clock_monotonic_ms();
    if (!m->options->progress || now - m->shown_ms < 200) return;
    m->shown_ms = now;
    size_t of = m->paths.count, at = m->next_path < of ? m->next_path : of;
    int cells = (int)(at * 30 / (of ? of : 1));
    fprintf(stderr, "\r[%.*s%*s] %zu of %zu files, %llu requests", cells, "##############################", 30 - cells, "",
            at, of, (unsigned long long)(m->sum->rows.added + m->sum->rows.merged + m->sum->rows.duplicate));
}

/* Everything that waits goes into one transaction, up to the ledger's bound. */
static int write_group(Import *m, Filling **group, size_t n, Err *e) {
    Batch *batch[GROUP];
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!group[i]->parser_ends) batch[count++] = group[i]->batch;
    int rc = count && !m->wrong ? ledger_ingest_all(m->ledger, batch, count, &m->sum->rows, e) : 0;
    for (size_t i = 0; i < n; i++) {
        if (group[i]->failed) file_failed(m, group[i]->error.text);
        if (group[i]->done) count_file(m, group[i]->done);
        m->running -= group[i]->parser_ends;
        batch_clear(group[i]->batch);
        *group[i] = (Filling){.batch = group[i]->batch};
        ring_push(m->empty, group[i]);
    }
    return rc;
}

static int write_some(Import *m, Err *e) {
    Filling *group[GROUP] = {ring_pop(m->full)};
    size_t n = 1, requests = batch_count(group[0]->batch);
    while (n < GROUP && requests + BATCH_REQUESTS <= LEDGER_BATCH && (group[n] = ring_try_pop(m->full)))
        requests += batch_count(group[n++]->batch);
    return write_group(m, group, n, e);
}

static int run(Import *m, Err *e) {
    int rc = 0;
    for (int i = 0; i < PARSERS; i++) pthread_create(&m->thread[m->running++], NULL, parser_thread, m);
    while (m->running) {
        if (m->next_path <= PATHS_MAX && ring_has_room(m->jobs)) {
            feed_parsers(m);
            continue;
        }
        if (write_some(m, e) != 0 && rc == 0) {
            rc = -1;
            m->wrong = true; /* the parsers run out without being written */
            m->next_path = m->paths.count;
        }
        progress(m);
    }
    for (int i = 0; i < PARSERS; i++) pthread_join(m->thread[i], NULL);
    if (m->options->progress && m->shown_ms) fputs("\r\033[K", stderr);
    return rc;
}

static int prepare(Import *m, Err *e) {
    const ImportOptions *o = m->options;
    const Config *c = o->config;
    const char *dir = c->dir[0] ? c->dir : NULL;
    if (formats_load(&m->formats, dir, e) != 0 || book_load(&m->book, dir, e) != 0) return -1;
    if (*o->format && !formats_find(m->formats, o->format))
        return fail(e, "no format \"%s\"; see `tollwatch doctor` for the known ones", o->format);
    if (zone_open(&m->zone, c->timezone, e) != 0 || db_open(&m->db, o->db_path, DB_WRITE, e) != 0) return -1;
    LedgerOptions lo = {.zone = m->zone, .budgets = c->budgets, .budget_count = c->budget_count, .now_ms = o->now_ms};
    if (ledger_open(&m->ledger, m->db, &lo, e) != 0) return -1;
    return o->reopen_day_ms ? ledger_reopen_day(m->ledger, o->reopen_day_ms, e) : 0;
}

static void release(Import *m) {
    for (size_t i = 0; i < sizeof m->filling / sizeof *m->filling; i++) batch_free(m->filling[i].batch);
    ring_free(m->jobs);
    ring_free(m->full);
    ring_free(m->empty);
    ledger_close(m->ledger);
    db_close(m->db);
    zone_free(m->zone);
    book_free(m->book);
    formats_free(m->formats);
    paths_free(&m->paths);
    free(m);
}

static void make_rings(Import *m) {
    size_t all = sizeof m->filling / sizeof *m->filling;
    m->jobs = ring_new(JOBS);
    m->full = ring_new(all);
    m->empty = ring_new(all);
    for (size_t i = 0; i < all; i++) {
        m->filling[i].batch = batch_new(BATCH_REQUESTS);
        ring_push(m->empty, &m->filling[i]);
    }
}

int import_files(const ImportOptions *o, const char *const *paths, size_t count, ImportSummary *out, const Stop *stop, Err *e) {
    Import *m = xcalloc(1, sizeof *m);
    *out = (ImportSummary){0};
    m->options = o, m->sum = out, m->stop = stop;
    m->started_ms = clock_monotonic_ms();
    snprintf(m->source.name, sizeof m->source.name, "import");
    snprintf(m->source.format, sizeof m->source.format, "%s", o->format);
    for (size_t i = 0; i < count; i++) {
        Err why = {0};
        if (paths_add(&m->paths, paths[i], &why) != 0) file_failed(m, why.text);
    }
    int rc = prepare(m, e);
    if (rc == 0) {
        make_rings(m);
        rc = run(m, e);
    }
    out->elapsed_ms = clock_monotonic_ms() - m->started_ms;
    release(m);
    return rc;
}
