/* test_provider_small: LiteLLM's daily activity, Mistral's months, DeepSeek's and xAI's balances, from recorded answers; vendors
 * that have nothing to ask. */
#include "tests/provider_ask.h"

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

static void mistral_bills_by_its_prices(void **state) {
    (void)state;
    Parsed *p = parse_one("mistral", "admin costs", "tests/providers/mistral/admin_usage.json", NOV_16 - 15 * DAY, NOV_16 + 15 * DAY);
    assert_string_equal(p->e.text, "");
    assert_int_equal(parsed_sum(p, NULL).nano, 394422000);
    for (size_t i = 0; i < p->rows.count; i++) assert_true(str_is(batch_name_at(p->rows.names, p->rows.at[i].currency), "EUR"));
    assert_string_equal(p->call.cursor, "");
    parsed_free(p);
    p = parse_one("mistral", "admin usage", "tests/providers/mistral/admin_usage.json", NOV_16 + 2 * DAY, NOV_16 + 3 * DAY);
    BillRow s = parsed_sum(p, "ministral-8b-2512");
    assert_int_equal(s.tokens[TOK_INPUT], 1200000);
    assert_int_equal(s.tokens[TOK_OUTPUT], 80400);
    assert_int_equal(parsed_sum(p, "mistral-medium-2508").tokens[TOK_INPUT], 9000); /* of that day alone */
    parsed_free(p);
}

static void mistral_without_a_price_has_no_bill(void **state) {
    (void)state;
#define ENTRY "{\"event_type\":\"api_tokens\",\"billing_metric\":\"m\",\"billing_group\":\"input\",\"timestamp\":\"2026-11-16\",\"value\":5,\"value_paid\":%s}"
    static const struct { const char *paid, *prices; int rc; } cases[] = {{"5", "null", -1}, {"0", "null", 0}, {"-1", "[]", -1},
        {"5", "[{\"billing_metric\":\"m\",\"billing_group\":\"input\",\"price\":0.0000004}]", 0}, {"5", "[{\"billing_metric\":\"m\",\"billing_group\":\"input\",\"price\":\"NaN\"}]", -1},
        {"5", "[{\"billing_metric\":\"m\",\"billing_group\":\"output\",\"price\":1}]", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024], entry[256];
        Parsed p = {.call = {.arg = "money", .until_ms = NOV_16 + DAY}};
        snprintf(entry, sizeof entry, ENTRY, cases[i].paid);
        int n = snprintf(text, sizeof text, "{\"completion\":{\"models\":{\"m::m\":{\"input\":[%s]}}},\"currency\":\"USD\",\"prices\":%s}", entry, cases[i].prices);
        bill_set_init(&p.rows);
        json_t *v = provider_json(text, (size_t)n, &p.e);
        assert_int_equal(feed_find("mistral", "admin costs")->parse(&p.call, v, &(FeedSink){.rows = &p.rows}, &p.e), cases[i].rc);
        assert_int_equal(!p.e.text[0], cases[i].rc == 0);
        json_decref(v);
        bill_set_free(&p.rows);
    }
    refused("mistral", "admin costs", "{}");
}

static void mistral_goes_month_by_month(void **state) {
    (void)state;
    PageRequest *r = calloc(1, sizeof *r);
    FeedCall *c = calloc(1, sizeof *c);
    Err e = {0};
    const Feed *f = feed_find("mistral", "admin usage");
    *c = (FeedCall){.secret = "k", .base_url = "https://api.mistral.ai", .from_ms = NOV_16 + 20 * DAY, .until_ms = NOV_16 + 60 * DAY}; /* December 6 to January 15 */
    assert_int_equal(f->request(c, r, &e), 0);
    assert_string_equal(r->url, "https://api.mistral.ai/v1/admin/usage?month=12&year=2026");
    assert_string_equal(r->header[0], "x-api-key: k");
    json_t *v = json_pack("{s:{}}", "completion");
    for (int i = 0; i < 2; i++) {
        BillSet rows;
        bill_set_init(&rows);
        assert_int_equal(f->parse(c, v, &(FeedSink){.rows = &rows}, &e), 0);
        assert_string_equal(c->cursor, i == 0 ? "202701" : "");
        memset(r, 0, sizeof *r);
        if (i == 0) assert_int_equal(f->request(c, r, &e), 0);
        if (i == 0) assert_string_equal(r->url, "https://api.mistral.ai/v1/admin/usage?month=1&year=2027");
        bill_set_free(&rows);
    }
    json_decref(v);
    free(c);
    free(r);
}

static void xai_tells_what_days_cost(void **state) {
    (void)state;
    Asking how = {.provider = "xai", .feed = "usage", .secret = "mk", .files = FILES("xai/usage.json"), .account = {.name = "x", .provider = "xai", .scope = "team 1"}};
    Asked a = ask(&how);
    assert_string_equal(a.p->e.text, "");
    assert_int_equal(parsed_sum(a.p, NULL).nano, 1259737250);
    assert_int_equal(a.p->rows.count, 2);
    asked_line(&a, 0, "POST /v1/billing/teams/team%201/usage HTTP/1.1");
    assert_string_equal(asked_body(&a, 0), "{\"analyticsRequest\":{\"timeRange\":{\"startTime\":\"2026-11-16 00:00:00\",\"endTime\":\"2026-11-19 00:00:00\","
                        "\"timezone\":\"Etc/GMT\"},\"timeUnit\":\"TIME_UNIT_DAY\",\"values\":[{\"name\":\"usd\",\"aggregation\":\"AGGREGATION_SUM\"}],\"groupBy\":[],\"filters\":[]}}");
    asked_free(&a);
    refused("xai", "usage", "{\"timeSeries\":[],\"limitReached\":true}");
    refused("xai", "usage", "{\"timeSeries\":[{\"dataPoints\":[{\"timestamp\":\"2026-11-16\",\"values\":[]}]}]}");
    refused("xai", "usage", "{}");
}

static void vendors_without_an_api_say_so(void **state) {
    (void)state;
    static const char *const names[] = {"groq", "together", "together_ai", "cohere"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        AccountConfig account = {.name = "x", .key_env = "NO_SUCH_KEY"};
        Err e = {0};
        snprintf(account.provider, sizeof account.provider, "%s", names[i]);
        assert_int_equal(bills_probe(&account, NOV_16, &e), -1); /* without a call, and without the key */
        if (!strstr(e.text, "no API for usage or costs") || !strstr(e.text, "leave out the key")) fail_msg("%s: %s", names[i], e.text);
        assert_null(provider_find(names[i])->feeds[0].name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(litellm_tells_models_by_day), cmocka_unit_test(balances_keep_their_currency_and_sign),
                                       cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(mistral_bills_by_its_prices), cmocka_unit_test(mistral_without_a_price_has_no_bill), cmocka_unit_test(mistral_goes_month_by_month),
        cmocka_unit_test(xai_tells_what_days_cost), cmocka_unit_test(vendors_without_an_api_say_so)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
