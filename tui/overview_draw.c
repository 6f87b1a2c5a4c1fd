/* overview_draw: the Overview's bands to cells: the large figure, today's figures, the chart. Pure: the layout says what
 * there is room for. See overview.h. */
#include "store/money.h"
#include "tui/chart.h"
#include "tui/layout.h"
#include "tui/groups.h"
#include "tui/overview.h"
#include "tui/view.h"

/* Beside a filtered list a figure of all calls says that it is one. */
static const char *all_word(const Overview *o) { return o->filtered ? " all" : ""; }

static void draw_rate(const Overview *o, Canvas *c, Rect r) {
    char text[32];
    nano_grouped(o->now.rate_nano_per_min, 2, text, sizeof text);
    ThemeRole role = overview_burn_role(&o->now);
    int rows = r.h >= 5 ? 5 : 3, used = digits_draw(NULL, 0, 0, rows, role, 0, text);
    if (used + 9 > r.w) {
        canvas_textf(c, r.x + 2, r.y + 1, r.w - 2, role, ATTR_BOLD, "$%s/min%s", text, all_word(o));
        return;
    }
    canvas_text(c, r.x + 2, r.y, 2, ROLE_DIM, 0, "$");
    digits_draw(c, r.x + 4, r.y, rows, role, ATTR_BOLD, text);
    canvas_text(c, r.x + 4 + used + 1, r.y + rows - 1, 5, ROLE_DIM, 0, "/min");
    if (o->filtered) canvas_text(c, r.x + 4 + used + 1, r.y + rows - 2, 5, ROLE_DIM, 0, "all");
}

/* Narrow screens: the rate with a small picture of the range. */
static void draw_rate_line(const Overview *o, const View *v, Canvas *c, Rect r) {
    enum { CELLS = 24 };
    int64_t value[CELLS], max = 0;
    char spark[CELLS * 3 + 1];
    size_t n = o->series.slots;
    int used = 1 + canvas_textf(c, r.x + 1, r.y, r.w - 1, overview_burn_role(&o->now), ATTR_BOLD, "%s/min%s",
                                number_usd(o->now.rate_nano_per_min, 0, BASIS_NONE).text, all_word(o));
    int room = r.w - used - 8 /* blanks, and "month" */, cells = room < CELLS ? room : CELLS;
    if (cells < 8 || n < (size_t)cells) return;
    for (int i = 0; i < cells; i++) {
        size_t from = (size_t)i * n / (size_t)cells, to = (size_t)(i + 1) * n / (size_t)cells;
        value[i] = 0;
        for (size_t k = from; k < to; k++)
            value[i] = nano_add(value[i], nano_add(o->burner[k], o->rest[k]) / (int64_t)(to - from));
        if (value[i] > max) max = value[i];
    }
    spark_text(spark, sizeof spark, value, (size_t)cells, max);
    canvas_text(c, r.x + used + 2, r.y, cells, ROLE_CHART, 0, spark);
    canvas_text(c, r.x + used + 2 + cells + 1, r.y, 5, ROLE_DIM, 0, v->range_name);
}

/* ---- figures ---- */

/* What stands behind a figure, from long to short; the last is short enough for any width. */
typedef struct Words {
    char text[3][160];
} Words;

/* One figure: a dim name, the figure in bold, the longest words that fit. */
static void figure(const Overview *o, Canvas *c, Rect r, int row, const char *name, const char *value, const Words *w) {
    const char *all = o->filtered ? "all; " : "";
    bool tight = r.w < 40;
    int end = tight ? 18 : 20, x = end + (tight ? 1 : 2), room = r.w - x, i = 0;
    if (row >= r.h) return;
    while (i < 2 && text_columns(all) + text_columns(w->text[i]) > room) i++;
    canvas_text(c, r.x, r.y + row, 7, ROLE_DIM, 0, name);
    canvas_right(c, r.x + end, r.y + row, 13, ROLE_TEXT, ATTR_BOLD, value);
    canvas_textf(c, r.x + x, r.y + row, room, ROLE_DIM, 0, "%s%s", all, w->text[i]);
}

static const char *basis_word(unsigned basis) {
    const Totals spend = {.basis = basis};
    return spend.basis ? totals_basis(&spend) : "nothing metered";
}

