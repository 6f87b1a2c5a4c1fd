/* dashboard_keys: what a key does: the prompt first, then the screen, then the command table. See dashboard.h. */
#include "tui/copy.h"
#include "tui/dash.h"
#include "tui/drill.h"
#include "tui/export.h"
#include "tui/frame.h"
#include "tui/list.h"
#include "tui/policy_dialogs.h"
#include "tui/prompt.h"

enum { WHEEL_ROWS = 3 };

/* A broken one changes nothing but the line it is typed in: the last that was right stays in force. */
static void set_filter(Dash *d, const char *text) {
    Err e = {""};
    Prompt *p = &d->view.prompt;
    if (view_set_filter(&d->view, text, &e) == 0) d->stale = true;
    snprintf(p->error, sizeof p->error, "%s", e.text);
    p->error_at = filter_error_column(e.text);
}

/* On a drilled list what is typed stands apart from what the way there made of the filter. */
static void open_filter(Dash *d) {
    const View *v = &d->view;
    char text[sizeof v->filter_text + 1];
    size_t n = strlen(v->filter_text);
    bool apart = v->depth && n && v->filter_text[n - 1] != ' ' && !drill_typed_filter(v)[0];
    snprintf(d->filter_before, sizeof d->filter_before, "%s", v->filter_text);
    snprintf(text, sizeof text, "%s%s", v->filter_text, apart ? " " : "");
    prompt_open(&d->view.prompt, '/', text);
    completion_find(&d->completion, &d->view.prompt, d->view.db);
}

/* "range X" and "since X": what is X, any range or begin that there is; NULL: the line is about something else. */
static const char *typed_range(const Prompt *p) {
    bool named = strncmp(p->text, "range ", 6) == 0 || strncmp(p->text, "since ", 6) == 0;
    return named && p->text[6] ? p->text + 6 : NULL;
}

static void match_palette(Dash *d) {
    Prompt *p = &d->view.prompt;
    const char *range = typed_range(p);
    char words[64];
    Err e = {""};
    palette_match(&d->palette, p->text);
    if (range && view_range_words(&d->view, range, words, sizeof words, &e) == 0)
        snprintf(p->error, sizeof p->error, "%s   Enter shows it   Esc", words);
    else if (range && d->palette.count == 0)
        snprintf(p->error, sizeof p->error, "%.450s", e.text);
    else snprintf(p->error, sizeof p->error, "%zu of %zu   Tab complete   Enter go   Esc", d->palette.count, d->palette.total);
}

static void open_palette(Dash *d, const char *text) {
    prompt_open(&d->view.prompt, ':', text);
    palette_themes(&d->palette, d->view.app->config->dir);
    match_palette(d);
}

static void open_themes(Dash *d) {
    open_palette(d, "theme ");
    palette_choose(&d->palette, d->theme.name);
}

/* Leaves the current screen for its neighbour among the tabs. */
static void next_tab(Dash *d, bool back) {
    size_t count = 0, at = 0;
    for (; screens[count]; count++)
        if (screens[count] == d->screen) at = count;
    for (size_t i = 0; i < count; i++) {
        at = (at + (back ? count - 1 : 1)) % count;
        if (screens[at]->key >= '0' && screens[at]->key <= '9') break;
    }
    dash_show(d, screens[at]);
}

static void show_by_key(Dash *d, int key) {
    for (size_t i = 0; screens[i]; i++)
        if (screens[i]->key == key) {
            dash_show(d, screens[i]);
            return;
        }
    dash_answer(d, "%c is no screen yet; Tab shows the others", key);
}

static void toggle_pause(Dash *d) {
    view_set_paused(&d->view, view_is_live(&d->view));
    d->stale = true;
    dash_answer(d, d->view.paused ? "paused; collecting goes on, Space shows it again" : "live");
}

/* Esc: back to the list one came from, with its filter; else out of the filter, then back to the screen before. */
static void go_back(Dash *d) {
    if (drill_back(&d->view)) {
        dash_obey(d);
        d->before = NULL;
    } else if (d->view.filter_text[0]) {
        set_filter(d, "");
        dash_answer(d, "filter off");
    } else if (!view_is_live(&d->view)) {
        toggle_pause(d);
    } else if (d->before) {
        dash_show(d, d->before);
        d->before = NULL;
    }
}

