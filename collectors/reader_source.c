/* reader_source: where bytes come from: a descriptor read as it is, or through zlib. See reader_source.h.
 *
 * What a log is packed in is told by its first bytes, never by its name. They may come late (a pipe, a file that is
 * still empty), so the question stays open until there are enough of them.
 */
#include "collectors/reader_source.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <zlib.h>

enum { HEAD = 512, GZIP_INPUT = 64 * 1024, TAR_AT = 257 };

typedef enum Packing { PACKING_UNKNOWN, PACKING_NONE, PACKING_GZIP, PACKING_ROWS } Packing;

struct Source {
    int fd;
    Rows *rows;
    Packing packing;
    bool member_open, checked; /* gzip: within a member; what is inside was looked at */
    z_stream z;
    unsigned char *in; /* gzip's input: GZIP_INPUT bytes */
    unsigned char head[HEAD];
    size_t head_at, head_len;
    uint64_t raw, end_at;
};

/* What cannot be read, and what to do instead. */
typedef struct Magic {
    const char *at;
    size_t len;
    const char *what;
} Magic;

static const Magic refused[] = {
    {"\x28\xB5\x2F\xFD", 4, "zstd-compressed; unpack it: zstd -dc FILE | tollwatch import -"},
    {"\xFD" "7zXZ", 5, "xz-compressed; unpack it: xz -dc FILE | tollwatch import -"},
    {"BZh", 3, "bzip2-compressed; unpack it: bzip2 -dc FILE | tollwatch import -"},
    {"\x04\x22\x4D\x18", 4, "lz4-compressed; unpack it: lz4 -dc FILE | tollwatch import -"},
    {"PK\x03\x04", 4, "a zip archive; unpack it: unzip -p FILE | tollwatch import -"},
    {"PAR1", 4, "a Parquet file; write its rows as JSON lines: duckdb -json -c \"select * from 'FILE'\" | tollwatch import -"},
    {"Obj\x01", 4, "an Avro file; write its records as JSON lines: avro-tools tojson FILE | tollwatch import -"},
    {"7z\xBC\xAF\x27\x1C", 6, "a 7-Zip archive; unpack it: 7z x -so FILE | tollwatch import -"},
    {"LPKSHHRH", 8, "journald's own file; write it as JSON lines: journalctl --file FILE -o json | tollwatch import -"},
    {"\xFF\xFE", 2, "text in UTF-16; write it in UTF-8: iconv -f UTF-16 -t UTF-8 FILE | tollwatch import -"},
    {"\xFE\xFF", 2, "text in UTF-16; write it in UTF-8: iconv -f UTF-16 -t UTF-8 FILE | tollwatch import -"},
    {"SQLite format 3", 15, "an SQLite database; name the file itself: tollwatch import FILE.db"},
};
static const char is_tar[] = "a tar archive; unpack it: tar -xOf FILE | tollwatch import -";
static const char is_binary[] = "in length-prefixed binary records; write it as JSON lines (the exporter's option format: json)";
static const char gzip_magic[] = "\x1f\x8b";

/* 1 = it begins so, -1 = it may, when more of it is there. */
static int begins(const unsigned char *p, size_t n, const char *magic, size_t len) {
    if (memcmp(p, magic, n < len ? n : len) != 0) return 0;
    return n >= len ? 1 : -1;
}

/* A length of 128 or more in protobuf's own form, then the first field of an export of that length, which begins with a length too. */
static bool is_delimited(const unsigned char *p, size_t n) {
    size_t at = 0;
    while (at < 4 && at < n && p[at] & 0x80) at++;
    return at > 0 && n > at + 2 && !(p[at] & 0x80) && p[at + 1] == 0x0A && p[at + 2] != 0x0A && (p[at + 2] & 0x80 || p[at + 2] < 0x20 || p[at + 2] > 0x7E);
}

static const char *refusal(const unsigned char *p, size_t n) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (begins(p, n, refused[i].at, refused[i].len) == 1) return refused[i].what;
    if (n >= TAR_AT + 5 && memcmp(p + TAR_AT, "ustar", 5) == 0) return is_tar;
    /* A length in big-endian and then a protobuf field; a hole of zeros that truncation left is longer. */
    if (n >= 6 && p[0] == 0 && p[1] == 0 && (p[2] || p[3]) && p[4] == 0x0A) return is_binary;
    return is_delimited(p, n) ? is_binary : NULL;
}

static bool undecided(const unsigned char *p, size_t n) {
    bool open = n == 0 || begins(p, n, gzip_magic, 2) < 0;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) open |= begins(p, n, refused[i].at, refused[i].len) < 0;
    return open;
}

/* 0 = the end, or nothing for now. */
static ssize_t read_some(Source *s, void *to, size_t size, const char *name, Err *e) {
    ssize_t n;
    do n = read(s->fd, to, size);
    while (n < 0 && errno == EINTR);
    if (n > 0) s->raw += (uint64_t)n;
    if (n < 0 && errno != EAGAIN) return fail(e, "read %s: %s", name, strerror(errno));
    return n < 0 ? 0 : n;
}

static int start_gzip(Source *s, const char *name, Err *e) {
    if (inflateInit2(&s->z, 15 + 16) != Z_OK) return fail(e, "%s: zlib cannot start; is there memory left?", name);
    s->packing = PACKING_GZIP;
    s->member_open = true;
    s->in = xmalloc(GZIP_INPUT);
    s->z.next_in = s->head, s->z.avail_in = (uInt)s->head_len;
    return 0;
}

