/* savings_prefix: what is beside the estimate of prompt caching: writes that live an hour against those of five minutes, and,
 * where no prefix hash is logged, a guess from the least input that every call of a feature has. See savings.h. */
#include "store/clock.h"
#include "store/money.h"
#include "store/savings_parts.h"

enum { LIFETIME_MS = 300000 };

static void an_hour(NoteRoom *n) {
    const Saving *five = &n->out->by[SAVE_PROMPT];
    int64_t hour = n->r->hour_nano;
    SaveNote *note;
    if (!five->possible_known || (hour == 0 && five->possible_nano == 0)) return;
    if (!(note = save_note(n, "prompt cache: an hour or five minutes", false))) return;
    note->nano_known = true;
    note->nano = hour - five->possible_nano;
    note->calls = n->r->hour_calls;
    note->sure = five->sure;
    save_note_examples(note, &n->r->tally[SAVE_PROMPT].examples);
    snprintf(note->text, sizeof note->text, "writes that live an hour would save %s than those of five minutes on the same calls", hour > five->possible_nano ? "more" : "no more");
}

/* ---- a prefix that nobody logs: of a kind of call ---- */
void save_guess_see(const SaveNow *now) {
    const SaveCall *c = now->c;
    Kind *k = now->k;
    WhatIf w = now->as_is;
    int64_t then, n = k->f.guessed_prefix;
    uint32_t flags;
    if (!n || !whatif_open(now, &w)) return;
    bool alive = k->guessed_ms / MS_PER_DAY == now->r->day && c->ts_ms - k->guessed_ms < LIFETIME_MS; /* S6 */
    k->guessed_ms = c->ts_ms;
    if (!alive && !k->f.charges_writes) return;
    if (n > w.tokens[TOK_INPUT]) n = w.tokens[TOK_INPUT];
    w.tokens[TOK_INPUT] -= n;
    w.tokens[alive ? TOK_CACHE_READ : TOK_CACHE_WRITE_5M] += n;
    if (!whatif_price(now, &w, &then, &flags)) return;
    k->n[K_GUESS_NANO] = nano_add(k->n[K_GUESS_NANO], c->cost_nano - then);
    k->n[K_GUESSED]++;
    examples_add(&now->r->guessed, c->key, c->cost_nano - then, 0, NO_PREFIX);
}

/* Between nothing (what is the same length need not be the same) and all: half of it, and half of it more or less. */
static void a_guess(NoteRoom *n) {
    int64_t all = 0, calls = 0;
    for (size_t i = 0; i < n->r->kinds; i++) {
        const int64_t *sum = n->r->kind[i].n;
        if (sum[K_GUESS_NANO] > 0) all = nano_add(all, sum[K_GUESS_NANO]), calls += sum[K_GUESSED];
    }
    SaveNote *note;
    if (all <= 0 || !(note = save_note(n, "prompt cache: a guess", false))) return;
    note->nano_known = true;
    note->nano = all - all / 2;
    note->spread_nano = all - all / 2;
    note->calls = calls;
    note->sure = SURE_LOW;
    save_note_examples(note, &n->r->guessed);
    snprintf(note->text, sizeof note->text, "low confidence, no prefix_hash in the log: the least input of these features may be one prefix; log prefix_hash, prefix_bytes");
}

void save_prefixes(NoteRoom *n) {
    an_hour(n);
    a_guess(n);
}
