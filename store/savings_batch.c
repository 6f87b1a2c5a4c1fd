/* savings_batch: batching. Realised: calls at batch prices against the standard price. Possible: calls of features that can wait,
 * at the vendor's batch price where it publishes one. */
#include "store/savings_parts.h"

static bool undo(const SaveNow *now, WhatIf *w) {
    (void)now;
    bool batch = w->batch;
    w->batch = false;
    return batch;
}

static bool apply(const SaveNow *now, WhatIf *w) {
    int64_t as_is, then;
    uint32_t flags, before;
    if (!now->k->f.can_wait || w->batch || !whatif_open(now, w)) return false;
    WhatIf batched = *w;
    batched.batch = true;
    if (!whatif_price(now, w, &as_is, &before) || !whatif_price(now, &batched, &then, &flags)) return false;
    bool cheaper = !(flags & COST_BATCH_UNLISTED) && then < as_is;
    if (cheaper) *w = batched;
    return cheaper;
}

static void say(const SaveRoom *r, Saving *out) {
    const char *first = NULL;
    for (size_t k = 0; k < r->kinds && !first; k++)
        if (r->kind[k].f.can_wait) first = r->kind[k].text.feature;
    out->saved_known = true;
    out->saved_sure = SURE_HIGH;
    snprintf(out->saved_on, sizeof out->saved_on, "%lld calls at batch prices, against standard ones", (long long)out->saved_calls);
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
