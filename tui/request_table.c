/* request_table: see request_table.h. */
#include "tui/request_table.h"
#include "tui/number.h"

const Column request_columns[REQ_COLUMNS] = {
    [REQ_COL_TIME] = {.title = "time", .width = 8, .grow = 11, .name = "time", .figure = FIGURE_TIME},
    [REQ_COL_FEATURE] = {.title = "feature", .width = 12, .drop = 4, .grow = 16, .name = "feature"},
    [REQ_COL_PROJECT] = {.title = "project", .width = 12, .drop = 3, .grow = 16, .name = "project"},
    [REQ_COL_MODEL] = {.title = "model", .width = 17, .grow = 34, .name = "model"},
    [REQ_COL_COST] = {.title = "~$", .width = 10, .right = true, .name = "cost", .figure = FIGURE_DOLLARS},
    [REQ_COL_INPUT] = {.title = "in tok", .width = 8, .right = true, .drop = 5, .name = "input_tokens", .figure = FIGURE_COUNT},
    [REQ_COL_CACHED] = {.title = "cached", .width = 6, .right = true, .drop = 8, .name = "cached", .figure = FIGURE_PERMILLE},
    [REQ_COL_OUTPUT] = {.title = "out", .width = 7, .right = true, .drop = 6, .name = "output_tokens", .figure = FIGURE_COUNT},
    [REQ_COL_SECONDS] = {.title = "s", .width = 6, .right = true, .drop = 7, .name = "seconds", .figure = FIGURE_SECONDS},
    [REQ_COL_CODE] = {.title = "code", .width = 7, .drop = 2, .name = "code"},
    [REQ_COL_GATEWAY] = {.title = "gateway", .width = 10, .drop = 10, .name = "gateway"},
    [REQ_COL_KEY] = {.title = "key", .width = 15, .drop = 9, .grow = 30, .name = "key"},
    [REQ_COL_TEAM] = {.title = "team", .width = 12, .drop = 11, .name = "team", .spare = true},
    [REQ_COL_USER] = {.title = "user", .width = 12, .drop = 11, .name = "user", .spare = true},
    [REQ_COL_SESSION] = {.title = "session", .width = 12, .drop = 11, .grow = 36, .name = "session", .spare = true},
    [REQ_COL_ENDPOINT] = {.title = "endpoint", .width = 16, .drop = 11, .name = "endpoint", .spare = true},
    [REQ_COL_TIER] = {.title = "tier", .width = 8, .drop = 11, .name = "tier", .spare = true},
    [REQ_COL_BASIS] = {.title = "basis", .width = 8, .drop = 11, .name = "basis", .spare = true, .filed = true},
};

/* The dimension that a column shows, or -1. */
static int dim_of(size_t column) {
    static const int8_t dim[REQ_COLUMNS] = {
        [REQ_COL_FEATURE] = DIM_FEATURE + 1, [REQ_COL_PROJECT] = DIM_PROJECT + 1, [REQ_COL_MODEL] = DIM_MODEL + 1,
        [REQ_COL_GATEWAY] = DIM_GATEWAY + 1, [REQ_COL_KEY] = DIM_KEY + 1,         [REQ_COL_TEAM] = DIM_TEAM + 1,
        [REQ_COL_USER] = DIM_USER + 1,       [REQ_COL_SESSION] = DIM_SESSION + 1, [REQ_COL_ENDPOINT] = DIM_ENDPOINT + 1,
        [REQ_COL_TIER] = DIM_TIER + 1};
    return dim[column] - 1;
}

int64_t request_input(const Request *r) {
    return r->tokens[TOK_INPUT] + r->tokens[TOK_CACHE_READ] + r->tokens[TOK_CACHE_WRITE_5M] +
           r->tokens[TOK_CACHE_WRITE_1H] + r->tokens[TOK_AUDIO_INPUT];
}

static void put(TableCell *out, const char *text) {
    snprintf(out->text, sizeof out->text, "%s", text);
}

static void token_cell(const Request *r, size_t column, TableCell *out) {
    int64_t all = request_input(r);
    if ((r->flags & REQ_CACHE_HIT) != 0)
        put(out, column == REQ_COL_INPUT ? "hit" : "");
    else if (column == REQ_COL_INPUT)
        put(out, number_count(all, 8).text);
    else if (column == REQ_COL_CACHED)
        put(out, number_percent(r->tokens[TOK_CACHE_READ], all, 0).text);
    else
        put(out, number_count(r->tokens[TOK_OUTPUT] + r->tokens[TOK_REASONING], 7).text);
}

