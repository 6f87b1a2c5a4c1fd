/* test_status: the status line in each of its forms, and the exit codes that monitoring relies on. */
#include <jansson.h>
#include <sys/stat.h>
#include "tests/golden.h"
#include "tests/command_lab.h"

#define WATCH "#[fg=#000000,bg=#ffaf00]"
#define ACT "#[fg=#000000,bg=#ff5f5f,bold]"
#define BAR "#[default]"
#define NOW "2026-11-24T09:20:46.847Z"

static CommandLab place;
static bool without_colours; /* --no-color */

static int setup(void **state) {
    (void)state;
    command_lab_open(&place, "UTC", utc(NOW));
    return 0;
}

static int teardown(void **state) {
    (void)state;
    command_lab_close(&place);
    return 0;
}

/* Runs `status` with these arguments; stdout goes into `out`. */
static int status_at(Buf *out, int64_t now, bool ascii, const char *db, const char *const *args) {
    App a = {.config_path = place.config, .db_option = db, .policy_option = place.policy, .fixed_now_ms = now, .ascii = ascii,
             .no_color = without_colours};
    return command_lab_run(&place, &cmd_status, &a, args, out);
}

static void says(int code, int64_t now, const char *const *args, const char *expected) {
    Buf out = {0};
    int got = status_at(&out, now, false, place.f.path, args);
    assert_string_equal(out.at ? out.at : "", expected);
    assert_int_equal(got, code);
    buf_free(&out);
}

static void collect(const char *ts) {
    Err e = {""};
    ledger_set_now(place.f.ledger, utc(ts));
    must(ledger_heartbeat(place.f.ledger, "host 1", &e), &e);
}

static void spend(const char *ts, const char *feature, int64_t nano) {
    fixture_add(&place.f, &(Spec){.ts_ms = utc(ts), .name[DIM_FEATURE] = feature, .name[DIM_MODEL] = "m", .cost_nano = nano});
    fixture_flush(&place.f);
}

static void without_a_ledger_or_a_collector_it_is_unknown(void **state) {
    (void)state;
    Buf out = {0};
    assert_int_equal(status_at(&out, utc(NOW), false, "/nowhere/ledger.db", PLAIN), 3);
    assert_non_null(strstr(out.at, "? unknown: there is no ledger at /nowhere/ledger.db yet"));
    buf_free(&out);
    assert_int_equal(status_at(&out, utc(NOW), true, "/nowhere/ledger.db", ARGS("--tmux")), 3);
    assert_true(strncmp(out.at, WATCH "? tollwatch unknown: there is no ledger at /nowhere/ledger.db yet", strlen(WATCH "? tollwatch unknown: there is no ledger at /nowhere/ledger.db yet")) == 0);
    buf_free(&out);
    says(3, utc(NOW), PLAIN, "? $0.00/min | today ~$0.00 \u2192$0 | \u25cb calls pass | nobody has collected yet\n");
}

static void a_dead_collector_is_critical_after_a_minute(void **state) {
    (void)state;
    collect(NOW);
    says(0, utc(NOW), PLAIN, "\u25cb $0.00/min | today ~$0.00 \u2192$0 | \u25cb calls pass\n");
    says(0, utc(NOW) + 60000, ARGS("--template", "{state}"), "ok\n");
    says(2, utc(NOW) + 60001, PLAIN, "\u25cf $0.00/min | today ~$0.00 \u2192$0 | \u25cb calls pass | nobody is collecting since 1m\n");
    without_colours = true;
    says(2, utc(NOW) + 60001, ARGS("--tmux"), "$0.00/m \u25cf nobody is collecting since 1m | ~$0.00 \u2192$0.00 | \u25cb calls pass\n");
    without_colours = false;
}

static void budgets_warn_and_then_are_critical(void **state) {
    (void)state;
    Err e = {""};
    Config *c;
    Fixture *f = &place.f;
    write_file(place.config, "[budget day]\nscope = global\nperiod = day\nlimit_usd = 10\nwarn_at = 0.5 0.8\n"
                             "[budget search]\nscope = feature:search\nperiod = month\nlimit_usd = 1000\n");
    must(config_load(&c, place.config, &e), &e);
    ledger_close(f->ledger);
    must(ledger_open(&f->ledger, f->db, &(LedgerOptions){.zone = f->zone, .budgets = c->budgets, .budget_count = c->budget_count,
                     .now_ms = utc(NOW)}, &e), &e);
    collect(NOW);
    spend("2026-11-24T03:00:00Z", "search", INT64_C(4000000000));
    says(0, utc(NOW), ARGS("--template", "{state} {budget}"), "ok day 40%\n");
    spend("2026-11-24T09:20:40Z", "doc#agent", INT64_C(1200000000)); /* $4.80 are left, at $1.20 a minute */
    says(1, utc(NOW), PLAIN, "\u25b2 $1.20/min | doc#agent 99% | today ~$5.20 \u2192$1,060 | day 52% 09:24 | \u25cb calls pass | day is 52% spent\n");
    without_colours = true;
    says(1, utc(NOW), ARGS("--tmux"), "$1.20/m \u25b2 doc_agent 99% | ~$5.20 \u2192$1.06k | day 52% 09:24 | \u25cb calls pass\n");
    without_colours = false;
    says(1, utc(NOW), ARGS("--tmux"), WATCH "$1.20/m \u25b2" BAR " doc_agent 99% | ~$5.20 \u2192$1.06k | " WATCH "day 52% 09:24" BAR
                                      " | \u25cb calls pass" BAR "\n");
    spend("2026-11-24T04:00:00Z", "search", INT64_C(5000000000));
    says(2, utc(NOW), ARGS("--template", "{state} {reason}"), "critical day is spent: 102%\n");
    Buf out = {0};
    assert_int_equal(status_at(&out, utc(NOW), false, f->path, ARGS("--tmux")), 2);
    assert_true(strncmp(out.at, ACT "$1.20/m", strlen(ACT "$1.20/m")) == 0);
    assert_non_null(strstr(out.at, ACT "day 102%" BAR " | \u25cb calls pass" BAR));
    buf_free(&out);
    config_free(c);
}

