/* ledger_rows: finding, storing and moving the rows of the request table, and the index of identities (L5).
 *
 * Owns: tables request and identity. Does not: decide what a row counts for.
 */
#include "store/ledger_parts.h"

enum { TRIES_MAX = 1 << 16 };

static int damaged(Ledger *l, int64_t key, Err *e) {
    return fail(e, "%s is damaged: request %lld cannot be read; move it away and import the logs again", db_path(l->db),
                (long long)key);
}

int rows_get(Ledger *l, int64_t key, Row *out, bool *found, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT body FROM request WHERE key = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, key);
    int got = db_step(l->db, s, "read a request", e);
    *found = got == 1;
    if (got != 1) return got;
    const void *body = sqlite3_column_blob(s, 0);
    bool good = row_unpack(key, body, (size_t)sqlite3_column_bytes(s, 0), out);
    sqlite3_reset(s);
    return good ? 0 : damaged(l, key, e);
}

int rows_prepare(Ledger *l, Err *e) {
    l->insert_row = db_prepare(l->db, "INSERT INTO request(key, body) VALUES(?,?)", e);
    if (!l->insert_row) return -1;
    l->insert_rows = db_prepare(l->db, "INSERT OR FAIL INTO request(key, body) VALUES(?,?),(?,?),(?,?),(?,?),(?,?),(?,?),(?,?),"
                                       "(?,?),(?,?),(?,?),(?,?),(?,?),(?,?),(?,?),(?,?),(?,?)", e); /* QUEUE_ROWS */
    return l->insert_rows ? 0 : -1;
}

static void bind_row(sqlite3_stmt *s, size_t at, const Row *row, uint8_t body[ROW_BODY_MAX]) {
    size_t len = row_pack(row, body);
    sqlite3_bind_int64(s, 2 * (int)at + 1, row->key);
    sqlite3_bind_blob(s, 2 * (int)at + 2, body, (int)len, SQLITE_STATIC);
}

/* 1 = stored, 0 = a key is taken. */
static int step_insert(Ledger *l, sqlite3_stmt *s, Err *e) {
    int rc = sqlite3_step(s);
    if (rc != SQLITE_DONE && (rc & 0xff) != SQLITE_CONSTRAINT) db_fail(l->db, e, "store a request");
    sqlite3_reset(s);
    return rc == SQLITE_DONE ? 1 : (rc & 0xff) == SQLITE_CONSTRAINT ? 0 : -1;
}

static int insert_at(Ledger *l, const Row *row, Err *e) {
    uint8_t body[ROW_BODY_MAX];
    bind_row(l->insert_row, 0, row, body);
    return step_insert(l, l->insert_row, e);
}

static void stand_at(Row *row, int64_t ts_ms, int try) {
    row->key = row_key_try(ts_ms, row->r.id, row->r.replay, try);
    row->r.ts_ms = row_key_ms(row->key);
}

int rows_insert_first(Ledger *l, Row *rows, size_t count, size_t *stored, Err *e) {
    uint8_t body[QUEUE_ROWS][ROW_BODY_MAX];
    int rc = 1;
    for (size_t i = 0; i < count; i++) stand_at(&rows[i], rows[i].r.ts_ms, 0);
    if (count == QUEUE_ROWS) {
        for (size_t i = 0; i < QUEUE_ROWS; i++) bind_row(l->insert_rows, i, &rows[i], body[i]);
        rc = step_insert(l, l->insert_rows, e);
        *stored = rc == 1 ? QUEUE_ROWS : (size_t)sqlite3_changes(db_handle(l->db));
    } else {
        for (*stored = 0; *stored < count && (rc = insert_at(l, &rows[*stored], e)) == 1;) ++*stored;
    }
    return rc < 0 ? -1 : 0;
}

int rows_insert(Ledger *l, Row *row, Row *old, bool *taken, Err *e) {
    const int64_t ts_ms = row->r.ts_ms;
    *taken = false;
    for (int try = 0; try < TRIES_MAX; try++) {
        bool found;
        stand_at(row, ts_ms, try);
        int got = insert_at(l, row, e);
        if (got) return got < 0 ? -1 : 0;
        if (rows_get(l, row->key, old, &found, e)) return -1;
        if (!found || old->r.id != row->r.id) continue;
        *taken = true;
        return 0;
    }
    return fail(e, "more than 30 billion requests at one time; the source's clock stands still, correct its time field");
}

int rows_update(Ledger *l, const Row *row, Err *e) {
    uint8_t body[ROW_BODY_MAX];
    sqlite3_stmt *s = db_prepare(l->db, "UPDATE request SET body = ?2 WHERE key = ?1", e);
    if (!s) return -1;
    size_t len = row_pack(row, body);
    sqlite3_bind_int64(s, 1, row->key);
    sqlite3_bind_blob(s, 2, body, (int)len, SQLITE_STATIC);
    return db_step(l->db, s, "store a request", e);
}

int rows_delete(Ledger *l, int64_t key, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "DELETE FROM request WHERE key = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, key);
    return db_step(l->db, s, "move a request", e);
}

int identity_get(Ledger *l, uint64_t id, int64_t *key, bool *found, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "SELECT key FROM identity WHERE id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, (int64_t)id);
    int got = db_step(l->db, s, "look up a request", e);
    *found = got == 1;
    if (got == 1) *key = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

int identity_add(Ledger *l, uint64_t id, int64_t key, bool *is_new, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "INSERT OR IGNORE INTO identity(id, key) VALUES(?1, ?2)", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, (int64_t)id);
    sqlite3_bind_int64(s, 2, key);
    if (db_step(l->db, s, "store a request's identity", e)) return -1;
    *is_new = sqlite3_changes(db_handle(l->db)) == 1;
    return 0;
}

int identity_set(Ledger *l, uint64_t id, int64_t key, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "INSERT OR REPLACE INTO identity(id, key) VALUES(?1, ?2)", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, (int64_t)id);
    sqlite3_bind_int64(s, 2, key);
    return db_step(l->db, s, "store a request's identity", e);
}
