/* test_provider_azure: recorded answers to the totals that are known of them; the client secret is changed into a token first,
 * the token goes nowhere but to its own server; limits that have headers of their own. */
#include "tests/provider_ask.h"

#define TOKEN "azure/token.json"
#define LINK "https://management.azure.com"

static Asking asking(const char *feed, const char *const *files) {
    return (Asking){.provider = "azure", .feed = feed, .secret = "s3cr&t+", .files = files,
                    .account = {.name = "az", .provider = "azure", .tenant = "tenant-1", .client_id = "client 1", .scope = "/subscriptions/0000-1",
                                .resource = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/aoai"}};
}

static void costs_add_up_by_column_name(void **state) {
    (void)state;
    Parsed *p = parse_files("azure", "cost query", FILES("azure/cost_query_page1.json", "azure/cost_query_page2.json"));
    assert_string_equal(p->e.text, "");
    assert_int_equal(parsed_sum(p, NULL).nano, INT64_C(22795363672));
    assert_int_equal(parsed_sum(p, "gpt-5").nano, INT64_C(22545363672));
    assert_int_equal(parsed_sum(p, "embeddings").nano, INT64_C(250000000));
    assert_int_equal(p->rows.at[0].start_ms, INT64_C(1794787200000));
    assert_string_equal(p->call.cursor, "");
    parsed_free(p);
}

static Parsed *parse_text(const char *feed, const char *text) {
    Parsed *p = calloc(1, sizeof *p);
    bill_set_init(&p->rows);
    json_t *v = provider_json(text, strlen(text), &p->e);
    assert_non_null(v);
    p->rc = feed_find("azure", feed)->parse(&p->call, v, &(FeedSink){.rows = &p->rows}, &p->e);
    json_decref(v);
    return p;
}

/* The order of columns is the server's; dollars win over the billing currency, which is never taken for dollars. */
static void currencies_are_kept_apart(void **state) {
    (void)state;
    Parsed *p = parse_text("cost query", "{\"properties\":{\"columns\":[{\"name\":\"UsageDate\"},{\"name\":\"CostUSD\"},{\"name\":\"Cost\"},{\"name\":\"Meter\"},"
                                         "{\"name\":\"MeterSubCategory\"},{\"name\":\"Currency\"}],"
                                         "\"rows\":[[20261116,1.5,1.4,\"gpt 4o 0806 Input global Tokens\",\"Azure OpenAI\",\"EUR\"]]}}");
    assert_string_equal(p->e.text, "");
    assert_int_equal(parsed_sum(p, "gpt-4o-0806").nano, INT64_C(1500000000));
    assert_true(str_is(batch_name_at(p->rows.names, p->rows.at[0].currency), "USD"));
    assert_true(str_is(batch_name_at(p->rows.names, p->rows.at[0].item), "Azure OpenAI, gpt 4o 0806 Input global Tokens"));
    parsed_free(p);
    p = parse_text("cost query", "{\"properties\":{\"columns\":[{\"name\":\"Currency\"},{\"name\":\"UsageDate\"},{\"name\":\"PreTaxCost\"}],"
                                 "\"rows\":[[\"EUR\",20261116,1.4]]}}");
    assert_true(str_is(batch_name_at(p->rows.names, p->rows.at[0].currency), "EUR"));
    parsed_free(p);
}

static void metrics_are_tokens_of_deployments(void **state) {
    (void)state;
    Parsed *p = parse_files("azure", "metrics", FILES("azure/monitor_metrics.json"));
    assert_string_equal(p->e.text, "");
    assert_int_equal(p->rows.count, 1); /* an hour without a total is no data */
    assert_int_equal(parsed_sum(p, "chat-prod").tokens[TOK_INPUT], 12000);
    parsed_free(p);
}

static void contradictions_are_refused(void **state) {
    (void)state;
    refused("azure", "cost query", "{\"properties\":{\"columns\":[{\"name\":\"Cost\"}],\"rows\":[[1]]}}");
    refused("azure", "cost query", "{\"properties\":{\"columns\":[{\"name\":\"Cost\"},{\"name\":\"UsageDate\"}],\"rows\":[[\"NaN\",20261116]]}}");
    refused("azure", "cost query", "{\"properties\":{\"columns\":[{\"name\":\"Cost\"},{\"name\":\"UsageDate\"}],\"rows\":[[1,20261399]]}}");
    refused("azure", "cost query", "{\"properties\":{\"columns\":[{\"name\":\"Cost\"},{\"name\":\"UsageDate\"}],\"rows\":[7]}}");
    refused("azure", "cost query", "{}");
    refused("azure", "metrics", "{\"value\":[{\"name\":{\"value\":\"GeneratedTokens\"},\"errorCode\":\"InternalError\"}]}");
    refused("azure", "metrics", "{\"value\":[{\"name\":{\"value\":\"GeneratedTokens\"},\"timeseries\":[{\"data\":[{\"timeStamp\":\"x\",\"total\":1}]}]}]}");
    refused("azure", "metrics", "{\"value\":[{\"name\":{\"value\":\"GeneratedTokens\"},\"timeseries\":[{\"data\":[{\"timeStamp\":\"2026-11-16T00:00:00Z\",\"total\":-1}]}]}]}");
    refused("azure", "metrics", "[]");
}

static void a_token_comes_first_and_serves_all_pages(void **state) {
    (void)state;
    Asking how = asking("cost query", FILES(TOKEN, "azure/cost_query_page1.json", "azure/cost_query_page2.json"));
    how.replace = LINK;
    Asked a = ask(&how);
    assert_string_equal(a.p->e.text, "");
    assert_int_equal(a.result.end, PAGE_READ);
    assert_int_equal(a.count, 3);
    assert_int_equal(parsed_sum(a.p, NULL).nano, INT64_C(22795363672));
    asked_line(&a, 0, "POST /tenant-1/oauth2/v2.0/token HTTP/1.1");
    assert_string_equal(asked_body(&a, 0), "grant_type=client_credentials&client_id=client%201&client_secret=s3cr%26t%2B&scope=https%3A%2F%2Fmanagement.azure.com%2F.default");
    asked_line(&a, 1, "POST /subscriptions/0000-1/providers/Microsoft.CostManagement/query?api-version=2025-03-01 HTTP/1.1");
    asked_has(&a, 1, "\r\nAuthorization: Bearer eyJ0eXAi.abc-_.def\r\n");
    asked_has(&a, 1, "\"timePeriod\":{\"from\":\"2026-11-16T00:00:00Z\",\"to\":\"2026-11-18T23:59:59Z\"}");
    asked_line(&a, 2, "POST /subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.CostManagement/query?api-version=2025-03-01&$skiptoken=AQAAAA%3D%3D HTTP/1.1");
    assert_string_equal(asked_body(&a, 1), asked_body(&a, 2));
    for (int i = 1; i < 3; i++) assert_null(strstr(a.request[i], "s3cr"));
    asked_free(&a);
}

static void the_token_stays_with_its_server(void **state) {
    (void)state;
    Asking how = asking("cost query", FILES(TOKEN, "azure/cost_query_page1.json"));
    Asked a = ask(&how); /* the next page's address is another one than ours */
    assert_int_equal(a.result.end, PAGE_FAILED);
    assert_non_null(strstr(a.p->e.text, "another server"));
    assert_int_equal(a.count, 2);
    asked_free(&a);
    how = asking("cost query", FILES("azure/token_evil.json"));
    a = ask(&how);
    assert_int_equal(a.result.end, PAGE_FAILED);
    assert_non_null(strstr(a.p->e.text, "azure sign-in: the answer has no access_token"));
    assert_int_equal(a.count, 1);
    asked_free(&a);
}

static void metrics_are_asked_exactly(void **state) {
    (void)state;
    Asking how = asking("metrics", FILES(TOKEN, "azure/monitor_metrics.json"));
    Asked a = ask(&how);
    assert_int_equal(a.result.end, PAGE_READ);
    asked_line(&a, 1, "GET /subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/aoai/providers/Microsoft.Insights/metrics"
                      "?api-version=2018-01-01&metricnames=ProcessedPromptTokens%2CGeneratedTokens%2CAzureOpenAIRequests"
                      "&timespan=2026-11-16T00%3A00%3A00Z%2F2026-11-19T00%3A00%3A00Z&interval=P1D&aggregation=Total&top=1000"
                      "&%24filter=ModelDeploymentName%20eq%20%27%2A%27%20and%20ModelName%20eq%20%27%2A%27 HTTP/1.1");
    asked_free(&a);
}

static void refusals_are_told_apart(void **state) {
    (void)state;
    Asking how = asking("cost query", FILES(TOKEN, "errors/azure_429.http"));
    Asked a = ask(&how);
    assert_int_equal(a.result.end, PAGE_AGAIN);
    assert_int_equal(a.result.wait_ms, 30000); /* the longest of its limits */
    asked_free(&a);
    how = asking("cost query", FILES("errors/azure_401_secret.http"));
    a = ask(&how);
    assert_true(a.result.end == PAGE_FAILED && a.result.denied);
    assert_non_null(strstr(a.p->e.text, "AADSTS7000215: Invalid client secret *** provided"));
    assert_non_null(strstr(a.p->e.text, "Cost Management Reader"));
    asked_free(&a);
    how = asking("cost query", FILES(TOKEN, "errors/azure_204.http"));
    a = ask(&how);
    assert_int_equal(a.result.end, PAGE_READ); /* nothing was spent */
    assert_int_equal(a.p->rows.count, 0);
    asked_free(&a);
    how = asking("cost query", FILES(TOKEN, "errors/generic_200_truncated_json.http"));
    a = ask(&how);
    assert_int_equal(a.result.end, PAGE_FAILED);
    asked_free(&a);
    how = asking("cost query", FILES(TOKEN));
    how.account.tenant[0] = '\0';
    a = ask(&how);
    assert_non_null(strstr(a.p->e.text, "tenant ="));
    assert_int_equal(a.count, 0);
    asked_free(&a);
}

/* Without a resource there are no metrics to ask for, and that is no error. */
static void metrics_want_a_resource(void **state) {
    (void)state;
    const Asking how = asking("metrics", NULL);
    const AccountConfig none = {.name = "az"};
    const Feed *f = feed_find("azure", "metrics");
    assert_true(f->wanted(&how.account));
    assert_false(f->wanted(&none));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_add_up_by_column_name), cmocka_unit_test(currencies_are_kept_apart), cmocka_unit_test(metrics_are_tokens_of_deployments),
        cmocka_unit_test(contradictions_are_refused), cmocka_unit_test(a_token_comes_first_and_serves_all_pages),
        cmocka_unit_test(the_token_stays_with_its_server), cmocka_unit_test(metrics_are_asked_exactly), cmocka_unit_test(refusals_are_told_apart),
        cmocka_unit_test(metrics_want_a_resource)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
