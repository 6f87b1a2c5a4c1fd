/* google: what Google bills for Vertex AI and the Gemini API (its billing export in BigQuery), and the tokens and calls of a
 * project (Cloud Monitoring). Costs are before credits, so both are added. A query that is not done is asked for again by its
 * job. Every cell is a text or null. Keys of AI Studio have neither usage nor costs; the key here is an OAuth token, which
 * key_command prints anew for each read. Source: Google's REST references. */
#include "collectors/provider.h"
#include "store/clock.h"
#include "store/money.h"

#define BIGQUERY "https://bigquery.googleapis.com"
#define MONITORING "https://monitoring.googleapis.com"
#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:"
enum { QUERY_WAIT_MS = 15000 /* shorter than HTTP_TIMEOUT_MS */, QUERY_ROWS = 10000, SERIES = 5000, PART_MAX = 1024 };

static int begin(const FeedCall *c, const char *host, const char *path, Buf *url, PageRequest *out, Err *e) {
    const char *project = c->account->project;
    if (!*project || project[strspn(project, NAME_BYTES)]) return fail(e, "the account needs project =, the id of a Google Cloud project");
    page_header(out, "Authorization: Bearer %s", c->secret);
    buf_fmt(url, "%s%s", c->base_url[0] ? c->base_url : host, path);
    http_encode(url, project);
    return 0;
}

static void add_field(Buf *url, const char *key, const char *value) {
    buf_str(url, key);
    http_encode(url, value);
}

/* ---- the billing export: a query, then its pages ---- */
static bool has_table(const AccountConfig *a) { return a->table[0] != '\0'; }

/* Partitions are days of arrival, never before the day of use: only those are scanned, since scanning costs money. */
static int query_body(const FeedCall *c, PageRequest *out, Err *e) {
    char sql[2048], from[16], until[16], partition[16];
    const char *table = c->account->table;
    if (!*table || table[strspn(table, NAME_BYTES)]) return fail(e, "the account needs table =, PROJECT.DATASET.TABLE of the billing export");
    time_format(NULL, c->from_ms, "%Y-%m-%d", from, sizeof from);
    time_format(NULL, c->until_ms, "%Y-%m-%d", until, sizeof until);
    time_format(NULL, c->from_ms - MS_PER_DAY, "%Y-%m-%d", partition, sizeof partition);
    snprintf(sql, sizeof sql,
             "SELECT DATE(usage_start_time) AS day, sku.description AS sku, SUM(CAST(cost AS NUMERIC)) AS cost, "
             "SUM((SELECT SUM(CAST(c.amount AS NUMERIC)) FROM UNNEST(credits) AS c)) AS credits, currency FROM `%s` "
             "WHERE _PARTITIONTIME >= TIMESTAMP('%s') AND usage_start_time >= TIMESTAMP('%s') AND usage_start_time < TIMESTAMP('%s') "
             "AND (service.id = 'C7E2-9256-1C43' OR REGEXP_CONTAINS(service.description, r'(?i)vertex|gemini|generative language')) "
             "GROUP BY day, sku, currency ORDER BY day, sku, currency",
             table, partition, from, until);
    page_header(out, "Content-Type: application/json");
    return page_json(out, json_pack("{s:s,s:b,s:i,s:i}", "query", sql, "useLegacySql", 0, "timeoutMs", QUERY_WAIT_MS, "maxResults", QUERY_ROWS), e);
}

/* The cursor of a query that was begun: JOB, LOCATION and page token, a line each. */
static int add_job(Buf *url, const char *cursor, Err *e) {
    char part[3][PART_MAX] = {"", "", ""};
    for (int i = 0; i < 3; i++) {
        size_t len = strcspn(cursor, "\n");
        if (len >= PART_MAX) return fail(e, "the cursor of the next page is too long");
        memcpy(part[i], cursor, len);
        cursor += len + (cursor[len] != '\0');
    }
    add_field(url, "/", part[0]);
    buf_fmt(url, "?timeoutMs=%d&maxResults=%d", QUERY_WAIT_MS, QUERY_ROWS);
    if (part[1][0]) add_field(url, "&location=", part[1]);
    if (part[2][0]) add_field(url, "&pageToken=", part[2]);
    return 0;
}

static int query_request(const FeedCall *c, PageRequest *out, Err *e) {
    Buf url = {.max = PAGE_URL_MAX - 1};
    int rc = begin(c, BIGQUERY, "/bigquery/v2/projects/", &url, out, e);
    buf_str(&url, "/queries");
    if (rc == 0) rc = c->cursor[0] ? add_job(&url, c->cursor, e) : query_body(c, out, e);
    if (rc == 0) return page_url(out, &url, e);
    buf_free(&url);
    return -1;
}

static const char *text_of(const json_t *v) { return json_is_string(v) ? json_string_value(v) : ""; }

