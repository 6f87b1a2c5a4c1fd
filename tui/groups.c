/* groups: see groups.h. */
#include "tui/groups.h"
#include "tui/chart.h"
#include "tui/keys.h"
#include "tui/number.h"
#include "tui/view.h"

enum { PAGE = 10 /* rows that PgUp and PgDn go */ };
/* Notional value stands last: without any, the table ends before it. */
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
    COL_NOTIONAL,
    COL_COUNT
};

static const Column columns[COL_COUNT] = {
    [COL_NAME] = {.title = "", .width = 16, .grow = 40},
    [COL_RATE] = {.title = "$/min", .width = 6, .right = true},
    [COL_USUAL] = {.title = "usual", .width = 6, .right = true, .drop = 2},
    [COL_COST] = {.title = "range ~$", .width = 10, .right = true},
    [COL_BEFORE] = {.title = "before ~$", .width = 12, .right = true},
    [COL_CHANGE] = {.title = "+%", .width = 7, .right = true},
    [COL_SHARE] = {.title = "share", .width = 8, .drop = 8},
    [COL_CALLS] = {.title = "calls", .width = 8, .right = true, .drop = 1},
    [COL_CENTS] = {.title = "¢/call", .width = 7, .right = true, .drop = 3},
    [COL_INPUT] = {.title = "in tok", .width = 7, .right = true, .drop = 6},
    [COL_CACHED] = {.title = "cached", .width = 6, .right = true, .drop = 5},
    [COL_OUTPUT] = {.title = "out", .width = 7, .right = true, .drop = 7},
    [COL_ERRORS] = {.title = "errors", .width = 6, .right = true, .drop = 4},
    [COL_NOTIONAL] = {.title = "notional $", .width = 10, .right = true, .drop = 2},
};

void groups_init(Groups *g, int by, int second) {
    *g = (Groups){.by = {by, second}, .by_count = second < 0 ? 1 : 2, .sorted_by = COL_COST};
}

void groups_free(Groups *g) {
    result_free(&g->range);
    result_free(&g->minute);
    result_free(&g->before);
    free(g->rows);
    *g = (Groups){.sorted_by = COL_COST};
}

static int ask(const Groups *g, View *v, int64_t since_ms, Result *out, Err *e) {
    Query q = {.since_ms = since_ms, .until_ms = v->until_ms, .by = {g->by[0], g->by[1]}, .by_count = g->by_count,
               .filter = v->filter, .zone = v->app->day_zone};
    result_free(out);
    return query_run(v->db, &q, out, e);
}

static bool same_names(const GroupRow *r, const Group *m, size_t by_count) {
    return strcmp(r->name, m->name[0]) == 0 && (by_count < 2 || strcmp(r->second, m->name[1]) == 0);
}

/* What a sorting column sorts by; the name column is compared as text. */
static int64_t sort_value(const GroupRow *r, int column) {
    const Totals *t = &r->t;
    switch (column) {
    case COL_RATE: return r->rate_nano;
    case COL_USUAL: return r->usual_nano;
    case COL_BEFORE: return r->before_nano;
    case COL_CHANGE: return t->cost_nano - r->before_nano;
    case COL_NOTIONAL: return t->notional_nano;
    case COL_CALLS: return t->requests;
    case COL_CENTS: return t->requests > t->refused ? t->cost_nano / (t->requests - t->refused) : 0;
    case COL_INPUT: return t->input_all;
    case COL_CACHED: return totals_cache_hit_permille(t);
    case COL_OUTPUT: return t->output_all;
    case COL_ERRORS: return t->errors;
    default: return t->cost_nano;
    }
}

static int compare(const void *a, const void *b, void *ctx) {
    const GroupRow *x = a, *y = b;
    const Groups *g = ctx;
    int order = 0;
    if (g->sorted_by != COL_NAME) {
        int64_t p = sort_value(x, g->sorted_by), q = sort_value(y, g->sorted_by);
        order = (p < q) - (p > q); /* largest first */
        if (order == 0 && g->sorted_by == COL_COST) /* flat-rate use has no cost: its value orders it */
            order = (x->t.notional_nano < y->t.notional_nano) - (x->t.notional_nano > y->t.notional_nano);
    }
    if (g->ascending) order = -order;
    if (order == 0) order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->second, y->second);
}

static uint64_t row_key(const void *ctx, size_t row) {
    const GroupRow *r = &((const Groups *)ctx)->rows[row];
    return hash64(r->name, strlen(r->name), hash64(r->second, strlen(r->second), 1)) | 1;
}

static void arrange(Groups *g) {
    if (g->count) qsort_r(g->rows, g->count, sizeof *g->rows, compare, g);
    table_follow(&g->table, g->count, g->page, row_key, g);
}

/* What the same values spent in the range that is compared with; those that are gone now get rows of nothing. */
static int load_before(Groups *g, View *v, Err *e) {
    int64_t since, until;
    result_free(&g->before);
    g->compared = view_compared(v, &since, &until);
    if (!g->compared) return 0;
    Query q = {.since_ms = since, .until_ms = until, .by = {g->by[0], g->by[1]}, .by_count = g->by_count,
               .filter = v->filter, .zone = v->app->day_zone};
    return query_run(v->db, &q, &g->before, e);
}

static void add_before(Groups *g) {
    for (size_t b = 0; b < g->before.count; b++) {
        const Group *from = &g->before.groups[b];
        size_t i = 0;
        while (i < g->range.count && !same_names(&g->rows[i], from, g->by_count)) i++;
        if (i == g->range.count) {
            i = g->count++;
            g->rows[i] = (GroupRow){.name = from->name[0], .second = g->by_count > 1 ? from->name[1] : "", .usual_nano = -1};
        }
        g->rows[i].before_nano = from->t.cost_nano;
    }
}

