/* test_savings_notes: what the calls are like, the pitfalls and the advice of savings.h, on calls whose figures are written out. */
#include "tests/savings_lab.h"

static const SaveNote *note(const Savings *s, const char *name) {
    for (size_t i = 0; i < s->notes; i++)
        if (strcmp(s->note[i].name, name) == 0) return &s->note[i];
    return NULL;
}

static void routing_takes_its_sizes_from_the_configuration(void **state) {
    (void)state;
    begin();
    add(6, kind("acme", "big", "chat"), 9000, 400);
    assert_int_equal(work_out(&(SaveAsk){.route_to = "small"}).by[SAVE_ROUTING].calls, 0);
    assert_int_equal(work_out(&(SaveAsk){.route_to = "small", .simple_input = 9000, .simple_output = 400}).by[SAVE_ROUTING].calls, 1);
    assert_int_equal(work_out(&(SaveAsk){.route_to = "small", .simple_input = 8999, .simple_output = 400}).by[SAVE_ROUTING].calls, 0);
}

/* Tiers, output share, batch share: parts of the priced whole, to the nano-dollar. */
static void the_mix_adds_up(void **state) {
    (void)state;
    begin();
    add(9, kind("acme", "big", "chat"), 1000, 100)->latency_ms = 400;
    add(8, kind("acme", "big", "chat"), 1000, 100)->latency_ms = 200;
    SaveCall *c = add(7, kind("acme", "small", "chat"), 1000, 100);
    c->flags |= REQ_BATCH;
    price(c);
    SaveCall *refused = add(6, kind("acme", "big", "chat"), 0, 0); /* in no average */
    refused->latency_ms = 3;
    refused->outcome = OUTCOME_REFUSED;
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(s.mix.sound_nano, s.paid_nano);
    assert_int_equal(s.mix.calls[CLASS_PREMIUM], 3);
    assert_int_equal(s.mix.nano[CLASS_PREMIUM] + s.mix.nano[CLASS_ECONOMY], s.paid_nano);
    assert_int_equal(s.mix.output_nano, 2 * 2500000 + 250000); /* 100 x $25/M twice, 100 x $2.50/M */
    assert_int_equal(s.mix.batch_calls, 1);
    assert_int_equal(s.mix.batch_nano, c->cost_nano);
    assert_int_equal(s.mix.latency_ms[CLASS_PREMIUM], 300);
    assert_int_equal(s.mix.latency_ms[CLASS_ECONOMY], -1);
}

static void pitfalls_are_found_with_their_figures(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 20; i++) add(100 - i, kind("acme", "big", ""), 1000, 900);
    kinds[0].endpoint = "/v1/messages";
    Savings s = work_out(&(SaveAsk){.no_budget = true});
    const SaveNote *n = note(&s, "no budget limit");
    assert_non_null(n);
    assert_true(n->finding);
    assert_int_equal(n->nano, s.paid_nano);
    assert_int_equal(n->example, 1);
    n = note(&s, "output cost ignored"); /* 900 x 25 of 900 x 25 + 1,000 x 5 */
    assert_non_null(n);
    assert_int_equal(n->nano, 20 * INT64_C(22500000));
    assert_int_equal(n->example, 1);
    n = note(&s, "endpoint nobody tracks");
    assert_non_null(n);
    assert_int_equal(n->calls, 20);
    assert_non_null(strstr(n->text, "/v1/messages: 20 calls without a feature, 100%"));
    kinds[0].feature = "chat";
    for (size_t i = 0; i < sample.count; i++) calls[i].max_tokens = 1000;
    s = work_out(&(SaveAsk){0});
    assert_null(note(&s, "no budget limit"));
    assert_null(note(&s, "output cost ignored"));
    assert_null(note(&s, "endpoint nobody tracks"));
}

