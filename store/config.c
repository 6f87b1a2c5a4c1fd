/* config: reading the INI file into one immutable Config. inih takes lines apart; config_keys.c says what a section and
 * a key mean. The first bad line wins and is reported as FILE:LINE: what is wrong; what to do.
 *
 * inih as distributions build it holds 199 bytes of a line and 49 of a section's name and drops the rest without a word,
 * takes an indented key for more of the value above, and has no call for an empty section. So it gets its lines from
 * next_line(), which has none of these traps. */
#include "store/config_parts.h"
#include "store/data.h"
#include "store/nearest.h"
#include <ini.h>
#include <stdarg.h>

enum { LINE_BYTES = 2048, FILE_BYTES = 1 << 20 };

typedef struct Reading {
    Config *c;
    Err *e;
    const char *at, *end;         /* what is still to be read */
    int line, bad_line;
    char text[LINE_BYTES];        /* the line, without indent and comment */
    const char *long_value;       /* in text: a value that does not fit into inih; else NULL */
    bool comment;                 /* one was cut off the line */
    const ConfigSection *section; /* NULL before the first */
    size_t index;                 /* of the element in its section's array */
    int section_line;
    bool given[CONFIG_KEYS_MAX];  /* per row of config_keys: keys of this section so far */
} Reading;

/* inih goes on after a failed line, so only the first is kept (fail() sees to that). */
static int bad(Reading *r, int line, const char *fmt, ...) TW_PRINTF(3, 4);
static int bad(Reading *r, int line, const char *fmt, ...) {
    char text[ERR_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!r->bad_line) r->bad_line = line;
    fail(r->e, "%s:%d: %s", r->c->path, line, text);
    return 0; /* what inih's handler returns for a bad line */
}

/* The element that a section's keys go into: one of an array, or the Config itself. */
static char *element_at(Config *c, const ConfigSection *s, size_t index) {
    if (!s->named) return (char *)c;
    void *array;
    memcpy(&array, (char *)c + s->array, sizeof array);
    return (char *)array + index * s->size;
}

static size_t *count_of(Config *c, const ConfigSection *s) {
    return (size_t *)(void *)((char *)c + s->count);
}

static void set_defaults(const ConfigSection *s, char *element) {
    for (const ConfigKey *k = config_keys; k->section; k++)
        if (k->fallback[0] && strcmp(k->section, s->name) == 0) k->set(element + k->offset, k->size, k->fallback);
}

/* A new element at the end of a section's array; its index. */
static size_t add_element(Config *c, const ConfigSection *s, const char *name) {
    size_t *count = count_of(c, s);
    void *array;
    memcpy(&array, (char *)c + s->array, sizeof array);
    array = xrealloc(array, (*count + 1) * s->size);
    memcpy((char *)c + s->array, &array, sizeof array);
    char *element = (char *)array + *count * s->size;
    memset(element, 0, s->size);
    snprintf(element, CONFIG_NAME_MAX, "%s", name);
    set_defaults(s, element);
    return (*count)++;
}

static void close_section(Reading *r) {
    const ConfigSection *s = r->section;
    if (!s || !s->check || r->e->text[0]) return;
    const char *element = element_at(r->c, s, r->index), *lacks = s->check(element);
    if (lacks) bad(r, r->section_line, "[%s %s] %s", s->name, element, lacks);
}

static bool name_is_taken(Config *c, const ConfigSection *s, const char *name) {
    for (size_t i = 0; i < *count_of(c, s); i++)
        if (strcmp(element_at(c, s, i), name) == 0) return true;
    return false;
}

static const ConfigSection *section_find(Reading *r, const char *kind) {
    Nearest n = nearest_start(kind);
    char hint[80];
    for (const ConfigSection *s = config_sections; s->name; s++) {
        if (strcmp(s->name, kind) == 0) return s;
        nearest_try(&n, s->name);
    }
    nearest_hint(&n, hint, sizeof hint);
    bad(r, r->line, "[%.60s] is no section%s; known are general source account budget alert rule policy savings tier gateway", kind, hint);
    return NULL;
}

/* "[source litellm]", the brackets in place. */
static int open_section(Reading *r, char *text) {
    close_section(r);
    char *stop = strchr(text, ']');
    if (!stop || stop[1]) return bad(r, r->line, "a section is written [%s]", stop ? "name] alone on its line" : "name");
    *stop = '\0';
    char *kind = text + 1 + strspn(text + 1, " \t"), *name = kind + strcspn(kind, " \t");
    if (*name) *name++ = '\0', name += strspn(name, " \t");
    for (char *p = name + strlen(name); p > name && (p[-1] == ' ' || p[-1] == '\t');) *--p = '\0';
    const ConfigSection *s = section_find(r, kind);
    if (!s) return 0;
    if (s->named && !*name) return bad(r, r->line, "[%s] needs a name, like [%s main]", kind, kind);
    if (!s->named && *name) return bad(r, r->line, "[%s] takes no name; write [%s]", kind, kind);
    if (strlen(name) >= CONFIG_NAME_MAX) return bad(r, r->line, "the name is longer than %d bytes", CONFIG_NAME_MAX - 1);
    if (s->named && name_is_taken(r->c, s, name)) return bad(r, r->line, "[%s %s] is there twice; use another name", kind, name);
    r->section = s;
    r->section_line = r->line;
    memset(r->given, 0, sizeof r->given);
    if (s->named) r->index = add_element(r->c, s, name);
    return 1;
}

