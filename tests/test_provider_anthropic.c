/* test_provider_anthropic: recorded answers to the totals that are known of them; amounts are cents; brackets in the query. */
#include "tests/provider_ask.h"

static void usage_adds_up_by_model(void **state) {
    (void)state;
    Parsed *p = parse_files("anthropic", "usage messages", FILES("anthropic/usage_report_messages_page1.json", "anthropic/usage_report_messages_page2.json"));
    assert_string_equal(p->e.text, "");
    BillRow s = parsed_sum(p, "claude-sonnet-5");
    assert_int_equal(s.tokens[TOK_INPUT], 5953691);
    assert_int_equal(s.tokens[TOK_CACHE_READ], 1913996);
    assert_int_equal(s.tokens[TOK_CACHE_WRITE_5M], 250000);
    assert_int_equal(s.tokens[TOK_OUTPUT], 740500);
    assert_int_equal(s.searches, 10);
    for (size_t i = 0; i < p->rows.count; i++) /* the one row of the long context window */
        assert_int_equal(p->rows.at[i].long_prompts, p->rows.at[i].tokens[TOK_INPUT] == 310000);
    s = parsed_sum(p, "claude-opus-4-8");
    assert_int_equal(s.tokens[TOK_INPUT], 2268678);
    assert_int_equal(s.tokens[TOK_CACHE_WRITE_1H], 100000);
    assert_int_equal(s.tokens[TOK_OUTPUT], 150250);
    parsed_free(p);
    p = parse_files("anthropic", "usage messages", FILES("anthropic/usage_report_messages_2025_shape.json"));
    assert_int_equal(p->rc, 0); /* fields that came later are not required */
    assert_true(p->rows.count > 0);
    parsed_free(p);
}

static void amounts_are_cents(void **state) {
    (void)state;
    Parsed *p = parse_files("anthropic", "cost report", FILES("anthropic/cost_report_page1.json", "anthropic/cost_report_page2.json"));
    assert_string_equal(p->e.text, "");
    assert_int_equal(parsed_sum(p, NULL).nano, 43665821200);
    parsed_free(p);
    p = parse_files("anthropic", "cost report", FILES("anthropic/cost_report_ungrouped.json"));
    assert_int_equal(p->rc, 0);
    parsed_free(p);
}

static void requests_are_exact(void **state) {
    (void)state;
    PageRequest *r = calloc(1, sizeof *r);
    FeedCall *c = calloc(1, sizeof *c);
    Err e = {0};
    const Feed *f = feed_find("anthropic", "cost report");
    *c = (FeedCall){.secret = "sk-ant-admin01-x", .base_url = "https://api.anthropic.com", .arg = f->arg, .from_ms = INT64_C(1794787200000),
                    .until_ms = INT64_C(1795132800000)};
    snprintf(c->cursor, sizeof c->cursor, "page_Mj=");
    assert_int_equal(f->request(c, r, &e), 0);
    assert_string_equal(r->url, "https://api.anthropic.com/v1/organizations/cost_report?starting_at=2026-11-16T00%3A00%3A00Z&ending_at=2026-11-20T00%3A00%3A00Z"
                                "&bucket_width=1d&limit=31&group_by%5B%5D=workspace_id&group_by%5B%5D=description&page=page_Mj%3D");
    assert_string_equal(r->header[0], "x-api-key: sk-ant-admin01-x");
    assert_string_equal(r->header[1], "anthropic-version: 2023-06-01");
    free(c);
    free(r);
}

