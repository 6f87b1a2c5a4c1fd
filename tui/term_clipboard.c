/* term_clipboard: see term_clipboard.h. */
#include "tui/term_clipboard.h"

enum { PIECE = 240 /* bytes that GNU screen takes in one string */ };

static void add_base64(Buf *out, const char *text, size_t len) {
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)text;
    for (; len > 0; p += 3) {
        unsigned n = (unsigned)p[0] << 16 | (len > 1 ? (unsigned)p[1] << 8 : 0) | (len > 2 ? p[2] : 0);
        const char four[] = {digit[n >> 18], digit[n >> 12 & 63], len > 1 ? digit[n >> 6 & 63] : '=', len > 2 ? digit[n & 63] : '='};
        buf_add(out, four, sizeof four);
        len -= len < 3 ? len : 3;
    }
}

void clipboard_bytes(Buf *out, const char *text, size_t len, bool through_screen) {
    Buf plain = {.max = 0};
    buf_str(&plain, "\033]52;c;");
    add_base64(&plain, text, len);
    buf_str(&plain, "\a");
    for (size_t at = 0; through_screen && at < plain.len; at += PIECE) {
        buf_str(out, "\033P");
        buf_add(out, plain.at + at, plain.len - at < PIECE ? plain.len - at : PIECE);
        buf_str(out, "\033\\");
    }
    if (!through_screen) buf_add(out, plain.at, plain.len);
    buf_free(&plain);
}
