/* litellm: a LiteLLM proxy's own counts: daily activity per model, its spend logs call by call, and the budget of the key.
 *
 * Both tell the same calls, so one of them counts, day by day: the spend logs for days that are over, since they know keys, teams
 * and caches; daily activity for today, and where a proxy has no /spend/logs/v2 or more calls a day than are worth reading. The
 * logs filter by the start of a call, so that one which ends late is missed at first: a day is asked for up to the next one's
 * first second, read again for three days, and a call counts once whatever page it is on. Totals are floors in newer versions
 * and are not believed: a page that is not full is the last. /spend/logs, which can kill a proxy, and /health, which pays for
 * calls, are never asked. Needs `base_url`. Sources: LiteLLM 1.82's OpenAPI and schema. */
#include "collectors/provider.h"
#include "store/clock.h"
#include "store/money.h"

enum { DAYS_OF_A_PAGE = 1000, CALLS_OF_A_PAGE = 100, PAGES_OF_A_DAY = 400, METADATA_MAX = 64 << 10 };

static int get(const FeedCall *c, const char *path, Buf *url, PageRequest *out, Err *e) {
    if (!c->base_url[0]) return fail(e, "litellm needs base_url =, the proxy's address");
    buf_fmt(url, "%s%s", c->base_url, path);
    page_header(out, "Authorization: Bearer %s", c->secret);
    return 0;
}

static void add_page(Buf *url, const FeedCall *c, int size) {
    buf_str(url, "&page=");
    http_encode(url, c->cursor[0] ? c->cursor : "1");
    buf_fmt(url, "&page_size=%d", size);
}

static void next_page(FeedCall *c, bool more) {
    c->cursor[0] = '\0';
    if (more) snprintf(c->cursor, sizeof c->cursor, "%d", c->page + 2);
}

/* Prompt tokens include cache reads and creations, of Anthropic's models too. */
static int fill_tokens(BillRow *row, int64_t prompt, int64_t read, int64_t written, int64_t completion) {
    row->tokens[TOK_CACHE_READ] += read;
    row->tokens[TOK_CACHE_WRITE_5M] += written;
    row->tokens[TOK_INPUT] += prompt - read - written;
    row->tokens[TOK_OUTPUT] += completion;
    return prompt < read + written ? -1 : 0;
}

/* ---- daily activity: a day may be split over two pages, and page totals are of the page alone, so only models are read ---- */
static int activity_request(const FeedCall *c, PageRequest *out, Err *e) {
    Buf url = {.max = PAGE_URL_MAX - 1};
    char from[16], to[16];
    time_format(NULL, c->from_ms, "%Y-%m-%d", from, sizeof from);
    time_format(NULL, c->until_ms - 1, "%Y-%m-%d", to, sizeof to);
    if (get(c, "/user/daily/activity", &url, out, e) != 0) return -1;
    buf_fmt(&url, "?start_date=%s&end_date=%s", from, to);
    add_page(&url, c, DAYS_OF_A_PAGE);
    return page_url(out, &url, e);
}

static int model_row(const char *model, const json_t *m, int64_t day, BillSet *set, Err *e) {
    bool bad = false;
    const BillRow like = {.start_ms = day, .end_ms = day + MS_PER_DAY, .model = bill_set_name(set, model)};
    BillRow *row = bill_set_merge(set, &like);
    if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
    row->requests += json_count(m, "api_requests", &bad);
    int rc = fill_tokens(row, json_count(m, "prompt_tokens", &bad), json_count(m, "cache_read_input_tokens", &bad),
                         json_count(m, "cache_creation_input_tokens", &bad), json_count(m, "completion_tokens", &bad));
    return bad || rc != 0 ? fail(e, "counters of %.60s contradict each other; nothing of it is believed", model) : 0;
}

static int parse_day(const FeedCall *c, const json_t *result, BillSet *set, Err *e) {
    const char *model;
    json_t *v, *models = json_object_get(json_object_get(result, "breakdown"), "models");
    int64_t day;
    if (json_time(json_object_get(result, "date"), &day) != 0) return fail(e, "a day without a date");
    if (day < c->from_ms || day >= c->until_ms) return 0;
    json_object_foreach(models, model, v) {
        if (model_row(model, json_object_get(v, "metrics"), day, set, e) != 0) return -1;
    }
    return 0;
}

static int activity_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *results = json_object_get(answer, "results"), *r;
    size_t i;
    if (!json_is_array(results)) return fail(e, "the answer has no `results`");
    json_array_foreach(results, i, r) {
        if (parse_day(c, r, out->rows, e) != 0) return -1;
    }
    next_page(c, json_is_true(json_object_get(json_object_get(answer, "metadata"), "has_more")));
    return 0;
}

/* ---- spend logs: single calls, added up by day, model, key and team ---- */
static int logs_request(const FeedCall *c, PageRequest *out, Err *e) {
    Buf url = {.max = PAGE_URL_MAX - 1};
    char from[32], to[32];
    time_format(NULL, c->from_ms, "%Y-%m-%d %H:%M:%S", from, sizeof from);
    time_format(NULL, c->until_ms, "%Y-%m-%d %H:%M:%S", to, sizeof to);
    if (get(c, "/spend/logs/v2?start_date=", &url, out, e) != 0) return -1;
    http_encode(&url, from);
    buf_str(&url, "&end_date=");
    http_encode(&url, to);
    add_page(&url, c, CALLS_OF_A_PAGE);
    buf_str(&url, "&sort_by=startTime&sort_order=asc");
    return page_url(out, &url, e);
}

