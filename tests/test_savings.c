/* test_savings: each strategy on calls whose figures are written out, and the invariants S1 to S4 of savings.h. */
#include "tests/savings_lab.h"

static void what_the_logs_lack_is_unknown(void **state) {
    (void)state;
    begin();
    add(1, kind("other", "lone", "chat"), 1000, 100);
    Savings s = work_out(&(SaveAsk){0});
    assert_false(s.by[SAVE_RESPONSE].possible_known);
    assert_string_equal(s.by[SAVE_RESPONSE].stands_on, "not in the logs: prompt_hash");
    assert_false(s.by[SAVE_PROMPT].possible_known);
    assert_string_equal(s.by[SAVE_PROMPT].stands_on, "not in the logs: prefix_hash, prefix_bytes");
    assert_false(s.by[SAVE_ROUTING].possible_known);
    assert_false(s.by[SAVE_BATCH].possible_known);
    assert_false(s.combined.possible_known);
    assert_int_equal(s.paid_nano, 13000000); /* 1,000 x $10/M + 100 x $30/M */
}

static void a_repeated_prompt_is_answered_once_within_its_ttl(void **state) {
    (void)state;
    begin();
    uint32_t k = kind("acme", "small", "faq"), other = kind("acme", "big", "faq");
    add(700, k, 1000, 200)->prompt_hash = 7; /* stored anew: the answer of second 0 was too old at 400 */
    add(650, k, 1000, 200)->prompt_hash = 7; /* hit, of the answer of 400 */
    add(500, other, 3000, 400)->prompt_hash = 7; /* another model's answer is another answer */
    add(400, k, 1000, 200)->prompt_hash = 7;
    add(299, k, 1000, 200)->prompt_hash = 7; /* hit */
    add(0, k, 1000, 200)->prompt_hash = 7;
    Savings s = work_out(&(SaveAsk){0});
    const Saving *r = &s.by[SAVE_RESPONSE];
    assert_true(r->possible_known);
    assert_int_equal(r->calls, 2);
    assert_int_equal(r->possible_nano, 2 * 2000000); /* 1,000 x $1/M + 200 x $5/M */
    assert_int_equal(r->sure, SURE_MEDIUM);
    assert_int_equal(r->parts, 1);
    assert_string_equal(r->part[0].feature, "faq");
    assert_int_equal(r->examples, 2);
    s = work_out(&(SaveAsk){.ttl_ms = 3600000});
    assert_int_equal(s.by[SAVE_RESPONSE].calls, 4);
    assert_null(strstr(s.by[SAVE_RESPONSE].stands_on, "UTC day"));
    s = work_out(&(SaveAsk){.ttl_ms = 7 * MS_PER_DAY}); /* S6 cuts it at midnight, and says so */
    assert_non_null(strstr(s.by[SAVE_RESPONSE].stands_on, "within 604800 s of one UTC day"));
}

/* As a rule's dry run has it: no gateway keeps a stream, so it is neither stored nor answered. */
static void streamed_calls_are_no_possible_hits(void **state) {
    (void)state;
    begin();
    uint32_t k = kind("acme", "small", "faq");
    SaveCall *streamed = add(30, k, 1000, 200), *second = add(20, k, 1000, 200), *first = add(10, k, 1000, 200), *kept_no = add(0, k, 1000, 200);
    SaveCall *const all[] = {streamed, second, first, kept_no};
    for (size_t i = 0; i < 4; i++) all[i]->prompt_hash = 7;
    streamed->flags |= REQ_STREAM;
    kept_no->flags |= REQ_STREAM;
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(s.by[SAVE_RESPONSE].calls, 1); /* the second, of what the first was answered */
    assert_int_equal(s.by[SAVE_RESPONSE].possible_nano, 2000000);
}

static void hits_are_realised(void **state) {
    (void)state;
    begin();
    SaveCall *hit = add(9, kind("acme", "small", "faq"), 1000, 200);
    hit->flags |= REQ_CACHE_HIT;
    price(hit);
    add(1, kind("acme", "small", "faq"), 1000, 200);
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(s.by[SAVE_RESPONSE].saved_nano, 2000000);
    assert_int_equal(s.paid_nano, 2000000);
    assert_int_equal(s.without_nano, 4000000);
}

