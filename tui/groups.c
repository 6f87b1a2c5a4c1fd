/* groups: see groups.h. */
#include "tui/groups.h"
#include "tui/chart.h"
#include "tui/number.h"
#include "tui/view.h"

enum {
    COL_NAME,
    COL_RATE,
    COL_USUAL,
    COL_COST,
    COL_BEFORE,
    COL_CHANGE,
    COL_SHARE,
    COL_CALLS,
    COL_CENTS,
    COL_INPUT,
    COL_CACHED,
    COL_OUTPUT,
    COL_ERRORS,
    COL_REFUSED,
    COL_SAVED,
    COL_UNPRICED,
    COL_SPARK,
    COL_NOTIONAL,
    COL_COUNT
};
enum { NAME_WORDS = 2, COMPARED_W = 60, HEAD_AND_TOTAL = 2 };

static const Column columns[COL_COUNT] = {
    [COL_NAME] = {.title = "", .width = 17, .grow = 40, .name = "name"},
    [COL_RATE] = {.title = "$/min", .width = 6, .right = true, .name = "rate", .figure = FIGURE_DOLLARS},
    [COL_USUAL] = {.title = "usual", .width = 6, .right = true, .drop = 2, .name = "usual", .figure = FIGURE_DOLLARS},
    [COL_COST] = {.title = "range ~$", .width = 10, .right = true, .name = "cost", .figure = FIGURE_DOLLARS},
    [COL_BEFORE] = {.title = "before ~$", .width = 12, .right = true, .name = "before", .figure = FIGURE_DOLLARS},
    [COL_CHANGE] = {.title = "+%", .width = 7, .right = true, .name = "change", .figure = FIGURE_DOLLARS},
    [COL_SHARE] = {.title = "share", .width = 8, .drop = 7, .name = "share", .figure = FIGURE_PERMILLE, .bars = true},
    [COL_CALLS] = {.title = "calls", .width = 7, .right = true, .drop = 1, .name = "calls", .figure = FIGURE_COUNT},
    [COL_CENTS] = {.title = "¢/call", .width = 7, .right = true, .drop = 3, .name = "cents_per_call", .figure = FIGURE_CENTS},
    [COL_INPUT] = {.title = "in tok", .width = 7, .right = true, .drop = 6, .name = "input_tokens", .figure = FIGURE_COUNT},
    [COL_CACHED] = {.title = "cached", .width = 6, .right = true, .drop = 5, .name = "cached", .figure = FIGURE_PERMILLE},
    [COL_OUTPUT] = {.title = "out", .width = 7, .right = true, .drop = 8, .name = "output_tokens", .figure = FIGURE_COUNT},
    [COL_ERRORS] = {.title = "errors", .width = 6, .right = true, .drop = 4, .name = "errors", .figure = FIGURE_PERMILLE},
    [COL_REFUSED] = {.title = "refused", .width = 8, .right = true, .drop = 9, .name = "refused", .figure = FIGURE_COUNT, .spare = true},
    [COL_SAVED] = {.title = "cache saved $", .width = 13, .right = true, .drop = 9, .name = "cache_saved", .figure = FIGURE_DOLLARS,
                   .spare = true},
    [COL_UNPRICED] = {.title = "unpriced", .width = 8, .right = true, .drop = 9, .name = "unpriced_calls", .figure = FIGURE_COUNT,
                      .spare = true},
    [COL_SPARK] = {.title = "", .width = SPARK_SLOTS, .drop = 10, .name = "spark", .figure = FIGURE_PICTURE},
    [COL_NOTIONAL] = {.title = "notional $", .width = 10, .right = true, .drop = 2, .name = "notional", .figure = FIGURE_DOLLARS},
};

void groups_init(Groups *g, int by, int second) {
    *g = (Groups){.by = {by, second}, .by_count = second < 0 ? 1 : 2, .names = {.width = NAME_WORDS}, .table = {.sort = COL_COST + 1}};
}

void groups_free(Groups *g) {
    reading_free(&g->reading);
    reading_free(&g->reading_before);
    chart_reading_free(&g->reading_spark);
    result_free(&g->range);
    result_free(&g->minute);
    result_free(&g->before);
    free(g->rows);
    keytable_free(&g->names);
    series_free(&g->spark);
    table_state_free(&g->table);
    *g = (Groups){.count = 0};
}

static int ask(const Groups *g, View *v, int64_t since_ms, Result *out, Err *e) {
    Query q = {.since_ms = since_ms, .until_ms = v->until_ms, .by = {g->by[0], g->by[1]}, .by_count = g->by_count,
               .filter = v->filter, .zone = v->app->day_zone};
    result_free(out);
    return query_run(v->db, &q, out, e);
}

