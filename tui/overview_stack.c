/* overview_stack: by what the Overview's chart is stacked: provider, model, feature, or nothing; and its parts where that is
 * not the model, whose chart is always there because the verdict is made of it.
 *
 * Features are summed by quarter-hours only: beyond an hour their chart has such slots, beyond a week days.
 */
#include "store/money.h"
#include "tui/overview.h"

enum { STACKS = 8, QUARTER_MS = 15 * MS_PER_MINUTE };

static const struct { int dim; const char *name; } stacks[] = {{DIM_PROVIDER, "provider"}, {DIM_MODEL, "model"}, {DIM_FEATURE, "feature"}, {-1, "none"}};
enum { STACK_COUNT = sizeof stacks / sizeof *stacks, STACK_DEFAULT = 1 };

static int place_of(int dim) {
    for (int i = 0; i < STACK_COUNT; i++)
        if (stacks[i].dim == dim) return i;
    return STACK_DEFAULT;
}

void overview_stack_recall(Overview *o, const View *v) {
    const char *saved = saved_get(v->saved, "overview.stack");
    o->stack.dim = stacks[STACK_DEFAULT].dim;
    for (int i = 0; saved && i < STACK_COUNT; i++)
        if (strcmp(stacks[i].name, saved) == 0) o->stack.dim = stacks[i].dim;
}

void overview_stack_next(Overview *o, View *v, bool back) {
    int at = (place_of(o->stack.dim) + (back ? STACK_COUNT - 1 : 1)) % STACK_COUNT;
    o->stack.dim = stacks[at].dim;
    saved_set(v->saved, "overview.stack", stacks[at].name);
    if (o->stack.dim < 0) snprintf(v->answer, sizeof v->answer, "the chart in one piece");
    else snprintf(v->answer, sizeof v->answer, "the chart stacked by %s", stacks[at].name);
}

void overview_stack_free(ChartStack *s) {
    chart_reading_free(&s->reading);
    series_free(&s->series);
    free(s->parts.burner);
    free(s->parts.rest);
    free(s->parts.usual);
    *s = (ChartStack){.dim = s->dim};
}

/* ---- loading ---- */

static bool is_own(const ChartStack *s) {
    return s->dim >= 0 && s->dim != DIM_MODEL;
}

static uint64_t question(const ChartStack *s, const View *v) {
    return hash64(v->filter_text, strlen(v->filter_text), (uint64_t)(v->until_ms - v->since_ms) * 31 + (uint64_t)s->dim) | 1;
}

/* Of this question, and not of a minute ago. */
static bool is_of(const ChartStack *s, const View *v) {
    int64_t late = v->until_ms - s->until_ms;
    return s->asked == question(s, v) && late >= 0 && late < MS_PER_MINUTE;
}

static int64_t slot_of(const Overview *o, int64_t length) {
    int64_t slot = o->series.slot_ms;
    if (o->stack.dim != DIM_FEATURE || length <= MS_PER_HOUR) return slot;
    return length > 7 * MS_PER_DAY ? MS_PER_DAY : (slot + QUARTER_MS - 1) / QUARTER_MS * QUARTER_MS;
}

/* As seldom as what moves slowly, unless another one was chosen. */
int overview_stack_step(Overview *o, View *v, bool *more, Err *e) {
    ChartStack *s = &o->stack;
    int64_t length = o->range.until_ms - o->range.since_ms;
    if (!is_own(s) || o->series.slots == 0 || (!o->slow && is_of(s, v))) return 0;
    int64_t slot = slot_of(o, length), until = (o->range.until_ms + slot - 1) / slot * slot;
    const ChartAsk ask = {.q = {.since_ms = until - (length + slot - 1) / slot * slot, .until_ms = until, .zone = v->app->day_zone},
                          .dim = s->dim, .stacks = STACKS, .slot_ms = slot};
    if (chart_reading_step(&s->reading, v, &ask, o->deadline_us, &s->series, more, e) != 0) return -1;
    if (*more) return 0;
    overview_split(&s->series, o->range.until_ms, false, &s->parts);
    s->asked = question(s, v);
    s->until_ms = o->range.until_ms;
    return 0;
}

/* Until the chosen one is there the model's is shown, and says that it is. */
ChartView overview_chart_view(const Overview *o, const View *v) {
    const ChartStack *s = &o->stack;
    if (is_own(s) && is_of(s, v) && !o->notional_only)
        return (ChartView){&s->series, s->parts.burner, s->parts.rest, s->parts.usual, s->parts.name, stacks[place_of(s->dim)].name,
                           s->series.stacks > 1};
    bool split = s->dim >= 0 && !o->notional_only && o->models.count > 1;
    return (ChartView){&o->series, o->burner, o->rest, o->usual_slot, s->dim < 0 ? "" : o->burner_model, "model", split};
}
