/* command_source: see command_source.h. */
#include "collectors/command_source.h"
#include "collectors/child.h"
#include "collectors/logfile.h"

enum { SLICE_REQUESTS = 1024, SLICE_BYTES = 1 << 20, GOOD_RUN_MS = 60000, HEALTH_MS = 1000, PATIENCE_MS = 100 };

typedef struct Command {
    const CommandSource *c;
    Db *db;
    Ledger *ledger;
    Batch *batch;
    Child *child;
    Reader *reader;   /* until the first line is there, then the log's */
    LogFile *log;
    bool unwritten;   /* the batch waits for the database */
    Backoff backoff;
    int64_t woke_ms, started_ms, again_ms; /* monotonic; again_ms: not before */
    int64_t seen_ms, lag_ms, told_ms;
    bool dirty, told;
    const char *state;
    char word[256];
} Command;

/* ---- health ---- */

static void say(Command *c, const char *state, const char *fmt, ...) TW_PRINTF(3, 4);
static void say(Command *c, const char *state, const char *fmt, ...) {
    char word[sizeof c->word];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(word, sizeof word, fmt, ap);
    va_end(ap);
    if (strcmp(word, c->word) == 0 && c->state && strcmp(c->state, state) == 0) return;
    memcpy(c->word, word, sizeof word);
    c->state = state;
    c->dirty = true;
    c->told = false; /* a change of state is told at once */
}

static void tell(Command *c) {
    Err ignored = {0}; /* tried again; what keeps rows from being stored is told with them */
    if (!c->dirty || (c->told && c->woke_ms - c->told_ms < HEALTH_MS)) return;
    const SourceConfig *s = c->c->config;
    const char *kind = c->log ? format_name(c->log->format) : s->format;
    SourceHealth h = {.source = s->name, .kind = kind, .state = c->state, .last_word = c->word, .seen_ms = c->seen_ms,
                      .lag_ms = c->lag_ms, .notional = c->log ? c->log->context.notional : s->notional};
    c->dirty = ledger_source_health(c->ledger, &h, &ignored) != 0;
    c->told = true;
    c->told_ms = c->woke_ms;
}

/* ---- reading ---- */

static int store(Command *c, Err *e) {
    IngestCounts counts = {0};
    c->unwritten = true;
    ledger_set_now(c->ledger, collecting_now_ms(c->c->shared));
    if (ledger_ingest(c->ledger, c->batch, &counts, e) != 0) return -1;
    c->unwritten = false;
    c->seen_ms = collecting_now_ms(c->c->shared);
    c->lag_ms = collecting_steady_ms(c->c->shared) - c->woke_ms;
    c->dirty = true;
    batch_clear(c->batch);
    if (c->log->first_bad.line) say(c, "watch", "%s", c->log->mark.last_error);
    else if (strcmp(c->state, "ok") != 0) say(c, "ok", "reading its output");
    c->log->first_bad = (LogBad){0};
    return 0;
}

/* 1 = the log is open; 0 = there is no line yet. */
static int open_log(Command *c, bool whole, Err *e) {
    const Collecting *s = c->c->shared;
    LogSetup setup = {.formats = s->formats, .book = s->book, .config = s->config, .source = c->c->config, .live = true,
                      .notional = c->c->config->notional, .agents_notional = !c->c->config->payg, .now_ms = collecting_now_ms(s)};
    Str head;
    char name[600];
    if (c->log) return 1;
    if (!c->reader && reader_open_fd(&c->reader, child_take_output(c->child), c->c->config->name, FRAME_LINES, e) != 0) return -1;
    int got = reader_head(c->reader, &head, e);
    if (got < 0 || (got == 0 && !(whole && head.len > 0))) return got;
    snprintf(name, sizeof name, "command: %.500s", c->c->config->command);
    Reader *r = c->reader;
    c->reader = NULL; /* the log's from now on */
    if (logfile_open_stream(&c->log, r, name, &setup, c->ledger, e) != 0) return -1;
    c->log->slice = SLICE_BYTES;
    return 1;
}

