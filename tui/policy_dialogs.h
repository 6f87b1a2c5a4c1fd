/* policy_dialogs: the questions before the policy file is changed: stop calls, let them pass, set a rule. */
#ifndef TUI_POLICY_DIALOGS_H
#define TUI_POLICY_DIALOGS_H
#include "tui/screen.h"

extern const DialogType stop_dialog, resume_dialog, rule_dialog;
/* Opens one, or says why not (--readonly). */
void policy_dialog(View *v, const DialogType *type);
/* After a change: where it failed, or what did not come of it, in v->answer; command: publishes where nobody collects. */
int policy_dialog_told(View *v, const PolicyDone *done, const char *command, Err *e);
/* rule_dialog with a path and value to begin with. */
void policy_rule_dialog(View *v, const char *at, const char *value);
#endif
