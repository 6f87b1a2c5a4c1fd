/* azure: what Azure bills for AI services (Cost Management), and an Azure OpenAI resource's own token metrics (Monitor). The key
 * is the secret of an app registration and is changed into a bearer token first. Rows are positional: columns are found by name,
 * and come in the billing currency unless CostUSD is among them. Metrics do not tell cached tokens apart, so what they are worth
 * is an upper bound. Source: Microsoft's REST reference. */
#include "collectors/provider.h"
#include "collectors/secret.h"
#include "store/clock.h"
#include <strings.h>

#define HOST "https://management.azure.com"
#define LOGIN "https://login.microsoftonline.com"
#define PATH_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:()/"

/* A path of the configuration, without a slash at its ends. */
static int add_path(Buf *url, const char *path, const char *key, Err *e) {
    path += strspn(path, "/");
    if (!*path) return fail(e, "the account needs %s =", key);
    if (path[strspn(path, PATH_BYTES)]) return fail(e, "%s = is no path like subscriptions/ID", key);
    buf_fmt(url, "/%s", path);
    return 0;
}

/* ---- signing in ---- */
static void add_field(Buf *form, const char *key, const char *value) {
    buf_fmt(form, "%s%s=", form->len ? "&" : "", key);
    http_encode(form, value);
}

static int token_request(const FeedCall *c, PageRequest *out, Err *e) {
    Buf form = {.max = PAGE_BODY_MAX - 1}, url = {.max = PAGE_URL_MAX - 1};
    bool own = strcmp(c->base_url, HOST) != 0; /* another address stands for both */
    if (!c->account->tenant[0] || !c->account->client_id[0])
        return fail(e, "the account needs tenant = and client_id = of an app registration; the key is its client secret");
    add_field(&form, "grant_type", "client_credentials");
    add_field(&form, "client_id", c->account->client_id);
    add_field(&form, "client_secret", c->secret);
    add_field(&form, "scope", HOST "/.default");
    snprintf(out->body, sizeof out->body, "%s", form.at);
    bool fits = !form.overflow;
    secret_wipe(form.at, form.len);
    buf_free(&form);
    buf_str(&url, own ? c->base_url : LOGIN);
    buf_str(&url, "/");
    http_encode(&url, c->account->tenant);
    buf_str(&url, "/oauth2/v2.0/token");
    page_header(out, "Content-Type: application/x-www-form-urlencoded");
    if (page_url(out, &url, e) != 0) return -1;
    return fits ? 0 : fail(e, "the client secret is too long");
}

/* It goes into a header: nothing but visible ASCII. */
static bool is_token(const char *text) {
    size_t n = 0;
    while (text[n] > 0x20 && text[n] < 0x7f) n++;
    return n > 0 && text[n] == '\0' && n < SECRET_MAX;
}

static int token_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const char *token = json_str(answer, "access_token");
    (void)out;
    if (!is_token(token)) return fail(e, "the answer has no access_token");
    snprintf(c->token, sizeof c->token, "%s", token);
    return 0;
}

/* ---- costs ---- */
static json_t *cost_body(int64_t from_ms, int64_t until_ms) {
    char from[40], to[40];
    time_format(NULL, from_ms, "%Y-%m-%dT00:00:00Z", from, sizeof from);
    time_format(NULL, until_ms - 1, "%Y-%m-%dT23:59:59Z", to, sizeof to); /* the end is included */
    json_t *filter = json_pack("{s:{s:s,s:s,s:[s,s,s,s,s]}}", "dimensions", "name", "ServiceName", "operator", "In", "values", "Cognitive Services",
                               "Foundry Models", "Foundry Tools", "Azure OpenAI", "Azure AI services");
    return json_pack("{s:s,s:s,s:{s:s,s:s},s:{s:s,s:{s:{s:s,s:s},s:{s:s,s:s}},s:[{s:s,s:s},{s:s,s:s}],s:o}}", "type", "ActualCost", "timeframe",
                     "Custom", "timePeriod", "from", from, "to", to, "dataset", "granularity", "Daily", "aggregation", "totalCost", "name", "Cost",
                     "function", "Sum", "totalCostUSD", "name", "CostUSD", "function", "Sum", "grouping", "type", "Dimension", "name",
                     "MeterSubCategory", "type", "Dimension", "name", "Meter", "filter", filter);
}

/* The next page's address is the server's word: our token goes nowhere but to the same server. */
static int cost_url(const FeedCall *c, PageRequest *out, Err *e) {
    size_t base = strlen(c->base_url);
    Buf url = {.max = PAGE_URL_MAX - 1};
    if (c->cursor[0] && (strncmp(c->cursor, c->base_url, base) != 0 || c->cursor[base] != '/'))
        return fail(e, "the next page is on another server; the token does not go there");
    if (c->cursor[0]) {
        buf_str(&url, c->cursor);
    } else {
        buf_str(&url, c->base_url);
        if (add_path(&url, c->account->scope, "scope", e) != 0) {
            buf_free(&url);
            return -1;
        }
        buf_str(&url, "/providers/Microsoft.CostManagement/query?api-version=2025-03-01");
    }
    return page_url(out, &url, e);
}