static void a_cheap_call_on_a_dear_model_is_the_wrong_tier(void **state) {
    (void)state;
    begin();
    add(7, kind("acme", "big", "chat"), 1000, 100);
    Savings s = work_out(&(SaveAsk){.route_to = "small"});
    assert_non_null(note(&s, "wrong tier"));
    assert_int_equal(note(&s, "wrong tier")->nano, 6000000);
    assert_int_equal(note(&s, "wrong tier")->example, 1);
    add(6, kind("acme", "big", "agent"), 90000, 9000); /* beside this it is little */
    s = work_out(&(SaveAsk){.route_to = "small"});
    assert_true(s.by[SAVE_ROUTING].possible_nano > 0);
    assert_null(note(&s, "wrong tier"));
}

static void changing_answers_make_a_cache_stale(void **state) {
    (void)state;
    for (int changes = 0; changes < 2; changes++) {
        begin();
        for (int i = 0; i < 20; i++) add(1000 - i, kind("acme", "small", "faq"), 1000, changes ? 100 + i % 2 * 100 : 100)->prompt_hash = 7;
        Savings s = work_out(&(SaveAsk){.ttl_ms = 3600000});
        assert_int_equal(note(&s, "stale-risk caching") != NULL, changes);
        if (changes) assert_int_equal(note(&s, "stale-risk caching")->calls, 19);
        s = work_out(&(SaveAsk){0}); /* nothing is cached, and five minutes are short */
        assert_null(note(&s, "stale-risk caching"));
    }
}

static void a_loss_is_no_optimisation(void **state) {
    (void)state;
    begin();
    SaveCall *c = add(1, kind("acme", "big", "agent"), 1000, 500);
    c->tokens[TOK_CACHE_WRITE_5M] = 100000;
    price(c);
    Savings s = work_out(&(SaveAsk){0});
    const SaveNote *n = note(&s, "optimisation of what costs nothing");
    assert_non_null(n);
    assert_int_equal(n->nano, -100000 * INT64_C(1250));
    assert_non_null(strstr(n->text, "costs more than it saves"));
}

/* Half of the calls read a few tokens from a cache: some work for less than half a percent. */
static void work_for_nothing_is_found(void **state) {
    (void)state;
    for (int most = 0; most < 2; most++) {
        begin();
        for (int i = 0; i < 20; i++) {
            SaveCall *c = add(100 - i, kind("acme", "big", "chat"), 10000, 400);
            if (i % 2) c->tokens[TOK_CACHE_READ] = most ? 9000 : 10 + i;
            price(c);
        }
        Savings s = work_out(&(SaveAsk){0});
        const SaveNote *n = note(&s, "optimisation of what costs nothing");
        assert_int_equal(n == NULL, most);
        if (most) continue;
        assert_int_equal(n->calls, 10);
        assert_int_equal(n->example, 20); /* that read most */
        assert_non_null(strstr(n->text, "prompt caching touches 50% of the calls and saves less than half a percent"));
    }
}

/* Each strategy without data says what to log or to configure, and with it is known. */
static void what_is_unknown_says_what_to_log(void **state) {
    (void)state;
    static const struct { SaveStrategy by; const char *says; } lacks[] = {
        {SAVE_RESPONSE, "not in the logs: prompt_hash"}, {SAVE_PROMPT, "not in the logs: prefix_hash, prefix_bytes"},
        {SAVE_ROUTING, "[savings] route_to = names one"}, {SAVE_BATCH, "[savings] can_wait = names some"}, {SAVE_TOKENS, "fewer than"}};
    begin();
    add(1, kind("other", "lone", "chat"), 5000, 100);
    Savings s = work_out(&(SaveAsk){0});
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
        assert_false(s.by[lacks[i].by].possible_known);
        if (!strstr(s.by[lacks[i].by].stands_on, lacks[i].says)) fail_msg("%s", s.by[lacks[i].by].stands_on);
    }
    begin();
    for (int i = 0; i < 100; i++) {
        SaveCall *c = add(200 - i, kind("acme", "big", "chat"), 5000, 100);
        c->prompt_hash = (uint64_t)i + 1;
        c->prefix_hash = 3, c->prefix_bytes = 8000, c->prompt_bytes = 20000;
    }
    s = work_out(&(SaveAsk){.route_to = "small", .can_wait = "chat"});
    for (int i = 0; i < SAVE_COUNT; i++) assert_true(s.by[i].possible_known);
}

