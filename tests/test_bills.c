/* test_bills: an account's worker against a server on loopback that pages, throttles, fails half way, revises yesterday, sends a
 * login page, refuses the key: what is stored, what is asked, what is told. */
#include "store/bill.h"
#include "store/reconcile.h"
#include "tests/bills_desk.h"

#define DAY_S INT64_C(86400)
#define TODAY_S INT64_C(1795478400)

enum { GOOD, STALE, THROTTLED, HALF, HTML, DENIED, CIRCLE, REVISED, ENDLESS, PATIENT, QUOTED };

static void bucket(char *out, size_t size, int64_t start, const char *dollars) {
    snprintf(out, size, "{\"object\":\"bucket\",\"start_time\":%lld,\"end_time\":%lld,\"results\":[{\"amount\":{\"value\":%s,\"currency\":\"usd\"},"
             "\"line_item\":\"gpt-5.4, input\",\"project_id\":\"proj_a\"}]}", (long long)start, (long long)(start + DAY_S), dollars);
}

/* Costs on two pages: yesterday's and the day before. Everything else is empty. */
static void costs(const char *request, int n, int fd, int mode) {
    char a[512], b[512], body[2048];
    bool second = strstr(request, "page=p2%3D") != NULL;
    const char *start = strstr(request, "start_time="), *end = strstr(request, "end_time=");
    int64_t from = start ? strtoll(start + 11, NULL, 10) : 0, to = end ? strtoll(end + 9, NULL, 10) : 0;
    if (from > TODAY_S - 2 * DAY_S || to < TODAY_S || !strstr(request, "group_by=line_item")) {
        loopback_reply(fd, 200, "", "{\"data\":[],\"has_more\":false,\"next_page\":null}");
        return;
    }
    bucket(a, sizeof a, TODAY_S - 2 * DAY_S, "\"1.25\"");
    bucket(b, sizeof b, TODAY_S - DAY_S, mode == REVISED ? "3.5" : "2.5e0");
    if (mode == ENDLESS) snprintf(body, sizeof body, "{\"data\":[],\"has_more\":true,\"next_page\":\"p%d\"}", n), loopback_reply(fd, 200, "", body);
    else if (mode == HALF && second) loopback_reply(fd, 200, "", "{\"data\":[{\"start_time\":");
    else if (mode == CIRCLE) snprintf(body, sizeof body, "{\"data\":[],\"has_more\":true,\"next_page\":\"p2=\"}"), loopback_reply(fd, 200, "", body);
    else if (!second) snprintf(body, sizeof body, "{\"data\":[%s],\"has_more\":true,\"next_page\":\"p2=\"}", a), loopback_reply(fd, 200, "", body);
    else snprintf(body, sizeof body, "{\"data\":[%s],\"has_more\":false,\"next_page\":null}", b), loopback_reply(fd, 200, "", body);
}

/* Anthropic's analytics, fresh up to yesterday noon: two days of cost and usage each, of which the second is not whole. */
static void analytics(const char *request, int fd) {
#define ROW(from, to, what) "{\"starting_at\":\"" from "T00:00:00Z\",\"ending_at\":\"" to "T00:00:00Z\",\"group\":{\"model\":\"claude-sonnet-5\"}," what "}"
#define PAGE(what) "{\"data\":[" ROW("2026-11-22", "2026-11-23", what) "," ROW("2026-11-23", "2026-11-24", what) "],\"has_more\":false,\"data_refreshed_at\":\"2026-11-23T12:00:00Z\"}"
    if (strstr(request, "/analytics/cost?")) loopback_reply(fd, 200, "", PAGE("\"cost\":{\"amount\":\"100\",\"currency\":\"USD\"}"));
    else if (strstr(request, "/analytics/usage?")) loopback_reply(fd, 200, "", PAGE("\"usage\":{\"uncached_input_tokens\":1000000}"));
    else loopback_reply(fd, 200, "", "{\"data\":[],\"has_more\":false}");
}

static bool has(const char *request, const char *text) { return strstr(request, text) != NULL; }

/* Seconds of a parameter, whole days alone; -1 = not so. */
static int64_t day_of(const char *request, const char *key) {
    const char *at = strstr(request, key);
    int64_t s = at ? strtoll(at + strlen(key), NULL, 10) : 0;
    return at && s > 0 && s % DAY_S == 0 ? s : -1;
}

