/* anthropic: messages usage and cost report of an organization. The four input classes are disjoint; money is CENTS as decimal
 * text; priority and flex have usage but no cost there, code execution has cost but no usage. Arrays in the query need brackets.
 * Vendor's limit: sustained polling at most once a minute. Source: Anthropic's Admin API reference and OpenAPI. */
#include "collectors/provider.h"
#include "store/clock.h"

enum { BUCKETS = 31 };

typedef struct Endpoint {
    const char *path, *group_by;
} Endpoint;

static void add_time(Buf *url, const char *key, int64_t ms) {
    char at[40];
    time_format(NULL, ms, "%Y-%m-%dT%H:%M:%SZ", at, sizeof at);
    buf_fmt(url, "%s=", key);
    http_encode(url, at);
}

static int report_request(const FeedCall *c, PageRequest *out, Err *e) {
    const Endpoint *at = c->arg;
    Buf url = {.max = PAGE_URL_MAX - 1};
    buf_fmt(&url, "%s%s?", c->base_url, at->path);
    add_time(&url, "starting_at", c->from_ms);
    add_time(&url, "&ending_at", c->until_ms);
    buf_fmt(&url, "&bucket_width=1d&limit=%d", BUCKETS);
    for (const char *p = at->group_by; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        buf_fmt(&url, "&group_by%%5B%%5D=%.*s", (int)len, p);
        p += len;
    }
    if (c->cursor[0]) buf_str(&url, "&page="), http_encode(&url, c->cursor);
    bool fits = !url.overflow;
    snprintf(out->url, sizeof out->url, "%s", url.at);
    buf_free(&url);
    page_header(out, "x-api-key: %s", c->secret);
    page_header(out, "anthropic-version: 2023-06-01");
    return fits ? 0 : fail(e, "the page's cursor is too long");
}

/* ---- rows ---- */
static int usage_row(const json_t *r, BillRow *row, BillSet *set, Err *e) {
    bool bad = false;
    const json_t *writes = json_object_get(r, "cache_creation");
    row->tokens[TOK_INPUT] = json_count(r, "uncached_input_tokens", &bad);
    row->tokens[TOK_CACHE_READ] = json_count(r, "cache_read_input_tokens", &bad);
    row->tokens[TOK_CACHE_WRITE_5M] = json_count(writes, "ephemeral_5m_input_tokens", &bad);
    row->tokens[TOK_CACHE_WRITE_1H] = json_count(writes, "ephemeral_1h_input_tokens", &bad);
    row->tokens[TOK_OUTPUT] = json_count(r, "output_tokens", &bad);
    row->searches = json_count(json_object_get(r, "server_tool_use"), "web_search_requests", &bad);
    row->batch = strcmp(json_str(r, "service_tier"), "batch") == 0;
    row->model = bill_set_name(set, json_str(r, "model"));
    row->tier = bill_set_name(set, json_str(r, "service_tier"));
    row->project = bill_set_name(set, json_str(r, "workspace_id"));
    row->key = bill_set_name(set, json_str(r, "api_key_id"));
    return bad ? fail(e, "a usage row with a counter that is no number; nothing of it is believed") : 0;
}

static int cost_row(const json_t *r, BillRow *row, BillSet *set, Err *e) {
    row->money = true;
    if (json_nano(json_object_get(r, "amount"), 1, &row->nano) != 0) return fail(e, "an amount that is no decimal number of cents");
    row->currency = bill_set_name(set, json_str(r, "currency"));
    row->model = bill_set_name(set, json_str(r, "model"));
    row->tier = bill_set_name(set, json_str(r, "service_tier"));
    row->project = bill_set_name(set, json_str(r, "workspace_id"));
    row->item = bill_set_name(set, json_str(r, "description")[0] ? json_str(r, "description") : json_str(r, "cost_type"));
    return 0;
}

typedef int RowFn(const json_t *r, BillRow *row, BillSet *set, Err *e);

