/* overview_load: the Overview's rows from the store. See overview.h. What moves slowly (usual rates, movers) is asked for
 * every few seconds only. Does not: draw. */
#include "store/money.h"
#include "tui/overview.h"
#include "tui/view.h"

enum { BURN_WINDOW_SLOTS = 5, BURNER_SLOTS_MIN = 10, STACKS = 8 };

int overview_ask(View *v, const int *by, size_t by_count, int64_t since_ms, int64_t until_ms, Result *out, Err *e) {
    Query q = {.since_ms = since_ms, .until_ms = until_ms, .by_count = by_count, .filter = v->filter, .zone = v->app->day_zone};
    for (size_t i = 0; i < by_count; i++) q.by[i] = by[i];
    result_free(out);
    if (query_run(v->db, &q, out, e) != 0) return -1;
    return result_sort(out, &q, "cost_usd", false, e);
}

/* ---- the chart ---- */

/* Slots of whole minutes for two days or less, else of quarters of an hour; at most SLOTS_MAX. Of one feature, team, key or
 * gateway more than a week is shown by day: its quarters would have to be picked out of everybody's. */
static int64_t slot_for(int64_t length, const Filter *f) {
    const unsigned picked = 1u << DIM_FEATURE | 1u << DIM_TEAM | 1u << DIM_KEY | 1u << DIM_GATEWAY;
    if (length > 7 * MS_PER_DAY && filter_uses(f) & picked) return MS_PER_DAY;
    int64_t unit = length <= 2 * MS_PER_DAY ? MS_PER_MINUTE : 15 * MS_PER_MINUTE, slot = unit;
    while (length / slot > SLOTS_MAX) slot += unit;
    return slot;
}

/* The last slot is not over: its rate is that of the part that is. */
static int64_t per_minute(const Series *s, size_t i, int64_t nano, int64_t until_ms) {
    int64_t begin = s->since_ms + (int64_t)i * s->slot_ms, length = s->slot_ms;
    if (until_ms > begin && until_ms - begin < length) length = until_ms - begin;
    if (length < MS_PER_MINUTE) length = MS_PER_MINUTE; /* a minute at least: one call in a second is no rate */
    return nano / length * MS_PER_MINUTE + nano % length * MS_PER_MINUTE / length;
}

/* The model whose part of the chart stands out: the one that spent most in the last eighth of the range. */
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

