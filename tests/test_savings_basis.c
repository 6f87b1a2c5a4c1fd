/* test_savings_basis: every figure of savings.h says what it is: a basis, how sure it is, the sample it stands on, ten calls that
 * show it; what rests on an estimate carries ±, what is exact on the calls looked at does not. */
#include "tests/savings_lab.h"

enum { EACH = 80 };

/* Some of everything: 80 of each. */
static void fill(void) {
    begin();
    for (int i = 0; i < EACH; i++) {
        const int64_t at = 50000 - i * 100;
        SaveCall *c = add(at + 9, kind("acme", "small", "faq"), 1000, 200); /* asked again within a minute, and then a hit */
        c->prompt_hash = (uint64_t)i + 1;
        c = add(at + 8, kind("acme", "small", "faq"), 1000, 200);
        c->prompt_hash = (uint64_t)i + 1;
        c = add(at + 7, kind("acme", "small", "faq"), 1000, 200);
        c->flags |= REQ_CACHE_HIT;
        price(c);
        add(at + 6, kind("acme", "big", "chat"), 1000, 100); /* simple */
        c = add(at + 5, kind("acme", "big", "agent"), 9000 + (EACH - i) * 10, i % 3 ? 400 : 2000 + i); /* one prefix; talks; cut */
        c->prefix_hash = 5, c->prefix_bytes = 20000, c->prompt_bytes = 36000, c->session = 7;
        c = add(at + 4, kind("acme", "big", "agent"), 9000, 300);
        c->max_tokens = 300;
        c = add(at + 3, kind("acme", "big", "eval"), 9000, 900);
        c->flags |= i % 2 ? REQ_BATCH : 0;
        c->tokens[TOK_CACHE_READ] = 500;
        price(c);
    }
}

static const SaveCall *by_key(int64_t key) {
    for (size_t i = 0; i < sample.count; i++)
        if (calls[i].key == key) return &calls[i];
    fail_msg("no call %lld", (long long)key);
    return NULL;
}

static void are_calls(const int64_t *key, size_t count) {
    for (size_t i = 0; i < count; i++) {
        by_key(key[i]);
        for (size_t k = 0; k < i; k++) assert_int_not_equal(key[i], key[k]);
    }
}

static bool has_digit(const char *text) { return text[strcspn(text, "0123456789")] != '\0'; }

static void every_strategy_says_what_it_stands_on(void **state) {
    (void)state;
    fill();
    Savings v = work_out(&(SaveAsk){.can_wait = "eval"});
    for (int i = 0; i <= SAVE_COUNT; i++) {
        const Saving *s = i < SAVE_COUNT ? &v.by[i] : &v.combined;
        if (!s->possible_known || !s->saved_known || s->possible_nano <= 0 || s->saved_nano == 0) fail_msg("%s: %s; %s", s->name, s->stands_on, s->saved_on);
        assert_int_not_equal(s->sure, SURE_NOT);
        assert_int_not_equal(s->saved_sure, SURE_NOT);
        assert_true(i == SAVE_COUNT || has_digit(s->stands_on));
        assert_true(has_digit(s->saved_on));
        assert_true(strlen(s->saved_on) + 1 < sizeof s->saved_on && strlen(s->stands_on) + 1 < sizeof s->stands_on);
        assert_true(s->calls >= SAVE_EXAMPLES && s->saved_calls >= SAVE_EXAMPLES);
        assert_int_equal(s->examples, SAVE_EXAMPLES);
        assert_int_equal(s->saved_examples, SAVE_EXAMPLES);
        are_calls(s->example, s->examples);
        are_calls(s->saved_example, s->saved_examples);
        const bool estimate = i == SAVE_TOKENS || i == SAVE_COUNT; /* the only realised figures that rest on one */
        assert_int_equal(s->saved_spread_nano > 0, estimate);
        if (estimate) assert_int_equal(s->saved_sure, SURE_LOW);
    }
}

