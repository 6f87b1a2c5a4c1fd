/* test_guard: budgets act through the policy file at the right moment and only then, with a clock of our own. The invariants
 * are those of collectors/guard.h. */
#include "tests/guard_desk.h"

/* ---- what each invariant means ---- */
static void a_limit_that_is_reached_stops_calls_and_the_next_period_lets_them_pass(void **state) {
    Desk *d = *state;
    look(d);
    must_be(d, "all-day", "ok");
    must_be(d, "soft", ""); /* it is not the gateways' business */
    spend_at(d, d->now, "chat", 80 * USD);
    look(d);
    must_be(d, "all-day", "warning");
    assert_int_equal(view(d).state, SWITCH_OFF);
    spend_at(d, d->now + 1, "chat", 20 * USD);
    look(d);
    must_be(d, "all-day", "exhausted");
    PolicyView v = view(d);
    assert_int_equal(v.state, SWITCH_NON_CRITICAL);
    assert_string_equal(v.by, "budget:all-day");
    assert_int_equal(v.expires_at_ms, LAB_NOW + DAY);
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM policy_event WHERE action = 'budget' AND outcome = 'written'"), 3);
    d->now = LAB_NOW + DAY - 1; /* G4: no commit comes */
    look(d);
    assert_int_equal(view(d).state, SWITCH_NON_CRITICAL);
    assert_int_equal(d->next, LAB_NOW + DAY);
    d->now = d->next;
    look(d);
    must_be(d, "all-day", "ok");
    assert_int_equal(view(d).state, SWITCH_OFF);
}

static void g1_what_was_spent_in_a_period_that_is_over_stops_nobody(void **state) {
    Desk *d = *state;
    look(d);
    int64_t generation = view(d).generation;
    for (int i = 1; i < 20; i++) spend_at(d, LAB_NOW - i * DAY, "search", 5000 * USD);
    spend_at(d, d->now - HOUR, "search", 50 * USD); /* this day, but an hour ago: the hour's budget is not touched */
    look(d);
    must_be(d, "search", "ok");
    must_be(d, "all-day", "ok");
    assert_int_equal(view(d).generation, generation);
}

static void g2_amounts_alone_are_not_written(void **state) {
    Desk *d = *state;
    look(d);
    int64_t generation = view(d).generation;
    for (int i = 0; i < 70; i++) {
        spend_at(d, d->now + i, "chat", USD);
        look(d);
    }
    assert_int_equal(view(d).generation, generation);
}

static void g3_a_restart_neither_engages_twice_nor_forgets(void **state) {
    Desk *d = *state;
    spend_at(d, d->now, "search", 100 * USD);
    look(d);
    PolicyView before = view(d);
    assert_int_equal(before.state, SWITCH_NON_CRITICAL);
    for (int i = 0; i < 3; i++) {
        guard_close(d->guard);
        desk_guard(d);
        d->now += 1000;
        look(d);
    }
    PolicyView after = view(d);
    assert_int_equal(after.generation, before.generation);
    assert_int_equal(after.engaged_at_ms, before.engaged_at_ms);
    guard_close(d->guard); /* nobody watches while the period ends */
    d->guard = NULL;
    d->now = LAB_NOW + 2 * DAY;
    desk_guard(d);
    look(d);
    assert_int_equal(view(d).state, SWITCH_OFF);
    must_be(d, "search", "ok");
}

static void double_price(void *ctx, Batch *b, Request *r) {
    (void)b;
    r->cost_nano = *(const int64_t *)ctx;
}

static void g4_a_reprice_that_lowers_spend_opens_nothing(void **state) {
    Desk *d = *state;
    Err e = {""};
    uint64_t changed;
    int64_t cheap = USD;
    spend_at(d, d->now, "search", 100 * USD);
    look(d);
    OK(e, ledger_reprice(d->lab.l, double_price, &cheap, &changed, &e));
    assert_int_equal(changed, 1);
    look(d);
    must_be(d, "search", "exhausted");
    assert_int_equal(view(d).state, SWITCH_NON_CRITICAL);
    guard_close(d->guard);
    desk_guard(d);
    look(d);
    must_be(d, "search", "exhausted");
}

