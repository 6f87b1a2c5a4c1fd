/* openai: organization usage and costs. Input counters include caches, cache writes, audio and images; costs have no model but a
 * line item "<model>, input". Money comes as a number or as a decimal text, zero as "0E-6176". Source: OpenAI's OpenAPI and
 * API reference (keys of projects: GET /organization/projects/ID/api_keys; /organization/admin_api_keys has admin keys alone, which
 * cannot call models), and answers as seen live. Not verified: delay and finality of buckets, limits of polling. */
#include "collectors/provider.h"
#include "store/clock.h"
#include "store/money.h"
#include <inttypes.h>
#include <stdio.h>

#define ARCHIVED "include_archived=true" /* a leaked key may be of a project that is gone */
enum { BUCKETS = 31 /* of a page: the most that usage endpoints give for days */ };

typedef struct Endpoint {
    const char *path, *group_by;
} Endpoint;

/* ---- requests ---- */
static void add_groups(Buf *url, const char *words) {
    for (const char *p = words; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        buf_fmt(url, "&group_by=%.*s", (int)len, p);
        p += len;
    }
}

static int usage_request(const FeedCall *c, PageRequest *out, Err *e) {
    const Endpoint *at = c->arg;
    Buf url = {.max = PAGE_URL_MAX - 1};
    buf_fmt(&url, "%s%s?start_time=%" PRId64 "&end_time=%" PRId64 "&bucket_width=1d&limit=%d", c->base_url, at->path,
            c->from_ms / MS_PER_SECOND, c->until_ms / MS_PER_SECOND, BUCKETS);
    add_groups(&url, at->group_by);
    if (c->cursor[0]) buf_str(&url, "&page="), http_encode(&url, c->cursor);
    bool fits = !url.overflow;
    snprintf(out->url, sizeof out->url, "%s", url.at);
    buf_free(&url);
    page_header(out, "Authorization: Bearer %s", c->secret);
    return fits ? 0 : fail(e, "the page's cursor is too long");
}

/* Lists and single answers; a path with a query can be paged. */
static int get_request(const FeedCall *c, PageRequest *out, Err *e) {
    Buf url = {.max = PAGE_URL_MAX - 1};
    buf_fmt(&url, "%s%s", c->base_url, (const char *)c->arg);
    if (c->cursor[0]) buf_str(&url, "&after="), http_encode(&url, c->cursor);
    bool fits = !url.overflow;
    snprintf(out->url, sizeof out->url, "%s", url.at);
    buf_free(&url);
    page_header(out, "Authorization: Bearer %s", c->secret);
    return fits ? 0 : fail(e, "the page's cursor is too long");
}

/* ---- what buckets hold ---- */
static int usage_row(const json_t *r, BillRow *row, BillSet *set, Err *e) {
    bool bad = false;
    int64_t input = json_count(r, "input_tokens", &bad), cached = json_count(r, "input_cached_tokens", &bad),
            written = json_count(r, "input_cache_write_tokens", &bad), audio = json_count(r, "input_audio_tokens", &bad),
            audio_cached = json_count(r, "input_cached_audio_tokens", &bad);
    int64_t fresh_audio = audio > audio_cached ? audio - audio_cached : 0;
    row->requests = json_count(r, "num_model_requests", &bad) + json_count(r, "num_sessions", &bad);
    if (strstr(json_str(r, "object"), "web_searches")) row->searches = json_count(r, "num_requests", &bad);
    row->tokens[TOK_CACHE_READ] = cached;
    row->tokens[TOK_CACHE_WRITE_5M] = written;
    row->tokens[TOK_AUDIO_INPUT] = fresh_audio;
    row->tokens[TOK_INPUT] = input - cached - written - fresh_audio;
    row->tokens[TOK_OUTPUT] = json_count(r, "output_tokens", &bad);
    row->batch = json_is_true(json_object_get(r, "batch"));
    row->model = bill_set_name(set, json_str(r, "model"));
    row->tier = bill_set_name(set, json_str(r, "service_tier"));
    row->project = bill_set_name(set, json_str(r, "project_id"));
    row->key = bill_set_name(set, json_str(r, "api_key_id"));
    if (bad || row->tokens[TOK_INPUT] < 0) return fail(e, "a usage row whose counters contradict each other; nothing of it is believed");
    return 0;
}

