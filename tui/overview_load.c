/* overview_load: the Overview's rows from the store. See overview.h. What moves slowly (usual rates, movers) is asked for
 * every few seconds only. Does not: draw. */
#include "store/money.h"
#include "tui/overview.h"
#include "tui/view.h"

int overview_ask(View *v, const int *by, size_t by_count, int64_t since_ms, int64_t until_ms, Result *out, Err *e) {
    Query q = {.since_ms = since_ms, .until_ms = until_ms, .by_count = by_count, .filter = v->filter, .zone = v->app->day_zone};
    for (size_t i = 0; i < by_count; i++) q.by[i] = by[i];
    result_free(out);
    if (query_run(v->db, &q, out, e) != 0) return -1;
    return result_sort(out, &q, "cost_usd", false, e);
}

/* ---- the other range ---- */

static int load_before(Overview *o, View *v, bool *more, Err *e) {
    bool changed;
    Query q = {.by = {o->dim}, .by_count = 1, .zone = v->app->day_zone};
    if (!view_compared(v, &q.since_ms, &q.until_ms)) {
        o->compared = false;
        result_free(&o->before);
        return 0;
    }
    return reading_step(&o->reading_before, v, &q, o->deadline_us, &o->before, more, &changed, e);
}

/* Slot by slot beside this one: slots are counted from its own begin. */
static void show_before_chart(Overview *o, int64_t until) {
    const Series *s = &o->before_series;
    for (size_t i = 0; i < o->series.slots; i++)
        o->before_slot[i] = i >= s->slots ? -1 : s->stacks ? overview_per_minute(s, i, s->nano[i], until) : 0;
}

