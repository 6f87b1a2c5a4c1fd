/* saving_measure: what a rule saved since it was written, from the calls that followed it. See B3 and B4 of saving_book.h. */
#include "store/clock.h"
#include "store/keytable.h"
#include "store/money.h"
#include "store/policy_parts.h"
#include "store/saving_book.h"

/* A rule of the same kind, in the policy's order; the last one is the measured one. */
typedef struct Rival {
    json_t *entry;                      /* of all its calls: a share is chosen by what the ledger does not keep */
    int64_t from_ms, until_ms, generation;
} Rival;

struct MeasureRun {
    Db *db;
    Query q;
    int64_t max_calls;
    RulePlace place;
    const SavedRule *rule;
    Rival at[SAVED_RULES_MAX];
    size_t count;
    bool by_name;       /* no rule looks at more than names: a match is remembered */
    KeyTable names;     /* of combo, context, model asked for */
    uint64_t *matching; /* beside it: a bit for each rule that matches by name */
    size_t cap;
    int64_t output_cap; /* of a limit; 0 = none */
    Pricer *pricer;
    RuleMeasured out;
};
typedef MeasureRun Measuring;
enum { NAMES_MAX = 1 << 16 };

/* ---- which rule acts on a call ---- */
static bool matches(const Rival *a, PolicyCall c) {
    const json_t *match = json_object_get(a->entry, "match");
    if (json_object_get(match, "max_prompt_bytes") && c.prompt_bytes < 0) c.prompt_bytes = 0; /* the gateway knew it */
    if (c.tools < 0) c.tools = json_is_true(json_object_get(match, "tools"));
    return policy_rule_matches(a->entry, &c);
}

static uint64_t match_all(const Measuring *m, const RuleRow *r) {
    uint64_t bits = 0;
    PolicyCall c = rule_call(r);
    if (m->rule->kind != RULE_ROUTE) c.model = r->name[DIM_MODEL];
    for (size_t i = 0; i < m->count; i++) bits |= (uint64_t)matches(&m->at[i], c) << i;
    return bits;
}

static uint64_t matching(Measuring *m, const RuleRow *r) {
    const int64_t key[3] = {r->row->combo, r->row->context, r->row->asked};
    bool is_new;
    if (!m->by_name) return match_all(m, r);
    if (m->names.count >= NAMES_MAX) keytable_clear(&m->names);
    uint32_t i = keytable_index(&m->names, key, &is_new);
    if (i >= m->cap) m->matching = xrealloc(m->matching, (m->cap = m->cap ? m->cap * 2 : 64) * sizeof *m->matching);
    if (is_new) m->matching[i] = match_all(m, r);
    return m->matching[i];
}

/* A gateway of an older generation did not know the rule. One that tells none is believed, but not of a refusal: others
 * than this rule answer 429 as well. */
static bool knew_rule(const Measuring *m, const Rival *a, const Request *q) {
    if (q->policy_generation == 0) return m->rule->kind != RULE_RATE;
    return q->policy_generation >= a->generation;
}

/* B4 */
static bool is_ours(Measuring *m, const RuleRow *r) {
    const Request *q = &r->row->r;
    uint64_t bits = matching(m, r);
    for (size_t i = 0; i < m->count; i++) {
        const Rival *a = &m->at[i];
        bool ran = q->ts_ms >= a->from_ms && q->ts_ms < a->until_ms && knew_rule(m, a, q);
        if (bits >> i & 1 && ran) return i + 1 == m->count;
    }
    return false;
}

static Rival rival_of(const SavedRule *r) {
    Rival a = {.entry = json_loads(r->entry, 0, NULL), .from_ms = r->written_ms, .until_ms = r->ended_ms ? r->ended_ms : INT64_MAX, .generation = r->generation};
    json_object_del(json_object_get(a.entry, "match"), "percent");
    return a;
}

static bool is_ahead(const SavedRule *a, const SavedRule *of) {
    bool earlier = a->written_ms < of->written_ms || (a->written_ms == of->written_ms && a->row < of->row);
    return a->kind == of->kind && a->row != of->row && earlier && (a->ended_ms == 0 || a->ended_ms > of->written_ms);
}

/* A limit does not end the search for others, so each is measured by itself. */
static int find_rivals(Measuring *m, Db *db, Err *e) {
    SavedRule *all = xcalloc(SAVED_RULES_MAX, sizeof *all);
    size_t count = 0;
    int rc = m->rule->kind == RULE_LIMIT ? 0 : saving_book_list(db, all, SAVED_RULES_MAX, &count, e);
    for (size_t i = count; i-- > 0;) /* newest first in the book, running ones before ended ones: only order among the matching counts */
        if (m->count < SAVED_RULES_MAX - 1 && is_ahead(&all[i], m->rule)) m->at[m->count++] = rival_of(&all[i]);
    saving_book_free(all, count);
    free(all);
    m->at[m->count++] = rival_of(m->rule);
    m->by_name = true;
    for (size_t i = 0; i < m->count; i++) {
        const json_t *match = json_object_get(m->at[i].entry, "match");
        m->by_name = m->by_name && !json_object_get(match, "max_prompt_bytes") && !json_object_get(match, "tools");
    }
    return rc;
}

