/* row: packing requests and rollup sums into short strings of variable-length integers. See row.h. */
#include "store/row.h"
#include "store/row_ints.h"

/* ---- keys ---- */
int64_t row_key_try(int64_t ts_ms, uint64_t id, Replay replay, int try) {
    /* 16 neighbours in the millisecond, then the next one: only half a million records of one instant get that far. */
    enum { HALF = 1 << (KEY_ID_BITS - 1), NEAR = 16 };
    uint64_t low = (id + (uint64_t)(try % NEAR)) & (HALF - 1);
    uint64_t top = replay == REPLAY_ANY_TIME ? HALF : 0;
    return row_key_at(ts_ms + try / NEAR) | (int64_t)(top | low);
}

/* ---- requests: id, the fields below HEAD_COUNT, a mask, and the optional fields whose bit is set. PERSISTENT ---- */
enum { HEAD_COMBO, HEAD_CONTEXT, HEAD_INPUT, HEAD_OUTPUT, HEAD_COST, HEAD_FILE, HEAD_OFFSET, HEAD_LENGTH, HEAD_COUNT };
enum { /* the first seven are free of a second mask byte, so the most common stand first */
       OPT_CACHE_READ, OPT_SAVED_CACHE, OPT_LATENCY, OPT_TTFT, OPT_FLAGS, OPT_PRICE, OPT_KIND,
       OPT_UPSTREAM, OPT_RAW, OPT_STATUS, OPT_WRITE_5M, OPT_WRITE_1H, OPT_REASONING, OPT_MAX_TOKENS,
       OPT_AUDIO, OPT_OWN, OPT_SAVED_RESPONSE, OPT_SEARCHES, OPT_TOOLS, OPT_PROMPT_BYTES, OPT_PROMPT_HASH,
       OPT_PREFIX_HASH, OPT_PREFIX_BYTES, OPT_GENERATION, OPT_GEO, OPT_SPEED, OPT_RAW_INPUT, OPT_RAW_OUTPUT,
       OPT_RAW_TOTAL, OPT_MORE_CALLS, OPT_ASKED, OPT_ALSO, OPT_COUNT };
#define OPT_HASHES (1u << OPT_UPSTREAM | 1u << OPT_PROMPT_HASH | 1u << OPT_PREFIX_HASH | 1u << OPT_ALSO) /* 8 bytes as they are */

/* OPT_KIND: origin, outcome and class, all zero for a gateway's good metered request. */
enum { KIND_OUTCOME = 2, KIND_CLASS = 4, KIND_UPSTREAM_FOLLOWS = 1 << 6 };
/* OPT_RAW: how the three raw counters are known, base 3. */
enum { RAW_DERIVED, RAW_UNKNOWN, RAW_STORED };
enum { STATUS_COMMON = 200 };

/* What the raw counters are in a record that counts as its flags say. */
static void raw_expected(const Request *r, int64_t out[3]) {
    const int64_t *t = r->tokens;
    out[0] = t[TOK_INPUT] + t[TOK_AUDIO_INPUT];
    if (r->flags & REQ_INCLUSIVE) out[0] += t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H];
    out[1] = t[TOK_OUTPUT] + (r->flags & REQ_REASONING_APART ? 0 : t[TOK_REASONING]);
    out[2] = 0;
    for (int i = 0; i < TOK_COUNT; i++) out[2] += t[i];
}

static void raw_to_opts(const Request *r, uint64_t *opt) {
    const int64_t raw[3] = {r->raw_input, r->raw_output, r->raw_total};
    int64_t expected[3];
    raw_expected(r, expected);
    for (int i = 2; i >= 0; i--) {
        int how = raw[i] == expected[i] ? RAW_DERIVED : raw[i] < 0 ? RAW_UNKNOWN : RAW_STORED;
        opt[OPT_RAW] = opt[OPT_RAW] * 3 + (uint64_t)how;
        if (how == RAW_STORED) opt[OPT_RAW_INPUT + i] = (uint64_t)raw[i];
    }
}

static void raw_from_opts(Request *r, const uint64_t *opt) {
    int64_t raw[3];
    raw_expected(r, raw);
    uint64_t code = opt[OPT_RAW];
    for (int i = 0; i < 3; i++, code /= 3) {
        if (code % 3 == RAW_UNKNOWN) raw[i] = -1;
        if (code % 3 == RAW_STORED) raw[i] = (int64_t)opt[OPT_RAW_INPUT + i];
    }
    r->raw_input = raw[0];
    r->raw_output = raw[1];
    r->raw_total = raw[2];
}

