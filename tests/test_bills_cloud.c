/* test_bills_cloud: whole reads of accounts that need more than a page and a key: a token first, a query that is waited for, a
 * refusal that means "nothing yet", days that settle late, feeds that nobody configured. */
#include "collectors/bills.h"
#include "store/query.h"
#include "tests/ledger_lab.h"
#include "tests/loopback.h"
#include "store/data.h"

#define NOW (INT64_C(1795486360) * 1000) /* 2026-11-24T02:12:40Z */
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

typedef struct Desk {
    Lab lab;
    Config config;
    AccountConfig account;
    Collecting shared;
    BillsConfig bills;
    Book *book;
    Stop *stop;
    const char *refusal; /* a file; NULL = none */
} Desk;

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
    Desk *d = calloc(1, sizeof *d);
    Err e = {0};
    lab_open(&d->lab, NULL);
    if (book_load(&d->book, NULL, &e) != 0) return -1;
    setenv("TEST_CLOUD_KEY", "cloud-secret", 1);
    d->shared = (Collecting){.config = &d->config, .book = d->book, .db_path = d->lab.path, .fixed_now_ms = NOW};
    d->bills = (BillsConfig){.shared = &d->shared, .account = &d->account};
    d->account = (AccountConfig){.name = "main", .key_env = "TEST_CLOUD_KEY", .tenant = "t", .client_id = "c", .scope = "subscriptions/s",
                                 .project = "my-proj", .table = "p.d.t", .key_id = "AKIDEXAMPLE"};
    d->stop = stop_new();
    *state = d;
    return 0;
}

static int teardown(void **state) {
    Desk *d = *state;
    stop_free(d->stop);
    lab_close(&d->lab);
    book_free(d->book);
    free(d);
    return 0;
}

/* Steps until nothing is due, without waiting what it asks to wait; how long it would sleep then. What was asked, if wanted. */
static int64_t run(Desk *d, const char *provider, char **seen) {
    Err e = {0};
    void *worker;
    Wait next = {.fd = -1};
    snprintf(d->account.provider, sizeof d->account.provider, "%s", provider);
    Loopback server = loopback_start(answer, d);
    snprintf(d->account.base_url, sizeof d->account.base_url, "http://127.0.0.1:%d", server.port);
    OK(e, bills_worker.open(&worker, &d->bills, d->stop, &e));
    for (int i = 0; i < 60 && next.sleep_ms <= 30000; i++) OK(e, bills_worker.step(worker, &next, &e));
    bills_worker.close(worker);
    if (seen) *seen = loopback_seen(&server);
    loopback_stop(&server);
    return next.sleep_ms;
}

static int64_t number(Desk *d, const char *what, const char *feed) {
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT coalesce(sum(%s), 0) FROM bill_feed f LEFT JOIN bill ON f.id = bill.feed WHERE f.feed = '%s'", what, feed);
    return lab_number(&d->lab, sql);
}

static void last_word(Desk *d, char *out, size_t size) {
    SourceView v[4];
    size_t count = 0;
    Err e = {0};
    OK(e, query_sources(d->lab.db, NOW, v, 4, &count, &e));
    *out = '\0';
    for (size_t i = 0; i < count; i++)
        if (strcmp(v[i].source, "account main") == 0) snprintf(out, size, "%s: %s", v[i].state, v[i].last_word);
}

static void all_is_well(Desk *d) {
    char word[400];
    last_word(d, word, sizeof word);
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
    last_word(d, word, sizeof word);
    if (strncmp(word, "error: bedrock refused the key (400: User: arn:aws:iam", 54) != 0) fail_msg("%s", word);
    assert_int_equal(number(d, "input", "cloudwatch"), 3500); /* what may be read is read */
}

static void the_doctor_signs_in_too(void **state) {
    Desk *d = *state;
    Err e = {0};
    snprintf(d->account.provider, sizeof d->account.provider, "azure");
    Loopback server = loopback_start(answer, d);
    snprintf(d->account.base_url, sizeof d->account.base_url, "http://127.0.0.1:%d", server.port);
    OK(e, bills_probe(&d->account, NOW, &e));
    d->account.scope[0] = '\0';
    assert_int_equal(bills_probe(&d->account, NOW, &e), -1);
    assert_non_null(strstr(e.text, "scope ="));
    loopback_stop(&server);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {CASE(azure_signs_in), CASE(google_is_waited_for), CASE(bedrock_has_money_and_tokens),
        CASE(a_new_account_has_no_costs_yet), CASE(a_refusal_of_aws_is_not_hammered), CASE(the_doctor_signs_in_too)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