static int cost_request(const FeedCall *c, PageRequest *out, Err *e) {
    if (cost_url(c, out, e) != 0) return -1;
    page_header(out, "Authorization: Bearer %s", c->token);
    page_header(out, "Content-Type: application/json");
    page_header(out, "ClientType: tollwatch"); /* a quota of its own */
    return page_json(out, cost_body(c->from_ms, c->until_ms), e);
}

static int column(const json_t *columns, const char *name) {
    const json_t *v;
    size_t i;
    json_array_foreach(columns, i, v) {
        if (strcasecmp(json_str(v, "name"), name) == 0) return (int)i;
    }
    return -1;
}

typedef struct Columns { int cost, date, currency, sub, meter; bool dollars; } Columns;

static int find_columns(const json_t *columns, Columns *at, Err *e) {
    *at = (Columns){.cost = column(columns, "CostUSD"), .date = column(columns, "UsageDate"), .currency = column(columns, "Currency"),
                    .sub = column(columns, "MeterSubCategory"), .meter = column(columns, "Meter")};
    at->dollars = at->cost >= 0;
    if (at->cost < 0) at->cost = column(columns, "Cost");
    if (at->cost < 0) at->cost = column(columns, "PreTaxCost");
    return at->cost < 0 || at->date < 0 ? fail(e, "the answer has no columns Cost and UsageDate") : 0;
}

static const json_t *cell(const json_t *row, int at) { return at < 0 ? NULL : json_array_get(row, (size_t)at); }
static const char *text_at(const json_t *row, int at) {
    const char *text = json_string_value(cell(row, at));
    return text ? text : "";
}

/* 20261116 */
static int day_at(const json_t *value, int64_t *ms) {
    char text[40];
    bool bad = false;
    int64_t day = json_whole(value, &bad);
    if (bad || day < 19700101 || day > 99991231) return -1;
    int n = snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", (int)(day / 10000), (int)(day / 100 % 100), (int)(day % 100));
    return time_parse_rfc3339(text, (size_t)n, ms);
}

/* "Azure OpenAI GPT-5", or, when that says nothing, a meter "gpt 4o 0806 Input global Tokens". */
static void model_of(const char *sub, const char *meter, char *out, size_t size) {
    static const char family[] = "Azure OpenAI", *const counted[] = {" inp", " outp", " opt", " cach", " cchd"};
    const char *from = strncasecmp(sub, family, sizeof family - 1) == 0 ? sub + sizeof family - 1 : sub, *cut;
    size_t len = strlen(meter);
    model_slug(from, strlen(from), out, size);
    if (*out) return;
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        if ((cut = strcasestr(meter, counted[i])) != NULL && (size_t)(cut - meter) < len) len = (size_t)(cut - meter);
    model_slug(meter, len, out, size);
}

static int cost_row(const json_t *r, const Columns *at, BillRow *row, BillSet *set, Err *e) {
    char model[NAME_MAX_BYTES + 1], item[2 * NAME_MAX_BYTES];
    const char *sub = text_at(r, at->sub), *meter = text_at(r, at->meter);
    row->money = true;
    if (json_nano(cell(r, at->cost), 0, &row->nano) != 0) return fail(e, "an amount that is no decimal number; nothing of it is believed");
    if (day_at(cell(r, at->date), &row->start_ms) != 0) return fail(e, "a UsageDate that is no day");
    row->end_ms = row->start_ms + MS_PER_DAY;
    model_of(sub, meter, model, sizeof model);
    snprintf(item, sizeof item, "%s%s%s", sub, *sub && *meter ? ", " : "", meter);
    row->model = bill_set_name(set, model);
    row->item = bill_set_name(set, item);
    row->currency = bill_set_name(set, at->dollars ? "USD" : text_at(r, at->currency));
    return 0;
}

static int cost_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *p = json_object_get(answer, "properties"), *rows = json_object_get(p, "rows"), *r;
    const char *next = json_str(p, "nextLink");
    Columns at;
    size_t i;
    if (!json_is_array(rows)) return fail(e, "the answer has no `rows`");
    if (find_columns(json_object_get(p, "columns"), &at, e) != 0) return -1;
    json_array_foreach(rows, i, r) {
        BillRow *row = bill_set_add(out->rows);
        if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
        if (cost_row(r, &at, row, out->rows, e) != 0) return -1;
    }
    if (strlen(next) >= sizeof c->cursor) return fail(e, "the cursor of the next page is too long");
    snprintf(c->cursor, sizeof c->cursor, "%s", next);
    return 0;
}

/* ---- metrics ---- */
static const struct Metric { const char *name; int token; } metrics[] = {
    {"ProcessedPromptTokens", TOK_INPUT}, {"GeneratedTokens", TOK_OUTPUT}, {"AzureOpenAIRequests", -1}};
