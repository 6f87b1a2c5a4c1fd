/* follow_file: see follow_file.h. */
#include "collectors/follow_file.h"
#include <sys/stat.h>
#include <unistd.h>

/* Truncated and grown past the old end between two looks: the bytes before our offset are others now. */
static bool rewritten(const LogFile *l, int64_t size) {
    char tail[64];
    uint64_t offset = reader_offset(l->reader);
    size_t n = offset < sizeof tail ? (size_t)offset : sizeof tail;
    if (reader_is_packed(l->reader)) return false;
    if ((uint64_t)size < offset) return true;
    ssize_t got = pread(reader_fd(l->reader), tail, n, (off_t)(offset - n));
    return got != (ssize_t)n || hash64(tail, n, 0) != reader_tail_hash(l->reader);
}

Change followed_change(Followed *f) {
    struct stat st;
    if (stat(f->path, &st) != 0) return CHANGE_GONE;
    int64_t mtime = (int64_t)st.st_mtim.tv_sec * MS_PER_SECOND + st.st_mtim.tv_nsec / 1000000;
    bool same_file = (int64_t)st.st_dev == f->dev && (int64_t)st.st_ino == f->ino;
    bool same = same_file && st.st_size == f->size && mtime == f->mtime_ms;
    f->dev = (int64_t)st.st_dev, f->ino = (int64_t)st.st_ino, f->size = st.st_size, f->mtime_ms = mtime;
    if (f->log && (!same_file || rewritten(f->log, st.st_size))) return CHANGE_REPLACED;
    return same && !f->log ? CHANGE_NONE : CHANGE_GREW;
}
