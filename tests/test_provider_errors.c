/* test_provider_errors: what a provider says when it will not answer, and what becomes of it: every recorded error in
 * tests/providers/errors/ has a line that states whether it is asked again, after how long, and which sentence a person reads; what
 * no vendor should send (a login page, half an answer, other types) is a failure for every feed of every provider. A new fixture
 * without a line fails. The worker's own bounds (circles, pages without end) are in test_bills. */
#include "tests/provider_ask.h"
#include <dirent.h>
#include <time.h>

#define KEY "sk-secret-0123456789"
enum { SOON = -2 /* a date: whatever the clock says, within an hour */ };

typedef struct Case {
    const char *file, *provider, *feed;
    PageEnd end;
    bool denied;
    int64_t wait_ms; /* -1 = the server does not say */
    const char *says;
} Case;

#define DENIED(f, p, feed, words) {f, p, feed, PAGE_FAILED, true, -1, p " refused the key (" words}
#define WRONG(f, p, feed, words) {f, p, feed, PAGE_FAILED, false, -1, p " answered " words}
#define AGAIN(f, p, feed, ms, words) {f, p, feed, PAGE_AGAIN, false, ms, p " answered " words}

static const Case cases[] = {
    DENIED("openai_401_invalid_key", "openai", "costs", "401: Incorrect API key provided"),
    DENIED("openai_401_missing_scope", "openai", "costs", "401: You have insufficient permissions"),
    DENIED("openai_403_missing_scope", "openai", "usage completions", "403: You have insufficient permissions"),
    DENIED("openai_error_is_string", "openai", "usage completions", "401: You have insufficient permissions"),
    AGAIN("openai_429_retry_after", "openai", "costs", 6543, "429: Rate limit reached."), /* retry-after-ms wins */
    AGAIN("openai_429_no_retry_after", "openai", "costs", -1, "429: You exceeded your current quota"),
    AGAIN("generic_429_http_date", "openai", "costs", SOON, "429; it is asked again later"),
    AGAIN("generic_500_html", "anthropic", "cost report", -1, "500"),
    AGAIN("generic_503_empty", "openrouter", "activity", 2000, "503; it is asked again later"),
    {"generic_200_html_captive_portal", "openai", "costs", PAGE_FAILED, false, -1, "openai costs: "},
    {"generic_200_truncated_json", "openai", "costs", PAGE_FAILED, false, -1, "openai costs: "},
    WRONG("anthropic_400", "anthropic", "cost report", "400: starting_at: Field required"),
    DENIED("anthropic_401", "anthropic", "cost report", "401: invalid x-api-key"),
    DENIED("anthropic_403", "anthropic", "usage messages", "403: Your API key does not have permission"),
    AGAIN("anthropic_429", "anthropic", "cost report", 12000, "429: This request would exceed"),
    AGAIN("anthropic_500", "anthropic", "cost report", -1, "500: Internal server error"),
    AGAIN("anthropic_529", "anthropic", "cost report", -1, "529: Overloaded"),
    DENIED("openrouter_401", "openrouter", "activity", "401: Missing Authentication header"),
    DENIED("openrouter_403", "openrouter", "activity", "403: Only management keys"),
    AGAIN("openrouter_429", "openrouter", "activity", 5000, "429: Rate limit exceeded"),
    AGAIN("openrouter_500", "openrouter", "activity", -1, "500: Internal Server Error"),
    DENIED("litellm_401", "litellm", "spend logs", "401: Authentication Error, Invalid proxy server token"),
    WRONG("litellm_400_budget", "litellm", "spend logs", "400: ExceededBudget: User=u over budget"),
    WRONG("litellm_422", "litellm", "spend logs", "422"),
    DENIED("litellm_legacy_detail", "litellm", "daily activity", "401: Authentication Error, ExceededTokenBudget"),
    AGAIN("aws_400_throttled", "bedrock", "cost explorer", -1, "400: Rate exceeded"),
    DENIED("aws_400_expired_token", "bedrock", "cost explorer", "400: The security token included in the request is expired"),
    DENIED("aws_400_access_denied", "bedrock", "cost explorer", "400: User: arn:aws:iam"),
    {"aws_400_data_unavailable", "bedrock", "cost explorer", PAGE_READ, false, -1, ""}, /* a new account: nothing there yet */
    {"azure_204", "azure", "cost query", PAGE_READ, false, -1, ""},
    DENIED("azure_401_secret", "azure", "sign-in", "401: AADSTS7000215: Invalid client secret"),
    AGAIN("azure_429", "azure", "cost query", 30000, "429: Too many requests."), /* the longest of its headers */
    DENIED("google_403", "google", "monitoring tokens", "403: Permission monitoring.timeSeries.list denied")};
