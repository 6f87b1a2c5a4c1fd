/* term_draw: cells to bytes. See term_draw.h. */
#include "tui/term_draw.h"

enum { REPRINT_MAX = 4 /* cells that are cheaper to write again than to jump over */ };

ColourMode colour_mode(const TermCaps *c, bool no_color) {
    if (no_color || c->colours < 8) return COLOUR_NONE;
    if (c->direct_colour) return COLOUR_DIRECT;
    return c->colours >= 256 ? COLOUR_256 : c->colours >= 16 ? COLOUR_16 : COLOUR_8;
}

/* Without colours the glyph and the word carry the state; these attributes only help the eye. */
static Style mono_style(ThemeRole role, unsigned attr) {
    if (role == ROLE_ACT) attr |= ATTR_BOLD;
    if (role == ROLE_WATCH) attr |= ATTR_UNDERLINE;
    if (role == ROLE_SELECTED) attr |= ATTR_REVERSE;
    return (Style){-1, -1, attr};
}

/* On the terminal's own ground: states have its own red, green, yellow; everything else is its default. Only rules are its
 * bright black, which some palettes make the ground's colour: nothing is lost with them. */
static Style own_few(ColourMode mode, ThemeRole role, unsigned attr) {
    static const int8_t index[ROLE_COUNT] = {[ROLE_TEXT] = -1, [ROLE_DIM] = -1, [ROLE_TITLE] = -1,    [ROLE_KEY] = -1,  [ROLE_RULE] = 8,
                                             [ROLE_ACT] = 1,   [ROLE_WATCH] = 3, [ROLE_PROOF] = 2, [ROLE_CHART] = -1, [ROLE_SELECTED] = -1};
    if (role == ROLE_SELECTED) return mono_style(role, attr);
    int32_t fg = index[role];
    return (Style){mode == COLOUR_8 && fg > 7 ? -1 : fg, -1, attr};
}

/* On a ground of the theme: the nearest that can be read there. A watch that would be the act's red is underlined text. */
static Style few_colours(const Theme *t, ColourMode mode, ThemeRole role, unsigned attr) {
    const int count = mode == COLOUR_8 ? 8 : 16;
    if (t->bg[role].rgb < 0 || t->bg[ROLE_TEXT].rgb < 0) return own_few(mode, role, attr);
    int bg = colour_to_few(t->bg[role], count, -1), fg = colour_to_few(t->fg[role], count, bg);
    if (role != ROLE_WATCH || fg != colour_to_few(t->fg[ROLE_ACT], count, bg)) return (Style){fg, bg, attr};
    return (Style){colour_to_few(t->fg[ROLE_TEXT], count, bg), bg, attr | ATTR_UNDERLINE};
}

static int32_t colour_in(ColourMode mode, Colour c) {
    return mode == COLOUR_DIRECT ? c.rgb : colour_to_256(c);
}

Style style_of(const Theme *t, ColourMode mode, ThemeRole role, unsigned attr) {
    if (mode == COLOUR_NONE) return mono_style(role, attr);
    if (mode == COLOUR_8 || mode == COLOUR_16) return few_colours(t, mode, role, attr);
    if (role == ROLE_SELECTED && t->bg[role].rgb < 0) return mono_style(role, attr);
    return (Style){colour_in(mode, t->fg[role]), colour_in(mode, t->bg[role]), attr};
}

void painter_free(Painter *p) {
    free(p->shown);
    p->shown = NULL;
}

void painter_forget(Painter *p) {
    painter_free(p);
    p->x = p->y = -1;
}

static void put_colour(Painter *p, Buf *out, bool background, int32_t colour) {
    if (p->mode == COLOUR_DIRECT && colour >= COLOUR_OWN)
        buf_fmt(out, "\033[%d;5;%dm", background ? 48 : 38, colour - COLOUR_OWN);
    else if (p->mode == COLOUR_DIRECT)
        buf_fmt(out, "\033[%d;2;%d;%d;%dm", background ? 48 : 38, colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF);
    else
        caps_colour(p->caps, out, background, colour);
}

/* Changes the pen; only what is taken away needs a reset. Ink stands before bold, and brings it anew: a console of 16
 * colours makes its ink bright by bold, and takes both away together. */
static void set_pen(Painter *p, Buf *out, Style s) {
    const TermCaps *c = p->caps;
    if ((p->pen.attr & ~s.attr) || (p->pen.fg >= 0 && s.fg < 0) || (p->pen.bg >= 0 && s.bg < 0)) {
        buf_str(out, c->normal);
        p->pen = (Style){-1, -1, 0};
    }
    unsigned added = s.attr & ~p->pen.attr;
    if (s.fg != p->pen.fg) put_colour(p, out, false, s.fg);
    if (s.bg != p->pen.bg) put_colour(p, out, true, s.bg);
    if (p->mode == COLOUR_16 && s.fg != p->pen.fg) added |= s.attr & ATTR_BOLD;
    if (added & ATTR_BOLD) buf_str(out, c->bold);
    if (added & ATTR_REVERSE) buf_str(out, c->reverse);
    if (added & ATTR_UNDERLINE) buf_str(out, c->underline);
    p->pen = s;
}

static Style cell_style(const Painter *p, const Cell *cell) {
    Style s = p->style[cell->role];
    s.attr |= cell->attr;
    return s;
}

