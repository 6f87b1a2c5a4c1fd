/* money: exact decimal money. No double ever holds money.
 *
 * nano = nano-dollars, int64, a request's cost or any sum of costs. pico = pico-dollars per token, int64, a price.
 * Sums saturate at INT64_MAX (9.2 billion dollars) instead of wrapping.
 */
#ifndef STORE_MONEY_H
#define STORE_MONEY_H
#include "store/base.h"

#define NANO_PER_USD INT64_C(1000000000)

/* Saturating. In place: some are added for every call of an analysis. */
static inline int64_t nano_add(int64_t a, int64_t b) {
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}
/* "225547200" -> "0.225547200": exactly 9 places, '-' when negative. out >= 24 bytes. */
void nano_exact(int64_t nano, char *out, size_t size);
/* "1,234.56": rounded half up to `places` (0..9) with thousands separators. */
void nano_grouped(int64_t nano, int places, char *out, size_t size);
/* "$11.4k", "$1.24M", "$8.73": at most 3 significant digits, for one-line views and axes. */
void nano_short(int64_t nano, char *out, size_t size);

/* Exact decimal text ("3e-06", "0.2", "1.5E+3") times 10^scale, as an integer; digits beyond the scale are rounded
 * half up and reported in *inexact (may be NULL). -1: not a number, or beyond int64. */
int decimal_parse(const char *at, size_t len, int scale, int64_t *out, bool *inexact);

/* "48.6M", "30,034", "182k": token counts for tables; grouped() is exact. */
void count_short(int64_t n, char *out, size_t size);
void count_grouped(int64_t n, char *out, size_t size);
#endif
