/* ledger_cells: rollups. What a transaction's rows count for is summed in memory and added to the tables at its end, in
 * key order (L4).
 *
 * Owns: the rollup tables and their horizons. Every row counts once in rollup_combo's terms; lanes and budgets are
 * derived from those sums at the end, so that a row costs one look-up here, not four.
 */
#include "store/ledger_parts.h"

#define MINUTES_KEPT_MS (48 * MS_PER_HOUR)
#define COMBOS_KEPT_MS (92 * MS_PER_DAY)
#define HORIZON_STEP_MS MS_PER_HOUR /* horizons move by this at least: a move is a write */

struct Cells {
    Ledger *l;
    CellSet combos, lanes, minutes, users, combo_days, lane_days, files;
    int64_t minute_from, combo_from;
    bool users_wanted; /* some budget has a user as its scope */
};

/* ---- sets ---- */
static size_t slot_of(const CellSet *s, int64_t cell) {
    size_t mask = s->slot_count - 1;
    size_t i = (size_t)((uint64_t)cell * 0x9E3779B97F4A7C15u >> 20) & mask;
    while (s->slots[i] && s->at[s->slots[i] - 1].cell != cell) i = (i + 1) & mask;
    return i;
}

static void grow(CellSet *s) {
    s->cap = s->cap ? s->cap * 2 : 512;
    s->at = xrealloc(s->at, s->cap * sizeof *s->at);
    s->slot_count = s->cap * 4;
    s->slots = xrealloc(s->slots, s->slot_count * sizeof *s->slots);
    memset(s->slots, 0, s->slot_count * sizeof *s->slots);
    for (size_t i = 0; i < s->count; i++) s->slots[slot_of(s, s->at[i].cell)] = (uint32_t)i + 1;
}

Sums *cellset_at(CellSet *s, int64_t cell) {
    if (s->count == s->cap) grow(s);
    uint32_t *slot = &s->slots[slot_of(s, cell)];
    if (!*slot) {
        s->at[s->count] = (CellSum){.cell = cell};
        *slot = (uint32_t)++s->count;
    }
    return &s->at[*slot - 1].sums;
}

static int by_cell(const void *a, const void *b) {
    int64_t x = ((const CellSum *)a)->cell, y = ((const CellSum *)b)->cell;
    return x < y ? -1 : x > y;
}

void cellset_sort(CellSet *s) {
    if (s->count) qsort(s->at, s->count, sizeof *s->at, by_cell);
}

void cellset_clear(CellSet *s) {
    if (s->count) memset(s->slots, 0, s->slot_count * sizeof *s->slots);
    s->count = 0;
}

void cellset_free(CellSet *s) {
    free(s->at);
    free(s->slots);
    *s = (CellSet){0};
}

/* ---- one row ---- */
Cells *cells_new(Ledger *l) {
    Cells *c = xcalloc(1, sizeof *c);
    c->l = l;
    for (size_t i = 0; i < l->budget_count; i++) c->users_wanted |= l->budgets[i].scope_dim == DIM_USER;
    return c;
}

void cells_free(Cells *c) {
    if (!c) return;
    cellset_free(&c->combos);
    cellset_free(&c->lanes);
    cellset_free(&c->minutes);
    cellset_free(&c->users);
    cellset_free(&c->combo_days);
    cellset_free(&c->lane_days);
    cellset_free(&c->files);
    free(c);
}

void cells_forget(Cells *c) {
    cellset_clear(&c->combos);
    cellset_clear(&c->lanes);
    cellset_clear(&c->minutes);
    cellset_clear(&c->users);
    cellset_clear(&c->combo_days);
    cellset_clear(&c->lane_days);
    cellset_clear(&c->files);
}

/* Users' sums still hold what a reopened day held before it was emptied. */
static int count_user(Cells *c, const Row *row, int sign, Err *e) {
    uint32_t user;
    bool reopened;
    if (days_reopened(c->l->days, row->r.ts_ms, &reopened, e)) return -1;
    if (reopened) return 0;
    if (tuples_user(c->l->tuples, row->context, &user, e)) return -1;
    if (user) sums_add_request(cellset_at(&c->users, cell_of(row->r.ts_ms / SLOT_QUARTER_MS, user)), &row->r, sign);
    return 0;
}

