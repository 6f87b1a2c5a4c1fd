/* rollup: blocks of cells in SQLite. See rollup.h. */
#include "store/rollup.h"

enum { BLOCK_BITS = 6, BLOCK_CELLS = 1 << BLOCK_BITS, BLOCK_BYTES_MAX = BLOCK_CELLS * (1 + SUMS_BYTES_MAX), DROP_MAX = 1000 };

static const struct Table {
    const char *name;
    int64_t slot_ms;
    const char *get, *put, *del, *range, *first, *drop;
} tables[ROLLUPS] = {
#define TABLE(name, slot_ms)                                                                                           \
    {name, slot_ms, "SELECT cells FROM " name " WHERE block = ?1",                                                     \
     "INSERT OR REPLACE INTO " name "(block, cells) VALUES(?1, ?2)", "DELETE FROM " name " WHERE block = ?1",          \
     "SELECT block, cells FROM " name " WHERE block >= ?1 AND block < ?2",                                             \
     "SELECT min(block) FROM " name " WHERE block >= ?1",                                                              \
     "DELETE FROM " name " WHERE block IN (SELECT block FROM " name " WHERE block >= ?1 AND block < ?2 LIMIT 1000)"}
    [ROLLUP_MINUTE] = TABLE("rollup_minute", SLOT_MINUTE_MS),
    [ROLLUP_COMBO] = TABLE("rollup_combo", SLOT_QUARTER_MS),
    [ROLLUP_LANE] = TABLE("rollup_lane", SLOT_QUARTER_MS),
    [ROLLUP_COMBO_DAY] = TABLE("rollup_combo_day", SLOT_DAY_MS),
    [ROLLUP_LANE_DAY] = TABLE("rollup_lane_day", SLOT_DAY_MS),
    [ROLLUP_FILE] = TABLE("rollup_file", SLOT_QUARTER_MS),
};

const char *rollup_name(Rollup r) {
    return tables[r].name;
}

int64_t rollup_slot_ms(Rollup r) {
    return tables[r].slot_ms;
}

/* The first block of the first slot that begins at ms or later. */
static int64_t block_from(Rollup r, int64_t ms) {
    int64_t slot_ms = tables[r].slot_ms;
    if (ms <= 0) return 0;
    if (ms > ROW_MS_MAX) ms = ROW_MS_MAX + slot_ms; /* beyond every cell */
    return cell_of((ms + slot_ms - 1) / slot_ms, 0) >> BLOCK_BITS;
}

static int damaged(Db *db, Err *e) {
    return fail(e, "%s is damaged: sums cannot be read; move it away and import the logs again", db_path(db));
}

/* The cell at *at, which goes on to the next one. */
static bool take_cell(const uint8_t **at, const uint8_t *end, int64_t block, CellSum *out) {
    unsigned low = *(*at)++;
    size_t used = sums_unpack(*at, (size_t)(end - *at), &out->sums);
    out->cell = (int64_t)((uint64_t)block << BLOCK_BITS | low);
    *at += used;
    return used && low < BLOCK_CELLS;
}

/* ---- reading ---- */
int rollup_open(RollupCursor *c, Db *db, Rollup r, int64_t from_ms, int64_t to_ms, Err *e) {
    *c = (RollupCursor){.db = db, .s = db_prepare(db, tables[r].range, e)};
    if (!c->s) return -1;
    sqlite3_bind_int64(c->s, 1, block_from(r, from_ms));
    sqlite3_bind_int64(c->s, 2, block_from(r, to_ms));
    return 0;
}

/* The block in which the next cell stands: 1, 0 = there is none, -1 = failed. */
static int block_at_hand(RollupCursor *c, Err *e) {
    while (c->at == c->end) {
        int got = db_step(c->db, c->s, "read sums", e);
        if (got != 1) return got;
        c->block = sqlite3_column_int64(c->s, 0);
        c->at = sqlite3_column_blob(c->s, 1);
        c->end = c->at + sqlite3_column_bytes(c->s, 1);
    }
    return 1;
}

int rollup_next(RollupCursor *c, Err *e) {
    int got = block_at_hand(c, e);
    if (got != 1) return got;
    return take_cell(&c->at, c->end, c->block, &c->now) ? 1 : damaged(c->db, e);
}

