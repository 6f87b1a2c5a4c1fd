/* screen_budgets: every budget of the configuration, what breaks first on top, and of the selected one what is left, what its
 * limit would let through, and who spends it. Enter shows its calls. */
#include "tui/budget_reading.h"
#include "tui/drill.h"
#include "tui/keys.h"
#include "tui/list.h"
#include "tui/number.h"
#include "tui/view.h"

enum { COL_BUDGET, COL_SCOPE, COL_PERIOD, COL_LIMIT, COL_SPENT, COL_GAUGE, COL_PART, COL_END, COL_BREAKS, COL_COUNT };
enum { GAUGE = 10, MOVED_US = 8000, DETAIL_ROWS = 7 };

static const Column columns[COL_COUNT] = {
    [COL_BUDGET] = {.title = "  budget", .width = 14, .grow = 30, .name = "budget"},
    [COL_SCOPE] = {.title = "scope", .width = 15, .drop = 4, .grow = 30, .name = "scope"},
    [COL_PERIOD] = {.title = "period", .width = 10, .drop = 5, .name = "period"},
    [COL_LIMIT] = {.title = "limit $", .width = 10, .right = true, .drop = 6, .name = "limit", .figure = FIGURE_DOLLARS},
    [COL_SPENT] = {.title = "spent", .width = 11, .right = true, .drop = 3, .name = "spent", .figure = FIGURE_DOLLARS},
    [COL_GAUGE] = {.title = "spent ▒ →end", .width = GAUGE + 2, .drop = 2, .name = "gauge", .figure = FIGURE_PICTURE},
    [COL_PART] = {.title = "used", .width = 5, .right = true, .name = "part", .figure = FIGURE_PERMILLE},
    [COL_END] = {.title = "→end $", .width = 8, .right = true, .drop = 7, .name = "end", .figure = FIGURE_DOLLARS},
    [COL_BREAKS] = {.title = "breaks", .width = 9, .right = true, .name = "breaks", .figure = FIGURE_TIME},
};

typedef struct BudgetRow {
    const Budget *budget;
    BudgetView view;
} BudgetRow;

typedef struct Budgets {
    BudgetRow *rows;
    size_t count;
    TableState table;
    BudgetWho who;
    BudgetReading reading;
    bool viewed;               /* the budgets are through, who spends the selected one's is being read */
    uint64_t asked;
    int64_t left_us;
} Budgets;

static void *open_budgets(void) {
    return xcalloc(1, sizeof(Budgets));
}

static void close_budgets(void *self) {
    Budgets *s = self;
    if (!s) return;
    table_state_free(&s->table);
    budget_reading_free(&s->reading);
    budget_who_end(&s->who);
    free(s->rows);
    free(s);
}

/* ---- load ---- */
static int soonest_first(const void *pa, const void *pb) {
    const BudgetRow *a = pa, *b = pb;
    int64_t x = a->view.breaks_ms < 0 ? INT64_MAX : a->view.breaks_ms, y = b->view.breaks_ms < 0 ? INT64_MAX : b->view.breaks_ms;
    if (x != y) return (x > y) - (x < y);
    if (a->view.spent_permille != b->view.spent_permille) return b->view.spent_permille - a->view.spent_permille;
    return strcmp(a->budget->id, b->budget->id);
}

static uint64_t row_key(const void *ctx, size_t row) {
    const char *id = ((const Budgets *)ctx)->rows[row].budget->id;
    return hash64(id, strlen(id), 1) | 1;
}

static const BudgetRow *selected(const Budgets *s) {
    const Table t = {.rows = s->count};
    return &s->rows[table_selected(&t, &s->table)];
}

static int load_who(Budgets *s, View *v, int64_t deadline_us, bool *more, Err *e) {
    const BudgetRow *row = selected(s);
    return budget_who_step(&s->who, v, row->budget, row->view.begin_ms, deadline_us, more, e);
}

static bool listing(const Budgets *s, const View *v, Rect area, Listing *out);

