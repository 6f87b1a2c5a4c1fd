/* test_alert_rules: what each rule says of which facts, and above all of what it is quiet. The invariants are those of
 * store/alert.h. */
#include "store/alert_words.h"
#include "store/money.h"
#include "tests/unit.h"
#include <unistd.h>

#define USD(n) ((n) * NANO_PER_USD)
#define MINUTE MS_PER_MINUTE
#define NOW INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */

static Finding room[FINDINGS_MAX];

static size_t judge(const AlertFacts *f, const RuleConfig *rules, size_t count) {
    Findings out = {.at = room};
    alert_judge(f, rules, count, &out);
    return out.count;
}

static AlertFacts nothing(void) {
    return (AlertFacts){.now_ms = NOW, .runbook = "", .usual_nano_per_min = -1, .held_nano_per_min = -1,
                        .policy = {.state = SWITCH_UNKNOWN}};
}

/* The only finding, of this rule. */
static const Finding *only(const AlertFacts *f, const char *rule) {
    size_t n = judge(f, NULL, 0);
    if (n != 1 || strcmp(room[0].rule->name, rule) != 0) fail_msg("%d findings, first %s", (int)n, n ? room[0].title : "none");
    return &room[0];
}

static void a1_nothing_known_is_nothing_said(void **state) {
    (void)state;
    AlertFacts f = nothing();
    assert_int_equal(judge(&f, NULL, 0), 0);
    f.rate_nano_per_min = USD(1000); /* without history there is no "usual" to be far from */
    assert_int_equal(judge(&f, NULL, 0), 0);
    for (const AlertRule *r = alert_rules; r->name; r++) {
        assert_true(r->holds[0] && r->no_data[0] && r->title[0]);
        assert_ptr_equal(alert_rule(r->name), r);
    }
}

static void a_burn_is_three_times_usual_and_over_its_floor(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactScope features[] = {{.name = "doc-agent", .now = {.cost_nano = USD(93)}}, {.name = "search", .now = {.cost_nano = USD(7)}}};
    f.features = features, f.feature_count = 2;
    f.usual_nano_per_min = USD(1), f.rate_nano_per_min = USD(3); /* exactly three times is not more */
    assert_int_equal(judge(&f, NULL, 0), 0);
    f.rate_nano_per_min = USD(10);
    f.runbook = "https://wiki/llm";
    const Finding *x = only(&f, "burn");
    assert_string_equal(x->title, "burn 10.0× usual: $10.00/min against $1.00");
    assert_int_equal(x->nano_per_hour, USD(540));
    assert_int_equal(x->severity, WEIGHT_ACT);
    assert_string_equal(x->detail,
                        "top contributor: doc-agent $6.20/min (93% of the last 15 minutes)\nrunbook: https://wiki/llm\n"
                        "stop: tollwatch kill --scope non_critical --for 30m --reason 'burn 10.0× usual: $10.00/min against $1.00'");
    f.usual_nano_per_min = USD(1) / 100, f.rate_nano_per_min = USD(1); /* 100 times, but a dollar a minute */
    assert_int_equal(judge(&f, NULL, 0), 0); /* A3 */
    const RuleConfig lower = {.name = "burn", .floor_nano = USD(60)}, off = {.name = "burn", .floor_nano = USD(60), .off = true};
    assert_int_equal(judge(&f, &lower, 1), 1);
    assert_int_equal(judge(&f, &off, 1), 0);
}

static FactBudget budget_at(const Budget *b, int64_t spent, int64_t rate, int64_t left_ms) {
    Forecast f = budget_forecast(b, spent, rate, NOW, NOW + left_ms);
    return (FactBudget){.budget = b, .view = {.begin_ms = NOW - MS_PER_DAY, .end_ms = NOW + left_ms, .spent_nano = spent,
                        .spent_permille = budget_permille(spent, b->limit_nano), .level = budget_level(b, spent),
                        .rate_nano_per_min = rate, .end_at_rate_nano = f.end_nano, .breaks_ms = f.breaks_ms}};
}

