/* test_price: the worked cases of tests/prices/cases.jsonl give exactly their nano-dollars with the embedded book. */
#include "store/clock.h"
#include "store/data.h"
#include "store/price.h"
#include "tests/unit.h"
#include <jansson.h>

static const int64_t now_ms = INT64_C(1795478400000); /* 2026-11-24 */
static Book *book;

static int64_t integer(json_t *r, const char *name) {
    return json_integer_value(json_object_get(r, name));
}

static Str text(json_t *r, const char *name) {
    return str_of(json_string_value(json_object_get(r, name)));
}

static Usage usage_of(json_t *r) {
    Usage u = {.provider = text(r, "provider"), .model = text(r, "model"), .now_ms = now_ms, .tier = text(r, "service_tier"),
               .geo = text(r, "geo"), .batch = json_is_true(json_object_get(r, "batch")),
               .web_searches = integer(r, "web_search_calls")};
    u.tokens[TOK_INPUT] = integer(r, "input_uncached");
    u.tokens[TOK_CACHE_READ] = integer(r, "cache_read");
    u.tokens[TOK_CACHE_WRITE_5M] = integer(r, "cache_write_5m");
    u.tokens[TOK_CACHE_WRITE_1H] = integer(r, "cache_write_1h");
    u.tokens[TOK_OUTPUT] = integer(r, "output");
    u.tokens[TOK_AUDIO_INPUT] = integer(r, "audio_input");
    Str ts = text(r, "ts");
    if (ts.len) assert_int_equal(time_parse_rfc3339(ts.at, ts.len, &u.ts_ms), 0);
    return u;
}

static void check_case(json_t *c) {
    const char *id = json_string_value(json_object_get(c, "id"));
    json_t *expected = json_object_get(c, "expected_nano");
    Usage u = usage_of(json_object_get(c, "record"));
    Cost cost;
    cost_of(book, &u, &cost);
    if (json_is_null(expected) ? cost.priced : !cost.priced || cost.nano != json_integer_value(expected))
        fail_msg("case %s: got %s %lld", id, cost.priced ? "priced" : "unpriced", (long long)cost.nano);
}

static void every_worked_case_is_exact(void **state) {
    (void)state;
    FILE *f = fopen("tests/prices/cases.jsonl", "re");
    char line[4096];
    int cases = 0;
    assert_non_null(f);
    for (; fgets(line, sizeof line, f); cases++) {
        json_t *c = json_loads(line, 0, NULL);
        assert_non_null(c);
        check_case(c);
        json_decref(c);
    }
    fclose(f);
    assert_int_equal(cases, 74);
}

static int load(void **state) {
    Err e = {0};
    (void)state;
    if (book_load(&book, NULL, &e) == 0) return 0;
    print_error("%s\n", e.text);
    return -1;
}

static int unload(void **state) {
    (void)state;
    book_free(book);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_worked_case_is_exact)};
    return cmocka_run_group_tests(tests, load, unload);
}
