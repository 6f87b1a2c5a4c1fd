/* policy_file: the policy's folder and file on disk: who may be trusted with it, the lock, reading it whole, replacing it
 * whole. Does not know what a policy means. Invariants P2 P3 P4 P9 P10 P14 of policy.h. */
#include "store/policy_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_POLL_NS = 1000000 };

int policy_folder_open(PolicyFolder *f, const char *path, Err *e) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct stat st;
    *f = (PolicyFolder){.fd = -1};
    if (!*name || strlen(name) > POLICY_NAME_MAX) return fail(e, "%.60s is no name for a policy file; use --policy FILE", path);
    snprintf(f->name, sizeof f->name, "%s", name);
    int n = snprintf(f->path, sizeof f->path, "%.*s", slash == path ? 1 : slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (n >= (int)sizeof f->path) return fail(e, "%.60s...: the path is too long; use a shorter --policy", path);
    f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0 || fstat(f->fd, &st) != 0) {
        int why = errno;
        policy_folder_close(f);
        fail(e, "policy folder %s: %s; create it (mode 2775, the group of those who may stop calls)", f->path, strerror(why));
        errno = why;
        return -1;
    }
    f->group = st.st_gid, f->mode = st.st_mode;
    if (!(st.st_mode & S_IWOTH)) return 0;
    policy_folder_close(f);
    errno = EPERM;
    return fail(e, "policy folder %s: everybody may write there; chmod o-w %s", f->path, f->path);
}

void policy_folder_close(PolicyFolder *f) {
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
}

/* Group and mode are set by hand: the umask and a foreign primary group would lock the next person out (P10). */
static void share(const PolicyFolder *f, int fd, mode_t mode) {
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_uid != geteuid()) return;
    if (st.st_gid != f->group && fchown(fd, (uid_t)-1, f->group) != 0) mode &= (mode_t)~020;
    if (fchmod(fd, mode) != 0) return; /* a file system without modes: nothing to share */
}

int policy_folder_open_file(const PolicyFolder *f, const char *name, int flags, mode_t mode) {
    struct stat st;
    int fd = openat(f->fd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
    if (fd < 0) return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        if (flags & O_CREAT) share(f, fd, mode);
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return -1;
}

int policy_folder_lock(const PolicyFolder *f, int64_t patience_ms, Err *e) {
    char name[POLICY_NAME_MAX + 8];
    snprintf(name, sizeof name, "%s.lock", f->name);
    int fd = policy_folder_open_file(f, name, O_RDWR | O_CREAT, 0660);
    if (fd < 0) return fail(e, "lock %s/%s: %s; check that you may write there", f->path, name, strerror(errno));
    for (int64_t until = clock_monotonic_ms() + patience_ms;;) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
        if (errno != EWOULDBLOCK && errno != EINTR) break;
        if (clock_monotonic_ms() >= until) {
            close(fd);
            return fail(e, "%s/%s is held by another writer for over %d ms; see who with `fuser %s/%s`", f->path, name, (int)patience_ms, f->path, name);
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_POLL_NS}, NULL);
    }
    int why = errno;
    close(fd);
    return fail(e, "lock %s/%s: %s", f->path, name, strerror(why));
}

/* ---- reading ---- */
static int read_bytes(int fd, Buf *out) {
    char chunk[8192];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return (int)n;
        buf_add(out, chunk, (size_t)n);
        if (out->overflow) return 0;
    }
}

static int parse(const PolicyFolder *f, const char *name, const Buf *text, json_t **out, Err *e) {
    json_error_t where;
    if (text->overflow) return fail(e, "%s/%s is larger than 1 MiB; this is no policy", f->path, name);
    *out = json_loadb(text->at ? text->at : "", text->len, JSON_REJECT_DUPLICATES, &where);
    if (!*out) return fail(e, "%s/%s:%d: %s; mend it, or copy %s.prev over it", f->path, name, where.line, where.text, f->name);
    if (json_is_object(*out)) return 0;
    json_decref(*out);
    *out = NULL;
    return fail(e, "%s/%s: not a JSON object; mend it, or copy %s.prev over it", f->path, name, f->name);
}

