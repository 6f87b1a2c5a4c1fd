/* layout: the one function from a size to rectangles. See layout.h; the thresholds are its whole content. */
#include "tui/layout.h"

enum {
    FULL_W = 40, FULL_H = 10,       /* below: one or three lines */
    ANSWER_H = 16, TABS_W = 110,
    CHART_W = 60, CHART_H = 20,
    SIDE_W = 80, SIDE_H = 24,
    WIDE_W = 110, WIDE_H = 36,      /* models as a table, movers */
    HUGE_W = 160, LIVE_H = 44, TALL_LIVE_H = 58,
    HEALTH_W = 190,
    GAP = 5                         /* between panels */
};

/* Cuts rows off the top of a rectangle; what is not there is not given. */
static Rect take(Rect *from, int rows) {
    int n = rows < from->h ? rows : from->h;
    Rect r = {from->x, from->y, from->w, n < 0 ? 0 : n};
    from->y += r.h;
    from->h -= r.h;
    return r;
}

static Rect take_bottom(Rect *from, int rows) {
    int n = rows < from->h ? rows : from->h;
    from->h -= n;
    return (Rect){from->x, from->y + from->h, from->w, n};
}

/* The columns [from, to) of a band. */
static Rect columns(Rect band, int from, int to) {
    if (to > band.w) to = band.w;
    return to > from ? (Rect){band.x + from, band.y, to - from, band.h} : (Rect){0};
}

static void small_overview(Layout *l, Rect body) {
    l->at[PART_VERDICT] = take(&body, body.w < CHART_W ? 2 : 1);
    take(&body, 1);
    l->at[PART_RATE] = take(&body, 1);
    l->at[PART_FIGURES] = take(&body, 1);
    l->at[PART_LIST] = body;
}

static void figure_band(Layout *l, Rect band) {
    const int w = band.w, rate = band.h == 5 ? 42 : 28;
    l->at[PART_RATE] = columns(band, 0, rate);
    if (w >= HEALTH_W) {
        l->at[PART_FIGURES] = columns(band, rate, 94);
        l->at[PART_MORE] = columns(band, 95, 139);
        l->at[PART_HEALTH] = columns(band, 139 + GAP, w);
    } else if (w >= WIDE_W) {
        int more = w - 29 > rate + 64 ? rate + 64 : w - 29;
        l->at[PART_FIGURES] = columns(band, rate, more - 1);
        l->at[PART_MORE] = columns(band, more, w);
    } else {
        l->at[PART_FIGURES] = columns(band, rate, w);
    }
}

/* Rows of the bands that grow: the chart to 7, the list to 10, the chart to 22, the list, then both. */
static void share_rows(int rows, int *chart, int *list) {
    *chart = 5;
    *list = 5;
    int spare = rows - 10;
    const struct { int *of, most; } steps[] = {{chart, 7}, {list, 10}, {chart, 22}, {list, 24}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && spare > 0; i++) {
        int want = steps[i].most - *steps[i].of, n = want < spare ? want : spare;
        *steps[i].of += n;
        spare -= n;
    }
    if (spare <= 0) return;
    *chart += spare / 2;
    *list += spare - spare / 2;
}

/* From 160 columns budgets stand beside the chart, models and movers beside the list. */
static void huge_bands(Layout *l, Rect chart, Rect list) {
    const int w = chart.w, side = w - 57 > 100 ? w - 57 : 100;
    l->at[PART_CHART] = columns(chart, 0, side - GAP);
    l->at[PART_SIDE] = columns(chart, side, w);
    l->at[PART_LIST] = columns(list, 0, 90);
    l->at[PART_MODELS] = columns(list, 93, w >= HEALTH_W ? 140 : w);
    if (w >= HEALTH_W)
        l->at[PART_MOVERS] = columns(list, 145, w);
    else if (list.h >= 10) { /* one above the other */
        l->at[PART_MOVERS] = take_bottom(&l->at[PART_MODELS], 4);
        take_bottom(&l->at[PART_MODELS], 1);
    }
}

static void wide_bands(Layout *l, Rect chart, Rect list, Rect models) {
    const int w = chart.w, split = w >= WIDE_W ? 75 : w - 32 < 58 ? w - 32 : 58;
    l->at[PART_CHART] = chart;
    l->at[PART_LIST] = w >= SIDE_W && models.h > 0 ? columns(list, 0, split) : list;
    if (models.h == 0) return;
    l->at[PART_SIDE] = columns(list, split, w);
    if (models.h == 1) {
        l->at[PART_MODELS] = models;
        return;
    }
    take(&models, 1);
    l->at[PART_MODELS] = columns(models, 0, split - GAP);
    l->at[PART_MOVERS] = columns(models, split, w);
}

static void full_overview(Layout *l, int h, Rect body) {
    const bool huge = body.w >= HUGE_W, tall = h >= WIDE_H;
    int models_rows = 0, chart_rows, list_rows;
    l->at[PART_VERDICT] = take(&body, 1);
    take(&body, 1);
    figure_band(l, take(&body, huge && tall ? 5 : 3));
    Rect below = take(&body, 1);
    if (body.w >= SIDE_W && body.w < WIDE_W && h >= SIDE_H) l->at[PART_MORE] = below; /* else it is a blank row */
    if (huge && h >= LIVE_H) {
        l->at[PART_LIVE] = take_bottom(&body, h >= TALL_LIVE_H ? 12 : 4);
        take_bottom(&body, 1);
    }
    if (!huge && body.w >= SIDE_W && h >= SIDE_H) models_rows = body.w >= WIDE_W && tall ? 7 : 1;
    Rect models = take_bottom(&body, models_rows);
    share_rows(body.h - 1, &chart_rows, &list_rows);
    Rect chart = take(&body, chart_rows);
    take(&body, 1);
    if (huge)
        huge_bands(l, chart, body);
    else
        wide_bands(l, chart, body, models);
}

/* One line, or two lines of content over one of state and keys. */
static Layout tiny(int w, int h) {
    Layout l = {.size = h >= 3 ? SIZE_THREE : SIZE_LINE};
    Rect rest = {0, 0, w, h};
    if (l.size == SIZE_LINE) {
        l.at[PART_BODY] = l.at[PART_RATE] = rest;
        return l;
    }
    l.at[PART_HEADER] = take_bottom(&rest, 1);
    l.at[PART_BODY] = rest;
    l.at[PART_VERDICT] = take(&rest, 1);
    l.at[PART_RATE] = take(&rest, 1);
    return l;
}

Layout layout_make(int w, int h) {
    if (w < FULL_W || h < FULL_H) return tiny(w < 0 ? 0 : w, h < 0 ? 0 : h);
    Layout l = {.size = SIZE_FULL};
    Rect rest = {0, 0, w, h};
    if (w >= TABS_W && h >= ANSWER_H) l.at[PART_TABS] = take(&rest, 1);
    l.at[PART_HEADER] = take(&rest, 1);
    l.at[PART_FOOTER] = take_bottom(&rest, 1);
    if (h >= ANSWER_H) l.at[PART_ANSWER] = take_bottom(&rest, 1);
    l.at[PART_BODY] = rest;
    if (w < CHART_W || h < CHART_H)
        small_overview(&l, rest);
    else
        full_overview(&l, h, rest);
    return l;
}

void layout_split(Rect body, int detail_rows, Rect *list, Rect *detail) {
    int most = body.h - (body.h + 2) / 3;
    *detail = take_bottom(&body, detail_rows < most ? detail_rows : most);
    *list = body;
}
