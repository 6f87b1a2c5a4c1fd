/* savings_mix: what the calls are like: tiers, the part that output has in the cost, batches, limits, latency. See savings.h. */
#include "store/money.h"
#include "store/savings_parts.h"

/* The same call without an answer, by the code that prices bills. */
static int64_t without_output(const SaveNow *now) {
    WhatIf w = now->as_is;
    int64_t nano;
    uint32_t flags;
    w.tokens[TOK_OUTPUT] = w.tokens[TOK_REASONING] = 0;
    return whatif_price(now, &w, &nano, &flags) ? nano : now->c->cost_nano;
}

static void count(const SaveNow *now, int64_t *n) {
    const SaveCall *c = now->c;
    bool prefix = c->prefix_hash && c->prefix_bytes > 0;
    n[K_GOOD] += c->outcome == OUTCOME_OK;
    n[K_HITS] += (c->flags & REQ_CACHE_HIT) != 0;
    n[K_PROMPT_HASHED] += c->prompt_hash != 0;
    n[K_PREFIX_HASHED] += prefix;
    n[K_PREFIX_EXACT] += prefix && c->prompt_bytes >= c->prefix_bytes;
    n[K_TOOLS] += c->tools >= 0;
}

static void see_most(const SaveNow *now, Best *b) {
    const SaveCall *c = now->c;
    const int64_t *t = c->tokens;
    int64_t cached = t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H] + (now->as_is.hit ? call_input(t) : 0);
    if (c->max_tokens <= 0 && call_output(t) > 0) best_add(&b[KB_FREE_OUTPUT], call_output(t), c->key);
    if (cached > 0) best_add(&b[KB_CACHED], cached, c->key);
}

void save_mix_see(const SaveNow *now) {
    const SaveCall *c = now->c;
    int64_t *n = now->k->n;
    Best *b = now->k->best;
    count(now, n);
    best_add(&b[KB_COST], c->cost_nano, c->key);
    see_most(now, b);
    if (!now->sound) return;
    n[K_SOUND]++;
    n[K_SOUND_NANO] = nano_add(n[K_SOUND_NANO], c->cost_nano);
    n[K_OUTPUT_NANO] = nano_add(n[K_OUTPUT_NANO], c->cost_nano - without_output(now));
    n[K_SOUND_LIMITED] += c->max_tokens > 0;
    bool timed = c->latency_ms > 0 && c->outcome != OUTCOME_REFUSED; /* refused calls are in no average */
    n[K_TIMED] += timed;
    n[K_LATENCY_MS] += timed ? c->latency_ms : 0;
    if (!now->as_is.batch) return;
    n[K_BATCH]++;
    n[K_BATCH_NANO] = nano_add(n[K_BATCH_NANO], c->cost_nano);
}

void save_mix(const SaveRoom *r, SaveMix *out) {
    int64_t timed[CLASS_COUNT] = {0}, ms[CLASS_COUNT] = {0};
    for (size_t i = 0; i < r->kinds; i++) {
        const int64_t *n = r->kind[i].n;
        SaveClass at = r->kind[i].f.price_class;
        out->calls[at] += n[K_SOUND];
        out->nano[at] = nano_add(out->nano[at], n[K_SOUND_NANO]);
        out->sound_nano = nano_add(out->sound_nano, n[K_SOUND_NANO]);
        out->output_nano = nano_add(out->output_nano, n[K_OUTPUT_NANO]);
        out->limited_calls += n[K_SOUND_LIMITED];
        out->batch_calls += n[K_BATCH];
        out->batch_nano = nano_add(out->batch_nano, n[K_BATCH_NANO]);
        timed[at] += n[K_TIMED];
        ms[at] += n[K_LATENCY_MS];
    }
    for (int k = 0; k < CLASS_COUNT; k++) out->latency_ms[k] = timed[k] ? ms[k] / timed[k] : -1;
}
