/* dash: the dashboard's state, shared by its files (dashboard.c: the loop, dashboard_keys.c: what keys do, dashboard_theme.c). */
#ifndef TUI_DASH_H
#define TUI_DASH_H
#include "tui/dashboard.h"
#include "store/db_watch.h"
#include "tui/completion.h"
#include "tui/palette.h"
#include "tui/picker.h"
#include "tui/signals.h"
#include "tui/term.h"
#include "tui/view.h"

enum { DASH_SCREENS_MAX = 24, ANSWER_SHOWN_MS = 5000 };
enum {
    DASH_FIRST_US = 6000,  /* the first rows are there after this long */
    DASH_SLICE_US = 12000, /* a load gives the keys a turn after this long */
};

typedef struct Dash {
    View view;
    Term *term;
    int tty;                       /* of a test, else 0: TermOptions */
    Signals *signals;
    DbWatch *watch;
    Canvas *canvas;
    const Screen *screen, *before; /* before: where Esc and a second ? go back to */
    void *self[DASH_SCREENS_MAX];  /* by place in screens[]; opened when first shown */
    bool recalled[DASH_SCREENS_MAX]; /* its list's saved order was found again */
    Palette palette;
    Picker picker;                 /* of the shown list's columns; while it is open all keys are its own */
    Theme theme;                   /* the one that was kept; another may be shown while it is chosen */
    char tried[64];                /* the name of what is shown; "" = theme */
    Completion completion;         /* of the filter that is typed */
    char filter_before[256];       /* Esc in the prompt brings it back */
    bool pasting, mouse;
    bool theme_kept;               /* a person chose it: it is saved */
    bool stale;                    /* rows must be loaded again */
    bool loading;                  /* a load goes on */
    bool dirty;                    /* something to draw */
    bool urgent;                   /* a key was pressed: draw at once */
    bool committed;                /* the next frame shows new data: it counts for the distance of frames */
    bool news;                     /* something was committed since the header's facts were read */
    bool resumed;                  /* we stopped ourselves: the coming SIGCONT is known */
    bool quit;
    DashboardEnd end;
    int64_t minute;                /* of the clock, at the last tick */
    int64_t frame_ms, load_ms, tick_ms, answer_until_ms; /* monotonic: last frame, start of the load, next tick, end of an answer */
    int64_t answers_ms;            /* how long an answer is shown, of a test that no machine is to be too slow for; 0 = ANSWER_SHOWN_MS */
    int64_t load_us;               /* what its slices took so far */
    int64_t rest_until_ms;         /* monotonic: what is committed until then is loaded then; a key does not wait */
} Dash;

/* The life of it, for dashboard_run() and for tests that press its keys; d->signals is open already. */
int dash_open(Dash *d, App *a, const Background *b, Err *e);
void dash_step(Dash *d); /* what is due, then waits for an event */
void dash_close(Dash *d);
void dash_show(Dash *d, const Screen *s);
void *dash_self(Dash *d, const Screen *s);
void dash_answer_stays(Dash *d); /* from now on for its time */
TW_PRINTF(2, 3) void dash_answer(Dash *d, const char *fmt, ...);
void dash_key(Dash *d, int key);
void dash_theme_try(Dash *d); /* shows the theme that is chosen in the palette, else the one that was kept */
void dash_theme_keep(Dash *d, const char *name);
void dash_suspend(Dash *d);
void dash_saved_read(Dash *d, Err *warning); /* before the terminal is opened */
void dash_saved_apply(Dash *d);              /* range and screen */
const char *dash_saved_theme(const Dash *d);
bool dash_saved_mouse(const Dash *d);
void dash_saved_write(Dash *d);              /* when something changed */
void dash_obey(Dash *d); /* does what a screen wished for in view.go */
#endif
