/* logfile: see logfile.h. */
#include "collectors/logfile.h"
#include "collectors/accounts.h"
#include "collectors/mend.h"
#include "collectors/recognise.h"
#include "collectors/unwrap.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_PROOF = 1024, TAIL_PROOF = 64, BREAKS_TRIED = 4 };

/* 0 = the descriptor is a regular file (or the standard input), whose state is in the mark now. */
static int look(LogFile *f, int fd) {
    struct stat st;
    if (f->stream) return 0;
    if (fstat(fd, &st) != 0) return -1;
    f->mark.dev = (int64_t)st.st_dev, f->mark.ino = (int64_t)st.st_ino;
    f->size_seen = (int64_t)st.st_size;
    f->mark.mtime_ms = (int64_t)st.st_mtim.tv_sec * MS_PER_SECOND + st.st_mtim.tv_nsec / 1000000;
    return fd == STDIN_FILENO || S_ISREG(st.st_mode) ? 0 : -1;
}

/* A database is known by its one true path: two of them may be called alike from where they are. */
static int open_rows(LogFile *f, const char *path, const LogSetup *s, Err *e) {
    if (!realpath(path, f->path)) return fail(e, "open %s: %s", path, strerror(errno));
    if (rows_open(&f->rows, f->path, s->formats, s->source ? s->source->format : "", &f->format, e) != 0) return -1;
    f->stream = true;
    f->reader = reader_open_rows(f->rows, f->path);
    return 0;
}

static int open_reader(LogFile *f, const char *path, Err *e) {
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail(e, "open %s: %s", path, strerror(errno));
    if (look(f, fd) != 0) {
        close(fd);
        return fail(e, "%s is not a regular file; name a log file", path);
    }
    return reader_open_fd(&f->reader, fd, path, FRAME_LINES, e);
}

/* From the start again: the same file, whatever its path names by now. */
static int rewind_reader(LogFile *f, Err *e) {
    int fd = fcntl(reader_fd(f->reader), F_DUPFD_CLOEXEC, 3);
    reader_close(f->reader);
    f->reader = NULL;
    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        if (fd >= 0) close(fd);
        return fail(e, "read %s from its start: %s", f->path, strerror(errno));
    }
    if (reader_open_fd(&f->reader, fd, f->path, FRAME_LINES, e) != 0) return -1;
    reader_set_framing(f->reader, f->framing);
    reader_set_wanted(f->reader, format_wanted(f->format));
    return 0;
}

/* ---- proofs that the file is still the one that was read ---- */

static bool hash_at(const LogFile *f, uint64_t from, size_t len, uint64_t *out) {
    char bytes[HEAD_PROOF];
    ssize_t n = pread(reader_fd(f->reader), bytes, len, (off_t)from);
    *out = hash64(bytes, len, 0);
    return n == (ssize_t)len;
}

static bool provable(const LogFile *f) {
    return !f->stream && !reader_is_packed(f->reader) && strcmp(f->path, "-") != 0;
}

void logfile_stored(LogFile *f) {
    f->stood.offset = f->mark.offset;
    f->stood.tail_hash = f->mark.tail_hash;
    if (f->stood.head_len || f->stood.offset == 0 || !provable(f)) return;
    f->stood.head_len = f->stood.offset < HEAD_PROOF ? (uint32_t)f->stood.offset : HEAD_PROOF;
    if (!hash_at(f, 0, f->stood.head_len, &f->stood.head_hash)) f->stood.head_hash = 0;
}

bool logfile_in_place(LogFile *f) {
    uint64_t hash, at = f->stood.offset;
    if (!provable(f)) return true;
    if (f->stood.head_len && (!hash_at(f, 0, f->stood.head_len, &hash) || hash != f->stood.head_hash)) return false;
    if (at == 0) { /* nothing is stored yet: what was just read must be there */
        at = f->mark.offset;
        size_t n = at < TAIL_PROOF ? (size_t)at : TAIL_PROOF;
        return hash_at(f, at - n, n, &hash) && hash == f->mark.tail_hash;
    }
    size_t n = at < TAIL_PROOF ? (size_t)at : TAIL_PROOF;
    return hash_at(f, at - n, n, &hash) && hash == f->stood.tail_hash;
}

