/* format_make: memory, paths and error texts of compiling; and the fields and conditions of a format file.
 * See FORMAT.md for the members, format_make.h for the contracts. */
#include "collectors/format_make.h"
#include <stdarg.h>

void *make_fail(Maker *m, const char *member, const char *fmt, ...) {
    char why[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    fail(m->e, "%s: %s: %s", m->f->file, member, why);
    return NULL;
}

static void *own(Maker *m, void *p) {
    Format *f = m->f;
    f->owned = xrealloc(f->owned, (f->owned_count + 1) * sizeof *f->owned);
    f->owned[f->owned_count++] = p;
    return p;
}

void *make_alloc(Maker *m, size_t n, size_t size) {
    return own(m, xcalloc(n, size));
}

const char *make_text(Maker *m, const char *fmt, ...) {
    Buf b = {.max = 4096};
    va_list ap;
    char text[1024];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_str(&b, text);
    return own(m, b.at);
}

uint16_t make_path(Maker *m, const char *path) {
    const char *whole = path;
    if (m->prefix[0]) whole = make_text(m, "%s%s%s", m->prefix, *path == '[' ? "" : ".", path);
    for (size_t i = 0; i < m->path_count; i++)
        if (strcmp(m->paths[i], whole) == 0) return (uint16_t)i;
    if (m->path_count == SCAN_PATHS_MAX) {
        make_fail(m, whole, "more than %d paths", SCAN_PATHS_MAX);
        return 0;
    }
    m->paths[m->path_count] = whole;
    return (uint16_t)m->path_count++;
}

bool make_only(Maker *m, const char *member, const json_t *object, const char *list) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        size_t len = strlen(key);
        const char *at = list;
        while (len && (at = strstr(at, key)) && !((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))) at += len;
        if (!at || !len) return make_fail(m, member, "unknown member \"%.60s\"; known are: %s", key, list), false;
    }
    return true;
}

/* ---- maps ---- */
static const Map *make_map(Maker *m, const char *member, const json_t *j) {
    if (!j) return NULL;
    const json_t *lines = json_is_string(j) ? shared_find(m->shared, "maps", json_string_value(j)) : j;
    if (!json_is_object(lines)) return make_fail(m, member, "\"map\" is neither an object nor the name of a shared map");
    Map *map = make_alloc(m, 1, sizeof *map);
    map->lines = make_alloc(m, json_object_size(lines), sizeof *map->lines);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)lines, key, value) {
        if (!json_is_string(value)) return make_fail(m, member, "map: \"%.60s\" is not mapped to a text", key);
        map->lines[map->count++] = (struct MapLine){key, json_string_value(value)};
    }
    return map;
}

/* ---- sources ---- */
static bool make_source(Maker *m, const char *member, const json_t *j, Source *out);

static bool make_parts(Maker *m, const char *member, const json_t *j, SourceKind kind, Source *out) {
    out->kind = kind;
    out->count = json_array_size(j);
    if (out->count < 1) return make_fail(m, member, "a list of places is missing"), false;
    out->parts = make_alloc(m, out->count, sizeof *out->parts);
    for (size_t i = 0; i < out->count; i++)
        if (!make_source(m, member, json_array_get(j, i), &out->parts[i])) return false;
    return true;
}

static bool make_unit(Maker *m, const char *member, const char *unit, Source *out) {
    static const struct { const char *name; int8_t scale; } units[] = {{"s", 3}, {"ms", 0}, {"us", -3}, {"ns", -6}};
    for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0) return out->scale = units[i].scale, true;
    return unit ? make_fail(m, member, "unit \"%.20s\" is none of s ms us ns", unit), false : true;
}

static const char *text_member(const json_t *j, const char *name) {
    return json_string_value(json_object_get(j, name));
}

static bool make_difference(Maker *m, const char *member, const json_t *j, Source *out) {
    json_t *pair = json_pack("[O,O]", json_object_get(j, "from"), json_object_get(j, "to"));
    bool good = pair ? make_parts(m, member, pair, FROM_DIFFERENCE, out)
                     : (make_fail(m, member, "\"from\" and \"to\" go together"), false);
    json_decref(pair); /* its members are the format's */
    return good;
}

