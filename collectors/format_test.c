/* format_test: the samples inside a format file, run against the format. Used by the tests and by doctor, so that a
 * user's own format is proven on the user's own machine. FORMAT.md describes what a sample expects. */
#include "collectors/format_impl.h"
#include "store/clock.h"
#include "store/money.h"

typedef struct Trial {
    const Format *f;
    const json_t *sample;
    Batch *batch;
    Err *e;
} Trial;

static const char *sample_name(const Trial *t) {
    const char *name = json_string_value(json_object_get(t->sample, "name"));
    return name ? name : "without a name";
}

static int differs(const Trial *t, const char *member, const char *want, const char *got) {
    return fail(t->e, "%s: sample \"%s\": %s is \"%s\", expected \"%s\"", t->f->file, sample_name(t), member, got, want);
}

static int compare_number(const Trial *t, const char *member, int64_t want, int64_t got) {
    char a[24], b[24];
    if (want == got) return 0;
    snprintf(a, sizeof a, "%lld", (long long)want);
    snprintf(b, sizeof b, "%lld", (long long)got);
    return differs(t, member, a, b);
}

static int compare_text(const Trial *t, const char *member, const json_t *want, Str got) {
    char text[NAME_MAX_BYTES + 1];
    const char *expected = json_string_value(want);
    snprintf(text, sizeof text, "%.*s", (int)got.len, got.at);
    return expected && strcmp(expected, text) == 0 ? 0 : differs(t, member, expected ? expected : "a text", text);
}

/* ---- the parts of a request ---- */
static const char *const token_names[TOK_COUNT] = {"input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "audio_input"};

/* What is not expected must be 0. */
static int compare_tokens(const Trial *t, const json_t *want, const Request *r) {
    for (int i = 0; i < TOK_COUNT; i++)
        if (compare_number(t, token_names[i], json_integer_value(json_object_get(want, token_names[i])), r->tokens[i]) != 0) return -1;
    return 0;
}

static const struct { const char *name; uint32_t bit; } shown_flags[] = {
    {"stream", REQ_STREAM}, {"cache_hit", REQ_CACHE_HIT}, {"batch", REQ_BATCH}, {"sidechain", REQ_SIDECHAIN},
    {"usage_estimated", REQ_USAGE_ESTIMATED}, {"usage_missing", REQ_USAGE_MISSING}, {"usage_suspect", REQ_USAGE_SUSPECT},
    {"write_split_unknown", REQ_WRITE_SPLIT_UNKNOWN}, {"time_borrowed", REQ_TIME_BORROWED}};

static int compare_flags(const Trial *t, const json_t *want, const Request *r) {
    for (size_t i = 0; i < sizeof shown_flags / sizeof *shown_flags; i++) {
        bool expected = false;
        for (size_t k = 0; k < json_array_size(want); k++)
            expected |= strcmp(json_string_value(json_array_get(want, k)), shown_flags[i].name) == 0;
        if (compare_number(t, shown_flags[i].name, expected, (r->flags & shown_flags[i].bit) != 0) != 0) return -1;
    }
    return 0;
}

static int compare_name(const Trial *t, const char *key, const json_t *want, const Request *r) {
    for (int i = 0; i < FIELD_NAMES; i++) {
        uint32_t index = i < DIM_COUNT ? r->name[i] : i == FIELD_GEO ? r->geo : i == FIELD_SPEED ? r->speed : r->asked;
        if (strcmp(format_fields[i], key) == 0) return compare_text(t, key, want, batch_name_at(t->batch, index));
    }
    return fail(t->e, "%s: sample \"%s\": unknown member \"%s\" in \"expect\"", t->f->file, sample_name(t), key);
}

static int compare_cost(const Trial *t, const json_t *want, const Request *r) {
    char cost[32] = "unpriced";
    if (!(r->flags & REQ_UNPRICED)) nano_exact(r->cost_nano, cost, sizeof cost);
    return compare_text(t, "cost_usd", want, str_of(cost));
}

static int compare_member(const Trial *t, const char *key, const json_t *want, const Request *r, bool priced) {
    static const struct { const char *name; size_t at; } numbers[] = {
        {"latency", offsetof(Request, latency_ms)}, {"ttft", offsetof(Request, ttft_ms)}, {"max_tokens", offsetof(Request, max_tokens)},
        {"web_searches", offsetof(Request, web_searches)}, {"tools", offsetof(Request, tools)}};
    char time[32];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(numbers[i].name, key) == 0)
            return compare_number(t, key, json_integer_value(want), *(const int32_t *)(const void *)((const char *)r + numbers[i].at));
    if (strcmp(key, "flags") == 0 || strcmp(key, "outcome") == 0) return 0; /* compared always */
    for (int i = 0; i < TOK_COUNT; i++)
        if (strcmp(token_names[i], key) == 0) return 0; /* too */
    if (strcmp(key, "status") == 0) return compare_number(t, key, json_integer_value(want), r->status);
    if (strcmp(key, "requests") == 0) return compare_number(t, key, json_integer_value(want), r->more_calls + 1);
    if (strcmp(key, "raw_input") == 0) return compare_number(t, key, json_integer_value(want), r->raw_input);
    if (strcmp(key, "cost_usd") == 0) return priced ? compare_cost(t, want, r) : 0;
    if (strcmp(key, "time") != 0) return compare_name(t, key, want, r);
    time_format_utc(r->ts_ms, time, sizeof time);
    return compare_text(t, key, want, str_of(time));
}

