/* columns: the numbers of a report's row: their names, order and meaning, for JSON, CSV, tables and sorting alike.
 * The names are an outside interface: they never change, new ones come before `basis`. */
#ifndef STORE_COLUMNS_H
#define STORE_COLUMNS_H
#include "store/query.h"

typedef enum RowColumn {
    COL_REQUESTS, COL_ERRORS, COL_REFUSED, COL_INCOMPLETE, COL_INPUT, COL_CACHE_READ, COL_WRITE_5M, COL_WRITE_1H,
    COL_OUTPUT, COL_REASONING, COL_CACHE_HITS, COL_UNPRICED, COL_COST, COL_NOTIONAL, COL_SAVED_CACHE,
    COL_SAVED_RESPONSE, COL_PER_REQUEST, COL_PROMPT_HIT, COL_RESPONSE_HIT, COL_OUTPUT_SHARE, COL_COUNT
} RowColumn;
extern const char *const column_names[COL_COUNT]; /* "requests" ... "saved_cache_usd" */
static inline bool column_is_money(RowColumn c) { return c >= COL_COST && c <= COL_PER_REQUEST; }
int64_t column_value(const Totals *t, RowColumn c); /* nano-dollars for money */
bool column_is_known(const Totals *t, RowColumn c); /* false: nothing to divide by, or a price is missing; the value is then -1 */
#endif