int rollup_step(RollupCursor *c, Err *e) {
    int got = block_at_hand(c, e);
    if (got != 1) return got;
    unsigned low = *c->at++;
    size_t used = sums_length(c->at, (size_t)(c->end - c->at));
    if (!used || low >= BLOCK_CELLS) return damaged(c->db, e);
    c->now.cell = (int64_t)((uint64_t)c->block << BLOCK_BITS | low);
    c->packed = c->at;
    c->at += used;
    return 1;
}

int rollup_read(RollupCursor *c, unsigned count, Err *e) {
    return sums_unpack_first(c->packed, (size_t)(c->at - c->packed), count, &c->now.sums) ? 0 : damaged(c->db, e);
}

void rollup_close(RollupCursor *c) {
    if (c->s) sqlite3_reset(c->s);
    c->s = NULL;
}

int rollup_first_ms(Db *db, Rollup r, int64_t from_ms, int64_t *out, Err *e) {
    sqlite3_stmt *s = db_prepare(db, tables[r].first, e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, block_from(r, from_ms));
    if (db_step(db, s, "read sums", e) < 0) return -1;
    bool any = sqlite3_column_type(s, 0) != SQLITE_NULL;
    int64_t block = sqlite3_column_int64(s, 0);
    *out = any ? cell_slot((int64_t)((uint64_t)block << BLOCK_BITS)) * tables[r].slot_ms : INT64_MAX;
    sqlite3_reset(s);
    return 0;
}

/* ---- adding ---- */
typedef struct Block {
    int64_t id;
    uint64_t present; /* bit per cell */
    Sums at[BLOCK_CELLS];
} Block;

static void add_cell(Block *b, const CellSum *cell) {
    unsigned low = (unsigned)(cell->cell & (BLOCK_CELLS - 1));
    if (b->present >> low & 1) {
        sums_add(&b->at[low], &cell->sums, 1);
    } else {
        b->at[low] = cell->sums;
        b->present |= UINT64_C(1) << low;
    }
}

static int load_block(Db *db, Rollup r, Block *b, bool *stored, Err *e) {
    CellSum cell;
    sqlite3_stmt *s = db_prepare(db, tables[r].get, e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, b->id);
    int got = db_step(db, s, "read sums", e);
    *stored = got == 1;
    if (got != 1) return got;
    const uint8_t *at = sqlite3_column_blob(s, 0), *end = at + sqlite3_column_bytes(s, 0);
    bool good = true;
    while (good && at < end && (good = take_cell(&at, end, b->id, &cell))) add_cell(b, &cell);
    sqlite3_reset(s);
    return good ? 0 : damaged(db, e);
}

static size_t pack_block(const Block *b, uint8_t *out) {
    uint8_t *p = out;
    for (uint64_t left = b->present; left; left &= left - 1) {
        unsigned low = (unsigned)__builtin_ctzll(left);
        if (sums_empty(&b->at[low])) continue;
        *p++ = (uint8_t)low;
        p += sums_pack(&b->at[low], p);
    }
    return (size_t)(p - out);
}

static int store_block(Db *db, Rollup r, const Block *b, bool stored, Err *e) {
    uint8_t packed[BLOCK_BYTES_MAX];
    size_t len = pack_block(b, packed);
    if (len == 0 && !stored) return 0;
    sqlite3_stmt *s = db_prepare(db, len ? tables[r].put : tables[r].del, e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, b->id);
    if (len) sqlite3_bind_blob(s, 2, packed, (int)len, SQLITE_STATIC);
    return db_step(db, s, "store sums", e);
}

int rollup_add(Db *db, Rollup r, const CellSum *cells, size_t count, Err *e) {
    Block b;
    for (size_t i = 0; i < count;) {
        bool stored;
        b.id = cells[i].cell >> BLOCK_BITS;
        b.present = 0;
        if (load_block(db, r, &b, &stored, e)) return -1;
        for (; i < count && cells[i].cell >> BLOCK_BITS == b.id; i++) add_cell(&b, &cells[i]);
        if (store_block(db, r, &b, stored, e)) return -1;
    }
    return 0;
}

int rollup_drop(Db *db, Rollup r, int64_t from_ms, int64_t to_ms, bool *more, Err *e) {
    sqlite3_stmt *s = db_prepare(db, tables[r].drop, e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, block_from(r, from_ms));
    sqlite3_bind_int64(s, 2, block_from(r, to_ms));
    if (db_step(db, s, "let go of old sums", e)) return -1;
    *more = sqlite3_changes(db_handle(db)) == DROP_MAX;
    return 0;
}
