/* dashboard: the live screens on a terminal. The event loop and what keys do; nothing else.
 *
 * One poll() waits for the terminal, signals, commits of the ledger and timers. A frame is drawn at once when the last one
 * is 100 ms old, else together with what comes until then; keys are answered at once; nothing is sent when nothing changed.
 */
#ifndef TUI_DASHBOARD_H
#define TUI_DASHBOARD_H
#include "tui/command.h"

typedef enum DashboardEnd { DASHBOARD_QUIT, DASHBOARD_DEMO /* the user asked for the demo */ } DashboardEnd;
typedef struct DashboardOptions {
    bool collect;             /* collect in the background if nobody does */
    const char *screen;       /* to begin with; NULL = the first */
    const char *answer;       /* shown at first; NULL = none */
} DashboardOptions;
int dashboard_run(App *a, const DashboardOptions *o, DashboardEnd *end, Err *e);
#endif
