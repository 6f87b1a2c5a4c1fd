/* scan_index_avx2: stage 1 of the scanner on machines with AVX2: the same masks from 32 bytes at a time. See scan_index.c.
 *
 * The program is built for any machine of its kind; only these functions are compiled for the newer ones, and only called
 * when the machine says that it is one.
 */
#include "collectors/scan_block.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

BLOCK_INLINE AVX2 uint64_t gather(__m256i low, __m256i high) {
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

BLOCK_INLINE AVX2 __m256i equal32(__m256i x, char c) {
    return _mm256_cmpeq_epi8(x, _mm256_set1_epi8(c));
}

/* { and [ differ in one bit, } and ] too: four comparisons find all six. */
BLOCK_INLINE AVX2 __m256i structure32(__m256i x) {
    __m256i lower = _mm256_or_si256(x, _mm256_set1_epi8(0x20));
    return _mm256_or_si256(_mm256_or_si256(equal32(lower, '{'), equal32(lower, '}')), _mm256_or_si256(equal32(x, ':'), equal32(x, ',')));
}

BLOCK_INLINE AVX2 __m256i control32(__m256i x) {
    return _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x);
}

BLOCK_INLINE AVX2 __m256i at_least32(const char *p, unsigned char least) {
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
    return _mm256_cmpeq_epi8(_mm256_max_epu8(x, _mm256_set1_epi8((char)least)), x);
}

BLOCK_INLINE AVX2 uint64_t at_least(const char *p, unsigned char least) {
    return gather(at_least32(p, least), at_least32(p + 32, least));
}

BLOCK_INLINE AVX2 uint64_t equal(const char *p, char c) {
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    return gather(equal32(a, c), equal32(b, c));
}

BLOCK_INLINE AVX2 Masks masks_of(const char *p) {
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    return (Masks){.backslash = gather(equal32(a, '\\'), equal32(b, '\\')), .quote = gather(equal32(a, '"'), equal32(b, '"')),
                   .structure = gather(structure32(a), structure32(b)), .control = gather(control32(a), control32(b)),
                   .high = gather(a, b)};
}

AVX2 bool index_fill_avx2(ScanIndex *x) {
    return index_blocks(x, masks_of, at_least, equal);
}

bool index_has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
}
#else
bool index_fill_avx2(ScanIndex *x) {
    return index_fill_plain(x);
}

bool index_has_avx2(void) {
    return false;
}
#endif
