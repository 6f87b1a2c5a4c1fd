/* ledger_verify: recomputes the rollups of every open day from its rows and compares them (L4).
 *
 * Reads only, from one snapshot; quarter hour by quarter hour, so that memory does not depend on the ledger's size. Days
 * are then compared with the sums of their quarters, sealed ones too.
 */
#include "store/ledger_parts.h"

typedef struct Checked { /* one rollup, as far as it was compared */
    Rollup rollup;
    int64_t from_ms; /* what is older is not kept up */
    RollupCursor cursor;
    bool more;
    CellSet expected; /* of the present quarter, from the rows */
    const CellSet *apart; /* lanes that are no requests': what providers report and bill (bill.h); NULL = none */
} Checked;

enum { MINUTE, COMBO, LANE, FILES, CHECKED };
typedef struct Check {
    Ledger *l;
    sqlite3_stmt *rows;
    bool more_rows;
    CellSet apart;
    Checked of[CHECKED];
} Check;

static int next_row(Check *c, Err *e) {
    int got = db_step(c->l->db, c->rows, "check the rollups", e);
    c->more_rows = got == 1;
    return got < 0 ? -1 : 0;
}

static bool stands_apart(const Checked *r) {
    uint32_t id = cell_id(r->cursor.now.cell);
    for (size_t i = 0; r->apart && i < r->apart->count; i++)
        if (r->apart->at[i].cell == id) return true;
    return false;
}

static int next_cell(Checked *r, Err *e) {
    int got;
    do got = rollup_next(&r->cursor, e);
    while (got == 1 && stands_apart(r));
    r->more = got == 1;
    return got < 0 ? -1 : 0;
}

static int64_t row_quarter(const Check *c) {
    return c->more_rows ? row_key_ms(sqlite3_column_int64(c->rows, 0)) / SLOT_QUARTER_MS : INT64_MAX;
}

static int64_t cell_quarter(const Checked *r) {
    return r->more ? cell_slot(r->cursor.now.cell) * rollup_slot_ms(r->rollup) / SLOT_QUARTER_MS : INT64_MAX;
}

static int64_t first_quarter(const Check *c) {
    int64_t first = row_quarter(c);
    for (int i = 0; i < CHECKED; i++)
        if (cell_quarter(&c->of[i]) < first) first = cell_quarter(&c->of[i]);
    return first;
}

/* ---- the rows of a quarter ---- */
static int expect_row(Check *c, const Row *row, Err *e) {
    const Combo *combo;
    if (row->r.flags & REQ_LINKED) return 0;
    if (tuples_combo(c->l->tuples, row->combo, &combo, e)) return -1;
    if (combo->origin != row->r.origin || combo->outcome != row->r.outcome)
        return fail(e, "request %lld and its combination %u differ; move the ledger away and import the logs again", (long long)row->key, row->combo);
    const uint32_t ids[CHECKED] = {[MINUTE] = combo->lane, [COMBO] = combo->id, [LANE] = combo->lane, [FILES] = row->file};
    for (int i = 0; i < CHECKED; i++) {
        Checked *r = &c->of[i];
        if (row->r.ts_ms < r->from_ms) continue;
        Sums *sums = cellset_at(&r->expected, cell_of(row->r.ts_ms / rollup_slot_ms(r->rollup), ids[i]));
        if (i == FILES) sums->v[SUM_REQUESTS] += 1 + row->r.more_calls;
        else sums_add_request(sums, &row->r, 1);
    }
    return 0;
}

static int expect_rows(Check *c, int64_t quarter, Err *e) {
    while (row_quarter(c) == quarter) {
        Row row;
        int64_t key = sqlite3_column_int64(c->rows, 0);
        if (!row_unpack(key, sqlite3_column_blob(c->rows, 1), (size_t)sqlite3_column_bytes(c->rows, 1), &row))
            return fail(e, "request %lld cannot be read; move the ledger away and import the logs again", (long long)key);
        if (expect_row(c, &row, e) || next_row(c, e)) return -1;
    }
    return 0;
}

/* ---- against the cells of the quarter ---- */
static int differ(Rollup rollup, int64_t cell, const Sums *stored, const Sums *expected, Err *e) {
    char when[32];
    int i = 0;
    time_format_utc(cell_slot(cell) * rollup_slot_ms(rollup), when, sizeof when);
    while (i < SUM_COUNT - 1 && stored->v[i] == expected->v[i]) i++;
    return fail(e, "%s differs from its rows at %s, id %u: sum %d is %lld, the rows give %lld; move the ledger away and import the logs again",
                rollup_name(rollup), when, cell_id(cell), i, (long long)stored->v[i], (long long)expected->v[i]);
}

