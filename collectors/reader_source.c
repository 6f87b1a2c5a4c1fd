/* reader_source: where bytes come from: a descriptor read as it is, or through zlib. See reader_source.h. */
#include "collectors/reader_source.h"
#include <errno.h>
#include <unistd.h>
#include <zlib.h>

struct Source {
    int fd;
    z_stream z;
    bool gzip, at_end, member_open;
    unsigned char in[32768];
    size_t in_at, in_len;
    uint64_t raw;
};

static ssize_t read_some(int fd, void *to, size_t size) {
    ssize_t n;
    do n = read(fd, to, size);
    while (n < 0 && errno == EINTR);
    return n;
}

/* What cannot be read as lines or gzip: one refusal that says what to do. */
static int refuse(const unsigned char *p, size_t n, const char *name, Err *e) {
    if (n >= 4 && memcmp(p, "\x28\xB5\x2F\xFD", 4) == 0)
        return fail(e, "%s is zstd-compressed; unpack it first: zstd -dc FILE | tollwatch import -", name);
    if (n >= 6 && memcmp(p, "\xFD" "7zXZ\0", 6) == 0)
        return fail(e, "%s is xz-compressed; unpack it first: xz -dc FILE | tollwatch import -", name);
    if (n >= 3 && memcmp(p, "BZh", 3) == 0)
        return fail(e, "%s is bzip2-compressed; unpack it first: bzip2 -dc FILE | tollwatch import -", name);
    if (n >= 16 && memcmp(p, "SQLite format 3", 16) == 0)
        return fail(e, "%s is an SQLite database, not a log; name a log file", name);
    if (n >= 5 && p[0] == 0 && p[1] == 0 && p[4] != 0 && p[4] != '{')
        return fail(e, "%s has length-prefixed binary records; write it as JSON lines (the exporter's format: json)", name);
    return 0;
}

int source_open(Source **out, int fd, const char *name, Err *e) {
    Source *s = xcalloc(1, sizeof *s);
    s->fd = fd;
    ssize_t n = read_some(fd, s->in, sizeof s->in);
    if (n < 0) {
        fail(e, "read %s: %s", name, strerror(errno));
        return source_close(s), -1;
    }
    s->in_len = (size_t)n;
    s->raw = s->in_len;
    if (refuse(s->in, s->in_len, name, e) != 0) return source_close(s), -1;
    s->gzip = s->in_len >= 2 && s->in[0] == 0x1f && s->in[1] == 0x8b;
    if (s->gzip && inflateInit2(&s->z, 15 + 16) != Z_OK) {
        fail(e, "%s: zlib cannot start", name);
        return source_close(s), -1;
    }
    s->member_open = s->gzip;
    *out = s;
    return 0;
}

void source_close(Source *s) {
    if (!s) return;
    if (s->gzip) inflateEnd(&s->z);
    if (s->fd > 2) close(s->fd);
    free(s);
}

static ssize_t refill(Source *s) {
    ssize_t n = read_some(s->fd, s->in, sizeof s->in);
    s->in_at = 0;
    s->in_len = n > 0 ? (size_t)n : 0;
    s->raw += s->in_len;
    return n;
}

static ssize_t read_plain(Source *s, char *to, size_t size) {
    if (s->in_at < s->in_len) { /* what open() looked at */
        size_t n = s->in_len - s->in_at < size ? s->in_len - s->in_at : size;
        memcpy(to, s->in + s->in_at, n);
        s->in_at += n;
        return (ssize_t)n;
    }
    ssize_t n = read_some(s->fd, to, size);
    if (n > 0) s->raw += (uint64_t)n;
    return n;
}

static ssize_t read_gzip(Source *s, char *to, size_t size, const char *name, Err *e) {
    while (!s->at_end) {
        if (s->in_at == s->in_len && refill(s) <= 0) {
            s->at_end = true;
            if (s->member_open) return fail(e, "%s: the compressed data is cut off; what came before it is kept", name);
            return 0;
        }
        if (!s->member_open) { /* another member, or padding after the last */
            if (s->in[s->in_at] != 0x1f) return s->at_end = true, 0;
            inflateReset(&s->z);
            s->member_open = true;
        }
        s->z.next_in = s->in + s->in_at, s->z.avail_in = (uInt)(s->in_len - s->in_at);
        s->z.next_out = (Bytef *)to, s->z.avail_out = (uInt)size;
        int rc = inflate(&s->z, Z_NO_FLUSH);
        s->in_at = s->in_len - s->z.avail_in;
        if (rc == Z_STREAM_END) s->member_open = false;
        else if (rc != Z_OK && rc != Z_BUF_ERROR) return fail(e, "%s: the compressed data is damaged; what came before it is kept", name);
        if (s->z.avail_out < size) return (ssize_t)(size - s->z.avail_out);
    }
    return 0;
}

ssize_t source_read(Source *s, char *to, size_t size, const char *name, Err *e) {
    if (s->gzip) return read_gzip(s, to, size, name, e);
    ssize_t n = read_plain(s, to, size);
    return n < 0 && errno == EAGAIN ? 0 : n < 0 ? fail(e, "read %s: %s", name, strerror(errno)) : n;
}

bool source_seek(Source *s, uint64_t offset) {
    if (s->gzip || lseek(s->fd, (off_t)offset, SEEK_SET) < 0) return false;
    s->in_at = s->in_len = 0;
    s->raw = offset;
    return true;
}

uint64_t source_raw(const Source *s) {
    return s->raw;
}

int source_fd(const Source *s) {
    return s->fd;
}

bool source_is_packed(const Source *s) {
    return s->gzip;
}
