/* columns: names of dimensions, time steps and numbers, and sorting by them. See columns.h and query.h. */
#include "store/columns.h"

const char *const column_names[COL_COUNT] = {
    [COL_REQUESTS] = "requests", [COL_ERRORS] = "errors", [COL_REFUSED] = "refused_requests",
    [COL_INCOMPLETE] = "incomplete_requests", [COL_INPUT] = "input_tokens", [COL_CACHE_READ] = "cache_read_tokens",
    [COL_WRITE_5M] = "cache_write_5m_tokens", [COL_WRITE_1H] = "cache_write_1h_tokens",
    [COL_OUTPUT] = "output_tokens", [COL_REASONING] = "reasoning_tokens", [COL_CACHE_HITS] = "response_cache_hits",
    [COL_UNPRICED] = "unpriced_requests", [COL_COST] = "cost_usd", [COL_NOTIONAL] = "notional_usd",
    [COL_SAVED_CACHE] = "saved_cache_usd",
    [COL_SAVED_RESPONSE] = "response_cache_saved_usd", [COL_PER_REQUEST] = "usd_per_request",
    [COL_PROMPT_HIT] = "prompt_cache_hit_permille", [COL_RESPONSE_HIT] = "response_cache_hit_permille",
    [COL_OUTPUT_SHARE] = "token_output_permille",
};

__extension__ typedef __int128 Wide; /* a sum of tokens or nano-dollars times a thousand */

/* Rounded half up; -1 = there is nothing to divide by. */
static int64_t ratio(int64_t part, int64_t of, int64_t unit) {
    return of > 0 && part >= 0 ? (int64_t)(((Wide)part * unit + of / 2) / of) : -1;
}

/* Calls that a gateway refused cost nothing and are no use: they make no call cheaper. Flat-rate calls are not told apart from
 * those that were paid for, once they are summed. */
static int64_t per_request(const Totals *t) {
    return totals_lack_a_price(t) || t->basis & 1u << ORIGIN_NOTIONAL ? -1 : ratio(t->cost_nano, t->requests - t->refused, 1);
}

int64_t column_value(const Totals *t, RowColumn c) {
    switch (c) {
    case COL_REQUESTS: return t->requests;
    case COL_ERRORS: return t->errors;
    case COL_REFUSED: return t->refused;
    case COL_INCOMPLETE: return t->incomplete;
    case COL_INPUT: return t->tokens[TOK_INPUT] + t->tokens[TOK_AUDIO_INPUT]; /* what no cache took part in */
    case COL_CACHE_READ: return t->tokens[TOK_CACHE_READ];
    case COL_WRITE_5M: return t->tokens[TOK_CACHE_WRITE_5M];
    case COL_WRITE_1H: return t->tokens[TOK_CACHE_WRITE_1H];
    case COL_OUTPUT: return t->output_all;
    case COL_REASONING: return t->tokens[TOK_REASONING];
    case COL_CACHE_HITS: return t->response_cache_hits;
    case COL_UNPRICED: return t->unpriced_requests;
    case COL_COST: return t->cost_nano;
    case COL_NOTIONAL: return t->notional_nano;
    case COL_SAVED_CACHE: return t->saved_cache_nano;
    case COL_SAVED_RESPONSE: return t->saved_response_nano;
    case COL_PER_REQUEST: return per_request(t);
    case COL_PROMPT_HIT: return totals_cache_hit_permille(t);
    case COL_RESPONSE_HIT: return ratio(t->response_cache_hits, t->requests - t->refused, 1000);
    case COL_OUTPUT_SHARE: return ratio(t->output_all, t->input_all + t->output_all, 1000);
    case COL_COUNT: break;
    }
    return 0;
}

bool column_is_known(const Totals *t, RowColumn c) { return c < COL_PER_REQUEST || column_value(t, c) >= 0; }

static const char *const more_by[] = {"origin", "outcome", "stream", "minute", "hour", "day", "week", "month"};

