/* demo_load: a made-up company's calls, the same for every run that begins at the same minute.
 *
 * Owns: features, models, sizes, the daily curve, the incident. Pure: a minute and a seed give requests (unpriced; the
 * caller prices them). Models and their prices are real, the load is not.
 */
#ifndef TUI_DEMO_LOAD_H
#define TUI_DEMO_LOAD_H
#include "store/request.h"

enum { DEMO_GATEWAYS = 3, DEMO_MINUTE_MAX = 400 /* requests of a minute */ };
extern const char *const demo_gateways[DEMO_GATEWAYS];

typedef struct DemoLoad {
    uint64_t seed;
    int64_t onset_ms; /* from then on doc-agent writes its prompt cache and never reads it */
} DemoLoad;
/* Adds the requests of the minute whose time is in [from, to) to the batch of their gateway. */
void demo_minute(const DemoLoad *load, int64_t minute_ms, int64_t from_ms, int64_t to_ms, Batch *const batch[DEMO_GATEWAYS]);
#endif
