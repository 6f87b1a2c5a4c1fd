/* savings_batch: batching. Realised: calls at batch prices against the standard price. Possible: calls of features that can wait,
 * at the vendor's batch price where it publishes one. */
#include "store/savings_parts.h"

static bool undo(const SaveRoom *r, const SaveCall *c, WhatIf *w) {
    (void)r;
    (void)c;
    bool batch = w->batch;
    w->batch = false;
    return batch;
}

static void apply(SaveRoom *r, WhatIf *w) {
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        int64_t now, then;
        uint32_t flags, before;
        if (!r->facts[c->kind].can_wait || w[i].batch || !whatif_open(r, i, &w[i])) continue;
        WhatIf batched = w[i];
        batched.batch = true;
        if (!whatif_price(r, c, &w[i], &now, &before) || !whatif_price(r, c, &batched, &then, &flags)) continue;
        if (!(flags & COST_BATCH_UNLISTED) && then < now) w[i] = batched;
    }
}

static void say(const SaveRoom *r, Saving *out) {
    const char *first = NULL;
    for (size_t k = 0; k < r->s->kinds && !first; k++)
        if (r->facts[k].can_wait) first = r->s->kind[k].feature;
    out->possible_known = first != NULL;
    if (!first) {
        snprintf(out->stands_on, sizeof out->stands_on, "no feature is known to wait: [savings] can_wait = names some");
        return;
    }
    out->sure = save_given(r->ask->can_wait) ? SURE_HIGH : SURE_LOW;
    snprintf(out->stands_on, sizeof out->stands_on, "%lld calls that can wait, %s: %.40s%s", (long long)out->calls,
             save_given(r->ask->can_wait) ? "named" : "few hours a day, unstreamed", first, out->parts > 1 ? ", …" : "");
}

const Strategy save_batch = {.name = "batching", .guide = "40–50%", .undo = undo, .apply = apply, .say = say};
