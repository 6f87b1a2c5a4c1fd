/* anthropic: messages usage and cost report of an organization, the same two of its newer analytics (beta, `api = analytics`), and
 * the Claude Code report. The four input classes are disjoint; money is CENTS, as decimal text or number; priority and flex have
 * usage but no cost there, code execution has cost but no usage. Arrays in the query need brackets. Analytics leaves out what has
 * no usage: what is missing is zero only up to its data_refreshed_at, so later buckets are not taken for whole. The Claude Code
 * report is an estimate of calls that the other reports hold, too; of its actors e-mail addresses are dropped at once.
 * Vendor's limit: sustained polling at most once a minute. Source: Anthropic's Admin API reference, OpenAPI and SDK. */
#include "collectors/provider.h"
#include "store/clock.h"
#include "store/money.h"

#define ANALYTICS_BETA "analytics-usage-cost-2026-08-24"

typedef struct Endpoint {
    const char *path, *group_by;
    const char *how;  /* how buckets are asked for, and how many a page */
    const char *beta; /* NULL = none */
} Endpoint;

static void add_time(Buf *url, const char *key, int64_t ms) {
    char at[40];
    time_format(NULL, ms, "%Y-%m-%dT%H:%M:%SZ", at, sizeof at);
    buf_fmt(url, "%s=", key);
    http_encode(url, at);
}

static int send(const FeedCall *c, const char *cursor_key, Buf *url, PageRequest *out, Err *e) {
    if (c->cursor[0]) buf_fmt(url, "&%s=", cursor_key), http_encode(url, c->cursor);
    page_header(out, "x-api-key: %s", c->secret);
    page_header(out, "anthropic-version: 2023-06-01");
    return page_url(out, url, e);
}

static int report_request(const FeedCall *c, PageRequest *out, Err *e) {
    const Endpoint *at = c->arg;
    Buf url = {.max = PAGE_URL_MAX - 1};
    buf_fmt(&url, "%s%s?", c->base_url, at->path);
    add_time(&url, "starting_at", c->from_ms);
    add_time(&url, "&ending_at", c->until_ms);
    buf_str(&url, at->how);
    for (const char *p = at->group_by; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        buf_fmt(&url, "&group_by%%5B%%5D=%.*s", (int)len, p);
        p += len;
    }
    if (send(c, "page", &url, out, e) != 0) return -1;
    if (at->beta) page_header(out, "anthropic-beta: %s", at->beta);
    return 0;
}

/* ---- rows ---- */
static bool is_long(const json_t *r) { return strcmp(json_str(r, "context_window"), "200k-1M") == 0; }

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
    row->long_prompts = is_long(r);
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

static int parse_bucket(const json_t *bucket, const FeedSink *out, RowFn *fill, Err *e) {
    const json_t *results = json_object_get(bucket, "results");
    int64_t start, end;
    if (json_time(json_object_get(bucket, "starting_at"), &start) != 0 || json_time(json_object_get(bucket, "ending_at"), &end) != 0 ||
        end <= start || !json_is_array(results))
        return fail(e, "a bucket without starting_at, ending_at and results");
    return bucket_rows(results, start, end, out, fill, e);
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
static int cost_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) { return parse_buckets(c, answer, out, cost_row, e); }

/* ---- analytics: a row a bucket and group, none where nothing was used ---- */
static void set_group(BillRow *row, const json_t *group, BillSet *set) {
    const char *type = json_str(group, "token_type");
    row->model = bill_set_name(set, json_str(group, "model"));
    row->tier = bill_set_name(set, json_str(group, "service_tier"));
    row->project = bill_set_name(set, json_str(group, "workspace_id"));
    row->key = bill_set_name(set, json_str(group, "api_key_id"));
    row->item = bill_set_name(set, *type ? type : json_str(group, "cost_type"));
    row->batch = strcmp(json_str(group, "service_tier"), "batch") == 0;
    row->long_prompts = is_long(group);
}

