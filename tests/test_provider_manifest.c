/* test_provider_manifest: every recorded answer in tests/providers/ is in MANIFEST.json, and every case of it is parsed to the
 * totals that it states. The totals were added up from the answers by other means than these parsers. A new fixture without a
 * line fails, and so does a line that expects what nobody looks at. Errors are in test_provider_errors. */
#include "tests/provider_lab.h"
#include "store/clock.h"
#include <dirent.h>

#define AT "tests/providers/"
#define NOVEMBER_MS INT64_C(1793491200000) /* what was recorded is of that month of 2026 */
#define DECEMBER_MS INT64_C(1796083200000)
static const char *const folders[] = {"openai", "anthropic", "openrouter", "litellm", "aws", "azure", "google", "mistral", "deepseek", "xai"};

typedef struct Manifest {
    json_t *root;
    const char *what; /* "openai costs: openai/costs_spec_page1.json", for messages */
    char room[256];
} Manifest;

static int setup(void **state) {
    Manifest *m = calloc(1, sizeof *m);
    Buf text = {.max = 1 << 20};
    Err e = {0};
    if (file_read(AT "MANIFEST.json", &text, &e) != 0) fail_msg("%s", e.text);
    m->root = json_loadb(text.at, text.len, 0, NULL); /* amounts are texts: nothing here is a double */
    buf_free(&text);
    *state = m;
    return m->root ? 0 : -1;
}

static int teardown(void **state) {
    Manifest *m = *state;
    json_decref(m->root);
    free(m);
    return 0;
}

/* ---- figures of rows ---- */
typedef int64_t FigureFn(const BillRow *r);
static int64_t input(const BillRow *r) { return r->tokens[TOK_INPUT]; }
static int64_t audio(const BillRow *r) { return r->tokens[TOK_AUDIO_INPUT]; }
static int64_t cache_read(const BillRow *r) { return r->tokens[TOK_CACHE_READ]; }
static int64_t cache_write_5m(const BillRow *r) { return r->tokens[TOK_CACHE_WRITE_5M]; }
static int64_t cache_write_1h(const BillRow *r) { return r->tokens[TOK_CACHE_WRITE_1H]; }
static int64_t cache_write(const BillRow *r) { return cache_write_5m(r) + cache_write_1h(r); }
static int64_t input_all(const BillRow *r) { return input(r) + audio(r) + cache_read(r) + cache_write(r); }
static int64_t output(const BillRow *r) { return r->tokens[TOK_OUTPUT]; }
static int64_t output_all(const BillRow *r) { return output(r) + r->tokens[TOK_REASONING]; }
static int64_t requests(const BillRow *r) { return r->requests; }
static int64_t searches(const BillRow *r) { return r->searches; }

static const struct { const char *name; FigureFn *of; } figures[] = {
    {"input", input}, {"audio", audio}, {"cache_read", cache_read}, {"cache_write_5m", cache_write_5m}, {"cache_write_1h", cache_write_1h},
    {"cache_write", cache_write}, {"input_all", input_all}, {"output", output}, {"output_all", output_all}, {"requests", requests}, {"searches", searches}};

static FigureFn *figure(const char *name) {
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (strcmp(figures[i].name, name) == 0) return figures[i].of;
    fail_msg("the manifest expects `%s`, which nobody looks at", name);
    return NULL;
}

static void same(const Manifest *m, const char *name, int64_t got, int64_t want) {
    if (got != want) fail_msg("%s: %s is %lld, not %lld", m->what, name, (long long)got, (long long)want);
}

static int64_t nano_of(const json_t *text) {
    int64_t nano = 0;
    assert_int_equal(json_nano(text, 0, &nano), 0);
    return nano;
}

static void check_figures(const Manifest *m, const Parsed *p, const char *model, json_t *want) {
    BillRow sum = parsed_sum(p, model);
    const char *name;
    json_t *v;
    bool there = !model;
    for (size_t i = 0; i < p->rows.count; i++) there |= model && row_is(p, &p->rows.at[i], model);
    if (!there) fail_msg("%s: no row of %s", m->what, model);
    json_object_foreach(want, name, v) same(m, name, figure(name)(&sum), json_integer_value(v));
}

static int64_t money_of(const Parsed *p, int64_t day_ms) {
    int64_t nano = 0;
    for (size_t i = 0; i < p->rows.count; i++)
        if (p->rows.at[i].start_ms - p->rows.at[i].start_ms % MS_PER_DAY == day_ms) nano += p->rows.at[i].nano;
    return nano;
}

/* ---- what a case can expect: a line each ---- */
typedef void ExpectFn(const Manifest *m, const Parsed *p, json_t *want);
static void expect_rows(const Manifest *m, const Parsed *p, json_t *want) { same(m, "rows", (int64_t)p->rows.count, json_integer_value(want)); }
static void expect_calls(const Manifest *m, const Parsed *p, json_t *want) { same(m, "calls", (int64_t)p->rows.seen_count, json_integer_value(want)); }
static void expect_total(const Manifest *m, const Parsed *p, json_t *want) { check_figures(m, p, NULL, want); }
static void expect_money(const Manifest *m, const Parsed *p, json_t *want) { same(m, "money", parsed_sum(p, NULL).nano, nano_of(want)); }

