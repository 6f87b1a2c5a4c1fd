/* parser_value: see parser_value.h. Texts stay where the scanner found them unless they have escapes. */
#include "collectors/parser_value.h"
#include "store/clock.h"

/* ---- what a source has, as a scanner's value ---- */
static const char *map_text(const Map *map, Str text) {
    for (size_t i = 0; i < map->count; i++)
        if (glob_match(map->lines[i].from, text)) return map->lines[i].to;
    return NULL;
}

static Str last_part(Str text, const char *separator) {
    size_t n = strlen(separator);
    for (size_t i = text.len; i >= n && n; i--)
        if (memcmp(text.at + i - n, separator, n) == 0) {
            text = (Str){text.at + i, text.len - i};
            break;
        }
    while (text.len && *text.at == ' ') text = (Str){text.at + 1, text.len - 1};
    return text;
}

static Str file_part(const Source *s, const char *path) {
    const char *at = path, *end = path + strlen(path);
    size_t n = s->text ? strlen(s->text) : 0;
    if (s->kind == FROM_FILE_NAME) {
        const char *slash = strrchr(path, '/'), *dot;
        at = slash ? slash + 1 : path;
        dot = strchr(at, '.');
        return (Str){at, (size_t)((dot && dot > at ? dot : end) - at)};
    }
    while ((at = strstr(at, s->text)))
        if ((at == path || at[-1] == '/') && at[n] == '/') return (Str){at + n + 1, strcspn(at + n + 1, "/")};
        else at += n ? n : 1;
    return (Str){"", 0};
}

/* The value of a source that is more than a path. */
static const ScanValue *made_value(const Source *s, const View *v, ScanValue *room) {
    if (s->when && !cond_holds(s->when, v->values)) return NULL;
    if (s->kind == FROM_PATH)
        *room = v->values[s->path];
    else
        *room = (ScanValue){SCAN_STRING, false, s->kind == FROM_CONST ? str_of(s->text) : file_part(s, v->path)};
    if (room->type <= SCAN_NULL) return NULL;
    if (s->last) room->text = last_part(room->text, s->last);
    const char *mapped = s->map && !room->escaped ? map_text(s->map, room->text) : NULL;
    if (mapped) *room = (ScanValue){SCAN_STRING, false, str_of(mapped)};
    return room->text.len > 0 ? room : NULL;
}

/* The value of a source that has no parts; NULL = not there, null or "". */
static inline const ScanValue *value_of(const Source *s, const View *v, ScanValue *room) {
    if (!s->plain) return made_value(s, v, room);
    const ScanValue *value = &v->values[s->path];
    return value->type > SCAN_NULL && value->text.len > 0 ? value : NULL;
}

/* ---- texts ---- */
bool source_text(const Source *s, const View *v, Text *out) {
    ScanValue room;
    const ScanValue *value = value_of(s, v, &room);
    if (!value || value->type >= SCAN_OBJECT) return false;
    out->s = value->text;
    if (value->escaped) out->s = (Str){out->room, scan_unescape(value->text, out->room, sizeof out->room)};
    return out->s.len > 0;
}

Str raw_text(const Source *s, const View *v) {
    const ScanValue *value = &v->values[s->path];
    bool text = s->kind == FROM_PATH && value->type > SCAN_NULL && value->type < SCAN_OBJECT;
    return text ? value->text : (Str){"", 0};
}

bool field_text(const Field *f, const View *v, Text *out) {
    for (size_t i = 0; i < f->count; i++)
        if (source_text(&f->alternatives[i], v, out)) return true;
    return false;
}

/* ---- numbers ---- */
typedef int Read(const Source *s, const View *v, int64_t *out);

/* max and sum: parts that are not there do not count; one that is wrong makes the whole wrong. */
static int combine(const Source *s, const View *v, Read *read, int64_t *out) {
    int found = 0;
    int64_t all = 0, one;
    for (size_t i = 0; i < s->count; i++) {
        int rc = read(&s->parts[i], v, &one);
        if (rc < 0) return -1;
        if (rc == 0) continue;
        if (s->kind == FROM_MAX)
            all = found && all > one ? all : one;
        else if (__builtin_add_overflow(all, one, &all))
            return -1;
        found = 1;
    }
    *out = all;
    return found;
}

