/* savings_route: model routing. Possible: calls of premium models that look simple (short in, short out, no tools), repriced on a
 * cheaper model of the same provider. Realised: calls of cheaper models against the premium model that this site pays most for.
 * The price of a route is sure, the quality of its answers is not: never more than medium. */
#include "store/savings_parts.h"

static bool undo(const SaveRoom *r, const SaveCall *c, WhatIf *w) {
    const KindFacts *f = &r->facts[c->kind];
    if (!f->dearest) return false;
    w->model = f->dearest;
    return true;
}

static bool is_simple(const SaveAsk *ask, const SaveCall *c) {
    int64_t in = ask->simple_input ? ask->simple_input : SAVE_SIMPLE_INPUT, out = ask->simple_output ? ask->simple_output : SAVE_SIMPLE_OUTPUT;
    return c->tools <= 0 && call_input(c->tokens) <= in && c->tokens[TOK_OUTPUT] + c->tokens[TOK_REASONING] <= out;
}

static void apply(SaveRoom *r, WhatIf *w) {
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        const KindFacts *f = &r->facts[c->kind];
        int64_t now, then;
        uint32_t flags;
        if (!f->cheaper || !is_simple(r->ask, c) || !whatif_open(r, i, &w[i])) continue;
        WhatIf routed = w[i];
        routed.model = f->cheaper;
        if (whatif_price(r, c, &w[i], &now, &flags) && whatif_price(r, c, &routed, &then, &flags) && then < now) w[i] = routed;
    }
}

static void say(const SaveRoom *r, Saving *out) {
    int64_t premium = 0, routable = 0, tools = 0;
    const char *to = "";
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        const KindFacts *f = &r->facts[c->kind];
        premium += f->price_class == CLASS_PREMIUM;
        routable += f->cheaper != NULL;
        if (f->cheaper) tools += c->tools >= 0, to = f->cheaper;
    }
    out->possible_known = premium == 0 || routable > 0;
    if (premium == 0) snprintf(out->stands_on, sizeof out->stands_on, "no call of a premium model");
    else if (!routable) snprintf(out->stands_on, sizeof out->stands_on, "no cheaper model in the logs: [savings] route_to = names one");
    else snprintf(out->stands_on, sizeof out->stands_on, "%lld simple of %lld premium calls, on %.50s", (long long)out->calls, (long long)premium, to);
    if (routable) out->sure = tools * 2 > routable ? SURE_MEDIUM : SURE_LOW;
}

const Strategy save_routing = {.name = "model routing", .guide = "50–75%", .undo = undo, .apply = apply, .say = say};
