/* reader: cutting bytes into records. See reader.h for limits and memory. */
#include "collectors/reader.h"
#include "collectors/reader_source.h"

enum { FIRST_SIZE = 256 * 1024, TAIL = 64, STRING_KEPT = 1024, PRINT_MAX = 65536 };

typedef struct Cutter { /* where the middle of long strings is left out: state between two chunks */
    bool in_string, escape, dropping;
    size_t string_len;
} Cutter;

struct Reader {
    Source *source;
    char *buf; /* [start, end) is unread; size + SCAN_PAD bytes are allocated */
    size_t size, start, end, searched;
    uint64_t offset, dropped; /* of buf[start] in the log; bytes of the present record that were left out */
    uint64_t lines, fingerprint;
    char tail[TAIL];
    size_t tail_len;
    Framing framing;
    bool skipping, moved; /* moved: reading began inside the file */
    Cutter cutter;
    size_t cut_to; /* [start, cut_to) went through the cutter */
    int depth;     /* of JSON values framing */
    bool value_string, value_escape;
    char name[256];
};

int reader_open_fd(Reader **out, int fd, const char *name, Framing framing, Err *e) {
    Source *s;
    *out = NULL;
    if (source_open(&s, fd, name, e) != 0) return -1;
    Reader *r = xcalloc(1, sizeof *r);
    r->source = s;
    r->framing = framing;
    r->size = FIRST_SIZE;
    r->buf = xcalloc(1, r->size + SCAN_PAD);
    snprintf(r->name, sizeof r->name, "%s", name);
    *out = r;
    return 0;
}

void reader_close(Reader *r) {
    if (!r) return;
    source_close(r->source);
    free(r->buf);
    free(r);
}

/* Keeps the last bytes before the offset, so that a copy can be told from another file that begins alike. */
static void remember_tail(Reader *r, const char *at, size_t len) {
    if (len >= TAIL) {
        memcpy(r->tail, at + len - TAIL, TAIL);
        r->tail_len = TAIL;
        return;
    }
    size_t keep = r->tail_len + len > TAIL ? TAIL - len : r->tail_len;
    memmove(r->tail, r->tail + r->tail_len - keep, keep);
    memcpy(r->tail + keep, at, len);
    r->tail_len = keep + len;
}

/* Leaves out the middle of long strings in [cut_to, end). Begins only at a plain ASCII character, so that neither an
 * escape nor a UTF-8 sequence is cut in half. */
static void cut_strings(Reader *r) {
    Cutter *c = &r->cutter;
    size_t to = r->cut_to, i = r->cut_to;
    for (; i < r->end && (r->buf[i] != '\n' || r->framing != FRAME_LINES); i++) { /* never into the next line */
        char b = r->buf[i];
        bool keep = true;
        if (!c->in_string) {
            c->in_string = b == '"';
            c->string_len = 0, c->dropping = c->escape = false;
        } else if (c->escape) {
            c->escape = false, keep = !c->dropping;
        } else if (b == '"') {
            c->in_string = false;
        } else {
            c->escape = b == '\\';
            if (!c->dropping && ++c->string_len > STRING_KEPT && b > 0x20 && !c->escape) c->dropping = true;
            keep = !c->dropping;
        }
        if (keep) r->buf[to++] = b;
        else r->dropped++;
    }
    memmove(r->buf + to, r->buf + i, r->end - i);
    r->end -= i - to;
    r->cut_to = to;
}

static void make_room(Reader *r) {
    if (r->start > 0) {
        memmove(r->buf, r->buf + r->start, r->end - r->start);
        r->end -= r->start;
        r->cut_to = r->cut_to > r->start ? r->cut_to - r->start : 0;
        r->start = 0;
    }
    if (r->end < r->size) return;
    if (r->size < READER_RECORD_BUFFER) {
        r->size *= 2;
        r->buf = xrealloc(r->buf, r->size + SCAN_PAD);
        return;
    }
    cut_strings(r);
    r->searched = r->end - r->start; /* there was no end in it */
    if (r->end > r->size / 4 * 3) { /* still too much: not a record we can use */
        r->skipping = true;
        r->dropped += r->end;
        r->end = r->cut_to = r->searched = 0;
    }
}