static void split_series(Overview *o, const View *v) {
    const Series *s = &o->series;
    size_t n = s->slots, burner = burner_stack(s);
    snprintf(o->burner_model, sizeof o->burner_model, "%s", burner == SIZE_MAX ? "" : s->stack_name[burner]);
    o->burner = xrealloc(o->burner, (n + 1) * sizeof *o->burner);
    o->rest = xrealloc(o->rest, (n + 1) * sizeof *o->rest);
    o->usual_slot = xrealloc(o->usual_slot, (n + 1) * sizeof *o->usual_slot);
    for (size_t i = 0; i < n; i++) {
        int64_t rest = 0, own = burner == SIZE_MAX ? 0 : s->nano[burner * n + i];
        for (size_t k = 0; k < s->stacks; k++) rest = nano_add(rest, k == burner ? 0 : s->nano[k * n + i]);
        if (o->notional_only) rest = s->notional_nano[i];
        o->burner[i] = per_minute(s, i, own, v->until_ms);
        o->rest[i] = per_minute(s, i, rest, v->until_ms);
        o->usual_slot[i] = s->usual_nano[i] < 0 || o->notional_only ? -1
                                                                    : s->usual_nano[i] / (s->slot_ms / MS_PER_MINUTE);
    }
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

/* The other range slot by slot beside this one: slots are counted from its own begin. */
static int load_before(Overview *o, View *v, const Query *this, int64_t slot, Err *e) {
    int64_t since, until;
    Series s;
    result_free(&o->before);
    o->compared = view_compared(v, &since, &until);
    if (!o->compared) return 0;
    if (overview_ask(v, &o->dim, 1, since, until, &o->before, e) != 0) return -1;
    Query q = *this;
    int64_t back = (v->until_ms - until + slot / 2) / slot * slot;
    q.since_ms -= back;
    q.until_ms -= back;
    if (query_series(v->db, &q, -1, 1, slot, &s, e) != 0) return -1;
    o->before_slot = xrealloc(o->before_slot, (o->series.slots + 1) * sizeof *o->before_slot);
    for (size_t i = 0; i < o->series.slots; i++) o->before_slot[i] = i >= s.slots ? -1 : s.stacks ? per_minute(&s, i, s.nano[i], until) : 0;
    series_free(&s);
    return 0;
}

static int load_series(Overview *o, View *v, Err *e) {
    int64_t length = v->until_ms - v->since_ms, slot = slot_for(length, v->filter);
    int64_t until = (v->until_ms + slot - 1) / slot * slot;
    Query q = {
        .since_ms = until - (length + slot - 1) / slot * slot, .until_ms = until, .filter = v->filter, .zone = v->app->day_zone};
    series_free(&o->series);
    if (query_series(v->db, &q, DIM_MODEL, STACKS, slot, &o->series, e) != 0) return -1;
    o->notional_only = o->list.total.cost_nano == 0 && o->list.total.notional_nano > 0;
    split_series(o, v);
    find_onset(o);
    return load_before(o, v, &q, slot, e);
}

/* ---- budgets ---- */

static int breaks_first(const void *pa, const void *pb) {
    const BudgetRow *a = pa, *b = pb;
    int64_t x = a->v.breaks_ms < 0 ? INT64_MAX : a->v.breaks_ms, y = b->v.breaks_ms < 0 ? INT64_MAX : b->v.breaks_ms;
    if (x != y) return x < y ? -1 : 1;
    return a->v.spent_permille != b->v.spent_permille ? b->v.spent_permille - a->v.spent_permille
                                                      : strcmp(a->b->id, b->b->id);
}

static int load_budgets(Overview *o, View *v, Err *e) {
    const Config *config = v->app->config;
    o->budgets = 0;
    for (size_t i = 0; i < config->budget_count && o->budgets < BUDGETS_SHOWN; i++) {
        BudgetRow *r = &o->budget[o->budgets++];
        r->b = &config->budgets[i];
        if (view_budget(v, r->b, &r->v, e) != 0) return -1;
    }
    if (o->budgets) qsort(o->budget, o->budgets, sizeof *o->budget, breaks_first);
    return 0;
}

/* ---- what moves slowly ---- */

static int64_t cost_of_name(const Result *r, const char *name) {
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->groups[i].name[0], name) == 0) return r->groups[i].t.cost_nano;
    return 0;
}

static int64_t change(const Mover *m) {
    return llabs(m->nano - m->day_nano);
}

/* Keeps the largest changes in order; what falls out, and what never was in, is summed in `others`. */
static void add_mover(Overview *o, Mover m, Mover *others) {
    size_t at = o->movers;
    while (at > 0 && change(&m) > change(&o->mover[at - 1])) at--;
    if (o->movers == MOVERS_SHOWN) {
        Mover *out = at == MOVERS_SHOWN ? &m : &o->mover[MOVERS_SHOWN - 1];
        others->nano = nano_add(others->nano, out->nano);
        others->day_nano = nano_add(others->day_nano, out->day_nano);
        others->week_nano = nano_add(others->week_nano, out->week_nano);
        if (at == MOVERS_SHOWN) return;
        o->movers--;
    }
    memmove(&o->mover[at + 1], &o->mover[at], (o->movers - at) * sizeof m);
    o->mover[at] = m;
    o->movers++;
}

static void compare_hours(Overview *o, const Result hour[3]) {
    Mover others = {.name = "others"},
          total = {"total", hour[0].total.cost_nano, hour[1].total.cost_nano, hour[2].total.cost_nano};
    o->movers = 0;
    o->day_known = hour[1].total.requests > 0;
    o->week_known = hour[2].total.requests > 0;
    for (int h = 0; h < 2; h++) /* of now, and those of yesterday that are gone now */
        for (size_t i = 0; i < hour[h].count; i++) {
            const char *name = hour[h].groups[i].name[0];
            Mover m = {.nano = cost_of_name(&hour[0], name),
                       .day_nano = cost_of_name(&hour[1], name),
                       .week_nano = cost_of_name(&hour[2], name)};
            bool seen = h == 1 && (m.nano != 0);
            snprintf(m.name, sizeof m.name, "%s", name);
            if (!seen) add_mover(o, m, &others);
        }
    bool any_others = others.nano || others.day_nano || others.week_nano;
    if (any_others) o->mover[o->movers++] = others;
    o->mover[o->movers++] = total;
}

