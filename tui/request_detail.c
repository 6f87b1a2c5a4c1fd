/* request_detail: see request_detail.h. */
#include "tui/request_detail.h"
#include "collectors/raw_record.h"
#include "store/money.h"
#include "tui/number.h"

enum { FACTS_X = 68, FACTS_W_MIN = 40, RAW_ROWS = 4 };

void request_detail_free(RequestDetail *d) {
    formats_free(d->formats);
    buf_free(&d->raw);
    *d = (RequestDetail){.key = 0};
}

static void price(RequestDetail *d, const RowView *r, const View *v) {
    d->cost = (Cost){0};
    if (!v->book) return;
    Usage u = {.provider = str_of(r->name[DIM_PROVIDER]), .model = str_of(r->name[DIM_MODEL]), .ts_ms = r->r.ts_ms,
               .now_ms = v->now_ms, .tier = str_of(r->name[DIM_TIER]), .batch = (r->r.flags & REQ_BATCH) != 0,
               .web_searches = r->r.web_searches, .more_calls = r->r.more_calls, .geo = str_of(r->geo), .speed = str_of(r->speed)};
    memcpy(u.tokens, r->r.tokens, sizeof u.tokens);
    cost_of(v->book, &u, &d->cost);
}

static int read_raw(RequestDetail *d, const RowView *r, const View *v, Err *e) {
    if (!d->formats && formats_load(&d->formats, v->app->config->dir, e) != 0) return -1;
    const Format *f = formats_find(d->formats, r->format);
    if (!f) return fail(e, "its format \"%s\" is not known here", r->format);
    d->row = format_table(f) != NULL;
    if (d->row) {
        const RawRow row = {.path = r->file_path, .formats = d->formats, .format = f, .fingerprint = r->fingerprint, .id = r->r.id,
                            .upstream = r->r.upstream, .ts_ms = r->r.ts_ms};
        return raw_row_read(&row, v->show_content, &d->raw, e);
    }
    const RawPlace at = {.path = r->file_path, .fingerprint = r->fingerprint, .offset = r->r.offset, .format = f};
    return raw_record_read(&at, v->show_content, &d->raw, e);
}

void request_detail_load(RequestDetail *d, const RowView *r, const View *v) {
    Err e = {""};
    price(d, r, v);
    if (d->key != r->key) {
        d->key = r->key;
        buf_free(&d->raw);
        d->raw.max = RAW_SHOWN_MAX;
        d->raw_page = 0;
        d->row = false;
        d->raw_error[0] = '\0';
        if (read_raw(d, r, v, &e) != 0) snprintf(d->raw_error, sizeof d->raw_error, "%s", e.text);
    }
    request_facts(&d->facts, r, &d->cost, d->raw.at ? d->raw.at : "", d->row, v);
}

/* ---- the arithmetic ---- */

static int arithmetic_rows(const Cost *cost) {
    return 2 + cost->line_count + (cost->mul_num != cost->mul_den);
}

/* tokens x price = dollars, a line a bucket; the sum is rounded once, so its parts are shown exactly. */
static void draw_arithmetic(const Cost *cost, const RowView *v, Canvas *c, Rect r) {
    char per_million[40], sum[40];
    int y = r.y, last = r.y + r.h - 1;
    canvas_text(c, r.x + 1, y, 20, ROLE_TITLE, 0, "the arithmetic");
    canvas_right(c, r.x + 34, y, 12, ROLE_DIM, 0, "tokens");
    canvas_right(c, r.x + 47, y, 12, ROLE_DIM, 0, "$ per M");
    canvas_right(c, r.x + 63, y++, 15, ROLE_DIM, 0, "$");
    for (int i = 0; i < cost->line_count && y < last; i++, y++) {
        const CostLine *l = &cost->lines[i];
        nano_grouped(l->pico * 1000, 4, per_million, sizeof per_million);
        nano_exact(l->units * l->pico / 1000, sum, sizeof sum);
        canvas_text(c, r.x + 1, y, 20, ROLE_TEXT, 0, l->what);
        canvas_right(c, r.x + 34, y, 12, ROLE_TEXT, 0, number_count(l->units, 12).text);
        canvas_right(c, r.x + 47, y, 12, ROLE_TEXT, 0, per_million);
        canvas_right(c, r.x + 63, y, 15, ROLE_TEXT, 0, sum);
    }
    if (cost->mul_num != cost->mul_den && y < last)
        canvas_textf(c, r.x + 1, y++, 60, ROLE_DIM, 0, "times %lld/%lld (region or speed)", (long long)cost->mul_num,
                     (long long)cost->mul_den);
    bool unpriced = (v->r.flags & REQ_UNPRICED) != 0, notional = v->r.origin == ORIGIN_NOTIONAL;
    nano_exact(v->r.cost_nano, sum, sizeof sum);
    canvas_text(c, r.x + 1, y, 40, ROLE_TEXT, ATTR_BOLD,
                unpriced   ? "unpriced"
                : notional ? "notional value, not spend"
                           : "cost ~");
    if (!unpriced) canvas_right(c, r.x + 63, y, 15, ROLE_TEXT, ATTR_BOLD, sum);
}

/* ---- facts ---- */