static void models_without_a_price_may_be_ones_own(void **state) {
    (void)state;
    begin();
    add(9, kind("self", "own-70b", "chat"), 9000, 1000);
    Savings s = work_out(&(SaveAsk){0});
    assert_non_null(strstr(note(&s, "machines by the hour")->text, "1 calls have no price: of models on machines of your own [savings] hourly ="));
    sample.since_ms = T0;
    sample.until_ms = T0 + MS_PER_HOUR;
    s = work_out(&(SaveAsk){.hourly = "own-70b:3"});
    assert_null(strstr(note(&s, "machines by the hour")->text, "no price"));
}

static void answers_that_reach_their_limit_are_counted(void **state) {
    (void)state;
    begin();
    add(3, kind("acme", "big", "agent"), 1000, 500)->max_tokens = 500;
    add(2, kind("acme", "big", "agent"), 1000, 499)->max_tokens = 500;
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(note(&s, "max_tokens")->calls, 1);
    assert_int_equal(note(&s, "max_tokens")->example, 1);
    calls[0].max_tokens = calls[1].max_tokens = -1;
    s = work_out(&(SaveAsk){0});
    assert_false(note(&s, "max_tokens")->nano_known);
    assert_non_null(strstr(note(&s, "max_tokens")->text, "not in the logs"));
}

/* 1,000 to 16,000 tokens in 16 turns, a window of 8,000: what is beyond is 1,000 + ... + 8,000. */
static void a_conversation_that_grows_slides(void **state) {
    (void)state;
    begin();
    for (int i = 16; i > 0; i--) add(i * 60, kind("acme", "big", "agent"), i * 1000, 100)->session = 3;
    Savings s = work_out(&(SaveAsk){.route_to = "small"});
    const SaveNote *n = note(&s, "conversations: sliding window");
    assert_non_null(n);
    assert_int_equal(n->nano, 36000 * INT64_C(5000));
    assert_int_equal(n->calls, 8);
    /* Kept: 4,500. Cut: 4,500 + ... + 11,500. Written on turns 9 (5,000) and 13 (4,000), 500 out each, on the small model. */
    assert_int_equal(note(&s, "conversations: summaries")->nano, 64000 * INT64_C(5000) - 9000 * INT64_C(1000) - 1000 * INT64_C(5000));
    for (size_t i = 0; i < sample.count; i++) calls[i].session = 0;
    s = work_out(&(SaveAsk){0});
    assert_non_null(strstr(note(&s, "conversations")->text, "not in the logs: session"));
}

/* Ten minutes apart: five minutes never read, an hour always does. 8,000 tokens: a write at 10 when the book has no hour's price. */
static void an_hour_is_weighed_against_five_minutes(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 5; i++) {
        SaveCall *c = add(3000 - i * 600, kind("acme", "big", "agent"), 10000, 500);
        c->prefix_hash = 5;
        c->prefix_bytes = 32000;
        c->prompt_bytes = 40000;
    }
    Savings s = work_out(&(SaveAsk){0});
    assert_int_equal(s.by[SAVE_PROMPT].possible_nano, 0);
    const SaveNote *n = note(&s, "prompt cache: an hour or five minutes");
    assert_non_null(n);
    assert_true(n->nano > 0);
    assert_true(n->nano <= 4 * 8000 * INT64_C(4500));
}