static void figure_today(const Overview *o, Canvas *c, Rect r) {
    const Now *n = &o->now;
    const char *basis = basis_word(n->today_basis);
    Words w;
    snprintf(w.text[2], sizeof w.text[2], "%s", basis);
    if (n->usual_today_nano > 0) {
        const Number times = number_ratio(n->today_effective_nano, n->usual_today_nano),
                     usual = number_usd(n->usual_today_nano, 0, BASIS_NONE);
        snprintf(w.text[0], sizeof w.text[0], "%s; %s usual by now (%s)", basis, times.text, usual.text);
        snprintf(w.text[1], sizeof w.text[1], "%s; %s usual by now", basis, times.text);
    } else {
        snprintf(w.text[0], sizeof w.text[0], "%s; usual unknown for a week", basis);
        snprintf(w.text[1], sizeof w.text[1], "%s", basis);
    }
    figure(o, c, r, 0, "today", number_usd(n->today_effective_nano, 13, basis_of_spend(&n->today, n->today_basis)).text, &w);
}

/* Two projections, each named; where there is a row for it each has its own. */
static int figure_end(const Overview *o, Canvas *c, Rect r) {
    const Now *n = &o->now;
    Words w = {{"at this rate (last 60 s)", "at this rate", "at this rate"}};
    const Words back = {{"if it returns to usual now", "at usual", "at usual"}};
    bool usual = n->eod_at_usual_nano >= 0;
    if (usual && r.h < 5) {
        const Number at_usual = number_usd_whole(n->eod_at_usual_nano, 0, BASIS_PROJECTED);
        snprintf(w.text[0], sizeof w.text[0], "at this rate; %s if back to usual", at_usual.text);
        snprintf(w.text[1], sizeof w.text[1], "at this rate; %s at usual", at_usual.text);
    }
    figure(o, c, r, 1, "24:00", number_usd_whole(n->eod_at_rate_nano, 13, BASIS_PROJECTED).text, &w);
    if (!usual || r.h < 5) return 2;
    figure(o, c, r, 2, "", number_usd_whole(n->eod_at_usual_nano, 13, BASIS_PROJECTED).text, &back);
    return 3;
}

/* What a month's budget counts, and how much of it is billed. Beside it, since it has a row, what is usual. */
static void figure_month(const Overview *o, const View *v, Canvas *c, Rect r, int row) {
    const Now *n = &o->now;
    Words w = {{"usual unknown", "usual unknown", ""}};
    char hour[32], billed[64] = "";
    if (n->month_billed_nano > 0)
        snprintf(billed, sizeof billed, "%s billed; ", number_percent(n->month_billed_nano, n->month_effective_nano, 0).text);
    if (n->usual_nano_per_min >= 0) {
        const Number usual = number_usd(n->usual_nano_per_min, 0, BASIS_NONE);
        time_format(v->zone, v->until_ms - v->until_ms % MS_PER_HOUR, "%a %H:00", hour, sizeof hour);
        snprintf(w.text[0], sizeof w.text[0], "%susual %s/min, %s", billed, usual.text, hour);
        snprintf(w.text[1], sizeof w.text[1], "%susual %s/min", billed, usual.text);
        snprintf(w.text[2], sizeof w.text[2], "usual %s", usual.text);
    }
    figure(o, c, r, row, "month", number_usd(n->month_effective_nano, 13, basis_of_spend(&n->month, n->month_basis)).text, &w);
}

static void draw_figures(const Overview *o, const View *v, Canvas *c, Rect r) {
    const Now *n = &o->now;
    const Words apart = {{"notional today: flat-rate use, not spend", "notional", "notional"}};
    figure_today(o, c, r);
    int row = figure_end(o, c, r);
    figure_month(o, v, c, r, row);
    if (row + 1 < r.h && n->month.notional_nano > 0)
        figure(o, c, r, row + 1, "apart", number_usd(n->today.notional_nano, 13, BASIS_NONE).text, &apart);
}

