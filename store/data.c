/* data: finding embedded files and reading small files whole. See data.h. */
#include "store/data.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

const DataFile *data_find(const char *path) {
    for (const DataFile *f = data_files; f->path; f++)
        if (strcmp(f->path, path) == 0) return f;
    return NULL;
}

static int read_all(int fd, const char *path, Buf *out, Err *e) {
    char chunk[16384];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(e, "read %s: %s", path, strerror(errno));
        if (n == 0) return 0;
        buf_add(out, chunk, (size_t)n);
        if (out->overflow) return fail(e, "%s is larger than %zu bytes; this is not a file of ours", path, out->max);
    }
}

int file_read(const char *path, Buf *out, Err *e) {
    /* O_NONBLOCK: a FIFO put in the file's place must not hang us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail(e, "open %s: %s", path, strerror(errno));
    struct stat st;
    int rc = -1;
    if (fstat(fd, &st) != 0)
        fail(e, "stat %s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        fail(e, "%s is not a regular file; name a file", path);
    else
        rc = read_all(fd, path, out, e);
    close(fd);
    return rc;
}