/* The usual pace moves with the minute only. */
static int tick_budgets(void *self, View *v, Err *e) {
    Budgets *s = self;
    for (size_t i = 0; i < s->count; i++) {
        BudgetView now;
        if (view_budget(v, s->rows[i].budget, &now, e) != 0) return -1;
        now.end_at_usual_nano = s->rows[i].view.end_at_usual_nano;
        s->rows[i].view = now;
    }
    Listing l;
    if (listing(s, v, (Rect){0}, &l)) table_arrange(&l.table, &s->table);
    return 0;
}

static int load_views(Budgets *s, View *v, int64_t deadline_us, bool *more, Err *e) {
    const Config *c = v->app->config;
    if (budget_reading_step(&s->reading, v, c->budget_count, true, deadline_us, more, e) != 0) return -1;
    if (*more) return 0;
    if (!s->rows) s->rows = xcalloc(c->budget_count + 1, sizeof *s->rows);
    for (size_t i = 0; i < c->budget_count; i++) s->rows[i] = (BudgetRow){&c->budgets[i], s->reading.view[i]};
    s->count = c->budget_count;
    qsort(s->rows, s->count, sizeof *s->rows, soonest_first);
    Listing l;
    if (listing(s, v, (Rect){0}, &l)) table_arrange(&l.table, &s->table);
    s->viewed = true;
    return 0;
}

/* A load that was left off begins anew. */
static void begin(Budgets *s, const View *v) {
    const uint64_t asked = (uint64_t)v->asof_ms;
    if (asked == s->asked && !reading_given_up(s->left_us)) return;
    budget_reading_restart(&s->reading);
    budget_who_end(&s->who);
    s->asked = asked;
    s->viewed = false;
}

static int load_budgets(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Budgets *s = self;
    *more = false;
    begin(s, v);
    int rc = s->viewed ? 0 : load_views(s, v, deadline_us, more, e);
    if (rc == 0 && !*more && s->count) rc = load_who(s, v, deadline_us, more, e);
    if (rc != 0 || !*more) s->viewed = false;
    if (rc != 0) budget_who_end(&s->who);
    s->left_us = reading_now_us();
    return rc;
}

/* ---- draw ---- */
static ThemeRole role_of(const BudgetRow *r, int64_t now_ms) {
    int64_t left = r->view.breaks_ms - now_ms;
    if (r->view.level >= 1000 || (r->view.breaks_ms >= 0 && left <= MS_PER_HOUR)) return ROLE_ACT;
    return r->view.level > 0 || r->view.breaks_ms >= 0 ? ROLE_WATCH : ROLE_TEXT;
}

static const char *glyph_of(ThemeRole role) {
    return role == ROLE_ACT ? "●" : role == ROLE_WATCH ? "▲" : "○";
}

static Basis basis_shown(const BudgetView *v) {
    if (v->unpriced_tokens) return BASIS_AT_LEAST;
    return v->basis >> ORIGIN_METERED & 1 ? BASIS_METERED : v->basis >> ORIGIN_REPORTED & 1 ? BASIS_REPORTED : BASIS_BILLED;
}

static int cells_of(int64_t nano, int64_t limit) {
    int p = budget_permille(nano, limit);
    return p >= 1000 ? GAUGE : (p * GAUGE + 999) / 1000;
}

/* Spent, still to come at this rate, free; the arrow: it breaks before the period ends. */
static void gauge(const BudgetRow *r, char *out, size_t size) {
    int spent = cells_of(r->view.spent_nano, r->budget->limit_nano), end = cells_of(r->view.end_at_rate_nano, r->budget->limit_nano);
    Buf b = {.max = 128};
    for (int i = 0; i < GAUGE; i++) buf_str(&b, i < spent ? "█" : i < end ? "▒" : "░");
    if (r->view.breaks_ms >= 0) buf_str(&b, "►");
    snprintf(out, size, "%s", b.at);
    buf_free(&b);
}

static void breaks_words(const BudgetRow *r, const View *v, char *out, size_t size) {
    const Zone *zone = v->zone;
    int64_t at = r->view.breaks_ms;
    bool today = at >= 0 && time_floor(zone, at, UNIT_DAY) == time_floor(zone, v->until_ms, UNIT_DAY);
    bool week = at - v->until_ms < 7 * MS_PER_DAY;
    if (r->view.level >= 1000) snprintf(out, size, "over");
    else if (at < 0) snprintf(out, size, "-");
    else time_format(zone, at, today ? "%H:%M" : week ? "%a %H:%M" : "%d %b", out, size);
}

