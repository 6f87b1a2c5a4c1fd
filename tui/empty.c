/* empty: see empty.h. */
#include "tui/empty.h"

typedef struct Empty {
    const char *screen, *will; /* what stands here once there is something */
} Empty;

static const Empty empties[] = {
    {"overview", "what is spent now, on what, and whether that is usual"},
    {"models", "what each model costs"},
    {"features", "what each feature, team, user or key costs"},
    {"requests", "every call as it is made"},
    {"sources", "what is read, how far, and how old it is"},
    {"savings", "what caching, routing and batching save, and could save"},
    {NULL, NULL},
};

static const char *const paste[] = {
    "[source gateway]      ; a file, a folder or a glob",
    "path = /var/log/nginx/llm-*.jsonl",
    "[source claude]       ; sessions of a coding agent",
    "path = ~/.claude/projects",
    "format = claude-code",
    "[source gw2]          ; what a command prints",
    "command = ssh gw2 tail -n +1 -F /var/log/tollwatch/gateway.jsonl",
    "format = gateway",
};

static void draw_configured(const View *v, Canvas *c, Rect r) {
    char lines[3][160];
    snprintf(lines[0], sizeof lines[0], "Sources are configured: %zu. None has given a call yet.", v->app->config->source_count);
    snprintf(lines[1], sizeof lines[1], "%s", v->collecting[0] ? "9 shows each of them as it is read." : "Nobody collects: run `tollwatch collect`, or `tollwatch`.");
    snprintf(lines[2], sizeof lines[2], "`tollwatch doctor` says what is wrong with them, and how to mend it.");
    for (int i = 0; i < 3 && i < r.h; i++) canvas_text(c, r.x, r.y + i, r.w, i ? ROLE_DIM : ROLE_TEXT, 0, lines[i]);
}

static void draw_paste(const View *v, Canvas *c, Rect r) {
    const Config *config = v->app->config;
    if (r.h > 0)
        canvas_textf(c, r.x, r.y, r.w, ROLE_TEXT, 0, "Paste what fits into %s%s and start again:", config->path[0] ? config->path : config->dir,
                     config->path[0] ? "" : "/config");
    for (int i = 0; i < (int)(sizeof paste / sizeof paste[0]) && i + 1 < r.h; i++)
        canvas_text(c, r.x + 2, r.y + 1 + i, r.w - 2, ROLE_TEXT, 0, paste[i]);
}

bool empty_draw(const Screen *s, const View *v, Canvas *c, Rect area) {
    const Empty *e = empties;
    while (e->screen && strcmp(e->screen, s->name) != 0) e++;
    if (!e->screen || !v->nothing) return false;
    if (strcmp(s->name, "sources") == 0 && !v->sourceless) return false;
    int y = area.y + (area.h > 12), end = area.y + area.h;
    canvas_textf(c, area.x + 1, y++, area.w - 2, ROLE_TEXT, ATTR_BOLD, "? No call was read yet.");
    canvas_textf(c, area.x + 3, y++, area.w - 4, ROLE_DIM, 0, "Here will stand %s.", e->will);
    y += area.h > 12;
    const Rect rest = {area.x + 3, y, area.w - 4, end - y};
    if (v->app->config->source_count) draw_configured(v, c, rest);
    else draw_paste(v, c, rest);
    return true;
}
