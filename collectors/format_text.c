/* format_text: see format_text.h. */
#include "collectors/format_text.h"
#include "collectors/scan.h"

enum { PATTERNS_MAX = 8, PARTS_MAX = 48, LITERAL_MAX = 128, LABEL_MIN = 6 };

typedef struct Part { /* a literal, and the part that begins behind it */
    char literal[LITERAL_MAX];
    size_t literal_len;
    Str name; /* "" = of no interest */
} Part;

typedef struct Pattern { /* the last literal has no part behind it */
    Part parts[PARTS_MAX + 1];
    size_t count; /* of parts, without the last literal */
} Pattern;

struct TextForm {
    Str mark;
    Pattern patterns[PATTERNS_MAX];
    size_t count;
};

/* ---- compiling ---- */

/* The literal at *at, up to the next part or the end; "{{" is a brace of the line. */
static int read_literal(const char **at, Part *part, Err *e) {
    const char *p = *at;
    while (*p && (p[0] != '{' || p[1] == '{')) {
        if (part->literal_len == LITERAL_MAX) return fail(e, "more than %d bytes between two parts", LITERAL_MAX);
        part->literal[part->literal_len++] = *p;
        p += p[0] == '{' ? 2 : 1;
    }
    *at = p;
    return 0;
}

static int read_name(const char **at, Part *part, Err *e) {
    const char *end = strchr(*at, '}');
    if (!end) return fail(e, "a part has no end; a brace of the line is written {{");
    part->name = (Str){*at + 1, (size_t)(end - *at - 1)};
    for (size_t i = 0; i < part->name.len; i++)
        if ((unsigned char)part->name.at[i] < 0x20 || strchr("\"\\{", part->name.at[i])) return fail(e, "a part has a name with quotes or braces");
    *at = end + 1;
    return 0;
}

static int read_pattern(const char *text, Pattern *p, Err *e) {
    for (;;) {
        Part *part = &p->parts[p->count];
        if (read_literal(&text, part, e) != 0) return -1;
        bool between = p->count > 0 && *text;
        if (between && part->literal_len == 0) return fail(e, "two parts with nothing between them");
        if (!*text) return p->count ? 0 : fail(e, "a pattern without parts; {name} is one");
        if (p->count == PARTS_MAX) return fail(e, "more than %d parts", PARTS_MAX);
        if (read_name(&text, part, e) != 0) return -1;
        p->count++;
    }
}

int text_compile(TextForm **out, const json_t *j, Err *e) {
    const json_t *lines = json_object_get(j, "lines");
    size_t count = json_array_size(lines);
    if (count == 0 || count > PATTERNS_MAX) return fail(e, "\"lines\" must be a list of 1 to %d patterns", PATTERNS_MAX);
    TextForm *t = xcalloc(1, sizeof *t);
    t->mark = str_of(json_string_value(json_object_get(j, "mark")));
    for (; t->count < count; t->count++) {
        const char *text = json_string_value(json_array_get(lines, t->count));
        if (text ? read_pattern(text, &t->patterns[t->count], e) == 0 : fail(e, "a pattern must be a text") == 0) continue;
        text_free(t);
        return -1;
    }
    *out = t;
    return 0;
}

void text_free(TextForm *t) {
    free(t);
}

/* ---- matching ---- */
typedef struct Out { /* the object that is written; full = it has no room */
    char *at;
    size_t len;
    bool full;
} Out;

static void put(Out *o, const char *text, size_t len) {
    o->full |= len > TEXT_ROOM - o->len;
    if (o->full) return;
    memcpy(o->at + o->len, text, len);
    o->len += len;
}

static void put_escaped(Out *o, Str text) {
    for (size_t i = 0; i < text.len; i++) {
        char b = text.at[i], code[8];
        if (b == '"' || b == '\\') put(o, "\\", 1);
        if ((unsigned char)b >= 0x20) put(o, &b, 1);
        else put(o, code, (size_t)snprintf(code, sizeof code, "\\u%04x", (unsigned char)b));
    }
}

/* "-" is how logs of lines write nothing. */
static void put_part(Out *o, Str name, Str text) {
    bool nothing = text.len == 0 || str_is(text, "-");
    put(o, o->len == 1 ? "\"" : ",\"", o->len == 1 ? 1 : 2);
    put(o, name.at, name.len);
    put(o, nothing ? "\":null" : "\":\"", nothing ? 6 : 3);
    if (nothing) return;
    put_escaped(o, text);
    put(o, "\"", 1);
}

static const char *find(const char *at, const char *end, const Part *p) {
    return memmem(at, (size_t)(end - at), p->literal, p->literal_len);
}

/* A label that the line has once more stands in a name that somebody chose, to pass for what the program wrote. */
static bool is_forged(const Pattern *p, const Part *label, const char *at, const char *end) {
    if (label->literal_len < LABEL_MIN || !find(at, end, label)) return false;
    size_t same = 0;
    for (size_t i = 0; i <= p->count; i++)
        same += p->parts[i].literal_len == label->literal_len && memcmp(p->parts[i].literal, label->literal, label->literal_len) == 0;
    return same == 1;
}

static bool match(const Pattern *p, Str line, Out *o) {
    const char *at = line.at, *end = line.at + line.len;
    const Part *first = &p->parts[0];
    if (line.len < first->literal_len || memcmp(at, first->literal, first->literal_len) != 0) return false;
    at += first->literal_len;
    put(o, "{", 1);
    for (size_t i = 0; i < p->count; i++) {
        const Part *next = &p->parts[i + 1];
        const char *stop = next->literal_len ? find(at, end, next) : end;
        if (!stop || is_forged(p, next, stop + next->literal_len, end)) return false;
        if (p->parts[i].name.len) put_part(o, p->parts[i].name, (Str){at, (size_t)(stop - at)});
        at = stop + next->literal_len;
    }
    put(o, "}", 1);
    return !o->full;
}

TextFound text_record(const TextForm *t, Str line, char **room, Str *out) {
    if (t->mark.len && !memmem(line.at, line.len, t->mark.at, t->mark.len)) return TEXT_OTHER;
    if (!*room) *room = xcalloc(1, TEXT_ROOM + SCAN_PAD);
    for (size_t i = 0; i < t->count; i++) {
        Out o = {.at = *room};
        if (!match(&t->patterns[i], line, &o)) continue;
        *out = (Str){*room, o.len};
        return TEXT_FOUND;
    }
    return TEXT_UNFIT;
}
