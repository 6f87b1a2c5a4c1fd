/* test_metrics: Prometheus text: its grammar, its figures on a small ledger, hostile names, the bound on series, and that
 * the file is whole whenever it is read. */
#include <poll.h>
#include <sys/stat.h>
#include "collectors/metrics_file.h"
#include "store/data.h"
#include "store/exposition.h"
#include "tests/exposition_grammar.h"
#include "tests/golden.h"
#include "tests/command_lab.h"

#define NOW "2026-11-24T09:20:46.847Z"

typedef struct Place {
    CommandLab lab;
    Fixture *f;
    Config *c; /* NULL = the ledger knows no budget */
    char file[128];
} Place;

static Place place = {.f = &place.lab.f};

static int setup(void **state) {
    (void)state;
    command_lab_open(&place.lab, "UTC", utc(NOW));
    snprintf(place.file, sizeof place.file, "%s/tollwatch.prom", place.f->dir);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    unlink(place.file);
    command_lab_close(&place.lab);
    config_free(place.c);
    place.c = NULL;
    return 0;
}

static void grammar_refuses(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "a 1", "a 1\n", "# HELP a x\n# TYPE a gauge\na 1", "# HELP a x\n# TYPE a gauge\na 1\nb 1\n",
        "# HELP a x\n# TYPE a gauge\na{b=\"\\x\"} 1\n", "# HELP a x\n# TYPE a gauge\na{b=\"\xff\"} 1\n",
        "# HELP a x\n# TYPE a gauge\na{b=\"1\",b=\"2\"} 1\n", "# HELP a x\n# TYPE a gauge\na{b=\"1\"} 1\na{b=\"1\"} 2\n",
        "# HELP a x\n# TYPE a gauge\na 1\n# HELP a x\n# TYPE a gauge\n", "# HELP a x\n# TYPE a gauge\na{b=\"x\n\"} 1\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Buf text = {0};
        buf_str(&text, bad[i]);
        if (grammar(&text) != -1) fail_msg("taken: %s", bad[i]);
        buf_free(&text);
    }
}

/* ---- the text of a ledger ---- */
static int metrics_at(Buf *out, const char *db) {
    App a = {.config_path = place.lab.config, .db_option = db, .policy_option = place.lab.policy, .fixed_now_ms = utc(NOW)};
    *out = (Buf){.max = METRICS_TEXT_MAX};
    return command_lab_run(&place.lab, &cmd_metrics, &a, PLAIN, out);
}

static void spend(const char *ts, const char *provider, const char *model, const char *feature, int64_t nano) {
    fixture_add(place.f, &(Spec){.ts_ms = utc(ts), .cost_nano = nano, .tokens = {[TOK_INPUT] = 10, [TOK_OUTPUT] = 3},
                                  .name = {[DIM_PROVIDER] = provider, [DIM_MODEL] = model, [DIM_FEATURE] = feature,
                                           [DIM_USER] = "alice", [DIM_KEY] = "sk-secret"}});
}

static void configure(void) {
    Err e = {""};
    write_file(place.lab.config, "[budget all]\nscope = global\nperiod = month\nlimit_usd = 10\nwarn_at = 0.5\naction = alert\n"
                             "[budget person]\nscope = user:alice\nperiod = day\nlimit_usd = 0.4\nwarn_at = 0.5\naction = alert\n"
                             "[budget search]\nscope = feature:search\nperiod = day\nlimit_usd = 100\naction = alert\n"
                             "[gateway gw1]\nack = gw1\n");
    must(config_load(&place.c, place.lab.config, &e), &e);
    ledger_close(place.f->ledger);
    LedgerOptions o = {.zone = place.f->zone, .budgets = place.c->budgets, .budget_count = place.c->budget_count, .now_ms = utc(NOW)};
    must(ledger_open(&place.f->ledger, place.f->db, &o, &e), &e);
}

static void source(void) {
    Err e = {""};
    FileKnown known;
    FileKey key = {.source = "edge", .format = "gateway", .path = "/var/log/a.jsonl", .fingerprint = 42};
    must(ledger_file_open(place.f->ledger, &key, &known, &e), &e);
    *batch_mark(place.f->batch) = (FileMark){.set = true, .file_id = known.file_id, .lines = 11, .records = 9, .bad_lines = 2, .mtime_ms = 5};
    must(ledger_source_health(place.f->ledger, &(SourceHealth){.source = "edge", .kind = "gateway", .state = "ok", .last_word = "",
                              .seen_ms = utc("2026-11-24T09:20:00Z"), .lag_ms = 35}, &e), &e);
}

