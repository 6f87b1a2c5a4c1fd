/* savings_tokens: token optimisation. Possible: output beyond twice what is usual for the feature on that model, which a limit on
 * output tokens would have cut. Realised: answers that a limit cut, against how long the longer ones of the same feature and model
 * go on; a limit beyond which no answer was ever seen saved what nobody knows. The price is sure; whether the rest of an answer
 * was needed is not: never more than low. */
#include "store/savings_parts.h"

static bool undo(const SaveNow *now, WhatIf *w) {
    const SaveCall *c = now->c;
    if (c->max_tokens <= 0 || w->hit || c->outcome == OUTCOME_REFUSED || call_output(c->tokens) < c->max_tokens) return false;
    int64_t excess = save_excess(now->r->facts, now->k->f.group, c->max_tokens);
    if (excess < 0) return false;
    w->tokens[TOK_OUTPUT] += excess;
    return true;
}

int64_t save_cut_output(int64_t tokens[TOK_COUNT], int64_t most) {
    int64_t over = call_output(tokens) - most;
    if (most < 0 || over <= 0) return 0;
    int64_t visible = over < tokens[TOK_OUTPUT] ? over : tokens[TOK_OUTPUT];
    tokens[TOK_OUTPUT] -= visible;
    tokens[TOK_REASONING] -= over - visible;
    return over;
}

static bool apply(const SaveNow *now, WhatIf *w) { return save_cut_output(w->tokens, now->k->f.output_limit) > 0; }

/* Two standard deviations: of how far single answers would have gone on, and of the mean that stands for it. */
int64_t save_clamped_spread(const SaveRoom *r, int sum) {
    SaveWide squares = 0;
    for (size_t i = 0; i < r->kinds; i++) {
        const Kind *k = &r->kind[i];
        const ExcessSpread x = save_excess_spread(r->facts, k->f.group);
        if (k->n[K_CLAMPED] == 0 || x.answers == 0) continue;
        const SaveWide apart = (SaveWide)(k->n[sum] > 0 ? k->n[sum] : 0) * (SaveWide)x.permille / 1000, square = apart * apart;
        squares += square / (uint64_t)k->n[K_CLAMPED] + square / (uint64_t)x.answers;
    }
    return 2 * save_root(squares);
}

static void say_saved(const SaveRoom *r, Saving *out, int64_t limited) {
    out->saved_sure = out->saved_known ? SURE_LOW : SURE_NOT;
    out->saved_spread_nano = save_clamped_spread(r, K_CLAMPED_NANO);
    if (out->saved_known) snprintf(out->saved_on, sizeof out->saved_on, "%lld of %lld answers with a limit were cut by it, ± how far longer ones go on", (long long)out->saved_calls, (long long)limited);
    else if (!limited) snprintf(out->saved_on, sizeof out->saved_on, "not in the logs: max_tokens");
    else snprintf(out->saved_on, sizeof out->saved_on, "answers were cut, and too few longer ones tell how far they would have gone on");
}

static void say(const SaveRoom *r, Saving *out) {
    int64_t good = save_sum(r, K_GOOD), limited = save_sum(r, K_LIMITED), reached = save_sum(r, K_REACHED);
    bool usual = false;
    for (size_t i = 0; i < r->kinds; i++) usual = usual || r->kind[i].f.output_limit != INT64_MAX;
    out->saved_known = limited > 0 && (reached == 0 || out->saved_calls > 0);
    out->possible_known = usual;
    say_saved(r, out, limited);
    if (usual) {
        out->sure = SURE_LOW;
        snprintf(out->stands_on, sizeof out->stands_on, "%lld of %lld answers are over twice the usual length", (long long)out->calls, (long long)good);
    } else snprintf(out->stands_on, sizeof out->stands_on, "fewer than %d calls: too few to say what is usual", (int)SAVE_LEAST_CALLS);
}

const Strategy save_tokens = {.name = "token optimisation", .guide = "20–40%", .undo = undo, .apply = apply, .say = say};
