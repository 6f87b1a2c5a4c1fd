/* test_pricer: properties of every price of the embedded book, and that the fast way gives what the slow way gives. */
#include "store/clock.h"
#include "tests/book_lab.h"
#include <malloc.h>

static const int64_t now_ms = INT64_C(1795478400000); /* 2026-11-24 */

/* A small generator of our own: the same numbers on every machine. */
static uint64_t seed = 1;
static uint64_t below(uint64_t n) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % n;
}

static const char *const tiers[] = {"", "standard", "flex", "priority", "fast", "batch", "odd"};
static const char *const geos[] = {"", "us", "eu", "global", "us-east5"};
static const char *const speeds[] = {"", "fast"};

static Usage any_usage(void) {
    const PriceRow *r = book_row_at(book, below(book_size(book)));
    Usage u = {.provider = str_of(price_row_provider(r)), .model = str_of(price_row_model(r)), .now_ms = now_ms,
               .ts_ms = now_ms - (int64_t)below(700) * MS_PER_DAY + (int64_t)below(86400000), .tier = str_of(tiers[below(7)]),
               .geo = str_of(geos[below(5)]), .speed = str_of(speeds[below(2)]), .batch = below(4) == 0};
    for (int t = 0; t < TOK_COUNT; t++) u.tokens[t] = below(3) ? (int64_t)below(300000) : 0;
    u.web_searches = (int64_t)below(3);
    return u;
}

static int64_t nano(const Usage *u) {
    Cost c;
    cost_of(book, u, &c);
    return c.priced ? c.nano : -1;
}

static int64_t prompt(const Usage *u) {
    return u->tokens[TOK_INPUT] + u->tokens[TOK_CACHE_READ] + u->tokens[TOK_CACHE_WRITE_5M] + u->tokens[TOK_CACHE_WRITE_1H] +
           u->tokens[TOK_AUDIO_INPUT];
}

/* One exception is the vendor's: a tier that is not offered for long prompts falls back to the standard price. */
static void more_tokens_never_cost_less(void **state) {
    (void)state;
    for (int i = 0; i < 20000; i++) {
        Usage u = any_usage();
        Cost before, after;
        cost_of(book, &u, &before);
        u.tokens[below(TOK_COUNT)] += (int64_t)below(1000000);
        cost_of(book, &u, &after);
        if ((before.flags & COST_TIER_UNLISTED) == (after.flags & COST_TIER_UNLISTED)) assert_true(after.nano >= before.nano);
    }
}

/* Within one tier a cost is the sum of its buckets' costs, up to the one rounding of each. */
static void buckets_add_up(void **state) {
    (void)state;
    for (int i = 0; i < 20000; i++) {
        Usage u = any_usage(), one;
        for (int t = 0; t < TOK_COUNT; t++) u.tokens[t] %= 6000; /* below every threshold, together too */
        assert_true(prompt(&u) < 32000);
        int64_t whole = nano(&u), sum = 0;
        if (whole < 0) continue;
        for (int t = 0; t < TOK_COUNT; t++) {
            one = u;
            memset(one.tokens, 0, sizeof one.tokens);
            one.tokens[t] = u.tokens[t];
            one.web_searches = t == 0 ? u.web_searches : 0;
            sum += nano(&one);
        }
        assert_true(whole >= sum - TOK_COUNT && whole <= sum + TOK_COUNT);
    }
}

static void nothing_overflows(void **state) {
    (void)state;
    for (int i = 0; i < 20000; i++) {
        Usage u = any_usage();
        Cost c;
        for (int t = 0; t < TOK_COUNT; t++) u.tokens[t] = below(2) ? INT64_MAX : REQUEST_TOKENS_MAX;
        u.web_searches = below(2) ? INT64_MAX : INT32_MAX;
        cost_of(book, &u, &c);
        assert_true(c.nano >= 0 && c.saved_cache_nano >= -INT64_MAX);
        if (c.priced && c.nano == INT64_MAX) assert_true(c.flags & COST_OVERFLOW);
        for (int t = 0; t < TOK_COUNT; t++) u.tokens[t] = INT64_MIN;
        u.web_searches = INT64_MIN;
        cost_of(book, &u, &c);
        assert_true(c.nano == 0 && c.saved_cache_nano == 0);
    }
}

