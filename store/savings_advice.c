/* savings_advice: limits that already clamp and answers that reached one, structured output, the size of batches. Owns: when
 * each is worth saying. See savings.h. */
#include "store/money.h"
#include "store/savings_parts.h"

enum { GROUP_LEAST = 32, GROUP_MOST = 64, SPREAD_TIMES = 4, VERBOSE_TIMES = 2 };

static void see_limit(const SaveNow *now) {
    const SaveCall *c = now->c;
    int64_t *n = now->k->n;
    if (c->max_tokens <= 0) return;
    n[K_LIMITED]++;
    if (call_output(c->tokens) < c->max_tokens) return;
    n[K_REACHED]++;
    n[K_REACHED_NANO] = nano_add(n[K_REACHED_NANO], c->cost_nano);
    best_add(&now->k->best[KB_REACHED], c->cost_nano, c->key);
}

static void see_form(const SaveNow *now) {
    const SaveCall *c = now->c;
    int64_t *n = now->k->n, output = call_output(c->tokens);
    if (c->flags & REQ_STREAM || c->outcome != OUTCOME_OK) return;
    n[K_FORM]++;
    n[K_FORM_OUTPUT] += output;
    n[K_FORM_NANO] = nano_add(n[K_FORM_NANO], c->cost_nano);
    best_add(&now->k->best[KB_FORM], output, c->key);
}

void save_advice_see(const SaveNow *now) {
    const SaveCall *c = now->c;
    int64_t *n = now->k->n;
    if (c->flags & REQ_CACHE_HIT || c->outcome == OUTCOME_REFUSED) return; /* no model was asked */
    n[K_ASKED]++;
    n[K_ASKED_TOKENS] += call_input(c->tokens) + call_output(c->tokens);
    n[K_ASKED_TIMED] += c->latency_ms > 0;
    n[K_ASKED_MS] += c->latency_ms > 0 ? c->latency_ms : 0;
    if (c->outcome == OUTCOME_OK) {
        n[K_ANSWERS]++;
        n[K_ANSWER_TOKENS] += call_output(c->tokens);
        best_add(&now->k->best[KB_LONGEST], call_output(c->tokens), c->key);
    }
    see_limit(now);
    see_form(now);
}

static void limits(NoteRoom *n) {
    int64_t limited = save_sum(n->r, K_LIMITED), reached = save_sum(n->r, K_REACHED);
    const Saving *s = &n->out->by[SAVE_TOKENS];
    SaveNote *note = save_note(n, "max_tokens", false);
    if (!note) return;
    *note = (SaveNote){.name = note->name, .sure = SURE_HIGH, .nano_known = limited > 0, .nano = save_sum(n->r, K_REACHED_NANO), .calls = reached, .example = save_best(n->r, KB_REACHED).key};
    if (!limited) snprintf(note->text, sizeof note->text, "not in the logs: max_tokens; with it the answers that a limit clamps are counted");
    else snprintf(note->text, sizeof note->text, "%lld of %lld calls with a limit reached it: it clamps already%s, and a cut answer that is asked again is paid twice",
                  (long long)reached, (long long)limited, s->saved_calls ? ", saving what longer answers of the feature go on for" : "");
}

/* ---- free-form answers: of one feature some are many times as long as most ---- */
static const Kind *most_uneven(const SaveRoom *r) {
    const Kind *best = NULL;
    for (size_t i = 0; i < r->kinds; i++) {
        const Kind *k = &r->kind[i];
        const int64_t *n = k->n;
        bool uneven = n[K_FORM] >= SAVE_LEAST_CALLS && k->best[KB_FORM].most / SPREAD_TIMES > n[K_FORM_OUTPUT] / n[K_FORM];
        if (uneven && (!best || n[K_FORM_NANO] > best->n[K_FORM_NANO])) best = k;
    }
    return best;
}

