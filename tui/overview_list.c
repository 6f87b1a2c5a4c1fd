/* overview_list: the Overview's tables: spend by a dimension, models, movers, the newest calls. Pure. */
#include "store/money.h"
#include "tui/chart.h"
#include "tui/groups.h"
#include "tui/overview.h"
#include "tui/request_table.h"
#include "tui/view.h"

enum { COL_NAME, COL_RATE, COL_USUAL, COL_COST, COL_CALLS, COL_CENTS, COL_SHARE, COL_SPARK, COL_COUNT };

static const Column columns[COL_COUNT] = {
    [COL_NAME] = {.title = "", .width = 12, .grow = 40, .name = "name"},
    [COL_RATE] = {.title = "$/min", .width = 5, .right = true, .name = "rate", .figure = FIGURE_DOLLARS},
    [COL_USUAL] = {.title = "usual", .width = 5, .right = true, .drop = 1, .name = "usual", .figure = FIGURE_DOLLARS},
    [COL_COST] = {.title = "", .width = 9, .right = true, .name = "cost", .figure = FIGURE_DOLLARS},
    [COL_CALLS] = {.title = "calls", .width = 8, .right = true, .drop = 4, .name = "calls", .figure = FIGURE_COUNT},
    [COL_CENTS] = {.title = "¢/call", .width = 6, .right = true, .drop = 2, .name = "cents_per_call", .figure = FIGURE_CENTS},
    [COL_SHARE] = {.title = "share", .width = 6, .drop = 3, .grow = 12, .name = "share", .figure = FIGURE_PERMILLE, .bars = true},
    [COL_SPARK] = {.title = "", .width = SPARK_SLOTS, .drop = 5, .name = "spark", .figure = FIGURE_PICTURE},
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

static bool is_compared(const Overview *o, size_t column) {
    return o->compared && (column == COL_USUAL || column == COL_CENTS);
}

/* What a value spent in the other range; NULL = all. */
static int64_t before_of(const Overview *o, const char *name) {
    if (!name) return o->before.total.cost_nano;
    for (size_t i = 0; i < o->before.count; i++)
        if (strcmp(o->before.groups[i].name[0], name) == 0) return o->before.groups[i].t.cost_nano;
    return 0;
}

/* While two ranges are compared the usual rate gives its place to what was spent before, cents a call to the change. */
static bool compared_cell(const Overview *o, const char *name, int64_t nano, size_t column, TableCell *out) {
    if (!is_compared(o, column)) return false;
    int64_t before = before_of(o, name);
    if (column == COL_USUAL) put(out, number_money(before, columns[COL_COST].width, BASIS_NONE).text);
    else groups_change_words(nano, before, out->text, sizeof out->text);
    if (column == COL_CENTS && nano - before > before / 2) out->role = ROLE_WATCH;
    return true;
}

/* What is usual is known of all calls, and of each value that passes a filter, but not of these together. */
static int64_t usual_of_all(const Overview *o) { return o->filtered ? -1 : o->now.usual_nano_per_min; }

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const Overview *o = ctx;
    if (column == COL_USUAL) out->role = ROLE_DIM;
    if (row == TABLE_TOTAL) {
        out->attr = ATTR_BOLD;
        if (column == COL_NAME) put(out, "total");
        else if (compared_cell(o, NULL, o->list.total.cost_nano, column, out)) return;
        else if (column < COL_SHARE)
            figure_cell(o, &o->list.total, o->minute.total.cost_nano, usual_of_all(o), column, out);
        return;
    }
    const Group *g = &o->list.groups[row];
    int64_t rate = overview_rate_of(o, g->name[0]), usual = usual_rates_of(&o->usual, g->name[0]);
    if (column == COL_NAME) put(out, overview_name(g->name[0]));
    else if (compared_cell(o, g->name[0], g->t.cost_nano, column, out)) return;
    else if (column == COL_SPARK) {
        sparks_text(&o->spark, g->name[0], usual, out->text, sizeof out->text);
        out->role = ROLE_CHART;
    }
    else figure_cell(o, &g->t, rate, usual, column, out);
    /* The one that makes the whole unusual. */
    bool burns = usual >= 0 && rate > 2 * usual && rate * 2 > o->minute.total.cost_nano;
    if (burns && (column == COL_RATE || column == COL_SHARE) && overview_burn_role(&o->now) != ROLE_TEXT)
        out->role = (uint8_t)overview_burn_role(&o->now);
}

static int64_t value(const void *ctx, size_t row, size_t column) {
    const Overview *o = ctx;
    bool total = row == TABLE_TOTAL;
    const Totals *t = total ? &o->list.total : &o->list.groups[row].t;
    const char *name = total ? NULL : o->list.groups[row].name[0];
    if (is_compared(o, column)) return column == COL_USUAL ? before_of(o, name) : t->cost_nano - before_of(o, name);
    int64_t usual = total ? usual_of_all(o) : usual_rates_of(&o->usual, name), answered = t->requests - t->refused;
    switch (column) {
    case COL_RATE: return total ? o->minute.total.cost_nano : overview_rate_of(o, name);
    case COL_USUAL: return usual < 0 ? FIGURE_UNKNOWN : usual;
    case COL_CALLS: return t->requests;
    case COL_CENTS: return answered > 0 ? t->cost_nano / answered : FIGURE_UNKNOWN;
    case COL_SHARE: return o->list.total.cost_nano > 0 ? t->cost_nano / (o->list.total.cost_nano / 1000 + 1) : 0;
    default: return t->cost_nano;
    }
}

/* Flat-rate use stands under the list, in no sum. */
static bool notional_apart(const Overview *o, Rect r) {
    return o->list.total.notional_nano > 0 && r.h >= 5;
}

