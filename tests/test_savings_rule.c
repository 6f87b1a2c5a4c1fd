/* test_savings_rule: rules from words and JSON, and invariants R1 to R3 of savings_rule.h on calls whose figures are written out. */
#include "store/savings_rule.h"
#include "tests/query_fixture.h"
#include <jansson.h>

#define T0 INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */
static const char prices[] =
    "provider,model,mode,class,input_per_mtok,output_per_mtok,confidence,source\n"
    "acme,big,chat,premium,5,25,high,made\nacme,small,chat,economy,1,5,high,made\n";
enum { BIG_NANO = 1000 * 5000 + 100 * 25000, SMALL_NANO = 1000 * 1000 + 100 * 5000 }; /* 1,000 in, 100 out */

typedef struct Lab { Fixture f; Book *book; Query q; } Lab;

static int set_up(void **state) {
    Lab *lab = xcalloc(1, sizeof *lab);
    Err e = {0};
    if (book_load_csv(&lab->book, "made.csv", prices, sizeof prices - 1, &e) != 0) fail_msg("%s", e.text);
    fixture_open(&lab->f, "UTC", T0 + MS_PER_DAY);
    lab->q = (Query){.since_ms = T0, .until_ms = T0 + MS_PER_DAY};
    *state = lab;
    return 0;
}

static int tear_down(void **state) {
    Lab *lab = *state;
    fixture_close(&lab->f);
    book_free(lab->book);
    free(lab);
    return 0;
}

static Request *add(Lab *lab, int64_t second, const char *feature, const char *model, int64_t nano) {
    fixture_add(&lab->f, &(Spec){.ts_ms = T0 + second * 1000, .cost_nano = nano, .tokens = {[TOK_INPUT] = 1000, [TOK_OUTPUT] = 100},
                                 .name = {[DIM_PROVIDER] = "acme", [DIM_MODEL] = model, [DIM_FEATURE] = feature, [DIM_GATEWAY] = "edge"}});
    Request *r = batch_at(lab->f.batch, batch_count(lab->f.batch) - 1);
    r->prompt_bytes = 4000;
    r->tools = 0;
    r->max_tokens = -1;
    return r;
}

static RuleEffect try_it(Lab *lab, const char *text, const char *policy) {
    SaveRule rule;
    RuleEffect f;
    Err e = {0};
    json_t *now = policy ? json_loads(policy, 0, NULL) : NULL;
    fixture_flush(&lab->f);
    must(save_rule_parse(&rule, text, &e), &e);
    must(save_rule_try(lab->f.db, lab->book, &rule, &(RuleAsk){.q = &lab->q, .policy = now}, &f, &e), &e);
    assert_int_equal(f.saved_nano, f.before_nano - f.after_nano); /* R2 */
    save_rule_free(&rule);
    json_decref(now);
    return f;
}

static void words_and_json_are_one_rule(void **state) {
    (void)state;
    SaveRule a, b;
    Err e = {0};
    must(save_rule_parse(&a, "route feature=faq,help percent=20 tools=no max_prompt_bytes=8000 set_model=small", &e), &e);
    assert_string_equal(a.at, "routing.rules.savings-routing-faq");
    assert_int_equal(save_rule_percent(&a), 20);
    char *text = save_rule_text(&a, true);
    must(save_rule_parse(&b, text, &e), &e);
    assert_true(json_equal(a.json, b.json));
    assert_string_equal(a.at, b.at);
    free(text);
    save_rule_free(&b);
    must(save_rule_parse(&b, "{\"routing\":{\"rules\":[{\"match\":{\"feature\":[\"faq\",\"help\"],\"percent\":20,\"tools\":false,"
                             "\"max_prompt_bytes\":8000},\"set_model\":\"small\"}]}}", &e), &e);
    assert_true(json_equal(a.json, b.json));
    save_rule_set_percent(&b, 100);
    assert_int_equal(save_rule_percent(&b), 100);
    save_rule_free(&a);
    save_rule_free(&b);
}

