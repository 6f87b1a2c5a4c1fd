/* test_notify: from the outbox to a receiver on loopback that fails in every way: delivered once, in order, after a crash and
 * after a dead network, and no secret is left anywhere. */
#include "collectors/notify.h"
#include "collectors/secret.h"
#include "store/outbox.h"
#include "store/data.h"
#include "tests/ledger_lab.h"
#include "tests/loopback.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
#define SECRET "T0PS3CRET"

typedef struct Desk {
    Lab lab;
    Config config;
    AlertConfig to;
    Collecting shared;
    NotifyConfig notify;
    Loopback server;
    Stop *stop;
    Worker *worker;
    int64_t now;
    Finding found[4];
    size_t count;
} Desk;

static int desk_open(void **state) {
    Desk *d = xcalloc(1, sizeof *d);
    unsetenv("http_proxy");
    lab_open(&d->lab, NULL);
    d->to = (AlertConfig){.name = "ops", .channel = "slack", .least = WEIGHT_WATCH, .url_env = "TOLLWATCH_TEST_URL"};
    d->shared = (Collecting){.config = &d->config, .db_path = d->lab.path};
    d->notify = (NotifyConfig){.shared = &d->shared, .to = &d->to};
    d->now = clock_now_ms();
    *state = d;
    return 0;
}

static void stop_worker(Desk *d) {
    if (!d->worker) return;
    int64_t began = clock_monotonic_ms();
    stop_set(d->stop);
    worker_join(d->worker);
    assert_true(clock_monotonic_ms() - began <= 400); /* 200 is promised; the machine may be busy */
    stop_free(d->stop);
    d->worker = NULL;
}

static int desk_close(void **state) {
    Desk *d = *state;
    stop_worker(d);
    if (d->server.pid) loopback_stop(&d->server);
    lab_close(&d->lab);
    free(d);
    return 0;
}

static void start_worker(Desk *d) {
    Err e = {""};
    d->stop = stop_new();
    OK(e, worker_start(&d->worker, &notify_worker, &d->notify, d->stop, &e));
}

/* The answers in order, the last one again and again; NULL = silence. The server is a process of its own. */
typedef struct Script {
    const char *answer[3];
    int last;
} Script;

static void answer(void *ctx, int n, const char *request, int fd) {
    const Script *s = ctx;
    const char *text = s->answer[n < s->last ? n : s->last];
    (void)request;
    if (text) loopback_send(fd, text);
    else loopback_silence(fd);
}

static void serve(Desk *d, Script script) {
    char url[128];
    d->server = loopback_start(answer, &script);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/" SECRET, d->server.port);
    setenv("TOLLWATCH_TEST_URL", url, 1);
}

/* How many requests came in; what: the nth of them holds that text. */
static int served(Desk *d) {
    char *all = loopback_seen(&d->server);
    int n = 0;
    for (const char *p = all; (p = strstr(p, "\n--\n")) != NULL; p++) n++;
    free(all);
    return n;
}

static bool wait_served(Desk *d, int wanted) {
    for (int64_t until = clock_monotonic_ms() + 8000; served(d) < wanted && clock_monotonic_ms() < until;) poll(NULL, 0, 5);
    return served(d) == wanted;
}

static void must_have_sent(Desk *d, int nth, const char *what) {
    char *all = loopback_seen(&d->server), *at = all;
    for (int i = 0; i < nth && at; i++) at = strstr(at, "\n--\n") ? strstr(at, "\n--\n") + 4 : NULL;
    assert_non_null(at);
    char *end = strstr(at, "\n--\n");
    if (end) *end = '\0';
    if (!strstr(at, what)) fail_msg("request %d: %s", nth, at);
    free(all);
}

/* One more budget's alert begins; NULL: all are over. */
static void book(Desk *d, const char *id) {
    Err e = {""};
    TellTo to = {"ops", WEIGHT_WATCH};
    if (!id) d->count = 0;
    Finding *f = &d->found[d->count];
    if (id) {
        *f = (Finding){.rule = alert_rule("budget"), .severity = WEIGHT_ACT, .period_ms = 1000, .step = 1000, .nano_per_hour = -1};
        snprintf(f->scope, sizeof f->scope, "%s", id);
        snprintf(f->title, sizeof f->title, "budget %s is at 100%%", id);
        d->count++;
    }
    OK(e, book_update(d->lab.db, &(Findings){.at = d->found, .count = d->count}, &(BookOptions){.now_ms = d->now, .to = &to, .to_count = 1}, &e));
    d->now++;
}