static int load_before_chart(Overview *o, View *v, bool *more, Err *e) {
    int64_t since, until, slot;
    if (!view_compared(v, &since, &until)) return 0;
    ChartAsk ask = {.q = overview_chart_range(o->range.since_ms, o->range.until_ms, v, &slot), .dim = -1, .stacks = 1};
    int64_t back = (o->range.until_ms - until + slot / 2) / slot * slot;
    ask.slot_ms = slot;
    ask.q.since_ms -= back;
    ask.q.until_ms -= back;
    if (chart_reading_step(&o->reading_chart, v, &ask, o->deadline_us, &o->before_series, more, e) != 0) return -1;
    if (*more) return 0;
    show_before_chart(o, until);
    o->compared = true;
    return 0;
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

static const Zone *days_of(const View *v) {
    return v->app->day_zone ? v->app->day_zone : v->zone;
}

static int load_minute(Overview *o, View *v, Err *e) {
    return overview_ask(v, &o->dim, 1, v->until_ms - MS_PER_MINUTE, v->until_ms, &o->minute, e);
}

int overview_tick(Overview *o, View *v, Err *e) {
    if (query_now_tick(v->db, days_of(v), v->until_ms, &o->now, e) != 0 || load_minute(o, v, e) != 0) return -1;
    if (load_budgets(o, v, e) != 0) return -1;
    overview_chart_to(o, v->until_ms); /* of the last slot there is more */
    overview_arrange(o, v);
    return 0;
}

/* ---- the stages of a load ---- */

static int stage_now(Overview *o, View *v, bool *more, Err *e) {
    (void)more;
    return query_now(v->db, days_of(v), v->until_ms, &o->now, e) == 0 ? load_minute(o, v, e) : -1;
}

/* Of another question the old figures are not shown once there are new ones. */
static int stage_range(Overview *o, View *v, bool *more, Err *e) {
    bool fresh = o->whole != o->asked;
    if (overview_range_step(o, v, fresh, more, e) != 0) return -1;
    if (!*more) o->whole = o->asked;
    if (fresh) {
        o->compared = false;
        result_free(&o->before);
        o->usual.count = 0, o->usual.asked_ms = 0;
        o->movers = 0;
        series_free(&o->spark);
    }
    overview_arrange(o, v);
    return 0;
}

/* Back in time the rows of a month may have to be read; until then the budgets are those of before. */
static int stage_budgets(Overview *o, View *v, bool *more, Err *e) {
    const Config *config = v->app->config;
    size_t count = config->budget_count < BUDGETS_SHOWN ? config->budget_count : BUDGETS_SHOWN;
    if (budget_reading_step(&o->reading_budgets, v, count, false, o->deadline_us, more, e) != 0) return -1;
    if (*more) return 0;
    for (size_t i = 0; i < count; i++) o->budget[i] = (BudgetRow){&config->budgets[i], o->reading_budgets.view[i]};
    o->budgets = count;
    if (count) qsort(o->budget, count, sizeof *o->budget, breaks_first);
    return 0;
}

static int stage_beside(Overview *o, View *v, bool *more, Err *e) {
    (void)more;
    if (!o->source) o->source = xcalloc(SOURCES_SHOWN, sizeof *o->source);
    o->sources_unknown = view_is_past(v);
    return query_sources(v->db, v->until_ms, o->source, SOURCES_SHOWN, &o->sources, e);
}

static int stage_usual(Overview *o, View *v, bool *more, Err *e) {
    (void)more;
    o->slow = usual_rates_due(&o->usual, v);
    return o->slow ? usual_rates_load(&o->usual, v, o->dim, &o->list, e) : 0;
}

static int stage_movers(Overview *o, View *v, bool *more, Err *e) {
    (void)more;
    return o->slow ? load_movers(o, v, e) : 0;
}

static int stage_spark(Overview *o, View *v, bool *more, Err *e) {
    return o->slow ? sparks_step(&o->reading_spark, &o->spark, v, o->dim, o->deadline_us, more, e) : 0;
}

/* The newest calls; few pass some filters. */
static int stage_live(Overview *o, View *v, bool *more, Err *e) {
    Query q = {.since_ms = o->range.since_ms, .until_ms = o->range.until_ms, .filter = v->filter, .zone = v->app->day_zone,
               .interrupt = reading_late, .ctx = &o->deadline_us, .resume_key = &o->live_below};
    size_t count = 0;
    if (!o->live) {
        o->live = xcalloc(LIVE_SHOWN, sizeof *o->live);
        o->live_page = xcalloc(LIVE_SHOWN, sizeof *o->live_page);
    }
    if (query_rows(v->db, &q, o->live_below, o->live_page + o->live_paged, LIVE_SHOWN - o->live_paged, &count, more, e) != 0) return -1;
    o->live_paged += count;
    if (o->live_paged == LIVE_SHOWN) *more = false;
    if (*more) return 0;
    memcpy(o->live, o->live_page, o->live_paged * sizeof *o->live);
    o->lives = o->live_paged;
    return 0;
}

typedef struct Stage {
    int (*step)(Overview *o, View *v, bool *more, Err *e);
    int64_t takes_us; /* of one that goes in one piece, on ten million calls: it is not begun just before the deadline. 0 = little, or sliced */
} Stage;
static const Stage stages[] = {{stage_now, 1000}, {stage_range, 0}, {stage_beside, 0}, {stage_budgets, 0}, {load_before, 0}, {load_before_chart, 0},
                               {stage_usual, 1000}, {stage_movers, 1000}, {stage_spark, 0}, {stage_live, 0}, {overview_stack_step, 0}};
enum { STAGES = sizeof stages / sizeof *stages, STAGE_RANGE = 1 };

static bool no_time_for(const Overview *o, int stage) {
    int64_t until_us = o->deadline_us - stages[stage].takes_us;
    return reading_late(&until_us);
}

void overview_load_free(Overview *o) {
    overview_range_drop(o);
    reading_free(&o->reading_before);
    chart_reading_free(&o->reading_chart);
    chart_reading_free(&o->reading_spark);
    budget_reading_free(&o->reading_budgets);
    chart_reading_free(&o->stack.reading);
    o->stage = 0;
}

/* Is it the load that goes on? A key may have asked another question, or another screen was looked at since. */
static void begin(Overview *o, const View *v) {
    const Query q = {.by = {o->dim}, .by_count = 1};
    uint64_t asked = reading_question(v, &q);
    if (o->stage > 0 && o->asked == asked && !reading_given_up(o->left_us)) return;
    overview_range_drop(o);
    budget_reading_restart(&o->reading_budgets);
    o->stage = 0;
    o->asked = asked;
    o->live_paged = 0;
    o->live_below = INT64_MAX;
}

static void tell_progress(const Overview *o, View *v) {
    if (o->whole == o->asked && v->reading_permille < 0) return;
    v->reading_permille = o->stage <= STAGE_RANGE ? overview_range_permille(&o->range) * 9 / 10 : 900 + 90 * o->stage / STAGES;
}

int overview_load(Overview *o, View *v, int64_t deadline_us, bool *more, Err *e) {
    o->filtered = v->filter != NULL;
    begin(o, v);
    o->deadline_us = deadline_us;
    for (; o->stage < STAGES; o->stage++) {
        *more = false;
        if (stages[o->stage].step(o, v, more, e) != 0) {
            overview_load_free(o);
            result_free(&o->before);
            o->compared = false;
            return -1;
        }
        if (!*more && (o->stage == 0 || o->stage + 1 == STAGES || !no_time_for(o, o->stage + 1))) continue;
        o->stage += !*more;
        *more = true;
        tell_progress(o, v);
        o->left_us = reading_now_us();
        return 0;
    }
    o->stage = 0;
    return 0;
}