/* By two hashes, since there may be 100,000 names. A second value is part of it only when there are two dimensions. */
static void name_key(const Groups *g, const Group *from, int64_t key[NAME_WORDS]) {
    const char *second = g->by_count > 1 ? from->name[1] : "";
    uint64_t name = hash64(from->name[0], strlen(from->name[0]), 1);
    key[0] = (int64_t)name;
    key[1] = (int64_t)hash64(second, strlen(second), name);
}

static uint64_t row_key(const void *ctx, size_t row) {
    const GroupRow *r = &((const Groups *)ctx)->rows[row];
    return hash64(r->name, strlen(r->name), hash64(r->second, strlen(r->second), 1)) | 1;
}

/* What the same values spent in the range that is compared with; those that are gone now get rows of nothing. */
static int load_before(Groups *g, View *v, int64_t deadline_us, bool *more, Err *e) {
    bool changed;
    Query q = {.by = {g->by[0], g->by[1]}, .by_count = g->by_count, .zone = v->app->day_zone};
    g->compared = view_compared(v, &q.since_ms, &q.until_ms);
    if (g->compared) return reading_step(&g->reading_before, v, &q, deadline_us, &g->before, more, &changed, e);
    reading_free(&g->reading_before);
    result_free(&g->before);
    return 0;
}

/* The row of such a value, a new one of nothing when there is none; there is room for it. */
static GroupRow *row_for(Groups *g, const Group *from) {
    int64_t key[NAME_WORDS];
    bool is_new;
    name_key(g, from, key);
    size_t i = keytable_index(&g->names, key, &is_new);
    if (is_new) g->rows[g->count++] = (GroupRow){.name = from->name[0], .second = g->by_count > 1 ? from->name[1] : "", .usual_nano = -1};
    return &g->rows[i];
}

static void fill_rates(Groups *g, const View *v) {
    for (size_t i = 0; i < g->count; i++) g->rows[i].rate_nano = 0;
    for (size_t m = 0; m < g->minute.count; m++) {
        int64_t key[NAME_WORDS];
        name_key(g, &g->minute.groups[m], key);
        size_t i = keytable_find(&g->names, key);
        if (i < g->count) g->rows[i].rate_nano = g->minute.groups[m].t.cost_nano;
    }
    g->rate_nano = g->minute.total.cost_nano;
    Listing l;
    if (groups_list(g, v, "", (Rect){0}, &l)) table_arrange(&l.table, &g->table);
}

int groups_tick(Groups *g, View *v, Err *e) {
    if (ask(g, v, v->until_ms - MS_PER_MINUTE, &g->minute, e) != 0) return -1;
    fill_rates(g, v);
    return 0;
}

static void make_rows(Groups *g, const View *v) {
    g->count = 0;
    keytable_clear(&g->names);
    g->rows = xrealloc(g->rows, (g->range.count + g->before.count + 1) * sizeof *g->rows);
    for (size_t i = 0; i < g->range.count; i++) {
        GroupRow *r = row_for(g, &g->range.groups[i]);
        r->t = g->range.groups[i].t;
        r->usual_nano = usual_rates_of(&g->usual, r->name);
    }
    for (size_t i = 0; i < g->before.count; i++) row_for(g, &g->before.groups[i])->before_nano = g->before.groups[i].t.cost_nano;
    fill_rates(g, v);
}

/* What is usual, the small pictures, then what the range is compared with. */
static int load_beside(Groups *g, View *v, int64_t deadline_us, bool *more, Err *e) {
    if (!g->spark_due && usual_rates_due(&g->usual, v)) {
        if (usual_rates_load(&g->usual, v, g->by[0], &g->range, e) != 0) return -1;
        g->spark_due = true;
    }
    if (g->spark_due && sparks_step(&g->reading_spark, &g->spark, v, g->by[0], deadline_us, more, e) != 0) return -1;
    g->spark_due = *more;
    return *more ? 0 : load_before(g, v, deadline_us, more, e);
}

/* The range, then what it is compared with; rows are there after the first slice. */
static int load_slice(Groups *g, View *v, int64_t deadline_us, bool *more, Err *e) {
    Query q = {.since_ms = v->since_ms, .until_ms = v->until_ms, .by = {g->by[0], g->by[1]}, .by_count = g->by_count,
               .zone = v->app->day_zone};
    bool changed = false;
    *more = false;
    if (!g->through || !reading_is_of(&g->reading, v, &q)) {
        if (reading_step(&g->reading, v, &q, deadline_us, &g->range, more, &changed, e) != 0) return -1;
        if (!changed) return 0;
        if (ask(g, v, v->until_ms - MS_PER_MINUTE, &g->minute, e) != 0) return -1;
    }
    g->through = false;
    if (*more) {
        result_free(&g->before);
        g->compared = false;
        g->usual.count = 0, g->usual.asked_ms = 0; /* of another question */
        series_free(&g->spark);
    } else {
        if (load_beside(g, v, deadline_us, more, e) != 0) return -1;
        g->through = *more;
    }
    make_rows(g, v);
    return 0;
}

