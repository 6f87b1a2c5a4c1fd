/* test_provider_litellm: a proxy's spend logs call by call, added up by day, model, key and team; pages that are not full end a
 * walk, whatever totals say; a call counts once; what is asked, to the byte. */
#include "tests/provider_ask.h"

#define ROW(id, at, more) "{\"request_id\":\"" id "\",\"startTime\":\"" at "\",\"model\":\"openai/m\",\"custom_llm_provider\":\"openai\"," \
                          "\"api_key\":\"88dc\",\"prompt_tokens\":10,\"completion_tokens\":2,\"spend\":0.5" more "}"
#define NOV_16 (INT64_C(1794787200) * 1000)

static Parsed *parse_text(const char *const *pages) {
    Parsed *p = calloc(1, sizeof *p);
    bill_set_init(&p->rows);
    p->call = (FeedCall){.from_ms = NOV_16, .until_ms = NOV_16 + INT64_C(86400000)};
    for (; *pages && p->rc == 0; pages++, p->call.page++) {
        json_t *v = provider_json(*pages, strlen(*pages), &p->e);
        assert_non_null(v);
        p->rc = feed_find("litellm", "spend logs")->parse(&p->call, v, &(FeedSink){.rows = &p->rows}, &p->e);
        json_decref(v);
    }
    return p;
}

static void calls_add_up(void **state) {
    (void)state;
    Parsed *p = parse_files("litellm", "spend logs", FILES("litellm/spend_logs_v2_page1.json"));
    assert_string_equal(p->call.cursor, "2");
    parsed_free(p);
    p = parse_files("litellm", "spend logs", FILES("litellm/spend_logs_v2_page1.json", "litellm/spend_logs_v2_page2.json"));
    assert_string_equal(p->e.text, "");
    assert_string_equal(p->call.cursor, "");
    BillRow s = parsed_sum(p, NULL);
    assert_int_equal(s.nano, 94155500);
    assert_int_equal(s.tokens[TOK_INPUT] + s.tokens[TOK_CACHE_READ] + s.tokens[TOK_CACHE_WRITE_5M], 43182);
    assert_int_equal(s.tokens[TOK_OUTPUT], 3420);
    assert_int_equal(s.requests, 5);
    s = parsed_sum(p, "claude-sonnet-5");
    assert_int_equal(s.tokens[TOK_CACHE_READ], 38000);
    assert_int_equal(s.tokens[TOK_CACHE_WRITE_5M], 1500);
    assert_int_equal(s.tokens[TOK_INPUT], 1502);
    s = parsed_sum(p, "smart"); /* the failure, under the name that was asked for */
    assert_int_equal(s.requests, 1);
    assert_int_equal(s.tokens[TOK_INPUT], 0);
    s = parsed_sum(p, "gpt-5.4-mini");
    assert_int_equal(s.requests, 2); /* one row of two calls */
    assert_int_equal(p->rows.count, 4);
    assert_true(str_is(batch_name_at(p->rows.names, p->rows.at[0].key), "prod-backend"));
    assert_true(str_is(batch_name_at(p->rows.names, p->rows.at[0].project), "team-456"));
    parsed_free(p);
}

static void totals_are_no_end(void **state) {
    (void)state;
    Parsed *p = parse_text(FILES("{\"data\":[" ROW("a", "2026-11-16T00:00:00Z", "") "],\"page_size\":1,\"total_pages\":1,\"total\":10000}"));
    assert_string_equal(p->call.cursor, "2"); /* a full page: there may be more, though it is said to be the last */
    parsed_free(p);
    p = parse_files("litellm", "spend logs", FILES("litellm/spend_logs_v2_capped.json"));
    assert_int_equal(parsed_sum(p, NULL).requests, 1); /* page 101 of 100 has a row */
    assert_string_equal(p->call.cursor, "");
    parsed_free(p);
}

/* Rows move between pages while they are read, days overlap, hits cost nothing, times may lack their zone, metadata may be a text. */
static void a_call_counts_once(void **state) {
    (void)state;
    Parsed *p = parse_text(FILES(
        "{\"data\":[" ROW("a", "2026-11-16T00:00:00.000", "") "," ROW("b", "2026-11-16T10:00:00Z", ",\"metadata\":\"{\\\"user_api_key_alias\\\":\\\"k\\\"}\"") "],\"page_size\":2}",
        "{\"data\":[" ROW("b", "2026-11-16T10:00:00Z", "") "," ROW("c", "2026-11-16T23:59:59.999Z", ",\"cache_hit\":\"True\"") "],\"page_size\":2}",
        "{\"data\":[" ROW("d", "2026-11-17T00:00:00Z", "") "," ROW("e", "2026-11-15T23:59:59Z", "") "],\"page_size\":2}", "{\"data\":[]}"));
    assert_string_equal(p->e.text, "");
    BillRow s = parsed_sum(p, "m");
    assert_int_equal(s.requests, 3);
    assert_int_equal(s.tokens[TOK_INPUT], 20);
    assert_int_equal(s.nano, INT64_C(1500000000));
    assert_int_equal(p->rows.count, 2); /* the key by its alias, and by its hash */
    assert_string_equal(p->call.cursor, "");
    parsed_free(p);
}

