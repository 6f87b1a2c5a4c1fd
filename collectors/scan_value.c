/* scan_value: what found values mean: text without escapes, integers, exact decimals. Pure. */
#include "collectors/scan.h"
#include "store/money.h"

static int hex4(const char *at, size_t left, uint32_t *out) {
    if (left < 4) return -1;
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)at[i];
        unsigned digit = c - (unsigned)'0', letter = (c | 0x20u) - (unsigned)'a', d = digit < 10 ? digit : letter + 10;
        if (digit > 9 && letter > 5) return -1;
        v = v * 16 + d;
    }
    *out = v;
    return 0;
}

static size_t utf8_put(uint32_t c, char out[4]) {
    if (c < 0x80) return out[0] = (char)c, 1;
    if (c < 0x800) return out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
    if (c < 0x10000)
        return out[0] = (char)(0xE0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)), out[2] = (char)(0x80 | (c & 63)), 3;
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* The character of the \u escape whose digits begin at raw[*i]; half a surrogate pair is U+FFFD. Moves *i behind it. */
static uint32_t unicode_escape(Str raw, size_t *i) {
    uint32_t high = 0, low = 0;
    if (hex4(raw.at + *i, raw.len - *i, &high) != 0) return 0xFFFD;
    *i += 4;
    if (high < 0xD800 || high > 0xDFFF) return high;
    size_t next = *i;
    bool pair = high < 0xDC00 && raw.len - next >= 6 && raw.at[next] == '\\' && raw.at[next + 1] == 'u' &&
                hex4(raw.at + next + 2, raw.len - next - 2, &low) == 0 && low >= 0xDC00 && low <= 0xDFFF;
    if (!pair) return 0xFFFD;
    *i = next + 6;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static uint32_t simple_escape(char c) {
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return (unsigned char)c;
    }
}

size_t scan_unescape(Str raw, char *out, size_t max) {
    size_t n = 0, i = 0;
    while (i < raw.len) {
        if (raw.at[i] != '\\' || i + 1 == raw.len) {
            const char *stop = memchr(raw.at + i + 1, '\\', raw.len - i - 1);
            size_t run = stop ? (size_t)(stop - raw.at) - i : raw.len - i, fits = utf8_cut(raw.at + i, run, max - n);
            memcpy(out + n, raw.at + i, fits);
            n += fits;
            i += run;
            if (fits < run) break;
            continue;
        }
        char c = raw.at[i + 1], bytes[4];
        i += 2;
        size_t len = utf8_put(c == 'u' ? unicode_escape(raw, &i) : simple_escape(c), bytes);
        if (len > max - n) break;
        memcpy(out + n, bytes, len);
        n += len;
    }
    return n;
}

/* Up to 18 plain digits: what nearly every counter is. */
static bool small_int(Str t, int64_t *out) {
    if (t.len == 0 || t.len > 18) return false;
    int64_t v = 0;
    for (size_t i = 0; i < t.len; i++) {
        unsigned d = (unsigned char)t.at[i] - (unsigned)'0';
        if (d > 9) return false;
        v = v * 10 + (int64_t)d;
    }
    *out = v;
    return true;
}

static bool may_be_number(const ScanValue *v) {
    return v->type == SCAN_NUMBER || (v->type == SCAN_STRING && !v->escaped);
}

int scan_int(const ScanValue *v, int64_t *out) {
    bool inexact;
    if (!may_be_number(v)) return -1;
    if (small_int(v->text, out)) return 0;
    return decimal_parse(v->text.at, v->text.len, 0, out, &inexact) == 0 && !inexact ? 0 : -1;
}

static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

/* "1767225600.123456" and "54": the shape of every timestamp and duration. */
static bool plain_decimal(Str t, int scale, int64_t *out) {
    const char *point = t.len <= 24 ? memchr(t.at, '.', t.len) : NULL;
    Str left = {t.at, point ? (size_t)(point - t.at) : t.len}, right = {left.at + left.len + 1, point ? t.len - left.len - 1 : 0};
    int64_t whole, part = 0;
    if (scale < 0 || scale > 6 || left.len > 12 || !small_int(left, &whole)) return false;
    if (point && (right.len > 9 || !small_int(right, &part))) return false;
    int extra = (int)right.len - scale;
    if (extra > 0)
        part = (part + powers[extra] / 2) / powers[extra]; /* half up */
    else
        part *= powers[-extra];
    *out = whole * powers[scale] + part;
    return true;
}

int scan_decimal(const ScanValue *v, int scale, int64_t *out) {
    if (!may_be_number(v)) return -1;
    if (plain_decimal(v->text, scale, out)) return 0;
    return decimal_parse(v->text.at, v->text.len, scale, out, NULL);
}
