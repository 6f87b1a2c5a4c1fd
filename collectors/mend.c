/* mend: see mend.h. */
#include "collectors/mend.h"
#include "collectors/scan.h"

/* The length of the character that begins here; 0 = it is none. */
static size_t character(const unsigned char *p, size_t left) {
    if (p[0] < 0x80) return p[0] >= 0x20;
    size_t n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    bool overlong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xED && p[1] > 0x9F, beyond = p[0] == 0xF4 && p[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : n;
}

static size_t put_replaced(unsigned char c, char *out) {
    if (c < 0x20) return out[0] = ' ', 1;
    out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
}

Mended mend_bytes(Str text) {
    const unsigned char *p = (const unsigned char *)text.at;
    size_t wrong = 0, n = 0;
    if (text.len > MEND_MAX) return (Mended){0};
    for (size_t i = 0, len; i < text.len; i += len ? len : 1) wrong += (len = character(p + i, text.len - i)) == 0;
    if (!wrong) return (Mended){0};
    char *out = xcalloc(1, text.len + wrong + SCAN_PAD);
    for (size_t i = 0, len; i < text.len; i += len ? len : 1) {
        len = character(p + i, text.len - i);
        if (len) memcpy(out + n, p + i, len), n += len;
        else n += put_replaced(p[i], out + n);
    }
    return (Mended){out, n};
}

/* {"first key" */
static size_t opening(Str text) {
    size_t at = 1;
    while (at < text.len && (text.at[at] == ' ' || text.at[at] == '\t')) at++;
    if (text.len < 2 || text.at[0] != '{' || at == text.len || text.at[at] != '"') return 0;
    const char *end = memchr(text.at + at + 1, '"', text.len - at - 1);
    return end ? (size_t)(end - text.at) + 1 : 0;
}

size_t mend_break(Str text, size_t from) {
    const char *zero = memrchr(text.at, '\0', text.len);
    size_t behind = zero ? (size_t)(zero - text.at) + 1 : 0, len = opening(text);
    if (behind > from) return behind < text.len ? behind : 0;
    const char *again = len && from + 1 < text.len ? memmem(text.at + from + 1, text.len - from - 1, text.at, len) : NULL;
    return again ? (size_t)(again - text.at) : 0;
}
