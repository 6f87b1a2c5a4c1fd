/* ledger_merge: which of two records of one id gives the counters (L2). Pure: a total order, so that the order of arrival
 * and the cutting into batches cannot matter.
 */
#include "store/ledger_parts.h"

static int first_larger(int64_t a, int64_t b) {
    return a > b ? -1 : a < b;
}

static int first_smaller(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int64_t output_of(const Request *r) {
    return r->tokens[TOK_OUTPUT] + r->tokens[TOK_REASONING];
}

static int64_t total_of(const Request *r) {
    int64_t total = 0;
    for (int i = 0; i < TOK_COUNT; i++) total += r->tokens[i];
    return total;
}

int merge_order(const Contender *a, const Contender *b) {
    const Request *x = a->r, *y = b->r;
    int order = first_smaller(x->source_class, y->source_class);
    if (!order) order = first_larger(output_of(x), output_of(y));
    if (!order) order = first_larger(total_of(x), total_of(y));
    /* Flat-rate use that is also imported as if it were paid for stays what it is, whichever was read first. */
    if (!order) order = first_larger(x->origin == ORIGIN_NOTIONAL, y->origin == ORIGIN_NOTIONAL);
    if (!order) order = first_smaller(x->flags & REQ_SIDECHAIN, y->flags & REQ_SIDECHAIN);
    /* A call that was logged while it ran and again when it failed has no more tokens the second time. */
    if (!order) order = first_smaller(x->outcome == OUTCOME_INCOMPLETE, y->outcome == OUTCOME_INCOMPLETE);
    if (!order) order = first_smaller((uint64_t)a->own_ms, (uint64_t)b->own_ms);
    if (!order) order = first_smaller(a->fingerprint, b->fingerprint);
    return order ? order : first_smaller(x->offset, y->offset);
}
