/* screen_savings: per strategy what is saved, what could be, how sure that is and what it stands on; and which features it is.
 * Why it reads seldom: an estimate over many calls does not change within a minute, and each reading looks at all of them,
 * in slices; what was whole stays until the new answer is. */
#include "collectors/savings_half.h"
#include "store/money.h"
#include "store/savings.h"
#include "tui/list.h"
#include "tui/number.h"
#include "tui/savings_pane.h"
#include "tui/keys.h"
#include "tui/view.h"
#include <jansson.h>

enum { PAGE = SAVE_COUNT + 1, READ_MS = 60000, BAR = 16, PARTS_SHOWN = 6, BOTH_H = 34, WITH_SAVED_H = 12 };

typedef struct Page { /* self */
    SavingsPane pane; /* first: savings_dialogs.c finds it here */
    Savings v;
    SaveSample sample;    /* its examples' calls */
    SaveRun *shown, *run; /* what v is of; what goes on */
    SavingsHalf *half;
    Filter *filter;       /* the run's own: the view's may change under it */
    SaveAsk ask;
    json_t *policy;
    char filter_text[256]; /* of the run, else of what is shown */
    int64_t read_ms, length_ms; /* of the range, and its end; 0 = nothing read yet */
    TableState table;
} Page;

static void *open_savings(void) { return xcalloc(1, sizeof(Page)); }

static void end_run(Page *p) {
    savings_half_drop(p->half);
    savings_close(p->run);
    p->half = NULL;
    p->run = NULL;
}

static void close_savings(void *self) {
    Page *p = self;
    end_run(p);
    savings_close(p->shown);
    filter_free(p->filter);
    json_decref(p->policy);
    savings_pane_free(&p->pane);
    free(p);
}

/* What was begun or read answers what is asked now. */
static bool is_fresh(const Page *p, const View *v) {
    int64_t newer = v->until_ms - p->read_ms, longer = v->until_ms - v->since_ms - p->length_ms;
    return p->read_ms && newer >= 0 && newer < (view_is_live(v) ? READ_MS : 1) && longer >= 0 && longer <= newer &&
           strcmp(p->filter_text, v->filter_text) == 0;
}

static int begin_run(Page *p, View *v, Err *e) {
    end_run(p);
    filter_free(p->filter);
    p->filter = NULL;
    if (v->filter && filter_parse(&p->filter, v->filter_text, e) != 0) return -1;
    const Query q = {.since_ms = v->since_ms, .until_ms = v->until_ms, .filter = p->filter};
    p->ask = savings_ask(v->app->config);
    json_decref(p->policy);
    p->ask.policy = p->policy = savings_policy(v->app);
    p->read_ms = v->until_ms;
    p->length_ms = v->until_ms - v->since_ms;
    snprintf(p->filter_text, sizeof p->filter_text, "%s", v->filter_text);
    if (!p->shown) savings_work_out(&(SaveSample){0}, v->book, &p->ask, &p->v); /* names, and nothing known */
    if (!p->shown) p->v.notes = 0;
    return savings_open(&p->run, v->db, v->book, &p->ask, &q, e);
}

static int end_whole(Page *p, Err *e) {
    if (savings_half_add(p->half, p->run, e) != 0) {
        p->half = NULL;
        return -1;
    }
    p->half = NULL;
    savings_close(p->shown);
    p->shown = p->run;
    p->run = NULL;
    return savings_result(p->shown, &p->v, &p->sample, e);
}

static int step_run(Page *p, View *v, int64_t deadline_us, bool *more, Err *e) {
    bool surveyed = savings_surveyed(p->run);
    if (savings_step(p->run, deadline_us, more, e) != 0) return -1;
    if (!surveyed && savings_surveyed(p->run)) p->half = savings_half_begin(p->run, v->app->db_path);
    if (!*more) *more = !savings_half_wait(p->half, deadline_us);
    if (!*more) return end_whole(p, e);
    v->reading_permille = p->half ? (savings_permille(p->run) + savings_half_permille(p->half)) / 2 : savings_permille(p->run);
    return 0;
}

static int load_savings(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Page *p = self;
    *more = false;
    if (savings_pane_load(&p->pane, v, deadline_us, more, e) != 0) return -1;
    if (*more) return 0;
    if (!is_fresh(p, v) && begin_run(p, v, e) != 0) return -1;
    if (!p->run || step_run(p, v, deadline_us, more, e) == 0) return 0;
    end_run(p);
    p->read_ms = 0;
    return -1;
}

