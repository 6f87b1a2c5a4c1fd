/* bedrock: what AWS bills for models (Cost Explorer) and how many tokens it counted (CloudWatch), signed with SigV4 by libcurl.
 * Every page of Cost Explorer costs $0.01: it is asked rarely, and for all days at once. Amazon's own models bill as "Amazon
 * Bedrock", all others as marketplace services "... (Amazon Bedrock Edition)": a name that contains Bedrock counts. CloudWatch's
 * SEARCH finds the models by itself, but none that was silent for two weeks, and never the total that has no ModelId.
 * Source: AWS's API models and guides. */
#include "collectors/provider.h"
#include "store/clock.h"

#define EDITION " (Amazon Bedrock Edition)"

/* ---- requests ---- */
typedef struct Service {
    const char *name, *region /* NULL = the account's */, *content_type, *target;
} Service;
static const Service cost_explorer = {"ce", "us-east-1", "application/x-amz-json-1.1", "AWSInsightsIndexService.GetCostAndUsage"};
static const Service cloudwatch = {"monitoring", NULL, "application/x-amz-json-1.0", "GraniteServiceVersion20100801.GetMetricData"};

static int signed_request(const FeedCall *c, const Service *s, PageRequest *out, json_t *body, Err *e) {
    const char *own = c->account->region[0] ? c->account->region : "us-east-1", *region = s->region ? s->region : own;
    const char *session = strchr(c->secret, ' ');
    char host[160];
    if (page_json(out, body, e) != 0) return -1;
    if (!c->account->key_id[0]) return fail(e, "the account needs key_id =, the access key id; its secret is the key");
    if (region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")]) return fail(e, "region = is no AWS region, like us-east-1");
    snprintf(host, sizeof host, "https://%s.%s.amazonaws.com", s->name, region);
    snprintf(out->url, sizeof out->url, "%s/", c->base_url[0] ? c->base_url : host);
    snprintf(out->aws_sigv4, sizeof out->aws_sigv4, "aws:amz:%s:%s", region, s->name);
    page_header(out, "Content-Type: %s", s->content_type);
    page_header(out, "X-Amz-Target: %s", s->target);
    if (session) page_header(out, "X-Amz-Security-Token: %s", session + 1);
    return 0;
}

static int add_cursor(json_t *body, const char *key, const char *cursor) {
    return cursor[0] ? json_object_set_new(body, key, json_string(cursor)) : 0;
}

static int cost_request(const FeedCall *c, PageRequest *out, Err *e) {
    char from[16], until[16];
    time_format(NULL, c->from_ms, "%Y-%m-%d", from, sizeof from);
    time_format(NULL, c->until_ms, "%Y-%m-%d", until, sizeof until);
    json_t *body = json_pack("{s:{s:s,s:s},s:s,s:[s],s:[{s:s,s:s},{s:s,s:s}]}", "TimePeriod", "Start", from, "End", until, "Granularity", "DAILY",
                             "Metrics", "UnblendedCost", "GroupBy", "Type", "DIMENSION", "Key", "SERVICE", "Type", "DIMENSION", "Key", "USAGE_TYPE");
    add_cursor(body, "NextPageToken", c->cursor);
    return signed_request(c, &cost_explorer, out, body, e);
}

/* What passes bedrock-mantle is in a namespace of its own, at several levels of dimensions, of which one is searched. */
#define RUNTIME "AWS/Bedrock", "ModelId"
#define MANTLE "AWS/BedrockMantle", "Model"
static const struct Metric { const char *id, *space, *dimension, *name; int token; } metrics[] = {
    {"input", RUNTIME, "InputTokenCount", TOK_INPUT},
    {"output", RUNTIME, "OutputTokenCount", TOK_OUTPUT},
    {"read", RUNTIME, "CacheReadInputTokenCount", TOK_CACHE_READ},
    {"write", RUNTIME, "CacheWriteInputTokenCount", TOK_CACHE_WRITE_5M},
    {"calls", RUNTIME, "Invocations", -1},
    {"mantle_input", MANTLE, "TotalInputTokens", TOK_INPUT},
    {"mantle_output", MANTLE, "TotalOutputTokens", TOK_OUTPUT},
    {"mantle_calls", MANTLE, "Inferences", -1},
};
enum { METRICS = sizeof metrics / sizeof *metrics };

static int metric_request(const FeedCall *c, PageRequest *out, Err *e) {
    json_t *queries = json_array();
    for (int i = 0; i < METRICS; i++) {
        char search[160], label[96];
        snprintf(search, sizeof search, "SEARCH('{%s,%s} MetricName=\"%s\"', 'Sum', 86400)", metrics[i].space, metrics[i].dimension, metrics[i].name);
        snprintf(label, sizeof label, "${PROP('Dim.%s')} %s", metrics[i].dimension, metrics[i].name);
        json_array_append_new(queries, json_pack("{s:s,s:s,s:s,s:i}", "Id", metrics[i].id, "Expression", search, "Label", label, "Period", 86400));
    }
    json_t *body = json_pack("{s:o,s:I,s:I}", "MetricDataQueries", queries, "StartTime", (json_int_t)(c->from_ms / MS_PER_SECOND), "EndTime",
                             (json_int_t)(c->until_ms / MS_PER_SECOND));
    add_cursor(body, "NextToken", c->cursor);
    return signed_request(c, &cloudwatch, out, body, e);
}

static int next_cursor(FeedCall *c, const json_t *answer, const char *key, Err *e) {
    const char *next = json_str(answer, key);
    if (strlen(next) >= sizeof c->cursor) return fail(e, "the cursor of the next page is too long");
    snprintf(c->cursor, sizeof c->cursor, "%s", next);
    return 0;
}

/* ---- what Cost Explorer says ---- */
/* "USE1-NovaPro-input-tokens": what stands after the region and before what is counted. */
static void model_of(const char *service, const char *usage, char *out, size_t size) {
    const char *edition = strstr(service, EDITION), *from = strchr(usage, '-'), *to;
    *out = '\0';
    if (edition) {
        model_slug(service, (size_t)(edition - service), out, size);
        return;
    }
    if (!from || ((to = strstr(from, "-input")) == NULL && (to = strstr(from, "-output")) == NULL)) return;
    if (to > from) model_slug(from + 1, (size_t)(to - from - 1), out, size);
}

static int cost_row(const json_t *metrics_of, const char *service, const char *usage, BillRow *row, BillSet *set, Err *e) {
    const json_t *cost = json_object_get(metrics_of, "UnblendedCost");
    char model[NAME_MAX_BYTES + 1];
    row->money = true;
    if (json_nano(json_object_get(cost, "Amount"), 0, &row->nano) != 0) return fail(e, "an amount that is no decimal number; nothing of it is believed");
    model_of(service, usage, model, sizeof model);
    row->model = bill_set_name(set, model);
    row->item = bill_set_name(set, usage[0] ? usage : service);
    row->currency = bill_set_name(set, json_str(cost, "Unit"));
    return 0;
}

static BillRow *add_row(const FeedSink *out, int64_t start_ms, int64_t end_ms, Err *e) {
    BillRow *row = bill_set_add(out->rows);
    if (!row) fail(e, "more rows than %d", BILL_ROWS_MAX);
    else row->start_ms = start_ms, row->end_ms = end_ms;
    return row;
}

static const char *key_at(const json_t *group, size_t i) {
    const char *text = json_string_value(json_array_get(json_object_get(group, "Keys"), i));
    return text ? text : "";
}

static int cost_day(const json_t *day, const FeedSink *out, Err *e) {
    const json_t *period = json_object_get(day, "TimePeriod"), *groups = json_object_get(day, "Groups"), *total = json_object_get(day, "Total"), *g;
    size_t i;
    int64_t start, end;
    BillRow *row;
    if (json_time(json_object_get(period, "Start"), &start) != 0 || json_time(json_object_get(period, "End"), &end) != 0 || end <= start ||
        !json_is_array(groups))
        return fail(e, "a day without TimePeriod and Groups");
    json_array_foreach(groups, i, g) {
        if (!strstr(key_at(g, 0), "Bedrock")) continue;
        if ((row = add_row(out, start, end, e)) == NULL) return -1;
        if (cost_row(json_object_get(g, "Metrics"), key_at(g, 0), key_at(g, 1), row, out->rows, e) != 0) return -1;
    }
    if (json_array_size(groups) > 0 || !json_object_get(total, "UnblendedCost")) return 0; /* else it was not grouped */
    if ((row = add_row(out, start, end, e)) == NULL) return -1;
    return cost_row(total, "", "", row, out->rows, e);
}

static int cost_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *days = json_object_get(answer, "ResultsByTime"), *day;
    size_t i;
    if (!json_is_array(days)) return fail(e, "the answer has no `ResultsByTime`");
    json_array_foreach(days, i, day) {
        if (cost_day(day, out, e) != 0) return -1;
    }
    return next_cursor(c, answer, "NextPageToken", e);
}

