/* ledger_files: the files that were read, how far, and the sources they belong to.
 *
 * Owns: tables file and source. A file is known by the hash of its first complete line; device, inode and path only say
 * whether it is the same file or a copy of it. A copy gets its own row, which begins where the other one stands: the
 * reader checks the tail there and starts at 0 when it differs (identity makes reading again safe).
 */
#include "store/ledger_parts.h"

enum { FACTS = 1024, LONG_LINE = 4 << 20 /* what no first line that is not long reaches */ };

struct Files {
    Ledger *l;
    struct {
        uint32_t file; /* 0 = empty */
        FileFacts facts;
    } known[FACTS];
};

Files *files_new(Ledger *l) {
    Files *f = xcalloc(1, sizeof *f);
    f->l = l;
    return f;
}

void files_free(Files *f) {
    free(f);
}

void files_forget(Files *f) {
    memset(f->known, 0, sizeof f->known);
}

/* Each format of a source sees a call for itself: an import is one source, whatever it reads. */
static uint32_t source_and_format(sqlite3_stmt *s, int source, int format) {
    uint64_t hash = hash64(sqlite3_column_text(s, format), (size_t)sqlite3_column_bytes(s, format), 0);
    return (uint32_t)sqlite3_column_int64(s, source) << 12 | (uint32_t)(hash & 0xfff);
}

int files_facts(Files *f, uint32_t file, FileFacts *out, Err *e) {
    size_t i = file % FACTS;
    *out = (FileFacts){0};
    if (file == 0) return 0;
    if (f->known[i].file != file) {
        sqlite3_stmt *s = db_prepare(f->l->db, "SELECT source, fingerprint, format FROM file WHERE id = ?1", e);
        if (!s) return -1;
        sqlite3_bind_int64(s, 1, file);
        int got = db_step(f->l->db, s, "look up a file", e);
        if (got < 0) return -1;
        f->known[i].file = file;
        f->known[i].facts = (FileFacts){0};
        if (got) f->known[i].facts = (FileFacts){source_and_format(s, 0, 2), (uint64_t)sqlite3_column_int64(s, 1)};
        sqlite3_reset(s);
    }
    *out = f->known[i].facts;
    return 0;
}

/* ---- the mark of a batch ---- */
int files_mark(Files *f, const FileMark *m, uint64_t late, Err *e) {
    if (!m->set) return 0;
    sqlite3_stmt *s = db_prepare(f->l->db,
                                 "UPDATE file SET offset = ?2, tail_hash = ?3, lines = ?4, records = ?5, bad_lines = ?6, "
                                 "skipped_lines = ?7, dev = ?8, ino = ?9, size = ?10, mtime_ms = ?11, last_error = ?12, "
                                 "state = ?13, late = late + ?14 WHERE id = ?1", e);
    if (!s) return -1;
    const int64_t values[] = {m->file_id, (int64_t)m->offset, (int64_t)m->tail_hash, (int64_t)m->lines,
                              (int64_t)m->records, (int64_t)m->bad_lines, (int64_t)m->skipped_lines, m->dev, m->ino,
                              m->size, m->mtime_ms};
    for (int i = 0; i < 11; i++) sqlite3_bind_int64(s, i + 1, values[i]);
    sqlite3_bind_text(s, 12, m->last_error, -1, SQLITE_STATIC);
    if (m->state_len && m->state_len <= FILE_STATE_MAX) sqlite3_bind_blob(s, 13, m->state, (int)m->state_len, SQLITE_STATIC);
    sqlite3_bind_int64(s, 14, (int64_t)late);
    if (db_step(f->l->db, s, "store how far a file was read", e)) return -1;
    if (sqlite3_changes(db_handle(f->l->db)) == 1) return 0;
    return fail(e, "the ledger does not know file %lld; this is a mistake in tollwatch", (long long)m->file_id);
}

