/* ledger_tuples: interning the tuples of ids that rows refer to: lanes, combos, contexts, price rows.
 *
 * Owns: tables lane, combo, context, price_used. Two steps of memory, both of fixed size: by the batch's name indices (no
 * name is looked up for a tuple the batch has shown before), then by ids (no SQL for a tuple recent batches have shown).
 */
#include "store/ledger_parts.h"
#include "store/memo.h"

enum { WORDS_BATCH_COMBO = 9, WORDS_CONTEXT = 5, WORDS_LANE = 5, WORDS_COMBO = 6, INFOS = 8192 };
static const Dim lane_dims[] = {DIM_ACCOUNT, DIM_PROVIDER, DIM_MODEL, DIM_TIER};
static const Dim combo_dims[] = {DIM_FEATURE, DIM_TEAM, DIM_KEY, DIM_GATEWAY};
static const Dim context_dims[] = {DIM_USER, DIM_SESSION, DIM_PROJECT, DIM_ENDPOINT, DIM_HOST};

struct Tuples {
    Ledger *l;
    Memo *batch_combo, *batch_context;    /* by name index; of one batch */
    Memo *lane, *combo, *context, *price; /* by id */
    Combo *infos;                         /* by combo id, direct-mapped */
};

Tuples *tuples_new(Ledger *l) {
    Tuples *t = xcalloc(1, sizeof *t);
    t->l = l;
    t->batch_combo = memo_new(WORDS_BATCH_COMBO, 8192);
    t->batch_context = memo_new(WORDS_CONTEXT, 8192);
    t->lane = memo_new(WORDS_LANE, 1024);
    t->combo = memo_new(WORDS_COMBO, 16384);
    t->context = memo_new(WORDS_CONTEXT, 65536);
    t->price = memo_new(2, 1024);
    t->infos = xcalloc(INFOS, sizeof *t->infos);
    return t;
}

void tuples_free(Tuples *t) {
    if (!t) return;
    Memo *all[] = {t->batch_combo, t->batch_context, t->lane, t->combo, t->context, t->price};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) memo_free(all[i]);
    free(t->infos);
    free(t);
}

void tuples_forget(Tuples *t) {
    Memo *all[] = {t->batch_combo, t->batch_context, t->lane, t->combo, t->context, t->price};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) memo_clear(all[i]);
    memset(t->infos, 0, INFOS * sizeof *t->infos);
}

void tuples_batch(Tuples *t) {
    memo_clear(t->batch_combo);
    memo_clear(t->batch_context);
}

/* ---- SQL: find or make. `find` and `make` take the same values. ---- */
static int run_tuple(Tuples *t, const char *sql, const int64_t *values, int count, int64_t *out, Err *e) {
    sqlite3_stmt *s = db_prepare(t->l->db, sql, e);
    if (!s) return -1;
    for (int i = 0; i < count; i++) sqlite3_bind_int64(s, i + 1, values[i]);
    int got = db_step(t->l->db, s, "store what a request belongs to", e);
    if (got == 1) *out = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return got;
}

static int find_or_make(Tuples *t, const char *find, const char *make, const int64_t *values, int count, uint32_t *id,
                        Err *e) {
    int64_t found = 0;
    int got = run_tuple(t, find, values, count, &found, e);
    if (got == 0) {
        if (run_tuple(t, make, values, count, &found, e)) return -1;
        found = sqlite3_last_insert_rowid(db_handle(t->l->db));
    }
    if (got < 0) return -1;
    if (found > CELL_ID_MAX) return fail(e, "%s holds too many combinations; begin a new ledger", db_path(t->l->db));
    *id = (uint32_t)found;
    return 0;
}

/* The memo in front of it. */
static int intern(Tuples *t, Memo *memo, const uint32_t *key, int count, const char *find, const char *make,
                  uint32_t *id, Err *e) {
    uint32_t *known = memo_at(memo, key);
    if (!*known) {
        int64_t values[MEMO_WORDS_MAX];
        for (int i = 0; i < count; i++) values[i] = key[i];
        if (find_or_make(t, find, make, values, count, known, e)) return -1;
    }
    *id = *known;
    return 0;
}

static int name_ids(Tuples *t, const Request *r, const Dim *dims, int count, uint32_t *out, Err *e) {
    for (int i = 0; i < count; i++)
        if (names_id(t->l->names, (int)dims[i], r->name[dims[i]], &out[i], e)) return -1;
    return 0;
}

static int lane_id(Tuples *t, const Request *r, uint32_t *id, Err *e) {
    uint32_t key[WORDS_LANE] = {r->origin};
    if (name_ids(t, r, lane_dims, 4, key + 1, e)) return -1;
    return intern(t, t->lane, key, WORDS_LANE,
                  "SELECT id FROM lane WHERE origin = ?1 AND account = ?2 AND provider = ?3 AND model = ?4 AND tier = ?5",
                  "INSERT INTO lane(origin, account, provider, model, tier) VALUES(?1, ?2, ?3, ?4, ?5)", id, e);
}