static void structured(NoteRoom *n) {
    const Kind *k = most_uneven(n->r);
    SaveNote *note;
    if (!k || !(note = save_note(n, "structured output", false))) return;
    *note = (SaveNote){.name = note->name, .sure = SURE_HIGH, .calls = k->n[K_FORM], .example = k->best[KB_FORM].key};
    snprintf(note->text, sizeof note->text, "%.60s: nobody reads along, and answers go up to %lld tokens where %lld are the mean: a JSON schema bounds them",
             k->text.feature[0] ? k->text.feature : "(no feature)", (long long)k->best[KB_FORM].most, (long long)(k->n[K_FORM_OUTPUT] / k->n[K_FORM]));
}

/* ---- a feature whose answers are long as a rule: its own usual length cannot tell ---- */
typedef struct Talker { const char *feature; int64_t answers, tokens, nano; Best longest; } Talker;

static void add_talker(Talker *t, const Kind *k) {
    const Best *b = &k->best[KB_LONGEST];
    t->feature = k->text.feature;
    t->answers += k->n[K_ANSWERS];
    t->tokens += k->n[K_ANSWER_TOKENS];
    t->nano = nano_add(t->nano, k->n[K_OUTPUT_NANO]);
    if (b->key && (!t->longest.key || b->most > t->longest.most)) t->longest = *b;
}

static bool is_verbose(const Talker *t, int64_t answers, int64_t tokens) {
    int64_t others = answers - t->answers;
    if (t->answers < SAVE_LEAST_CALLS || others < SAVE_LEAST_CALLS) return false;
    return t->tokens / t->answers > VERBOSE_TIMES * ((tokens - t->tokens) / others);
}

static Talker dearest_talker(const SaveRoom *r, int64_t answers, int64_t tokens) {
    KeyTable ids = {.width = 1};
    Talker *at = xcalloc(r->kinds + 1, sizeof *at), best = {0};
    for (size_t i = 0; i < r->kinds; i++) {
        const int64_t key = (int64_t)(r->kind[i].feature >> 1);
        bool is_new;
        if (r->kind[i].n[K_ANSWERS]) add_talker(&at[keytable_index(&ids, &key, &is_new)], &r->kind[i]);
    }
    for (size_t i = 0; i < ids.count; i++)
        if (is_verbose(&at[i], answers, tokens) && at[i].nano > best.nano) best = at[i];
    free(at);
    keytable_free(&ids);
    return best;
}

static void verbose(NoteRoom *n) {
    const int64_t answers = save_sum(n->r, K_ANSWERS), tokens = save_sum(n->r, K_ANSWER_TOKENS);
    const Talker t = dearest_talker(n->r, answers, tokens);
    SaveNote *note;
    if (t.nano <= 0 || !(note = save_note(n, "verbose feature", false))) return;
    *note = (SaveNote){.name = note->name, .sure = SURE_HIGH, .nano_known = true, .nano = t.nano, .calls = t.answers, .example = t.longest.key};
    snprintf(note->text, sizeof note->text, "%.60s: %lld tokens an answer where other features have %lld, and this is what its output cost: ask for less, or limit it",
             *t.feature ? t.feature : "(no feature)", (long long)(t.tokens / t.answers), (long long)((tokens - t.tokens) / (answers - t.answers)));
}

static void groups(NoteRoom *n) {
    const Saving *s = &n->out->by[SAVE_BATCH];
    SaveNote *note;
    if (!s->possible_known || s->calls == 0 || !(note = save_note(n, "batch groups", false))) return;
    note->calls = s->calls;
    snprintf(note->text, sizeof note->text, "%lld calls that can wait make %lld groups of %d or %lld of %d: what one bad call makes to be sent again stays small",
             (long long)s->calls, (long long)((s->calls + GROUP_LEAST - 1) / GROUP_LEAST), (int)GROUP_LEAST,
             (long long)((s->calls + GROUP_MOST - 1) / GROUP_MOST), (int)GROUP_MOST);
}

void save_advice(NoteRoom *n) {
    limits(n);
    structured(n);
    verbose(n);
    groups(n);
}
