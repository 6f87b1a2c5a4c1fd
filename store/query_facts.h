/* query_facts: what the alert rules look at, read from the ledger, the policy file and the acknowledgements.
 *
 * Owns: the windows (5 minutes, 15 minutes, the 24 hours before) and the bounds of what is kept. Does not: judge.
 * What rollups answer is read at each call, what only rows know every 30 s: some milliseconds, at 100 requests a second.
 */
#ifndef STORE_QUERY_FACTS_H
#define STORE_QUERY_FACTS_H
#include "store/alert.h"

typedef struct FactsAsk { /* borrowed while the facts are used */
    int64_t now_ms;
    const Zone *zone;           /* budget days */
    const Budget *budgets; size_t budget_count;
    const char *policy_path, *runbook;
    const char *const *gateways; size_t gateway_count;  /* names of configured acknowledgement files */
    int64_t call_floor_nano;    /* single requests from here on */
    Tiers tiers;                /* of models */
    const Book *book; const char *config_dir; /* names of models in bills; NULL = as they are */
} FactsAsk;
typedef struct FactsRoom FactsRoom; /* the memory of the facts */
FactsRoom *facts_room_new(void);
void facts_room_free(FactsRoom *r);
/* *out points into the room, until the next load. Sources are not filled: book_live_list() knows them. */
int facts_load(FactsRoom *r, Db *db, const FactsAsk *ask, AlertFacts *out, Err *e);
#endif
