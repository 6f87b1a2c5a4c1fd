/* request_table: see request_table.h. */
#include "tui/request_table.h"
#include "tui/number.h"

const Column request_columns[REQ_COLUMNS] = {
    [REQ_COL_TIME] = {.title = "time", .width = 8, .grow = 11},
    [REQ_COL_FEATURE] = {.title = "feature", .width = 12, .drop = 3, .grow = 16},
    [REQ_COL_MODEL] = {.title = "model", .width = 16, .grow = 34},
    [REQ_COL_COST] = {.title = "~$", .width = 10, .right = true},
    [REQ_COL_INPUT] = {.title = "in tok", .width = 8, .right = true, .drop = 4},
    [REQ_COL_CACHED] = {.title = "cached", .width = 6, .right = true, .drop = 7},
    [REQ_COL_OUTPUT] = {.title = "out", .width = 7, .right = true, .drop = 5},
    [REQ_COL_SECONDS] = {.title = "s", .width = 6, .right = true, .drop = 6},
    [REQ_COL_CODE] = {.title = "code", .width = 7, .drop = 2},
    [REQ_COL_GATEWAY] = {.title = "gateway", .width = 10, .drop = 9},
    [REQ_COL_KEY] = {.title = "key", .width = 14, .drop = 8, .grow = 30},
};

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

void request_cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const RequestRows *rows = ctx;
    const RowView *v = &rows->row[row];
    const Request *r = &v->r;
    switch (column) {
    case REQ_COL_TIME:
        time_format(rows->zone, r->ts_ms, rows->dated ? "%d%b %H:%M" : "%H:%M:%S", out->text, sizeof out->text);
        break;
    case REQ_COL_FEATURE: put(out, v->name[DIM_FEATURE][0] ? v->name[DIM_FEATURE] : v->name[DIM_PROJECT]); break;
    case REQ_COL_MODEL: put(out, v->name[DIM_MODEL]); break;
    case REQ_COL_COST: put(out, number_request_cost(r->cost_nano, (r->flags & REQ_UNPRICED) != 0).text); break;
    case REQ_COL_INPUT: case REQ_COL_CACHED: case REQ_COL_OUTPUT: token_cell(r, column, out); break;
    case REQ_COL_SECONDS: put(out, number_seconds(r->latency_ms).text); break;
    case REQ_COL_CODE:
        if (r->status) snprintf(out->text, sizeof out->text, "%d", r->status);
        else put(out, outcome_names[r->outcome]);
        break;
    case REQ_COL_GATEWAY: put(out, v->name[DIM_GATEWAY]); break;
    default: put(out, v->name[DIM_KEY]); break;
    }
    if (column == REQ_COL_CODE && r->outcome != OUTCOME_OK) out->role = ROLE_WATCH;
    if (r->origin == ORIGIN_NOTIONAL) out->role = ROLE_DIM; /* flat-rate use is no spend */
}
