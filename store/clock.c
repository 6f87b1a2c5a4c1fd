/* clock: calendar arithmetic and the texts of time. Zones are in zone.c. See clock.h. */
#include "store/clock.h"
#include <ctype.h>
#include <inttypes.h>

static int64_t read_clock_ms(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * MS_PER_SECOND + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(void) {
    return read_clock_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void) {
    return read_clock_ms(CLOCK_MONOTONIC);
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* Days since 1970-01-01 of a proleptic Gregorian date; months beyond 1..12 carry into the year. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
    year += floor_div(month - 1, 12);
    month = (month - 1) - floor_div(month - 1, 12) * 12 + 1;
    int64_t y = month <= 2 ? year - 1 : year; /* years begin in March: the leap day is the last */
    int64_t era = floor_div(y, 400), in_era = y - era * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year + day - 1 - 719468;
}

static void civil_from_days(int64_t days, Civil *c) {
    days += 719468;
    int64_t era = floor_div(days, 146097), in_era = days - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t m = (5 * in_year + 2) / 153;
    c->day = (int)(in_year - (153 * m + 2) / 5 + 1);
    c->month = (int)(m < 10 ? m + 3 : m - 9);
    c->year = (int)(year + era * 400 + (c->month <= 2));
}

Civil civil_at(const Zone *z, int64_t ms) {
    int64_t local = ms + (int64_t)zone_offset_s(z, ms) * MS_PER_SECOND;
    int64_t days = floor_div(local, MS_PER_DAY), rest = local - days * MS_PER_DAY;
    Civil c = {.hour = (int)(rest / MS_PER_HOUR), .minute = (int)(rest / MS_PER_MINUTE % 60),
               .second = (int)(rest / MS_PER_SECOND % 60), .ms = (int)(rest % MS_PER_SECOND),
               .weekday = (int)(days + 3 - floor_div(days + 3, 7) * 7)};
    civil_from_days(days, &c);
    return c;
}

int64_t civil_ms(const Zone *z, const Civil *c) {
    int64_t local = days_from_civil(c->year, c->month, c->day) * MS_PER_DAY + c->hour * MS_PER_HOUR +
                    c->minute * MS_PER_MINUTE + c->second * MS_PER_SECOND + c->ms;
    /* Of the two offsets around a change the first that maps back is right; in a gap none is, and the offset before
     * the change gives the later instant. */
    int64_t before = zone_offset_s(z, local - MS_PER_DAY) * MS_PER_SECOND;
    int64_t after = zone_offset_s(z, local + MS_PER_DAY) * MS_PER_SECOND;
    if (zone_offset_s(z, local - before) * MS_PER_SECOND == before) return local - before;
    if (zone_offset_s(z, local - after) * MS_PER_SECOND == after) return local - after;
    return local - before;
}

/* Start of the unit that lies `step` units after the one that contains ms. */
static int64_t unit_start(const Zone *z, int64_t ms, Unit u, int step) {
    Civil c = civil_at(z, ms);
    Civil s = {.year = c.year, .month = 1, .day = 1};
    if (u <= UNIT_MONTH) s.month = c.month;
    if (u <= UNIT_DAY) s.day = c.day;
    if (u == UNIT_WEEK) s.day = c.day - c.weekday + 7 * step;
    if (u == UNIT_DAY) s.day += step;
    if (u == UNIT_MONTH) s.month += step;
    if (u == UNIT_YEAR) s.year += step;
    return civil_ms(z, &s);
}

static int64_t unit_length_ms(Unit u) {
    return u == UNIT_MINUTE ? MS_PER_MINUTE : u == UNIT_QUARTER ? 15 * MS_PER_MINUTE : u == UNIT_HOUR ? MS_PER_HOUR : 0;
}

/* The first instant in (from, to] whose offset is that of `to`, where `from` has another one. */
static int64_t change_between(const Zone *z, int64_t from, int64_t to) {
    int32_t offset = zone_offset_s(z, to);
    while (to - from > 1) {
        int64_t mid = from + (to - from) / 2;
        if (zone_offset_s(z, mid) == offset)
            to = mid;
        else
            from = mid;
    }
    return to;
}

/* Units below a day run from one full local hour (quarter, minute) to the next; a change of the offset ends one, because
 * Lord Howe turns its clocks by half an hour. Local, because Kathmandu (+5:45) has its hours elsewhere. */
static int64_t short_floor(const Zone *z, int64_t ms, int64_t length) {
    int64_t local = ms + zone_offset_s(z, ms) * MS_PER_SECOND;
    int64_t start = ms - (local - floor_div(local, length) * length);
    return zone_offset_s(z, start) == zone_offset_s(z, ms) ? start : change_between(z, start, ms);
}

static int64_t short_next(const Zone *z, int64_t ms, int64_t length) {
    int64_t local = ms + zone_offset_s(z, ms) * MS_PER_SECOND;
    int64_t next = ms - (local - floor_div(local, length) * length) + length;
    return zone_offset_s(z, next) == zone_offset_s(z, ms) ? next : change_between(z, ms, next);
}

int64_t time_floor(const Zone *z, int64_t ms, Unit u) {
    int64_t length = unit_length_ms(u);
    return length ? short_floor(z, ms, length) : unit_start(z, ms, u, 0);
}

int64_t time_next(const Zone *z, int64_t ms, Unit u) {
    int64_t length = unit_length_ms(u);
    return length ? short_next(z, ms, length) : unit_start(z, ms, u, 1);
}

/* Exactly `count` digits. */
static bool digits(const char **at, const char *end, int count, int *out) {
    int v = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (*at >= end || !isdigit((unsigned char)**at)) return false;
        v = v * 10 + (**at - '0');
    }
    *out = v;
    return true;
}

