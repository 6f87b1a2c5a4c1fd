/* dashboard: the event loop. See dashboard.h. */
#include "tui/dashboard.h"
#include "tui/dash.h"
#include "tui/drill.h"
#include "tui/list.h"
#include <poll.h>
#include <stdarg.h>

enum {
    FRAME_MS = 80,           /* frames of data are at least this far apart: with the work, 100 ms from line to screen */
    REST_MAX_US = 60000000,
    REST_TIMES = 4,          /* after a load nothing is loaded for so many times as long: a fifth of a processor at most */
    READING_MS = 300,        /* a load that takes longer says so */
    QUIET_MS = 61000         /* after the last record the rate still falls for a minute */
};

static int64_t monotonic_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void *dash_self(Dash *d, const Screen *s) {
    for (size_t i = 0; i < DASH_SCREENS_MAX && screens[i]; i++) {
        if (screens[i] != s) continue;
        if (!d->self[i]) d->self[i] = s->open();
        return d->self[i];
    }
    return NULL;
}

static void show(Dash *d, const Screen *s) {
    d->screen = s;
    d->view.shown = s;
    d->view.shown_self = dash_self(d, s);
    d->stale = d->dirty = true;
    d->loading = d->picker.open = false;
    d->rest_until_ms = 0;
    d->view.reading_permille = -1;
}

void dash_show(Dash *d, const Screen *s) {
    if (s == d->screen) return;
    d->before = d->screen;
    drill_forget(&d->view);
    show(d, s);
}

void dash_obey(Dash *d) {
    const Screen *wanted = screen_find(d->view.go);
    if (strcmp(d->view.go, "demo") == 0) {
        d->end = DASHBOARD_DEMO;
        d->quit = true;
    }
    d->view.go[0] = '\0';
    if (wanted) d->stale = true, d->rest_until_ms = 0;
    if (!wanted || wanted == d->screen) return;
    d->before = d->screen;
    show(d, wanted);
}

void dash_answer_stays(Dash *d) {
    d->answer_until_ms = clock_monotonic_ms() + (d->answers_ms ? d->answers_ms : ANSWER_SHOWN_MS);
}

void dash_answer(Dash *d, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(d->view.answer, sizeof d->view.answer, fmt, ap);
    va_end(ap);
    dash_answer_stays(d);
    d->dirty = true;
}