enum { CASES = sizeof cases / sizeof *cases };

static Asking asking(const char *provider, const char *feed, const char *const *files) {
    return (Asking){.provider = provider, .feed = feed, .secret = KEY, .files = files,
                    .account = {.name = "main", .key_id = "AKIDEXAMPLE", .region = "eu-west-1", .tenant = "t", .client_id = "c", .project = "my-proj",
                                .scope = "/subscriptions/0-1", .resource = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/a",
                                .table = "my-proj.billing.gcp_billing_export_v1_0123_45"}};
}

/* One line that a person reads at night: not cut, and no key in it. */
static void is_a_sentence(const char *what, const char *text) {
    if (strpbrk(text, "\n\r\t") || strstr(text, KEY) || strlen(text) > 600) fail_msg("%s: \"%s\"", what, text);
}

static void check_case(const Case *c) {
    char file[128];
    bool signs_in = strcmp(c->feed, "sign-in") == 0;
    snprintf(file, sizeof file, "errors/%s.http", c->file);
    Asking how = asking(c->provider, signs_in ? "cost query" : c->feed, strcmp(c->provider, "azure") == 0 && !signs_in ? FILES("azure/token.json", file) : FILES(file));
    Asked a = ask(&how);
    const char *text = a.p->e.text, *help = provider_find(c->provider)->key_help;
    if (a.result.end != c->end || a.result.denied != c->denied) fail_msg("%s: %d %d, \"%s\"", file, a.result.end, a.result.denied, text);
    if (c->wait_ms == SOON ? a.result.wait_ms < 0 || a.result.wait_ms > HTTP_RETRY_AFTER_MAX_MS : a.result.wait_ms != c->wait_ms)
        fail_msg("%s: waits %lld ms", file, (long long)a.result.wait_ms);
    if (strncmp(text, c->says, strlen(c->says)) != 0 || !*c->says != !*text) fail_msg("%s: \"%s\", not \"%s\"", file, text, c->says);
    if (c->denied && (!strstr(text, "; it needs ") || !strstr(text, help))) fail_msg("%s: \"%s\" does not say what to create where", file, text);
    is_a_sentence(file, text);
    assert_int_equal(a.p->rows.count, 0);
    asked_free(&a);
}

static void every_error_has_its_behaviour(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) check_case(&cases[i]);
}

static void every_fixture_has_a_line(void **state) {
    (void)state;
    int seen = 0;
    DIR *d = opendir("tests/providers/errors");
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        size_t len = strcspn(f->d_name, ".");
        int at = 0;
        if (len == 0) continue;
        while (at < CASES && (strlen(cases[at].file) != len || strncmp(cases[at].file, f->d_name, len) != 0)) at++;
        if (at == CASES) fail_msg("tests/providers/errors/%s has no line: write down what should become of it", f->d_name);
        seen++;
    }
    closedir(d);
    assert_int_equal(seen, CASES);
}

/* ---- the same for all ---- */
static void each_provider(const char *file, const char *says, PageEnd end) {
    int asked = 0;
    for (int i = 0; providers[i]; i++) {
        const Provider *p = providers[i];
        for (const Feed *f = p->feeds; !p->nothing && f->name; f++) {
            Asking how = asking(p->name, f->name, p->sign_in ? FILES("azure/token.json", file) : FILES(file));
            Asked a = ask(&how);
            if (a.result.end != end || !strstr(a.p->e.text, says)) fail_msg("%s %s, %s: %d, \"%s\"", p->name, f->name, file, a.result.end, a.p->e.text);
            is_a_sentence(f->name, a.p->e.text);
            assert_int_equal(a.p->rows.count, 0);
            assert_string_equal(a.p->balance_kind, "");
            asked++;
            asked_free(&a);
        }
    }
    assert_true(asked > 30);
}