static bool literal(const char **at, const char *end, const char *any) {
    if (*at >= end || !strchr(any, **at) || **at == '\0') return false;
    (*at)++;
    return true;
}

static bool fraction(const char **at, const char *end, int *ms) {
    *ms = 0;
    if (*at >= end || (**at != '.' && **at != ',')) return true;
    (*at)++;
    int n = 0;
    for (; *at < end && isdigit((unsigned char)**at); (*at)++, n++)
        if (n < 3) *ms = *ms * 10 + (**at - '0');
    for (int i = n; i < 3; i++) *ms *= 10;
    return n > 0;
}

static bool offset_minutes(const char **at, const char *end, int *out) {
    *out = 0;
    if (*at == end) return true; /* naive: UTC */
    if (literal(at, end, "Zz")) return *at == end;
    bool minus = **at == '-';
    int h, m;
    if (!literal(at, end, "+-") || !digits(at, end, 2, &h)) return false;
    literal(at, end, ":");
    if (!digits(at, end, 2, &m) || h > 23 || m > 59) return false;
    *out = (minus ? -1 : 1) * (h * 60 + m);
    return *at == end;
}

static int month_days(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool date(const char **p, const char *end, Civil *c) {
    return digits(p, end, 4, &c->year) && literal(p, end, "-") && digits(p, end, 2, &c->month) && literal(p, end, "-") &&
           digits(p, end, 2, &c->day) && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= month_days(c->year, c->month);
}

int time_parse_rfc3339(const char *at, size_t len, int64_t *out_ms) {
    const char *p = at, *end = at + len;
    Civil c = {0};
    int offset;
    if (!date(&p, end, &c) || !literal(&p, end, "Tt ")) return -1;
    if (!digits(&p, end, 2, &c.hour) || !literal(&p, end, ":") || !digits(&p, end, 2, &c.minute) ||
        !literal(&p, end, ":") || !digits(&p, end, 2, &c.second) || !fraction(&p, end, &c.ms))
        return -1;
    if (c.hour > 23 || c.minute > 59 || c.second > 60 || !offset_minutes(&p, end, &offset)) return -1;
    *out_ms = civil_ms(NULL, &c) - offset * MS_PER_MINUTE;
    return 0;
}

int64_t time_from_epoch(int64_t n) {
    int64_t size = n < 0 ? -(n + 1) : n;
    if (size < INT64_C(100000000000)) return n * 1000;
    if (size < INT64_C(100000000000000)) return n;
    if (size < INT64_C(100000000000000000)) return n / 1000;
    return n / 1000000;
}

static bool named(const Zone *z, int64_t now_ms, const char *text, int64_t *out) {
    static const struct { const char *name; Unit unit; } names[] = {
        {"today", UNIT_DAY}, {"week", UNIT_WEEK}, {"month", UNIT_MONTH}, {"year", UNIT_YEAR}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i].name) == 0) {
            *out = time_floor(z, now_ms, names[i].unit);
            return true;
        }
    if (strcmp(text, "now") == 0) return *out = now_ms, true;
    if (strcmp(text, "yesterday") != 0) return false;
    *out = unit_start(z, now_ms, UNIT_DAY, -1);
    return true;
}

