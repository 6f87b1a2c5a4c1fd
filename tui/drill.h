/* drill: from a row of a list to its calls: which dimensions lists walk through, and the filter that a row stands for. */
#ifndef TUI_DRILL_H
#define TUI_DRILL_H
#include "tui/screen.h"

/* The next dimension after d (or before it). deep: also those that only raw rows know (user, session, endpoint, host). */
int dimension_next(int dim, bool back, bool deep);
/* The dimension that was saved for a screen, if it may have it. */
int dimension_saved(const View *v, const char *key, int fallback, bool deep);
/* Requests with the filter narrowed to this value, by v->go; Esc there clears the filter and comes back. */
void drill_into(View *v, int dim, const char *value);
/* Another screen with nothing but this value; dim -1: with everything. */
void drill_to(View *v, const char *screen, int dim, const char *value);
/* "feature:search", quoted where needed; false if it does not fit. */
bool drill_term(int dim, const char *value, char *out, size_t size);
#endif
