/* ledger_verify: recomputes the rollups of every open day from its rows and compares them (L4).
 *
 * Reads only, from one snapshot; quarter hour by quarter hour, so that memory does not depend on the ledger's size. Days
 * are then compared with the sums of their quarters, sealed ones too.
 */
#include "store/ledger_parts.h"

typedef struct Rollup {
    const char *name, *sql;
    int64_t slot_ms, from_ms;
    sqlite3_stmt *s;
    bool more;
    CellSet expected; /* of the present quarter, from the rows */
} Rollup;

enum { MINUTE, COMBO, LANE, FILES, ROLLUPS };
typedef struct Check {
    Ledger *l;
    sqlite3_stmt *rows;
    bool more_rows;
    Rollup rollups[ROLLUPS];
} Check;

static int next(Check *c, sqlite3_stmt *s, bool *more, Err *e) {
    int got = db_step(c->l->db, s, "check the rollups", e);
    *more = got == 1;
    return got < 0 ? -1 : 0;
}

static int64_t row_quarter(const Check *c) {
    return c->more_rows ? row_key_ms(sqlite3_column_int64(c->rows, 0)) / SLOT_QUARTER_MS : INT64_MAX;
}

static int64_t cell_quarter(const Rollup *r) {
    return r->more ? cell_slot(sqlite3_column_int64(r->s, 0)) * r->slot_ms / SLOT_QUARTER_MS : INT64_MAX;
}

static int64_t first_quarter(const Check *c) {
    int64_t first = row_quarter(c);
    for (int i = 0; i < ROLLUPS; i++)
        if (cell_quarter(&c->rollups[i]) < first) first = cell_quarter(&c->rollups[i]);
    return first;
}

/* ---- the rows of a quarter ---- */
static int expect_row(Check *c, const Row *row, Err *e) {
    const Combo *combo;
    if (row->r.flags & REQ_LINKED) return 0;
    if (tuples_combo(c->l->tuples, row->combo, &combo, e)) return -1;
    if (combo->origin != row->r.origin || combo->outcome != row->r.outcome)
        return fail(e, "request %lld and its combination %u differ; import the logs again", (long long)row->key, row->combo);
    for (int i = 0; i < ROLLUPS; i++) {
        Rollup *r = &c->rollups[i];
        int64_t cell = cell_of(row->r.ts_ms / r->slot_ms, i == COMBO ? combo->id : i == FILES ? row->file : combo->lane);
        if (row->r.ts_ms < r->from_ms) continue;
        if (i == FILES) cellset_at(&r->expected, cell)->v[SUM_REQUESTS]++;
        else sums_add_request(cellset_at(&r->expected, cell), &row->r, 1);
    }
    return 0;
}

static int expect_rows(Check *c, int64_t quarter, Err *e) {
    while (row_quarter(c) == quarter) {
        Row row;
        int64_t key = sqlite3_column_int64(c->rows, 0);
        if (!row_unpack(key, sqlite3_column_blob(c->rows, 1), (size_t)sqlite3_column_bytes(c->rows, 1), &row))
            return fail(e, "request %lld cannot be read; import the logs again", (long long)key);
        if (expect_row(c, &row, e) || next(c, c->rows, &c->more_rows, e)) return -1;
    }
    return 0;
}

/* ---- against the cells of the quarter ---- */
static int differ(const Rollup *r, int64_t cell, const Sums *stored, const Sums *expected, Err *e) {
    char when[32];
    int i = 0;
    time_format_utc(cell_slot(cell) * r->slot_ms, when, sizeof when);
    while (i < SUM_COUNT - 1 && stored->v[i] == expected->v[i]) i++;
    return fail(e, "%s differs from its rows at %s, id %u: sum %d is %lld, the rows give %lld; import the day again", r->name,
                when, cell_id(cell), i, (long long)stored->v[i], (long long)expected->v[i]);
}

static int compare_cell(Rollup *r, Err *e) {
    Sums stored;
    int64_t cell = sqlite3_column_int64(r->s, 0);
    if (cell_slot(cell) * r->slot_ms < r->from_ms) return 0; /* not kept up any more */
    if (!sums_unpack(sqlite3_column_blob(r->s, 1), (size_t)sqlite3_column_bytes(r->s, 1), &stored))
        return fail(e, "%s: a cell cannot be read; import the logs again", r->name);
    Sums *expected = cellset_at(&r->expected, cell);
    if (sums_empty(&stored) || memcmp(&stored, expected, sizeof stored) != 0) return differ(r, cell, &stored, expected, e);
    *expected = (Sums){0};
    return 0;
}

static int compare_quarter(Check *c, Rollup *r, int64_t quarter, bool sealed, Err *e) {
    while (cell_quarter(r) == quarter)
        if ((!sealed && compare_cell(r, e)) || next(c, r->s, &r->more, e)) return -1;
    const Sums none = {0};
    for (size_t i = 0; i < r->expected.count && !sealed; i++)
        if (!sums_empty(&r->expected.at[i].sums)) return differ(r, r->expected.at[i].cell, &none, &r->expected.at[i].sums, e);
    cellset_clear(&r->expected);
    return 0;
}

static int check_quarter(Check *c, int64_t quarter, Err *e) {
    bool sealed;
    if (days_sealed(c->l->days, quarter * SLOT_QUARTER_MS, &sealed, e) || expect_rows(c, quarter, e)) return -1;
    for (int i = 0; i < ROLLUPS; i++)
        if (compare_quarter(c, &c->rollups[i], quarter, sealed, e)) return -1;
    return 0;
}

