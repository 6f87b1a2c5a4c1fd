/* overview_draw: the Overview's rows to cells. Pure: the layout says what there is room for. */
#include "store/money.h"
#include "tui/chart.h"
#include "tui/layout.h"
#include "tui/number.h"
#include "tui/overview.h"

static bool usual_known(const Now *n) {
    return n->usual_nano_per_min >= 0;
}

/* More than three times the usual and more than a dollar a minute is a reason to act; twice is one to watch. */
static ThemeRole burn_role(const Now *n) {
    if (!usual_known(n)) return ROLE_TEXT;
    if (n->rate_nano_per_min > 3 * n->usual_nano_per_min && n->rate_nano_per_min > NANO_PER_USD) return ROLE_ACT;
    return n->rate_nano_per_min > 2 * n->usual_nano_per_min && n->rate_nano_per_min > NANO_PER_USD / 10 ? ROLE_WATCH : ROLE_TEXT;
}

static int64_t rate_of(const Overview *o, const char *name) {
    for (size_t i = 0; i < o->minute.count; i++)
        if (strcmp(o->minute.groups[i].name[0], name) == 0) return o->minute.groups[i].t.cost_nano;
    return 0;
}

static const char *shown(const char *name) {
    return name[0] ? name : "(none)";
}

/* The value that burns most in the last minute, or over the range when the last minute was quiet. */
static const char *burner(const Overview *o, int64_t *part, int64_t *whole) {
    const Result *r = o->minute.total.cost_nano > 0 ? &o->minute : &o->list;
    *part = r->count ? r->groups[0].t.cost_nano : 0;
    *whole = r->total.cost_nano;
    return r->count ? r->groups[0].name[0] : "";
}

static void draw_verdict(const Overview *o, const View *v, Canvas *c, Rect r) {
    const Now *n = &o->now;
    int64_t part, whole;
    char text[512];
    const char *who = shown(burner(o, &part, &whole));
    ThemeRole role = burn_role(n);
    int64_t quiet_ms = v->until_ms - n->last_record_ms;
    if (n->last_record_ms == 0) {
        snprintf(text, sizeof text, "? No call was read yet.");
    } else if (quiet_ms > 5 * MS_PER_MINUTE) {
        snprintf(text, sizeof text, "? No call for %s; nothing here is newer than that.", number_age(quiet_ms).text);
    } else if (role != ROLE_TEXT) {
        snprintf(text, sizeof text, "%s %s usual: %s burns %s of %s/min.", role == ROLE_ACT ? "●" : "▲",
                 number_ratio(n->rate_nano_per_min, n->usual_nano_per_min).text, who, number_percent(part, whole, 0).text,
                 number_usd(n->rate_nano_per_min, 0, BASIS_NONE).text);
    } else {
        snprintf(text, sizeof text, "○ %s: %s/min. Largest: %s %s.", usual_known(n) ? "Usual" : "Usual is unknown for a week",
                 number_usd(n->rate_nano_per_min, 0, BASIS_NONE).text, who, number_percent(part, whole, 0).text);
    }
    canvas_text(c, r.x + 1, r.y, r.w - 2, role, ATTR_BOLD, text);
}

static void draw_rate(const Overview *o, Canvas *c, Rect r) {
    char text[32];
    nano_grouped(o->now.rate_nano_per_min, 2, text, sizeof text);
    ThemeRole role = burn_role(&o->now);
    if (r.h < 3) {
        canvas_textf(c, r.x + 1, r.y, r.w - 1, role, ATTR_BOLD, "$%s/min", text);
        return;
    }
    int rows = r.h >= 5 ? 5 : 3;
    canvas_text(c, r.x + 2, r.y, 2, ROLE_DIM, 0, "$");
    int used = digits_draw(NULL, 0, 0, rows, role, 0, text);
    if (used + 9 > r.w) {
        canvas_textf(c, r.x + 4, r.y + 1, r.w - 4, role, ATTR_BOLD, "%s /min", text);
        return;
    }
    digits_draw(c, r.x + 4, r.y, rows, role, ATTR_BOLD, text);
    canvas_text(c, r.x + 4 + used + 1, r.y + rows - 1, 5, ROLE_DIM, 0, "/min");
}

