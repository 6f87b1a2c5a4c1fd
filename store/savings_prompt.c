/* savings_prompt: prompt caching. Realised: what reads saved, less what writes cost above input. Possible: prefixes that came
 * again within the cache's lifetime and were paid in full, repriced as one write and then reads; a prefix whose writes would
 * cost more than its reads save on that day is left as it is. */
#include "store/money.h"
#include "store/savings_parts.h"

enum { LIFETIME_MS = 300000, HOUR_MS = 3600000, BYTES_PER_TOKEN = 4 };

static bool undo(const SaveNow *now, WhatIf *w) {
    (void)now;
    int64_t *t = w->tokens, cached = t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H];
    t[TOK_INPUT] += cached;
    t[TOK_CACHE_READ] = t[TOK_CACHE_WRITE_5M] = t[TOK_CACHE_WRITE_1H] = 0;
    return cached > 0;
}

static int64_t booked(const SaveCall *c) { return c->saved_cache_nano; }

/* Tokens of the prefix: its share of the prompt's bytes where the log has both, else four bytes a token. */
static int64_t prefix_tokens(const SaveNow *now, const WhatIf *w) {
    const SaveCall *c = now->c;
    int64_t input = w->tokens[TOK_INPUT], bytes = c->prefix_bytes, n;
    if (bytes <= 0) return 0;
    bool small = input < INT32_MAX && bytes < INT32_MAX; /* the product fits */
    n = small && c->prompt_bytes >= bytes ? input * bytes / c->prompt_bytes : bytes / BYTES_PER_TOKEN;
    if (n > input) n = input;
    return n >= now->k->f.min_cacheable ? n : 0;
}

Prefix *save_prefix(const SaveNow *now) {
    SaveRoom *r = now->r;
    const int64_t key[2] = {(int64_t)now->c->prefix_hash, (int64_t)(now->k->model * 31 + now->k->feature)};
    bool is_new;
    if (!now->c->prefix_hash || !whatif_open(now, &now->as_is)) return NULL;
    if (day_table_is_full(&r->prefixes)) save_prefixes_end(r);
    Prefix *p = day_table_at(&r->prefixes, key, &is_new);
    if (is_new) *p = (Prefix){.used_ms = {INT64_MIN, INT64_MIN, INT64_MIN}, .kind = now->c->kind};
    p->block = now->block;
    return p;
}

/* The call with its prefix read, or written; false = nothing to cache in it. A call that caches already only keeps it alive. */
bool save_prefix_apply(const SaveNow *now, Prefix *p, PrefixMode mode, const WhatIf *w, WhatIf *cached) {
    const int64_t *t = w->tokens, lifetime_ms = mode == PREFIX_HOUR ? HOUR_MS : LIFETIME_MS;
    bool alive = p->used_ms[mode] != INT64_MIN && now->c->ts_ms - p->used_ms[mode] < lifetime_ms;
    int64_t n = prefix_tokens(now, w);
    bool caches = t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H] > 0;
    if (n > 0 || caches) p->used_ms[mode] = now->c->ts_ms;
    if (n == 0 || caches || (!alive && !now->k->f.charges_writes)) return false;
    *cached = *w;
    cached->tokens[TOK_INPUT] -= n;
    cached->tokens[alive ? TOK_CACHE_READ : mode == PREFIX_HOUR ? TOK_CACHE_WRITE_1H : TOK_CACHE_WRITE_5M] += n;
    return true;
}

/* ---- the evening ---- */
static void end_prefix(SaveRoom *r, const Prefix *p) {
    static const struct { PrefixMode mode; int strategy; } sums[] = {{PREFIX_ALONE, SAVE_PROMPT}, {PREFIX_COMBINED, ALL}};
    for (int i = 0; i < 2; i++) {
        int64_t nano = p->nano[sums[i].mode], alone = p->nano[PREFIX_ALONE];
        Tally *t = &r->tally[sums[i].strategy];
        PartSum *part = &r->kind[p->kind].part[sums[i].strategy];
        if (nano > alone) nano = alone; /* S3 */
        if (nano <= 0) continue;
        t->nano = nano_add(t->nano, nano);
        t->calls += p->calls[sums[i].mode];
        t->block[p->block] = nano_add(t->block[p->block], nano);
        part->nano = nano_add(part->nano, nano);
        part->calls += p->calls[sums[i].mode];
        if (p->most_nano > part->most_nano) part->most_nano = p->most_nano, part->output = p->output, part->route = ROUTE_OWN;
    }
    if (p->nano[PREFIX_HOUR] <= 0) return;
    r->hour_nano = nano_add(r->hour_nano, p->nano[PREFIX_HOUR]);
    r->hour_calls += p->calls[PREFIX_HOUR];
}

static void end_examples(SaveRoom *r, Examples *day, PrefixMode mode, int strategy) {
    const Prefix *all = r->prefixes.at;
    for (size_t i = 0; i < day->count; i++) {
        const Example *x = &day->at[i];
        bool cached = x->prefix != NO_PREFIX && all[x->prefix].nano[mode] > 0;
        examples_add(&r->tally[strategy].examples, x->key, cached ? x->cached_nano : x->nano, 0, NO_PREFIX);
    }
    day->count = 0;
}

void save_prefixes_end(SaveRoom *r) {
    const Prefix *all = r->prefixes.at;
    end_examples(r, &r->day_prompt, PREFIX_ALONE, SAVE_PROMPT);
    end_examples(r, &r->day_all, PREFIX_COMBINED, ALL);
    for (size_t i = 0; i < r->prefixes.keys.count; i++) end_prefix(r, &all[i]);
    day_table_clear(&r->prefixes);
}

static void say(const SaveRoom *r, Saving *out) {
    int64_t hashed = save_sum(r, K_PREFIX_HASHED), exact = save_sum(r, K_PREFIX_EXACT), calls = save_sum(r, K_CALLS);
    out->saved_known = true;
    out->saved_sure = SURE_HIGH;
    snprintf(out->saved_on, sizeof out->saved_on, "%lld calls that read or wrote a cache, against the full price of input", (long long)out->saved_calls);
    out->possible_known = hashed > 0;
    if (!hashed) {
        snprintf(out->stands_on, sizeof out->stands_on, "not in the logs: prefix_hash, prefix_bytes");
        return;
    }
    out->sure = hashed < calls / 2 ? SURE_LOW : exact == hashed ? SURE_HIGH : SURE_MEDIUM;
    snprintf(out->stands_on, sizeof out->stands_on, "%lld calls with a repeated prefix; prefix hash in %lld of %lld", (long long)out->calls,
             (long long)hashed, (long long)calls);
}

const Strategy save_prompt = {.name = "prompt caching", .guide = "80–90%", .booked = booked, .undo = undo, .say = say};
