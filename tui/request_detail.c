/* request_detail: see request_detail.h. */
#include "tui/request_detail.h"
#include "collectors/raw_record.h"
#include "store/money.h"
#include "tui/number.h"
#include <stdarg.h>

enum { FACTS_MAX = 12, FACT_TEXT = 640, FACTS_X = 68, FACTS_W_MIN = 40, RAW_ROWS = 4 };

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
    const RawPlace at = {
        .path = r->file_path, .fingerprint = r->fingerprint, .offset = r->r.offset, .framing = format_framing(f)};
    return raw_record_read(&at, v->show_content, &d->raw, e);
}

void request_detail_load(RequestDetail *d, const RowView *r, const View *v) {
    Err e = {""};
    price(d, r, v);
    if (d->key == r->key) return;
    d->key = r->key;
    buf_free(&d->raw);
    d->raw.max = RAW_SHOWN_MAX;
    d->raw_error[0] = '\0';
    if (read_raw(d, r, v, &e) != 0) snprintf(d->raw_error, sizeof d->raw_error, "%s", e.text);
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

typedef struct Facts {
    char text[FACTS_MAX][FACT_TEXT];
    ThemeRole role[FACTS_MAX];
    int count;
} Facts;

TW_PRINTF(3, 4) static void add(Facts *f, ThemeRole role, const char *fmt, ...) {
    va_list ap;
    if (f->count == FACTS_MAX) return;
    va_start(ap, fmt);
    vsnprintf(f->text[f->count], FACT_TEXT, fmt, ap);
    va_end(ap);
    f->role[f->count++] = role;
}

static const char *or_dash(const char *text) {
    return text[0] ? text : "-";
}

static const char *token_word(const Request *r) {
    if (r->flags & REQ_USAGE_SUSPECT) return "▲ its counters contradict its own total";
    return r->flags & REQ_LINKED ? "another source counts this call; this row is not added" : "";
}

static void gather(Facts *f, const RequestDetail *d, const RowView *v) {
    const Request *r = &v->r;
    f->count = 0;
    if (d->cost.row)
        add(f, ROLE_TEXT, "price row   %s %s from %s", price_row_provider(d->cost.row), price_row_model(d->cost.row),
            or_dash(price_row_field(d->cost.row, "effective_from")));
    bool free_call = (r->flags & REQ_CACHE_HIT) != 0 || r->outcome == OUTCOME_REFUSED;
    if (d->cost.priced && !free_call && (r->flags & REQ_UNPRICED) == 0 && d->cost.nano != r->cost_nano)
        add(f, ROLE_WATCH, "▲ today's price row gives another cost; prices reprice applies it");
    add(f, ROLE_TEXT, "key         %s  user %s  team %s", or_dash(v->name[DIM_KEY]), or_dash(v->name[DIM_USER]),
        or_dash(v->name[DIM_TEAM]));
    add(f, ROLE_TEXT, "session     %s  endpoint %s", or_dash(v->name[DIM_SESSION]), or_dash(v->name[DIM_ENDPOINT]));
    add(f, ROLE_TEXT, "latency     %s s, first token %s s%s, %s reasoning tokens", number_seconds(r->latency_ms).text,
        number_seconds(r->ttft_ms).text, (r->flags & REQ_STREAM) ? ", streamed" : "",
        number_count(r->tokens[TOK_REASONING], 0).text);
    add(f, ROLE_TEXT, "source      %s (%s)", or_dash(v->source), or_dash(v->format));
    add(f, ROLE_TEXT, "file        %s at byte %llu", or_dash(v->file_path), (unsigned long long)r->offset);
    if (r->flags & REQ_TIME_BORROWED) add(f, ROLE_WATCH, "▲ the record does not say when it was; the time is that of its log line or file");
    if (token_word(r)[0]) add(f, r->flags & REQ_USAGE_SUSPECT ? ROLE_WATCH : ROLE_TEXT, "%s", token_word(r));
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

static void draw_raw(const RequestDetail *d, Canvas *c, Rect r) {
    enum { X = 5 };
    if (r.h < 1) return;
    canvas_text(c, r.x + 1, r.y, 3, ROLE_DIM, 0, "raw");
    if (d->raw_error[0]) {
        canvas_text(c, r.x + X, r.y, r.w - X, ROLE_WATCH, 0, d->raw_error);
        return;
    }
    const char *p = d->raw.at ? d->raw.at : "";
    for (int y = 0; y < r.h && *p; y++) {
        char row[1024 * 4];
        size_t n = fill_columns(p, r.w - X - 1 < 1000 ? r.w - X - 1 : 1000);
        snprintf(row, sizeof row, "%.*s", (int)n, p);
        canvas_text(c, r.x + X, r.y + y, r.w - X - 1, ROLE_TEXT, 0, row);
        p += n;
        if (n == 0) break;
    }
    if (*p || d->raw.overflow) canvas_text(c, r.x + r.w - 1, r.y + r.h - 1, 1, ROLE_DIM, 0, "…");
}

/* ---- the whole ---- */

static bool side_by_side(int width) {
    return width >= FACTS_X + FACTS_W_MIN;
}

int request_detail_rows(const RequestDetail *d, int width) {
    int lines = arithmetic_rows(&d->cost), facts = 8;
    return 1 + (side_by_side(width) ? (lines > facts ? lines : facts) : lines + facts - 1) + RAW_ROWS;
}

void request_detail_draw(const RequestDetail *d, const RowView *v, const View *view, Canvas *c, Rect area) {
    char at[32], status[16];
    Facts facts;
    if (area.h < 4) return;
    gather(&facts, d, v);
    snprintf(status, sizeof status, "%d", v->r.status);
    time_format(view->zone, v->r.ts_ms, "%H:%M:%S", at, sizeof at);
    canvas_fill(c, (Rect){area.x, area.y, area.w, 1}, ROLE_RULE, 0, "─");
    canvas_textf(c, area.x + 2, area.y, area.w - 4, ROLE_TITLE, 0, " %s  %s  %s  %s ", at, or_dash(v->name[v->name[DIM_FEATURE][0] ? DIM_FEATURE : DIM_PROJECT]),
                 or_dash(v->name[DIM_MODEL]), v->r.status ? status : outcome_names[v->r.outcome]);
    canvas_right(c, area.x + area.w - 2, area.y, 12, ROLE_TITLE, 0, " Esc closes ");
    Rect r = {area.x, area.y + 1, area.w, area.h - 1};
    int lines = arithmetic_rows(&d->cost), raw = r.h > 9 ? RAW_ROWS : 2, top = r.h - raw;
    if (side_by_side(area.w)) {
        draw_arithmetic(&d->cost, v, c, (Rect){r.x, r.y, FACTS_X - 4, lines < top ? lines : top});
        draw_facts(&facts, c, (Rect){r.x + FACTS_X, r.y, r.w - FACTS_X, top});
        int used = lines > facts.count ? lines : facts.count;
        if (used < top) top = used;
    } else {
        if (lines > top - 2) lines = top - 2;
        draw_arithmetic(&d->cost, v, c, (Rect){r.x, r.y, r.w, lines});
        draw_facts(&facts, c, (Rect){r.x + 1, r.y + lines, r.w - 1, top - lines});
        if (lines + facts.count < top) top = lines + facts.count;
    }
    draw_raw(d, c, (Rect){r.x, r.y + top, r.w, r.h - top});
}
