/* test_alert_bills: what the rules say of bills against logs: each of leak, drift and price with its figures, its floor, its
 * threshold, and above all what they are quiet of: days that are open or read in part, accounts without a bill or a log. */
#include "store/query_facts.h"
#include "store/money.h"
#include "store/alert_book.h"
#include "tests/bill_lab.h"

static Finding room[FINDINGS_MAX];

static size_t judge_with(Desk *d, int64_t now, const RuleConfig *rules, size_t count) {
    const FactsAsk ask = {.now_ms = now, .policy_path = "/nonexistent/policy.json", .runbook = "", .call_floor_nano = 5 * USD, .book = d->book};
    FactsRoom *r = facts_room_new();
    Findings out = {.at = room};
    AlertFacts f;
    Err e = {0};
    OK(e, facts_load(r, d->lab.db, &ask, &f, &e));
    alert_judge(&f, rules, count, &out);
    facts_room_free(r);
    return out.count;
}

static size_t judge(Desk *d) { return judge_with(d, LAB_NOW + MS_PER_HOUR, NULL, 0); }

static const Finding *told(size_t count, const char *rule) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(room[i].rule->name, rule) == 0) return &room[i];
    fail_msg("%s tells nothing", rule);
    return NULL;
}

static void nothing_but(size_t count, const char *rule) {
    for (size_t i = 0; i < count; i++)
        if (!rule || strcmp(room[i].rule->name, rule) != 0) fail_msg("%s tells: %s", room[i].rule->name, room[i].title);
}

/* 20 M in and 5 M out of gpt-4o-mini are $6. Day 2 is the newest that is closed. */
#define SIX_DOLLARS(on, with, factor) {.model = "gpt-4o-mini", .key = with, .day = on, .input = 20000000 * (factor), .output = 5000000 * (factor)}

static void a_leaked_key_is_told_with_its_evidence(void **state) {
    Desk *d = *state;
    const Said usage[] = {SIX_DOLLARS(2, "web", 10), SIX_DOLLARS(2, "ci-legacy", 2)};
    meter(d, DAY0 + 2 * MS_PER_DAY, "gpt-4o-mini", "web", 60 * USD);
    say(d, "usage", ORIGIN_REPORTED, usage, 2);
    size_t n = judge(d);
    nothing_but(n, "leak");
    const Finding *x = told(n, "leak");
    assert_string_equal(x->title, "main: $12.00 of Mon 23 Nov passed no gateway: coverage 83.3%");
    assert_int_equal(x->severity, WEIGHT_ACT);
    assert_int_equal(x->nano_per_hour, USD / 2);
    assert_int_equal(x->period_ms, DAY0 + 2 * MS_PER_DAY); /* told once in this day of the account */
    assert_string_equal(x->scope, "main");
    assert_non_null(strstr(x->detail, "$60.00 in the logs, $72.00 by the provider's own count"));
    assert_non_null(strstr(x->detail, "$12.00 ci-legacy, outside the gateways: $12.00 with key ci-legacy, last on 2026-11-23"));
    assert_non_null(strstr(x->detail, "all of it: tollwatch reconcile --since 2026-11-23"));
    assert_null(strstr(x->detail, "tollwatch kill")); /* it passes no gateway */
    const RuleConfig floor = {.name = "leak", .floor_nano = 13 * USD}, threshold = {.name = "leak", .threshold_ppm = 800000}, off = {.name = "leak", .off = true};
    assert_int_equal(judge_with(d, LAB_NOW + MS_PER_HOUR, &floor, 1), 0);
    assert_int_equal(judge_with(d, LAB_NOW + MS_PER_HOUR, &threshold, 1), 0);
    assert_int_equal(judge_with(d, LAB_NOW + MS_PER_HOUR, &off, 1), 0);
}

static void what_cannot_be_compared_raises_nothing(void **state) {
    Desk *d = *state;
    const Said open[] = {SIX_DOLLARS(3, "web", 10)};
    meter(d, DAY0 + 2 * MS_PER_DAY, "gpt-4o-mini", "web", 60 * USD); /* an account without a bill */
    assert_int_equal(judge(d), 0);
    say(d, "usage", ORIGIN_REPORTED, open, 1); /* today */
    assert_int_equal(judge(d), 0);
    assert_int_equal(judge_with(d, LAB_NOW + MS_PER_DAY + MS_PER_HOUR, NULL, 0), 0); /* over, but read only to its begin */
    say_of(d, "second", "openai", "usage", ORIGIN_REPORTED, (const Said[]){SIX_DOLLARS(2, "web", 10)}, 1);
    assert_int_equal(judge(d), 0); /* no log ever had this account: it is behind no gateway */
}

