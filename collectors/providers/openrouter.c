/* openrouter: activity of the last 30 completed UTC days, which has tokens and credits in one row, and the credit left. Reasoning
 * is a part of completion tokens; what was paid to an upstream directly (byok) is another's money and not in it. Needs a
 * management key. Source: OpenRouter's OpenAPI. */
#include "collectors/provider.h"
#include "store/clock.h"
#include "store/money.h"

static int get_request(const FeedCall *c, PageRequest *out, Err *e) {
    (void)e;
    snprintf(out->url, sizeof out->url, "%s%s", c->base_url, (const char *)c->arg);
    page_header(out, "Authorization: Bearer %s", c->secret);
    return 0;
}

static int fill_usage(const json_t *r, BillRow *row) {
    bool bad = false;
    int64_t output = json_count(r, "completion_tokens", &bad), reasoning = json_count(r, "reasoning_tokens", &bad);
    row->requests = json_count(r, "requests", &bad);
    row->tokens[TOK_INPUT] = json_count(r, "prompt_tokens", &bad);
    row->tokens[TOK_REASONING] = reasoning;
    row->tokens[TOK_OUTPUT] = output - reasoning;
    return bad || reasoning > output ? -1 : 0;
}

static int parse_activity(FeedCall *c, const json_t *answer, const FeedSink *out, bool money, Err *e) {
    const json_t *data = json_object_get(answer, "data"), *r;
    size_t i;
    c->cursor[0] = '\0';
    if (!json_is_array(data)) return fail(e, "the answer has no `data`");
    json_array_foreach(data, i, r) {
        int64_t day;
        if (json_time(json_object_get(r, "date"), &day) != 0) return fail(e, "a row without a date");
        if (day < c->from_ms || day >= c->until_ms) continue; /* it always sends 30 days */
        BillRow *row = bill_set_add(out->rows);
        if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
        row->start_ms = day;
        row->end_ms = day + MS_PER_DAY;
        row->model = bill_set_name(out->rows, json_str(r, "model"));
        row->item = bill_set_name(out->rows, json_str(r, "provider_name"));
        row->money = money;
        int rc = money ? json_nano(json_object_get(r, "usage"), 0, &row->nano) : fill_usage(r, row);
        if (rc != 0) return fail(e, "a row whose figures contradict each other; nothing of it is believed");
    }
    return 0;
}

static int usage_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) { return parse_activity(c, answer, out, false, e); }
static int money_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) { return parse_activity(c, answer, out, true, e); }

static int credits_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *data = json_object_get(answer, "data");
    int64_t total, used;
    c->cursor[0] = '\0';
    if (json_nano(json_object_get(data, "total_credits"), 0, &total) != 0 || json_nano(json_object_get(data, "total_usage"), 0, &used) != 0)
        return fail(e, "the answer has no total_credits and total_usage");
    out->balance(out->ctx, "balance", "USD", nano_add(total, -used));
    return 0;
}

static int key_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *data = json_object_get(answer, "data"), *limit = json_object_get(data, "limit_remaining");
    int64_t left;
    c->cursor[0] = '\0';
    if (!json_is_object(data)) return fail(e, "the answer has no `data`");
    if (!limit || json_is_null(limit)) return 0; /* no limit is set */
    if (json_nano(limit, 0, &left) != 0) return fail(e, "limit_remaining is no amount");
    out->balance(out->ctx, "limit", "USD", left);
    return 0;
}

#define DAILY .bucket_ms = MS_PER_DAY, .history_ms = 30 * MS_PER_DAY
static const Feed feeds[] = {
    {.name = "activity", .cheap = true, .origin = ORIGIN_BILLED, .every_ms = MS_PER_HOUR, DAILY, .arg = "/activity", .request = get_request, .parse = money_parse},
    {.name = "activity tokens", .origin = ORIGIN_REPORTED, .every_ms = MS_PER_HOUR, DAILY, .arg = "/activity", .request = get_request, .parse = usage_parse},
    {.name = "credits", .no_rows = true, .every_ms = 5 * MS_PER_MINUTE, DAILY, .arg = "/credits", .request = get_request, .parse = credits_parse},
    {.name = "key", .no_rows = true, .every_ms = 5 * MS_PER_MINUTE, DAILY, .arg = "/key", .request = get_request, .parse = key_parse},
    {.name = NULL},
};

const Provider provider_openrouter = {
    .name = "openrouter", .base_url = "https://openrouter.ai/api/v1", .feeds = feeds,
    .key_help = "a management key, made at openrouter.ai, Settings, Management keys",
};