static void fill_rates(Groups *g) {
    for (size_t i = 0; i < g->count; i++) {
        GroupRow *r = &g->rows[i];
        r->rate_nano = 0;
        for (size_t m = 0; m < g->minute.count; m++)
            if (same_names(r, &g->minute.groups[m], g->by_count)) r->rate_nano = g->minute.groups[m].t.cost_nano;
    }
    g->rate_nano = g->minute.total.cost_nano;
    arrange(g);
}

int groups_tick(Groups *g, View *v, Err *e) {
    if (ask(g, v, v->until_ms - MS_PER_MINUTE, &g->minute, e) != 0) return -1;
    fill_rates(g);
    return 0;
}

int groups_load(Groups *g, View *v, Err *e) {
    if (ask(g, v, v->since_ms, &g->range, e) != 0 || ask(g, v, v->until_ms - MS_PER_MINUTE, &g->minute, e) != 0)
        return -1;
    if (usual_rates_due(&g->usual, v) && usual_rates_load(&g->usual, v, g->by[0], &g->range, e) != 0) return -1;
    if (load_before(g, v, e) != 0) return -1;
    g->count = g->range.count;
    g->rows = xrealloc(g->rows, (g->count + g->before.count + 1) * sizeof *g->rows);
    g->page = PAGE;
    for (size_t i = 0; i < g->count; i++) {
        const Group *from = &g->range.groups[i];
        GroupRow *r = &g->rows[i];
        *r = (GroupRow){.name = from->name[0],
                        .second = g->by_count > 1 ? from->name[1] : "",
                        .t = from->t,
                        .usual_nano = usual_rates_of(&g->usual, from->name[0])};
    }
    add_before(g);
    fill_rates(g);
    return 0;
}

const GroupRow *groups_selected(const Groups *g) {
    return g->count ? &g->rows[g->table.selected < g->count ? g->table.selected : g->count - 1] : NULL;
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
    default: break;
    }
}

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const Groups *g = ctx;
    if (row == TABLE_TOTAL) {
        if (column == COL_NAME) put(out, "total");
        else if (column == COL_BEFORE || column == COL_CHANGE)
            before_cell(column, g->range.total.cost_nano, g->before.total.cost_nano, out);
        else if (column != COL_SHARE && column != COL_USUAL)
            figure_cell(g, &g->range.total, g->rate_nano, -1, column, out);
        out->attr = ATTR_BOLD;
        return;
    }
    const GroupRow *r = &g->rows[row];
    if (column == COL_NAME)
        put(out, r->name[0] ? r->name : "(none)");
    else if (column == COL_BEFORE || column == COL_CHANGE)
        before_cell(column, r->t.cost_nano, r->before_nano, out);
    else
        figure_cell(g, &r->t, r->rate_nano, r->usual_nano, column, out);
    /* Errors above two in a hundred are worth a look. */
    if (column == COL_ERRORS && r->t.errors * 50 > r->t.requests - r->t.refused) out->role = ROLE_WATCH;
}

static bool column_shown(const Groups *g, int column) {
    if (column == COL_BEFORE || column == COL_CHANGE) return g->compared;
    return column != COL_NOTIONAL || g->range.total.notional_nano != 0;
}

/* Only columns that hold something; `at` says which they are. */
typedef struct Shown {
    const Groups *g;
    size_t at[COL_COUNT];
} Shown;

static void shown_cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const Shown *s = ctx;
    cell(s->g, row, s->at[column], out);
}

void groups_draw(const Groups *g, const View *v, const char *title, Canvas *c, Rect area) {
    Column shown[COL_COUNT];
    Shown which = {.g = g};
    char cost_title[32], before_title[32];
    snprintf(cost_title, sizeof cost_title, "%s ~$", v->range_name);
    snprintf(before_title, sizeof before_title, "%s ~$", view_compare_words(v));
    if (area.h < 2) return;
    if (g->count == 0) {
        canvas_textf(c, area.x + 1, area.y, area.w - 2, ROLE_DIM, 0, "no calls in %s%s", v->range_name,
                     v->filter ? " pass the filter; Esc clears it" : "; t widens the range");
        return;
    }
    Table t = {.columns = shown, .rows = g->count, .sorted_by = -1, .ascending = g->ascending, .has_total = true,
               .has_selection = true, .cell = shown_cell, .ctx = &which};
    for (int i = 0; i < COL_COUNT; i++) {
        if (!column_shown(g, i)) continue;
        if (i == g->sorted_by) t.sorted_by = (int)t.column_count;
        which.at[t.column_count] = (size_t)i;
        shown[t.column_count] = columns[i];
        const char *own = i == COL_NAME ? title : i == COL_COST ? cost_title : i == COL_BEFORE ? before_title : NULL;
        if (own) shown[t.column_count].title = own;
        t.column_count++;
    }
    table_draw(&t, &g->table, c, area);
}

bool groups_key(Groups *g, int key) {
    const KeyCommand *k = key_meaning(key);
    if (table_key(&g->table, g->count, g->page, key)) {
        if (g->count) g->table.key = row_key(g, g->table.selected);
        return true;
    }
    if (!k || k->act != DO_SORT) return false;
    if (key == 'S') {
        g->ascending = !g->ascending;
    } else {
        do g->sorted_by = (g->sorted_by + 1) % COL_COUNT;
        while (g->sorted_by == COL_SHARE || !column_shown(g, g->sorted_by));
    }
    arrange(g);
    return true;
}