/* ---- drawing ---- */
enum { COL_NAME, COL_SAVED, COL_BAR, COL_POSSIBLE, COL_SURE, COL_STANDS, COL_GUIDE, COL_COUNT };
static const Column columns[COL_COUNT] = {
    [COL_NAME] = {.title = "strategy", .width = 18, .name = "strategy"},
    [COL_SAVED] = {.title = "saved ~$", .width = 9, .right = true, .name = "saved", .figure = FIGURE_DOLLARS},
    [COL_BAR] = {.title = "█ saved ▒ could", .width = BAR, .drop = 3, .name = "bar", .figure = FIGURE_PICTURE},
    [COL_POSSIBLE] = {.title = "possible ~$", .width = 11, .right = true, .drop = 0, .name = "possible", .figure = FIGURE_DOLLARS},
    [COL_SURE] = {.title = "sure", .width = 6, .drop = 1, .name = "sure"},
    [COL_STANDS] = {.title = "stands on", .width = 36, .grow = 90, .drop = 4, .name = "stands_on"},
    [COL_GUIDE] = {.title = "guide says", .width = 10, .drop = 2, .name = "guide_says"}};

static const Saving *row_of(const Page *p, size_t row) { return row < SAVE_COUNT ? &p->v.by[row] : &p->v.combined; }

static int64_t positive(int64_t nano) { return nano > 0 ? nano : 0; }

static void bar_cell(const Page *p, const Saving *s, TableCell *out) {
    int64_t most = 1;
    for (size_t i = 0; i <= SAVE_COUNT; i++) {
        const Saving *a = row_of(p, i);
        int64_t all = nano_add(positive(a->saved_nano), positive(a->possible_nano));
        if (all > most) most = all;
    }
    int64_t unit = most / BAR + 1; /* of one cell: no product that could turn over */
    size_t used = 0;
    for (int64_t n = positive(s->saved_nano) / unit; n > 0; n--) used += (size_t)snprintf(out->text + used, sizeof out->text - used, "█");
    for (int64_t n = positive(s->possible_nano) / unit; n > 0; n--) used += (size_t)snprintf(out->text + used, sizeof out->text - used, "▒");
    out->role = ROLE_CHART;
}

static void money_cell(TableCell *out, int64_t nano, bool known, int width) {
    snprintf(out->text, sizeof out->text, "%s", known ? number_money(nano, width, BASIS_NONE).text : "?");
    if (!known) out->role = ROLE_DIM;
    else if (nano < 0) out->role = ROLE_WATCH;
}

/* ± before what rests on an estimate. */
static void saved_cell(TableCell *out, const Saving *s) {
    bool rests = s->saved_known && s->saved_spread_nano;
    money_cell(out, s->saved_nano, s->saved_known, rests ? 8 : 9);
    if (!rests) return;
    memmove(out->text + strlen("±"), out->text, strlen(out->text) + 1);
    memcpy(out->text, "±", strlen("±"));
}

static void cell(const void *ctx, size_t row, size_t col, TableCell *out) {
    const Page *p = ctx;
    const Saving *s = row_of(p, row);
    const char *text = "";
    if (row == SAVE_COUNT) out->attr = ATTR_BOLD;
    switch (col) {
    case COL_SAVED: saved_cell(out, s); return;
    case COL_BAR: bar_cell(p, s, out); return;
    case COL_POSSIBLE: money_cell(out, s->possible_nano, s->possible_known, 11); return;
    case COL_NAME: text = s->name; break;
    case COL_SURE: text = save_sure_names[s->sure]; break;
    case COL_STANDS: text = s->stands_on; break;
    default: text = s->guide;
    }
    if (col == COL_STANDS && !s->possible_known) out->role = ROLE_WATCH;
    snprintf(out->text, sizeof out->text, "%s", text);
}

