/* filter: the one grammar of --where and of the dashboard's "/": `model:gpt* feature:search cost>0.1 status:error text`.
 *
 * EXPR  = TERM...            all must hold (AND)
 * TERM  = [-]DIM:GLOB[,GLOB...] | [-]NUMBER_FIELD(>|>=|<|<=|=)NUMBER | [-]TEXT (in any dimension's value, case-insensitive)
 * DIM   = a dimension's name, or origin outcome/status stream
 * NUMBER_FIELD = cost (USD, exact decimal) tokens input output cached latency (ms) ttft
 * Globs are case-insensitive (ASCII) with * and ?; an empty glob is "no value". Values with spaces, commas or colons are
 * quoted "like this", with \" and \\ inside. Counts take k and M, times s and ms. Errors name the column.
 */
#ifndef STORE_FILTER_H
#define STORE_FILTER_H
#include "store/request.h"

typedef struct Filter Filter; /* immutable after parsing; NULL = everything */
int filter_parse(Filter **out, const char *text, Err *e); /* e: `column 19: a number is missing after "cost>"` */
void filter_free(Filter *f);
int filter_error_column(const char *error); /* the place in such an error: a character, from 1; 0 = it names none */

/* What a term can begin with, for completion: the i-th. */
typedef struct FilterField {
    const char *name;   /* NULL: there are no more */
    const char *values; /* the only ones it can have, with blanks between them; NULL = any */
    int dim;            /* the Dim whose values it has; -1 = none */
    bool number;        /* it is compared with a number */
} FilterField;
FilterField filter_field(int i);

bool filter_needs_rows(const Filter *f); /* true: rollups cannot answer it (number terms, user, session, ...) */

/* What a filter looks at, as bits: 1 << Dim, then these. */
enum {
    FILTER_ORIGIN = 1 << DIM_COUNT, FILTER_OUTCOME = FILTER_ORIGIN << 1, FILTER_STREAM = FILTER_ORIGIN << 2,
    FILTER_NUMBERS = FILTER_ORIGIN << 3, FILTER_ALL = (FILTER_ORIGIN << 4) - 1
};
unsigned filter_uses(const Filter *f);

typedef struct FilterRow { /* what a row or rollup group offers */
    Str name[DIM_COUNT];
    Origin origin; Outcome outcome; bool stream;
    int64_t cost_nano, tokens, input, output, cached, latency_ms, ttft_ms; /* negative = unknown: no comparison holds */
} FilterRow;
bool filter_matches(const Filter *f, const FilterRow *row);
/* The same, of a row of which only these bits are known: terms that look at anything else are taken to hold. False is
 * therefore final, and a scan can refuse a row before it has read it whole. */
bool filter_may_match(const Filter *f, const FilterRow *row, unsigned known);
#endif