static int combo_id(Tuples *t, const Request *r, uint32_t *id, Err *e) {
    uint32_t key[WORDS_COMBO];
    if (lane_id(t, r, &key[0], e) || name_ids(t, r, combo_dims, 4, key + 1, e)) return -1;
    key[5] = r->outcome;
    return intern(t, t->combo, key, WORDS_COMBO,
                  "SELECT id FROM combo WHERE lane = ?1 AND feature = ?2 AND team = ?3 AND key = ?4 AND gateway = ?5 "
                  "AND outcome = ?6",
                  "INSERT INTO combo(lane, feature, team, key, gateway, outcome) VALUES(?1, ?2, ?3, ?4, ?5, ?6)", id, e);
}

static int context_id(Tuples *t, const Request *r, uint32_t *id, Err *e) {
    uint32_t key[WORDS_CONTEXT];
    if (name_ids(t, r, context_dims, 5, key, e)) return -1;
    return intern(t, t->context, key, WORDS_CONTEXT,
                  "SELECT id FROM context WHERE user = ?1 AND session = ?2 AND project = ?3 AND endpoint = ?4 AND host = ?5",
                  "INSERT INTO context(user, session, project, endpoint, host) VALUES(?1, ?2, ?3, ?4, ?5)", id, e);
}

int tuples_price(Tuples *t, uint64_t hash, uint32_t *id, Err *e) {
    *id = 0;
    if (hash == 0) return 0;
    uint32_t key[2] = {(uint32_t)hash, (uint32_t)(hash >> 32)};
    uint32_t *known = memo_at(t->price, key);
    int64_t value = (int64_t)hash;
    if (!*known && find_or_make(t, "SELECT id FROM price_used WHERE row_hash = ?1",
                                "INSERT INTO price_used(row_hash) VALUES(?1)", &value, 1, known, e))
        return -1;
    *id = *known;
    return 0;
}

int tuples_intern(Tuples *t, const Request *r, Row *row, Err *e) {
    const uint32_t *n = r->name;
    const uint32_t combo[WORDS_BATCH_COMBO] = {
        (uint32_t)r->origin | (uint32_t)r->outcome << 8, n[DIM_ACCOUNT], n[DIM_PROVIDER], n[DIM_MODEL], n[DIM_TIER],
        n[DIM_FEATURE], n[DIM_TEAM], n[DIM_KEY], n[DIM_GATEWAY]};
    const uint32_t context[WORDS_CONTEXT] = {n[DIM_USER], n[DIM_SESSION], n[DIM_PROJECT], n[DIM_ENDPOINT], n[DIM_HOST]};
    uint32_t *known = memo_at(t->batch_combo, combo);
    if (!*known && combo_id(t, r, known, e)) return -1;
    row->combo = *known;
    known = memo_at(t->batch_context, context);
    if (!*known && context_id(t, r, known, e)) return -1;
    row->context = *known;
    if (names_id(t->l->names, NAME_GEO, r->geo, &row->geo, e)) return -1;
    if (names_id(t->l->names, NAME_SPEED, r->speed, &row->speed, e)) return -1;
    if (names_id(t->l->names, NAME_ASKED, r->asked, &row->asked, e)) return -1;
    return tuples_price(t, r->price_row, &row->price, e);
}

/* ---- back from ids ---- */
static int load_combo(Tuples *t, uint32_t id, Combo *c, Err *e) {
    sqlite3_stmt *s = db_prepare(t->l->db,
                                 "SELECT lane, account, provider, model, tier, feature, team, key, gateway, origin, outcome "
                                 "FROM combo JOIN lane ON lane.id = combo.lane WHERE combo.id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, id);
    int got = db_step(t->l->db, s, "read what a request belongs to", e);
    if (got == 0) fail(e, "%s is damaged: combination %u is missing; move it away and import the logs again", db_path(t->l->db), id);
    if (got != 1) return -1;
    uint32_t *fields[] = {&c->lane, &c->account, &c->provider, &c->model, &c->tier, &c->feature, &c->team, &c->key, &c->gateway};
    for (int i = 0; i < 9; i++) *fields[i] = (uint32_t)sqlite3_column_int64(s, i);
    c->origin = (uint8_t)sqlite3_column_int(s, 9);
    c->outcome = (uint8_t)sqlite3_column_int(s, 10);
    c->id = id;
    sqlite3_reset(s);
    return 0;
}

int tuples_combo(Tuples *t, uint32_t id, const Combo **out, Err *e) {
    Combo *c = &t->infos[id % INFOS];
    *out = c;
    if (c->id == id && id) return 0;
    *c = (Combo){0};
    return load_combo(t, id, c, e);
}

int tuples_user(Tuples *t, uint32_t context, uint32_t *user, Err *e) {
    int64_t value = context, found = 0;
    if (run_tuple(t, "SELECT user FROM context WHERE id = ?1", &value, 1, &found, e) < 0) return -1;
    *user = (uint32_t)found;
    return 0;
}