/* Reads the first bytes and decides; stays undecided when there are too few of them. */
static int probe(Source *s, const char *name, Err *e) {
    ssize_t n;
    while (undecided(s->head, s->head_len)) {
        if ((n = read_some(s, s->head + s->head_len, HEAD - s->head_len, name, e)) < 0) return -1;
        s->head_len += (size_t)n;
        if (n == 0) return 0;
    }
    const char *why = refusal(s->head, s->head_len);
    if (why) return fail(e, "%s is %s", name, why);
    if (begins(s->head, s->head_len, gzip_magic, 2) == 1) return start_gzip(s, name, e);
    s->packing = PACKING_NONE;
    return 0;
}

int source_open(Source **out, int fd, const char *name, Err *e) {
    Source *s = xcalloc(1, sizeof *s);
    s->fd = fd;
    if (probe(s, name, e) != 0) return source_close(s), -1;
    *out = s;
    return 0;
}

Source *source_of_rows(Rows *rows) {
    Source *s = xcalloc(1, sizeof *s);
    s->fd = -1;
    s->rows = rows;
    s->packing = PACKING_ROWS;
    return s;
}

void source_close(Source *s) {
    if (!s) return;
    rows_close(s->rows);
    if (s->packing == PACKING_GZIP) inflateEnd(&s->z);
    if (s->fd > 2) close(s->fd);
    free(s->in);
    free(s);
}

/* Whether a read would bring something at once: a format is recognised by more lines than were looked at. */
static bool is_waiting(const Source *s) {
    int n = 0;
    return ioctl(s->fd, FIONREAD, &n) == 0 && n > 0;
}

/* First what was looked at, then the rest. Too few bytes to decide, and no more of them for now, are plain. */
static ssize_t read_plain(Source *s, char *to, size_t size, const char *name, Err *e) {
    size_t looked_at = s->head_len - s->head_at;
    uint64_t left = s->end_at ? s->end_at - (s->raw - looked_at) : UINT64_MAX;
    if (left < size) size = (size_t)left;
    size_t n = looked_at < size ? looked_at : size;
    if (n == 0) return s->packing == PACKING_UNKNOWN || size == 0 ? 0 : read_some(s, to, size, name, e);
    s->packing = PACKING_NONE;
    memcpy(to, s->head + s->head_at, n);
    s->head_at += n;
    ssize_t rest = n < size && is_waiting(s) ? read_some(s, to + n, size - n, name, e) : 0;
    return rest < 0 ? -1 : (ssize_t)n + rest;
}

/* 1 = there is input, 0 = the end of a whole file, -1 = failed. */
static int gzip_input(Source *s, const char *name, Err *e) {
    if (s->z.avail_in == 0) {
        ssize_t n = read_some(s, s->in, GZIP_INPUT, name, e);
        if (n < 0) return -1;
        if (n == 0 && !s->member_open) return 0;
        if (n == 0) return fail(e, "%s: the compressed data is cut off; what came before it is kept", name);
        s->z.next_in = s->in, s->z.avail_in = (uInt)n;
    }
    if (s->member_open) return 1;
    if (s->z.next_in[0] != 0x1f) return 0; /* padding after the last member */
    inflateReset(&s->z);
    s->member_open = true;
    return 1;
}

static ssize_t unpack(Source *s, char *to, size_t size, const char *name, Err *e) {
    s->z.next_out = (Bytef *)to, s->z.avail_out = (uInt)size;
    int rc = inflate(&s->z, Z_NO_FLUSH);
    if (rc == Z_STREAM_END) s->member_open = false;
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        return fail(e, "%s: the compressed data is damaged; what came before it is kept", name);
    return (ssize_t)(size - s->z.avail_out);
}

static ssize_t read_gzip(Source *s, char *to, size_t size, const char *name, Err *e) {
    ssize_t n = 0;
    while (n == 0) {
        int more = gzip_input(s, name, e);
        if (more <= 0) return more;
        if ((n = unpack(s, to, size, name, e)) < 0) return -1;
    }
    if (s->checked) return n;
    s->checked = true;
    const char *why = refusal((const unsigned char *)to, (size_t)n);
    return why ? fail(e, "%s is %s", name, why) : n;
}

ssize_t source_read(Source *s, char *to, size_t size, const char *name, Err *e) {
    if (s->rows) return rows_read(s->rows, to, size, e);
    if (s->packing == PACKING_UNKNOWN && probe(s, name, e) != 0) return -1;
    return s->packing == PACKING_GZIP ? read_gzip(s, to, size, name, e) : read_plain(s, to, size, name, e);
}

bool source_seek(Source *s, uint64_t offset) {
    bool gzip = s->packing == PACKING_GZIP;
    if ((gzip && offset > 0) || lseek(s->fd, (off_t)offset, SEEK_SET) < 0) return false;
    if (gzip) inflateReset(&s->z), s->member_open = true, s->z.avail_in = 0;
    s->head_at = s->head_len;
    s->raw = offset;
    return true;
}

void source_end_at(Source *s, uint64_t offset) {
    s->end_at = offset;
}

uint64_t source_raw(const Source *s) {
    return s->raw;
}

int source_fd(const Source *s) {
    return s->fd;
}

bool source_is_packed(const Source *s) {
    return s->packing == PACKING_GZIP;
}
