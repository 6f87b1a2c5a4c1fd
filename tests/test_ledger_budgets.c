/* test_ledger_budgets: budgets' own sums and repricing, in the transaction of the rows. */
#include "store/budget.h"
#include "tests/ledger_lab.h"

#define HOUR MS_PER_HOUR
#define DAY MS_PER_DAY
#define T0 (LAB_NOW - 5 * HOUR)

/* ---- budgets ---- */
static int64_t spent(Lab *lab, const char *budget) {
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT coalesce(sum(nano), 0) FROM budget_spend WHERE budget = '%s'", budget);
    return lab_number(lab, sql);
}

static const Budget budgets[] = {
    {.id = "all", .scope_dim = -1, .period = UNIT_DAY},
    {.id = "search", .scope_dim = DIM_FEATURE, .scope_value = "search", .period = UNIT_MONTH},
    {.id = "ann", .scope_dim = DIM_USER, .scope_value = "ann", .period = UNIT_DAY},
};

static void spend(Lab *lab, uint64_t id, const char *feature, const char *user, int64_t nano) {
    Request *r = lab_add(lab, id, LAB_NOW + HOUR);
    r->name[DIM_FEATURE] = lab_name(lab, feature);
    r->name[DIM_USER] = lab_name(lab, user);
    r->cost_nano = nano;
    r->replay = REPLAY_ANY_TIME;
}

static void budgets_count_metered_spend_of_their_scope(void **state) {
    Lab *lab = *state;
    lab_reopen(lab, budgets, 3, LAB_NOW + 2 * HOUR);
    spend(lab, 1, "search", "ann", 100);
    spend(lab, 2, "chat", "ann", 10);
    spend(lab, 3, "search", "bob", 1);
    spend(lab, 4, "search", "ann", 5000);
    batch_at(lab->b, 3)->origin = ORIGIN_NOTIONAL;
    lab_ingest(lab);
    assert_int_equal(spent(lab, "all"), 111);
    assert_int_equal(spent(lab, "search"), 101);
    assert_int_equal(spent(lab, "ann"), 110);
    spend(lab, 1, "search", "ann", 300); /* it grows */
    batch_at(lab->b, 0)->tokens[TOK_OUTPUT] = 900;
    lab_ingest(lab);
    assert_int_equal(spent(lab, "all"), 311);
    assert_int_equal(spent(lab, "ann"), 310);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM budget_spend WHERE budget = 'all'"), 1);
}

/* SQLite would make a fraction of what passes int64, and the guard would read a small number. */
static void a_hostile_log_fills_a_budget(void **state) {
    Lab *lab = *state;
    lab_reopen(lab, budgets, 1, LAB_NOW + 2 * HOUR);
    for (uint64_t id = 1; id <= 60; id++) {
        lab_add(lab, id << 32, T0)->cost_nano = INT64_MAX / 20;
        lab_ingest(lab);
    }
    assert_int_equal(lab_number(lab, "SELECT max(nano) FROM budget_spend WHERE typeof(nano) = 'integer'"), INT64_MAX);
}

/* A budget that is new in the middle of its period knows what was spent before it. */
static void a_new_budget_knows_its_period(void **state) {
    Lab *lab = *state;
    spend(lab, 1, "search", "ann", 100);
    lab_add(lab, 2, LAB_NOW - HOUR)->cost_nano = 70; /* the day before */
    lab_ingest(lab);
    lab_reopen(lab, budgets, 3, LAB_NOW + 2 * HOUR);
    assert_int_equal(spent(lab, "all"), 100);
    assert_int_equal(spent(lab, "search"), 100);
    assert_int_equal(spent(lab, "ann"), 100);
    spend(lab, 3, "search", "ann", 11);
    lab_ingest(lab);
    assert_int_equal(spent(lab, "ann"), 111);
    lab_reopen(lab, budgets, 3, LAB_NOW + 2 * HOUR); /* nothing new: nothing changes */
    assert_int_equal(spent(lab, "ann"), 111);
    Budget changed = budgets[1];
    memcpy(changed.scope_value, "chat", 5);
    lab_reopen(lab, &changed, 1, LAB_NOW + 2 * HOUR);
    assert_int_equal(spent(lab, "search"), 0);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM budget_known"), 1); /* the others are forgotten */
    lab_reopen(lab, budgets, 0, LAB_NOW);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM budget_known"), 0); /* none is configured */
}