static void a_budget_tells_each_level_and_what_happens_at_its_limit(void **state) {
    (void)state;
    const Budget hard = {.id = "org-day", .scope_dim = -1, .limit_nano = USD(100), .warn_permille = {500, 800}, .action = BUDGET_KILL};
    AlertFacts f = nothing();
    FactBudget b = budget_at(&hard, USD(49), 0, MS_PER_HOUR);
    f.budgets = &b, f.budget_count = 1;
    assert_int_equal(judge(&f, NULL, 0), 0);
    b = budget_at(&hard, USD(85), 0, MS_PER_HOUR);
    b.view.unpriced_tokens = 7;
    const Finding *x = only(&f, "budget");
    assert_string_equal(x->title, "budget org-day is at 85%: ≥ $85.00 of $100.00 until 01:00");
    assert_int_equal(x->step, 800);
    assert_int_equal(x->period_ms, NOW - MS_PER_DAY);
    assert_int_equal(x->severity, WEIGHT_WATCH);
    assert_non_null(strstr(x->detail, "tollwatch kill"));
    b = budget_at(&hard, USD(100), 0, MS_PER_HOUR);
    x = only(&f, "budget");
    assert_int_equal(x->step, 1000);
    assert_int_equal(x->severity, WEIGHT_ACT);
    assert_memory_equal(x->detail, "NOT stopped: the policy file says nothing of it", 47); /* nobody wrote it */
    assert_non_null(strstr(x->detail, "tollwatch kill"));
    snprintf(b.in_policy, sizeof b.in_policy, "exhausted");
    assert_string_equal(only(&f, "budget")->detail, "non-critical calls are stopped"); /* by itself: no command is proposed */
}

static void a_projection_is_urgent_within_the_hour(void **state) {
    (void)state;
    const Budget soft = {.id = "docs", .scope_dim = -1, .limit_nano = USD(100)};
    AlertFacts f = nothing();
    FactBudget b = budget_at(&soft, USD(10), USD(1), 80 * MINUTE); /* ends at 90 */
    f.budgets = &b, f.budget_count = 1;
    assert_int_equal(judge(&f, NULL, 0), 0);
    b = budget_at(&soft, USD(10), USD(1), 90 * MINUTE + MINUTE / 2); /* over by 50 cents: under the floor */
    assert_int_equal(judge(&f, NULL, 0), 0);
    b = budget_at(&soft, USD(10), USD(1), 3 * MS_PER_HOUR);
    const Finding *x = only(&f, "projected");
    assert_int_equal(x->severity, WEIGHT_WATCH);
    assert_int_equal(x->step, 0);
    assert_string_equal(x->title, "budget docs breaks 01:30 at $1.00/min: $10.00 of $100.00 spent, ends at $190.00");
    b = budget_at(&soft, USD(50), USD(1), 3 * MS_PER_HOUR);
    x = only(&f, "projected");
    assert_int_equal(x->severity, WEIGHT_ACT);
    assert_int_equal(x->step, 1); /* told anew */
}

/* 1,000,000 tokens an hour were read at 80%, each read saved 3,000 nano-dollars; now nothing is read. */
static void a_lost_cache_is_weighed_in_dollars(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactScope s = {.name = "chat", .before = {.input_all = 1000000, .tokens = {[TOK_INPUT] = 200000, [TOK_CACHE_READ] = 800000},
                              .saved_cache_nano = USD(2) + USD(4) / 10},
                   .now = {.requests = 40, .input_all = 1000000, .tokens = {[TOK_INPUT] = 1000000}}};
    f.features = &s, f.feature_count = 1;
    const Finding *x = only(&f, "cache");
    assert_int_equal(x->nano_per_hour, INT64_C(800000) * 3000 * 4);
    assert_string_equal(x->title, "prompt cache lost on chat: hit rate 80% → 0%, costs $9.60/h");
    s.now.tokens[TOK_INPUT] = s.now.input_all = 100000; /* a tenth: 96 cents an hour */
    assert_int_equal(judge(&f, NULL, 0), 0);
    s.now = (Totals){.requests = 40, .input_all = 10000000, .tokens = {[TOK_INPUT] = 3000000, [TOK_CACHE_READ] = 7000000}}; /* 10 points less */
    assert_int_equal(judge(&f, NULL, 0), 0);
}

static void a4_refused_calls_are_no_errors(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactScope s = {.name = "gpt-6", .now = {.requests = 1000, .refused = 900, .errors = 5, .cost_nano = USD(95)}};
    f.models = &s, f.model_count = 1;
    assert_int_equal(judge(&f, NULL, 0), 0);
    s.now.errors = 50;
    const Finding *x = only(&f, "errors");
    assert_string_equal(x->title, "50% of the calls to gpt-6 fail: 50 of 100 in 15 minutes, $380.00/h of work");
    assert_int_equal(x->severity, WEIGHT_ACT);
    s.now = (Totals){.requests = 19, .errors = 19}; /* too few to say */
    assert_int_equal(judge(&f, NULL, 0), 0);
    s.now = (Totals){.requests = 30, .errors = 30}; /* all fail: what they cost the day before counts */
    assert_int_equal(judge(&f, NULL, 0), 0);
    s.before = (Totals){.requests = 100, .cost_nano = USD(10)};
    assert_int_equal(only(&f, "errors")->nano_per_hour, USD(12));
}

