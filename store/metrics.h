/* metrics: what is spent, limited, stopped and alive, as Prometheus text.
 *
 * Owns: which metrics there are, their names and how many series at most. Does not: write a file or listen. Thread: any, with
 * a Db of the caller's.
 *
 * Names and labels are an outside interface. Labels say provider, model and feature; never a request, a user or a key, not
 * even as a budget's scope. Unknown is no sample: a model without a price has no llm_cost_usd, it is in llm_unpriced_tokens.
 */
#ifndef STORE_METRICS_H
#define STORE_METRICS_H
#include "store/config.h"
#include "store/db.h"
#include "store/price.h"

/* For each of today and month the dearest so many of provider, model and feature; the rest is one of "(other)". */
enum { METRICS_SERIES_MAX = 100, METRICS_TEXT_MAX = 4 << 20 };

typedef struct MetricsAsk {
    const Config *config;
    const Zone *zone;                 /* of days and months */
    const char *policy_path;
    int64_t now_ms;
    int (*interrupt)(void *ctx);      /* as Query has it; NULL = never */
    void *ctx;
} MetricsAsk;
/* Into an empty `out` (max METRICS_TEXT_MAX). -1 leaves what is not to be used. */
int metrics_text(Db *db, const MetricsAsk *ask, Buf *out, Err *e);

/* Appends what each strategy of savings.h saved and could save on the newest calls of a week, as the Savings screen says it;
 * nothing of a strategy whose figure is unknown. Looks at single calls: costs some 100 ms, so it is not in metrics_text(). */
int metrics_savings(Db *db, const MetricsAsk *ask, const Book *b, Buf *out, Err *e);

/* Private to store/metrics*.c */
int metrics_spend(Db *db, const MetricsAsk *ask, Buf *out, Err *e);
void metrics_switch(const MetricsAsk *ask, Buf *out);
#endif
