/* canvas: the grid of cells and its clipping. See canvas.h. */
#include "tui/canvas.h"
#include "tui/glyphs.h"
#include "tui/text_width.h"
#include <stdarg.h>

enum { CANVAS_SIDE_MAX = 1000, LINE_MAX_BYTES = 4096, CUT_LEAST = 8 /* columns: less has no room for a mark */ };

static int clamp(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

Canvas *canvas_new(int w, int h, bool ascii) {
    Canvas *c = xcalloc(1, sizeof *c);
    c->w = clamp(w, 1, CANVAS_SIDE_MAX);
    c->h = clamp(h, 1, CANVAS_SIDE_MAX);
    c->ascii = ascii;
    c->cells = xcalloc((size_t)c->w * (size_t)c->h, sizeof *c->cells);
    canvas_clear(c);
    return c;
}

void canvas_free(Canvas *c) {
    if (!c) return;
    free(c->cells);
    free(c);
}

static Cell *cell_at(const Canvas *c, int x, int y) {
    return &c->cells[(size_t)y * (size_t)c->w + (size_t)x];
}

static void blank(Cell *cell) {
    *cell = (Cell){.text = " ", .width = 1};
}

void canvas_clear(Canvas *c) {
    for (int i = 0; i < c->w * c->h; i++) blank(&c->cells[i]);
}

/* Overwriting half of a wide character leaves a blank where its other half was. */
static void part_wide(Canvas *c, int x, int y) {
    Cell *cell = cell_at(c, x, y);
    if (cell->width == 0 && x > 0) blank(cell_at(c, x - 1, y));
    if (cell->width == 2 && x + 1 < c->w) blank(cell_at(c, x + 1, y));
}

static void put(Canvas *c, int x, int y, Cell cell) {
    part_wide(c, x, y);
    if (cell.width == 2) part_wide(c, x + 1, y);
    *cell_at(c, x, y) = cell;
    if (cell.width == 2) *cell_at(c, x + 1, y) = (Cell){.role = cell.role, .attr = cell.attr, .width = 0};
}

/* A blank at the left takes the first of two characters: the figure keeps its place. Without one ">=" is at least ">". */
static void put_pair(Canvas *c, int x, int y, char first, Cell cell) {
    const Cell *left = x > 0 ? cell_at(c, x - 1, y) : NULL;
    Cell before = cell;
    before.text[0] = first;
    if (left && strcmp(left->text, " ") == 0)
        put(c, x - 1, y, before);
    else if (first == '>')
        cell = before;
    put(c, x, y, cell);
}

static void put_ascii(Canvas *c, int x, int y, int32_t code, Cell cell) {
    char first = glyph_ascii_first(code);
    cell.width = 1;
    cell.text[0] = code >= 0x20 && code < 0x7F ? (char)code : glyph_ascii(code);
    cell.text[1] = '\0';
    if (first)
        put_pair(c, x, y, first, cell);
    else
        put(c, x, y, cell);
}

/* Adds a combining mark to the character that ends before x; at most 3 marks, and only while they fit. */
static void combine(Canvas *c, int x, int y, Str mark) {
    Cell *cell = cell_at(c, x - 1, y);
    if (cell->width == 0 && x > 1) cell = cell_at(c, x - 2, y);
    int characters = 0;
    for (const char *p = cell->text; *p; p++) characters += ((unsigned char)*p & 0xC0) != 0x80;
    size_t used = strlen(cell->text);
    if (characters > 3 || used + mark.len >= sizeof cell->text) return;
    memcpy(cell->text + used, mark.at, mark.len);
    cell->text[used + mark.len] = '\0';
}

/* Draws one character at x if it ends by `end`; returns the columns used, 0 = no room. */
static int put_code(Canvas *c, int x, int y, int end, Str bytes, int32_t code, Cell style) {
    int n = code_columns(code);
    if (c->ascii || n < 0) n = 1;
    if (x + n > end) return 0;
    if (c->ascii || code == CODE_BAD || code_columns(code) < 0) return put_ascii(c, x, y, code, style), 1;
    style.width = (uint8_t)n;
    memcpy(style.text, bytes.at, bytes.len);
    put(c, x, y, style);
    return n;
}

/* What is cut says so: a sentence that ends in the middle of a word looks whole. Blanks that do not fit are no loss. */
static void mark_cut(Canvas *c, int start, int end, int y, const char *rest, Cell style) {
    const char *mark = c->ascii ? ".." : "\u2026";
    if (end - start < CUT_LEAST || rest[strspn(rest, " ")] == '\0') return;
    for (int x = end - (c->ascii ? 2 : 1); *mark; x++) {
        Str bytes = {.at = mark};
        int32_t code = utf8_next(&mark);
        bytes.len = (size_t)(mark - bytes.at);
        put_code(c, x, y, end, bytes, code, style);
    }
}

int canvas_text(Canvas *c, int x, int y, int max, ThemeRole role, unsigned attr, const char *utf8) {
    if (y < 0 || y >= c->h || x < 0 || x >= c->w || max <= 0) return 0;
    const int start = x, end = max > c->w - x ? c->w : x + max;
    const Cell style = {.role = (uint8_t)role, .attr = (uint8_t)attr};
    for (const char *p = utf8; *p;) {
        Str bytes = {.at = p};
        int32_t code = utf8_next(&p);
        bytes.len = (size_t)(p - bytes.at);
        if (code_is_unseen(code)) {
            if (code_columns(code) == 0 && x > start && !c->ascii) combine(c, x, y, bytes);
            continue;
        }
        int n = put_code(c, x, y, end, bytes, code, style);
        if (n == 0) {
            mark_cut(c, start, x, y, bytes.at, style);
            break;
        }
        x += n;
    }
    return x - start;
}

int canvas_textf(Canvas *c, int x, int y, int max, ThemeRole role, unsigned attr, const char *fmt, ...) {
    char line[LINE_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    return canvas_text(c, x, y, max, role, attr, line);
}

int text_columns(const char *utf8) {
    int columns = 0;
    while (*utf8) {
        int32_t code = utf8_next(&utf8);
        int n = code_columns(code);
        if (!code_is_unseen(code)) columns += n < 0 ? 1 : n;
    }
    return columns;
}

size_t text_fit(const char *utf8, int columns) {
    const char *at = utf8, *end = utf8;
    while (*at) {
        int32_t code = utf8_next(&at);
        int n = code_columns(code);
        if (!code_is_unseen(code)) columns -= n < 0 ? 1 : n;
        if (columns < 0) break;
        end = at;
    }
    return (size_t)(end - utf8);
}

int canvas_right(Canvas *c, int right, int y, int max, ThemeRole role, unsigned attr, const char *utf8) {
    int n = text_columns(utf8);
    if (n > max) n = max;
    return canvas_text(c, right - n, y, n, role, attr, utf8);
}

/* The part of r that is on the canvas. */
static Rect inside(const Canvas *c, Rect r) {
    int x1 = clamp(r.x + r.w, 0, c->w), y1 = clamp(r.y + r.h, 0, c->h);
    r.x = clamp(r.x, 0, c->w);
    r.y = clamp(r.y, 0, c->h);
    return (Rect){r.x, r.y, x1 > r.x ? x1 - r.x : 0, y1 > r.y ? y1 - r.y : 0};
}

void canvas_fill(Canvas *c, Rect r, ThemeRole role, unsigned attr, const char *glyph) {
    r = inside(c, r);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w;) {
            int n = canvas_text(c, x, y, r.x + r.w - x, role, attr, glyph);
            if (n <= 0) break;
            x += n;
        }
}

void canvas_restyle(Canvas *c, Rect r, ThemeRole role, unsigned attr) {
    r = inside(c, r);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) {
            Cell *cell = cell_at(c, x, y);
            cell->role = (uint8_t)role;
            cell->attr = (uint8_t)attr;
        }
}

void canvas_dump(const Canvas *c, Buf *out) {
    for (int y = 0; y < c->h; y++) {
        int last = c->w;
        while (last > 0 && strcmp(cell_at(c, last - 1, y)->text, " ") == 0) last--;
        for (int x = 0; x < last; x++) buf_str(out, cell_at(c, x, y)->text);
        buf_add(out, "\n", 1);
    }
}
