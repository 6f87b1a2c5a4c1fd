/* overview_range: the Overview's figures of the range: the list, the models and the chart, read together where rows must
 * answer, in slices. What was whole stays until its successor is; only another question shows how far it has come. See
 * overview.h. Does not: draw, or load anything else (overview_load.c). */
#include "store/money.h"
#include "tui/overview.h"
#include "tui/view.h"

enum { BURN_WINDOW_SLOTS = 5, BURNER_SLOTS_MIN = 10, STACKS = 8, SHOW_US = 100000 };
enum { RUN_LIST, RUN_MODELS, RUN_CHART, RUNS };

/* Slots of whole minutes for two days or less, else of quarters of an hour; at most SLOTS_MAX. Of one feature, team, key or
 * gateway more than a week is shown by day: its quarters would have to be picked out of everybody's. */
static int64_t slot_for(int64_t length, const Filter *f) {
    const unsigned picked = 1u << DIM_FEATURE | 1u << DIM_TEAM | 1u << DIM_KEY | 1u << DIM_GATEWAY;
    if (length > 7 * MS_PER_DAY && filter_uses(f) & picked) return MS_PER_DAY;
    int64_t unit = length <= 2 * MS_PER_DAY ? MS_PER_MINUTE : 15 * MS_PER_MINUTE, slot = unit;
    while (length / slot > SLOTS_MAX) slot += unit;
    return slot;
}

Query overview_chart_range(int64_t since_ms, int64_t until_ms, const View *v, int64_t *slot_ms) {
    int64_t length = until_ms - since_ms, slot = slot_for(length, v->filter), until = (until_ms + slot - 1) / slot * slot;
    *slot_ms = slot;
    return (Query){.since_ms = until - (length + slot - 1) / slot * slot, .until_ms = until, .zone = v->app->day_zone};
}

/* ---- what the chart shows ---- */

/* The last slot is not over: its rate is that of the part that is. */
int64_t overview_per_minute(const Series *s, size_t i, int64_t nano, int64_t until_ms) {
    int64_t begin = s->since_ms + (int64_t)i * s->slot_ms, length = s->slot_ms;
    if (until_ms > begin && until_ms - begin < length) length = until_ms - begin;
    if (length < MS_PER_MINUTE) length = MS_PER_MINUTE; /* a minute at least: one call in a second is no rate */
    return nano / length * MS_PER_MINUTE + nano % length * MS_PER_MINUTE / length;
}

/* The value whose part of the chart stands out: the one that spent most in the last eighth of the range. */
static size_t burner_stack(const Series *s) {
    size_t n = s->slots, own = s->stacks - (s->rest_values > 0), best = SIZE_MAX;
    size_t from = n - (n / 8 > BURNER_SLOTS_MIN ? n / 8 : n < BURNER_SLOTS_MIN ? n : BURNER_SLOTS_MIN);
    int64_t most = 0;
    for (size_t k = 0; k < own; k++) {
        int64_t sum = 0;
        for (size_t i = from; i < n; i++) sum = nano_add(sum, s->nano[k * n + i]);
        if (sum > most) best = k, most = sum;
    }
    return best;
}

void overview_split(const Series *s, int64_t until_ms, bool notional_only, ChartParts *out) {
    size_t n = s->slots, burner = burner_stack(s);
    snprintf(out->name, sizeof out->name, "%s", burner == SIZE_MAX ? "" : s->stack_name[burner]);
    out->burner = xrealloc(out->burner, (n + 1) * sizeof *out->burner);
    out->rest = xrealloc(out->rest, (n + 1) * sizeof *out->rest);
    out->usual = xrealloc(out->usual, (n + 1) * sizeof *out->usual);
    for (size_t i = 0; i < n; i++) {
        int64_t rest = 0, own = burner == SIZE_MAX ? 0 : s->nano[burner * n + i];
        for (size_t k = 0; k < s->stacks; k++) rest = nano_add(rest, k == burner ? 0 : s->nano[k * n + i]);
        if (notional_only) rest = s->notional_nano[i];
        out->burner[i] = overview_per_minute(s, i, own, until_ms);
        out->rest[i] = overview_per_minute(s, i, rest, until_ms);
        out->usual[i] = s->usual_nano[i] < 0 || notional_only ? -1 : s->usual_nano[i] / (s->slot_ms / MS_PER_MINUTE);
    }
}

