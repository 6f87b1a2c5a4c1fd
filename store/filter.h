/* filter: the one grammar of --where and of the dashboard's "/": `model:gpt* feature:search cost>0.1 status:error text`.
 *
 * EXPR  = TERM...            all must hold (AND)
 * TERM  = [-]DIM:GLOB[,GLOB...] | [-]NUMBER_FIELD(>|>=|<|<=|=)NUMBER | [-]TEXT (in any dimension's value, case-insensitive)
 * DIM   = a dimension's name, or origin outcome/status stream
 * NUMBER_FIELD = cost (USD, exact decimal) tokens input output cached latency (ms) ttft
 * Globs are case-insensitive with * and ?. Values with spaces are quoted "like this". Errors name the column.
 */
#ifndef STORE_FILTER_H
#define STORE_FILTER_H
#include "store/request.h"

typedef struct Filter Filter; /* immutable after parsing; NULL = everything */
int filter_parse(Filter **out, const char *text, Err *e); /* e: `column 19: a number is missing after "cost>"` */
void filter_free(Filter *f);
bool filter_needs_rows(const Filter *f); /* true: rollups cannot answer it (number terms, user, session, ...) */

typedef struct FilterRow { /* what a row or rollup group offers; a NULL name = that dimension is not there */
    Str name[DIM_COUNT];
    Origin origin; Outcome outcome; bool stream;
    int64_t cost_nano, tokens, input, output, cached, latency_ms, ttft_ms;
} FilterRow;
bool filter_matches(const Filter *f, const FilterRow *row);
#endif