/* An estimate of calls that other reports hold, too: in no sum. E-mail addresses are nobody's business. */
static void claude_code_is_an_estimate(void **state) {
    (void)state;
    assert_int_equal(feed_find("anthropic", "claude code")->origin, ORIGIN_NOTIONAL);
    Parsed *p = parse_files("anthropic", "claude code", FILES("anthropic/claude_code_usage.json"));
    assert_string_equal(p->e.text, "");
    assert_int_equal(p->rows.count, 1);
    BillRow s = parsed_sum(p, "claude-sonnet-5");
    assert_int_equal(s.nano, INT64_C(10250000000)); /* 1025 cents */
    assert_int_equal(s.tokens[TOK_INPUT], 100000);
    assert_int_equal(s.tokens[TOK_OUTPUT], 35000);
    assert_int_equal(s.tokens[TOK_CACHE_READ], 10000);
    assert_int_equal(s.tokens[TOK_CACHE_WRITE_5M], 5000);
    assert_true(str_is(batch_name_at(p->rows.names, p->rows.at[0].item), "api"));
    assert_int_equal(p->rows.at[0].key, 0);
    parsed_free(p);
    refused("anthropic", "claude code", "{\"data\":[{\"date\":\"2026-11-16\"}]}");
    refused("anthropic", "claude code", "{\"data\":[{\"model_breakdown\":[]}]}");
    refused("anthropic", "claude code", "{}");
}

static Asking asking(const char *feed, const char *const *files) {
    return (Asking){.provider = "anthropic", .feed = feed, .secret = "sk-ant-admin01-x", .files = files, .account = {.name = "a", .provider = "anthropic", .api = "analytics"}};
}

static void analytics_is_the_same_by_other_ways(void **state) {
    (void)state;
    Asking how = asking("analytics usage", FILES("anthropic/analytics_usage_page1.json", "anthropic/analytics_usage_page2.json"));
    Asked a = ask(&how);
    assert_string_equal(a.p->e.text, "");
    assert_int_equal(a.result.end, PAGE_READ);
    assert_int_equal(a.count, 2);
    BillRow s = parsed_sum(a.p, "claude-sonnet-5");
    assert_int_equal(s.tokens[TOK_INPUT], 1143691);
    assert_int_equal(s.tokens[TOK_CACHE_READ], 1913996);
    assert_int_equal(s.tokens[TOK_CACHE_WRITE_5M], 250000);
    assert_int_equal(s.requests, 421);
    assert_int_equal(s.searches, 10);
    assert_int_equal(parsed_sum(a.p, "claude-opus-4-8").tokens[TOK_CACHE_WRITE_1H], 100000);
    asked_line(&a, 1, "GET /v1/organizations/analytics/usage?starting_at=2026-11-16T00%3A00%3A00Z&ending_at=2026-11-19T00%3A00%3A00Z&time_bucket_width=1d"
                      "&order_by=time&order=asc&limit=1000&group_by%5B%5D=model&group_by%5B%5D=workspace_id&group_by%5B%5D=api_key_id"
                      "&group_by%5B%5D=service_tier&group_by%5B%5D=context_window&page=page_eyJvIjoxfQ%3D%3D HTTP/1.1");
    asked_has(&a, 0, "\r\nanthropic-beta: analytics-usage-cost-2026-08-24\r\n");
    asked_has(&a, 0, "\r\nx-api-key: sk-ant-admin01-x\r\n");
    asked_free(&a);
    Parsed *p = parse_files("anthropic", "analytics cost", FILES("anthropic/analytics_cost.json"));
    assert_string_equal(p->e.text, "");
    assert_int_equal(parsed_sum(p, NULL).nano, INT64_C(2387382000));
    parsed_free(p);
}

