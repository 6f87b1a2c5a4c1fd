/* test_provider_bedrock: recorded answers of Cost Explorer and CloudWatch to the totals that are known of them; what is asked,
 * with its signature computed again from what a server got; AWS's 400s told apart. */
#include "tests/provider_ask.h"
#include "tests/sigv4.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SESSION "IQoJb3JpZ2luX2VjEXAMPLE=="

static void bedrock_is_more_than_its_name(void **state) {
    (void)state;
    Parsed *p = parse_files("bedrock", "cost explorer", FILES("aws/ce_get_cost_and_usage_page1.json", "aws/ce_get_cost_and_usage_page2.json"));
    assert_string_equal(p->e.text, "");
    assert_int_equal(p->rows.count, 4); /* EC2 is none of ours */
    assert_int_equal(parsed_sum(p, NULL).nano, INT64_C(42212345679));
    assert_int_equal(parsed_sum(p, "claude-sonnet-5").nano, INT64_C(42000000000));
    assert_int_equal(parsed_sum(p, "nova-pro").nano, INT64_C(212345679));
    assert_string_equal(p->call.cursor, "");
    assert_int_equal(p->rows.at[0].start_ms, INT64_C(1794787200000));
    assert_true(p->rows.at[0].money);
    parsed_free(p);
    p = parse_files("bedrock", "cost explorer", FILES("aws/ce_ungrouped.json"));
    assert_int_equal(parsed_sum(p, NULL).nano, INT64_C(42212345679));
    parsed_free(p);
    p = parse_files("bedrock", "cost explorer", FILES("aws/ce_get_cost_and_usage_page1.json"));
    assert_string_equal(p->call.cursor, "AAEAAXk3b2tlbi1wYWdlMg");
    parsed_free(p);
}

static void metrics_are_tokens_of_days(void **state) {
    (void)state;
    Parsed *p = parse_files("bedrock", "cloudwatch", FILES("aws/cw_get_metric_data.json"));
    assert_string_equal(p->e.text, "");
    BillRow s = parsed_sum(p, "anthropic.claude-sonnet-5");
    assert_int_equal(s.tokens[TOK_INPUT], 3500);
    assert_int_equal(s.tokens[TOK_OUTPUT], 1000);
    assert_int_equal(s.requests, 0);
    for (size_t i = 0; i < p->rows.count; i++) assert_int_equal(p->rows.at[i].end_ms - p->rows.at[i].start_ms, INT64_C(86400000));
    parsed_free(p);
}

