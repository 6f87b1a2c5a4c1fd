/* parser_route: a request's path as a route template, so that the endpoint dimension stays small: ids become {id}, names
 * of models {model}, the query is dropped. Pure. */
#include "collectors/format_impl.h"
#include <ctype.h>

enum { SEGMENT_ID_LONG = 20, SEGMENT_ID_HEX = 8, SEGMENT_TAIL = 10 };

typedef struct Kinds {
    size_t digits, hex, letters, other;
} Kinds;

static Kinds kinds_of(Str s) {
    Kinds k = {0};
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        k.digits += isdigit(c) != 0;
        k.hex += isxdigit(c) != 0;
        k.letters += isalpha(c) != 0;
        k.other += c == '%' || c >= 0x80;
    }
    return k;
}

/* "thread_abc123...", "file-x1y2...": a word, a mark, and a tail that has digits. */
static bool has_id_tail(Str s) {
    size_t mark = 0;
    while (mark < s.len && isalpha((unsigned char)s.at[mark])) mark++;
    if (mark == 0 || mark >= s.len || (s.at[mark] != '_' && s.at[mark] != '-')) return false;
    Str tail = {s.at + mark + 1, s.len - mark - 1};
    return tail.len >= SEGMENT_TAIL && kinds_of(tail).digits > 0;
}

static bool is_id(Str s) {
    Kinds k = kinds_of(s);
    size_t marks = 0;
    for (size_t i = 0; i < s.len; i++) marks += s.at[i] == '-';
    if (s.len == 0) return false;
    if (k.digits == s.len || k.other) return true;
    if (k.digits && k.hex + marks == s.len && s.len - marks >= SEGMENT_ID_HEX) return true; /* hex, UUID */
    return has_id_tail(s) || (s.len >= SEGMENT_ID_LONG && k.digits && k.letters);
}

static bool names_models(Str s) {
    return str_is(s, "models") || str_is(s, "model") || str_is(s, "deployments") || str_is(s, "engines");
}

static void put(char *out, size_t max, size_t *n, Str s) {
    size_t fits = utf8_cut(s.at, s.len, max - *n);
    memcpy(out + *n, s.at, fits);
    *n += fits;
}

/* "gemini-2.5-pro:generateContent" keeps what is asked of the model. */
static Str verb_of(Str s) {
    const char *colon = memrchr(s.at, ':', s.len);
    size_t from = colon ? (size_t)(colon - s.at) : s.len;
    bool verb = colon && from + 1 < s.len && islower((unsigned char)colon[1]) && kinds_of((Str){colon, s.len - from}).digits == 0;
    return verb ? (Str){colon, s.len - from} : (Str){"", 0};
}

size_t route_template(Str path, char *out, size_t max) {
    size_t n = 0;
    const char *query = memchr(path.at, '?', path.len), *hash = memchr(path.at, '#', path.len), *host = memmem(path.at, path.len, "://", 3);
    const char *end = query ? query : path.at + path.len, *at = path.at;
    if (hash && hash < end) end = hash;
    if (host && host < end) at = memchr(host + 3, '/', (size_t)(end - host - 3));
    bool after_models = false;
    while (at && at < end && n < max) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        Str segment = {at, (size_t)((slash ? slash : end) - at)};
        if (after_models && segment.len) {
            put(out, max, &n, STR("{model}"));
            put(out, max, &n, verb_of(segment));
        } else {
            put(out, max, &n, is_id(segment) ? STR("{id}") : segment);
        }
        after_models = names_models(segment);
        if (slash) put(out, max, &n, STR("/"));
        at = slash ? slash + 1 : end;
    }
    return n;
}
