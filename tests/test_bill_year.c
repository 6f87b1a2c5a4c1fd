/* test_bill_year: a year of daily pulls for 5 accounts of 200 models, imported twice (C1, C3): the same totals to the nano-dollar in
 * rows and in rollups, and memory that does not grow with the history. */
#include "tests/bill_lab.h"
#include <sys/resource.h>

#ifdef TOLLWATCH_SANITIZED
enum { SANITIZER_KB = 64 << 10 }; /* what a sanitizer keeps of memory that was given back */
#else
enum { SANITIZER_KB = 0 };
#endif
enum { ACCOUNTS = 5, MODELS = 200, DAYS = 365, GROWTH_KB_MAX = (24 << 10) + SANITIZER_KB };
#define FIRST_DAY (LAB_NOW - LAB_NOW % MS_PER_DAY - DAYS * MS_PER_DAY)

static long peak_kb(void) {
    struct rusage r;
    assert_int_equal(getrusage(RUSAGE_SELF, &r), 0);
    return r.ru_maxrss;
}

/* What a model costs on a day: another figure for each, so that a row in a wrong place shows. */
static int64_t cost_nano(int account, int day, int model) { return 1 + (int64_t)model * 1009 + (int64_t)day * 31337 + (int64_t)account * 7; }

/* One day's pull: the whole day is read anew. */
static void pull(Desk *d, int account, int day) {
    char name[32];
    Err e = {0};
    BillSet s;
    const int64_t start = FIRST_DAY + day * MS_PER_DAY;
    snprintf(name, sizeof name, "account-%d", account);
    const BillRead read = {.account = name, .provider = "openai", .feed = "costs", .origin = ORIGIN_BILLED, .from_ms = start,
                           .until_ms = start + MS_PER_DAY, .closed_ms = start + MS_PER_DAY, .now_ms = start + MS_PER_DAY};
    bill_set_init(&s);
    for (int m = 0; m < MODELS; m++) {
        char model[32];
        snprintf(model, sizeof model, "model-%03d", m);
        BillRow *r = bill_set_add(&s);
        *r = (BillRow){.start_ms = start, .end_ms = start + MS_PER_DAY, .model = bill_set_name(&s, model), .money = true,
                       .currency = bill_set_name(&s, "usd"), .nano = cost_nano(account, day, m)};
    }
    OK(e, bills_replace(d->lab.l, &read, &s, d->pricer, &e));
    bill_set_free(&s);
}

static int64_t expected(void) {
    int64_t sum = 0;
    for (int a = 0; a < ACCOUNTS; a++)
        for (int day = 0; day < DAYS; day++)
            for (int m = 0; m < MODELS; m++) sum += cost_nano(a, day, m);
    return sum;
}

static void totals_are(Desk *d, int64_t nano) {
    Result r;
    Err e = {0};
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM bill"), ACCOUNTS * DAYS * MODELS);
    assert_int_equal(lab_number(&d->lab, "SELECT sum(nano) FROM bill"), nano);
    Query q = {.since_ms = FIRST_DAY, .until_ms = FIRST_DAY + DAYS * MS_PER_DAY, .by = {BY_ORIGIN}, .by_count = 1};
    OK(e, query_run(d->lab.db, &q, &r, &e));
    assert_int_equal(r.count, 1);
    assert_int_equal(r.groups[0].t.cost_nano, nano);
    result_free(&r);
}

static void a_year_twice_is_a_year(void **state) {
    Desk *d = *state;
    const int64_t nano = expected();
    long after_a_month = 0;
    Err e = {0};
    OK(e, db_exec(d->lab.db, "PRAGMA synchronous = OFF", &e)); /* what is proven is arithmetic, not the disk */
    for (int round = 0; round < 2; round++) {
        for (int day = 0; day < DAYS; day++) {
            for (int a = 0; a < ACCOUNTS; a++) pull(d, a, day);
            if (round == 0 && day == 30) after_a_month = peak_kb();
        }
        totals_are(d, nano);
    }
    if (peak_kb() - after_a_month > GROWTH_KB_MAX) fail_msg("%ld KB after a month, %ld KB after two years", after_a_month, peak_kb());
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(a_year_twice_is_a_year, desk_setup, desk_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