/* What is wrong with a request to OpenAI; NULL = nothing. Windows begin and end with a UTC day, are 31 days at most; a page asks as
 * the first one did; arrays are repeated plain keys; nothing stands unencoded. */
static const char *wrong_openai(const char *request) {
    int64_t from = day_of(request, "start_time="), to = day_of(request, "end_time=");
    size_t line = strcspn(request, "\r");
    if (strncmp(request, "GET /organization/", 18) != 0 || memchr(request, '[', line) || memchr(request, '"', line)) return "the line";
    if (!has(request, "\r\nAuthorization: Bearer sk-admin-test\r\n") || !has(request, "\r\nUser-Agent: tollwatch/")) return "the headers";
    if (!has(request, "/costs?") && !has(request, "/usage/")) return NULL;
    if (from < 0 || to <= from || to - from > 31 * DAY_S) return "the window";
    return has(request, "&bucket_width=1d&limit=31&group_by=") ? NULL : "the parameters";
}

static const char *wrong_anthropic(const char *request) {
    size_t line = strcspn(request, "\r");
    if (strncmp(request, "GET /v1/organizations/", 22) != 0 || memchr(request, '[', line) || memchr(request, ':', line)) return "the line";
    if (!has(request, "\r\nx-api-key: sk-admin-test\r\n") || !has(request, "\r\nanthropic-version: 2023-06-01\r\n") || has(request, "Authorization")) return "the headers";
    if (!has(request, "/analytics/")) return NULL;
    if (!has(request, "\r\nanthropic-beta: analytics-usage-cost-2026-08-24\r\n")) return "the beta";
    if (!has(request, "?starting_at=2026-") || !has(request, "T00%3A00%3A00Z&ending_at=") || !has(request, "T00%3A00%3A00Z&time_bucket_width=1d&order_by=time&order=asc&limit=1000&"))
        return "the window";
    return has(request, "&group_by%5B%5D=model&group_by%5B%5D=") ? NULL : "the brackets";
}

static bool is_refused(const Desk *s, const char *request, int fd) {
    char body[128];
    const char *wrong = s->mode == STALE ? wrong_anthropic(request) : wrong_openai(request);
    if (!wrong) return false;
    snprintf(body, sizeof body, "{\"error\":\"the request: %s\"}", wrong);
    loopback_reply(fd, 400, "", body);
    return true;
}

static void answer(void *ctx, int n, const char *request, int fd) {
    const Desk *s = ctx;
    if (is_refused(s, request, fd)) return;
    if (s->mode == STALE) analytics(request, fd);
    else if (s->mode == HTML) loopback_reply(fd, 200, "Content-Type: text/html\r\n", "<html>please log in, sk-admin-test</html>");
    else if (s->mode == QUOTED) loopback_reply(fd, 200, "", "{\"key\" \"sk-admin-test\"}");
    else if (s->mode == DENIED) loopback_reply(fd, 401, "", "{\"error\":{\"message\":\"key sk-admin-test lacks api.usage.read\"}}");
    else if (s->mode == THROTTLED && n % 2 == 0) loopback_reply(fd, 429, "Retry-After: 0\r\n", "{\"error\":{\"message\":\"slow down\"}}");
    else if (s->mode == PATIENT && n == 0) loopback_reply(fd, 429, "Retry-After: 90\r\n", "{}");
    else if (strstr(request, "/organization/costs?")) costs(request, n, fd, s->mode);
    else loopback_reply(fd, 200, "", "{\"data\":[],\"has_more\":false,\"next_page\":null}");
}

static void begin(Desk *d, int mode) {
    d->mode = mode;
    desk_serve(d, answer);
}

static int setup(void **state) {
    *state = desk_open(&(AccountConfig){.name = "main", .provider = "openai", .key_env = "TEST_ADMIN_KEY"}, "sk-admin-test");
    return 0;
}

static void run(Desk *d) {
    desk_run(d, BILL_PAGES + 400);
    loopback_stop(&d->server);
}

static int64_t billed(Desk *d) { return lab_number(&d->lab, "SELECT coalesce(sum(nano), 0) FROM bill JOIN bill_feed f ON f.id = bill.feed WHERE f.feed = 'costs'"); }

