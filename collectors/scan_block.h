/* scan_block: what the loops over blocks of scan_index*.c share: from the bit masks of 64 bytes to entries of the index.
 *
 * The masks are made by whatever the machine is best at; what they mean is written once, here. Everything is inlined into
 * the loop, so that it is compiled for that machine too. Included by scan_index*.c alone.
 */
#ifndef COLLECTORS_SCAN_BLOCK_H
#define COLLECTORS_SCAN_BLOCK_H
#include "collectors/scan_impl.h"

#define BLOCK_INLINE static inline __attribute__((always_inline))

typedef struct Masks { /* one bit a byte, lowest first */
    uint64_t backslash, quote, structure, control, high;
} Masks;

typedef Masks MasksOf(const char *p);
typedef uint64_t AtLeast(const char *p, unsigned char least); /* the bytes that are at least that */
typedef uint64_t Equal(const char *p, char c);                /* the bytes that are that one */

void index_check_escapes(ScanIndex *x, uint32_t base, uint64_t escaped); /* few blocks have any; scan_index.c */

/* Bits that follow an odd run of backslashes. */
BLOCK_INLINE uint64_t escaped_bits(uint64_t backslash, uint64_t *carry) {
    if (!backslash) {
        uint64_t first = *carry;
        *carry = 0;
        return first;
    }
    const uint64_t even = UINT64_C(0x5555555555555555);
    backslash &= ~*carry;
    uint64_t follows = backslash << 1 | *carry, odd_starts = backslash & ~even & ~follows, even_runs;
    *carry = __builtin_add_overflow(odd_starts, backslash, &even_runs);
    return (even ^ (even_runs << 1)) & follows;
}

/* Each bit becomes the parity of itself and all lower ones: between quotes all bits are set. */
BLOCK_INLINE uint64_t between(uint64_t m) {
    m ^= m << 1;
    m ^= m << 2;
    m ^= m << 4;
    m ^= m << 8;
    m ^= m << 16;
    return m ^ m << 32;
}

/* The second byte of a character: no overlong forms, no surrogates, nothing above U+10FFFF. */
BLOCK_INLINE uint64_t wrong_second(const ScanIndex *x, const char *p, AtLeast *at_least, Equal *equal) {
    uint64_t last = x->utf8_last;
    uint64_t e0 = equal(p, (char)0xE0) << 1 | (last == 0xE0), ed = equal(p, (char)0xED) << 1 | (last == 0xED);
    uint64_t f0 = equal(p, (char)0xF0) << 1 | (last == 0xF0), f4 = equal(p, (char)0xF4) << 1 | (last == 0xF4);
    if (!(e0 | ed | f0 | f4)) return 0;
    uint64_t from90 = at_least(p, 0x90), fromA0 = at_least(p, 0xA0);
    return (e0 & ~fromA0) | (ed & fromA0) | (f0 & ~from90) | (f4 & from90);
}

/* Of a block that has bytes beyond ASCII, or follows one that ended within a character: each lead byte is followed by as
 * many continuation bytes as it says, and these stand nowhere else. */
BLOCK_INLINE void check_utf8(ScanIndex *x, const char *p, uint64_t keep, uint64_t high, AtLeast *at_least, Equal *equal) {
    uint64_t lead = at_least(p, 0xC0) & keep, three = at_least(p, 0xE0) & keep, four = at_least(p, 0xF0) & keep;
    uint64_t rest = lead << 1 | three << 2 | four << 3 | x->utf8_rest;
    uint64_t never = ((lead & ~at_least(p, 0xC2)) | at_least(p, 0xF5)) & keep;
    if (rest != (high & ~lead) || never || (wrong_second(x, p, at_least, equal) & keep)) x->bad = "text that is not UTF-8";
    x->utf8_rest = lead >> 63 | three >> 62 | four >> 61;
    x->utf8_last = (unsigned char)p[BLOCK - 1];
}