static void an_unpriced_model_is_weighed_by_what_others_cost(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactScope u = {.name = "new-model", .now = {.unpriced_tokens = 9999, .unpriced_requests = 3}};
    FactScope m = {.name = "gpt-6", .before = {.cost_nano = USD(1), .input_all = 90000, .output_all = 10000}};
    f.unpriced = &u, f.unpriced_count = 1;
    assert_int_equal(judge(&f, NULL, 0), 0);
    u.now.unpriced_tokens = 10000;
    assert_non_null(strstr(only(&f, "unpriced")->title, "new-model has no price: 10000 tokens"));
    f.models = &m, f.model_count = 1; /* 10 micro-dollars a token: 10 cents */
    assert_non_null(strstr(only(&f, "unpriced")->detail, "about $0.10 "));
    u.now.unpriced_tokens = 9000;
    assert_int_equal(judge(&f, NULL, 0), 0);
}

static void a2_only_a_source_that_was_live_falls_silent(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactSource s = {.name = "edge-1"};
    f.sources = &s, f.source_count = 1;
    f.day_nano_per_min = USD(1);
    assert_int_equal(judge(&f, NULL, 0), 0); /* never live */
    s.live_ms = NOW - 14 * MINUTE;
    assert_int_equal(judge(&f, NULL, 0), 0);
    s.live_ms = NOW - 15 * MINUTE;
    assert_string_equal(only(&f, "silent")->title, "source edge-1 is silent since Mon 23 Nov 23:45; spend after that is not known");
    f.usual_nano_per_min = USD(1) / 100; /* nothing much is usual at this hour */
    assert_int_equal(judge(&f, NULL, 0), 0);
    f.usual_nano_per_min = -1;
    s.live_ms = NOW - 25 * MS_PER_HOUR;
    assert_int_equal(judge(&f, NULL, 0), 0);
}

static void a_gateway_that_is_behind_is_urgent_while_calls_are_stopped(void **state) {
    (void)state;
    AlertFacts f = nothing();
    PolicyAck a[] = {{.id = "gw1", .generation = 41, .seen_ms = NOW, .state = ACK_BEHIND}, {.id = "gw2", .state = ACK_UNKNOWN},
                     {.id = "gw3", .state = ACK_OBEYED, .seen_ms = NOW}};
    f.acks = a, f.ack_count = 3;
    f.policy = (PolicyView){.state = SWITCH_OFF, .generation = 42};
    assert_int_equal(only(&f, "gateway")->severity, WEIGHT_WATCH);
    f.policy.state = SWITCH_ALL;
    assert_int_equal(only(&f, "gateway")->severity, WEIGHT_ACT);
    assert_string_equal(room[0].title, "gateway gw1 obeys generation 41, the policy is 42: calls may pass the stop");
    a[1].configured = true;
    assert_int_equal(judge(&f, NULL, 0), 2);
}

static void a_dear_request_is_told_once_a_feature(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactCall c[] = {{.cost_nano = USD(9), .feature = "agent", .model = "opus"}, {.cost_nano = USD(8), .feature = "agent", .model = "opus"},
                    {.cost_nano = USD(6), .feature = "chat", .model = "opus"}, {.cost_nano = USD(4), .feature = "x", .model = "opus"}};
    f.calls = c, f.call_count = 4;
    assert_int_equal(judge(&f, NULL, 0), 2);
    assert_string_equal(room[0].title, "one request cost $9.00: agent on opus");
}

static void a_stop_is_told_of_five_minutes_before_its_end_and_at_it(void **state) {
    (void)state;
    AlertFacts f = nothing();
    f.policy = (PolicyView){.state = SWITCH_NON_CRITICAL, .engaged_at_ms = NOW - MS_PER_HOUR, .expires_at_ms = NOW + 5 * MINUTE + 1,
                            .by = "alice", .reason = "INC-1"};
    f.held_nano_per_min = USD(8);
    assert_int_equal(judge(&f, NULL, 0), 0);
    f.now_ms++;
    const Finding *x = only(&f, "kill");
    assert_string_equal(x->title, "the stop of non-critical calls ends 00:05, in 5 minutes");
    assert_non_null(strstr(x->detail, "the calls it holds back cost $8.00/min before\nengaged by alice: INC-1"));
    f.now_ms = f.policy.expires_at_ms;
    f.policy.state = SWITCH_EXPIRED;
    x = only(&f, "kill");
    assert_int_equal(x->severity, WEIGHT_ACT);
    assert_int_equal(x->nano_per_hour, USD(480));
    f.now_ms += 15 * MINUTE;
    assert_int_equal(judge(&f, NULL, 0), 0);
    f.policy = (PolicyView){.state = SWITCH_ALL, .engaged_at_ms = NOW}; /* without an end */
    assert_int_equal(judge(&f, NULL, 0), 0);
}

