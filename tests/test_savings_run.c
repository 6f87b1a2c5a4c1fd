/* test_savings_run: the analysis in slices and in halves is the one of all calls at once, and what it says adds up to the
 * nano-dollar, on random calls: invariants S2 to S4 and S6 of savings.h. */
#include "tests/savings_lab.h"
#include <jansson.h>

enum { FEW = 3000, MANY = SAVE_SURVEY + 20000, DAYS = 4 };

static uint64_t next(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 20;
}

/* Caches, batches, limits, hits, refusals, sessions: all at once. */
static void fill_random(SaveCall *c, uint64_t *seed) {
    uint64_t x = next(seed), y = next(seed);
    c->tokens[TOK_INPUT] = (int64_t)(x % 9000);
    c->tokens[TOK_OUTPUT] = (int64_t)(x / 7 % (x % 10 ? 600 : 5000));
    c->tokens[TOK_CACHE_READ] = x % 5 ? 0 : (int64_t)(x / 19 % 3000);
    c->tokens[TOK_CACHE_WRITE_5M] = x % 7 ? 0 : (int64_t)(x / 23 % 3000);
    c->max_tokens = y % 4 ? 0 : 500;
    if (c->max_tokens && c->tokens[TOK_OUTPUT] > 500) c->tokens[TOK_OUTPUT] = 500;
    c->prompt_hash = x / 11 % 50;
    c->prefix_hash = x / 13 % 5;
    c->prefix_bytes = (int64_t)(x / 17 % 16000);
    c->session = (uint32_t)(y / 3 % 20);
    c->tools = (int32_t)(y / 5 % 3) - 1;
    c->flags = y % 9 ? 0 : y % 2 ? REQ_BATCH : REQ_CACHE_HIT;
    c->outcome = y % 31 ? OUTCOME_OK : OUTCOME_ERROR;
}

static uint32_t random_kind(uint64_t *seed) {
    static const char *const features[] = {"a", "b", "c"};
    uint64_t x = next(seed);
    return kind("acme", x & 1 ? "big" : "small", features[x / 2 % 3]);
}

/* What a call costs had nothing been done: by the book alone, without the code under test. */
static int64_t without(const SaveCall *c) {
    const SaveKind *k = &kinds[c->kind];
    bool small = strcmp(k->model, "small") == 0;
    Usage u = {.provider = str_of(k->provider), .model = str_of(small ? "big" : k->model), .ts_ms = c->ts_ms};
    memcpy(u.tokens, c->tokens, sizeof u.tokens);
    u.tokens[TOK_INPUT] += u.tokens[TOK_CACHE_READ] + u.tokens[TOK_CACHE_WRITE_5M];
    u.tokens[TOK_CACHE_READ] = u.tokens[TOK_CACHE_WRITE_5M] = 0;
    Cost cost;
    cost_of(book, &u, &cost);
    return cost.nano;
}

/* S4. */
static void realised_and_paid_are_the_counterfactual(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed < 40; seed++) {
        uint64_t s = seed;
        int64_t sum = 0;
        begin();
        for (int i = 0; i < 500; i++) {
            SaveCall *c = add((500 - i) * 9, random_kind(&s), 0, 0);
            fill_random(c, &s);
            c->max_tokens = 0;
            price(c);
        }
        Savings out = work_out(&(SaveAsk){.can_wait = "a b"});
        for (size_t i = 0; i < sample.count; i++) sum += without(&calls[i]);
        assert_int_equal(out.without_nano, sum);
        assert_int_equal(out.repriced + out.unpriced, 0);
    }
}

/* 20 answers of one feature go on to 900 tokens; the five that 500 cut would have gone on for 400 more. */
static void a_limit_saved_what_longer_answers_go_on_for(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 20; i++) add(100 - i, kind("acme", "big", "agent"), 1000, 900);
    for (int i = 0; i < 5; i++) add(50 - i, kind("acme", "big", "agent"), 1000, 500)->max_tokens = 500;
    Savings s = work_out(&(SaveAsk){0});
    assert_true(s.by[SAVE_TOKENS].saved_known);
    assert_int_equal(s.by[SAVE_TOKENS].saved_calls, 5);
    assert_int_equal(s.by[SAVE_TOKENS].saved_nano, 5 * 400 * INT64_C(25000));
    begin();
    for (int i = 0; i < 5; i++) add(50 - i, kind("acme", "big", "agent"), 1000, 500)->max_tokens = 500;
    assert_false(work_out(&(SaveAsk){0}).by[SAVE_TOKENS].saved_known); /* no longer answer was ever seen */
}

