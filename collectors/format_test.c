/* format_test: runs the samples inside a format file. Every sample says what it is, gives a record (or a text that is
 * none) and what must come out: requests with the named values, "skipped", or "bad". */
#include "collectors/format_parts.h"
#include "store/clock.h"

typedef struct Test {
    const Format *f;
    const char *is;
    Parser *parser;
    Batch *batch;
    Err *e;
} Test;

static int differs(const Test *t, const char *what, const char *want, const char *got) {
    return fail(t->e, "format %s, sample \"%s\": %s is %s, should be %s", t->f->name, t->is, what, got, want);
}

static bool integer_of(const Request *r, const char *key, int64_t *out) {
    static const char *const tokens[TOK_COUNT] = {"input", "cache_read", "cache_write_5m", "cache_write_1h", "output",
                                                  "reasoning", "audio_input"};
    for (int t = 0; t < TOK_COUNT; t++)
        if (strcmp(key, tokens[t]) == 0) return *out = r->tokens[t], true;
    const struct { const char *name; int64_t value; } other[] = {
        {"cost_nano", r->cost_nano}, {"saved_response_nano", r->saved_response_nano}, {"status", r->status},
        {"latency_ms", r->latency_ms}, {"ttft_ms", r->ttft_ms}, {"web_searches", r->web_searches}};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (strcmp(key, other[i].name) == 0) return *out = other[i].value, true;
    return false;
}

static bool flag_of(const Request *r, const char *key, bool *out) {
    static const struct { const char *name; uint32_t flag; } flags[] = {{"cache_hit", REQ_CACHE_HIT}, {"stream", REQ_STREAM},
        {"sidechain", REQ_SIDECHAIN}, {"unpriced", REQ_UNPRICED}, {"usage_suspect", REQ_USAGE_SUSPECT}, {"batch", REQ_BATCH}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(key, flags[i].name) == 0) return *out = (r->flags & flags[i].flag) != 0, true;
    return false;
}

static void text_of_request(const Test *t, const Request *r, const char *key, char *out, size_t size) {
    *out = '\0';
    if (strcmp(key, "time") == 0) time_format_utc(r->ts_ms, out, size);
    if (strcmp(key, "outcome") == 0) snprintf(out, size, "%s", outcome_names[r->outcome]);
    for (int d = 0; d < DIM_COUNT; d++) {
        if (strcmp(key, dim_names[d]) != 0) continue;
        Str s = batch_name_at(t->batch, r->name[d]);
        snprintf(out, size, "%.*s", (int)s.len, s.at);
    }
}

static int check_value(const Test *t, const Request *r, const char *key, const json_t *want) {
    char got[256], text[64];
    int64_t n;
    bool flag;
    if (json_is_integer(want)) {
        if (!integer_of(r, key, &n)) return differs(t, key, "a known counter", "unknown");
        snprintf(got, sizeof got, "%lld", (long long)n);
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(want));
        return n == json_integer_value(want) ? 0 : differs(t, key, text, got);
    }
    if (json_is_boolean(want)) {
        if (!flag_of(r, key, &flag)) return differs(t, key, "a known flag", "unknown");
        return flag == json_is_true(want) ? 0 : differs(t, key, flag ? "false" : "true", flag ? "true" : "false");
    }
    text_of_request(t, r, key, got, sizeof got);
    return json_is_string(want) && strcmp(got, json_string_value(want)) == 0 ? 0 : differs(t, key, json_string_value(want), got);
}

static int check_requests(const Test *t, const json_t *want) {
    size_t i;
    json_t *expected, *value;
    const char *key;
    if (batch_count(t->batch) != json_array_size(want)) return differs(t, "the number of requests", "that of expect", "another");
    json_array_foreach(want, i, expected) json_object_foreach(expected, key, value)
        if (check_value(t, batch_at(t->batch, i), key, value) != 0) return -1;
    return 0;
}

static int run_text(Test *t, const char *text, const json_t *want) {
    static const char *const results[] = {"requests", "skipped", "bad", "more than a batch holds"};
    Err why = {0};
    size_t len = strlen(text);
    char *padded = xcalloc(1, len + SCAN_PAD);
    memcpy(padded, text, len);
    batch_clear(t->batch);
    ParseResult got = parser_record(t->parser, padded, len, 0, (uint32_t)len, t->batch, &why);
    free(padded);
    if (json_is_array(want)) return got == PARSE_OK ? check_requests(t, want) : differs(t, "the result", "requests", why.text[0] ? why.text : results[got]);
    const char *word = json_string_value(want);
    return word && strcmp(word, results[got]) == 0 ? 0 : differs(t, "the result", word ? word : "named in expect", results[got]);
}

static int run_sample(Test *t, const json_t *sample) {
    const json_t *record = json_object_get(sample, "record"), *want = json_object_get(sample, "expect");
    const char *text = json_string_value(json_object_get(sample, "text"));
    t->is = json_string_value(json_object_get(sample, "is"));
    if (!t->is || (!record && !text) || !want) return fail(t->e, "format %s: a sample needs is, record or text, expect", t->f->name);
    if (text) return run_text(t, text, want);
    char *dense = json_dumps(record, JSON_COMPACT), *spaced = json_dumps(record, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
    int rc = run_text(t, dense, want);
    if (rc == 0) rc = run_text(t, spaced, want); /* spaces, order of keys and escapes change nothing */
    free(dense);
    free(spaced);
    return rc;
}

int format_self_test(const Format *f, const Book *book, size_t *samples, Err *e) {
    ParseContext ctx = {.book = book, .path = "/samples/projects/sample/log.jsonl"};
    Test t = {.f = f, .parser = parser_new(f, &ctx), .batch = batch_new(64), .e = e};
    const json_t *list = json_object_get(f->source, "samples");
    int rc = 0;
    *samples = json_array_size(list);
    for (size_t i = 0; i < *samples && rc == 0; i++) rc = run_sample(&t, json_array_get(list, i));
    parser_free(t.parser);
    batch_free(t.batch);
    return rc;
}
