/* query_bills: what the alert rules look at of bills: per account the newest UTC day that is over and read to its end.
 *
 * Owns: which day that is, what is left out because it cannot be compared, and when it is worth reading anew. Does not: judge.
 */
#ifndef STORE_QUERY_BILLS_H
#define STORE_QUERY_BILLS_H
#include "store/query_facts.h"

typedef struct BillsRoom BillsRoom; /* the memory of the facts */
BillsRoom *bills_room_new(void);
void bills_room_free(BillsRoom *r); /* NULL is fine */
/* Into out; read anew when a provider was read, and every ten minutes, since logs may come late. */
int bills_facts_load(BillsRoom *r, Db *db, const FactsAsk *ask, AlertFacts *out, Err *e);
#endif
