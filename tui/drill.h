/* drill: from a row of a list to its parts, list by list, to its calls: which dimensions lists walk through, the filter that
 * a row stands for, and the way back.
 *
 * provider -> model -> feature -> requests; every other dimension goes on with the first of these that is not yet chosen.
 */
#ifndef TUI_DRILL_H
#define TUI_DRILL_H
#include "tui/screen.h"

/* The next dimension after d (or before it). deep: also those that only raw rows know (user, session, endpoint, host). */
int dimension_next(int dim, bool back, bool deep);
/* The dimension that was saved for a screen, if it may have it. */
int dimension_saved(const View *v, const char *key, int fallback, bool deep);
/* What a chosen value is split by next; -1 = by nothing more: its calls. */
int drill_next(const View *v, int dim);
/* The filter narrowed to this value, and by v->go the list of its parts, or its calls. */
void drill_into(View *v, int dim, const char *value);
/* Another screen with nothing but this value; dim -1: with everything. */
void drill_to(View *v, const char *screen, int dim, const char *value);
/* One step back: its filter, its range, by v->go its screen. false = there is none. */
bool drill_back(View *v);
void drill_forget(View *v); /* the way, not the filter */
/* "anthropic > claude-opus-5-5", the last `most` of them; "" = not drilled. */
void drill_crumbs(const View *v, int most, char *out, size_t size);
/* What was typed beyond the way's own filter, for the header. */
const char *drill_typed_filter(const View *v);
/* "feature:search", quoted where needed; false if it does not fit. */
bool drill_term(int dim, const char *value, char *out, size_t size);
#endif