static bool reach(Desk *d, const char *sql, int64_t wanted) {
    for (int64_t until = clock_monotonic_ms() + 8000; clock_monotonic_ms() < until; poll(NULL, 0, 5))
        if (lab_number(&d->lab, sql) == wanted) return true;
    return false;
}

#define DELIVERED "SELECT count(*) FROM outbox WHERE state = 1"

static void an_alert_is_delivered_and_its_end_too(void **state) {
    Desk *d = *state;
    serve(d, (Script){{OK_ANSWER}, 0});
    start_worker(d);
    book(d, "org");
    assert_true(reach(d, DELIVERED, 1));
    book(d, NULL);
    assert_true(reach(d, DELIVERED, 2));
    must_have_sent(d, 0, "budget org is at 100%");
    must_have_sent(d, 1, "resolved: budget org");
    assert_int_equal(served(d), 2);
}

static void must_hold_no_secret(const Desk *d) {
    static const char *const names[] = {"ledger.db", "ledger.db-wal"};
    for (size_t i = 0; i < 2; i++) {
        char path[160];
        Buf all = {.max = 64 << 20};
        Err e = {""};
        snprintf(path, sizeof path, "%s/%s", d->lab.dir, names[i]);
        OK(e, file_read(path, &all, &e));
        assert_null(memmem(all.at, all.len, SECRET, strlen(SECRET)));
        buf_free(&all);
    }
}

/* It fails, then it works: one delivery in the end, in order, and nothing of the address is in the ledger. */
static void failures_are_tried_again_in_order(void **state) {
    Desk *d = *state;
    serve(d, (Script){{"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", OK_ANSWER}, 1});
    start_worker(d);
    book(d, "org");
    book(d, NULL);
    assert_true(reach(d, DELIVERED, 2));
    assert_int_equal(served(d), 3);
    assert_int_equal(lab_number(&d->lab, "SELECT tries FROM outbox WHERE kind = 0"), 2);
    must_have_sent(d, 1, "budget org");
    must_have_sent(d, 2, "resolved");
    must_hold_no_secret(d);
}

static void a_receivers_wait_is_kept(void **state) {
    Desk *d = *state;
    serve(d, (Script){{"HTTP/1.1 429 Slow\r\nRetry-After: 100\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", OK_ANSWER}, 1});
    start_worker(d);
    book(d, "org");
    assert_true(reach(d, "SELECT tries FROM outbox", 1));
    int64_t due = lab_number(&d->lab, "SELECT due_ms FROM outbox"), now = clock_now_ms();
    assert_true(due - now > 90000 && due - now <= 100000);
    assert_int_equal(lab_number(&d->lab, DELIVERED), 0);
}

static void what_the_receiver_refuses_is_given_up_and_the_next_goes_on(void **state) {
    Desk *d = *state;
    serve(d, (Script){{"HTTP/1.1 400 Bad\r\nContent-Length: 10\r\nConnection: close\r\n\r\nno_service", OK_ANSWER}, 1});
    start_worker(d);
    book(d, "one");
    book(d, "two");
    assert_true(reach(d, DELIVERED, 1));
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM outbox WHERE state = 2 AND word = '400 no_service'"), 1);
}

/* Nobody listens; the collector ends; later there is a network, and another collector. */
static void a_dead_network_and_a_crash_lose_nothing(void **state) {
    Desk *d = *state;
    setenv("TOLLWATCH_TEST_URL", "http://127.0.0.1:1/" SECRET, 1);
    start_worker(d);
    book(d, "org");
    assert_true(reach(d, "SELECT tries FROM outbox", 1));
    stop_worker(d);
    serve(d, (Script){{OK_ANSWER}, 0});
    start_worker(d);
    assert_true(reach(d, DELIVERED, 1));
    stop_worker(d);
    start_worker(d); /* and once more: nothing is sent twice */
    book(d, "two");
    assert_true(reach(d, DELIVERED, 2));
    assert_int_equal(served(d), 2);
}

