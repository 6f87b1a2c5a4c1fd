/* savings_prefix: what is beside the estimate of prompt caching: writes that live an hour against those of five minutes, and,
 * where no prefix hash is logged, a guess from the least input that every call of a feature has. See savings.h. */
#include "store/money.h"
#include "store/savings_parts.h"

enum { LEAST_CALLS = 50, LIFETIME_MS = 300000 };

static void an_hour(NoteRoom *n) {
    const Saving *five = &n->out->by[SAVE_PROMPT];
    int64_t calls;
    SaveNote *note;
    if (!five->possible_known) return;
    n->r->write_1h = true;
    whatif_reset(n->r, n->w);
    save_prompt.apply(n->r, n->w);
    int64_t hour = whatif_total(n->r, n->w, &calls);
    n->r->write_1h = false;
    if ((hour == 0 && five->possible_nano == 0) || !(note = save_note(n, "prompt cache: an hour or five minutes", false))) return;
    note->nano_known = true;
    note->nano = hour - five->possible_nano;
    note->calls = calls;
    snprintf(note->text, sizeof note->text, "writes that live an hour would save %s than those of five minutes on the same calls", hour > five->possible_nano ? "more" : "no more");
}

/* ---- a prefix that nobody logs ---- */
typedef struct Guess { int64_t least, calls, used_ms, nano; bool any_hash, caches; } Guess; /* of a feature on a model */

static size_t make_guesses(const SaveSample *s, uint32_t *of) {
    KeyTable ids = {.width = 2};
    for (size_t k = 0; k < s->kinds; k++) {
        const SaveKind *kind = &s->kind[k];
        const int64_t key[2] = {(int64_t)hash64(kind->feature, strlen(kind->feature), 0), (int64_t)hash64(kind->model, strlen(kind->model), 0)};
        bool is_new;
        of[k] = keytable_index(&ids, key, &is_new);
    }
    size_t count = ids.count;
    keytable_free(&ids);
    return count;
}

static void find_least(const SaveRoom *r, const uint32_t *of, Guess *g) {
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        Guess *a = &g[of[c->kind]];
        int64_t in = c->tokens[TOK_INPUT];
        if (c->outcome != OUTCOME_OK || c->flags & REQ_CACHE_HIT) continue;
        if (a->calls++ == 0 || in < a->least) a->least = in;
        a->used_ms = INT64_MIN;
        a->any_hash = a->any_hash || c->prefix_hash;
        a->caches = a->caches || c->tokens[TOK_CACHE_READ] > 0;
    }
}

static void weigh(const SaveRoom *r, size_t i, Guess *a) {
    const SaveCall *c = &r->s->call[i];
    const KindFacts *f = &r->facts[c->kind];
    WhatIf w = whatif_of(r, c);
    int64_t then;
    uint32_t flags;
    bool guessed = a->calls >= LEAST_CALLS && !a->any_hash && !a->caches && f->min_cacheable > 0 && a->least >= f->min_cacheable;
    if (!guessed || !whatif_open(r, i, &w)) return;
    bool alive = a->used_ms != INT64_MIN && c->ts_ms - a->used_ms < LIFETIME_MS;
    a->used_ms = c->ts_ms;
    if (!alive && !f->charges_writes) return;
    w.tokens[TOK_INPUT] -= a->least;
    w.tokens[alive ? TOK_CACHE_READ : TOK_CACHE_WRITE_5M] += a->least;
    if (whatif_price(r, c, &w, &then, &flags)) a->nano = nano_add(a->nano, c->cost_nano - then);
}

/* Between nothing (what is the same length need not be the same) and all: half of it, and half of it more or less. */
static void a_guess(NoteRoom *n) {
    const SaveSample *s = n->r->s;
    uint32_t *of = xcalloc(s->kinds + 1, sizeof *of);
    size_t count = make_guesses(s, of);
    Guess *g = xcalloc(count + 1, sizeof *g);
    int64_t all = 0, calls = 0;
    find_least(n->r, of, g);
    for (size_t i = s->count; i-- > 0;) weigh(n->r, i, &g[of[s->call[i].kind]]);
    for (size_t k = 0; k < count; k++)
        if (g[k].nano > 0) all = nano_add(all, g[k].nano), calls += g[k].calls;
    free(g);
    free(of);
    SaveNote *note;
    if (all <= 0 || !(note = save_note(n, "prompt cache: a guess", false))) return;
    note->nano_known = true;
    note->nano = all - all / 2;
    note->spread_nano = all - all / 2;
    note->calls = calls;
    snprintf(note->text, sizeof note->text, "low confidence, no prefix_hash in the log: the least input of these features may be one prefix; log prefix_hash, prefix_bytes");
}

void save_prefixes(NoteRoom *n) {
    an_hour(n);
    a_guess(n);
}
