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
    if (groups_load(&m->list, v, deadline_us, more, e) != 0) return -1;
    price_selected(m, v);
    return 0;
}

static int tick_models(void *self, View *v, Err *e) {
    Models *m = self;
    if (groups_tick(&m->list, v, e) != 0) return -1;
    price_selected(m, v);
    return 0;
}

enum { BUCKET_NAME_W = 12, BUCKET_W = 12, DETAIL_ROWS = 7 };

/* The buckets that this model was ever used with, and the four that every model has. */
static bool bucket_shown(const Models *m, const Totals *t, int bucket) {
    bool usual = bucket == TOK_INPUT || bucket == TOK_CACHE_READ || bucket == TOK_OUTPUT;
    return bucket < m->unit.line_count && (usual || t->tokens[bucket] > 0);
}

/* A column a bucket: its price, its tokens. The price is that of the row, before batches, regions and long contexts. */
static void draw_buckets(const Models *m, const Totals *t, Canvas *c, Rect r) {
    int x = r.x + 1 + BUCKET_NAME_W;
    canvas_text(c, r.x + 1, r.y + 1, BUCKET_NAME_W, ROLE_DIM, 0, "$ per M");
    canvas_text(c, r.x + 1, r.y + 2, BUCKET_NAME_W, ROLE_DIM, 0, "tokens");
    for (int i = 0; i < TOK_COUNT && x + BUCKET_W < r.x + r.w; i++) {
        char price[40];
        if (!bucket_shown(m, t, i)) continue;
        const CostLine *l = &m->unit.lines[i];
        nano_grouped(l->pico * 1000, l->pico % 10000 ? 4 : 2, price,
                     sizeof price); /* pico-dollars a token = micro-dollars a million */
        x += BUCKET_W;
        canvas_right(c, x, r.y, BUCKET_W - 1, ROLE_TITLE, 0,
                     i == TOK_CACHE_WRITE_5M   ? "write 5m"
                     : i == TOK_CACHE_WRITE_1H ? "write 1h"
                                               : l->what);
        canvas_right(c, x, r.y + 1, BUCKET_W - 1, ROLE_TEXT, 0, price);
        canvas_right(c, x, r.y + 2, BUCKET_W - 1, ROLE_TEXT, 0, number_tokens(t->tokens[i]).text);
    }
}

static void draw_price(const Models *m, const View *v, Canvas *c, Rect r) {
    const GroupRow *row = groups_selected(&m->list);
    const Totals *t = &row->t;
    if (!m->unit.priced) {
        canvas_textf(c, r.x + 1, r.y, r.w - 2, ROLE_WATCH, 0,
                     "no price row: %s tokens in %s calls are unpriced; totals say ≥. `tollwatch prices` adds one",
                     number_tokens(t->unpriced_tokens).text, number_count(t->unpriced_requests, 0).text);
        return;
    }
    const char *from = price_row_field(m->unit.row, "effective_from");
    draw_buckets(m, t, c, r);
    if (r.h < 5) return;
    canvas_textf(c, r.x + 1, r.y + 3, r.w - 2, ROLE_TEXT, 0, "%-11s $%s in %s calls, %s¢ each; cache %s, saved %s",
                 v->range_name, number_money(t->cost_nano, 0, BASIS_NONE).text, number_count(t->requests, 0).text,
                 number_cents_of(t, 0).text, number_permille(totals_cache_hit_permille(t), 0).text,
                 number_usd(t->saved_cache_nano, 0, BASIS_NONE).text);
    canvas_textf(c, r.x + 1, r.y + 4, r.w - 2, ROLE_DIM, 0, "price row   %s %s from %s, confidence %s",
                 price_row_provider(m->unit.row), price_row_model(m->unit.row), *from ? from : "ever",
                 price_row_field(m->unit.row, "confidence"));
}

static Rect list_rect(const Models *m, Rect area, Rect *detail) {
    Rect list = area;
    *detail = (Rect){0};
    if (groups_selected(&m->list) && area.h >= 16 && area.w >= 76) layout_split(area, DETAIL_ROWS, &list, detail);
    return list;
}

static bool list_models(const void *self, const View *v, const Layout *l, Listing *out) {
    const Models *m = self;
    Rect detail;
    Rect list = list_rect(m, l->at[PART_BODY], &detail);
    out->detail = detail;
    return groups_list(&m->list, v, "model", list, out);
}

static void draw_models(const void *self, const View *v, Canvas *c, Rect area) {
    const Models *m = self;
    const GroupRow *r = groups_selected(&m->list);
    Rect detail, list = list_rect(m, area, &detail);
    groups_draw(&m->list, v, "model", c, list);
    if (detail.h < 3) return;
    canvas_fill(c, (Rect){detail.x, detail.y, detail.w, 1}, ROLE_RULE, 0, "─");
    canvas_textf(c, detail.x + 2, detail.y, detail.w - 4, ROLE_TITLE, 0, " %s · %s ", r->name[0] ? r->name : "(none)",
                 r->second[0] ? r->second : "provider unknown");
    draw_price(m, v, c, (Rect){detail.x, detail.y + 1, detail.w, detail.h - 1});
}

static bool key_models(void *self, View *v, int key) {
    Models *m = self;
    const KeyCommand *k = key_meaning(key);
    const GroupRow *r = groups_selected(&m->list);
    if (k && k->act == DO_OPEN && r) {
        drill_into(v, DIM_MODEL, r->name);
        return true;
    }
    return false;
}

static void moved_models(void *self, View *v) {
    price_selected(self, v);
}

const Screen screen_models = {
    .name = "models", .title = "Models", .key = '2', .open = open_models, .close = close_models, .load = load_models,
    .tick = tick_models, .draw = draw_models, .key_pressed = key_models, .list = list_models,
    .table_at = offsetof(Models, list) + offsetof(Groups, table), .moved = moved_models, .footer = "open sort range filter columns compare copy export",
};
