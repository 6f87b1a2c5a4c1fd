/* db: opening SQLite the one way we use it, schema versions, statements, transactions, and errors as sentences.
 * See db.h for what it owns and why. */
#include "store/db.h"
#include "store/data.h"
#include "store/each_row.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <malloc.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STATEMENTS = 256, PATIENCE_MS = 5000, POLL_MS = 2 };
enum { APPLICATION_ID = 0x746f6c6c /* "toll" */ };

/* migrations[n] brings a database from version n to n + 1; the first one makes an empty file a ledger. */
static const char *const migrations[] = {"store/schema.sql", "store/schema_2.sql", "store/schema_3.sql", "store/schema_4.sql", "store/schema_5.sql",
                                         "store/schema_6.sql", "store/schema_7.sql"};
enum { SCHEMA_VERSION = sizeof migrations / sizeof *migrations };

struct Db {
    sqlite3 *handle;
    char *path;
    DbMode mode;
    int patience_ms;
    void *kept;
    void (*drop)(void *kept);
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } cache[STATEMENTS];
};

sqlite3 *db_handle(Db *db) {
    return db->handle;
}

const char *db_path(const Db *db) {
    return db->path;
}

void db_cache(Db *db, int kib) {
    char sql[64];
    Err ignored = {0};
    snprintf(sql, sizeof sql, "PRAGMA cache_size = -%d", kib);
    db_exec(db, sql, &ignored); /* the default is only more memory */
}

void db_rest(Db *db) {
    sqlite3_db_release_memory(db->handle);
    malloc_trim(0);
}

void db_patience(Db *db, int ms) {
    db->patience_ms = ms;
}

/* ---- errors ---- */
/* Also who only reads needs the -shm that a writer makes beside the file. */
static bool reader_needs_folder(Db *db) {
    int code = sqlite3_extended_errcode(db->handle);
    return db->mode == DB_READ && (code == SQLITE_READONLY_DIRECTORY || code == SQLITE_READONLY_CANTINIT);
}

int db_fail(Db *db, Err *e, const char *doing) {
    const char *path = db->path, *word = sqlite3_errmsg(db->handle);
    int code = sqlite3_errcode(db->handle) & 0xff, system = sqlite3_system_errno(db->handle);
    if (reader_needs_folder(db))
        return fail(e, "%s: nobody collects into %s, and its folder may not be written; start the collector there, or copy it and use --db", doing, path);
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(e, "%s: %s is locked by another program; nothing is lost, close it or try again", doing, path);
    case SQLITE_FULL:
        return fail(e, "%s: the disk of %s is full; nothing is lost, free some space and it goes on", doing, path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(e, "%s: %s is damaged or no ledger; move it away and import the logs again", doing, path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return fail(e, "%s: %s may not be written; check its owner and mode, or use --readonly", doing, path);
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
        return fail(e, "%s: open %s: %s; check the owner and mode of it and of its folder", doing, path,
                    system ? strerror(system) : word);
    case SQLITE_IOERR:
        return fail(e, "%s: %s: %s; check the disk", doing, path, system ? strerror(system) : word);
    default:
        return fail(e, "%s: %s: %s", doing, path, word);
    }
}

/* SQLite's own back-off sleeps up to 100 ms; writers here hold the lock for 20 ms at most, so looking every 2 is better. */
static int busy(void *self, int count) {
    const Db *db = self;
    if (count * POLL_MS >= db->patience_ms) return 0;
    nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    return 1;
}

/* ---- files and their modes ---- */
typedef struct Place {
    bool shared;   /* a folder for a group (set-group-id): the group reads */
    bool unsafe;   /* others may put files here: no symbolic link is followed */
} Place;

static int look_at_folder(const char *path, Place *out, Err *e) {
    char copy[4096];
    struct stat st;
    if (strlen(path) >= sizeof copy) return fail(e, "open %s: the name is too long; use a shorter --db", path);
    memcpy(copy, path, strlen(path) + 1);
    const char *folder = dirname(copy);
    if (stat(folder, &st) != 0) return fail(e, "open %s: folder %s: %s; create it or use --db", path, folder, strerror(errno));
    out->shared = (st.st_mode & S_ISGID) && (st.st_mode & S_IRGRP);
    out->unsafe = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    return 0;
}

static int refuse_link(const char *path, Err *e) {
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode)) return 0;
    return fail(e, "open %s: it is a symbolic link in a folder where others may write; remove it or use --db", path);
}

/* Creates the file ourselves when there is none, so that its mode is right from the first moment; SQLite gives the
 * same mode to its -wal and -shm. */
