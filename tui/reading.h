/* reading: a list's totals, or a chart, read in slices between keys when rows or many cells must answer.
 *
 * Owns: the run, and what it was asked: a key that changes the question ends it, a commit or a second that passes does not.
 * Does not: draw. What was whole stays until the new answer is; only another question shows how far it has come.
 */
#ifndef TUI_READING_H
#define TUI_READING_H
#include "tui/screen.h"

typedef struct Reading {
    QueryRun *run;
    Filter *filter;       /* the run's own: the view's may change under it */
    uint64_t asked;       /* what the run, or the last one, was asked; 0 = nothing yet */
    uint64_t whole;       /* to what the shown answer is whole; 0 = none */
    int64_t deadline_us, show_us;
} Reading;

/* One slice, of v's filter. more: there is more to read, and *changed says whether *out is anew. */
int reading_step(Reading *r, View *v, const Query *q, int64_t deadline_us, Result *out, bool *more, bool *changed, Err *e);
/* The same for a chart; *out is anew when it is whole (more = false), until then what it was. */
typedef struct ChartReading {
    SeriesRun *run;
    Filter *filter;
    uint64_t asked;
    int64_t deadline_us;
} ChartReading;
typedef struct ChartAsk {
    Query q;              /* the range; its filter is the view's */
    int dim;
    size_t stacks;
    int64_t slot_ms;
} ChartAsk;
int chart_reading_step(ChartReading *r, View *v, const ChartAsk *ask, int64_t deadline_us, Series *out, bool *more, Err *e);
void chart_reading_free(ChartReading *r);

bool reading_is_of(const Reading *r, const View *v, const Query *q);
void reading_free(Reading *r);

/* For who reads in another way. What v and q ask, the same while a live range moves on; when it was asked last for so long,
 * another screen was looked at; a filter of its own; and the interrupt of a Query, whose ctx is the deadline. */
uint64_t reading_question(const View *v, const Query *q);
bool reading_given_up(int64_t last_deadline_us);
int reading_filter(const View *v, Filter **out, Err *e);
int reading_late(void *deadline_us);
int64_t reading_now_us(void);
#endif