/* Housekeeping and repricing have not read the configuration: they keep the budgets and the zone that are there. */
static void who_names_no_budgets_keeps_them(void **state) {
    Lab *lab = *state;
    Err e = {""};
    Zone *zone;
    OK(e, zone_open(&zone, "Asia/Kathmandu", &e));
    lab->o.zone = zone;
    lab_reopen(lab, budgets, 3, LAB_NOW + 2 * HOUR);
    spend(lab, 1, "search", "ann", 100);
    lab_ingest(lab);
    lab->o.zone = NULL;
    lab_reopen(lab, NULL, 0, LAB_NOW + 2 * HOUR);
    zone_free(zone);
    spend(lab, 2, "search", "ann", 11);
    lab_ingest(lab);
    assert_int_equal(spent(lab, "all"), 111);
    assert_int_equal(spent(lab, "ann"), 111);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM budget_spend WHERE budget = 'all'"), 1);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM meta WHERE value = 'Asia/Kathmandu'"), 1);
}

static void budget_days_are_days_of_their_zone(void **state) {
    Lab *lab = *state;
    Err e = {""};
    Zone *zone;
    OK(e, zone_open(&zone, "Asia/Kathmandu", &e)); /* UTC+5:45 */
    lab->o.zone = zone;
    lab_reopen(lab, budgets, 1, LAB_NOW + DAY);
    lab_add(lab, 1, LAB_NOW + 18 * HOUR + 14 * MS_PER_MINUTE)->cost_nano = 1;
    lab_add(lab, 2, LAB_NOW + 18 * HOUR + 15 * MS_PER_MINUTE)->cost_nano = 2; /* midnight there */
    lab_ingest(lab);
    assert_int_equal(lab_number(lab, "SELECT nano FROM budget_spend ORDER BY period_start_ms LIMIT 1"), 1);
    assert_int_equal(lab_number(lab, "SELECT period_start_ms FROM budget_spend ORDER BY period_start_ms DESC LIMIT 1"),
                     LAB_NOW + 18 * HOUR + 15 * MS_PER_MINUTE);
    lab->o.zone = NULL;
    lab_reopen(lab, NULL, 0, LAB_NOW + DAY);
    zone_free(zone);
}

static void linked_rows_are_in_no_budget(void **state) {
    Lab *lab = *state;
    lab_reopen(lab, budgets, 3, LAB_NOW);
    const FileKnown agent = lab_file(lab, "claude", "a", 1, 1), gateway = lab_file(lab, "gw", "b", 2, 2);
    for (uint64_t i = 1; i <= 2; i++) {
        Request *r = lab_add_any(lab, i, T0, 10);
        r->upstream = 500;
        r->source_class = i == 1 ? CLASS_TRANSCRIPT : CLASS_GATEWAY;
        lab_mark(lab, i == 1 ? agent.file_id : gateway.file_id, 1);
        lab_ingest(lab);
        assert_int_equal(spent(lab, "all"), 150000);
    }
    lab_reopen(lab, NULL, 0, LAB_NOW);
}

static void reopening_a_day_takes_its_spend_back(void **state) {
    Lab *lab = *state;
    Err e = {""};
    lab_reopen(lab, budgets, 3, LAB_NOW);
    spend(lab, 1, "search", "bob", 100);
    batch_at(lab->b, 0)->ts_ms = LAB_NOW - 10 * DAY;
    lab_ingest(lab);
    lab_purge(lab, 5);
    assert_int_equal(spent(lab, "search"), 100);
    OK(e, ledger_reopen_day(lab->l, LAB_NOW - 10 * DAY, &e));
    assert_int_equal(spent(lab, "search"), 0);
    spend(lab, 1, "search", "bob", 100);
    batch_at(lab->b, 0)->ts_ms = LAB_NOW - 10 * DAY;
    lab_ingest(lab);
    assert_int_equal(spent(lab, "search"), 100);
    lab_reopen(lab, NULL, 0, LAB_NOW);
}

/* A user's share of the emptied day stays in the sum, so what fills the day again must not be added to it. */
static void a_reopened_day_counts_once_for_its_user(void **state) {
    Lab *lab = *state;
    Err e = {""};
    lab_reopen(lab, budgets, 3, LAB_NOW);
    for (int i = 0; i < 3; i++) {
        spend(lab, 1, "search", "ann", 100);
        batch_at(lab->b, 0)->ts_ms = LAB_NOW - 10 * DAY;
        lab_ingest(lab);
        assert_int_equal(spent(lab, "ann"), 100);
        assert_int_equal(spent(lab, "search"), 100);
        lab_purge(lab, 5);
        lab_reopen(lab, budgets, 3, LAB_NOW);
        OK(e, ledger_reopen_day(lab->l, LAB_NOW - 10 * DAY, &e));
    }
    spend(lab, 2, "search", "ann", 7);
    lab_ingest(lab);
    assert_int_equal(spent(lab, "ann"), 107);
    lab_reopen(lab, NULL, 0, LAB_NOW);
}