/* 60 calls a minute apart, none under 4,000 tokens: written once, read 59 times, or nothing of it: the middle, and as much ±. */
static void a_prefix_that_nobody_logs_is_a_guess(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 60; i++) add(3600 - i * 60, kind("acme", "big", "agent"), 4000 + i, 100);
    Savings s = work_out(&(SaveAsk){0});
    const SaveNote *n = note(&s, "prompt cache: a guess");
    assert_non_null(n);
    assert_int_equal(n->nano + n->spread_nano, 59 * 4000 * INT64_C(4500) - 4000 * INT64_C(1250));
    assert_int_equal(n->spread_nano, n->nano);
    assert_false(s.by[SAVE_PROMPT].possible_known); /* and in no estimate */
}

static void batches_have_a_size(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 65; i++) add(100 - i, kind("acme", "big", "eval"), 1000, 100);
    Savings s = work_out(&(SaveAsk){.can_wait = "eval"});
    assert_non_null(strstr(note(&s, "batch groups")->text, "3 groups of 32 or 2 of 64"));
}

/* Two hours at $3: 6 dollars over 12,000 tokens, busy for 36 minutes of them. */
static void a_machine_by_the_hour_has_a_price_a_token(void **state) {
    (void)state;
    begin();
    add(9, kind("self", "own:70b", "chat"), 9000, 1000)->latency_ms = 2160000;
    add(8, kind("self", "own:70b", "chat"), 1900, 100);
    sample.since_ms = T0;
    sample.until_ms = T0 + 2 * MS_PER_HOUR;
    Savings s = work_out(&(SaveAsk){.hourly = "own:70b:3, idle:1.50 nonsense"});
    const SaveNote *n = note(&s, "machines by the hour");
    assert_non_null(n);
    assert_int_equal(n->nano, 6 * NANO_PER_USD);
    assert_string_equal(n->text, "own:70b: busy 29% of the time, $500.00 a million tokens; fewer machines, or more traffic on it");
    assert_non_null(strstr(n[1].text, "idle: no call of it"));
    assert_non_null(strstr(n[2].text, "hourly = nonsense: it must be MODEL:DOLLARS"));
}

/* An hour of a model that prices.csv prices at $1 and $5: 120 calls of 30 s are one at a time; twice as many run side by side. */
static void a_machine_by_the_token_is_as_busy_as_its_traffic(void **state) {
    (void)state;
    for (int times = 1; times <= 2; times++) {
        begin();
        for (int i = 0; i < 120 * times; i++) add(3500 - i, kind("acme", "small", "chat"), 900, 100)->latency_ms = 30000;
        sample.since_ms = T0;
        sample.until_ms = T0 + MS_PER_HOUR;
        Savings s = work_out(&(SaveAsk){.self_hosted = "nobody, small"});
        const SaveNote *n = note(&s, "machines by the token");
        assert_string_equal(n->text, "nobody: no call of it in the range");
        assert_false(n->nano_known);
        n++;
        assert_int_equal(n->nano, s.paid_nano);
        assert_int_equal(n->calls, 120 * times); /* 900 x $1/M + 100 x $5/M a thousand tokens: $1.40 a million */
        assert_string_equal(n->text, times == 1 ? "small: busy 99% of the time, $1.40 a million tokens; continuous batching serves calls side by side from one KV cache"
                                                : "small: 1.9 calls side by side on average, $1.40 a million tokens; continuous batching serves calls side by side from one KV cache");
    }
    begin();
    add(9, kind("self", "own-8b", "chat"), 9000, 1000);
    sample.until_ms = T0 + MS_PER_HOUR;
    Savings s = work_out(&(SaveAsk){.self_hosted = "own-8b"});
    assert_non_null(strstr(note(&s, "machines by the token")->text, "1 of its calls have no price: prices.csv"));
    assert_false(note(&s, "machines by the token")->nano_known);
}

