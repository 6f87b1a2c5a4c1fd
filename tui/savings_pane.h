/* savings_pane: the rule that brings a saving, on the Savings screen: opened with Enter, tried on yesterday's calls, its share
 * changed with left and right, written with w, undone with u; and the rules that run, with what they saved since.
 * Does not: estimate (store/savings.h), or write (tui/savings_act.h). */
#ifndef TUI_SAVINGS_PANE_H
#define TUI_SAVINGS_PANE_H
#include "store/savings.h"
#include "tui/savings_act.h"
#include "tui/screen.h"

enum { PANE_RULES = 3 };
typedef struct SavingsPane {
    bool open;
    char rule[230], why_none[160], yesterday[48]; /* rule: its words; "" = no rule of a gateway brings this */
    int percent;
    SaveRule parsed;
    RuleEffect f;
    int64_t read_ms, generation;     /* of what runs; 0 = not read */
    SavedRule *saved;                /* running ones, newest first */
    RuleMeasured m[PANE_RULES];
    char obeyed[PANE_RULES][48];
    size_t count, shown;
} SavingsPane;
void savings_pane_free(SavingsPane *p);
bool savings_pane_open(SavingsPane *p, View *v, SaveStrategy by, const Saving *s); /* true: the key was its */
int savings_pane_load(SavingsPane *p, View *v, Err *e);
int savings_pane_running(const SavingsPane *p, const View *v, Canvas *c, Rect r); /* rows used */
void savings_pane_draw(const SavingsPane *p, const View *v, Canvas *c, Rect r);
bool savings_pane_key(SavingsPane *p, View *v, int key);
#endif