static int parse_bucket(const json_t *bucket, const FeedSink *out, RowFn *fill, Err *e) {
    const json_t *results = json_object_get(bucket, "results"), *r;
    size_t i;
    int64_t start, end;
    if (json_time(json_object_get(bucket, "starting_at"), &start) != 0 || json_time(json_object_get(bucket, "ending_at"), &end) != 0 ||
        end <= start || !json_is_array(results))
        return fail(e, "a bucket without starting_at, ending_at and results");
    json_array_foreach(results, i, r) {
        BillRow *row = bill_set_add(out->rows);
        if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
        row->start_ms = start;
        row->end_ms = end;
        if (fill(r, row, out->rows, e) != 0) return -1;
    }
    return 0;
}

static int parse_buckets(FeedCall *c, const json_t *answer, const FeedSink *out, RowFn *fill, Err *e) {
    const json_t *data = json_object_get(answer, "data"), *bucket;
    size_t i;
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    json_array_foreach(data, i, bucket) {
        if (parse_bucket(bucket, out, fill, e) != 0) return -1;
    }
    const char *next = json_is_true(json_object_get(answer, "has_more")) ? json_str(answer, "next_page") : "";
    if (strlen(next) >= sizeof c->cursor) return fail(e, "the cursor of the next page is too long");
    snprintf(c->cursor, sizeof c->cursor, "%s", next);
    return 0;
}

static int usage_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) { return parse_buckets(c, answer, out, usage_row, e); }
static int cost_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) { return parse_buckets(c, answer, out, cost_row, e); }

/* ---- names ---- */
static int list_request(const FeedCall *c, PageRequest *out, Err *e) {
    const Endpoint *at = c->arg;
    Buf url = {.max = PAGE_URL_MAX - 1};
    (void)e;
    buf_fmt(&url, "%s%s?limit=100", c->base_url, at->path);
    if (c->cursor[0]) buf_str(&url, "&after_id="), http_encode(&url, c->cursor);
    snprintf(out->url, sizeof out->url, "%s", url.at);
    buf_free(&url);
    page_header(out, "x-api-key: %s", c->secret);
    page_header(out, "anthropic-version: 2023-06-01");
    return 0;
}

static int list_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const Endpoint *at = c->arg;
    const json_t *data = json_object_get(answer, "data"), *v;
    size_t i;
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    json_array_foreach(data, i, v) out->name(out->ctx, at->group_by, json_str(v, "id"), json_str(v, "name"));
    const char *next = json_is_true(json_object_get(answer, "has_more")) ? json_str(answer, "last_id") : "";
    snprintf(c->cursor, sizeof c->cursor, "%s", next);
    return 0;
}

#define ORG "/v1/organizations/"
static const Feed feeds[] = {
    {.name = "cost report", .origin = ORIGIN_BILLED, .every_ms = MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = 92 * MS_PER_DAY, .window_ms = 31 * MS_PER_DAY,
     .arg = &(const Endpoint){ORG "cost_report", "workspace_id description"}, .request = report_request, .parse = cost_parse},
    {.name = "usage messages", .cheap = true, .origin = ORIGIN_REPORTED, .every_ms = 5 * MS_PER_MINUTE, .bucket_ms = MS_PER_DAY, .history_ms = 31 * MS_PER_DAY,
     .window_ms = 31 * MS_PER_DAY, .arg = &(const Endpoint){ORG "usage_report/messages", "model workspace_id api_key_id service_tier context_window"},
     .request = report_request, .parse = usage_parse},
    {.name = "keys", .no_rows = true, .every_ms = MS_PER_DAY, .bucket_ms = MS_PER_DAY, .arg = &(const Endpoint){ORG "api_keys", "key"},
     .request = list_request, .parse = list_parse},
    {.name = "workspaces", .no_rows = true, .every_ms = MS_PER_DAY, .bucket_ms = MS_PER_DAY, .arg = &(const Endpoint){ORG "workspaces", "project"},
     .request = list_request, .parse = list_parse},
    {.name = NULL},
};

const Provider provider_anthropic = {
    .name = "anthropic", .base_url = "https://api.anthropic.com", .feeds = feeds,
    .key_help = "an admin key (sk-ant-admin01-...), which an organization admin makes in the Console, Settings, Admin keys",
};