static void burning_many_times_usual_is_a_warning(void **state) {
    (void)state;
    collect(NOW);
    spend("2026-11-16T00:00:00Z", "search", 1);
    spend("2026-11-17T09:30:00Z", "search", INT64_C(48000000000)); /* $0.80 a minute that hour */
    spend("2026-11-24T09:20:00Z", "search", INT64_C(2300000000));
    says(0, utc(NOW), ARGS("--template", "{rate} {usual} {ratio} {state}"), "$2.30 $0.80 2.9\u00d7 ok\n");
    spend("2026-11-24T09:20:01Z", "search", INT64_C(6430000000));
    says(1, utc(NOW), ARGS("--template", "{rate} {usual} {ratio} {state}: {reason}"),
         "$8.73 $0.80 10.9\u00d7 warning: spending 10.9\u00d7 usual\n");
}

static void stopped_calls_are_a_warning_and_never_hidden(void **state) {
    (void)state;
    collect(NOW);
    write_file(place.policy, "{\"schema_version\":1,\"generation\":42,\"kill_switch\":{\"enabled\":true,\"scope\":\"all\","
                             "\"engaged_at\":\"2026-11-24T09:00:00Z\"}}");
    says(1, utc(NOW), ARGS("--template", "{switch} {reason}"), "\u25a0 STOP all all calls are stopped\n");
    says(1, utc(NOW), ARGS("--tmux"), WATCH "$0.00/m \u25b2" BAR " | ~$0.00 \u2192$0.00 | " WATCH "\u25a0 STOP all" BAR "\n");
    unlink(place.policy);
    says(0, utc(NOW), ARGS("--template", "{switch}"), "\u25cb no switch yet\n");
}

static void unpriced_and_notional_are_said(void **state) {
    (void)state;
    collect(NOW);
    fixture_add(&place.f, &(Spec){.ts_ms = utc("2026-11-24T03:00:00Z"), .tokens = {5}, .flags = REQ_UNPRICED});
    fixture_add(&place.f, &(Spec){.ts_ms = utc("2026-11-24T04:00:00Z"), .origin = ORIGIN_NOTIONAL, .cost_nano = INT64_C(12345000000)});
    fixture_flush(&place.f);
    says(0, utc(NOW), PLAIN, "\u25cb $0.00/min | today \u2265$0.00 \u2192$0 | notional $12.35 | \u25cb calls pass\n");
    Buf out = {0};
    status_at(&out, utc(NOW), true, place.f.path, PLAIN);
    assert_string_equal(out.at, "o $0.00/min | today >=$0.00 ->$0 | notional $12.35 | o calls pass\n");
    buf_free(&out);
}

static void json_is_one_valid_object(void **state) {
    (void)state;
    collect(NOW);
    spend("2026-11-24T09:20:00Z", "a \"quoted\" name", INT64_C(2300000000));
    Buf out = {0};
    assert_int_equal(status_at(&out, utc(NOW), false, place.f.path, ARGS("--json")), 0);
    json_t *doc = json_loadb(out.at, out.len, 0, NULL);
    assert_non_null(doc);
    assert_string_equal(json_string_value(json_object_get(doc, "state")), "ok");
    assert_string_equal(json_string_value(json_object_get(doc, "today_usd")), "2.300000000");
    assert_string_equal(json_string_value(json_object_get(doc, "top")), "a \"quoted\" name");
    assert_true(json_is_null(json_object_get(doc, "usual_usd_per_min")));
    assert_string_equal(json_string_value(json_object_get(doc, "switch")), "off");
    json_decref(doc);
    buf_free(&out);
    assert_int_equal(status_at(&out, utc(NOW), false, "/nowhere/ledger.db", ARGS("--json")), 3);
    doc = json_loadb(out.at, out.len, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(doc, "state")), "unknown");
    json_decref(doc);
    buf_free(&out);
}

static void unknown_words_and_options_are_refused(void **state) {
    (void)state;
    says(2, utc(NOW), ARGS("--template", "{rat}"), "");
    says(2, utc(NOW), ARGS("--template", "{rate} {}"), "");
    says(2, utc(NOW), ARGS("--tmux", "--json"), "");
    says(2, utc(NOW), ARGS("extra"), "");
    collect(NOW);
    says(0, utc(NOW), ARGS("--template", "[{state}] { {calls"), "[ok] { {calls\n");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(without_a_ledger_or_a_collector_it_is_unknown), CASE(a_dead_collector_is_critical_after_a_minute),
        CASE(budgets_warn_and_then_are_critical), CASE(burning_many_times_usual_is_a_warning),
        CASE(stopped_calls_are_a_warning_and_never_hidden), CASE(unpriced_and_notional_are_said), CASE(json_is_one_valid_object),
        CASE(unknown_words_and_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
