/* savings_findings: pitfalls of saving, each with the figures and a call that show it. Owns: what counts as one. */
#include "store/money.h"
#include "store/savings_parts.h"

enum { OUTPUT_PERCENT = 60, UNLIMITED_PERCENT = 50, TIER_PERCENT = 10, ENDPOINT_PERCENT = 2, TOUCHED_PERCENT = 10, NOTHING_PERMILLE = 5,
       ASKED_AGAIN = 10, CHANGED_PERCENT = 30, LONG_TTL_MS = 3600000 };

static long long percent(int64_t part, int64_t all) {
    if (all <= 0) return 0;
    return part > INT64_MAX / 100 ? part / (all / 100 + 1) : part * 100 / all;
}

static bool at_least(int64_t part, int64_t all, int64_t of_hundred) { return all > 0 && part / of_hundred >= all / 100 && part > 0; }

/* The call that `weight` finds most of; 0 = none. */
static int64_t most_of(const SaveSample *s, int64_t (*weight)(const SaveCall *c)) {
    int64_t most = 0, key = 0;
    for (size_t i = 0; i < s->count; i++) {
        int64_t w = weight(&s->call[i]);
        if (w > most) most = w, key = s->call[i].key;
    }
    return key;
}

static int64_t cost_of_call(const SaveCall *c) { return c->cost_nano; }
static int64_t free_output(const SaveCall *c) { return c->max_tokens > 0 ? 0 : c->tokens[TOK_OUTPUT] + c->tokens[TOK_REASONING]; }

static void output_ignored(NoteRoom *n) {
    const SaveMix *m = &n->out->mix;
    int64_t calls = 0;
    for (int k = 0; k < CLASS_COUNT; k++) calls += m->calls[k];
    if (!at_least(m->output_nano, m->sound_nano, OUTPUT_PERCENT) || at_least(m->limited_calls, calls, UNLIMITED_PERCENT)) return;
    SaveNote *note = save_note(n, "output cost ignored", true);
    if (!note) return;
    note->nano_known = true;
    note->nano = m->output_nano;
    note->example = most_of(n->r->s, free_output);
    note->calls = calls - m->limited_calls;
    snprintf(note->text, sizeof note->text, "output is %lld%% of the cost, and %lld of %lld calls have no limit on it in the log", percent(m->output_nano, m->sound_nano),
             (long long)note->calls, (long long)calls);
}

static void wrong_tier(NoteRoom *n) {
    const Saving *s = &n->out->by[SAVE_ROUTING];
    if (!s->possible_known || !at_least(s->possible_nano, n->out->paid_nano, TIER_PERCENT)) return;
    SaveNote *note = save_note(n, "wrong tier", true);
    if (!note) return;
    note->nano_known = true;
    note->nano = s->possible_nano;
    note->calls = s->calls;
    note->example = s->examples ? s->example[0] : 0;
    snprintf(note->text, sizeof note->text, "%lld%% of the spend is premium price for calls that look simple, most in %.60s", percent(s->possible_nano, n->out->paid_nano),
             s->parts && s->part[0].feature[0] ? s->part[0].feature : "(no feature)");
}

static void no_budget(NoteRoom *n) {
    SaveNote *note;
    if (!n->r->ask->no_budget || n->out->paid_nano <= 0 || !(note = save_note(n, "no budget limit", true))) return;
    note->nano_known = true;
    note->nano = n->out->paid_nano;
    note->calls = n->out->calls;
    note->example = most_of(n->r->s, cost_of_call);
    snprintf(note->text, sizeof note->text, "nothing stops this spend: no [budget NAME] is in the configuration");
}

/* ---- endpoints whose calls name no feature ---- */
typedef struct Untracked { const char *endpoint; int64_t nano, calls, example, most; } Untracked;

static bool is_untracked(const SaveKind *k) {
    return k->endpoint && k->endpoint[0] && (!k->feature[0] || strcmp(k->feature, "unknown") == 0);
}

