/* demo_gateways: the demo's gateways obey the demo's policy file, so that the switch can be tried: they refuse calls that a stop
 * refuses, and say so in acks/. One of them is silent, because in real life one always is. */
#ifndef TUI_DEMO_GATEWAYS_H
#define TUI_DEMO_GATEWAYS_H
#include "store/policy.h"
#include "store/request.h"

typedef struct DemoSwitch {
    const char *policy_path;
    int64_t told_generation, told_ms; /* as acknowledged last */
    struct json_t *policy;            /* the last good one */
} DemoSwitch;
/* Reads the policy and acknowledges it: on a change and every 10 s. */
int demo_switch_look(DemoSwitch *s, int64_t now_ms, Err *e);
/* Refuses what the policy refuses at that time, of the calls in a batch that happen after from_ms. */
void demo_switch_apply(const DemoSwitch *s, Batch *b, int64_t from_ms);
void demo_switch_free(DemoSwitch *s);
#endif
