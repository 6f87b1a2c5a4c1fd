/* usage: see usage.h. The order of the tests matters: the first sum that fits the record's total decides. */
#include "collectors/usage.h"

static int64_t known(int64_t v) {
    return v > 0 ? v : 0;
}

/* What the total says. False: nothing fits, the format's own rule stays and the record is suspect. */
static bool arbitrate(Counters *c) {
    int64_t in = known(c->input), out = known(c->output), cache = known(c->cache_read) + known(c->cache_write);
    int64_t think = known(c->reasoning), rest = c->total - in - out;
    if (c->total <= 0 || rest == 0) {
        if (c->total > 0 && think > 0) c->output_has_reasoning = true;
        return true;
    }
    if (think > 0 && rest == think) return c->output_has_reasoning = false, true;
    if (cache > 0 && rest == cache) return c->input_has_cache = false, c->output_has_reasoning = true, true;
    if (cache > 0 && rest == cache + think) return c->input_has_cache = c->output_has_reasoning = false, true;
    if (c->tool > 0 && rest == think + c->tool) {
        c->input = in + c->tool;
        return c->output_has_reasoning = false, true;
    }
    if (think == 0 && rest > 0 && c->input_has_cache) { /* reasoning that is only visible in the total */
        c->reasoning = rest;
        return c->output_has_reasoning = false, true;
    }
    return false;
}

/* Writes of unknown length are booked as 5 minutes, the cheaper price, and marked. */
static void split_writes(Counters *c, Request *r) {
    int64_t parts = known(c->cache_write_5m) + known(c->cache_write_1h);
    if (c->cache_write < parts) c->cache_write = parts;
    int64_t rest = known(c->cache_write) - parts;
    if (rest > 0) r->flags |= REQ_WRITE_SPLIT_UNKNOWN;
    r->tokens[TOK_CACHE_WRITE_5M] = known(c->cache_write_5m) + rest;
    r->tokens[TOK_CACHE_WRITE_1H] = known(c->cache_write_1h);
}

void usage_to_buckets(Counters c, Request *r) {
    r->raw_input = c.input, r->raw_output = c.output, r->raw_total = c.total;
    split_writes(&c, r);
    if (!arbitrate(&c)) r->flags |= REQ_USAGE_SUSPECT;
    int64_t in = known(c.input), out = known(c.output), cache = known(c.cache_read) + known(c.cache_write);
    if (c.input_has_cache && cache > in) c.input_has_cache = false; /* more cached than all: they stand beside it */
    int64_t think = known(c.reasoning);
    if (c.output_has_reasoning && think > out) think = out;
    int64_t uncached = c.input_has_cache ? in - cache : in;
    int64_t audio = known(c.audio_input) < uncached ? known(c.audio_input) : uncached;
    r->tokens[TOK_INPUT] = uncached - audio;
    r->tokens[TOK_AUDIO_INPUT] = audio;
    r->tokens[TOK_CACHE_READ] = known(c.cache_read);
    r->tokens[TOK_OUTPUT] = c.output_has_reasoning ? out - think : out;
    r->tokens[TOK_REASONING] = think;
    if (c.input_has_cache) r->flags |= REQ_INCLUSIVE;
    if (!c.output_has_reasoning) r->flags |= REQ_REASONING_APART;
}