static void contradictions_are_refused(void **state) {
    (void)state;
    static const struct { const char *feed, *json; } bad[] = {
        {"cost explorer", "{\"ResultsByTime\":[{\"TimePeriod\":{\"Start\":\"2026-11-16\",\"End\":\"2026-11-16\"},\"Groups\":[]}]}"},
        {"cost explorer", "{\"ResultsByTime\":[{\"TimePeriod\":{\"Start\":\"2026-11-16\",\"End\":\"2026-11-17\"},\"Groups\":[{\"Keys\":[\"Amazon Bedrock\"],"
                          "\"Metrics\":{\"UnblendedCost\":{\"Amount\":\"NaN\",\"Unit\":\"USD\"}}}]}]}"},
        {"cost explorer", "{}"},
        {"cloudwatch", "{\"MetricDataResults\":[{\"Label\":\"m InputTokenCount\",\"Timestamps\":[1794873600],\"Values\":[],\"StatusCode\":\"Complete\"}]}"},
        {"cloudwatch", "{\"MetricDataResults\":[{\"Label\":\"m InputTokenCount\",\"Timestamps\":[1794873600],\"Values\":[-1],\"StatusCode\":\"Complete\"}]}"},
        {"cloudwatch", "{\"MetricDataResults\":[{\"Label\":\"m InputTokenCount\",\"Timestamps\":[],\"Values\":[],\"StatusCode\":\"Forbidden\"}]}"},
        {"cloudwatch", "{\"MetricDataResults\":[{\"Label\":\"m Other\",\"Timestamps\":[1],\"Values\":[1],\"StatusCode\":\"Complete\"}]}"},
        {"cloudwatch", "[]"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused("bedrock", bad[i].feed, bad[i].json);
}

/* ---- against a server ---- */
static Asked ask_aws(const char *feed, const char *secret, const char *cursor, const char *file) {
    Asking how = {.provider = "bedrock", .feed = feed, .secret = secret, .cursor = cursor, .files = FILES(file),
                  .account = {.name = "aws", .provider = "bedrock", .key_id = "AKIDEXAMPLE", .region = "eu-west-1"}};
    return ask(&how);
}

static void header_is(const Asked *a, const char *name, const char *want) {
    char value[512];
    raw_header(a->request[0], name, value, sizeof value);
    assert_string_equal(value, want);
}

static void signature_is_right(const Asked *a, const char *secret, const char *scope) {
    char auth[1024], signature[65], want[128];
    raw_header(a->request[0], "Authorization", auth, sizeof auth);
    sigv4_of(a->request[0], secret, signature);
    snprintf(want, sizeof want, "Signature=%s", signature);
    if (!strstr(auth, want)) fail_msg("%s\nis not signed with %s", auth, signature);
    assert_non_null(strstr(auth, scope));
    assert_non_null(strstr(auth, "Credential=AKIDEXAMPLE/"));
}

/* The checker itself, against what the standards and AWS publish. */
static void the_check_is_right(void **state) {
    char hex[65], scope[] = "20150830/us-east-1/iam/aws4_request";
    (void)state;
    hex_of(sha256("abc", 3), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hex_of(hmac256("Jefe", 4, "what do ya want for nothing?"), hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    Digest key = sigv4_key(SECRET, scope);
    hex_of(hmac256(key.at, 32, "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
                               "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"), hex);
    assert_string_equal(hex, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

static void costs_are_asked_exactly(void **state) {
    (void)state;
    Asked a = ask_aws("cost explorer", SECRET, "AAEA+/=", "aws/ce_get_cost_and_usage_page2.json");
    assert_int_equal(a.result.end, PAGE_READ);
    assert_memory_equal(a.request[0], "POST / HTTP/1.1\r\n", 17);
    header_is(&a, "Content-Type", "application/x-amz-json-1.1");
    header_is(&a, "X-Amz-Target", "AWSInsightsIndexService.GetCostAndUsage");
    header_is(&a, "X-Amz-Security-Token", "");
    assert_string_equal(asked_body(&a, 0),
                        "{\"TimePeriod\":{\"Start\":\"2026-11-16\",\"End\":\"2026-11-19\"},\"Granularity\":\"DAILY\",\"Metrics\":[\"UnblendedCost\"],\"GroupBy\":"
                        "[{\"Type\":\"DIMENSION\",\"Key\":\"SERVICE\"},{\"Type\":\"DIMENSION\",\"Key\":\"USAGE_TYPE\"}],\"NextPageToken\":\"AAEA+/=\"}");
    signature_is_right(&a, SECRET, "/us-east-1/ce/aws4_request");
    asked_free(&a);
}

static void metrics_are_asked_in_their_region(void **state) {
    (void)state;
    Asked a = ask_aws("cloudwatch", SECRET " " SESSION, "", "aws/cw_get_metric_data.json");
    assert_int_equal(a.result.end, PAGE_READ);
    header_is(&a, "Content-Type", "application/x-amz-json-1.0");
    header_is(&a, "X-Amz-Target", "GraniteServiceVersion20100801.GetMetricData");
    header_is(&a, "X-Amz-Security-Token", SESSION);
    signature_is_right(&a, SECRET, "/eu-west-1/monitoring/aws4_request");
    Err e = {0};
    const char *at = asked_body(&a, 0);
    json_t *body = provider_json(at, strlen(at), &e), *queries = json_object_get(body, "MetricDataQueries");
    assert_int_equal(json_array_size(queries), 8);
    assert_string_equal(json_str(json_array_get(queries, 0), "Expression"), "SEARCH('{AWS/Bedrock,ModelId} MetricName=\"InputTokenCount\"', 'Sum', 86400)");
    assert_string_equal(json_str(json_array_get(queries, 0), "Label"), "${PROP('Dim.ModelId')} InputTokenCount");
    /* calls through bedrock-mantle: one level of dimensions, so that none counts twice */
    assert_string_equal(json_str(json_array_get(queries, 5), "Expression"), "SEARCH('{AWS/BedrockMantle,Model} MetricName=\"TotalInputTokens\"', 'Sum', 86400)");
    assert_string_equal(json_str(json_array_get(queries, 5), "Label"), "${PROP('Dim.Model')} TotalInputTokens");
    assert_int_equal(json_integer_value(json_object_get(body, "StartTime")), 1794787200);
    assert_int_equal(json_integer_value(json_object_get(body, "EndTime")), 1795046400);
    json_decref(body);
    asked_free(&a);
}

static void every_400_is_told_apart(void **state) {
    static const struct { const char *file; PageEnd end; bool denied; const char *says; } cases[] = {
        {"errors/aws_400_throttled.http", PAGE_AGAIN, false, "Rate exceeded"},
        {"errors/aws_400_expired_token.http", PAGE_FAILED, true, "refused the key (400: The security token included in the request is expired)"},
        {"errors/aws_400_access_denied.http", PAGE_FAILED, true, "with ce:GetCostAndUsage and cloudwatch:GetMetricData"},
        {"errors/aws_400_data_unavailable.http", PAGE_READ, false, ""},
        {"errors/generic_200_html_captive_portal.http", PAGE_FAILED, false, "login page"},
        {"errors/generic_500_html.http", PAGE_AGAIN, false, "answered 500"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Asked a = ask_aws("cost explorer", SECRET, "p2", cases[i].file);
        if (a.result.end != cases[i].end || a.result.denied != cases[i].denied || !strstr(a.p->e.text, cases[i].says))
            fail_msg("%s: %d %s", cases[i].file, a.result.end, a.p->e.text);
        assert_int_equal(a.p->rows.count, 0);
        if (cases[i].end == PAGE_READ) assert_string_equal(a.p->call.cursor, "");
        asked_free(&a);
    }
}

static void what_is_missing_is_said(void **state) {
    PageRequest *r = calloc(1, sizeof *r);
    FeedCall *c = calloc(1, sizeof *c);
    AccountConfig account = {.name = "aws"};
    Err e = {0};
    (void)state;
    *c = (FeedCall){.account = &account, .secret = SECRET, .base_url = ""};
    assert_int_equal(feed_find("bedrock", "cloudwatch")->request(c, r, &e), -1);
    assert_non_null(strstr(e.text, "key_id ="));
    snprintf(account.key_id, sizeof account.key_id, "AKIDEXAMPLE");
    memset(r, 0, sizeof *r);
    assert_int_equal(feed_find("bedrock", "cloudwatch")->request(c, r, &e), 0);
    assert_string_equal(r->url, "https://monitoring.us-east-1.amazonaws.com/");
    snprintf(account.region, sizeof account.region, "evil.example/");
    assert_int_equal(feed_find("bedrock", "cloudwatch")->request(c, r, &e), -1);
    memset(r, 0, sizeof *r);
    assert_int_equal(feed_find("bedrock", "cost explorer")->request(c, r, &e), 0); /* it has one home */
    assert_string_equal(r->url, "https://ce.us-east-1.amazonaws.com/");
    memset(c->cursor, '"', sizeof c->cursor - 1);
    assert_int_equal(feed_find("bedrock", "cost explorer")->request(c, r, &e), 0); /* any cursor that fits a call fits a request */
    free(c);
    free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bedrock_is_more_than_its_name), cmocka_unit_test(metrics_are_tokens_of_days), cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(the_check_is_right), cmocka_unit_test(costs_are_asked_exactly), cmocka_unit_test(metrics_are_asked_in_their_region),
        cmocka_unit_test(every_400_is_told_apart), cmocka_unit_test(what_is_missing_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
