/* budget: a configured limit: on what, per which period, and the arithmetic of it. Pure; the ledger keeps the sums.
 *
 * Owns: periods, levels, projections. Does not: read the clock or the ledger. Amounts in nano-dollars, never notional value.
 * Which spend counts: global, provider and account budgets look at effective spend (what was billed or reported where that
 * is more, see effective.h); the others at metered spend, because no bill knows of features, teams, users or keys.
 */
#ifndef STORE_BUDGET_H
#define STORE_BUDGET_H
#include "store/clock.h"
#include "store/request.h"

typedef enum BudgetAction { BUDGET_ALERT, BUDGET_BLOCK, BUDGET_KILL } BudgetAction;
typedef struct Budget {
    char id[64];
    int scope_dim;               /* -1 = global, else a Dim: account provider model feature team user key */
    char scope_value[NAME_MAX_BYTES + 1];
    Unit period;                 /* UNIT_HOUR, UNIT_DAY, UNIT_WEEK or UNIT_MONTH */
    int anchor_day;              /* a month begins on it, or on its last day when it is shorter; 0 = the first */
    Zone *zone;                  /* of its periods, owned by the Config; NULL = that of all days */
    int64_t limit_nano;
    int warn_permille[4];        /* 500 800; 0 ends */
    BudgetAction action;         /* at the limit */
    bool soft;                   /* the action is not taken, it only alerts */
} Budget;

/* "global", "feature:search" into scope_dim and scope_value, and back. */
int budget_parse_scope(Budget *b, const char *text, Err *e);
void budget_scope_text(const Budget *b, char *out, size_t size);
bool budget_is_hard(const Budget *b);      /* it acts at its limit */
bool budget_is_effective(const Budget *b); /* bills and usage reports count too */

/* The period that contains an instant is [begin, end). `days` is the general zone, for budgets without their own. */
const Zone *budget_zone(const Budget *b, const Zone *days);
int64_t budget_begin_ms(const Budget *b, const Zone *days, int64_t ms);
int64_t budget_end_ms(const Budget *b, const Zone *days, int64_t ms);

/* The highest warning that is reached, 1000 = the limit, 0 = none. */
int budget_level(const Budget *b, int64_t spent_nano);
int budget_permille(int64_t spent_nano, int64_t limit_nano); /* 0..INT_MAX */

typedef struct Forecast {
    int64_t end_nano;    /* spend at the period's end */
    int64_t breaks_ms;   /* when the limit is reached; now when it is; -1 = not in this period */
} Forecast;
/* At a rate of nano-dollars per minute, from now to the period's end. */
Forecast budget_forecast(const Budget *b, int64_t spent_nano, int64_t rate_nano_per_min, int64_t now_ms, int64_t end_ms);
/* What a hard cap lets through: from the log line to the gateway that obeys it takes 1.5 s. Calls in flight come on top. */
int64_t budget_overshoot_nano(int64_t rate_nano_per_min);
#endif