static void g5_a_person_is_not_undone(void **state) {
    Desk *d = *state;
    look(d);
    person_kills(d);
    spend_at(d, d->now, "search", 100 * USD);
    look(d);
    assert_string_equal(view(d).by, "alice");
    person_resumes(d); /* with the budget spent: she knows, it is waived until its period ends */
    for (int i = 0; i < 5; i++) {
        spend_at(d, d->now += 1000, "chat", 100 * USD);
        look(d);
        assert_int_equal(view(d).state, SWITCH_OFF); /* until the period ends */
    }
    guard_close(d->guard);
    desk_guard(d);
    look(d);
    assert_int_equal(view(d).state, SWITCH_OFF);
    d->now = LAB_NOW + DAY + HOUR;
    look(d);
    spend_at(d, d->now, "chat", 100 * USD);
    look(d);
    assert_int_equal(view(d).state, SWITCH_NON_CRITICAL);
}

/* A person's stop that runs out while a budget is spent does not let calls pass. */
static void g5_a_spent_budget_takes_over_when_a_persons_stop_is_over(void **state) {
    Desk *d = *state;
    look(d);
    person_kills(d);
    spend_at(d, d->now, "search", 100 * USD);
    look(d);
    assert_string_equal(view(d).by, "alice");
    assert_int_equal(d->next, d->now + HOUR);
    d->now = d->next;
    look(d);
    assert_int_equal(view(d).state, SWITCH_NON_CRITICAL);
    assert_string_equal(view(d).by, "budget:all-day");
}

/* A configuration without hard budgets takes the guard's own entries out of the file and lets calls pass again. */
static void budgets_that_are_gone_let_go(void **state) {
    Desk *d = *state;
    spend_at(d, d->now, "search", 100 * USD);
    look(d);
    guard_close(d->guard);
    d->config.budget_count = 0;
    desk_guard(d);
    look(d);
    must_be(d, "all-day", "");
    assert_int_equal(view(d).state, SWITCH_OFF);
}

/* ---- any history ---- */
static uint64_t roll(uint64_t *seed, uint64_t n) {
    *seed = hash64(seed, sizeof *seed, 3);
    return *seed % n;
}

/* Spends, waits, restarts by chance. The model is one line a budget: blocked from the moment at which its period's spend
 * reached the limit until the period ends. The file agrees after each look, and changes only when a state changes. */
static void any_history_gives_the_states_of_the_model(void **state) {
    Desk *d = *state;
    int64_t spent = 0, search = 0, day = LAB_NOW, hour = d->now, generation = 0;
    char last[64] = "";
    for (uint64_t i = 0, seed = 11; i < 400; i++) {
        uint64_t what = roll(&seed, 10);
        if (what < 3) d->now += (int64_t)roll(&seed, 50) * MS_PER_MINUTE;
        if (what == 3) guard_close(d->guard), desk_guard(d);
        if (d->now >= day + DAY) day = d->now - d->now % DAY, spent = 0;
        if (d->now >= hour + HOUR) hour = d->now - d->now % HOUR, search = 0;
        int64_t nano = (int64_t)roll(&seed, 5) * USD;
        bool is_search = roll(&seed, 2) == 0;
        if (what > 3) {
            spend_at(d, d->now, is_search ? "search" : "chat", nano);
            spent += nano;
            search += is_search ? nano : 0;
        }
        look(d);
        const char *all = spent >= 100 * USD ? "exhausted" : spent >= 80 * USD ? "warning" : "ok";
        must_be(d, "all-day", all);
        must_be(d, "search", search >= 10 * USD ? "exhausted" : "ok");
        assert_int_equal(view(d).state, spent >= 100 * USD ? SWITCH_NON_CRITICAL : SWITCH_OFF);
        char now[64];
        snprintf(now, sizeof now, "%s %d %lld", all, search >= 10 * USD, (long long)(search >= 10 * USD ? hour : 0));
        int64_t g = view(d).generation;
        assert_true(g == generation || strcmp(now, last) != 0);
        generation = g;
        memcpy(last, now, sizeof last);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_limit_that_is_reached_stops_calls_and_the_next_period_lets_them_pass),
        CASE(g1_what_was_spent_in_a_period_that_is_over_stops_nobody),
        CASE(g2_amounts_alone_are_not_written),
        CASE(g3_a_restart_neither_engages_twice_nor_forgets),
        CASE(g4_a_reprice_that_lowers_spend_opens_nothing),
        CASE(g5_a_person_is_not_undone),
        CASE(g5_a_spent_budget_takes_over_when_a_persons_stop_is_over),
        CASE(budgets_that_are_gone_let_go),
        CASE(any_history_gives_the_states_of_the_model),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