static const char *period_word(Unit u) {
    return u == UNIT_HOUR ? "hour" : u == UNIT_DAY ? "day" : u == UNIT_WEEK ? "week" : "month";
}

static void scope_words(const Budget *b, char *out, size_t size) {
    if (b->scope_dim < 0) snprintf(out, size, "global");
    else snprintf(out, size, "%s %s", dim_names[b->scope_dim], b->scope_value);
}

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const Listing *l = ctx;
    const View *view = l->pair[1];
    const BudgetRow *r = &((const Budgets *)l->pair[0])->rows[row];
    const BudgetView *b = &r->view;
    char *to = out->text;
    size_t size = sizeof out->text;
    ThemeRole role = role_of(r, view->until_ms);
    switch (column) {
    case COL_BUDGET:
        out->role = (uint8_t)role;
        snprintf(to, size, "%s %s", glyph_of(role), r->budget->id);
        break;
    case COL_SCOPE: scope_words(r->budget, to, size); break;
    case COL_PERIOD: snprintf(to, size, "%-5s %s", period_word(r->budget->period), budget_is_hard(r->budget) ? "hard" : "soft"); break;
    case COL_LIMIT: snprintf(to, size, "%s", number_money(r->budget->limit_nano, 10, BASIS_NONE).text); break;
    case COL_SPENT: snprintf(to, size, "%s", number_money(b->spent_nano, 11, basis_shown(b)).text); break;
    case COL_GAUGE:
        gauge(r, to, size);
        out->role = role == ROLE_TEXT ? ROLE_CHART : (uint8_t)role;
        break;
    case COL_PART: snprintf(to, size, "%d%%", b->spent_permille / 10 > 9999 ? 9999 : b->spent_permille / 10); break;
    case COL_END: snprintf(to, size, "%s", number_money(b->end_at_rate_nano, 8, BASIS_NONE).text); break;
    default:
        out->role = (uint8_t)role;
        breaks_words(r, view, to, size);
        break;
    }
}

static const char *at_limit(const Budget *b) {
    if (b->soft && b->action != BUDGET_ALERT) return "soft: at 100% it only alerts for now";
    if (b->action == BUDGET_ALERT) return "soft: at 100% it only alerts";
    return b->action == BUDGET_KILL ? "hard: at 100% it stops non-critical calls" : "hard: at 100% its calls are refused";
}

static void draw_left(const BudgetRow *r, const View *v, Canvas *c, Rect at) {
    const BudgetView *b = &r->view;
    int64_t left = r->budget->limit_nano - b->spent_nano;
    char pace[96] = "; usual pace is not known yet", lasts[48] = "";
    if (b->end_at_usual_nano >= 0)
        snprintf(pace, sizeof pace, "; usual pace ends at %s (%d%%)", number_usd(b->end_at_usual_nano, 0, BASIS_NONE).text,
                 budget_permille(b->end_at_usual_nano, r->budget->limit_nano) / 10);
    if (b->breaks_ms >= 0 && left > 0) {
        int64_t minutes = (b->breaks_ms - v->until_ms) / MS_PER_MINUTE;
        if (minutes < 60) snprintf(lasts, sizeof lasts, " = %lldm", (long long)minutes);
        else snprintf(lasts, sizeof lasts, " = %lldh %02lldm", (long long)(minutes / 60), (long long)(minutes % 60));
    }
    canvas_text(c, at.x, at.y, 10, ROLE_DIM, 0, left >= 0 ? "left" : "over");
    canvas_textf(c, at.x + 11, at.y, at.w - 11, ROLE_TEXT, 0, "%s%s at %s/min%s", number_usd(left >= 0 ? left : -left, 0, BASIS_NONE).text,
                 lasts, number_usd(b->rate_nano_per_min, 0, BASIS_NONE).text, pace);
}

