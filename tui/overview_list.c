/* overview_list: the Overview's tables: spend by a dimension, models, movers, the newest calls. Pure. */
#include "store/money.h"
#include "tui/chart.h"
#include "tui/groups.h"
#include "tui/overview.h"
#include "tui/request_table.h"
#include "tui/view.h"

enum { COL_NAME, COL_RATE, COL_USUAL, COL_COST, COL_CALLS, COL_CENTS, COL_SHARE, COL_SPARK, COL_COUNT };

static const Column columns[COL_COUNT] = {
    [COL_NAME] = {.title = "", .width = 12, .grow = 40},
    [COL_RATE] = {.title = "$/min", .width = 5, .right = true},
    [COL_USUAL] = {.title = "usual", .width = 5, .right = true, .drop = 1},
    [COL_COST] = {.title = "", .width = 9, .right = true},
    [COL_CALLS] = {.title = "calls", .width = 8, .right = true, .drop = 4},
    [COL_CENTS] = {.title = "¢/call", .width = 6, .right = true, .drop = 2},
    [COL_SHARE] = {.title = "share", .width = 6, .drop = 3, .grow = 12},
    [COL_SPARK] = {.title = "", .width = SPARK_SLOTS, .drop = 5},
};

static void put(TableCell *out, const char *text) {
    snprintf(out->text, sizeof out->text, "%s", text);
}

static void figure_cell(const Overview *o, const Totals *t, int64_t rate, int64_t usual, size_t column, TableCell *out) {
    int width = columns[column].width;
    switch (column) {
    case COL_RATE: put(out, number_money(rate, width, BASIS_NONE).text); break;
    case COL_USUAL: put(out, usual < 0 ? "-" : number_money(usual, width, BASIS_NONE).text); break;
    case COL_COST: put(out, number_cost(t, width, BASIS_METERED).text); break;
    case COL_CALLS: put(out, number_count(t->requests, width).text); break;
    case COL_CENTS: put(out, number_cents_of(t, width).text); break;
    case COL_SHARE: bar_text(out->text, sizeof out->text, width, t->cost_nano, o->list.total.cost_nano); break;
    default: break;
    }
}

/* While two ranges are compared the usual rate gives its place to what was spent before, cents a call to the change. */
static bool compared_cell(const Overview *o, const char *name, int64_t nano, size_t column, TableCell *out) {
    int64_t before = name ? 0 : o->before.total.cost_nano;
    if (!o->compared || (column != COL_USUAL && column != COL_CENTS)) return false;
    for (size_t i = 0; name && i < o->before.count; i++)
        if (strcmp(o->before.groups[i].name[0], name) == 0) before = o->before.groups[i].t.cost_nano;
    if (column == COL_USUAL) put(out, number_money(before, columns[COL_COST].width, BASIS_NONE).text);
    else groups_change_words(nano, before, out->text, sizeof out->text);
    if (column == COL_CENTS && nano - before > before / 2) out->role = ROLE_WATCH;
    return true;
}

/* Scaled to the larger of its peak and twice its usual, so that a calm row looks calm. */
static void spark_cell(const Overview *o, const char *name, int64_t usual, TableCell *out) {
    const Series *s = &o->spark;
    size_t own = s->stacks - (s->rest_values > 0), k = 0;
    int64_t max = usual > 0 ? 2 * usual * (s->slot_ms / MS_PER_MINUTE) : 0;
    while (k < own && strcmp(s->stack_name[k], name) != 0) k++;
    if (s->slots == 0 || k == own) return;
    const int64_t *value = &s->nano[k * s->slots];
    for (size_t i = 0; i < s->slots; i++)
        if (value[i] > max) max = value[i];
    out->role = ROLE_CHART;
    spark_text(out->text, sizeof out->text, value, s->slots, max);
}

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const Overview *o = ctx;
    if (column == COL_USUAL) out->role = ROLE_DIM;
    if (row == TABLE_TOTAL) {
        out->attr = ATTR_BOLD;
        if (column == COL_NAME) put(out, "total");
        else if (compared_cell(o, NULL, o->list.total.cost_nano, column, out)) return;
        else if (column < COL_SHARE)
            figure_cell(o, &o->list.total, o->minute.total.cost_nano, o->now.usual_nano_per_min, column, out);
        return;
    }
    const Group *g = &o->list.groups[row];
    int64_t rate = overview_rate_of(o, g->name[0]), usual = usual_rates_of(&o->usual, g->name[0]);
    if (column == COL_NAME) put(out, overview_name(g->name[0]));
    else if (compared_cell(o, g->name[0], g->t.cost_nano, column, out)) return;
    else if (column == COL_SPARK) spark_cell(o, g->name[0], usual, out);
    else figure_cell(o, &g->t, rate, usual, column, out);
    /* The one that makes the whole unusual. */
    bool burns = usual >= 0 && rate > 2 * usual && rate * 2 > o->minute.total.cost_nano;
    if (burns && (column == COL_RATE || column == COL_SHARE) && overview_burn_role(&o->now) != ROLE_TEXT)
        out->role = (uint8_t)overview_burn_role(&o->now);
}