/* A feature that is called like a command: the shell reads one word. */
static void a5_names_are_only_names(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactScope s = {.name = "x'; rm -rf ~; echo '\n\x1b[31m", .before = {.input_all = 10, .tokens = {[TOK_INPUT] = 1, [TOK_CACHE_READ] = 9}, .saved_cache_nano = 9},
                   .now = {.requests = 1, .input_all = INT64_MAX / 2000, .tokens = {[TOK_INPUT] = INT64_MAX / 2000}}};
    f.features = &s, f.feature_count = 1;
    const Finding *x = only(&f, "cache");
    const char *stop = strstr(x->detail, "\nstop: "), *quote = strchr(stop, '\'');
    char command[400], out[200] = "";
    assert_null(strchr(x->title, '\x1b'));
    assert_null(strchr(stop + 1, '\n'));
    snprintf(command, sizeof command, "set -- %s; echo $#", quote);
    FILE *p = popen(command, "r");
    assert_non_null(fgets(out, sizeof out, p));
    pclose(p);
    assert_string_equal(out, "1\n");
}

static void more_than_fits_is_cut_not_written(void **state) {
    (void)state;
    AlertFacts f = nothing();
    static FactCall calls[300];
    for (int i = 0; i < 300; i++) {
        calls[i] = (FactCall){.cost_nano = USD(10)};
        snprintf(calls[i].feature, sizeof calls[i].feature, "f%d", i);
    }
    f.calls = calls, f.call_count = 300;
    assert_int_equal(judge(&f, NULL, 0), FINDINGS_MAX);
}

/* What is too much only the site knows: quiet until the configuration gives a figure, then over its floor. */
static const Finding *only_with(const AlertFacts *f, const RuleConfig *rule) {
    assert_int_equal(judge(f, NULL, 0), 0);
    size_t n = judge(f, rule, 1);
    if (n != 1 || strcmp(room[0].rule->name, rule->name) != 0) fail_msg("%d findings of %s", (int)n, rule->name);
    return &room[0];
}

static void a_call_may_cost_so_much(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactScope s = {.name = "chat", .now = {.requests = 110, .refused = 10, .cost_nano = USD(5)}}; /* 100 calls of 5 cents */
    f.features = &s, f.feature_count = 1;
    const RuleConfig rule = {.name = "call", .above_nano = USD(1) / 100}, high = {.name = "call", .above_nano = USD(5) / 100}, close = {.name = "call", .above_nano = USD(499) / 10000};
    const Finding *x = only_with(&f, &rule);
    assert_string_equal(x->title, "a call of chat costs $0.0500, above $0.0100: $16.00/h more");
    assert_int_equal(x->nano_per_hour, USD(16));
    assert_int_equal(judge(&f, &high, 1), 0); /* exactly so much is not more */
    assert_int_equal(judge(&f, &close, 1), 0); /* A3: four cents an hour */
    s.now.unpriced_requests = 1; /* A1 */
    assert_int_equal(judge(&f, &rule, 1), 0);
    s.now = (Totals){.requests = 19, .cost_nano = USD(50)};
    assert_int_equal(judge(&f, &rule, 1), 0);
}

static void a_hit_rate_may_fall_so_far(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactScope s = {.name = "chat", .now = {.requests = 100, .cost_nano = USD(5), .input_all = 400000, .tokens = {[TOK_INPUT] = 300000, [TOK_CACHE_READ] = 100000}}};
    f.features = &s, f.feature_count = 1;
    const RuleConfig rule = {.name = "hitrate", .threshold_ppm = 400000}, low = {.name = "hitrate", .threshold_ppm = 250000};
    assert_string_equal(only_with(&f, &rule)->title, "prompt cache of chat: hit rate 25%, below 40%, at $20.00/h");
    assert_int_equal(judge(&f, &low, 1), 0);
    s.now.input_all = 100 * 1023; /* too short for any vendor's cache */
    assert_int_equal(judge(&f, &rule, 1), 0);
}