/* 60 answers of 900 tokens where 60 others have 100; of 199 they are not twice as long. */
static void a_feature_that_talks_more_than_others_is_verbose(void **state) {
    (void)state;
    static const struct { int64_t tokens; bool verbose; } cases[] = {{900, true}, {199, false}};
    for (size_t k = 0; k < 2; k++) {
        begin();
        for (int i = 0; i < 60; i++) add(200 - i, kind("acme", "small", "chat"), 1000, 100);
        for (int i = 0; i < 60; i++) add(100 - i, kind("acme", "small", "essay"), 1000, cases[k].tokens);
        Savings s = work_out(&(SaveAsk){0});
        const SaveNote *n = note(&s, "verbose feature");
        assert_int_equal(n != NULL, cases[k].verbose);
        if (!n) continue;
        assert_int_equal(n->nano, 60 * 900 * INT64_C(5000));
        assert_int_equal(n->calls, 60);
        assert_string_equal(kinds[calls[n->example - 1].kind].feature, "essay");
        assert_non_null(strstr(n->text, "essay: 900 tokens an answer where other features have 100"));
    }
}

/* 49 answers of 100 tokens and one of 3,000, nobody reading along: a schema bounds them; streamed, or all alike, it is no advice. */
static void free_form_answers_could_be_structured(void **state) {
    (void)state;
    for (int round = 0; round < 3; round++) {
        begin();
        for (int i = 0; i < 50; i++) {
            SaveCall *c = add(100 - i, kind("acme", "small", "extract"), 1000, round != 1 && i == 7 ? 3000 : 100);
            if (round == 2) c->flags |= REQ_STREAM;
        }
        Savings s = work_out(&(SaveAsk){0});
        const SaveNote *n = note(&s, "structured output");
        assert_int_equal(n != NULL, round == 0);
        if (!n) continue;
        assert_int_equal(n->example, 8);
        assert_int_equal(n->calls, 50);
        assert_non_null(strstr(n->text, "extract: nobody reads along, and answers go up to 3000 tokens where 158 are the mean"));
    }
}

/* Repriced onto the model that answered, every call costs what it did. */
static void the_same_model_costs_the_same(void **state) {
    (void)state;
    uint64_t x = 5;
    begin();
    for (int i = 0; i < 2000; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        SaveCall *c = add(4000 - i, kind("acme", "big", "chat"), (int64_t)(x >> 40 & 0x7ff), (int64_t)(x >> 52 & 0xff));
        c->tokens[TOK_CACHE_READ] = (int64_t)(x >> 33 & 0xfff);
        c->flags |= x >> 60 & 1 ? REQ_BATCH : 0;
        price(c);
    }
    Savings s = work_out(&(SaveAsk){.route_to = "big", .simple_input = 100000, .simple_output = 100000});
    assert_int_equal(s.by[SAVE_ROUTING].possible_nano, 0);
    assert_int_equal(s.by[SAVE_ROUTING].calls, 0);
    assert_int_equal(s.repriced, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_model_costs_the_same),
        cmocka_unit_test(routing_takes_its_sizes_from_the_configuration),
        cmocka_unit_test(the_mix_adds_up),
        cmocka_unit_test(pitfalls_are_found_with_their_figures),
        cmocka_unit_test(a_cheap_call_on_a_dear_model_is_the_wrong_tier),
        cmocka_unit_test(changing_answers_make_a_cache_stale),
        cmocka_unit_test(a_loss_is_no_optimisation),
        cmocka_unit_test(work_for_nothing_is_found),
        cmocka_unit_test(what_is_unknown_says_what_to_log),
        cmocka_unit_test(models_without_a_price_may_be_ones_own),
        cmocka_unit_test(answers_that_reach_their_limit_are_counted),
        cmocka_unit_test(a_conversation_that_grows_slides),
        cmocka_unit_test(an_hour_is_weighed_against_five_minutes),
        cmocka_unit_test(a_prefix_that_nobody_logs_is_a_guess),
        cmocka_unit_test(batches_have_a_size),
        cmocka_unit_test(a_machine_by_the_token_is_as_busy_as_its_traffic),
        cmocka_unit_test(a_feature_that_talks_more_than_others_is_verbose),
        cmocka_unit_test(free_form_answers_could_be_structured),
        cmocka_unit_test(a_machine_by_the_hour_has_a_price_a_token),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