/* 1 = there may be more at once. */
static int read_output(Command *c, bool whole, Err *e) {
    int rc = open_log(c, whole, e);
    if (rc <= 0) return rc;
    uint64_t before = c->log->mark.offset, bad = c->log->mark.bad_lines;
    Filled got = logfile_fill(c->log, c->batch, whole, e);
    bool some = batch_count(c->batch) > 0 || c->log->mark.offset != before || c->log->mark.bad_lines != bad;
    Err why = {0};
    if (some && store(c, &why) != 0) return fail(e, "%s", why.text);
    if (!some) batch_clear(c->batch);
    return got == FILLED_FAILED ? -1 : got == FILLED_BATCH;
}

/* ---- starting and ending ---- */

static void drop_run(Command *c) {
    child_free(c->child);
    logfile_close(c->log);
    reader_close(c->reader);
    c->log = NULL;
    c->reader = NULL;
    c->child = NULL;
}

static void wait_for_next(Command *c) {
    if (c->woke_ms - c->started_ms >= GOOD_RUN_MS) c->backoff.ms = 0;
    c->again_ms = c->woke_ms + backoff_next(&c->backoff);
}

static void ended(Command *c) {
    char how[64] = "";
    child_wait_end(c->child);
    child_stop(c->child, how, sizeof how);
    const char *line = child_last_error(c->child);
    wait_for_next(c);
    say(c, "error", "the command %s%s%s", how, *line ? ": " : "; check it in a shell", line);
    drop_run(c);
}

static void start(Command *c) {
    Err e = {0};
    c->started_ms = c->woke_ms;
    if (child_start(&c->child, c->c->config->command, &e) == 0) {
        say(c, "waiting", "started, nothing came yet");
        return;
    }
    wait_for_next(c);
    say(c, "error", "%.200s", e.text);
}

/* What cannot be read or recognised: the command is started again later, as if it had ended. */
static void unreadable(Command *c, const Err *e) {
    wait_for_next(c);
    say(c, "error", "%.240s", e->text);
    drop_run(c);
}

/* ---- the worker ---- */

static int run(Command *c, Wait *next, Err *e) {
    Err why = {0};
    child_read_errors(c->child);
    int rc = read_output(c, false, &why);
    if (rc == 0 && child_output_ended(c->child)) {
        rc = read_output(c, true, &why);
        if (rc == 0) ended(c);
    }
    if (c->unwritten) return fail(e, "%s", why.text);
    if (rc < 0) unreadable(c, &why);
    else if (c->child && *child_last_error(c->child) && strcmp(c->state, "waiting") == 0)
        say(c, "watch", "%s", child_last_error(c->child));
    next->sleep_ms = rc > 0 ? 0 : -1;
    next->fd = c->child ? child_wait_fd(c->child) : -1;
    return 0;
}

static int step(void *self, Wait *next, Err *e) {
    Command *c = self;
    c->woke_ms = collecting_steady_ms(c->c->shared);
    next->sleep_ms = -1;
    if (c->unwritten && store(c, e) != 0) return -1;
    if (!c->child && c->woke_ms >= c->again_ms) start(c);
    if (c->child && run(c, next, e) != 0) return -1;
    tell(c);
    if (!c->child) next->sleep_ms = c->again_ms - c->woke_ms;
    if (c->dirty && (next->sleep_ms < 0 || next->sleep_ms > HEALTH_MS)) next->sleep_ms = HEALTH_MS;
    return 0;
}

static void close_command(void *self) {
    Command *c = self;
    if (!c) return;
    drop_run(c);
    batch_free(c->batch);
    ledger_close(c->ledger);
    db_close(c->db);
    free(c);
}

static int open_command(void **self, const void *config, const Stop *stop, Err *e) {
    Command *c = xcalloc(1, sizeof *c);
    (void)stop;
    c->c = config;
    c->lag_ms = -1;
    c->state = "waiting";
    c->batch = batch_new(SLICE_REQUESTS);
    if (collecting_open(c->c->shared, &c->db, &c->ledger, e) == 0) {
        db_patience(c->db, PATIENCE_MS);
        return *self = c, 0;
    }
    close_command(c);
    return -1;
}

static void failed(const void *config, const Err *e) {
    const CommandSource *c = config;
    collecting_failed(c->shared, e);
}

const WorkerType command_worker = {.kind = "command", .open = open_command, .step = step, .close = close_command, .failed = failed};