static int first_of(const Field *f, const View *v, Read *read, int64_t *out) {
    int rc = 0;
    for (size_t i = 0; i < f->count && rc == 0; i++) rc = read(&f->alternatives[i], v, out);
    return rc;
}

static int read_int(const Source *s, const View *v, int64_t *out) {
    ScanValue room;
    if (s->parts) return combine(s, v, read_int, out);
    const ScanValue *value = value_of(s, v, &room);
    if (!value) return 0;
    return scan_int(value, out) == 0 ? 1 : -1;
}

int field_int(const Field *f, const View *v, int64_t *out) {
    return first_of(f, v, read_int, out);
}

/* ---- times ---- */
/* Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size; a fraction of seconds is kept. */
static int epoch_ms(const ScanValue *value, int64_t *out) {
    int64_t thousandths, whole;
    if (scan_decimal(value, 3, &thousandths) == 0) {
        whole = thousandths / 1000;
        *out = whole < INT64_C(100000000000) ? thousandths : time_from_epoch(whole);
        return 1;
    }
    return scan_int(value, &whole) == 0 ? (*out = time_from_epoch(whole), 1) : -1; /* nanoseconds x 1000 have no room */
}

/* "2026-10-25": its beginning. */
static int day_ms(Str text, int64_t *out) {
    char whole[24];
    if (text.len != 10) return -1;
    snprintf(whole, sizeof whole, "%.10sT00:00:00Z", text.at);
    return time_parse_rfc3339(whole, strlen(whole), out);
}

/* "21/Mar/2025:04:28:03 +0000", as access logs write it, with or without thousandths and zone. */
static int access_log_ms(Str text, int64_t *out) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char whole[48];
    if (text.len < 20 || text.len > 32 || text.at[2] != '/' || text.at[6] != '/' || text.at[11] != ':') return -1;
    const char *month = memmem(months, sizeof months - 1, text.at + 3, 3), *zone = memchr(text.at, ' ', text.len);
    if (!month || (month - months) % 3 != 0) return -1;
    if (zone && text.at + text.len - zone != 6) return -1;
    size_t clock = (size_t)((zone ? zone : text.at + text.len) - text.at) - 12;
    snprintf(whole, sizeof whole, "%.4s-%02d-%.2sT%.*s", text.at + 7, (int)(month - months) / 3 + 1, text.at, (int)clock, text.at + 12);
    size_t n = strlen(whole);
    if (zone) snprintf(whole + n, sizeof whole - n, "%.3s:%.2s", zone + 1, zone + 4);
    else snprintf(whole + n, sizeof whole - n, "Z");
    return time_parse_rfc3339(whole, strlen(whole), out);
}

static int read_duration(const Source *s, const View *v, int64_t *out);

static int read_time(const Source *s, const View *v, int64_t *out) {
    ScanValue room;
    if (s->kind == FROM_SUM) return combine(s, v, read_duration, out); /* [seconds, nanoseconds] */
    if (s->parts) return combine(s, v, read_time, out);
    const ScanValue *value = value_of(s, v, &room);
    if (!value) return 0;
    if (value->type == SCAN_STRING && time_parse_rfc3339(value->text.at, value->text.len, out) == 0) return 1;
    if (value->type == SCAN_STRING && (day_ms(value->text, out) == 0 || access_log_ms(value->text, out) == 0)) return 1;
    return epoch_ms(value, out);
}

static int difference(const Source *s, const View *v, int64_t *out) {
    int64_t from, to;
    if (s->when && !cond_holds(s->when, v->values)) return 0;
    int a = read_time(&s->parts[0], v, &from), b = read_time(&s->parts[1], v, &to);
    if (a <= 0 || b <= 0) return a < 0 || b < 0 ? -1 : 0;
    return __builtin_sub_overflow(to, from, out) ? -1 : 1;
}

static int read_duration(const Source *s, const View *v, int64_t *out) {
    ScanValue room;
    if (s->kind == FROM_DIFFERENCE) return difference(s, v, out);
    if (s->parts) return combine(s, v, read_duration, out);
    const ScanValue *value = value_of(s, v, &room);
    if (!value) return 0;
    return scan_decimal(value, s->scale, out) == 0 ? 1 : -1;
}

int field_duration_ms(const Field *f, const View *v, int64_t *out) {
    return first_of(f, v, read_duration, out);
}

int field_time_ms(const Field *f, const View *v, int64_t *out) {
    return first_of(f, v, read_time, out);
}
