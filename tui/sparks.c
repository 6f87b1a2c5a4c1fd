/* sparks: see sparks.h. */
#include "tui/sparks.h"
#include "tui/chart.h"
#include "tui/usual_rates.h"

int sparks_step(ChartReading *r, Series *out, View *v, int dim, int64_t deadline_us, bool *more, Err *e) {
    const int64_t quarter = 15 * MS_PER_MINUTE;
    int64_t slot = (v->until_ms - v->since_ms) / SPARK_SLOTS / quarter * quarter;
    *more = false;
    if (slot == 0 || !usual_rates_quick(dim, v)) {
        series_free(out);
        return 0;
    }
    int64_t until = (v->until_ms + quarter - 1) / quarter * quarter;
    const ChartAsk ask = {.q = {.since_ms = until - SPARK_SLOTS * slot, .until_ms = until, .zone = v->app->day_zone},
                          .dim = dim, .stacks = SERIES_STACKS_MAX, .slot_ms = slot};
    return chart_reading_step(r, v, &ask, deadline_us, out, more, e);
}

/* Scaled to the larger of its peak and twice its usual, so that a calm row looks calm. */
void sparks_text(const Series *s, const char *name, int64_t usual_nano, char *out, size_t size) {
    size_t own = s->stacks - (s->rest_values > 0), k = 0;
    int64_t max = usual_nano > 0 ? 2 * usual_nano * (s->slot_ms / MS_PER_MINUTE) : 0;
    out[0] = '\0';
    while (k < own && strcmp(s->stack_name[k], name) != 0) k++;
    if (s->slots == 0 || k == own) return;
    const int64_t *value = &s->nano[k * s->slots];
    for (size_t i = 0; i < s->slots; i++)
        if (value[i] > max) max = value[i];
    spark_text(out, size, value, s->slots, max);
}