int policy_folder_read(const PolicyFolder *f, const char *name, json_t **out, Err *e) {
    Buf text = {.max = POLICY_BYTES_MAX};
    struct stat st;
    *out = NULL;
    int fd = policy_folder_open_file(f, name, O_RDONLY, 0), why = errno;
    if (fd < 0) {
        const char *word = why == ELOOP ? "is a symbolic link; put the file itself there" : why == EINVAL ? "is no regular file" : strerror(why);
        fail(e, "%s/%s: %s", f->path, name, word);
        errno = why;
        return -1;
    }
    int rc = fstat(fd, &st) == 0 && (st.st_mode & S_IWOTH) ? fail(e, "%s/%s: everybody may write it; chmod o-w", f->path, name) : 0;
    if (rc == 0 && read_bytes(fd, &text) != 0) rc = fail(e, "read %s/%s: %s", f->path, name, strerror(errno));
    if (rc == 0) rc = parse(f, name, &text, out, e);
    close(fd);
    buf_free(&text);
    errno = EINVAL;
    return rc;
}

int policy_read(const char *path, json_t **out, Err *e) {
    PolicyFolder f;
    *out = NULL;
    if (policy_folder_open(&f, path, e) != 0) return -1;
    int rc = policy_folder_read(&f, f.name, out, e), why = errno;
    policy_folder_close(&f);
    errno = why;
    return rc;
}

int policy_read_last_good(const char *path, json_t **out, Err *e) {
    PolicyFolder f;
    char prev[POLICY_NAME_MAX + 8];
    Err why = {0};
    *out = NULL;
    if (policy_folder_open(&f, path, e) != 0) return -1;
    snprintf(prev, sizeof prev, "%s.prev", f.name);
    if (policy_folder_read(&f, f.name, out, &why) != 0) policy_folder_read(&f, prev, out, &why);
    policy_folder_close(&f);
    return 0;
}

/* ---- writing ---- */
/* For people, or without blanks where that would be more than readers take (P15). NULL: too large even so. */
static char *text_of(const json_t *policy) {
    char *text = json_dumps(policy, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    if (text && strlen(text) < POLICY_BYTES_MAX) return text;
    free(text);
    text = json_dumps(policy, JSON_COMPACT | JSON_PRESERVE_ORDER);
    if (text && strlen(text) < POLICY_BYTES_MAX) return text;
    free(text);
    errno = EFBIG;
    return NULL;
}

static int write_whole(int fd, const json_t *policy) {
    char *text = text_of(policy);
    size_t len = text ? strlen(text) : 0, at = 0;
    while (at < len) {
        ssize_t n = write(fd, text + at, len - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        at += (size_t)n;
    }
    int rc = text && at == len && write(fd, "\n", 1) == 1 ? fsync(fd) : -1;
    free(text);
    return rc;
}

/* A copy of `name` under another name, by a second link to the same content: costs nothing and cannot be cut. */
static void keep_as(const PolicyFolder *f, const char *suffix) {
    char temp[POLICY_NAME_MAX + 40], name[POLICY_NAME_MAX + 16];
    snprintf(temp, sizeof temp, ".%s%s.%ld", f->name, suffix, (long)getpid());
    snprintf(name, sizeof name, "%s%s", f->name, suffix);
    unlinkat(f->fd, temp, 0);
    if (linkat(f->fd, f->name, f->fd, temp, 0) != 0) return;
    if (renameat(f->fd, temp, f->fd, name) == 0) unlinkat(f->fd, temp, 0); /* of two links to one file neither goes */
}

void policy_folder_keep_broken(const PolicyFolder *f) { keep_as(f, ".broken"); }

int policy_folder_write(const PolicyFolder *f, const json_t *policy, bool keep_old, Err *e) {
    char temp[POLICY_NAME_MAX + 40];
    snprintf(temp, sizeof temp, ".%s.%ld", f->name, (long)getpid());
    unlinkat(f->fd, temp, 0); /* left by a writer of our number that was killed; we hold the lock */
    if (keep_old) keep_as(f, ".prev"); /* first: on a full disk the room of the older copy is what we write into */
    int fd = policy_folder_open_file(f, temp, O_WRONLY | O_CREAT | O_EXCL, 0664);
    if (fd < 0) return fail(e, "write %s/%s: %s; check that you may write there", f->path, temp, strerror(errno));
    int rc = write_whole(fd, policy), why = errno;
    if (close(fd) != 0 && rc == 0) rc = -1, why = errno;
    if (rc == 0 && renameat(f->fd, temp, f->fd, f->name) != 0) rc = -1, why = errno;
    if (rc != 0) {
        unlinkat(f->fd, temp, 0);
        return fail(e, "write %s/%s: %s; the policy is as it was", f->path, f->name, strerror(why));
    }
    return fsync(f->fd) == 0 ? 0 : fail(e, "fsync %s: %s; the policy is changed, but may be lost by a power failure", f->path, strerror(errno));
}