static void small_ledger(void) {
    Err e = {""};
    configure();
    source();
    spend("2026-11-24T09:20:00Z", "openai", "gpt-5.4", "search", 225547200);
    spend("2026-11-24T08:00:00Z", "openai", "gpt-5.4", "search", 1);
    spend("2026-11-03T08:00:00Z", "anthropic", "claude-opus-5-5", "", INT64_C(12345678900));
    spend("2026-10-31T23:59:59Z", "openai", "gpt-5.4", "search", INT64_C(99000000000)); /* last month */
    fixture_add(place.f, &(Spec){.ts_ms = utc("2026-11-24T07:00:00Z"), .flags = REQ_UNPRICED, .tokens = {[TOK_INPUT] = 500},
                                  .name = {[DIM_PROVIDER] = "openai", [DIM_MODEL] = "new-model"}});
    fixture_add(place.f, &(Spec){.ts_ms = utc("2026-11-24T07:01:00Z"), .outcome = OUTCOME_REFUSED,
                                  .name = {[DIM_PROVIDER] = "openai", [DIM_MODEL] = "gpt-5.4", [DIM_FEATURE] = "search"}});
    fixture_add(place.f, &(Spec){.ts_ms = utc("2026-11-24T07:02:00Z"), .outcome = OUTCOME_ERROR,
                                  .name = {[DIM_PROVIDER] = "openai", [DIM_MODEL] = "gpt-5.4", [DIM_FEATURE] = "search"}});
    fixture_add(place.f, &(Spec){.ts_ms = utc("2026-11-24T07:03:00Z"), .origin = ORIGIN_NOTIONAL, .cost_nano = 7000000000,
                                  .name = {[DIM_PROVIDER] = "anthropic", [DIM_MODEL] = "claude-opus-5-5"}});
    fixture_flush(place.f);
    ledger_set_now(place.f->ledger, utc("2026-11-24T09:20:40.500Z"));
    must(ledger_heartbeat(place.f->ledger, "host 1", &e), &e);
}

/* Exact to the nano-dollar; unpriced is no $0; neither user nor key anywhere, not as a budget's scope either. */
static void small_ledger_as_text(void **state) {
    (void)state;
    Buf out;
    small_ledger();
    assert_int_equal(metrics_at(&out, place.f->path), EXIT_DONE);
    golden_text(&out, "tests/metrics/small.prom");
    assert_true(grammar(&out) > 30);
    assert_null(strstr(out.at, "alice"));
    assert_null(strstr(out.at, "sk-secret"));
    buf_free(&out);
}

static void switch_is_told_or_unknown(void **state) {
    (void)state;
    Buf out;
    write_file(place.lab.policy, "{\"schema_version\":1,\"generation\":42,\"kill_switch\":{\"enabled\":true,\"scope\":\"all\"}}");
    assert_int_equal(metrics_at(&out, place.f->path), EXIT_DONE);
    assert_non_null(strstr(out.at, "llm_kill_switch_engaged{scope=\"all\"} 1\n"));
    assert_non_null(strstr(out.at, "\nllm_policy_generation 42\n"));
    buf_free(&out);
    write_file(place.lab.policy, "{\"schema_ver");
    assert_int_equal(metrics_at(&out, place.f->path), EXIT_DONE);
    assert_non_null(strstr(out.at, "\nllm_policy_readable 0\n"));
    assert_null(strstr(out.at, "llm_kill_switch_engaged"));
    assert_int_not_equal(grammar(&out), -1);
    buf_free(&out);
}

/* Who has no policy is told of spend all the same. */
static void spend_needs_no_policy(void **state) {
    (void)state;
    Buf out;
    char policy[128];
    small_ledger();
    snprintf(policy, sizeof policy, "%s", place.lab.policy);
    snprintf(place.lab.policy, sizeof place.lab.policy, "%s/none/policy.json", place.f->dir);
    assert_int_equal(metrics_at(&out, place.f->path), EXIT_DONE);
    snprintf(place.lab.policy, sizeof place.lab.policy, "%s", policy);
    assert_non_null(strstr(out.at, "feature=\"search\"} 0.225547201\n"));
    assert_non_null(strstr(out.at, "\nllm_policy_readable 0\n"));
    assert_null(strstr(out.at, "llm_gateways"));
    assert_int_not_equal(grammar(&out), -1);
    buf_free(&out);
}