static bool same_style(Style a, Style b) {
    return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}

/* A blank looks alike in all styles that differ only in their ink. */
static bool same_look(const Painter *p, const Cell *a, const Cell *b) {
    if (a->width != b->width || strcmp(a->text, b->text) != 0) return false;
    if (a->role == b->role && a->attr == b->attr) return true;
    Style s = cell_style(p, a), t = cell_style(p, b);
    if (same_style(s, t)) return true;
    const unsigned seen = ATTR_REVERSE | ATTR_UNDERLINE;
    return strcmp(a->text, " ") == 0 && s.bg == t.bg && !((s.attr | t.attr) & seen);
}

static bool is_simple(const Cell *cell) {
    return cell->width == 1 && cell->text[1] == '\0';
}

/* Moves the cursor to (x, y): by writing a few unchanged cells again, by a step right, or by an absolute move. */
static void go_to(Painter *p, const Canvas *c, Buf *out, int x, int y) {
    if (p->y == y && p->x == x) return;
    int gap = p->y == y && p->x >= 0 && x > p->x ? x - p->x : 0;
    const Cell *row = c->cells + (size_t)y * (size_t)c->w;
    bool reprint = gap > 0 && gap <= REPRINT_MAX;
    for (int i = p->x; reprint && i < x; i++) reprint = is_simple(&row[i]) && same_style(cell_style(p, &row[i]), p->pen);
    if (reprint)
        for (int i = p->x; i < x; i++) buf_str(out, row[i].text);
    else if (gap > 0 && p->caps->right_pattern)
        caps_right(p->caps, out, gap);
    else
        caps_move(p->caps, out, x, y);
    p->x = x;
    p->y = y;
}

static void put_cell(Painter *p, const Canvas *c, Buf *out, int x, int y) {
    const Cell *cell = &c->cells[y * c->w + x];
    go_to(p, c, out, x, y);
    set_pen(p, out, cell_style(p, cell));
    buf_str(out, cell->text);
    p->x = x + cell->width;
    /* Terminals disagree about the width of the rare ones, and where the cursor is after the last column. */
    if (cell->width != 1 || ((unsigned char)cell->text[0] >= 0x80 && strlen(cell->text) > 3) || p->x >= c->w) p->x = -1;
}

/* The first column from which the new row is blank in one plain style, so that clearing to the end draws it. */
static int blank_from(const Painter *p, const Cell *row, int w) {
    int x = w;
    Style last = cell_style(p, &row[w - 1]);
    if (!p->caps->clear_to_end[0] || (last.bg >= 0 && !p->caps->back_colour_erase) || (last.attr & (ATTR_REVERSE | ATTR_UNDERLINE)))
        return w;
    while (x > 0 && same_look(p, &row[x - 1], &row[w - 1]) && strcmp(row[x - 1].text, " ") == 0) x--;
    return x;
}

static void draw_row(Painter *p, const Canvas *c, Buf *out, int y) {
    const Cell *row = c->cells + (size_t)y * (size_t)c->w, *old = p->shown + (size_t)y * (size_t)c->w;
    int blank = blank_from(p, row, c->w), differing = 0;
    for (int x = 0; x < blank; x++) {
        bool changed = !same_look(p, &row[x], &old[x]);
        /* half of a wide one that stood here is gone with its other half */
        if (row[x].width > 0 && (changed || (row[x].width == 2 && !same_look(p, &row[x + 1], &old[x + 1])))) put_cell(p, c, out, x, y);
    }
    for (int x = blank; x < c->w; x++) differing += !same_look(p, &row[x], &old[x]);
    if (differing == 0) return;
    go_to(p, c, out, blank, y);
    set_pen(p, out, (Style){p->pen.attr ? -1 : p->pen.fg, cell_style(p, &row[c->w - 1]).bg, 0}); /* the ink is not seen: it stays */
    buf_str(out, p->caps->clear_to_end);
}

static void start_whole(Painter *p, const Canvas *c, Buf *out) {
    painter_free(p);
    p->w = c->w;
    p->h = c->h;
    p->shown = xcalloc((size_t)c->w * (size_t)c->h, sizeof *p->shown);
    for (ThemeRole role = 0; role < ROLE_COUNT; role++) p->style[role] = style_of(&p->theme, p->mode, role, 0);
    Style ground = p->style[ROLE_TEXT];
    buf_str(out, p->caps->normal);
    p->pen = (Style){-1, -1, 0};
    set_pen(p, out, (Style){-1, ground.bg, 0});
    buf_str(out, p->caps->clear);
    bool cleared = ground.bg < 0; /* else every cell is written once: not all that say they erase with the pen's ground do */
    for (int i = 0; i < c->w * c->h; i++) p->shown[i] = cleared ? (Cell){.text = " ", .width = 1} : (Cell){.text = "\x01", .width = 1};
    p->x = p->y = -1;
}

void painter_draw(Painter *p, const Canvas *c, Buf *out) {
    if (!p->shown || p->w != c->w || p->h != c->h) start_whole(p, c, out);
    for (int y = 0; y < c->h; y++) draw_row(p, c, out, y);
    memcpy(p->shown, c->cells, (size_t)c->w * (size_t)c->h * sizeof *p->shown);
}
