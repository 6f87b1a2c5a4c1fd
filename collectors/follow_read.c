/* follow_read: one file at a time: opened where the ledger left it, read for a slice, stored, closed when it is not
 * likely to grow. See follow.h. */
#include "collectors/follow_parts.h"
#include "collectors/log_name.h"

void follow_due(Follow *f, Entry *n, Due what, int64_t in_ms) {
    n->due = what;
    n->due_ms = f->woke_ms + in_ms;
    table_put(f->table, BAG_TIMED, n);
}

void follow_not_due(Follow *f, Entry *n) {
    table_take(f->table, BAG_TIMED, n);
}

void follow_forget(Follow *f, Entry *n) {
    health_trouble(f, n, NULL);
    health_unbegun(f, n, false);
    f->state[n->source].files--;
    f->state[n->source].dirty = true;
    table_remove(f->table, n);
}

void follow_close(Follow *f, Entry *n) {
    table_take(f->table, BAG_OPEN, n);
    logfile_close(n->log);
    n->log = NULL;
    if (!n->named) follow_forget(f, n);
}

/* What can be opened again goes first, then what was used least recently. */
static bool closes_before(const Entry *a, const Entry *b) {
    return a->named != b->named ? a->named : a->used_ms < b->used_ms;
}

/* Of too many one is closed: the ledger knows where to go on. */
static void bound_open(Follow *f, const Entry *keep) {
    Bag *open = table_bag(f->table, BAG_OPEN);
    while (open->count > FOLLOW_OPEN_MAX) {
        Entry *oldest = NULL;
        for (size_t i = 0; i < open->count; i++)
            if (open->at[i] != keep && (!oldest || closes_before(open->at[i], oldest))) oldest = open->at[i];
        follow_close(f, oldest);
    }
}

static int64_t age_ms(const Entry *n) {
    return clock_now_ms() - n->seen.mtime_ns / 1000000;
}

static void opened(Follow *f, Entry *n, SourceState *s) {
    n->log->slice = SLICE_BYTES;
    n->stored.any = false;
    n->offset = n->log->mark.offset;
    s->format = format_name(n->log->format);
    s->notional = n->log->context.notional;
    FileSight real = n->seen; /* the path may name another file than when it was looked at */
    real.dev = n->log->mark.dev, real.ino = n->log->mark.ino;
    if (!sight_same_file(&real, &n->seen)) table_see(f->table, n, &real);
    table_put(f->table, BAG_OPEN, n);
    bound_open(f, n);
}

static bool start_log(Follow *f, Entry *n, Err *why) {
    if (!n->log || logfile_start(n->log, &f->loan, why) == 0) return true;
    logfile_close(n->log);
    n->log = NULL;
    return false;
}

/* false: it stays closed; when to try again is arranged. */
static bool open_log(Follow *f, Entry *n, bool live) {
    SourceState *s = &f->state[n->source];
    const SourceConfig *c = s->config;
    LogSetup setup = {.formats = f->c->formats, .book = f->c->book, .config = f->c->config, .source = c, .live = live, .later = true,
                      .notional = c->notional, .agents_notional = !c->payg, .now_ms = collecting_now_ms(f->c)};
    Err why = {0};
    if (live && log_name_packed(n->path) && age_ms(n) >= 0 && age_ms(n) < PACK_MS) {
        follow_due(f, n, DUE_READ, PACK_MS);
        return false;
    }
    if (logfile_open(&n->log, n->path, &setup, f->ledger, &why) != 0 || !start_log(f, n, &why)) {
        if (follow_db_busy(f)) return follow_due(f, n, DUE_READ, BUSY_MS), false;
        health_trouble(f, n, why.text);
        n->not_before_ms = f->woke_ms + RETRY_MS;
        n->retry = true;
        return false;
    }
    n->retry = false;
    if (n->log) opened(f, n, s);
    else if (n->seen.size > 0 && n->rest_tried != n->seen.size) follow_due(f, n, DUE_REST, REST_MS);
    if (!n->log) health_trouble(f, n, NULL);
    health_unbegun(f, n, !n->log);
    return n->log != NULL;
}

/* ---- storing ---- */

static bool worth_storing(const Follow *f, const Entry *n) {
    const FileMark *m = &n->log->mark;
    if (batch_count(f->batch) > 0 || m->offset != n->offset) return true;
    if (!n->stored.any) return m->size != 0 && !logfile_has_rest(n->log);
    return m->bad_lines != n->stored.bad || m->skipped_lines != n->stored.skipped ||
           (m->size != n->stored.size && !logfile_has_rest(n->log));
}

