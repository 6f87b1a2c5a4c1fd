/* view: what all screens share (screen.h's View): opened from the options, kept up to date by time.
 *
 * Used by the dashboard and by `render`. Owns: time ranges, the filter's life. Does not: draw.
 */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H
#include "tui/screen.h"

/* Config, book and zone of the application; then its ledger, read only. */
int view_open(View *v, App *app, Err *e);
int view_open_ledger(View *v, Err *e);
void view_close(View *v);
/* Now and the range (unless paused): before every load, else a request that came since the last second is not in it. */
void view_to_now(View *v);
/* That, the switch, who collects. Cheap: once a second. */
void view_tick(View *v);
/* What the ledger says for the header: alerts, the newest record. When something was committed, and now and then because
 * time ends silences. */
void view_facts(View *v);

/* ---- time (view_time.c) ---- */
/* Moves on (or back) in: 15m 1h 6h 24h today 7d 30d month. */
void view_next_range(View *v, bool back);
/* A name, a begin as `report --since` takes it, or BEGIN..END; an END that is over shows everything as of then. */
int view_set_range(View *v, const char *text, Err *e);
/* What it would be, "20 Nov 00:00 – 22 Nov 00:00"; changes nothing. */
int view_range_words(const View *v, const char *text, char *out, size_t size, Err *e);
extern const char *const view_ranges[]; /* NULL ends */
bool view_is_live(const View *v);
bool view_is_past(const View *v); /* not live and not just paused: what has no history is unknown */
int view_budget(const View *v, const Budget *b, BudgetView *out, Err *e); /* live or as of then */
/* Everything as of then, on whole minutes (quarters of an hour of a long range); now or later is live. */
void view_go_to(View *v, int64_t at_ms);
void view_go_live(View *v);
void view_step(View *v, int tenths); /* of the range, back when negative; a slot at least */
int64_t view_slot_ms(const View *v); /* what steps and cursors stand on */
/* "as of 02:35, 37m ago"; "paused 2m". Words, for the header and answers; "" when live. */
void view_pace_words(const View *v, bool full, char *out, size_t size);
/* ---- comparing ---- */
void view_next_compare(View *v);                              /* off, the range before, yesterday, last week */
int view_set_compare(View *v, const char *name, Err *e);      /* "off" "before" "yesterday" "week" */
const char *view_compare_words(const View *v);                /* "before", "yesterday", "last week"; "" = off */
/* The range it stands beside, by the clock of the days' zone: the same times a day or a week ago, the same part of the day
 * or month before. False when nothing is compared. */
bool view_compared(const View *v, int64_t *since_ms, int64_t *until_ms);

/* Shows times in the next of: the configuration's zone, UTC, this machine's. Days and budgets stay what they are. */
int view_next_zone(View *v, Err *e);
int view_set_zone(View *v, const char *name, Err *e); /* "config", "UTC", "local"; it is saved */

/* On an error the filter stays what it was. */
int view_set_filter(View *v, const char *text, Err *e);
void view_set_paused(View *v, bool paused);
/* A dialog takes all keys until it is confirmed or cancelled. A second one does not open over it. */
void view_open_dialog(View *v, const DialogType *type);
void view_close_dialog(View *v);
void view_refresh_dialog(View *v); /* its notes and hints anew; nothing without one */
#endif