int groups_load(Groups *g, View *v, int64_t deadline_us, bool *more, Err *e) {
    if (load_slice(g, v, deadline_us, more, e) == 0) return 0;
    g->count = 0; /* the rows' names may be gone */
    g->through = false;
    return -1;
}

const GroupRow *groups_selected(const Groups *g) {
    const Table t = {.rows = g->count};
    return g->count ? &g->rows[table_selected(&t, &g->table)] : NULL;
}

static void put(TableCell *out, const char *text) {
    snprintf(out->text, sizeof out->text, "%s", text);
}

/* "+37%", "-4%"; "new" without anything before, "gone" without anything now. */
void groups_change_words(int64_t nano, int64_t before_nano, char *out, size_t size) {
    int64_t change = nano - before_nano, whole = before_nano / 1000;
    if (nano == 0 && before_nano == 0) out[0] = '\0';
    else if (before_nano == 0) snprintf(out, size, "new");
    else if (nano == 0) snprintf(out, size, "gone");
    else if (before_nano > 0 && change / before_nano >= 100) snprintf(out, size, "%s", number_ratio(nano, before_nano).text);
    else snprintf(out, size, "%+lld%%", (long long)(before_nano < 1000 ? change * 100 / before_nano : change / (whole ? whole : 1) / 10));
}

/* Of the range that is compared with; more than half as much again, or half of it gone, is worth a look. */
static void before_cell(size_t column, int64_t nano, int64_t before_nano, TableCell *out) {
    if (column == COL_BEFORE) {
        put(out, number_money(before_nano, columns[column].width, BASIS_NONE).text);
        out->role = ROLE_DIM;
        return;
    }
    groups_change_words(nano, before_nano, out->text, sizeof out->text);
    if (nano - before_nano > before_nano / 2) out->role = ROLE_WATCH;
}

static void figure_cell(const Groups *g, const Totals *t, int64_t rate_nano, int64_t usual_nano, size_t column,
                        TableCell *out) {
    int64_t answered = t->requests - t->refused;
    int width = columns[column].width;
    switch (column) {
    case COL_RATE: put(out, number_money(rate_nano, width, BASIS_NONE).text); break;
    case COL_USUAL: put(out, usual_nano < 0 ? "-" : number_money(usual_nano, width, BASIS_NONE).text); break;
    case COL_COST: put(out, number_cost(t, width, BASIS_METERED).text); break;
    case COL_SHARE: bar_text(out->text, sizeof out->text, width, t->cost_nano, g->range.total.cost_nano); break;
    case COL_NOTIONAL: put(out, t->notional_nano ? number_money(t->notional_nano, width, BASIS_NONE).text : ""); break;
    case COL_CALLS: put(out, number_count(t->requests, width).text); break;
    case COL_CENTS: put(out, number_cents_of(t, width).text); break;
    case COL_INPUT: put(out, number_tokens(t->input_all).text); break;
    case COL_CACHED: put(out, number_permille(totals_cache_hit_permille(t), 0).text); break;
    case COL_OUTPUT: put(out, number_tokens(t->output_all).text); break;
    case COL_ERRORS: put(out, number_percent(t->errors, answered, 1).text); break;
    case COL_REFUSED: put(out, number_count(t->refused, width).text); break;
    case COL_SAVED: put(out, number_money(t->saved_cache_nano, width, BASIS_NONE).text); break;
    case COL_UNPRICED: put(out, number_count(t->unpriced_requests, width).text); break;
    default: break;
    }
}

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const Groups *g = ctx;
    if (row == TABLE_TOTAL) {
        if (column == COL_NAME) put(out, "total");
        else if (column == COL_BEFORE || column == COL_CHANGE)
            before_cell(column, g->range.total.cost_nano, g->before.total.cost_nano, out);
        else if (column != COL_SHARE && column != COL_USUAL && column != COL_SPARK)
            figure_cell(g, &g->range.total, g->rate_nano, -1, column, out);
        out->attr = ATTR_BOLD;
        return;
    }
    const GroupRow *r = &g->rows[row];
    if (column == COL_NAME)
        put(out, r->name[0] ? r->name : "(none)");
    else if (column == COL_BEFORE || column == COL_CHANGE)
        before_cell(column, r->t.cost_nano, r->before_nano, out);
    else if (column == COL_SPARK)
        sparks_text(&g->spark, r->name, r->usual_nano, out->text, sizeof out->text);
    else
        figure_cell(g, &r->t, r->rate_nano, r->usual_nano, column, out);
    /* Errors above two in a hundred are worth a look. */
    if (column == COL_SPARK) out->role = ROLE_CHART;
    if (column == COL_ERRORS && r->t.errors * 50 > r->t.requests - r->t.refused) out->role = ROLE_WATCH;
}

