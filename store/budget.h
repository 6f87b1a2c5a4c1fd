/* budget: a configured limit: on what, per which period. Pure; the ledger keeps the sums, periods are time_floor()'s.
 * Amounts in nano-dollars. Metered spend only (notional value never counts). */
#ifndef STORE_BUDGET_H
#define STORE_BUDGET_H
#include "store/clock.h"
#include "store/request.h"

typedef enum BudgetAction { BUDGET_ALERT, BUDGET_BLOCK, BUDGET_KILL } BudgetAction;
typedef struct Budget {
    char id[64];
    int scope_dim;               /* -1 = global, else a Dim: account provider model feature team user key */
    char scope_value[NAME_MAX_BYTES + 1];
    Unit period;                 /* UNIT_DAY, UNIT_WEEK or UNIT_MONTH */
    int64_t limit_nano;
    int warn_permille[4];        /* 500 800; 0 ends */
    BudgetAction action;
} Budget;

/* "global", "feature:search" into scope_dim and scope_value. */
int budget_parse_scope(Budget *b, const char *text, Err *e);
#endif
