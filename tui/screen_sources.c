/* screen_sources: what is read, how far behind it is, and what was wrong with it. */
#include "tui/list.h"
#include "tui/number.h"
#include "tui/view.h"

enum { SOURCES_MAX = 200, DETAIL_ROWS = 3 };
enum { STILL_MS = 20000 /* who pauses keeps what was shown */ };
enum { COL_SOURCE, COL_KIND, COL_AGE, COL_LAG, COL_TODAY, COL_BAD, COL_LINES, COL_WORD, COL_COUNT };

static const Column columns[COL_COUNT] = {
    [COL_SOURCE] = {.title = "source", .width = 16, .grow = 30, .name = "source"},
    [COL_KIND] = {.title = "kind", .width = 12, .drop = 3, .name = "kind"},
    [COL_AGE] = {.title = "age", .width = 4, .right = true, .name = "seen", .figure = FIGURE_TIME},
    [COL_LAG] = {.title = "lag ms", .width = 7, .right = true, .drop = 4, .name = "lag_seconds", .figure = FIGURE_SECONDS},
    [COL_TODAY] = {.title = "today", .width = 8, .right = true, .name = "calls_today", .figure = FIGURE_COUNT},
    [COL_BAD] = {.title = "bad", .width = 6, .right = true, .name = "bad_lines", .figure = FIGURE_COUNT},
    [COL_LINES] = {.title = "lines", .width = 9, .right = true, .drop = 5, .name = "lines", .figure = FIGURE_COUNT},
    [COL_WORD] = {.title = "last word", .width = 16, .drop = 2, .grow = 80, .name = "last_word"},
};

typedef struct Sources {
    SourceView *view;
    size_t count;
    TableState table;
    int64_t read_ms; /* what `now` was; 0 = never */
    bool then;       /* back in time: what they said then is not kept, what follows is of now */
} Sources;

static void *open_sources(void) {
    Sources *s = xcalloc(1, sizeof *s);
    s->view = xcalloc(SOURCES_MAX, sizeof *s->view);
    return s;
}

static void close_sources(void *self) {
    Sources *s = self;
    if (!s) return;
    table_state_free(&s->table);
    free(s->view);
    free(s);
}

static uint64_t row_key(const void *ctx, size_t row) {
    const char *name = ((const Sources *)ctx)->view[row].source;
    return hash64(name, strlen(name), 1) | 1;
}

/* Nothing of now may read as of then. */
static void forget_state(SourceView *v) {
    v->state[0] = '\0';
    snprintf(v->last_word, sizeof v->last_word, "what a source said then is not kept");
}

static bool listing(const Sources *s, Rect area, Listing *out);

static int load_sources(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Sources *s = self;
    (void)deadline_us;
    *more = false;
    bool paused_on_it = v->paused && s->read_ms && v->until_ms - s->read_ms < STILL_MS && !s->then;
    if (paused_on_it) return 0;
    s->read_ms = v->until_ms;
    s->then = view_is_past(v);
    if (query_sources(v->db, v->until_ms, s->view, SOURCES_MAX, &s->count, e) != 0) return -1;
    for (size_t i = 0; s->then && i < s->count; i++) forget_state(&s->view[i]);
    Listing l;
    if (listing(s, (Rect){0}, &l)) table_arrange(&l.table, &s->table);
    return 0;
}

/* A glyph with its word's meaning: fine, watch, act, unknown. */
static const char *glyph(const SourceView *v) {
    return strcmp(v->state, "error") == 0 ? "●" : strcmp(v->state, "watch") == 0 ? "▲" : source_is_fine(v) ? "○" : "?";
}

static ThemeRole role_of(const SourceView *v) {
    return strcmp(v->state, "error") == 0 ? ROLE_ACT : strcmp(v->state, "watch") == 0 ? ROLE_WATCH : ROLE_TEXT;
}

static bool is_of_now(size_t column) {
    return column == COL_AGE || column == COL_LAG || column == COL_BAD || column == COL_LINES;
}

/* A day's calls; those of more than two days ago are not known of any source. */
static void calls_text(int64_t calls, char *to, size_t size) {
    snprintf(to, size, "%s", calls < 0 ? "?" : number_count(calls, 8).text);
}

static void total_cell(const Sources *s, size_t column, TableCell *out) {
    int64_t today = 0, bad = 0, lines = 0;
    for (size_t i = 0; i < s->count; i++) {
        today += s->view[i].today_requests;
        bad += s->view[i].bad_lines + s->view[i].skipped_lines;
        lines += s->view[i].lines;
    }
    out->attr = ATTR_BOLD;
    if (s->then && is_of_now(column)) return;
    if (column == COL_SOURCE) snprintf(out->text, sizeof out->text, "  calls");
    if (column == COL_TODAY) calls_text(today, out->text, sizeof out->text);
    if (column == COL_BAD) snprintf(out->text, sizeof out->text, "%s", number_count(bad, 6).text);
    if (column == COL_LINES) snprintf(out->text, sizeof out->text, "%s", number_count(lines, 9).text);
}