static void toggle_mouse(Dash *d) {
    d->mouse = !d->mouse;
    term_set_mouse(d->term, d->mouse);
    saved_set(d->view.saved, "mouse", d->mouse ? "on" : "off");
    dash_answer(d, d->mouse ? "mouse on: click a tab or a footer word, the wheel scrolls; m turns it off"
                            : "mouse off");
}

static void travel(Dash *d, int tenths) {
    char words[64];
    view_step(&d->view, tenths);
    view_pace_words(&d->view, true, words, sizeof words);
    d->stale = true;
    if (view_is_live(&d->view)) dash_answer(d, "live");
    else dash_answer(d, "everything %s; the switch and K are now; Space or ] goes back to live", words);
}

static void next_compare(Dash *d) {
    View *v = &d->view;
    char from[24], to[24];
    int64_t since, until;
    view_next_compare(v);
    d->stale = true;
    if (!view_compared(v, &since, &until)) {
        dash_answer(d, "compared with nothing");
        return;
    }
    time_format(v->zone, since, "%d %b %H:%M", from, sizeof from);
    time_format(v->zone, until, "%d %b %H:%M", to, sizeof to);
    dash_answer(d, "compared with %s: %s – %s; c for the next", view_compare_words(v), from, to);
}

static void next_zone(Dash *d) {
    Err e = {""};
    char days[64];
    snprintf(days, sizeof days, "%s", zone_name(d->view.app->day_zone));
    if (view_next_zone(&d->view, &e) != 0) dash_answer(d, "tollwatch: %.240s", e.text);
    else dash_answer(d, "times in %s; days and budgets stay in %s", zone_name(d->view.zone), days);
    d->stale = true;
}

static void change_range(Dash *d, bool back) {
    view_next_range(&d->view, back);
    d->stale = true;
    dash_answer(d, "range %s", d->view.range_name);
}

static void copy_row(Dash *d) {
    Buf text = {.max = 0};
    char name[48] = "";
    int w, h;
    term_size(d->term, &w, &h);
    if (!copy_text(d->screen, dash_self(d, d->screen), &d->view, w, h, &text, name, sizeof name))
        dash_answer(d, "no row is selected here");
    else if (!term_copy(d->term, text.at, text.len))
        dash_answer(d, "this terminal has no clipboard; e writes a file");
    else
        dash_answer(d, "copied %s, %zu bytes, to the terminal's clipboard%s", name[0] ? name : "the row", text.len,
                    getenv("TMUX") ? "; tmux needs: set -g set-clipboard on" : "");
    buf_free(&text);
}

static void run_command(Dash *d, const KeyCommand *k, int key) {
    switch (k->act) {
    case DO_SCREEN: show_by_key(d, key); break;
    case DO_TAB: next_tab(d, key == KEY_BACK_TAB); break;
    case DO_PALETTE: open_palette(d, ""); break;
    case DO_FILTER: open_filter(d); break;
    case DO_BACK: go_back(d); break;
    case DO_HELP:
        dash_show(d, strcmp(d->screen->name, "help") == 0 && d->before ? d->before : screen_find("help"));
        break;
    case DO_QUIT: d->quit = true; break;
    case DO_RANGE: change_range(d, key == 'T'); break;
    case DO_PAUSE: toggle_pause(d); break;
    case DO_TRAVEL: travel(d, key == '[' ? -1 : 1); break;
    case DO_TRAVEL_FAR: travel(d, key == '{' ? -10 : 10); break;
    case DO_ZONE: next_zone(d); break;
    case DO_COMPARE: next_compare(d); break;
    case DO_STOP: policy_dialog(&d->view, &stop_dialog); break;
    case DO_RESUME: policy_dialog(&d->view, &resume_dialog); break;
    case DO_COLUMNS: picker_open(&d->picker, &d->view); break;
    case DO_COPY: copy_row(d); break;
    case DO_EXPORT: export_ask(&d->view); break;
    case DO_THEME: open_themes(d); break;
    case DO_MOUSE: toggle_mouse(d); break;
    case DO_REDRAW: term_redraw(d->term); break;
    case DO_SUSPEND: dash_suspend(d); break;
    case DO_NOTHING: case DO_OPEN: case DO_RECORD: case DO_CURSOR: case DO_ROW: case DO_PAGE: case DO_ENDS: case DO_DIMENSION: case DO_STACK: case DO_SORT: case DO_COLUMN:
    case DO_RULE: case DO_UNDO: case DO_FINDING:
    case DO_ACKNOWLEDGE: case DO_SILENCE:
        if (d->screen->list && key_works_on(k, d->screen->name))
            dash_answer(d, d->loading || d->stale ? "its list is still being read: press it again when it is there" : "nothing is listed here");
        else dash_answer(d, "%s does nothing on %s", k->keys, d->screen->title);
    }
}

