/* unwrap_time: when a container runtime or a log daemon wrote a line. For records that do not say themselves when they were.
 * Does not: guess. Syslog's old times have no year and no zone, and say nothing here. Pure. */
#include "collectors/unwrap.h"
#include "store/clock.h"

enum { TAIL_MAX = 1024 };

/* The text behind the last `begin` of the line's end, up to its quote. */
static Str member_at_end(Str line, const char *begin) {
    size_t n = strlen(begin), from = line.len > TAIL_MAX ? line.len - TAIL_MAX : 0;
    for (size_t i = line.len; i-- > from;) {
        if (i + n > line.len || memcmp(line.at + i, begin, n) != 0) continue;
        const char *text = line.at + i + n, *quote = memchr(text, '"', line.len - i - n);
        return quote ? (Str){text, (size_t)(quote - text)} : (Str){"", 0};
    }
    return (Str){"", 0};
}

static int64_t journald_time(Str line) {
    static const char begin[] = "\"__REALTIME_TIMESTAMP\":\"";
    const char *at = memmem(line.at, line.len, begin, sizeof begin - 1);
    int64_t number = 0;
    if (!at) return 0;
    for (at += sizeof begin - 1; at < line.at + line.len && *at >= '0' && *at <= '9' && number < INT64_MAX / 100; at++) number = number * 10 + (*at - '0');
    return number ? time_from_epoch(number) : 0;
}

/* The first word that is a time, of the first two: CRI begins with it, syslog may have its priority before. */
static int64_t time_at_begin(Str line) {
    int64_t ms;
    for (int word = 0; word < 2; word++) {
        const char *space = memchr(line.at, ' ', line.len < 64 ? line.len : 64);
        if (!space) return 0;
        size_t n = (size_t)(space - line.at);
        if (time_parse_rfc3339(line.at, n, &ms) == 0) return ms;
        line = (Str){space + 1, line.len - n - 1};
    }
    return 0;
}

int64_t unwrap_time(Str line) {
    int64_t ms;
    const char *nl = memchr(line.at, '\n', line.len); /* of pieces the first counts */
    if (nl) line.len = (size_t)(nl - line.at);
    if (line.len == 0) return 0;
    if (line.at[0] != '{') return time_at_begin(line);
    if (!str_starts(line, "{\"log\":\"")) return journald_time(line);
    Str text = member_at_end(line, "\"time\":\"");
    return text.len && time_parse_rfc3339(text.at, text.len, &ms) == 0 ? ms : 0;
}