void overview_draw_list(const Overview *o, const View *v, Canvas *c, Rect r) {
    Column shown[COL_COUNT];
    char name[32], cost[32];
    memcpy(shown, columns, sizeof columns);
    snprintf(name, sizeof name, "by %s", by_name(o->dim));
    snprintf(cost, sizeof cost, "%s ~$", v->range_name);
    shown[COL_NAME].title = name;
    shown[COL_COST].title = cost;
    shown[COL_SPARK].title = o->spark.slots ? v->range_name : "";
    if (o->compared) {
        shown[COL_USUAL].title = view_compare_words(v);
        shown[COL_USUAL].width = columns[COL_COST].width;
        shown[COL_USUAL].drop = 0;
        shown[COL_CENTS].title = "+%";
        shown[COL_CENTS].drop = 0;
        shown[COL_RATE].drop = 1;
        if (r.w < 45) shown[COL_NAME].width = 10, shown[COL_COST].width = shown[COL_USUAL].width = 8;
    }
    if (r.h < 2) return;
    if (o->list.count == 0) {
        canvas_textf(c, r.x + 1, r.y, r.w - 1, ROLE_DIM, 0, "no calls in %s%s", v->range_name,
                     v->filter ? " pass the filter; Esc clears it" : "; t widens the range");
        return;
    }
    const Totals *t = &o->list.total;
    bool apart = t->notional_nano > 0 && r.h >= 5;
    Table table = {.columns = shown,
                   .column_count = COL_COUNT,
                   .rows = o->list.count,
                   .sorted_by = -1,
                   .has_total = r.h >= 5,
                   .has_selection = true,
                   .cell = cell,
                   .ctx = o};
    table_draw(&table, &o->table, c, (Rect){r.x, r.y, r.w, r.h - apart});
    if (!apart) return;
    size_t most = (size_t)(r.h - 3), rows = o->list.count < most ? o->list.count : most;
    canvas_textf(c, r.x + 1, r.y + 2 + (int)rows, r.w - 1, ROLE_DIM, 0,
                 "notional  $%s flat-rate use, in no sum above",
                 number_money(t->notional_nano, 0, BASIS_NONE).text);
}

/* ---- models ---- */

/* name, bar (where there is room), share, cost, calls: from the right, so that the name gets what is left. */
static void model_row(const Overview *o, Canvas *c, Rect r, const Group *g) {
    int64_t whole = o->models.total.cost_nano;
    int right = r.x + r.w, bar_cells = r.w >= 60 ? 12 : 0, name = r.w - 28 - (bar_cells ? bar_cells + 2 : 0);
    char bar[64];
    canvas_text(c, r.x + 1, r.y, name - 1, ROLE_TEXT, 0, overview_name(g->name[0]));
    bar_text(bar, sizeof bar, bar_cells, g->t.cost_nano, whole);
    canvas_text(c, r.x + name + 1, r.y, bar_cells, ROLE_CHART, 0, bar);
    canvas_right(c, right - 22, r.y, 5, ROLE_TEXT, 0, number_percent(g->t.cost_nano, whole, 0).text);
    canvas_right(c, right - 10, r.y, 11, ROLE_TEXT, 0, number_cost(&g->t, 11, BASIS_METERED).text);
    canvas_right(c, right, r.y, 9, ROLE_TEXT, 0, number_count(g->t.requests, 9).text);
}

static void models_table(const Overview *o, Canvas *c, Rect r) {
    int right = r.x + r.w;
    canvas_text(c, r.x + 1, r.y, r.w - 30, ROLE_TITLE, 0, "models");
    canvas_right(c, right - 22, r.y, 10, ROLE_TITLE, 0, "share of $");
    canvas_right(c, right - 10, r.y, 5, ROLE_TITLE, 0, "~$");
    canvas_right(c, right, r.y, 6, ROLE_TITLE, 0, "calls");
    for (int i = 0; i < r.h - 1 && (size_t)i < o->models.count; i++) {
        Rect row = {r.x, r.y + 1 + i, r.w, 1};
        size_t left = o->models.count - (size_t)i;
        if (i == r.h - 2 && left > 1)
            canvas_textf(c, row.x + 1, row.y, row.w - 1, ROLE_DIM, 0, "%zu more", left);
        else
            model_row(o, c, row, &o->models.groups[i]);
    }
}