/* ---- what CloudWatch says ---- */
static const struct Metric *metric_of(const char *label, size_t *model_len) {
    const char *space = strrchr(label, ' ');
    for (int i = 0; space && i < METRICS; i++) {
        if (strcmp(metrics[i].name, space + 1) != 0) continue;
        *model_len = (size_t)(space - label);
        return &metrics[i];
    }
    return NULL;
}

static int metric_series(const json_t *series, const FeedSink *out, Err *e) {
    const json_t *times = json_object_get(series, "Timestamps"), *values = json_object_get(series, "Values"), *at;
    const char *label = json_str(series, "Label"), *status = json_str(series, "StatusCode");
    char model[NAME_MAX_BYTES + 1];
    size_t i, len;
    bool bad = !json_is_array(times) || json_array_size(times) != json_array_size(values);
    const struct Metric *m = metric_of(label, &len);
    if (strcmp(status, "Complete") != 0 && strcmp(status, "PartialData") != 0) return fail(e, "a metric that could not be read (%.40s)", status);
    if (!m && json_array_size(times) == 0) return 0; /* a search that found nothing is one empty series */
    if (!m) return fail(e, "a metric that was not asked for");
    snprintf(model, sizeof model, "%.*s", (int)(len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES), label);
    json_array_foreach(times, i, at) {
        int64_t ms = json_whole(at, &bad) * MS_PER_SECOND, n = json_whole(json_array_get(values, i), &bad);
        BillRow *row = add_row(out, ms - ms % MS_PER_DAY, ms - ms % MS_PER_DAY + MS_PER_DAY, e);
        if (!row) return -1;
        row->model = bill_set_name(out->rows, model);
        if (m->token < 0) row->requests = n;
        else row->tokens[m->token] = n;
    }
    return bad ? fail(e, "a metric whose times and values do not match; nothing of it is believed") : 0;
}