static void every_amount_beside_them_says_so_too(void **state) {
    (void)state;
    static const char *const estimates[] = {"wrong tier", "conversations: sliding window", "conversations: summaries", "prompt cache: an hour or five minutes", "prompt cache: a guess"};
    size_t seen = 0;
    fill();
    for (size_t i = 0; i < sample.count; i++) /* another feature with a prefix that nobody logs */
        if (strcmp(kinds[calls[i].kind].feature, "eval") == 0) calls[i].tokens[TOK_CACHE_READ] = 0, price(&calls[i]);
    Savings v = work_out(&(SaveAsk){.no_budget = true, .simple_input = 20000, .simple_output = 3000});
    for (size_t i = 0; i < v.notes; i++) {
        const SaveNote *n = &v.note[i];
        bool estimate = false;
        for (size_t k = 0; k < sizeof estimates / sizeof *estimates; k++) estimate = estimate || strcmp(n->name, estimates[k]) == 0;
        seen += estimate;
        if (!n->nano_known) continue;
        assert_int_not_equal(n->sure, SURE_NOT);
        assert_true(n->calls > 0);
        by_key(n->example);
        assert_true(strlen(n->text) > 20);
        if (!estimate) continue;
        assert_int_equal(n->examples, SAVE_EXAMPLES);
        are_calls(n->more, n->examples);
        assert_int_not_equal(n->sure, SURE_HIGH);
    }
    assert_int_equal(seen, sizeof estimates / sizeof *estimates);
}

/* Answers of 1,300 and 1,700 in turn, 4 cut at 500: each would go on for 1,000, give or take 200: 4 x 1,000 tokens, and as ±
 * two deviations of four such answers and of the mean of 16: 2 x 800 x sqrt(1/4 + 1/16) tokens. */
static void a_clamped_answer_carries_its_spread(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 16; i++) add(100 - i, kind("acme", "big", "agent"), 1000, i % 2 ? 1300 : 1700);
    for (int i = 0; i < 4; i++) add(50 - i, kind("acme", "big", "agent"), 1000, 500)->max_tokens = 500;
    Savings v = work_out(&(SaveAsk){0});
    const Saving *s = &v.by[SAVE_TOKENS];
    assert_int_equal(s->saved_nano, 4 * 1000 * INT64_C(25000));
    const int64_t want = 2 * 800 * INT64_C(25000) * 559 / 1000; /* sqrt(0.3125) = 0.559017 */
    assert_true(llabs(s->saved_spread_nano - want) <= want / 500);
    assert_int_equal(v.combined.saved_spread_nano, s->saved_spread_nano);
    begin(); /* all alike: nothing to be unsure of within the sample */
    for (int i = 0; i < 16; i++) add(100 - i, kind("acme", "big", "agent"), 1000, 1500);
    for (int i = 0; i < 4; i++) add(50 - i, kind("acme", "big", "agent"), 1000, 500)->max_tokens = 500;
    assert_int_equal(work_out(&(SaveAsk){0}).by[SAVE_TOKENS].saved_spread_nano, 0);
}

/* S5: in proportion to what was paid; calls that are all alike have no spread, others do; the whole range is exact. */
static void what_is_scaled_carries_a_spread(void **state) {
    (void)state;
    for (int mixed = 0; mixed < 2; mixed++) {
        begin();
        for (int i = 0; i < 160; i++) add(1000 - i, kind("acme", "big", mixed && i < 80 ? "chat" : "eval"), 1000, 100);
        Savings s = work_out(&(SaveAsk){.can_wait = "eval"});
        const Saving *b = &s.by[SAVE_BATCH];
        int64_t sum = 0, paid = 0;
        for (int i = 0; i < SAVE_BLOCKS; i++) sum += b->block_nano[i], paid += s.block_paid[i];
        assert_int_equal(sum, b->possible_nano);
        assert_int_equal(paid, s.paid_nano);
        SaveScaled all = savings_scaled(&s, b, 10 * s.paid_nano);
        assert_true(all.scaled);
        assert_int_equal(all.nano, 10 * b->possible_nano);
        assert_int_equal(all.spread_nano > 0, mixed);
        all = savings_scaled(&s, b, s.paid_nano);
        assert_false(all.scaled);
        assert_int_equal(all.nano, b->possible_nano);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_strategy_says_what_it_stands_on),
        cmocka_unit_test(every_amount_beside_them_says_so_too),
        cmocka_unit_test(what_is_scaled_carries_a_spread),
        cmocka_unit_test(a_clamped_answer_carries_its_spread),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