static int analytics_row(const FeedCall *c, const json_t *r, int64_t fresh_ms, const FeedSink *out, Err *e) {
    const json_t *usage = json_object_get(r, "usage"), *cost = json_object_get(r, "cost");
    int64_t start, end;
    bool bad = false;
    if (json_time(json_object_get(r, "starting_at"), &start) != 0 || json_time(json_object_get(r, "ending_at"), &end) != 0 || end <= start)
        return fail(e, "a row without starting_at and ending_at");
    if (json_is_object(usage) == json_is_object(cost)) return fail(e, "a row that is neither usage nor cost");
    if (start < c->from_ms || start >= c->until_ms || (cost && end > fresh_ms)) return 0; /* half a bill would stand for the whole day */
    BillRow *row = bill_set_add(out->rows);
    if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
    if ((usage ? usage_row(usage, row, out->rows, e) : cost_row(cost, row, out->rows, e)) != 0) return -1;
    row->start_ms = start;
    row->end_ms = end;
    row->requests = json_count(usage ? usage : cost, "requests", &bad);
    set_group(row, json_object_get(r, "group"), out->rows);
    return bad ? fail(e, "a row whose requests are no number") : 0;
}

static int analytics_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *data = json_object_get(answer, "data"), *fresh = json_object_get(answer, "data_refreshed_at"), *r;
    int64_t fresh_ms = INT64_MAX;
    size_t i;
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    if (json_is_string(fresh) && json_time(fresh, &fresh_ms) != 0) return fail(e, "data_refreshed_at is no time");
    if (fresh_ms != INT64_MAX && (c->fresh_ms == 0 || fresh_ms < c->fresh_ms)) c->fresh_ms = fresh_ms; /* null: the clock decides */
    json_array_foreach(data, i, r) {
        if (analytics_row(c, r, fresh_ms, out, e) != 0) return -1;
    }
    return page_cursor(c, answer, "next_page", e);
}

/* ---- Claude Code: a record an actor, of one day ---- */
static int code_request(const FeedCall *c, PageRequest *out, Err *e) {
    const Endpoint *at = c->arg;
    Buf url = {.max = PAGE_URL_MAX - 1};
    char day[16];
    time_format(NULL, c->from_ms, "%Y-%m-%d", day, sizeof day);
    buf_fmt(&url, "%s%s?starting_at=%s%s", c->base_url, at->path, day, at->how);
    return send(c, "page", &url, out, e);
}

static int code_model(const json_t *m, BillRow like, BillSet *set, Err *e) {
    const json_t *tokens = json_object_get(m, "tokens"), *cost = json_object_get(m, "estimated_cost");
    bool bad = false;
    int64_t nano = 0;
    if (cost && json_nano(json_object_get(cost, "amount"), 1, &nano) != 0) return fail(e, "an estimated cost that is no number of cents");
    like.model = bill_set_name(set, json_str(m, "model"));
    like.currency = bill_set_name(set, json_str(cost, "currency"));
    BillRow *row = bill_set_merge(set, &like);
    if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
    row->nano = nano_add(row->nano, nano);
    row->tokens[TOK_INPUT] += json_count(tokens, "input", &bad);
    row->tokens[TOK_OUTPUT] += json_count(tokens, "output", &bad);
    row->tokens[TOK_CACHE_READ] += json_count(tokens, "cache_read", &bad);
    row->tokens[TOK_CACHE_WRITE_5M] += json_count(tokens, "cache_creation", &bad);
    return bad ? fail(e, "a record with a counter that is no number; nothing of it is believed") : 0;
}

/* Records have no id: one that is the same in all it says was told already. */
static bool is_new(const json_t *r, BillSet *set) {
    char *text = json_dumps(r, JSON_COMPACT | JSON_SORT_KEYS), id[32];
    snprintf(id, sizeof id, "record %016llx", (unsigned long long)(text ? hash64(text, strlen(text), 0) : 0));
    free(text);
    return bill_set_first(set, id);
}

static int code_record(const FeedCall *c, const json_t *r, const FeedSink *out, Err *e) {
    const json_t *models = json_object_get(r, "model_breakdown"), *m;
    int64_t day;
    size_t i;
    if (json_time(json_object_get(r, "date"), &day) != 0 || !json_is_array(models)) return fail(e, "a record without date and model_breakdown");
    if (day < c->from_ms || day >= c->until_ms || !is_new(r, out->rows)) return 0;
    const BillRow like = {.start_ms = day, .end_ms = day + MS_PER_DAY, .money = true, .item = bill_set_name(out->rows, json_str(r, "customer_type")),
                          .key = bill_set_name(out->rows, json_str(json_object_get(r, "actor"), "api_key_name"))};
    json_array_foreach(models, i, m) {
        if (code_model(m, like, out->rows, e) != 0) return -1;
    }
    return 0;
}

