/* test_saving_book: what running rules saved, invariants B3 and B4 of saving_book.h, on calls whose figures are written out. */
#include "store/saving_book.h"
#include "tests/query_fixture.h"

#define T0 INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */
static const char prices[] =
    "provider,model,mode,class,input_per_mtok,output_per_mtok,confidence,source\n"
    "acme,big,chat,premium,5,25,high,made\nacme,small,chat,economy,1,5,high,made\n";

typedef struct Lab { Fixture f; Book *book; int64_t rules; } Lab;

static int set_up(void **state) {
    Lab *lab = xcalloc(1, sizeof *lab);
    Err e = {0};
    if (book_load_csv(&lab->book, "made.csv", prices, sizeof prices - 1, &e) != 0) fail_msg("%s", e.text);
    fixture_open(&lab->f, "UTC", T0 + MS_PER_DAY);
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

static Request *add(Lab *lab, int64_t second, const char *feature, int64_t generation) {
    fixture_add(&lab->f, &(Spec){.ts_ms = T0 + second * 1000, .tokens = {[TOK_INPUT] = 1000, [TOK_OUTPUT] = 100},
                                 .name = {[DIM_PROVIDER] = "acme", [DIM_MODEL] = "big", [DIM_FEATURE] = feature}});
    Request *r = batch_at(lab->f.batch, batch_count(lab->f.batch) - 1);
    r->policy_generation = generation;
    return r;
}

static void hit(Lab *lab, int64_t second, const char *feature, int64_t saved_nano) {
    Request *r = add(lab, second, feature, 5);
    r->flags |= REQ_CACHE_HIT;
    r->saved_response_nano = saved_nano;
}

static void refused(Lab *lab, int64_t second, int16_t status, int64_t generation) {
    Request *r = add(lab, second, "eval", generation);
    memset(r->tokens, 0, sizeof r->tokens);
    r->outcome = OUTCOME_REFUSED;
    r->status = status;
}

/* As saving_write() notes it; the generation is 3, and it was written in second 0. */
static void put_rule(Lab *lab, RuleKind kind, const char *entry, const char *figures) {
    char sql[600];
    Err e = {0};
    snprintf(sql, sizeof sql, "INSERT INTO saving_rule(rule, entry, user, reason, from_model, to_model, kind, written_ms, generation, ended_ms, ended_generation, "
             "expected_nano, spread_nano, expected_calls, window_nano, window_calls, window_ms) VALUES('r%d', '%s', 'me', '', '', '', %d, %lld, 3, 0, 0, %s)",
             (int)++lab->rules, entry, (int)kind, (long long)T0, figures);
    must(db_exec(lab->f.db, sql, &e), &e);
}

static int at_once(void *ctx) {
    ++*(int *)ctx;
    return 1;
}

/* In one go, and in slices: they end alike. */
static void measure_both_ways(Lab *lab, const SavedRule *rule, int64_t max_calls, int64_t now_ms, RuleMeasured *out) {
    Err e = {0};
    RuleMeasured part = {0};
    MeasureRun *run;
    int stops = 0, slices = 0;
    bool more = true;
    const MeasureAsk ask = {.rule = rule, .now_ms = now_ms, .max_calls = max_calls, .interrupt = at_once, .ctx = &stops};
    must(saving_measure(lab->f.db, lab->book, rule, now_ms, max_calls, out, &e), &e);
    must(saving_measure_open(lab->f.db, lab->book, &ask, &run, &e), &e);
    for (; more; slices++) must(saving_measure_go_on(run, &part, &more, &e), &e);
    saving_measure_close(run);
    assert_int_equal(slices, stops + 1); /* each ended by one, the last by the end */
    assert_memory_equal(&part, out, sizeof part);
}

static RuleMeasured measure_at(Lab *lab, const char *id, int64_t max_calls, int64_t now_ms) {
    SavedRule list[SAVED_RULES_MAX];
    size_t count = 0;
    RuleMeasured m = {0};
    Err e = {0};
    fixture_flush(&lab->f);
    must(saving_book_list(lab->f.db, list, SAVED_RULES_MAX, &count, &e), &e);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].id, id) == 0) measure_both_ways(lab, &list[i], max_calls, now_ms, &m);
    saving_book_free(list, count);
    return m;
}

static RuleMeasured measure(Lab *lab, const char *id, int64_t max_calls) { return measure_at(lab, id, max_calls, T0 + MS_PER_DAY); }

/* B4: the second rule has what the first leaves it, also where the first looks at a size that only a call tells. */
static void a_hit_belongs_to_the_first_rule_that_matches(void **state) {
    Lab *lab = *state;
    put_rule(lab, RULE_CACHE, "{\"match\":{\"feature\":\"faq\"},\"ttl_seconds\":60}", "0, 0, 0, 0, 0, 0");
    put_rule(lab, RULE_CACHE, "{\"match\":{\"feature\":[\"faq\",\"help\"]},\"ttl_seconds\":60}", "0, 0, 0, 0, 0, 0");
    hit(lab, 10, "faq", 70);
    hit(lab, 20, "help", 500);
    add(lab, 30, "help", 5);
    RuleMeasured one = measure(lab, "r1", 0), two = measure(lab, "r2", 0);
    assert_int_equal(one.saved_nano, 70);
    assert_int_equal(one.calls, 1);
    assert_int_equal(two.saved_nano, 500);
    assert_int_equal(two.calls, 2);
    put_rule(lab, RULE_CACHE, "{\"match\":{\"max_prompt_bytes\":100},\"ttl_seconds\":60}", "0, 0, 0, 0, 0, 0");
    hit(lab, 40, "other", 9);
    assert_int_equal(measure(lab, "r3", 0).saved_nano, 9);
    assert_int_equal(measure(lab, "r2", 0).saved_nano, 500);
}

