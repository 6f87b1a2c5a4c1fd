/* price_cost: tokens times prices, in 128 bits, multiplied first and divided last, rounded once half up to nano-dollars.
 * Does not: find prices. Tool fees are added after the multipliers: no vendor multiplies them. */
#include "store/price_book.h"

__extension__ typedef __int128 Wide;

const char *const cost_flag_names[] = {"cache_read_at_input", "write_at_input", "batch_unlisted", "tier_unlisted",
                                       "long_context",        "offpeak",        "tier_derived",   "suffix_as_base",
                                       "geo",                 "overflow",       "audio_at_input", "fee_unlisted",
                                       NULL};

/* Half up, also below zero (savings may be negative). den > 0. */
static int64_t round_nano(Wide pico, int64_t den, uint32_t *flags) {
    int64_t unit = den * 1000; /* a nano-dollar is 1000 pico-dollars */
    Wide twice = pico * 2 + unit, q;
    if (twice >= 0 && twice <= INT64_MAX)
        q = (int64_t)twice / (unit * 2);
    else
        q = twice / (unit * 2) - (twice % (unit * 2) < 0);
    if (q <= INT64_MAX && q >= -INT64_MAX) return (int64_t)q;
    *flags |= COST_OVERFLOW;
    return q > 0 ? INT64_MAX : -INT64_MAX;
}

/* More than the maximum is no real counter: charged as the maximum (which saturates nothing in 128 bits), and flagged. */
static int64_t count(int64_t tokens) {
    if (tokens > REQUEST_TOKENS_MAX) return REQUEST_TOKENS_MAX;
    return tokens > 0 ? tokens : 0;
}

/* Of several calls counted together nobody knows the single prompt: the average decides. */
static bool is_long(const PriceRow *row, const int64_t *tokens, int64_t calls) {
    if (!row->long_above) return false;
    Wide prompt = (Wide)count(tokens[TOK_INPUT]) + count(tokens[TOK_CACHE_READ]) + count(tokens[TOK_CACHE_WRITE_5M]) +
                  count(tokens[TOK_CACHE_WRITE_1H]) + count(tokens[TOK_AUDIO_INPUT]);
    Wide above = (Wide)row->long_above * calls;
    return prompt > above || (row->long_at && prompt == above);
}

/* Reads at the input price minus what they cost, minus what writes cost above the input price. */
static Wide saved(const Rates *r, const int64_t *tokens) {
    int64_t in = r->pico[TOK_INPUT];
    return (Wide)count(tokens[TOK_CACHE_READ]) * (in - r->pico[TOK_CACHE_READ]) -
           (Wide)count(tokens[TOK_CACHE_WRITE_5M]) * (r->pico[TOK_CACHE_WRITE_5M] - in) -
           (Wide)count(tokens[TOK_CACHE_WRITE_1H]) * (r->pico[TOK_CACHE_WRITE_1H] - in);
}

/* Most calls: 64 bits hold what they cost (at most 2^24 tokens of a class, at less than 2^36), and nothing multiplies it. The
 * same rounding, by a constant: several times as fast. False = another call. */
static bool small_cost(const Plan *p, const Rates *r, const int64_t tokens[TOK_COUNT], Charge *out) {
    uint64_t bits = 0;
    uint32_t flags = 0;
    uint64_t sum = 0;
    for (int t = 0; t < TOK_COUNT; t++) {
        bits |= (uint64_t)tokens[t];
        sum += (uint64_t)tokens[t] * (uint64_t)r->pico[t];
        flags |= tokens[t] > 0 ? r->flags[t] : 0u;
    }
    if (bits >> 24 || p->mul.num != 1 || p->mul.den != 1 || sum >> 63) return false; /* below 0: a class without a price */
    out->flags |= flags;
    out->nano = (int64_t)((sum + 500) / 1000);
    return true;
}

static void any_cost(const Plan *p, const int64_t tokens[TOK_COUNT], int64_t web_searches, Charge *out) {
    Wide sum = 0, fee = 0;
    for (int t = 0; t < TOK_COUNT; t++) {
        if (tokens[t] <= 0) continue;
        sum += (Wide)count(tokens[t]) * out->rates->pico[t];
        out->flags |= out->rates->flags[t] | (tokens[t] > REQUEST_TOKENS_MAX ? COST_OVERFLOW : 0u);
    }
    if (web_searches > 0 && p->row->search_pico >= 0) fee = (Wide)web_searches * p->row->search_pico;
    if (web_searches > 0 && p->row->search_pico < 0) out->flags |= COST_FEE_UNLISTED;
    out->nano = round_nano(sum * p->mul.num + fee * p->mul.den, p->mul.den, &out->flags);
}

void plan_cost(const Plan *p, const int64_t tokens[TOK_COUNT], int64_t calls, int64_t web_searches, int64_t ts_ms, Charge *out) {
    bool far = is_long(p->row, tokens, calls);
    /* Without a time of day the call is taken to be at peak: the dearer of two unknowns. */
    bool off = p->has_hours && ts_ms != 0 && !peak_at(&p->row->peak, ts_ms);
    out->rates = &p->rates[far][off];
    out->flags = (far ? (p->flags & (COST_GEO | COST_SUFFIX_AS_BASE)) | p->long_flags : p->flags) | (off ? COST_OFFPEAK : 0u);
    if (web_searches > 0 || !small_cost(p, out->rates, tokens, out)) any_cost(p, tokens, web_searches, out);
}

Charge plan_charge(const Plan *p, const int64_t tokens[TOK_COUNT], int64_t calls, int64_t web_searches, int64_t ts_ms) {
    Charge c = {0};
    plan_cost(p, tokens, calls, web_searches, ts_ms, &c);
    if (tokens[TOK_CACHE_READ] > 0 || tokens[TOK_CACHE_WRITE_5M] > 0 || tokens[TOK_CACHE_WRITE_1H] > 0)
        c.saved_cache_nano = round_nano(saved(c.rates, tokens) * p->mul.num, p->mul.den, &c.flags);
    return c;
}

static void add_line(Cost *c, const char *what, int64_t units, int64_t pico) {
    if (units > 0 && c->line_count < TOK_COUNT + 1) c->lines[c->line_count++] = (CostLine){what, units, pico};
}

void cost_of(const Book *b, const Usage *u, Cost *out) {
    static const char *const names[TOK_COUNT] = {"input",  "cache read", "cache write 5m", "cache write 1h",
                                                 "output", "reasoning",  "audio input"};
    Plan p;
    *out = (Cost){.mul_num = 1, .mul_den = 1};
    plan_make(b, u, &p);
    if (!p.row) return;
    Charge c = plan_charge(&p, u->tokens, 1 + u->more_calls, u->web_searches, u->ts_ms);
    out->priced = true;
    out->nano = c.nano;
    out->saved_cache_nano = c.saved_cache_nano;
    out->row = p.row;
    out->row_id = p.row->id;
    out->flags = c.flags;
    out->mul_num = p.mul.num;
    out->mul_den = p.mul.den;
    for (int t = 0; t < TOK_COUNT; t++) add_line(out, names[t], u->tokens[t], c.rates->pico[t]);
    if (p.row->search_pico >= 0) add_line(out, "web search", u->web_searches, p.row->search_pico);
}
