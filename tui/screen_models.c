/* screen_models: what each model spends, and of the selected one the arithmetic: tokens by bucket times its price row.
 * Does not: price; it shows the row that cost_of() picks for the end of the range. */
#include "store/money.h"
#include "tui/drill.h"
#include "tui/groups.h"
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/number.h"

typedef struct Models {
    Groups list;
    Cost unit; /* one token of each bucket: the prices that hold at the end of the range */
} Models;

static void *open_models(void) {
    Models *m = xcalloc(1, sizeof *m);
    groups_init(&m->list, DIM_MODEL, DIM_PROVIDER);
    return m;
}

static void close_models(void *self) {
    Models *m = self;
    if (!m) return;
    groups_free(&m->list);
    free(m);
}

/* Prices of the selected model, from the book that also priced its calls. */
static void price_selected(Models *m, const View *v) {
    const GroupRow *r = groups_selected(&m->list);
    m->unit = (Cost){0};
    if (!r || !v->book) return;
    Usage u = {.provider = str_of(r->second), .model = str_of(r->name), .ts_ms = v->until_ms - 1, .now_ms = v->now_ms};
    for (int t = 0; t < TOK_COUNT; t++) u.tokens[t] = 1;
    cost_of(v->book, &u, &m->unit);
}

static int load_models(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Models *m = self;
    (void)deadline_us;
    *more = false;
    if (groups_load(&m->list, v, e) != 0) return -1;
    price_selected(m, v);
    return 0;
}

/* "input  3,412 × 4.00 = 0.0136": the price a bucket has, found by its line's name in the arithmetic. */
static void draw_price(const Models *m, Canvas *c, Rect r) {
    const GroupRow *row = groups_selected(&m->list);
    if (!m->unit.priced) {
        canvas_textf(c, r.x + 1, r.y + 1, r.w - 2, ROLE_WATCH, 0,
                     "no price row: %s tokens in %s calls are unpriced; totals say ≥. `tollwatch prices` adds one",
                     number_tokens(row->t.unpriced_tokens).text, number_count(row->t.unpriced_requests, 0).text);
        return;
    }
    int x = r.x + 1;
    for (int i = 0; i < m->unit.line_count && i < r.h - 2; i++) {
        const CostLine *l = &m->unit.lines[i];
        char price[32];
        nano_exact(l->pico * 1000, price, sizeof price); /* pico-dollars per token = micro-dollars per million */
        price[strlen(price) - 4] = '\0';
        canvas_text(c, x, r.y + 1 + i, 16, ROLE_DIM, 0, l->what);
        canvas_right(c, x + 30, r.y + 1 + i, 14, ROLE_TEXT, 0, price);
        canvas_text(c, x + 31, r.y + 1 + i, 16, ROLE_DIM, 0, "$ per million");
    }
    canvas_textf(c, x + 50, r.y + 1, r.w - 52, ROLE_DIM, 0, "price row  %s %s from %s", price_row_provider(m->unit.row),
                 price_row_model(m->unit.row),
                 *price_row_field(m->unit.row, "effective_from") ? price_row_field(m->unit.row, "effective_from") : "ever");
    canvas_textf(c, x + 50, r.y + 2, r.w - 52, ROLE_DIM, 0, "confidence %s", price_row_field(m->unit.row, "confidence"));
}

static void draw_models(const void *self, const View *v, Canvas *c, Rect area) {
    const Models *m = self;
    const GroupRow *r = groups_selected(&m->list);
    Rect list = area, detail = {0};
    if (r && area.h >= 16 && area.w >= 76) layout_split(area, 9, &list, &detail);
    groups_draw(&m->list, v, "model", c, list);
    if (detail.h < 3) return;
    canvas_fill(c, (Rect){detail.x, detail.y, detail.w, 1}, ROLE_RULE, 0, "─");
    canvas_textf(c, detail.x + 2, detail.y, detail.w - 4, ROLE_TITLE, 0, " %s · %s ", r->name[0] ? r->name : "(none)",
                 r->second[0] ? r->second : "provider unknown");
    draw_price(m, c, detail);
}

static bool key_models(void *self, View *v, int key) {
    Models *m = self;
    const KeyCommand *k = key_meaning(key);
    const GroupRow *r = groups_selected(&m->list);
    if (k && k->act == DO_OPEN && r) {
        drill_into(v, DIM_MODEL, r->name);
        return true;
    }
    if (!groups_key(&m->list, key)) return false;
    price_selected(m, v);
    return true;
}

const Screen screen_models = {
    .name = "models", .title = "Models", .key = '2', .open = open_models, .close = close_models, .load = load_models,
    .draw = draw_models, .key_pressed = key_models, .footer = "open sort range",
};
