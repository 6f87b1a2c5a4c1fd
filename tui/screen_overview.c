/* screen_overview: what is spent right now, on what, and whether that is normal: the six on-call questions at 80x24.
 * Does not: compute; query_now(), query_series() and query_run() do. Draws what the layout gives room for. */
#include "tui/overview.h"
#include "tui/keys.h"

static void *open_overview(void) {
    Overview *o = xcalloc(1, sizeof *o);
    o->dim = DIM_FEATURE;
    return o;
}

static void close_overview(void *self) {
    Overview *o = self;
    if (!o) return;
    result_free(&o->list);
    result_free(&o->minute);
    result_free(&o->models);
    series_free(&o->series);
    free(o->per_min);
    free(o->usual);
    free(o->source);
    free(o);
}

static int ask(View *v, int dim, int64_t since_ms, Result *out, Err *e) {
    Query q = {.since_ms = since_ms, .until_ms = v->until_ms, .by = {dim}, .by_count = 1, .filter = v->filter, .zone = v->zone};
    result_free(out);
    if (query_run(v->db, &q, out, e) != 0) return -1;
    return result_sort(out, &q, "cost_usd", false, e);
}

/* Slots of a minute for an hour or less, else of a quarter of an hour, at most SLOTS_MAX of them; in dollars a minute. */
static int load_series(Overview *o, View *v, Err *e) {
    int64_t length = v->until_ms - v->since_ms;
    int64_t unit = length <= 2 * MS_PER_HOUR ? MS_PER_MINUTE : 15 * MS_PER_MINUTE, slot = unit;
    while (length / slot > SLOTS_MAX) slot += unit;
    int64_t until = time_floor(NULL, v->until_ms + slot - 1, UNIT_MINUTE);
    until -= until % slot;
    if (until < v->until_ms) until += slot;
    Query q = {.since_ms = until - (length + slot - 1) / slot * slot, .until_ms = until, .filter = v->filter, .zone = v->zone};
    series_free(&o->series);
    if (query_series(v->db, &q, DIM_MODEL, 1, slot, &o->series, e) != 0) return -1;
    size_t n = o->series.slots;
    o->per_min = xrealloc(o->per_min, (n + 1) * sizeof *o->per_min);
    o->usual = xrealloc(o->usual, (n + 1) * sizeof *o->usual);
    for (size_t i = 0; i < n; i++) {
        int64_t sum = 0;
        for (size_t k = 0; k < o->series.stacks; k++) sum += o->series.nano[k * n + i];
        o->per_min[i] = sum / (slot / MS_PER_MINUTE);
        o->usual[i] = o->series.usual_nano[i] < 0 ? -1 : o->series.usual_nano[i] / (slot / MS_PER_MINUTE);
    }
    return 0;
}

static int load_overview(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Overview *o = self;
    (void)deadline_us;
    *more = false;
    if (!o->source) o->source = xcalloc(SOURCES_SHOWN, sizeof *o->source);
    if (query_now(v->db, v->app->day_zone ? v->app->day_zone : v->zone, v->until_ms, &o->now, e) != 0) return -1;
    if (ask(v, o->dim, v->since_ms, &o->list, e) != 0 || ask(v, o->dim, v->until_ms - MS_PER_MINUTE, &o->minute, e) != 0) return -1;
    if (ask(v, DIM_MODEL, v->since_ms, &o->models, e) != 0 || load_series(o, v, e) != 0) return -1;
    return query_sources(v->db, v->now_ms, o->source, SOURCES_SHOWN, &o->sources, e);
}

static bool key_overview(void *self, View *v, int key) {
    static const int dims[] = {DIM_FEATURE, DIM_MODEL, DIM_PROVIDER, DIM_TEAM, DIM_KEY, DIM_PROJECT, DIM_GATEWAY};
    enum { DIMS = sizeof dims / sizeof *dims };
    Overview *o = self;
    const KeyCommand *k = key_meaning(key);
    if (!k || k->act != DO_DIMENSION) return false;
    int at = 0;
    while (dims[at] != o->dim) at++;
    o->dim = dims[(at + (key == 'D' ? DIMS - 1 : 1)) % DIMS];
    snprintf(v->answer, sizeof v->answer, "by %s", by_name(o->dim));
    return true;
}

const Screen screen_overview = {
    .name = "overview", .title = "Overview", .key = '1', .open = open_overview, .close = close_overview,
    .load = load_overview, .draw = overview_draw, .key_pressed = key_overview,
    .footer = "stop dimension range pause",
};