int cells_count(Cells *c, const Row *row, int sign, Err *e) {
    if (row->r.flags & REQ_LINKED) return 0;
    int64_t ts_ms = row->r.ts_ms;
    sums_add_request(cellset_at(&c->combos, cell_of(ts_ms / SLOT_QUARTER_MS, row->combo)), &row->r, sign);
    if (ts_ms >= c->minute_from) {
        const Combo *combo;
        if (tuples_combo(c->l->tuples, row->combo, &combo, e)) return -1;
        sums_add_request(cellset_at(&c->minutes, cell_of(ts_ms / SLOT_MINUTE_MS, combo->lane)), &row->r, sign);
        cellset_at(&c->files, cell_of(ts_ms / SLOT_QUARTER_MS, row->file))->v[SUM_REQUESTS] += sign * (1 + row->r.more_calls);
    }
    if (c->users_wanted && row->r.origin == ORIGIN_METERED) return count_user(c, row, sign, e);
    return 0;
}

/* ---- the end of a transaction ---- */
static int write_set(Cells *c, Rollup r, CellSet *set, int64_t from_ms, Err *e) {
    int64_t from_cell = cell_of((from_ms + rollup_slot_ms(r) - 1) / rollup_slot_ms(r), 0);
    size_t skip = 0;
    if (!set->count) return 0;
    cellset_sort(set);
    while (skip < set->count && set->at[skip].cell < from_cell) skip++;
    return rollup_add(c->l->db, r, set->at + skip, set->count - skip, e);
}

static int derive_lanes(Cells *c, Err *e) {
    for (size_t i = 0; i < c->combos.count; i++) {
        const CellSum *cell = &c->combos.at[i];
        const Combo *combo;
        if (tuples_combo(c->l->tuples, cell_id(cell->cell), &combo, e)) return -1;
        sums_add(cellset_at(&c->lanes, cell_of(cell_slot(cell->cell), combo->lane)), &cell->sums, 1);
    }
    return 0;
}

/* Quarters that the horizon has passed count in no day either: days from it on are whole, for it never goes back. */
static void derive_days(CellSet *days, const CellSet *quarters, int64_t from_cell) {
    for (size_t i = 0; i < quarters->count; i++) {
        const CellSum *q = &quarters->at[i];
        int64_t day = cell_slot(q->cell) / (SLOT_DAY_MS / SLOT_QUARTER_MS);
        if (q->cell >= from_cell) sums_add(cellset_at(days, cell_of(day, cell_id(q->cell))), &q->sums, 1);
    }
}

int cells_finish(Cells *c, Err *e) {
    if (derive_lanes(c, e) || budgets_add(c->l, &c->combos, &c->users, e)) return -1;
    if (write_set(c, ROLLUP_MINUTE, &c->minutes, c->minute_from, e) || write_set(c, ROLLUP_FILE, &c->files, 0, e)) return -1;
    derive_days(&c->combo_days, &c->combos, cell_of(c->combo_from / SLOT_QUARTER_MS, 0));
    derive_days(&c->lane_days, &c->lanes, 0);
    if (write_set(c, ROLLUP_COMBO, &c->combos, c->combo_from, e) || write_set(c, ROLLUP_LANE, &c->lanes, 0, e)) return -1;
    if (write_set(c, ROLLUP_COMBO_DAY, &c->combo_days, 0, e) || write_set(c, ROLLUP_LANE_DAY, &c->lane_days, 0, e)) return -1;
    cells_forget(c);
    return 0;
}

/* ---- horizons: stored, because every writer must agree to the millisecond on which rows have their minutes ---- */
static int move_horizon(Cells *c, const char *key, int64_t kept_ms, int64_t *from, Err *e) {
    int64_t wanted = (c->l->now_ms - kept_ms) / SLOT_QUARTER_MS * SLOT_QUARTER_MS;
    if (wanted < 0) wanted = 0;
    if (meta_get(c->l, key, -1, from, e)) return -1;
    if (*from >= 0 && wanted < *from + HORIZON_STEP_MS) return 0;
    *from = wanted;
    return meta_set_int(c->l, key, wanted, e);
}

int cells_horizons(Cells *c, Err *e) {
    if (move_horizon(c, "minute_from_ms", MINUTES_KEPT_MS, &c->minute_from, e)) return -1;
    return move_horizon(c, "combo_from_ms", COMBOS_KEPT_MS, &c->combo_from, e);
}

int64_t cells_minute_from(const Cells *c) {
    return c->minute_from;
}

int64_t cells_combo_from(const Cells *c) {
    return c->combo_from;
}
