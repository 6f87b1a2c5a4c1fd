/* test_provider_openai: recorded answers of every endpoint to the totals that are known of them; requests byte by byte. */
#include "tests/provider_lab.h"

#define FILES(...) (const char *const[]){__VA_ARGS__, NULL}

static void usage_adds_up_by_model(void **state) {
    (void)state;
    static const struct { const char *model; int64_t input, cached, written, output, requests; } want[] = {
        {"gpt-5.4-2026-03-05", 4327794, 1555348, 0, 321441, 3967},
        {"gpt-5.4-mini-2026-03-17", 11810821, 1310720, 0, 1290501, 8330},
        {"gpt-5.6-sol", 1475144, 429000, 143000, 145412, 490}};
    Parsed *p = parse_files("openai", "usage completions", FILES("openai/usage_completions_page1.json", "openai/usage_completions_page2.json"));
    assert_string_equal(p->e.text, "");
    assert_int_equal(p->rows.count, 10);
    for (size_t i = 0; i < 3; i++) {
        BillRow s = parsed_sum(p, want[i].model);
        assert_int_equal(s.tokens[TOK_INPUT] + s.tokens[TOK_AUDIO_INPUT] + s.tokens[TOK_CACHE_READ] + s.tokens[TOK_CACHE_WRITE_5M], want[i].input);
        assert_int_equal(s.tokens[TOK_CACHE_READ], want[i].cached);
        assert_int_equal(s.tokens[TOK_CACHE_WRITE_5M], want[i].written);
        assert_int_equal(s.tokens[TOK_OUTPUT], want[i].output);
        assert_int_equal(s.requests, want[i].requests);
    }
    assert_string_equal(p->call.cursor, "");
    parsed_free(p);
    p = parse_files("openai", "usage completions", FILES("openai/usage_completions_legacy_hourly_partial.json"));
    BillRow s = parsed_sum(p, NULL);
    assert_int_equal(s.tokens[TOK_INPUT] + s.tokens[TOK_AUDIO_INPUT] + s.tokens[TOK_CACHE_READ], 3859561);
    assert_int_equal(s.tokens[TOK_OUTPUT], 107512);
    assert_int_equal(s.requests, 3523);
    parsed_free(p);
}

static void costs_are_the_same_as_numbers_and_as_texts(void **state) {
    (void)state;
    const char *const *files[] = {FILES("openai/costs_spec_page1.json", "openai/costs_spec_page2.json"),
                                  FILES("openai/costs_live_page1.json", "openai/costs_live_page2.json")};
    for (size_t i = 0; i < 2; i++) {
        Parsed *p = parse_files("openai", "costs", files[i]);
        assert_string_equal(p->e.text, "");
        assert_int_equal(parsed_sum(p, NULL).nano, 15069361250);
        if (i == 0) assert_int_equal(p->rows.count, 34);
        parsed_free(p);
    }
}

static void a_line_item_names_its_model(void **state) {
    (void)state;
    Parsed *p = parse_files("openai", "costs", FILES("openai/costs_spec_page1.json"));
    bool model = false, item = false;
    for (size_t i = 0; i < p->rows.count; i++) {
        model |= row_is(p, &p->rows.at[i], "gpt-5.4-2026-03-05");
        item |= p->rows.at[i].model == 0 && p->rows.at[i].item != 0;
    }
    assert_true(model);
    assert_true(item); /* a line that is no model, like a tool's calls */
    parsed_free(p);
}

static void every_other_endpoint_is_read(void **state) {
    (void)state;
    static const char *const endpoints[] = {"embeddings", "moderations", "images", "audio_speeches", "audio_transcriptions", "vector_stores",
                                            "code_interpreter_sessions", "file_search_calls", "web_search_calls"};
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        char feed[64], file[96];
        snprintf(feed, sizeof feed, "usage %s", endpoints[i]);
        snprintf(file, sizeof file, "openai/usage_%s.json", endpoints[i]);
        Parsed *p = parse_files("openai", feed, FILES(file));
        if (p->rc != 0 || p->rows.count == 0) fail_msg("%s: %s", feed, p->e.text);
        parsed_free(p);
    }
    Parsed *p = parse_files("openai", "usage completions", FILES("openai/empty_page.json"));
    assert_int_equal(p->rc, 0);
    assert_int_equal(p->rows.count, 0);
    parsed_free(p);
    p = parse_files("openai", "projects", FILES("openai/projects.json"));
    assert_true(p->name_count > 0 && p->names[0][1][0]);
    parsed_free(p);
    p = parse_files("openai", "spend limit", FILES("openai/spend_limit.json"));
    assert_int_equal(p->rc, 0);
    assert_string_equal(p->balance_kind, "month");
    parsed_free(p);
}

