/* zone: time zones from the system's TZif files (RFC 8536), with the POSIX rule after the last listed change.
 *
 * Does not: use libc's zones, which are one per process. Names cannot leave the zone folder. The rule's changes are
 * listed up to LISTED_UNTIL when a zone is opened: a look-up is then a search in a table (12 ns instead of 180), also
 * with the slim files of other systems.
 */
#include "store/clock.h"
#include "store/data.h"
#include <ctype.h>
#include <errno.h>
#include <unistd.h>

enum { CHANGES_MAX = 2000, TYPES_MAX = 256, FILE_MAX = 256 * 1024, LISTED_UNTIL = 2100, OFFSET_MAX_S = 26 * 3600 };
#define ZONE_FOLDER "/usr/share/zoneinfo"
#define LOCAL_FILE "/etc/localtime"

typedef struct Type {
    int32_t offset_s;
    char abbrev[12];
} Type;

typedef struct RuleDate { /* Mm.w.d, Jn or n of a POSIX TZ text, and the time of day */
    char kind;            /* 'M', 'J', 'n' */
    int month, week, day;
    int32_t time_s;
} RuleDate;

struct Zone {
    char name[64];
    size_t changes, types;
    int64_t at_s[CHANGES_MAX];
    uint8_t type_of[CHANGES_MAX];
    Type type[TYPES_MAX];
    bool has_rule, has_summer;
    Type standard, summer;
    RuleDate begin, end;
};

static int64_t big_endian(const unsigned char *p, int bytes) {
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) v = v << 8 | p[i];
    return bytes == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

/* ---- the POSIX rule in the footer: CET-1CEST,M3.5.0,M10.5.0/3 ---- */

static bool rule_number(const char **p, int *out) {
    if (!isdigit((unsigned char)**p)) return false;
    int v = 0;
    while (isdigit((unsigned char)**p) && v < 100000) v = v * 10 + (*(*p)++ - '0');
    *out = v;
    return true;
}

static bool rule_time(const char **p, int32_t *out) {
    int sign = 1, part[3] = {0};
    if (**p == '+' || **p == '-') sign = *(*p)++ == '-' ? -1 : 1;
    if (!rule_number(p, &part[0])) return false;
    for (int i = 1; i < 3 && **p == ':'; i++) {
        (*p)++;
        if (!rule_number(p, &part[i])) return false;
    }
    *out = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return true;
}

static bool rule_name(const char **p, char *out, size_t size) {
    bool quoted = **p == '<';
    if (quoted) (*p)++;
    size_t n = 0;
    while (**p && (quoted ? **p != '>' : isalpha((unsigned char)**p))) {
        if (n + 1 < size) out[n++] = **p;
        (*p)++;
    }
    out[n] = '\0';
    if (quoted && *(*p)++ != '>') return false;
    return n > 0;
}

static bool rule_date(const char **p, RuleDate *d) {
    *d = (RuleDate){.kind = 'n', .time_s = 7200};
    if (*(*p)++ != ',') return false;
    if (**p == 'M') {
        d->kind = *(*p)++;
        if (!rule_number(p, &d->month) || *(*p)++ != '.' || !rule_number(p, &d->week) || *(*p)++ != '.' ||
            !rule_number(p, &d->day))
            return false;
        if (d->month < 1 || d->month > 12 || d->week < 1 || d->week > 5 || d->day > 6) return false;
    } else {
        if (**p == 'J') d->kind = *(*p)++;
        if (!rule_number(p, &d->day) || d->day > 366) return false;
    }
    if (**p != '/') return true;
    (*p)++;
    return rule_time(p, &d->time_s);
}

static bool parse_rule(Zone *z, const char *p) {
    if (!rule_name(&p, z->standard.abbrev, sizeof z->standard.abbrev) || !rule_time(&p, &z->standard.offset_s)) return false;
    z->standard.offset_s = -z->standard.offset_s; /* POSIX counts west */
    if (!*p) return true;
    if (!rule_name(&p, z->summer.abbrev, sizeof z->summer.abbrev)) return false;
    z->summer.offset_s = z->standard.offset_s + 3600;
    if (*p != ',') {
        if (!rule_time(&p, &z->summer.offset_s)) return false;
        z->summer.offset_s = -z->summer.offset_s;
    }
    z->has_summer = true;
    return rule_date(&p, &z->begin) && rule_date(&p, &z->end) && *p == '\0';
}