static void counters_to_opts(const Request *r, uint64_t *opt) {
    opt[OPT_CACHE_READ] = (uint64_t)r->tokens[TOK_CACHE_READ];
    opt[OPT_WRITE_5M] = (uint64_t)r->tokens[TOK_CACHE_WRITE_5M];
    opt[OPT_WRITE_1H] = (uint64_t)r->tokens[TOK_CACHE_WRITE_1H];
    opt[OPT_REASONING] = (uint64_t)r->tokens[TOK_REASONING];
    opt[OPT_AUDIO] = (uint64_t)r->tokens[TOK_AUDIO_INPUT];
    opt[OPT_SAVED_CACHE] = fold(r->saved_cache_nano);
    opt[OPT_SAVED_RESPONSE] = fold(r->saved_response_nano);
    opt[OPT_SEARCHES] = (uint32_t)r->web_searches;
    raw_to_opts(r, opt);
}

/* The upstream id that is not stored, because it follows from the id. */
static uint64_t usual_upstream(const Request *r) {
    return r->source_class == CLASS_TRANSCRIPT ? transcript_id(r->id) : r->id;
}

/* Fields whose unknown value is -1 are stored plus one, so that unknown costs nothing. */
static void facts_to_opts(const Row *row, uint64_t *opt) {
    const Request *r = &row->r;
    bool same = r->upstream == usual_upstream(r);
    opt[OPT_LATENCY] = (uint32_t)r->latency_ms + 1u;
    opt[OPT_TTFT] = (uint32_t)r->ttft_ms + 1u;
    opt[OPT_FLAGS] = r->flags;
    opt[OPT_PRICE] = row->price;
    opt[OPT_KIND] = r->origin | (unsigned)r->outcome << KIND_OUTCOME | (unsigned)r->source_class << KIND_CLASS |
                    (same ? KIND_UPSTREAM_FOLLOWS : 0);
    opt[OPT_UPSTREAM] = same ? 0 : r->upstream;
    opt[OPT_STATUS] = fold(r->status - STATUS_COMMON);
    opt[OPT_MAX_TOKENS] = (uint32_t)r->max_tokens + 1u;
    opt[OPT_TOOLS] = (uint32_t)r->tools + 1u;
    opt[OPT_OWN] = fold(row->own_ms - row_key_ms(row->key));
    opt[OPT_PROMPT_BYTES] = (uint64_t)r->prompt_bytes + 1u;
    opt[OPT_PROMPT_HASH] = r->prompt_hash;
    opt[OPT_PREFIX_HASH] = r->prefix_hash;
    opt[OPT_PREFIX_BYTES] = fold(r->prefix_bytes);
    opt[OPT_GENERATION] = fold(r->policy_generation);
    opt[OPT_GEO] = row->geo;
    opt[OPT_SPEED] = row->speed;
    opt[OPT_ASKED] = row->asked;
    opt[OPT_MORE_CALLS] = (uint64_t)r->more_calls;
    opt[OPT_ALSO] = r->also;
}

size_t row_pack(const Row *row, uint8_t out[ROW_BODY_MAX]) {
    const Request *r = &row->r;
    const uint64_t head[HEAD_COUNT] = {
        [HEAD_COMBO] = row->combo,   [HEAD_CONTEXT] = row->context,
        [HEAD_FILE] = row->file,     [HEAD_INPUT] = (uint64_t)r->tokens[TOK_INPUT],
        [HEAD_OFFSET] = r->offset,   [HEAD_OUTPUT] = (uint64_t)r->tokens[TOK_OUTPUT],
        [HEAD_LENGTH] = r->length,   [HEAD_COST] = fold(r->cost_nano),
    };
    uint64_t opt[OPT_COUNT] = {0};
    counters_to_opts(r, opt);
    facts_to_opts(row, opt);
    uint32_t mask = 0;
    for (unsigned i = 0; i < OPT_COUNT; i++) mask |= (uint32_t)(opt[i] != 0) << i;
    uint8_t *p = put8(out, r->id);
    for (int i = 0; i < HEAD_COUNT; i++) p = put(p, head[i]);
    p = put(p, mask);
    for (uint32_t left = mask; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        p = OPT_HASHES >> i & 1 ? put8(p, opt[i]) : put(p, opt[i]);
    }
    return (size_t)(p - out);
}

