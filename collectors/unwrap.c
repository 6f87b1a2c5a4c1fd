/* unwrap: see unwrap.h. Told by the first bytes, so that a plain log pays for two comparisons a record. */
#include "collectors/unwrap.h"
#include "collectors/scan.h"

enum { PREFIX_MAX = 512 };

static Str from(Str text, size_t at) {
    return (Str){text.at + at, text.len - at};
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* ---- text before the record ---- */

/* "2026-01-01T00:00:00.1Z stdout F {": F is a whole line, or the last piece of one, which then does not begin with {. */
static bool cri_prefix(Str before) {
    static const char *const streams[] = {" stdout F ", " stderr F "};
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(streams[i]);
        if (before.len <= n || memcmp(before.at + before.len - n, streams[i], n) != 0) continue;
        return is_digit(before.at[0]) && !memchr(before.at, ' ', before.len - n);
    }
    return false;
}

/* "<134>Oct 25 00:00:00 host haproxy[12]: {", the priority may be missing, the time of any form. */
static bool syslog_prefix(Str before) {
    size_t n = before.len;
    if (n < 12 || memcmp(before.at + n - 3, "]: ", 3) != 0) return false;
    for (n -= 3; n && is_digit(before.at[n - 1]);) n--;
    bool process = n > 1 && n + 3 < before.len && before.at[n - 1] == '[' && before.at[n - 2] != ' ';
    bool time = before.at[0] == '<' || is_digit(before.at[0]) || (before.at[0] >= 'A' && before.at[0] <= 'Z' && before.at[3] == ' ');
    return process && time;
}

static Str without_prefix(Str text) {
    const char *brace = memchr(text.at, '{', text.len < PREFIX_MAX ? text.len : PREFIX_MAX);
    if (!brace) return text;
    Str before = {text.at, (size_t)(brace - text.at)};
    return cri_prefix(before) || syslog_prefix(before) ? from(text, before.len) : text;
}

/* ---- the record as a string in JSON ---- */

/* The string that begins at text, up to its quote; false = it has no end. */
static bool string_here(Str text, Str *out) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\\') i++;
        else if (text.at[i] == '"') return *out = (Str){text.at, i}, true;
    }
    return false;
}

static Str unescaped(Str inner, Str text, char **room) {
    if (inner.len == 0 || inner.at[0] != '{' || inner.len > UNWRAP_MAX) return text;
    if (!*room) *room = xcalloc(1, UNWRAP_MAX + SCAN_PAD);
    Str s = {*room, scan_unescape(inner, *room, UNWRAP_MAX)};
    while (s.len && (s.at[s.len - 1] == '\n' || s.at[s.len - 1] == '\r')) s.len--;
    return s;
}

static Str docker(Str text, char **room) {
    static const char begin[] = "{\"log\":\"", then[] = "\",\"stream\":\"";
    Str inner;
    if (!string_here(from(text, sizeof begin - 1), &inner)) return text;
    Str rest = from(text, sizeof begin - 1 + inner.len);
    bool whole = inner.len > 2 && memcmp(inner.at + inner.len - 2, "\\n", 2) == 0;
    if (!str_starts(rest, then)) return text;
    return whole ? unescaped(inner, text, room) : inner; /* a piece of a long line: no JSON, so that it counts as bad */
}

static Str journald(Str text, char **room) {
    static const char time[] = "\"__REALTIME_TIMESTAMP\":", begin[] = "\"MESSAGE\":\"";
    const char *at = memmem(text.at, text.len, begin, sizeof begin - 1);
    Str inner;
    if (!at || !memmem(text.at, text.len, time, sizeof time - 1)) return text;
    return string_here(from(text, (size_t)(at - text.at) + sizeof begin - 1), &inner) ? unescaped(inner, text, room) : text;
}

Str unwrap_line(Str text, char **room) {
    if (text.len < 16) return text;
    if (text.at[0] != '{') return without_prefix(text);
    if (str_starts(text, "{\"log\":\"")) return docker(text, room);
    char key = text.at[1] == '"' ? text.at[2] : 0; /* journald's are capitals */
    return key == '_' || (key >= 'A' && key <= 'Z') ? journald(text, room) : text;
}