static void contradictions_are_refused(void **state) {
    (void)state;
    Parsed *p = parse_text(FILES("{\"data\":[" ROW("a", "2026-11-16T00:00:00Z", ",\"metadata\":{\"usage_object\":{\"cache_read_input_tokens\":11}}") "]}"));
    assert_int_equal(p->rc, -1);
    parsed_free(p);
    refused("litellm", "spend logs", "{\"data\":[{\"startTime\":\"2026-11-16T00:00:00Z\"}]}");
    refused("litellm", "spend logs", "{\"data\":[{\"request_id\":\"a\",\"startTime\":\"yesterday\"}]}");
    refused("litellm", "spend logs", "{\"data\":[7]}");
    refused("litellm", "spend logs", "{\"data\":\"\"}");
    refused("litellm", "daily activity", "{\"results\":[{\"date\":\"x\"}]}");
    refused("litellm", "key", "{\"info\":{\"max_budget\":\"lots\",\"spend\":1}}");
    refused("litellm", "key", "[]");
}

static Asking asking(const char *feed, const char *const *files) {
    return (Asking){.provider = "litellm", .feed = feed, .secret = "sk-master", .files = files, .account = {.name = "proxy", .provider = "litellm"}};
}

static void what_is_asked_is_exact(void **state) {
    (void)state;
    Asking how = asking("spend logs", FILES("litellm/spend_logs_v2_page1.json", "litellm/spend_logs_v2_page2.json"));
    Asked a = ask(&how);
    assert_int_equal(a.result.end, PAGE_READ);
    assert_int_equal(a.count, 2);
    for (int i = 0; i < 2; i++) {
        char want[256];
        snprintf(want, sizeof want, "GET /spend/logs/v2?start_date=2026-11-16%%2000%%3A00%%3A00&end_date=2026-11-19%%2000%%3A00%%3A00&page=%d&page_size=100"
                                    "&sort_by=startTime&sort_order=asc HTTP/1.1", i + 1);
        asked_line(&a, i, want);
        asked_has(&a, i, "\r\nAuthorization: Bearer sk-master\r\n");
    }
    asked_free(&a);
    how = asking("daily activity", FILES("litellm/user_daily_activity.json"));
    a = ask(&how);
    asked_line(&a, 0, "GET /user/daily/activity?start_date=2026-11-16&end_date=2026-11-18&page=1&page_size=1000 HTTP/1.1");
    asked_free(&a);
    how = asking("key", FILES("litellm/key_info.json"));
    a = ask(&how);
    asked_line(&a, 0, "GET /key/info HTTP/1.1");
    assert_string_equal(a.p->balance_kind, "limit");
    assert_int_equal(a.p->balance, INT64_C(87646283750)); /* 300 - 212.3537162499998 */
    asked_free(&a);
}

static void refusals_are_told_apart(void **state) {
    (void)state;
    static const struct { const char *file, *says; bool denied; } cases[] = {
        {"errors/litellm_401.http", "litellm refused the key (401: Authentication Error, Invalid proxy server token passed.); it needs the proxy's master key", true},
        {"errors/litellm_legacy_detail.http", "refused the key (401: Authentication Error, ExceededTokenBudget", true},
        {"errors/litellm_400_budget.http", "litellm answered 400: ExceededBudget: User=u over budget", false},
        {"errors/litellm_422.http", "litellm answered 422", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Asking how = asking("spend logs", FILES(cases[i].file));
        Asked a = ask(&how);
        if (a.result.end != PAGE_FAILED || a.result.denied != cases[i].denied || !strstr(a.p->e.text, cases[i].says)) fail_msg("%s: %s", cases[i].file, a.p->e.text);
        assert_int_equal(a.count, 1);
        asked_free(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(calls_add_up), cmocka_unit_test(totals_are_no_end), cmocka_unit_test(a_call_counts_once),
        cmocka_unit_test(contradictions_are_refused), cmocka_unit_test(what_is_asked_is_exact), cmocka_unit_test(refusals_are_told_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