static void the_arithmetic_shown_is_the_arithmetic_done(void **state) {
    (void)state;
    __extension__ typedef __int128 Wide;
    for (int i = 0; i < 20000; i++) {
        Usage u = any_usage();
        Cost c;
        cost_of(book, &u, &c);
        Wide tokens = 0, fees = 0;
        for (int k = 0; k < c.line_count; k++) {
            Wide product = (Wide)c.lines[k].units * (Wide)c.lines[k].pico;
            if (strcmp(c.lines[k].what, "web search") == 0) fees += product;
            else tokens += product;
        }
        Wide den = (Wide)c.mul_den * 1000, all = tokens * (Wide)c.mul_num + fees * (Wide)c.mul_den;
        assert_true((int64_t)((all * 2 + den) / (den * 2)) == c.nano);
    }
}

static Request *request_of(Batch *b, const Usage *u) {
    Request *r = batch_add(b);
    if (!r) {
        batch_clear(b);
        r = batch_add(b);
    }
    r->ts_ms = u->ts_ms;
    r->name[DIM_PROVIDER] = batch_name(b, u->provider.at, u->provider.len);
    r->name[DIM_MODEL] = batch_name(b, u->model.at, u->model.len);
    r->name[DIM_TIER] = batch_name(b, u->tier.at, u->tier.len);
    r->geo = batch_name(b, u->geo.at, u->geo.len);
    r->speed = batch_name(b, u->speed.at, u->speed.len);
    r->flags = u->batch ? REQ_BATCH : 0;
    r->web_searches = (int32_t)u->web_searches;
    memcpy(r->tokens, u->tokens, sizeof r->tokens);
    return r;
}

static void the_pricer_agrees_with_cost_of(void **state) {
    (void)state;
    Batch *b = batch_new(512);
    Pricer *p = pricer_new(book);
    for (int i = 0; i < 50000; i++) {
        Usage u = any_usage();
        Request *r = request_of(b, &u);
        Cost c;
        cost_of(book, &u, &c);
        pricer_price(p, b, r);
        bool used = prompt(&u) + u.tokens[TOK_OUTPUT] + u.tokens[TOK_REASONING] + u.web_searches > 0;
        assert_int_equal(r->cost_nano, c.priced ? c.nano : 0);
        assert_int_equal(r->saved_cache_nano, c.priced ? c.saved_cache_nano : 0);
        assert_int_equal(!(r->flags & REQ_UNPRICED), c.priced || !used);
        assert_true(r->price_row == (used ? c.row_id : 0));
    }
    pricer_free(p);
    batch_free(b);
}

static Usage plain(const char *model) {
    return (Usage){.provider = STR("anthropic"), .model = str_of(model), .ts_ms = now_ms,
                   .tokens = {[TOK_INPUT] = 1000, [TOK_CACHE_READ] = 1000, [TOK_CACHE_WRITE_5M] = 100, [TOK_OUTPUT] = 10}};
}

static void what_was_not_bought_costs_nothing_and_is_not_unpriced(void **state) {
    (void)state;
    Batch *b = batch_new(16);
    Pricer *p = pricer_new(book);
    Usage u = plain("no-such-model");
    Request *r = request_of(b, &u);
    r->outcome = OUTCOME_REFUSED;
    pricer_price(p, b, r);
    assert_true(r->cost_nano == 0 && !(r->flags & REQ_UNPRICED));
    r->outcome = OUTCOME_ERROR;
    pricer_price(p, b, r);
    assert_true(r->flags & REQ_UNPRICED); /* an error that used tokens */
    memset(r->tokens, 0, sizeof r->tokens);
    pricer_price(p, b, r); /* a second time: flags of the first are gone */
    assert_false(r->flags & REQ_UNPRICED);
    pricer_free(p);
    batch_free(b);
}