static void untracked(NoteRoom *n) {
    const SaveSample *s = n->r->s;
    KeyTable ids = {.width = 1};
    Untracked *at = xcalloc(s->kinds + 1, sizeof *at), *worst = at;
    for (size_t i = 0; i < s->count; i++) {
        const SaveCall *c = &s->call[i];
        const SaveKind *k = &s->kind[c->kind];
        if (!is_untracked(k)) continue;
        const int64_t key = (int64_t)(hash64(k->endpoint, strlen(k->endpoint), 0) >> 1);
        bool is_new;
        Untracked *u = &at[keytable_index(&ids, &key, &is_new)];
        u->endpoint = k->endpoint;
        u->nano = nano_add(u->nano, c->cost_nano);
        u->calls++;
        if (c->cost_nano >= u->most) u->most = c->cost_nano, u->example = c->key;
        if (u->nano > worst->nano) worst = u;
    }
    SaveNote *note;
    if (at_least(worst->nano, n->out->paid_nano, ENDPOINT_PERCENT) && (note = save_note(n, "endpoint nobody tracks", true))) {
        *note = (SaveNote){.name = note->name, .finding = true, .nano_known = true, .nano = worst->nano, .calls = worst->calls, .example = worst->example};
        snprintf(note->text, sizeof note->text, "%.80s: %lld calls without a feature, %lld%% of the spend; label its key or route", worst->endpoint, (long long)worst->calls,
                 percent(worst->nano, n->out->paid_nano));
    }
    free(at);
    keytable_free(&ids);
}

/* ---- answers that change though they would be given again ---- */
static int64_t apart(int64_t a, int64_t b) { return a > b ? a - b : b - a; }

/* Long answers of one prompt that differ by a fifth are not the same answer. */
static void stale_risk(NoteRoom *n) {
    const SaveSample *s = n->r->s;
    KeyTable seen = {.width = 2};
    int64_t *at = NULL; /* output tokens of the answer before */
    size_t cap = 0;
    int64_t again = 0, changed = 0, hits = 0, example = 0;
    for (size_t i = s->count; i-- > 0;) {
        const SaveCall *c = &s->call[i];
        const SaveKind *k = &s->kind[c->kind];
        hits += (c->flags & REQ_CACHE_HIT) != 0;
        if (!c->prompt_hash || c->flags & REQ_CACHE_HIT || c->outcome != OUTCOME_OK) continue;
        const int64_t key[2] = {(int64_t)c->prompt_hash, (int64_t)hash64(k->model, strlen(k->model), 0)};
        bool is_new;
        uint32_t j = keytable_index(&seen, key, &is_new);
        if (j >= cap) at = xrealloc(at, (cap = cap ? cap * 2 : 1024) * sizeof *at);
        int64_t output = c->tokens[TOK_OUTPUT];
        if (!is_new && apart(output, at[j]) * 5 > at[j]) changed++, example = c->key;
        again += !is_new;
        at[j] = output;
    }
    free(at);
    keytable_free(&seen);
    bool cached = hits > 0 || n->r->ask->ttl_ms >= LONG_TTL_MS;
    SaveNote *note;
    if (!cached || again < ASKED_AGAIN || !at_least(changed, again, CHANGED_PERCENT) || !(note = save_note(n, "stale-risk caching", true))) return;
    note->calls = changed;
    note->example = example;
    snprintf(note->text, sizeof note->text, "%lld of %lld repeated prompts were answered otherwise the next time; a cache would have given the old answer: shorten its TTL",
             (long long)changed, (long long)again);
}

static int64_t cached(const SaveCall *c) {
    return c->tokens[TOK_CACHE_READ] + c->tokens[TOK_CACHE_WRITE_5M] + c->tokens[TOK_CACHE_WRITE_1H] + (c->flags & REQ_CACHE_HIT ? call_input(c->tokens) : 0);
}

static void costs_nothing(NoteRoom *n) {
    for (int i = 0; i < SAVE_COUNT; i++) {
        const Saving *s = &n->out->by[i];
        bool touches = at_least(s->saved_calls, n->out->calls, TOUCHED_PERCENT);
        if (!s->saved_known || !touches || s->saved_nano / NOTHING_PERMILLE >= n->out->paid_nano / 1000) continue;
        SaveNote *note = save_note(n, "optimisation of what costs nothing", true);
        if (!note) return;
        note->nano_known = true;
        note->nano = s->saved_nano;
        if (i == SAVE_PROMPT || i == SAVE_RESPONSE) note->example = most_of(n->r->s, cached);
        note->calls = s->saved_calls;
        snprintf(note->text, sizeof note->text, "%s touches %lld%% of the calls and %s", s->name, percent(s->saved_calls, n->out->calls),
                 s->saved_nano < 0 ? "costs more than it saves" : "saves less than half a percent of the spend");
    }
}

void save_findings(NoteRoom *n) {
    no_budget(n);
    wrong_tier(n);
    output_ignored(n);
    untracked(n);
    stale_risk(n);
    costs_nothing(n);
}
