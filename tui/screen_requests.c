/* screen_requests: single calls, newest first, as they come; of an opened one the arithmetic of its cost.
 * Does not: keep them; each load asks for the newest that fit a page, or for those before the oldest shown. */
#include "store/money.h"
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/number.h"
#include "tui/request_table.h"
#include "tui/screen.h"

enum { ROWS_MAX = 200, DETAIL_ROWS = 12 };
typedef struct Requests {
    RowView *row;
    size_t count;
    bool more, open; /* open: the selected one's arithmetic is shown */
    TableState table;
    Cost cost;       /* of the selected one, by the book as it is now */
} Requests;

static void *open_requests(void) {
    Requests *s = xcalloc(1, sizeof *s);
    s->row = xcalloc(ROWS_MAX, sizeof *s->row);
    return s;
}

static void close_requests(void *self) {
    Requests *s = self;
    if (!s) return;
    free(s->row);
    free(s);
}

static uint64_t row_key(const void *ctx, size_t row) {
    return (uint64_t)((const Requests *)ctx)->row[row].key | UINT64_C(1) << 63;
}

static const RowView *selected(const Requests *s) {
    return s->count ? &s->row[s->table.selected < s->count ? s->table.selected : s->count - 1] : NULL;
}

static void price_selected(Requests *s, const View *v) {
    const RowView *r = selected(s);
    s->cost = (Cost){0};
    if (!r || !v->book) return;
    Usage u = {.provider = str_of(r->name[DIM_PROVIDER]), .model = str_of(r->name[DIM_MODEL]), .ts_ms = r->r.ts_ms,
               .now_ms = v->now_ms, .tier = str_of(r->name[DIM_TIER]), .batch = (r->r.flags & REQ_BATCH) != 0,
               .web_searches = r->r.web_searches};
    memcpy(u.tokens, r->r.tokens, sizeof u.tokens);
    cost_of(v->book, &u, &s->cost);
}

static int load_requests(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Requests *s = self;
    (void)deadline_us;
    *more = false;
    Query q = {.since_ms = v->since_ms, .until_ms = v->until_ms, .filter = v->filter, .zone = v->zone};
    if (query_rows(v->db, &q, INT64_MAX, s->row, ROWS_MAX, &s->count, &s->more, e) != 0) return -1;
    /* On the first row one follows the newest; on another one stays with it. */
    if (s->table.selected == 0 && !s->open) s->table.key = 0;
    table_follow(&s->table, s->count, 10, row_key, s);
    price_selected(s, v);
    return 0;
}

/* tokens x price = dollars, a line a bucket; the sum is rounded once, so its parts are shown exactly. */
static void draw_lines(const Requests *s, Canvas *c, Rect r) {
    char price[32], sum[32];
    canvas_text(c, r.x + 1, r.y, 20, ROLE_TITLE, 0, "the arithmetic");
    canvas_right(c, r.x + 34, r.y, 12, ROLE_DIM, 0, "tokens");
    canvas_right(c, r.x + 47, r.y, 12, ROLE_DIM, 0, "$ per M");
    canvas_right(c, r.x + 63, r.y, 15, ROLE_DIM, 0, "$");
    int y = r.y + 1;
    for (int i = 0; i < s->cost.line_count && y < r.y + r.h - 1; i++, y++) {
        const CostLine *l = &s->cost.lines[i];
        nano_grouped(l->pico * 1000, 4, price, sizeof price);
        nano_exact(l->units * l->pico / 1000, sum, sizeof sum);
        canvas_text(c, r.x + 1, y, 20, ROLE_TEXT, 0, l->what);
        canvas_right(c, r.x + 34, y, 12, ROLE_TEXT, 0, number_count(l->units, 12).text);
        canvas_right(c, r.x + 47, y, 12, ROLE_TEXT, 0, price);
        canvas_right(c, r.x + 63, y, 15, ROLE_TEXT, 0, sum);
    }
    if (s->cost.mul_num != s->cost.mul_den && y < r.y + r.h - 1)
        canvas_textf(c, r.x + 1, y++, 60, ROLE_DIM, 0, "times %lld/%lld (region or speed)", (long long)s->cost.mul_num, (long long)s->cost.mul_den);
    const RowView *v = selected(s);
    nano_exact(v->r.cost_nano, sum, sizeof sum);
    canvas_text(c, r.x + 1, y, 20, ROLE_TEXT, ATTR_BOLD, (v->r.flags & REQ_UNPRICED) ? "unpriced" : "cost");
    if (!(v->r.flags & REQ_UNPRICED)) canvas_right(c, r.x + 63, y, 15, ROLE_TEXT, ATTR_BOLD, sum);
}