static const ConfigKey *key_find(Reading *r, const char *key) {
    Nearest n = nearest_start(key);
    char hint[80];
    for (const ConfigKey *k = config_keys; k->section; k++) {
        if (strcmp(k->section, r->section->name) != 0) continue;
        if (strcmp(k->key, key) == 0) return k;
        nearest_try(&n, k->key);
    }
    nearest_hint(&n, hint, sizeof hint);
    Buf known = {.max = 300};
    for (const ConfigKey *k = config_keys; !n.best && k->section; k++)
        if (strcmp(k->section, r->section->name) == 0) buf_fmt(&known, " %s", k->key);
    bad(r, r->line, "\"%.60s\" is no key of [%s]%s%s%s", key, r->section->name, hint, known.len ? "; known are" : "",
        known.len ? known.at : "");
    buf_free(&known);
    return NULL;
}

static int on_key(void *user, const char *section, const char *name, const char *value) {
    Reading *r = user;
    (void)section; /* cut at 49 bytes; ours is whole */
    if (r->e->text[0]) return 0;
    if (!r->section) return bad(r, r->line, "\"%.60s\" stands before any section; write [general] above it", name);
    const ConfigKey *k = key_find(r, name);
    if (!k) return 0;
    if (r->given[k - config_keys]) return bad(r, r->line, "%s is given twice in this section; keep one", k->key);
    r->given[k - config_keys] = true;
    if (r->comment && k->set == config_set_command)
        return bad(r, r->line, "%s: \" ;\" begins a comment; put the comment on a line of its own, or such a command into a script", k->key);
    if (r->long_value) value = r->long_value;
    const char *wrong = k->set(element_at(r->c, r->section, r->index) + k->offset, k->size, value);
    return wrong ? bad(r, r->line, "%s = %.80s: it %s", k->key, value, wrong) : 1;
}

/* Cuts off what is after " ;" or blank at the end. */
static void cut_end(Reading *r, char *text) {
    for (char *p = text + 1; *text && *p; p++)
        if (*p == ';' && (p[-1] == ' ' || p[-1] == '\t')) *p = '\0', r->comment = true, p--;
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r", text[n - 1])) text[--n] = '\0';
}

/* The next line of the file into r->text; NULL at the end or after a bad line. */
static char *take_line(Reading *r) {
    if (r->at >= r->end || r->e->text[0]) return NULL;
    const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
    size_t len = (size_t)((stop ? stop : r->end) - r->at);
    r->line++;
    r->comment = false;
    r->long_value = NULL;
    if (memchr(r->at, '\0', len)) return bad(r, r->line, "the line is not text"), NULL;
    if (len >= LINE_BYTES) return bad(r, r->line, "the line is longer than %d bytes; shorten it", LINE_BYTES - 1), NULL;
    memcpy(r->text, r->at, len);
    r->text[len] = '\0';
    r->at = stop ? stop + 1 : r->end;
    char *text = r->text + strspn(r->text, " \t");
    cut_end(r, text);
    return text;
}

/* inih asks for lines here. A value that is too long for it stays in r->text, and inih sees the key alone. */
static char *next_line(char *line, int size, void *stream) {
    Reading *r = stream;
    char *text = take_line(r);
    if (!text) return NULL;
    if (*text == '[') {
        open_section(r, text);
        snprintf(line, (size_t)size, "[-]\n");
    } else if (strchr(";#", *text)) {
        snprintf(line, (size_t)size, "\n");
    } else if (snprintf(line, (size_t)size, "%s\n", text) >= size) {
        size_t key = strcspn(text, "=:");
        if (!text[key] || key + 4 > (size_t)size) return bad(r, r->line, "neither [section] nor key = value"), NULL;
        r->long_value = text + key + 1 + strspn(text + key + 1, " \t");
        snprintf(line, (size_t)size, "%.*s=-\n", (int)key, text);
    }
    return line;
}

static int read_lines(Config *c, const Buf *file, Err *e) {
    static const char bom[] = "\xEF\xBB\xBF";
    Reading r = {.c = c, .e = e, .at = file->at, .end = file->at + file->len};
    if (file->len >= 3 && memcmp(file->at, bom, 3) == 0) r.at += 3;
    int first_bad = ini_parse_stream(next_line, &r, on_key, &r);
    close_section(&r);
    if (first_bad > 0 && (!r.bad_line || first_bad < r.bad_line)) {
        *e = (Err){0};
        fail(e, "%s:%d: neither [section] nor key = value", c->path, first_bad);
    }
    return e->text[0] ? -1 : 0;
}

static int read_file(Config *c, Err *e) {
    Buf file = {.max = FILE_BYTES};
    int rc = file_read(c->path, &file, e);
    if (rc == 0 && file.len) rc = read_lines(c, &file, e);
    buf_free(&file);
    return rc;
}

Config *config_new(void) {
    Config *c = xcalloc(1, sizeof *c);
    for (const ConfigSection *s = config_sections; s->name; s++)
        if (!s->named) set_defaults(s, (char *)c);
    return c;
}

int config_load(Config **out, const char *path, Err *e) {
    Err own = {0}; /* e may be NULL; reading looks at its own */
    Config *c = config_new();
    int rc = place_config(c->path, sizeof c->path, c->dir, sizeof c->dir, path, &own);
    if (rc == 0 && c->path[0]) rc = read_file(c, &own);
    *out = rc == 0 ? c : NULL;
    if (rc == 0) return 0;
    config_free(c);
    return fail(e, "%s", own.text);
}

void config_free(Config *c) {
    if (!c) return;
    for (size_t i = 0; i < c->budget_count; i++) zone_free(c->budgets[i].zone);
    free(c->sources);
    free(c->accounts);
    free(c->budgets);
    free(c->alerts);
    free(c->rules);
    free(c->tiers);
    free(c->gateways);
    free(c);
}
