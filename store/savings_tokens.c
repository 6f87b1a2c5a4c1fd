/* savings_tokens: token optimisation. Possible: output beyond twice what is usual for the feature on that model, which a limit on
 * output tokens would have cut. What limits save already is not in the logs. The price is sure; whether the rest of an answer
 * was needed is not: never more than low. */
#include "store/savings_parts.h"

enum { LEAST_CALLS = 50, TIMES = 2 };

typedef struct Output { uint32_t group; int64_t tokens; } Output;

static int64_t output_of(const int64_t *t) { return t[TOK_OUTPUT] + t[TOK_REASONING]; }

static int by_group(const void *a, const void *b) {
    const Output *x = a, *y = b;
    if (x->group != y->group) return (x->group > y->group) - (x->group < y->group);
    return (x->tokens > y->tokens) - (x->tokens < y->tokens);
}

/* A group is a feature on a model; a kind belongs to one. Returns how many there are. */
static size_t make_groups(const SaveRoom *r, uint32_t *of) {
    KeyTable ids = {.width = 2};
    for (size_t k = 0; k < r->s->kinds; k++) {
        const SaveKind *kind = &r->s->kind[k];
        const int64_t key[2] = {(int64_t)hash64(kind->feature, strlen(kind->feature), 0), (int64_t)hash64(kind->model, strlen(kind->model), 0)};
        bool is_new;
        of[k] = keytable_index(&ids, key, &is_new);
    }
    size_t count = ids.count;
    keytable_free(&ids);
    return count;
}

/* limit[group]: twice the median; INT64_MAX = too few calls to tell. */
static void find_limits(const SaveRoom *r, const WhatIf *w, const uint32_t *of, int64_t *limit, size_t groups) {
    Output *all = xcalloc(r->s->count + 1, sizeof *all);
    size_t n = 0;
    for (size_t g = 0; g < groups; g++) limit[g] = INT64_MAX;
    for (size_t i = 0; i < r->s->count; i++)
        if (whatif_open(r, i, &w[i])) all[n++] = (Output){of[r->s->call[i].kind], output_of(w[i].tokens)};
    qsort(all, n, sizeof *all, by_group);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from; to < n && all[to].group == all[from].group; to++) {}
        if (to - from >= LEAST_CALLS) limit[all[from].group] = all[from + (to - from) / 2].tokens * TIMES;
    }
    free(all);
}

static void apply(SaveRoom *r, WhatIf *w) {
    uint32_t *of = xcalloc(r->s->kinds + 1, sizeof *of);
    size_t groups = make_groups(r, of);
    int64_t *limit = xcalloc(groups + 1, sizeof *limit);
    find_limits(r, w, of, limit, groups);
    for (size_t i = 0; i < r->s->count; i++) {
        int64_t *t = w[i].tokens, most = limit[of[r->s->call[i].kind]], over = output_of(t) - most;
        if (over <= 0 || most == 0 || !whatif_open(r, i, &w[i])) continue;
        t[TOK_OUTPUT] -= over < t[TOK_OUTPUT] ? over : t[TOK_OUTPUT];
    }
    free(limit);
    free(of);
}

static void say(const SaveRoom *r, Saving *out) {
    int64_t good = 0;
    for (size_t i = 0; i < r->s->count; i++) good += r->s->call[i].outcome == OUTCOME_OK;
    out->possible_known = good >= LEAST_CALLS;
    if (out->possible_known) {
        out->sure = SURE_LOW;
        snprintf(out->stands_on, sizeof out->stands_on, "%lld of %lld answers are over twice the usual length", (long long)out->calls, (long long)good);
    } else snprintf(out->stands_on, sizeof out->stands_on, "fewer than %d calls: too few to say what is usual", (int)LEAST_CALLS);
}

const Strategy save_tokens = {.name = "token optimisation", .guide = "20–40%", .apply = apply, .say = say};
