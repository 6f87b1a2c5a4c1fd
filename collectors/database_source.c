/* database_source: see database_source.h. */
#include "collectors/database_source.h"
#include "collectors/logfile.h"
#include "collectors/paths.h"

enum { FILES_MAX = 64, SLICE_REQUESTS = 1024, SLICE_BYTES = 1 << 20, LOOK_MS = 1000, ABSENT_MS = 10000 /* none is there: an idle machine stays idle */, PATIENCE_MS = 100 };

typedef struct DbFile {
    size_t source;
    char path[2048];
    LogFile *log; /* NULL = not open (yet, or again) */
    Backoff backoff;
    int64_t again_ms; /* not before */
} DbFile;
typedef struct DbSource {
    SourceConfig config; /* a discovered one's format is what its tables say */
    int64_t seen_ms, lag_ms;
    bool notional, dirty;
    const char *kind, *state;
    char word[256];
} DbSource;
typedef struct Databases {
    const Collecting *c;
    Db *db;
    Ledger *ledger;
    Batch *batch;
    DbFile *unwritten; /* whose batch waits for the ledger */
    DbSource *source;
    size_t sources;
    DbFile *file[FILES_MAX];
    size_t files;
    int64_t woke_ms;
} Databases;

bool source_is_database(const Formats *f, const SourceConfig *s) {
    static const char *const endings[] = {".db", ".sqlite", ".sqlite3"};
    const Format *format = s->format[0] ? formats_find(f, s->format) : NULL;
    if (!s->path[0]) return false;
    if (format) return format_table(format) != NULL;
    const char *dot = strrchr(s->path, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i]) == 0) return true;
    return false;
}

/* ---- health ---- */

static void say(DbSource *s, const char *state, const char *word) {
    if (s->state && strcmp(s->state, state) == 0 && strcmp(s->word, word) == 0) return;
    s->state = state;
    snprintf(s->word, sizeof s->word, "%s", word);
    s->dirty = true;
}

static void tell(Databases *d) {
    for (size_t i = 0; i < d->sources; i++) {
        DbSource *s = &d->source[i];
        Err ignored = {0}; /* told again at the next look */
        SourceHealth h = {.source = s->config.name, .kind = s->kind, .state = s->state, .last_word = s->word,
                          .seen_ms = s->seen_ms, .lag_ms = s->lag_ms, .notional = s->notional};
        if (s->dirty) s->dirty = ledger_source_health(d->ledger, &h, &ignored) != 0;
    }
}

/* ---- reading ---- */

static int store(Databases *d, DbFile *f, Err *e) {
    IngestCounts counts = {0};
    DbSource *s = &d->source[f->source];
    d->unwritten = f;
    ledger_set_now(d->ledger, collecting_now_ms(d->c));
    if (ledger_ingest(d->ledger, d->batch, &counts, e) != 0) return -1;
    d->unwritten = NULL;
    batch_clear(d->batch);
    s->dirty = true;
    if (counts.added + counts.merged == 0) return 0;
    s->seen_ms = collecting_now_ms(d->c);
    s->lag_ms = collecting_steady_ms(d->c) - d->woke_ms;
    return 0;
}

static int open_file(Databases *d, DbFile *f, Err *e) {
    DbSource *s = &d->source[f->source];
    LogSetup setup = {.formats = d->c->formats, .book = d->c->book, .config = d->c->config, .source = &s->config, .live = true,
                      .databases = true, .notional = s->config.notional, .agents_notional = !s->config.payg, .now_ms = collecting_now_ms(d->c)};
    if (logfile_open(&f->log, f->path, &setup, d->ledger, e) != 0) return -1;
    if (!f->log) return say(s, "waiting", "nothing is in it yet"), 0;
    f->log->slice = SLICE_BYTES;
    s->kind = format_name(f->log->format);
    s->notional = f->log->context.notional;
    return 0;
}

static void told_by(DbSource *s, LogFile *log) {
    if (log->first_bad.line) say(s, "watch", log->mark.last_error);
    else say(s, "ok", "reading its rows");
    log->first_bad = (LogBad){0};
}

