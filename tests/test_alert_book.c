/* test_alert_book: what is told when, whatever crashes in between. The invariants are those of store/alert_book.h. */
#include "store/outbox.h"
#include "tests/ledger_lab.h"

#define MINUTE MS_PER_MINUTE

typedef struct Desk {
    Lab lab;
    int64_t now;
    Finding f[3];
    size_t count;
    TellTo to[2];
} Desk;

static int desk_open(void **state) {
    Desk *d = xcalloc(1, sizeof *d);
    lab_open(&d->lab, NULL);
    d->now = LAB_NOW;
    d->to[0] = (TellTo){"slack", WEIGHT_WATCH};
    d->to[1] = (TellTo){"pager", WEIGHT_ACT};
    *state = d;
    return 0;
}

static int desk_close(void **state) {
    Desk *d = *state;
    lab_close(&d->lab);
    free(d);
    return 0;
}

static void find(Desk *d, const char *rule, const char *scope, Weight weight, int64_t period_ms, int step) {
    d->f[0] = (Finding){.rule = alert_rule(rule), .severity = weight, .period_ms = period_ms, .step = step, .nano_per_hour = -1};
    snprintf(d->f[0].scope, sizeof d->f[0].scope, "%s", scope);
    snprintf(d->f[0].title, sizeof d->f[0].title, "%s %s %d", rule, scope, step);
    d->count = 1;
}

/* A round at `ms` from the start. */
static void round_at(Desk *d, int64_t ms) {
    Err e = {""};
    d->now = LAB_NOW + ms;
    OK(e, book_update(d->lab.db, &(Findings){.at = d->f, .count = d->count}, &(BookOptions){.now_ms = d->now, .to = d->to, .to_count = 2}, &e));
}

/* The same while alice has stopped calls since `stopped_ms`. */
static void stopped_round_at(Desk *d, int64_t ms, int64_t stopped_ms) {
    Err e = {""};
    d->now = LAB_NOW + ms;
    OK(e, book_update(d->lab.db, &(Findings){.at = d->f, .count = d->count},
                      &(BookOptions){.now_ms = d->now, .to = d->to, .to_count = 2, .stopped_by = "alice", .stopped_ms = LAB_NOW + stopped_ms}, &e));
}

/* Rounds every 5 s in [from, to]. */
static void rounds(Desk *d, int64_t from, int64_t to) {
    for (int64_t ms = from; ms <= to; ms += 5000) round_at(d, ms);
}

static int told(Desk *d, const char *channel, TellKind kind) {
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM outbox WHERE channel = '%s' AND kind = %d", channel, (int)kind);
    return (int)lab_number(&d->lab, sql);
}

static AlertView first(Desk *d, bool history, size_t want) {
    AlertView v[4];
    size_t n;
    Err e = {""};
    OK(e, book_list(d->lab.db, d->now, history, v, 4, &n, &e));
    assert_int_equal(n, want);
    return n ? v[0] : (AlertView){0};
}

static void b1_a_level_is_told_once_in_its_period(void **state) {
    Desk *d = *state;
    find(d, "budget", "org", WEIGHT_WATCH, LAB_NOW - 1, 500);
    rounds(d, 0, MINUTE);
    assert_int_equal(told(d, "slack", TELL_FIRED), 1);
    assert_int_equal(told(d, "pager", TELL_FIRED), 0);
    find(d, "budget", "org", WEIGHT_WATCH, LAB_NOW - 1, 800);
    rounds(d, 2 * MINUTE, 3 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_FIRED), 2);
    find(d, "budget", "org", WEIGHT_WATCH, LAB_NOW - 1, 500); /* a reprice */
    rounds(d, 4 * MINUTE, 5 * MINUTE);
    find(d, "budget", "org", WEIGHT_ACT, LAB_NOW - 1, 1000);
    rounds(d, 6 * MINUTE, 7 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_FIRED), 3);
    assert_int_equal(told(d, "pager", TELL_FIRED), 1);
    lab_disconnect(&d->lab); /* a restart */
    lab_connect(&d->lab);
    rounds(d, 8 * MINUTE, 9 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_FIRED), 3);
    d->count = 0; /* gone, and there again in the same period: shown, not told */
    round_at(d, 10 * MINUTE);
    first(d, false, 0);
    find(d, "budget", "org", WEIGHT_ACT, LAB_NOW - 1, 1000);
    rounds(d, 11 * MINUTE, 12 * MINUTE);
    first(d, false, 1);
    assert_int_equal(told(d, "slack", TELL_FIRED), 3);
    find(d, "budget", "org", WEIGHT_WATCH, LAB_NOW + MINUTE, 500); /* the next period */
    round_at(d, 13 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_FIRED), 4);
}

