/* screen_requests: single calls, newest first, as they come; an opened one in detail (request_detail.h).
 * On the first row one follows the newest; on another one stays with it. Does not: choose the rows (request_load.h). */
#include "store/alert.h"
#include "tui/keys.h"
#include "tui/list.h"
#include "tui/request_detail.h"
#include "tui/request_load.h"

typedef struct Requests {
    RequestLoad load;
    RequestRows rows;
    bool open; /* the selected one's arithmetic is shown */
    uint32_t way; /* the step that led here: another way begins at its first row */
    TableState table;
    RequestDetail detail;
} Requests;

static void *open_requests(void) {
    Requests *s = xcalloc(1, sizeof *s);
    request_load_open(&s->load);
    s->table.sort = REQ_COL_TIME + 1;
    return s;
}

static void close_requests(void *self) {
    Requests *s = self;
    if (!s) return;
    request_detail_free(&s->detail);
    request_load_free(&s->load);
    table_state_free(&s->table);
    free(s);
}

static const RowView *selected(const Requests *s) {
    const Table t = {.rows = s->load.count};
    return s->load.count ? &s->load.row[table_selected(&t, &s->table)] : NULL;
}

static int64_t expensive_nano(const View *v) {
    const AlertRule *rule = alert_rule("request");
    for (size_t i = 0; i < v->app->config->rule_count; i++) {
        const RuleConfig *c = &v->app->config->rules[i];
        if (strcmp(c->name, "request") == 0 && c->floor_nano) return c->floor_nano;
    }
    return rule ? rule->floor_nano : 0;
}

static void follow_way(Requests *s, const View *v) {
    uint32_t way = v->depth ? v->step[v->depth - 1].id : 0;
    if (way != s->way) {
        s->table.selected = s->table.key = 0;
        s->open = s->detail.whole = false;
    }
    s->way = way;
}

static void moved_requests(void *self, View *v) {
    Requests *s = self;
    if (s->open && s->load.count) request_detail_load(&s->detail, selected(s), v);
}

static int load_requests(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Requests *s = self;
    bool newest_first = s->table.sort == REQ_COL_TIME + 1 && !s->table.ascending;
    follow_way(s, v);
    if (request_load(&s->load, v, s->table.sort - 1, s->table.ascending, deadline_us, more, e) != 0) return -1;
    s->rows = (RequestRows){s->load.row, s->load.count, &v->zone, v->until_ms - v->since_ms > MS_PER_DAY, 0, 0};
    request_thresholds(&s->rows, expensive_nano(v));
    if (s->table.selected == 0 && !s->open && newest_first) s->table.key = 0;
    Table t;
    request_table(&s->rows, &t);
    table_arrange(&t, &s->table);
    moved_requests(s, v);
    return 0;
}

static void split(const Requests *s, Rect area, Rect *list, Rect *detail) {
    *list = area;
    *detail = (Rect){0};
    if (!s->open || area.h < 6) return;
    if (area.h >= 10 && !s->detail.whole) layout_split(area, request_detail_rows(&s->detail, area.w), list, detail);
    if (!s->detail.whole) return;
    list->h = 2; /* the columns' names and the call */
    *detail = (Rect){area.x, area.y + list->h, area.w, area.h - list->h};
}

static bool list_requests(const void *self, const View *v, const Layout *l, Listing *out) {
    const Requests *s = self;
    Rect detail;
    (void)v;
    if (s->load.count == 0) return false;
    split(s, l->at[PART_BODY], &out->area, &detail);
    out->detail = detail;
    request_table(&s->rows, &out->table);
    out->table.more = s->load.more;
    return true;
}

static void draw_requests(const void *self, const View *v, Canvas *c, Rect area) {
    const Requests *s = self;
    Rect list, detail;
    Table t;
    if (s->load.count == 0) {
        canvas_textf(c, area.x + 1, area.y, area.w - 2, ROLE_DIM, 0, "no calls in %s%s", v->range_name,
                     v->reading_permille >= 0 ? " so far" : v->filter ? " pass the filter; Esc clears it" : "; t widens the range");
        return;
    }
    split(s, area, &list, &detail);
    request_table(&s->rows, &t);
    t.more = s->load.more;
    table_draw(&t, &s->table, c, list);
    if (detail.h >= 4) request_detail_draw(&s->detail, selected(s), v, c, detail);
}

static bool key_requests(void *self, View *v, int key) {
    Requests *s = self;
    const KeyCommand *k = key_meaning(key);
    KeyDo act = k ? k->act : DO_NOTHING;
    bool deeper = act == DO_RECORD || (act == DO_OPEN && s->open);
    if (s->load.count == 0 && (deeper || act == DO_OPEN)) return false;
    if (deeper && s->detail.whole) s->detail.raw_page++;
    else if (deeper) s->open = s->detail.whole = true;
    else if (act == DO_OPEN) s->open = true;
    else if (act == DO_BACK && s->detail.whole) s->detail.whole = false;
    else if (act == DO_BACK && s->open) s->open = false;
    else return false;
    if (s->load.count) { /* an opened call stays selected when newer ones come */
        Table t;
        request_table(&s->rows, &t);
        s->table.key = t.key(t.ctx, table_selected(&t, &s->table));
    }
    moved_requests(s, v);
    return true;
}

const Screen screen_requests = {
    .name = "requests", .title = "Requests", .key = '4', .open = open_requests, .close = close_requests,
    .load = load_requests, .draw = draw_requests, .key_pressed = key_requests, .list = list_requests,
    .table_at = offsetof(Requests, table), .moved = moved_requests, .footer = "open back record sort pause filter range columns copy export",
};