/* ---- what it saved on it ---- */
static void add_saved(Measuring *m, int64_t nano) {
    m->out.changed++;
    m->out.saved_nano = nano_add(m->out.saved_nano, nano);
}

static void measure_route(Measuring *m, const RuleRow *r) {
    const char *called = r->name[DIM_MODEL], *to = m->rule->to_model;
    int64_t before;
    if (r->asked == called || strcmp(r->asked, called) == 0 || !model_answers(str_of(to), str_of(called))) return;
    if (r->row->r.flags & REQ_UNPRICED || !rule_price(m->pricer, r, r->asked, r->row->r.tokens, &before)) m->out.unpriced++;
    else add_saved(m, r->row->r.flags & REQ_CACHE_HIT ? 0 : before - r->row->r.cost_nano);
}

static void measure_limit(Measuring *m, const Request *q) {
    bool at_limit = q->max_tokens == m->output_cap && q->tokens[TOK_OUTPUT] + q->tokens[TOK_REASONING] >= m->output_cap;
    m->out.changed += m->output_cap && at_limit;
}

static int measure_row(void *ctx, const RuleRow *r, Err *e) {
    Measuring *m = ctx;
    const Request *q = &r->row->r;
    (void)e;
    if (!is_ours(m, r)) return 0;
    m->out.calls += 1 + q->more_calls;
    m->out.last_ms = q->ts_ms; /* they come oldest first */
    switch (m->rule->kind) {
    case RULE_ROUTE: measure_route(m, r); break;
    case RULE_CACHE: if (q->flags & REQ_CACHE_HIT) add_saved(m, q->saved_response_nano); break;
    case RULE_RATE: m->out.changed += q->outcome == OUTCOME_REFUSED && q->status == 429; break;
    default: measure_limit(m, q);
    }
    return 0;
}

/* So many times what one call was expected to save; divided once, at the end. */
static int64_t expected_of(const SavedRule *r, int64_t calls) {
    __extension__ typedef __int128 Wide;
    int64_t nano = r->window_ms ? r->window_nano : r->expected_nano, of = r->window_ms ? r->window_calls : r->expected_calls;
    Wide all = of > 0 ? (Wide)calls * nano / of : 0;
    return all > INT64_MAX ? INT64_MAX : all < -INT64_MAX ? -INT64_MAX : (int64_t)all;
}

/* What a rule was written for may go away: then it saves nothing, and that is no failure of the rule. */
void saving_silence(const RuleMeasured *m, const Zone *zone, char *out, size_t size) {
    char at[40];
    out[0] = '\0';
    if (m->until_ms - (m->calls ? m->last_ms : m->since_ms) < MS_PER_DAY) return;
    time_format(zone, m->last_ms, "%d %b %H:%M", at, sizeof at);
    if (m->calls) snprintf(out, size, ", none since %s", at);
    else snprintf(out, size, "%s", m->cut ? ", no call of it among them" : ", no call of it since it was written");
}

int saving_measure_open(Db *db, const Book *b, const MeasureAsk *ask, MeasureRun **out, Err *e) {
    const SavedRule *r = ask->rule;
    MeasureRun *m = *out = xcalloc(1, sizeof *m);
    *m = (MeasureRun){.db = db, .rule = r, .max_calls = ask->max_calls, .pricer = pricer_new(b), .names.width = 3,
                      .q = {.since_ms = r->written_ms, .until_ms = r->ended_ms ? r->ended_ms : ask->now_ms, .interrupt = ask->interrupt, .ctx = ask->ctx}};
    m->out = (RuleMeasured){.until_ms = m->q.until_ms, .exact = r->kind == RULE_ROUTE || r->kind == RULE_CACHE};
    int rc = find_rivals(m, db, e);
    m->output_cap = json_integer_value(json_object_get(m->at[m->count - 1].entry, "max_output_tokens"));
    if (rc == 0) return 0;
    saving_measure_close(m);
    *out = NULL;
    return -1;
}

int saving_measure_go_on(MeasureRun *m, RuleMeasured *out, bool *more, Err *e) {
    int rc = rule_rows_on(m->db, &m->q, m->max_calls, &m->place, measure_row, m, e);
    m->out.cut = m->place.cut;
    m->out.since_ms = m->place.since_ms;
    if (!m->out.exact) m->out.saved_nano = expected_of(m->rule, m->out.changed);
    *out = m->out;
    *more = rc == 0 && m->place.more;
    return rc;
}

void saving_measure_close(MeasureRun *m) {
    if (!m) return;
    for (size_t i = 0; i < m->count; i++) json_decref(m->at[i].entry);
    keytable_free(&m->names);
    free(m->matching);
    pricer_free(m->pricer);
    free(m);
}

int saving_measure(Db *db, const Book *b, const SavedRule *r, int64_t now_ms, int64_t max_calls, RuleMeasured *out, Err *e) {
    MeasureRun *m;
    bool more;
    if (saving_measure_open(db, b, &(MeasureAsk){.rule = r, .now_ms = now_ms, .max_calls = max_calls}, &m, e) != 0) return -1;
    int rc = saving_measure_go_on(m, out, &more, e);
    saving_measure_close(m);
    return rc;
}
