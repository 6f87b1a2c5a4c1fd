/* unwrap: see unwrap.h. Told by the first bytes, so that a plain log pays for two comparisons a record. */
#include "collectors/unwrap.h"
#include "collectors/scan.h"

enum { PREFIX_MAX = 512, CRI_TIME_MAX = 48, DOCKER_PIECE = 16 * 1024, DOCKER_TAIL_MAX = 1024 };
static const char docker_begin[] = "{\"log\":\"", docker_then[] = "\",\"stream\":\"";

static Str from(Str text, size_t at) {
    return (Str){text.at + at, text.len - at};
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* ---- text before the record ---- */

/* "2026-01-01T00:00:00.1Z stdout F {": F is a whole line, or the last piece of one, P a piece before. The length of that
 * prefix, 0 = there is none. */
static size_t cri_prefix(Str line) {
    if (line.len == 0 || !is_digit(line.at[0])) return 0;
    const char *space = memchr(line.at, ' ', line.len < CRI_TIME_MAX ? line.len : CRI_TIME_MAX);
    Str rest = space ? from(line, (size_t)(space - line.at)) : (Str){"", 0};
    bool stream = str_starts(rest, " stdout ") || str_starts(rest, " stderr ");
    bool marked = stream && rest.len >= 10 && (rest.at[8] == 'F' || rest.at[8] == 'P') && rest.at[9] == ' ';
    return marked ? line.len - rest.len + 10 : 0;
}

static char cri_mark(Str line, size_t prefix) {
    return line.at[prefix - 2];
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

/* How much of the line syslog wrote, 0 = it did not. */
static size_t syslog_length(Str line) {
    const char *end = memmem(line.at, line.len < PREFIX_MAX ? line.len : PREFIX_MAX, "]: ", 3);
    size_t n = end ? (size_t)(end - line.at) + 3 : 0;
    return n && syslog_prefix((Str){line.at, n}) ? n : 0;
}

static Str without_prefix(Str text) {
    size_t cri = cri_prefix(text);
    if (cri) return from(text, cri);
    const char *brace = memchr(text.at, '{', text.len < PREFIX_MAX ? text.len : PREFIX_MAX);
    if (!brace) return text;
    Str before = {text.at, (size_t)(brace - text.at)};
    return syslog_prefix(before) ? from(text, before.len) : text;
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
    Str inner;
    if (!string_here(from(text, sizeof docker_begin - 1), &inner)) return text;
    Str rest = from(text, sizeof docker_begin - 1 + inner.len);
    bool whole = inner.len > 2 && memcmp(inner.at + inner.len - 2, "\\n", 2) == 0;
    if (!str_starts(rest, docker_then)) return text;
    return whole ? unescaped(inner, text, room) : inner; /* a piece of a long line: no JSON, so that it counts as bad */
}

/* The string of a member of journald's, as it is written. */
static bool journald_member(Str text, const char *begin, Str *out) {
    const char *at = memmem(text.at, text.len, begin, strlen(begin));
    return at && string_here(from(text, (size_t)(at - text.at) + strlen(begin)), out);
}

static bool journald_message(Str text, Str *out) {
    static const char time[] = "\"__REALTIME_TIMESTAMP\":";
    return memmem(text.at, text.len, time, sizeof time - 1) && journald_member(text, "\"MESSAGE\":\"", out);
}

static Str journald(Str text, char **room) {
    Str inner;
    return journald_message(text, &inner) ? unescaped(inner, text, room) : text;
}

/* ---- lines that the runtime cut in pieces ---- */

static bool is_docker(Str line) {
    return str_starts(line, docker_begin);
}

/* The end of Docker's string, told from the end of the line; NULL = there is none. */
static const char *docker_end(Str line) {
    size_t tail = line.len < DOCKER_TAIL_MAX ? line.len : DOCKER_TAIL_MAX;
    return memmem(line.at + line.len - tail, tail, docker_then, sizeof docker_then - 1);
}

/* A record's beginning of which the rest is missing: who reads Docker's log may have cut it earlier than Docker does. */
static bool is_beginning(Str line, const char *end) {
    const char *begin = line.at + sizeof docker_begin - 1;
    return end > begin && *begin == '{' && end[-1] != '}';
}

static bool goes_on(Str line, bool within) {
    size_t cri = cri_prefix(line);
    if (cri) return cri_mark(line, cri) == 'P';
    const char *end = is_docker(line) ? docker_end(line) : NULL;
    if (!end || memcmp(end - 2, "\\n", 2) == 0) return false;
    return within || line.len >= DOCKER_PIECE || is_beginning(line, end);
}

static bool same_stream(Str a, Str b) {
    size_t cri = cri_prefix(a), other = cri_prefix(b);
    if (cri) return other && memcmp(a.at + cri - 9, b.at + other - 9, 6) == 0;
    const char *end = docker_end(a), *next = is_docker(b) ? docker_end(b) : NULL;
    return end && next && memcmp(end, next, sizeof docker_then + 5) == 0; /* both are ended by more than that */
}

size_t unwrap_pieces(Str text, size_t at, bool *more) {
    Str line = {text.at + at, text.len - at - 1}, first = line;
    if (at) first = (Str){text.at, (size_t)((const char *)memchr(text.at, '\n', text.len) - text.at)};
    if (at && !same_stream(first, line)) return *more = false, at;
    return *more = goes_on(line, at > 0), text.len;
}

bool unwrap_is_piecewise(Str head) {
    return is_docker(head) || cri_prefix(head) > 0;
}

/* What a piece adds: of CRI as it stands, of Docker without its escapes. */
static size_t put_piece(Str line, char *out, size_t max) {
    size_t cri = cri_prefix(line), n = line.len - cri;
    if (!cri) {
        const char *end = docker_end(line);
        Str inner = from(line, sizeof docker_begin - 1);
        inner.len = end && end > inner.at ? (size_t)(end - inner.at) : 0;
        return scan_unescape(inner, out, max);
    }
    if (n > max) n = max;
    memcpy(out, line.at + cri, n);
    return n;
}

static Str joined(Str text, char **room) {
    size_t n = 0;
    if (!*room) *room = xcalloc(1, UNWRAP_MAX + SCAN_PAD);
    for (const char *nl; text.len; text = from(text, (size_t)(nl - text.at) + (nl < text.at + text.len))) {
        nl = memchr(text.at, '\n', text.len);
        if (!nl) nl = text.at + text.len;
        n += put_piece((Str){text.at, (size_t)(nl - text.at)}, *room + n, UNWRAP_MAX - n);
    }
    while (n && ((*room)[n - 1] == '\n' || (*room)[n - 1] == '\r')) n--;
    return (Str){*room, n};
}

/* Its keys are capitals. */
static bool may_be_journald(Str line) {
    char key = line.len > 2 && line.at[0] == '{' && line.at[1] == '"' ? line.at[2] : 0;
    return key == '_' || (key >= 'A' && key <= 'Z');
}

Str unwrap_line(Str text, char **room) {
    if (text.len < 16) return text;
    if ((is_digit(text.at[0]) || is_docker(text)) && memchr(text.at, '\n', text.len) && unwrap_is_piecewise(text)) return joined(text, room);
    if (text.at[0] != '{') return without_prefix(text);
    if (is_docker(text)) return docker(text, room);
    return may_be_journald(text) ? journald(text, room) : text;
}

bool unwrap_may_wrap(Str head) {
    if (head.len && head.at[0] == '[') return false;
    return head.len < 16 || head.at[0] != '{' || is_docker(head) || may_be_journald(head);
}

/* ---- values that go over several lines ---- */

static size_t put(Str text, bool ends, char *out, size_t max) {
    size_t n = text.len < max ? text.len : max;
    memcpy(out, text.at, n);
    if (ends && n < max) out[n++] = '\n';
    return n;
}

size_t unwrap_text(Str line, char *out, size_t max) {
    Str inner;
    if (is_docker(line)) return put_piece(line, out, max); /* the end of the line stands in it */
    size_t prefix = cri_prefix(line);
    if (prefix) return put(from(line, prefix), cri_mark(line, prefix) == 'F', out, max);
    if (may_be_journald(line) && journald_message(line, &inner)) {
        size_t n = scan_unescape(inner, out, max);
        return n + put((Str){"", 0}, true, out + n, max - n);
    }
    return put(from(line, line.at[0] == '{' ? 0 : syslog_length(line)), true, out, max);
}

Str unwrap_stream(Str line) {
    Str pid = {"", 0};
    size_t prefix = cri_prefix(line);
    if (prefix) return (Str){line.at + prefix - 9, 6};
    if (is_docker(line)) {
        const char *end = docker_end(line);
        return end ? (Str){end + sizeof docker_then - 1, 6} : pid;
    }
    if (may_be_journald(line)) return journald_member(line, "\"_PID\":\"", &pid) ? pid : (Str){"", 0};
    size_t n = line.len && line.at[0] != '{' ? syslog_length(line) : 0, at = n;
    while (at && line.at[at - 1] != '[') at--;
    return (Str){line.at + at, n - at};
}

bool unwrap_is_wrapped(Str head) {
    const char *nl = memchr(head.at, '\n', head.len);
    Str line = {head.at, nl ? (size_t)(nl - head.at) : head.len}, inner;
    if (line.len == 0) return false;
    if (is_docker(line)) return docker_end(line) != NULL;
    return cri_prefix(line) > 0 || (may_be_journald(line) && journald_message(line, &inner)) || (line.at[0] != '{' && syslog_length(line) > 0);
}

Str unwrap_plain(Str line, char **room) {
    if (line.len == 0 || line.at[0] != '{' || !unwrap_is_wrapped(line)) return line;
    if (!*room) *room = xcalloc(1, UNWRAP_MAX + SCAN_PAD);
    Str s = {*room, unwrap_text(line, *room, UNWRAP_MAX)};
    while (s.len && (s.at[s.len - 1] == '\n' || s.at[s.len - 1] == '\r')) s.len--;
    return s;
}
