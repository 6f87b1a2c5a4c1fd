/* usual_rates: what the rows of a list usually spend a minute in this hour of the week, kept for a while.
 *
 * Owns: asking for it only now and then, and only where rollups answer. Does not: compute it (query_usual_rates()).
 */
#ifndef TUI_USUAL_RATES_H
#define TUI_USUAL_RATES_H
#include "tui/screen.h"

enum { USUAL_ROWS = 64 };
typedef struct UsualRates {
    char name[USUAL_ROWS][NAME_MAX_BYTES + 1];
    int64_t nano[USUAL_ROWS];
    size_t count;
    int64_t asked_ms; /* on the view's clock; 0 = never */
} UsualRates;
bool usual_rates_due(const UsualRates *u, const View *v);
/* Dimensions that rollups have, with a filter that they can answer. */
bool usual_rates_quick(int dim, const View *v);
/* For the first rows of a result by one dimension or more. */
int usual_rates_load(UsualRates *u, View *v, int dim, const Result *rows, Err *e);
int64_t usual_rates_of(const UsualRates *u, const char *name); /* -1 = unknown */
#endif