/* ---- opening ---- */

static int find_format(LogFile *f, const LogSetup *s, Str head, Err *e) {
    if (f->rows) return 0; /* by its columns */
    f->in_pieces = unwrap_is_piecewise(head);
    const char *wanted = s->source ? s->source->format : "";
    if (*wanted) f->format = formats_find(s->formats, wanted);
    else if (recognise(s->formats, f->reader, f->path, &head, &f->format, e) != 0) return -1;
    const char *refusal = *wanted && !f->format ? NULL : refusal_of(f->format, f->path, head);
    if (refusal) return fail(e, "%s: %s", f->path, refusal);
    if (f->format) {
        f->framing = format_framing_of(f->format, head.at, head.len);
        reader_set_framing(f->reader, f->framing);
        reader_set_wanted(f->reader, format_wanted(f->format));
        return 0;
    }
    if (*wanted) return fail(e, "%s: no format \"%s\"; see `tollwatch doctor` for the known ones", f->path, wanted);
    return fail(e, "%s: no known format fits its first lines; `tollwatch doctor FILE` says what is in it and prints a format to start from; or name one with --format", f->path);
}

static void go_on(LogFile *f, const FileKnown *known) {
    f->mark.lines = known->lines, f->mark.records = known->records;
    f->mark.bad_lines = known->bad_lines, f->mark.skipped_lines = known->skipped_lines;
    reader_set_lines(f->reader, known->lines);
}

/* Goes on where the ledger says the file was left, if its content up to there is the same; else from the start. */
static int position(LogFile *f, const FileKnown *known, Err *e) {
    Err why = {0};
    bool seekable = !f->stream && strcmp(f->path, "-") != 0;
    f->mark.file_id = known->file_id;
    if (f->stream) go_on(f, known);
    if (f->rows) rows_start(f->rows, known->offset, known->tail_hash), f->mark.offset = known->offset, f->mark.tail_hash = known->tail_hash;
    if (known->offset == 0 || !seekable) return 0;
    if (reader_skip_to(f->reader, known->offset, &why) != 0 || reader_tail_hash(f->reader) != known->tail_hash)
        return rewind_reader(f, e);
    go_on(f, known);
    f->mark.offset = known->offset, f->mark.tail_hash = known->tail_hash;
    logfile_stored(f);
    return parser_restore(f->parser, known->state, known->state_len, e);
}

static void fill_context(LogFile *f, const LogSetup *s) {
    static const SourceConfig none = {0};
    const SourceConfig *c = s->source ? s->source : &none;
    bool notional = s->notional || (s->agents_notional && format_is_agent(f->format));
    f->context = (ParseContext){.book = s->book, .account = c->account, .feature = c->feature, .team = c->team,
                                .gateway = c->gateway, .path = f->path, .notional = notional, .now_ms = s->now_ms, .framing = f->framing,
                                .fingerprint = f->stream ? hash64(f->path, strlen(f->path), 0) : reader_fingerprint(f->reader),
                                .account_of = account_of,
                                .account_ctx = (void *)(uintptr_t)s->config};
}

static int file_row(const LogFile *f, const char *source, const char *path, Ledger *l, FileKnown *known, Err *e) {
    FileKey key = {.source = source, .format = format_name(f->format), .path = path, .fingerprint = f->context.fingerprint,
                   .dev = f->mark.dev, .ino = f->mark.ino, .long_first = !f->stream && reader_first_is_long(f->reader)};
    return ledger_file_open(l, &key, known, e);
}

