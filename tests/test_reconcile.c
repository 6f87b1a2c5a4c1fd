/* test_reconcile: three measurements of the same days: drift, coverage, and why they differ, each figure written out. */
#include "store/bill.h"
#include "store/reconcile.h"
#include "tests/ledger_lab.h"

#define DAY0 (LAB_NOW - 3 * MS_PER_DAY) /* 2026-11-21 */
#define USD INT64_C(1000000000)

typedef struct Desk {
    Lab lab;
    Book *book;
    Pricer *pricer;
    uint64_t id;
} Desk;

static int setup(void **state) {
    Desk *d = calloc(1, sizeof *d);
    Err e = {0};
    lab_open(&d->lab, NULL);
    if (book_load(&d->book, NULL, &e) != 0) return -1;
    d->pricer = pricer_new(d->book);
    *state = d;
    return 0;
}

static int teardown(void **state) {
    Desk *d = *state;
    lab_close(&d->lab);
    pricer_free(d->pricer);
    book_free(d->book);
    free(d);
    return 0;
}

static void meter(Desk *d, int64_t ts, const char *model, const char *key, int64_t nano) {
    d->id++;
    Request *r = lab_add(&d->lab, d->id * 7919, ts + (int64_t)d->id * 1000);
    r->name[DIM_MODEL] = lab_name(&d->lab, model);
    r->name[DIM_KEY] = lab_name(&d->lab, key);
    r->cost_nano = nano;
    lab_ingest(&d->lab);
}

typedef struct Said { const char *model, *key, *item, *currency; int64_t day, nano, input, output; } Said;

static void say(Desk *d, const char *feed, Origin o, const Said *said, size_t count) {
    BillSet s;
    Err e = {0};
    const BillRead read = {.account = "main", .provider = "openai", .feed = feed, .origin = o, .from_ms = DAY0, .until_ms = LAB_NOW + MS_PER_DAY,
                           .closed_ms = LAB_NOW, .now_ms = LAB_NOW};
    bill_set_init(&s);
    for (size_t i = 0; i < count; i++) {
        BillRow *r = bill_set_add(&s);
        *r = (BillRow){.start_ms = DAY0 + said[i].day * MS_PER_DAY, .end_ms = DAY0 + (said[i].day + 1) * MS_PER_DAY, .requests = 1,
                       .model = bill_set_name(&s, said[i].model), .key = bill_set_name(&s, said[i].key), .item = bill_set_name(&s, said[i].item),
                       .currency = bill_set_name(&s, said[i].currency), .money = o == ORIGIN_BILLED, .nano = said[i].nano,
                       .tokens = {[TOK_INPUT] = said[i].input, [TOK_OUTPUT] = said[i].output}};
    }
    OK(e, bills_replace(d->lab.l, &read, &s, d->pricer, &e));
    bill_set_free(&s);
}

static const ReconLine *line_of(const Recon *r, int day, const char *model) {
    for (size_t i = 0; i < r->count; i++)
        if (r->at[i].day_ms == DAY0 + day * MS_PER_DAY && strcmp(r->at[i].model, model) == 0) return &r->at[i];
    fail_msg("no line for %s on day %d", model, day);
    return NULL;
}

static const Finding *finding(const Finding *f, size_t count, Cause c) {
    for (size_t i = 0; i < count; i++)
        if (f[i].cause == c) return &f[i];
    fail_msg("nobody found: %s", cause_names[c]);
    return NULL;
}

