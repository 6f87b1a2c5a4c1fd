/* reader: cutting bytes into records. See reader.h for limits and memory.
 *
 * The buffer holds [start, end) of the log, from `offset` on. An end of record is searched in what was not searched yet;
 * without one more bytes are read. A record that outgrows the buffer goes through the cutter, piece by piece, and what
 * is left of it stays in the buffer. Every rule looks at the record alone, so that no chunking changes the result.
 */
#include "collectors/reader.h"
#include "collectors/reader_long.h"
#include "collectors/reader_source.h"
#include "collectors/reader_wrapped.h"
#include "collectors/unwrap.h"

enum { SIZE_FIRST = 16 * 1024, SIZE_READ = 256 * 1024, SIZE_LARGEST = READER_RECORD_BUFFER };

struct Reader {
    Source *source;
    char *buf, *lent; /* size + SCAN_PAD bytes; buf may be the lent one */
    size_t size, start, end, searched;
    size_t pieces, joins; /* lines that are pieces of the record at hand, as far as they are whole: their bytes, and how many */
    bool found;     /* a whole record ends before `stop`; it was not yet handed out */
    size_t stop;
    bool full_read; /* the last read filled all there was room for */
    uint64_t offset, lines, fingerprint;
    Tail tail;
    Long long_record;
    Values values;
    Wrapped wrapped;
    const PruneSpec *wanted;
    Framing framing;
    char name[256];
};

static void resize(Reader *r, size_t size) {
    char *own = r->buf == r->lent ? NULL : r->buf;
    if (r->lent && size == SIZE_READ) {
        if (own) memcpy(r->lent, own, r->end + SCAN_PAD);
        free(own);
        r->buf = r->lent;
    } else {
        r->buf = xrealloc(own, size + SCAN_PAD);
        if (!own && r->lent) memcpy(r->buf, r->lent, r->end + SCAN_PAD);
    }
    r->size = size;
}

static Reader *reader_new(Source *source, const char *name, Framing framing) {
    Reader *r = xcalloc(1, sizeof *r);
    r->source = source;
    r->framing = framing;
    resize(r, SIZE_FIRST);
    snprintf(r->name, sizeof r->name, "%s", name);
    return r;
}

int reader_open_fd(Reader **out, int fd, const char *name, Framing framing, Err *e) {
    Source *s;
    *out = NULL;
    if (source_open(&s, fd, name, e) != 0) return -1;
    *out = reader_new(s, name, framing);
    return 0;
}

Reader *reader_open_rows(Rows *rows, const char *name) {
    return reader_new(source_of_rows(rows), name, FRAME_LINES);
}

void reader_close(Reader *r) {
    if (!r) return;
    source_close(r->source);
    free(r->wrapped.room);
    long_free(&r->long_record);
    if (r->buf != r->lent) free(r->buf);
    free(r);
}

void reader_lend(Reader *r, char *buffer) {
    r->lent = buffer;
    if (r->size <= SIZE_READ) resize(r, SIZE_READ);
}

/* ---- going forward ---- */

/* Passes bytes at the start that belong to no record. */
static void pass(Reader *r, size_t len) {
    tail_add(&r->tail, r->buf + r->start, len);
    r->lines += newlines_in(r->buf + r->start, len);
    r->offset += len;
    r->start += len;
    r->searched = r->searched > len ? r->searched - len : 0;
}

/* Room for more bytes. The buffer is small until a read fills it (many followed files are quiet), and beyond SIZE_READ
 * only for a record that needs it. */
