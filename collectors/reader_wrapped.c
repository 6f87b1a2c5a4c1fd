/* reader_wrapped: see reader_wrapped.h. */
#include "collectors/reader_wrapped.h"
#include "collectors/scan.h"
#include "collectors/unwrap.h"

static bool same(Str a, Str b) {
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static bool is_other_stream(Str first, Str line) {
    return first.at != line.at && !same(unwrap_stream(first), unwrap_stream(line));
}

WrappedStep wrapped_line(Wrapped *w, const char *record, Str line) {
    Str first = {record, (size_t)((const char *)memchr(record, '\n', (size_t)(line.at + line.len + 1 - record)) - record)};
    if (is_other_stream(first, line)) return WRAPPED_OPEN;
    if (!w->room) w->room = xcalloc(1, WRAPPED_LINE_MAX + SCAN_PAD);
    size_t len = unwrap_text(line, w->room, WRAPPED_LINE_MAX);
    ValuesFound f = {0};
    do {
        f = values_find(&w->values, w->room, f.stop, len);
        w->whole |= f.complete;
    } while (f.complete);
    if (w->values.depth) return WRAPPED_OPEN;
    return w->whole ? WRAPPED_WHOLE : WRAPPED_OTHER;
}

Str wrapped_text(Str record, char **room) {
    Str first = {0}, line;
    size_t n = 0;
    if (!*room) *room = xcalloc(1, UNWRAP_MAX + SCAN_PAD);
    for (size_t at = 0; at < record.len; at += line.len + 1) {
        const char *nl = memchr(record.at + at, '\n', record.len - at);
        line = (Str){record.at + at, nl ? (size_t)(nl - record.at) - at : record.len - at};
        if (!first.at) first = line;
        if (!is_other_stream(first, line)) n += unwrap_text(line, *room + n, UNWRAP_MAX - n);
    }
    memset(*room + n, 0, SCAN_PAD);
    return (Str){*room, n};
}