/* More bytes: 1 = some came, 0 = none for now, -1 = failed. */
static int more(Reader *r, Err *e) {
    if (r->end == r->size || r->start > r->size / 2 || r->start == r->end) make_room(r);
    size_t free_bytes = r->size - r->end;
    ssize_t n = source_read(r->source, r->buf + r->end, free_bytes, r->name, e);
    if (n <= 0) return (int)n;
    r->end += (size_t)n;
    memset(r->buf + r->end, 0, SCAN_PAD);
    if (r->dropped && !r->skipping) cut_strings(r);
    if (r->end - r->start + r->dropped > READER_RECORD_MAX) r->skipping = true;
    return 1;
}

/* A hole of NUL bytes, left by a writer that goes on at its old place after a truncation, is no part of a record. */
static void skip_hole(Reader *r) {
    size_t n = 0;
    while (r->start + n < r->end && r->buf[r->start + n] == '\0') n++;
    if (n == 0) return;
    remember_tail(r, r->buf + r->start, n);
    r->start += n;
    r->offset += n;
    r->cut_to = r->start;
}

/* The end of the record that starts at buf[start]: index of the byte after it, or 0 = not complete. */
static size_t find_line_end(Reader *r) {
    if (r->searched == 0 && !r->dropped && !r->skipping) skip_hole(r);
    char *from = r->buf + r->start + r->searched;
    char *nl = memchr(from, '\n', r->end - r->start - r->searched);
    r->searched = r->end - r->start;
    return nl ? (size_t)(nl - r->buf) + 1 : 0;
}

/* JSON values: from a brace at depth 0 to the brace that closes it; what stands between values is no record. */
static size_t find_value_end(Reader *r) {
    for (size_t i = r->start + r->searched; i < r->end; i++) {
        char b = r->buf[i];
        if (r->value_string) {
            if (r->value_escape) r->value_escape = false;
            else if (b == '\\') r->value_escape = true;
            else if (b == '"') r->value_string = false;
        } else if (b == '"' && r->depth > 0) {
            r->value_string = true;
        } else if (b == '{' || (b == '[' && r->depth > 0)) {
            if (r->depth++ == 0) { /* drop what stood before */
                remember_tail(r, r->buf + r->start, i - r->start);
                r->offset += i - r->start;
                r->start = i;
            }
        } else if ((b == '}' || b == ']') && r->depth > 0 && --r->depth == 0) {
            r->searched = i + 1 - r->start;
            return i + 1;
        } else if (b == '\n') {
            r->lines += r->depth == 0;
        }
    }
    r->searched = r->end - r->start;
    return 0;
}

static size_t find_end(Reader *r) {
    if (r->framing == FRAME_LINES) return find_line_end(r);
    return r->framing == FRAME_DOCUMENT ? 0 : find_value_end(r);
}

/* Hands out [start, stop) and moves behind it. */
static ReadResult hand_out(Reader *r, size_t stop, Record *out) {
    size_t from = r->start, to = stop;
    uint64_t length = stop - from + r->dropped;
    bool skipped = r->skipping;
    while (to > from && (r->buf[to - 1] == '\n' || r->buf[to - 1] == '\r')) to--;
    *out = (Record){.text = r->buf + from, .len = to - from, .offset = r->offset, .line = ++r->lines,
                    .length = length > UINT32_MAX ? UINT32_MAX : (uint32_t)length};
    remember_tail(r, r->buf + r->start, stop - r->start);
    if (!r->fingerprint && !r->moved && !skipped) r->fingerprint = hash64(out->text, out->len < PRINT_MAX ? out->len : PRINT_MAX, 0);
    r->offset += length;
    r->start = stop;
    r->searched = 0, r->dropped = 0, r->skipping = false, r->cut_to = stop;
    r->cutter = (Cutter){0};
    return skipped ? READ_SKIPPED : READ_RECORD;
}

