/* logfile: see logfile.h. */
#include "collectors/logfile.h"
#include "collectors/accounts.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_reader(LogFile *f, const char *path, Err *e) {
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail(e, "open %s: %s", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) == 0) {
        f->mark.dev = (int64_t)st.st_dev, f->mark.ino = (int64_t)st.st_ino, f->mark.size = (int64_t)st.st_size;
        f->mark.mtime_ms = (int64_t)st.st_mtim.tv_sec * MS_PER_SECOND + st.st_mtim.tv_nsec / 1000000;
    }
    if (fd != STDIN_FILENO && !S_ISREG(st.st_mode)) {
        close(fd);
        return fail(e, "%s is not a regular file; name a log file", path);
    }
    return reader_open_fd(&f->reader, fd, path, FRAME_LINES, e);
}

static int recognise(LogFile *f, const LogSetup *s, Str head, Err *e) {
    const char *wanted = s->source ? s->source->format : "";
    f->format = *wanted ? formats_find(s->formats, wanted) : formats_guess(s->formats, f->path, head.at, head.len);
    if (f->format) {
        reader_set_framing(f->reader, format_framing(f->format));
        return 0;
    }
    if (*wanted) return fail(e, "%s: no format \"%s\"; see `tollwatch doctor` for the known ones", f->path, wanted);
    return fail(e, "%s: no known format fits its first lines; name one with --format or add one (README)", f->path);
}

/* Goes on where the ledger says the file was left, if its content up to there is the same; else from the start. */
static int position(LogFile *f, const FileKnown *known, Err *e) {
    Err why = {0};
    bool same = strcmp(f->path, "-") != 0 && known->offset > 0 && reader_skip_to(f->reader, known->offset, &why) == 0 &&
                reader_tail_hash(f->reader) == known->tail_hash;
    f->mark.file_id = known->file_id;
    if (same) {
        f->mark.lines = known->lines, f->mark.records = known->records;
        f->mark.bad_lines = known->bad_lines, f->mark.skipped_lines = known->skipped_lines;
        reader_set_lines(f->reader, known->lines);
        return parser_restore(f->parser, known->state, known->state_len, e);
    }
    if (known->offset == 0 || strcmp(f->path, "-") == 0) return 0;
    reader_close(f->reader);
    f->reader = NULL;
    if (open_reader(f, f->path, e) != 0) return -1;
    reader_set_framing(f->reader, format_framing(f->format));
    return 0;
}

static void fill_context(LogFile *f, const LogSetup *s) {
    static const SourceConfig none = {0};
    const SourceConfig *c = s->source ? s->source : &none;
    f->context = (ParseContext){.book = s->book, .account = c->account, .feature = c->feature, .team = c->team,
                                .gateway = c->gateway, .path = f->path, .notional = s->notional, .now_ms = s->now_ms,
                                .fingerprint = reader_fingerprint(f->reader), .account_of = account_of,
                                .account_ctx = (void *)(uintptr_t)s->config};
}

static int prepare(LogFile *f, const LogSetup *s, Ledger *l, Str head, Err *e) {
    if (recognise(f, s, head, e) != 0) return -1;
    fill_context(f, s);
    f->parser = parser_new(f->format, &f->context);
    FileKey key = {.source = s->source ? s->source->name : "import", .format = format_name(f->format), .path = f->path,
                   .fingerprint = f->context.fingerprint, .dev = f->mark.dev, .ino = f->mark.ino};
    FileKnown *known = xcalloc(1, sizeof *known);
    int rc = ledger_file_open(l, &key, known, e);
    if (rc == 0) rc = position(f, known, e);
    free(known);
    return rc;
}

int logfile_open(LogFile **out, const char *path, const LogSetup *s, Ledger *l, Err *e) {
    LogFile *f = xcalloc(1, sizeof *f);
    Str head;
    *out = NULL;
    snprintf(f->path, sizeof f->path, "%s", path);
    int rc = open_reader(f, path, e), got = rc == 0 ? reader_head(f->reader, &head, e) : -1;
    if (got >= 0 && head.len > 0) rc = prepare(f, s, l, head, e);
    if (got >= 0 && head.len > 0 && rc == 0) return *out = f, 0;
    logfile_close(f);
    return got < 0 || rc != 0 ? -1 : 0;
}

void logfile_close(LogFile *f) {
    if (!f) return;
    parser_free(f->parser);
    reader_close(f->reader);
    free(f);
}

static void note_bad(LogFile *f, const Record *r, const char *what) {
    f->mark.bad_lines++;
    snprintf(f->mark.last_error, sizeof f->mark.last_error, "line %llu: %.200s", (unsigned long long)r->line, what);
    if (!f->first_bad[0])
        snprintf(f->first_bad, sizeof f->first_bad, "%.200s:%llu: %.200s", f->path, (unsigned long long)r->line, what);
}

/* While a record waits for room the old mark stands: after a crash what came since is read again and found known. */
static void fill_mark(LogFile *f, Batch *b) {
    f->mark.set = true;
    if (f->has_pending) {
        *batch_mark(b) = f->mark;
        return;
    }
    f->mark.offset = reader_offset(f->reader);
    f->mark.tail_hash = reader_tail_hash(f->reader);
    f->mark.lines = reader_lines(f->reader);
    f->mark.state_len = parser_state(f->parser, f->state);
    f->mark.state = f->state;
    *batch_mark(b) = f->mark;
}

static void take(LogFile *f, const Record *r, Batch *b) {
    Err e = {0};
    size_t before = batch_count(b);
    ParseResult got = parser_record(f->parser, r->text, r->len, r->offset, r->length, b, &e);
    f->has_pending = got == PARSE_FULL && before > 0;
    if (f->has_pending) {
        f->pending = *r;
        return;
    }
    if (got == PARSE_FULL) fail(&e, "more requests in one record than fit a batch");
    if (got == PARSE_BAD || got == PARSE_FULL) note_bad(f, r, e.text);
    for (size_t i = before; i < batch_count(b); i++) {
        batch_at(b, i)->offset = r->offset;
        f->unpriced += (batch_at(b, i)->flags & REQ_UNPRICED) != 0;
    }
    f->mark.records += batch_count(b) - before;
    f->bytes += r->length;
}

Filled logfile_fill(LogFile *f, Batch *b, bool whole, Err *e) {
    if (f->has_pending) take(f, &f->pending, b);
    for (;;) {
        Record r;
        if (batch_full(b) || f->has_pending) return fill_mark(f, b), FILLED_BATCH;
        ReadResult got = whole ? reader_last(f->reader, &r, e) : reader_next(f->reader, &r, e);
        if (got == READ_RECORD) take(f, &r, b);
        if (got == READ_SKIPPED) {
            f->mark.skipped_lines++;
            snprintf(f->mark.last_error, sizeof f->mark.last_error, "line %llu: too long, skipped", (unsigned long long)r.line);
        }
        if (got == READ_END || got == READ_FAILED) return fill_mark(f, b), got == READ_END ? FILLED_ALL : FILLED_FAILED;
    }
}