/* Columns that would hold nothing. */
static uint32_t absent(const Groups *g) {
    uint32_t out = 0;
    if (!g->compared) out |= UINT32_C(1) << COL_BEFORE | UINT32_C(1) << COL_CHANGE;
    if (g->range.total.notional_nano == 0) out |= UINT32_C(1) << COL_NOTIONAL;
    return out;
}

static int64_t permille(int64_t part, int64_t whole) {
    if (whole <= 0) return FIGURE_UNKNOWN;
    return whole > INT64_MAX / 1000 ? part / (whole / 1000) : part * 1000 / whole;
}

static int64_t value(const void *ctx, size_t row, size_t column) {
    const Groups *g = ctx;
    bool total = row == TABLE_TOTAL;
    const Totals *t = total ? &g->range.total : &g->rows[row].t;
    int64_t answered = t->requests - t->refused, usual = total ? -1 : g->rows[row].usual_nano;
    int64_t before = total ? g->before.total.cost_nano : g->rows[row].before_nano;
    int hits = totals_cache_hit_permille(t);
    switch (column) {
    case COL_RATE: return total ? g->rate_nano : g->rows[row].rate_nano;
    case COL_USUAL: return usual < 0 ? FIGURE_UNKNOWN : usual;
    case COL_BEFORE: return before;
    case COL_CHANGE: return t->cost_nano - before;
    case COL_SHARE: return permille(t->cost_nano, g->range.total.cost_nano);
    case COL_CALLS: return t->requests;
    case COL_CENTS: return answered > 0 ? t->cost_nano / answered : FIGURE_UNKNOWN;
    case COL_INPUT: return t->input_all;
    case COL_CACHED: return hits < 0 ? FIGURE_UNKNOWN : hits;
    case COL_OUTPUT: return t->output_all;
    case COL_ERRORS: return answered > 0 ? t->errors * 1000 / answered : FIGURE_UNKNOWN;
    case COL_REFUSED: return t->refused;
    case COL_SAVED: return t->saved_cache_nano;
    case COL_UNPRICED: return t->unpriced_requests;
    case COL_NOTIONAL: return t->notional_nano;
    default: return t->cost_nano;
    }
}

/* What is compared stays where there is little room. */
static void narrow_compared(Column *c) {
    c[COL_RATE].drop = COL_COUNT;
    c[COL_CHANGE].drop = 1;
    c[COL_NAME].width = 15;
    c[COL_BEFORE].width = c[COL_COST].width;
}

/* Flat-rate use has no cost: its value orders what costs the same. */
bool groups_list(const Groups *g, const View *v, const char *title, Rect area, Listing *out) {
    if (g->count == 0) return false;
    memcpy(out->column, columns, sizeof columns);
    snprintf(out->title[0], sizeof out->title[0], "%s", title);
    snprintf(out->title[1], sizeof out->title[1], "%s ~$", v->range_name);
    snprintf(out->title[2], sizeof out->title[2], "%s ~$", view_compare_words(v));
    out->column[COL_NAME].title = out->title[0];
    out->column[COL_COST].title = out->title[1];
    out->column[COL_BEFORE].title = out->title[2];
    out->column[COL_SPARK].title = g->spark.slots ? v->range_name : "";
    if (g->compared && area.w < COMPARED_W) narrow_compared(out->column);
    out->area = area;
    out->table = (Table){.columns = out->column, .column_count = COL_COUNT, .rows = g->count, .absent = absent(g),
                         .tie = g->range.total.notional_nano ? COL_NOTIONAL : COL_CALLS, .has_total = true,
                         .has_selection = true, .cell = cell, .value = value, .key = row_key, .ctx = g};
    return true;
}

void groups_draw(const Groups *g, const View *v, const char *title, Canvas *c, Rect area) {
    Listing l;
    if (area.h < 2) return;
    if (groups_list(g, v, title, area, &l)) {
        int used = g->count < (size_t)area.h ? (int)g->count + HEAD_AND_TOTAL + 1 : area.h;
        table_draw(&l.table, &g->table, c, area);
        groups_draw_chart(g, v, c, (Rect){area.x, area.y + used, area.w, area.h - used - 1});
    } else
        canvas_textf(c, area.x + 1, area.y, area.w - 2, ROLE_DIM, 0, "no calls in %s%s", v->range_name,
                     v->filter ? " pass the filter; Esc clears it" : "; t widens the range");
}
