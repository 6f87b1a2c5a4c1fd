/* ledger_names: text to name.id, at most 4,096 new values per dimension and UTC day of arrival (L7).
 *
 * Owns: tables name and name_day. A batch's names are looked up once each; what recent batches used is remembered in a
 * table of fixed size, so that ten million distinct names need no more memory than ten.
 */
#include "store/ledger_parts.h"

enum { NEW_PER_DAY = 4096, KNOWN = 4096, STORED_GEO = 100 };
const char names_other[] = "(other)";

typedef struct Known {
    uint32_t id; /* 0 = empty */
    uint8_t dim, len;
    char text[NAME_MAX_BYTES];
} Known;

struct Names {
    Ledger *l;
    const Batch *batch;
    uint32_t *memo; /* [dim * memo_names + index of the batch]; 0 = not looked up */
    size_t memo_names, memo_cap;
    Known *known;
    bool loaded; /* the day's counters were read in this transaction */
    int64_t day, added[NAME_DIMS], lost[NAME_DIMS];
    bool dirty[NAME_DIMS];
    uint64_t lost_in_batch;
};

Names *names_new(Ledger *l) {
    Names *n = xcalloc(1, sizeof *n);
    n->l = l;
    n->known = xcalloc(KNOWN, sizeof *n->known);
    return n;
}

void names_free(Names *n) {
    if (!n) return;
    free(n->memo);
    free(n->known);
    free(n);
}

void names_forget(Names *n) {
    memset(n->known, 0, KNOWN * sizeof *n->known);
    memset(n->dirty, 0, sizeof n->dirty);
    n->loaded = false;
}

void names_batch(Names *n, const Batch *b) {
    n->batch = b;
    n->memo_names = batch_names(b);
    size_t need = n->memo_names * NAME_DIMS;
    if (need > n->memo_cap) {
        n->memo_cap = need;
        n->memo = xrealloc(n->memo, need * sizeof *n->memo);
    }
    memset(n->memo, 0, need * sizeof *n->memo);
    n->lost_in_batch = 0;
}

uint64_t names_lost(const Names *n) {
    return n->lost_in_batch;
}

static int stored_dim(int dim) {
    return dim < DIM_COUNT ? dim : STORED_GEO + dim - DIM_COUNT;
}

static int select_id(Names *n, int dim, Str text, uint32_t *id, Err *e) {
    sqlite3_stmt *s = db_prepare(n->l->db, "SELECT id FROM name WHERE dim = ?1 AND value = ?2", e);
    if (!s) return -1;
    sqlite3_bind_int(s, 1, stored_dim(dim));
    sqlite3_bind_text(s, 2, text.at, (int)text.len, SQLITE_STATIC);
    int got = db_step(n->l->db, s, "look up a name", e);
    if (got < 0) return -1;
    *id = got ? (uint32_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return 0;
}

static int insert_id(Names *n, int dim, Str text, uint32_t *id, Err *e) {
    sqlite3_stmt *s = db_prepare(n->l->db, "INSERT INTO name(dim, value) VALUES(?1, ?2)", e);
    if (!s) return -1;
    sqlite3_bind_int(s, 1, stored_dim(dim));
    sqlite3_bind_text(s, 2, text.at, (int)text.len, SQLITE_STATIC);
    if (db_step(n->l->db, s, "store a name", e)) return -1;
    *id = (uint32_t)sqlite3_last_insert_rowid(db_handle(n->l->db));
    return 0;
}

/* ---- the day's limit ---- */
static int load_day(Names *n, Err *e) {
    if (n->loaded) return 0;
    memset(n->added, 0, sizeof n->added);
    memset(n->lost, 0, sizeof n->lost);
    n->day = n->l->now_ms / MS_PER_DAY;
    sqlite3_stmt *s = db_prepare(n->l->db, "SELECT dim, added, lost FROM name_day WHERE day = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, n->day);
    int got;
    while ((got = db_step(n->l->db, s, "read the day's new names", e)) == 1) {
        int dim = sqlite3_column_int(s, 0);
        if (dim >= STORED_GEO) dim = dim - STORED_GEO + DIM_COUNT;
        if (dim < 0 || dim >= NAME_DIMS) continue;
        n->added[dim] = sqlite3_column_int64(s, 1);
        n->lost[dim] = sqlite3_column_int64(s, 2);
    }
    n->loaded = got == 0;
    return got;
}

int names_finish(Names *n, Err *e) {
    for (int dim = 0; dim < NAME_DIMS; dim++) {
        if (!n->dirty[dim]) continue;
        sqlite3_stmt *s = db_prepare(n->l->db, "INSERT OR REPLACE INTO name_day VALUES(?1, ?2, ?3, ?4)", e);
        if (!s) return -1;
        sqlite3_bind_int64(s, 1, n->day);
        sqlite3_bind_int(s, 2, stored_dim(dim));
        sqlite3_bind_int64(s, 3, n->added[dim]);
        sqlite3_bind_int64(s, 4, n->lost[dim]);
        if (db_step(n->l->db, s, "store the day's new names", e)) return -1;
        n->dirty[dim] = false;
    }
    n->loaded = false; /* another process may add some before our next transaction */
    return 0;
}

static int new_name(Names *n, int dim, Str text, uint32_t *id, Err *e) {
    if (load_day(n, e)) return -1;
    n->dirty[dim] = true;
    if (n->added[dim] < NEW_PER_DAY) {
        n->added[dim]++;
        return insert_id(n, dim, text, id, e);
    }
    n->lost[dim]++;
    n->lost_in_batch++;
    if (select_id(n, dim, str_of(names_other), id, e)) return -1;
    return *id ? 0 : insert_id(n, dim, str_of(names_other), id, e);
}

/* ---- look-up ---- */
static int resolve(Names *n, int dim, Str text, uint32_t *id, Err *e) {
    Known *k = &n->known[hash64(text.at, text.len, (uint64_t)dim) % KNOWN];
    if (k->id && k->dim == dim && k->len == text.len && memcmp(k->text, text.at, text.len) == 0) {
        *id = k->id;
        return 0;
    }
    uint64_t lost = n->lost_in_batch;
    if (select_id(n, dim, text, id, e) || (!*id && new_name(n, dim, text, id, e))) return -1;
    if (lost != n->lost_in_batch) return 0; /* tomorrow it may get its own id */
    *k = (Known){.id = *id, .dim = (uint8_t)dim, .len = (uint8_t)text.len};
    memcpy(k->text, text.at, text.len);
    return 0;
}

int names_id(Names *n, int dim, uint32_t index, uint32_t *id, Err *e) {
    *id = 0;
    if (index == 0 || index >= n->memo_names) return 0;
    uint32_t *memo = &n->memo[(size_t)dim * n->memo_names + index];
    if (!*memo && resolve(n, dim, batch_name_at(n->batch, index), memo, e)) return -1;
    *id = *memo;
    return 0;
}

int names_find(Names *n, int dim, const char *value, uint32_t *id, Err *e) {
    return select_id(n, dim, str_of(value), id, e);
}

int names_text(Names *n, uint32_t id, char out[NAME_MAX_BYTES + 1], Err *e) {
    out[0] = '\0';
    if (id == 0) return 0;
    sqlite3_stmt *s = db_prepare(n->l->db, "SELECT value FROM name WHERE id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, id);
    int got = db_step(n->l->db, s, "read a name", e);
    if (got == 1) snprintf(out, NAME_MAX_BYTES + 1, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}
