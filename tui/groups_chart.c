/* groups_chart: under a list that leaves room, what the selected row spends over the range, on what the others do.
 *
 * Owns: that it takes only rows the list does not need. Does not: read; it draws the slots of the rows' small pictures. */
#include "store/money.h"
#include "tui/chart.h"
#include "tui/groups.h"
#include "tui/number.h"
#include "tui/view.h"

enum { CHART_LEAST = 7, CHART_MOST = 18 };

typedef struct Slots {
    int64_t own[SPARK_SLOTS], rest[SPARK_SLOTS]; /* nano-dollars a minute */
} Slots;

/* Of the last slot only the part that is over counts: half a slot is no half of the rate. */
static void fill(const Series *s, size_t own, int64_t until_ms, Slots *out) {
    for (size_t i = 0; i < s->slots; i++) {
        int64_t from = s->since_ms + (int64_t)i * s->slot_ms, to = from + s->slot_ms;
        int64_t minutes = ((to < until_ms ? to : until_ms) - from) / MS_PER_MINUTE;
        if (minutes < 1) minutes = 1;
        for (size_t k = 0; k < s->stacks; k++) {
            int64_t *into = k == own ? &out->own[i] : &out->rest[i];
            *into = nano_add(*into, s->nano[k * s->slots + i] / minutes);
        }
    }
}

static void draw_legend(const Groups *g, const GroupRow *row, Canvas *c, Rect r) {
    int x = r.x + 1, end = r.x + r.w - 1;
    x += canvas_text(c, x, r.y, end - x, ROLE_TITLE, 0, "spend $/min");
    x += canvas_textf(c, x, r.y, end - x, ROLE_DIM, 0, ", %s each", number_age(g->spark.slot_ms).text) + 3;
    x += canvas_textf(c, x, r.y, end - x, ROLE_TEXT, 0, "█ %s", row->name[0] ? row->name : "(none)") + 3;
    if (end - x > 8) canvas_text(c, x, r.y, end - x, ROLE_TEXT, 0, "▒ others");
}

void groups_draw_chart(const Groups *g, const View *v, Canvas *c, Rect r) {
    const GroupRow *row = groups_selected(g);
    const Series *s = &g->spark;
    size_t own = 0, named = s->stacks - (s->rest_values > 0);
    Slots slots = {{0}, {0}};
    if (r.h < CHART_LEAST || !row || s->slots == 0 || s->slots > SPARK_SLOTS) return;
    if (r.h > CHART_MOST) r.h = CHART_MOST;
    while (own < named && strcmp(s->stack_name[own], row->name) != 0) own++;
    if (own == named) return;
    fill(s, own, v->until_ms, &slots);
    draw_legend(g, row, c, r);
    const Chart ch = {.slots = s->slots, .burner = slots.own, .rest = slots.rest, .since_ms = s->since_ms, .slot_ms = s->slot_ms,
                      .zone = v->zone, .burner_role = ROLE_CHART};
    chart_draw(&ch, c, (Rect){r.x, r.y + 1, r.w, r.h - 1});
}
