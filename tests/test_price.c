/* test_price: worked cases give exactly their nano-dollars with the embedded book: tests/prices/cases.jsonl (vendors' own
 * examples and what other tools got wrong), tests/prices/rules.jsonl (each rule at its edges, with flags and row). */
#include "store/clock.h"
#include "store/data.h"
#include "tests/book_lab.h"
#include <jansson.h>

static const int64_t now_ms = INT64_C(1795478400000); /* 2026-11-24 */

static int64_t integer(json_t *r, const char *name) {
    return json_integer_value(json_object_get(r, name));
}

static Str text(json_t *r, const char *name) {
    return str_of(json_string_value(json_object_get(r, name)));
}

static Usage usage_of(json_t *r) {
    Usage u = {.provider = text(r, "provider"), .model = text(r, "model"), .now_ms = now_ms, .tier = text(r, "service_tier"),
               .geo = text(r, "geo"), .speed = text(r, "speed"), .batch = json_is_true(json_object_get(r, "batch")),
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

static void flag_names(uint32_t flags, Buf *out) {
    for (int bit = 0; cost_flag_names[bit]; bit++)
        if (flags & (1u << bit)) buf_fmt(out, "%s%s", out->len ? "," : "", cost_flag_names[bit]);
    buf_str(out, "");
}

/* "a,b" of the case against the bits, in any order. */
static void check_flags(const char *id, json_t *expected, uint32_t flags) {
    Buf got = {0};
    uint32_t want = 0;
    if (!expected) return;
    for (const char *at = json_string_value(expected); *at;) {
        size_t len = strcspn(at, ",");
        int bit = 0;
        while (cost_flag_names[bit] && !str_is((Str){at, len}, cost_flag_names[bit])) bit++;
        if (!cost_flag_names[bit]) fail_msg("case %s: there is no flag %.*s", id, (int)len, at);
        want |= 1u << bit;
        at += len + (at[len] == ',');
    }
    flag_names(flags, &got);
    if (want != flags) fail_msg("case %s: flags are \"%s\", not \"%s\"", id, got.at, json_string_value(expected));
    buf_free(&got);
}

static void check_row(const char *id, json_t *expected, const PriceRow *row) {
    char name[256];
    if (!expected) return;
    snprintf(name, sizeof name, "%s/%s", price_row_provider(row), price_row_model(row));
    if (strcmp(name, json_string_value(expected)) != 0) fail_msg("case %s: row %s", id, name);
}

static void check_case(json_t *c) {
    const char *id = json_string_value(json_object_get(c, "id"));
    json_t *expected = json_object_get(c, "expected_nano");
    Usage u = usage_of(json_object_get(c, "record"));
    Cost cost;
    cost_of(book, &u, &cost);
    if (json_is_null(expected) ? cost.priced : !cost.priced || cost.nano != json_integer_value(expected))
        fail_msg("case %s: got %s %lld", id, cost.priced ? "priced" : "unpriced", (long long)cost.nano);
    if (!cost.priced) return;
    check_flags(id, json_object_get(c, "flags"), cost.flags);
    check_row(id, json_object_get(c, "row"), cost.row);
}

static int check_file(const char *path) {
    FILE *f = fopen(path, "re");
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
    return cases;
}

static void every_worked_case_is_exact(void **state) {
    (void)state;
    assert_int_equal(check_file("tests/prices/cases.jsonl"), 74);
}

static void every_rule_holds_at_its_edges(void **state) {
    (void)state;
    assert_int_equal(check_file("tests/prices/rules.jsonl"), 140);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_worked_case_is_exact), cmocka_unit_test(every_rule_holds_at_its_edges)};
    return cmocka_run_group_tests(tests, book_setup, book_teardown);
}