/* The policy keeps answers of faq for a day, and they change; those of chat for a minute are no finding. */
static void the_policys_ttl_is_weighed(void **state) {
    (void)state;
    static const struct { const char *feature; bool found; } cases[] = {{"faq", true}, {"chat", false}, {"none", false}};
    json_t *policy = json_loads("{\"cache\":[{\"id\":\"a\",\"match\":{\"feature\":\"faq\"},\"ttl_seconds\":86400},"
                                "{\"id\":\"b\",\"match\":{\"feature\":\"chat\"},\"ttl_seconds\":60}]}", 0, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool found = false;
        begin();
        for (int k = 0; k < 20; k++) add(1000 - k, kind("acme", "small", cases[i].feature), 1000, 100 + k % 2 * 100)->prompt_hash = 7;
        Savings s = work_out(&(SaveAsk){.policy = policy});
        for (size_t n = 0; n < s.notes; n++)
            if (strcmp(s.note[n].name, "stale-risk caching") == 0) found = strstr(s.note[n].text, "keeps those of faq for 86400 s") != NULL;
        assert_int_equal(found, cases[i].found);
    }
    json_decref(policy);
}

/* ---- from the ledger ---- */
static void fill_ledger(Fixture *f, int count, uint64_t seed) {
    fixture_open(f, "UTC", T0 + DAYS * MS_PER_DAY);
    begin();
    for (int i = 0; i < count; i++) {
        SaveCall c = {.kind = random_kind(&seed), .ts_ms = T0 + (int64_t)i * (DAYS * MS_PER_DAY / count), .prompt_bytes = -1, .latency_ms = 5};
        fill_random(&c, &seed);
        price(&c);
        const SaveKind *k = &kinds[c.kind];
        Spec s = {.ts_ms = c.ts_ms, .name = {[DIM_PROVIDER] = k->provider, [DIM_MODEL] = k->model, [DIM_FEATURE] = k->feature}, .cost_nano = c.cost_nano,
                  .saved_cache_nano = c.saved_cache_nano, .saved_response_nano = c.saved_response_nano, .flags = c.flags, .outcome = (Outcome)c.outcome};
        memcpy(s.tokens, c.tokens, sizeof s.tokens);
        fixture_add(f, &s);
        Request *r = batch_at(f->batch, batch_count(f->batch) - 1);
        r->prompt_hash = c.prompt_hash, r->prefix_hash = c.prefix_hash, r->prefix_bytes = c.prefix_bytes;
        r->max_tokens = c.max_tokens, r->tools = c.tools;
    }
    fixture_flush(f);
}

static Savings run_all(SaveRun *r, int64_t deadline_us, int *slices) {
    Err e = {0};
    Savings s;
    SaveSample examples;
    bool more = true;
    for (*slices = 0; more; ++*slices) must(savings_step(r, deadline_us, &more, &e), &e);
    must(savings_result(r, &s, &examples, &e), &e);
    for (size_t i = 1; i < examples.count; i++) assert_true(examples.call[i].key < examples.call[i - 1].key);
    return s;
}

static void assert_one(const Saving *a, const Saving *b) {
    assert_int_equal(a->saved_nano, b->saved_nano);
    assert_int_equal(a->possible_nano, b->possible_nano);
    assert_int_equal(a->saved_calls, b->saved_calls);
    assert_int_equal(a->calls, b->calls);
    assert_int_equal(a->parts, b->parts);
    for (size_t i = 0; i < a->parts; i++) assert_int_equal(a->part[i].nano, b->part[i].nano);
    assert_int_equal(a->examples, b->examples);
    assert_memory_equal(a->example, b->example, a->examples * sizeof *a->example);
    assert_string_equal(a->stands_on, b->stands_on);
    assert_string_equal(a->saved_on, b->saved_on);
    assert_int_equal(a->saved_spread_nano, b->saved_spread_nano);
    assert_int_equal(a->saved_examples, b->saved_examples);
    assert_memory_equal(a->saved_example, b->saved_example, a->saved_examples * sizeof *a->saved_example);
}

