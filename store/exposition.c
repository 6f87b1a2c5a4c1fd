/* exposition: see exposition.h. */
#include <inttypes.h>
#include <stdio.h>
#include "store/exposition.h"
#include "store/money.h"

void exposition_gauge(Buf *out, const char *name, const char *help) {
    buf_fmt(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* Length of the UTF-8 character at `at` (NUL-terminated), 0 = it is none: cut, too long, a surrogate or beyond the last. */
static size_t utf8_length(const unsigned char *at) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = at[0] < 0x80 ? 1 : at[0] >= 0xf0 && at[0] < 0xf8 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc0 ? 2 : 0;
    if (len <= 1 || at[0] >= 0xf8) return len == 1;
    uint32_t code = at[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    return code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : len;
}

static void add_escaped(Buf *to, const char *value) {
    while (*value) {
        size_t len = utf8_length((const unsigned char *)value);
        if (*value == '\\' || *value == '"') buf_fmt(to, "\\%c", *value);
        else if (*value == '\n') buf_str(to, "\\n");
        else if (len == 0 || (unsigned char)*value < 0x20) buf_fmt(to, "\\\\x%02x", (unsigned)(unsigned char)*value);
        else buf_add(to, value, len);
        value += len ? len : 1;
    }
}

void exposition_label(Buf *to, const char *name, const char *value) {
    buf_fmt(to, "%c%s=\"", to->len ? ',' : '{', name);
    add_escaped(to, value);
    buf_str(to, "\"");
}

static void sample(Buf *out, const char *name, const char *labels, const char *value) {
    buf_fmt(out, "%s%s%s %s\n", name, labels, *labels ? "}" : "", value);
}

void exposition_count(Buf *out, const char *name, const char *labels, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    sample(out, name, labels, text);
}

void exposition_usd(Buf *out, const char *name, const char *labels, int64_t nano) {
    char text[32];
    nano_exact(nano, text, sizeof text);
    sample(out, name, labels, text);
}

void exposition_seconds(Buf *out, const char *name, const char *labels, int64_t ms) {
    char text[40];
    uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    snprintf(text, sizeof text, "%s%" PRIu64 ".%03u", ms < 0 ? "-" : "", size / 1000, (unsigned)(size % 1000));
    sample(out, name, labels, text);
}