/* "gpt-5.4-2026-03-05, cached input": the model is what stands before the last ", ", if the rest says what of. */
static void split_line(BillSet *set, BillRow *row, const char *line) {
    static const char *const kinds[] = {"input", "output", "cached input", "cache write", "audio", "batch"};
    char model[NAME_MAX_BYTES + 1] = "";
    const char *comma = NULL;
    for (const char *p = line; (p = strstr(p, ", ")) != NULL; p += 2) comma = p;
    row->item = bill_set_name(set, line);
    for (size_t i = 0; comma && i < sizeof kinds / sizeof *kinds; i++) {
        if (!strstr(comma + 2, kinds[i])) continue;
        const char *bar = strstr(line, " | ");
        const char *from = bar && bar < comma ? bar + 3 : line;
        snprintf(model, sizeof model, "%.*s", (int)(comma - from), from);
        break;
    }
    row->model = bill_set_name(set, model);
}

static int cost_row(const json_t *r, BillRow *row, BillSet *set, Err *e) {
    const json_t *amount = json_object_get(r, "amount");
    row->money = true;
    if (amount && json_nano(json_object_get(amount, "value"), 0, &row->nano) != 0)
        return fail(e, "an amount that is no decimal number; nothing of it is believed");
    row->currency = bill_set_name(set, json_str(amount, "currency"));
    row->project = bill_set_name(set, json_str(r, "project_id"));
    row->key = bill_set_name(set, json_str(r, "api_key_id"));
    split_line(set, row, json_str(r, "line_item"));
    return 0;
}

static int parse_bucket(const json_t *bucket, const FeedSink *out, RowFn *fill, Err *e) {
    const json_t *results = json_object_get(bucket, "results");
    bool bad = false;
    int64_t start = json_count(bucket, "start_time", &bad), end = json_count(bucket, "end_time", &bad);
    if (!results) results = json_object_get(bucket, "result"); /* until mid-2025 */
    if (bad || start <= 0 || end <= start || !json_is_array(results)) return fail(e, "a bucket without start_time, end_time and results");
    return bucket_rows(results, start * MS_PER_SECOND, end * MS_PER_SECOND, out, fill, e);
}

static int parse_buckets(FeedCall *c, const json_t *answer, const FeedSink *out, RowFn *fill, Err *e) {
    const json_t *data = json_object_get(answer, "data"), *bucket;
    size_t i;
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    json_array_foreach(data, i, bucket) {
        if (parse_bucket(bucket, out, fill, e) != 0) return -1;
    }
    return page_cursor(c, answer, "next_page", e);
}

static int usage_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) { return parse_buckets(c, answer, out, usage_row, e); }
static int costs_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) { return parse_buckets(c, answer, out, cost_row, e); }

static int projects_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *data = json_object_get(answer, "data"), *p;
    size_t i;
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    json_array_foreach(data, i, p) out->name(out->ctx, "project", json_str(p, "id"), json_str(p, "name"));
    return page_cursor(c, answer, "last_id", e);
}

static int limit_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    int64_t nano;
    const json_t *cents = json_object_get(answer, "threshold_amount");
    c->cursor[0] = '\0';
    if (!json_is_object(answer)) return fail(e, "the answer is no spend limit");
    if (!cents || json_is_null(cents)) return 0;
    if (json_nano(cents, 1, &nano) != 0) return fail(e, "a spend limit that is no number of cents");
    out->balance(out->ctx, "month", json_str(answer, "currency"), nano);
    return 0;
}

/* ---- names of keys: project by project, which are listed one at a time ----
 * The cursor: "p ID": the project after this one; "k ID AFTER" (AFTER may be ""): keys of a project; "l": of the last one. */
typedef struct Place { char kind, project[128], after[128]; } Place;

static Place place_of(const char *cursor) {
    Place at = {.kind = cursor[0] ? cursor[0] : 'p'};
    sscanf(cursor[0] ? cursor + 1 : "", " %127s %127s", at.project, at.after);
    return at;
}

static int keys_request(const FeedCall *c, PageRequest *out, Err *e) {
    Place at = place_of(c->cursor);
    bool lists = at.kind == 'p';
    const char *after = lists ? at.project : at.after;
    Buf url = {.max = PAGE_URL_MAX - 1};
    buf_fmt(&url, "%s/organization/projects", c->base_url);
    if (!lists) buf_str(&url, "/"), http_encode(&url, at.project), buf_str(&url, "/api_keys");
    buf_fmt(&url, "?limit=%d&%s", lists ? 1 : 100, lists ? ARCHIVED : "owner_project_access=any"); /* else keys of people who left have no name */
    if (*after) buf_str(&url, "&after="), http_encode(&url, after);
    page_header(out, "Authorization: Bearer %s", c->secret);
    return page_url(out, &url, e);
}

