/* request_table: single calls as rows of a table: the columns and what stands in them. Pure. */
#ifndef TUI_REQUEST_TABLE_H
#define TUI_REQUEST_TABLE_H
#include "store/query.h"
#include "tui/table.h"

enum { REQ_COL_TIME, REQ_COL_FEATURE, REQ_COL_MODEL, REQ_COL_COST, REQ_COL_INPUT, REQ_COL_CACHED, REQ_COL_OUTPUT, REQ_COL_SECONDS,
       REQ_COL_CODE, REQ_COL_GATEWAY, REQ_COL_KEY, REQ_COLUMNS };
extern const Column request_columns[REQ_COLUMNS];

typedef struct RequestRows {
    const RowView *row;
    const Zone *zone;
    bool dated; /* the day instead of the seconds: they are of more than one */
} RequestRows;
/* A Table.cell; ctx is a RequestRows. */
void request_cell(const void *ctx, size_t row, size_t column, TableCell *out);
int64_t request_input(const Request *r); /* all input tokens, cached and written ones included */
#endif
