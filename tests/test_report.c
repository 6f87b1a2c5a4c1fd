/* test_report: `tollwatch report` as people and programs read it: the whole output, byte by byte, from requests that went
 * through the ledger; and what it refuses. */
#include <jansson.h>
#include "tests/golden.h"
#include "tests/command_lab.h"

#define NOW "2026-11-24T09:20:46.847Z"
#define OPUS .name[DIM_PROVIDER] = "anthropic", .name[DIM_ACCOUNT] = "anthropic", .name[DIM_MODEL] = "claude-opus-5-5"
#define LUNA .name[DIM_PROVIDER] = "openai", .name[DIM_ACCOUNT] = "openai", .name[DIM_MODEL] = "gpt-5.6-luna"

static CommandLab all;

/* One of each kind: plain, cached, unpriced, response-cache hit, refused, failed, incomplete, notional, odd names. */
static void fill(Fixture *f) {
    const Spec specs[] = {
        {.ts_ms = utc("2026-11-24T02:12:40.112Z"), OPUS, .name[DIM_FEATURE] = "doc-agent", .name[DIM_TEAM] = "docs", .name[DIM_USER] = "ann",
         .tokens = {3412, 4096, 35000, 0, 594, 1210, 0}, .cost_nano = 225547200, .saved_cache_nano = -19435520, .latency_ms = 21400},
        {.ts_ms = utc("2026-11-24T02:13:00Z"), OPUS, .name[DIM_FEATURE] = "doc-agent", .name[DIM_TEAM] = "docs", .name[DIM_USER] = "bob",
         .tokens = {100, 39000, 0, 0, 700, 0, 0}, .cost_nano = 22200000, .saved_cache_nano = 148200000},
        {.ts_ms = utc("2026-11-24T03:00:00Z"), LUNA, .name[DIM_FEATURE] = "search", .tokens = {3258, 0, 0, 0, 212, 0, 0}, .cost_nano = 1856000},
        {.ts_ms = utc("2026-11-24T03:00:01Z"), LUNA, .name[DIM_FEATURE] = "search", .tokens = {3258, 0, 0, 0, 212, 0, 0},
         .flags = REQ_CACHE_HIT, .saved_response_nano = 1856000},
        {.ts_ms = utc("2026-11-24T03:00:02Z"), LUNA, .name[DIM_FEATURE] = "search", .outcome = OUTCOME_REFUSED},
        {.ts_ms = utc("2026-11-24T03:00:03Z"), LUNA, .name[DIM_FEATURE] = "search", .outcome = OUTCOME_ERROR},
        {.ts_ms = utc("2026-11-24T03:00:04Z"), LUNA, .name[DIM_FEATURE] = "search", .outcome = OUTCOME_INCOMPLETE,
         .tokens = {10, 0, 0, 0, 5, 0, 0}, .cost_nano = 12345},
        {.ts_ms = utc("2026-11-24T08:00:00Z"), .name[DIM_MODEL] = "mistral-next-exp", .name[DIM_PROVIDER] = "mistral",
         .tokens = {4480, 0, 0, 0, 301, 0, 0}, .flags = REQ_UNPRICED},
        {.ts_ms = utc("2026-11-24T08:00:01Z"), OPUS, .name[DIM_TIER] = "batch", .name[DIM_FEATURE] = "a, \"b\" | c",
         .tokens = {1000000, 0, 0, 2000, 50000, 0, 300}, .cost_nano = 12345678901},
        {.ts_ms = utc("2026-11-24T09:00:00Z"), OPUS, .name[DIM_FEATURE] = "J\xc3\xb6rg \xe5\x8c\x97", .origin = ORIGIN_NOTIONAL,
         .tokens = {500, 90000, 1000, 0, 800, 0, 0}, .cost_nano = 41000000, .saved_cache_nano = 342000000},
        {.ts_ms = utc("2026-11-23T22:59:59.999Z"), OPUS, .tokens = {1, 0, 0, 0, 1, 0, 0}, .cost_nano = 24000}, /* yesterday in Berlin */
    };
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) fixture_add(f, &specs[i]);
    fixture_flush(f);
}