static void a_silent_receiver_does_not_hold_up_stopping(void **state) {
    Desk *d = *state;
    serve(d, (Script){{NULL}, 0});
    start_worker(d);
    book(d, "org");
    assert_true(wait_served(d, 1));
    stop_worker(d); /* checks the time */
}

static void heartbeats_ask_at_once(void **state) {
    Desk *d = *state;
    serve(d, (Script){{"garbage\r\n\r\n", OK_ANSWER}, 1});
    snprintf(d->to.channel, sizeof d->to.channel, "heartbeat");
    start_worker(d);
    assert_true(wait_served(d, 2)); /* a beat that failed is tried before the next minute */
    must_have_sent(d, 0, "GET /" SECRET);
}

/* ---- secrets ---- */
static void secrets_come_from_where_nobody_else_reads(void **state) {
    Desk *d = *state;
    char out[64], path[160];
    Err e = {""};
    Stop *stop = stop_new();
    snprintf(path, sizeof path, "%s/link", d->lab.dir);
    FILE *f = fopen(path, "w");
    fputs("  " SECRET "\n", f);
    fclose(f);
    const SecretFrom file = {"key", NULL, path, NULL}, missing = {"key", "TOLLWATCH_NO_SUCH", NULL, NULL},
                     command = {"key", NULL, NULL, "echo " SECRET}, bad = {"key", NULL, NULL, "echo locked >&2; exit 3"},
                     two = {"key", NULL, NULL, "printf 'a\\r\\nX-Evil: 1'"}, none = {"key", "", "", ""};
    chmod(path, 0644);
    assert_int_equal(secret_read(&file, stop, out, sizeof out, &e), -1);
    chmod(path, 0600);
    e = (Err){""};
    OK(e, secret_read(&file, stop, out, sizeof out, &e));
    assert_string_equal(out, SECRET);
    OK(e, secret_read(&command, stop, out, sizeof out, &e));
    assert_string_equal(out, SECRET);
    OK(e, secret_read(&none, stop, out, sizeof out, &e));
    assert_string_equal(out, "");
    assert_int_equal(secret_read(&missing, stop, out, sizeof out, &e), -1);
    assert_non_null(strstr(e.text, "TOLLWATCH_NO_SUCH"));
    e = (Err){""};
    assert_int_equal(secret_read(&bad, stop, out, sizeof out, &e), -1);
    assert_string_equal(e.text, "key command: ended with code 3 locked");
    e = (Err){""};
    assert_int_equal(secret_read(&two, stop, out, sizeof out, &e), -1); /* it would be a header of its own */
    stop_free(stop);
}

static void a_channel_says_what_it_lacks(void **state) {
    (void)state;
    static const struct { AlertConfig to; const char *says; } cases[] = {
        {{.name = "x", .channel = "smoke"}, "no such channel; known are slack pagerduty"},
        {{.name = "x", .channel = "slack"}, "needs url_env"},
        {{.name = "x", .channel = "slack", .url = "https://hooks/x"}, "its address is a secret"},
        {{.name = "x", .channel = "pagerduty"}, "needs key_env"},
        {{.name = "x", .channel = "ntfy"}, "needs topic"},
        {{.name = "x", .channel = "command"}, "needs command"},
        {{.name = "x", .channel = "slack", .url_env = "U"}, NULL},
        {{.name = "x", .channel = "bell"}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[300] = "";
        const char *wrong = notify_check(&cases[i].to, out, sizeof out);
        if (!cases[i].says) assert_null(wrong);
        else if (!wrong || !strstr(wrong, cases[i].says)) fail_msg("case %d: %s", (int)i, out);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(an_alert_is_delivered_and_its_end_too),
        CASE(failures_are_tried_again_in_order),
        CASE(a_receivers_wait_is_kept),
        CASE(what_the_receiver_refuses_is_given_up_and_the_next_goes_on),
        CASE(a_dead_network_and_a_crash_lose_nothing),
        CASE(a_silent_receiver_does_not_hold_up_stopping),
        CASE(heartbeats_ask_at_once),
        CASE(secrets_come_from_where_nobody_else_reads),
        CASE(a_channel_says_what_it_lacks),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
