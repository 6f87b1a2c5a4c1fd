/* demo_gateways: the demo's gateways obey the demo's policy file, so that the switch and rules can be tried: they refuse calls
 * that a stop refuses, send them to another model, clamp and cache answers, and say in acks/ that they do. One of them is silent, because in real life one always is. */
#ifndef TUI_DEMO_GATEWAYS_H
#define TUI_DEMO_GATEWAYS_H
#include "store/policy.h"
#include "store/request.h"

enum { DEMO_STORED = 256 };
typedef struct DemoSwitch {
    const char *policy_path;
    int64_t told_generation, told_ms; /* as acknowledged last */
    struct json_t *policy;            /* the last good one */
    struct json_t *past;              /* what stood from past_ms on, for calls of the history; NULL = nothing */
    int64_t past_ms;
    struct { uint64_t key; int64_t ts_ms; } stored[DEMO_STORED]; /* answers of the cache */
} DemoSwitch;
/* Reads the policy and acknowledges it: on a change and every 10 s. */
int demo_switch_look(DemoSwitch *s, int64_t now_ms, Err *e);
/* Of the calls in a batch that happen after from_ms: what the policy says at that time; of earlier ones only routes. */
void demo_switch_apply(DemoSwitch *s, Batch *b, int64_t from_ms);
void demo_switch_free(DemoSwitch *s);
#endif
