/* savings: the strategies one by one and all together over a sample; see savings.h. */
#include "store/money.h"
#include "store/savings_parts.h"

const char *const save_sure_names[] = {"-", "low", "medium", "high"};
static const Strategy *const strategies[SAVE_COUNT] = {
    [SAVE_RESPONSE] = &save_response, [SAVE_ROUTING] = &save_routing, [SAVE_TOKENS] = &save_tokens, [SAVE_PROMPT] = &save_prompt, [SAVE_BATCH] = &save_batch};

/* ---- what-ifs ---- */
int64_t call_input(const int64_t t[TOK_COUNT]) {
    return t[TOK_INPUT] + t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H] + t[TOK_AUDIO_INPUT];
}

WhatIf whatif_of(const SaveRoom *r, const SaveCall *c) {
    const SaveKind *k = &r->s->kind[c->kind];
    WhatIf w = {.model = k->model, .batch = c->flags & REQ_BATCH || strcmp(k->tier, "batch") == 0, .hit = c->flags & REQ_CACHE_HIT};
    memcpy(w.tokens, c->tokens, sizeof w.tokens);
    return w;
}

static bool bought_nothing(const SaveCall *c, const WhatIf *w) {
    if (w->dropped || w->hit || c->outcome == OUTCOME_REFUSED) return true;
    return call_input(w->tokens) == 0 && w->tokens[TOK_OUTPUT] == 0 && w->tokens[TOK_REASONING] == 0 && c->web_searches <= 0;
}

bool whatif_price(const SaveRoom *r, const SaveCall *c, const WhatIf *w, int64_t *nano, uint32_t *flags) {
    const SaveKind *k = &r->s->kind[c->kind];
    *nano = 0;
    *flags = 0;
    if (bought_nothing(c, w)) return true;
    bool named_batch = strcmp(k->tier, "batch") == 0;
    Usage u = {.provider = str_of(k->provider), .model = str_of(w->model), .ts_ms = c->ts_ms, .batch = w->batch,
               .tier = str_of(named_batch ? "" : k->tier), .geo = str_of(k->geo), .speed = str_of(k->speed),
               .web_searches = c->web_searches, .more_calls = c->more_calls};
    memcpy(u.tokens, w->tokens, sizeof u.tokens);
    return pricer_usage(r->pricer, &u, nano, flags);
}

bool whatif_open(const SaveRoom *r, size_t i, const WhatIf *w) {
    const SaveCall *c = &r->s->call[i];
    return r->sound[i] && !w->dropped && !w->hit && c->outcome == OUTCOME_OK && c->more_calls == 0;
}

/* ---- one strategy ---- */
typedef struct Parts { KeyTable keys; SavePart *at; size_t cap; } Parts;

static void add_part(Parts *p, const SaveKind *kind, const WhatIf *w, int64_t nano) {
    const char *feature = kind->feature;
    const int64_t key = (int64_t)(hash64(feature, strlen(feature), 0) >> 1);
    bool is_new;
    uint32_t i = keytable_index(&p->keys, &key, &is_new);
    if (i >= p->cap) p->at = xrealloc(p->at, (p->cap = p->cap ? p->cap * 2 : 64) * sizeof *p->at);
    if (is_new) p->at[i] = (SavePart){.feature = feature};
    p->at[i].nano = nano_add(p->at[i].nano, nano);
    p->at[i].calls++;
    if (nano <= p->at[i].most_nano) return;
    p->at[i].most_nano = nano;
    p->at[i].model = kind->model;
    p->at[i].to_model = w->model;
    p->at[i].output = w->tokens[TOK_OUTPUT] + w->tokens[TOK_REASONING];
}

static int by_dollars(const void *a, const void *b) {
    const SavePart *x = a, *y = b;
    if (x->nano != y->nano) return (x->nano < y->nano) - (x->nano > y->nano);
    return strcmp(x->feature, y->feature);
}

static void end_parts(Parts *p, Saving *out) {
    if (p->keys.count) qsort(p->at, p->keys.count, sizeof *p->at, by_dollars);
    for (size_t i = 0; i < p->keys.count && i < SAVE_PARTS; i++) out->part[out->parts++] = p->at[i];
    free(p->at);
    keytable_free(&p->keys);
}

/* Keeps the dearest first; equal ones as they come, newest first. */
typedef struct Best { int64_t nano[SAVE_EXAMPLES]; } Best;
static void add_example(Saving *out, Best *b, int64_t key, int64_t nano) {
    size_t at = out->examples;
    while (at > 0 && b->nano[at - 1] < nano) at--;
    if (at == SAVE_EXAMPLES) return;
    if (out->examples < SAVE_EXAMPLES) out->examples++;
    for (size_t i = out->examples - 1; i > at; i--) {
        b->nano[i] = b->nano[i - 1];
        out->example[i] = out->example[i - 1];
    }
    b->nano[at] = nano;
    out->example[at] = key;
}

/* What the what-ifs cost less than the calls as they are. */
static void compare(const SaveRoom *r, const WhatIf *w, Saving *out) {
    Parts parts = {.keys.width = 1};
    Best best = {{0}};
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        int64_t then;
        uint32_t flags;
        if (!r->sound[i] || !whatif_price(r, c, &w[i], &then, &flags) || then == c->cost_nano) continue;
        out->possible_nano = nano_add(out->possible_nano, c->cost_nano - then);
        out->block_nano[i * SAVE_BLOCKS / r->s->count] += c->cost_nano - then;
        out->calls++;
        add_part(&parts, &r->s->kind[c->kind], &w[i], c->cost_nano - then);
        if (then < c->cost_nano) add_example(out, &best, c->key, c->cost_nano - then);
    }
    end_parts(&parts, out);
}