static void b2_it_must_hold_before_it_is_told(void **state) {
    Desk *d = *state;
    find(d, "burn", "all", WEIGHT_ACT, 0, 0);
    rounds(d, 0, 5 * MINUTE - 5000);
    assert_int_equal(told(d, "slack", TELL_FIRED), 0);
    first(d, true, 0); /* nobody's business yet */
    round_at(d, 5 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_FIRED), 1);
    assert_int_equal(first(d, false, 1).began_ms, LAB_NOW);
}

/* Too short, twice, with a pause between: no word. */
static void b2_what_pauses_begins_anew(void **state) {
    Desk *d = *state;
    find(d, "burn", "all", WEIGHT_ACT, 0, 0);
    rounds(d, 0, 3 * MINUTE);
    rounds(d, 20 * MINUTE, 24 * MINUTE); /* nobody was there to look in between */
    assert_int_equal(told(d, "slack", TELL_FIRED), 0);
    d->count = 0;
    rounds(d, 24 * MINUTE, 40 * MINUTE);
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM alert"), 0);
}

static void b2_it_is_resolved_when_it_was_quiet_and_comes_again_after_a_while(void **state) {
    Desk *d = *state;
    find(d, "burn", "all", WEIGHT_ACT, 0, 0);
    rounds(d, 0, 6 * MINUTE);
    d->count = 0;
    rounds(d, 6 * MINUTE + 5000, 15 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_RESOLVED), 0); /* not yet: ten minutes */
    rounds(d, 15 * MINUTE, 17 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_RESOLVED), 1);
    assert_int_equal(told(d, "pager", TELL_RESOLVED), 1);
    assert_int_equal(first(d, true, 1).state, ALERT_RESOLVED);
    find(d, "burn", "all", WEIGHT_ACT, 0, 0);
    rounds(d, 18 * MINUTE, 28 * MINUTE); /* the cool-down */
    assert_int_equal(told(d, "slack", TELL_FIRED), 1);
    rounds(d, 32 * MINUTE, 40 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_FIRED), 2);
}

static void b3_who_was_not_told_is_not_told_of_the_end(void **state) {
    Desk *d = *state;
    find(d, "gateway", "gw1", WEIGHT_WATCH, 0, 0);
    rounds(d, 0, 3 * MINUTE);
    d->count = 0;
    rounds(d, 3 * MINUTE, 6 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_RESOLVED), 1);
    assert_int_equal(told(d, "pager", TELL_RESOLVED), 0);
}

static void it_is_told_again_while_it_holds(void **state) {
    Desk *d = *state;
    find(d, "burn", "all", WEIGHT_ACT, 0, 0);
    rounds(d, 0, 3 * MS_PER_HOUR);
    assert_int_equal(told(d, "slack", TELL_FIRED), 1);
    assert_int_equal(told(d, "slack", TELL_AGAIN), 2);
}

static void b4_what_is_acknowledged_is_not_told_again(void **state) {
    Desk *d = *state;
    Err e = {""};
    find(d, "burn", "all", WEIGHT_ACT, 0, 0);
    rounds(d, 0, 6 * MINUTE);
    BookCounts n;
    OK(e, book_counts(d->lab.db, d->now, &n, &e));
    assert_int_equal(n.act, 1);
    assert_string_equal(n.newest, "burn all 0");
    OK(e, book_ack(d->lab.db, first(d, false, 1).id, "bob", d->now, &e));
    assert_string_equal(first(d, false, 1).acked_by, "bob");
    OK(e, book_counts(d->lab.db, d->now, &n, &e));
    assert_int_equal(n.act + n.watch, 0);
    rounds(d, 7 * MINUTE, 3 * MS_PER_HOUR);
    assert_int_equal(told(d, "slack", TELL_AGAIN), 0);
    OK(e, book_ack(d->lab.db, first(d, false, 1).id, "bob", d->now, &e)); /* the same again takes it back */
    round_at(d, 3 * MS_PER_HOUR + 5000);
    assert_int_equal(told(d, "slack", TELL_AGAIN), 1);
    d->count = 0; /* its end is told */
    rounds(d, 4 * MS_PER_HOUR, 4 * MS_PER_HOUR + 11 * MINUTE);
    assert_int_equal(told(d, "slack", TELL_RESOLVED), 1);
}

