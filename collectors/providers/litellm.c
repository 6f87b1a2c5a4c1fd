/* litellm: a LiteLLM proxy's own daily activity: tokens per model and day, as the proxy counted them. Prompt tokens include cache
 * reads and creations; a day may be split over two pages, and page totals are of the page alone, so only models are read.
 * Needs `base_url`, since every site has its own. Source: LiteLLM 1.82's OpenAPI. */
#include "collectors/provider.h"
#include "store/clock.h"

enum { PAGE_SIZE = 1000 };

static int request(const FeedCall *c, PageRequest *out, Err *e) {
    char from[16], to[16];
    if (!c->base_url[0]) return fail(e, "litellm needs base_url =, the proxy's address");
    time_format(NULL, c->from_ms, "%Y-%m-%d", from, sizeof from);
    time_format(NULL, c->until_ms - 1, "%Y-%m-%d", to, sizeof to);
    snprintf(out->url, sizeof out->url, "%s/user/daily/activity?start_date=%s&end_date=%s&page=%s&page_size=%d", c->base_url, from, to,
             c->cursor[0] ? c->cursor : "1", PAGE_SIZE);
    page_header(out, "Authorization: Bearer %s", c->secret);
    return 0;
}

static int model_row(const char *model, const json_t *m, int64_t day, BillSet *set, Err *e) {
    bool bad = false;
    BillRow *row = bill_set_add(set);
    if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
    int64_t prompt = json_count(m, "prompt_tokens", &bad), read = json_count(m, "cache_read_input_tokens", &bad),
            written = json_count(m, "cache_creation_input_tokens", &bad);
    row->start_ms = day;
    row->end_ms = day + MS_PER_DAY;
    row->model = bill_set_name(set, model);
    row->requests = json_count(m, "api_requests", &bad);
    row->tokens[TOK_CACHE_READ] = read;
    row->tokens[TOK_CACHE_WRITE_5M] = written;
    row->tokens[TOK_INPUT] = prompt - read - written;
    row->tokens[TOK_OUTPUT] = json_count(m, "completion_tokens", &bad);
    return bad || row->tokens[TOK_INPUT] < 0 ? fail(e, "counters of %.60s contradict each other; nothing of it is believed", model) : 0;
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

static int parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *results = json_object_get(answer, "results"), *r;
    size_t i;
    if (!json_is_array(results)) return fail(e, "the answer has no `results`");
    json_array_foreach(results, i, r) {
        if (parse_day(c, r, out->rows, e) != 0) return -1;
    }
    bool more = json_is_true(json_object_get(json_object_get(answer, "metadata"), "has_more"));
    snprintf(c->cursor, sizeof c->cursor, "%s", "");
    if (more) snprintf(c->cursor, sizeof c->cursor, "%d", c->page + 2);
    return 0;
}

static const Feed feeds[] = {
    {.name = "daily activity", .cheap = true, .origin = ORIGIN_REPORTED, .every_ms = 5 * MS_PER_MINUTE, .bucket_ms = MS_PER_DAY,
     .history_ms = 31 * MS_PER_DAY, .window_ms = 7 * MS_PER_DAY, .request = request, .parse = parse},
    {.name = NULL},
};

const Provider provider_litellm = {.name = "litellm", .base_url = "", .feeds = feeds, .key_help = "the proxy's master key, or a key that may get spend routes"};