/* Whole quarter-hours, so that rollups answer: the last four that are over. */
static int load_movers(Overview *o, View *v, Err *e) {
    Result hour[3] = {{0}};
    static const int64_t back[] = {0, MS_PER_DAY, 7 * MS_PER_DAY};
    int64_t until = v->until_ms - v->until_ms % (15 * MS_PER_MINUTE);
    int rc = 0;
    o->movers = 0;
    o->movers_until_ms = until;
    if (!usual_rates_quick(o->dim, v)) return 0;
    for (int h = 0; h < 3 && rc == 0; h++)
        rc = overview_ask(v, &o->dim, 1, until - back[h] - MS_PER_HOUR, until - back[h], &hour[h], e);
    if (rc == 0) compare_hours(o, hour);
    for (int h = 0; h < 3; h++) result_free(&hour[h]);
    return rc;
}

static int load_slow(Overview *o, View *v, Err *e) {
    if (usual_rates_load(&o->usual, v, o->dim, &o->list, e) != 0) return -1;
    return load_movers(o, v, e) == 0 ? sparks_load(&o->spark, v, o->dim, e) : -1;
}

static int load_live(Overview *o, View *v, Err *e) {
    bool more;
    Query q = {.since_ms = v->since_ms, .until_ms = v->until_ms, .filter = v->filter, .zone = v->app->day_zone};
    if (!o->live) o->live = xcalloc(LIVE_SHOWN, sizeof *o->live);
    return query_rows(v->db, &q, INT64_MAX, o->live, LIVE_SHOWN, &o->lives, &more, e);
}

static const Zone *days_of(const View *v) {
    return v->app->day_zone ? v->app->day_zone : v->zone;
}

static int load_minute(Overview *o, View *v, Err *e) {
    return overview_ask(v, &o->dim, 1, v->until_ms - MS_PER_MINUTE, v->until_ms, &o->minute, e);
}

int overview_tick(Overview *o, View *v, Err *e) {
    if (query_now_tick(v->db, days_of(v), v->until_ms, &o->now, e) != 0 || load_minute(o, v, e) != 0) return -1;
    if (load_budgets(o, v, e) != 0) return -1;
    split_series(o, v); /* of the last slot there is more */
    find_onset(o);
    overview_arrange(o, v);
    return 0;
}

static int load_figures(Overview *o, View *v, Err *e) {
    const Zone *days = days_of(v);
    const int model = DIM_MODEL;
    if (!o->source) o->source = xcalloc(SOURCES_SHOWN, sizeof *o->source);
    if (query_now(v->db, days, v->until_ms, &o->now, e) != 0) return -1;
    if (overview_ask(v, &o->dim, 1, v->since_ms, v->until_ms, &o->list, e) != 0) return -1;
    if (load_minute(o, v, e) != 0) return -1;
    if (overview_ask(v, &model, 1, v->since_ms, v->until_ms, &o->models, e) != 0) return -1;
    if (load_series(o, v, e) != 0 || load_budgets(o, v, e) != 0) return -1;
    if (load_live(o, v, e) != 0) return -1;
    overview_arrange(o, v);
    o->sources_unknown = view_is_past(v);
    return query_sources(v->db, v->until_ms, o->source, SOURCES_SHOWN, &o->sources, e);
}

/* Is the first half through, of the same question? A key or the clock may have changed it in between. */
static bool is_half(const Overview *o, const View *v) {
    return o->half.now_ms == v->until_ms && o->half.since_ms == v->since_ms && o->half.filter == v->filter &&
           o->half.dim == o->dim;
}

int overview_load(Overview *o, View *v, bool *more, Err *e) {
    bool second = is_half(o, v);
    o->half.now_ms = 0;
    *more = false;
    if (second) return load_slow(o, v, e);
    if (load_figures(o, v, e) != 0) return -1;
    if (!usual_rates_due(&o->usual, v)) return 0;
    o->half.now_ms = v->until_ms;
    o->half.since_ms = v->since_ms;
    o->half.filter = v->filter;
    o->half.dim = o->dim;
    *more = true;
    return 0;
}
