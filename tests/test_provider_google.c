/* test_provider_google: recorded answers to the totals that are known of them: costs with their credits, every cell a text; a
 * query that is not done is asked for again; what is asked of BigQuery and Monitoring. */
#include "tests/provider_ask.h"

static Asking asking(const char *feed, const char *const *files) {
    return (Asking){.provider = "google", .feed = feed, .secret = "ya29.token", .files = files,
                    .account = {.name = "gcp", .provider = "google", .project = "my-proj", .table = "my-proj.billing.gcp_billing_export_v1_0123_45"}};
}

static void costs_are_net_of_credits(void **state) {
    (void)state;
    Parsed *p = parse_files("google", "billing export", FILES("google/bigquery_query.json"));
    assert_string_equal(p->e.text, "");
    assert_int_equal(p->rows.count, 2);
    assert_int_equal(p->rows.at[0].nano, 10300000);
    assert_int_equal(p->rows.at[1].nano, 150000);
    assert_int_equal(parsed_sum(p, "gemini-2.5-flash").nano, 10450000);
    assert_int_equal(p->rows.at[0].start_ms, INT64_C(1794787200000));
    assert_true(str_is(batch_name_at(p->rows.names, p->rows.at[0].item), "Gemini 2.5 Flash Text Input - Predictions"));
    assert_string_equal(p->call.cursor, "");
    parsed_free(p);
}

static void tokens_are_sums_of_days(void **state) {
    (void)state;
    Parsed *p = parse_files("vertex_ai", "monitoring tokens", FILES("google/monitoring_timeseries.json"));
    assert_string_equal(p->e.text, "");
    BillRow s = parsed_sum(p, "gemini-2.5-flash");
    assert_int_equal(s.tokens[TOK_INPUT], 5120);
    assert_int_equal(s.tokens[TOK_OUTPUT], 77);
    assert_int_equal(p->rows.count, 2); /* two hours of a day are one row */
    assert_int_equal(p->rows.at[0].start_ms, INT64_C(1794787200000));
    parsed_free(p);
    p = parse_files("google", "monitoring calls", FILES("google/monitoring_timeseries.json"));
    assert_int_equal(parsed_sum(p, NULL).requests, 5197); /* whatever its labels, a call is a call */
    parsed_free(p);
}

static void contradictions_are_refused(void **state) {
    (void)state;
#define SCHEMA "\"schema\":{\"fields\":[{\"name\":\"day\"},{\"name\":\"sku\"},{\"name\":\"cost\"},{\"name\":\"credits\"},{\"name\":\"currency\"}]}"
#define ROW(day, cost, credits) "{\"jobComplete\":true," SCHEMA ",\"rows\":[{\"f\":[{\"v\":" day "},{\"v\":\"s\"},{\"v\":" cost "},{\"v\":" credits "},{\"v\":\"USD\"}]}]}"
    refused("google", "billing export", ROW("\"2026-11-16\"", "null", "null"));
    refused("google", "billing export", ROW("\"2026-11-16\"", "\"Infinity\"", "null"));
    refused("google", "billing export", ROW("\"2026-11-16\"", "\"1\"", "\"x\""));
    refused("google", "billing export", ROW("null", "\"1\"", "null"));
    refused("google", "billing export", "{\"jobComplete\":true,\"rows\":[]}");
    refused("google", "billing export", "{\"jobComplete\":true,\"errors\":[{\"message\":\"no such table\"}]}");
    refused("google", "billing export", "{\"jobComplete\":false}");
    refused("google", "billing export", "{\"jobComplete\":true," SCHEMA ",\"rows\":[],\"pageToken\":\"p\"}");
    refused("google", "billing export", "[]");
    refused("google", "monitoring calls", "[]");
    refused("google", "monitoring calls", "{\"executionErrors\":[{\"message\":\"a zone is away\"}]}");
}

