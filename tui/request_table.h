/* request_table: single calls as rows of a table: the columns and what stands in them. Pure. */
#ifndef TUI_REQUEST_TABLE_H
#define TUI_REQUEST_TABLE_H
#include "store/query.h"
#include "tui/table.h"

enum { REQ_COL_TIME, REQ_COL_FEATURE, REQ_COL_PROJECT, REQ_COL_MODEL, REQ_COL_COST, REQ_COL_INPUT, REQ_COL_CACHED, REQ_COL_OUTPUT,
       REQ_COL_SECONDS, REQ_COL_CODE, REQ_COL_GATEWAY, REQ_COL_KEY, REQ_COL_TEAM, REQ_COL_USER, REQ_COL_SESSION, REQ_COL_ENDPOINT,
       REQ_COL_TIER, REQ_COL_BASIS, REQ_COLUMNS };
extern const Column request_columns[REQ_COLUMNS];

typedef struct RequestRows {
    const RowView *row;
    size_t count;
    const Zone *const *zone; /* the view's: another one may be chosen between two loads */
    bool dated;                   /* the day instead of the seconds: they are of more than one */
    int64_t watch_nano, act_nano; /* from this cost on a call stands out; 0 = never */
} RequestRows;
/* A table of them; ctx is the RequestRows. Coding agents know a project and no feature: a column that would hold nothing
 * is not there. */
void request_table(const RequestRows *rows, Table *out);
/* From ten times the median of these calls on one stands out, and from the floor of the alert on somebody must look. */
void request_thresholds(RequestRows *rows, int64_t act_nano);
/* One cell of a row, without what depends on the view (REQ_COL_TIME is left empty). */
void request_text(const RowView *v, size_t column, TableCell *out);
int64_t request_figure(const RowView *v, size_t column);
int64_t request_input(const Request *r); /* all input tokens, cached and written ones included */
#endif
