/* money: exact decimal money. See money.h. No double anywhere: digits are counted, not computed. */
#include "store/money.h"
#include <ctype.h>
#include <inttypes.h>

static uint64_t magnitude(int64_t v) {
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static uint64_t power10(int n) {
    uint64_t p = 1;
    while (n-- > 0) p *= 10;
    return p;
}

void nano_exact(int64_t nano, char *out, size_t size) {
    uint64_t m = magnitude(nano), unit = (uint64_t)NANO_PER_USD;
    snprintf(out, size, "%s%" PRIu64 ".%09" PRIu64, nano < 0 ? "-" : "", m / unit, m % unit);
}

/* Digits of v with a comma before each group of three, into out. */
static void group_digits(uint64_t v, char *out, size_t size) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, v);
    size_t w = 0;
    for (int i = 0; i < n && w + 2 < size; i++) {
        if (i > 0 && (n - i) % 3 == 0) out[w++] = ',';
        out[w++] = digits[i];
    }
    out[w] = '\0';
}

void nano_grouped(int64_t nano, int places, char *out, size_t size) {
    uint64_t step = power10(9 - places);
    uint64_t m = (magnitude(nano) + step / 2) / step; /* in units of the last place, rounded half up */
    char whole[32];
    group_digits(m / power10(places), whole, sizeof whole);
    const char *sign = nano < 0 && m > 0 ? "-" : "";
    if (places == 0)
        snprintf(out, size, "%s%s", sign, whole);
    else
        snprintf(out, size, "%s%s.%0*" PRIu64, sign, whole, places, m % power10(places));
}

/* "11.4k": at most three significant digits of v/1 with a suffix; v in units of 10^-places. */
static void short_number(uint64_t v, int places, const char *prefix, char *out, size_t size) {
    static const char *const suffix[] = {"", "k", "M", "G", "T", "P"};
    int s = 0;
    uint64_t unit = power10(places);
    /* Rounding may carry into the next suffix: 999,950 is 1.00M, not 1000k. */
    while (s < 5 && v / unit >= 1000) s++, unit *= 1000;
    for (;; s++, unit *= 1000) {
        int decimals = v / unit >= 100 ? 0 : v / unit >= 10 ? 1 : 2;
        uint64_t step = unit / power10(decimals);
        uint64_t r = step ? (v + step / 2) / step : v;
        if (r / power10(decimals) >= 1000 && s < 5) continue;
        if (decimals && step)
            snprintf(out, size, "%s%" PRIu64 ".%0*" PRIu64 "%s", prefix, r / power10(decimals), decimals,
                     r % power10(decimals), suffix[s]);
        else
            snprintf(out, size, "%s%" PRIu64 "%s", prefix, r, suffix[s]);
        return;
    }
}

void nano_short(int64_t nano, char *out, size_t size) {
    short_number(magnitude(nano), 9, nano < 0 ? "-$" : "$", out, size);
}

void count_short(int64_t n, char *out, size_t size) {
    if (n > -10000 && n < 10000)
        count_grouped(n, out, size);
    else
        short_number(magnitude(n), 0, n < 0 ? "-" : "", out, size);
}

void count_grouped(int64_t n, char *out, size_t size) {
    char digits[32];
    group_digits(magnitude(n), digits, sizeof digits);
    snprintf(out, size, "%s%s", n < 0 ? "-" : "", digits);
}

/* A decimal literal taken apart: digits without the point, and where the point stands. */
typedef struct Literal {
    const char *at, *end;
    bool negative;
    int64_t point; /* digits before the point, exponent included */
} Literal;

static int parse_exponent(const char *p, const char *end, int64_t *out) {
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return -1;
    int64_t v = 0;
    for (; p < end; p++) {
        if (!isdigit((unsigned char)*p)) return -1;
        if (v < 100000) v = v * 10 + (*p - '0');
    }
    *out = minus ? -v : v;
    return 0;
}

static int take_apart(const char *at, size_t len, Literal *l) {
    const char *end = at + len;
    *l = (Literal){.negative = len > 0 && *at == '-'};
    if (at < end && (*at == '-' || *at == '+')) at++;
    l->at = at;
    size_t digits = 0;
    bool point = false;
    for (; at < end && (isdigit((unsigned char)*at) || (*at == '.' && !point)); at++) {
        if (*at == '.')
            point = true;
        else
            digits++, l->point += !point;
    }
    l->end = at;
    if (digits == 0) return -1;
    int64_t exponent = 0;
    if (at < end && (*at == 'e' || *at == 'E') && parse_exponent(at + 1, end, &exponent) == 0)
        at = end;
    l->point += exponent;
    return at == end ? 0 : -1;
}

int decimal_parse(const char *at, size_t len, int scale, int64_t *out, bool *inexact) {
    Literal l;
    if (take_apart(at, len, &l) != 0) return -1;
    int64_t keep = l.point + scale, seen = 0; /* how many digits count */
    int64_t v = 0;
    bool lost = false, round_up = false;
    for (const char *p = l.at; p < l.end; p++) {
        if (*p == '.') continue;
        int d = *p - '0';
        if (seen < keep) {
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v)) return -1;
        } else {
            if (seen == keep) round_up = d >= 5;
            lost |= d != 0;
        }
        seen++;
    }
    for (; seen < keep && v; seen++)
        if (__builtin_mul_overflow(v, 10, &v)) return -1;
    if (round_up && __builtin_add_overflow(v, 1, &v)) return -1;
    *out = l.negative ? -v : v;
    if (inexact) *inexact = lost;
    return 0;
}