static int start(Check *c, Err *e) {
    Ledger *l = c->l;
    if (meta_get(l, "minute_from_ms", 0, &c->rollups[MINUTE].from_ms, e)) return -1;
    c->rollups[FILES].from_ms = c->rollups[MINUTE].from_ms;
    if (meta_get(l, "combo_from_ms", 0, &c->rollups[COMBO].from_ms, e)) return -1;
    c->rows = db_prepare(l->db, "SELECT key, body FROM request ORDER BY key", e);
    if (!c->rows || next(c, c->rows, &c->more_rows, e)) return -1;
    for (int i = 0; i < ROLLUPS; i++) {
        c->rollups[i].s = db_prepare(l->db, c->rollups[i].sql, e);
        if (!c->rollups[i].s || next(c, c->rollups[i].s, &c->rollups[i].more, e)) return -1;
    }
    return 0;
}

static int check(Check *c, Err *e) {
    if (start(c, e)) return -1;
    for (int64_t quarter; (quarter = first_quarter(c)) != INT64_MAX;)
        if (check_quarter(c, quarter, e)) return -1;
    return 0;
}

/* ---- days against their quarters ---- */
typedef struct DayCheck {
    const char *name, *quarters, *days;
} DayCheck;

static int read_day(Ledger *l, const char *sql, int64_t from, int64_t to, int64_t slots, int sign, CellSet *into, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, sql, e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, cell_of(from, 0));
    sqlite3_bind_int64(s, 2, cell_of(to, 0));
    int rc;
    while ((rc = db_step(l->db, s, "check the days", e)) == 1) {
        Sums sums;
        int64_t cell = sqlite3_column_int64(s, 0);
        if (sums_unpack(sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1), &sums))
            sums_add(cellset_at(into, cell_of(cell_slot(cell) / slots, cell_id(cell))), &sums, sign);
    }
    return rc;
}

static int check_day(Ledger *l, const DayCheck *c, int64_t day, CellSet *cells, Err *e) {
    const int64_t slots = SLOT_DAY_MS / SLOT_QUARTER_MS;
    cellset_clear(cells);
    if (read_day(l, c->quarters, day * slots, (day + 1) * slots, slots, 1, cells, e) ||
        read_day(l, c->days, day, day + 1, 1, -1, cells, e))
        return -1;
    for (size_t i = 0; i < cells->count; i++)
        if (!sums_empty(&cells->at[i].sums))
            return fail(e, "%s differs from its quarters on day %lld, id %u; import the day again", c->name, (long long)day,
                        cell_id(cells->at[i].cell));
    return 0;
}

static int check_days(Ledger *l, const DayCheck *c, int64_t from_ms, Err *e) {
    int64_t day = (from_ms + SLOT_DAY_MS - 1) / SLOT_DAY_MS;
    CellSet cells = {0};
    int rc = 0;
    for (bool more = true; more && rc == 0; day++) {
        sqlite3_stmt *s = db_prepare(l->db, "SELECT min(cell) FROM rollup_lane WHERE cell >= ?1", e);
        if (!s) return -1;
        sqlite3_bind_int64(s, 1, cell_of(day * (SLOT_DAY_MS / SLOT_QUARTER_MS), 0));
        rc = db_step(l->db, s, "check the days", e) < 0 ? -1 : 0;
        more = rc == 0 && sqlite3_column_type(s, 0) != SQLITE_NULL;
        if (more) day = cell_slot(sqlite3_column_int64(s, 0)) / (SLOT_DAY_MS / SLOT_QUARTER_MS);
        sqlite3_reset(s);
        if (more) rc = check_day(l, c, day, &cells, e);
    }
    cellset_free(&cells);
    return rc;
}

static int check_all_days(Ledger *l, int64_t combo_from_ms, Err *e) {
    static const DayCheck lanes = {"rollup_lane_day", "SELECT cell, sums FROM rollup_lane WHERE cell >= ?1 AND cell < ?2",
                                   "SELECT cell, sums FROM rollup_lane_day WHERE cell >= ?1 AND cell < ?2"},
                          combos = {"rollup_combo_day", "SELECT cell, sums FROM rollup_combo WHERE cell >= ?1 AND cell < ?2",
                                    "SELECT cell, sums FROM rollup_combo_day WHERE cell >= ?1 AND cell < ?2"};
    return check_days(l, &lanes, 0, e) || check_days(l, &combos, combo_from_ms, e) ? -1 : 0;
}

int ledger_verify(Ledger *l, Err *e) {
    Check c = {.l = l, .rollups = {
        [MINUTE] = {.name = "rollup_minute", .sql = "SELECT cell, sums FROM rollup_minute ORDER BY cell", .slot_ms = SLOT_MINUTE_MS},
        [COMBO] = {.name = "rollup_combo", .sql = "SELECT cell, sums FROM rollup_combo ORDER BY cell", .slot_ms = SLOT_QUARTER_MS},
        [FILES] = {.name = "rollup_file", .sql = "SELECT cell, sums FROM rollup_file ORDER BY cell", .slot_ms = SLOT_QUARTER_MS},
        [LANE] = {.name = "rollup_lane", .sql = "SELECT cell, sums FROM rollup_lane ORDER BY cell", .slot_ms = SLOT_QUARTER_MS}}};
    if (db_exec(l->db, "BEGIN", e)) return -1;
    days_forget(l->days);
    int rc = check(&c, e) || check_all_days(l, c.rollups[COMBO].from_ms, e) ? -1 : 0;
    if (c.rows) sqlite3_reset(c.rows);
    for (int i = 0; i < ROLLUPS; i++) {
        if (c.rollups[i].s) sqlite3_reset(c.rollups[i].s);
        cellset_free(&c.rollups[i].expected);
    }
    db_rollback(l->db);
    return rc;
}