/* ---- sources ---- */
static int source_find(Ledger *l, const char *name, int64_t *id, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT id FROM source WHERE name = ?1", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    int got = db_step(l->db, s, "look up a source", e);
    *id = got == 1 ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

static int source_id(Ledger *l, const char *name, const char *kind, int64_t *id, Err *e) {
    if (source_find(l, name, id, e)) return -1;
    if (*id) return 0;
    sqlite3_stmt *s = db_prepare(l->db, "INSERT INTO source(name, kind, state, last_word, seen_ms, lag_ms, notional) "
                                        "VALUES(?1, ?2, 'waiting', '', 0, -1, 0)", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, kind, -1, SQLITE_STATIC);
    if (db_step(l->db, s, "store a source", e)) return -1;
    *id = sqlite3_last_insert_rowid(db_handle(l->db));
    return 0;
}

int ledger_source_health(Ledger *l, const SourceHealth *h, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db,
                                 "INSERT INTO source(name, kind, state, last_word, seen_ms, lag_ms, notional) "
                                 "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(name) DO UPDATE SET kind = excluded.kind, "
                                 "state = excluded.state, last_word = excluded.last_word, lag_ms = excluded.lag_ms, "
                                 "notional = excluded.notional, seen_ms = max(seen_ms, excluded.seen_ms)", e);
    if (!s) return -1;
    const char *texts[] = {h->source, h->kind, h->state, h->last_word};
    for (int i = 0; i < 4; i++) sqlite3_bind_text(s, i + 1, texts[i] ? texts[i] : "", -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, h->seen_ms);
    sqlite3_bind_int64(s, 6, h->lag_ms);
    sqlite3_bind_int(s, 7, h->notional);
    return db_step(l->db, s, "store a source's state", e);
}

/* ---- opening a file ---- */
/* Sorted so that the first row is the one to go on with: the same file, else the same path, else the copy read furthest.
 * What has no inode (a command's output) is known by its path alone. */
static const char sql_candidates[] =
    "SELECT id, offset, tail_hash, lines, records, bad_lines, skipped_lines, state, "
    "ino <> 0 AND dev = ?4 AND ino = ?5 AS same_inode, path = ?6 AS same_path "
    "FROM file WHERE fingerprint = ?1 AND +source = ?2 AND format = ?3 " /* +: a source may have any number of files */
    "ORDER BY same_inode + same_path DESC, same_inode DESC, offset DESC, id LIMIT 1";

static void bind_key(sqlite3_stmt *s, const FileKey *key, int64_t source) {
    sqlite3_bind_int64(s, 1, (int64_t)key->fingerprint);
    sqlite3_bind_int64(s, 2, source);
    sqlite3_bind_text(s, 3, key->format, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, key->dev);
    sqlite3_bind_int64(s, 5, key->ino);
    sqlite3_bind_text(s, 6, key->path, -1, SQLITE_STATIC);
}

static void read_known(sqlite3_stmt *s, FileKnown *known) {
    *known = (FileKnown){.file_id = sqlite3_column_int64(s, 0), .offset = (uint64_t)sqlite3_column_int64(s, 1),
                         .tail_hash = (uint64_t)sqlite3_column_int64(s, 2), .lines = (uint64_t)sqlite3_column_int64(s, 3),
                         .records = (uint64_t)sqlite3_column_int64(s, 4), .bad_lines = (uint64_t)sqlite3_column_int64(s, 5),
                         .skipped_lines = (uint64_t)sqlite3_column_int64(s, 6)};
    int len = sqlite3_column_bytes(s, 7);
    if (len <= 0 || len > FILE_STATE_MAX) return;
    memcpy(known->state, sqlite3_column_blob(s, 7), (size_t)len);
    known->state_len = (uint32_t)len;
}

typedef struct Match {
    bool any, same_inode, same_path;
} Match;

static int find_file(Ledger *l, const FileKey *key, int64_t source, FileKnown *known, Match *match, Err *e) {
    *known = (FileKnown){0};
    *match = (Match){0};
    sqlite3_stmt *s = db_prepare(l->db, sql_candidates, e);
    if (!s) return -1;
    bind_key(s, key, source);
    int got = db_step(l->db, s, "look up a file", e);
    if (got != 1) return got;
    read_known(s, known);
    *match = (Match){true, sqlite3_column_int(s, 8), sqlite3_column_int(s, 9)};
    sqlite3_reset(s);
    return 0;
}

/* Ledgers of before hold another fingerprint of a file whose first line is long: without an id in it, every call of such a
 * file would count again. The same file at the same path is it, then; the reader checks the tail as ever. */