static void a_login_page_is_no_bill(void **state) { (void)state, each_provider("errors/generic_200_html_captive_portal.http", "login page", PAGE_FAILED); }
static void half_an_answer_is_none(void **state) { (void)state, each_provider("errors/generic_200_truncated_json.http", "no JSON", PAGE_FAILED); }
static void an_outage_is_waited_for(void **state) { (void)state, each_provider("errors/generic_503_empty.http", "asked again later", PAGE_AGAIN); }

static void not_taken(const Provider *p, const Feed *f, const char *json) {
    Err e = {0};
    json_t *v = provider_json(json, strlen(json), &e);
    if (v) refused(p->name, f->name, json);
    else assert_non_null(strstr(e.text, "no JSON"));
    json_decref(v);
}

static void other_types_are_refused_by_every_feed(void **state) {
    (void)state;
    static const char *const texts[] = {"[]", "7", "\"\"", "null", "true", "[[[]]]"};
    for (int i = 0; providers[i]; i++)
        for (const Feed *f = providers[i]->feeds; f->name; f++)
            for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) not_taken(providers[i], f, texts[k]);
}

/* What can be created is named with the place where it is made. */
static void every_provider_says_what_it_needs(void **state) {
    (void)state;
    for (int i = 0; providers[i]; i++)
        if (providers[i]->nothing ? !*providers[i]->nothing : strlen(providers[i]->key_help) < 20) fail_msg("%s does not say which key it needs", providers[i]->name);
}

/* ---- Retry-After in all its forms ---- */
static void answer_busy(void *ctx, int n, const char *request, int fd) {
    (void)n, (void)request;
    loopback_reply(fd, 429, ctx, "{}");
}

static int64_t wait_of(char *headers) {
    Loopback server = loopback_start(answer_busy, headers);
    Http *http = http_new();
    HttpResponse r = {0};
    Err e = {0};
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
    if (http_do(http, &(HttpRequest){.url = url}, &r, NULL, &e) != 0) fail_msg("%s", e.text);
    int64_t wait = r.retry_after_ms;
    http_response_free(&r);
    http_free(http);
    loopback_stop(&server);
    return wait;
}

static void retry_after_in_all_its_forms(void **state) {
    (void)state;
    static const struct { const char *headers; int64_t ms; } forms[] = {
        {"", -1}, {"Retry-After: 7\r\n", 7000}, {"retry-after:0.5\r\n", 500}, {"Retry-After: 7\r\nretry-after-ms: 250\r\n", 250}, {"Retry-After: soon\r\n", -1},
        {"retry-after-ms: 250\r\nRetry-After: 7\r\n", 250}, {"Retry-After: 99999999999999999999\r\n", HTTP_RETRY_AFTER_MAX_MS}, {"Retry-After: -3\r\n", -1},
        {"Retry-After: Fri, 20 Nov 2020 07:05:00 GMT\r\n", 0}, {"x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after: 12\r\n", 12000}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char headers[200];
        snprintf(headers, sizeof headers, "%s", forms[i].headers);
        int64_t got = wait_of(headers);
        if (got != forms[i].ms) fail_msg("%s is %lld ms, not %lld", headers, (long long)got, (long long)forms[i].ms);
    }
    char headers[96];
    time_t then = time(NULL) + 600;
    struct tm at;
    strftime(headers, sizeof headers, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&then, &at));
    int64_t got = wait_of(headers);
    if (got <= 0 || got > 600000) fail_msg("%s is %lld ms", headers, (long long)got);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_behaviour), cmocka_unit_test(every_fixture_has_a_line), cmocka_unit_test(a_login_page_is_no_bill),
        cmocka_unit_test(half_an_answer_is_none), cmocka_unit_test(an_outage_is_waited_for), cmocka_unit_test(other_types_are_refused_by_every_feed),
        cmocka_unit_test(every_provider_says_what_it_needs), cmocka_unit_test(retry_after_in_all_its_forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