/* 1 = there is no complete record in it yet. */
static int prepare(LogFile *f, const LogSetup *s, Ledger *l, Str head, Err *e) {
    if (find_format(f, s, head, e) != 0) return -1;
    int known_by = f->stream ? 1 : reader_identify(f->reader, !s->live, e);
    if (known_by <= 0) return known_by < 0 ? -1 : 1;
    fill_context(f, s);
    snprintf(f->source, sizeof f->source, s->by_format ? "%s %s" : "%s", s->source ? s->source->name : "import", format_name(f->format));
    f->known = xcalloc(1, sizeof *f->known);
    if (file_row(f, f->source, f->path, l, f->known, e) != 0) return -1;
    if (s->from_start) *f->known = (FileKnown){.file_id = f->known->file_id};
    return s->later ? 0 : logfile_start(f, NULL, e);
}

static void borrow(LogFile *f, const LogLoan *loan) {
    f->context.pricer = loan ? loan->pricer : NULL;
    if (loan && loan->buffer) reader_lend(f->reader, loan->buffer);
}

int logfile_start(LogFile *f, const LogLoan *loan, Err *e) {
    borrow(f, loan);
    f->parser = parser_new(f->format, &f->context);
    int rc = position(f, f->known, e);
    free(f->known);
    f->known = NULL;
    return rc;
}

int logfile_open(LogFile **out, const char *path, const LogSetup *s, Ledger *l, Err *e) {
    LogFile *f = xcalloc(1, sizeof *f);
    Str head;
    *out = NULL;
    snprintf(f->path, sizeof f->path, "%s", path);
    bool database = strcmp(path, "-") != 0 && rows_is_database(path);
    if (database && !s->databases) return logfile_close(f), 0;
    int rc = database ? open_rows(f, path, s, e) : open_reader(f, path, e), got = rc == 0 ? reader_head(f->reader, &head, e) : -1;
    bool there = got > 0 || (got == 0 && !s->live && head.len > 0);
    if (there) rc = prepare(f, s, l, head, e);
    if (there && rc == 0) return *out = f, 0;
    logfile_close(f);
    return got < 0 || rc < 0 ? -1 : 0;
}

int logfile_open_stream(LogFile **out, Reader *r, const char *name, const LogSetup *s, Ledger *l, Err *e) {
    LogFile *f = xcalloc(1, sizeof *f);
    Str head;
    *out = NULL;
    snprintf(f->path, sizeof f->path, "%s", name);
    f->reader = r, f->stream = true;
    if (reader_head(r, &head, e) >= 0 && prepare(f, s, l, head, e) == 0) return *out = f, 0;
    logfile_close(f);
    return -1;
}

int logfile_renamed(LogFile *f, const char *path, Ledger *l, Err *e) {
    FileKnown *known = xcalloc(1, sizeof *known);
    int rc = file_row(f, f->source, path, l, known, e);
    if (rc == 0) snprintf(f->path, sizeof f->path, "%s", path);
    free(known);
    return rc;
}

void logfile_close(LogFile *f) {
    if (!f) return;
    parser_free(f->parser);
    reader_close(f->reader);
    free(f->known);
    free(f->mended);
    free(f);
}

bool logfile_may_split(const LogFile *f) {
    return provable(f) && f->framing == FRAME_LINES && !format_has_state(f->format) && !f->in_pieces;
}

/* Its own open file, so that it has its own place in it; whatever the path names by now. */
static int open_again(const LogFile *whole, Err *e) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", reader_fd(whole->reader));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) fail(e, "open %s again: %s", whole->path, strerror(errno));
    return fd;
}

int logfile_part(LogFile **out, const LogFile *whole, uint64_t from, uint64_t until, const LogLoan *loan, Err *e) {
    Reader *r;
    *out = NULL;
    int fd = open_again(whole, e);
    if (fd < 0 || reader_open_fd(&r, fd, whole->path, FRAME_LINES, e) != 0) return -1;
    if (reader_skip_to(r, from, e) != 0) return reader_close(r), -1;
    reader_set_lines(r, 0);
    reader_end_at(r, until);
    reader_set_wanted(r, format_wanted(whole->format));
    LogFile *f = xcalloc(1, sizeof *f);
    snprintf(f->path, sizeof f->path, "%s", whole->path);
    memcpy(f->source, whole->source, sizeof f->source);
    f->format = whole->format, f->context = whole->context;
    f->context.path = f->path;
    f->reader = r;
    borrow(f, loan);
    f->parser = parser_new(f->format, &f->context);
    *out = f;
    return 0;
}