static int setup(void **state) {
    (void)state;
    command_lab_open(&all, "Europe/Berlin", utc(NOW));
    fill(&all.f);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    command_lab_close(&all);
    return 0;
}

/* Runs the command with these arguments; stdout goes into `out`. */
static int report(Buf *out, bool ascii, const char *const *args) {
    App a = {.db_option = all.f.path, .tz_option = "Europe/Berlin", .fixed_now_ms = utc(NOW), .ascii = ascii};
    return command_lab_run(&all, &cmd_report, &a, args, out);
}

typedef struct Case {
    const char *golden;
    bool ascii;
    const char *const *args;
} Case;

static void outputs_are_as_they_were(void **state) {
    (void)state;
    const Case cases[] = {
        {"tests/report/by_model.txt", false, ARGS("--by", "model")},
        {"tests/report/by_model_ascii.txt", true, ARGS("--by", "model")},
        {"tests/report/by_model.md", false, ARGS("--by", "model,tier", "--format", "md", "--limit", "2")},
        {"tests/report/by_feature.md", false, ARGS("--by", "feature", "--format=md")},
        {"tests/report/by_feature.csv", false, ARGS("--by", "feature,model", "--format", "csv")},
        {"tests/report/by_feature.json", false, ARGS("--by", "feature,model", "--format", "json")},
        {"tests/report/total.json", false, ARGS("--format", "json", "--since", "2026-11-23", "--until", "today")},
        {"tests/report/total.csv", false, ARGS("--format", "csv", "--where", "origin:metered")},
        {"tests/report/total.txt", false, ARGS("--since", "7d")},
        {"tests/report/by_day.txt", false, ARGS("--by", "day,origin", "--since", "month")},
        {"tests/report/by_user.txt", false, ARGS("--by", "user", "--where", "feature:doc*", "--sort", "-user")},
        {"tests/report/nothing.txt", false, ARGS("--where", "model:none")},
        {"tests/report/nothing.json", false, ARGS("--where", "model:none", "--by", "model", "--format", "json")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Buf out = {0};
        assert_int_equal(report(&out, cases[i].ascii, cases[i].args), EXIT_DONE);
        golden_text(&out, cases[i].golden);
        buf_free(&out);
    }
}

/* The parts of a JSON report add up to its total, and money keeps 9 places. */
static void json_is_valid_and_adds_up(void **state) {
    (void)state;
    static const char *const names[] = {"model", "feature", "user", "hour", "outcome,stream", "session,day"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        Buf out = {0};
        assert_int_equal(report(&out, false, ARGS("--format", "json", "--since", "7d", "--by", names[n])), EXIT_DONE);
        json_t *doc = json_loadb(out.at, out.len, 0, NULL), *row;
        assert_non_null(doc);
        json_int_t requests = 0;
        size_t i;
        json_array_foreach(json_object_get(doc, "rows"), i, row) {
            requests += json_integer_value(json_object_get(row, "requests"));
            const char *cost = json_string_value(json_object_get(row, "cost_usd"));
            assert_int_equal(strlen(strchr(cost, '.')), 10);
        }
        assert_int_equal(requests, 11);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(doc, "total"), "requests")), 11);
        json_decref(doc);
        buf_free(&out);
    }
}

static void what_makes_no_sense_is_refused(void **state) {
    (void)state;
    const Case cases[] = {
        {"", false, ARGS("--by", "modl")}, {"", false, ARGS("--where", "cost>")}, {"", false, ARGS("--format", "xml")},
        {"", false, ARGS("--limit", "-1")}, {"", false, ARGS("--limit", "x")}, {"", false, ARGS("--since", "never")},
        {"", false, ARGS("--since", "today", "--until", "yesterday")}, {"", false, ARGS("extra")}, {"", false, ARGS("--until", "2026-13-01")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Buf out = {0};
        assert_int_equal(report(&out, false, cases[i].args), EXIT_USAGE);
        assert_int_equal(out.len, 0);
        buf_free(&out);
    }
    Buf out = {0};
    assert_int_equal(report(&out, false, ARGS("--sort", "price")), EXIT_FAILED);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_as_they_were), cmocka_unit_test(json_is_valid_and_adds_up),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
