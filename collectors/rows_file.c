/* rows_file: see rows_file.h. */
#include "collectors/rows_file.h"
#include "collectors/rows.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 20, WAL_AT = 18, WAL_MODE = 2, BUSY_MS = 200 };
static const char magic[] = "SQLite format 3";

static ssize_t read_header(const char *path, unsigned char *to) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return -1;
    ssize_t n = pread(fd, to, HEADER, 0);
    close(fd);
    return n;
}

bool rows_is_database(const char *path) {
    unsigned char head[HEADER];
    return read_header(path, head) == HEADER && memcmp(head, magic, sizeof magic) == 0;
}

static void add_stamp(uint64_t *stamp, const char *path, int64_t *size) {
    struct stat st;
    int64_t part[4] = {0};
    if (stat(path, &st) == 0) {
        part[0] = (int64_t)st.st_size, part[1] = (int64_t)st.st_mtim.tv_sec;
        part[2] = (int64_t)st.st_mtim.tv_nsec, part[3] = (int64_t)st.st_ino;
    }
    *stamp = hash64((const char *)part, sizeof part, *stamp);
    *size = part[0];
}

static uint64_t stamp_of(const char *path, int64_t *wal_size) {
    char wal[4096 + 8];
    uint64_t stamp = 0;
    int64_t size;
    snprintf(wal, sizeof wal, "%s-wal", path);
    add_stamp(&stamp, path, &size);
    add_stamp(&stamp, wal, wal_size);
    return stamp;
}

static uint64_t inode_of(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

static void make_uri(Buf *b, const char *path, bool immutable) {
    buf_str(b, "file:");
    for (; *path; path++) buf_fmt(b, strchr("?#%", *path) ? "%%%02X" : "%c", (unsigned char)*path);
    buf_str(b, immutable ? "?mode=ro&immutable=1" : "?mode=ro");
}

int rows_file_fail(RowsFile *f, Err *e) {
    int code = f->db ? sqlite3_errcode(f->db) & 0xff : SQLITE_NOMEM;
    const char *text = f->db ? sqlite3_errmsg(f->db) : "no memory";
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return fail(e, "%s is locked by its owner; it is tried again", f->path);
    if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY)
        return fail(e, "%s cannot be read beside its owner (%s); give the collector's user the right to read it, its -wal and its -shm", f->path, text);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) return fail(e, "%s is damaged (%s); its owner must repair it", f->path, text);
    return fail(e, "read %s: %s", f->path, text);
}

static int connect_to(RowsFile *f, Err *e) {
    unsigned char head[HEADER] = {0};
    int64_t wal_size;
    Buf uri = {.max = sizeof f->path * 3 + 64};
    f->stamp = stamp_of(f->path, &wal_size);
    f->inode = inode_of(f->path);
    if (read_header(f->path, head) < 0) return fail(e, "open %s: %s", f->path, strerror(errno));
    f->immutable = head[WAL_AT] == WAL_MODE && wal_size == 0;
    make_uri(&uri, f->path, f->immutable);
    int rc = sqlite3_open_v2(uri.at, &f->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX, NULL);
    buf_free(&uri);
    if (rc != SQLITE_OK) return rows_file_fail(f, e);
    sqlite3_busy_timeout(f->db, BUSY_MS);
    sqlite3_db_config(f->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(f->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    rc = sqlite3_exec(f->db, "PRAGMA query_only = 1; PRAGMA trusted_schema = 0; PRAGMA cache_size = -1024; SELECT 1 FROM sqlite_master LIMIT 1", NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : rows_file_fail(f, e);
}

int rows_file_open(RowsFile *f, const char *path, Err *e) {
    snprintf(f->path, sizeof f->path, "%s", path);
    return connect_to(f, e);
}

void rows_file_close(RowsFile *f) {
    sqlite3_close(f->db);
    f->db = NULL;
}

static int read_version(RowsFile *f, int64_t *out, Err *e) {
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(f->db, "PRAGMA data_version", -1, &s, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) *out = sqlite3_column_int64(s, 0);
    else rows_file_fail(f, e);
    sqlite3_finalize(s);
    return rc == SQLITE_ROW ? 0 : -1;
}

/* Looks at the files first: a quiet database costs two stat() calls. */
int rows_file_changed(RowsFile *f, Err *e) {
    int64_t wal_size, version = 0;
    uint64_t stamp = stamp_of(f->path, &wal_size);
    if (f->known && stamp == f->stamp && f->db) return 0;
    if (f->immutable || !f->db || inode_of(f->path) != f->inode) { /* the last: another file has its name */
        rows_file_close(f);
        if (connect_to(f, e) != 0) return rows_file_close(f), -1;
        stamp = f->stamp, f->known = false;
    }
    if (read_version(f, &version, e) != 0) return -1;
    bool same = f->known && version == f->version;
    f->stamp = stamp, f->version = version, f->known = true;
    return !same;
}

void rows_file_forget(RowsFile *f) {
    f->known = false;
}