static void a_response_cache_hit_saves_its_price(void **state) {
    (void)state;
    Batch *b = batch_new(16);
    Pricer *p = pricer_new(book);
    Usage u = plain("claude-opus-5");
    Request *r = request_of(b, &u);
    r->flags |= REQ_CACHE_HIT;
    pricer_price(p, b, r);
    assert_int_equal(r->cost_nano, 0);
    assert_int_equal(r->saved_cache_nano, 0);
    assert_int_equal(r->saved_response_nano, 1000 * 5000 + 1000 * 500 + 100 * 6250 + 10 * 25000);
    u = plain("no-such-model");
    r = request_of(b, &u);
    r->flags |= REQ_CACHE_HIT;
    pricer_price(p, b, r);
    assert_false(r->flags & REQ_UNPRICED);
    pricer_free(p);
    batch_free(b);
}

static void cache_savings_are_reads_minus_write_premiums(void **state) {
    (void)state;
    Usage u = plain("claude-opus-5");
    Cost c;
    cost_of(book, &u, &c);
    assert_int_equal(c.saved_cache_nano, 1000 * (5000 - 500) - 100 * (6250 - 5000));
    u.tokens[TOK_CACHE_READ] = 0;
    u.geo = STR("us");
    cost_of(book, &u, &c);
    assert_int_equal(c.saved_cache_nano, -100 * 1250 * 11 / 10); /* written and never read: a loss, also regionally */
}

static void the_memo_follows_the_date(void **state) {
    (void)state;
    Batch *b = batch_new(512);
    Pricer *p = pricer_new(book);
    int64_t cut = 0;
    time_parse_rfc3339("2026-10-07T00:00:00Z", 20, &cut);
    for (int i = 0; i < 100; i++) {
        Usage u = plain("claude-sonnet-5-5");
        u.ts_ms = cut + (i % 2 ? 0 : -1);
        Request *r = request_of(b, &u);
        pricer_price(p, b, r);
        assert_int_equal(r->cost_nano, 1000 * 2000 + 1000 * (i % 2 ? 100 : 200) + 100 * 2500 + 10 * 10000);
    }
    pricer_free(p);
    batch_free(b);
}

static void a_flood_of_names_needs_no_memory(void **state) {
    (void)state;
    Batch *b = batch_new(512);
    Pricer *p = pricer_new(book);
    char name[200];
    size_t before = 0;
    for (int i = 0; i < 200000; i++) {
        Usage u = plain(name);
        snprintf(name, sizeof name, "model-%d-%*s", i, i % 120, "x");
        u.model = str_of(name);
        Request *r = request_of(b, &u);
        pricer_price(p, b, r);
        assert_true(r->flags & REQ_UNPRICED);
        if (i == 1000) before = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks <= before);
    pricer_free(p);
    batch_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_tokens_never_cost_less),
        cmocka_unit_test(buckets_add_up),
        cmocka_unit_test(nothing_overflows),
        cmocka_unit_test(the_arithmetic_shown_is_the_arithmetic_done),
        cmocka_unit_test(the_pricer_agrees_with_cost_of),
        cmocka_unit_test(what_was_not_bought_costs_nothing_and_is_not_unpriced),
        cmocka_unit_test(a_response_cache_hit_saves_its_price),
        cmocka_unit_test(cache_savings_are_reads_minus_write_premiums),
        cmocka_unit_test(the_memo_follows_the_date),
        cmocka_unit_test(a_flood_of_names_needs_no_memory),
    };
    return cmocka_run_group_tests(tests, book_setup, book_teardown);
}