/* An import says nothing after it: it is over. */
static const char *word_of(const SourceView *v) {
    if (v->last_word[0]) return v->last_word;
    return strncmp(v->source, "import ", 7) == 0 ? "read once, not followed" : "nothing was said yet";
}

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const Sources *s = ctx;
    if (row == TABLE_TOTAL) {
        total_cell(s, column, out);
        return;
    }
    const SourceView *v = &s->view[row];
    int64_t bad = v->bad_lines + v->skipped_lines;
    char *to = out->text;
    size_t size = sizeof out->text;
    out->role = (uint8_t)role_of(v);
    if (s->then && is_of_now(column)) {
        snprintf(to, size, "?");
        return;
    }
    switch (column) {
    case COL_SOURCE: snprintf(to, size, "%s %s%s", glyph(v), v->source, v->notional ? " (notional)" : ""); break;
    case COL_KIND: snprintf(to, size, "%s", v->kind); break;
    case COL_AGE: snprintf(to, size, "%s", v->seen_ms ? number_age(s->read_ms - v->seen_ms).text : "-"); break;
    case COL_LAG: /* a bill is hours behind: that is no figure in milliseconds */
        snprintf(to, size, "%s", v->lag_ms < 0 ? "-" : v->lag_ms < MS_PER_MINUTE ? number_count(v->lag_ms, 7).text : number_age(v->lag_ms).text);
        break;
    case COL_TODAY: calls_text(v->today_requests, to, size); break;
    case COL_BAD:
        snprintf(to, size, "%s", number_count(bad, 6).text);
        if (bad) out->role = ROLE_WATCH;
        break;
    case COL_LINES: snprintf(to, size, "%s", number_count(v->lines, 9).text); break;
    default: snprintf(to, size, "%.190s", word_of(v)); break;
    }
}

/* The selected one in full: where it reads, how much, its last word. */
static void draw_source(const SourceView *v, bool then, Canvas *c, Rect r) {
    canvas_fill(c, (Rect){r.x, r.y, r.w, 1}, ROLE_RULE, 0, "─");
    canvas_textf(c, r.x + 2, r.y, r.w - 4, ROLE_TITLE, 0, " %s ", v->source);
    if (!then) canvas_textf(c, r.x + 1, r.y + 1, r.w - 2, ROLE_DIM, 0, "%s %s, %s %s, %s late  %s",
                 number_count(v->files, 0).text, v->files == 1 ? "file" : "files", number_count(v->records, 0).text,
                 v->records == 1 ? "record" : "records", number_count(v->late, 0).text, v->path);
    canvas_text(c, r.x + 1, r.y + 2, r.w - 2, role_of(v), 0, word_of(v));
}

static int64_t value(const void *ctx, size_t row, size_t column) {
    const Sources *s = ctx;
    const SourceView *v = row == TABLE_TOTAL ? NULL : &s->view[row];
    int64_t sum = 0;
    if (s->then && is_of_now(column)) return FIGURE_UNKNOWN;
    if (v && column == COL_AGE) return v->seen_ms ? v->seen_ms : FIGURE_UNKNOWN;
    if (v && column == COL_LAG) return v->lag_ms >= 0 ? v->lag_ms : FIGURE_UNKNOWN;
    if (!v && (column == COL_AGE || column == COL_LAG)) return FIGURE_UNKNOWN;
    if (column == COL_TODAY && s->count && s->view[0].today_requests < 0) return FIGURE_UNKNOWN;
    for (size_t i = v ? row : 0; i < (v ? row + 1 : s->count); i++) {
        const SourceView *one = &s->view[i];
        sum += column == COL_TODAY ? one->today_requests : column == COL_BAD ? one->bad_lines + one->skipped_lines : one->lines;
    }
    return sum;
}

static bool listing(const Sources *s, Rect area, Listing *out) {
    if (s->count == 0) return false;
    out->area = area;
    if (area.h > 6) out->area.h -= DETAIL_ROWS;
    out->table = (Table){.columns = columns, .column_count = COL_COUNT, .rows = s->count, .has_total = true, .has_selection = true,
                         .cell = cell, .value = value, .key = row_key, .ctx = s};
    return true;
}

static bool list_sources(const void *self, const View *v, const Layout *l, Listing *out) {
    (void)v;
    return listing(self, l->at[PART_BODY], out);
}

static void draw_sources(const void *self, const View *view, Canvas *c, Rect area) {
    (void)view;
    const Sources *s = self;
    Listing l;
    if (!listing(s, area, &l)) {
        canvas_text(c, area.x + 1, area.y, area.w - 2, ROLE_DIM, 0,
                    "nothing is read yet; put a [source NAME] with path = ... into the config file");
        return;
    }
    table_draw(&l.table, &s->table, c, l.area);
    const SourceView *at = &s->view[table_selected(&l.table, &s->table)];
    if (area.h > 6)
        draw_source(at, s->then, c, (Rect){area.x, area.y + area.h - DETAIL_ROWS, area.w, DETAIL_ROWS});
}

const Screen screen_sources = {
    .name = "sources", .title = "Sources", .key = '9', .open = open_sources, .close = close_sources, .load = load_sources,
    .draw = draw_sources, .list = list_sources, .table_at = offsetof(Sources, table), .unfiltered = true, .footer = "row sort columns copy export",
};