static int64_t soonest(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The saved order and columns of a list, as soon as it has rows. Another order may be other rows. */
static void recall(Dash *d) {
    for (size_t i = 0; i < DASH_SCREENS_MAX && screens[i]; i++) {
        if (screens[i] != d->screen || d->recalled[i]) continue;
        int w, h;
        term_size(d->term, &w, &h);
        d->recalled[i] = list_recall(d->screen, d->self[i], &d->view, w, h);
        if (d->recalled[i] && d->screen->list && d->view.saved) d->stale = true, d->rest_until_ms = 0;
    }
}

/* Long loads of a ledger that is written to all the time would follow one another without a pause. */
static void end_slice(Dash *d, int64_t begun_us) {
    int64_t now_us = monotonic_us();
    d->load_us += now_us - begun_us;
    if (!d->loading) {
        d->view.reading_permille = -1;
        d->rest_until_ms = (now_us + soonest(REST_TIMES * d->load_us, REST_MAX_US)) / 1000;
    } else if (d->view.reading_permille < 0 && begun_us / 1000 - d->load_ms >= READING_MS) {
        d->view.reading_permille = 0;
    }
}

/* One slice of loading the shown screen; old cells stay until it is through. */
static void load(Dash *d) {
    Err e = {""};
    bool more = false;
    int64_t now_us = monotonic_us();
    const int64_t until_us = now_us + (d->loading ? DASH_SLICE_US : DASH_FIRST_US);
    if (!d->loading) {
        d->load_ms = now_us / 1000;
        d->load_us = 0;
        d->stale = false; /* what is committed during a load is asked for after it */
        view_to_now(&d->view);
    }
    if (d->screen->load(dash_self(d, d->screen), &d->view, until_us, &more, &e) != 0) {
        more = false;
        dash_answer(d, "tollwatch: %.240s", e.text);
    }
    d->loading = more;
    end_slice(d, now_us);
    recall(d);
    d->dirty = true;
    dash_obey(d);
}

static void draw(Dash *d) {
    int w, h;
    term_size(d->term, &w, &h);
    if (d->canvas->w != w || d->canvas->h != h) {
        canvas_free(d->canvas);
        d->canvas = canvas_new(w, h, d->view.ascii);
    }
    /* Too small for more than a line or three: that is always the first screen's. */
    const Screen *s = layout_make(w, h).size == SIZE_FULL ? d->screen : screens[0];
    frame_draw(s, dash_self(d, s), &d->view, d->canvas);
    if (d->view.prompt.kind == ':') palette_draw(&d->palette, d->canvas);
    if (s == d->screen) picker_draw(&d->picker, &d->view, d->canvas);
    if (d->view.prompt.kind == '/') completion_draw(&d->completion, &d->view.prompt, d->canvas);
    if (d->view.dialog.type) dialog_draw(&d->view.dialog, d->canvas);
    term_show(d->term, d->canvas);
    if (d->committed) d->frame_ms = clock_monotonic_ms();
    d->dirty = d->urgent = d->committed = false;
}

static bool frame_due(const Dash *d, int64_t now_ms) {
    return d->urgent || now_ms - d->frame_ms >= FRAME_MS;
}

/* Something is to be loaded, and it is time for it. */
static bool load_due(const Dash *d, int64_t now_ms) {
    return d->loading || (d->stale && frame_due(d, now_ms) && now_ms >= d->rest_until_ms);
}

static bool look(Dash *d, int64_t now_ms) {
    bool changed = dbwatch_look(d->watch, now_ms);
    if (changed) d->news = true;
    if (changed && view_is_live(&d->view)) d->stale = d->committed = true;
    return changed;
}

/* Nothing but a second has passed: what is on the screen holds, but for what moves by the second. */
static void pass_second(Dash *d) {
    Err e = {""};
    const Screen *s = d->screen;
    bool rate_moves = d->view.now_ms - d->view.newest_ms < QUIET_MS;
    if (!s->tick || (d->stale && clock_monotonic_ms() >= d->rest_until_ms) || d->loading || !view_is_live(&d->view) || !(s->restless || rate_moves)) return;
    if (s->tick(dash_self(d, s), &d->view, &e) != 0) dash_answer(d, "tollwatch: %.240s", e.text);
}

/* Once a second: the clock, the switch, who collects, and a look at the ledger. Ranges, days and "usual" move on with the
 * minute: then everything is loaded anew, else only after a commit. */
static void tick(Dash *d, int64_t now_ms) {
    View *v = &d->view;
    int64_t wall = clock_now_ms();
    bool turned = wall / MS_PER_MINUTE != d->minute;
    d->minute = wall / MS_PER_MINUTE;
    d->tick_ms = now_ms + 1000 - wall % 1000;
    d->resumed = false; /* by now the SIGCONT of our own stop has come, or never will (a process without job control) */
    view_tick(v);
    view_refresh_dialog(v);
    if (v->answer[0] && now_ms >= d->answer_until_ms) v->answer[0] = '\0';
    dash_saved_write(d);
    look(d, now_ms);
    if (turned || d->news) view_facts(v);
    d->news = false;
    if (turned && view_is_live(v)) d->stale = true;
    pass_second(d);
    d->dirty = true;
}

void dash_suspend(Dash *d) {
    term_suspend(d->term);
    d->resumed = true;
}

static void take_signals(Dash *d) {
    for (SignalEvent s; (s = signals_next(d->signals)) != SIGNAL_NONE;) {
        if (s == SIGNAL_END) d->quit = true;
        if (s == SIGNAL_STOPPED) dash_suspend(d);
        if (s == SIGNAL_CONTINUED && !d->resumed) term_resume(d->term);
        if (s == SIGNAL_CONTINUED) d->resumed = false;
        d->dirty = d->urgent = true;
    }
}

/* How long nothing needs to be done. */
static int wait_ms(const Dash *d, int64_t now_ms) {
    int64_t due = soonest(d->tick_ms, dbwatch_due_ms(d->watch));
    int64_t frame_ms = d->urgent ? now_ms : d->frame_ms + FRAME_MS;
    if (d->loading) due = now_ms;
    if (d->dirty) due = soonest(due, frame_ms);
    if (d->stale) due = soonest(due, frame_ms > d->rest_until_ms ? frame_ms : d->rest_until_ms);
    int key = term_wait_ms(d->term);
    if (key >= 0) due = soonest(due, now_ms + key);
    return due > now_ms ? (int)(due - now_ms) : 0;
}

/* What a key asks for anew is another load; what was committed meanwhile is not. */
static void take_key(Dash *d, int key) {
    const View *v = &d->view;
    const int64_t asof_ms = view_is_past(v) ? v->asof_ms : 0;
    bool stale = d->stale;
    d->stale = false;
    dash_key(d, key);
    if (asof_ms != (view_is_past(v) ? v->asof_ms : 0)) view_facts(&d->view); /* alerts are those of then */
    if (d->stale) d->loading = false, d->rest_until_ms = 0;
    d->stale |= stale;
}

/* A frame that waits for its time makes more events pointless: they are not even asked for. */
static void wait_for_events(Dash *d, int64_t now_ms) {
    bool waiting_for_frame = d->stale && !load_due(d, now_ms);
    struct pollfd p[] = {
        {.fd = term_fd(d->term), .events = POLLIN},
        {.fd = signals_fd(d->signals), .events = POLLIN},
        {.fd = waiting_for_frame ? -1 : dbwatch_fd(d->watch), .events = POLLIN},
    };
    poll(p, 3, wait_ms(d, now_ms));
    if (p[2].revents) dbwatch_event(d->watch, clock_monotonic_ms());
    if (p[1].revents) take_signals(d);
    for (int key; !d->quit && (key = term_key(d->term)) != -1;) take_key(d, key);
    if (term_lost(d->term)) d->quit = true;
}

void dash_step(Dash *d) {
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms >= d->tick_ms) tick(d, now_ms);
    if (now_ms >= dbwatch_due_ms(d->watch)) look(d, now_ms);
    if (load_due(d, now_ms)) load(d);
    if (d->dirty && frame_due(d, clock_monotonic_ms())) draw(d);
    if (!d->quit) wait_for_events(d, clock_monotonic_ms());
}

