/* savings_see: one call through all strategies: what it is, what it would be, and where that is added. See savings.h for S1 to
 * S6. Owns: the order of the strategies on a call. Does not: know what a strategy does. */
#include "store/clock.h"
#include "store/money.h"
#include "store/savings_parts.h"

int64_t call_input(const int64_t t[TOK_COUNT]) {
    return t[TOK_INPUT] + t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H] + t[TOK_AUDIO_INPUT];
}

/* ---- prices ---- */
static PriceKind *price_of(const SaveNow *now, Route route, bool batch) {
    Kind *k = now->k;
    PriceKind **p = &k->price[route][batch];
    const char *model = route == ROUTE_CHEAPER ? k->f.cheaper : route == ROUTE_DEAREST ? k->f.dearest : k->text.model;
    if (*p) return *p;
    const Usage like = {.provider = str_of(k->text.provider), .model = str_of(model), .batch = batch, .geo = str_of(k->text.geo),
                        .speed = str_of(k->text.speed), .tier = str_of(k->batch_tier ? "" : k->text.tier)};
    return *p = save_price_of(now->r, &like);
}

static bool bought_nothing(const SaveCall *c, const WhatIf *w) {
    if (w->dropped || w->hit || c->outcome == OUTCOME_REFUSED) return true;
    return call_input(w->tokens) == 0 && call_output(w->tokens) == 0 && c->web_searches <= 0;
}

bool whatif_price(const SaveNow *now, const WhatIf *w, int64_t *nano, uint32_t *flags) {
    const SaveCall *c = now->c;
    *nano = 0;
    *flags = 0;
    if (bought_nothing(c, w)) return true;
    const KindCall call = {.ts_ms = c->ts_ms, .more_calls = c->more_calls, .tokens = w->tokens, .web_searches = c->web_searches};
    return price_kind_call(price_of(now, w->route, w->batch), &call, nano, flags);
}

bool whatif_open(const SaveNow *now, const WhatIf *w) {
    return now->sound && !w->dropped && !w->hit && now->c->outcome == OUTCOME_OK && now->c->more_calls == 0;
}

/* ---- where it is added ---- */
static int64_t worth_of(const Example *x) { return x->nano > x->cached_nano ? x->nano : x->cached_nano; }

/* Keeps the dearest first, of equal ones the newest. */
void examples_add(Examples *x, int64_t key, int64_t nano, int64_t cached_nano, uint32_t prefix) {
    const Example new = {nano, cached_nano, key, prefix};
    int64_t worth = worth_of(&new);
    size_t at = x->count;
    if (worth <= 0) return;
    while (at > 0 && (worth_of(&x->at[at - 1]) < worth || (worth_of(&x->at[at - 1]) == worth && x->at[at - 1].key < key))) at--;
    if (at == SAVE_EXAMPLES) return;
    if (x->count < SAVE_EXAMPLES) x->count++;
    memmove(&x->at[at + 1], &x->at[at], (x->count - 1 - at) * sizeof *x->at);
    x->at[at] = new;
}

void examples_merge(Examples *to, const Examples *from) {
    for (size_t i = 0; i < from->count; i++) examples_add(to, from->at[i].key, from->at[i].nano, 0, NO_PREFIX);
}

void part_add(PartSum *p, int64_t nano, Route route, int64_t output) {
    p->nano = nano_add(p->nano, nano);
    p->calls++;
    if (nano <= p->most_nano) return;
    p->most_nano = nano;
    p->route = route;
    p->output = output;
}

static void tally(const SaveNow *now, int strategy, const WhatIf *w, int64_t nano) {
    Tally *t = &now->r->tally[strategy];
    if (nano == 0) return;
    t->nano = nano_add(t->nano, nano);
    t->block[now->block] = nano_add(t->block[now->block], nano);
    t->calls++;
    part_add(&now->k->part[strategy], nano, w->route, call_output(w->tokens));
    if (strategy != ALL) examples_add(&t->examples, now->c->key, nano, 0, NO_PREFIX);
}

/* ---- realised ---- */
/* What the call would have cost without the strategies that it has, one by one and all together. */
static void realised(const SaveNow *now) {
    SaveRoom *r = now->r;
    WhatIf all = now->as_is, w = all;
    int64_t before = 0, *n = now->k->n;
    uint32_t flags;
    int has = 0;
    bool clamped = false;
    for (int i = 0; i < SAVE_COUNT; i++) {
        const Strategy *s = save_strategies[i];
        int64_t nano = 0;
        bool undone = s->undo(now, &w), known = undone && now->sound && whatif_price(now, &w, &before, &flags);
        if (known) s->undo(now, &all), has++, nano = before - now->c->cost_nano;
        if (undone) w = now->as_is;
        if (s->booked) nano = s->booked(now->c);
        if (!known && nano == 0) continue;
        r->tally[i].saved_nano = nano_add(r->tally[i].saved_nano, nano);
        r->tally[i].saved_calls += s->booked ? nano != 0 : 1;
        examples_add(&r->tally[i].saved_examples, now->c->key, nano, 0, NO_PREFIX);
        if (i != SAVE_TOKENS) continue;
        clamped = true;
        n[K_CLAMPED]++;
        n[K_CLAMPED_NANO] = nano_add(n[K_CLAMPED_NANO], nano);
    }
    if (has == 0) return;
    if (has > 1 && !whatif_price(now, &all, &before, &flags)) return;
    r->tally[ALL].saved_nano = nano_add(r->tally[ALL].saved_nano, before - now->c->cost_nano);
    examples_add(&r->tally[ALL].saved_examples, now->c->key, before - now->c->cost_nano, 0, NO_PREFIX);
    if (clamped) n[K_CLAMPED_ALL_NANO] = nano_add(n[K_CLAMPED_ALL_NANO], before - now->c->cost_nano);
    r->tally[ALL].saved_calls++;
}

