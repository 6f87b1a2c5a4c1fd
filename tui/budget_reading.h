/* budget_reading: the views of all configured budgets, read in slices.
 *
 * Owns: whose turn it is, and what was read so far. Does not: choose an order. In the past a budget's spend may have to be
 * summed from rows, and its usual pace from the cells of four weeks.
 */
#ifndef TUI_BUDGET_READING_H
#define TUI_BUDGET_READING_H
#include "tui/reading.h"

typedef struct BudgetReading {
    BudgetRun *run;
    BudgetView *view; /* [config's budget_count], as far as `at` */
    size_t at;
    int64_t deadline_us;
} BudgetReading;
/* As of v->until_ms, which the run keeps; when more = false, view holds those of the first `count` budgets. */
int budget_reading_step(BudgetReading *r, View *v, size_t count, bool usual, int64_t deadline_us, bool *more, Err *e);
void budget_reading_restart(BudgetReading *r); /* another question */
void budget_reading_free(BudgetReading *r);

/* Who spends a budget, the largest first: by feature, or by model where the budget is a feature's own. In slices, since of a
 * user's budget only rows know; until it is through nothing is said of another budget's spenders. */
enum { WHO_MAX = 5 };
typedef struct Who { char name[NAME_MAX_BYTES + 1]; int64_t nano; } Who;
typedef struct BudgetWho {
    Who who[WHO_MAX];
    size_t count, others; /* others: those that are not among `who` */
    int64_t others_nano;
    const Budget *of;
    QueryRun *run;
    Filter *filter;
    Query query;
    int64_t deadline_us;
} BudgetWho;
int budget_who_step(BudgetWho *w, View *v, const Budget *b, int64_t begin_ms, int64_t deadline_us, bool *more, Err *e);
void budget_who_end(BudgetWho *w); /* leaves off; what is known stays */
#endif