/* What the calls would have cost with these strategies taken out, less what they cost. */
static void realised(const SaveRoom *r, const Strategy *const *out_of, size_t count, Saving *out) {
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        WhatIf w = whatif_of(r, c);
        int64_t before;
        uint32_t flags;
        bool any = false;
        for (size_t k = 0; k < count; k++) any |= out_of[k]->undo && out_of[k]->undo(r, c, &w);
        if (!any || !r->sound[i] || !whatif_price(r, c, &w, &before, &flags)) continue;
        out->saved_nano = nano_add(out->saved_nano, before - c->cost_nano);
        out->saved_calls++;
    }
}

static void booked(const SaveRoom *r, const Strategy *s, Saving *out) {
    for (size_t i = 0; i < r->s->count; i++) {
        int64_t nano = s->booked(&r->s->call[i]);
        out->saved_nano = nano_add(out->saved_nano, nano);
        out->saved_calls += nano != 0;
    }
}

void whatif_reset(const SaveRoom *r, WhatIf *w) {
    for (size_t i = 0; i < r->s->count; i++) w[i] = whatif_of(r, &r->s->call[i]);
}

static void work_out_one(SaveRoom *r, const Strategy *s, WhatIf *w, Saving *out) {
    *out = (Saving){.name = s->name, .guide = s->guide, .saved_known = s->undo != NULL};
    if (s->booked) booked(r, s, out);
    else realised(r, &s, 1, out);
    whatif_reset(r, w);
    s->apply(r, w);
    compare(r, w, out);
    s->say(r, out);
}

int64_t whatif_total(const SaveRoom *r, const WhatIf *w, int64_t *calls) {
    int64_t sum = 0, then;
    uint32_t flags;
    *calls = 0;
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        if (!r->sound[i] || !whatif_price(r, c, &w[i], &then, &flags) || then == c->cost_nano) continue;
        sum = nano_add(sum, c->cost_nano - then);
        ++*calls;
    }
    return sum;
}

SaveNote *save_note(NoteRoom *n, const char *name, bool finding) {
    if (n->out->notes == SAVE_NOTES) return NULL;
    SaveNote *note = &n->out->note[n->out->notes++];
    *note = (SaveNote){.name = name, .finding = finding};
    return note;
}

static void take_notes(SaveRoom *r, WhatIf *w, Savings *out) {
    NoteRoom n = {r, w, out};
    save_mix(r, &out->mix);
    save_findings(&n);
    save_prefixes(&n);
    save_sessions(&n);
    save_advice(&n);
    save_hourly(&n);
}

/* ---- all together ---- */
static void combine(SaveRoom *r, WhatIf *w, Savings *out) {
    Saving *all = &out->combined;
    int64_t sum = 0;
    *all = (Saving){.name = "combined", .guide = "60–90%", .saved_known = true};
    realised(r, strategies, SAVE_COUNT, all);
    whatif_reset(r, w);
    for (int i = 0; i < SAVE_COUNT; i++) {
        const Saving *s = &out->by[i];
        strategies[i]->apply(r, w);
        if (!s->possible_known) continue;
        all->possible_known = true;
        sum = nano_add(sum, s->possible_nano);
        if (s->possible_nano > 0 && (all->sure == SURE_NOT || s->sure < all->sure)) all->sure = s->sure;
    }
    compare(r, w, all);
    if (all->possible_nano > sum) all->possible_nano = sum;
    snprintf(all->stands_on, sizeof all->stands_on, "%s", all->possible_known ? "the same calls, none counted twice" : "not in the logs");
}

/* S1: only calls that cost today what the ledger says can be compared with what they might cost. */
static void check_calls(SaveRoom *r, Savings *out) {
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        const WhatIf w = whatif_of(r, c);
        int64_t nano;
        uint32_t flags;
        out->paid_nano = nano_add(out->paid_nano, c->cost_nano);
        out->block_paid[i * SAVE_BLOCKS / r->s->count] += c->cost_nano;
        if (c->flags & REQ_UNPRICED) {
            out->unpriced++;
            continue;
        }
        r->sound[i] = whatif_price(r, c, &w, &nano, &flags) && nano == c->cost_nano;
        out->repriced += !r->sound[i];
    }
    out->calls = (int64_t)r->s->count;
}

void savings_work_out(const SaveSample *s, const Book *b, const SaveAsk *ask, Savings *out) {
    SaveRoom r = {.s = s, .book = b, .ask = ask, .pricer = pricer_new(b), .facts = xcalloc(s->kinds + 1, sizeof(KindFacts)),
                  .sound = xcalloc(s->count + 1, sizeof(bool))};
    WhatIf *w = xcalloc(s->count + 1, sizeof *w);
    *out = (Savings){0};
    check_calls(&r, out);
    save_facts(&r);
    for (int i = 0; i < SAVE_COUNT; i++) work_out_one(&r, strategies[i], w, &out->by[i]);
    combine(&r, w, out);
    take_notes(&r, w, out);
    out->without_nano = nano_add(out->paid_nano, out->combined.saved_nano);
    free(w);
    free(r.sound);
    free(r.facts);
    pricer_free(r.pricer);
}
