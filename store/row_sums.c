/* row_sums: adding up what requests count for, and packing such sums; see row.h. Does not: pack a request. */
#include "store/row.h"
#include "store/row_ints.h"

/* A sum that passes int64 is full and stays so: nothing that was added to it can be taken away again, and a turned-over one
 * would say that hostile counters cost nothing. Which way it passed is no matter. */
void sum_add(int64_t *to, int64_t v, int sign) {
    bool full = *to == SUM_FULL || v == SUM_FULL || v == INT64_MIN;
    if (full || __builtin_add_overflow(*to, sign < 0 ? -v : v, to) || *to == INT64_MIN) *to = SUM_FULL;
}

void sums_add_request(Sums *s, const Request *r, int sign) {
    int64_t *v = s->v, tokens = 0, calls = 1 + r->more_calls;
    sum_add(&v[SUM_REQUESTS], calls, sign);
    sum_add(&v[SUM_COST], r->cost_nano, sign);
    sum_add(&v[SUM_SAVED_CACHE], r->saved_cache_nano, sign);
    sum_add(&v[SUM_SAVED_RESPONSE], r->saved_response_nano, sign);
    if (r->outcome != OUTCOME_OK) sum_add(&v[SUM_ERRORS + r->outcome - OUTCOME_ERROR], calls, sign);
    if (r->flags & REQ_CACHE_HIT) {
        sum_add(&v[SUM_CACHE_HITS], calls, sign);
        return;
    }
    for (int i = 0; i < TOK_COUNT; i++) {
        sum_add(&v[SUM_TOKENS + i], r->tokens[i], sign);
        tokens += r->tokens[i];
    }
    if (!(r->flags & REQ_UNPRICED)) return;
    sum_add(&v[SUM_UNPRICED_REQUESTS], calls, sign);
    sum_add(&v[SUM_UNPRICED_TOKENS], tokens, sign);
}

void sums_add(Sums *s, const Sums *other, int sign) {
    for (int i = 0; i < SUM_COUNT; i++) sum_add(&s->v[i], other->v[i], sign);
}

bool sums_empty(const Sums *s) {
    for (int i = 0; i < SUM_COUNT; i++)
        if (s->v[i]) return false;
    return true;
}

_Static_assert(SUM_COUNT <= 32, "a mask of 32 bits");
size_t sums_pack(const Sums *s, uint8_t out[SUMS_BYTES_MAX]) {
    uint32_t mask = 0;
    for (unsigned i = 0; i < SUM_COUNT; i++) mask |= (uint32_t)(s->v[i] != 0) << i;
    uint8_t *p = put(out, mask);
    for (uint32_t left = mask; left; left &= left - 1) p = put(p, fold(s->v[__builtin_ctz(left)]));
    return (size_t)(p - out);
}

/* Bytes of `count` variable-length integers; 0 = not so many are there. Their last bytes lack the top bit: eight at a time. */
static size_t integers_length(const uint8_t *at, size_t len, size_t count) {
    const uint64_t tops = UINT64_C(0x8080808080808080);
    const uint8_t *p = at, *end = at + len;
    for (uint64_t word; count && end - p >= 8; p += 8) {
        memcpy(&word, p, 8);
        uint64_t last = le64toh(~word) & tops;
        size_t here = (last >> 7) * UINT64_C(0x0101010101010101) >> 56;
        if (here < count) {
            count -= here;
            continue;
        }
        while (--count) last &= last - 1;
        return (size_t)(p - at) + (size_t)__builtin_ctzll(last) / 8 + 1;
    }
    while (count && p < end) count -= *p++ < 0x80;
    return count ? 0 : (size_t)(p - at);
}

size_t sums_length(const void *at, size_t len) {
    In in = {.at = at, .end = (const uint8_t *)at + len};
    size_t fields = 0;
    uint64_t mask = get(&in);
    if (in.bad || mask >> SUM_COUNT) return 0;
    for (uint64_t left = mask; left; left &= left - 1) fields++;
    size_t used = integers_length(in.at, (size_t)(in.end - in.at), fields);
    return used || !fields ? used + (size_t)(in.at - (const uint8_t *)at) : 0;
}

size_t sums_unpack_first(const void *at, size_t len, unsigned count, Sums *out) {
    In in = {.at = at, .end = (const uint8_t *)at + len};
    memset(out->v, 0, count * sizeof out->v[0]);
    uint64_t mask = get(&in);
    if (in.bad || mask >> SUM_COUNT) return 0;
    for (uint64_t left = mask & ((UINT64_C(1) << count) - 1); left; left &= left - 1)
        out->v[__builtin_ctzll(left)] = unfold(get(&in));
    return in.bad ? 0 : (size_t)(in.at - (const uint8_t *)at);
}

size_t sums_unpack(const void *at, size_t len, Sums *out) {
    return sums_unpack_first(at, len, SUM_COUNT, out);
}