static int metric_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *all = json_object_get(answer, "MetricDataResults"), *series;
    size_t i;
    if (!json_is_array(all)) return fail(e, "the answer has no `MetricDataResults`");
    json_array_foreach(all, i, series) {
        if (metric_series(series, out, e) != 0) return -1;
    }
    return next_cursor(c, answer, "NextToken", e);
}

/* A new account has no costs yet. Types may come as "namespace#Type". */
static bool no_data(int status, const json_t *answer) {
    return status == 400 && strstr(json_str(answer, "__type"), "DataUnavailableException") != NULL;
}

static const Feed feeds[] = {
    {.name = "cost explorer", .origin = ORIGIN_BILLED, .every_ms = 6 * MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = 92 * MS_PER_DAY,
     .window_ms = 366 * MS_PER_DAY, .settles_ms = MS_PER_DAY, .request = cost_request, .parse = cost_parse},
    {.name = "cloudwatch", .cheap = true, .origin = ORIGIN_REPORTED, .every_ms = MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = 14 * MS_PER_DAY,
     .window_ms = 31 * MS_PER_DAY, .request = metric_request, .parse = metric_parse},
    {.name = NULL},
};

const Provider provider_bedrock = {
    .name = "bedrock", .base_url = "", .feeds = feeds, .throttles_with_400 = true, .no_data = no_data,
    .key_help = "key_id and secret of an IAM user with ce:GetCostAndUsage and cloudwatch:GetMetricData, and a clock that is right",
};