/* UTC, with or without a Z. */
static int call_time(const json_t *call, int64_t *ms) {
    const char *text = json_str(call, "startTime");
    char zoned[48];
    size_t len = strlen(text);
    bool bare = len >= 19 && !strpbrk(text + 19, "Zz+-");
    int n = snprintf(zoned, sizeof zoned, "%s%s", text, bare ? "Z" : "");
    return n > 0 && (size_t)n < sizeof zoned ? time_parse_rfc3339(zoned, (size_t)n, ms) : -1;
}

/* An object, in some versions as a text. The caller frees it; NULL = neither. */
static json_t *metadata_of(const json_t *call) {
    json_t *v = json_object_get(call, "metadata");
    Err ignored = {0};
    if (json_is_string(v) && json_string_length(v) < METADATA_MAX) return provider_json(json_string_value(v), json_string_length(v), &ignored);
    return json_is_object(v) ? json_incref(v) : NULL;
}

/* "openai/gpt-5.4-mini" of openai: as daily activity and the logs of others call it. */
static const char *model_of(const json_t *call) {
    const char *model = json_str(call, "model"), *provider = json_str(call, "custom_llm_provider");
    size_t len = strlen(provider);
    return len && strncmp(model, provider, len) == 0 && model[len] == '/' ? model + len + 1 : model;
}

static int fill_call(BillRow *row, const json_t *call, const json_t *usage) {
    bool bad = false;
    int64_t spend = 0;
    const json_t *price = json_object_get(call, "spend");
    row->requests++;
    if (price && !json_is_null(price) && json_nano(price, 0, &spend) != 0) return -1;
    row->nano = nano_add(row->nano, spend);
    if (strcmp(json_str(call, "cache_hit"), "True") == 0) return 0; /* answered by the proxy: no provider saw its tokens */
    int rc = fill_tokens(row, json_count(call, "prompt_tokens", &bad), json_count(usage, "cache_read_input_tokens", &bad),
                         json_count(usage, "cache_creation_input_tokens", &bad), json_count(call, "completion_tokens", &bad));
    return bad ? -1 : rc;
}

static int one_call(const FeedCall *c, const json_t *call, BillSet *set, Err *e) {
    const char *id = json_str(call, "request_id");
    int64_t at;
    if (!*id || call_time(call, &at) != 0) return fail(e, "a call without request_id and startTime");
    if (at < c->from_ms || at >= c->until_ms || !bill_set_first(set, id)) return set->full ? fail(e, "more calls than %d", BILL_ROWS_MAX) : 0;
    json_t *metadata = metadata_of(call);
    const char *alias = json_str(metadata, "user_api_key_alias");
    int64_t day = at - at % MS_PER_DAY;
    const BillRow like = {.start_ms = day, .end_ms = day + MS_PER_DAY, .model = bill_set_name(set, model_of(call)),
                          .project = bill_set_name(set, json_str(call, "team_id")), .key = bill_set_name(set, *alias ? alias : json_str(call, "api_key"))};
    BillRow *row = bill_set_merge(set, &like);
    int rc = row ? fill_call(row, call, json_object_get(metadata, "usage_object")) : -1;
    json_decref(metadata);
    if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
    return rc == 0 ? 0 : fail(e, "counters of call %.60s contradict each other; nothing of it is believed", id);
}

static int logs_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *data = json_object_get(answer, "data"), *call;
    size_t i, full = CALLS_OF_A_PAGE;
    bool bad = false;
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    json_array_foreach(data, i, call) {
        if (one_call(c, call, out->rows, e) != 0) return -1;
    }
    int64_t said = json_count(answer, "page_size", &bad);
    if (!bad && said > 0 && said < CALLS_OF_A_PAGE) full = (size_t)said;
    next_page(c, json_array_size(data) >= full);
    return 0;
}

/* ---- the key's own budget ---- */
static int key_request(const FeedCall *c, PageRequest *out, Err *e) {
    Buf url = {.max = PAGE_URL_MAX - 1};
    return get(c, "/key/info", &url, out, e) == 0 ? page_url(out, &url, e) : -1;
}

static int key_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *info = json_object_get(answer, "info"), *most = json_object_get(info, "max_budget");
    int64_t limit, spent;
    c->cursor[0] = '\0';
    if (!json_is_object(info)) return fail(e, "the answer has no `info`");
    if (!most || json_is_null(most)) return 0; /* no budget is set */
    if (json_nano(most, 0, &limit) != 0 || json_nano(json_object_get(info, "spend"), 0, &spent) != 0) return fail(e, "max_budget or spend is no amount");
    out->balance(out->ctx, "limit", "USD", nano_add(limit, -spent));
    return 0;
}

static const Feed feeds[] = {
    {.name = "daily activity", .cheap = true, .origin = ORIGIN_REPORTED, .rival = "spend logs", .every_ms = 5 * MS_PER_MINUTE, .bucket_ms = MS_PER_DAY,
     .history_ms = 31 * MS_PER_DAY, .window_ms = 7 * MS_PER_DAY, .request = activity_request, .parse = activity_parse},
    {.name = "spend logs", .origin = ORIGIN_REPORTED, .rival = "daily activity", .wins = true, .optional = true, .pages_max = PAGES_OF_A_DAY, .every_ms = 6 * MS_PER_HOUR,
     .bucket_ms = MS_PER_DAY, .history_ms = 7 * MS_PER_DAY, .window_ms = MS_PER_DAY, .settles_ms = MS_PER_HOUR, .request = logs_request, .parse = logs_parse},
    {.name = "key", .no_rows = true, .every_ms = 5 * MS_PER_MINUTE, .bucket_ms = MS_PER_DAY, .request = key_request, .parse = key_parse},
    {.name = NULL},
};

const Provider provider_litellm = {.name = "litellm", .base_url = "", .feeds = feeds, .key_help = "the proxy's master key, or a key of a proxy admin, made with /key/generate, that may get spend routes"};