/* A full sum is one of which it is only known that it is too large. */
static void leave_out_full(const Sums *stored, Sums *expected) {
    for (int i = 0; i < SUM_COUNT; i++)
        if (stored->v[i] == SUM_FULL || expected->v[i] == SUM_FULL) expected->v[i] = stored->v[i];
}

static int compare_cell(Checked *r, Err *e) {
    const CellSum *stored = &r->cursor.now;
    if (cell_slot(stored->cell) * rollup_slot_ms(r->rollup) < r->from_ms) return 0;
    Sums *expected = cellset_at(&r->expected, stored->cell);
    leave_out_full(&stored->sums, expected);
    if (sums_empty(&stored->sums) || memcmp(&stored->sums, expected, sizeof *expected) != 0)
        return differ(r->rollup, stored->cell, &stored->sums, expected, e);
    *expected = (Sums){0};
    return 0;
}

static int compare_quarter(Checked *r, int64_t quarter, bool sealed, Err *e) {
    while (cell_quarter(r) == quarter)
        if ((!sealed && compare_cell(r, e)) || next_cell(r, e)) return -1;
    const Sums none = {0};
    for (size_t i = 0; i < r->expected.count && !sealed; i++) {
        const CellSum *left = &r->expected.at[i];
        if (!sums_empty(&left->sums)) return differ(r->rollup, left->cell, &none, &left->sums, e);
    }
    cellset_clear(&r->expected);
    return 0;
}

static int check_quarter(Check *c, int64_t quarter, Err *e) {
    bool sealed;
    if (days_sealed(c->l->days, quarter * SLOT_QUARTER_MS, &sealed, e) || expect_rows(c, quarter, e)) return -1;
    for (int i = 0; i < CHECKED; i++)
        if (compare_quarter(&c->of[i], quarter, sealed, e)) return -1;
    return 0;
}

static int find_apart(Check *c, Err *e) {
    sqlite3_stmt *s = db_prepare(c->l->db, "SELECT id FROM lane WHERE origin IN (1, 2)", e);
    int got;
    if (!s) return -1;
    while ((got = db_step(c->l->db, s, "check the rollups", e)) == 1) cellset_at(&c->apart, sqlite3_column_int64(s, 0));
    return got;
}

static int start(Check *c, Err *e) {
    static const Rollup rollups[CHECKED] = {
        [MINUTE] = ROLLUP_MINUTE, [COMBO] = ROLLUP_COMBO, [LANE] = ROLLUP_LANE, [FILES] = ROLLUP_FILE};
    if (meta_get(c->l, "minute_from_ms", 0, &c->of[MINUTE].from_ms, e)) return -1;
    if (meta_get(c->l, "combo_from_ms", 0, &c->of[COMBO].from_ms, e)) return -1;
    c->of[FILES].from_ms = c->of[MINUTE].from_ms;
    if (find_apart(c, e)) return -1;
    c->of[LANE].apart = &c->apart;
    c->rows = db_prepare(c->l->db, "SELECT key, body FROM request ORDER BY key", e);
    if (!c->rows || next_row(c, e)) return -1;
    for (int i = 0; i < CHECKED; i++) {
        Checked *r = &c->of[i];
        r->rollup = rollups[i];
        if (rollup_open(&r->cursor, c->l->db, rollups[i], 0, INT64_MAX, e) || next_cell(r, e)) return -1;
    }
    return 0;
}

static int check_quarters(Check *c, Err *e) {
    int rc = start(c, e);
    for (int64_t quarter; rc == 0 && (quarter = first_quarter(c)) != INT64_MAX;) rc = check_quarter(c, quarter, e);
    if (c->rows) sqlite3_reset(c->rows);
    for (int i = 0; i < CHECKED; i++) {
        rollup_close(&c->of[i].cursor);
        cellset_free(&c->of[i].expected);
    }
    cellset_free(&c->apart);
    return rc;
}