static const Screen *first_screen(const Dash *d, const Background *b) {
    bool nothing = d->view.app->config->source_count == 0 && d->view.newest_ms == 0;
    return nothing && b && b->empty_screen ? screen_find(b->empty_screen) : screens[0];
}

static int open_terminal(Dash *d, App *a, Err *e) {
    d->view.ascii = a->ascii || !term_is_utf8();
    const char *name = dash_saved_theme(d), *configured = a->theme_option ? a->theme_option : a->config->theme;
    bool saved = name != configured && theme_load(&d->theme, name, a->config->dir, NULL) == 0; /* its file may be gone */
    if (!saved && theme_load(&d->theme, configured, a->config->dir, e) != 0) return -1;
    d->mouse = dash_saved_mouse(d);
    return term_open(&d->term, &(TermOptions){.theme = &d->theme, .no_color = a->no_color, .mouse = d->mouse, .tty = d->tty}, e);
}

int dash_open(Dash *d, App *a, const Background *b, Err *e) {
    Err warning = {""};
    if (view_open(&d->view, a, e) != 0 || view_open_ledger(&d->view, e) != 0) return -1;
    dash_saved_read(d, &warning);
    if (open_terminal(d, a, e) != 0) return -1;
    d->watch = dbwatch_open(d->view.db);
    d->canvas = canvas_new(1, 1, d->view.ascii);
    d->screen = first_screen(d, b);
    dash_saved_apply(d);
    show(d, d->screen);
    d->urgent = true;
    if (warning.text[0]) dash_answer(d, "tollwatch: %.240s", warning.text);
    return 0;
}

static int run(Dash *d, App *a, const Background *b, const Err *why_not, Err *e) {
    if (dash_open(d, a, b, e) != 0) return -1;
    if (why_not->text[0]) dash_answer(d, "tollwatch: looking only: %.220s", why_not->text);
    while (!d->quit) dash_step(d);
    dash_saved_write(d);
    return 0;
}

void dash_close(Dash *d) {
    term_close(d->term);
    for (size_t i = 0; i < DASH_SCREENS_MAX && screens[i]; i++)
        if (d->self[i]) screens[i]->close(d->self[i]);
    canvas_free(d->canvas);
    dbwatch_close(d->watch);
    saved_free(d->view.saved);
    view_close(&d->view);
}

/* The ledger must exist before a reader opens it; whoever may write makes it. Who may not can still look. */
static int make_ledger(App *a, bool *may_write, Err *why_not, Err *e) {
    Db *db = NULL;
    if (app_config(a, e) != 0) return -1;
    *may_write = !a->readonly && db_open(&db, a->db_path, DB_WRITE, why_not) == 0;
    db_close(db);
    return 0;
}

static int start_and_run(Dash *d, App *a, const Background *b, const Stop *stop, Err *e) {
    bool may_write;
    Err why_not = {""};
    if (make_ledger(a, &may_write, &why_not, e) != 0 || app_book(a, e) != 0) return -1;
    if (b && may_write && b->start(b->ctx, a, stop, e) != 0) return -1;
    return run(d, a, b, &why_not, e);
}

/* The terminal is given back before anything is waited for. */
int dashboard_run(App *a, const Background *b, DashboardEnd *end, Err *e) {
    Dash d = {.end = DASHBOARD_QUIT};
    if (signals_open(&d.signals, e) != 0) return -1;
    Stop *stop = stop_new();
    int rc = start_and_run(&d, a, b, stop, e);
    dash_close(&d);
    stop_set(stop);
    if (b) b->join(b->ctx);
    stop_free(stop);
    signals_close(d.signals);
    *end = d.end;
    return rc;
}