static void draw_overshoot(const BudgetRow *r, Canvas *c, Rect at) {
    canvas_text(c, at.x, at.y, 10, ROLE_DIM, 0, "overshoot");
    if (budget_is_hard(r->budget))
        canvas_textf(c, at.x + 11, at.y, at.w - 11, ROLE_TEXT, 0, "at most %s + calls in flight (1.5 s until obeyed × %s/min)",
                     number_usd(budget_overshoot_nano(r->view.rate_nano_per_min), 0, BASIS_NONE).text,
                     number_usd(r->view.rate_nano_per_min, 0, BASIS_NONE).text);
    else canvas_text(c, at.x + 11, at.y, at.w - 11, ROLE_TEXT, 0, "unlimited: nothing is refused");
}

/* As many as fit, the rest as one sum. */
static void draw_who(const Budgets *s, Canvas *c, Rect at) {
    Buf text = {.max = 1024};
    size_t rest = s->who.others;
    int64_t rest_nano = s->who.others_nano;
    for (size_t i = 0; i < s->who.count; i++) {
        char one[128];
        snprintf(one, sizeof one, "%.40s %s  ", s->who.who[i].name, number_money(s->who.who[i].nano, 0, BASIS_NONE).text);
        if (rest == s->who.others && text_columns(text.at ? text.at : "") + text_columns(one) < at.w - 26) buf_str(&text, one);
        else rest++, rest_nano += s->who.who[i].nano;
    }
    if (rest) buf_fmt(&text, "%zu more %s", rest, number_money(rest_nano, 0, BASIS_NONE).text);
    canvas_text(c, at.x, at.y, 10, ROLE_DIM, 0, "who");
    canvas_text(c, at.x + 11, at.y, at.w - 11, ROLE_TEXT, 0, text.len ? text.at : "nobody yet");
    buf_free(&text);
}

static void draw_basis(const BudgetRow *r, const View *v, Canvas *c, Rect at) {
    const BudgetView *b = &r->view;
    int64_t more = b->spent_nano - b->metered_nano;
    Buf text = {.max = 256};
    buf_fmt(&text, "%s metered", number_usd(b->metered_nano, 0, BASIS_NONE).text);
    if (more) buf_fmt(&text, ", %s%s by bills and usage reports", more > 0 ? "+" : "-", number_usd(more > 0 ? more : -more, 0, BASIS_NONE).text);
    if (b->unpriced_tokens) buf_fmt(&text, ", %s tokens unpriced, so ≥", number_tokens(b->unpriced_tokens).text);
    if (v->newest_ms && view_is_live(v)) buf_fmt(&text, "; %s old", number_age(v->until_ms - v->newest_ms).text);
    canvas_text(c, at.x, at.y, 10, ROLE_DIM, 0, "basis");
    canvas_text(c, at.x + 11, at.y, at.w - 11, ROLE_TEXT, 0, text.at);
    buf_free(&text);
}

static void draw_detail(const Budgets *s, const View *v, Canvas *c, Rect r) {
    const BudgetRow *row = selected(s);
    char begin[32], end[32], scope[160];
    const Zone *zone = budget_zone(row->budget, v->app->day_zone);
    time_format(zone, row->view.begin_ms, "%d %b %H:%M", begin, sizeof begin);
    time_format(zone, row->view.end_ms, "%d %b %H:%M", end, sizeof end);
    scope_words(row->budget, scope, sizeof scope);
    canvas_fill(c, (Rect){r.x, r.y, r.w, 1}, ROLE_RULE, 0, "─");
    canvas_textf(c, r.x + 1, r.y + 1, r.w - 2, ROLE_TEXT, 0, "%s   %s, %s to %s %s, %s", row->budget->id,
                 row->budget->scope_dim < 0 ? "everything" : scope, begin, end, zone_name(zone), at_limit(row->budget));
    Rect at = {r.x + 3, r.y + 2, r.w - 4, 1};
    if (r.h > 2) draw_left(row, v, c, at);
    at.y++;
    if (r.h > 3) draw_overshoot(row, c, at);
    at.y++;
    if (r.h > 4) draw_who(s, c, at);
    at.y++;
    if (r.h > 5) draw_basis(row, v, c, at);
}