static bool relative(int64_t now_ms, const char *text, int64_t *out) {
    static const char units[] = "smhdw";
    static const int64_t length[] = {MS_PER_SECOND, MS_PER_MINUTE, MS_PER_HOUR, MS_PER_DAY, 7 * MS_PER_DAY};
    int64_t n = 0;
    const char *p = text;
    for (; isdigit((unsigned char)*p) && n < 1000000; p++) n = n * 10 + (*p - '0');
    const char *u = *p ? strchr(units, *p) : NULL;
    if (p == text || !u || p[1]) return false;
    *out = now_ms - n * length[u - units];
    return true;
}

int time_parse_arg(const Zone *z, int64_t now_ms, const char *text, int64_t *out_ms, Err *e) {
    const char *p = text, *end = text + strlen(text);
    Civil c = {0};
    if (named(z, now_ms, text, out_ms) || relative(now_ms, text, out_ms)) return 0;
    if (date(&p, end, &c) && p == end) return *out_ms = civil_ms(z, &c), 0;
    if (time_parse_rfc3339(text, strlen(text), out_ms) == 0) return 0;
    return fail(e, "\"%.60s\" is not a time; write 15m, 24h, 7d, today, yesterday, month, 2026-11-24 or 2026-11-24T09:20:46Z",
                text);
}

void time_format_utc(int64_t ms, char *out, size_t size) {
    Civil c = civil_at(NULL, ms);
    snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day, c.hour, c.minute, c.second, c.ms);
}

void time_format(const Zone *z, int64_t ms, const char *fmt, char *out, size_t size) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    Civil c = civil_at(z, ms);
    Buf b = {.max = size - 1};
    char abbrev[16];
    for (const char *p = fmt; *p; p++) {
        if (*p != '%') {
            buf_add(&b, p, 1);
            continue;
        }
        switch (*++p) {
        case 'Y': buf_fmt(&b, "%04d", c.year); break;
        case 'm': buf_fmt(&b, "%02d", c.month); break;
        case 'd': buf_fmt(&b, "%02d", c.day); break;
        case 'H': buf_fmt(&b, "%02d", c.hour); break;
        case 'M': buf_fmt(&b, "%02d", c.minute); break;
        case 'S': buf_fmt(&b, "%02d", c.second); break;
        case 'b': buf_str(&b, months[c.month - 1]); break;
        case 'a': buf_str(&b, days[c.weekday]); break;
        case 'Z': zone_abbrev(z, ms, abbrev, sizeof abbrev); buf_str(&b, abbrev); break;
        case '%': buf_str(&b, "%"); break;
        default: p--; break;
        }
    }
    snprintf(out, size, "%s", b.at ? b.at : "");
    buf_free(&b);
}
