/* screen: a screen is load (rows from the store) and draw (rows to cells). draw is pure.
 *
 * One .c file a screen and one line in screens[]. Thread: the UI's. load has a deadline and is resumable: it may return
 * with more = true and is called again between keys.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H
#include "store/policy.h"
#include "store/query.h"
#include "tui/canvas.h"
#include "tui/command.h"
#include "tui/dialog.h"
#include "tui/saved.h"

typedef enum ZoneShown { ZONE_CONFIG, ZONE_UTC, ZONE_LOCAL } ZoneShown;
typedef enum Compare { COMPARE_OFF, COMPARE_BEFORE, COMPARE_DAY, COMPARE_WEEK } Compare;
struct Layout;
struct Listing;

/* Opened from a list's row: where from, and what was chosen. */
enum { DRILL_MAX = 12, CRUMB_MAX = 64 };
typedef struct DrillStep {
    char screen[16], filter[256];            /* to go back to */
    char range[64], range_name[16];          /* View.range_text, range_name */
    int64_t length_ms;                       /* of the range */
    int dim;                                 /* what was chosen, and its value as the header says it */
    char crumb[CRUMB_MAX];
    int next_dim;                            /* by what the list that was opened is */
    uint32_t id;
} DrillStep;

typedef struct View { /* what the user chose; shared by all screens, survives switching */
    int64_t now_ms;                /* the frame's clock */
    int64_t since_ms, until_ms;    /* the range; until is the instant everything is shown as of, now when live */
    int64_t asof_ms;               /* 0 = live; else nothing later than this is shown: paused, or back in time */
    char range_name[16];           /* "6h"; "range" where no short name says it */
    char range_text[64];           /* as it was asked for: "6h", "2026-11-01..2026-11-07"; "" = range_length_ms */
    int64_t range_length_ms;
    Compare compare;               /* with what the range stands beside */
    Filter *filter; char filter_text[256];
    DrillStep step[DRILL_MAX];     /* the way from list to list; Esc goes one back */
    int depth;                     /* steps of it; 0 = not drilled */
    uint32_t steps;                /* ever made: names a step */
    char drill_filter[256];        /* what the way makes of the filter; what was typed since stands after it */
    const struct Screen *shown;    /* the screen and its self, for dialogs about it */
    void *shown_self;
    const Zone *zone;              /* of what is shown, never of days and budgets */
    ZoneShown zone_shown;
    Zone *zone_own;                /* the one that was switched to, ours; NULL = the application's */
    bool ascii, paused, readonly, show_content, demo;
    PolicyView policy;             /* for the header of every screen */
    char collecting[128];          /* "host pid user", "" = NOBODY IS COLLECTING */
    char answer[256];              /* answer row: reply to the last key; "" = none */
    int alerts_act, alerts_watch;  /* counts in the header */
    char leak[256];                /* the newest alert of spend that passed no gateway; "" = none */
    char ticker[256];              /* the newest alert, shown where there is no answer; "" = none */
    int64_t newest_ms;             /* time of the newest record, 0 = none yet: "live, 1s old" */
    bool nothing, sourceless;      /* no call and no bill was ever read; no source was ever looked at */
    int reading_permille;          /* a load goes on: 0..1000; -1 = none */
    Prompt prompt;                 /* being typed in the answer row: a filter or a command */
    Dialog dialog;                 /* open when dialog.type is set: view_open_dialog() */
    char go[32];                   /* a screen's wish after key_pressed or load: another screen's name, or "demo"; "" = none */
    Saved *saved;                  /* what survives a restart; NULL (render, demo) = nothing does */
    Db *db; App *app; const Book *book;
} View;

typedef struct Screen {
    const char *name, *title;      /* "overview", "Overview" */
    char key;                      /* '1' ... */
    void *(*open)(void);
    void (*close)(void *self);
    /* deadline_us: on CLOCK_MONOTONIC. more: called again with the same self, and v->reading_permille may say how far. */
    int (*load)(void *self, View *v, int64_t deadline_us, bool *more, Err *e);
    /* NULL, or: time has passed since the last load and nothing else; anew is only what moves by the second. */
    int (*tick)(void *self, View *v, Err *e);
    bool unfiltered;               /* it shows the whole whatever the filter, and the header says so */
    bool restless;                 /* tick each second; else in the minute after a record, while the rate falls */
    void (*draw)(const void *self, const View *v, Canvas *c, Rect area); /* area excludes header, answer row, footer */
    /* A key this screen handles (see keys.h); false = not mine. May change v (then load is called). */
    bool (*key_pressed)(void *self, View *v, int key);
    /* The list this screen shows in such a window (list.h); false = none. NULL: a screen without a list. */
    bool (*list)(const void *self, const View *v, const struct Layout *l, struct Listing *out);
    size_t table_at;               /* with a list: offsetof its TableState in self */
    void (*moved)(void *self, View *v); /* another row is selected; NULL = nothing to do */
    const char *footer;            /* key_commands' names by use, most used first: "open sort dimension range" */
} Screen;
extern const Screen *const screens[]; /* NULL ends */
const Screen *screen_find(const char *name);

/* The switch as the header says it; brief for one-line views: "○pass". `role` is how it is drawn. */
const char *switch_words(const PolicyView *p, const Zone *zone, int64_t now_ms, bool brief, char *out, size_t size, ThemeRole *role);
/* Draws header, area, answer row and footer for one screen. Pure. */
void frame_draw(const Screen *s, const void *self, const View *v, Canvas *c);
#endif