static void expect_by_model(const Manifest *m, const Parsed *p, json_t *want) {
    const char *model;
    json_t *v;
    json_object_foreach(want, model, v) check_figures(m, p, model, v);
}

static void expect_by_day(const Manifest *m, const Parsed *p, json_t *want) {
    const char *day;
    json_t *v;
    int64_t all = 0;
    json_object_foreach(want, day, v) {
        json_t *text = json_string(day);
        int64_t ms = 0;
        assert_int_equal(json_time(text, &ms), 0);
        json_decref(text);
        same(m, day, money_of(p, ms), nano_of(v));
        all += nano_of(v);
    }
    same(m, "money of all days", parsed_sum(p, NULL).nano, all);
}

static void expect_names(const Manifest *m, const Parsed *p, json_t *want) {
    same(m, "names", p->name_count, (int64_t)json_object_size(want));
    for (int i = 0; i < p->name_count; i++) assert_string_equal(p->names[i][1], json_string_value(json_object_get(want, p->names[i][0])));
}

static void expect_balance(const Manifest *m, const Parsed *p, json_t *want) {
    assert_string_equal(p->balance_kind, json_string_value(json_object_get(want, "kind")));
    assert_string_equal(p->currency, json_string_value(json_object_get(want, "currency")));
    same(m, "balance", p->balance, nano_of(json_object_get(want, "amount")));
}

static void expect_currency(const Manifest *m, const Parsed *p, json_t *want) {
    (void)m;
    for (size_t i = 0; i < p->rows.count; i++) assert_true(str_is(batch_name_at(p->rows.names, p->rows.at[i].currency), json_string_value(want)));
}

static void expect_more(const Manifest *m, const Parsed *p, json_t *want) { (void)m, (void)p, assert_true(json_is_true(want)); }

static const struct { const char *name; ExpectFn *check; } expects[] = {
    {"rows", expect_rows}, {"calls", expect_calls}, {"total", expect_total}, {"money", expect_money}, {"by_model", expect_by_model},
    {"money_by_day", expect_by_day}, {"names", expect_names}, {"balance", expect_balance}, {"currency", expect_currency}, {"more", expect_more}};

static void check_case(Manifest *m, const json_t *c) {
    const json_t *files = json_object_get(c, "files");
    json_t *expect = json_object_get(c, "expect"), *v;
    const char *names[8] = {0}, *name;
    for (size_t i = 0; i < json_array_size(files) && i < 7; i++) names[i] = json_string_value(json_array_get(files, i));
    snprintf(m->room, sizeof m->room, "%s %s: %s", json_str(c, "provider"), json_str(c, "feed"), names[0]);
    m->what = m->room;
    Parsed *p = parse_range(json_str(c, "provider"), json_str(c, "feed"), names, NOVEMBER_MS, DECEMBER_MS);
    if (p->rc != 0) fail_msg("%s: %s", m->what, p->e.text);
    json_object_foreach(expect, name, v) {
        size_t i = 0;
        while (i < sizeof expects / sizeof *expects && strcmp(expects[i].name, name) != 0) i++;
        if (i == sizeof expects / sizeof *expects) fail_msg("%s expects `%s`, which nobody looks at", m->what, name);
        expects[i].check(m, p, v);
    }
    same(m, "more pages", p->call.cursor[0] != '\0', json_object_get(expect, "more") != NULL);
    if (!json_object_get(expect, "balance")) assert_string_equal(p->balance_kind, ""); /* nothing is said unasked */
    parsed_free(p);
}

static void every_case_is_parsed_to_its_totals(void **state) {
    Manifest *m = *state;
    const json_t *cases = json_object_get(m->root, "cases"), *c;
    size_t i;
    assert_true(json_array_size(cases) > 30);
    json_array_foreach(cases, i, c) check_case(m, c);
}

/* ---- no fixture is left out ---- */
static int times_named(const Manifest *m, const char *file) {
    const json_t *cases = json_object_get(m->root, "cases"), *c, *f;
    size_t i, k;
    int count = json_object_get(json_object_get(m->root, "not_read"), file) ? 1 : 0;
    json_array_foreach(cases, i, c) json_array_foreach(json_object_get(c, "files"), k, f) count += strcmp(json_string_value(f), file) == 0;
    return count;
}

static void every_fixture_is_in_the_manifest(void **state) {
    int seen = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[300];
        snprintf(path, sizeof path, AT "%s", folders[i]);
        DIR *d = opendir(path);
        assert_non_null(d);
        for (struct dirent *f; (f = readdir(d)) != NULL;) {
            if (f->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "%s/%s", folders[i], f->d_name);
            if (times_named(*state, path) == 0) fail_msg(AT "%s is not in the manifest: write down what it should come to", path);
            seen++;
        }
        closedir(d);
    }
    assert_true(seen > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_is_parsed_to_its_totals), cmocka_unit_test(every_fixture_is_in_the_manifest)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
