/* policy_act: a person's change of the policy from the command line or a dialog: who, the ledger's witness, publishing. */
#ifndef TUI_POLICY_ACT_H
#define TUI_POLICY_ACT_H
#include "store/policy_log.h"
#include "tui/command.h"

typedef struct PolicyAct {
    Actor by;
    PolicyLog log;
    PolicyWriter writer;
} PolicyAct;
/* app_config() must have been called; path and db are those of the app, borrowed for the act's life. Makes the private folder of
 * a policy when nobody named a place. */
void policy_act_begin(PolicyAct *act, const App *a);
void policy_act_end(PolicyAct *act);
/* The same folder for the collector, if there are budgets that act. */
void policy_act_folder(const App *a);
/* Nothing was ever written, so nothing is stopped. Not so where somebody named a folder that is missing: that is a slip. */
bool policy_act_none_yet(const App *a);
/* Acknowledgements of the gateways that are configured or were seen lately, held against `generation`. */
int policy_act_acks(const App *a, int64_t generation, int64_t now_ms, PolicyAck *out, size_t *count, Err *e); /* out: POLICY_ACKS_MAX */
size_t policy_acks_obeyed(const PolicyAck *acks, size_t count);
/* "30m" "2h" "1d" to milliseconds, "none" to 0. */
int policy_duration_parse(const char *text, int64_t *out_ms, Err *e);
/* "30 min", "2 h 5 min". */
void policy_duration_text(int64_t ms, char *out, size_t size);
#endif
