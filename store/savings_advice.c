/* savings_advice: limits that already clamp and answers that reached one, structured output, the size of batches. Owns: when
 * each is worth saying. See savings.h. */
#include "store/money.h"
#include "store/savings_parts.h"

enum { LEAST_CALLS = 50, GROUP_LEAST = 32, GROUP_MOST = 64, SPREAD_TIMES = 4 };

static int64_t output_of(const SaveCall *c) { return c->tokens[TOK_OUTPUT] + c->tokens[TOK_REASONING]; }

static void limits(NoteRoom *n) {
    const SaveSample *s = n->r->s;
    int64_t reached = 0, nano = 0, limited = 0, example = 0, most = -1;
    for (size_t i = 0; i < s->count; i++) {
        const SaveCall *c = &s->call[i];
        if (c->max_tokens <= 0 || c->flags & REQ_CACHE_HIT) continue;
        limited++;
        if (output_of(c) < c->max_tokens) continue;
        reached++;
        nano = nano_add(nano, c->cost_nano);
        if (c->cost_nano > most) most = c->cost_nano, example = c->key;
    }
    SaveNote *note = save_note(n, "max_tokens", false);
    if (!note) return;
    *note = (SaveNote){.name = note->name, .nano_known = limited > 0, .nano = nano, .calls = reached, .example = example};
    if (!limited) snprintf(note->text, sizeof note->text, "not in the logs: max_tokens; with it the answers that a limit clamps are counted");
    else snprintf(note->text, sizeof note->text, "%lld of %lld calls with a limit reached it: it clamps already, and a cut answer that is asked again is paid twice",
                  (long long)reached, (long long)limited);
}

/* ---- free-form answers: of one feature some are many times as long as most ---- */
typedef struct Form { int64_t calls, output, most, nano, example; } Form;

static void structured(NoteRoom *n) {
    const SaveSample *s = n->r->s;
    Form *at = xcalloc(s->kinds + 1, sizeof *at);
    size_t best = s->kinds;
    for (size_t i = 0; i < s->count; i++) {
        const SaveCall *c = &s->call[i];
        Form *f = &at[c->kind];
        if (c->flags & (REQ_STREAM | REQ_CACHE_HIT) || c->outcome != OUTCOME_OK) continue;
        f->calls++;
        f->output += output_of(c);
        f->nano = nano_add(f->nano, c->cost_nano);
        if (output_of(c) > f->most) f->most = output_of(c), f->example = c->key;
    }
    for (size_t k = 0; k < s->kinds; k++) {
        bool uneven = at[k].calls >= LEAST_CALLS && at[k].most / SPREAD_TIMES > at[k].output / at[k].calls;
        if (uneven && (best == s->kinds || at[k].nano > at[best].nano)) best = k;
    }
    SaveNote *note;
    if (best < s->kinds && (note = save_note(n, "structured output", false))) {
        const Form *f = &at[best];
        *note = (SaveNote){.name = note->name, .calls = f->calls, .example = f->example};
        snprintf(note->text, sizeof note->text, "%.60s: nobody reads along, and answers go up to %lld tokens where %lld are the mean: a JSON schema bounds them",
                 s->kind[best].feature[0] ? s->kind[best].feature : "(no feature)", (long long)f->most, (long long)(f->output / f->calls));
    }
    free(at);
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
    groups(n);
}