static void draw_more(const Overview *o, const View *v, Canvas *c, Rect r) {
    const Totals *t = &o->list.total;
    const Now *n = &o->now;
    const char *all = all_word(o);
    char row[5][128];
    const Number calls = number_per_minute(n->last_10m.requests, 10 * MS_PER_MINUTE), cents = number_cents_of(t, 8),
                 out = number_percent(t->output_all, t->input_all, 1);
    const Number p50 = number_seconds(n->latency_p50_ms), p95 = number_seconds(n->latency_p95_ms),
                 first50 = number_seconds(n->ttft_p50_ms), first95 = number_seconds(n->ttft_p95_ms);
    if (r.h == 1) {
        canvas_textf(c, r.x + 1, r.y, r.w - 1, ROLE_DIM, 0,
                     "p50/p95 %s/%s s%s  TTFT %s/%s s%s  %s calls/min%s  %s¢/call  out/in %s", p50.text, p95.text, all, first50.text,
                     first95.text, all, calls.text, all, cents.text, out.text);
        return;
    }
    if (o->filtered) snprintf(row[0], sizeof row[0], "calls  %s¢, all %s/min", cents.text, calls.text);
    else snprintf(row[0], sizeof row[0], "calls    %s/min, %s¢/call", calls.text, cents.text);
    snprintf(row[1], sizeof row[1], "%-8s p50 %s  p95 %s s", o->filtered ? "all lat." : "latency", p50.text, p95.text);
    snprintf(row[2], sizeof row[2], "%-8s p50 %s  p95 %s s", o->filtered ? "all TTFT" : "TTFT", first50.text, first95.text);
    snprintf(row[3], sizeof row[3], "tokens   out/in %s", out.text);
    snprintf(row[4], sizeof row[4], "of %s calls in %s", number_count(t->requests, 0).text, v->range_name);
    for (int i = 0; i < 5 && i < r.h; i++) canvas_text(c, r.x, r.y + i, r.w, ROLE_TEXT, 0, row[i]);
}

/* ---- chart ---- */

static void draw_legend(const Overview *o, const View *v, const ChartView *ch, Canvas *c, Rect r, ThemeRole role) {
    int x = r.x + 1, end = r.x + r.w - 1;
    char change[24], usual[96] = "";
    if (o->compared) {
        groups_change_words(o->list.total.cost_nano, o->before.total.cost_nano, change, sizeof change);
        snprintf(usual, sizeof usual, "· %s: %s, now %s", view_compare_words(v),
                 number_usd(o->before.total.cost_nano, 0, BASIS_METERED).text, change[0] ? change : "the same");
    } else if (o->now.usual_nano_per_min >= 0) {
        snprintf(usual, sizeof usual, "· usual, median of 4 weeks");
    }
    if (o->notional_only) {
        canvas_text(c, x, r.y, r.w - 1, ROLE_TITLE, 0, "notional value $/min: flat-rate use, not spend");
        return;
    }
    x += canvas_textf(c, x, r.y, end - x, ROLE_TITLE, 0, "spend $/min%s%s", ch->split ? " by " : "", ch->split ? ch->by : "");
    if (ch->series->slot_ms > o->series.slot_ms)
        x += canvas_textf(c, x, r.y, end - x, ROLE_DIM, 0, ", %s each", number_age(ch->series->slot_ms).text);
    x += 3;
    if (ch->split) {
        x += canvas_text(c, x, r.y, end - x, role, 0, "█") + 1;
        x += canvas_text(c, x, r.y, end - x, ROLE_TEXT, 0, overview_name(ch->name)) + 2;
        x += canvas_text(c, x, r.y, end - x, ROLE_CHART, 0, "▒") + 1;
        x += canvas_text(c, x, r.y, end - x, ROLE_TEXT, 0, "others") + 3;
    }
    if (x + text_columns(usual) <= end) canvas_right(c, end, r.y, text_columns(usual), ROLE_DIM, 0, usual);
}

/* The slot that is looked at: its column, and over it what was spent then. */
static void draw_cursor(const Overview *o, const View *v, const ChartView *ch, Canvas *c, Rect r) {
    const Series *s = ch->series;
    int64_t slot = (o->cursor_ms - s->since_ms) / s->slot_ms;
    if (!o->cursor_ms || slot < 0 || slot >= (int64_t)s->slots) return;
    int w = chart_bars(r.w), column = (int)(slot * w / (int64_t)s->slots), x = r.x + CHART_AXIS + column;
    char words[256], at[24];
    time_format(v->zone, s->since_ms + slot * s->slot_ms, s->slot_ms < MS_PER_DAY ? "%d %b %H:%M" : "%d %b", at, sizeof at);
    const Number all = number_usd(nano_add(ch->burner[slot], ch->rest[slot]), 0, BASIS_NONE), own = number_usd(ch->burner[slot], 0, BASIS_NONE);
    snprintf(words, sizeof words, " %s %s/min%s%.60s%s%s  Enter: as of then ", at, all.text, ch->name[0] ? ", " : "", ch->name,
             ch->name[0] ? " " : "", ch->name[0] ? own.text : "");
    canvas_restyle(c, (Rect){x, r.y, 1, r.h - 1}, ROLE_SELECTED, ATTR_REVERSE);
    canvas_text(c, x, r.y + r.h - 1, 1, ROLE_KEY, ATTR_BOLD, "▲");
    int used = text_columns(words), from = x + 1 + used <= r.x + r.w ? x + 1 : x - used;
    if (from < r.x) from = r.x;
    canvas_text(c, from, r.y, r.x + r.w - from, ROLE_KEY, ATTR_BOLD, words);
}