/* One figure: a dim name, the figure in bold, dim words. */
static void figure(Canvas *c, Rect r, int row, const char *name, const char *value, const char *words) {
    if (row >= r.h) return;
    canvas_text(c, r.x, r.y + row, 7, ROLE_DIM, 0, name);
    canvas_right(c, r.x + 20, r.y + row, 13, ROLE_TEXT, ATTR_BOLD, value);
    canvas_text(c, r.x + 22, r.y + row, r.w - 22, ROLE_DIM, 0, words);
}

static void draw_figures(const Overview *o, Canvas *c, Rect r) {
    const Now *n = &o->now;
    Basis b = basis_of(&n->today);
    char words[160], usual[128] = "";
    if (n->usual_today_nano >= 0)
        snprintf(usual, sizeof usual, "%s usual by now (%s)", number_ratio(n->today_effective_nano, n->usual_today_nano).text,
                 number_usd(n->usual_today_nano, 0, BASIS_NONE).text);
    figure(c, r, 0, "today", number_usd(n->today_effective_nano, 13, b).text, usual[0] ? usual : "usual unknown for a week");
    if (n->eod_at_usual_nano >= 0)
        snprintf(words, sizeof words, "at this rate; %s at usual", number_usd_whole(n->eod_at_usual_nano, 0, BASIS_PROJECTED).text);
    else
        snprintf(words, sizeof words, "at this rate (last 60 s)");
    figure(c, r, 1, "24:00", number_usd_whole(n->eod_at_rate_nano, 13, BASIS_PROJECTED).text, words);
    if (n->month.notional_nano > 0 || n->today.notional_nano > 0)
        snprintf(words, sizeof words, "notional today $%s, not in it", number_money(n->today.notional_nano, 0, BASIS_NONE).text);
    else
        snprintf(words, sizeof words, "usual %s%s", usual_known(n) ? number_usd(n->usual_nano_per_min, 0, BASIS_NONE).text : "unknown",
                 usual_known(n) ? "/min" : "");
    figure(c, r, 2, "month", number_usd(n->month.cost_nano, 13, basis_of(&n->month)).text, words);
}

static void draw_more(const Overview *o, Canvas *c, Rect r) {
    const Totals *t = &o->list.total;
    if (r.h < 1 || r.w < 10) return;
    canvas_textf(c, r.x, r.y, r.w, ROLE_TEXT, 0, "calls %s/min", number_per_minute(o->now.last_10m.requests, 10 * MS_PER_MINUTE).text);
    if (r.h > 1) canvas_textf(c, r.x, r.y + 1, r.w, ROLE_TEXT, 0, "cost  %s¢/call", number_cents_of(t, 8).text);
    if (r.h > 2) canvas_textf(c, r.x, r.y + 2, r.w, ROLE_TEXT, 0, "out/in %s", number_percent(t->output_all, t->input_all, 1).text);
}

static void axis_label(int64_t value, char *out, size_t size) {
    nano_short(value, out, size);
}

static void draw_chart(const Overview *o, const View *v, Canvas *c, Rect r) {
    if (r.h < 3 || o->series.slots == 0) return;
    /* The newest slots that fit stand at the right. */
    size_t room = (size_t)chart_bars(r.w), skip = o->series.slots > room ? o->series.slots - room : 0;
    size_t wide = skip ? 1 : room / o->series.slots, n = (o->series.slots - skip) * wide;
    int64_t *bars = xmalloc((n + 1) * sizeof *bars), *usual = xmalloc((n + 1) * sizeof *usual);
    for (size_t i = 0; i < n; i++) bars[i] = o->per_min[skip + i / wide], usual[i] = o->usual[skip + i / wide];
    Chart ch = {.slots = n, .rest = bars, .usual = usual, .zone = v->zone, .label = axis_label,
                .since_ms = o->series.since_ms + (int64_t)skip * o->series.slot_ms,
                .slot_ms = o->series.slot_ms / (int64_t)wide};
    chart_draw(&ch, c, r);
    free(bars);
    free(usual);
}