static void requests_are_exact(void **state) {
    (void)state;
    PageRequest *r = calloc(1, sizeof *r);
    FeedCall *c = calloc(1, sizeof *c);
    Err e = {0};
    const Feed *f = feed_find("openai", "usage completions");
    *c = (FeedCall){.secret = "sk-admin-x", .base_url = "https://api.openai.com/v1", .arg = f->arg, .from_ms = INT64_C(1794787200000),
                    .until_ms = INT64_C(1795392000000)};
    assert_int_equal(f->request(c, r, &e), 0);
    assert_string_equal(r->url, "https://api.openai.com/v1/organization/usage/completions?start_time=1794787200&end_time=1795392000&bucket_width=1d&limit=31"
                                "&group_by=project_id&group_by=api_key_id&group_by=model&group_by=batch&group_by=service_tier");
    assert_string_equal(r->header[0], "Authorization: Bearer sk-admin-x");
    memset(r, 0, sizeof *r);
    snprintf(c->cursor, sizeof c->cursor, "page_AAA=/+ ");
    assert_int_equal(f->request(c, r, &e), 0);
    assert_non_null(strstr(r->url, "&page=page_AAA%3D%2F%2B%20"));
    free(c);
    free(r);
}

/* Names of keys: a list of projects, one at a time, and the keys of each; ids are no part of a path unencoded. */
static void names_of_keys_are_asked_project_by_project(void **state) {
    (void)state;
    static const struct { const char *cursor, *url; } pages[] = {
        {"", "https://x/organization/projects?limit=1&include_archived=true"},
        {"p proj_a", "https://x/organization/projects?limit=1&include_archived=true&after=proj_a"},
        {"k proj_a", "https://x/organization/projects/proj_a/api_keys?limit=100&owner_project_access=any"},
        {"l ../a?b key=1", "https://x/organization/projects/..%2Fa%3Fb/api_keys?limit=100&owner_project_access=any&after=key%3D1"}};
    const Feed *f = feed_find("openai", "keys");
    Err e = {0};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        PageRequest *r = calloc(1, sizeof *r);
        FeedCall *c = calloc(1, sizeof *c);
        *c = (FeedCall){.secret = "k", .base_url = "https://x"};
        snprintf(c->cursor, sizeof c->cursor, "%s", pages[i].cursor);
        assert_int_equal(f->request(c, r, &e), 0);
        assert_string_equal(r->url, pages[i].url);
        free(c);
        free(r);
    }
}

static void contradictions_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{\"data\":[{\"start_time\":1,\"end_time\":2,\"results\":[{\"input_tokens\":5,\"input_cached_tokens\":9}]}]}",
        "{\"data\":[{\"start_time\":1,\"end_time\":2,\"results\":[{\"input_tokens\":\"many\"}]}]}",
        "{\"data\":[{\"start_time\":0,\"end_time\":2,\"results\":[]}]}",
        "{\"data\":{}}", "[]", "{\"data\":[7]}"};
    const Feed *f = feed_find("openai", "usage completions");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        BillSet rows;
        Err e = {0};
        FeedCall *c = calloc(1, sizeof *c);
        bill_set_init(&rows);
        json_t *v = provider_json(bad[i], strlen(bad[i]), &e);
        assert_non_null(v);
        if (f->parse(c, v, &(FeedSink){.rows = &rows}, &e) == 0) fail_msg("was taken: %s", bad[i]);
        assert_true(e.text[0]);
        json_decref(v);
        bill_set_free(&rows);
        free(c);
    }
    Err e = {0};
    assert_null(provider_json("<html>", 6, &e));
    assert_non_null(strstr(e.text, "no JSON"));
}

static void no_number_becomes_a_double(void **state) {
    (void)state;
    static const struct { const char *json; int cents; int64_t nano; } cases[] = {
        {"0.1", 0, 100000000}, {"\"0E-6176\"", 0, 0}, {"123", 0, 123000000000}, {"1.5e1", 0, 15000000000}, {"\"123.78912\"", 1, 1237891200},
        {"9007199254.740993", 0, 9007199254740993000}, {"-0.25", 0, -250000000}, {"8.50E-8", 0, 85}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        Err e = {0};
        int64_t nano = -1;
        int n = snprintf(text, sizeof text, "{\"v\":%s}", cases[i].json);
        json_t *v = provider_json(text, (size_t)n, &e);
        assert_int_equal(json_nano(json_object_get(v, "v"), cases[i].cents, &nano), 0);
        if (nano != cases[i].nano) fail_msg("%s: %lld", cases[i].json, (long long)nano);
        json_decref(v);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_adds_up_by_model), cmocka_unit_test(costs_are_the_same_as_numbers_and_as_texts),
        cmocka_unit_test(a_line_item_names_its_model), cmocka_unit_test(every_other_endpoint_is_read), cmocka_unit_test(requests_are_exact),
        cmocka_unit_test(names_of_keys_are_asked_project_by_project), cmocka_unit_test(contradictions_are_refused), cmocka_unit_test(no_number_becomes_a_double)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