/* What is compared with has the slots of the model's chart: of a coarser one the averages. */
static int64_t *before_of(const Overview *o, const Series *s) {
    int64_t *out = xmalloc((s->slots + 1) * sizeof *out);
    for (size_t i = 0; i < s->slots; i++) {
        int64_t sum = 0, n = 0, from = s->since_ms + (int64_t)i * s->slot_ms;
        for (size_t k = 0; k < o->series.slots; k++) {
            int64_t at = o->series.since_ms + (int64_t)k * o->series.slot_ms;
            if (at < from || at >= from + s->slot_ms || o->before_slot[k] < 0) continue;
            sum = nano_add(sum, o->before_slot[k]);
            n++;
        }
        out[i] = n ? sum / n : -1;
    }
    return out;
}

static void draw_chart(const Overview *o, const View *v, Canvas *c, Rect r) {
    ChartView view = overview_chart_view(o, v);
    bool legend = r.h >= 9 || ((o->notional_only || o->compared) && r.h >= 5);
    const Series *s = view.series;
    if (s->slots == 0) return;
    view.split &= r.h >= 9;
    ThemeRole role = overview_burn_role(&o->now), burner_role = role == ROLE_TEXT ? ROLE_CHART : role;
    if (legend) {
        draw_legend(o, v, &view, c, r, burner_role);
        r.y++;
        r.h--;
    }
    int64_t *all = xmalloc((s->slots + 1) * sizeof *all), *before = o->compared ? before_of(o, s) : NULL;
    for (size_t i = 0; i < s->slots; i++) all[i] = nano_add(view.burner[i], view.rest[i]);
    Chart ch = {.slots = s->slots,
                .burner = view.split ? view.burner : NULL,
                .rest = view.split ? view.rest : all,
                .usual = o->compared ? before : view.usual,
                .line = o->compared,
                .zone = v->zone,
                .since_ms = s->since_ms,
                .slot_ms = s->slot_ms,
                .mark_ms = o->onset_before ? 0 : o->onset_ms,
                .burner_role = burner_role};
    chart_draw(&ch, c, r);
    draw_cursor(o, v, &view, c, r);
    free(all);
    free(before);
}

/* ---- the whole ---- */

int overview_narrow_budgets(const Overview *o, Rect list) {
    int rows = (int)o->budgets < list.h ? (int)o->budgets : list.h;
    return list.h - rows < 4 ? list.h : rows;
}

enum { LIST_W = 32, LIST_H = 3 }; /* of the list below 40x10 */

/* What can break comes first, the list where both have room and its figures are not cut. */
static void draw_rest(const Overview *o, const View *v, Canvas *c, Rect list, int rows, int gap) {
    if (o->budgets) {
        overview_draw_budgets(o, v, c, (Rect){list.x, list.y, list.w, rows}, false);
        list.y += rows + gap;
        list.h -= rows + gap;
    }
    if (list.w >= LIST_W) overview_draw_list(o, v, c, list);
}

/* Of six rows three for the list. */
static void draw_below(const Overview *o, const View *v, Canvas *c, Rect rest) {
    int most = rest.h > LIST_H ? rest.h - LIST_H : rest.h;
    draw_rest(o, v, c, rest, (int)o->budgets < most ? (int)o->budgets : most, 0);
}

/* What breaks first, behind the figures where they leave room. */
static void small_budget(const Overview *o, const View *v, Canvas *c, int x, int y, Rect area) {
    char at[16];
    if (area.h > 2 || area.x + area.w - x < 30 || !o->budgets || o->budget[0].v.breaks_ms < 0) return;
    time_format(v->zone, o->budget[0].v.breaks_ms, "%H:%M", at, sizeof at);
    canvas_textf(c, x, y, area.x + area.w - x, overview_budget_role(&o->budget[0], v->until_ms), 0, "  %.30s %s", o->budget[0].b->id, at);
}