/* 10,000 tokens, 8,000 of them the prefix, three times in its lifetime: written once at 6.25, read twice at 0.50. */
static void a_repeated_prefix_is_written_once_and_read(void **state) {
    (void)state;
    begin();
    uint32_t k = kind("acme", "big", "agent");
    for (int i = 0; i < 3; i++) {
        SaveCall *c = add(200 - i * 100, k, 10000, 500);
        c->prefix_hash = 5;
        c->prefix_bytes = 32000;
        c->prompt_bytes = 40000;
    }
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(s.by[SAVE_PROMPT].possible_nano, 2 * 8000 * 4500 - 8000 * 1250);
    assert_int_equal(s.by[SAVE_PROMPT].calls, 3);
    assert_int_equal(s.by[SAVE_PROMPT].sure, SURE_HIGH);
    calls[0].ts_ms += 900000; /* then each is too late for the one before: writing would only cost */
    calls[1].ts_ms += 400000;
    s = work_out(&(SaveAsk){0});
    assert_true(s.by[SAVE_PROMPT].possible_known);
    assert_int_equal(s.by[SAVE_PROMPT].possible_nano, 0);
}

static void a_prefix_below_the_models_minimum_is_not_cached(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 3; i++) {
        SaveCall *c = add(3 - i, kind("acme", "big", "agent"), 999, 500);
        c->prefix_hash = 5;
        c->prefix_bytes = c->prompt_bytes = 4000;
    }
    assert_int_equal(work_out(&(SaveAsk){0}).by[SAVE_PROMPT].possible_nano, 0);
}

static void writes_that_nobody_reads_are_a_loss(void **state) {
    (void)state;
    begin();
    SaveCall *c = add(1, kind("acme", "big", "agent"), 1000, 500);
    c->tokens[TOK_CACHE_WRITE_5M] = 100000;
    price(c);
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(s.by[SAVE_PROMPT].saved_nano, -100000 * INT64_C(1250));
    assert_int_equal(s.combined.saved_nano, -100000 * INT64_C(1250));
}

static void simple_premium_calls_are_repriced_on_the_model_in_use(void **state) {
    (void)state;
    begin();
    add(9, kind("acme", "words", "index"), 5000, 0); /* an embedding is no route */
    add(8, kind("acme", "small", "chat"), 1000, 100);
    add(7, kind("acme", "big", "chat"), 1000, 100);  /* simple */
    add(6, kind("acme", "big", "chat"), 9000, 100);  /* long */
    add(5, kind("acme", "big", "chat"), 1000, 900);  /* talks much */
    add(4, kind("acme", "big", "chat"), 1000, 100)->tools = 3;
    add(3, kind("acme", "big", "chat"), 1000, 100)->outcome = OUTCOME_ERROR;
    Savings s = work_out(&(SaveAsk){0});
    const Saving *r = &s.by[SAVE_ROUTING];
    assert_int_equal(r->calls, 1);
    assert_int_equal(r->possible_nano, 7500000 - 1500000);
    assert_int_equal(r->sure, SURE_MEDIUM);
    assert_int_equal(r->saved_nano, 6000000); /* the small call against the premium model */
    assert_int_equal(r->saved_calls, 1);
    assert_int_equal(r->example[0], 3);
}

/* Long, talkative, with tools: of a feature that tolerates a cheaper model all are routed, of another none. */
static void a_feature_can_be_said_to_tolerate_a_cheaper_model(void **state) {
    (void)state;
    begin();
    add(9, kind("acme", "big", "tagging"), 90000, 900)->tools = 3;
    add(8, kind("acme", "big", "agent"), 90000, 900)->tools = 3;
    add(7, kind("acme", "big", "chat"), 1000, 100)->tools = -1;
    Savings s = work_out(&(SaveAsk){.route_to = "small"});
    assert_int_equal(s.by[SAVE_ROUTING].calls, 1);
    assert_int_equal(s.by[SAVE_ROUTING].sure, SURE_MEDIUM);
    s = work_out(&(SaveAsk){.route_to = "small", .can_be_cheap = "summaries, tagging"});
    const Saving *r = &s.by[SAVE_ROUTING];
    assert_int_equal(r->calls, 2);
    assert_int_equal(r->possible_nano, 90000 * INT64_C(4000) + 900 * INT64_C(20000) + 6000000);
    assert_string_equal(r->stands_on, "2 simple or named of 3 premium calls, on small");
    assert_string_equal(r->part[0].feature, "tagging");
    assert_true(r->part[0].can_be_cheap);
    assert_false(r->part[1].can_be_cheap);
}

