/* test_alerts: from a ledger, a policy file and acknowledgements to what is booked, with a clock of our own. */
#include "collectors/alerts.h"
#include "store/money.h"
#include "store/outbox.h"
#include "tests/guard_desk.h"

#define MINUTE MS_PER_MINUTE

typedef struct Room {
    Desk *d;
    SourceConfig source;
    AlertConfig to;
    Zone *zone;
    Alerts *alerts;
} Room;

static int room_open(void **state) {
    void *desk;
    Err e = {""};
    Room *r = xcalloc(1, sizeof *r);
    desk_open(&desk);
    r->d = desk;
    OK(e, zone_open(&r->zone, "UTC", &e));
    r->source = (SourceConfig){.name = "edge"};
    r->to = (AlertConfig){.name = "slack", .channel = "slack", .least = WEIGHT_WATCH};
    r->d->config.alerts = &r->to, r->d->config.alert_count = 1;
    r->d->shared.sources = &r->source, r->d->shared.source_count = 1;
    r->d->shared.zone = r->zone;
    OK(e, alerts_open(&r->alerts, &r->d->shared, &e));
    *state = r;
    return 0;
}

static int room_close(void **state) {
    Room *r = *state;
    void *desk = r->d;
    alerts_close(r->alerts);
    zone_free(r->zone);
    desk_close(&desk);
    free(r);
    return 0;
}

/* Rounds every 10 s for so long. */
static void watch(Room *r, int64_t ms) {
    Err e = {""};
    for (int64_t end = r->d->now + ms; r->d->now <= end; r->d->now += 10000) OK(e, alerts_round(r->alerts, r->d->now, &e));
}

static int told(Room *r, const char *rule, TellKind kind) {
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM outbox o JOIN alert a ON a.id = o.alert WHERE rule = '%s' AND kind = %d", rule, (int)kind);
    return (int)lab_number(&r->d->lab, sql);
}

static void spend(Room *r, int64_t at_ms, const char *feature, int64_t nano) {
    spend_at(r->d, at_ms, feature, nano);
}

/* Four weeks of a dollar a minute at this hour. */
static void history(Room *r) {
    for (int w = 4; w >= 1; w--) spend(r, r->d->now - w * 7 * MS_PER_DAY, "chat", 60 * USD);
    spend(r, r->d->now - 30 * MS_PER_DAY, "chat", 1);
}

static void a_burn_is_told_after_five_minutes_and_resolved(void **state) {
    Room *r = *state;
    history(r);
    for (int64_t ms = -5 * MINUTE; ms < 8 * MINUTE; ms += 10000) spend(r, r->d->now + ms, "agent", USD);
    watch(r, 4 * MINUTE);
    assert_int_equal(told(r, "burn", TELL_FIRED), 0);
    watch(r, 2 * MINUTE);
    assert_int_equal(told(r, "burn", TELL_FIRED), 1);
    watch(r, 20 * MINUTE);
    assert_int_equal(told(r, "burn", TELL_FIRED), 1);
    assert_int_equal(told(r, "burn", TELL_RESOLVED), 1);
}

/* What a site says is too much: a call of 7.5 cents, all of it premium, a third of it output, in nine seconds. */
static void what_the_configuration_says_is_too_much_is_told(void **state) {
    Room *r = *state;
    RuleConfig rules[] = {{.name = "call", .above_nano = USD / 100}, {.name = "premium", .threshold_ppm = 900000}, {.name = "output", .threshold_ppm = 300000},
                          {.name = "latency", .above_ms = 8000}, {.name = "hitrate", .threshold_ppm = 500000}};
    static const char *const names[] = {"call", "premium", "output", "latency", "hitrate"};
    Book *book;
    Err e = {""};
    OK(e, book_load(&book, NULL, &e));
    r->d->shared.book = book;
    for (int64_t ms = -15 * MINUTE; ms < 25 * MINUTE; ms += 10000) {
        Request *q = lab_add(&r->d->lab, ++r->d->id, r->d->now + ms);
        q->name[DIM_FEATURE] = lab_name(&r->d->lab, "chat");
        q->name[DIM_PROVIDER] = lab_name(&r->d->lab, "anthropic");
        q->name[DIM_MODEL] = lab_name(&r->d->lab, "claude-opus-4-8");
        memset(q->tokens, 0, sizeof q->tokens);
        q->tokens[TOK_INPUT] = 10000, q->tokens[TOK_OUTPUT] = 1000;
        q->cost_nano = 75 * USD / 1000;
        q->latency_ms = 9000;
    }
    lab_ingest(&r->d->lab);
    watch(r, 2 * MINUTE);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_int_equal(told(r, names[i], TELL_FIRED), 0); /* none is configured */
    r->d->config.rules = rules, r->d->config.rule_count = sizeof rules / sizeof *rules;
    watch(r, 20 * MINUTE);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (told(r, names[i], TELL_FIRED) != 1) fail_msg("%s is told %d times", names[i], told(r, names[i], TELL_FIRED));
    r->d->config.rules = NULL, r->d->config.rule_count = 0;
    r->d->shared.book = NULL;
    book_free(book);
}

