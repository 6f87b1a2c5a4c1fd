/* test_filter: the filter grammar: what matches, what an error says and where, and hostile text. */
#include "tests/unit.h"
#include "store/filter.h"

static FilterRow sample(void) {
    FilterRow r = {.origin = ORIGIN_METERED, .outcome = OUTCOME_ERROR, .stream = true, .cost_nano = 225547200,
                   .tokens = 44312, .input = 42508, .output = 1804, .cached = 4096, .latency_ms = 21400, .ttft_ms = -1};
    for (int i = 0; i < DIM_COUNT; i++) r.name[i] = STR("");
    r.name[DIM_PROVIDER] = STR("anthropic");
    r.name[DIM_MODEL] = STR("claude-opus-5-5");
    r.name[DIM_FEATURE] = STR("doc agent");
    r.name[DIM_ENDPOINT] = STR("/v1/messages");
    r.name[DIM_USER] = STR("J\xc3\xb6rg");
    return r;
}

typedef struct MatchCase {
    const char *text;
    bool matches;
} MatchCase;

static void terms_mean_what_the_grammar_says(void **state) {
    (void)state;
    static const MatchCase cases[] = {
        {"", true}, {"   ", true}, {"model:claude-opus-5-5", true}, {"model:CLAUDE*", true}, {"model:*opus*", true},
        {"model:claude-opus-?-?", true}, {"model:claude-opus-?", false}, {"model:opus", false},
        {"model:gpt*,claude*", true}, {"model:gpt*,gemini*", false}, {"-model:gpt*,gemini*", true},
        {"-model:claude*", false}, {"feature:\"doc agent\"", true}, {"feature:doc*", true}, {"feature:doc", false},
        {"team:", true}, {"team:\"\"", true}, {"-team:", false}, {"feature:", false}, {"team:*", true},
        {"origin:metered", true}, {"origin:m*", true}, {"origin:notional", false}, {"outcome:error", true},
        {"status:ok", false}, {"-status:ok", true}, {"status:ok,error", true}, {"stream:yes", true}, {"stream:no", false},
        {"cost>0.2", true}, {"cost>0.2255472", false}, {"cost>=0.2255472", true}, {"cost=0.225547200", true},
        {"cost<0.225547201", true}, {"cost<=0.2255471", false}, {"cost>2e-1", true}, {"-cost>0.2", false},
        {"tokens=44312", true}, {"tokens>44k", true}, {"tokens>0.05M", false}, {"input>=42508", true},
        {"output<1804", false}, {"cached=4096", true}, {"latency>21s", true}, {"latency>21399", true},
        {"latency>21400ms", false}, {"ttft<100000", false}, {"ttft>=0", false}, {"-ttft<100000", true},
        {"opus", true}, {"OPUS", true}, {"opus claude", true}, {"opus gpt", false}, {"-gpt", true}, {"-opus", false},
        {"\"doc agent\"", true}, {"\"doc  agent\"", false}, {"\"claude-opus-5-5\"", true}, {"/v1/mess", true},
        {"metered", true}, {"yes", false}, {"user:j\xc3\xb6*", true}, {"user:J?rg", false}, {"user:J??rg", true},
        {"model:claude* feature:doc* cost>0.1 status:error messages", true},
        {"model:claude* feature:doc* cost>0.3 status:error messages", false},
    };
    FilterRow row = sample();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Err e = {0};
        Filter *f;
        if (filter_parse(&f, cases[i].text, &e) != 0) fail_msg("%s: %s", cases[i].text, e.text);
        if (filter_matches(f, &row) != cases[i].matches) fail_msg("%s: wrong", cases[i].text);
        filter_free(f);
    }
}

typedef struct ErrorCase {
    const char *text, *error;
} ErrorCase;

