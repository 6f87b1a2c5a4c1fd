/* reading: a list's totals, read in slices between keys when rows must answer.
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
bool reading_is_of(const Reading *r, const View *v, const Query *q);
void reading_free(Reading *r);
#endif