static int compare_request(const Trial *t, const json_t *want, const Request *r, bool priced) {
    const char *key;
    json_t *value;
    const char *outcome = json_string_value(json_object_get(want, "outcome")), *got = outcome_names[r->outcome];
    if (!outcome) outcome = "ok";
    if (strcmp(outcome, got) != 0) return differs(t, "outcome", outcome, got);
    if (compare_tokens(t, want, r) != 0 || compare_flags(t, json_object_get(want, "flags"), r) != 0) return -1;
    json_object_foreach((json_t *)(uintptr_t)want, key, value)
        if (compare_member(t, key, value, r, priced) != 0) return -1;
    return 0;
}

/* ---- a sample ---- */
/* The sample's lines: "line" as it is, "record" as compact JSON, "lines" one after the other through one parser. */
static char *line_at(const json_t *sample, size_t i, size_t *len) {
    const json_t *line = json_object_get(sample, "line"), *record = json_object_get(sample, "record"), *lines = json_object_get(sample, "lines");
    if (lines) record = json_array_get(lines, i);
    else if (i > 0) return NULL;
    if (json_is_string(record)) line = record;
    char *text = line ? xstrndup(json_string_value(line), json_string_length(line)) : record ? json_dumps(record, JSON_COMPACT) : NULL;
    if (!text) return NULL;
    *len = strlen(text);
    text = xrealloc(text, *len + SCAN_PAD);
    memset(text + *len, 0, SCAN_PAD);
    return text;
}

static ParseResult feed(const Trial *t, Parser *p) {
    ParseResult result = PARSE_SKIPPED;
    size_t len;
    uint64_t offset = 0;
    char *text;
    for (size_t i = 0; (text = line_at(t->sample, i, &len)); i++) {
        Err why = {0};
        ParseResult one = parser_record(p, text, len, offset, (uint32_t)len + 1, t->batch, &why);
        offset += len + 1;
        free(text);
        if (one == PARSE_OK || one == PARSE_BAD) result = one;
        if (one == PARSE_BAD) break;
    }
    return result;
}

static int judge(const Trial *t, ParseResult result, bool priced) {
    static const char *const words[] = {[PARSE_OK] = "ok", [PARSE_SKIPPED] = "skipped", [PARSE_BAD] = "bad", [PARSE_FULL] = "full"};
    const json_t *expect = json_object_get(t->sample, "expect"), *want = json_object_get(t->sample, "result");
    const char *word = want ? json_string_value(want) : "ok";
    if (!word || strcmp(word, words[result]) != 0) return differs(t, "result", word ? word : "a text", words[result]);
    if (compare_number(t, "number of records", (int64_t)json_array_size(expect), (int64_t)batch_count(t->batch)) != 0) return -1;
    for (size_t i = 0; i < batch_count(t->batch); i++)
        if (compare_request(t, json_array_get(expect, i), batch_at(t->batch, i), priced) != 0) return -1;
    return 0;
}

/* ---- the other way round: what a sample gives, as it would be expected ---- */
static json_t *expectation(const Batch *b, const Request *r) {
    json_t *want = json_object(), *flags = json_array();
    Str model = batch_name_at(b, r->name[DIM_MODEL]);
    json_object_set_new(want, "model", json_stringn(model.at, model.len));
    for (int i = 0; i < TOK_COUNT; i++)
        if (r->tokens[i]) json_object_set_new(want, token_names[i], json_integer(r->tokens[i]));
    for (size_t i = 0; i < sizeof shown_flags / sizeof *shown_flags; i++)
        if (r->flags & shown_flags[i].bit) json_array_append_new(flags, json_string(shown_flags[i].name));
    if (json_array_size(flags)) json_object_set(want, "flags", flags);
    json_decref(flags);
    if (r->outcome != OUTCOME_OK) json_object_set_new(want, "outcome", json_string(outcome_names[r->outcome]));
    return want;
}

int format_expect(const Formats *fs, const json_t *file, json_t *sample, Err *e) {
    Format *f;
    if (formats_try(fs, json_deep_copy(file), &f, e) != 0) return -1;
    Trial t = {.f = f, .sample = sample, .batch = batch_new(64), .e = e};
    ParseContext ctx = {.path = "sample", .fingerprint = 1};
    Parser *p = parser_new(f, &ctx);
    ParseResult got = feed(&t, p);
    json_t *list = json_array();
    for (size_t i = 0; i < batch_count(t.batch); i++) json_array_append_new(list, expectation(t.batch, batch_at(t.batch, i)));
    json_object_set_new(sample, "expect", list);
    parser_free(p);
    batch_free(t.batch);
    format_free(f);
    return got == PARSE_OK ? 0 : fail(e, "its first record is no call that could be read; give the fields by hand (FORMAT.md)");
}

int format_self_test(const Format *f, const Book *book, size_t *samples, Err *e) {
    const json_t *list = json_object_get(f->root, "samples");
    Trial t = {.f = f, .batch = batch_new(64), .e = e};
    int rc = 0;
    *samples = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++, ++*samples) {
        t.sample = json_array_get(list, i);
        const char *path = json_string_value(json_object_get(t.sample, "path"));
        ParseContext ctx = {.book = book, .path = path ? path : "sample", .fingerprint = 1};
        Parser *p = parser_new(f, &ctx);
        batch_clear(t.batch);
        rc = judge(&t, feed(&t, p), book != NULL);
        parser_free(p);
    }
    if (rc == 0 && *samples == 0) rc = fail(e, "%s: no samples; add at least one record and what it must become", f->file);
    batch_free(t.batch);
    return rc;
}