static void a_route_can_be_named(void **state) {
    (void)state;
    begin();
    add(7, kind("acme", "big", "chat"), 1000, 100);
    assert_false(work_out(&(SaveAsk){0}).by[SAVE_ROUTING].possible_known);
    Savings s = work_out(&(SaveAsk){.route_to = "small"});
    assert_int_equal(s.by[SAVE_ROUTING].possible_nano, 6000000);
    s = work_out(&(SaveAsk){.route_to = "big"}); /* S1, S2: onto the same model nothing is saved */
    assert_int_equal(s.by[SAVE_ROUTING].possible_nano, 0);
}

/* S3: tiny has a batch price and lone has none, so that batching alone saves nothing; together no more than the route does. */
static void a_batch_price_of_the_cheaper_model_alone_adds_nothing(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 5; i++) add(9 - i, kind("other", "lone", i ? "eval" : "chat"), 1000, 100);
    Savings s = work_out(&(SaveAsk){.route_to = "tiny", .can_wait = "eval"});
    assert_int_equal(s.by[SAVE_BATCH].possible_nano, 0);
    assert_int_equal(s.by[SAVE_ROUTING].possible_nano, 5 * (13000000 - 1300000)); /* 1,000 x $10/M + 100 x $30/M, a tenth of it */
    assert_int_equal(s.combined.possible_nano, s.by[SAVE_ROUTING].possible_nano);
}

/* Unknown is a value: a saving of 0 would say that the route is useless. */
static void a_route_to_a_model_without_a_price_is_unknown(void **state) {
    (void)state;
    begin();
    add(5, kind("acme", "big", "chat"), 1000, 100);
    Savings s = work_out(&(SaveAsk){.route_to = "misspelt"});
    assert_false(s.by[SAVE_ROUTING].possible_known);
    assert_non_null(strstr(s.by[SAVE_ROUTING].stands_on, "no price of misspelt"));
}

/* Sums stop at the largest amount, those of blocks too: under the sanitizer they would be an error. */
static void amounts_beyond_all_measure_do_not_turn_over(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 3; i++) add(i, kind("acme", "big", "chat"), 1000, 100)->cost_nano = INT64_MAX - 1;
    Savings s = {0};
    savings_work_out(&sample, book, &(SaveAsk){0}, &s);
    assert_true(s.paid_nano > 0);
    for (int i = 0; i < SAVE_BLOCKS; i++) assert_true(s.block_paid[i] >= 0);
}

static void named_features_go_at_batch_prices(void **state) {
    (void)state;
    begin();
    add(9, kind("acme", "big", "chat"), 9000, 1000);
    add(8, kind("acme", "big", "eval"), 9000, 1000);
    SaveCall *done = add(7, kind("acme", "big", "eval"), 9000, 1000);
    done->flags |= REQ_BATCH;
    price(done);
    Savings s = work_out(&(SaveAsk){.can_wait = "nightly, eval"});
    assert_int_equal(s.by[SAVE_BATCH].possible_nano, 35000000);
    assert_int_equal(s.by[SAVE_BATCH].calls, 1);
    assert_int_equal(s.by[SAVE_BATCH].saved_nano, 35000000);
    assert_int_equal(s.by[SAVE_BATCH].sure, SURE_HIGH);
}

static void a_job_of_the_night_is_found(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 60; i++) add(86400 * (1 - i / 30) + 7200 + i, kind("acme", "big", "nightly"), 9000, 1000);
    for (int i = 0; i < 60; i++) add(3000 * i, kind("acme", "big", "chat"), 9000, 1000);
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(s.by[SAVE_BATCH].calls, 60);
    assert_int_equal(s.by[SAVE_BATCH].sure, SURE_LOW);
    assert_string_equal(s.by[SAVE_BATCH].part[0].feature, "nightly");
}