static void command_key(Dash *d, int key) {
    if (d->screen->key_pressed && d->screen->key_pressed(dash_self(d, d->screen), &d->view, key)) {
        d->stale = true;
        dash_obey(d);
        return;
    }
    int w, h;
    term_size(d->term, &w, &h);
    const KeyCommand *k = key_meaning(key);
    if (list_key(d->screen, dash_self(d, d->screen), &d->view, w, h, key)) {
        d->stale |= k->act == DO_SORT || k->act == DO_COLUMN; /* another order may be other rows */
        return;
    }
    if (k)
        run_command(d, k, key);
    else if (key > ' ' && key < 127)
        dash_answer(d, "%c means nothing; ? lists the keys", key);
}

/* ---- the line after "/" and ":" ---- */

/* What was typed wins over what is completed: "range 5m" is not 15m. A wrong one stays, with its error. */
static bool take_range(Dash *d) {
    const char *range = typed_range(&d->view.prompt);
    char words[64];
    if (!range) return false;
    if (view_range_words(&d->view, range, words, sizeof words, NULL) != 0 || view_set_range(&d->view, range, NULL) != 0)
        return d->palette.count == 0;
    dash_answer(d, "range %s", words);
    prompt_close(&d->view.prompt);
    d->stale = true;
    return true;
}

static void choose(Dash *d) {
    const Entry *e = palette_chosen(&d->palette);
    if (take_range(d)) return;
    prompt_close(&d->view.prompt);
    if (!e) return;
    if (e->kind == ENTRY_SCREEN)
        dash_show(d, screen_find(e->name));
    else if (e->kind == ENTRY_COMMAND)
        command_key(d, e->code);
    else if (e->kind == ENTRY_THEME)
        dash_theme_keep(d, e->name);
    else if (view_set_range(&d->view, e->name, NULL) == 0)
        d->stale = true;
}

static void palette_key(Dash *d, int key) {
    Prompt *p = &d->view.prompt;
    if (key == KEY_ENTER) {
        choose(d);
    } else if (key == KEY_UP || key == KEY_DOWN) {
        palette_move(&d->palette, key == KEY_UP ? -1 : 1);
    } else if (key == KEY_TAB) {
        if (d->palette.count) prompt_set(p, d->palette.match[d->palette.chosen].name);
        match_palette(d);
    } else if (prompt_key(p, key)) {
        match_palette(d);
    }
}

/* The filter acts while it is typed; Enter keeps it, Esc brings the old one back, Tab completes its word. */
static void filter_key(Dash *d, int key) {
    Prompt *p = &d->view.prompt;
    Completion *c = &d->completion;
    if (key == KEY_ENTER) {
        if (!p->error[0]) prompt_close(p);
    } else if (key == KEY_TAB || key == KEY_BACK_TAB) {
        if (completion_step(c, p, key == KEY_BACK_TAB)) set_filter(d, p->text);
        if (c->at < 0) completion_find(c, p, d->view.db);
    } else if (prompt_key(p, key)) {
        set_filter(d, p->text);
        completion_find(c, p, d->view.db);
    }
}