static int create_file(const char *path, const Place *place, Err *e) {
    if (place->unsafe && refuse_link(path, e)) return -1;
    mode_t mode = place->shared ? 0640 : 0600;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST) return 0;
    if (fd < 0) return fail(e, "create %s: %s; check its folder or use --db", path, strerror(errno));
    int rc = fchmod(fd, mode) == 0 ? 0 : fail(e, "set the mode of %s: %s", path, strerror(errno));
    close(fd);
    return rc;
}

/* O_PATH, because closing any other descriptor of a file would drop the locks that SQLite of this process has on it. */
static void set_mode(const char *path, mode_t mode) {
    char link[40];
    struct stat st;
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 0777) != mode;
    if (ours && chmod(link, mode) != 0) errno = 0; /* a file system without modes */
    close(fd);
}

void db_follow_mode(const char *path) {
    char real[PATH_MAX], side[PATH_MAX + 8];
    struct stat st;
    if (!realpath(path, real) || stat(real, &st) != 0) return;
    snprintf(side, sizeof side, "%s-wal", real);
    set_mode(side, st.st_mode & 0666);
    snprintf(side, sizeof side, "%s-shm", real);
    set_mode(side, st.st_mode & 0666);
}

/* ---- schema ---- */
static int pragma_int(Db *db, const char *sql, int64_t *out, Err *e) {
    sqlite3_stmt *s = db_prepare(db, sql, e);
    if (!s || db_step(db, s, "read the database", e) < 0) return -1;
    *out = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return 0;
}

/* The tables are counted before the mark is read: both come in one commit, so that whoever looks while another process makes
 * them cannot see tables without their mark. */
static int check_owner(Db *db, int64_t version, Err *e) {
    int64_t id, tables;
    if (pragma_int(db, "SELECT count(*) FROM sqlite_schema", &tables, e)) return -1;
    if (pragma_int(db, "PRAGMA application_id", &id, e)) return -1;
    if (id == APPLICATION_ID || (version == 0 && id == 0 && tables == 0)) return 0;
    return fail(e, "%s is another program's database; use another --db", db->path);
}

static int read_version(Db *db, int64_t *version, Err *e) {
    if (pragma_int(db, "PRAGMA user_version", version, e) || check_owner(db, *version, e)) return -1;
    if (*version <= SCHEMA_VERSION) return 0;
    return fail(e, "%s was written by a newer tollwatch (schema %lld, this one knows %d); install the newer version here",
                db->path, (long long)*version, SCHEMA_VERSION);
}

static int run_migrations(Db *db, Err *e) {
    int64_t version;
    if (read_version(db, &version, e)) return -1; /* again: another process may have done it while we waited */
    for (; version < SCHEMA_VERSION; version++) {
        const DataFile *f = data_find(migrations[version]);
        char set[64];
        snprintf(set, sizeof set, "PRAGMA user_version = %d", (int)version + 1);
        if (!f) return fail(e, "%s is missing in this build; build it again", migrations[version]);
        if (db_exec(db, f->at, e) || db_exec(db, set, e)) return -1;
    }
    return db_exec(db, "PRAGMA application_id = 0x746f6c6c", e);
}

/* A table that a user's schema lacks is missed by ours that follow. */
static int blame_schema(Err *e) {
    Err why = *e;
    const DataFile *f = data_files;
    while (f->path && !f->from) f++;
    if (f->path) *e = (Err){0};
    return f->path ? fail(e, "%s, which replaces our schema, does not do: %.300s; mend it, or remove it", f->from, why.text) : -1;
}

static int migrate(Db *db, Err *e) {
    int64_t version;
    if (read_version(db, &version, e)) return -1;
    if (version == SCHEMA_VERSION) return 0;
    if (db_begin(db, e)) return -1;
    int rc = run_migrations(db, e) == 0 ? 0 : blame_schema(e);
    if (rc == 0 && db_commit(db, e) == 0) return 0;
    db_rollback(db);
    return -1;
}

static int check_readable(Db *db, Err *e) {
    int64_t version;
    if (read_version(db, &version, e)) return -1;
    if (version == 0) return fail(e, "%s is still empty; run `tollwatch collect` or `tollwatch import FILE` first", db->path);
    if (version == SCHEMA_VERSION) return 0;
    return fail(e, "%s has the older schema %lld; start the collector of this version once to bring it up to date",
                db->path, (long long)version);
}