static const char *or_dash(const char *text) {
    return text[0] ? text : "-";
}

static void draw_facts(const Facts *f, Canvas *c, Rect r) {
    for (int i = 0; i < f->count && i < r.h; i++) canvas_text(c, r.x, r.y + i, r.w, f->role[i], 0, f->text[i]);
}

/* ---- the record ---- */

/* The bytes of text that fill so many columns. */
static size_t fill_columns(const char *text, int columns) {
    const char *p = text;
    char one[8];
    for (int used = 0; *p;) {
        const char *next = p + 1;
        while (((unsigned char)*next & 0xC0) == 0x80 && next - p < 4) next++;
        snprintf(one, sizeof one, "%.*s", (int)(next - p), p);
        used += text_columns(one);
        if (used > columns) break;
        p = next;
    }
    return (size_t)(p - text);
}

/* Where the row that is so many rows on begins; NULL = the text ends before. */
static const char *row_at(const char *p, int columns, int rows) {
    for (; rows > 0 && *p; rows--) p += fill_columns(p, columns);
    return *p ? p : NULL;
}

/* The page that was asked for; behind the last comes the first. */
static const char *page_at(const char *text, int columns, int rows, int page) {
    int pages = 1;
    while (row_at(text, columns, pages * rows)) pages++;
    const char *at = row_at(text, columns, page % pages * rows);
    return at ? at : "";
}

static void draw_raw(const RequestDetail *d, Canvas *c, Rect r) {
    enum { X = 5, ROW_MAX = 1000 };
    int columns = r.w - X - 1 < ROW_MAX ? r.w - X - 1 : ROW_MAX;
    if (r.h < 1 || columns < 2) return;
    canvas_text(c, r.x + 1, r.y, 3, ROLE_DIM, 0, "raw");
    if (d->raw_error[0]) {
        canvas_text(c, r.x + X, r.y, r.w - X, ROLE_WATCH, 0, d->raw_error);
        return;
    }
    const char *p = page_at(d->raw.at ? d->raw.at : "", columns, r.h, d->raw_page);
    for (int y = 0; y < r.h && *p; y++) {
        char row[ROW_MAX * 4];
        size_t n = fill_columns(p, columns);
        snprintf(row, sizeof row, "%.*s", (int)n, p);
        canvas_text(c, r.x + X, r.y + y, columns, ROLE_TEXT, 0, row);
        p += n;
    }
    if (*p || d->raw.overflow) canvas_text(c, r.x + r.w - 1, r.y + r.h - 1, 1, ROLE_DIM, 0, "…");
}

/* ---- the whole ---- */

static bool side_by_side(int width) {
    return width >= FACTS_X + FACTS_W_MIN;
}

int request_detail_rows(const RequestDetail *d, int width) {
    int lines = arithmetic_rows(&d->cost), facts = d->facts.count;
    return 1 + (side_by_side(width) ? (lines > facts ? lines : facts) : lines + facts) + RAW_ROWS;
}

static void draw_title(const RowView *v, const View *view, Canvas *c, Rect r) {
    char at[32], status[16];
    snprintf(status, sizeof status, "%d", v->r.status);
    time_format(view->zone, v->r.ts_ms, "%H:%M:%S", at, sizeof at);
    canvas_fill(c, r, ROLE_RULE, 0, "─");
    canvas_textf(c, r.x + 2, r.y, r.w - 4, ROLE_TITLE, 0, " %s  %s  %s  %s ", at, or_dash(v->name[v->name[DIM_FEATURE][0] ? DIM_FEATURE : DIM_PROJECT]),
                 or_dash(v->name[DIM_MODEL]), v->r.status ? status : outcome_names[v->r.outcome]);
    canvas_right(c, r.x + r.w - 2, r.y, 23, ROLE_TITLE, 0, r.w < 60 ? " Esc closes " : " r record  Esc closes ");
}

/* Facts beside the arithmetic or under it; what they leave is the record's, two rows at least. */
void request_detail_draw(const RequestDetail *d, const RowView *v, const View *view, Canvas *c, Rect area) {
    if (area.h < 4) return;
    draw_title(v, view, c, (Rect){area.x, area.y, area.w, 1});
    Rect r = {area.x, area.y + 1, area.w, area.h - 1};
    int lines = arithmetic_rows(&d->cost), facts = d->facts.count, top = r.h - (r.h > 9 ? RAW_ROWS : 2);
    if (d->whole) {
        top = 0;
    } else if (side_by_side(area.w)) {
        draw_arithmetic(&d->cost, v, c, (Rect){r.x, r.y, FACTS_X - 4, lines < top ? lines : top});
        draw_facts(&d->facts, c, (Rect){r.x + FACTS_X, r.y, r.w - FACTS_X, top});
        int used = lines > facts ? lines : facts;
        if (used < top) top = used;
    } else {
        if (lines > top - 2) lines = top - 2;
        draw_arithmetic(&d->cost, v, c, (Rect){r.x, r.y, r.w, lines});
        draw_facts(&d->facts, c, (Rect){r.x + 1, r.y + lines, r.w - 1, top - lines});
        if (lines + facts < top) top = lines + facts;
    }
    draw_raw(d, c, (Rect){r.x, r.y + top, r.w, r.h - top});
}
