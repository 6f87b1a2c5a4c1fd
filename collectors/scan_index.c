/* scan_index: stage 1 of the scanner: where the structure of a JSON text is, 64 bytes a step.
 *
 * Owns: the bit masks (SSE2, or a table on other machines; -DSCAN_SCALAR chooses the table for tests), quotes and
 * escapes, UTF-8 and control characters inside strings. Does not know the grammar: that is the walk's.
 * A chunk holds at most INDEX_MAX entries, whatever the length of the line; the state between chunks is carried.
 */
#include "collectors/scan_impl.h"

typedef struct Masks { /* one bit a byte, lowest first */
    uint64_t backslash, quote, structure, control, high;
} Masks;

#if defined(__SSE2__) && !defined(SCAN_SCALAR)
#include <emmintrin.h>

typedef struct Bytes {
    __m128i v[4];
} Bytes;

static inline uint64_t gather(__m128i a, __m128i b, __m128i c, __m128i d) {
    uint64_t m0 = (uint32_t)_mm_movemask_epi8(a), m1 = (uint32_t)_mm_movemask_epi8(b);
    uint64_t m2 = (uint32_t)_mm_movemask_epi8(c), m3 = (uint32_t)_mm_movemask_epi8(d);
    return m0 | m1 << 16 | m2 << 32 | m3 << 48;
}

static inline uint64_t equal(const Bytes *x, char c) {
    __m128i k = _mm_set1_epi8(c);
    return gather(_mm_cmpeq_epi8(x->v[0], k), _mm_cmpeq_epi8(x->v[1], k), _mm_cmpeq_epi8(x->v[2], k),
                  _mm_cmpeq_epi8(x->v[3], k));
}

/* { and [ differ in one bit, } and ] too: four comparisons find all six. */
static inline __m128i structure16(__m128i x) {
    __m128i lower = _mm_or_si128(x, _mm_set1_epi8(0x20));
    __m128i braces = _mm_or_si128(_mm_cmpeq_epi8(lower, _mm_set1_epi8('{')), _mm_cmpeq_epi8(lower, _mm_set1_epi8('}')));
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(':')), _mm_cmpeq_epi8(x, _mm_set1_epi8(',')));
    return _mm_or_si128(braces, marks);
}

static inline __m128i control16(__m128i x) {
    return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
}

static inline void masks_of(const char *p, Masks *m) {
    Bytes x;
    for (int i = 0; i < 4; i++) x.v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    m->backslash = equal(&x, '\\');
    m->quote = equal(&x, '"');
    m->structure = gather(structure16(x.v[0]), structure16(x.v[1]), structure16(x.v[2]), structure16(x.v[3]));
    m->control = m->high = 0;
    /* Almost every block is plain text: one test for the smallest and the largest byte, details only when needed. */
    __m128i any = _mm_or_si128(_mm_or_si128(x.v[0], x.v[1]), _mm_or_si128(x.v[2], x.v[3]));
    if (_mm_movemask_epi8(any)) m->high = gather(x.v[0], x.v[1], x.v[2], x.v[3]);
    __m128i least = _mm_min_epu8(_mm_min_epu8(x.v[0], x.v[1]), _mm_min_epu8(x.v[2], x.v[3]));
    if (_mm_movemask_epi8(control16(least)))
        m->control = gather(control16(x.v[0]), control16(x.v[1]), control16(x.v[2]), control16(x.v[3]));
}
#else
enum { BYTE_BACKSLASH = 1, BYTE_QUOTE = 2, BYTE_STRUCTURE = 4, BYTE_CONTROL = 8, BYTE_HIGH = 16 };

static inline unsigned kind_of(unsigned char c) {
    static const uint8_t marks[128] = {['\\'] = BYTE_BACKSLASH, ['"'] = BYTE_QUOTE, ['{'] = BYTE_STRUCTURE,
                                       ['}'] = BYTE_STRUCTURE,  ['['] = BYTE_STRUCTURE, [']'] = BYTE_STRUCTURE,
                                       [':'] = BYTE_STRUCTURE,  [','] = BYTE_STRUCTURE};
    return c < 0x20 ? BYTE_CONTROL : c & 0x80 ? BYTE_HIGH : marks[c];
}

static inline void masks_of(const char *p, Masks *m) {
    *m = (Masks){0};
    for (int i = 0; i < BLOCK; i++) {
        uint64_t kind = kind_of((unsigned char)p[i]);
        m->backslash |= (kind & 1) << i;
        m->quote |= (kind >> 1 & 1) << i;
        m->structure |= (kind >> 2 & 1) << i;
        m->control |= (kind >> 3 & 1) << i;
        m->high |= (kind >> 4 & 1) << i;
    }
}
#endif

