/* test_collect: the collector role: one collects, the next takes over in time, all stops in time; what is at the usual
 * places is found without a configuration. Real threads; what they did is seen in the ledger. */
#include "tests/follow_lab.h"
#include <poll.h>

#ifdef TOLLWATCH_SANITIZED
enum { PATIENCE_MS = 30000, STOP_MS = 2000 };
#else
enum { PATIENCE_MS = 10000, STOP_MS = 500 }; /* 200 is promised; the rest is for a machine that is busy with other tests */
#endif

static Collector *start(const Lab *lab, const Stop *stop) {
    Collector *c;
    Err e = {0};
    CollectOptions o = {.config = lab->config, .book = lab->book, .db_path = lab->db, .policy_path = lab->policy, .fixed_now_ms = LAB_NOW};
    int rc = collector_start(&c, &o, stop, &e);
    assert_string_equal(e.text, "");
    assert_int_equal(rc, 0);
    return c;
}

/* How long it took. */
static int64_t until_requests(const Lab *lab, int64_t requests) {
    int64_t began = clock_monotonic_ms();
    while (lab_totals(lab).requests < requests && clock_monotonic_ms() - began < PATIENCE_MS) poll(NULL, 0, 5);
    return clock_monotonic_ms() - began;
}

static int64_t end(Collector *c, Stop *stop) {
    int64_t began = clock_monotonic_ms();
    stop_set(stop);
    collector_join(c);
    stop_free(stop);
    return clock_monotonic_ms() - began;
}

/* The ledger must be there before it is asked. */
static void make_ledger(const Lab *lab) {
    Db *db;
    Err e = {0};
    assert_int_equal(db_open(&db, lab->db, DB_WRITE, &e), 0);
    db_close(db);
}

static Lab *configured(const char *command) {
    char text[512], path[256];
    Lab *lab = lab_new((const char *const[]){NULL});
    Err e = {0};
    snprintf(text, sizeof text, "[source a]\npath = %s/a.jsonl\nformat = gateway\n%s", lab->dir, command);
    lab_append_text(lab, "config", text);
    config_free(lab->config);
    assert_int_equal(config_load(&lab->config, lab_path(lab, "config", path), &e), 0);
    make_ledger(lab);
    return lab;
}

static void remove_lab(Lab *lab) {
    lab->type = &(const WorkerType){.close = free};
    lab_free(lab);
}

/* The second waits while the first collects, and takes over within 5 s of its end; each ends within 200 ms, also with a
 * command that does not end by itself. */
static void one_collects_and_the_next_takes_over(void **state) {
    (void)state;
    Lab *lab = configured("[source b]\ncommand = trap '' TERM; tail -f /dev/null\n");
    char who[320];
    Stop *stop[2] = {stop_new(), stop_new()};
    lab_append(lab, "a.jsonl", 3);
    Collector *first = start(lab, stop[0]);
    until_requests(lab, 3);
    lab_agrees(lab);
    Collector *second = start(lab, stop[1]);
    assert_int_equal(role_holder(lab->db, who, sizeof who), 0);
    assert_true(end(first, stop[0]) <= STOP_MS);
    lab_append(lab, "a.jsonl", 2);
    assert_true(until_requests(lab, 5) < 5000);
    lab_agrees(lab);
    assert_true(end(second, stop[1]) <= STOP_MS);
    assert_int_equal(role_holder(lab->db, who, sizeof who), -1);
    remove_lab(lab);
}

/* First run, no configuration: the known places are followed, also those that come to be later. An agent's transcripts are
 * notional: what a flat rate already paid is no spend. */
static void known_places_are_followed(void **state) {
    (void)state;
    Lab *lab = lab_new((const char *const[]){NULL});
    char home[64];
    snprintf(home, sizeof home, "%s", lab->dir);
    assert_int_equal(setenv("HOME", home, 1), 0);
    unsetenv("CLAUDE_CONFIG_DIR");
    make_ledger(lab);
    lab_mkdir(lab, ".claude");
    Stop *stop = stop_new();
    Collector *c = start(lab, stop);
    lab_mkdir(lab, ".claude/projects");
    lab_mkdir(lab, ".claude/projects/-home-p");
    lab_append_text(lab, ".claude/projects/-home-p/s.jsonl",
                    "{\"sessionId\":\"s\",\"type\":\"assistant\",\"uuid\":\"u\",\"timestamp\":\"2026-11-24T11:00:00.000Z\",\"requestId\":\"r\","
                    "\"message\":{\"id\":\"m1\",\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":1000,"
                    "\"output_tokens\":100}}}\n");
    until_requests(lab, 1);
    Totals t = lab_totals(lab);
    assert_int_equal(t.requests, 1);
    assert_int_equal(t.cost_nano, 0);
    assert_int_equal(t.notional_nano, 4500000);
    assert_true(end(c, stop) <= STOP_MS);
    remove_lab(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_collects_and_the_next_takes_over),
        cmocka_unit_test(known_places_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
