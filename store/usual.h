/* usual: what this hour costs on other weeks: the median of up to 4 weeks, same weekday and hour in a zone.
 *
 * Owns: that definition. An hour is known when at least one week before it was being recorded: the ledger goes back that
 * far, and something was spent in that week's part of the loaded range. A span is the sum of its hours, those that it cuts
 * in proportion. Private to store/query*.c; metered spend only.
 */
#ifndef STORE_USUAL_H
#define STORE_USUAL_H
#include "store/query.h"

typedef struct Usual { /* hours that cover a range */
    size_t hours;
    int64_t *begin_ms; /* [hours + 1]: one more for the end */
    int64_t *nano;     /* [hours]; -1 = unknown */
} Usual;
int usual_load(Usual *out, Db *db, const Filter *filter, const Zone *zone, int64_t since_ms, int64_t until_ms, Err *e);
/* For [from, to) inside the loaded range; -1 = unknown. */
int64_t usual_span(const Usual *u, int64_t from_ms, int64_t to_ms);
void usual_free(Usual *u);
int64_t usual_median(int64_t *v, int n); /* sorts; -1 of none */
#endif
