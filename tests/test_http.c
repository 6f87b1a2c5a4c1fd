/* test_http: one exchange and its bounds, against a real server on loopback: answers, limits, Retry-After, stopping, secrets. */
#include "collectors/http.h"
#include "store/clock.h"
#include "tests/loopback.h"
#include <pthread.h>

static void answer(void *ctx, int n, const char *request, int fd) {
    (void)ctx, (void)n;
    if (strstr(request, " /fine?")) loopback_reply(fd, 200, "Content-Type: application/json\r\nx-request-id: req_7\r\n", "{\"a\":1}");
    else if (strstr(request, " /busy")) loopback_reply(fd, 429, "Retry-After: 7\r\nretry-after-ms: 1500\r\n", "slow down");
    else if (strstr(request, " /moved")) loopback_reply(fd, 302, "Location: http://127.0.0.1:1/elsewhere\r\n", "");
    else if (strstr(request, " /cut")) loopback_send(fd, "HTTP/1.1 200 X\r\nContent-Length: 500\r\n\r\nhalf");
    else if (strstr(request, " /large")) {
        loopback_send(fd, "HTTP/1.1 200 X\r\n\r\n");
        for (int i = 0; i < 200; i++) loopback_send(fd, "0123456789012345678901234567890123456789012345678901234567890123456789");
    } else if (strstr(request, " /silent")) loopback_silence(fd);
    else loopback_reply(fd, 200, "", request); /* an echo */
}

typedef struct Lab {
    Loopback server;
    Http *http;
    char url[64];
} Lab;
static int setup(void **state) {
    Lab *l = calloc(1, sizeof *l);
    l->server = loopback_start(answer, NULL);
    l->http = http_new();
    *state = l;
    return 0;
}
static int teardown(void **state) {
    Lab *l = *state;
    loopback_stop(&l->server);
    http_free(l->http);
    free(l);
    return 0;
}
static const char *url(Lab *l, const char *path) {
    snprintf(l->url, sizeof l->url, "http://127.0.0.1:%d%s", l->server.port, path);
    return l->url;
}

static void an_answer_comes_with_what_matters(void **state) {
    Lab *l = *state;
    HttpResponse r;
    Err e = {0};
    assert_int_equal(http_do(l->http, &(HttpRequest){.url = url(l, "/fine?x=1")}, &r, NULL, &e), 0);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body.at, "{\"a\":1}");
    assert_string_equal(r.content_type, "application/json");
    assert_string_equal(r.request_id, "req_7");
    assert_int_equal(r.retry_after_ms, -1);
    http_response_free(&r);
    assert_int_equal(http_do(l->http, &(HttpRequest){.url = url(l, "/busy")}, &r, NULL, &e), 0);
    assert_int_equal(http_verdict(r.status), HTTP_AGAIN);
    assert_int_equal(r.retry_after_ms, 1500);
    http_response_free(&r);
}

static void what_is_sent_is_what_was_asked_for(void **state) {
    Lab *l = *state;
    HttpResponse r;
    Err e = {0};
    HttpRequest q = {.url = url(l, "/echo"), .header = {"x-api-key: k1", "content-type: application/json"}, .body = "{\"b\":2}", .body_len = 7};
    assert_int_equal(http_do(l->http, &q, &r, NULL, &e), 0);
    assert_non_null(strstr(r.body.at, "POST /echo HTTP/1.1\r\n"));
    assert_non_null(strstr(r.body.at, "x-api-key: k1\r\n"));
    assert_non_null(strstr(r.body.at, "\r\n\r\n{\"b\":2}"));
    assert_null(strstr(r.body.at, "Expect"));
    http_response_free(&r);
    q = (HttpRequest){.url = url(l, "/echo"), .method = "PUT"};
    assert_int_equal(http_do(l->http, &q, &r, NULL, &e), 0);
    assert_non_null(strstr(r.body.at, "PUT /echo"));
    assert_null(strstr(r.body.at, "x-api-key")); /* nothing of the last request is left */
    http_response_free(&r);
}

static void fails(Lab *l, HttpRequest q, const char *says) {
    HttpResponse r;
    Err e = {0};
    if (http_do(l->http, &q, &r, NULL, &e) == 0) fail_msg("%s was answered with %d", q.url, r.status);
    if (!strstr(e.text, says) || strstr(e.text, "secret")) fail_msg("\"%s\" does not say %s, or says too much", e.text, says);
    assert_null(r.body.at);
}

