/* test_provider_anthropic: recorded answers to the totals that are known of them; amounts are cents; brackets in the query. */
#include "tests/provider_lab.h"

#define FILES(...) (const char *const[]){__VA_ARGS__, NULL}

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
                                       cmocka_unit_test(openrouter_has_tokens_and_credits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