/* ---- and back ---- */
typedef struct Fields { uint64_t id, head[HEAD_COUNT], opt[OPT_COUNT]; } Fields;

/* By parts, because compilers clear all of it at once by an instruction that takes as long as the whole unpacking. */
static void clear_opts(uint64_t opt[OPT_COUNT]) {
    enum { PART = OPT_COUNT / 4 };
    memset(opt, 0, PART * sizeof *opt);
    memset(opt + PART, 0, PART * sizeof *opt);
    memset(opt + 2 * PART, 0, PART * sizeof *opt);
    memset(opt + 3 * PART, 0, PART * sizeof *opt);
}
_Static_assert(OPT_COUNT % 4 == 0, "clear_opts() clears fourths");
_Static_assert(OPT_COUNT <= 32, "a mask of 32 bits, to be made wider where rows are packed; ROW_BYTES_MAX too");

/* The ledger stores nothing beyond these, so a body that says otherwise is damaged. */
static bool counters_sane(const uint64_t *head, const uint64_t *opt) {
    const uint64_t max = REQUEST_TOKENS_MAX;
    return head[HEAD_INPUT] <= max && head[HEAD_OUTPUT] <= max && opt[OPT_CACHE_READ] <= max &&
           opt[OPT_WRITE_5M] <= max && opt[OPT_WRITE_1H] <= max && opt[OPT_REASONING] <= max &&
           opt[OPT_AUDIO] <= max && opt[OPT_OWN] <= (uint64_t)ROW_MS_MAX * 2 && opt[OPT_MORE_CALLS] <= REQUEST_CALLS_MAX;
}

static inline bool get_fields(const void *body, size_t len, Fields *f) {
    In in = {.at = body, .end = (const uint8_t *)body + len};
    clear_opts(f->opt);
    f->id = get8(&in);
    for (int i = 0; i < HEAD_COUNT; i++) f->head[i] = get(&in);
    uint64_t mask = get(&in);
    if (in.bad || mask >> OPT_COUNT) return false;
    for (uint64_t left = mask; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        f->opt[i] = OPT_HASHES >> i & 1 ? get8(&in) : get(&in);
    }
    return !in.bad && counters_sane(f->head, f->opt);
}

static inline void counters_from_opts(int64_t tokens[TOK_COUNT], const uint64_t *opt) {
    tokens[TOK_CACHE_READ] = (int64_t)opt[OPT_CACHE_READ];
    tokens[TOK_CACHE_WRITE_5M] = (int64_t)opt[OPT_WRITE_5M];
    tokens[TOK_CACHE_WRITE_1H] = (int64_t)opt[OPT_WRITE_1H];
    tokens[TOK_REASONING] = (int64_t)opt[OPT_REASONING];
    tokens[TOK_AUDIO_INPUT] = (int64_t)opt[OPT_AUDIO];
}

/* What is stored plus one, because its unknown value is -1. */
static int64_t less_one(uint64_t stored) { return (int64_t)(stored - 1); }

static void facts_from_opts(Row *row, const uint64_t *opt) {
    Request *r = &row->r;
    r->saved_cache_nano = unfold(opt[OPT_SAVED_CACHE]);
    r->saved_response_nano = unfold(opt[OPT_SAVED_RESPONSE]);
    r->web_searches = (int32_t)opt[OPT_SEARCHES];
    r->latency_ms = (int32_t)less_one(opt[OPT_LATENCY]);
    r->ttft_ms = (int32_t)less_one(opt[OPT_TTFT]);
    r->flags = (uint32_t)opt[OPT_FLAGS];
    row->price = (uint32_t)opt[OPT_PRICE];
    r->origin = opt[OPT_KIND] & 3;
    r->outcome = opt[OPT_KIND] >> KIND_OUTCOME & 3;
    r->source_class = opt[OPT_KIND] >> KIND_CLASS & 3;
    r->upstream = opt[OPT_KIND] & KIND_UPSTREAM_FOLLOWS ? usual_upstream(r) : opt[OPT_UPSTREAM];
    r->status = (int16_t)(unfold(opt[OPT_STATUS]) + STATUS_COMMON);
    r->max_tokens = (int32_t)less_one(opt[OPT_MAX_TOKENS]);
    r->tools = (int32_t)less_one(opt[OPT_TOOLS]);
    row->own_ms = r->ts_ms + unfold(opt[OPT_OWN]);
    r->prompt_bytes = less_one(opt[OPT_PROMPT_BYTES]);
    r->prompt_hash = opt[OPT_PROMPT_HASH];
    r->prefix_hash = opt[OPT_PREFIX_HASH];
    r->prefix_bytes = unfold(opt[OPT_PREFIX_BYTES]);
    r->policy_generation = unfold(opt[OPT_GENERATION]);
    row->geo = (uint32_t)opt[OPT_GEO];
    row->speed = (uint32_t)opt[OPT_SPEED];
    row->asked = (uint32_t)opt[OPT_ASKED];
    r->more_calls = (int64_t)opt[OPT_MORE_CALLS];
    r->also = opt[OPT_ALSO];
}