/* Local seconds since 1970 at which a rule's date falls in a year, before any offset. */
static int64_t rule_local_s(const RuleDate *d, int year) {
    Civil c = {.year = year, .month = 1, .day = 1};
    if (d->kind != 'M') {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        c.day = d->kind == 'J' ? d->day + (leap && d->day >= 60) : d->day + 1;
        return civil_ms(NULL, &c) / MS_PER_SECOND + d->time_s;
    }
    c.month = d->month;
    int64_t first_ms = civil_ms(NULL, &c);
    Civil first = civil_at(NULL, first_ms);
    int wanted = (d->day + 6) % 7; /* POSIX counts from Sunday, we from Monday */
    c.day = 1 + (wanted - first.weekday + 7) % 7 + 7 * (d->week - 1);
    int64_t ms = civil_ms(NULL, &c);
    while (civil_at(NULL, ms).month != d->month) ms -= 7 * MS_PER_DAY; /* week 5 = the last */
    return ms / MS_PER_SECOND + d->time_s;
}

static const Type *by_rule(const Zone *z, int64_t s) {
    if (!z->has_summer) return &z->standard;
    int year = civil_at(NULL, (s + z->standard.offset_s) * MS_PER_SECOND).year;
    int64_t begin = rule_local_s(&z->begin, year) - z->standard.offset_s;
    int64_t end = rule_local_s(&z->end, year) - z->summer.offset_s;
    bool summer = begin < end ? s >= begin && s < end : s >= begin || s < end; /* south of the equator it spans new year */
    return summer ? &z->summer : &z->standard;
}

/* ---- the file ---- */

typedef struct Header {
    uint32_t isut, isstd, leap, changes, types, chars;
} Header;

static bool read_header(const unsigned char *p, size_t left, Header *h) {
    if (left < 44 || memcmp(p, "TZif", 4) != 0) return false;
    uint32_t *field[] = {&h->isut, &h->isstd, &h->leap, &h->changes, &h->types, &h->chars};
    for (int i = 0; i < 6; i++) {
        *field[i] = (uint32_t)big_endian(p + 20 + 4 * i, 4);
        if (*field[i] > 100000) return false;
    }
    return true;
}

static size_t body_size(const Header *h, size_t time_size) {
    return h->changes * (time_size + 1) + h->types * 6 + h->chars + h->leap * (time_size + 4) + h->isstd + h->isut;
}

static bool read_types(Zone *z, const Header *h, const unsigned char *p, const char *chars) {
    for (uint32_t i = 0; i < h->types; i++, p += 6) {
        if (p[5] >= h->chars) return false;
        z->type[i].offset_s = (int32_t)big_endian(p, 4);
        if (z->type[i].offset_s > OFFSET_MAX_S || z->type[i].offset_s < -OFFSET_MAX_S) return false;
        snprintf(z->type[i].abbrev, sizeof z->type[i].abbrev, "%.*s", (int)(h->chars - p[5]), chars + p[5]);
    }
    z->types = h->types;
    return true;
}

static bool read_body(Zone *z, const Header *h, const unsigned char *p) {
    if (h->changes > CHANGES_MAX || h->types > TYPES_MAX || h->types == 0 || h->chars == 0) return false;
    const unsigned char *index = p + 8 * h->changes, *types = index + h->changes;
    for (uint32_t i = 0; i < h->changes; i++) {
        z->at_s[i] = big_endian(p + 8 * i, 8);
        z->type_of[i] = index[i];
        if (index[i] >= h->types || (i > 0 && z->at_s[i] <= z->at_s[i - 1])) return false;
    }
    z->changes = h->changes;
    return read_types(z, h, types, (const char *)types + 6 * h->types);
}

static bool parse_file(Zone *z, const unsigned char *p, size_t left) {
    Header h;
    if (!read_header(p, left, &h) || p[4] < '2' || left < 44 + body_size(&h, 4)) return false;
    p += 44 + body_size(&h, 4), left -= 44 + body_size(&h, 4); /* version 1 data: 32-bit times */
    if (!read_header(p, left, &h) || left < 44 + body_size(&h, 8) || !read_body(z, &h, p + 44)) return false;
    p += 44 + body_size(&h, 8), left -= 44 + body_size(&h, 8);
    if (left < 2 || *p != '\n') return false;
    char rule[128];
    const unsigned char *stop = memchr(p + 1, '\n', left - 1);
    if (!stop || stop - p - 1 >= (int)sizeof rule) return false;
    snprintf(rule, sizeof rule, "%.*s", (int)(stop - p - 1), (const char *)p + 1);
    z->has_rule = rule[0] != '\0';
    return !z->has_rule || parse_rule(z, rule);
}

