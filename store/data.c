/* data: finding embedded files, reading and replacing small files whole. See data.h. */
#include "store/data.h"
#include "store/config.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCHEMA_MAX = 1 << 20 };

const DataFile *data_find(const char *path) {
    for (const DataFile *f = data_files; f->path; f++)
        if (strcmp(f->path, path) == 0) return f;
    return NULL;
}

static int use_file(DataFile *f, const char *path, Err *e) {
    Buf text = {.max = SCHEMA_MAX};
    if (file_read(path, &text, e) != 0) {
        buf_free(&text);
        return -1;
    }
    buf_add(&text, "", 1);
    f->at = text.at, f->len = text.len - 1, f->from = xstrdup(path);
    return 0;
}

int data_use_schema(const char *config_dir, size_t *replaced, Err *e) {
    static const char folder[] = "store/schema";
    char path[1400];
    size_t count = 0;
    for (DataFile *f = data_files; f->path; f++) {
        if (strncmp(f->path, folder, sizeof folder - 1) != 0) continue;
        snprintf(path, sizeof path, "%s/schema/%s", config_dir, f->path + sizeof "store/" - 1);
        if (access(path, F_OK) != 0) continue;
        if (use_file(f, path, e) != 0) return -1;
        count++;
    }
    if (replaced) *replaced = count;
    return 0;
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

static int write_all(int fd, const char *at, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        at += n;
        len -= (size_t)n;
    }
    return fsync(fd);
}

/* A rename is only durable when the folder is. */
static int sync_folder_of(const char *path) {
    char dir[2048];
    const char *slash = strrchr(path, '/');
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0) close(fd);
    return rc;
}

/* Takes its place, when `fresh` only a free one; the second way is for file systems that do not know the first. */
static int put_in_place(const char *temp, const char *path, bool fresh) {
    if (!fresh) return rename(temp, path);
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    return link(temp, path) == 0 ? unlink(temp) : -1;
}

static int replace_file(const char *path, const char *at, size_t len, mode_t mode, bool fresh, Err *e) {
    char temp[2048];
    if (snprintf(temp, sizeof temp, "%s.XXXXXX", path) >= (int)sizeof temp) return fail(e, "%.60s...: the path is too long", path);
    place_make_folder_of(path);
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0) return fail(e, "write %s: %s", temp, strerror(errno));
    int rc = fchmod(fd, mode) == 0 ? write_all(fd, at, len) : -1;
    int why = errno;
    if (close(fd) != 0 && rc == 0) rc = -1, why = errno;
    if (rc == 0 && put_in_place(temp, path, fresh) != 0) rc = -1, why = errno;
    if (rc != 0) {
        unlink(temp);
        return fail(e, "write %s: %s; nothing was changed", path, strerror(why));
    }
    return sync_folder_of(path) == 0 ? 0 : fail(e, "fsync the folder of %s: %s", path, strerror(errno));
}

int file_write(const char *path, const char *at, size_t len, Err *e) {
    return replace_file(path, at, len, 0644, false, e);
}

int file_write_private(const char *path, const char *at, size_t len, Err *e) {
    return replace_file(path, at, len, 0600, false, e);
}

int file_write_new(const char *path, const char *at, size_t len, Err *e) {
    return replace_file(path, at, len, 0600, true, e);
}
