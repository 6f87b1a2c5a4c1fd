/* cmd_render: `tollwatch render SCREEN COLSxROWS`: one frame as text, no terminal needed. */
#include "tui/commands.h"
#include "tui/svg.h"
#include "tui/view.h"

enum { SIDE_MAX = 1000 };

/* "80x24"; both from 1 to SIDE_MAX. */
static bool parse_size(const char *text, int *w, int *h) {
    char rest;
    return sscanf(text, "%4dx%4d%c", w, h, &rest) == 2 && *w >= 1 && *w <= SIDE_MAX && *h >= 1 && *h <= SIDE_MAX;
}

static int load_whole(const Screen *s, void *self, View *v, Err *e) {
    bool more = true;
    int rc = 0;
    while (rc == 0 && more) rc = s->load(self, v, INT64_MAX, &more, e);
    v->reading_permille = -1;
    return rc;
}

/* With the colours of --theme, else of the configuration. */
static int as_picture(const View *v, const Canvas *c, Buf *out, Err *e) {
    Theme theme;
    const App *a = v->app;
    if (theme_load(&theme, a->theme_option ? a->theme_option : a->config->theme, a->config->dir, e) != 0) return -1;
    svg_write(c, &theme, out);
    return 0;
}

static int print_frame(const Screen *s, View *v, int w, int h, bool svg, Err *e) {
    void *self = s->open();
    Canvas *c = canvas_new(w, h, v->ascii);
    Buf text = {.max = (size_t)w * (size_t)h * (svg ? 200 : sizeof(Cell)) + (size_t)h + 1024};
    int rc = load_whole(s, self, v, e);
    if (rc == 0) {
        frame_draw(s, self, v, c);
        if (svg) rc = as_picture(v, c, &text, e);
        else canvas_dump(c, &text);
        fwrite(text.at, 1, text.len, stdout);
    }
    buf_free(&text);
    canvas_free(c);
    s->close(self);
    return rc;
}

static int unknown_screen(const char *name) {
    char names[256] = "";
    size_t used = 0;
    for (size_t i = 0; screens[i] && used < sizeof names - 32; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? " " : "", screens[i]->name);
    return usage_fail("\"%.40s\" is no screen; write one of: %s", name, names);
}

static const Option render_options[] = {
    {"--range", "T", "15m 1h 6h 24h today 7d 30d month", "range, 6h unless said; also a begin as for report --since, or BEGIN..END"},
    {"--where", "EXPR", NULL, "filter, as after / in the dashboard"},
    {"--at", "T", NULL, "everything as of then"},
    {"--compare", "WITH", "before yesterday week", "with the range before, yesterday or last week"},
    {"--svg", NULL, NULL, "as a picture with the theme's colours"},
    {.name = NULL},
};

/* "--range T --at T --where EXPR --compare WITH" */
static int choose_view(View *v, const char *const *value, Err *e) {
    int64_t at;
    if (value[0] && view_set_range(v, value[0], e) != 0) return -1;
    if (value[1] && view_set_filter(v, value[1], e) != 0) return -1;
    if (value[2] && time_parse_arg(v->app->day_zone, v->now_ms, value[2], &at, e) != 0) return -1;
    if (value[2]) view_go_to(v, at), view_facts(v);
    return value[3] ? view_set_compare(v, value[3], e) : 0;
}

static int render_view(App *a, const Screen *s, const char *const *value, int w, int h, Err *e) {
    View v;
    int rc = view_open(&v, a, e);
    if (rc == 0 && strcmp(s->name, "help") != 0) rc = view_open_ledger(&v, e);
    if (rc == 0) rc = choose_view(&v, value, e);
    if (rc == 0) rc = print_frame(s, &v, w, h, value[4] != NULL, e);
    view_close(&v);
    return rc;
}

static int render_named(App *a, const char *const *args, size_t count, const char *const *value) {
    int w, h;
    Err e = {""};
    if (count != 2) return usage_fail("render needs a screen and a size, for example: tollwatch render overview 80x24");
    const Screen *s = screen_find(args[0]);
    if (!s) return unknown_screen(args[0]);
    if (!parse_size(args[1], &w, &h)) return usage_fail("\"%.40s\" is no size; write COLSxROWS, for example 80x24", args[1]);
    return render_view(a, s, value, w, h, &e) == 0 ? EXIT_DONE : app_fail(&e);
}

static int render(App *a, int argc, char **argv) {
    const char *value[5] = {NULL}, **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count = 0;
    int rc = options_parse(&cmd_render, argc, argv, value, args, &count);
    if (rc == EXIT_DONE) rc = render_named(a, args, count, value);
    free(args);
    return rc;
}

const Command cmd_render = {
    .name = "render", .args = "SCREEN COLSxROWS", .summary = "a screen as text, no terminal needed", .options = render_options, .run = render,
    .details = "SCREEN is a name as in the tabs: overview models features requests bills budgets alerts policy sources savings help.",
};