static void a_call_priced_otherwise_now_is_in_no_estimate(void **state) {
    (void)state;
    begin();
    add(9, kind("acme", "big", "eval"), 9000, 1000)->cost_nano = 1;
    add(8, kind("acme", "nobody-knows", "eval"), 9000, 1000);
    Savings s = work_out(&(SaveAsk){.can_wait = "nightly, eval"});
    assert_int_equal(s.repriced, 1);
    assert_int_equal(s.unpriced, 1);
    assert_int_equal(s.by[SAVE_BATCH].possible_nano, 0);
    assert_int_equal(s.paid_nano, 1);
}

/* 60 answers of 100 tokens and one of 1,000: a limit of 200 would have cut 800. */
static void answers_beyond_twice_the_usual_length_are_cut(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 60; i++) add(100 - i, kind("acme", "big", "agent"), 5000, 100);
    add(9, kind("acme", "big", "agent"), 5000, 1000);
    add(8, kind("acme", "big", "rare"), 5000, 9000); /* one call does not tell what is usual */
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(s.by[SAVE_TOKENS].possible_nano, 800 * 25000);
    assert_int_equal(s.by[SAVE_TOKENS].calls, 1);
    assert_int_equal(s.by[SAVE_TOKENS].sure, SURE_LOW);
    assert_false(s.by[SAVE_TOKENS].saved_known);
}

/* A limit ends an answer where it stands: what is visible goes first, then the reasoning before it. Savings and dry runs ask one function. */
static void a_limit_cuts_the_end_of_an_answer(void **state) {
    (void)state;
    static const struct { int64_t visible, reasoning, most, cut, left_visible, left_reasoning; } cases[] = {
        {100, 0, 40, 60, 40, 0}, {100, 300, 350, 50, 50, 300}, {100, 300, 200, 200, 0, 200}, {100, 300, 400, 0, 100, 300}, {0, 300, 0, 300, 0, 0}, {9, 9, -1, 0, 9, 9}, {9, 9, INT64_MAX, 0, 9, 9}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t t[TOK_COUNT] = {[TOK_OUTPUT] = cases[i].visible, [TOK_REASONING] = cases[i].reasoning};
        assert_int_equal(save_cut_output(t, cases[i].most), cases[i].cut);
        assert_int_equal(t[TOK_OUTPUT], cases[i].left_visible);
        assert_int_equal(t[TOK_REASONING], cases[i].left_reasoning);
    }
    begin(); /* 60 answers of 100, one of 50 after 950 of reasoning: a limit of 200 cuts 800, whatever they are */
    for (int i = 0; i < 60; i++) add(100 - i, kind("acme", "big", "agent"), 5000, 100);
    SaveCall *c = add(9, kind("acme", "big", "agent"), 5000, 50);
    c->tokens[TOK_REASONING] = 950;
    price(c);
    assert_int_equal(work_out(&(SaveAsk){0}).by[SAVE_TOKENS].possible_nano, 800 * 25000);
}

/* S3, S4 on many made calls with everything at once; one call routed, cached and batched is counted once. */
static void together_nothing_is_counted_twice(void **state) {
    (void)state;
    static const char *const features[] = {"a", "b", "c"};
    uint64_t seed = 11;
    for (int round = 0; round < 60; round++) {
        begin();
        for (int i = 0; i < 400; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            uint64_t x = seed >> 20;
            SaveCall *c = add((400 - i) * 7, kind("acme", x & 1 ? "big" : "small", features[x % 3]), (int64_t)(x % 4000), (int64_t)(x / 7 % (x % 10 ? 600 : 5000)));
            c->prompt_hash = x / 11 % 50;
            c->prefix_hash = x / 13 % 5;
            c->prefix_bytes = (int64_t)(x / 17 % 16000);
            c->tokens[TOK_CACHE_READ] = x % 5 ? 0 : (int64_t)(x / 19 % 3000);
            c->tokens[TOK_CACHE_WRITE_5M] = x % 7 ? 0 : (int64_t)(x / 23 % 3000);
            c->flags = x % 9 ? 0 : x % 2 ? REQ_BATCH : REQ_CACHE_HIT;
            price(c);
        }
        Savings s = work_out(&(SaveAsk){.can_wait = "a b"});
        int64_t dearest = 0;
        for (int i = 0; i < SAVE_COUNT; i++) {
            assert_true(s.by[i].possible_known);
            assert_true(s.by[i].possible_nano > 0);
            if (s.by[i].possible_nano > dearest) dearest = s.by[i].possible_nano;
        }
        assert_true(s.combined.possible_nano > dearest);
        assert_int_equal(s.repriced, 0); /* S1 */
    }
}

