/* savings_prompt: prompt caching. Realised: what reads saved, less what writes cost above input. Possible: prefixes that came
 * again within the cache's lifetime and were paid in full, repriced as one write and then reads; a prefix whose writes would
 * cost more than its reads save is left as it is. */
#include "store/money.h"
#include "store/savings_parts.h"

enum { LIFETIME_MS = 300000, HOUR_MS = 3600000, BYTES_PER_TOKEN = 4 };

static bool undo(const SaveRoom *r, const SaveCall *c, WhatIf *w) {
    (void)r;
    (void)c;
    int64_t *t = w->tokens, cached = t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H];
    t[TOK_INPUT] += cached;
    t[TOK_CACHE_READ] = t[TOK_CACHE_WRITE_5M] = t[TOK_CACHE_WRITE_1H] = 0;
    return cached > 0;
}

static int64_t booked(const SaveCall *c) { return c->saved_cache_nano; }

/* Tokens of the prefix: its share of the prompt's bytes where the log has both, else four bytes a token. */
static int64_t prefix_tokens(const SaveRoom *r, const SaveCall *c, const WhatIf *w) {
    int64_t input = w->tokens[TOK_INPUT], bytes = c->prefix_bytes, n;
    if (bytes <= 0) return 0;
    bool small = input < INT32_MAX && bytes < INT32_MAX; /* the product fits */
    n = small && c->prompt_bytes >= bytes ? input * bytes / c->prompt_bytes : bytes / BYTES_PER_TOKEN;
    if (n > input) n = input;
    return n >= r->facts[c->kind].min_cacheable ? n : 0;
}

/* One prefix of one model: when it was used last, and what caching it would have saved so far. */
typedef struct Prefix { int64_t used_ms, nano; } Prefix;
typedef struct Prefixes { KeyTable keys; Prefix *at; size_t cap; } Prefixes;

static Prefix *prefix_at(Prefixes *p, const SaveRoom *r, const SaveCall *c) {
    const SaveKind *k = &r->s->kind[c->kind];
    const int64_t key[2] = {(int64_t)c->prefix_hash, (int64_t)hash64(k->model, strlen(k->model), 0)};
    bool is_new;
    uint32_t i = keytable_index(&p->keys, key, &is_new);
    if (i >= p->cap) p->at = xrealloc(p->at, (p->cap = p->cap ? p->cap * 2 : 256) * sizeof *p->at);
    if (is_new) p->at[i] = (Prefix){.used_ms = INT64_MIN};
    return &p->at[i];
}

/* The call with its prefix read, or written; false = nothing to cache in it. A call that caches already only keeps it alive. */
static bool with_cache(const SaveRoom *r, const SaveCall *c, const WhatIf *w, Prefix *p, WhatIf *out) {
    const int64_t *t = w->tokens;
    bool alive = p->used_ms != INT64_MIN && c->ts_ms - p->used_ms < (r->write_1h ? HOUR_MS : LIFETIME_MS);
    int64_t n = prefix_tokens(r, c, w);
    bool caches = t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H] > 0;
    if (n > 0 || caches) p->used_ms = c->ts_ms;
    *out = *w;
    if (n == 0 || caches) return false;
    if (!alive && !r->facts[c->kind].charges_writes) return false;
    out->tokens[TOK_INPUT] -= n;
    out->tokens[alive ? TOK_CACHE_READ : r->write_1h ? TOK_CACHE_WRITE_1H : TOK_CACHE_WRITE_5M] += n;
    return true;
}

typedef void PrefixFn(const SaveRoom *r, const SaveCall *c, WhatIf *w, const WhatIf *cached, Prefix *p);

/* Oldest first; what happens to a cached call is the caller's. */
static void walk(SaveRoom *r, WhatIf *w, Prefixes *all, PrefixFn *each) {
    for (size_t i = 0; i < all->keys.count; i++) all->at[i].used_ms = INT64_MIN;
    for (size_t i = r->s->count; i-- > 0;) {
        const SaveCall *c = &r->s->call[i];
        WhatIf cached;
        if (!c->prefix_hash || !whatif_open(r, i, &w[i])) continue;
        Prefix *p = prefix_at(all, r, c);
        if (with_cache(r, c, &w[i], p, &cached)) each(r, c, &w[i], &cached, p);
    }
}

static void weigh(const SaveRoom *r, const SaveCall *c, WhatIf *w, const WhatIf *cached, Prefix *p) {
    int64_t full, less;
    uint32_t flags;
    if (whatif_price(r, c, w, &full, &flags) && whatif_price(r, c, cached, &less, &flags)) p->nano = nano_add(p->nano, full - less);
}

static void put_in(const SaveRoom *r, const SaveCall *c, WhatIf *w, const WhatIf *cached, Prefix *p) {
    (void)r;
    (void)c;
    if (p->nano > 0) *w = *cached;
}

static void apply(SaveRoom *r, WhatIf *w) {
    Prefixes all = {.keys.width = 2};
    walk(r, w, &all, weigh);
    walk(r, w, &all, put_in);
    free(all.at);
    keytable_free(&all.keys);
}

static void say(const SaveRoom *r, Saving *out) {
    int64_t hashed = 0, exact = 0;
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        hashed += c->prefix_hash && c->prefix_bytes > 0;
        exact += c->prefix_hash && c->prefix_bytes > 0 && c->prompt_bytes >= c->prefix_bytes;
    }
    out->possible_known = hashed > 0;
    if (!hashed) {
        snprintf(out->stands_on, sizeof out->stands_on, "not in the logs: prefix_hash, prefix_bytes");
        return;
    }
    out->sure = hashed < (int64_t)r->s->count / 2 ? SURE_LOW : exact == hashed ? SURE_HIGH : SURE_MEDIUM;
    snprintf(out->stands_on, sizeof out->stands_on, "%lld calls with a repeated prefix; prefix hash in %lld of %zu", (long long)out->calls,
             (long long)hashed, r->s->count);
}

const Strategy save_prompt = {.name = "prompt caching", .guide = "80–90%", .booked = booked, .undo = undo, .apply = apply, .say = say};