static void errors_name_the_column(void **state) {
    (void)state;
    static const ErrorCase cases[] = {
        {"feature:doc* cost>", "column 19: a number is missing after \"cost>\", as 0.1"},
        {"user:J\xc3\xb6rg cost>=", "column 17: a number is missing after \"cost>=\", as 0.1"},
        {"cost>x", "column 6: \"x\" is not a number that cost can have, as 0.1"},
        {"cost>0.0000000001", "column 6: \"0.0000000001\" is not a number that cost can have, as 0.1"},
        {"tokens>1.5", "column 8: \"1.5\" is not a number that tokens can have, as 500, 3k or 2M"},
        {"tokens>99999999999999999999", "column 8: \"99999999999999999999\" is not a number that tokens can have, as 500, 3k or 2M"},
        {"a modl:gpt", "column 3: \"modl\" is not a dimension; did you mean \"model\"?; quote a text that holds a colon"},
        {"price>3", "column 1: \"price\" is not one of: cost tokens input output cached latency ttft; "
                    "quote a text that holds >"},
        {"model>3", "column 1: \"model\" is no number; write model:value"},
        {"a cost:3", "column 3: \"cost\" is a number; write cost> cost>= cost< cost<= or cost="},
        {"latncy>3", "column 1: \"latncy\" is not one of: cost tokens input output cached latency ttft; did you mean \"latency\"?; "
                     "quote a text that holds >"},
        {"model:\"gpt", "column 11: the closing \" is missing"},
        {"status:errr", "column 8: \"errr\" is none of: ok error refused incomplete"},
        {"origin:metered,x", "column 16: \"x\" is none of: metered reported billed notional"},
        {"stream:maybe", "column 8: \"maybe\" is none of: yes no"},
        {"opus -", "column 7: a text is missing here"}, {"\"\"", "column 1: a text is missing here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Err e = {0};
        Filter *f = NULL;
        assert_int_equal(filter_parse(&f, cases[i].text, &e), -1);
        assert_string_equal(e.text, cases[i].error);
        assert_null(f);
    }
}

static unsigned uses(const char *text) {
    Filter *f;
    assert_int_equal(filter_parse(&f, text, NULL), 0);
    unsigned bits = filter_uses(f);
    assert_int_equal(filter_needs_rows(f), (bits & (1u << DIM_USER | 1u << DIM_SESSION | 1u << DIM_PROJECT |
                     1u << DIM_ENDPOINT | 1u << DIM_HOST | FILTER_STREAM | FILTER_NUMBERS)) != 0);
    filter_free(f);
    return bits;
}

static void a_filter_knows_what_it_looks_at(void **state) {
    (void)state;
    assert_int_equal(uses(""), 0);
    assert_int_equal(uses("model:a -team:b"), 1u << DIM_MODEL | 1u << DIM_TEAM);
    assert_int_equal(uses("status:ok origin:notional"), FILTER_OUTCOME | FILTER_ORIGIN);
    assert_int_equal(uses("user:x"), 1u << DIM_USER);
    assert_int_equal(uses("cost>1"), FILTER_NUMBERS);
    assert_int_equal(uses("stream:yes"), FILTER_STREAM);
    assert_true(uses("text") & 1u << DIM_SESSION);
}

/* A partial row may only be refused when the whole row is refused, whatever the unknown rest holds. */
static void what_is_unknown_is_taken_to_hold(void **state) {
    (void)state;
    FilterRow row = sample();
    const unsigned known = 1u << DIM_MODEL;
    static const MatchCase cases[] = {{"model:claude*", true}, {"model:gpt*", false}, {"user:nobody", true},
                                      {"-user:J*", true}, {"cost>9", true}, {"gpt", true}, {"user:x model:g*", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Filter *f;
        assert_int_equal(filter_parse(&f, cases[i].text, NULL), 0);
        assert_int_equal(filter_may_match(f, &row, known), cases[i].matches);
        filter_free(f);
    }
}

static void hostile_text_is_refused_or_bounded(void **state) {
    (void)state;
    static char text[8192];
    Filter *f;
    memset(text, 'a', 5000);
    assert_int_equal(filter_parse(&f, text, NULL), -1);
    for (size_t i = 0; i + 1 < 4000; i += 2) memcpy(text + i, "a ", 2); /* 2,000 terms */
    text[4000] = '\0';
    assert_int_equal(filter_parse(&f, text, NULL), -1);
    memcpy(text, "model:", 6);
    for (size_t i = 6; i + 1 < 4000; i += 2) memcpy(text + i, "a,", 2); /* 2,000 values */
    assert_int_equal(filter_parse(&f, text, NULL), -1);
    memset(text, '*', 4000); /* stars only: linear in practice, never exponential */
    memcpy(text, "model:", 6);
    text[3999] = 'x';
    assert_int_equal(filter_parse(&f, text, NULL), 0);
    FilterRow row = sample();
    assert_false(filter_matches(f, &row));
    filter_free(f);
    for (int c = 1; c < 256; c++) { /* every single byte is an answer, not a crash */
        text[0] = (char)c;
        text[1] = '\0';
        if (filter_parse(&f, text, NULL) == 0) filter_free(f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_mean_what_the_grammar_says), cmocka_unit_test(errors_name_the_column),
        cmocka_unit_test(a_filter_knows_what_it_looks_at),  cmocka_unit_test(what_is_unknown_is_taken_to_hold),
        cmocka_unit_test(hostile_text_is_refused_or_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
