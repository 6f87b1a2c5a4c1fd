/* ledger_links: two sources that saw one call (L3). The row of the better source counts; the other stays, marked
 * REQ_LINKED, and is in no sum.
 *
 * Owns: tables upstream and upstream_hour. An index of upstream ids over all rows would halve the import rate (random
 * keys), so there is one only for the hours in which rows of two sources lie within an hour of each other; until then
 * nothing can be linked. The rule is a function of the set of rows: a row is linked if and only if a row of another
 * source, with the same upstream id or joined with it by a row of a third source that shares an id with each, all at most one
 * hour slot apart, is better (class, then counters, then id, then key). Hence any order of arrival gives the same links. An id that more than GROUP_MAX rows show there identifies nothing: those rows are left alone.
 */
#include "store/ledger_parts.h"

enum { HOURS = 64, GROUP_MAX = 32, MANY = -1, NONE = -2 };

typedef struct Hour {
    int64_t hour;
    int64_t source; /* the only one (0 = of no file), NONE or MANY */
    bool known, indexed;
} Hour;

struct Links {
    Ledger *l;
    Hour hours[HOURS]; /* of this transaction */
    uint64_t flipped;
    const Row *waiting; /* rows that are stored and not counted yet: each is judged when its turn comes */
    size_t waiting_count;
};

typedef struct Group { /* rows with one upstream id, around one hour */
    Row rows[GROUP_MAX + 1]; /* the first is the one that was asked for */
    uint32_t source[GROUP_MAX + 1];
    int count;
} Group;

Links *links_new(Ledger *l) {
    Links *k = xcalloc(1, sizeof *k);
    k->l = l;
    return k;
}

void links_free(Links *k) {
    free(k);
}

void links_forget(Links *k) {
    memset(k->hours, 0, sizeof k->hours);
    k->flipped = 0;
    links_wait(k, NULL, 0);
}

uint64_t links_flipped(const Links *k) {
    return k->flipped;
}

static int64_t hour_of(const Row *row) {
    return row->r.ts_ms / MS_PER_HOUR;
}

/* The vendor's ids that the row shows: its answer's, and in a transcript its request's. */
enum { IDS = 2 };
static int ids_of(const Request *r, uint64_t out[IDS]) {
    int count = 0;
    if (r->upstream) out[count++] = r->upstream;
    if (r->source_class == CLASS_TRANSCRIPT && r->also && r->also != r->upstream) out[count++] = r->also;
    return count;
}

static bool can_link(const Request *r) {
    uint64_t ids[IDS];
    bool one_call = !(r->flags & REQ_CACHE_HIT) && r->source_class != CLASS_METRICS; /* a stored answer is a call of its own */
    return one_call && ids_of(r, ids) > 0;
}

/* Of two gateways the one that could not count must not hide what the other one counted. */
static int guesswork(const Request *r) {
    return r->flags & REQ_USAGE_MISSING ? 2 : (r->flags & REQ_USAGE_ESTIMATED) != 0;
}

bool links_same(const Row *a, const Row *b) {
    if (can_link(&a->r) != can_link(&b->r) || a->r.source_class != b->r.source_class || a->r.also != b->r.also) return false;
    if (!can_link(&a->r)) return true;
    return a->r.upstream == b->r.upstream && a->file == b->file &&
           guesswork(&a->r) == guesswork(&b->r);
}

static int source_of(Links *k, const Row *row, uint32_t *source, Err *e) {
    FileFacts facts;
    if (files_facts(k->l->files, row->file, &facts, e)) return -1;
    *source = facts.source;
    return 0;
}