/* Others than the rule refuse with 429; the policy's generation tells whether the gateway knew the rule. */
static void a_refusal_counts_for_a_rate_that_the_gateway_knew(void **state) {
    Lab *lab = *state;
    put_rule(lab, RULE_RATE, "{\"match\":{\"feature\":\"eval\"},\"requests_per_minute\":1}", "0, 0, 0, 1000, 10, 1");
    refused(lab, 10, 429, 3);
    refused(lab, 20, 429, 2); /* older */
    refused(lab, 30, 429, 0); /* does not say */
    refused(lab, 40, 403, 3); /* the switch */
    RuleMeasured m = measure(lab, "r1", 0);
    assert_int_equal(m.changed, 1);
    assert_int_equal(m.saved_nano, 100);
    assert_false(m.exact);
}

/* Three calls in a month are none a day; what they were expected to save is not 0. Divided once: 3 x 10 / 4 is 7. */
static void what_is_rare_is_not_rounded_away(void **state) {
    Lab *lab = *state;
    put_rule(lab, RULE_LIMIT, "{\"match\":{\"feature\":\"agent\"},\"max_output_tokens\":100}", "0, 0, 0, 10, 4, 2592000000");
    for (int i = 0; i < 3; i++) add(lab, 10 + i, "agent", 3)->max_tokens = 100;
    assert_int_equal(measure(lab, "r1", 0).changed, 3);
    assert_int_equal(measure(lab, "r1", 0).saved_nano, 7);
    assert_true(measure(lab, "r1", 2).cut);
    assert_int_equal(measure(lab, "r1", 2).changed, 2);
}

/* The feature went away: nothing is divided by no call, and it is said. */
static void a_feature_that_went_away_is_told(void **state) {
    Lab *lab = *state;
    char text[64];
    static const char *const never[RULE_KINDS] = {
        [RULE_ROUTE] = "{\"match\":{\"feature\":\"gone\"},\"set_model\":\"small\"}", [RULE_LIMIT] = "{\"match\":{\"feature\":\"gone\"},\"max_output_tokens\":9}",
        [RULE_RATE] = "{\"match\":{\"feature\":\"gone\"},\"requests_per_minute\":1}", [RULE_CACHE] = "{\"match\":{\"feature\":\"gone\"},\"ttl_seconds\":60}"};
    static const char *const ids[RULE_KINDS] = {"r1", "r2", "r3", "r4"};
    for (int i = 0; i < RULE_KINDS; i++) put_rule(lab, (RuleKind)i, never[i], "5, 1, 0, 5, 0, 86400000");
    put_rule(lab, RULE_CACHE, "{\"match\":{\"feature\":\"faq\"},\"ttl_seconds\":60}", "5, 1, 0, 5, 0, 86400000");
    hit(lab, 10, "faq", 70);
    for (int i = 0; i < RULE_KINDS; i++) {
        const RuleMeasured m = measure_at(lab, ids[i], 0, T0 + 2 * MS_PER_DAY);
        assert_int_equal(m.calls + m.changed + m.saved_nano + m.last_ms, 0);
        saving_silence(&m, NULL, text, sizeof text);
        assert_string_equal(text, ", no call of it since it was written");
    }
    RuleMeasured m = measure_at(lab, "r5", 0, T0 + 2 * MS_PER_DAY);
    assert_int_equal(m.saved_nano, 70);
    saving_silence(&m, NULL, text, sizeof text);
    assert_string_equal(text, ", none since 24 Nov 00:00");
    m = measure_at(lab, "r5", 0, T0 + MS_PER_DAY);
    saving_silence(&m, NULL, text, sizeof text);
    assert_string_equal(text, ""); /* not for a day yet */
}

/* More than a slice looks at; measure() holds the slices against the one go. */
static void many_calls_are_measured_in_slices(void **state) {
    Lab *lab = *state;
    put_rule(lab, RULE_CACHE, "{\"match\":{\"feature\":\"faq\"},\"ttl_seconds\":60}", "0, 0, 0, 0, 0, 0");
    for (int i = 0; i < 2000; i++) hit(lab, 10 + i, i % 3 ? "faq" : "help", 7);
    assert_int_equal(measure(lab, "r1", 0).saved_nano, 7 * 1333);
    RuleMeasured newest = measure(lab, "r1", 1500);
    assert_true(newest.cut);
    assert_int_equal(newest.saved_nano, 7 * 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_hit_belongs_to_the_first_rule_that_matches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_counts_for_a_rate_that_the_gateway_knew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_rare_is_not_rounded_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_feature_that_went_away_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_calls_are_measured_in_slices, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