void request_text(const RowView *v, size_t column, TableCell *out) {
    const Request *r = &v->r;
    int dim = dim_of(column);
    if (dim >= 0) {
        put(out, v->name[dim]);
        return;
    }
    switch (column) {
    case REQ_COL_COST: put(out, number_request_cost(r->cost_nano, (r->flags & REQ_UNPRICED) != 0).text); break;
    case REQ_COL_INPUT: case REQ_COL_CACHED: case REQ_COL_OUTPUT: token_cell(r, column, out); break;
    case REQ_COL_SECONDS: put(out, number_seconds(r->latency_ms).text); break;
    case REQ_COL_CODE:
        if (r->status) snprintf(out->text, sizeof out->text, "%d", r->status);
        else put(out, outcome_names[r->outcome]);
        if (r->outcome != OUTCOME_OK) out->role = ROLE_WATCH;
        break;
    case REQ_COL_BASIS: put(out, origin_names[r->origin]); break;
    default: break;
    }
}

int64_t request_figure(const RowView *v, size_t column) {
    const Request *r = &v->r;
    int64_t all = request_input(r);
    bool hit = (r->flags & REQ_CACHE_HIT) != 0;
    switch (column) {
    case REQ_COL_TIME: return r->ts_ms;
    case REQ_COL_COST: return r->flags & REQ_UNPRICED ? FIGURE_UNKNOWN : r->cost_nano;
    case REQ_COL_INPUT: return hit ? FIGURE_UNKNOWN : all;
    case REQ_COL_CACHED: return hit || all <= 0 ? FIGURE_UNKNOWN : r->tokens[TOK_CACHE_READ] * 1000 / all;
    case REQ_COL_OUTPUT: return hit ? FIGURE_UNKNOWN : r->tokens[TOK_OUTPUT] + r->tokens[TOK_REASONING];
    default: return r->latency_ms < 0 ? FIGURE_UNKNOWN : r->latency_ms;
    }
}

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const RequestRows *rows = ctx;
    const RowView *v = &rows->row[row];
    int64_t cost = v->r.flags & REQ_UNPRICED ? 0 : v->r.cost_nano;
    request_text(v, column, out);
    if (column == REQ_COL_TIME)
        time_format(*rows->zone, v->r.ts_ms, rows->dated ? "%d%b %H:%M" : "%H:%M:%S", out->text, sizeof out->text);
    if (column == REQ_COL_COST && rows->watch_nano && cost >= rows->watch_nano) out->role = ROLE_WATCH;
    if (column == REQ_COL_COST && rows->act_nano && cost >= rows->act_nano) out->role = ROLE_ACT;
    if (v->r.origin == ORIGIN_NOTIONAL) out->role = ROLE_DIM; /* flat-rate use is no spend */
}

static int64_t value(const void *ctx, size_t row, size_t column) {
    return request_figure(&((const RequestRows *)ctx)->row[row], column);
}

static uint64_t row_key(const void *ctx, size_t row) {
    return (uint64_t)((const RequestRows *)ctx)->row[row].key | UINT64_C(1) << 63;
}

/* Of feature and project only what some call has; the feature where there is neither. */
static uint32_t absent(const RequestRows *rows) {
    bool feature = false, project = false;
    for (size_t i = 0; i < rows->count; i++) {
        feature |= rows->row[i].name[DIM_FEATURE][0] != '\0';
        project |= rows->row[i].name[DIM_PROJECT][0] != '\0';
    }
    return (project ? 0 : 1u << REQ_COL_PROJECT) | (feature || !project ? 0 : 1u << REQ_COL_FEATURE);
}

void request_table(const RequestRows *rows, Table *out) {
    *out = (Table){.columns = request_columns, .column_count = REQ_COLUMNS, .rows = rows->count, .absent = absent(rows),
                   .has_selection = true, .cell = cell, .value = value, .key = row_key, .ctx = rows};
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void request_thresholds(RequestRows *rows, int64_t act_nano) {
    int64_t *cost = xcalloc(rows->count + 1, sizeof *cost);
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (rows->row[i].r.cost_nano > 0) cost[n++] = rows->row[i].r.cost_nano;
    qsort(cost, n, sizeof *cost, by_size);
    rows->act_nano = act_nano;
    rows->watch_nano = n && cost[n / 2] < INT64_MAX / 10 ? 10 * cost[n / 2] : 0;
    free(cost);
}