static void make_room(Reader *r) {
    if (r->start) memmove(r->buf, r->buf + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
    if (r->size < SIZE_READ && r->full_read) resize(r, SIZE_READ);
    else if (r->end == r->size) resize(r, r->size * 2);
}

/* 1 = some bytes came, 0 = none for now, -1 = failed. */
static int more(Reader *r, Err *e) {
    make_room(r);
    size_t room = (r->long_record.active || r->size < SIZE_LARGEST ? r->size : SIZE_LARGEST) - r->end; /* it is long from there on */
    ssize_t n = source_read(r->source, r->buf + r->end, room < SIZE_READ ? room : SIZE_READ, r->name, e);
    if (n == 0 && !r->lent && r->size > SIZE_FIRST && r->end <= SIZE_FIRST / 2) resize(r, SIZE_FIRST);
    r->full_read = n > 0 && (size_t)n == room;
    if (n <= 0) return (int)n;
    r->end += (size_t)n;
    memset(r->buf + r->end, 0, SCAN_PAD);
    return 1;
}

/* ---- the end of a record: index of the byte after it, or 0 = not in the buffer ---- */

/* Zeros are a hole that truncation left; a byte order mark may stand before the first line. */
static void pass_holes(Reader *r) {
    size_t n = 0, have = r->end - r->start;
    while (n < have && r->buf[r->start + n] == '\0') n++;
    if (n == 0 && r->offset == 0 && have >= 3 && memcmp(r->buf + r->start, "\xEF\xBB\xBF", 3) == 0) n = 3;
    if (n) pass(r, n);
}

static size_t find_line_end(Reader *r) {
    if (!r->long_record.active && !r->pieces) pass_holes(r);
    for (bool more = true; more;) {
        const char *from = r->buf + r->start + r->searched;
        const char *nl = memchr(from, '\n', r->end - r->start - r->searched);
        r->searched = r->end - r->start;
        if (!nl) return 0;
        size_t stop = (size_t)(nl - r->buf) + 1;
        if (r->long_record.active) return stop;
        size_t end = unwrap_pieces((Str){r->buf + r->start, stop - r->start}, r->pieces, &more);
        if (!more) return r->start + end;
        r->pieces = r->searched = end;
        r->joins++;
    }
    return 0;
}

static size_t find_value_end(Reader *r) {
    ValuesFound f = values_find(&r->values, r->buf, r->start + r->searched, r->end);
    r->searched = (f.complete ? f.stop : r->end) - r->start;
    if (f.begun) pass(r, f.first - r->start);
    if (f.complete) return f.stop;
    if (r->values.depth == 0 || (r->end - r->start == SIZE_LARGEST && values_only_a_brace(&r->values))) {
        r->values = (Values){0};
        pass(r, r->end - r->start);
    }
    return 0;
}

static void no_value(Reader *r) {
    r->wrapped = (Wrapped){.room = r->wrapped.room};
}

/* Lines before the first value are passed; those of a record that is too long end it one by one. */
static size_t find_wrapped_end(Reader *r) {
    for (;;) {
        const char *at = r->buf + r->start + r->searched, *nl = memchr(at, '\n', r->end - r->start - r->searched);
        if (!nl) return 0;
        size_t stop = (size_t)(nl - r->buf) + 1;
        if (r->long_record.active) return stop;
        WrappedStep step = wrapped_line(&r->wrapped, r->buf + r->start, (Str){at, (size_t)(nl - at)});
        r->searched = stop - r->start;
        if (step == WRAPPED_OTHER) pass(r, stop - r->start), r->searched = 0, no_value(r);
        if (step == WRAPPED_WHOLE) return stop;
    }
}

static size_t find_end(Reader *r) {
    if (r->framing == FRAME_LINES) return find_line_end(r);
    if (r->framing == FRAME_WRAPPED_VALUES) return find_wrapped_end(r);
    return r->framing == FRAME_DOCUMENT ? 0 : find_value_end(r);
}

/* ---- records that are longer than the buffer ---- */

static void begin_long(Reader *r) {
    Str begin = {r->buf + r->start, SIZE_LARGEST};
    bool wrapped = r->framing == FRAME_WRAPPED_VALUES || (r->framing == FRAME_LINES && unwrap_may_wrap(begin));
    long_begin(&r->long_record, begin, &r->tail, wrapped ? NULL : r->wanted);
    r->long_record.skipping = r->framing == FRAME_WRAPPED_VALUES;
}

/* A record that fills the largest buffer is long from now on, and gives up what may be left out of it; what follows it
 * moves up. */
static void shorten(Reader *r) {
    Long *l = &r->long_record;
    if (!r->found && !l->active && r->end - r->start == SIZE_LARGEST) begin_long(r);
    if (!l->active) return;
    size_t stop = r->found ? r->stop : r->end, to = r->start + long_take(l, r->buf + r->start, stop - r->start);
    memmove(r->buf + to, r->buf + stop, r->end - stop);
    r->end -= stop - to;
    r->searched = to - r->start;
    r->stop = to;
}

/* ---- handing out ---- */

/* Looks for a whole record and stays before it: 1 = there is one, 0 = not for now, -1 = failed. */
static int find_record(Reader *r, Err *e) {
    while (!r->found) {
        r->stop = find_end(r);
        r->found = r->stop > 0;
        shorten(r);
        if (r->found && (r->long_record.active || !blank(r->buf + r->start, r->stop - r->start))) break;
        if (r->found) {
            pass(r, r->stop - r->start);
            r->found = false, r->searched = 0;
            continue;
        }
        int n = more(r, e);
        if (n <= 0) return n;
    }
    return 1;
}

/* Its text without the end of line. */
static Str text_until(const Reader *r, size_t stop) {
    Str s = {r->buf + r->start, stop - r->start};
    while (s.len && (s.at[s.len - 1] == '\n' || s.at[s.len - 1] == '\r')) s.len--;
    return s;
}

/* Hands out [start, stop) and moves behind it. */
static ReadResult hand_out(Reader *r, size_t stop, Record *out) {
    const Long *l = &r->long_record;
    Str text = text_until(r, stop);
    size_t held = stop - r->start;
    uint64_t length = l->active ? l->raw : held;
    ReadResult result = l->skipping ? READ_SKIPPED : READ_RECORD;
    *out = (Record){.text = text.at, .len = text.len, .offset = r->offset, .line = r->lines + 1,
                    .length = length > UINT32_MAX ? UINT32_MAX : (uint32_t)length};
    if (r->framing == FRAME_LINES) r->lines += 1 + (r->long_record.active ? l->newlines - (l->newlines > 0) : r->joins ? newlines_in(text.at, text.len) : 0);
    else r->lines += l->active ? l->newlines : newlines_in(r->buf + r->start, held);
    if (l->active) r->tail = l->tail;
    else tail_add(&r->tail, r->buf + r->start, held);
    r->offset += length;
    r->start = stop;
    r->found = false, r->searched = r->pieces = r->joins = 0;
    long_end(&r->long_record);
    no_value(r);
    return result;
}

ReadResult reader_next(Reader *r, Record *out, Err *e) {
    int found = find_record(r, e);
    if (found <= 0) return found < 0 ? READ_FAILED : READ_END;
    return hand_out(r, r->stop, out);
}

static bool any_left(const Reader *r) {
    return r->long_record.active || !blank(r->buf + r->start, r->end - r->start);
}

ReadResult reader_last(Reader *r, Record *out, Err *e) {
    ReadResult got = reader_next(r, out, e);
    if (got != READ_END || !any_left(r)) return got;
    r->values = (Values){0};
    return hand_out(r, r->end, out);
}

/* ---- beginning, or going on ---- */

static void forget_record(Reader *r) {
    r->found = false, r->searched = r->pieces = r->joins = 0;
    long_end(&r->long_record);
    r->values = (Values){0};
    no_value(r);
}

static void start_at(Reader *r, uint64_t offset) {
    forget_record(r);
    r->start = r->end = 0;
    r->offset = offset;
    r->tail.len = 0;
}

/* Of a line that was given up nothing is left, but it may be many values: then its beginning says so. 0 = it is not such a
 * one, or cannot be read again. */
static int begin_of_given_up(Reader *r, Err *e) {
    if (!r->long_record.skipping || !source_seek(r->source, 0)) return 0;
    start_at(r, 0);
    int n = 1;
    while (n > 0 && r->end < READER_HEAD_MAX) n = more(r, e);
    return n < 0 ? -1 : 1;
}

int reader_head(Reader *r, Str *head, Err *e) {
    int found = find_record(r, e);
    int begin = found == 0 && r->long_record.skipping ? begin_of_given_up(r, e) : 1;
    if (begin == 0) return fail(e, "%s: its one line is too long to tell what it is, and cannot be read twice; import it from a file", r->name);
    if (begin < 0) return -1;
    *head = (Str){r->buf + r->start, r->end - r->start};
    return found;
}

int reader_head_more(Reader *r, Str *head, Err *e) {
    int got = begin_of_given_up(r, e);
    if (got == 0) {
        if (r->end - r->start >= READER_HEAD_MAX || r->long_record.active) return 0;
        if (r->found) r->stop -= r->start; /* there will be room before it */
        got = more(r, e);
    }
    *head = (Str){r->buf + r->start, r->end - r->start};
    return got;
}

void reader_set_framing(Reader *r, Framing framing) {
    if (framing == r->framing) return;
    r->framing = framing;
    /* What reader_head() cut as a line cannot be told from the original any more. */
    if (r->long_record.active && source_seek(r->source, 0)) start_at(r, 0);
    forget_record(r);
}

void reader_set_wanted(Reader *r, const PruneSpec *wanted) {
    r->wanted = wanted;
    if (!r->long_record.active || !wanted || !source_seek(r->source, 0)) return;
    start_at(r, 0);
    forget_record(r);
}

int reader_identify(Reader *r, bool whole, Err *e) {
    if (r->framing == FRAME_DOCUMENT) { /* it is written anew as a whole: its name is what stays */
        r->fingerprint = hash64(r->name, strlen(r->name), 0);
        return 1;
    }
    int found = find_record(r, e);
    if (found < 0 || (found == 0 && !(whole && any_left(r)))) return found;
    const Long *l = &r->long_record;
    Str text = text_until(r, found ? r->stop : r->end);
    r->fingerprint = l->active ? long_hash(l) : hash64(text.at, text.len, 0);
    return 1;
}

/* A seek where that is possible; else what is in the buffer is passed first, unless it was cut. */
static bool rewound(Reader *r, uint64_t offset) {
    if (source_seek(r->source, offset)) return start_at(r, offset), true;
    if (!r->long_record.active && r->offset <= offset) return forget_record(r), true;
    if (source_seek(r->source, 0)) return start_at(r, 0), true;
    return false;
}

int reader_skip_to(Reader *r, uint64_t offset, Err *e) {
    if (offset == 0) return 0;
    if (!rewound(r, offset > TAIL ? offset - TAIL : 0)) return fail(e, "%s cannot be read twice", r->name);
    while (r->offset < offset) {
        if (r->start == r->end) {
            int n = more(r, e);
            if (n <= 0) return n < 0 ? -1 : fail(e, "%s is shorter than what was read of it before", r->name);
        }
        uint64_t left = offset - r->offset;
        pass(r, r->end - r->start < left ? r->end - r->start : (size_t)left);
    }
    return 0;
}

void reader_end_at(Reader *r, uint64_t offset) {
    source_end_at(r->source, offset);
}

uint64_t reader_offset(const Reader *r) {
    return r->offset;
}

uint64_t reader_tail_hash(const Reader *r) {
    return hash64(r->tail.at, r->tail.len, 0);
}

uint64_t reader_fingerprint(const Reader *r) {
    return r->fingerprint;
}

bool reader_first_is_long(const Reader *r) {
    return r->long_record.active;
}

uint64_t reader_raw_position(const Reader *r) {
    return source_raw(r->source);
}

uint64_t reader_lines(const Reader *r) {
    return r->lines;
}

void reader_set_lines(Reader *r, uint64_t lines) {
    r->lines = lines;
}

int reader_fd(const Reader *r) {
    return source_fd(r->source);
}

bool reader_is_packed(const Reader *r) {
    return source_is_packed(r->source);
}
