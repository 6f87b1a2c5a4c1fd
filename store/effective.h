/* effective: what a period really costs, of all that is known about it.
 *
 * Owns the one rule: per account and UTC day, billed money if the day is closed and its bill has arrived, else the larger
 * of metered and reported. A day that the period only touches has no bill of its own: its part is metered or reported.
 * Notional value is no spend. Used for global, provider and account figures; features, keys and users are metered.
 */
#ifndef STORE_EFFECTIVE_H
#define STORE_EFFECTIVE_H
#include "store/query.h"

typedef struct Effective {
    int64_t nano;
    int64_t metered_nano; /* of the same; nano - metered_nano: what logs do not know, less what they counted too much */
    int64_t billed_nano;  /* the part of it that is billed money */
    unsigned basis;       /* bit per Origin that was taken for some account and day */
} Effective;
/* As of now_ms: days that end after it are open. The filter names accounts or providers; NULL = everything. */
int effective_spend(Db *db, const Filter *filter, int64_t since_ms, int64_t until_ms, int64_t now_ms, Effective *out, Err *e);
#endif