static void b5_stopping_calls_acknowledges_the_burn(void **state) {
    Desk *d = *state;
    Err e = {""};
    find(d, "burn", "all", WEIGHT_ACT, 0, 0);
    rounds(d, 0, 6 * MINUTE);
    stopped_round_at(d, 6 * MINUTE + 11000, 6 * MINUTE + 2000);
    assert_string_equal(first(d, false, 1).acked_by, "alice");
    OK(e, book_ack(d->lab.db, first(d, false, 1).id, "bob", d->now, &e)); /* she is still worried */
    stopped_round_at(d, 6 * MINUTE + 30000, 6 * MINUTE + 2000);
    assert_int_equal(first(d, false, 1).acked_ms, 0);
}

static void b4_what_is_silenced_is_told_when_the_silence_is_over(void **state) {
    Desk *d = *state;
    Err e = {""};
    OK(e, book_silence(d->lab.db, "burn", "all", LAB_NOW + MS_PER_HOUR, "bob", &e));
    find(d, "burn", "all", WEIGHT_ACT, 0, 0);
    rounds(d, 0, MS_PER_HOUR - 5000);
    assert_int_equal(told(d, "slack", TELL_FIRED), 0);
    assert_int_equal(first(d, false, 1).silenced_until_ms, LAB_NOW + MS_PER_HOUR);
    rounds(d, MS_PER_HOUR, MS_PER_HOUR + MINUTE);
    assert_int_equal(told(d, "slack", TELL_FIRED), 1);
}

/* A round that changes nothing writes nothing: dashboards are not woken, and no lock is taken. */
static void a_round_without_news_does_not_write(void **state) {
    Desk *d = *state;
    find(d, "budget", "org", WEIGHT_WATCH, LAB_NOW - 1, 500);
    rounds(d, 0, MINUTE);
    int changes = sqlite3_total_changes(db_handle(d->lab.db));
    rounds(d, MINUTE, 10 * MINUTE);
    assert_int_equal(sqlite3_total_changes(db_handle(d->lab.db)), changes);
}

/* ---- the outbox ---- */
static void notices_leave_in_order_and_once(void **state) {
    Desk *d = *state;
    Err e = {""};
    Notice n, end;
    bool found;
    find(d, "gateway", "gw1", WEIGHT_ACT, 0, 0);
    rounds(d, 0, 2 * MINUTE);
    d->count = 0;
    rounds(d, 2 * MINUTE, 5 * MINUTE);
    OK(e, outbox_next(d->lab.db, "pager", &n, &found, &e));
    assert_true(found && n.kind == TELL_FIRED);
    OK(e, outbox_end(d->lab.db, &n, OUTBOX_LATER, "503", d->now, d->now + MINUTE, &e));
    OK(e, outbox_next(d->lab.db, "pager", &n, &found, &e));
    assert_true(found && n.kind == TELL_FIRED); /* the end waits behind the beginning */
    assert_int_equal(n.tries, 1);
    assert_int_equal(n.due_ms, d->now + MINUTE);
    lab_disconnect(&d->lab); /* a crash */
    lab_connect(&d->lab);
    OK(e, outbox_next(d->lab.db, "pager", &n, &found, &e));
    OK(e, outbox_end(d->lab.db, &n, OUTBOX_DELIVERED, "ok", d->now, 0, &e));
    OK(e, outbox_next(d->lab.db, "pager", &end, &found, &e));
    assert_true(found && end.kind == TELL_RESOLVED);
    assert_string_equal(end.key, n.key); /* receivers join them by it */
    OK(e, outbox_end(d->lab.db, &end, OUTBOX_DELIVERED, "ok", d->now, 0, &e));
    OK(e, outbox_next(d->lab.db, "pager", &n, &found, &e));
    assert_false(found);
    OK(e, outbox_next(d->lab.db, "slack", &n, &found, &e)); /* the other channel is on its own */
    assert_true(found);
    Told t[4];
    size_t count;
    OK(e, outbox_told(d->lab.db, end.alert, t, 4, &count, &e));
    assert_int_equal(count, 4);
}

static void one_alert_does_not_wait_behind_another(void **state) {
    Desk *d = *state;
    Err e = {""};
    Notice n, other;
    bool found;
    find(d, "gateway", "gw1", WEIGHT_ACT, 0, 0);
    rounds(d, 0, 2 * MINUTE);
    find(d, "budget", "org", WEIGHT_ACT, LAB_NOW, 1000);
    rounds(d, 2 * MINUTE, 3 * MINUTE);
    OK(e, outbox_next(d->lab.db, "pager", &n, &found, &e));
    assert_string_equal(n.rule, "gateway");
    OK(e, outbox_end(d->lab.db, &n, OUTBOX_LATER, "500", d->now, d->now + 10 * MINUTE, &e));
    OK(e, outbox_next(d->lab.db, "pager", &other, &found, &e));
    assert_true(found);
    assert_string_equal(other.rule, "budget");
    assert_true(other.due_ms <= d->now);
}