/* An object with one of path, const, max, sum, from/to, file_after, file_name; and unit, map, last, when. */
static bool make_source_object(Maker *m, const char *member, const json_t *j, Source *out) {
    if (!make_only(m, member, j, "path const max sum from to file_after file_name unit map last when")) return false;
    const char *path = text_member(j, "path"), *text = text_member(j, "const"), *after = text_member(j, "file_after");
    out->last = text_member(j, "last");
    out->when = make_cond(m, member, json_object_get(j, "when"));
    out->map = make_map(m, member, json_object_get(j, "map"));
    if (make_failed(m) || !make_unit(m, member, text_member(j, "unit"), out)) return false;
    if (json_object_get(j, "max")) return make_parts(m, member, json_object_get(j, "max"), FROM_MAX, out);
    if (json_object_get(j, "sum")) return make_parts(m, member, json_object_get(j, "sum"), FROM_SUM, out);
    if (json_object_get(j, "from")) return make_difference(m, member, j, out);
    if (json_is_true(json_object_get(j, "file_name"))) return out->kind = FROM_FILE_NAME, true;
    out->kind = path ? FROM_PATH : text ? FROM_CONST : FROM_FILE_AFTER;
    out->text = text ? text : after;
    if (path) out->path = make_path(m, path);
    return path || out->text ? true : (make_fail(m, member, "one of path, const, max, sum, from and to, file_after, file_name is missing"), false);
}

static bool make_source(Maker *m, const char *member, const json_t *j, Source *out) {
    if (json_is_object(j)) return make_source_object(m, member, j, out);
    if (!json_is_string(j)) return make_fail(m, member, "a path or an object is expected"), false;
    *out = (Source){.kind = FROM_PATH, .path = make_path(m, json_string_value(j))};
    return true;
}

Field make_field(Maker *m, const char *member, const json_t *j) {
    Field field = {0};
    bool list = json_is_array(j);
    size_t n = !j ? 0 : list ? json_array_size(j) : 1;
    if (n == 0) return field;
    field.alternatives = make_alloc(m, n, sizeof *field.alternatives);
    for (size_t i = 0; i < n; i++)
        if (make_source(m, member, list ? json_array_get(j, i) : j, &field.alternatives[i])) field.count++;
    return field;
}

/* ---- conditions ---- */
static bool make_texts(Maker *m, const char *member, const json_t *j, Cond *out) {
    out->count = json_array_size(j);
    out->texts = make_alloc(m, out->count, sizeof *out->texts);
    for (size_t i = 0; i < out->count; i++) {
        out->texts[i] = json_string_value(json_array_get(j, i));
        if (!out->texts[i]) return make_fail(m, member, "\"in\" and \"not_in\" hold texts; write numbers and true in quotes"), false;
    }
    return true;
}

static bool make_cond_at(Maker *m, const char *member, const json_t *j, Cond *out);

static bool make_cond_parts(Maker *m, const char *member, const json_t *j, Test test, Cond *out) {
    out->test = test;
    out->count = json_array_size(j);
    out->parts = make_alloc(m, out->count, sizeof *out->parts);
    for (size_t i = 0; i < out->count; i++)
        if (!make_cond_at(m, member, json_array_get(j, i), &out->parts[i])) return false;
    return true;
}

/* A list = any of them; {"all": [...]}; a path = it is there; or an object with path and in, not_in, min, missing or exists. */
static bool make_cond_at(Maker *m, const char *member, const json_t *j, Cond *out) {
    if (json_is_array(j)) return make_cond_parts(m, member, j, TEST_ANY, out);
    if (json_is_string(j)) {
        *out = (Cond){.test = TEST_PRESENT, .path = make_path(m, json_string_value(j))};
        return true;
    }
    if (json_object_get(j, "all")) return make_cond_parts(m, member, json_object_get(j, "all"), TEST_ALL, out);
    const char *path = text_member(j, "path");
    if (!path) return make_fail(m, member, "a condition is a path, a list, {\"all\": list} or an object with \"path\""), false;
    if (!make_only(m, member, j, "path in not_in min missing exists")) return false;
    out->path = make_path(m, path);
    json_t *in = json_object_get(j, "in"), *not_in = json_object_get(j, "not_in"), *min = json_object_get(j, "min");
    out->test = in                                       ? TEST_IN
                : not_in                                 ? TEST_NOT_IN
                : min                                    ? TEST_MIN
                : json_is_true(json_object_get(j, "missing")) ? TEST_MISSING
                : json_is_true(json_object_get(j, "exists"))  ? TEST_EXISTS
                                                         : TEST_PRESENT;
    out->min = json_integer_value(min);
    return in || not_in ? make_texts(m, member, in ? in : not_in, out) : true;
}

Cond *make_cond(Maker *m, const char *member, const json_t *j) {
    if (!j) return NULL;
    Cond *c = make_alloc(m, 1, sizeof *c);
    return make_cond_at(m, member, j, c) ? c : NULL;
}