static void a_response_cache_may_miss_so_much(void **state) {
    (void)state;
    AlertFacts f = nothing();
    FactScope s = {.name = "faq", .now = {.requests = 100, .response_cache_hits = 10, .cost_nano = USD(5)}, .before = {.requests = 1000, .response_cache_hits = 400}};
    f.features = &s, f.feature_count = 1;
    const RuleConfig rule = {.name = "hits", .threshold_ppm = 300000}, low = {.name = "hits", .threshold_ppm = 100000};
    assert_string_equal(only_with(&f, &rule)->title, "response cache of faq: 10% of the calls are hits, below 30%, at $20.00/h");
    assert_int_equal(judge(&f, &low, 1), 0); /* exactly so many is not fewer */
    s.before.response_cache_hits = 0; /* it has no cache */
    assert_int_equal(judge(&f, &rule, 1), 0);
    s.before.response_cache_hits = 400, s.now.cost_nano = USD(1); /* A3 */
    assert_int_equal(judge(&f, &rule, 1), 0);
    s.now = (Totals){.requests = 19, .cost_nano = USD(50)};
    assert_int_equal(judge(&f, &rule, 1), 0);
}

static void parts_of_the_spend_may_be_so_large(void **state) {
    (void)state;
    AlertFacts f = nothing();
    f.mix = (SpendMix){.nano = USD(10), .output_nano = USD(6), .tier_nano = {[CLASS_PREMIUM] = USD(9), [CLASS_ECONOMY] = USD(1)}};
    const RuleConfig output = {.name = "output", .threshold_ppm = 500000}, more = {.name = "output", .threshold_ppm = 600000},
                     premium = {.name = "premium", .threshold_ppm = 800000};
    assert_string_equal(only_with(&f, &output)->title, "output is 60% of the spend, above 50%: $24.00/h");
    assert_int_equal(judge(&f, &more, 1), 0);
    assert_string_equal(only_with(&f, &premium)->title, "premium models are 90% of the spend, above 80%: $36.00/h");
    f.mix = (SpendMix){.nano = USD(1), .output_nano = USD(6) / 10, .tier_nano = {[CLASS_PREMIUM] = USD(1)}}; /* under the floor */
    assert_int_equal(judge(&f, &output, 1), 0);
    assert_int_equal(judge(&f, &premium, 1), 0);
    f.mix = (SpendMix){0}; /* A1 */
    assert_int_equal(judge(&f, &premium, 1), 0);
}

static void latency_may_be_so_long(void **state) {
    (void)state;
    AlertFacts f = nothing();
    f.latency_p50_ms = 900, f.latency_p95_ms = 9000, f.latency_sample = 200, f.rate_nano_per_min = USD(1);
    const RuleConfig rule = {.name = "latency", .above_ms = 8000}, high = {.name = "latency", .above_ms = 9000};
    const Finding *x = only_with(&f, &rule);
    assert_string_equal(x->title, "latency: 5% of the calls take 9000 ms or more, above 8000 ms, at $60.00/h");
    assert_memory_equal(x->detail, "median 900 ms of 200 calls", 26);
    assert_int_equal(judge(&f, &high, 1), 0);
    f.latency_sample = 19;
    assert_int_equal(judge(&f, &rule, 1), 0);
    f.latency_sample = 200, f.latency_p95_ms = -1; /* A1 */
    assert_int_equal(judge(&f, &rule, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a1_nothing_known_is_nothing_said),
        cmocka_unit_test(a_call_may_cost_so_much),
        cmocka_unit_test(a_hit_rate_may_fall_so_far),
        cmocka_unit_test(a_response_cache_may_miss_so_much),
        cmocka_unit_test(parts_of_the_spend_may_be_so_large),
        cmocka_unit_test(latency_may_be_so_long),
        cmocka_unit_test(a_burn_is_three_times_usual_and_over_its_floor),
        cmocka_unit_test(a_budget_tells_each_level_and_what_happens_at_its_limit),
        cmocka_unit_test(a_projection_is_urgent_within_the_hour),
        cmocka_unit_test(a_lost_cache_is_weighed_in_dollars),
        cmocka_unit_test(a4_refused_calls_are_no_errors),
        cmocka_unit_test(an_unpriced_model_is_weighed_by_what_others_cost),
        cmocka_unit_test(a2_only_a_source_that_was_live_falls_silent),
        cmocka_unit_test(a_gateway_that_is_behind_is_urgent_while_calls_are_stopped),
        cmocka_unit_test(a_dear_request_is_told_once_a_feature),
        cmocka_unit_test(a_stop_is_told_of_five_minutes_before_its_end_and_at_it),
        cmocka_unit_test(a5_names_are_only_names),
        cmocka_unit_test(more_than_fits_is_cut_not_written),
    };
    return cmocka_run_group_tests_name("alert_rules", tests, NULL, NULL);
}
