/* balances: providers that tell no tokens, but what is left of prepaid credit: DeepSeek and xAI, and of xAI what a day cost.
 * Amounts come as texts; xAI's balance is cents with the sign turned round, its days are dollars. Sources: DeepSeek's docs; xAI's
 * Management API reference (where keys are made, the permission they need), its billing answers as seen live in clients: no live
 * account was asked. */
#include "collectors/provider.h"
#include "store/clock.h"
#include "store/money.h"

static int deepseek_request(const FeedCall *c, PageRequest *out, Err *e) {
    (void)e;
    snprintf(out->url, sizeof out->url, "%s/user/balance", c->base_url);
    page_header(out, "Authorization: Bearer %s", c->secret);
    return 0;
}

static int deepseek_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *infos = json_object_get(answer, "balance_infos"), *v;
    size_t i;
    c->cursor[0] = '\0';
    if (!json_is_array(infos)) return fail(e, "the answer has no `balance_infos`");
    json_array_foreach(infos, i, v) {
        int64_t nano;
        if (json_nano(json_object_get(v, "total_balance"), 0, &nano) != 0) return fail(e, "a balance that is no amount");
        out->balance(out->ctx, "balance", json_str(v, "currency"), nano);
    }
    return 0;
}

static int xai_team(const FeedCall *c, const char *path, PageRequest *out, Err *e) {
    if (!c->account->scope[0]) return fail(e, "xai needs scope =, the team's id");
    Buf url = {.max = PAGE_URL_MAX - 1};
    buf_fmt(&url, "%s/v1/billing/teams/", c->base_url);
    http_encode(&url, c->account->scope);
    buf_str(&url, path);
    page_header(out, "Authorization: Bearer %s", c->secret);
    return page_url(out, &url, e);
}

static int xai_request(const FeedCall *c, PageRequest *out, Err *e) { return xai_team(c, "/prepaid/balance", out, e); }

static int xai_usage_request(const FeedCall *c, PageRequest *out, Err *e) {
    char from[32], to[32];
    time_format(NULL, c->from_ms, "%Y-%m-%d %H:%M:%S", from, sizeof from);
    time_format(NULL, c->until_ms, "%Y-%m-%d %H:%M:%S", to, sizeof to);
    if (xai_team(c, "/usage", out, e) != 0) return -1;
    page_header(out, "Content-Type: application/json");
    return page_json(out, json_pack("{s:{s:{s:s,s:s,s:s},s:s,s:[{s:s,s:s}],s:[],s:[]}}", "analyticsRequest", "timeRange", "startTime", from, "endTime",
                                    to, "timezone", "Etc/GMT", "timeUnit", "TIME_UNIT_DAY", "values", "name", "usd", "aggregation",
                                    "AGGREGATION_SUM", "groupBy", "filters"), e);
}

static int xai_day(const FeedCall *c, const json_t *point, BillSet *set, Err *e) {
    int64_t at, nano;
    if (json_time(json_object_get(point, "timestamp"), &at) != 0 || json_nano(json_array_get(json_object_get(point, "values"), 0), 0, &nano) != 0)
        return fail(e, "a day without its time and amount; nothing of it is believed");
    if (at < c->from_ms || at >= c->until_ms) return 0;
    int64_t day = at - at % MS_PER_DAY;
    BillRow *row = bill_set_merge(set, &(BillRow){.start_ms = day, .end_ms = day + MS_PER_DAY, .money = true});
    if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
    row->nano = nano_add(row->nano, nano);
    return 0;
}

static int xai_usage_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *series = json_object_get(answer, "timeSeries"), *s, *point;
    size_t i, k;
    c->cursor[0] = '\0';
    if (!json_is_array(series)) return fail(e, "the answer has no `timeSeries`");
    if (json_is_true(json_object_get(answer, "limitReached"))) return fail(e, "the answer was cut short; nothing of it is believed");
    json_array_foreach(series, i, s) {
        json_array_foreach(json_object_get(s, "dataPoints"), k, point) {
            if (xai_day(c, point, out->rows, e) != 0) return -1;
        }
    }
    return 0;
}

static int xai_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    int64_t nano;
    c->cursor[0] = '\0';
    if (json_nano(json_object_get(json_object_get(answer, "total"), "val"), 1, &nano) != 0) return fail(e, "the answer has no total.val");
    out->balance(out->ctx, "balance", "USD", -nano);
    return 0;
}

static const Feed deepseek_feeds[] = {
    {.name = "balance", .cheap = true, .no_rows = true, .every_ms = 15 * MS_PER_MINUTE, .bucket_ms = MS_PER_DAY, .request = deepseek_request, .parse = deepseek_parse},
    {.name = NULL}};
static const Feed xai_feeds[] = {
    {.name = "prepaid balance", .cheap = true, .no_rows = true, .every_ms = 15 * MS_PER_MINUTE, .bucket_ms = MS_PER_DAY, .request = xai_request, .parse = xai_parse},
    {.name = "usage", .origin = ORIGIN_BILLED, .every_ms = MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = 31 * MS_PER_DAY, .window_ms = 31 * MS_PER_DAY,
     .request = xai_usage_request, .parse = xai_usage_parse},
    {.name = NULL}};

const Provider provider_deepseek = {.name = "deepseek", .base_url = "https://api.deepseek.com", .feeds = deepseek_feeds, .key_help = "an API key of the account, made at platform.deepseek.com, API keys"};
const Provider provider_xai = {.name = "xai", .base_url = "https://management-api.x.ai", .feeds = xai_feeds,
                               .key_help = "a management key (no inference key), made at console.x.ai, Settings, Management Keys, by a user with that permission, and scope = the team's id"};
