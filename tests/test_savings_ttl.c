/* test_savings_ttl: response caches of several TTLs: each has the hits that it has when played by itself, and the one that is
 * offered pays best without being stale. */
#include "tests/savings_lab.h"

/* What one TTL would have answered, played by itself: the invariant of the table of TTLs. */
static SaveTtl played(int64_t ttl_ms) {
    SaveTtl sum = {0};
    int64_t stored_ms = INT64_MIN, output = 0;
    for (size_t i = sample.count; i-- > 0;) {
        const SaveCall *c = &calls[i];
        if (stored_ms != INT64_MIN && c->ts_ms - stored_ms < ttl_ms) {
            sum.nano += c->cost_nano;
            sum.calls++;
            sum.changed += llabs(c->tokens[TOK_OUTPUT] - output) * 5 > output;
        } else stored_ms = c->ts_ms, output = c->tokens[TOK_OUTPUT];
    }
    return sum;
}

/* At 0, 50, 270 and 310 s: a minute answers 50 s (of 0) and 310 s (of 270), five minutes 50 and 270; a hit renews nothing. */
static void each_ttl_has_its_own_hits(void **state) {
    (void)state;
    static const int64_t at[] = {90000, 86390, 4200, 3700, 310, 270, 50, 0}; /* newest first; the first on the next day */
    begin();
    for (size_t i = 0; i < 8; i++) add(at[i], kind("acme", "small", "faq"), 1000, 200)->prompt_hash = 7;
    Savings s = work_out(&(SaveAsk){0});
    const int64_t hits[SAVE_TTLS] = {2, 2, 4, 6}; /* an hour: not 3,700 nor 86,390; a day ends at midnight (S6) */
    for (int i = 0; i < SAVE_TTLS; i++) {
        assert_int_equal(s.ttl[i].calls, hits[i]);
        assert_int_equal(s.ttl[i].nano, hits[i] * 2000000);
        assert_int_equal(s.ttl[i].changed, 0);
    }
    assert_int_equal(s.ttl[1].calls, s.by[SAVE_RESPONSE].calls); /* the default TTL is one of them */
    assert_int_equal(save_best_ttl(s.by[SAVE_RESPONSE].part[0].ttl), 3);
    assert_int_equal(save_best_ttl((const SaveTtl[SAVE_TTLS]){{0}, {100, 9, 0}, {110, 9, 0}, {111, 9, 0}}), 3); /* a tenth more is not enough */
    assert_int_equal(save_best_ttl((const SaveTtl[SAVE_TTLS]){{0}, {100, 9, 0}, {110, 9, 0}, {110, 9, 0}}), 1);
    uint64_t seed = 5;
    for (int round = 0; round < 20; round++) {
        int64_t second = 86000;
        begin();
        for (int i = 0; i < 200 && second > 0; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            add(second, kind("acme", "small", "faq"), (int64_t)(seed >> 50), (int64_t)(seed >> 40 & 255))->prompt_hash = 7;
            second -= (int64_t)(seed >> 33 & (round % 2 ? 1023 : 127)) + 1;
        }
        s = work_out(&(SaveAsk){0});
        for (int i = 0; i < SAVE_TTLS; i++) {
            const SaveTtl want = played(save_ttls_ms[i]);
            assert_memory_equal(&s.ttl[i], &want, sizeof want);
        }
    }
}

/* Asked every 20 s, and every answer of a new ten minutes is another one: five minutes are mostly right, an hour is stale. */
static void a_ttl_that_would_be_stale_is_not_the_best(void **state) {
    (void)state;
    begin();
    for (int64_t i = 400; i-- > 0;) add(i * 20, kind("acme", "small", "news"), 1000, 200 + i / 30 % 2 * 200)->prompt_hash = 7;
    Savings s = work_out(&(SaveAsk){0});
    const SavePart *part = &s.by[SAVE_RESPONSE].part[0];
    assert_true(part->ttl[2].nano > part->ttl[1].nano);
    assert_true(part->ttl[2].changed * 100 >= part->ttl[2].calls * 30);
    assert_int_equal(save_best_ttl(part->ttl), 1);
    begin();
    for (int64_t i = 400; i-- > 0;) add(i * 20, kind("acme", "small", "dice"), 1000, 200 + i % 2 * 200)->prompt_hash = 7;
    s = work_out(&(SaveAsk){0});
    assert_int_equal(save_best_ttl(s.by[SAVE_RESPONSE].part[0].ttl), -1); /* stale at once */
}

/* What only an hour answers is told, though five minutes answer nothing. */
static void what_comes_again_after_the_asked_ttl_is_told(void **state) {
    (void)state;
    begin();
    add(1000, kind("acme", "small", "faq"), 1000, 200)->prompt_hash = 7;
    add(0, kind("acme", "small", "faq"), 1000, 200)->prompt_hash = 7;
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(s.by[SAVE_RESPONSE].possible_nano, 0);
    assert_int_equal(s.by[SAVE_RESPONSE].parts, 1);
    assert_int_equal(save_best_ttl(s.by[SAVE_RESPONSE].part[0].ttl), 2);
    assert_int_equal(s.ttl[2].nano, 2000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_ttl_has_its_own_hits),
        cmocka_unit_test(a_ttl_that_would_be_stale_is_not_the_best),
        cmocka_unit_test(what_comes_again_after_the_asked_ttl_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
