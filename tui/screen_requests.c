/* screen_requests: single calls, newest first, as they come; an opened one in detail (request_detail.h).
 * Does not: keep them; each load asks for the newest that fit a page, or for those before the oldest shown. */
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/request_detail.h"
#include "tui/request_table.h"
#include "tui/screen.h"

enum { ROWS_MAX = 200 };

typedef struct Requests {
    RowView *row;
    size_t count;
    bool more, open; /* open: the selected one's arithmetic is shown */
    TableState table;
    RequestDetail detail;
} Requests;

static void *open_requests(void) {
    Requests *s = xcalloc(1, sizeof *s);
    s->row = xcalloc(ROWS_MAX, sizeof *s->row);
    return s;
}

static void close_requests(void *self) {
    Requests *s = self;
    if (!s) return;
    request_detail_free(&s->detail);
    free(s->row);
    free(s);
}

static uint64_t row_key(const void *ctx, size_t row) {
    return (uint64_t)((const Requests *)ctx)->row[row].key | UINT64_C(1) << 63;
}

static const RowView *selected(const Requests *s) {
    return s->count ? &s->row[s->table.selected < s->count ? s->table.selected : s->count - 1] : NULL;
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
    if (s->open && s->count) request_detail_load(&s->detail, selected(s), v);
    return 0;
}

static void draw_requests(const void *self, const View *v, Canvas *c, Rect area) {
    const Requests *s = self;
    Rect list = area, detail = {0};
    if (s->count == 0) {
        canvas_textf(c, area.x + 1, area.y, area.w - 2, ROLE_DIM, 0, "no calls in %s%s", v->range_name,
                     v->filter ? " pass the filter; Esc clears it" : "; t widens the range");
        return;
    }
    if (s->open && area.h >= 10) layout_split(area, request_detail_rows(&s->detail, area.w), &list, &detail);
    const RequestRows rows = {s->row, v->zone, v->until_ms - v->since_ms > MS_PER_DAY};
    Table t = {.columns = request_columns,
               .column_count = REQ_COLUMNS,
               .rows = s->count,
               .sorted_by = -1,
               .has_selection = true,
               .cell = request_cell,
               .ctx = &rows};
    table_draw(&t, &s->table, c, list);
    if (detail.h >= 4) request_detail_draw(&s->detail, selected(s), v, c, detail);
}

static bool key_requests(void *self, View *v, int key) {
    Requests *s = self;
    const KeyCommand *k = key_meaning(key);
    KeyDo act = k ? k->act : DO_NOTHING;
    if (act == DO_OPEN && s->count) s->open = true;
    else if (act == DO_BACK && s->open) s->open = false;
    else if (!table_key(&s->table, s->count, 10, key)) return false;
    if (s->count) s->table.key = row_key(s, s->table.selected);
    if (s->open && s->count) request_detail_load(&s->detail, selected(s), v);
    return true;
}

const Screen screen_requests = {
    .name = "requests", .title = "Requests", .key = '4', .open = open_requests, .close = close_requests,
    .load = load_requests, .draw = draw_requests, .key_pressed = key_requests,
    .footer = "open back pause range",
};