/* 1 = there is more at once. */
static int read_file(Databases *d, DbFile *f, Err *e) {
    if (!f->log && open_file(d, f, e) != 0) return -1;
    if (!f->log) return 0;
    const FileMark before = f->log->mark;
    Filled got = logfile_fill(f->log, d->batch, false, e);
    const FileMark *now = &f->log->mark;
    bool some = batch_count(d->batch) > 0 || now->offset != before.offset || now->bad_lines != before.bad_lines;
    if (!some) batch_clear(d->batch);
    else if (store(d, f, e) != 0) return -1;
    if (got == FILLED_FAILED) return -1;
    f->backoff.ms = 0;
    const char *state = d->source[f->source].state;
    if (some || (strcmp(state, "ok") != 0 && strcmp(state, "watch") != 0)) told_by(&d->source[f->source], f->log);
    return got == FILLED_BATCH;
}

static void failed_file(Databases *d, DbFile *f, const Err *e) {
    say(&d->source[f->source], "error", e->text);
    f->again_ms = d->woke_ms + backoff_next(&f->backoff);
    logfile_close(f->log);
    f->log = NULL;
}

/* ---- what there is ---- */

static void add_file(Databases *d, size_t source, const char *path) {
    for (size_t i = 0; i < d->files; i++)
        if (d->file[i]->source == source && strcmp(d->file[i]->path, path) == 0) return;
    if (d->files == FILES_MAX || !rows_is_database(path)) return;
    DbFile *f = d->file[d->files++] = xcalloc(1, sizeof *f);
    f->source = source;
    snprintf(f->path, sizeof f->path, "%s", path);
}

static void look(Databases *d) {
    for (size_t i = 0; i < d->sources; i++) {
        char pattern[2048];
        Paths p = {0};
        Err e = {0};
        if (place_expand(pattern, sizeof pattern, d->source[i].config.path, &e) == 0) paths_add(&p, pattern, &e);
        for (size_t k = 0; k < p.count; k++) add_file(d, i, p.path[k]);
        paths_free(&p);
    }
}

/* ---- the worker ---- */

static int step(void *self, Wait *next, Err *e) {
    Databases *d = self;
    bool more = false;
    *next = (Wait){.sleep_ms = -1, .fd = -1};
    if (d->sources == 0) return 0;
    d->woke_ms = collecting_steady_ms(d->c);
    if (d->unwritten && store(d, d->unwritten, e) != 0) return -1;
    look(d);
    for (size_t i = 0; i < d->files; i++) {
        Err why = {0};
        int rc = d->woke_ms >= d->file[i]->again_ms ? read_file(d, d->file[i], &why) : 0;
        if (d->unwritten) return fail(e, "%s", why.text);
        if (rc < 0) failed_file(d, d->file[i], &why);
        more |= rc > 0;
    }
    tell(d);
    next->sleep_ms = more ? 0 : d->files ? LOOK_MS : ABSENT_MS;
    return 0;
}

static void close_databases(void *self) {
    Databases *d = self;
    if (!d) return;
    for (size_t i = 0; i < d->files; i++) {
        logfile_close(d->file[i]->log);
        free(d->file[i]);
    }
    batch_free(d->batch);
    ledger_close(d->ledger);
    db_close(d->db);
    free(d->source);
    free(d);
}

static void add_sources(Databases *d) {
    d->source = xcalloc(d->c->source_count + 1, sizeof *d->source);
    for (size_t i = 0; i < d->c->source_count; i++) {
        const SourceConfig *config = &d->c->sources[i];
        if (!source_is_database(d->c->formats, config)) continue;
        DbSource *s = &d->source[d->sources++];
        s->config = *config;
        const Format *format = config->format[0] ? formats_find(d->c->formats, config->format) : NULL;
        s->kind = format ? format_name(format) : "database";
        s->notional = config->notional;
        s->lag_ms = -1;
        if (config->discovered) s->config.format[0] = '\0';
        say(s, "waiting", "no database is there yet");
    }
}

static int open_databases(void **self, const void *config, const Stop *stop, Err *e) {
    Databases *d = xcalloc(1, sizeof *d);
    (void)stop;
    d->c = config;
    add_sources(d);
    if (d->sources == 0) return *self = d, 0; /* then it sleeps, and needs no ledger */
    d->batch = batch_new(SLICE_REQUESTS);
    if (collecting_open(d->c, &d->db, &d->ledger, e) == 0) {
        db_patience(d->db, PATIENCE_MS);
        return *self = d, 0;
    }
    close_databases(d);
    return -1;
}

static void failed(const void *config, const Err *e) {
    collecting_failed(config, e);
}

const WorkerType database_worker = {.kind = "databases", .open = open_databases, .step = step, .close = close_databases, .failed = failed};