static int query_cursor(FeedCall *c, const json_t *answer, const char *token, Err *e) {
    const json_t *job = json_object_get(answer, "jobReference");
    const char *id = json_str(job, "jobId");
    if (!*id || strchr(id, '\n')) return fail(e, "a query without its jobId");
    int n = snprintf(c->cursor, sizeof c->cursor, "%s\n%s\n%s", id, json_str(job, "location"), token);
    return n > 0 && (size_t)n < sizeof c->cursor ? 0 : fail(e, "the cursor of the next page is too long");
}

typedef struct Columns { int day, sku, cost, credits, currency; } Columns;

static int column(const json_t *answer, const char *name) {
    const json_t *v;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(answer, "schema"), "fields"), i, v) {
        if (strcmp(json_str(v, "name"), name) == 0) return (int)i;
    }
    return -1;
}

static const json_t *cell(const json_t *row, int at) {
    return json_object_get(json_array_get(json_object_get(row, "f"), (size_t)at), "v");
}

/* "Gemini 2.5 Flash Text Input - Predictions", "Generate content input token count gemini 2.5 flash short input text" */
static void model_of(const char *sku, char *out, size_t size) {
    static const char *const rest[] = {" ga ", " text", " image", " audio", " video", " input", " output", " thinking", " cach", " short", " long", " - "};
    const char *from = strcasestr(sku, "gemini"), *cut;
    from = from ? from : sku;
    size_t len = strlen(from);
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if ((cut = strcasestr(from, rest[i])) != NULL && (size_t)(cut - from) < len) len = (size_t)(cut - from);
    *out = '\0';
    if (from[len]) model_slug(from, len, out, size);
}

static int cost_row(const json_t *r, const Columns *at, BillRow *row, BillSet *set, Err *e) {
    const json_t *credits = cell(r, at->credits);
    const char *sku = text_of(cell(r, at->sku));
    char model[NAME_MAX_BYTES + 1];
    int64_t credit = 0;
    row->money = true;
    if (json_nano(cell(r, at->cost), 0, &row->nano) != 0 || (json_is_string(credits) && json_nano(credits, 0, &credit) != 0))
        return fail(e, "an amount that is no decimal number; nothing of it is believed");
    if (json_time(cell(r, at->day), &row->start_ms) != 0) return fail(e, "a day that is none");
    row->nano = nano_add(row->nano, credit); /* credits are negative */
    row->end_ms = row->start_ms + MS_PER_DAY;
    model_of(sku, model, sizeof model);
    row->model = bill_set_name(set, model);
    row->item = bill_set_name(set, sku);
    row->currency = bill_set_name(set, text_of(cell(r, at->currency)));
    return 0;
}

static int query_rows(const json_t *answer, const FeedSink *out, Err *e) {
    const Columns at = {.day = column(answer, "day"), .sku = column(answer, "sku"), .cost = column(answer, "cost"),
                        .credits = column(answer, "credits"), .currency = column(answer, "currency")};
    const json_t *r;
    size_t i;
    if (at.day < 0 || at.sku < 0 || at.cost < 0 || at.credits < 0 || at.currency < 0) return fail(e, "the answer lacks columns that were asked for");
    json_array_foreach(json_object_get(answer, "rows"), i, r) {
        BillRow *row = bill_set_add(out->rows);
        if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
        if (cost_row(r, &at, row, out->rows, e) != 0) return -1;
    }
    return 0;
}

static int query_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *done = json_object_get(answer, "jobComplete"), *errors = json_object_get(answer, "errors");
    const char *token = json_str(answer, "pageToken");
    if (!json_is_boolean(done)) return fail(e, "the answer has no `jobComplete`");
    c->unfinished = json_is_false(done);
    if (!c->unfinished && !json_object_get(answer, "schema") && json_array_size(errors) > 0) /* beside a schema they are warnings */
        return fail(e, "the query failed: %.120s", json_str(json_array_get(errors, 0), "message"));
    if (c->unfinished && c->cursor[0]) return 0; /* the same again */
    if (c->unfinished) return query_cursor(c, answer, "", e);
    if (query_rows(answer, out, e) != 0) return -1;
    c->cursor[0] = '\0';
    return *token ? query_cursor(c, answer, token, e) : 0;
}

/* ---- Cloud Monitoring ---- */
static int series_request(const FeedCall *c, PageRequest *out, Err *e) {
    Buf url = {.max = PAGE_URL_MAX - 1};
    char filter[160], from[32], to[32];
    int64_t now = (c->now_ms / MS_PER_HOUR + 1) * MS_PER_HOUR; /* hours are counted back from the end */
    time_format(NULL, c->from_ms, "%Y-%m-%dT%H:%M:%SZ", from, sizeof from);
    time_format(NULL, c->until_ms < now ? c->until_ms : now, "%Y-%m-%dT%H:%M:%SZ", to, sizeof to);
    snprintf(filter, sizeof filter, "metric.type=\"aiplatform.googleapis.com/publisher/online_serving/%s\"", (const char *)c->arg);
    if (begin(c, MONITORING, "/v3/projects/", &url, out, e) != 0) {
        buf_free(&url);
        return -1;
    }
    add_field(&url, "/timeSeries?filter=", filter);
    add_field(&url, "&interval.startTime=", from);
    add_field(&url, "&interval.endTime=", to);
    buf_fmt(&url, "&aggregation.alignmentPeriod=3600s&aggregation.perSeriesAligner=ALIGN_SUM&pageSize=%d", SERIES);
    if (c->cursor[0]) add_field(&url, "&pageToken=", c->cursor);
    return page_url(out, &url, e);
}