BLOCK_INLINE uint64_t hex_digits(const char *p, AtLeast *at_least) {
    return (at_least(p, '0') & ~at_least(p, '9' + 1)) | (at_least(p, 'A') & ~at_least(p, 'F' + 1)) | (at_least(p, 'a') & ~at_least(p, 'f' + 1));
}

/* Of a block that has escapes, or follows one that ended within \uXXXX. Source code and terminal output are full of \t and
 * \u001b: a loop over them, with an end that cannot be foretold, took a third of the index's time. */
BLOCK_INLINE void check_escapes(ScanIndex *x, const char *p, uint64_t keep, uint64_t escaped, AtLeast *at_least, Equal *equal) {
    uint64_t rare = escaped & keep & ~equal(p, 'n') & ~equal(p, 't'), u = 0;
    if (rare | x->hex_rest) {
        u = rare & equal(p, 'u');
        uint64_t digits = u << 1 | u << 2 | u << 3 | u << 4 | x->hex_rest;
        if (digits & keep & ~hex_digits(p, at_least)) x->bad = "a wrong escape in a string";
    }
    x->hex_rest = u >> 63 | u >> 62 | u >> 61 | u >> 60;
    if (rare & ~u) index_check_escapes(x, (uint32_t)(p - x->text), rare & ~u);
}

BLOCK_INLINE uint32_t count_bits(uint64_t m) {
    m -= m >> 1 & UINT64_C(0x5555555555555555);
    m = (m & UINT64_C(0x3333333333333333)) + (m >> 2 & UINT64_C(0x3333333333333333));
    m = (m + (m >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (uint32_t)(m * UINT64_C(0x0101010101010101) >> 56);
}

/* Writes four at a time, so that the loop's end is easy to foretell; what is written too much is overwritten later. */
BLOCK_INLINE uint32_t *write_positions(uint32_t *out, uint32_t base, uint64_t m) {
    uint32_t *end = out + count_bits(m);
    while (m) {
        for (int i = 0; i < 4; i++) {
            out[i] = base + (uint32_t)__builtin_ctzll(m | UINT64_C(1) << 63);
            m &= m - 1;
        }
        out += 4;
    }
    return end;
}

/* One block of `n` bytes, 64 or, at the end, fewer. */
BLOCK_INLINE uint32_t *index_block(ScanIndex *x, uint32_t n, Masks m, AtLeast *at_least, Equal *equal, uint32_t *out) {
    const uint32_t base = x->next;
    const uint64_t keep = n < BLOCK ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
    if (n < BLOCK) m = (Masks){m.backslash & keep, m.quote & keep, m.structure & keep, m.control & keep, m.high & keep};
    uint64_t escaped = escaped_bits(m.backslash, &x->escape);
    uint64_t quotes = m.quote;
    m.quote &= ~escaped;
    uint64_t inside = (m.quote ? between(m.quote) : 0) ^ x->in_string;
    x->in_string = (uint64_t)-(int64_t)(inside >> 63);
    if (m.backslash & ~inside) x->bad = "a backslash outside a string";
    if (m.backslash | escaped | x->hex_rest) check_escapes(x, x->text + base, keep, escaped & ~(quotes | m.backslash), at_least, equal);
    if (m.control & inside) x->bad = "a control character in a string";
    if (m.high | x->utf8_rest) check_utf8(x, x->text + base, keep, m.high, at_least, equal);
    return write_positions(out, base, (m.structure & ~inside) | (m.quote & inside));
}

BLOCK_INLINE bool index_blocks(ScanIndex *x, MasksOf *masks_of, AtLeast *at_least, Equal *equal) {
    if (x->next >= x->len) return false;
    uint32_t *out = x->at, *full = x->at + INDEX_MAX - BLOCK;
    x->first = x->next;
    while (out <= full && x->next < x->len) {
        uint32_t left = x->len - x->next, n = left < BLOCK ? left : BLOCK;
        out = index_block(x, n, masks_of(x->text + x->next), at_least, equal, out);
        x->next += n;
    }
    x->count = (uint32_t)(out - x->at);
    if (x->next >= x->len && x->utf8_rest) x->bad = "text that is not UTF-8";
    return true;
}
#endif
