/* screen_overview: what is spent right now, on what, and whether that is normal: the six on-call questions at 80x24.
 * Owns: its keys. Does not: load (overview_load.c) or draw (overview_draw.c). */
#include "tui/drill.h"
#include "tui/keys.h"
#include "tui/overview.h"
#include "tui/view.h"

static void *open_overview(void) {
    Overview *o = xcalloc(1, sizeof *o);
    o->dim = -1;
    return o;
}

static void close_overview(void *self) {
    Overview *o = self;
    if (!o) return;
    overview_load_free(o);
    table_state_free(&o->table);
    result_free(&o->list);
    result_free(&o->before);
    free(o->before_slot);
    result_free(&o->minute);
    result_free(&o->models);
    series_free(&o->series);
    series_free(&o->spark);
    free(o->burner);
    free(o->rest);
    free(o->usual_slot);
    overview_stack_free(&o->stack);
    free(o->source);
    series_free(&o->before_series);
    free(o->live);
    free(o->live_page);
    free(o);
}

static int load_overview(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Overview *o = self;
    if (o->dim < 0) {
        o->dim = dimension_saved(v, "overview.dimension", DIM_FEATURE, false);
        overview_stack_recall(o, v);
    }
    return overview_load(self, v, deadline_us, more, e);
}

static int tick_overview(void *self, View *v, Err *e) {
    return overview_tick(self, v, e);
}

uint64_t overview_row_key(const void *ctx, size_t row) {
    const char *name = ((const Overview *)ctx)->list.groups[row].name[0];
    return hash64(name, strlen(name), 1) | 1;
}

/* A 72nd of the chart: about a column on 80. */
static void move_cursor(Overview *o, int by) {
    const Series *s = &o->series;
    int64_t slots = (int64_t)s->slots, step = slots > 72 ? slots / 72 : 1, at = slots;
    if (slots == 0) return;
    if (o->cursor_ms) at = (o->cursor_ms - s->since_ms) / s->slot_ms;
    at += by * step;
    if (at > slots - 1) at = slots - 1;
    o->cursor_ms = s->since_ms + (at < 0 ? 0 : at) * s->slot_ms;
}

/* While there is a cursor, arrows and h l move it (else they sort the list), Enter shows everything as of its slot's end, Esc takes it away. */
static bool key_cursor(Overview *o, View *v, int key, KeyDo act) {
    if (act == DO_CURSOR || (o->cursor_ms && act == DO_COLUMN)) {
        move_cursor(o, key == '<' || key == KEY_LEFT || key == 'h' ? -1 : 1);
        snprintf(v->answer, sizeof v->answer, "the chart has the cursor: \u2190\u2192 h l move it, Enter shows it, Esc gives them back to the list");
        return true;
    }
    if (!o->cursor_ms || (act != DO_OPEN && act != DO_BACK)) return false;
    if (act == DO_OPEN) view_go_to(v, o->cursor_ms + o->series.slot_ms);
    o->cursor_ms = 0;
    return true;
}

static bool key_overview(void *self, View *v, int key) {
    Overview *o = self;
    const KeyCommand *k = key_meaning(key);
    if (key_cursor(o, v, key, k ? k->act : DO_NOTHING)) return true;
    if (k && k->act == DO_DIMENSION) {
        o->dim = dimension_next(o->dim, key == 'D', false);
        o->usual.asked_ms = 0;
        o->table.selected = o->table.key = 0;
        saved_set(v->saved, "overview.dimension", by_name(o->dim));
        snprintf(v->answer, sizeof v->answer, "by %s", by_name(o->dim));
        return true;
    }
    if (k && k->act == DO_STACK) {
        overview_stack_next(o, v, key == 'B');
        return true;
    }
    if (k && k->act == DO_OPEN && o->list.count) {
        const Table t = {.rows = o->list.count};
        drill_into(v, o->dim, o->list.groups[table_selected(&t, &o->table)].name[0]);
        return true;
    }
    return false;
}

const Screen screen_overview = {
    .name = "overview", .title = "Overview", .key = '1', .open = open_overview, .close = close_overview,
    .load = load_overview, .tick = tick_overview, .draw = overview_draw, .key_pressed = key_overview,
    .list = overview_list, .table_at = offsetof(Overview, table),
    .footer = "stop open dimension range filter pause stack compare copy export",
};