/* Below 40x10: a sentence and a line of figures, or that line alone; what has room below them. */
static void draw_small(const Overview *o, const View *v, Canvas *c, Rect area) {
    ThemeRole role;
    char sw[64];
    const Now *n = &o->now;
    const Number rate = number_usd_short(n->rate_nano_per_min, BASIS_NONE),
                 today = number_usd_short(n->today_effective_nano, basis_of_spend(&n->today, n->today_basis)),
                 end = number_usd_short(n->eod_at_rate_nano, BASIS_PROJECTED);
    if (area.h >= 2) overview_draw_verdict(o, v, c, (Rect){area.x - 1, area.y, area.w + 1, 1});
    int y = area.y + (area.h >= 2), x = area.x;
    x += canvas_textf(c, x, y, area.w, overview_burn_role(n), ATTR_BOLD, "%s/m%s", rate.text, all_word(o));
    if (overview_burn_role(n) != ROLE_TEXT && area.h < 2)
        x += canvas_textf(c, x, y, area.w - x, overview_burn_role(n), ATTR_BOLD, " %s%s",
                          overview_burn_role(n) == ROLE_ACT ? "●" : "▲",
                          number_ratio(n->rate_nano_per_min, n->usual_nano_per_min).text);
    if (area.h < 2) {
        switch_words(&v->policy, v->zone, v->now_ms, true, sw, sizeof sw, &role);
        x += canvas_textf(c, x, y, area.w - x, role, 0, " %s", sw);
    }
    if (area.w - x >= 16) x += canvas_textf(c, x, y, area.w - x, ROLE_TEXT, 0, "  today  %s", today.text);
    if (area.w - x >= 16) x += canvas_textf(c, x, y, area.w - x, ROLE_TEXT, 0, "  24:00  %s", end.text);
    small_budget(o, v, c, x, y, area);
    if (area.h > 2) draw_below(o, v, c, (Rect){area.x, area.y + 2, area.w, area.h - 2});
}

/* 40x10 and what is too low or narrow for a chart. */
static void draw_narrow(const Overview *o, const View *v, Canvas *c, const Layout *l) {
    const Now *n = &o->now;
    Rect r = l->at[PART_FIGURES];
    draw_rate_line(o, v, c, l->at[PART_RATE]);
    if (r.h) {
        int x = r.x + 1 +
                canvas_textf(c, r.x + 1, r.y, r.w - 1, ROLE_TEXT, 0, "%stoday  %s", o->filtered ? "all " : "",
                             number_usd(n->today_effective_nano, 0, basis_of_spend(&n->today, n->today_basis)).text);
        canvas_textf(c, x + 3, r.y, r.x + r.w - x - 3, ROLE_TEXT, 0, "24:00  %s",
                     number_usd_whole(n->eod_at_rate_nano, 0, BASIS_PROJECTED).text);
    }
    draw_rest(o, v, c, l->at[PART_LIST], overview_narrow_budgets(o, l->at[PART_LIST]), 1);
}

static void draw_side(const Overview *o, const View *v, Canvas *c, const Layout *l) {
    unsigned elsewhere = l->at[PART_MODELS].h == 1 ? ELSEWHERE_ERRORS : 0;
    if (l->at[PART_MORE].h) elsewhere |= ELSEWHERE_LATENCY;
    if (l->at[PART_MORE].h == 1 || l->at[PART_MORE].h == 5) elsewhere |= ELSEWHERE_TOKENS;
    if (l->at[PART_HEALTH].h) elsewhere |= ELSEWHERE_CACHES | ELSEWHERE_ERRORS;
    overview_draw_side(o, v, c, l->at[PART_SIDE], elsewhere);
}

void overview_draw(const void *self, const View *v, Canvas *c, Rect area) {
    const Overview *o = self;
    Layout l = layout_make(c->w, c->h);
    if (l.size != SIZE_FULL) {
        draw_small(o, v, c, area);
        return;
    }
    const Rect *at = l.at;
    overview_draw_verdict(o, v, c, at[PART_VERDICT]);
    if (at[PART_CHART].h == 0) {
        draw_narrow(o, v, c, &l);
        return;
    }
    draw_rate(o, c, at[PART_RATE]);
    draw_figures(o, v, c, at[PART_FIGURES]);
    if (at[PART_MORE].h) draw_more(o, v, c, at[PART_MORE]);
    if (at[PART_HEALTH].h) overview_draw_health(o, v, c, at[PART_HEALTH]);
    draw_chart(o, v, c, at[PART_CHART]);
    overview_draw_list(o, v, c, at[PART_LIST]);
    if (at[PART_SIDE].h) draw_side(o, v, c, &l);
    if (at[PART_MODELS].h) overview_draw_models(o, c, at[PART_MODELS]);
    if (at[PART_MOVERS].h) overview_draw_movers(o, v, c, at[PART_MOVERS]);
    if (at[PART_LIVE].h) overview_draw_live(o, v, c, at[PART_LIVE]);
}