static void no_ledger_says_nothing(void **state) {
    (void)state;
    Buf out;
    char nowhere[160];
    snprintf(nowhere, sizeof nowhere, "%s/none.db", place.f->dir);
    assert_int_equal(metrics_at(&out, nowhere), EXIT_FAILED);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

/* ---- hostile values ---- */
static void label_is(const char *value, const char *expected) {
    Buf b = {0};
    exposition_label(&b, "a", value);
    assert_string_equal(b.at, expected);
    buf_free(&b);
}

static void labels_are_escaped(void **state) {
    (void)state;
    label_is("a\\b\"c\nd", "{a=\"a\\\\b\\\"c\\nd\"");
    label_is("\xff\xc0\x80z", "{a=\"\\\\xff\\\\xc0\\\\x80z\"");
    label_is("\xed\xa0\x80", "{a=\"\\\\xed\\\\xa0\\\\x80\"");  /* a surrogate */
    label_is("\xf0\x9f\x98", "{a=\"\\\\xf0\\\\x9f\\\\x98\"");   /* cut off */
    label_is("\r\x01", "{a=\"\\\\x0d\\\\x01\"");
    label_is("\xe2\x82\xac\xf0\x9f\x98\x80", "{a=\"\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

static void amounts_are_exact(void **state) {
    (void)state;
    Buf b = {0};
    exposition_usd(&b, "u", "", INT64_MAX);
    exposition_usd(&b, "u", "", -1);
    exposition_seconds(&b, "s", "", INT64_MIN);
    exposition_seconds(&b, "s", "", 61005);
    assert_string_equal(b.at, "u 9223372036.854775807\nu -0.000000001\ns -9223372036854775.808\ns 61.005\n");
    buf_free(&b);
}

static void hostile_names_keep_the_format(void **state) {
    (void)state;
    static const char *const names[] = {"\"} 1\nllm_cost_usd 5", "\\", "\xff\xfe", "\\xff\\xfe", "(other)", "a\nb", "__name__", "\xed\xa0\x80"};
    Buf out;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fixture_add(place.f, &(Spec){.ts_ms = utc("2026-11-24T09:00:00Z") + (int64_t)i, .cost_nano = 1,
                                      .name = {[DIM_PROVIDER] = names[i], [DIM_MODEL] = names[i], [DIM_FEATURE] = names[i]}});
    fixture_flush(place.f);
    assert_int_equal(metrics_at(&out, place.f->path), EXIT_DONE);
    if (grammar(&out) == -1) fail_msg("not the format:\n%s", out.at);
    buf_free(&out);
}

static int lines_of(const Buf *text, const char *start) {
    int n = 0;
    for (const char *p = text->at; (p = strstr(p, start)); p += strlen(start)) n += p == text->at || p[-1] == '\n';
    return n;
}

/* 100 lines and the rest, however many names there are; the dearest stay, and no dollar is lost. */
static void series_are_bounded(void **state) {
    (void)state;
    Buf out;
    for (int i = 0; i < 500; i++) {
        char model[32];
        snprintf(model, sizeof model, "m%03d", i);
        fixture_add(place.f, &(Spec){.ts_ms = utc("2026-11-24T09:00:00Z") + i, .cost_nano = i + 1, .name = {[DIM_MODEL] = model}});
    }
    fixture_flush(place.f);
    assert_int_equal(metrics_at(&out, place.f->path), EXIT_DONE);
    assert_int_equal(lines_of(&out, "llm_cost_usd{period=\"today\","), METRICS_SERIES_MAX + 1);
    assert_int_equal(lines_of(&out, "llm_requests{period=\"month\","), METRICS_SERIES_MAX + 1);
    assert_non_null(strstr(out.at, "gen_ai_request_model=\"m400\",feature=\"\"} 0.000000401\n"));
    assert_null(strstr(out.at, "m399"));
    /* 1 + 2 + ... + 400 */
    assert_non_null(strstr(out.at, "gen_ai_request_model=\"(other)\",feature=\"(other)\"} 0.000080200\n"));
    assert_int_not_equal(grammar(&out), -1);
    buf_free(&out);
}

/* ---- the file ---- */
static bool file_is_there(void) {
    for (int i = 0; i < 500; i++) {
        if (access(place.file, R_OK) == 0) return true;
        poll(NULL, 0, 10); /* until the worker's first round, 5 s at most */
    }
    return false;
}

static void worker_writes_the_file(void **state) {
    (void)state;
    Err e = {""};
    App a = {.config_path = place.lab.config, .db_option = place.f->path, .policy_option = place.lab.policy};
    small_ledger();
    must(app_book(&a, &e), &e);
    MetricsFile file = {.path = place.file, .db_path = place.f->path, .book = a.book,
                        .ask = {.config = a.config, .zone = a.day_zone, .policy_path = a.policy_path, .now_ms = utc(NOW)}};
    Stop *stop = stop_new();
    Worker *w;
    must(worker_start(&w, &metrics_file_worker, &file, stop, &e), &e);
    assert_true(file_is_there());
    stop_set(stop);
    worker_join(w);
    stop_free(stop);
    Buf got = {.max = METRICS_TEXT_MAX};
    struct stat st;
    must(file_read(place.file, &got, &e), &e);
    golden_text(&got, "tests/metrics/small.prom");
    assert_int_equal(stat(place.file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    buf_free(&got);
    app_close(&a);
}

static void no_failure(const Err *e) { fail_msg("told: %s", e->text); }

/* The first start of all: no ledger yet is no failure, and the file comes when the ledger does. */
static void worker_waits_for_the_ledger(void **state) {
    (void)state;
    Err e = {""};
    char later[160];
    App a = {.config_path = place.lab.config, .db_option = place.f->path, .policy_option = place.lab.policy};
    snprintf(later, sizeof later, "%s/later.db", place.f->dir);
    must(app_config(&a, &e), &e);
    MetricsFile file = {.path = place.file, .db_path = later, .failed = no_failure,
                        .ask = {.config = a.config, .zone = a.day_zone, .policy_path = a.policy_path, .now_ms = utc(NOW)}};
    Wait next = {0};
    void *self;
    must(metrics_file_worker.open(&self, &file, NULL, &e), &e);
    must(metrics_file_worker.step(self, &next, &e), &e);
    assert_int_equal(next.sleep_ms, 1000);
    assert_int_not_equal(access(place.file, F_OK), 0);
    assert_int_equal(symlink(place.f->path, later), 0);
    Stop *stop = stop_new();
    metrics_file_worker.close(self);
    must(metrics_file_worker.open(&self, &file, stop, &e), &e);
    must(metrics_file_worker.step(self, &next, &e), &e);
    assert_in_range(next.sleep_ms, 1000, 15000);
    assert_int_equal(access(place.file, R_OK), 0);
    metrics_file_worker.close(self);
    stop_free(stop);
    unlink(later);
    app_close(&a);
}

/* A reader that looks as often as it can, while rounds follow each other at once, sees a whole text each time. */
static void file_is_whole_at_any_time(void **state) {
    (void)state;
    Err e = {""};
    App a = {.config_path = place.lab.config, .db_option = place.f->path, .policy_option = place.lab.policy};
    small_ledger();
    must(app_config(&a, &e), &e);
    MetricsFile file = {.path = place.file, .db_path = place.f->path,
                        .ask = {.config = a.config, .zone = a.day_zone, .policy_path = a.policy_path, .now_ms = utc(NOW)}};
    int seen = 0;
    for (int round = 0; round < 20; round++) {
        Worker *w[2];
        Stop *s = stop_new();
        for (int i = 0; i < 2; i++) must(worker_start(&w[i], &metrics_file_worker, &file, s, &e), &e); /* two at once */
        assert_true(file_is_there());
        for (int i = 0; i < 20; i++, seen++) {
            Buf got = {.max = METRICS_TEXT_MAX};
            must(file_read(place.file, &got, &e), &e);
            if (grammar(&got) < 30) fail_msg("cut off after %zu bytes", got.len);
            buf_free(&got);
        }
        stop_set(s);
        for (int i = 0; i < 2; i++) worker_join(w[i]);
        stop_free(s);
    }
    assert_int_equal(seen, 400);
    app_close(&a);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar_refuses), CASE(small_ledger_as_text), CASE(switch_is_told_or_unknown), CASE(no_ledger_says_nothing),
        CASE(spend_needs_no_policy),
        cmocka_unit_test(labels_are_escaped), cmocka_unit_test(amounts_are_exact), CASE(hostile_names_keep_the_format),
        CASE(series_are_bounded), CASE(worker_writes_the_file), CASE(worker_waits_for_the_ledger),
        CASE(file_is_whole_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
