/* parser_tokens: from the counters that a record has to the disjoint buckets that are priced. Pure.
 *
 * Vendors and gateways disagree on what "input" and "output" count. Most records also carry a total, and the total
 * decides; only without one, or when it fits nothing, the format's rule does, and then the record is marked.
 */
#include "collectors/format_impl.h"

typedef struct Counts { /* counters with 0 for what is missing */
    int64_t in, out, read, write, reasoning, tool, total;
} Counts;

typedef struct Reading { /* how the counters are to be read */
    bool inclusive, reasoning_apart, tool_apart, suspect;
    int64_t reasoning;
} Reading;

static int64_t known(int64_t n) {
    return n > 0 ? n : 0;
}

static Counts counts_of(const int64_t c[COUNT_COUNT]) {
    int64_t split = known(c[COUNT_CACHE_WRITE_5M]) + known(c[COUNT_CACHE_WRITE_1H]), write = known(c[COUNT_CACHE_WRITE]);
    return (Counts){.in = known(c[COUNT_INPUT]), .out = known(c[COUNT_OUTPUT]), .read = known(c[COUNT_CACHE_READ]),
                    .write = write > split ? write : split, .reasoning = known(c[COUNT_REASONING]),
                    .tool = known(c[COUNT_TOOL_INPUT]), .total = c[COUNT_TOTAL]};
}

/* Which reading explains the total. False = none does. */
static bool total_decides(const Counts *c, bool reasoning_known, Reading *r) {
    int64_t base = c->in + c->out, cache = c->read + c->write;
    if (c->total == base) return r->reasoning_apart = false, r->tool_apart = false, true;
    if (c->total == base + c->reasoning) return r->reasoning_apart = true, r->tool_apart = false, true;
    if (c->total == base + cache) return r->inclusive = false, r->reasoning_apart = false, r->tool_apart = false, true;
    if (c->total == base + c->reasoning + c->tool) return r->reasoning_apart = true, r->tool_apart = true, true;
    if (c->total == base + cache + c->reasoning) return r->inclusive = false, r->reasoning_apart = true, r->tool_apart = false, true;
    if (c->total > base && !reasoning_known && (r->inclusive || cache == 0)) {
        r->reasoning = c->total - base; /* thinking that the record does not list */
        return r->reasoning_apart = true, r->tool_apart = false, true;
    }
    return false;
}

static Reading read_counts(const TokenRule *rule, const Counts *c, bool reasoning_known, Str model) {
    Reading r = {.inclusive = rule->inclusive, .reasoning_apart = rule->reasoning_apart, .tool_apart = true, .reasoning = c->reasoning};
    if (c->total >= 0) r.suspect = !total_decides(c, reasoning_known, &r);
    bool enough = c->in >= c->read + c->write && c->read + c->write > 0;
    if (rule->inclusive_model && str_starts(model, rule->inclusive_model) && enough) r.inclusive = true;
    if (r.inclusive && c->read + c->write > c->in) r.inclusive = false;
    if (!r.reasoning_apart && r.reasoning > c->out) r.reasoning_apart = true;
    return r;
}

static void put_writes(const int64_t c[COUNT_COUNT], const Counts *n, Request *r) {
    r->tokens[TOK_CACHE_WRITE_1H] = known(c[COUNT_CACHE_WRITE_1H]);
    r->tokens[TOK_CACHE_WRITE_5M] = n->write - r->tokens[TOK_CACHE_WRITE_1H];
    if (n->write > known(c[COUNT_CACHE_WRITE_5M]) + known(c[COUNT_CACHE_WRITE_1H])) r->flags |= REQ_WRITE_SPLIT_UNKNOWN;
}

void tokens_settle(const TokenRule *rule, const int64_t c[COUNT_COUNT], Str model, Request *r) {
    Counts n = counts_of(c);
    Reading how = read_counts(rule, &n, c[COUNT_REASONING] >= 0, model);
    int64_t uncached = n.in + (how.tool_apart ? n.tool : 0) - (how.inclusive ? n.read + n.write : 0);
    int64_t audio = known(c[COUNT_AUDIO_INPUT]) < uncached ? known(c[COUNT_AUDIO_INPUT]) : uncached;
    r->tokens[TOK_AUDIO_INPUT] = audio;
    r->tokens[TOK_INPUT] = uncached - audio;
    r->tokens[TOK_CACHE_READ] = n.read;
    put_writes(c, &n, r);
    r->tokens[TOK_REASONING] = how.reasoning;
    r->tokens[TOK_OUTPUT] = n.out - (how.reasoning_apart ? 0 : how.reasoning);
    r->raw_input = c[COUNT_INPUT];
    r->raw_output = c[COUNT_OUTPUT];
    r->raw_total = c[COUNT_TOTAL];
    r->flags |= (how.inclusive ? REQ_INCLUSIVE : 0u) | (how.reasoning_apart ? REQ_REASONING_APART : 0u) |
                (how.suspect ? REQ_USAGE_SUSPECT : 0u);
}