static void after_a_day_a_notice_is_given_up(void **state) {
    Desk *d = *state;
    Err e = {""};
    Notice n;
    bool found;
    find(d, "budget", "org", WEIGHT_ACT, LAB_NOW, 1000);
    round_at(d, 0);
    OK(e, outbox_next(d->lab.db, "pager", &n, &found, &e));
    OK(e, outbox_end(d->lab.db, &n, OUTBOX_LATER, "no network", LAB_NOW + OUTBOX_GIVE_UP_MS - 1, 0, &e));
    OK(e, outbox_next(d->lab.db, "pager", &n, &found, &e));
    assert_true(found);
    OK(e, outbox_end(d->lab.db, &n, OUTBOX_LATER, "no network", LAB_NOW + OUTBOX_GIVE_UP_MS, 0, &e));
    OK(e, outbox_next(d->lab.db, "pager", &n, &found, &e));
    assert_false(found);
}

/* Back in time: each alert as it was then, in the words of then, whatever happened since. */
static void of_then_is_told_what_was_so_then(void **state) {
    Desk *d = *state;
    AlertView v[4];
    BookCounts n;
    size_t count;
    Err e = {""};
    find(d, "budget", "org", WEIGHT_WATCH, LAB_NOW - 1, 500);
    rounds(d, 0, MINUTE);
    find(d, "budget", "org", WEIGHT_ACT, LAB_NOW - 1, 1000);
    rounds(d, 10 * MINUTE, 11 * MINUTE);
    OK(e, book_ack(d->lab.db, first(d, false, 1).id, "bob", LAB_NOW + 20 * MINUTE, &e));
    d->count = 0;
    rounds(d, 30 * MINUTE, 45 * MINUTE);
    assert_int_equal(first(d, true, 1).state, ALERT_RESOLVED);

    OK(e, book_list_asof(d->lab.db, LAB_NOW - MINUTE, v, 4, &count, &e));
    assert_int_equal(count, 0); /* it had not begun */
    OK(e, book_list_asof(d->lab.db, LAB_NOW + 5 * MINUTE, v, 4, &count, &e));
    assert_int_equal(count, 1);
    assert_int_equal(v[0].state, ALERT_FIRING);
    assert_string_equal(v[0].title, "budget org 500"); /* not what it became */
    assert_int_equal(v[0].acked_ms, 0);
    OK(e, book_counts_asof(d->lab.db, LAB_NOW + 15 * MINUTE, &n, &e));
    assert_int_equal(n.act + n.watch, 1);
    assert_string_equal(n.newest, "budget org 1000");
    OK(e, book_list_asof(d->lab.db, LAB_NOW + 25 * MINUTE, v, 4, &count, &e));
    assert_string_equal(v[0].acked_by, "bob");
    OK(e, book_counts_asof(d->lab.db, LAB_NOW + 25 * MINUTE, &n, &e));
    assert_int_equal(n.act + n.watch, 0);
    OK(e, book_list_asof(d->lab.db, LAB_NOW + 45 * MINUTE, v, 4, &count, &e));
    assert_int_equal(v[0].state, ALERT_RESOLVED);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(b1_a_level_is_told_once_in_its_period),
        CASE(b2_it_must_hold_before_it_is_told),
        CASE(b2_what_pauses_begins_anew),
        CASE(b2_it_is_resolved_when_it_was_quiet_and_comes_again_after_a_while),
        CASE(b3_who_was_not_told_is_not_told_of_the_end),
        CASE(it_is_told_again_while_it_holds),
        CASE(b4_what_is_acknowledged_is_not_told_again),
        CASE(b5_stopping_calls_acknowledges_the_burn),
        CASE(b4_what_is_silenced_is_told_when_the_silence_is_over),
        CASE(a_round_without_news_does_not_write),
        CASE(notices_leave_in_order_and_once),
        CASE(one_alert_does_not_wait_behind_another),
        CASE(after_a_day_a_notice_is_given_up),
        CASE(of_then_is_told_what_was_so_then),
    };
    return cmocka_run_group_tests_name("alert_book", tests, NULL, NULL);
}
