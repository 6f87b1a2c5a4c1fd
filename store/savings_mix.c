/* savings_mix: what the calls of a sample are like: tiers, the part that output has in the cost, batches, limits, latency.
 * See savings.h. */
#include "store/money.h"
#include "store/savings_parts.h"

/* The same call without an answer, by the code that prices bills. */
static int64_t without_output(const SaveRoom *r, const SaveCall *c) {
    WhatIf w = whatif_of(r, c);
    int64_t nano;
    uint32_t flags;
    w.tokens[TOK_OUTPUT] = w.tokens[TOK_REASONING] = 0;
    return whatif_price(r, c, &w, &nano, &flags) ? nano : c->cost_nano;
}

void save_mix(const SaveRoom *r, SaveMix *out) {
    int64_t timed[CLASS_COUNT] = {0}, ms[CLASS_COUNT] = {0};
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        SaveClass at = r->facts[c->kind].price_class;
        if (!r->sound[i]) continue;
        out->calls[at]++;
        out->nano[at] = nano_add(out->nano[at], c->cost_nano);
        out->sound_nano = nano_add(out->sound_nano, c->cost_nano);
        out->output_nano = nano_add(out->output_nano, c->cost_nano - without_output(r, c));
        out->limited_calls += c->max_tokens > 0;
        timed[at] += c->latency_ms > 0;
        ms[at] += c->latency_ms > 0 ? c->latency_ms : 0;
        if (!whatif_of(r, c).batch) continue;
        out->batch_calls++;
        out->batch_nano = nano_add(out->batch_nano, c->cost_nano);
    }
    for (int k = 0; k < CLASS_COUNT; k++) out->latency_ms[k] = timed[k] ? ms[k] / timed[k] : -1;
}
