/* saving_measure: what a rule saved since it was written, from the calls that followed it. See B3 of saving_book.h. */
#include "store/money.h"
#include "store/policy_parts.h"
#include "store/saving_book.h"

typedef struct Measuring {
    const SavedRule *rule;
    json_t *entry;      /* of all its calls: a share is chosen by what the ledger does not keep */
    int64_t output_cap; /* of a limit; 0 = none */
    Pricer *pricer;
    RuleMeasured *out;
} Measuring;

/* A gateway of an older generation did not know the rule. One that tells none is believed. */
static bool knew_rule(const Measuring *m, const Request *q) { return q->policy_generation == 0 || q->policy_generation >= m->rule->generation; }

static void add_saved(Measuring *m, int64_t nano) {
    m->out->changed++;
    m->out->saved_nano = nano_add(m->out->saved_nano, nano);
}

static void measure_route(Measuring *m, const RuleRow *r) {
    const char *called = r->name[DIM_MODEL], *to = m->rule->to_model;
    int64_t before;
    if (r->asked == called || strcmp(r->asked, called) == 0 || !model_answers(str_of(to), str_of(called))) return;
    if (r->row->r.flags & REQ_UNPRICED || !rule_price(m->pricer, r, r->asked, r->row->r.tokens, &before)) m->out->unpriced++;
    else add_saved(m, r->row->r.flags & REQ_CACHE_HIT ? 0 : before - r->row->r.cost_nano);
}

/* What one call was expected to save. */
static int64_t usual(const SavedRule *r) { return r->expected_calls > 0 ? r->expected_nano / r->expected_calls : 0; }

static void measure_limit(Measuring *m, const Request *q) {
    bool at_limit = q->max_tokens == m->output_cap && q->tokens[TOK_OUTPUT] + q->tokens[TOK_REASONING] >= m->output_cap;
    if (m->output_cap && at_limit) add_saved(m, usual(m->rule));
}

static int measure_row(void *ctx, const RuleRow *r, Err *e) {
    Measuring *m = ctx;
    const Request *q = &r->row->r;
    PolicyCall c = rule_call(r);
    (void)e;
    if (m->rule->kind != RULE_ROUTE) c.model = r->name[DIM_MODEL];
    if (json_object_get(json_object_get(m->entry, "match"), "max_prompt_bytes") && c.prompt_bytes < 0) c.prompt_bytes = 0; /* the gateway knew it */
    if (c.tools < 0) c.tools = json_is_true(json_object_get(json_object_get(m->entry, "match"), "tools"));
    if (!knew_rule(m, q) || !policy_rule_matches(m->entry, &c)) return 0;
    m->out->calls += 1 + q->more_calls;
    switch (m->rule->kind) {
    case RULE_ROUTE: measure_route(m, r); break;
    case RULE_CACHE: if (q->flags & REQ_CACHE_HIT) add_saved(m, q->saved_response_nano); break;
    case RULE_RATE: if (q->outcome == OUTCOME_REFUSED && q->status == 429) add_saved(m, usual(m->rule)); break;
    default: measure_limit(m, q);
    }
    return 0;
}

int saving_measure(Db *db, const Book *b, const SavedRule *r, int64_t now_ms, int64_t max_calls, RuleMeasured *out, Err *e) {
    const Query q = {.since_ms = r->written_ms, .until_ms = r->ended_ms ? r->ended_ms : now_ms};
    Measuring m = {.rule = r, .pricer = pricer_new(b), .out = out, .entry = json_loads(r->entry, 0, NULL)};
    *out = (RuleMeasured){.until_ms = q.until_ms, .exact = r->kind == RULE_ROUTE || r->kind == RULE_CACHE};
    json_object_del(json_object_get(m.entry, "match"), "percent");
    m.output_cap = json_integer_value(json_object_get(m.entry, "max_output_tokens"));
    int rc = rule_rows(db, &q, max_calls, &out->cut, &out->since_ms, measure_row, &m, e);
    json_decref(m.entry);
    pricer_free(m.pricer);
    return rc;
}