/* ---- possible ---- */
static int64_t saving_of(const SaveNow *now, const WhatIf *w) {
    int64_t then;
    uint32_t flags;
    return whatif_price(now, w, &then, &flags) ? now->c->cost_nano - then : 0;
}

/* Prompt caching is judged in the evening, by prefix. */
static void cached_alone(const SaveNow *now, Prefix *p, PrefixMode mode) {
    WhatIf cached;
    if (!save_prefix_apply(now, p, mode, &now->as_is, &cached)) return;
    int64_t nano = saving_of(now, &cached);
    p->nano[mode] = nano_add(p->nano[mode], nano);
    p->calls[mode] += nano != 0;
    if (mode == PREFIX_HOUR) return;
    if (nano > p->most_nano) p->most_nano = nano, p->output = call_output(cached.tokens);
    examples_add(&now->r->day_prompt, now->c->key, 0, nano, (uint32_t)(p - (Prefix *)now->r->prefixes.at));
}

/* The strategies one after the other on the same call; with the prefix cached and without, since that is not known yet. What
 * they save singly is the most that counts, call by call (S3): a cheaper model may have a batch price that the dear one lacks. */
static void combined(const SaveNow *now, WhatIf *w, int64_t singly, Prefix *p) {
    WhatIf cached;
    bool can = p && !w->dropped && save_prefix_apply(now, p, PREFIX_COMBINED, w, &cached);
    if (!w->dropped) save_batch.apply(now, w);
    int64_t plain = singly > 0 ? saving_of(now, w) : 0, with = 0;
    if (plain > singly) plain = singly;
    if (can) {
        save_batch.apply(now, &cached);
        with = saving_of(now, &cached);
        p->nano[PREFIX_COMBINED] = nano_add(p->nano[PREFIX_COMBINED], with - plain);
        p->calls[PREFIX_COMBINED] += plain == 0 && with != 0;
    }
    tally(now, ALL, w, plain);
    examples_add(&now->r->day_all, now->c->key, plain, with, can ? (uint32_t)(p - (Prefix *)now->r->prefixes.at) : NO_PREFIX);
}

static void possible(const SaveNow *now) {
    WhatIf all = now->as_is, w = all;
    int64_t singly = 0;
    Prefix *p = save_prefix(now);
    if (!whatif_open(now, &now->as_is)) return;
    for (int i = SAVE_RESPONSE; i <= SAVE_TOKENS; i++) {
        if (!save_strategies[i]->apply(now, &w)) continue;
        int64_t nano = saving_of(now, &w);
        tally(now, i, &w, nano);
        singly = nano_add(singly, nano);
        if (i == SAVE_TOKENS && !all.dropped) memcpy(all.tokens, w.tokens, sizeof all.tokens);
        else if (!all.dropped) all = w;
        w = now->as_is;
    }
    if (p) cached_alone(now, p, PREFIX_ALONE);
    if (p) cached_alone(now, p, PREFIX_HOUR);
    if (save_batch.apply(now, &w)) {
        int64_t nano = saving_of(now, &w);
        tally(now, SAVE_BATCH, &w, nano);
        singly = nano_add(singly, nano);
    }
    combined(now, &all, singly, p);
}

/* ---- the call ---- */
/* S1: only calls that cost today what the ledger says can be compared with what they might cost. */
static bool check(SaveNow *now) {
    const SaveCall *c = now->c;
    int64_t *n = now->k->n, nano;
    uint32_t flags;
    n[K_CALLS]++;
    n[K_PAID] = nano_add(n[K_PAID], c->cost_nano);
    n[K_UNPRICED] += (c->flags & REQ_UNPRICED) != 0;
    if (c->flags & REQ_UNPRICED) return false;
    bool sound = whatif_price(now, &now->as_is, &nano, &flags) && nano == c->cost_nano;
    n[K_REPRICED] += !sound;
    return sound;
}

/* Calls come in the order of time: the block of the last one is mostly that of the next. */
static unsigned block_of(SaveRoom *r, int64_t ts_ms) {
    if (ts_ms >= r->block_from_ms && ts_ms < r->block_until_ms) return r->block;
    int64_t span = (r->until_ms - r->since_ms) / SAVE_BLOCKS + 1, at = (ts_ms - r->since_ms) / span;
    r->block = at < 0 ? 0 : at < SAVE_BLOCKS ? (unsigned)at : SAVE_BLOCKS - 1;
    r->block_from_ms = r->since_ms + at * span;
    r->block_until_ms = r->block_from_ms + span;
    return r->block;
}

void save_see(SaveRoom *r, const SaveCall *c) {
    Kind *k = &r->kind[c->kind];
    SaveNow now = {.r = r, .c = c, .k = k, .block = block_of(r, c->ts_ms),
               .as_is = {.batch = c->flags & REQ_BATCH || k->batch_tier, .hit = c->flags & REQ_CACHE_HIT}};
    memcpy(now.as_is.tokens, c->tokens, sizeof now.as_is.tokens);
    if (c->ts_ms / MS_PER_DAY != r->day) {
        save_end_day(r);
        r->day = c->ts_ms / MS_PER_DAY;
    }
    now.sound = check(&now);
    r->paid_nano = nano_add(r->paid_nano, c->cost_nano);
    r->block_paid[now.block] = nano_add(r->block_paid[now.block], c->cost_nano);
    save_mix_see(&now);
    save_advice_see(&now);
    save_stale_see(&now, save_prompt_of(&now));
    realised(&now);
    possible(&now);
    save_guess_see(&now);
    save_session_see(&now);
}
