/* test_provider_small: LiteLLM's daily activity, DeepSeek's and xAI's balances, from recorded answers. */
#include "tests/provider_lab.h"

static Parsed *parse_one(const char *provider, const char *feed, const char *file, int64_t from_ms, int64_t until_ms) {
    Parsed *p = calloc(1, sizeof *p);
    const Feed *f = feed_find(provider, feed);
    Buf text = {.max = 1 << 20};
    const FeedSink sink = {.rows = &p->rows, .name = parsed_name, .balance = parsed_balance, .ctx = p};
    bill_set_init(&p->rows);
    p->call = (FeedCall){.arg = f->arg, .from_ms = from_ms, .until_ms = until_ms};
    assert_int_equal(file_read(file, &text, &p->e), 0);
    json_t *v = provider_json(text.at, text.len, &p->e);
    p->rc = f->parse(&p->call, v, &sink, &p->e);
    json_decref(v);
    buf_free(&text);
    return p;
}

#define DAY INT64_C(86400000)
#define NOV_16 (INT64_C(1794787200) * 1000)

static void litellm_tells_models_by_day(void **state) {
    (void)state;
    Parsed *p = parse_one("litellm", "daily activity", "tests/providers/litellm/user_daily_activity.json", NOV_16, NOV_16 + DAY);
    assert_string_equal(p->e.text, "");
    assert_int_equal(p->rows.count, 1);
    BillRow s = parsed_sum(p, "gpt-4o-mini");
    assert_int_equal(s.tokens[TOK_INPUT], 37);
    assert_int_equal(s.tokens[TOK_OUTPUT], 9);
    assert_int_equal(s.requests, 1);
    assert_string_equal(p->call.cursor, "");
    parsed_free(p);
    p = parse_one("litellm", "daily activity", "tests/providers/litellm/user_daily_activity.json", NOV_16 + DAY, NOV_16 + 2 * DAY);
    assert_int_equal(p->rows.count, 0); /* a day that was not asked for */
    parsed_free(p);
}

static void balances_keep_their_currency_and_sign(void **state) {
    (void)state;
    Parsed *p = parse_one("deepseek", "balance", "tests/providers/deepseek/user_balance.json", 0, 0);
    assert_string_equal(p->currency, "USD"); /* the last of the two */
    assert_int_equal(p->balance, 5250000000);
    parsed_free(p);
    p = parse_one("xai", "prepaid balance", "tests/providers/xai/prepaid_balance.json", 0, 0);
    assert_int_equal(p->balance, 10000000000);
    parsed_free(p);
}

static void what_is_missing_is_said(void **state) {
    (void)state;
    PageRequest *r = calloc(1, sizeof *r);
    FeedCall *c = calloc(1, sizeof *c);
    AccountConfig account = {.name = "x"};
    Err e = {0};
    *c = (FeedCall){.account = &account, .secret = "k", .base_url = "https://management-api.x.ai"};
    assert_int_equal(feed_find("xai", "prepaid balance")->request(c, r, &e), -1);
    assert_non_null(strstr(e.text, "scope ="));
    e = (Err){0};
    c->base_url = "";
    assert_int_equal(feed_find("litellm", "daily activity")->request(c, r, &e), -1);
    assert_non_null(strstr(e.text, "base_url ="));
    free(c);
    free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(litellm_tells_models_by_day), cmocka_unit_test(balances_keep_their_currency_and_sign),
                                       cmocka_unit_test(what_is_missing_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
