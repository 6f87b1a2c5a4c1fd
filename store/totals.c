/* totals: sums as people see them. Owns the arithmetic of Totals: which origin's money goes where, and that sums of
 * hostile counters stop at the largest number instead of turning over. See query.h. */
#include "store/query.h"

static inline void plus(int64_t *into, int64_t v) {
    if (__builtin_add_overflow(*into, v, into)) *into = v < 0 ? INT64_MIN : INT64_MAX;
}

void totals_add(Totals *into, const Totals *from) {
    plus(&into->requests, from->requests);
    plus(&into->errors, from->errors);
    plus(&into->refused, from->refused);
    plus(&into->incomplete, from->incomplete);
    for (int i = 0; i < TOK_COUNT; i++) plus(&into->tokens[i], from->tokens[i]);
    plus(&into->cost_nano, from->cost_nano);
    plus(&into->notional_nano, from->notional_nano);
    plus(&into->saved_cache_nano, from->saved_cache_nano);
    plus(&into->saved_response_nano, from->saved_response_nano);
    plus(&into->response_cache_hits, from->response_cache_hits);
    plus(&into->unpriced_requests, from->unpriced_requests);
    plus(&into->unpriced_tokens, from->unpriced_tokens);
    plus(&into->unpriced_notional, from->unpriced_notional);
    plus(&into->input_all, from->input_all);
    plus(&into->output_all, from->output_all);
    into->basis |= from->basis;
}

/* The bill of flat-rate use does not move: its value is notional, and nothing is saved by a cache. */
void totals_add_sums(Totals *into, Origin origin, const Sums *sums) {
    const int64_t *v = sums->v, *tokens = v + SUM_TOKENS;
    bool money = origin != ORIGIN_NOTIONAL;
    Totals t = {
        .requests = v[SUM_REQUESTS], .errors = v[SUM_ERRORS], .refused = v[SUM_REFUSED],
        .incomplete = v[SUM_INCOMPLETE], .cost_nano = money ? v[SUM_COST] : 0, .notional_nano = money ? 0 : v[SUM_COST],
        .saved_cache_nano = money ? v[SUM_SAVED_CACHE] : 0, .saved_response_nano = money ? v[SUM_SAVED_RESPONSE] : 0,
        .response_cache_hits = v[SUM_CACHE_HITS], .unpriced_requests = v[SUM_UNPRICED_REQUESTS],
        .unpriced_tokens = v[SUM_UNPRICED_TOKENS], .unpriced_notional = money ? 0 : v[SUM_UNPRICED_REQUESTS],
        .basis = 1u << origin,
        .output_all = tokens[TOK_OUTPUT],
    };
    memcpy(t.tokens, tokens, sizeof t.tokens);
    plus(&t.output_all, tokens[TOK_REASONING]);
    for (int i = 0; i < TOK_COUNT; i++)
        if (i != TOK_OUTPUT && i != TOK_REASONING) plus(&t.input_all, tokens[i]);
    totals_add(into, &t);
}

bool totals_lack_a_price(const Totals *t) {
    if (t->unpriced_requests > 0) return t->unpriced_requests > t->unpriced_notional;
    return t->unpriced_tokens > 0;
}

int totals_cache_hit_permille(const Totals *t) {
    if (t->input_all <= 0) return -1;
    /* A thousand times a sum of tokens may pass int64; a part in 1,024 of a sum that large is nothing. */
    int64_t read = t->tokens[TOK_CACHE_READ], all = t->input_all;
    while (all > INT64_MAX / 2000) {
        all /= 1024;
        read /= 1024;
    }
    return (int)((read * 2000 + all) / (all * 2));
}

const char *totals_basis(const Totals *t) {
    if (t->basis == 0) return origin_names[ORIGIN_METERED];
    for (int i = 0; i < ORIGIN_COUNT; i++)
        if (t->basis == 1u << i) return origin_names[i];
    return "mixed";
}
