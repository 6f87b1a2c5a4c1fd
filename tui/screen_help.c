/* screen_help: the key map, made from the command table, and what marks and glyphs mean.
 *
 * Does not: list anything by hand that the table knows.
 */
#include "tui/keys.h"
#include "tui/screen.h"

enum { HELP_COLUMN = 34, KEYS_CELLS = 11 };

typedef struct Help { char none; } Help; /* a screen without state of its own */

static void *help_open(void) {
    return xcalloc(1, sizeof(Help));
}

static int help_load(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    (void)self, (void)v, (void)deadline_us, (void)e;
    *more = false;
    return 0;
}

/* One heading and its commands; returns the rows used. */
static int draw_group(const char *group, Canvas *c, Rect r) {
    int y = r.y, end = r.y + r.h;
    if (y < end) canvas_text(c, r.x, y++, r.w, ROLE_TITLE, ATTR_BOLD, group);
    for (const KeyCommand *k = key_commands; k->name && y < end; k++) {
        if (strcmp(k->group, group) != 0) continue;
        canvas_text(c, r.x + 1, y, KEYS_CELLS, ROLE_KEY, ATTR_BOLD, k->keys);
        canvas_text(c, r.x + 1 + KEYS_CELLS, y++, r.w - 1 - KEYS_CELLS, ROLE_TEXT, 0, k->help);
    }
    return y - r.y;
}

static int draw_column(const char *const *groups, Canvas *c, Rect r) {
    int start = r.y;
    for (; *groups; groups++) {
        int used = draw_group(*groups, c, r) + 1;
        r.y += used;
        r.h -= used;
    }
    return r.y - start;
}

static const char *const legend[] = {
    "marks   ~ metered   ^ reported   = billed   \u2192 projected   \u2265 at least, some tokens have no price",
    "state   \u25cf act now   \u25b2 watch   \u25cb fine   \u25a0 calls stopped   ? unknown   \u25ba selected",
    "bars    \u2588 spent   \u2592 the rest, or to come   \u25ba breaks   \u00b7 usual: median of 4 weeks, same weekday and hour",
};

static void help_draw(const void *self, const View *v, Canvas *c, Rect area) {
    static const char *const first[] = {"go", NULL}, *const second[] = {"move", "look", NULL}, *const third[] = {"time", "take", NULL};
    static const char *const all[] = {"go", "move", "look", "time", "take", NULL};
    (void)self, (void)v;
    int rows = 0, legend_rows = (int)(sizeof legend / sizeof legend[0]);
    Rect r = {area.x + 1, area.y + (area.h > 12 ? 1 : 0), HELP_COLUMN, area.h};
    r.h = area.y + area.h - r.y;
    if (area.w < 2 * HELP_COLUMN) {
        r.w = area.w - 1;
        rows = draw_column(all, c, r);
    } else {
        const char *const *columns[] = {first, second, third};
        int count = area.w >= 3 * HELP_COLUMN - 4 ? 3 : 2;
        for (int i = 0; i < count; i++) {
            int used = draw_column(columns[i], c, r);
            if (count == 2 && i == 1) used += draw_column(third, c, (Rect){r.x, r.y + used, r.w, r.h - used});
            if (used > rows) rows = used;
            r.x += HELP_COLUMN;
            if (r.x + r.w > area.x + area.w) r.w = area.x + area.w - r.x;
        }
    }
    for (int i = 0; i < legend_rows && r.y + rows + i < area.y + area.h; i++)
        canvas_text(c, area.x + 1, r.y + rows + i, area.w - 1, ROLE_DIM, 0, legend[i]);
}

const Screen screen_help = {
    .name = "help", .title = "Help", .key = '?', .open = help_open, .close = free, .load = help_load, .draw = help_draw,
    .footer = "back",
};
