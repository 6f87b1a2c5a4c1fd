/* The demo's calls: the same for every run, within their bounds, and with the incident the screens tell of. */
#include "store/clock.h"
#include "tests/unit.h"
#include "tui/demo_load.h"

#define MONDAY_NOON INT64_C(1795435200000) /* Mon 23 Nov 2026 12:00 UTC */

typedef struct Load {
    Batch *batch[DEMO_GATEWAYS];
} Load;

static void make(Load *l, const DemoLoad *load, int64_t minute, int64_t from, int64_t to) {
    for (int g = 0; g < DEMO_GATEWAYS; g++) l->batch[g] = batch_new(DEMO_MINUTE_MAX);
    demo_minute(load, minute, from, to, l->batch);
}

static void drop(Load *l) {
    for (int g = 0; g < DEMO_GATEWAYS; g++) batch_free(l->batch[g]);
}

static size_t calls(const Load *l) {
    size_t n = 0;
    for (int g = 0; g < DEMO_GATEWAYS; g++) n += batch_count(l->batch[g]);
    return n;
}

static void a_minute_is_the_same_every_time(void **s) {
    (void)s;
    const DemoLoad load = {.seed = 42, .onset_ms = INT64_MAX};
    Load a, b;
    make(&a, &load, MONDAY_NOON, MONDAY_NOON, MONDAY_NOON + MS_PER_MINUTE);
    make(&b, &load, MONDAY_NOON, MONDAY_NOON, MONDAY_NOON + MS_PER_MINUTE);
    assert_true(calls(&a) > 5);
    for (int g = 0; g < DEMO_GATEWAYS; g++) {
        assert_int_equal(batch_count(a.batch[g]), batch_count(b.batch[g]));
        for (size_t i = 0; i < batch_count(a.batch[g]); i++) {
            const Request *x = batch_at(a.batch[g], i), *y = batch_at(b.batch[g], i);
            assert_int_equal(x->id, y->id);
            assert_int_equal(x->ts_ms, y->ts_ms);
            assert_memory_equal(x->tokens, y->tokens, sizeof x->tokens);
        }
    }
    drop(&a);
    drop(&b);
}

/* A minute that is played in pieces as time goes on is the minute that is played at once. */
static void pieces_of_a_minute_add_up(void **s) {
    (void)s;
    const DemoLoad load = {.seed = 42, .onset_ms = INT64_MAX};
    Load whole;
    make(&whole, &load, MONDAY_NOON, MONDAY_NOON, MONDAY_NOON + MS_PER_MINUTE);
    uint64_t ids = 0, parts = 0;
    size_t n = 0;
    for (int g = 0; g < DEMO_GATEWAYS; g++)
        for (size_t i = 0; i < batch_count(whole.batch[g]); i++) ids += batch_at(whole.batch[g], i)->id;
    for (int64_t t = 0; t < MS_PER_MINUTE; t += 250) {
        Load l;
        make(&l, &load, MONDAY_NOON, MONDAY_NOON + t, MONDAY_NOON + t + 250);
        n += calls(&l);
        for (int g = 0; g < DEMO_GATEWAYS; g++)
            for (size_t i = 0; i < batch_count(l.batch[g]); i++) {
                const Request *r = batch_at(l.batch[g], i);
                assert_true(r->ts_ms >= MONDAY_NOON + t && r->ts_ms < MONDAY_NOON + t + 250);
                parts += r->id;
            }
        drop(&l);
    }
    assert_int_equal(n, calls(&whole));
    assert_true(ids == parts);
    drop(&whole);
}

static void the_incident_writes_its_cache_and_never_reads_it(void **s) {
    (void)s;
    int64_t hour[2] = {0}, read[2] = {0}, written[2] = {0};
    for (int incident = 0; incident < 2; incident++) {
        const DemoLoad load = {.seed = 42, .onset_ms = incident ? 0 : INT64_MAX};
        for (int64_t m = 0; m < 60; m++) {
            Load l;
            int64_t at = MONDAY_NOON + m * MS_PER_MINUTE;
            make(&l, &load, at, at, at + MS_PER_MINUTE);
            assert_true(calls(&l) <= DEMO_MINUTE_MAX);
            for (int g = 0; g < DEMO_GATEWAYS; g++)
                for (size_t i = 0; i < batch_count(l.batch[g]); i++) {
                    const Request *r = batch_at(l.batch[g], i);
                    Str feature = batch_name_at(l.batch[g], r->name[DIM_FEATURE]);
                    if (feature.len != 9 || memcmp(feature.at, "doc-agent", 9) != 0) continue;
                    hour[incident]++;
                    read[incident] += r->tokens[TOK_CACHE_READ];
                    written[incident] += r->tokens[TOK_CACHE_WRITE_5M];
                }
            drop(&l);
        }
    }
    assert_true(hour[1] > 2 * hour[0]);
    assert_true(read[0] > 4 * written[0]);
    assert_true(written[1] > 4 * read[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_is_the_same_every_time),
        cmocka_unit_test(pieces_of_a_minute_add_up),
        cmocka_unit_test(the_incident_writes_its_cache_and_never_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
