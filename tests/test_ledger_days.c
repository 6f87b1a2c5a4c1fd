/* test_ledger_days: sealed days (L6), the limit of new names (L7), old rollups, repricing. */
#include "store/budget.h"
#include "tests/ledger_lab.h"

#define HOUR MS_PER_HOUR
#define DAY MS_PER_DAY
#define T0 (LAB_NOW - 5 * HOUR)

/* ---- L6: sealed days ---- */
static void a_purged_day_is_sealed_and_its_latecomers_counted(void **state) {
    Lab *lab = *state;
    int64_t old = LAB_NOW - 40 * DAY;
    FileKnown file = lab_file(lab, "gw", "gw.log", 1, 1);
    lab_add(lab, 1, old);
    lab_add(lab, 2, LAB_NOW - DAY);
    lab_ingest(lab);
    lab_purge(lab, 35);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 1);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 2); /* rollups stay */
    lab_add(lab, 3, old + 1000);
    lab_add(lab, 1, old);
    lab_add(lab, 4, LAB_NOW - DAY);
    lab_mark(lab, file.file_id, 10);
    lab_ingest(lab);
    assert_int_equal(lab->n.late, 2);
    assert_int_equal(lab_number(lab, "SELECT late FROM sealed_day"), 2);
    assert_int_equal(lab_number(lab, "SELECT late FROM file"), 2);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 3);
}

/* A fork that shows a purged message with today's time is late, not new. */
static int64_t history(Lab *lab) {
    Err e = {""};
    int64_t count = -1;
    OK(e, ledger_history(lab->l, &count, &e));
    return count;
}

/* L6: who seals days can see that old ones are still being filled. */
static void old_rows_are_noticed(void **state) {
    Lab *lab = *state;
    lab_add_any(lab, 1, LAB_NOW - HOUR, 10);
    lab_ingest(lab);
    assert_int_equal(history(lab), 0);
    lab_add_any(lab, 2, LAB_NOW - 50 * DAY, 10);
    lab_ingest(lab);
    assert_int_equal(history(lab), 1);
    lab_add_any(lab, 2, LAB_NOW - 50 * DAY, 10); /* nothing new */
    lab_ingest(lab);
    assert_int_equal(history(lab), 1);
    lab_purge(lab, 5);
    lab_add_any(lab, 3, LAB_NOW - 50 * DAY, 10); /* late */
    lab_ingest(lab);
    assert_int_equal(history(lab), 1);
}

static void a_purged_identity_is_remembered(void **state) {
    Lab *lab = *state;
    lab_add_any(lab, 1, LAB_NOW - 40 * DAY, 10);
    lab_ingest(lab);
    lab_purge(lab, 35);
    lab_add_any(lab, 1, LAB_NOW - 1000, 10);
    lab_ingest(lab);
    assert_int_equal(lab->n.late, 1);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 1);
}

static void a_day_of_many_rows_goes_in_steps(void **state) {
    Lab *lab = *state;
    Err e = {""};
    bool more;
    for (uint64_t i = 1; i <= 9000; i++) {
        if (batch_full(lab->b)) lab_ingest(lab);
        lab_add(lab, i, LAB_NOW - 40 * DAY + (int64_t)i);
    }
    lab_ingest(lab);
    OK(e, ledger_purge(lab->l, 35, &more, &e));
    assert_true(more);
    int64_t left = lab_number(lab, "SELECT count(*) FROM request");
    assert_in_range(left, 1, 8999);
    lab_add(lab, 99999, LAB_NOW - 40 * DAY); /* in the middle of it: late already */
    lab_ingest(lab);
    assert_int_equal(lab->n.late, 1);
    lab_purge(lab, 35);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 0);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 9000);
}

