/* svg: runs of cells of one look become one element. See svg.h. */
#include "tui/svg.h"
#include "tui/text_width.h"

enum { CELL_W = 8, CELL_H = 17, BASELINE = 13, FONT_PX = 13, EDGE = 10, EIGHTHS = 8 };
static const int32_t own_text = 0xC8C8C8, own_ground = 0x121214; /* for what a theme leaves to the terminal */
static const int32_t own_16[16] = {0x121214, 0xCD3131, 0x3FB950, 0xD29922, 0x3B78FF, 0xBC3FBC, 0x39C5CF, 0xE5E5E5,
                                   0x7F7F7F, 0xFF6B68, 0x56D364, 0xE3B341, 0x79C0FF, 0xD670D6, 0x56D4DD, 0xFFFFFF};

typedef struct Ink { int32_t fg, bg; bool bold; } Ink;

static int32_t rgb_of(Colour c, int32_t otherwise) {
    return c.rgb < 0 ? otherwise : c.rgb >= COLOUR_OWN ? own_16[c.rgb & 15] : c.rgb;
}

static Ink ink_of(const Theme *t, const Cell *cell) {
    bool own_selection = cell->role == ROLE_SELECTED && t->bg[ROLE_SELECTED].rgb < 0;
    Ink ink = {rgb_of(t->fg[cell->role], own_text), rgb_of(t->bg[cell->role], own_ground), (cell->attr & ATTR_BOLD) != 0};
    if (!(cell->attr & ATTR_REVERSE) && !own_selection) return ink;
    return (Ink){ink.bg, ink.fg, ink.bold};
}

static bool same_ink(Ink a, Ink b) {
    return a.fg == b.fg && a.bg == b.bg && a.bold == b.bold;
}

static void escaped(Buf *out, const char *text) {
    for (; *text; text++) {
        if (*text == '&') buf_str(out, "&amp;");
        else if (*text == '<') buf_str(out, "&lt;");
        else if (*text == '>') buf_str(out, "&gt;");
        else buf_add(out, text, 1);
    }
}

typedef struct Block { int x, y, w, h /* eighths of a cell */, percent /* how dense */; } Block;

/* The part of its cell that a block glyph fills. */
static bool block_of(const char *text, Block *out) {
    const char *p = text;
    int32_t code = utf8_next(&p);
    if (code >= 0x2581 && code <= 0x2588) { /* from below: 1 to 8 eighths */
        int n = (int)(code - 0x2580);
        *out = (Block){0, EIGHTHS - n, EIGHTHS, n, 100};
    } else if (code >= 0x2589 && code <= 0x258F) { /* from the left: 7 to 1 */
        *out = (Block){0, 0, (int)(0x2590 - code), EIGHTHS, 100};
    } else if (code >= 0x2591 && code <= 0x2593) {
        *out = (Block){0, 0, EIGHTHS, EIGHTHS, (int)(code - 0x2590) * 25};
    } else {
        return false;
    }
    return true;
}

static void rectangle(Buf *out, int x8, int y8, int w8, int h8, int32_t fill, int percent) {
    buf_fmt(out, "<rect x=\"%d\" y=\"%d.%03d\" width=\"%d\" height=\"%d.%03d\" fill=\"#%06X\"", EDGE + x8 * CELL_W / EIGHTHS, EDGE + y8 * CELL_H / EIGHTHS,
            y8 * CELL_H % EIGHTHS * 125, w8 * CELL_W / EIGHTHS, h8 * CELL_H / EIGHTHS, h8 * CELL_H % EIGHTHS * 125, (unsigned)fill);
    if (percent < 100) buf_fmt(out, " opacity=\".%02d\"", percent);
    buf_str(out, "/>\n");
}

/* How many cells from x on look alike: the same ink, and all blank, all the same block, or all text. */
static int run_length(const Theme *t, const Cell *row, int w, int x) {
    const Ink ink = ink_of(t, &row[x]);
    Block b;
    bool block = block_of(row[x].text, &b), blank = strcmp(row[x].text, " ") == 0;
    int end = x + 1;
    for (; end < w && same_ink(ink, ink_of(t, &row[end])); end++) {
        bool next_blank = strcmp(row[end].text, " ") == 0;
        if ((block || blank) ? strcmp(row[end].text, row[x].text) != 0 : block_of(row[end].text, &b)) break;
        if (!block && !blank && next_blank && (end + 1 >= w || strcmp(row[end + 1].text, " ") == 0)) break;
    }
    return end - x;
}

static void text_run(Buf *out, const Cell *row, int x, int y, int n, Ink ink) {
    buf_fmt(out, "<text x=\"%d\" y=\"%d\" fill=\"#%06X\"%s textLength=\"%d\">", EDGE + x * CELL_W, EDGE + y * CELL_H + BASELINE, (unsigned)ink.fg,
            ink.bold ? " class=\"b\"" : "", n * CELL_W);
    for (int i = x; i < x + n; i++) escaped(out, row[i].text);
    buf_str(out, "</text>\n");
}

static void draw_row(Buf *out, const Canvas *c, const Theme *t, int32_t ground, int y) {
    const Cell *row = c->cells + (size_t)y * (size_t)c->w;
    for (int x = 0, n; x < c->w; x += n) {
        Block b;
        const Ink ink = ink_of(t, &row[x]);
        n = run_length(t, row, c->w, x);
        if (ink.bg != ground) rectangle(out, x * EIGHTHS, y * EIGHTHS, n * EIGHTHS, EIGHTHS, ink.bg, 100);
        if (strcmp(row[x].text, " ") == 0) continue;
        if (!block_of(row[x].text, &b)) {
            text_run(out, row, x, y, n, ink);
        } else if (b.w == EIGHTHS) {
            rectangle(out, x * EIGHTHS, y * EIGHTHS + b.y, n * EIGHTHS, b.h, ink.fg, b.percent);
        } else {
            for (int i = 0; i < n; i++) rectangle(out, (x + i) * EIGHTHS, y * EIGHTHS, b.w, b.h, ink.fg, b.percent);
        }
    }
}

void svg_write(const Canvas *c, const Theme *t, Buf *out) {
    const int32_t ground = rgb_of(t->bg[ROLE_TEXT], own_ground);
    const int w = c->w * CELL_W + 2 * EDGE, h = c->h * CELL_H + 2 * EDGE;
    buf_fmt(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n", w, h, w, h);
    buf_fmt(out, "<style>text{font:%dpx \"DejaVu Sans Mono\",Menlo,Consolas,monospace;white-space:pre}.b{font-weight:bold}</style>\n", FONT_PX);
    buf_fmt(out, "<rect width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#%06X\"/>\n", w, h, (unsigned)ground);
    for (int y = 0; y < c->h; y++) draw_row(out, c, t, ground, y);
    buf_str(out, "</svg>\n");
}