static void draw_facts(const Requests *s, Canvas *c, Rect r) {
    const RowView *v = selected(s);
    int x = r.x + 68, w = r.w - 69, y = r.y;
    if (w < 20) return;
    if (s->cost.row)
        canvas_textf(c, x, y++, w, ROLE_DIM, 0, "price row  %s %s from %s", price_row_provider(s->cost.row),
                     price_row_model(s->cost.row), price_row_field(s->cost.row, "effective_from"));
    canvas_textf(c, x, y++, w, ROLE_DIM, 0, "key        %s  user %s  team %s", v->name[DIM_KEY], v->name[DIM_USER], v->name[DIM_TEAM]);
    canvas_textf(c, x, y++, w, ROLE_DIM, 0, "session    %s", v->name[DIM_SESSION]);
    canvas_textf(c, x, y++, w, ROLE_DIM, 0, "endpoint   %s", v->name[DIM_ENDPOINT]);
    canvas_textf(c, x, y++, w, ROLE_DIM, 0, "timing     %s s, first token %s s", number_seconds(v->r.latency_ms).text, number_seconds(v->r.ttft_ms).text);
    canvas_textf(c, x, y++, w, ROLE_DIM, 0, "source     %s (%s)", v->source, v->format);
    canvas_textf(c, x, y++, w, ROLE_DIM, 0, "file       %s at byte %llu", v->file_path, (unsigned long long)v->r.offset);
    if (v->r.flags & REQ_USAGE_SUSPECT) canvas_text(c, x, y++, w, ROLE_WATCH, 0, "▲ its counters contradict its own total");
    if (v->r.flags & REQ_LINKED) canvas_text(c, x, y, w, ROLE_DIM, 0, "another source counts this call");
}

static void draw_requests(const void *self, const View *v, Canvas *c, Rect area) {
    const Requests *s = self;
    Rect list = area, detail = {0};
    if (s->count == 0) {
        canvas_textf(c, area.x + 1, area.y, area.w - 2, ROLE_DIM, 0, "no calls in %s%s", v->range_name,
                     v->filter ? " pass the filter; Esc clears it" : "; t widens the range");
        return;
    }
    if (s->open && area.h >= 12) layout_split(area, DETAIL_ROWS, &list, &detail);
    const RequestRows rows = {s->row, v->zone};
    Table t = {.columns = request_columns, .column_count = REQ_COLUMNS, .rows = s->count, .sorted_by = -1, .has_selection = true,
               .cell = request_cell, .ctx = &rows};
    table_draw(&t, &s->table, c, list);
    if (detail.h < 4) return;
    canvas_fill(c, (Rect){detail.x, detail.y, detail.w, 1}, ROLE_RULE, 0, "─");
    canvas_textf(c, detail.x + 2, detail.y, detail.w - 4, ROLE_TITLE, 0, " %s · Esc closes ", selected(s)->name[DIM_MODEL]);
    Rect inside = {detail.x, detail.y + 1, detail.w, detail.h - 1};
    draw_lines(s, c, inside);
    draw_facts(s, c, inside);
}

static bool key_requests(void *self, View *v, int key) {
    Requests *s = self;
    const KeyCommand *k = key_meaning(key);
    KeyDo act = k ? k->act : DO_NOTHING;
    if (act == DO_OPEN && s->count) s->open = true;
    else if (act == DO_BACK && s->open) s->open = false;
    else if (!table_key(&s->table, s->count, 10, key)) return false;
    if (s->count) s->table.key = row_key(s, s->table.selected);
    price_selected(s, v);
    return true;
}

const Screen screen_requests = {
    .name = "requests", .title = "Requests", .key = '4', .open = open_requests, .close = close_requests,
    .load = load_requests, .draw = draw_requests, .key_pressed = key_requests,
    .footer = "open back pause range",
};
