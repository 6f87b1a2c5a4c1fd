/* scan_index: stage 1 of the scanner: where the structure of a JSON text is, 64 bytes a step.
 *
 * Owns: the bit masks (SSE2, or a table on other machines), what only strings may hold. scan_index_avx2.c does the same in
 * wider steps where the machine can, which is asked at run time. Does not know the grammar: that is the walk's.
 * A chunk holds at most INDEX_MAX entries, whatever the length of the line; the state between chunks is carried.
 */
#include "collectors/scan_block.h"

#if defined(__SSE2__)
#include <emmintrin.h>

typedef struct Bytes {
    __m128i v[4];
} Bytes;

BLOCK_INLINE uint64_t gather(__m128i a, __m128i b, __m128i c, __m128i d) {
    uint64_t m0 = (uint32_t)_mm_movemask_epi8(a), m1 = (uint32_t)_mm_movemask_epi8(b);
    uint64_t m2 = (uint32_t)_mm_movemask_epi8(c), m3 = (uint32_t)_mm_movemask_epi8(d);
    return m0 | m1 << 16 | m2 << 32 | m3 << 48;
}

BLOCK_INLINE uint64_t equal(const Bytes *x, char c) {
    __m128i k = _mm_set1_epi8(c);
    return gather(_mm_cmpeq_epi8(x->v[0], k), _mm_cmpeq_epi8(x->v[1], k), _mm_cmpeq_epi8(x->v[2], k),
                  _mm_cmpeq_epi8(x->v[3], k));
}

/* { and [ differ in one bit, } and ] too: four comparisons find all six. */
BLOCK_INLINE __m128i structure16(__m128i x) {
    __m128i lower = _mm_or_si128(x, _mm_set1_epi8(0x20));
    __m128i braces = _mm_or_si128(_mm_cmpeq_epi8(lower, _mm_set1_epi8('{')), _mm_cmpeq_epi8(lower, _mm_set1_epi8('}')));
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(':')), _mm_cmpeq_epi8(x, _mm_set1_epi8(',')));
    return _mm_or_si128(braces, marks);
}

BLOCK_INLINE __m128i control16(__m128i x) {
    return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
}

BLOCK_INLINE __m128i at_least16(const char *p, unsigned char least) {
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm_cmpeq_epi8(_mm_max_epu8(x, _mm_set1_epi8((char)least)), x);
}

BLOCK_INLINE uint64_t at_least(const char *p, unsigned char least) {
    return gather(at_least16(p, least), at_least16(p + 16, least), at_least16(p + 32, least), at_least16(p + 48, least));
}

BLOCK_INLINE uint64_t byte_equal(const char *p, char c) {
    Bytes x;
    for (int i = 0; i < 4; i++) x.v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    return equal(&x, c);
}

BLOCK_INLINE Masks masks_of(const char *p) {
    Bytes x;
    Masks m;
    for (int i = 0; i < 4; i++) x.v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    m.backslash = equal(&x, '\\');
    m.quote = equal(&x, '"');
    m.structure = gather(structure16(x.v[0]), structure16(x.v[1]), structure16(x.v[2]), structure16(x.v[3]));
    m.control = m.high = 0;
    /* Almost every block is plain text: one test for the smallest and the largest byte, details only when needed. */
    __m128i any = _mm_or_si128(_mm_or_si128(x.v[0], x.v[1]), _mm_or_si128(x.v[2], x.v[3]));
    if (_mm_movemask_epi8(any)) m.high = gather(x.v[0], x.v[1], x.v[2], x.v[3]);
    __m128i least = _mm_min_epu8(_mm_min_epu8(x.v[0], x.v[1]), _mm_min_epu8(x.v[2], x.v[3]));
    if (_mm_movemask_epi8(control16(least)))
        m.control = gather(control16(x.v[0]), control16(x.v[1]), control16(x.v[2]), control16(x.v[3]));
    return m;
}
#else
enum { BYTE_BACKSLASH = 1, BYTE_QUOTE = 2, BYTE_STRUCTURE = 4, BYTE_CONTROL = 8, BYTE_HIGH = 16 };

BLOCK_INLINE uint64_t at_least(const char *p, unsigned char least) {
    uint64_t m = 0;
    for (int i = 0; i < BLOCK; i++) m |= (uint64_t)((unsigned char)p[i] >= least) << i;
    return m;
}

BLOCK_INLINE uint64_t byte_equal(const char *p, char c) {
    uint64_t m = 0;
    for (int i = 0; i < BLOCK; i++) m |= (uint64_t)(p[i] == c) << i;
    return m;
}

BLOCK_INLINE unsigned kind_of(unsigned char c) {
    static const uint8_t marks[128] = {['\\'] = BYTE_BACKSLASH, ['"'] = BYTE_QUOTE, ['{'] = BYTE_STRUCTURE,
                                       ['}'] = BYTE_STRUCTURE,  ['['] = BYTE_STRUCTURE, [']'] = BYTE_STRUCTURE,
                                       [':'] = BYTE_STRUCTURE,  [','] = BYTE_STRUCTURE};
    return c < 0x20 ? BYTE_CONTROL : c & 0x80 ? BYTE_HIGH : marks[c];
}

BLOCK_INLINE Masks masks_of(const char *p) {
    Masks m = {0};
    for (int i = 0; i < BLOCK; i++) {
        uint64_t kind = kind_of((unsigned char)p[i]);
        m.backslash |= (kind & 1) << i;
        m.quote |= (kind >> 1 & 1) << i;
        m.structure |= (kind >> 2 & 1) << i;
        m.control |= (kind >> 3 & 1) << i;
        m.high |= (kind >> 4 & 1) << i;
    }
    return m;
}
#endif

void index_check_escapes(ScanIndex *x, uint32_t base, uint64_t escaped) {
    for (; escaped; escaped &= escaped - 1) {
        const char c = x->text[base + (uint32_t)__builtin_ctzll(escaped)];
        if (c != '/' && c != 'b' && c != 'f' && c != 'r') x->bad = "a wrong escape in a string";
    }
}

void index_start(ScanIndex *x, const char *text, uint32_t from, uint32_t len) {
    x->text = text;
    x->len = len;
    x->first = x->next = from;
    x->count = 0;
    x->in_string = x->escape = 0;
    x->utf8_rest = x->hex_rest = 0;
    x->utf8_last = 0;
}

bool index_fill_plain(ScanIndex *x) {
    return index_blocks(x, masks_of, at_least, byte_equal);
}

bool index_fill(ScanIndex *x) {
    return index_has_avx2() ? index_fill_avx2(x) : index_fill_plain(x);
}