/* One row: models while they fit; errors and sources at its right end, where the side panel has no room for them. */
static void models_line(const Overview *o, Canvas *c, Rect r) {
    const Totals *t = &o->list.total;
    size_t fine = overview_sources_fine(o);
    char right[96];
    const Number errors = number_percent(t->errors, t->requests - t->refused, 1);
    if (o->sources_unknown) snprintf(right, sizeof right, "errors %s  sources ?", errors.text);
    else snprintf(right, sizeof right, "errors %s  sources %zu/%zu", errors.text, fine, o->sources);
    int room = r.w - text_columns(right) - 2, x = r.x + 1;
    bool bad = fine < o->sources || t->errors * 50 > t->requests - t->refused;
    canvas_right(c, r.x + r.w - 1, r.y, text_columns(right), bad ? ROLE_WATCH : ROLE_TEXT, 0, right);
    x += canvas_text(c, x, r.y, room, ROLE_TITLE, 0, "models");
    for (size_t i = 0; i < o->models.count; i++) {
        char one[NAME_MAX_BYTES + 32];
        const Group *g = &o->models.groups[i];
        snprintf(one, sizeof one, "%s %s", overview_name(g->name[0]),
                 number_percent(g->t.cost_nano, o->models.total.cost_nano, 0).text);
        if (x + 2 + text_columns(one) > r.x + room) return;
        x += 2 + canvas_text(c, x + 2, r.y, room, ROLE_TEXT, 0, one);
    }
}

void overview_draw_models(const Overview *o, Canvas *c, Rect r) {
    if (r.h >= 3 && r.w >= 40) models_table(o, c, r);
    else models_line(o, c, r);
}

/* ---- movers ---- */

void overview_draw_movers(const Overview *o, const View *v, Canvas *c, Rect r) {
    char until[16], title[48], day[24];
    int right = r.x + r.w, name = r.w - 30;
    if (r.h < 2 || name < 4) return;
    time_format(v->zone, o->movers_until_ms, "%H:%M", until, sizeof until);
    time_format(v->zone, o->movers_until_ms - 7 * MS_PER_DAY, "last %a", day, sizeof day);
    snprintf(title, sizeof title, name >= 24 ? "movers, hour to %s" : "movers %s", until);
    canvas_text(c, r.x + 1, r.y, name + 2, ROLE_TITLE, 0, title);
    canvas_right(c, right - 20, r.y, 8, ROLE_TITLE, 0, "~$");
    canvas_right(c, right - 10, r.y, 10, ROLE_TITLE, 0, "yesterday");
    canvas_right(c, right, r.y, 10, ROLE_TITLE, 0, day);
    size_t rows = (size_t)(r.h - 1), skip = o->movers > rows ? o->movers - rows : 0; /* the total stays */
    for (size_t i = 0, y = 1; i < o->movers; i++) {
        const Mover *m = &o->mover[i];
        if (skip && i + 1 + skip >= o->movers && i + 1 < o->movers) continue;
        int row = r.y + (int)y++;
        unsigned attr = i + 1 == o->movers ? ATTR_BOLD : 0;
        canvas_text(c, r.x + 1, row, name - 1, ROLE_TEXT, attr, overview_name(m->name));
        canvas_right(c, right - 20, row, 10, ROLE_TEXT, attr, number_money(m->nano, 10, BASIS_NONE).text);
        canvas_right(c, right - 10, row, 10, ROLE_TEXT, attr,
                     o->day_known ? number_money_signed(m->nano - m->day_nano, 10).text : "-");
        canvas_right(c, right, row, 10, ROLE_TEXT, attr,
                     o->week_known ? number_money_signed(m->nano - m->week_nano, 10).text : "-");
    }
}

/* ---- the newest calls ---- */

void overview_draw_live(const Overview *o, const View *v, Canvas *c, Rect r) {
    const RequestRows rows = {o->live, v->zone, v->until_ms - v->since_ms > MS_PER_DAY};
    size_t room = r.h > 1 ? (size_t)r.h - 1 : 0,
           shown = o->lives < room ? o->lives : room; /* the newest, no list to scroll */
    Table t = {.columns = request_columns,
               .column_count = REQ_COLUMNS,
               .rows = shown,
               .sorted_by = -1,
               .cell = request_cell,
               .ctx = &rows};
    table_draw(&t, &(TableState){.selected = 0}, c, r);
}