static void a_reopened_day_is_filled_anew_and_left_alone(void **state) {
    Lab *lab = *state;
    Err e = {""};
    int64_t old = LAB_NOW - 40 * DAY;
    lab_add(lab, 1, old);
    lab_add_any(lab, 2, old, 10);
    lab_ingest(lab);
    lab_purge(lab, 35);
    OK(e, ledger_reopen_day(lab->l, old, &e));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 0);
    lab_add(lab, 1, old);
    lab_add_any(lab, 2, old, 10);
    lab_add(lab, 3, old);
    lab_ingest(lab);
    assert_int_equal(lab->n.late, 0);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 3);
    lab_purge(lab, 35);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 3); /* not in the middle of the import */
    lab_verify(lab);
    ledger_set_now(lab->l, LAB_NOW + 2 * DAY);
    lab_purge(lab, 35);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 0);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 3);
}

/* A day may be sealed by another process: what this one remembers of it is of no use. */
static void another_writer_may_seal_a_day(void **state) {
    Lab *lab = *state, other = *lab;
    other.b = NULL;
    lab_connect(&other);
    lab_add(lab, 1, LAB_NOW - 40 * DAY);
    lab_ingest(lab);
    lab_purge(&other, 35);
    lab_disconnect(&other);
    lab_add(lab, 2, LAB_NOW - 40 * DAY);
    lab_ingest(lab);
    assert_int_equal(lab->n.late, 1);
}

static void reopening_an_open_day_empties_nothing(void **state) {
    Lab *lab = *state;
    Err e = {""};
    lab_add(lab, 1, T0);
    lab_ingest(lab);
    OK(e, ledger_reopen_day(lab->l, T0, &e));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 1);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 1);
}

static void fine_rollups_go_and_lanes_stay(void **state) {
    Lab *lab = *state;
    lab_add(lab, 1, LAB_NOW - HOUR);
    lab_ingest(lab);
    assert_int_equal(lab_cells(lab, ROLLUP_MINUTE, NULL), 1);
    ledger_set_now(lab->l, LAB_NOW + 3 * DAY);
    lab_purge(lab, 0);
    assert_int_equal(lab_cells(lab, ROLLUP_MINUTE, NULL), 0);
    assert_int_equal(lab_cells(lab, ROLLUP_COMBO, NULL), 1);
    ledger_set_now(lab->l, LAB_NOW + 93 * DAY);
    lab_purge(lab, 0);
    assert_int_equal(lab_cells(lab, ROLLUP_COMBO, NULL), 0);
    assert_int_equal(lab_cells(lab, ROLLUP_LANE, NULL), 1);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 1); /* raw_days 0: kept for good */
}

/* ---- L7: names ---- */
static void a_days_new_names_are_limited(void **state) {
    Lab *lab = *state;
    char user[32];
    for (uint64_t i = 1; i <= 5000; i++) {
        if (batch_full(lab->b)) lab_ingest(lab);
        snprintf(user, sizeof user, "user-%llu", (unsigned long long)i);
        lab_add(lab, i, T0 + (int64_t)i)->name[DIM_USER] = lab_name(lab, user);
    }
    lab_ingest(lab);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM name WHERE dim = 6"), 4096 + 1);
    assert_int_equal(lab_number(lab, "SELECT added FROM name_day WHERE dim = 6"), 4096);
    assert_int_equal(lab_number(lab, "SELECT lost FROM name_day WHERE dim = 6"), 5000 - 4096);
    assert_int_equal(lab->n.other, 5000 - 4096);
    assert_int_equal(lab->n.added, 5000);
    lab_add(lab, 9001, T0)->name[DIM_USER] = lab_name(lab, "user-1"); /* known: still itself */
    lab_ingest(lab);
    assert_int_equal(lab->n.other, 5000 - 4096);
    ledger_set_now(lab->l, LAB_NOW + DAY);
    lab_add(lab, 9002, T0)->name[DIM_USER] = lab_name(lab, "user-5000"); /* another day */
    lab_ingest(lab);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM name WHERE dim = 6 AND value = 'user-5000'"), 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_purged_day_is_sealed_and_its_latecomers_counted),
        CASE(old_rows_are_noticed), CASE(a_purged_identity_is_remembered),
        CASE(a_day_of_many_rows_goes_in_steps),
        CASE(a_reopened_day_is_filled_anew_and_left_alone),
        CASE(another_writer_may_seal_a_day),
        CASE(reopening_an_open_day_empties_nothing),
        CASE(fine_rollups_go_and_lanes_stay),
        CASE(a_days_new_names_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