/* gpt-4o-mini is $0.15 and $0.60 a million: 20 M in and 5 M out are $6. */
static void three_measurements_of_a_leaked_key(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    Finding f[FINDINGS_MAX];
    size_t count;
    meter(d, DAY0, "gpt-4o-mini", "web", 5 * USD);
    meter(d, LAB_NOW + MS_PER_HOUR, "gpt-4o-mini", "web", USD); /* today: not comparable */
    const Said usage[] = {{"gpt-4o-mini", "key_web", NULL, NULL, 0, 0, 20000000, 4000000}, {"gpt-4o-mini", "key_leaked", NULL, NULL, 0, 0, 10000000, 7500000}};
    const Said costs[] = {{"gpt-4o-mini", NULL, "gpt-4o-mini, input", "usd", 0, 11 * USD, 0, 0}, {NULL, NULL, "web search tool calls", "usd", 0, 2 * USD, 0, 0}};
    say(d, "usage", ORIGIN_REPORTED, usage, 2);
    say(d, "costs", ORIGIN_BILLED, costs, 2);
    OK(e, bill_name_set(d->lab.l, "main", "key", "key_web", "web", &e));
    OK(e, reconcile_load(d->lab.db, NULL, DAY0, LAB_NOW + MS_PER_DAY, LAB_NOW + MS_PER_HOUR, &r, &e));
    const ReconLine *l = line_of(&r, 0, "gpt-4o-mini");
    assert_int_equal(l->metered.cost_nano, 5 * USD);
    assert_int_equal(l->reported.cost_nano, 11400000000); /* 3.0 + 2.4 and 1.5 + 4.5 */
    assert_int_equal(l->billed_nano, 11 * USD);
    assert_int_equal(recon_drift_ppm(l), 36363);           /* 0.4 / 11 */
    assert_int_equal(recon_coverage_ppm(l), 438596);       /* 5 / 11.4 */
    assert_int_equal(recon_unmetered_nano(l), 6400000000);
    assert_true(line_of(&r, 3, "gpt-4o-mini")->open);
    assert_true(recon_coverage_ppm(line_of(&r, 3, "gpt-4o-mini")) == INT64_MIN);
    OK(e, reconcile_findings(d->lab.db, &r, f, FINDINGS_MAX, &count, &e));
    const Finding *leak = finding(f, count, CAUSE_OUTSIDE);
    assert_string_equal(leak->what, "key_leaked"); /* key_web is known by its name */
    assert_int_equal(leak->nano, 6 * USD);
    assert_ptr_equal(leak, &f[0]);
    assert_string_equal(finding(f, count, CAUSE_ITEMS)->what, "web search tool calls");
    assert_non_null(strstr(finding(f, count, CAUSE_PRICE)->evidence, "billed implies $"));
    reconcile_free(&r);
}

static void days_that_agree_have_no_findings(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    Finding f[FINDINGS_MAX];
    size_t count;
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD);
    const Said usage[] = {{"gpt-4o-mini", "web", NULL, NULL, 0, 0, 20000000, 5000000}};
    const Said costs[] = {{"gpt-4o-mini", NULL, "gpt-4o-mini, input", "usd", 0, 6 * USD, 0, 0}, {"gpt-4o-mini", NULL, "x", "EUR", 0, 99 * USD, 0, 0}};
    say(d, "usage", ORIGIN_REPORTED, usage, 1);
    say(d, "costs", ORIGIN_BILLED, costs, 2);
    OK(e, reconcile_load(d->lab.db, "main", DAY0, LAB_NOW, LAB_NOW, &r, &e));
    assert_int_equal(recon_drift_ppm(line_of(&r, 0, "gpt-4o-mini")), 0); /* euros are not compared */
    assert_int_equal(recon_coverage_ppm(line_of(&r, 0, "gpt-4o-mini")), 1000000);
    OK(e, reconcile_findings(d->lab.db, &r, f, FINDINGS_MAX, &count, &e));
    if (count) fail_msg("%s: %s", cause_names[f[0].cause], f[0].evidence);
    reconcile_free(&r);
}

static void a_call_at_midnight_is_a_day_boundary(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    Finding f[FINDINGS_MAX];
    size_t count;
    meter(d, DAY0, "gpt-4o-mini", "web", 12 * USD); /* all on the first day */
    const Said usage[] = {{"gpt-4o-mini", "web", NULL, NULL, 0, 0, 20000000, 5000000}, {"gpt-4o-mini", "web", NULL, NULL, 1, 0, 20000000, 5000000}};
    say(d, "usage", ORIGIN_REPORTED, usage, 2);
    OK(e, reconcile_load(d->lab.db, NULL, DAY0, LAB_NOW, LAB_NOW, &r, &e));
    OK(e, reconcile_findings(d->lab.db, &r, f, FINDINGS_MAX, &count, &e));
    assert_int_equal(finding(f, count, CAUSE_DAY_EDGE)->nano, 6 * USD);
    reconcile_free(&r);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {CASE(three_measurements_of_a_leaked_key), CASE(days_that_agree_have_no_findings), CASE(a_call_at_midnight_is_a_day_boundary)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