ReadResult reader_next(Reader *r, Record *out, Err *e) {
    for (;;) {
        size_t stop = find_end(r);
        if (stop) {
            ReadResult result = hand_out(r, stop, out);
            if (result == READ_RECORD && out->len == 0) continue; /* an empty line is no record */
            return result;
        }
        if (r->skipping) { /* nothing of a record that is too long is kept */
            r->dropped += r->end - r->start;
            r->start = r->end = r->searched = r->cut_to = 0;
        }
        int n = more(r, e);
        if (n <= 0) return n < 0 ? READ_FAILED : READ_END;
    }
}

ReadResult reader_last(Reader *r, Record *out, Err *e) {
    ReadResult got = reader_next(r, out, e);
    if (got != READ_END) return got;
    if (r->start == r->end && !r->skipping) return READ_END;
    got = hand_out(r, r->end, out);
    return got == READ_RECORD && out->len == 0 ? READ_END : got;
}

int reader_head(Reader *r, Str *head, Err *e) {
    char *nl = NULL;
    int n = 1;
    while (n > 0 && !r->dropped && !r->skipping) {
        skip_hole(r);
        nl = memchr(r->buf + r->start, '\n', r->end - r->start);
        if (!r->fingerprint && !nl && r->end - r->start >= PRINT_MAX) r->fingerprint = hash64(r->buf + r->start, PRINT_MAX, 0);
        if (nl) break;
        n = more(r, e);
    }
    if (n < 0) return -1;
    *head = (Str){r->buf + r->start, r->end - r->start};
    if (head->len == 0) return 0;
    size_t len = nl ? (size_t)(nl - r->buf) - r->start : head->len;
    while (len && r->buf[r->start + len - 1] == '\r') len--;
    if (!r->fingerprint) r->fingerprint = hash64(r->buf + r->start, len < PRINT_MAX ? len : PRINT_MAX, 0);
    return nl || r->dropped || r->skipping ? 1 : 0;
}

/* Forgets what is buffered, also a record that was too long for it. */
static void forget(Reader *r) {
    r->start = r->end = r->searched = r->cut_to = 0;
    r->dropped = 0, r->skipping = false;
    r->cutter = (Cutter){0};
}

int reader_skip_to(Reader *r, uint64_t offset, Err *e) {
    if (offset <= r->offset && !r->moved) return 0; /* a hole at the start that head() went over */
    r->moved = true;
    uint64_t from = offset > TAIL ? offset - TAIL : 0;
    if (source_seek(r->source, from)) {
        forget(r);
        r->offset = from;
    } else if (r->dropped) {
        r->offset += r->end - r->start + r->dropped;
        forget(r);
    }
    r->tail_len = 0;
    while (r->offset < offset) {
        if (r->start == r->end) {
            int n = more(r, e);
            if (n <= 0) return n < 0 ? -1 : fail(e, "%s is shorter than what was read of it before", r->name);
        }
        uint64_t left = offset - r->offset;
        size_t n = r->end - r->start < left ? r->end - r->start : (size_t)left;
        remember_tail(r, r->buf + r->start, n);
        r->start += n;
        r->offset += n;
    }
    r->searched = 0, r->cut_to = r->start;
    return 0;
}

void reader_set_framing(Reader *r, Framing framing) {
    r->framing = framing;
}

uint64_t reader_offset(const Reader *r) {
    return r->offset;
}

uint64_t reader_tail_hash(const Reader *r) {
    return hash64(r->tail, r->tail_len, 0);
}

uint64_t reader_fingerprint(const Reader *r) {
    return r->fingerprint;
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