static void note_bad(LogFile *f, const Record *r, const char *what) {
    f->mark.bad_lines++;
    f->last_bad.line = r->line;
    snprintf(f->last_bad.what, sizeof f->last_bad.what, "%.199s", what);
    if (!f->first_bad.line) f->first_bad = f->last_bad;
    snprintf(f->mark.last_error, sizeof f->mark.last_error, "line %llu: %s", (unsigned long long)r->line, f->last_bad.what);
}

/* While a record waits for room the old mark stands: after a crash what came since is read again and found known. Nor
 * does it pass a last line that is cut off: whoever reads the file when the rest of it is there finds the whole. The
 * size is only kept of a file that was read to its end, so that it need not be opened again when it is as it was. */
static void fill_mark(LogFile *f, Batch *b, bool at_end) {
    f->mark.set = true;
    f->mark.size = at_end ? f->size_seen : 0;
    if (f->has_pending || f->cut_off) {
        *batch_mark(b) = f->mark;
        return;
    }
    if (!f->rows) f->mark.offset = reader_offset(f->reader), f->mark.tail_hash = reader_tail_hash(f->reader);
    else if (at_end) f->mark.offset = rows_cursor(f->rows), f->mark.tail_hash = rows_anchor(f->rows);
    f->mark.lines = reader_lines(f->reader);
    f->mark.state_len = parser_state(f->parser, f->state);
    f->mark.state = f->state;
    *batch_mark(b) = f->mark;
}

static bool is_known_bad(LogFile *f, const Record *r) {
    uint64_t hash = hash64(r->text, r->len, 0);
    size_t at = hash % (sizeof f->bad_rows / sizeof *f->bad_rows);
    bool known = f->rows && f->bad_rows[at] == hash;
    f->bad_rows[at] = hash;
    return known;
}

static ParseResult parse(LogFile *f, const Record *r, Batch *b, Err *e) {
    return parser_record(f->parser, r->text, r->len, f->stream ? 0 : r->offset, r->length, b, e);
}

/* The record that begins within a line whose own record was never finished: r becomes it. Not of a last line that may still
 * grow: an object within it, up to here, looks like one. */
static ParseResult parse_behind_break(LogFile *f, Record *r, Batch *b) {
    Err ignored = {0};
    const Str text = {r->text, r->len};
    bool as_it_stands = f->framing == FRAME_LINES && !f->in_pieces && !f->at_rest && r->length - r->len <= 2;
    size_t at = 0;
    for (int tries = 0; as_it_stands && tries < BREAKS_TRIED && (at = mend_break(text, at)) > 0; tries++) {
        Record behind = {.text = text.at + at, .len = text.len - at, .offset = r->offset + at, .line = r->line,
                         .length = r->length - (uint32_t)at};
        ParseResult got = parse(f, &behind, b, &ignored);
        if (got != PARSE_BAD) return *r = behind, got;
    }
    return PARSE_BAD;
}

static ParseResult parse_mended(LogFile *f, Record *r, Batch *b) {
    Err ignored = {0};
    Mended m = mend_bytes((Str){r->text, r->len});
    if (!m.at) return PARSE_BAD;
    free(f->mended);
    f->mended = m.at;
    r->text = m.at, r->len = m.len;
    return parse(f, r, b, &ignored);
}

