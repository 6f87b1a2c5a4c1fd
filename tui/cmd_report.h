/* cmd_report: one answered question, written in four ways. Private to tui/cmd_report*.c.
 * Owns nothing: everything is borrowed for the call. Money is exact in JSON and CSV, rounded in tables. */
#ifndef TUI_CMD_REPORT_H
#define TUI_CMD_REPORT_H
#include <stdio.h>
#include "store/columns.h"

typedef struct Report {
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
#endif