enum { METRICS = sizeof metrics / sizeof *metrics };

static bool has_resource(const AccountConfig *a) { return a->resource[0] != '\0'; }

static int metric_request(const FeedCall *c, PageRequest *out, Err *e) {
    Buf url = {.max = PAGE_URL_MAX - 1};
    char span[80], from[32], to[32];
    time_format(NULL, c->from_ms, "%Y-%m-%dT%H:%M:%SZ", from, sizeof from);
    time_format(NULL, c->until_ms < c->now_ms ? c->until_ms : c->now_ms, "%Y-%m-%dT%H:%M:%SZ", to, sizeof to);
    snprintf(span, sizeof span, "%s/%s", from, to);
    buf_str(&url, c->base_url);
    if (add_path(&url, c->account->resource, "resource", e) != 0) {
        buf_free(&url);
        return -1;
    }
    buf_str(&url, "/providers/Microsoft.Insights/metrics?api-version=2018-01-01&metricnames=");
    for (int i = 0; i < METRICS; i++) buf_fmt(&url, "%s%s", i ? "%2C" : "", metrics[i].name);
    buf_str(&url, "&timespan=");
    http_encode(&url, span);
    buf_str(&url, "&interval=P1D&aggregation=Total&top=1000&%24filter=");
    http_encode(&url, "ModelDeploymentName eq '*' and ModelName eq '*'");
    page_header(out, "Authorization: Bearer %s", c->token);
    return page_url(out, &url, e);
}

static const char *label(const json_t *series, const char *name) {
    const json_t *v;
    size_t i;
    json_array_foreach(json_object_get(series, "metadatavalues"), i, v) {
        if (strcasecmp(json_str(json_object_get(v, "name"), "value"), name) == 0) return json_str(v, "value");
    }
    return "";
}

static int metric_series(const json_t *series, const struct Metric *m, const FeedSink *out, Err *e) {
    const char *deployment = label(series, "ModelDeploymentName"), *model = label(series, "ModelName");
    const json_t *point;
    size_t i;
    json_array_foreach(json_object_get(series, "data"), i, point) {
        bool bad = false;
        int64_t at, n = json_count(point, "total", &bad);
        if (bad || json_time(json_object_get(point, "timeStamp"), &at) != 0) return fail(e, "a point without a time and a count");
        if (n == 0) continue; /* no total: no data */
        BillRow *row = bill_set_add(out->rows);
        if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
        row->start_ms = at - at % MS_PER_DAY;
        row->end_ms = row->start_ms + MS_PER_DAY;
        row->model = bill_set_name(out->rows, *model ? model : deployment);
        row->item = bill_set_name(out->rows, deployment);
        if (m->token < 0) row->requests = n;
        else row->tokens[m->token] = n;
    }
    return 0;
}

static int metric_one(const json_t *v, const FeedSink *out, Err *e) {
    const char *name = json_str(json_object_get(v, "name"), "value"), *code = json_str(v, "errorCode");
    const json_t *series;
    size_t i;
    if (*code && strcmp(code, "Success") != 0) return fail(e, "the metric %.40s could not be read (%.40s)", name, code);
    for (int m = 0; m < METRICS; m++) {
        if (strcasecmp(name, metrics[m].name) != 0) continue;
        json_array_foreach(json_object_get(v, "timeseries"), i, series) {
            if (metric_series(series, &metrics[m], out, e) != 0) return -1;
        }
    }
    return 0;
}

static int metric_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *value = json_object_get(answer, "value"), *v;
    size_t i;
    c->cursor[0] = '\0';
    if (!json_is_array(value)) return fail(e, "the answer has no `value`");
    json_array_foreach(value, i, v) {
        if (metric_one(v, out, e) != 0) return -1;
    }
    return 0;
}

static bool no_data(int status, const json_t *answer) {
    (void)answer;
    return status == 204;
}

static const Feed feeds[] = {
    {.name = "cost query", .cheap = true, .origin = ORIGIN_BILLED, .every_ms = 4 * MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = 92 * MS_PER_DAY,
     .window_ms = 366 * MS_PER_DAY, .settles_ms = 2 * MS_PER_DAY, .request = cost_request, .parse = cost_parse},
    {.name = "metrics", .origin = ORIGIN_REPORTED, .every_ms = MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = 31 * MS_PER_DAY,
     .window_ms = 31 * MS_PER_DAY, .wanted = has_resource, .request = metric_request, .parse = metric_parse},
    {.name = NULL},
};
static const Feed sign_in = {.name = "sign-in", .request = token_request, .parse = token_parse};

const Provider provider_azure = {
    .name = "azure", .base_url = HOST, .feeds = feeds, .sign_in = &sign_in, .no_data = no_data,
    .key_help = "the client secret of an app registration (tenant, client_id) with the roles Cost Management Reader on the scope and Monitoring "
                "Reader on the resource",
};