static void split_series(Overview *o, int64_t until_ms) {
    ChartParts p = {.burner = o->burner, .rest = o->rest, .usual = o->usual_slot};
    overview_split(&o->series, until_ms, o->notional_only, &p);
    o->burner = p.burner;
    o->rest = p.rest;
    o->usual_slot = p.usual;
    memcpy(o->burner_model, p.name, sizeof o->burner_model);
}

/* Walks back while five slots together spend more than twice what is usual; then to the first slot that does. */
static void find_onset(Overview *o) {
    size_t n = o->series.slots, at = n;
    o->onset_ms = 0;
    o->onset_before = false;
    if (overview_burn_role(&o->now) == ROLE_TEXT || o->series.slot_ms > 15 * MS_PER_MINUTE) return;
    while (at >= BURN_WINDOW_SLOTS) {
        int64_t spent = 0, usual = 0;
        for (size_t i = at - BURN_WINDOW_SLOTS; i < at; i++) {
            spent = nano_add(spent, nano_add(o->burner[i], o->rest[i]));
            usual = nano_add(usual, o->usual_slot[i] > 0 ? o->usual_slot[i] : 0);
        }
        if (usual == 0 || spent <= 2 * usual) break;
        at--;
    }
    if (at == n) return;
    while (at < n && o->burner[at] + o->rest[at] <= 2 * o->usual_slot[at]) at++;
    if (at == n) return;
    o->onset_before = at < BURN_WINDOW_SLOTS;
    o->onset_ms = o->series.since_ms + (int64_t)at * o->series.slot_ms;
}

void overview_chart_to(Overview *o, int64_t until_ms) {
    if (o->series.slots == 0) return;
    split_series(o, until_ms);
    find_onset(o);
}

/* The slots of the other range are as many as those of this one. */
static void take_series(Overview *o, const Series *s) {
    size_t had = o->series.slots;
    series_free(&o->series);
    o->series = *s;
    o->notional_only = o->list.total.cost_nano == 0 && o->list.total.notional_nano > 0;
    o->before_slot = xrealloc(o->before_slot, (s->slots + 1) * sizeof *o->before_slot);
    for (size_t i = had; i < s->slots; i++) o->before_slot[i] = -1;
    overview_chart_to(o, o->range.until_ms);
}

/* ---- reading ---- */

static void end(OverviewRange *r) {
    query_close(r->models); /* before the one that it may have joined */
    query_series_close(r->chart);
    query_close(r->list);
    filter_free(r->filter);
    r->list = r->models = NULL;
    r->chart = NULL;
    r->filter = NULL;
}

/* Names of a partial answer are the run's: it goes before the run does. */
void overview_range_drop(Overview *o) {
    if (o->range.list && o->range.partial) {
        result_free(&o->list);
        result_free(&o->models);
    }
    o->range.partial = false;
    end(&o->range);
}

/* What rows must answer alone comes last: the others are there at once. */
static void choose_order(OverviewRange *r) {
    static const uint8_t list_first[RUNS] = {RUN_LIST, RUN_MODELS, RUN_CHART}, list_last[RUNS] = {RUN_MODELS, RUN_CHART, RUN_LIST};
    r->together = query_join(r->list, r->models) && query_join_series(r->list, r->chart);
    bool last = !r->together && query_from_rows(r->list) && !query_from_rows(r->models);
    memcpy(r->order, last ? list_last : list_first, sizeof r->order);
    r->at = 0;
}

