/* screen_help: the key map, made from the command table, and what marks and glyphs mean.
 *
 * Does not: list anything by hand that the table knows.
 */
#include "tui/keys.h"
#include "tui/screen.h"

enum { HELP_COLUMN = 34, KEYS_CELLS = 11, GROUPS_MAX = 7 };

typedef struct Help { int top; /* rows scrolled; below 0 from the end, -1 = the end: only drawing knows how many there are */ } Help;

static void *help_open(void) {
    return xcalloc(1, sizeof(Help));
}

static int help_load(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    (void)self, (void)v, (void)deadline_us, (void)e;
    *more = false;
    return 0;
}

/* Where the next line goes; lines above or below the area are counted, not drawn. */
typedef struct Pen {
    Canvas *c;
    Rect area; /* x and w are the column's */
    int y;
} Pen;

static bool in_view(const Pen *p) {
    return p->y >= p->area.y && p->y < p->area.y + p->area.h;
}

static void draw_group(Pen *p, const char *group) {
    if (in_view(p)) canvas_text(p->c, p->area.x, p->y, p->area.w, ROLE_TITLE, ATTR_BOLD, group);
    p->y++;
    for (const KeyCommand *k = key_commands; k->name; k++) {
        if (strcmp(k->group, group) != 0) continue;
        if (in_view(p)) {
            canvas_text(p->c, p->area.x + 1, p->y, KEYS_CELLS, ROLE_KEY, ATTR_BOLD, k->keys);
            canvas_text(p->c, p->area.x + 1 + KEYS_CELLS, p->y, p->area.w - 1 - KEYS_CELLS, ROLE_TEXT, 0, k->help);
        }
        p->y++;
    }
    p->y++;
}

static const char *const legend[] = {
    "marks", "~ metered", "^ reported", "= billed", "\u2192 projected", "\u2265 at least, some tokens have no price", "",
    "state", "\u25cf act now", "\u25b2 watch", "\u25cb fine", "\u25a0 calls stopped", "? unknown", "\u25ba selected", "",
    "bars", "\u2588 spent", "\u2592 the rest, or to come", "\u25ba breaks", "\u00b7 usual: median of 4 weeks, same weekday and hour", "",
};

/* Words of the legend flow to the width; "" ends a line. */
static void draw_legend(Pen *p) {
    int x = p->area.x, end = p->area.x + p->area.w;
    for (size_t i = 0; i < sizeof legend / sizeof legend[0]; i++) {
        int n = text_columns(legend[i]);
        if (!n || (x > p->area.x && x + n > end)) {
            p->y++;
            x = p->area.x + (n ? 8 : 0);
        }
        if (in_view(p)) canvas_text(p->c, x, p->y, end - x, ROLE_DIM, 0, legend[i]);
        bool heading = x == p->area.x;
        x += n ? heading ? 8 : n + 3 : 0;
    }
}

/* Which groups stand in which column, by how many columns there are. */
static const char *const columns_of[3][3][GROUPS_MAX] = {
    {{"go", "move", "act", "look", "time", "take"}},
    {{"go", "act", "time"}, {"move", "look", "take"}},
    {{"go", "act"}, {"move", "look"}, {"time", "take"}},
};

/* Groups in as many columns as fit, the legend below; the row after the last. */
static int draw_all(Canvas *c, Rect area, int start) {
    int count = area.w >= 3 * HELP_COLUMN ? 3 : area.w >= 2 * HELP_COLUMN ? 2 : 1, lowest = start;
    for (int i = 0; i < count; i++) {
        int x = area.x + 1 + i * HELP_COLUMN;
        Pen p = {c, {x, area.y, area.x + area.w - x < HELP_COLUMN ? area.x + area.w - x : HELP_COLUMN, area.h}, start};
        for (const char *const *group = columns_of[count - 1][i]; *group; group++) draw_group(&p, *group);
        if (p.y > lowest) lowest = p.y;
    }
    Pen p = {c, {area.x + 1, area.y, area.w - 1, area.h}, lowest};
    draw_legend(&p);
    return p.y;
}

/* What is longer than the area scrolls, and says so in the last row. */
static void help_draw(const void *self, const View *v, Canvas *c, Rect area) {
    const Help *h = self;
    const Rect unseen = {area.x, area.y, area.w, 0};
    int start = area.y + (area.h > 12), rows = draw_all(c, unseen, start) - area.y;
    Rect shown = area;
    (void)v;
    if (rows > area.h) shown.h--;
    int most = rows > area.h ? rows - shown.h : 0, top = h->top < 0 ? most + 1 + h->top : h->top;
    top = top < 0 ? 0 : top > most ? most : top;
    draw_all(c, shown, start - top);
    if (rows <= area.h) return;
    canvas_textf(c, area.x + 1, area.y + shown.h, area.w - 1, ROLE_KEY, 0, "%s%s%s", top < most ? "\u2193 j  more below" : "", top > 0 && top < most ? "   " : "",
                 top > 0 ? "\u2191 k  more above" : "");
}

static bool help_key(void *self, View *v, int key) {
    Help *h = self;
    (void)v;
    int rows = 2 * GROUPS_MAX + (int)(sizeof legend / sizeof legend[0]), step = key == KEY_PAGE_UP || key == KEY_PAGE_DOWN ? 6 : 1;
    for (const KeyCommand *k = key_commands; k->name; k++) rows++; /* never fewer than are drawn in one column */
    const int first = h->top < 0 ? -rows : 0, last = h->top < 0 ? -1 : rows;
    if (key == KEY_UP || key == 'k' || key == KEY_PAGE_UP) h->top -= step;
    else if (key == KEY_DOWN || key == 'j' || key == KEY_PAGE_DOWN) h->top += step;
    else if (key == 'g' || key == KEY_HOME) return h->top = 0, true;
    else if (key == 'G' || key == KEY_END) return h->top = -1, true;
    else return false;
    h->top = h->top < first ? first : h->top > last ? last : h->top;
    return true;
}

const Screen screen_help = {
    .name = "help", .title = "Help", .key = '?', .open = help_open, .close = free, .load = help_load, .draw = help_draw,
    .key_pressed = help_key, .footer = "back",
};
