/* savings_route: model routing. Possible: calls of premium models that look simple (short in, short out, no tools) or are of a
 * feature that is said to tolerate a cheaper model, repriced on one of the same provider. Realised: calls of cheaper models against the premium model that this site pays most for.
 * The price of a route is sure, the quality of its answers is not: never more than medium. */
#include "store/savings_parts.h"

static bool undo(const SaveNow *now, WhatIf *w) {
    if (!now->k->f.dearest) return false;
    w->route = ROUTE_DEAREST;
    return true;
}

static bool is_simple(const SaveNow *now) {
    const SaveAsk *ask = now->r->ask;
    const SaveCall *c = now->c;
    int64_t in = ask->simple_input ? ask->simple_input : SAVE_SIMPLE_INPUT, out = ask->simple_output ? ask->simple_output : SAVE_SIMPLE_OUTPUT;
    return now->k->f.can_be_cheap || (c->tools <= 0 && call_input(c->tokens) <= in && call_output(c->tokens) <= out);
}

static bool apply(const SaveNow *now, WhatIf *w) {
    const Route own = w->route;
    int64_t then;
    uint32_t flags;
    if (!now->k->f.cheaper || !is_simple(now)) return false;
    w->route = ROUTE_CHEAPER;
    bool cheaper = whatif_price(now, w, &then, &flags) && then < now->c->cost_nano;
    if (!cheaper) w->route = own;
    return cheaper;
}

static void say(const SaveRoom *r, Saving *out) {
    int64_t premium = 0, routable = 0, told = 0, named = 0; /* told: whether it has tools, or its feature is named */
    const char *to = "";
    for (size_t i = 0; i < r->kinds; i++) {
        const Kind *k = &r->kind[i];
        if (k->f.price_class == CLASS_PREMIUM) premium += k->n[K_CALLS];
        if (!k->f.cheaper) continue;
        routable += k->n[K_CALLS];
        told += k->n[k->f.can_be_cheap ? K_CALLS : K_TOOLS];
        named += k->f.can_be_cheap ? k->n[K_CALLS] : 0;
        to = k->f.cheaper;
    }
    out->saved_known = true;
    out->saved_sure = SURE_MEDIUM; /* that the premium model would have answered them is a supposition */
    snprintf(out->saved_on, sizeof out->saved_on, "%lld calls of cheaper models, against the premium one that most is paid for", (long long)out->saved_calls);
    out->possible_known = premium == 0 || routable > 0;
    if (premium == 0) snprintf(out->stands_on, sizeof out->stands_on, "no call of a premium model");
    else if (!routable && save_given(r->ask->route_to))
        snprintf(out->stands_on, sizeof out->stands_on, "no price of %.50s at the providers of premium calls: route_to = another", r->ask->route_to);
    else if (!routable) snprintf(out->stands_on, sizeof out->stands_on, "no cheaper model in the logs: [savings] route_to = names one");
    else snprintf(out->stands_on, sizeof out->stands_on, "%lld simple%s of %lld premium calls, on %.50s", (long long)out->calls, named ? " or named" : "", (long long)premium, to);
    if (routable) out->sure = told * 2 > routable ? SURE_MEDIUM : SURE_LOW;
}

const Strategy save_routing = {.name = "model routing", .guide = "50–75%", .undo = undo, .apply = apply, .say = say};
