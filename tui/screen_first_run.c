/* screen_first_run: nothing is configured and nothing was found: where was looked, what to paste, and the demo.
 *
 * Leaves for the first screen as soon as a record arrives. Does not: write the configuration.
 */
#include "collectors/collect.h"
#include "tui/keys.h"
#include "tui/screen.h"

enum { BELOW_PLACES = 12 /* demo, what to paste */, PLACES_MAX = 24, PLACE_CELLS = 34, STATE_CELLS = 6 };

typedef struct FirstRun {
    Formats *formats;
    char place[PLACES_MAX][160];
    size_t places;
    char config_path[1100];
} FirstRun;

static void *first_run_open(void) {
    return xcalloc(1, sizeof(FirstRun));
}

static void first_run_close(void *self) {
    FirstRun *f = self;
    formats_free(f->formats);
    free(f);
}

static int first_run_load(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    FirstRun *f = self;
    (void)deadline_us;
    *more = false;
    snprintf(f->config_path, sizeof f->config_path, "%s/config", v->app->config->dir);
    if (v->newest_ms > 0) snprintf(v->go, sizeof v->go, "%s", screens[0]->name);
    if (!f->formats && formats_load(&f->formats, v->app->config->dir, e) != 0) return -1;
    f->places = discover_places(f->formats, f->place, PLACES_MAX);
    return 0;
}

/* "~/.claude/projects: none" as two columns; as many side by side as fit. */
static int draw_places(const FirstRun *f, Canvas *c, Rect r) {
    int across = (r.w - 11) / PLACE_CELLS, rows = 0;
    if (across < 1) across = 1;
    canvas_text(c, r.x, r.y, r.w, ROLE_DIM, 0, "looked in");
    for (size_t i = 0; i < f->places; i++) {
        int x = r.x + 11 + (int)i % across * PLACE_CELLS, y = r.y + (int)i / across;
        const char *colon = strrchr(f->place[i], ':');
        int name = colon ? (int)(colon - f->place[i]) : (int)strlen(f->place[i]);
        if (y == r.y + r.h - 1 && (int)i % across == across - 1 && i + 1 < f->places) { /* the last cell, and not the last place */
            canvas_textf(c, x, y, PLACE_CELLS, ROLE_DIM, 0, "and %zu more", f->places - i);
            return r.h;
        }
        canvas_textf(c, x, y, PLACE_CELLS - STATE_CELLS - 1, ROLE_TEXT, 0, "%.*s", name, f->place[i]);
        canvas_text(c, x + PLACE_CELLS - STATE_CELLS, y, STATE_CELLS - 1, ROLE_DIM, 0, colon ? colon + 2 : "");
        rows = y - r.y + 1;
    }
    return rows;
}

static const char *const paste[] = {
    "[source gateway]",
    "path = /var/log/nginx/llm-*.jsonl",
    "[source claude]",
    "path = ~/.claude/projects",
    "format = claude-code",
    "[account openai]",
    "provider = openai",
    "key_env = OPENAI_ADMIN_KEY",
};

static void first_run_draw(const void *self, const View *v, Canvas *c, Rect area) {
    const FirstRun *f = self;
    int x = area.x + 1, w = area.w - 1, y = area.y + (area.h > 12), end = area.y + area.h;
    (void)v;
    canvas_text(c, x, y++, w, ROLE_TEXT, ATTR_BOLD, "Nothing to read yet. No logs were found and nothing is configured.");
    y += area.h > 12;
    if (area.h > 9) y += draw_places(f, c, (Rect){x, y, w, end - y > BELOW_PLACES ? end - y - BELOW_PLACES : 1}) + 1;
    if (y < end) {
        canvas_text(c, area.x, y, 1, ROLE_TEXT, 0, "\u25ba");
        canvas_text(c, x, y, w, ROLE_TEXT, ATTR_BOLD, "Show me the demo");
        canvas_text(c, x + 24, y, w - 24, ROLE_DIM, 0, "Enter; made-up load, nothing of it is kept");
        canvas_restyle(c, (Rect){area.x, y, area.w, 1}, ROLE_SELECTED, 0);
    }
    y += 2;
    if (y < end) canvas_textf(c, x, y++, w, ROLE_TEXT, 0, "or paste this into %s and start again:", f->config_path);
    for (size_t i = 0; i < sizeof paste / sizeof paste[0] && y < end; i++, y++)
        canvas_text(c, x + 2, y, w - 2, ROLE_DIM, 0, paste[i]);
    if (++y < end)
        canvas_text(c, x, y, w, ROLE_DIM, 0, "The usual places are watched: what appears there is followed by itself.");
}

static bool first_run_key(void *self, View *v, int key) {
    (void)self;
    if (key != KEY_ENTER) return false;
    snprintf(v->go, sizeof v->go, "demo");
    return true;
}

const Screen screen_first_run = {
    .name = "first-run", .title = "First run", .open = first_run_open, .close = first_run_close, .load = first_run_load,
    .draw = first_run_draw, .key_pressed = first_run_key, .footer = "open",
};
