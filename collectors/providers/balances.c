/* balances: providers that tell no usage, but what is left of prepaid credit: DeepSeek and xAI. Amounts come as texts; xAI's are
 * cents with the sign turned round. Sources: DeepSeek's docs; xAI's management API as seen live. */
#include "collectors/provider.h"
#include "store/clock.h"

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

static int xai_request(const FeedCall *c, PageRequest *out, Err *e) {
    if (!c->account->scope[0]) return fail(e, "xai needs scope =, the team's id");
    Buf url = {.max = PAGE_URL_MAX - 1};
    buf_fmt(&url, "%s/v1/billing/teams/", c->base_url);
    http_encode(&url, c->account->scope);
    buf_str(&url, "/prepaid/balance");
    snprintf(out->url, sizeof out->url, "%s", url.at);
    buf_free(&url);
    page_header(out, "Authorization: Bearer %s", c->secret);
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
    {.name = NULL}};

const Provider provider_deepseek = {.name = "deepseek", .base_url = "https://api.deepseek.com", .feeds = deepseek_feeds, .key_help = "any API key of the account"};
const Provider provider_xai = {.name = "xai", .base_url = "https://management-api.x.ai", .feeds = xai_feeds,
                               .key_help = "a management key of the team (not an inference key), and scope = the team's id"};
