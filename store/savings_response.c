/* savings_response: response caching. Realised: calls that a response cache answered. Possible: calls whose whole prompt was
 * answered less than a TTL before, by the same model; the stored answer does not get younger by being used. */
#include "store/savings_parts.h"

static int64_t ttl(const SaveRoom *r) { return r->ask->ttl_ms ? r->ask->ttl_ms : SAVE_TTL_MS; }

static bool undo(const SaveRoom *r, const SaveCall *c, WhatIf *w) {
    (void)r;
    (void)c;
    bool hit = w->hit;
    w->hit = false;
    return hit;
}

static int64_t booked(const SaveCall *c) { return c->saved_response_nano; }

/* Oldest first, as a cache would have met them. */
static void apply(SaveRoom *r, WhatIf *w) {
    KeyTable seen = {.width = 3};
    int64_t *stored_ms = NULL;
    size_t cap = 0;
    for (size_t i = r->s->count; i-- > 0;) {
        const SaveCall *c = &r->s->call[i];
        if (!c->prompt_hash || !whatif_open(r, i, &w[i])) continue;
        const SaveKind *k = &r->s->kind[c->kind];
        const int64_t key[3] = {(int64_t)c->prompt_hash, (int64_t)hash64(k->model, strlen(k->model), 0),
                                (int64_t)hash64(k->feature, strlen(k->feature), 0)};
        bool is_new;
        uint32_t at = keytable_index(&seen, key, &is_new);
        if (at >= cap) stored_ms = xrealloc(stored_ms, (cap = cap ? cap * 2 : 1024) * sizeof *stored_ms);
        if (is_new || c->ts_ms - stored_ms[at] >= ttl(r)) stored_ms[at] = c->ts_ms;
        else w[i].dropped = true;
    }
    free(stored_ms);
    keytable_free(&seen);
}

static void say(const SaveRoom *r, Saving *out) {
    int64_t hashed = 0;
    for (size_t i = 0; i < r->s->count; i++) hashed += r->s->call[i].prompt_hash != 0;
    out->possible_known = hashed > 0;
    if (!hashed) {
        snprintf(out->stands_on, sizeof out->stands_on, "not in the logs: prompt_hash");
        return;
    }
    out->sure = hashed == (int64_t)r->s->count ? SURE_MEDIUM : SURE_LOW;
    snprintf(out->stands_on, sizeof out->stands_on, "%lld calls repeated within %lld s; prompt hash in %lld of %zu", (long long)out->calls,
             (long long)(ttl(r) / 1000), (long long)hashed, r->s->count);
}

const Strategy save_response = {.name = "response caching", .guide = "70–95%", .booked = booked, .undo = undo, .apply = apply, .say = say};
