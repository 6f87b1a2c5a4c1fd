/* cmd_status: what `tollwatch status` knows and how it says it. Private to tui/cmd_status*.c.
 * Judging is apart from writing, so that every form says the same. */
#ifndef TUI_CMD_STATUS_H
#define TUI_CMD_STATUS_H
#include <stdio.h>
#include "store/policy.h"
#include "store/query.h"
#include "tui/theme.h"

typedef enum Severity { SEVERITY_OK, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_UNKNOWN } Severity; /* exit codes */
extern const char *const severity_names[];

enum { REASONS_MAX = 8 };
typedef struct StatusBudget {
    const Budget *budget; /* borrowed from the configuration */
    BudgetView view;
    Severity severity; /* status_judge() */
} StatusBudget;

typedef struct Status {
    Severity severity;
    char reason[REASONS_MAX][256];
    size_t reasons;
    size_t untold;          /* reason + 1 that no figure of the short line shows; 0 = none */
    bool known;             /* the ledger could be read: the figures below are there */
    int64_t now_ms, heartbeat_ms;
    Now now;
    PolicyView policy;
    char top[NAME_MAX_BYTES + 1]; /* what spends most in the last 10 minutes; "" = nothing does */
    int top_percent;
    StatusBudget *budgets;  /* the fullest first */
    size_t budget_count;
    const Zone *zone;
} Status;

/* Sets severity and reasons from the figures. Pure. */
void status_judge(Status *s);
Severity status_switch_severity(const Status *s);

void status_line(const Status *s, bool ascii, FILE *out);
/* In the theme's colours, what is not ok; theme NULL = without. */
void status_tmux(const Status *s, bool ascii, const Theme *theme, FILE *out);
void status_json(const Status *s, FILE *out);
/* {name} is replaced; EXIT_USAGE after a message when a name is unknown. */
int status_template(const Status *s, const char *template, bool ascii, FILE *out);
#endif