static void draw_verdict(const Page *p, const View *v, Canvas *c, Rect r) {
    const Savings *s = &p->v;
    Basis mark = s->unpriced ? BASIS_AT_LEAST : BASIS_NONE;
    const Number saved = number_usd(s->combined.saved_nano, 0, BASIS_NONE), more = number_usd(s->combined.possible_nano, 0, BASIS_NONE);
    const Number paid = number_usd(s->paid_nano, 0, mark), without = number_usd(s->without_nano, 0, mark);
    char text[3][192];
    bool known = s->combined.possible_known;
    snprintf(text[0], sizeof text[0], "%s: saved ~%s, could save ~%s more.", v->range_name, saved.text, more.text);
    if (!known) snprintf(text[0], sizeof text[0], "%s: saved ~%s; the logs do not tell what could be.", v->range_name, saved.text);
    snprintf(text[1], sizeof text[1], "%s: saved ~%s, could ~%s", v->range_name, saved.text, known ? more.text : "?");
    snprintf(text[2], sizeof text[2], " Paid %s; with none of it %s.", paid.text, without.text);
    bool brief = text_columns(text[0]) > r.w - 2;
    int x = r.x + 1 + canvas_text(c, r.x + 1, r.y, r.w - 2, ROLE_TEXT, ATTR_BOLD, text[brief]);
    if (x + text_columns(text[2]) <= r.x + r.w) canvas_text(c, x, r.y, r.x + r.w - x, ROLE_TEXT, 0, text[2]);
}

/* What limits the figures: a cut sample, calls that were priced otherwise. */
static void draw_limits(const Page *p, const View *v, Canvas *c, Rect r) {
    char when[40], line[256] = "", calls[48];
    size_t used = 0;
    time_format(v->zone, p->sample.since_ms, "%d %b %H:%M", when, sizeof when);
    snprintf(calls, sizeof calls, "%s", number_count(p->v.calls, 0).text);
    if (p->sample.cut) used = (size_t)snprintf(line, sizeof line, "The newest %s calls, from %s on. ", calls, when);
    if (p->v.repriced && used < sizeof line)
        snprintf(line + used, sizeof line - used, "%s calls are in no estimate: their prices changed; `tollwatch prices reprice`.", number_count(p->v.repriced, 0).text);
    canvas_text(c, r.x + 1, r.y, r.w - 2, ROLE_DIM, 0, line);
}

/* A response cache by its TTL: dollars, calls. */
static void draw_ttls(const Savings *v, Canvas *c, Rect r) {
    char text[640] = "by TTL: ";
    for (int i = 0; i < SAVE_TTLS; i++) {
        size_t used = strlen(text);
        char age[48], calls[48];
        snprintf(age, sizeof age, "%s", number_age(save_ttls_ms[i]).text);
        snprintf(calls, sizeof calls, "%s", number_count(v->ttl[i].calls, 0).text);
        snprintf(text + used, sizeof text - used, "%s%s ~$%s (%s)", i ? ", " : "", age, number_money(v->ttl[i].nano, 0, BASIS_NONE).text, calls);
    }
    canvas_textf(c, r.x + 1, r.y, r.w - 2, ROLE_DIM, 0, "%s; each UTC day by itself", text);
}

static void part_words(const SavePart *a, char out[128]) {
    int best = save_best_ttl(a->ttl);
    out[0] = '\0';
    if (best >= 0) snprintf(out, 128, "; a TTL of %s pays best: ~$%s", number_age(save_ttls_ms[best]).text, number_money(a->ttl[best].nano, 0, BASIS_NONE).text);
}

/* What the saved figure stands on, and its spread. */
static void draw_saved(const Saving *s, Canvas *c, Rect r) {
    char spread[64] = "";
    if (!s->saved_known) {
        canvas_textf(c, r.x + 1, r.y, r.w - 2, ROLE_DIM, 0, "saved: unknown: %s", s->saved_on);
        return;
    }
    if (s->saved_spread_nano) snprintf(spread, sizeof spread, " ±%s", number_money(s->saved_spread_nano, 0, BASIS_NONE).text);
    canvas_textf(c, r.x + 1, r.y, r.w - 2, ROLE_DIM, 0, "saved ~$%s%s, sure: %s: %s", number_money(s->saved_nano, 0, BASIS_NONE).text, spread, save_sure_names[s->saved_sure], s->saved_on);
}

static int draw_parts(const Page *p, const Saving *s, Canvas *c, Rect r) {
    const int top = r.y;
    int i = 0;
    canvas_textf(c, r.x + 1, r.y, r.w - 2, ROLE_TITLE, ATTR_BOLD, "%s: %s", s->name, s->stands_on);
    if ((!s->saved_known || s->saved_nano) && r.h >= WITH_SAVED_H) {
        r.y++, r.h--;
        draw_saved(s, c, r);
    }
    if (s == &p->v.by[SAVE_RESPONSE] && s->possible_known && r.h > 2) {
        r.y++, r.h--;
        draw_ttls(&p->v, c, r);
    }
    for (; i + 1 < r.h && (size_t)i < s->parts && i < PARTS_SHOWN; i++) {
        const SavePart *a = &s->part[i];
        canvas_right(c, r.x + 13, r.y + 1 + i, 12, ROLE_TEXT, 0, number_money(a->nano, 12, BASIS_NONE).text);
        char more[128];
        part_words(a, more);
        canvas_textf(c, r.x + 15, r.y + 1 + i, r.w - 16, ROLE_TEXT, 0, "%s, %s calls%s", a->feature[0] ? a->feature : "(no feature)", number_count(a->calls, 0).text, more);
    }
    return r.y - top + i + 1;
}

