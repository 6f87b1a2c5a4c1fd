/* text_width: decoding and widths. See text_width.h. */
#include "tui/text_width.h"
#include <langinfo.h>
#include <locale.h>
#include <wchar.h>

static bool ctype_is_utf8(void) {
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool locale_is_utf8(void) {
    bool utf8 = setlocale(LC_CTYPE, "") && ctype_is_utf8();
    if (!utf8) setlocale(LC_CTYPE, "C.UTF-8");
    return utf8;
}

/* Length a lead byte promises and the smallest code point that may need it; 0 = not a lead byte. */
static int lead(unsigned char b, int32_t *least) {
    *least = 0;
    if (b < 0x80) return 1;
    if (b >= 0xC2 && b < 0xE0) return *least = 0x80, 2;
    if (b >= 0xE0 && b < 0xF0) return *least = 0x800, 3;
    if (b >= 0xF0 && b < 0xF5) return *least = 0x10000, 4;
    return 0;
}

int32_t utf8_next(const char **at) {
    const unsigned char *p = (const unsigned char *)*at;
    int32_t least, code;
    int n = lead(p[0], &least);
    *at += 1;
    if (n == 0) return CODE_BAD;
    if (n == 1) return p[0];
    code = p[0] & (0x7F >> n);
    for (int i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) return CODE_BAD; /* also stops at the NUL */
        code = (code << 6) | (p[i] & 0x3F);
    }
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return CODE_BAD;
    *at += n - 1;
    return code;
}

/* Characters that show nothing and can hide or turn around what stands beside them. */
static bool is_invisible(int32_t c) {
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
           (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || c == 0x061C || c == 0x00AD || c >= 0xE0000;
}

int code_columns(int32_t code) {
    if (code >= 0x20 && code < 0x7F) return 1;
    if (code < 0xA0 || is_invisible(code)) return -1;
    if (code < 0x300) return 1;
    if (!ctype_is_utf8()) locale_is_utf8();
    int n = wcwidth((wchar_t)code);
    return n > 2 ? 2 : n < 0 ? 1 : n; /* newer than libc's table: one column, as terminals do */
}

bool code_is_unseen(int32_t code) {
    return is_invisible(code) || code_columns(code) == 0;
}

void text_plain(const char *text, char *out, size_t size) {
    size_t used = 0;
    while (*text) {
        const char *at = text;
        int32_t code = utf8_next(&text);
        size_t n = (size_t)(text - at);
        bool drawn = code_columns(code) >= 0;
        if (!drawn && code_is_unseen(code)) continue;
        if (used + (drawn ? n : 1) >= size) break;
        memcpy(out + used, drawn ? at : "?", drawn ? n : 1);
        used += drawn ? n : 1;
    }
    out[used] = '\0';
}