static void pages_become_one_read(void **state) {
    Desk *d = *state;
    char word[300];
    begin(d, GOOD);
    run(d);
    assert_int_equal(billed(d), 3750000000);
    desk_word(d, word, sizeof word);
    assert_memory_equal(word, "ok", 2);
    lab_verify(&d->lab);
    begin(d, REVISED); /* the next process: nothing is due yet */
    run(d);
    assert_int_equal(billed(d), 3750000000);
    d->shared.fixed_now_ms = NOW + 2 * MS_PER_HOUR;
    begin(d, REVISED); /* yesterday was revised: the trailing window is read again */
    run(d);
    assert_int_equal(billed(d), 4750000000);
    lab_verify(&d->lab);
}

/* What is newer than a vendor's own freshness is a part: such a day is not compared, and read again until it is whole. */
static void a_stale_day_stays_open(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    int64_t until, read;
    char word[300];
    d->account = (AccountConfig){.name = "main", .provider = "anthropic", .api = "analytics", .key_env = "TEST_ADMIN_KEY"};
    begin(d, STALE);
    run(d);
    desk_word(d, word, sizeof word);
    assert_memory_equal(word, "ok", 2); /* no request was refused */
    OK(e, bill_feed_state(d->lab.db, "main", "analytics usage", &until, &read, &e));
    assert_int_equal(until, (TODAY_S - DAY_S) * 1000); /* by the clock today's beginning */
    assert_int_equal(lab_number(&d->lab, "SELECT sum(nano) FROM bill JOIN bill_feed f ON f.id = bill.feed WHERE f.feed = 'analytics cost'"), 1000000000);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = (TODAY_S - 3 * DAY_S) * 1000, .until_ms = NOW, .now_ms = NOW}, &r, &e));
    assert_int_equal(r.count, 2);
    assert_true(r.at[0].day_ms == (TODAY_S - DAY_S) * 1000 && r.at[0].has_reported && r.at[0].open);
    assert_true(r.at[1].has_reported && r.at[1].has_billed && !r.at[1].open);
    reconcile_free(&r);
}

static void what_is_asked_is_exact(void **state) {
    Desk *d = *state;
    begin(d, GOOD);
    void *worker;
    Err e = {0};
    OK(e, bills_worker.open(&worker, &d->bills, d->stop, &e));
    for (int i = 0; i < 400; i++) {
        Wait next;
        OK(e, bills_worker.step(worker, &next, &e));
        if (next.sleep_ms > 30000) break;
    }
    bills_worker.close(worker);
    char *seen = loopback_seen(&d->server), want[256];
    /* aligned to days: 92 back from now, and up to the end of today */
    snprintf(want, sizeof want, "GET /organization/costs?start_time=%lld&end_time=", (long long)(TODAY_S - 92 * DAY_S));
    assert_non_null(strstr(seen, want));
    snprintf(want, sizeof want, "&end_time=%lld&bucket_width=1d&limit=31&group_by=line_item&group_by=project_id&group_by=api_key_id", (long long)(TODAY_S + DAY_S));
    assert_non_null(strstr(seen, want));
    assert_non_null(strstr(seen, "page=p2%3D"));
    assert_non_null(strstr(seen, "GET /organization/usage/web_search_calls?"));
    assert_non_null(strstr(seen, "GET /organization/projects?limit=100&include_archived=true "));
    free(seen);
    loopback_stop(&d->server);
}

static void throttling_is_waited_for(void **state) {
    Desk *d = *state;
    begin(d, THROTTLED);
    run(d);
    assert_int_equal(billed(d), 3750000000);
}

static void fails_and_tells(Desk *d, int mode, const char *says) {
    char word[400];
    begin(d, mode);
    run(d);
    assert_int_equal(billed(d), 0);
    desk_word(d, word, sizeof word);
    if (strncmp(word, "error", 5) != 0 || !strstr(word, says)) fail_msg("\"%s\" does not tell: %s", word, says);
    assert_null(strstr(word, "sk-admin-test"));
}