/* The sample stands newest first, which is by falling key. */
static const SaveCall *call_of(const SaveSample *s, int64_t key) {
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->call[mid].key > key) low = mid + 1;
        else high = mid;
    }
    return low < s->count && s->call[low].key == key ? &s->call[low] : NULL;
}

/* Calls that would have saved most, else that did: when, whose, how long, what was paid. */
static void draw_examples(const Page *p, const Saving *s, const View *v, Canvas *c, Rect r) {
    const bool could = s->examples > 0;
    for (int i = 0; i < r.h && (size_t)i < (could ? s->examples : s->saved_examples); i++) {
        const SaveCall *call = call_of(&p->sample, could ? s->example[i] : s->saved_example[i]);
        char when[40];
        if (!call) break;
        const SaveKind *k = &p->sample.kind[call->kind];
        int64_t in = call->tokens[TOK_INPUT] + call->tokens[TOK_CACHE_READ] + call->tokens[TOK_CACHE_WRITE_5M] + call->tokens[TOK_CACHE_WRITE_1H];
        time_format(v->zone, call->ts_ms, "%d %b %H:%M:%S", when, sizeof when);
        canvas_textf(c, r.x + 1, r.y + i, r.w - 2, ROLE_DIM, 0, "%s  %s in, %s out, ~$%s  %s on %s", when, number_count(in, 0).text,
                     number_count(call->tokens[TOK_OUTPUT] + call->tokens[TOK_REASONING], 0).text,
                     number_request_cost(call->cost_nano, false).text, k->feature[0] ? k->feature : "(no feature)", k->model);
    }
}

/* What is unknown, and what to log or to say so that it is not. Returns the rows used. */
static int draw_unknown(const Page *p, Canvas *c, Rect r) {
    int y = r.y;
    for (int i = 0; i < SAVE_COUNT && y < r.y + r.h; i++) {
        const Saving *s = &p->v.by[i];
        if (!s->possible_known && s != row_of(p, p->table.selected)) canvas_textf(c, r.x + 1, y++, r.w - 2, ROLE_WATCH, 0, "▲ %s: %s", s->name, s->stands_on);
    }
    return y - r.y;
}

/* Pitfalls first; advice without dollars is the command's. */
static int draw_notes(const Page *p, Canvas *c, Rect r) {
    int y = r.y;
    for (size_t i = 0; i < p->v.notes && y < r.y + r.h; i++) {
        const SaveNote *n = &p->v.note[i];
        char spread[64] = "";
        if (!n->finding && !n->nano_known) continue;
        if (n->spread_nano) snprintf(spread, sizeof spread, " ±%s", number_money(n->spread_nano, 0, BASIS_NONE).text);
        canvas_right(c, r.x + 13, y, 12, ROLE_TEXT, 0, n->nano_known ? number_money(n->nano, 12, BASIS_NONE).text : "");
        canvas_textf(c, r.x + 15, y++, r.w - 16, n->finding ? ROLE_WATCH : ROLE_DIM, 0, "%s%s%s: %s", n->finding ? "▲ " : "", n->name, spread, n->text);
    }
    return y - r.y;
}

static void add_tier(const SaveMix *m, int k, char *text, size_t size) {
    size_t used = strlen(text);
    char seconds[56] = "";
    if (m->calls[k] == 0 || used >= size) return;
    if (m->latency_ms[k] >= 0) snprintf(seconds, sizeof seconds, " %s s", number_seconds(m->latency_ms[k]).text);
    snprintf(text + used, size - used, "%s%s %s calls ~$%s%s", used ? ", " : "", save_class_names[k], number_count(m->calls[k], 0).text,
             number_money(m->nano[k], 0, BASIS_NONE).text, seconds);
}

