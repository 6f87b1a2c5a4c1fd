/* test_demo_rule: the demo's gateways do what its policy says, and its running rule is measured to the nano-dollar. */
#include "store/money.h"
#include "store/saving_book.h"
#include "tests/query_fixture.h"
#include "tui/demo_gateways.h"
#include "tui/demo_rule.h"
#include <jansson.h>

#define NOW "2026-11-24T12:00:00Z"

static Request *add(Batch *b, int64_t ts_ms, const char *feature, const char *model, uint64_t prompt) {
    Request *r = batch_add(b);
    r->ts_ms = ts_ms;
    r->id = hash64(&ts_ms, sizeof ts_ms, prompt) | 1;
    r->outcome = OUTCOME_OK;
    r->name[DIM_FEATURE] = batch_name(b, feature, strlen(feature));
    r->name[DIM_MODEL] = batch_name(b, model, strlen(model));
    r->name[DIM_PROVIDER] = batch_name(b, "openai", 6);
    r->tokens[TOK_INPUT] = 10000;
    r->tokens[TOK_OUTPUT] = 1500;
    r->prompt_hash = prompt;
    r->prompt_bytes = 40000;
    r->tools = 0;
    return r;
}

static const char *model_of(const Batch *b, const Request *r) { return batch_name_at(b, r->name[DIM_MODEL]).at; }

static void gateways_route_clamp_and_answer_again(void **state) {
    (void)state;
    const int64_t from = utc(NOW);
    Batch *b = batch_new(64);
    DemoSwitch s = {.policy = json_loads("{\"generation\":7,\"limits\":[{\"id\":\"l\",\"match\":{\"feature\":\"chat\"},\"max_output_tokens\":1000}],"
                                         "\"cache\":[{\"id\":\"c\",\"match\":{\"feature\":\"faq\"},\"ttl_seconds\":60}]}", 0, NULL),
                    .past = demo_rule_policy(), .past_ms = from - MS_PER_HOUR};
    Request *old = add(b, from - 2 * MS_PER_HOUR, "summaries", "gpt-5.6-terra", 1), *sent = add(b, from - 1, "summaries", "gpt-5.6-terra", 2),
            *stays = add(b, from - 1, "search", "gpt-5.6-terra", 3), *cut = add(b, from, "chat", "gpt-5.6-terra", 4), *first = add(b, from, "faq", "gpt-5.6-luna", 5),
            *hit = add(b, from + 59000, "faq", "gpt-5.6-luna", 5), *late = add(b, from + 60000, "faq", "gpt-5.6-luna", 5), *off = add(b, from, "summaries", "gpt-5.6-terra", 6);
    demo_switch_apply(&s, b, from);
    assert_memory_equal(model_of(b, old), "gpt-5.6-terra", 13);
    assert_memory_equal(model_of(b, sent), "gpt-5.6-luna", 12);
    assert_memory_equal(batch_name_at(b, sent->asked).at, "gpt-5.6-terra", 13);
    assert_memory_equal(model_of(b, stays), "gpt-5.6-terra", 13);
    assert_memory_equal(model_of(b, off), "gpt-5.6-terra", 13); /* the policy of now has no route */
    assert_int_equal(cut->tokens[TOK_OUTPUT], 1000);
    assert_int_equal(cut->max_tokens, 1000);
    assert_int_equal(cut->policy_generation, 7);
    assert_false(first->flags & REQ_CACHE_HIT);
    assert_true(hit->flags & REQ_CACHE_HIT);
    assert_false(late->flags & REQ_CACHE_HIT);
    demo_switch_free(&s);
    batch_free(b);
}

/* A day of 240 calls before the rule, 60 of them after it on the other model. */
static void its_rule_is_expected_and_measured(void **state) {
    (void)state;
    Fixture f;
    Err e = {""};
    Book *book;
    const int64_t at = utc(NOW) - DEMO_RULE_HOURS * MS_PER_HOUR;
    char policy[128];
    must(book_load(&book, NULL, &e), &e);
    Pricer *p = pricer_new(book);
    fixture_open(&f, "UTC", utc(NOW));
    DemoSwitch s = {.past = demo_rule_policy(), .past_ms = at};
    for (int64_t ts = at - MS_PER_DAY; ts < utc(NOW); ts += 6 * MS_PER_MINUTE) add(f.batch, ts, "summaries", "gpt-5.6-terra", (uint64_t)ts);
    demo_switch_apply(&s, f.batch, utc(NOW));
    for (size_t i = 0; i < batch_count(f.batch); i++) pricer_price(p, f.batch, batch_at(f.batch, i));
    int64_t each = batch_at(f.batch, 0)->cost_nano - batch_at(f.batch, 299)->cost_nano;
    fixture_flush(&f);
    snprintf(policy, sizeof policy, "%s/policy.json", f.dir);
    must(demo_rule_write(f.db, book, policy, at, &e), &e);
    SavedRule *list = xcalloc(SAVED_RULES_MAX, sizeof *list);
    size_t count;
    RuleMeasured m;
    must(saving_book_list(f.db, list, SAVED_RULES_MAX, &count, &e), &e);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].expected_nano, 240 * each);
    must(saving_measure(f.db, book, &list[0], utc(NOW), 0, &m, &e), &e);
    assert_int_equal(m.changed, 60);
    assert_int_equal(m.saved_nano, 60 * each);
    assert_true(m.exact && each > 0);
    saving_book_free(list, count);
    free(list);
    demo_switch_free(&s);
    pricer_free(p);
    book_free(book);
    static const char *const files[] = {"policy.json", "policy.json.prev", "policy.json.lock", "policy.audit.jsonl"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(policy, sizeof policy, "%s/%s", f.dir, files[i]);
        unlink(policy);
    }
    snprintf(policy, sizeof policy, "%s/derived", f.dir);
    rmdir(policy);
    fixture_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gateways_route_clamp_and_answer_again),
        cmocka_unit_test(its_rule_is_expected_and_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