/* ---- days against their quarters ---- */
static int sum_up(Ledger *l, Rollup r, int64_t day_ms, int sign, CellSet *into, Err *e) {
    RollupCursor c;
    int rc;
    if (rollup_open(&c, l->db, r, day_ms, day_ms + MS_PER_DAY, e)) return -1;
    while ((rc = rollup_next(&c, e)) == 1)
        sums_add(cellset_at(into, cell_of(day_ms / MS_PER_DAY, cell_id(c.now.cell))), &c.now.sums, sign);
    rollup_close(&c);
    return rc;
}

/* Nothing left, but for what is too large to be taken away. */
static bool agree(const Sums *difference) {
    for (int i = 0; i < SUM_COUNT; i++)
        if (difference->v[i] && difference->v[i] != SUM_FULL) return false;
    return true;
}

static int check_day(Ledger *l, Rollup days, Rollup quarters, int64_t day_ms, CellSet *cells, Err *e) {
    cellset_clear(cells);
    if (sum_up(l, quarters, day_ms, 1, cells, e) || sum_up(l, days, day_ms, -1, cells, e)) return -1;
    for (size_t i = 0; i < cells->count; i++)
        if (!agree(&cells->at[i].sums))
            return fail(e, "%s differs from its quarters on day %lld, id %u; move the ledger away and import the logs again", rollup_name(days),
                        (long long)(day_ms / MS_PER_DAY), cell_id(cells->at[i].cell));
    return 0;
}

/* The first day at from_ms or later that either of the two knows; INT64_MAX = none. */
static int first_day(Ledger *l, Rollup days, Rollup quarters, int64_t from_ms, int64_t *out, Err *e) {
    int64_t of_days, of_quarters;
    if (rollup_first_ms(l->db, days, from_ms, &of_days, e) || rollup_first_ms(l->db, quarters, from_ms, &of_quarters, e))
        return -1;
    *out = of_days < of_quarters ? of_days : of_quarters;
    if (*out != INT64_MAX) *out = *out / MS_PER_DAY * MS_PER_DAY;
    return 0;
}

static int check_days(Ledger *l, Rollup days, Rollup quarters, int64_t from_ms, Err *e) {
    CellSet cells = {0};
    int64_t day_ms = (from_ms + MS_PER_DAY - 1) / MS_PER_DAY * MS_PER_DAY; /* the first whole one */
    int rc;
    while ((rc = first_day(l, days, quarters, day_ms, &day_ms, e)) == 0 && day_ms != INT64_MAX) {
        if ((rc = check_day(l, days, quarters, day_ms, &cells, e))) break;
        day_ms += MS_PER_DAY;
    }
    cellset_free(&cells);
    return rc;
}

int ledger_verify(Ledger *l, Err *e) {
    Check c = {.l = l};
    if (db_exec(l->db, "BEGIN", e)) return -1;
    days_forget(l->days);
    int rc = check_quarters(&c, e);
    if (!rc) rc = check_days(l, ROLLUP_LANE_DAY, ROLLUP_LANE, 0, e);
    if (!rc) rc = check_days(l, ROLLUP_COMBO_DAY, ROLLUP_COMBO, c.of[COMBO].from_ms, e);
    db_rollback(l->db);
    return rc;
}

/* ---- for who only reads ---- */
typedef struct Patience {
    int64_t until_ms; /* monotonic */
    bool over;
} Patience;

static int out_of_patience(void *self) {
    Patience *p = self;
    return p->over = p->over || clock_monotonic_ms() >= p->until_ms;
}

static int check_pages(Db *db, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "PRAGMA quick_check(1)", e);
    if (!s || db_step(db, s, "check the database", e) < 0) return -1;
    const char *word = (const char *)sqlite3_column_text(s, 0);
    int rc = word && strcmp(word, "ok") == 0 ? 0 : fail(e, "%s is damaged: %.200s; move it away and import the logs again", db_path(db), word ? word : "");
    sqlite3_reset(s);
    return rc;
}

int ledger_check(Db *db, int64_t patience_ms, bool *whole, Err *e) {
    Ledger l = {.db = db};
    Patience p = {.until_ms = clock_monotonic_ms() + patience_ms};
    l.tuples = tuples_new(&l);
    l.days = days_new(&l);
    sqlite3_progress_handler(db_handle(db), 1000, out_of_patience, &p);
    int rc = check_pages(db, e) || ledger_verify(&l, e) ? -1 : 0;
    sqlite3_progress_handler(db_handle(db), 0, NULL, NULL);
    tuples_free(l.tuples);
    days_free(l.days);
    *whole = !p.over;
    if (rc == 0 || !p.over) return rc;
    *e = (Err){0};
    return 0;
}