/* Which tiers answer and how quickly, and what of the cost is output, premium, batched; of the calls, answered from a cache. */
static int draw_mix(const Savings *v, Canvas *c, Rect r) {
    const SaveMix *m = &v->mix;
    char text[400] = "", share[4][48];
    for (int k = CLASS_COUNT - 1; k >= 0; k--) add_tier(m, k, text, sizeof text);
    canvas_text(c, r.x + 1, r.y, r.w - 2, ROLE_DIM, 0, text);
    if (r.h < 2) return 1;
    const int64_t part[4][2] = {{m->output_nano, m->sound_nano}, {m->nano[CLASS_PREMIUM], m->sound_nano}, {m->batch_nano, m->sound_nano}, {v->by[SAVE_RESPONSE].saved_calls, v->calls}};
    for (int i = 0; i < 4; i++) snprintf(share[i], sizeof share[i], "%s", number_percent(part[i][0], part[i][1], 0).text);
    canvas_textf(c, r.x + 1, r.y + 1, r.w - 2, ROLE_DIM, 0, "of the cost: output %s, premium %s, batch %s; response cache hits %s", share[0], share[1], share[2], share[3]);
    return 2;
}

static int64_t value(const void *ctx, size_t row, size_t col) {
    const Saving *s = row_of(ctx, row);
    if (col == COL_SAVED) return s->saved_known ? s->saved_nano : FIGURE_UNKNOWN;
    return s->possible_known ? s->possible_nano : FIGURE_UNKNOWN;
}

/* What all together would save stands last, whatever its size: the order is fixed. */
static bool listing(const Page *p, Rect area, Listing *out) {
    int top = area.h > PAGE + 3 ? 2 : 1, room = area.h - top - (p->pane.shown && area.h <= PAGE + 3), list = PAGE + 1 < room ? PAGE + 1 : room;
    if (p->v.calls == 0) return false;
    out->area = (Rect){area.x, area.y + top, area.w, list};
    out->table = (Table){.columns = columns, .column_count = COL_COUNT, .rows = SAVE_COUNT + 1, .has_selection = true, .fixed = true,
                         .cell = cell, .value = value, .ctx = p};
    return true;
}

static bool list_savings(const void *self, const View *v, const Layout *l, Listing *out) {
    const Page *p = self;
    (void)v;
    return !p->pane.open && listing(p, l->at[PART_BODY], out); /* the keys of an open pane are its own */
}

static void draw_savings(const void *self, const View *v, Canvas *c, Rect area) {
    const Page *p = self;
    Listing l;
    if (!listing(p, area, &l)) {
        canvas_textf(c, area.x + 1, area.y, area.w - 2, ROLE_DIM, 0, "No metered call in %s: t takes a longer range.", v->range_name);
        return;
    }
    if (p->pane.open && area.h < BOTH_H) {
        savings_pane_draw(&p->pane, v, c, area);
        return;
    }
    draw_verdict(p, v, c, area);
    if (l.area.y - area.y == 2) draw_limits(p, v, c, (Rect){area.x, area.y + 1, area.w, 1});
    table_draw(&l.table, &p->table, c, l.area);
    int y = l.area.y - area.y + l.area.h + (area.h > PAGE + 3);
    y += savings_pane_running(&p->pane, v, c, (Rect){area.x, area.y + y, area.w, area.h - y});
    if (y >= area.h) return;
    if (p->pane.open) {
        savings_pane_draw(&p->pane, v, c, (Rect){area.x, area.y + y, area.w, area.h - y});
        return;
    }
    y += draw_parts(p, row_of(p, p->table.selected), c, (Rect){area.x, area.y + y, area.w, area.h - y}) + 1;
    int unknown = draw_unknown(p, c, (Rect){area.x, area.y + y, area.w, area.h - y});
    if (unknown) y += unknown + 1;
    if (y + 1 < area.h) y += draw_mix(&p->v, c, (Rect){area.x, area.y + y, area.w, area.h - y});
    y += draw_notes(p, c, (Rect){area.x, area.y + y, area.w, area.h - y}) + 1;
    if (y >= area.h) return;
    draw_examples(p, row_of(p, p->table.selected), v, c, (Rect){area.x, area.y + y, area.w, area.h - y});
}

static bool key_savings(void *self, View *v, int key) {
    Page *p = self;
    size_t row = p->table.selected;
    if (savings_pane_key(&p->pane, v, key)) return true;
    return key == KEY_ENTER && row < SAVE_COUNT && savings_pane_open(&p->pane, v, (SaveStrategy)row, &p->v.by[row]);
}

const Screen screen_savings = {
    .name = "savings", .title = "Savings", .key = '0', .open = open_savings, .close = close_savings, .load = load_savings, .draw = draw_savings,
    .key_pressed = key_savings, .list = list_savings, .table_at = offsetof(Page, table), .footer = "row open rule undo range",
};