/* A model without a price says nothing of coverage: the rule `unpriced` is for it. */
static void a_model_without_a_price_is_no_leak(void **state) {
    Desk *d = *state;
    const Said usage[] = {SIX_DOLLARS(2, "web", 10), {.model = "next-exp", .key = "web", .day = 2, .input = 50000000}};
    meter(d, DAY0 + 2 * MS_PER_DAY, "gpt-4o-mini", "web", 60 * USD);
    Request *r = meter_begin(d, DAY0 + 2 * MS_PER_DAY, "next-exp", "web", 0);
    r->flags |= REQ_UNPRICED;
    lab_ingest(&d->lab);
    say(d, "usage", ORIGIN_REPORTED, usage, 2);
    assert_int_equal(judge(d), 0);
}

static void a_bill_off_our_prices_is_told_by_account_and_by_model(void **state) {
    Desk *d = *state;
    const Said usage[] = {SIX_DOLLARS(2, "web", 10)};
    const Said costs[] = {{.model = "gpt-4o-mini", .item = "gpt-4o-mini, input", .currency = "usd", .day = 2, .nano = 90 * USD},
                          {.item = "web search tool calls", .currency = "usd", .day = 2, .nano = 30 * USD}};
    meter(d, DAY0 + 2 * MS_PER_DAY, "gpt-4o-mini", "web", 60 * USD);
    say(d, "usage", ORIGIN_REPORTED, usage, 1);
    say(d, "costs", ORIGIN_BILLED, costs, 2);
    size_t n = judge(d);
    assert_int_equal(n, 2);
    const Finding *x = told(n, "drift"); /* web search is no matter of prices */
    assert_string_equal(x->title, "main: our prices say $60.00 for the tokens of Mon 23 Nov, the bill $90.00: drift -33.3%");
    x = told(n, "price"); /* 250 M tokens */
    assert_string_equal(x->title, "gpt-4o-mini at main: billed implies $0.3600 per million tokens, our row says $0.2400 (Mon 23 Nov)");
    assert_string_equal(x->scope, "main gpt-4o-mini");
    const RuleConfig loose[] = {{.name = "drift", .threshold_ppm = 340000}, {.name = "price", .threshold_ppm = 340000}};
    assert_int_equal(judge_with(d, LAB_NOW + MS_PER_HOUR, loose, 2), 0);
    const RuleConfig dear[] = {{.name = "drift", .floor_nano = 31 * USD}, {.name = "price", .floor_nano = 31 * USD}};
    assert_int_equal(judge_with(d, LAB_NOW + MS_PER_HOUR, dear, 2), 0);
}

/* An hour after the day is over, when late logs are there it is told, once for the account's day, whatever comes after it. */
static void a_day_is_told_once(void **state) {
    Desk *d = *state;
    Err e = {0};
    const TellTo to = {.name = "pager", .least = WEIGHT_WATCH};
    const Said usage[] = {SIX_DOLLARS(2, "web", 10), SIX_DOLLARS(2, "ci-legacy", 2)};
    meter(d, DAY0 + 2 * MS_PER_DAY, "gpt-4o-mini", "web", 60 * USD);
    say(d, "usage", ORIGIN_REPORTED, usage, 2);
    for (int minute = 0; minute <= 600; minute += 10) {
        const BookOptions o = {.now_ms = LAB_NOW + minute * MS_PER_MINUTE, .to = &to, .to_count = 1};
        Findings found = {.at = room, .count = judge_with(d, o.now_ms, NULL, 0)};
        OK(e, book_update(d->lab.db, &found, &o, &e));
        assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM outbox"), minute >= 60);
    }
    BookCounts counts;
    OK(e, book_counts(d->lab.db, LAB_NOW + 7 * MS_PER_HOUR, &counts, &e));
    assert_int_equal(counts.act, 1);
    assert_string_equal(counts.leak, "main: $12.00 of Mon 23 Nov passed no gateway: coverage 83.3%"); /* for the Overview's first row */
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {CASE(a_leaked_key_is_told_with_its_evidence), CASE(what_cannot_be_compared_raises_nothing),
                                       CASE(a_model_without_a_price_is_no_leak), CASE(a_bill_off_our_prices_is_told_by_account_and_by_model),
                                       CASE(a_day_is_told_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