static int open_range(Overview *o, View *v, Err *e) {
    OverviewRange *r = &o->range;
    int64_t slot;
    Query chart = overview_chart_range(v->since_ms, v->until_ms, v, &slot);
    r->since_ms = v->since_ms;
    r->until_ms = v->until_ms;
    if (reading_filter(v, &r->filter, e) != 0) return -1;
    r->q = (Query){.since_ms = v->since_ms, .until_ms = v->until_ms, .by = {o->dim}, .by_count = 1, .filter = r->filter,
                   .zone = v->app->day_zone, .interrupt = reading_late, .ctx = &o->deadline_us};
    chart.filter = r->filter;
    chart.interrupt = reading_late;
    chart.ctx = &o->deadline_us;
    Query models = r->q;
    models.by[0] = DIM_MODEL;
    if (query_open(v->db, &r->q, &r->list, e) != 0 || query_open(v->db, &models, &r->models, e) != 0 ||
        query_series_open(v->db, &chart, DIM_MODEL, STACKS, slot, &r->chart, e) != 0)
        return -1;
    choose_order(r);
    return 0;
}

static int go_on(OverviewRange *r, bool *more, Err *e) {
    for (*more = false; r->at < RUNS; r->at++) {
        int part = r->order[r->at];
        int rc = part == RUN_LIST ? query_go_on(r->list, more, e) : part == RUN_MODELS ? query_go_on(r->models, more, e)
                                                                                         : query_series_go_on(r->chart, more, e);
        if (rc != 0 || *more) return rc;
    }
    return 0;
}

/* Has it begun to be read? */
static bool begun(const OverviewRange *r, int part) {
    for (int i = 0; i <= r->at && i < RUNS; i++)
        if (r->order[i] == part) return true;
    return r->together;
}

static int sort(Overview *o, Err *e) {
    Query models = o->range.q;
    models.by[0] = DIM_MODEL;
    if (result_sort(&o->list, &o->range.q, "cost_usd", false, e) != 0) return -1;
    return result_sort(&o->models, &models, "cost_usd", false, e);
}

/* Models and a chart that are not begun stay for these few milliseconds; a list would name what it is no longer by. */
static int show_so_far(Overview *o, Err *e) {
    OverviewRange *r = &o->range;
    Series s;
    if (reading_now_us() < r->show_us) return 0;
    r->show_us = reading_now_us() + SHOW_US;
    r->partial = true;
    result_free(&o->list);
    query_so_far(r->list, &o->list);
    if (begun(r, RUN_MODELS)) {
        result_free(&o->models);
        query_so_far(r->models, &o->models);
    }
    if (sort(o, e) != 0) return -1;
    if (!begun(r, RUN_CHART)) return 0;
    if (query_series_so_far(r->chart, &s, e) != 0) return -1;
    take_series(o, &s);
    return 0;
}

static int show_whole(Overview *o, Err *e) {
    OverviewRange *r = &o->range;
    Series s;
    result_free(&o->list);
    result_free(&o->models);
    int rc = query_series_take(r->chart, &s, e);
    r->chart = NULL;
    query_take(r->models, &o->models);
    query_take(r->list, &o->list);
    r->list = r->models = NULL;
    r->partial = false;
    if (rc == 0) take_series(o, &s);
    if (rc == 0) rc = sort(o, e);
    end(r);
    return rc;
}

int overview_range_permille(const OverviewRange *r) {
    if (!r->list) return 1000;
    return r->together ? query_permille(r->list) : (query_permille(r->list) + query_permille(r->models) + query_series_permille(r->chart)) / 3;
}

int overview_range_step(Overview *o, View *v, bool fresh, bool *more, Err *e) {
    OverviewRange *r = &o->range;
    if (!r->list) r->show_us = 0;
    if (!r->list && open_range(o, v, e) != 0) return -1;
    if (go_on(r, more, e) != 0) return -1;
    if (!*more) return show_whole(o, e);
    return fresh ? show_so_far(o, e) : 0;
}