static void what_is_no_rule_says_why(void **state) {
    (void)state;
    static const struct { const char *text, *why; } bad[] = {
        {"", "empty"}, {"reroute x=1", "begins with"}, {"route feature", "NAME=VALUE"}, {"route feature=faq", "set_model"}, {"{\"limits\":[{\"on_exceed\":\"clamp\"}]}", "does nothing"},
        {"{\"limits\":", "no JSON"}, {"{}", "no rule"}, {"limit feature=faq max_output_tokens=none", "whole number"},
        {"route percent=200 set_model=x", "0 to 100"}, {"{\"limits\":[{\"max_output_tokens\":1},{\"max_output_tokens\":2}]}", "one at a time"},
        {"{\"match\":{\"colour\":\"red\"},\"set_model\":\"x\"}", "no condition"}, {"{\"limits\":[7]}", "no JSON object"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        SaveRule r;
        Err e = {0};
        assert_int_equal(save_rule_parse(&r, bad[i].text, &e), -1);
        if (!strstr(e.text, bad[i].why)) fail_msg("%s: %s", bad[i].text, e.text);
        assert_null(r.json);
    }
}

/* R1, R2: only calls that match go to the other model, at its price. */
static void a_route_is_tried_on_what_matches(void **state) {
    Lab *lab = *state;
    for (int i = 0; i < 10; i++) add(lab, i, "faq", "big", BIG_NANO);
    add(lab, 20, "faq", "big", BIG_NANO)->tools = 2;
    add(lab, 21, "faq", "big", BIG_NANO)->prompt_bytes = 9000;
    add(lab, 22, "chat", "big", BIG_NANO);
    add(lab, 23, "faq", "small", SMALL_NANO);
    add(lab, 24, "faq", "big", 1); /* priced otherwise today: in no figure */
    RuleEffect f = try_it(lab, "route feature=faq model=big tools=no max_prompt_bytes=8000 set_model=small", NULL);
    assert_int_equal(f.calls, 15);
    assert_int_equal(f.changed, 10);
    assert_int_equal(f.repriced, 1);
    assert_int_equal(f.guessed, 0);
    assert_int_equal(f.saved_nano, 10 * (BIG_NANO - SMALL_NANO));
    assert_int_equal(f.paid_nano, INT64_C(13) * BIG_NANO + SMALL_NANO + 1);
    assert_string_equal(f.from_model, "big");
    assert_string_equal(f.to_model, "small");
    assert_int_equal(f.examples, RULE_EXAMPLES);
    f = try_it(lab, "route feature=faq model=big set_model=big", NULL); /* onto the same model: nothing */
    assert_int_equal(f.changed, 0);
    assert_int_equal(f.saved_nano, 0);
}

/* The first route that matches decides, so that a rule behind it changes nothing. */
static void the_policy_that_stands_is_asked_too(void **state) {
    Lab *lab = *state;
    for (int i = 0; i < 10; i++) add(lab, i, "faq", "big", BIG_NANO);
    static const char first[] = "{\"routing\":{\"rules\":[{\"id\":\"first\",\"match\":{\"feature\":\"faq\"},\"set_model\":\"big\"}]}}";
    assert_int_equal(try_it(lab, "route feature=faq set_model=small", first).changed, 0);
    static const char tiers[] = "{\"kill_switch\":{\"enabled\":true,\"scope\":\"all\"},\"routing\":{\"tiers\":{\"economy\":\"small\"}}}";
    assert_int_equal(try_it(lab, "route feature=faq set_tier=economy", tiers).changed, 10);
}

/* R3: a share of the calls is expected, with a spread; all and none are exact. */
static void a_share_has_a_spread(void **state) {
    Lab *lab = *state;
    for (int i = 0; i < 100; i++) add(lab, i, "faq", "big", BIG_NANO);
    RuleEffect f = try_it(lab, "route feature=faq percent=20 set_model=small", NULL);
    assert_int_equal(f.changed, 100);
    RuleShare share = save_rule_share(&f, 20);
    assert_int_equal(share.calls, 20);
    assert_int_equal(share.saved_nano, f.saved_nano / 5);
    /* 100 equal calls: 2 x root(100 x 0.2 x 0.8) = 8 calls' worth */
    assert_int_equal(share.spread_nano, 8 * (BIG_NANO - SMALL_NANO));
    assert_int_equal(save_rule_share(&f, 100).spread_nano, 0);
    assert_int_equal(save_rule_share(&f, 0).saved_nano, 0);
}

/* R4: of the newest calls alone, a day is scaled and has a spread also for all of them. */
static void a_sample_has_a_spread(void **state) {
    Lab *lab = *state;
    SaveRule rule;
    RuleEffect f;
    Err e = {0};
    for (int i = 0; i < 200; i++) add(lab, i, "faq", "big", BIG_NANO);
    fixture_flush(&lab->f);
    must(save_rule_parse(&rule, "route feature=faq set_model=small", &e), &e);
    must(save_rule_try(lab->f.db, lab->book, &rule, &(RuleAsk){.q = &lab->q, .max_calls = 100}, &f, &e), &e);
    save_rule_free(&rule);
    assert_true(f.cut);
    assert_int_equal(f.changed, 100);
    /* 100 equal calls: 2 x root(100), and of a quarter of them 2 x root(100 x 0.25), calls' worth */
    assert_int_equal(save_rule_share(&f, 100).spread_nano, 20 * (BIG_NANO - SMALL_NANO));
    assert_int_equal(save_rule_share(&f, 25).spread_nano, 10 * (BIG_NANO - SMALL_NANO));
    assert_int_equal(save_rule_share(&f, 0).spread_nano, 0);
}

static void a_limit_cuts_the_output(void **state) {
    Lab *lab = *state;
    add(lab, 1, "faq", "big", BIG_NANO)->max_tokens = 4096;
    add(lab, 2, "faq", "big", BIG_NANO);
    RuleEffect f = try_it(lab, "limit feature=faq max_output_tokens=60", NULL);
    assert_int_equal(f.changed, 2);
    assert_int_equal(f.cut_tokens, 80);
    assert_int_equal(f.saved_nano, 80 * 25000);
    assert_int_equal(try_it(lab, "limit feature=faq max_output_tokens=200", NULL).changed, 0);
    f = try_it(lab, "limit feature=faq max_output_tokens=60 on_exceed=reject", NULL); /* who asks for nothing gets the limit */
    assert_int_equal(f.refused, 1);
    assert_int_equal(f.saved_nano, BIG_NANO + 40 * 25000);
}

static void a_cache_answers_again_within_its_time(void **state) {
    Lab *lab = *state;
    static const int64_t at[] = {0, 299, 400, 650, 700};
    for (int i = 0; i < 5; i++) add(lab, at[i], "faq", "big", BIG_NANO)->prompt_hash = 7;
    add(lab, 10, "faq", "big", BIG_NANO)->prompt_hash = 8;
    add(lab, 11, "faq", "big", BIG_NANO);
    Request *stream = add(lab, 12, "faq", "big", BIG_NANO);
    stream->prompt_hash = 7;
    stream->flags |= REQ_STREAM;
    RuleEffect f = try_it(lab, "cache feature=faq ttl_seconds=300", NULL);
    assert_int_equal(f.hits, 2); /* 299 of 0; 650 of 400, and 700 comes too late for it */
    assert_int_equal(f.saved_nano, 2 * BIG_NANO);
    assert_int_equal(f.unhashed, 1);
    static const char first[] = "{\"cache\":[{\"id\":\"first\",\"match\":{\"feature\":\"faq\"},\"ttl_seconds\":60}]}";
    assert_int_equal(try_it(lab, "cache feature=faq ttl_seconds=300", first).hits, 0);
}

static void a_rate_refuses_what_is_over_it(void **state) {
    Lab *lab = *state;
    for (int i = 0; i < 30; i++) add(lab, i, "faq", "big", BIG_NANO);
    RuleEffect f = try_it(lab, "rate feature=faq requests_per_minute=10", NULL);
    assert_int_equal(f.refused, 20);
    assert_int_equal(f.saved_nano, INT64_C(20) * BIG_NANO);
}

static void what_the_log_lacks_is_guessed_and_counted(void **state) {
    Lab *lab = *state;
    Request *r = add(lab, 1, "faq", "big", BIG_NANO);
    r->prompt_bytes = -1;
    r->tools = -1;
    RuleEffect f = try_it(lab, "route feature=faq tools=no max_prompt_bytes=4000 set_model=small", NULL);
    assert_int_equal(f.changed, 1);
    assert_int_equal(f.guessed, 1);
    assert_int_equal(try_it(lab, "route feature=faq max_prompt_bytes=3999 set_model=small", NULL).changed, 0);
}

/* What a gateway called instead of what was asked for is kept, and a rule is matched by what was asked for. */
static void the_model_that_was_asked_for_is_matched(void **state) {
    Lab *lab = *state;
    Request *r = add(lab, 1, "faq", "small", SMALL_NANO);
    r->asked = batch_name(lab->f.batch, "big", 3);
    assert_int_equal(try_it(lab, "route feature=faq model=big set_model=small", NULL).changed, 0); /* it went there */
    RuleEffect f = try_it(lab, "route feature=faq model=big set_model=big", "{\"routing\":{\"rules\":[]}}");
    assert_int_equal(f.matched, 1);
}

#define WITH_LAB(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
/* The slider: at 100% the saving is that of the calls repriced one by one, to the nano-dollar; at 80% of it 80%, and what gateways
 * really draw by request ids, repriced, is within ± in 19 of 20 draws. */
static void a_share_is_the_repriced_subset(void **state) {
    Lab *lab = *state;
    int64_t saved[500], sum = 0, drawn[500] = {0};
    SaveRule rule;
    Err e = {0};
    for (int i = 0; i < 500; i++) {
        const int64_t in = 200 + i * 37 % 1800, out = 20 + i * 53 % 280;
        Request *r = add(lab, i, "faq", "big", in * 5000 + out * 25000);
        r->tokens[TOK_INPUT] = in, r->tokens[TOK_OUTPUT] = out;
        sum += saved[i] = in * 4000 + out * 20000;
    }
    RuleEffect f = try_it(lab, "route feature=faq percent=80 set_model=small", NULL);
    assert_int_equal(f.changed, 500);
    assert_int_equal(f.saved_nano, sum);
    assert_int_equal(save_rule_share(&f, 100).saved_nano, sum);
    assert_int_equal(save_rule_share(&f, 100).spread_nano, 0);
    const RuleShare share = save_rule_share(&f, 80);
    assert_int_equal(share.saved_nano, sum * 80 / 100);
    assert_true(share.spread_nano > 0);
    must(save_rule_parse(&rule, "route feature=faq percent=80 set_model=small", &e), &e);
    json_t *policy = json_object();
    save_rule_put(&rule, policy);
    int within = 0;
    for (int draw = 0; draw < 100; draw++) {
        int64_t got = 0;
        for (int i = 0; i < 500; i++) {
            char id[32];
            PolicyDecision d;
            snprintf(id, sizeof id, "d%d-%d", draw, i);
            policy_decide(policy, &(PolicyCall){.feature = "faq", .model = "big", .request_id = id, .max_tokens = -1, .prompt_bytes = 4000}, 0, &d);
            const bool routed = strcmp(d.model, "small") == 0;
            got += routed ? saved[i] : 0;
            drawn[i] += routed;
        }
        within += llabs(got - share.saved_nano) <= share.spread_nano;
    }
    assert_true(within >= 90);
    for (int i = 0; i < 500; i++) assert_true(drawn[i] > 50 && drawn[i] < 100); /* each call has its chance, none is always drawn */
    json_decref(policy);
    save_rule_free(&rule);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_json_are_one_rule),
        cmocka_unit_test(what_is_no_rule_says_why),
        WITH_LAB(a_route_is_tried_on_what_matches),
        WITH_LAB(the_policy_that_stands_is_asked_too),
        WITH_LAB(a_share_has_a_spread),
        WITH_LAB(a_share_is_the_repriced_subset),
        WITH_LAB(a_sample_has_a_spread),
        WITH_LAB(a_limit_cuts_the_output),
        WITH_LAB(a_cache_answers_again_within_its_time),
        WITH_LAB(a_rate_refuses_what_is_over_it),
        WITH_LAB(what_the_log_lacks_is_guessed_and_counted),
        WITH_LAB(the_model_that_was_asked_for_is_matched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