static bool is_id(const char *text) { return *text && strlen(text) < sizeof((Place *)0)->project && !strpbrk(text, " \t\r\n\f\v"); }

static int keys_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *data = json_object_get(answer, "data"), *k;
    Place at = place_of(c->cursor);
    bool more = json_is_true(json_object_get(answer, "has_more"));
    const char *last = json_str(answer, "last_id"), *id = json_str(json_array_get(data, 0), "id");
    size_t i;
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    c->cursor[0] = '\0';
    if (at.kind == 'p') {
        if (json_array_size(data) == 0) return 0;
        if (!is_id(id)) return fail(e, "a project without an id");
        snprintf(c->cursor, sizeof c->cursor, "%c %s", more ? 'k' : 'l', id);
        return 0;
    }
    json_array_foreach(data, i, k) out->name(out->ctx, "key", json_str(k, "id"), json_str(k, "name"));
    if (more && !is_id(last)) return fail(e, "a page of keys that says more follow, and not where");
    if (more) snprintf(c->cursor, sizeof c->cursor, "%c %s %s", at.kind, at.project, last);
    else if (at.kind == 'k') snprintf(c->cursor, sizeof c->cursor, "p %s", at.project);
    return 0;
}

#define USAGE "/organization/usage/"
#define OF_KEYS "project_id api_key_id model"
#define DAYS(n) ((n) * MS_PER_DAY)
#define USAGE_FEED(what, groups)                                                                                                    \
    {.name = "usage " what, .origin = ORIGIN_REPORTED, .every_ms = 5 * MS_PER_MINUTE, .bucket_ms = MS_PER_DAY, .history_ms = DAYS(31), \
     .window_ms = DAYS(31), .arg = &(const Endpoint){USAGE what, groups}, .request = usage_request, .parse = usage_parse}

static const Feed feeds[] = {
    {.name = "costs", .origin = ORIGIN_BILLED, .every_ms = MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = DAYS(92), .window_ms = DAYS(31),
     .arg = &(const Endpoint){"/organization/costs", "line_item project_id api_key_id"}, .request = usage_request, .parse = costs_parse},
    {.name = "usage completions", .cheap = true, .origin = ORIGIN_REPORTED, .every_ms = 5 * MS_PER_MINUTE, .bucket_ms = MS_PER_DAY,
     .history_ms = DAYS(31), .window_ms = DAYS(31), .arg = &(const Endpoint){USAGE "completions", OF_KEYS " batch service_tier"},
     .request = usage_request, .parse = usage_parse},
    USAGE_FEED("embeddings", OF_KEYS), USAGE_FEED("moderations", OF_KEYS), USAGE_FEED("images", OF_KEYS " size source"),
    USAGE_FEED("audio_speeches", OF_KEYS), USAGE_FEED("audio_transcriptions", OF_KEYS), USAGE_FEED("vector_stores", "project_id"),
    USAGE_FEED("code_interpreter_sessions", "project_id"), USAGE_FEED("file_search_calls", "project_id api_key_id"),
    USAGE_FEED("web_search_calls", OF_KEYS " context_level"),
    {.name = "projects", .no_rows = true, .every_ms = MS_PER_DAY, .bucket_ms = MS_PER_DAY, .arg = "/organization/projects?limit=100&" ARCHIVED, .request = get_request,
     .parse = projects_parse},
    {.name = "keys", .no_rows = true, .optional = true, .every_ms = MS_PER_DAY, .bucket_ms = MS_PER_DAY, .request = keys_request, .parse = keys_parse},
    {.name = "spend limit", .no_rows = true, .every_ms = 6 * MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .arg = "/organization/spend_limit",
     .request = get_request, .parse = limit_parse},
    {.name = NULL},
};

const Provider provider_openai = {
    .name = "openai", .base_url = "https://api.openai.com/v1", .feeds = feeds,
    .key_help = "an admin key (sk-admin-...), which an Owner makes at platform.openai.com, Organization settings, Admin keys, with api.usage.read",
};
