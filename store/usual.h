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
/* The same in slices, as query_open() and its kind; of q: range, filter, zone, interrupt and ctx. */
typedef struct UsualRun UsualRun;
int usual_open(UsualRun **out, Db *db, const Query *q, Err *e);
int usual_go_on(UsualRun *r, bool *more, Err *e); /* the caller holds a read transaction, or does without */
void usual_take(UsualRun *r, Usual *out);         /* when it is whole; closes the run */
void usual_close(UsualRun *r);
/* For [from, to) inside the loaded range; -1 = unknown. */
int64_t usual_span(const Usual *u, int64_t from_ms, int64_t to_ms);
void usual_free(Usual *u);
int64_t usual_median(int64_t *v, int n); /* sorts; -1 of none */
#endif
