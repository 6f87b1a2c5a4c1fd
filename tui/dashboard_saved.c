/* dashboard_saved: which of the dashboard's choices survive a restart, and what wins: an option on the command line, then
 * what was saved, then the configuration.
 *
 * Screens keep what is theirs themselves (`models.sort`, `features.dimension`). Written at most once a second and at the end.
 * --readonly reads and does not write; the demo and a fixed clock know nothing of it. Does not: keep the filter, because a
 * forgotten filter after a restart shows too little.
 */
#include "tui/dash.h"

static bool remembers(const App *a) {
    return !a->demo && !a->fixed_now_ms;
}

void dash_saved_read(Dash *d, Err *warning) {
    char path[1024];
    if (!remembers(d->view.app)) return;
    d->view.saved = saved_new();
    if (place_view(path, sizeof path, warning) == 0) saved_read(d->view.saved, path, warning);
}

const char *dash_saved_theme(const Dash *d) {
    const App *a = d->view.app;
    const char *saved = saved_get(d->view.saved, "theme"), *over = saved_get(d->view.saved, "theme.over");
    if (a->theme_option) return a->theme_option;
    return saved && over && strcmp(over, a->config->theme) == 0 ? saved : a->config->theme;
}

bool dash_saved_mouse(const Dash *d) {
    const char *saved = saved_get(d->view.saved, "mouse");
    return d->view.app->mouse || (saved ? strcmp(saved, "on") == 0 : d->view.app->config->mouse);
}

/* A value that means nothing to us is one of another tollwatch: the default stands. */
void dash_saved_apply(Dash *d) {
    const char *range = saved_get(d->view.saved, "range"), *screen = saved_get(d->view.saved, "screen");
    const Screen *s = screen ? screen_find(screen) : NULL;
    const char *zone = saved_get(d->view.saved, "zone");
    if (range) view_set_range(&d->view, range, NULL);
    if (zone && !d->view.app->tz_option) view_set_zone(&d->view, zone, NULL);
    if (s && s->key >= '0' && s->key <= '9' && d->screen == screens[0]) d->screen = s;
}

static void collect(Dash *d) {
    Saved *s = d->view.saved;
    const char *configured = d->view.app->config->theme;
    if (d->view.range_text[0]) saved_set(s, "range", d->view.range_text); /* a range that is over is not begun with */
    if (d->screen->key >= '0' && d->screen->key <= '9') saved_set(s, "screen", d->screen->name);
    if (!d->theme_kept) return;
    bool own = strcmp(d->theme.name, configured) != 0;
    saved_set(s, "theme", own ? d->theme.name : NULL);
    saved_set(s, "theme.over", own ? configured : NULL); /* who changes the configuration later means it */
}

void dash_saved_write(Dash *d) {
    char path[1024];
    Err e = {""};
    if (!d->view.saved || d->view.readonly || !d->screen) return;
    collect(d);
    if (!saved_changed(d->view.saved) || place_view(path, sizeof path, &e) != 0) return;
    if (saved_write(d->view.saved, path, &e) != 0) dash_answer(d, "tollwatch: the view is not saved: %.200s", e.text);
}