/* ---- opening ---- */
/* 8 MiB of pages hold the hot end of every table; a WAL of 16 MiB writes a page that changes often once, not ten times. */
static const char settings_write[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192;"
                                     "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 16777216;"
                                     "PRAGMA temp_store = MEMORY";
static const char settings_read[] = "PRAGMA query_only = 1; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY";

/* Two that turn a new file to WAL at one time would wait for each other, so SQLite refuses one at once, without busy(). */
static int set_up(Db *db, const char *settings, Err *e) {
    for (int tries = 0; sqlite3_exec(db->handle, settings, NULL, NULL, NULL) != SQLITE_OK; tries++)
        if ((sqlite3_errcode(db->handle) & 0xff) != SQLITE_BUSY || !busy(db, tries)) return db_fail(db, e, "set up the database");
    return 0;
}

static int connect(Db *db, int flags, const char *settings, Err *e) {
    int rc = sqlite3_open_v2(db->path, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (!db->handle) return fail(e, "open %s: out of memory", db->path);
    if (rc != SQLITE_OK) return db_fail(db, e, "open the database");
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_handler(db->handle, busy, db);
    if (each_row_register(db->handle) != SQLITE_OK) return db_fail(db, e, "set up the database");
    return set_up(db, settings, e);
}

static int open_write(Db *db, Err *e) {
    Place place;
    if (look_at_folder(db->path, &place, e) || create_file(db->path, &place, e)) return -1;
    if (connect(db, SQLITE_OPEN_READWRITE, settings_write, e)) return -1;
    int keep = place.shared; /* readers of the group cannot create a -wal themselves */
    sqlite3_file_control(db->handle, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep);
    db_follow_mode(db->path);
    return migrate(db, e);
}

static int open_read(Db *db, Err *e) {
    struct stat st;
    if (stat(db->path, &st) != 0 && errno == ENOENT)
        return fail(e, "there is no ledger at %s yet; run `tollwatch collect` or `tollwatch import FILE` first", db->path);
    if (connect(db, SQLITE_OPEN_READONLY, settings_read, e)) return -1;
    return check_readable(db, e);
}

int db_open(Db **out, const char *path, DbMode mode, Err *e) {
    Db *db = xcalloc(1, sizeof *db);
    db->path = xstrdup(path);
    db->mode = mode;
    db->patience_ms = PATIENCE_MS;
    *out = NULL;
    if (mode == DB_WRITE ? open_write(db, e) : open_read(db, e)) {
        db_close(db);
        return -1;
    }
    *out = db;
    return 0;
}

void db_close(Db *db) {
    if (!db) return;
    if (db->drop) db->drop(db->kept);
    for (int i = 0; i < STATEMENTS; i++) sqlite3_finalize(db->cache[i].statement);
    sqlite3_close_v2(db->handle);
    free(db->path);
    free(db);
}

/* ---- statements and transactions ---- */
void **db_kept(Db *db, void (*drop)(void *kept)) {
    db->drop = drop;
    return &db->kept;
}

sqlite3_stmt *db_prepare(Db *db, const char *sql_literal, Err *e) {
    size_t i = ((uintptr_t)sql_literal >> 3) % STATEMENTS, tries = 0;
    while (db->cache[i].sql && db->cache[i].sql != sql_literal && ++tries < STATEMENTS) i = (i + 1) % STATEMENTS;
    sqlite3_stmt *s = db->cache[i].statement;
    if (db->cache[i].sql == sql_literal) {
        sqlite3_reset(s);
        sqlite3_clear_bindings(s);
        return s;
    }
    if (tries >= STATEMENTS) {
        fail(e, "more than %d statements; this is a mistake in tollwatch", STATEMENTS);
        return NULL;
    }
    if (sqlite3_prepare_v3(db->handle, sql_literal, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK) {
        db_fail(db, e, "read the database");
        return NULL;
    }
    db->cache[i].sql = sql_literal;
    db->cache[i].statement = s;
    return s;
}

int db_step(Db *db, sqlite3_stmt *s, const char *doing, Err *e) {
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) return 1;
    if (rc != SQLITE_DONE) db_fail(db, e, doing);
    sqlite3_reset(s);
    return rc == SQLITE_DONE ? 0 : -1;
}

int db_exec(Db *db, const char *sql, Err *e) {
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(db, e, "write the database");
}

static int run_cached(Db *db, const char *sql_literal, const char *doing, Err *e) {
    sqlite3_stmt *s = db_prepare(db, sql_literal, e);
    return s && db_step(db, s, doing, e) == 0 ? 0 : -1;
}

int db_begin(Db *db, Err *e) {
    return run_cached(db, "BEGIN IMMEDIATE", "start writing", e);
}

int db_commit(Db *db, Err *e) {
    return run_cached(db, "COMMIT", "commit", e);
}

void db_rollback(Db *db) {
    /* A full disk or an I/O error has already rolled back; that is not an error here. */
    if (!sqlite3_get_autocommit(db->handle)) sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

int64_t db_data_version(Db *db) {
    int64_t version;
    return pragma_int(db, "PRAGMA data_version", &version, NULL) ? -1 : version;
}