static void prompt_line_key(Dash *d, int key) {
    char kind = d->view.prompt.kind;
    if (key == KEY_ESC || key == KEY_CTRL_C) {
        prompt_close(&d->view.prompt);
        if (kind == '/') set_filter(d, d->filter_before);
        d->view.prompt.error[0] = '\0';
    } else if (kind == '/') {
        filter_key(d, key);
    } else {
        palette_key(d, key);
    }
    if (kind == ':') dash_theme_try(d);
}

/* ---- a dialog ---- */

/* Where the window has no room for it only Esc acts: nobody confirms what cannot be read. */
static void modal_key(Dash *d, int key) {
    View *v = &d->view;
    Err e = {""};
    int w, h;
    term_size(d->term, &w, &h);
    if (!dialog_fits(&v->dialog, w, h) && key != KEY_ESC && key != KEY_CTRL_C) return;
    DialogEnd end = dialog_key(&v->dialog, key);
    if (end == DIALOG_CONFIRMED && v->dialog.type->confirm(&v->dialog, v, &e) != 0) {
        snprintf(v->dialog.error, sizeof v->dialog.error, "%s", e.text);
        return;
    }
    if (end == DIALOG_STAYS) {
        view_refresh_dialog(v); /* what is behind it is not loaded anew for a key */
        return;
    }
    view_close_dialog(v);
    d->stale = true;
}

static void mouse_event(Dash *d) {
    const MouseEvent *m = term_mouse(d->term);
    if (!m->pressed || d->view.prompt.kind || d->view.dialog.type || d->picker.open) return;
    int w, h, wheel = m->button == 64 ? KEY_UP : m->button == 65 ? KEY_DOWN : 0;
    term_size(d->term, &w, &h);
    for (int i = 0; wheel && i < WHEEL_ROWS; i++) command_key(d, wheel);
    if (m->button != 0) return;
    int key = frame_key_at(d->screen, w, h, m->x, m->y);
    bool open = false;
    if (!key && list_click(d->screen, dash_self(d, d->screen), &d->view, w, h, m->x, m->y, &open)) {
        d->stale = true;
        if (open) key = KEY_ENTER;
    }
    if (key) command_key(d, key);
}

/* Pasted text goes into a line that is open, and never is a command. */
static void pasted_key(Dash *d, int key) {
    if (key < ' ' || key >= KEY_SPECIAL) return;
    if (d->view.dialog.type) {
        if (dialog_takes_text(&d->view.dialog)) modal_key(d, key);
    } else if (d->view.prompt.kind) {
        prompt_line_key(d, key);
    }
}

/* A screen that answers does not know for how long it is shown: as long as the dashboard's own answers. */
static void keep_answer(Dash *d, const char *before) {
    if (d->view.answer[0] && strcmp(before, d->view.answer) != 0)
        dash_answer_stays(d);
}

/* The answer row answers the last key: "filter off" beside a filter that is on would be wrong. What failed stays its time. */
static void forget_answer(Dash *d, int key) {
    bool is_error = strncmp(d->view.answer, "tollwatch:", 10) == 0;
    if (key < KEY_PASTE_START && !is_error && !d->view.dialog.type && !d->view.prompt.kind) d->view.answer[0] = '\0';
}

void dash_key(Dash *d, int key) {
    char before[sizeof d->view.answer];
    forget_answer(d, key);
    memcpy(before, d->view.answer, sizeof before);
    d->dirty = d->urgent = true;
    if (key == KEY_PASTE_START || key == KEY_PASTE_END) {
        d->pasting = key == KEY_PASTE_START;
    } else if (d->pasting) {
        pasted_key(d, key);
    } else if (key == KEY_MOUSE) {
        mouse_event(d);
    } else if (d->view.dialog.type) {
        modal_key(d, key);
    } else if (d->view.prompt.kind) {
        prompt_line_key(d, key);
    } else if (d->picker.open) {
        int w, h;
        term_size(d->term, &w, &h);
        picker_key(&d->picker, &d->view, w, h, key);
    } else {
        command_key(d, key);
    }
    keep_answer(d, before);
}
