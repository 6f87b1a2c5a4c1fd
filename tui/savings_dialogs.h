/* savings_dialogs: the questions before a rule that saves is written or taken out again: they say what happens, who obeys, and
 * whether it is published. */
#ifndef TUI_SAVINGS_DIALOGS_H
#define TUI_SAVINGS_DIALOGS_H
#include "tui/screen.h"

/* Opens one, or says why not (--readonly). */
void savings_ask_write(View *v, const char *rule_words);
void savings_ask_undo(View *v, const char *id);
#endif
