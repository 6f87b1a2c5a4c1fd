/* raw_record: reading it again. See raw_record.h; what is left out of it is in raw_elide.c. */
#include "collectors/raw_record.h"
#include "collectors/mend.h"
#include "collectors/reader.h"
#include "collectors/reader_wrapped.h"
#include "collectors/unwrap.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_log(const char *path, Err *e) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return fail(e, "%s is gone: deleted, or renamed when it was rotated", path);
    if (fd < 0) return fail(e, "open %s: %s", path, strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) return fd;
    close(fd);
    return fail(e, "%s is not a file that can be read again", path);
}

/* The name may belong to another file by now; then what stands at the offset is not the record. */
static int same_file(Reader *r, const RawPlace *at, Err *e) {
    int known = reader_identify(r, true, e);
    if (known < 0) return -1;
    if (known == 1 && reader_fingerprint(r) == at->fingerprint) return 0;
    return fail(e, "%s is another file by now: it was rotated or written anew", at->path);
}

static int find(Reader *r, const RawPlace *at, Record *out, Err *e) {
    if (reader_is_packed(r) && at->offset > RAW_PACKED_MAX)
        return fail(e, "it lies %llu MiB deep in the packed %s; zcat shows it", (unsigned long long)(at->offset >> 20),
                    at->path);
    if (same_file(r, at, e) != 0 || reader_skip_to(r, at->offset, e) != 0) return -1;
    ReadResult got = reader_next(r, out, e);
    if (got == READ_END) got = reader_last(r, out, e);
    if (got == READ_RECORD) return 0;
    if (got == READ_FAILED) return -1;
    if (got == READ_SKIPPED) return fail(e, "the record is too long to be shown");
    return fail(e, "%s ends before byte %llu by now: it was cut", at->path, (unsigned long long)at->offset);
}

/* As it was read when it was counted: a log of lines may be pretty-printed, or stand in a container runtime's lines. */
static int set_framing(Reader *r, const Format *f, Framing *framing, Err *e) {
    Str head;
    *framing = FRAME_LINES;
    if (!f) return 0;
    if (reader_head(r, &head, e) < 0) return -1;
    *framing = format_framing_of(f, head.at, head.len);
    reader_set_framing(r, *framing);
    return 0;
}

/* Without what Docker, CRI, journald or syslog wrote around it, where the record could not be told from an escaped text. */
static void show(Str record, Framing framing, bool content, Buf *out) {
    char *room = NULL;
    Str inside = framing == FRAME_WRAPPED_VALUES ? wrapped_text(record, &room) : unwrap_line(record, &room);
    Mended m = mend_bytes(inside); /* as it was counted */
    raw_record_elide(m.at ? m.at : inside.at, m.at ? m.len : inside.len, content, out);
    free(m.at);
    free(room);
}

int raw_record_read(const RawPlace *at, bool content, Buf *out, Err *e) {
    Reader *r = NULL;
    Record record;
    Framing framing;
    if (at->path[0] != '/') return fail(e, "it did not come from a file, so there is none to read again");
    int fd = open_log(at->path, e);
    if (fd < 0 || reader_open_fd(&r, fd, at->path, FRAME_LINES, e) != 0) return -1;
    int rc = set_framing(r, at->format, &framing, e) != 0 ? -1 : find(r, at, &record, e);
    if (rc == 0) show((Str){record.text, record.len}, framing, content, out);
    reader_close(r);
    return rc;
}