/* ---- repricing ---- */
static void double_gpt(void *ctx, Batch *b, Request *r) {
    int *calls = ctx;
    (*calls)++;
    if (!str_is(batch_name_at(b, r->name[DIM_MODEL]), "gpt-6")) return;
    r->cost_nano *= 2;
    r->price_row = 88;
    r->flags &= ~(uint32_t)REQ_UNPRICED;
}

static void repricing_corrects_rows_rollups_and_budgets(void **state) {
    Lab *lab = *state;
    Err e = {""};
    uint64_t changed;
    int calls = 0;
    lab_reopen(lab, budgets, 1, LAB_NOW);
    for (uint64_t i = 1; i <= 5000; i++) {
        if (batch_full(lab->b)) lab_ingest(lab);
        Request *r = lab_add(lab, i, T0 + (int64_t)i * 1000);
        if (i % 2) r->name[DIM_MODEL] = lab_name(lab, "other");
        if (i == 2) r->flags = REQ_UNPRICED | REQ_STREAM;
    }
    lab_ingest(lab);
    int64_t before = spent(lab, "all");
    OK(e, ledger_reprice(lab->l, double_gpt, &calls, &changed, &e));
    assert_int_equal(changed, 2500);
    assert_int_equal(calls, 5000);
    assert_int_equal(lab_sums(lab).v[SUM_COST], INT64_C(4500000) * 7500);
    assert_int_equal(lab_sums(lab).v[SUM_UNPRICED_REQUESTS], 0);
    assert_int_equal(spent(lab, "all"), before * 3 / 2);
    assert_int_equal(lab_row(lab, 1).r.flags, REQ_STREAM);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM price_used"), 2);
    lab_reopen(lab, NULL, 0, LAB_NOW);
}

/* A model beyond the day's limit of new names is "(other)" by now: nobody can price it again, so what it cost stays. */
static void repricing_leaves_what_has_lost_its_name(void **state) {
    Lab *lab = *state;
    Err e = {""};
    uint64_t changed;
    int calls = 0;
    lab_add(lab, 1, T0)->name[DIM_MODEL] = lab_name(lab, "(other)");
    lab_add(lab, 2, T0)->geo = lab_name(lab, "(other)");
    lab_add(lab, 3, T0);
    lab_ingest(lab);
    OK(e, ledger_reprice(lab->l, double_gpt, &calls, &changed, &e));
    assert_int_equal(calls, 1);
    assert_int_equal(changed, 1);
    assert_int_equal(lab_sums(lab).v[SUM_COST], INT64_C(4500000) * 4);
}

/* Sealed days keep what they cost. */
static void repricing_leaves_sealed_days_alone(void **state) {
    Lab *lab = *state;
    Err e = {""};
    uint64_t changed;
    bool more;
    int calls = 0;
    for (uint64_t i = 1; i <= 4096; i++) lab_add(lab, i, LAB_NOW - 40 * DAY + (int64_t)i);
    lab_ingest(lab);
    OK(e, ledger_purge(lab->l, 35, &more, &e)); /* sealed, some rows still there */
    assert_true(lab_number(lab, "SELECT count(*) FROM request") > 0);
    OK(e, ledger_reprice(lab->l, double_gpt, &calls, &changed, &e));
    assert_int_equal(calls, 0);
    assert_int_equal(lab_sums(lab).v[SUM_COST], INT64_C(4500000) * 4096);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(budgets_count_metered_spend_of_their_scope),
        CASE(a_hostile_log_fills_a_budget),
        CASE(a_new_budget_knows_its_period),
        CASE(who_names_no_budgets_keeps_them),
        CASE(budget_days_are_days_of_their_zone),
        CASE(linked_rows_are_in_no_budget),
        CASE(reopening_a_day_takes_its_spend_back), CASE(a_reopened_day_counts_once_for_its_user),
        CASE(repricing_corrects_rows_rollups_and_budgets),
        CASE(repricing_leaves_what_has_lost_its_name),
        CASE(repricing_leaves_sealed_days_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