static void list_row(const Overview *o, Canvas *c, Rect r, int y, const Group *g, int share) {
    char bar[64];
    int name = r.w - 31 - share - 2;
    canvas_text(c, r.x + 1, y, name, ROLE_TEXT, 0, shown(g->name[0]));
    canvas_right(c, r.x + name + 9, y, 8, ROLE_TEXT, 0, number_money(rate_of(o, g->name[0]), 8, BASIS_NONE).text);
    canvas_right(c, r.x + name + 21, y, 11, ROLE_TEXT, 0, number_cost(&g->t, 11, BASIS_METERED).text);
    canvas_right(c, r.x + name + 29, y, 7, ROLE_TEXT, 0, number_cents_of(&g->t, 7).text);
    bar_text(bar, sizeof bar, share, g->t.cost_nano, o->list.total.cost_nano);
    canvas_text(c, r.x + name + 31, y, share, ROLE_CHART, 0, bar);
}

static void draw_list(const Overview *o, const View *v, Canvas *c, Rect r) {
    int share = r.w >= 46 ? 6 : 0, name = r.w - 31 - share - 2;
    if (r.h < 2 || name < 6) return;
    canvas_textf(c, r.x + 1, r.y, name, ROLE_TITLE, 0, "by %s", by_name(o->dim));
    canvas_right(c, r.x + name + 9, r.y, 8, ROLE_TITLE, 0, "$/min");
    char title[32];
    snprintf(title, sizeof title, "%s ~$", v->range_name);
    canvas_right(c, r.x + name + 21, r.y, 11, ROLE_TITLE, 0, title);
    canvas_right(c, r.x + name + 29, r.y, 7, ROLE_TITLE, 0, "¢/call");
    int rows = r.h - 1;
    for (int i = 0; i < rows && (size_t)i < o->list.count; i++) {
        if (i == rows - 1 && o->list.count > (size_t)rows) {
            canvas_textf(c, r.x + 1, r.y + 1 + i, r.w - 1, ROLE_DIM, 0, "%zu more", o->list.count - (size_t)i);
            break;
        }
        list_row(o, c, r, r.y + 1 + i, &o->list.groups[i], share);
    }
}

static void draw_side(const Overview *o, Canvas *c, Rect r) {
    const Totals *t = &o->list.total;
    const Now *n = &o->now;
    int64_t bad = 0, watch = 0;
    const char *saved = r.w >= 34 ? "saved " : "";
    for (size_t i = 0; i < o->sources; i++) {
        bad += o->source[i].bad_lines + o->source[i].skipped_lines;
        watch += strcmp(o->source[i].state, "ok") != 0;
    }
    int y = r.y, end = r.y + r.h;
#define LINE(role, ...) do { if (y < end) canvas_textf(c, r.x + 1, y++, r.w - 1, role, 0, __VA_ARGS__); } while (0)
    LINE(ROLE_TEXT, "prompt cache   %5s %s%s", number_permille(totals_cache_hit_permille(t), 0).text, saved, number_usd_short(t->saved_cache_nano, BASIS_NONE).text);
    LINE(ROLE_TEXT, "response cache %5s %s%s", number_percent(t->response_cache_hits, t->requests, 0).text, saved, number_usd_short(t->saved_response_nano, BASIS_NONE).text);
    LINE(t->errors * 50 > t->requests ? ROLE_WATCH : ROLE_TEXT, "errors         %5s of %s", number_percent(t->errors, t->requests - t->refused, 1).text, number_count(t->requests, 0).text);
    LINE(watch ? ROLE_WATCH : ROLE_TEXT, "sources        %zu/%zu  %lld bad", o->sources - (size_t)watch, o->sources, (long long)bad);
    LINE(ROLE_TEXT, "latency p50/95 %s/%s s", number_seconds(n->latency_p50_ms).text, number_seconds(n->latency_p95_ms).text);
    LINE(ROLE_TEXT, "first token    %s/%s s", number_seconds(n->ttft_p50_ms).text, number_seconds(n->ttft_p95_ms).text);
    LINE(ROLE_TEXT, "tokens out/in  %s", number_percent(t->output_all, t->input_all, 1).text);
    if (t->unpriced_requests) LINE(ROLE_WATCH, "unpriced       %s tok in %s calls", number_tokens(t->unpriced_tokens).text, number_count(t->unpriced_requests, 0).text);
#undef LINE
}