static void what_goes_wrong_is_one_line_without_secrets(void **state) {
    Lab *l = *state;
    HttpResponse r;
    Err e = {0};
    fails(l, (HttpRequest){.url = url(l, "/cut?secret")}, "127.0.0.1");
    fails(l, (HttpRequest){.url = url(l, "/large?secret"), .max_bytes = 1000}, "larger than 1000 bytes");
    fails(l, (HttpRequest){.url = url(l, "/silent?secret"), .timeout_ms = 100}, "127.0.0.1");
    fails(l, (HttpRequest){.url = "http://example.com/secret"}, "only https");
    fails(l, (HttpRequest){.url = "http://127.0.0.1.example.com/secret"}, "only https");
    fails(l, (HttpRequest){.url = "http://127.0.0.1:80@example.com/secret"}, "only https");
    fails(l, (HttpRequest){.url = "http://localhost:x@example.com?secret"}, "only https");
    fails(l, (HttpRequest){.url = "ftp://127.0.0.1/secret"}, "only https");
    fails(l, (HttpRequest){.url = "http://127.0.0.1:1/secret"}, "127.0.0.1:1");
    assert_int_equal(http_do(l->http, &(HttpRequest){.url = url(l, "/moved")}, &r, NULL, &e), 0);
    assert_int_equal(r.status, 302); /* not followed */
    assert_int_equal(http_verdict(r.status), HTTP_WRONG);
    http_response_free(&r);
}

static void *set_later(void *stop) {
    poll(NULL, 0, 50);
    stop_set(stop);
    return NULL;
}

static void stopping_does_not_wait_for_a_server(void **state) {
    Lab *l = *state;
    HttpResponse r;
    Err e = {0};
    pthread_t t;
    Stop *stop = stop_new();
    assert_int_equal(pthread_create(&t, NULL, set_later, stop), 0);
    assert_int_equal(http_do(l->http, &(HttpRequest){.url = url(l, "/silent")}, &r, stop, &e), -1); /* else it takes 20 s, and ctest's patience */
    assert_non_null(strstr(e.text, "stopped"));
    pthread_join(t, NULL);
    stop_free(stop);
}

static void retry_after_in_all_its_forms(void **state) {
    (void)state;
    int64_t now = INT64_C(1795486360000); /* Tue, 24 Nov 2026 02:12:40 GMT */
    static const struct { const char *text; int64_t ms; } cases[] = {
        {"7", 7000}, {" 0.25", 250}, {"0", 0}, {"Tue, 24 Nov 2026 02:12:45 GMT", 5000}, {"Tue, 24 Nov 2026 02:12:00 GMT", 0},
        {"Tuesday, 24-Nov-26 02:12:46 GMT", 6000}, {"Tue Nov 24 02:12:47 2026", 7000}, {"Tue, 24 Nov", -1},
        {"86400", HTTP_RETRY_AFTER_MAX_MS}, {"99999999999999999999999", HTTP_RETRY_AFTER_MAX_MS}, {"soon", -1}, {"", -1}, {"-5", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (http_retry_after(cases[i].text, now) != cases[i].ms) fail_msg("\"%s\": %lld", cases[i].text, (long long)http_retry_after(cases[i].text, now));
    static const struct { int status; HttpVerdict v; } verdicts[] = {{200, HTTP_FINE}, {204, HTTP_FINE}, {304, HTTP_WRONG}, {400, HTTP_WRONG},
        {401, HTTP_DENIED}, {403, HTTP_DENIED}, {404, HTTP_WRONG}, {408, HTTP_AGAIN}, {409, HTTP_AGAIN}, {429, HTTP_AGAIN}, {500, HTTP_AGAIN}, {529, HTTP_AGAIN}};
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) assert_int_equal(http_verdict(verdicts[i].status), verdicts[i].v);
    Buf b = {.max = 100};
    http_encode(&b, "page_A/=%3D ü");
    assert_string_equal(b.at, "page_A%2F%3D%253D%20%C3%BC");
    buf_free(&b);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(an_answer_comes_with_what_matters), TEST(what_is_sent_is_what_was_asked_for),
                                       TEST(what_goes_wrong_is_one_line_without_secrets), TEST(stopping_does_not_wait_for_a_server),
                                       cmocka_unit_test(retry_after_in_all_its_forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
