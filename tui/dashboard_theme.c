/* dashboard_theme: choosing a theme in the palette: what is chosen is shown at once, Enter keeps it, Esc brings the old one back.
 *
 * Does not: write the configuration; what is kept is part of the saved view.
 */
#include "tui/dash.h"

static bool show(Dash *d, const char *name, Theme *out) {
    Err e = {""};
    if (theme_load(out, name, d->view.app->config->dir, &e) != 0) {
        dash_answer(d, "tollwatch: %.240s", e.text);
        return false;
    }
    term_set_theme(d->term, out);
    snprintf(d->tried, sizeof d->tried, "%s", out->name);
    return true;
}

void dash_theme_try(Dash *d) {
    Theme theme;
    const Entry *e = palette_chosen(&d->palette);
    bool choosing = d->view.prompt.kind == ':' && e && e->kind == ENTRY_THEME && palette_names_kind(d->view.prompt.text, e->kind);
    const char *name = choosing ? e->name : d->theme.name;
    if (strcmp(name, d->tried[0] ? d->tried : d->theme.name) != 0) show(d, name, &theme);
}

void dash_theme_keep(Dash *d, const char *name) {
    if (!show(d, name, &d->theme)) return;
    d->theme_kept = true;
    if (term_has_colours(d->term))
        dash_answer(d, "theme %s%s", name, d->view.saved && !d->view.readonly ? ", also at the next start" : "");
    else
        dash_answer(d, "theme %s, but no colours here: NO_COLOR, --no-color, or a terminal without", name);
}
