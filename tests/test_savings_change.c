/* test_savings_change: the ledger changes while an analysis reads it: it says so, and counts no call twice; what only comes in
 * as it always does is no change. S7 of savings.h. */
#include "tests/savings_lab.h"

enum { COUNT = 2000, DAYS = 4, EVERY_MS = DAYS * 86400000 / COUNT };

typedef struct Lab { Fixture f; SaveRun *run; } Lab;
typedef void Change(Fixture *f);

static void add_call(Fixture *f, int64_t ts_ms, int64_t cost_nano) {
    fixture_add(f, &(Spec){.ts_ms = ts_ms, .name = {[DIM_PROVIDER] = "acme", [DIM_MODEL] = "big", [DIM_FEATURE] = "a"}, .tokens = {[TOK_INPUT] = 1000}, .cost_nano = cost_nano});
}

static void open_lab(Lab *l) {
    Err e = {0};
    static const SaveAsk ask;
    fixture_open(&l->f, "UTC", T0 + DAYS * MS_PER_DAY);
    for (int i = 0; i < COUNT; i++) add_call(&l->f, T0 + (int64_t)i * EVERY_MS, 5000000);
    fixture_flush(&l->f);
    const Query q = {.since_ms = T0, .until_ms = T0 + DAYS * MS_PER_DAY};
    must(savings_open(&l->run, l->f.db, book, &ask, &q, &e), &e);
}

/* Changes the ledger when the run is half through. */
static Savings run_with(Lab *l, Change *change) {
    Err e = {0};
    Savings s;
    SaveSample examples;
    bool more = true;
    while (more) {
        must(savings_step(l->run, 0, &more, &e), &e);
        if (!change || savings_permille(l->run) < 500) continue;
        change(&l->f);
        fixture_flush(&l->f);
        change = NULL;
    }
    must(savings_result(l->run, &s, &examples, &e), &e);
    assert_int_equal(s.without_nano - s.paid_nano, s.combined.saved_nano); /* S4, whatever happened */
    savings_close(l->run);
    fixture_close(&l->f);
    return s;
}

static bool says_so(const Savings *s) {
    for (size_t i = 0; i < s->notes; i++)
        if (strcmp(s->note[i].name, "changed meanwhile") == 0) return i == 0 && s->note[i].finding;
    return false;
}

/* ---- what changes ---- */
static void late_behind(Fixture *f) { add_call(f, T0 + 12345, 5000000); }
static void late_ahead(Fixture *f) { add_call(f, T0 + 3 * MS_PER_DAY + 12345, 5000000); }
static void of_now(Fixture *f) { add_call(f, T0 + DAYS * MS_PER_DAY - 1000, 5000000); }

static void dearer(void *ctx, Batch *b, Request *r) {
    (void)ctx, (void)b;
    r->cost_nano *= 2;
}

static void reprice(Fixture *f) {
    Err e = {0};
    uint64_t changed = 0;
    must(ledger_reprice(f->ledger, dearer, NULL, &changed, &e), &e);
    assert_int_equal(changed, COUNT);
}

static void purge(Fixture *f) {
    Err e = {0};
    for (bool more = true; more;) must(ledger_purge(f->ledger, 1, &more, &e), &e);
}

static void a_change_is_said(void **state) {
    (void)state;
    static const struct { Change *change; int64_t calls; bool said; } cases[] = {
        {NULL, COUNT, false},           {of_now, COUNT + 1, false}, {late_behind, COUNT, true},
        {late_ahead, COUNT + 1, true},  {reprice, COUNT, true},     {purge, -1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Lab l;
        open_lab(&l);
        const Savings s = run_with(&l, cases[i].change);
        assert_int_equal(says_so(&s), cases[i].said);
        if (cases[i].calls >= 0) assert_int_equal(s.calls, cases[i].calls);
        assert_true(s.calls <= COUNT + 1);
    }
}

/* What was repriced is in no estimate, as S1 says: only what was read before it is. */
static void a_repriced_half_is_in_no_estimate(void **state) {
    (void)state;
    Lab l;
    open_lab(&l);
    const Savings s = run_with(&l, reprice);
    assert_in_range(s.repriced, COUNT / 4, COUNT - 1);
}

/* Days that were purged before are in no figure, and that is no change. */
static void purged_days_are_said(void **state) {
    (void)state;
    Err e = {0};
    Lab l;
    open_lab(&l);
    savings_close(l.run);
    purge(&l.f);
    const SaveAsk ask = {0};
    const Query q = {.since_ms = T0, .until_ms = T0 + DAYS * MS_PER_DAY};
    must(savings_open(&l.run, l.f.db, book, &ask, &q, &e), &e);
    const Savings s = run_with(&l, NULL);
    assert_false(says_so(&s));
    assert_string_equal(s.note[0].name, "purged days");
    assert_non_null(strstr(s.note[0].text, "calls of 3 days of the range, up to 2026-11-26,"));
    assert_int_equal(s.calls, COUNT / 4);
}

/* Looked at again, it is whole, and nothing is said. */
static void the_next_look_is_whole(void **state) {
    (void)state;
    Err e = {0};
    Lab l;
    SaveRun *first;
    bool more = true;
    open_lab(&l);
    first = l.run;
    late_behind(&l.f);
    fixture_flush(&l.f);
    const SaveAsk ask = {0};
    const Query q = {.since_ms = T0, .until_ms = T0 + DAYS * MS_PER_DAY};
    must(savings_open(&l.run, l.f.db, book, &ask, &q, &e), &e);
    must(savings_step(first, INT64_MAX, &more, &e), &e);
    savings_close(first);
    const Savings s = run_with(&l, NULL);
    assert_int_equal(s.calls, COUNT + 1);
    assert_false(says_so(&s));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_said),
        cmocka_unit_test(a_repriced_half_is_in_no_estimate),
        cmocka_unit_test(purged_days_are_said),
        cmocka_unit_test(the_next_look_is_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
