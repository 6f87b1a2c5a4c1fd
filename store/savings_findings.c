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

static void output_ignored(NoteRoom *n) {
    const SaveMix *m = &n->out->mix;
    int64_t calls = 0;
    for (int k = 0; k < CLASS_COUNT; k++) calls += m->calls[k];
    if (!at_least(m->output_nano, m->sound_nano, OUTPUT_PERCENT) || at_least(m->limited_calls, calls, UNLIMITED_PERCENT)) return;
    SaveNote *note = save_note(n, "output cost ignored", true);
    if (!note) return;
    note->nano_known = true;
    note->nano = m->output_nano;
    note->example = save_best(n->r, KB_FREE_OUTPUT).key;
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
    note->sure = s->sure;
    save_note_examples(note, &n->r->tally[SAVE_ROUTING].examples);
    snprintf(note->text, sizeof note->text, "%lld%% of the spend is premium price for calls that look simple, most in %.60s", percent(s->possible_nano, n->out->paid_nano),
             s->parts && s->part[0].feature[0] ? s->part[0].feature : "(no feature)");
}

static void no_budget(NoteRoom *n) {
    SaveNote *note;
    if (!n->r->ask->no_budget || n->out->paid_nano <= 0 || !(note = save_note(n, "no budget limit", true))) return;
    note->nano_known = true;
    note->nano = n->out->paid_nano;
    note->calls = n->out->calls;
    note->example = save_best(n->r, KB_COST).key;
    snprintf(note->text, sizeof note->text, "nothing stops this spend: no [budget NAME] is in the configuration");
}

/* ---- endpoints whose calls name no feature ---- */
typedef struct Untracked { const char *endpoint; int64_t nano, calls, example, most; } Untracked;

static bool is_untracked(const SaveKind *k) {
    return k->endpoint && k->endpoint[0] && (!k->feature[0] || strcmp(k->feature, "unknown") == 0);
}

static void add_untracked(Untracked *u, const Kind *k) {
    u->endpoint = k->text.endpoint;
    u->nano = nano_add(u->nano, k->n[K_PAID]);
    u->calls += k->n[K_CALLS];
    if (k->best[KB_COST].most < u->most) return;
    u->most = k->best[KB_COST].most;
    u->example = k->best[KB_COST].key;
}

static Untracked worst_untracked(const SaveRoom *r) {
    KeyTable ids = {.width = 1};
    Untracked *at = xcalloc(r->kinds + 1, sizeof *at), *worst = at;
    for (size_t i = 0; i < r->kinds; i++) {
        const SaveKind *k = &r->kind[i].text;
        bool is_new;
        if (!is_untracked(k)) continue;
        const int64_t key = (int64_t)(hash64(k->endpoint, strlen(k->endpoint), 0) >> 1);
        add_untracked(&at[keytable_index(&ids, &key, &is_new)], &r->kind[i]);
    }
    for (size_t i = 0; i < ids.count; i++)
        if (at[i].nano > worst->nano) worst = &at[i];
    const Untracked found = *worst;
    free(at);
    keytable_free(&ids);
    return found;
}

static void untracked(NoteRoom *n) {
    const Untracked u = worst_untracked(n->r);
    SaveNote *note;
    if (!at_least(u.nano, n->out->paid_nano, ENDPOINT_PERCENT) || !(note = save_note(n, "endpoint nobody tracks", true))) return;
    *note = (SaveNote){.name = note->name, .sure = SURE_HIGH, .finding = true, .nano_known = true, .nano = u.nano, .calls = u.calls, .example = u.example};
    snprintf(note->text, sizeof note->text, "%.80s: %lld calls without a feature, %lld%% of the spend; label its key or route", u.endpoint, (long long)u.calls,
             percent(u.nano, n->out->paid_nano));
}

/* ---- answers that change though they would be given again ---- */
static int64_t apart(int64_t a, int64_t b) { return a > b ? a - b : b - a; }

/* Long answers of one prompt that differ by a fifth are not the same answer. */
bool save_answer_changed(int64_t output, int64_t before) { return apart(output, before) * 5 > before; }

bool save_is_stale(int64_t changed, int64_t again) { return again >= ASKED_AGAIN && at_least(changed, again, CHANGED_PERCENT); }

void save_stale_see(const SaveNow *now, Prompt *p) {
    const SaveCall *c = now->c;
    int64_t *n = now->k->n, output = c->tokens[TOK_OUTPUT];
    if (!p || c->flags & REQ_CACHE_HIT || c->outcome != OUTCOME_OK) return;
    bool changed = p->output >= 0 && save_answer_changed(output, p->output);
    n[K_AGAIN] += p->output >= 0;
    n[K_CHANGED] += changed;
    if (changed) now->k->best[KB_CHANGED] = (Best){n[K_CHANGED], c->key};
    p->output = output;
}

/* Of features that a cache answers: by the policy's rule, or as hits show; or all, when a long TTL is asked about. */
typedef struct Stale { int64_t again, changed, ttl_ms, example; const char *feature; int64_t most; } Stale;

static bool keeps_answers(const NoteRoom *n, const Kind *k, int64_t hits) {
    if (n->r->ask->ttl_ms >= LONG_TTL_MS) return true;
    return k->f.cache_ttl_ms ? k->f.cache_ttl_ms >= LONG_TTL_MS : hits > 0;
}

static Stale find_stale(const NoteRoom *n) {
    Stale s = {0};
    int64_t hits = save_sum(n->r, K_HITS);
    for (size_t i = 0; i < n->r->kinds; i++) {
        const Kind *k = &n->r->kind[i];
        if (!keeps_answers(n, k, hits)) continue;
        s.again += k->n[K_AGAIN];
        s.changed += k->n[K_CHANGED];
        if (k->n[K_CHANGED] <= s.most) continue;
        s.most = k->n[K_CHANGED];
        s.example = k->best[KB_CHANGED].key;
        s.feature = k->text.feature;
        s.ttl_ms = k->f.cache_ttl_ms;
    }
    return s;
}

static void stale_risk(NoteRoom *n) {
    const Stale s = find_stale(n);
    SaveNote *note;
    if (!save_is_stale(s.changed, s.again) || !(note = save_note(n, "stale-risk caching", true))) return;
    note->calls = s.changed;
    note->example = s.example;
    char kept[128] = "";
    if (s.ttl_ms) snprintf(kept, sizeof kept, ", and the policy keeps those of %.24s for %lld s", *s.feature ? s.feature : "(no feature)", (long long)(s.ttl_ms / 1000));
    snprintf(note->text, sizeof note->text, "%lld of %lld repeated prompts were answered otherwise next time%s: a cache is stale; shorten its TTL",
             (long long)s.changed, (long long)s.again, kept);
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
        note->sure = s->saved_sure;
        note->spread_nano = s->saved_spread_nano;
        save_note_examples(note, &n->r->tally[i].saved_examples);
        if (i == SAVE_PROMPT || i == SAVE_RESPONSE) note->example = save_best(n->r, KB_CACHED).key;
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