/* name, bar (where there is room), share, cost, calls: from the right, so that the name gets what is left. */
static void model_row(const Overview *o, Canvas *c, Rect r, int y, const Group *g) {
    int64_t whole = o->models.total.cost_nano;
    int right = r.x + r.w, bar_cells = r.w >= 60 ? 12 : 0, name = r.w - 28 - (bar_cells ? bar_cells + 2 : 0);
    char bar[64];
    canvas_text(c, r.x + 1, y, name - 1, ROLE_TEXT, 0, shown(g->name[0]));
    bar_text(bar, sizeof bar, bar_cells, g->t.cost_nano, whole);
    canvas_text(c, r.x + name + 1, y, bar_cells, ROLE_CHART, 0, bar);
    canvas_right(c, right - 22, y, 5, ROLE_TEXT, 0, number_percent(g->t.cost_nano, whole, 0).text);
    canvas_right(c, right - 10, y, 11, ROLE_TEXT, 0, number_cost(&g->t, 11, BASIS_METERED).text);
    canvas_right(c, right, y, 9, ROLE_TEXT, 0, number_count(g->t.requests, 9).text);
}

static void draw_models(const Overview *o, Canvas *c, Rect r) {
    Buf b = {.max = 400};
    if (r.h >= 3 && r.w >= 40) {
        canvas_text(c, r.x + 1, r.y, r.w - 1, ROLE_TITLE, 0, "models");
        for (int i = 0; i < r.h - 1 && (size_t)i < o->models.count; i++) model_row(o, c, r, r.y + 1 + i, &o->models.groups[i]);
        return;
    }
    buf_str(&b, "models");
    for (size_t i = 0; i < o->models.count && i < 5; i++)
        buf_fmt(&b, "  %s %s", shown(o->models.groups[i].name[0]), number_percent(o->models.groups[i].t.cost_nano, o->models.total.cost_nano, 0).text);
    canvas_text(c, r.x + 1, r.y, r.w - 2, ROLE_DIM, 0, b.at ? b.at : "");
    buf_free(&b);
}

/* Below 40x10: one to three lines. */
static void draw_small(const Overview *o, const View *v, Canvas *c, Rect area) {
    ThemeRole role;
    char sw[64];
    switch_words(&v->policy, v->zone, v->now_ms, true, sw, sizeof sw, &role);
    if (area.h >= 2) draw_verdict(o, v, c, (Rect){area.x - 1, area.y, area.w + 2, 1});
    int y = area.y + (area.h >= 2);
    int used = canvas_textf(c, area.x, y, area.w, burn_role(&o->now), ATTR_BOLD, "%s/m", number_usd_short(o->now.rate_nano_per_min, BASIS_NONE).text);
    used += canvas_textf(c, area.x + used, y, area.w - used, ROLE_TEXT, 0, " %s", sw);
    if (area.w - used > 14)
        canvas_textf(c, area.x + used, y, area.w - used, ROLE_TEXT, 0, "  today %s", number_usd_short(o->now.today_effective_nano, basis_of(&o->now.today)).text);
}

void overview_draw(const void *self, const View *v, Canvas *c, Rect area) {
    const Overview *o = self;
    Layout l = layout_make(c->w, c->h);
    if (l.size != SIZE_FULL) {
        draw_small(o, v, c, area);
        return;
    }
    const Rect *at = l.at;
    if (at[PART_VERDICT].h) draw_verdict(o, v, c, at[PART_VERDICT]);
    if (at[PART_RATE].h) draw_rate(o, c, at[PART_RATE]);
    if (at[PART_FIGURES].h) draw_figures(o, c, at[PART_FIGURES]);
    if (at[PART_MORE].h) draw_more(o, c, at[PART_MORE]);
    if (at[PART_CHART].h) draw_chart(o, v, c, at[PART_CHART]);
    if (at[PART_LIST].h) draw_list(o, v, c, at[PART_LIST]);
    if (at[PART_SIDE].h) draw_side(o, c, at[PART_SIDE]);
    if (at[PART_MODELS].h) draw_models(o, c, at[PART_MODELS]);
}