static void assert_same(const Savings *a, const Savings *b) {
    for (int i = 0; i < SAVE_COUNT; i++) assert_one(&a->by[i], &b->by[i]);
    assert_one(&a->combined, &b->combined);
    assert_int_equal(a->paid_nano, b->paid_nano);
    assert_int_equal(a->without_nano, b->without_nano);
    assert_int_equal(a->calls, b->calls);
    assert_int_equal(a->notes, b->notes);
    for (size_t i = 0; i < a->notes; i++) {
        assert_int_equal(a->note[i].nano, b->note[i].nano);
        assert_string_equal(a->note[i].text, b->note[i].text);
        assert_int_equal(a->note[i].examples, b->note[i].examples);
        assert_memory_equal(a->note[i].more, b->note[i].more, a->note[i].examples * sizeof *a->note[i].more);
    }
    assert_memory_equal(&a->mix, &b->mix, sizeof a->mix);
    assert_memory_equal(a->ttl, b->ttl, sizeof a->ttl);
    for (size_t i = 0; i < a->by[SAVE_RESPONSE].parts; i++) assert_memory_equal(a->by[SAVE_RESPONSE].part[i].ttl, b->by[SAVE_RESPONSE].part[i].ttl, sizeof a->ttl);
}

/* S6: in slices of a few rows, in one go, and from all calls in memory. */
static void slices_are_one_go(void **state) {
    (void)state;
    Fixture f;
    Err e = {0};
    SaveRun *r[2];
    SaveSample s;
    Savings whole;
    int slices;
    const Query q = {.since_ms = T0, .until_ms = T0 + DAYS * MS_PER_DAY};
    const SaveAsk ask = {.can_wait = "a"};
    fill_ledger(&f, FEW, 7);
    must(savings_open(&r[0], f.db, book, &ask, &q, &e), &e);
    must(savings_open(&r[1], f.db, book, &ask, &q, &e), &e);
    assert_int_equal(savings_permille(r[0]), 0);
    const Savings sliced = run_all(r[0], 0, &slices);
    assert_true(slices > FEW / 64);
    assert_int_equal(savings_permille(r[0]), 1000);
    const Savings one = run_all(r[1], INT64_MAX, &slices);
    assert_int_equal(slices, 1);
    assert_same(&sliced, &one);
    must(savings_load(f.db, &q, FEW, &s, &e), &e);
    savings_work_out(&s, book, &ask, &whole);
    assert_same(&whole, &one);
    savings_free(&s);
    savings_close(r[0]);
    savings_close(r[1]);
    fixture_close(&f);
}

/* S6: the older days by another run with the same survey, added, are the whole; dropped, nothing is lost. */
static void two_halves_are_the_whole(void **state) {
    (void)state;
    Fixture f;
    Err e = {0};
    SaveRun *r, *half, *whole;
    bool more = true;
    int slices;
    const Query q = {.since_ms = T0, .until_ms = T0 + DAYS * MS_PER_DAY};
    const SaveAsk ask = {.can_wait = "a"};
    fill_ledger(&f, MANY, 3);
    must(savings_open(&whole, f.db, book, &ask, &q, &e), &e);
    must(savings_open(&r, f.db, book, &ask, &q, &e), &e);
    assert_null(savings_part(r, f.db)); /* not surveyed yet */
    while (!savings_surveyed(r)) must(savings_step(r, 0, &more, &e), &e);
    savings_rejoin(r, savings_part(r, f.db));
    assert_non_null(half = savings_part(r, f.db));
    for (more = true; more;) must(savings_step(half, INT64_MAX, &more, &e), &e);
    for (more = true; more;) must(savings_step(r, INT64_MAX, &more, &e), &e);
    savings_add(r, half);
    const Savings two = run_all(r, INT64_MAX, &slices), one = run_all(whole, INT64_MAX, &slices);
    assert_int_equal(one.calls, MANY);
    assert_same(&one, &two);
    savings_close(r);
    savings_close(whole);
    fixture_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(realised_and_paid_are_the_counterfactual),
        cmocka_unit_test(a_limit_saved_what_longer_answers_go_on_for),
        cmocka_unit_test(the_policys_ttl_is_weighed),
        cmocka_unit_test(slices_are_one_go),
        cmocka_unit_test(two_halves_are_the_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
