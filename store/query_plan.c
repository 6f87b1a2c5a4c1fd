/* query_plan: cutting a range at slot edges; see query_plan.h. */
#include "store/query_plan.h"

enum { TIERS_MAX = 5 };

typedef struct Maker {
    Db *db;
    Plan *plan;
    Table tiers[TIERS_MAX]; /* coarsest first; rows last */
    int64_t available_ms[TABLE_COUNT];
    Err *e;
} Maker;

static const unsigned lane_uses = 1u << DIM_ACCOUNT | 1u << DIM_PROVIDER | 1u << DIM_MODEL | 1u << DIM_TIER | FILTER_ORIGIN;
static const unsigned combo_uses = 1u << DIM_FEATURE | 1u << DIM_TEAM | 1u << DIM_KEY | 1u << DIM_GATEWAY | FILTER_OUTCOME;

int64_t table_slot_ms(Table t) {
    static const int64_t slots[TABLE_COUNT] = {SLOT_DAY_MS, SLOT_DAY_MS, SLOT_QUARTER_MS, SLOT_QUARTER_MS, SLOT_MINUTE_MS, 1};
    return slots[t];
}

static int one_int(Db *db, sqlite3_stmt *s, int64_t fallback, int64_t *out, const char *doing, Err *e) {
    int rc = db_step(db, s, doing, e);
    *out = rc == 1 && sqlite3_column_type(s, 0) == SQLITE_INTEGER ? sqlite3_column_int64(s, 0) : fallback;
    sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

int meta_int(Db *db, const char *key, int64_t fallback, int64_t *out, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?1", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    return one_int(db, s, fallback, out, "read the ledger's facts", e);
}

int ledger_newest_ms(Db *db, int64_t *out, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT max(key) FROM request", e);
    if (!s || one_int(db, s, INT64_MIN, out, "find the newest request", e) != 0) return -1;
    if (*out != INT64_MIN) *out = row_key_ms(*out);
    return 0;
}

/* Rollups outlive rows, so they know the beginning. */
int ledger_oldest_ms(Db *db, int64_t *out, Err *e) {
    return rollup_first_ms(db, ROLLUP_LANE, 0, out, e);
}

static void add(Plan *p, Table table, int64_t from, int64_t to) {
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 8;
        p->segments = xrealloc(p->segments, p->cap * sizeof *p->segments);
    }
    p->segments[p->count++] = (Segment){table, from, to};
}

/* Days of [from, to) whose rows were purged. */
static int sealed_days(Maker *m, int64_t from, int64_t to, int64_t *out) {
    sqlite3_stmt *s = db_prepare(m->db, "SELECT count(*) FROM sealed_day WHERE day BETWEEN ?1 AND ?2 AND reopened_ms = 0", m->e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, from / MS_PER_DAY);
    sqlite3_bind_int64(s, 2, (to - 1) / MS_PER_DAY);
    return one_int(m->db, s, 0, out, "find the purged days", m->e);
}

static const Table *quarter_tier(const Maker *m) {
    for (int i = 0; m->tiers[i] != TABLE_ROWS; i++)
        if (table_slot_ms(m->tiers[i]) == SLOT_QUARTER_MS) return &m->tiers[i];
    return NULL;
}

/* The last tier. A piece of a cut quarter whose rows are gone is answered by the quarter's beginning alone. */
static int add_rows(Maker *m, int64_t from, int64_t to) {
    int64_t sealed, quarter = from - from % SLOT_QUARTER_MS;
    if (sealed_days(m, from, to, &sealed) != 0) return -1;
    const Table *t = quarter_tier(m);
    bool edge = t && to <= quarter + SLOT_QUARTER_MS && from >= m->available_ms[*t];
    if (edge && sealed) {
        if (from == quarter) add(m->plan, *t, quarter, quarter + SLOT_QUARTER_MS);
        return 0;
    }
    if (!edge) {
        m->plan->from_rows = true;
        m->plan->purged_days += (int)sealed;
    }
    add(m->plan, TABLE_ROWS, from, to);
    return 0;
}

static int64_t ceil_to(int64_t ms, int64_t slot) {
    return (ms + slot - 1) / slot * slot;
}

static int fill(Maker *m, size_t tier, int64_t from, int64_t to) {
    Table t = m->tiers[tier];
    if (from >= to) return 0;
    if (t == TABLE_ROWS) return add_rows(m, from, to);
    int64_t slot = table_slot_ms(t), begin = from > m->available_ms[t] ? from : m->available_ms[t];
    int64_t a = ceil_to(begin, slot), b = to - to % slot;
    if (a >= b) return fill(m, tier + 1, from, to);
    if (fill(m, tier + 1, from, a) != 0) return -1;
    add(m->plan, t, a, b);
    return fill(m, tier + 1, b, to);
}

static void choose_tiers(Maker *m, const Ask *ask) {
    size_t n = 0;
    static const Table lanes[] = {TABLE_LANE_DAY, TABLE_LANE, TABLE_MINUTE}, combos[] = {TABLE_COMBO_DAY, TABLE_COMBO};
    bool lane = (ask->uses & ~lane_uses) == 0, combo = (ask->uses & ~(lane_uses | combo_uses)) == 0;
    const Table *from = lane ? lanes : combos;
    for (size_t i = 0; i < (lane ? 3 : combo ? 2 : 0); i++)
        if (table_slot_ms(from[i]) <= ask->grain_ms) m->tiers[n++] = from[i];
    m->tiers[n] = TABLE_ROWS;
}

static int64_t held(int64_t ms) {
    return ms < 0 ? 0 : ms > ROW_MS_MAX ? ROW_MS_MAX : ms;
}

int query_plan_make(Plan *out, Db *db, const Ask *ask, Err *e) {
    *out = (Plan){0};
    Maker m = {.db = db, .plan = out, .e = e};
    int64_t newest, from = held(ask->since_ms), to = held(ask->until_ms);
    choose_tiers(&m, ask);
    if (meta_int(db, "minute_from_ms", ROW_MS_MAX, &m.available_ms[TABLE_MINUTE], e) != 0 ||
        meta_int(db, "combo_from_ms", ROW_MS_MAX, &m.available_ms[TABLE_COMBO], e) != 0 ||
        ledger_newest_ms(db, &newest, e) != 0)
        return -1;
    m.available_ms[TABLE_COMBO_DAY] = m.available_ms[TABLE_COMBO];
    /* Nothing lies behind the newest request: a range that ends after it needs no cut slot at its end. */
    if (to > newest && to > from) to = ceil_to(to, table_slot_ms(m.tiers[0]));
    return fill(&m, 0, from, to);
}

void query_plan_free(Plan *p) {
    free(p->segments);
    *p = (Plan){0};
}