static int take_over(Ledger *l, const FileKey *key, int64_t source, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db,
                                 "UPDATE file SET fingerprint = ?1 WHERE id = (SELECT max(id) FROM file WHERE source = ?2 AND format = ?3 "
                                 "AND dev = ?4 AND ino = ?5 AND ino <> 0 AND path = ?6 AND offset > ?7)", e);
    if (!s) return -1;
    bind_key(s, key, source);
    sqlite3_bind_int64(s, 7, LONG_LINE);
    return db_step(l->db, s, "know a file with a long first line again", e);
}

static int find_or_take_over(Ledger *l, const FileKey *key, int64_t source, FileKnown *known, Match *match, Err *e) {
    if (find_file(l, key, source, known, match, e)) return -1;
    if (match->any || !key->long_first) return 0;
    return take_over(l, key, source, e) ? -1 : find_file(l, key, source, known, match, e);
}

static int insert_file(Ledger *l, const FileKey *key, int64_t source, FileKnown *known, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db,
                                 "INSERT INTO file(fingerprint, source, format, dev, ino, path, offset, tail_hash, size, "
                                 "mtime_ms, lines, records, bad_lines, skipped_lines, late, last_error) "
                                 "VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, 0, 0, 0, 0, 0, 0, '')", e);
    if (!s) return -1;
    bind_key(s, key, source);
    if (db_step(l->db, s, "store a file", e)) return -1;
    known->file_id = sqlite3_last_insert_rowid(db_handle(l->db));
    return 0;
}

static int move_file(Ledger *l, const FileKey *key, int64_t id, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "UPDATE file SET dev = ?2, ino = ?3, path = ?4 WHERE id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_int64(s, 2, key->dev);
    sqlite3_bind_int64(s, 3, key->ino);
    sqlite3_bind_text(s, 4, key->path, -1, SQLITE_STATIC);
    return db_step(l->db, s, "store a file's place", e);
}

static int open_file(Ledger *l, const FileKey *key, FileKnown *known, Err *e) {
    int64_t source;
    Match match;
    if (source_id(l, key->source, key->format, &source, e)) return -1;
    if (find_or_take_over(l, key, source, known, &match, e)) return -1;
    known->is_new = !match.any;
    known->moved = match.any && !match.same_inode;
    if (match.same_inode && match.same_path) return 0;
    if (match.same_inode || match.same_path) return move_file(l, key, known->file_id, e);
    return insert_file(l, key, source, known, e);
}

/* After a failure SQLite may have rolled back all of it: nothing more is tried, and the end says why. */
static int open_another(Ledger *l, const FileKey *key, FileKnown *known, Err *e) {
    const char *why = l->opening_error.text;
    if (!*why) open_file(l, key, known, &l->opening_error);
    return *why ? fail(e, "%s", why) : 0;
}

int ledger_file_open(Ledger *l, const FileKey *key, FileKnown *known, Err *e) {
    if (l->opening_files) return open_another(l, key, known, e);
    if (db_begin(l->db, e)) return -1;
    return ledger_end(l, open_file(l, key, known, e), e);
}

int ledger_files_begin(Ledger *l, Err *e) {
    if (db_begin(l->db, e)) return -1;
    l->opening_files = true;
    l->opening_error = (Err){0};
    return 0;
}

int ledger_files_end(Ledger *l, Err *e) {
    const char *why = l->opening_error.text;
    int rc = *why ? fail(e, "%s", why) : 0;
    l->opening_files = false;
    return ledger_end(l, rc, e);
}

int ledger_files(Ledger *l, LedgerFileFn *each, void *ctx, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT s.name, f.path, f.id, f.offset, f.tail_hash, f.dev, f.ino, f.size, f.mtime_ms "
                                        "FROM file f JOIN source s ON s.id = f.source ORDER BY f.id", e);
    int rc = s ? 1 : -1;
    while (rc > 0 && (rc = db_step(l->db, s, "read the files", e)) == 1) {
        FileMark m = {.file_id = sqlite3_column_int64(s, 2), .offset = (uint64_t)sqlite3_column_int64(s, 3),
                      .tail_hash = (uint64_t)sqlite3_column_int64(s, 4), .dev = sqlite3_column_int64(s, 5),
                      .ino = sqlite3_column_int64(s, 6), .size = sqlite3_column_int64(s, 7),
                      .mtime_ms = sqlite3_column_int64(s, 8)};
        each(ctx, (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1), &m);
    }
    return rc;
}
