/* cmd_report: one answered question, written in four ways. Private to tui/cmd_report*.c.
 * Owns nothing: everything is borrowed for the call. Money is exact in JSON and CSV, rounded in tables. */
#ifndef TUI_CMD_REPORT_H
#define TUI_CMD_REPORT_H
#include <stdio.h>
#include "store/columns.h"
#include "store/tier.h"
#include "tui/command.h"

enum { REPORT_EVENTS_MAX = 5000 };
typedef struct ReportEvent { /* what was told, and what people and budgets did to the switch, in the range */
    int64_t at_ms;
    const char *kind; /* "alert" "resolved" "acknowledged" "policy" */
    char by[128], text[400];
} ReportEvent;
/* In the order of time, at most REPORT_EVENTS_MAX into out; where there is no policy file its changes are just missing. */
int report_events_load(Db *db, const char *policy_path, int64_t since_ms, int64_t until_ms, ReportEvent *out, size_t *count, bool *more, Err *e);

typedef struct ReportMix { SpendMix *row, total; } ReportMix; /* row: as the result's groups */
int report_mix_load(App *a, Db *db, const Query *q, const Result *rows, ReportMix *out, Err *e); /* out->row: free() */

typedef struct Report {
    const ReportMix *mix; /* of JSON and CSV; NULL = not asked for */
    const ReportEvent *events;
    size_t event_count;
    bool events_more;     /* than those */
    const Query *query;
    const Result *result; /* sorted */
    size_t shown;         /* groups to write; the total is over all of them */
    const Zone *zone;
    bool ascii;           /* tables: no mark or name beyond ASCII */
} Report;

void report_json(const Report *r, FILE *out);
void report_csv(const Report *r, FILE *out);
void report_table(const Report *r, FILE *out);
void report_markdown(const Report *r, FILE *out);
void report_events(const Report *r, bool markdown, FILE *out); /* a section; nothing without events */
#endif