static void half_a_read_is_nothing(void **state) { fails_and_tells(*state, HALF, "no JSON"); }
static void a_login_page_is_no_zero(void **state) { fails_and_tells(*state, HTML, "proxy or login page"); }
static void broken_json_is_told_without_the_key_in_it(void **state) { fails_and_tells(*state, QUOTED, "near '\"***\"'"); }
static void a_refused_key_says_what_to_create(void **state) { fails_and_tells(*state, DENIED, "refused the key (401: key *** lacks api.usage.read); it needs an admin key"); }
static void a_circle_is_cut(void **state) { fails_and_tells(*state, CIRCLE, "round in circles"); }

static void pages_without_end_are_cut(void **state) { fails_and_tells(*state, ENDLESS, "are more than 2000"); }

/* Half a bill must not stand for a day: the one that a read found open stays open, whenever its answer came. */
static void a_day_is_whole_an_hour_after_its_end(void **state) {
    Desk *d = *state;
    Err e = {0};
    int64_t until, read;
    const struct { int64_t asked, answered, whole; } reads[] = {{-1000, 2000, -2}, {-1000, 2 * MS_PER_HOUR, -2}, {30 * MS_PER_MINUTE, 30 * MS_PER_MINUTE, -2},
                                                                {MS_PER_HOUR, MS_PER_HOUR, -1}};
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) { /* in ms since today's midnight; whole: up to which midnight from there */
        Wait next;
        char account[16];
        snprintf(account, sizeof account, "read %zu", i);
        snprintf(d->account.name, sizeof d->account.name, "%s", account);
        void *worker;
        begin(d, GOOD);
        d->shared.fixed_now_ms = TODAY_S * 1000 + reads[i].asked;
        OK(e, bills_worker.open(&worker, &d->bills, d->stop, &e));
        OK(e, bills_worker.step(worker, &next, &e)); /* begins */
        for (until = 0; until == 0 || until < (TODAY_S - 3 * DAY_S) * 1000;) { /* up to the window that has today */
            OK(e, bills_worker.step(worker, &next, &e));
            OK(e, bill_feed_state(d->lab.db, account, "costs", &until, &read, &e));
            if (until > (TODAY_S - 40 * DAY_S) * 1000) d->shared.fixed_now_ms = TODAY_S * 1000 + reads[i].answered; /* it is begun */
        }
        bills_worker.close(worker);
        loopback_stop(&d->server);
        assert_int_equal(until / 1000, TODAY_S + (reads[i].whole + 1) * DAY_S);
    }
}

/* What a server asks for is waited, however short our own back-off is. */
static void retry_after_is_obeyed(void **state) {
    Desk *d = *state;
    Err e = {0};
    Wait next = {0};
    char word[300];
    void *worker;
    begin(d, PATIENT);
    OK(e, bills_worker.open(&worker, &d->bills, d->stop, &e));
    for (int i = 0; i < 5 && next.sleep_ms == 0; i++) OK(e, bills_worker.step(worker, &next, &e));
    assert_int_equal(next.sleep_ms, 90000);
    desk_word(d, word, sizeof word);
    assert_string_equal(word, "watch: openai answered 429; it is asked again later");
    bills_worker.close(worker);
    loopback_stop(&d->server);
}

static void no_key_is_told(void **state) {
    Desk *d = *state;
    unsetenv("TEST_ADMIN_KEY");
    fails_and_tells(d, GOOD, "TEST_ADMIN_KEY");
}

static void the_doctor_asks_once(void **state) {
    Desk *d = *state;
    Err e = {0};
    begin(d, GOOD);
    OK(e, bills_probe(&d->account, NOW, &e));
    loopback_stop(&d->server);
    begin(d, DENIED);
    assert_int_equal(bills_probe(&d->account, NOW, &e), -1);
    assert_non_null(strstr(e.text, "refused the key"));
    loopback_stop(&d->server);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, desk_close)
    const struct CMUnitTest tests[] = {CASE(pages_become_one_read), CASE(a_stale_day_stays_open), CASE(what_is_asked_is_exact), CASE(throttling_is_waited_for),
        CASE(half_a_read_is_nothing), CASE(a_login_page_is_no_zero), CASE(broken_json_is_told_without_the_key_in_it), CASE(a_day_is_whole_an_hour_after_its_end), CASE(a_refused_key_says_what_to_create), CASE(a_circle_is_cut),
        CASE(pages_without_end_are_cut), CASE(retry_after_is_obeyed), CASE(no_key_is_told), CASE(the_doctor_asks_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
