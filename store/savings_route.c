/* savings_route: model routing. Possible: calls of premium models that look simple (short in, short out, no tools), repriced on a
 * cheaper model of the same provider. Realised: calls of cheaper models against the premium model that this site pays most for.
 * The price of a route is sure, the quality of its answers is not: never more than medium. */
#include "store/savings_parts.h"

static bool undo(const SaveNow *now, WhatIf *w) {
    if (!now->k->f.dearest) return false;
    w->route = ROUTE_DEAREST;
    return true;
}

static bool is_simple(const SaveAsk *ask, const SaveCall *c) {
    int64_t in = ask->simple_input ? ask->simple_input : SAVE_SIMPLE_INPUT, out = ask->simple_output ? ask->simple_output : SAVE_SIMPLE_OUTPUT;
    return c->tools <= 0 && call_input(c->tokens) <= in && call_output(c->tokens) <= out;
}

static bool apply(const SaveNow *now, WhatIf *w) {
    const Route own = w->route;
    int64_t then;
    uint32_t flags;
    if (!now->k->f.cheaper || !is_simple(now->r->ask, now->c)) return false;
    w->route = ROUTE_CHEAPER;
    bool cheaper = whatif_price(now, w, &then, &flags) && then < now->c->cost_nano;
    if (!cheaper) w->route = own;
    return cheaper;
}

static void say(const SaveRoom *r, Saving *out) {
    int64_t premium = 0, routable = 0, tools = 0;
    const char *to = "";
    for (size_t i = 0; i < r->kinds; i++) {
        const Kind *k = &r->kind[i];
        if (k->f.price_class == CLASS_PREMIUM) premium += k->n[K_CALLS];
        if (k->f.cheaper) routable += k->n[K_CALLS], tools += k->n[K_TOOLS], to = k->f.cheaper;
    }
    out->saved_known = true;
    out->possible_known = premium == 0 || routable > 0;
    if (premium == 0) snprintf(out->stands_on, sizeof out->stands_on, "no call of a premium model");
    else if (!routable && save_given(r->ask->route_to))
        snprintf(out->stands_on, sizeof out->stands_on, "no price of %.50s at the providers of premium calls: route_to = another", r->ask->route_to);
    else if (!routable) snprintf(out->stands_on, sizeof out->stands_on, "no cheaper model in the logs: [savings] route_to = names one");
    else snprintf(out->stands_on, sizeof out->stands_on, "%lld simple of %lld premium calls, on %.50s", (long long)out->calls, (long long)premium, to);
    if (routable) out->sure = tools * 2 > routable ? SURE_MEDIUM : SURE_LOW;
}

const Strategy save_routing = {.name = "model routing", .guide = "50–75%", .undo = undo, .apply = apply, .say = say};