/* Of what is no record some may be one; only the unfinished is lost then. */
static ParseResult parse_or_mend(LogFile *f, Record *r, Batch *b) {
    Err e = {0};
    size_t before = batch_count(b);
    ParseResult got = parse(f, r, b, &e);
    if (got != PARSE_BAD) return got;
    const Record whole = *r;
    if (batch_count(b) == before && (got = parse_mended(f, r, b)) != PARSE_BAD) return got;
    *r = whole;
    if (!is_known_bad(f, r)) note_bad(f, r, e.text);
    return batch_count(b) == before ? parse_behind_break(f, r, b) : PARSE_BAD;
}

static void take(LogFile *f, const Record *given, Batch *b) {
    Record record = *given, *r = &record;
    size_t before = batch_count(b);
    ParseResult got = parse_or_mend(f, r, b);
    f->has_pending = got == PARSE_FULL; /* also when some of it fitted: the rest follows */
    f->pending = *r;
    f->cut_off = f->at_rest && got == PARSE_BAD;
    for (size_t i = before; i < batch_count(b); i++) {
        batch_at(b, i)->offset = r->offset;
        f->unpriced += (batch_at(b, i)->flags & REQ_UNPRICED) != 0;
        f->borrowed += (batch_at(b, i)->flags & REQ_TIME_BORROWED) != 0;
    }
    f->mark.records += batch_count(b) - before;
    if (!f->has_pending) f->bytes += r->length;
}

static void note_skipped(LogFile *f, const Record *r) {
    f->mark.skipped_lines++;
    snprintf(f->mark.last_error, sizeof f->mark.last_error, "line %llu: too long, skipped", (unsigned long long)r->line);
}

/* The next record; at the end of a whole file what is there without an end of line. */
static ReadResult next_record(LogFile *f, Batch *b, bool whole, Record *out, Err *e) {
    ReadResult got = reader_next(f->reader, out, e);
    if (got != READ_END) f->at_rest = false;
    if (got != READ_END || !whole || f->at_rest) return got;
    fill_mark(f, b, true);
    f->at_rest = true;
    return reader_last(f->reader, out, e);
}

Filled logfile_fill(LogFile *f, Batch *b, bool whole, Err *e) {
    uint64_t from = reader_offset(f->reader);
    look(f, reader_fd(f->reader));
    parser_file_time(f->parser, f->rows || f->stream ? 0 : f->mark.mtime_ms);
    if (f->has_pending) take(f, &f->pending, b);
    for (;;) {
        Record r;
        bool enough = f->slice && reader_offset(f->reader) - from >= f->slice;
        if (batch_full(b) || f->has_pending || enough) return fill_mark(f, b, false), FILLED_BATCH;
        ReadResult got = next_record(f, b, whole, &r, e);
        if (got == READ_RECORD) take(f, &r, b);
        if (got == READ_SKIPPED) note_skipped(f, &r);
        if (got == READ_END) return fill_mark(f, b, true), FILLED_ALL;
        if (got == READ_FAILED) return fill_mark(f, b, false), FILLED_FAILED;
    }
}

bool logfile_has_rest(const LogFile *f) {
    return provable(f) && (uint64_t)f->size_seen > f->mark.offset;
}

bool logfile_take_rest(LogFile *f, Batch *b) {
    Record r;
    Err e = {0};
    size_t before = batch_count(b);
    look(f, reader_fd(f->reader));
    parser_file_time(f->parser, f->rows || f->stream ? 0 : f->mark.mtime_ms);
    if (reader_last(f->reader, &r, &e) != READ_RECORD) return false;
    ParseResult got = parser_record(f->parser, r.text, r.len, f->stream ? 0 : r.offset, r.length, b, &e);
    bool open_array = r.len && r.text[0] == '[' && r.text[r.len - 1] != ']'; /* whoever reads it closed finds another line */
    if ((got != PARSE_OK && got != PARSE_SKIPPED) || open_array) return false;
    for (size_t i = before; i < batch_count(b); i++) batch_at(b, i)->offset = r.offset;
    f->mark.records += batch_count(b) - before;
    fill_mark(f, b, true);
    return true;
}