const char *by_name(int by) {
    return by < DIM_COUNT ? dim_names[by] : more_by[by - BY_ORIGIN];
}

static int by_find(Str name) {
    for (int by = 0; by < BY_COUNT; by++)
        if (str_is(name, by_name(by))) return by;
    return -1;
}

int by_parse(const char *list, int *out, size_t max, size_t *count, Err *e) {
    *count = 0;
    while (*list) {
        size_t n = strcspn(list, ",");
        int by = by_find((Str){list, n});
        if (by < 0)
            return fail(e, "\"%.*s\" is not a dimension; use account provider model tier feature team user key session project "
                        "endpoint gateway host origin outcome stream minute hour day week month", (int)utf8_cut(list, n, 40), list);
        if (*count == max) return fail(e, "more than %zu dimensions; leave some out", max);
        for (size_t i = 0; i < *count; i++)
            if (out[i] == by) return fail(e, "%s stands twice; name it once", by_name(by));
        out[(*count)++] = by;
        list += n;
        if (*list == ',' && *++list == '\0') return fail(e, "a dimension is missing after the last comma");
    }
    return 0;
}

typedef struct Order {
    int by;        /* index into the query's `by`, or -1 */
    int column;    /* -1 = names only */
    const Query *q;
    bool reverse;
} Order;

/* Minutes and hours by their instant: when clocks go back, 02:00+02:00 is before 02:00+01:00. */
static int compare_name(const Order *o, const Group *a, const Group *b, size_t i) {
    const char *x = a->name[i], *y = b->name[i];
    int64_t at_x, at_y;
    bool clock = o->q->by[i] == BY_MINUTE || o->q->by[i] == BY_HOUR;
    if (!clock || time_parse_rfc3339(x, strlen(x), &at_x) != 0 || time_parse_rfc3339(y, strlen(y), &at_y) != 0) return strcmp(x, y);
    return (at_x > at_y) - (at_x < at_y);
}

static int compare_names(const Order *o, const Group *a, const Group *b) {
    for (size_t i = 0; i < o->q->by_count; i++) {
        int c = compare_name(o, a, b, i);
        if (c) return c;
    }
    return 0;
}

static int compare(const void *pa, const void *pb, void *ctx) {
    const Group *a = pa, *b = pb;
    const Order *o = ctx;
    int c = 0;
    if (o->by >= 0) c = compare_name(o, a, b, (size_t)o->by);
    if (o->column >= 0) {
        int64_t va = column_value(&a->t, (RowColumn)o->column), vb = column_value(&b->t, (RowColumn)o->column);
        c = (va < vb) - (va > vb);
    }
    if (o->reverse) c = -c;
    return c ? c : compare_names(o, a, b);
}

/* The exact name, else the one that begins with it ("cost" for "cost_usd"). */
static int find_column(const char *name) {
    int found = -1, hits = 0;
    for (int c = 0; c < COL_COUNT; c++) {
        if (strcmp(column_names[c], name) == 0) return c;
        if (strncmp(column_names[c], name, strlen(name)) == 0) {
            found = c;
            hits++;
        }
    }
    return hits == 1 ? found : -1;
}

int result_sort(Result *r, const Query *q, const char *column, bool reverse, Err *e) {
    Order o = {.by = -1, .column = -1, .q = q, .reverse = reverse};
    if (column && *column) {
        for (size_t i = 0; i < q->by_count; i++)
            if (strcmp(column, by_name(q->by[i])) == 0) o.by = (int)i;
        if (o.by < 0) o.column = find_column(column);
        if (o.by < 0 && o.column < 0)
            return fail(e, "cannot sort by \"%.40s\"; use a dimension of --by or a column of the report, such as cost_usd", column);
    }
    else if (q->by_count) o.by = 0;
    if (r->count) qsort_r(r->groups, r->count, sizeof *r->groups, compare, &o);
    return 0;
}
