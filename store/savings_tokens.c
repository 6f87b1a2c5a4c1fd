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

static void say(const SaveRoom *r, Saving *out) {
    int64_t good = save_sum(r, K_GOOD), limited = save_sum(r, K_LIMITED), reached = save_sum(r, K_REACHED);
    bool usual = false;
    for (size_t i = 0; i < r->kinds; i++) usual = usual || r->kind[i].f.output_limit != INT64_MAX;
    out->saved_known = limited > 0 && (reached == 0 || out->saved_calls > 0);
    out->possible_known = usual;
    if (usual) {
        out->sure = SURE_LOW;
        snprintf(out->stands_on, sizeof out->stands_on, "%lld of %lld answers are over twice the usual length", (long long)out->calls, (long long)good);
    } else snprintf(out->stands_on, sizeof out->stands_on, "fewer than %d calls: too few to say what is usual", (int)SAVE_LEAST_CALLS);
}

const Strategy save_tokens = {.name = "token optimisation", .guide = "20–40%", .undo = undo, .apply = apply, .say = say};
