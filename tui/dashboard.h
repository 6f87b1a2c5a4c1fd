/* dashboard: the live screens on a terminal. The event loop and what keys do; nothing else.
 *
 * One poll() waits for the terminal, signals, commits of the ledger and timers. A frame is drawn at once when the last one
 * is 100 ms old, else together with what comes until then; keys are answered at once; nothing is sent when nothing changed.
 */
#ifndef TUI_DASHBOARD_H
#define TUI_DASHBOARD_H
#include "collectors/worker.h"
#include "tui/command.h"

typedef enum DashboardEnd { DASHBOARD_QUIT, DASHBOARD_DEMO /* the user asked for the demo */ } DashboardEnd;
/* What works in the background while the screens are shown. start is called after the ledger was made and after the
 * signals were blocked (threads inherit that); join after the stop event was set. */
typedef struct Background {
    int (*start)(void *ctx, const App *a, const Stop *stop, Err *e);
    void (*join)(void *ctx);
    void *ctx;
    const char *empty_screen; /* shown first when nothing is configured and the ledger is empty; NULL = the first tab */
} Background;
int dashboard_run(App *a, const Background *background /* NULL: only look */, DashboardEnd *end, Err *e);
#endif