/* A2: the same load, read half an hour later than it happened. */
static void old_records_raise_no_alert_of_the_moment(void **state) {
    Room *r = *state;
    history(r);
    r->d->budgets[0].limit_nano = r->d->budgets[1].limit_nano = r->d->budgets[2].limit_nano = 1000000 * USD;
    int64_t then = r->d->now;
    r->d->now += 30 * MINUTE;
    for (int64_t ms = -5 * MINUTE; ms < 15 * MINUTE; ms += 10000) {
        spend(r, then + ms, "agent", USD * 10);
        Request *bad = lab_add(&r->d->lab, ++r->d->id, then + ms + 1);
        bad->outcome = OUTCOME_ERROR;
        bad->status = 500;
        lab_ingest(&r->d->lab);
    }
    Err e = {""};
    OK(e, ledger_source_health(r->d->lab.l, &(SourceHealth){.source = "edge", .kind = "lab", .state = "ok", .last_word = "",
                               .seen_ms = then + 15 * MINUTE - 10000, .lag_ms = 1}, &e));
    watch(r, 30 * MINUTE);
    assert_int_equal(lab_number(&r->d->lab, "SELECT count(*) FROM alert"), 0);
}

/* The same records on time: errors and a dear request are told. */
static void the_same_records_on_time_do(void **state) {
    Room *r = *state;
    for (int64_t ms = 0; ms < 5 * MINUTE; ms += 10000) {
        spend(r, r->d->now + ms, "agent", USD * 10);
        lab_add(&r->d->lab, ++r->d->id, r->d->now + ms + 1)->outcome = OUTCOME_ERROR;
        lab_ingest(&r->d->lab);
    }
    watch(r, 8 * MINUTE);
    assert_int_equal(told(r, "errors", TELL_FIRED), 1);
    assert_int_equal(told(r, "request", TELL_FIRED), 1);
}

static void a_live_source_that_stops_is_missed_after_a_restart_too(void **state) {
    Room *r = *state;
    Err e = {""};
    for (int i = 0; i < 24; i++) spend(r, r->d->now - i * MS_PER_HOUR, "chat", USD);
    for (int i = 0; i < 24; i++) spend(r, r->d->now - i * MS_PER_HOUR, "search", USD * 100);
    OK(e, ledger_source_health(r->d->lab.l, &(SourceHealth){.source = "edge", .kind = "lab", .state = "ok", .last_word = "",
                               .seen_ms = r->d->now, .lag_ms = 1}, &e));
    watch(r, 2 * MINUTE);
    assert_int_equal(told(r, "silent", TELL_FIRED), 0);
    alerts_close(r->alerts);
    r->d->now += 20 * MINUTE; /* nobody watched meanwhile */
    OK(e, alerts_open(&r->alerts, &r->d->shared, &e));
    watch(r, MINUTE);
    assert_int_equal(told(r, "silent", TELL_FIRED), 1);
}

static void budgets_are_told_level_by_level(void **state) {
    Room *r = *state;
    spend(r, r->d->now, "agent", 85 * USD);
    watch(r, MINUTE);
    assert_int_equal(told(r, "budget", TELL_FIRED), 2); /* all-day at 80%, soft over its limit */
    spend(r, r->d->now, "agent", 20 * USD);
    watch(r, MINUTE);
    assert_int_equal(told(r, "budget", TELL_FIRED), 3);
    r->d->now = LAB_NOW + MS_PER_DAY;
    watch(r, MINUTE);
    assert_int_equal(told(r, "budget", TELL_RESOLVED), 2);
}

static void the_end_of_a_stop_is_told_before_and_at_it(void **state) {
    Room *r = *state;
    spend(r, r->d->now - 5 * MINUTE, "agent", 30 * USD);
    spend(r, r->d->now - 5 * MINUTE, "checkout", 50 * USD); /* critical: passes, and is not what it holds back */
    person_kills(r->d);
    int64_t end = r->d->now + HOUR;
    r->d->now = end - 6 * MINUTE;
    watch(r, 30000);
    assert_int_equal(told(r, "kill", TELL_FIRED), 0);
    watch(r, MINUTE);
    assert_int_equal(told(r, "kill", TELL_FIRED), 1);
    assert_int_equal(lab_number(&r->d->lab, "SELECT nano_per_hour FROM alert WHERE rule = 'kill'"), 180 * USD);
    watch(r, 6 * MINUTE);
    assert_int_equal(told(r, "kill", TELL_FIRED), 2);
    assert_int_equal(told(r, "kill", TELL_RESOLVED), 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, room_open, room_close)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_the_configuration_says_is_too_much_is_told),
        CASE(a_burn_is_told_after_five_minutes_and_resolved),
        CASE(old_records_raise_no_alert_of_the_moment),
        CASE(the_same_records_on_time_do),
        CASE(a_live_source_that_stops_is_missed_after_a_restart_too),
        CASE(budgets_are_told_level_by_level),
        CASE(the_end_of_a_stop_is_told_before_and_at_it),
    };
    return cmocka_run_group_tests_name("alerts", tests, NULL, NULL);
}