/* Bits that follow an odd run of backslashes. */
static inline uint64_t escaped_bits(uint64_t backslash, uint64_t *carry) {
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
static inline uint64_t between(uint64_t m) {
    m ^= m << 1;
    m ^= m << 2;
    m ^= m << 4;
    m ^= m << 8;
    m ^= m << 16;
    return m ^ m << 32;
}

static bool is_hex4(const char *p) {
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i], l = c | 0x20;
        if (!((c >= '0' && c <= '9') || (l >= 'a' && l <= 'f'))) return false;
    }
    return true;
}

static void check_escapes(ScanIndex *x, uint32_t base, uint64_t escaped) {
    static const bool simple[128] = {['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1};
    for (; escaped; escaped &= escaped - 1) {
        const char *p = x->text + base + __builtin_ctzll(escaped);
        unsigned char c = (unsigned char)*p;
        if (c < 128 && simple[c]) continue;
        /* Past the end of the text there are SCAN_PAD readable bytes, and a string that ends there is cut off anyway. */
        if (c != 'u' || !is_hex4(p + 1)) x->bad = "a wrong escape in a string";
    }
}

/* What may follow a lead byte: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool utf8_lead(ScanIndex *x, unsigned char c) {
    x->utf8_low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    x->utf8_high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    x->utf8_need = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    return c >= 0xC2 && c <= 0xF4;
}

static void check_utf8(ScanIndex *x, const char *p, int n) {
    for (int i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (x->utf8_need) {
            if (c < x->utf8_low || c > x->utf8_high) x->bad = "text that is not UTF-8";
            x->utf8_need--;
            x->utf8_low = 0x80;
            x->utf8_high = 0xBF;
        } else if (c >= 0x80 && !utf8_lead(x, c)) {
            x->utf8_need = 0;
            x->bad = "text that is not UTF-8";
        }
    }
}

static inline uint32_t count_bits(uint64_t m) {
    m -= m >> 1 & UINT64_C(0x5555555555555555);
    m = (m & UINT64_C(0x3333333333333333)) + (m >> 2 & UINT64_C(0x3333333333333333));
    m = (m + (m >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (uint32_t)(m * UINT64_C(0x0101010101010101) >> 56);
}

/* Writes four at a time, so that the loop's end is easy to foretell; what is written too much is overwritten later. */
static inline uint32_t *write_positions(uint32_t *out, uint32_t base, uint64_t m) {
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
static inline uint32_t *index_block(ScanIndex *x, uint32_t base, uint32_t n, uint32_t *out) {
    Masks m;
    masks_of(x->text + base, &m);
    if (n < BLOCK) {
        uint64_t keep = (UINT64_C(1) << n) - 1;
        m = (Masks){m.backslash & keep, m.quote & keep, m.structure & keep, m.control & keep, m.high & keep};
    }
    uint64_t escaped = escaped_bits(m.backslash, &x->escape);
    m.quote &= ~escaped;
    uint64_t inside = (m.quote ? between(m.quote) : 0) ^ x->in_string;
    x->in_string = (uint64_t)-(int64_t)(inside >> 63);
    if (m.backslash | escaped) {
        if (m.backslash & ~inside) x->bad = "a backslash outside a string";
        check_escapes(x, base, n < BLOCK ? escaped & ((UINT64_C(1) << n) - 1) : escaped);
    }
    if (m.control & inside) x->bad = "a control character in a string";
    if (m.high || x->utf8_need) check_utf8(x, x->text + base, (int)n);
    return write_positions(out, base, (m.structure & ~inside) | (m.quote & inside));
}

void index_start(ScanIndex *x, const char *text, uint32_t from, uint32_t len) {
    x->text = text;
    x->len = len;
    x->first = x->next = from;
    x->count = 0;
    x->in_string = x->escape = 0;
    x->utf8_need = 0;
}

bool index_fill(ScanIndex *x) {
    if (x->next >= x->len) return false;
    uint32_t *out = x->at, *full = x->at + INDEX_MAX - BLOCK;
    x->first = x->next;
    while (out <= full && x->next < x->len) {
        uint32_t left = x->len - x->next, n = left < BLOCK ? left : BLOCK;
        out = index_block(x, x->next, n, out);
        x->next += n;
    }
    x->count = (uint32_t)(out - x->at);
    if (x->next >= x->len && x->utf8_need) x->bad = "text that is not UTF-8";
    return true;
}