/* From the ledger: metered calls alone, newest first, cut where asked, through the filter. */
static void the_sample_is_what_the_ledger_has(void **state) {
    (void)state;
    Fixture f;
    Err e = {0};
    SaveSample s;
    fixture_open(&f, "UTC", T0 + MS_PER_DAY);
    for (int i = 0; i < 10; i++)
        fixture_add(&f, &(Spec){.ts_ms = T0 + i * 1000, .name = {[DIM_PROVIDER] = "acme", [DIM_MODEL] = "big", [DIM_FEATURE] = i % 2 ? "odd" : "even"},
                                .tokens = {[TOK_INPUT] = 1000}, .cost_nano = 5000000, .origin = i == 9 ? ORIGIN_NOTIONAL : ORIGIN_METERED});
    fixture_flush(&f);
    Query q = {.since_ms = T0, .until_ms = T0 + MS_PER_DAY};
    must(savings_load(f.db, &q, 100, &s, &e), &e);
    assert_int_equal(s.count, 9);
    assert_int_equal(s.call[0].ts_ms, T0 + 8000);
    assert_string_equal(s.kind[s.call[0].kind].feature, "even");
    assert_false(s.cut);
    Savings out;
    savings_work_out(&s, book, &(SaveAsk){0}, &out);
    assert_int_equal(out.paid_nano, 45000000);
    assert_int_equal(out.repriced, 0);
    savings_free(&s);
    must(savings_load(f.db, &q, 4, &s, &e), &e);
    assert_true(s.cut);
    assert_int_equal(s.since_ms, T0 + 5000);
    savings_free(&s);
    Filter *filter;
    must(filter_parse(&filter, "feature:odd", &e), &e);
    q.filter = filter;
    must(savings_load(f.db, &q, 100, &s, &e), &e);
    assert_int_equal(s.count, 4);
    savings_free(&s);
    filter_free(filter);
    fixture_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_logs_lack_is_unknown),
        cmocka_unit_test(a_repeated_prompt_is_answered_once_within_its_ttl),
        cmocka_unit_test(streamed_calls_are_no_possible_hits), cmocka_unit_test(hits_are_realised),
        cmocka_unit_test(a_repeated_prefix_is_written_once_and_read),
        cmocka_unit_test(a_prefix_below_the_models_minimum_is_not_cached),
        cmocka_unit_test(writes_that_nobody_reads_are_a_loss),
        cmocka_unit_test(simple_premium_calls_are_repriced_on_the_model_in_use),
        cmocka_unit_test(a_feature_can_be_said_to_tolerate_a_cheaper_model),
        cmocka_unit_test(a_route_can_be_named), cmocka_unit_test(a_route_to_a_model_without_a_price_is_unknown),
        cmocka_unit_test(a_batch_price_of_the_cheaper_model_alone_adds_nothing),
        cmocka_unit_test(amounts_beyond_all_measure_do_not_turn_over),
        cmocka_unit_test(named_features_go_at_batch_prices),
        cmocka_unit_test(a_job_of_the_night_is_found),
        cmocka_unit_test(a_call_priced_otherwise_now_is_in_no_estimate),
        cmocka_unit_test(answers_beyond_twice_the_usual_length_are_cut),
        cmocka_unit_test(a_limit_cuts_the_end_of_an_answer),
        cmocka_unit_test(together_nothing_is_counted_twice),
        cmocka_unit_test(the_sample_is_what_the_ledger_has),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