/* Sets what the body does not hold; the rest follows. No field is left as it was. */
static void begin_row(Row *row, int64_t key, uint64_t id) {
    Request *r = &row->r;
    row->key = key;
    r->ts_ms = row_key_ms(key);
    r->id = id;
    r->replay = key >> (KEY_ID_BITS - 1) & 1 ? REPLAY_ANY_TIME : REPLAY_SAME_TIME;
    memset(r->name, 0, sizeof r->name);
    r->price_row = 0;
    r->geo = r->speed = r->asked = 0;
}

static void head_to_row(Row *row, const uint64_t *head) {
    row->combo = (uint32_t)head[HEAD_COMBO];
    row->context = (uint32_t)head[HEAD_CONTEXT];
    row->file = (uint32_t)head[HEAD_FILE];
    row->r.tokens[TOK_INPUT] = (int64_t)head[HEAD_INPUT];
    row->r.tokens[TOK_OUTPUT] = (int64_t)head[HEAD_OUTPUT];
    row->r.cost_nano = unfold(head[HEAD_COST]);
    row->r.offset = head[HEAD_OFFSET];
    row->r.length = (uint32_t)head[HEAD_LENGTH];
}

bool row_unpack(int64_t key, const void *body, size_t len, Row *out) {
    Fields f;
    bool good = get_fields(body, len, &f);
    begin_row(out, key, f.id);
    if (!good) return false;
    head_to_row(out, f.head);
    counters_from_opts(out->r.tokens, f.opt);
    facts_from_opts(out, f.opt);
    raw_from_opts(&out->r, f.opt); /* needs the buckets and the flags */
    return true;
}

bool row_unpack_call(int64_t key, const void *body, size_t len, SaveCall *out, SaveNames *names) {
    Fields f;
    if (!get_fields(body, len, &f)) return false;
    *names = (SaveNames){(uint32_t)f.head[HEAD_COMBO], (uint32_t)f.head[HEAD_CONTEXT], (uint32_t)f.opt[OPT_GEO], (uint32_t)f.opt[OPT_SPEED]};
    out->key = key;
    out->ts_ms = row_key_ms(key);
    out->tokens[TOK_INPUT] = (int64_t)f.head[HEAD_INPUT];
    out->tokens[TOK_OUTPUT] = (int64_t)f.head[HEAD_OUTPUT];
    counters_from_opts(out->tokens, f.opt);
    out->cost_nano = unfold(f.head[HEAD_COST]);
    out->saved_cache_nano = unfold(f.opt[OPT_SAVED_CACHE]);
    out->saved_response_nano = unfold(f.opt[OPT_SAVED_RESPONSE]);
    out->more_calls = (int64_t)f.opt[OPT_MORE_CALLS];
    out->prefix_bytes = unfold(f.opt[OPT_PREFIX_BYTES]);
    out->prompt_bytes = less_one(f.opt[OPT_PROMPT_BYTES]);
    out->prompt_hash = f.opt[OPT_PROMPT_HASH];
    out->prefix_hash = f.opt[OPT_PREFIX_HASH];
    out->web_searches = (int32_t)f.opt[OPT_SEARCHES];
    out->tools = (int32_t)less_one(f.opt[OPT_TOOLS]);
    out->max_tokens = (int32_t)less_one(f.opt[OPT_MAX_TOKENS]);
    out->latency_ms = (int32_t)less_one(f.opt[OPT_LATENCY]);
    out->session = out->stands_for = out->kind = 0;
    out->flags = (uint32_t)f.opt[OPT_FLAGS];
    out->outcome = f.opt[OPT_KIND] >> KIND_OUTCOME & 3;
    return true;
}