static void draw_empty(Canvas *c, Rect area) {
    static const char *const lines[] = {"No budget is configured. Paste this into the configuration file, and restart the collector:", "",
                                        "[budget org-day]", "scope = global", "period = day", "limit_usd = 500", "action = alert"};
    for (int i = 0; i < (int)(sizeof lines / sizeof *lines) && i < area.h; i++)
        canvas_text(c, area.x + (i > 1 ? 3 : 1), area.y + i, area.w - 4, i > 1 ? ROLE_TEXT : ROLE_DIM, 0, lines[i]);
}

static int64_t value(const void *ctx, size_t row, size_t column) {
    const BudgetRow *r = &((const Budgets *)((const Listing *)ctx)->pair[0])->rows[row];
    switch (column) {
    case COL_LIMIT: return r->budget->limit_nano;
    case COL_SPENT: return r->view.spent_nano;
    case COL_PART: return r->view.spent_permille;
    case COL_END: return r->view.end_at_rate_nano;
    default: return r->view.breaks_ms < 0 ? FIGURE_UNKNOWN : r->view.breaks_ms;
    }
}

static uint64_t list_key_of(const void *ctx, size_t row) {
    return row_key(((const Listing *)ctx)->pair[0], row);
}

static bool listing(const Budgets *s, const View *v, Rect area, Listing *out) {
    if (s->count == 0) return false;
    out->pair[0] = s;
    out->pair[1] = v;
    out->area = area;
    out->table = (Table){.columns = columns, .column_count = COL_COUNT, .rows = s->count, .has_selection = true, .cell = cell,
                         .value = value, .key = list_key_of, .ctx = out};
    return true;
}

static void split(Rect area, Rect *list, Rect *detail) {
    *list = area;
    *detail = (Rect){0};
    if (area.h >= 12) layout_split(area, DETAIL_ROWS, list, detail);
}

static bool list_budgets(const void *self, const View *v, const Layout *l, Listing *out) {
    Rect list, detail;
    split(l->at[PART_BODY], &list, &detail);
    out->detail = detail;
    return listing(self, v, list, out);
}

static void draw_budgets(const void *self, const View *v, Canvas *c, Rect area) {
    const Budgets *s = self;
    Rect list = area, detail = {0};
    Listing l;
    split(area, &list, &detail);
    if (!listing(s, v, list, &l)) {
        draw_empty(c, area);
        return;
    }
    table_draw(&l.table, &s->table, c, list);
    if (detail.h >= 3) draw_detail(s, v, c, detail);
}

/* ---- keys ---- */
static const char *range_of(Unit u) {
    return u == UNIT_HOUR ? "1h" : u == UNIT_DAY ? "today" : u == UNIT_WEEK ? "7d" : "month";
}

/* Its scope as the filter, its period as the range, and the list of who spends it. */
static void drill(const Budget *b, View *v) {
    Err e = {""};
    if (view_set_range(v, range_of(b->period), &e) != 0) snprintf(v->answer, sizeof v->answer, "tollwatch: %.200s", e.text);
    drill_to(v, b->scope_dim == DIM_FEATURE ? "models" : "features", b->scope_dim, b->scope_value);
}

static bool key_budgets(void *self, View *v, int key) {
    Budgets *s = self;
    const KeyCommand *k = key_meaning(key);
    if (s->count && k && k->act == DO_OPEN) {
        drill(selected(s)->budget, v);
        return true;
    }
    return false;
}

static void moved_budgets(void *self, View *v) {
    Err e = {""};
    bool more = false;
    if (load_who(self, v, reading_now_us() + MOVED_US, &more, &e) != 0) snprintf(v->answer, sizeof v->answer, "tollwatch: %.200s", e.text);
    if (more) snprintf(v->go, sizeof v->go, "budgets"); /* to be loaded to its end */
}

const Screen screen_budgets = {
    .name = "budgets", .title = "Budgets", .key = '6', .open = open_budgets, .close = close_budgets, .load = load_budgets,
    .tick = tick_budgets, .draw = draw_budgets, .key_pressed = key_budgets, .list = list_budgets, .table_at = offsetof(Budgets, table),
    .moved = moved_budgets, .unfiltered = true, .footer = "stop open row sort columns copy export",
};
