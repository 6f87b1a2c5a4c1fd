/* test_rollup: cells in blocks behave like cells on their own: added, taken away, read in ranges, dropped. */
#include "tests/ledger_lab.h"

enum { IDS = 300, SLOTS = 40, CELLS = 64 };

static uint64_t chance(uint64_t *seed, uint64_t below) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % below;
}

static int by_cell(const void *a, const void *b) {
    int64_t x = ((const CellSum *)a)->cell, y = ((const CellSum *)b)->cell;
    return x < y ? -1 : x > y;
}

/* Random cells, distinct and sorted, as rollup_add() wants them; the model gets them too. */
static size_t some_cells(uint64_t *seed, CellSum *cells, int64_t (*model)[IDS]) {
    size_t count = 0;
    while (count < CELLS) {
        int64_t slot = (int64_t)chance(seed, SLOTS);
        uint32_t id = (uint32_t)chance(seed, IDS);
        bool there = false;
        for (size_t i = 0; i < count; i++) there |= cells[i].cell == cell_of(slot, id);
        if (there) continue;
        int64_t n = chance(seed, 3) == 0 ? -model[slot][id] : (int64_t)chance(seed, 1000) - 500;
        model[slot][id] += n;
        cells[count++] = (CellSum){.cell = cell_of(slot, id), .sums.v[SUM_COST] = n};
    }
    qsort(cells, count, sizeof *cells, by_cell);
    return count;
}

/* The next cell, read whole, or in two steps. */
static int next_cell(RollupCursor *c, bool steps, Err *e) {
    if (!steps) return rollup_next(c, e);
    int got = rollup_step(c, e);
    return got == 1 && rollup_read(c, SUM_COST + 1, e) != 0 ? -1 : got;
}

static void expect_cells(Lab *lab, int64_t (*model)[IDS], int64_t from, int64_t to, bool steps) {
    RollupCursor c;
    Err e = {""};
    OK(e, rollup_open(&c, lab->db, ROLLUP_LANE, from * SLOT_QUARTER_MS, to * SLOT_QUARTER_MS, &e));
    for (int64_t slot = from; slot < to; slot++)
        for (uint32_t id = 0; id < IDS; id++) {
            if (model[slot][id] == 0) continue; /* an empty cell is no cell */
            assert_int_equal(next_cell(&c, steps, &e), 1);
            assert_int_equal(c.now.cell, cell_of(slot, id));
            assert_int_equal(c.now.sums.v[SUM_COST], model[slot][id]);
        }
    assert_int_equal(next_cell(&c, steps, &e), 0);
    rollup_close(&c);
}

static void expect_range(Lab *lab, int64_t (*model)[IDS], int64_t from, int64_t to) {
    expect_cells(lab, model, from, to, false);
    expect_cells(lab, model, from, to, true);
}

static void blocks_behave_like_cells(void **state) {
    Lab *lab = *state;
    Err e = {""};
    CellSum cells[CELLS];
    uint64_t seed = 7;
    int64_t(*model)[IDS] = xcalloc(SLOTS, sizeof *model);
    for (int i = 0; i < 300; i++) {
        size_t count = some_cells(&seed, cells, model);
        OK(e, rollup_add(lab->db, ROLLUP_LANE, cells, count, &e));
        int64_t from = (int64_t)chance(&seed, SLOTS);
        expect_range(lab, model, from, from + (int64_t)chance(&seed, (uint64_t)(SLOTS - from)));
    }
    expect_range(lab, model, 0, SLOTS);
    bool more = true;
    while (more) OK(e, rollup_drop(lab->db, ROLLUP_LANE, 3 * SLOT_QUARTER_MS, 20 * SLOT_QUARTER_MS, &more, &e));
    for (int slot = 3; slot < 20; slot++) memset(model[slot], 0, sizeof model[slot]);
    expect_range(lab, model, 0, SLOTS);
    free(model);
    OK(e, db_exec(lab->db, "DELETE FROM rollup_lane", &e));
}

static void a_cell_that_empties_leaves_nothing(void **state) {
    Lab *lab = *state;
    Err e = {""};
    int64_t first;
    CellSum cell = {.cell = cell_of(5, 9), .sums.v[SUM_REQUESTS] = 3};
    OK(e, rollup_add(lab->db, ROLLUP_COMBO_DAY, &cell, 1, &e));
    OK(e, rollup_first_ms(lab->db, ROLLUP_COMBO_DAY, 0, &first, &e));
    assert_int_equal(first, 5 * MS_PER_DAY);
    OK(e, rollup_first_ms(lab->db, ROLLUP_COMBO_DAY, 5 * MS_PER_DAY + 1, &first, &e));
    assert_int_equal(first, INT64_MAX);
    cell.sums.v[SUM_REQUESTS] = -3;
    OK(e, rollup_add(lab->db, ROLLUP_COMBO_DAY, &cell, 1, &e));
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM rollup_combo_day"), 0);
}

static void damaged_blocks_are_told(void **state) {
    Lab *lab = *state;
    static const char *const harm[] = {"x'41'", "x'00'", "x'FF0105'", "x'0001020201'", "x'0081'"};
    CellSum cell = {.cell = cell_of(0, 1), .sums.v[SUM_REQUESTS] = 1};
    for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
        char sql[128];
        Err e = {""}, read = {""}, added = {""};
        RollupCursor c;
        snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO rollup_lane VALUES(0, %s)", harm[i]);
        OK(e, db_exec(lab->db, sql, &e));
        for (int steps = 0; steps < 2; steps++) {
            OK(e, rollup_open(&c, lab->db, ROLLUP_LANE, 0, INT64_MAX, &e));
            int got;
            while ((got = next_cell(&c, steps, &read)) == 1) continue;
            rollup_close(&c);
            assert_int_equal(got, -1);
            assert_non_null(strstr(read.text, "damaged"));
        }
        assert_int_equal(rollup_add(lab->db, ROLLUP_LANE, &cell, 1, &added), -1);
        assert_non_null(strstr(added.text, "damaged"));
    }
    Err e = {""};
    OK(e, db_exec(lab->db, "DELETE FROM rollup_lane", &e));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(blocks_behave_like_cells),
        CASE(a_cell_that_empties_leaves_nothing),
        CASE(damaged_blocks_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
