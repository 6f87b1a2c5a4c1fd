/* savings_act: a person's writing and undoing of a rule that is to save money, from the command line or a dialog: tries it on
 * the calls of yesterday first, so that what is expected stands in the book. Does not: ask, or publish. */
#ifndef TUI_SAVINGS_ACT_H
#define TUI_SAVINGS_ACT_H
#include "store/saving_book.h"
#include "tui/policy_act.h"

/* Yesterday in the budget zone; the last 24 hours if there was no call then. */
struct json_t *savings_policy(const App *a); /* that is obeyed now; NULL = none. json_decref() */
Query savings_yesterday(Db *db, const Zone *day_zone, int64_t now_ms);
/* The rule on the calls of q, under the policy that is obeyed now. */
int savings_try(App *a, Db *db, const SaveRule *r, const Query *q, int64_t max_calls, RuleEffect *out, Err *e);
/* act: begun, and still to be ended by the caller, who may publish. A ledger is needed. */
int savings_write(PolicyAct *act, const SaveRule *r, const RuleEffect *f, const char *reason, PolicyDone *done, Err *e);
int savings_undo(PolicyAct *act, const SavedRule *r, const char *reason, PolicyDone *done, Err *e);
#endif