/* A disk or a network that comes back changes nothing of the file, so nobody would tell. */
static void retry_later(Follow *f, Entry *n) {
    n->retry_ms = n->retry_ms == 0 ? RETRY_MS : n->retry_ms < RETRY_MAX_MS / 2 ? n->retry_ms * 2 : RETRY_MAX_MS;
    n->not_before_ms = f->woke_ms + n->retry_ms;
    if (n->named) follow_due(f, n, DUE_READ, n->retry_ms);
}

/* What follows a slice: more of it, waiting for its rest, or closing. */
static void after_slice(Follow *f, Entry *n, Filled got, const Err *why) {
    if (got == FILLED_FAILED) {
        health_trouble(f, n, why->text);
        retry_later(f, n);
        follow_close(f, n);
    } else if (got == FILLED_BATCH) {
        if (n->named) table_put_backlog(f->table, n);
        else table_put(f->table, BAG_LIVE, n);
    } else {
        health_trouble(f, n, NULL);
        n->retry_ms = 0;
        bool rest = logfile_has_rest(n->log) && n->rest_tried != n->log->size_seen;
        if (!n->named) follow_due(f, n, DUE_READ, HELD_LOOK_MS);
        else if (rest) follow_due(f, n, DUE_REST, REST_MS);
        else if (reader_is_packed(n->log->reader) || age_ms(n) > COLD_MS) follow_close(f, n);
    }
}

static void stored(Follow *f, Entry *n) {
    const FileMark *m = &n->log->mark;
    f->stored_ms = f->woke_ms;
    logfile_stored(n->log);
    n->stored.any = true;
    n->stored.size = m->size, n->stored.bad = m->bad_lines, n->stored.skipped = m->skipped_lines;
    bool data = m->offset != n->offset;
    n->offset = m->offset;
    if (data) n->quiet_since_ms = f->woke_ms;
    health_stored(f, n, data);
    batch_clear(f->batch);
}

bool follow_db_busy(Follow *f) {
    return (sqlite3_errcode(db_handle(f->db)) & 0xff) == SQLITE_BUSY;
}

/* Another writer is let go first for a while; a lock that stays is a failure. */
static int write_batch(Follow *f, Entry *n, Filled got, const Err *why, Err *e) {
    IngestCounts counts = {0};
    Err here = {0};
    if (!f->unwritten) f->unwritten_ms = f->woke_ms;
    f->unwritten = n, f->unwritten_got = got, f->unwritten_why = *why;
    ledger_set_now(f->ledger, collecting_now_ms(f->c));
    if (ledger_ingest(f->ledger, f->batch, &counts, &here) != 0) {
        if (follow_db_busy(f) && f->woke_ms - f->unwritten_ms < LOCKED_MS) return 1;
        f->unwritten_ms = f->woke_ms;
        return fail(e, "%s", here.text);
    }
    f->unwritten = NULL;
    stored(f, n);
    after_slice(f, n, got, why);
    return 0;
}

int follow_write_again(Follow *f, Err *e) {
    Entry *n = f->unwritten;
    Err why = f->unwritten_why;
    return n ? write_batch(f, n, f->unwritten_got, &why, e) : 0;
}

/* The file changed under us: nothing of what was just read is believed. */
static void start_over(Follow *f, Entry *n) {
    batch_clear(f->batch);
    n->not_before_ms = 0;
    n->offset = 0;
    if (n->named) table_put(f->table, BAG_LIVE, n);
    follow_close(f, n);
}

int follow_read(Follow *f, Entry *n, Err *e) {
    Err why = {0};
    follow_not_due(f, n);
    if (!n->log && !open_log(f, n, true)) return 0;
    n->used_ms = f->woke_ms;
    Filled got = logfile_fill(n->log, f->batch, reader_is_packed(n->log->reader), &why);
    if (!logfile_in_place(n->log)) return start_over(f, n), 0;
    if (worth_storing(f, n)) return write_batch(f, n, got, &why, e);
    batch_clear(f->batch);
    after_slice(f, n, got, &why);
    return 0;
}

int follow_take_rest(Follow *f, Entry *n, Err *e) {
    Err none = {0};
    bool unbegun = n->unbegun;
    follow_not_due(f, n);
    n->rest_tried = n->seen.size;
    if (!n->log && !open_log(f, n, false)) return 0;
    n->used_ms = f->woke_ms;
    n->rest_tried = n->log->size_seen;
    bool good = logfile_take_rest(n->log, f->batch) && logfile_in_place(n->log);
    if (good) return write_batch(f, n, FILLED_ALL, &none, e);
    batch_clear(f->batch);
    health_unbegun(f, n, unbegun); /* it was opened for its rest only */
    follow_close(f, n); /* where it is read to is known; what was read too far is forgotten */
    return 0;
}