/* Lists the changes that the rule brings from the last listed one on. */
static void list_rule_changes(Zone *z) {
    if (!z->has_summer || z->types + 2 > TYPES_MAX) return;
    uint8_t standard = (uint8_t)z->types, summer = (uint8_t)(z->types + 1);
    z->type[z->types++] = z->standard;
    z->type[z->types++] = z->summer;
    int64_t last = z->changes ? z->at_s[z->changes - 1] : 0;
    for (int year = civil_at(NULL, last * MS_PER_SECOND).year; year <= LISTED_UNTIL; year++) {
        int64_t begin = rule_local_s(&z->begin, year) - z->standard.offset_s;
        int64_t end = rule_local_s(&z->end, year) - z->summer.offset_s;
        for (int i = 0; i < 2; i++) {
            bool is_begin = (i == 0) == (begin < end);
            int64_t at = is_begin ? begin : end;
            if (z->changes == CHANGES_MAX || at <= last) continue;
            z->type_of[z->changes] = is_begin ? summer : standard;
            z->at_s[z->changes++] = last = at;
        }
    }
}

static bool name_is_safe(const char *name) {
    return name[0] != '/' && name[0] != '.' && !strstr(name, "..") && strlen(name) < sizeof((Zone *)0)->name;
}

/* What "local" stands for: the name in TZ, else the one /etc/localtime points to, so that it can be stored and shown.
 * Left empty for a file without a name. */
static void local_name(char *out, size_t size) {
    const char *tz = getenv("TZ");
    char target[512];
    *out = '\0';
    if (tz && *tz == ':') tz++;
    if (tz && *tz && strcmp(tz, LOCAL_FILE) != 0) {
        snprintf(out, size, "%s", tz);
        return;
    }
    ssize_t n = readlink(LOCAL_FILE, target, sizeof target - 1);
    if (n < 0 && errno == ENOENT) snprintf(out, size, "UTC"); /* a system without the file is on UTC */
    if (n <= 0) return;
    target[n] = '\0';
    const char *name = strstr(target, "zoneinfo/");
    if (name) snprintf(out, size, "%s", name + strlen("zoneinfo/"));
}

/* `why` stays empty when the file is there and is none. */
static bool read_zone(Zone *z, const char *path, Err *why) {
    Buf b = {.max = FILE_MAX};
    bool good = file_read(path, &b, why) == 0 && parse_file(z, (const unsigned char *)b.at, b.len);
    buf_free(&b);
    if (good) list_rule_changes(z);
    return good;
}

static bool open_named(Zone *z, const char *name, bool local) {
    char path[512];
    const char *dir = getenv("TZDIR");
    Err why = {0};
    if (strcmp(name, "UTC") == 0) return true;
    if (local && !*name) return read_zone(z, LOCAL_FILE, &why);
    if (!name_is_safe(name)) return false;
    snprintf(path, sizeof path, "%s/%s", dir && *dir == '/' ? dir : ZONE_FOLDER, name);
    if (read_zone(z, path, &why)) return true;
    z->has_rule = local && why.text[0] && parse_rule(z, name); /* TZ may hold a rule itself: EST5EDT,M3.2.0,M11.1.0 */
    return z->has_rule;
}

int zone_open(Zone **out, const char *name, Err *e) {
    Zone *z = xcalloc(1, sizeof *z);
    bool local = name && strcmp(name, "local") == 0;
    char found[sizeof z->name] = "";
    if (local) local_name(found, sizeof found);
    const char *wanted = local ? found : name && *name ? name : "UTC";
    snprintf(z->name, sizeof z->name, "%.63s", *wanted ? wanted : "local");
    *out = z;
    if (open_named(z, wanted, local)) return 0;
    zone_free(z);
    *out = NULL;
    return fail(e, "time zone \"%.60s\" is not known; write one like Europe/Berlin (package tzdata brings them)",
                local ? "local" : wanted);
}

void zone_free(Zone *z) {
    free(z);
}

const char *zone_name(const Zone *z) {
    return z ? z->name : "UTC";
}

static const Type *type_at(const Zone *z, int64_t ms) {
    static const Type utc = {.offset_s = 0, .abbrev = "UTC"};
    if (!z || (z->types == 0 && !z->has_rule)) return &utc;
    int64_t s = ms / MS_PER_SECOND - (ms % MS_PER_SECOND < 0);
    if (z->changes == 0 || s >= z->at_s[z->changes - 1]) {
        if (z->has_rule) return by_rule(z, s);
        return z->changes ? &z->type[z->type_of[z->changes - 1]] : &z->type[0];
    }
    if (s < z->at_s[0]) return &z->type[0];
    size_t low = 0, high = z->changes - 1; /* at_s[low] <= s < at_s[high] */
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (z->at_s[mid] <= s)
            low = mid;
        else
            high = mid;
    }
    return &z->type[z->type_of[low]];
}

int32_t zone_offset_s(const Zone *z, int64_t ms) {
    return type_at(z, ms)->offset_s;
}

void zone_abbrev(const Zone *z, int64_t ms, char *out, size_t size) {
    snprintf(out, size, "%s", type_at(z, ms)->abbrev);
}
