/* usage: from a record's own counters to disjoint buckets, deciding by the record's own total what is inside what.
 * Pure. Source of the rules: the vendors' usage objects; every case is a test. */
#ifndef COLLECTORS_USAGE_H
#define COLLECTORS_USAGE_H
#include "store/request.h"

typedef struct Counters { /* as the record has them; -1 = not in the record */
    int64_t input, output, total, cache_read, cache_write /* sum */, cache_write_5m, cache_write_1h, reasoning, audio_input, tool;
    bool input_has_cache;      /* the format's rule: cached tokens are inside `input` */
    bool output_has_reasoning; /* reasoning tokens are inside `output` */
} Counters;
/* Fills tokens, raw_* and the usage flags of r. */
void usage_to_buckets(Counters c, Request *r);
#endif
