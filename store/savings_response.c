/* savings_response: response caching. Realised: calls that a response cache answered. Possible: calls whose whole prompt was
 * answered less than a TTL before, by the same model for the same feature; the stored answer does not get younger by being used.
 * Streamed calls are neither kept nor answered, as in gateways and in the dry run of a rule. */
#include "store/clock.h"
#include "store/savings_parts.h"

static int64_t ttl(const SaveRoom *r) { return r->ask->ttl_ms ? r->ask->ttl_ms : SAVE_TTL_MS; }

static bool undo(const SaveNow *now, WhatIf *w) {
    (void)now;
    bool hit = w->hit;
    w->hit = false;
    return hit;
}

static int64_t booked(const SaveCall *c) { return c->saved_response_nano; }

Prompt *save_prompt_of(const SaveNow *now) {
    const int64_t key[2] = {(int64_t)now->c->prompt_hash, (int64_t)(now->k->model * 31 + now->k->feature)};
    bool is_new;
    if (!now->c->prompt_hash) return NULL;
    Prompt *p = day_table_at(&now->r->prompts, key, &is_new);
    if (is_new) *p = (Prompt){.stored_ms = INT64_MIN, .output = -1};
    return p;
}

static bool apply(const SaveNow *now, WhatIf *w) {
    Prompt *p = now->c->flags & REQ_STREAM ? NULL : save_prompt_of(now);
    if (!p) return false;
    save_ttls_see(now, p);
    w->dropped = p->stored_ms != INT64_MIN && now->c->ts_ms - p->stored_ms < ttl(now->r);
    if (!w->dropped) p->stored_ms = now->c->ts_ms;
    return w->dropped;
}

static void say(const SaveRoom *r, Saving *out) {
    int64_t hashed = save_sum(r, K_PROMPT_HASHED), calls = save_sum(r, K_CALLS);
    out->saved_known = true;
    out->saved_sure = SURE_HIGH;
    snprintf(out->saved_on, sizeof out->saved_on, "%lld of %lld calls were hits, each at the price it did not cost", (long long)save_sum(r, K_HITS), (long long)calls);
    out->possible_known = hashed > 0;
    if (!hashed) {
        snprintf(out->stands_on, sizeof out->stands_on, "not in the logs: prompt_hash");
        return;
    }
    out->sure = hashed == calls ? SURE_MEDIUM : SURE_LOW;
    snprintf(out->stands_on, sizeof out->stands_on, "%lld calls repeated within %lld s%s; prompt hash in %lld of %lld", (long long)out->calls,
             (long long)(ttl(r) / 1000), ttl(r) >= MS_PER_DAY ? " of one UTC day" : "", (long long)hashed, (long long)calls);
}

const Strategy save_response = {.name = "response caching", .guide = "70–95%", .booked = booked, .undo = undo, .apply = apply, .say = say};