/* Up to data_refreshed_at what is missing is zero; later it is not known, and half a bill would stand for the day. */
static void half_a_day_is_no_bill(void **state) {
    (void)state;
#define COST(from, to) "{\"starting_at\":\"" from "T00:00:00Z\",\"ending_at\":\"" to "T00:00:00Z\",\"group\":{},\"cost\":{\"amount\":\"100\",\"currency\":\"USD\"}}"
    Parsed p = {.call.until_ms = INT64_C(1798761600000)};
    const char *text = "{\"data\":[" COST("2026-11-16", "2026-11-17") "," COST("2026-11-17", "2026-11-18") "],\"has_more\":false,\"data_refreshed_at\":\"2026-11-17T07:00:00Z\"}";
    bill_set_init(&p.rows);
    json_t *v = provider_json(text, strlen(text), &p.e);
    assert_int_equal(feed_find("anthropic", "analytics cost")->parse(&p.call, v, &(FeedSink){.rows = &p.rows}, &p.e), 0);
    assert_int_equal(parsed_sum(&p, NULL).nano, 1000000000);
    assert_int_equal(p.call.fresh_ms, INT64_C(1794898800) * 1000); /* 2026-11-17T07:00: what ends later is not whole */
    json_decref(v);
    bill_set_free(&p.rows);
    refused("anthropic", "analytics cost", "{\"data\":[{\"starting_at\":\"2026-11-16\",\"ending_at\":\"2026-11-17\"}]}");
    refused("anthropic", "analytics usage", "{\"data\":[],\"data_refreshed_at\":\"soon\"}");
}

static void an_account_has_one_of_the_two_apis(void **state) {
    (void)state;
    const AccountConfig old = {.api = "reports"}, beta = {.api = "analytics"};
    static const char *const feeds[][2] = {{"cost report", "analytics cost"}, {"usage messages", "analytics usage"}};
    for (int i = 0; i < 2; i++) {
        const Feed *a = feed_find("anthropic", feeds[i][0]), *b = feed_find("anthropic", feeds[i][1]);
        assert_true(a->wanted(&old) && !b->wanted(&old) && b->wanted(&beta) && !a->wanted(&beta));
        assert_string_equal(a->rival, b->name); /* after a change nothing is there twice */
        assert_string_equal(b->rival, a->name);
    }
}

/* OpenRouter: one endpoint, tokens and money. */
static Parsed *activity(const char *feed) {
    Parsed *p = calloc(1, sizeof *p);
    const Feed *f = feed_find("openrouter", feed);
    Buf text = {.max = 1 << 20};
    bill_set_init(&p->rows);
    p->call = (FeedCall){.arg = f->arg, .until_ms = INT64_C(1796000000000)};
    assert_int_equal(file_read("tests/providers/openrouter/activity.json", &text, &p->e), 0);
    json_t *v = provider_json(text.at, text.len, &p->e);
    p->rc = f->parse(&p->call, v, &(FeedSink){.rows = &p->rows}, &p->e);
    json_decref(v);
    buf_free(&text);
    return p;
}

static void openrouter_has_tokens_and_credits(void **state) {
    (void)state;
    Parsed *p = activity("activity");
    assert_string_equal(p->e.text, "");
    assert_int_equal(p->rows.count, 4);
    assert_int_equal(parsed_sum(p, NULL).nano, 20505013000);
    parsed_free(p);
    p = activity("activity tokens");
    BillRow s = parsed_sum(p, NULL);
    assert_int_equal(s.requests, 1399);
    assert_int_equal(s.tokens[TOK_INPUT], 5210506);
    assert_int_equal(s.tokens[TOK_OUTPUT] + s.tokens[TOK_REASONING], 713747);
    parsed_free(p);
    p = parse_files("openrouter", "credits", FILES("openrouter/credits.json"));
    assert_int_equal(p->balance, 74750000000);
    parsed_free(p);
    p = parse_files("openrouter", "key", FILES("openrouter/key.json"));
    assert_int_equal(p->balance, 74500000000);
    parsed_free(p);
    p = parse_files("openrouter", "key", FILES("openrouter/key_no_limit.json"));
    assert_int_equal(p->rc, 0);
    parsed_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(usage_adds_up_by_model), cmocka_unit_test(amounts_are_cents), cmocka_unit_test(requests_are_exact),
                                       cmocka_unit_test(claude_code_is_an_estimate), cmocka_unit_test(analytics_is_the_same_by_other_ways),
                                       cmocka_unit_test(half_a_day_is_no_bill), cmocka_unit_test(an_account_has_one_of_the_two_apis),
                                       cmocka_unit_test(openrouter_has_tokens_and_credits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