static void a_query_is_waited_for(void **state) {
    (void)state;
    Asking how = asking("billing export", FILES("google/bigquery_query_incomplete.json", "google/bigquery_query_incomplete.json", "google/bigquery_query.json"));
    Asked a = ask(&how);
    assert_string_equal(a.p->e.text, "");
    assert_int_equal(a.result.end, PAGE_READ);
    assert_int_equal(a.count, 3);
    assert_int_equal(parsed_sum(a.p, NULL).nano, 10450000);
    asked_line(&a, 0, "POST /bigquery/v2/projects/my-proj/queries HTTP/1.1");
    asked_has(&a, 0, "\r\nAuthorization: Bearer ya29.token\r\n");
    asked_has(&a, 0, "FROM `my-proj.billing.gcp_billing_export_v1_0123_45` WHERE _PARTITIONTIME >= TIMESTAMP('2026-11-15') "
                     "AND usage_start_time >= TIMESTAMP('2026-11-16') AND usage_start_time < TIMESTAMP('2026-11-19')");
    for (int i = 1; i < 3; i++) asked_line(&a, i, "GET /bigquery/v2/projects/my-proj/queries/job_abc123?timeoutMs=15000&maxResults=10000&location=US HTTP/1.1");
    asked_free(&a);
}

static void a_query_that_never_ends_gives_nothing(void **state) {
    (void)state;
    Asking how = asking("billing export", FILES("google/bigquery_query_incomplete.json"));
    Asked a = ask(&how);
    assert_int_equal(a.result.end, PAGE_AGAIN);
    assert_non_null(strstr(a.p->e.text, "still at work"));
    assert_int_equal(a.p->rows.count, 0);
    asked_free(&a);
}

static void pages_are_of_the_same_job(void **state) {
    (void)state;
    Asking how = asking("billing export", FILES("google/bigquery_page1.json", "google/bigquery_query.json"));
    Asked a = ask(&how);
    assert_int_equal(a.result.end, PAGE_READ);
    assert_int_equal(parsed_sum(a.p, "gemini-2.5-flash").nano, 10450000);
    assert_int_equal(parsed_sum(a.p, "gemini-2.5-pro").nano, INT64_C(1000000000)); /* its columns stand in another order */
    asked_line(&a, 1, "GET /bigquery/v2/projects/my-proj/queries/job_abc123?timeoutMs=15000&maxResults=10000&location=US&pageToken=BE%3D%26 HTTP/1.1");
    asked_free(&a);
}

static void monitoring_is_asked_exactly(void **state) {
    (void)state;
    Asking how = asking("monitoring tokens", FILES("google/monitoring_timeseries.json"));
    how.cursor = "p=2";
    Asked a = ask(&how);
    assert_int_equal(a.result.end, PAGE_READ);
    asked_line(&a, 0, "GET /v3/projects/my-proj/timeSeries?filter=metric.type%3D%22aiplatform.googleapis.com%2Fpublisher%2Fonline_serving%2Ftoken_count%22"
                      "&interval.startTime=2026-11-16T00%3A00%3A00Z&interval.endTime=2026-11-19T00%3A00%3A00Z&aggregation.alignmentPeriod=3600s"
                      "&aggregation.perSeriesAligner=ALIGN_SUM&pageSize=5000&pageToken=p%3D2 HTTP/1.1");
    asked_free(&a);
}

static void refusals_are_told_apart(void **state) {
    (void)state;
    Asking how = asking("monitoring calls", FILES("errors/google_403.http"));
    Asked a = ask(&how);
    assert_true(a.result.end == PAGE_FAILED && a.result.denied);
    assert_non_null(strstr(a.p->e.text, "google refused the key (403: Permission monitoring.timeSeries.list denied"));
    assert_non_null(strstr(a.p->e.text, "Monitoring Viewer"));
    asked_free(&a);
    how = asking("billing export", FILES("errors/generic_200_html_captive_portal.http"));
    a = ask(&how);
    assert_int_equal(a.result.end, PAGE_FAILED);
    asked_free(&a);
    how = asking("billing export", FILES("google/bigquery_query.json"));
    snprintf(how.account.table, sizeof how.account.table, "a`; DROP TABLE x --");
    a = ask(&how); /* a name is a name, and no part of a statement */
    assert_int_equal(a.result.end, PAGE_FAILED);
    assert_non_null(strstr(a.p->e.text, "table ="));
    assert_int_equal(a.count, 0);
    asked_free(&a);
    how = asking("monitoring calls", FILES("google/monitoring_timeseries.json"));
    how.account.project[0] = '\0';
    a = ask(&how);
    assert_non_null(strstr(a.p->e.text, "project ="));
    asked_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_are_net_of_credits), cmocka_unit_test(tokens_are_sums_of_days), cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(a_query_is_waited_for), cmocka_unit_test(a_query_that_never_ends_gives_nothing), cmocka_unit_test(pages_are_of_the_same_job),
        cmocka_unit_test(monitoring_is_asked_exactly), cmocka_unit_test(refusals_are_told_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