/* What a series counts: a bucket of tokens, -1 for calls, -2 for what nobody knows. */
static int counts_what(const char *metric, const char *type) {
    if (strcmp(metric, "model_invocation_count") == 0) return -1;
    return strcmp(type, "input") == 0 ? TOK_INPUT : strcmp(type, "output") == 0 ? TOK_OUTPUT : -2;
}

/* The row of a day; points of one series are in order of time, so that a day is one row. */
static BillRow *row_of_day(BillRow *last, int64_t day_ms, const char *model, const FeedSink *out) {
    if (last && last->start_ms == day_ms) return last;
    BillRow *row = bill_set_add(out->rows);
    if (!row) return NULL;
    row->start_ms = day_ms;
    row->end_ms = day_ms + MS_PER_DAY;
    row->model = bill_set_name(out->rows, model);
    return row;
}

static int series_points(const FeedCall *c, const json_t *series, const FeedSink *out, Err *e) {
    const json_t *labels = json_object_get(json_object_get(series, "resource"), "labels"), *point;
    int what = counts_what(c->arg, json_str(json_object_get(json_object_get(series, "metric"), "labels"), "type"));
    BillRow *row = NULL;
    size_t i;
    if (what == -2) return 0;
    json_array_foreach(json_object_get(series, "points"), i, point) {
        const json_t *value = json_object_get(point, "value");
        bool bad = false;
        int64_t at, n = json_count(value, json_object_get(value, "doubleValue") ? "doubleValue" : "int64Value", &bad);
        if (bad || json_time(json_object_get(json_object_get(point, "interval"), "startTime"), &at) != 0)
            return fail(e, "a point without a time and a count");
        if (at < c->from_ms) continue; /* an hour that was begun before */
        row = row_of_day(row, at - at % MS_PER_DAY, json_str(labels, "model_user_id"), out);
        if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
        if (what < 0) row->requests += n;
        else row->tokens[what] += n;
    }
    return 0;
}

static int series_parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const json_t *all = json_object_get(answer, "timeSeries"), *errors = json_object_get(answer, "executionErrors"), *series;
    const char *next = json_str(answer, "nextPageToken");
    size_t i;
    if (!json_is_object(answer) || (all && !json_is_array(all))) return fail(e, "the answer is no list of time series"); /* {} = none */
    if (json_array_size(errors) > 0) return fail(e, "a part could not be read: %.120s", json_str(json_array_get(errors, 0), "message"));
    json_array_foreach(all, i, series) {
        if (series_points(c, series, out, e) != 0) return -1;
    }
    if (strlen(next) >= sizeof c->cursor) return fail(e, "the cursor of the next page is too long");
    snprintf(c->cursor, sizeof c->cursor, "%s", next);
    return 0;
}

static const Feed feeds[] = {
    {.name = "billing export", .origin = ORIGIN_BILLED, .every_ms = 6 * MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = 92 * MS_PER_DAY,
     .window_ms = 366 * MS_PER_DAY, .settles_ms = 2 * MS_PER_DAY, .wanted = has_table, .request = query_request, .parse = query_parse},
    {.name = "monitoring tokens", .cheap = true, .origin = ORIGIN_REPORTED, .every_ms = MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = 31 * MS_PER_DAY,
     .window_ms = 7 * MS_PER_DAY, .arg = "token_count", .request = series_request, .parse = series_parse},
    {.name = "monitoring calls", .origin = ORIGIN_REPORTED, .every_ms = MS_PER_HOUR, .bucket_ms = MS_PER_DAY, .history_ms = 31 * MS_PER_DAY,
     .window_ms = 7 * MS_PER_DAY, .arg = "model_invocation_count", .request = series_request, .parse = series_parse},
    {.name = NULL},
};

#define KEY_HELP "an access token, like key_command = gcloud auth print-access-token, of an account with the roles BigQuery Data Viewer, " \
                 "BigQuery Job User and Monitoring Viewer"
const Provider provider_google = {.name = "google", .base_url = "", .feeds = feeds, .key_help = KEY_HELP};
/* The same account under the name that logs of Vertex AI have. */
const Provider provider_vertex_ai = {.name = "vertex_ai", .base_url = "", .feeds = feeds, .key_help = KEY_HELP};