static void compared_columns(const View *v, int width, Column *c) {
    c[COL_USUAL].title = view_compare_words(v);
    c[COL_USUAL].name = "before"; /* as on Models and Features: a file says what it holds */
    c[COL_CENTS].name = "change";
    c[COL_USUAL].width = columns[COL_COST].width;
    c[COL_USUAL].drop = 0;
    c[COL_CENTS].title = "+%";
    c[COL_CENTS].drop = 0;
    c[COL_CENTS].figure = FIGURE_DOLLARS;
    c[COL_RATE].drop = 1;
    if (width < 45) c[COL_NAME].width = 10, c[COL_COST].width = c[COL_USUAL].width = 8;
}

static bool fill(const Overview *o, const View *v, Rect r, Listing *out) {
    if (r.h < 2 || o->list.count == 0) return false;
    memcpy(out->column, columns, sizeof columns);
    snprintf(out->title[0], sizeof out->title[0], "by %s", by_name(o->dim));
    snprintf(out->title[1], sizeof out->title[1], "%s ~$", v->range_name);
    out->column[COL_NAME].title = out->title[0];
    out->column[COL_COST].title = out->title[1];
    out->column[COL_SPARK].title = o->spark.slots ? v->range_name : "";
    if (o->compared) compared_columns(v, r.w, out->column);
    out->area = (Rect){r.x, r.y, r.w, r.h - notional_apart(o, r)};
    out->table = (Table){.columns = out->column, .column_count = COL_COUNT, .rows = o->list.count, .has_total = r.h >= 5,
                         .has_selection = true, .cell = cell, .value = value, .key = overview_row_key, .ctx = o};
    return true;
}

/* Where there is no room for a chart budgets stand above the list: what can break comes first. */
static Rect list_area(const Overview *o, const Layout *l) {
    Rect list = l->at[PART_LIST];
    if (l->at[PART_CHART].h || o->budgets == 0) return list;
    int rows = overview_narrow_budgets(o, list);
    return (Rect){list.x, list.y + rows + 1, list.w, list.h - rows - 1};
}

bool overview_list(const void *self, const View *v, const Layout *l, Listing *out) {
    return fill(self, v, list_area(self, l), out);
}

void overview_arrange(Overview *o, const View *v) {
    Listing l;
    if (fill(o, v, (Rect){0, 0, 80, 10}, &l)) table_arrange(&l.table, &o->table);
}

void overview_draw_list(const Overview *o, const View *v, Canvas *c, Rect r) {
    Listing l;
    if (r.h < 2) return;
    if (!fill(o, v, r, &l)) {
        canvas_textf(c, r.x + 1, r.y, r.w - 1, ROLE_DIM, 0, "no calls in %s%s", v->range_name,
                     v->filter ? " pass the filter; Esc clears it" : "; t widens the range");
        return;
    }
    table_draw(&l.table, &o->table, c, l.area);
    if (!notional_apart(o, r)) return;
    size_t most = (size_t)(r.h - 3), rows = o->list.count < most ? o->list.count : most;
    canvas_textf(c, r.x + 1, r.y + 2 + (int)rows, r.w - 1, ROLE_DIM, 0,
                 "notional  $%s flat-rate use, in no sum above",
                 number_money(o->list.total.notional_nano, 0, BASIS_NONE).text);
}

/* ---- models ---- */

/* name, bar (where there is room), share, cost, calls: from the right, so that the name gets what is left. */
static void model_row(const Overview *o, Canvas *c, Rect r, const char *what, const Totals *t) {
    int64_t whole = o->models.total.cost_nano;
    int right = r.x + r.w, bar_cells = r.w >= 60 ? 12 : 0, name = r.w - 28 - (bar_cells ? bar_cells + 2 : 0);
    char bar[64];
    canvas_text(c, r.x + 1, r.y, name - 1, ROLE_TEXT, 0, what);
    bar_text(bar, sizeof bar, bar_cells, t->cost_nano, whole);
    canvas_text(c, r.x + name + 1, r.y, bar_cells, ROLE_CHART, 0, bar);
    canvas_right(c, right - 22, r.y, 5, ROLE_TEXT, 0, number_percent(t->cost_nano, whole, 0).text);
    canvas_right(c, right - 10, r.y, 11, ROLE_TEXT, 0, number_cost(t, 11, BASIS_METERED).text);
    canvas_right(c, right, r.y, 9, ROLE_TEXT, 0, number_count(t->requests, 9).text);
}

/* Those that have no row of their own, as one. */
static void rest_row(const Overview *o, Canvas *c, Rect r, size_t from) {
    Totals rest = {.requests = 0};
    char what[32];
    for (size_t i = from; i < o->models.count; i++) totals_add(&rest, &o->models.groups[i].t);
    snprintf(what, sizeof what, "%zu more", o->models.count - from);
    model_row(o, c, r, what, &rest);
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
            rest_row(o, c, row, (size_t)i);
        else
            model_row(o, c, row, overview_name(o->models.groups[i].name[0]), &o->models.groups[i].t);
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
    snprintf(title, sizeof title, name >= 20 ? "movers, hour to %s" : "movers %s", until);
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
    size_t room = r.h > 1 ? (size_t)r.h - 1 : 0,
           shown = o->lives < room ? o->lives : room; /* the newest, no list to scroll */
    const RequestRows rows = {o->live, shown, &v->zone, v->until_ms - v->since_ms > MS_PER_DAY, 0, 0};
    Table t;
    request_table(&rows, &t);
    t.has_selection = false;
    table_draw(&t, &(TableState){.selected = 0}, c, r);
}