static int code_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *data = json_object_get(answer, "data"), *r;
    size_t i;
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    json_array_foreach(data, i, r) {
        if (code_record(c, r, out, e) != 0) return -1;
    }
    return page_cursor(c, answer, "next_page", e);
}

/* ---- names ---- */
static int list_request(const FeedCall *c, PageRequest *out, Err *e) {
    const Endpoint *at = c->arg;
    Buf url = {.max = PAGE_URL_MAX - 1};
    buf_fmt(&url, "%s%s?limit=100", c->base_url, at->path);
    return send(c, "after_id", &url, out, e);
}

static int list_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const Endpoint *at = c->arg;
    const json_t *data = json_object_get(answer, "data"), *v;
    size_t i;
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    json_array_foreach(data, i, v) out->name(out->ctx, at->group_by, json_str(v, "id"), json_str(v, "name"));
    return page_cursor(c, answer, "last_id", e);
}

/* One of the two APIs tells all. */
static bool by_analytics(const AccountConfig *a) { return strcmp(a->api, "analytics") == 0; }
static bool by_reports(const AccountConfig *a) { return !by_analytics(a); }

#define RIVAL(feed) .rival = feed, .wins = true /* after a change of api = */
#define ORG "/v1/organizations/"
#define DAILY "&bucket_width=1d&limit=31"
#define ROWS "&time_bucket_width=1d&order_by=time&order=asc&limit=1000"
#define OF_USAGE "model workspace_id api_key_id service_tier context_window"
#define DAYS(n) .bucket_ms = MS_PER_DAY, .window_ms = 31 * MS_PER_DAY, .history_ms = (n) * MS_PER_DAY
static const Feed feeds[] = {
    {.name = "cost report", RIVAL("analytics cost"), .origin = ORIGIN_BILLED, .every_ms = MS_PER_HOUR, DAYS(92), .wanted = by_reports,
     .arg = &(const Endpoint){ORG "cost_report", "workspace_id description", DAILY, NULL}, .request = report_request, .parse = cost_parse},
    {.name = "usage messages", RIVAL("analytics usage"), .cheap = true, .origin = ORIGIN_REPORTED, .every_ms = 5 * MS_PER_MINUTE, DAYS(31), .wanted = by_reports,
     .arg = &(const Endpoint){ORG "usage_report/messages", OF_USAGE, DAILY, NULL}, .request = report_request, .parse = usage_parse},
    {.name = "analytics cost", RIVAL("cost report"), .origin = ORIGIN_BILLED, .every_ms = MS_PER_HOUR, DAYS(92), .wanted = by_analytics,
     .arg = &(const Endpoint){ORG "analytics/cost", "model workspace_id api_key_id service_tier cost_type token_type", ROWS, ANALYTICS_BETA},
     .request = report_request, .parse = analytics_parse},
    {.name = "analytics usage", RIVAL("usage messages"), .cheap = true, .origin = ORIGIN_REPORTED, .every_ms = 5 * MS_PER_MINUTE, DAYS(31), .wanted = by_analytics,
     .arg = &(const Endpoint){ORG "analytics/usage", OF_USAGE, ROWS, ANALYTICS_BETA}, .request = report_request, .parse = analytics_parse},
    {.name = "claude code", .origin = ORIGIN_NOTIONAL, .every_ms = 6 * MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .window_ms = MS_PER_DAY,
     .history_ms = 7 * MS_PER_DAY, .settles_ms = MS_PER_HOUR, .arg = &(const Endpoint){ORG "usage_report/claude_code", "", "&limit=1000", NULL},
     .request = code_request, .parse = code_parse},
    {.name = "keys", .no_rows = true, .every_ms = MS_PER_DAY, .bucket_ms = MS_PER_DAY, .arg = &(const Endpoint){ORG "api_keys", "key", "", NULL},
     .request = list_request, .parse = list_parse},
    {.name = "workspaces", .no_rows = true, .every_ms = MS_PER_DAY, .bucket_ms = MS_PER_DAY, .arg = &(const Endpoint){ORG "workspaces", "project", "", NULL},
     .request = list_request, .parse = list_parse},
    {.name = NULL},
};

const Provider provider_anthropic = {
    .name = "anthropic", .base_url = "https://api.anthropic.com", .feeds = feeds,
    .key_help = "an admin key (sk-ant-admin01-...), which an organization admin makes in the Console, Settings, Admin keys",
};
