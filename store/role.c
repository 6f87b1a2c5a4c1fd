/* role: who collects, and that he lives. The lock is the truth; the text in the file only names the holder.
 *
 * Owns: "ledger.lock" beside "ledger.db": each database has its own, also in one folder. Does not: decide what the role is for.
 * flock() is used because it ends with the process however it ends, so a stale text under a free lock means nobody.
 * The beat stands here and not in the ledger, because each commit makes every reader forget its pages and load anew.
 */
#include "store/db.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 1024 };

struct Role {
    int fd;
};

/* By whatever link a database is named, its lock is the one beside the file: else two would collect for it. */
static const char *real_path(const char *db_path, char out[PATH_MAX]) {
    return realpath(db_path, out) ? out : db_path; /* not there yet: then no link leads to it */
}

static int lock_path(const char *db_path, char *out, size_t size, Err *e) {
    char real[PATH_MAX];
    db_path = real_path(db_path, real);
    size_t len = strlen(db_path);
    bool ends_so = len > 3 && strcmp(db_path + len - 3, ".db") == 0 && db_path[len - 4] != '/';
    int n = snprintf(out, size, "%.*s.lock", (int)(ends_so ? len - 3 : len), db_path);
    return n > 0 && (size_t)n < size ? 0 : fail(e, "open %s: the name is too long; use a shorter --db", db_path);
}

/* Those who may read the database may read who collects. */
static mode_t lock_mode(const char *db_path) {
    struct stat st;
    return 0600 | (stat(db_path, &st) == 0 ? st.st_mode & (S_IRGRP | S_IROTH) : 0);
}

/* Also after a chmod of the database, and whatever the umask is. */
static void renew_mode(int fd, const char *db_path) {
    struct stat st;
    mode_t mode = lock_mode(db_path);
    if (fstat(fd, &st) == 0 && (st.st_mode & 0777) != mode && fchmod(fd, mode) != 0) errno = 0; /* another user of the group made it */
}

static void write_holder(int fd) {
    char host[256] = "", user[256], text[600];
    struct passwd pw, *found = NULL;
    char buf[4096];
    gethostname(host, sizeof host - 1);
    if (getpwuid_r(geteuid(), &pw, buf, sizeof buf, &found) == 0 && found)
        snprintf(user, sizeof user, "%s", pw.pw_name);
    else
        snprintf(user, sizeof user, "%ld", (long)geteuid());
    int n = snprintf(text, sizeof text, "%s %ld %s\n", host[0] ? host : "localhost", (long)getpid(), user);
    /* The text is for people; the lock holds without it, so a full disk is no reason not to collect. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) return;
}

/* A reader that looks who holds the lock takes it for an instant: look again before believing that somebody has it. */
static bool try_lock(int fd) {
    for (int tries = 0; tries < 3; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return false;
}

int role_take(Role **out, const char *db_path, Err *e) {
    char path[4096];
    *out = NULL;
    if (lock_path(db_path, path, sizeof path, e)) return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, lock_mode(db_path));
    if (fd < 0) return fail(e, "open %s: %s; check its owner and mode", path, strerror(errno));
    if (!try_lock(fd)) {
        close(fd);
        return 0;
    }
    renew_mode(fd, db_path);
    write_holder(fd);
    *out = xmalloc(sizeof **out);
    (*out)->fd = fd;
    return 0;
}

/* A stale text under a free lock means nobody anyway. */
void role_drop(Role *r) {
    if (!r) return;
    close(r->fd); /* ends the lock */
    free(r);
}

static void read_text(int fd, char *out, size_t size) {
    ssize_t n = pread(fd, out, size - 1, 0);
    out[n > 0 ? n : 0] = '\0';
}

static int read_holder(int fd, char *out, size_t size) {
    read_text(fd, out, size);
    out[strcspn(out, "\n")] = '\0';
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?'; /* the file may be anybody's: nothing moves the cursor */
    if (!out[0]) snprintf(out, size, "unknown");
    return 0;
}

int role_holder(const char *db_path, char *out, size_t size) {
    char path[4096];
    if (lock_path(db_path, path, sizeof path, NULL)) return -1;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return -1;
    bool free_now = flock(fd, LOCK_SH | LOCK_NB) == 0;
    int rc = free_now ? -1 : read_holder(fd, out, size);
    close(fd);
    return rc;
}

/* ---- the beat: the second line, "<name of the database> <ms>" ---- */
static const char *name_of(const char *db_path) {
    const char *slash = strrchr(db_path, '/');
    return slash ? slash + 1 : db_path;
}

int role_beat(const char *db_path, int64_t now_ms, Err *e) {
    char path[4096], real[PATH_MAX], text[TEXT_MAX], line[TEXT_MAX];
    if (lock_path(db_path, path, sizeof path, e)) return -1;
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return fail(e, "open %s: %s; check its owner and mode", path, strerror(errno));
    renew_mode(fd, db_path);
    read_text(fd, text, sizeof text);
    size_t first = strcspn(text, "\n");
    int n = snprintf(line, sizeof line, "\n%s %lld\n", name_of(real_path(db_path, real)), (long long)now_ms);
    bool whole = n > 0 && (size_t)n < sizeof line && pwrite(fd, line, (size_t)n, (off_t)first) == n;
    int rc = whole ? 0 : fail(e, "write %s: %s; free some space", path, strerror(errno));
    close(fd);
    return rc;
}

int64_t role_beat_ms(const char *db_path) {
    char path[4096], real[PATH_MAX], text[TEXT_MAX];
    const char *name = name_of(real_path(db_path, real));
    size_t len = strlen(name);
    if (lock_path(db_path, path, sizeof path, NULL)) return 0;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return 0;
    read_text(fd, text, sizeof text);
    close(fd);
    const char *line = strchr(text, '\n');
    if (!line || strncmp(line + 1, name, len) != 0 || line[1 + len] != ' ') return 0;
    return strtoll(line + 2 + len, NULL, 10);
}
