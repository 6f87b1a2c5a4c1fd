/* test_bills_cloud: whole reads of accounts that need more than a page and a key: a token first, a query that is waited for, a
 * refusal that means "nothing yet", days that settle late, feeds that nobody configured. */
#include "store/data.h"
#include "tests/bills_desk.h"

#define TODAY (INT64_C(1795478400) * 1000)

static void reply_file(int fd, const char *file) {
    char path[128];
    Buf text = {.max = 1 << 20};
    Err e = {0};
    snprintf(path, sizeof path, "tests/providers/%s", file);
    if (file_read(path, &text, &e) != 0) return;
    buf_add(&text, "", 1);
    if (strncmp(text.at, "HTTP/", 5) == 0) loopback_send(fd, text.at);
    else loopback_reply(fd, 200, "Content-Type: application/json\r\n", text.at);
    buf_free(&text);
}

static void answer(void *ctx, int n, const char *request, int fd) {
    const Desk *d = ctx;
    (void)n;
    if (d->refusal && strstr(request, "GetCostAndUsage")) reply_file(fd, d->refusal);
    else if (strstr(request, "/oauth2/v2.0/token")) reply_file(fd, "azure/token.json");
    else if (strstr(request, "Microsoft.CostManagement")) reply_file(fd, "azure/cost_query_page2.json");
    else if (strstr(request, "GET /bigquery/")) reply_file(fd, "google/bigquery_query.json");
    else if (strstr(request, "POST /bigquery/")) reply_file(fd, "google/bigquery_query_incomplete.json");
    else if (strstr(request, "GetCostAndUsage")) reply_file(fd, strstr(request, "NextPageToken") ? "aws/ce_get_cost_and_usage_page2.json" : "aws/ce_get_cost_and_usage_page1.json");
    else if (strstr(request, "GetMetricData")) reply_file(fd, "aws/cw_get_metric_data.json");
    else if (strstr(request, "/timeSeries?")) loopback_reply(fd, 200, "", "{}");
    else loopback_reply(fd, 404, "", "{}");
}

static int setup(void **state) {
    *state = desk_open(&(AccountConfig){.name = "main", .key_env = "TEST_CLOUD_KEY", .tenant = "t", .client_id = "c", .scope = "subscriptions/s",
                                        .project = "my-proj", .table = "p.d.t", .key_id = "AKIDEXAMPLE"}, "cloud-secret");
    return 0;
}

/* Until nothing is due; how long it would sleep then. What was asked, if wanted. */
static int64_t run(Desk *d, const char *provider, char **seen) {
    snprintf(d->account.provider, sizeof d->account.provider, "%s", provider);
    desk_serve(d, answer);
    int64_t sleep_ms = desk_run(d, 60);
    if (seen) *seen = loopback_seen(&d->server);
    loopback_stop(&d->server);
    return sleep_ms;
}

static int64_t number(Desk *d, const char *what, const char *feed) {
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT coalesce(sum(%s), 0) FROM bill_feed f LEFT JOIN bill ON f.id = bill.feed WHERE f.feed = '%s'", what, feed);
    return lab_number(&d->lab, sql);
}

static void all_is_well(Desk *d) {
    char word[400];
    desk_word(d, word, sizeof word);
    if (strncmp(word, "ok", 2) != 0) fail_msg("%s", word);
    lab_verify(&d->lab);
}

static void azure_signs_in(void **state) {
    Desk *d = *state;
    char *seen;
    run(d, "azure", &seen);
    all_is_well(d);
    assert_int_equal(number(d, "nano", "cost query"), INT64_C(3000000000));
    assert_null(strstr(seen, "Microsoft.Insights")); /* no resource is configured: its metrics are not asked for */
    /* the last two days are not whole: half a bill would stand for their spend */
    assert_non_null(strstr(seen, "\"to\":\"2026-11-21T23:59:59Z\""));
    free(seen);
    assert_int_equal(lab_number(&d->lab, "SELECT until_ms FROM bill_feed WHERE feed = 'cost query'"), TODAY - 2 * MS_PER_DAY);
}

static void google_is_waited_for(void **state) {
    Desk *d = *state;
    char *seen;
    run(d, "google", &seen);
    all_is_well(d);
    assert_int_equal(number(d, "nano", "billing export"), 10450000);
    assert_non_null(strstr(seen, "GET /bigquery/v2/projects/my-proj/queries/job_abc123?"));
    free(seen);
}

static void bedrock_has_money_and_tokens(void **state) {
    Desk *d = *state;
    run(d, "bedrock", NULL);
    all_is_well(d);
    assert_int_equal(number(d, "nano", "cost explorer"), INT64_C(42212345679));
    assert_int_equal(number(d, "input", "cloudwatch"), 3500);
    run(d, "bedrock", NULL); /* the next process */
    assert_int_equal(number(d, "nano", "cost explorer"), INT64_C(42212345679));
}

static void a_new_account_has_no_costs_yet(void **state) {
    Desk *d = *state;
    d->refusal = "errors/aws_400_data_unavailable.http";
    run(d, "bedrock", NULL);
    all_is_well(d);
    assert_int_equal(number(d, "nano", "cost explorer"), 0);
    assert_int_equal(lab_number(&d->lab, "SELECT read_ms FROM bill_feed WHERE feed = 'cost explorer'"), NOW);
}

/* Asking again costs money, too. */
static void a_refusal_of_aws_is_not_hammered(void **state) {
    Desk *d = *state;
    char word[400], *seen;
    int asked = 0;
    d->refusal = "errors/aws_400_access_denied.http";
    run(d, "bedrock", &seen);
    for (const char *at = seen; (at = strstr(at, "X-Amz-Target: AWSInsights")) != NULL; at++) asked++;
    free(seen);
    assert_int_equal(asked, 1);
    desk_word(d, word, sizeof word);
    if (strncmp(word, "error: bedrock refused the key (400: User: arn:aws:iam", 54) != 0) fail_msg("%s", word);
    assert_int_equal(number(d, "input", "cloudwatch"), 3500); /* what may be read is read */
}

static void the_doctor_signs_in_too(void **state) {
    Desk *d = *state;
    Err e = {0};
    snprintf(d->account.provider, sizeof d->account.provider, "azure");
    desk_serve(d, answer);
    OK(e, bills_probe(&d->account, NOW, &e));
    d->account.scope[0] = '\0';
    assert_int_equal(bills_probe(&d->account, NOW, &e), -1);
    assert_non_null(strstr(e.text, "scope ="));
    loopback_stop(&d->server);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, desk_close)
    const struct CMUnitTest tests[] = {CASE(azure_signs_in), CASE(google_is_waited_for), CASE(bedrock_has_money_and_tokens),
        CASE(a_new_account_has_no_costs_yet), CASE(a_refusal_of_aws_is_not_hammered), CASE(the_doctor_signs_in_too)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