/* ---- hours ---- */
static int load_hour(Links *k, Hour *h, Err *e) {
    sqlite3_stmt *s = db_prepare(k->l->db, "SELECT source, indexed FROM upstream_hour WHERE hour = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, h->hour);
    int got = db_step(k->l->db, s, "look up an hour", e);
    if (got == 1) {
        h->source = sqlite3_column_int64(s, 0);
        h->indexed = sqlite3_column_int(s, 1) != 0;
    }
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

static Hour *hour_at(Links *k, int64_t hour, Err *e) {
    Hour *h = &k->hours[(uint64_t)hour % HOURS];
    if (h->known && h->hour == hour) return h;
    *h = (Hour){.hour = hour, .source = NONE, .known = true};
    return load_hour(k, h, e) ? NULL : h;
}

static int store_hour(Links *k, const Hour *h, Err *e) {
    sqlite3_stmt *s = db_prepare(k->l->db, "INSERT OR REPLACE INTO upstream_hour VALUES(?1, ?2, ?3)", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, h->hour);
    sqlite3_bind_int64(s, 2, h->source);
    sqlite3_bind_int(s, 3, h->indexed);
    return db_step(k->l->db, s, "store an hour", e);
}

/* ---- the index of one hour ---- */
static int index_row(Links *k, const char *sql_literal, const Row *row, Err *e) {
    uint64_t ids[IDS];
    int count = ids_of(&row->r, ids);
    sqlite3_stmt *s = db_prepare(k->l->db, sql_literal, e);
    if (!s) return -1;
    for (int i = 0; i < count; i++) {
        sqlite3_bind_int64(s, 1, hour_of(row));
        sqlite3_bind_int64(s, 2, (int64_t)ids[i]);
        sqlite3_bind_int64(s, 3, row->key);
        if (db_step(k->l->db, s, "index an upstream id", e)) return -1;
    }
    return 0;
}

static int index_add(Links *k, const Row *row, Err *e) {
    return index_row(k, "INSERT OR REPLACE INTO upstream VALUES(?1, ?2, ?3)", row, e);
}

static int index_hour(Links *k, Hour *h, Err *e) {
    Db *db = k->l->db;
    sqlite3_stmt *s = db_prepare(db, "SELECT key, body FROM request WHERE key >= ?1 AND key < ?2", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, row_key_at(h->hour * MS_PER_HOUR));
    sqlite3_bind_int64(s, 2, row_key_at((h->hour + 1) * MS_PER_HOUR));
    int got;
    while ((got = db_step(db, s, "index an hour", e)) == 1) {
        Row row;
        const void *body = sqlite3_column_blob(s, 1);
        if (!row_unpack(sqlite3_column_int64(s, 0), body, (size_t)sqlite3_column_bytes(s, 1), &row)) continue;
        if (can_link(&row.r) && index_add(k, &row, e)) break;
    }
    sqlite3_reset(s);
    if (got) return -1;
    h->indexed = true;
    return store_hour(k, h, e);
}

static int add_to_group(Links *k, Group *g, int64_t key, Err *e) {
    bool found;
    for (int i = 0; i < g->count; i++)
        if (g->rows[i].key == key) return 0;
    if (g->count > GROUP_MAX) return 1;
    Row *row = &g->rows[g->count];
    if (rows_get(k->l, key, row, &found, e)) return -1;
    if (!found) return 0;
    return source_of(k, row, &g->source[g->count++], e);
}

/* 1 = more than a group holds. */
static int read_hour(Links *k, const Hour *h, uint64_t id, Group *g, Err *e) {
    sqlite3_stmt *s = db_prepare(k->l->db, "SELECT key FROM upstream WHERE hour = ?1 AND upstream = ?2 LIMIT 33", e);
    if (!s) return -1;
    int64_t keys[GROUP_MAX + 1];
    int count = 0, got;
    sqlite3_bind_int64(s, 1, h->hour);
    sqlite3_bind_int64(s, 2, (int64_t)id);
    while ((got = db_step(k->l->db, s, "look up an upstream id", e)) == 1 && count <= GROUP_MAX)
        keys[count++] = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    if (got < 0) return -1;
    int full = count > GROUP_MAX;
    for (int i = 0; i < count && !full; i++)
        if ((full = add_to_group(k, g, keys[i], e)) < 0) return -1;
    return full;
}

/* Adds the rows with the id that could be linked with the first of the group: of the hours within one of its own that hold
 * another source (only those need an index). An id that too many show adds nobody. */
static int read_id(Links *k, uint64_t id, Group *g, Err *e) {
    const int before = g->count;
    const int64_t own = hour_of(&g->rows[0]);
    for (int64_t hour = own - 1; hour <= own + 1; hour++) {
        Hour *h = hour_at(k, hour, e);
        if (!h) return -1;
        if (h->source == NONE || h->source == g->source[0]) continue;
        if (!h->indexed && index_hour(k, h, e)) return -1;
        int full = read_hour(k, h, id, g, e);
        if (full < 0) return -1;
        if (!full) continue;
        g->count = before;
        return 0;
    }
    return 0;
}

/* The row and those that could be linked with it: who shares an id with it, and who shares the other one of such a row. */
static int read_group(Links *k, const Row *row, Group *g, Err *e) {
    uint64_t ids[IDS], own[IDS];
    int own_count = ids_of(&row->r, own);
    g->count = 1;
    g->rows[0] = *row;
    if (source_of(k, row, &g->source[0], e)) return -1;
    for (int i = 0; i < own_count; i++)
        if (read_id(k, own[i], g, e)) return -1;
    for (int near = g->count, at = 1; at < near; at++)
        for (int n = ids_of(&g->rows[at].r, ids); n > 1; n--) /* only who has two leads further */
            if (read_id(k, ids[n - 1], g, e) || read_id(k, ids[n - 2], g, e)) return -1;
    return 0;
}

/* ---- the rule ---- */
static bool share_id(const Row *a, const Row *b) {
    uint64_t x[IDS], y[IDS];
    int x_count = ids_of(&a->r, x), y_count = ids_of(&b->r, y);
    int64_t hours = hour_of(a) - hour_of(b);
    for (int i = 0; i < x_count; i++)
        for (int j = 0; j < y_count; j++)
            if (x[i] == y[j]) return hours >= -1 && hours <= 1;
    return false;
}

/* One call: they share an id, or a row of a third source shares one with each. */
static bool joined(const Group *g, int a, int b) {
    int64_t hours = hour_of(&g->rows[a]) - hour_of(&g->rows[b]);
    if (g->source[a] == g->source[b] || hours < -1 || hours > 1) return false;
    if (share_id(&g->rows[a], &g->rows[b])) return true;
    for (int i = 0; i < g->count; i++)
        if (g->source[i] != g->source[a] && g->source[i] != g->source[b] && share_id(&g->rows[i], &g->rows[a]) && share_id(&g->rows[i], &g->rows[b]))
            return true;
    return false;
}

static bool better(const Row *a, const Row *b) {
    if (a->r.source_class != b->r.source_class) return a->r.source_class < b->r.source_class;
    if (guesswork(&a->r) != guesswork(&b->r)) return guesswork(&a->r) < guesswork(&b->r);
    return a->r.id != b->r.id ? a->r.id < b->r.id : a->key < b->key;
}

static bool is_beaten(const Group *g, int at) {
    for (int i = 0; i < g->count; i++)
        if (i != at && better(&g->rows[i], &g->rows[at]) && joined(g, i, at)) return true;
    return false;
}

void links_wait(Links *k, const Row *rows, size_t count) {
    k->waiting = rows;
    k->waiting_count = count;
}

static bool is_waiting(const Links *k, const Row *row) {
    for (size_t i = 0; i < k->waiting_count; i++)
        if (k->waiting[i].key == row->key) return true;
    return false;
}

int links_set(Links *k, Row *row, bool linked, Err *e) {
    if (linked == ((row->r.flags & REQ_LINKED) != 0) || is_waiting(k, row)) return 0;
    if (linked && cells_count(k->l->cells, row, -1, e)) return -1;
    row->r.flags ^= REQ_LINKED;
    if (!linked && cells_count(k->l->cells, row, 1, e)) return -1;
    k->flipped += linked;
    return rows_update(k->l, row, e);
}

static int note_hour(Links *k, const Row *row, uint32_t source, Err *e) {
    Hour *h = hour_at(k, hour_of(row), e);
    if (!h) return -1;
    if (h->source == source || h->source == MANY) return 0;
    h->source = h->source == NONE ? (int64_t)source : MANY;
    return store_hour(k, h, e);
}

/* The new row may beat others, be beaten, and be what joins two of them. */
static int judge(Links *k, Row *row, Err *e) {
    Group g;
    if (read_group(k, row, &g, e)) return -1;
    for (int i = 1; i < g.count; i++)
        if (is_beaten(&g, i) && links_set(k, &g.rows[i], true, e)) return -1;
    if (!is_beaten(&g, 0)) return 0;
    row->r.flags |= REQ_LINKED;
    return rows_update(k->l, row, e);
}

int links_added(Links *k, Row *row, Err *e) {
    uint32_t source;
    if (services_added(k->l, row, e)) return -1;
    if (!can_link(&row->r)) return 0;
    if (source_of(k, row, &source, e) || judge(k, row, e) || note_hour(k, row, source, e)) return -1;
    const Hour *h = hour_at(k, hour_of(row), e);
    if (!h) return -1;
    return h->indexed ? index_add(k, row, e) : 0;
}

static void leave_group(Group *g, int64_t key) {
    int kept = 0;
    for (int i = 0; i < g->count; i++) {
        if (g->rows[i].key == key) continue;
        g->source[kept] = g->source[i];
        g->rows[kept++] = g->rows[i];
    }
    g->count = kept;
}

int links_removed(Links *k, const Row *row, Err *e) {
    Group g, around;
    if (services_removed(k->l, row, e)) return -1;
    if (!can_link(&row->r)) return 0;
    if (read_group(k, row, &g, e)) return -1;
    for (int i = 1; i < g.count; i++) {
        if (!(g.rows[i].r.flags & REQ_LINKED)) continue;
        if (read_group(k, &g.rows[i], &around, e)) return -1;
        leave_group(&around, row->key);
        if (!is_beaten(&around, 0) && links_set(k, &g.rows[i], false, e)) return -1;
    }
    const Hour *h = hour_at(k, hour_of(row), e);
    if (!h || !h->indexed) return h ? 0 : -1;
    return index_row(k, "DELETE FROM upstream WHERE hour = ?1 AND upstream = ?2 AND key = ?3", row, e);
}
