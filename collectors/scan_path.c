/* scan_path: the grammar of paths. See scan.h for it in words. Names keep no escapes: a wanted key has no quotes,
 * backslashes or control characters, so that a key in a log that has some is looked at twice and no other one is. */
#include "collectors/scan_path.h"

bool step_same(const Step *a, const Step *b) {
    if (a->kind != b->kind) return false;
    bool selector = !a->selector || strcmp(a->selector, b->selector) == 0;
    return a->number == b->number && selector && str_eq(a->text, b->text);
}

/* Copies a text into the plan's memory, with a NUL behind it. */
static Str keep(ScanPlan *p, const char *at, size_t len) {
    char *to = p->text + p->text_len;
    memcpy(to, at, len);
    p->text_len += len + 1;
    return (Str){to, len};
}

static bool plain(const char *at, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)at[i] < 0x20 || at[i] == '\\' || at[i] == '"') return false;
    return len > 0 && len <= NAME_MAX_BYTES;
}

/* What stands between [ and ]. */
static int bracket(Step *s, const char *at, size_t len, ScanPlan *p, const char *path, Err *e) {
    const char *equals = memchr(at, '=', len);
    if (len == 0) {
        s->kind = STEP_EACH;
    } else if (len == 2 && memcmp(at, "-1", 2) == 0) {
        s->kind = STEP_LAST;
    } else if (*at == '^' && plain(at + 1, len - 1)) {
        *s = (Step){.kind = STEP_PREFIX, .text = keep(p, at + 1, len - 1)};
    } else if (equals && plain(at, (size_t)(equals - at)) && plain(equals + 1, len - (size_t)(equals - at) - 1)) {
        const char *selector = keep(p, at, (size_t)(equals - at)).at;
        *s = (Step){.kind = STEP_SELECT, .selector = selector, .text = keep(p, equals + 1, len - (size_t)(equals - at) - 1)};
    } else {
        s->kind = STEP_NUMBER;
        for (size_t i = 0; i < len; i++) {
            if (at[i] < '0' || at[i] > '9' || len > 6) return fail(e, "path \"%s\": [%.*s] is none of [] [0] [-1] [key=text] [^prefix]", path, (int)len, at);
            s->number = s->number * 10 + (uint32_t)(at[i] - '0');
        }
    }
    return 0;
}

/* A name up to the next . [ or @, or in quotes. Returns its end in the path, NULL = wrong. */
static const char *name(Step *s, const char *at, ScanPlan *p) {
    bool quoted = *at == '"';
    size_t len = quoted ? strcspn(at + 1, "\"") : strcspn(at, ".[@");
    const char *from = at + quoted, *end = from + len;
    if (!plain(from, len) || (quoted && *end != '"')) return NULL;
    if (!quoted && len == 1 && *from == '*')
        s->kind = STEP_ANY;
    else
        *s = (Step){.kind = STEP_MEMBER, .text = keep(p, from, len)};
    return end + quoted;
}

int path_parse(Path *out, const char *text, ScanPlan *p, Err *e) {
    const char *at = text;
    size_t n = 0;
    *out = (Path){0};
    while (*at) {
        if (n == STEPS_MAX) return fail(e, "path \"%s\": more than %d steps", text, STEPS_MAX);
        Step *s = &out->steps[n++];
        if (*at == '[') {
            size_t len = strcspn(at + 1, "]");
            if (at[1 + len] != ']') return fail(e, "path \"%s\": a ] is missing", text);
            if (bracket(s, at + 1, len, p, text, e) != 0) return -1;
            at += len + 2;
        } else if (*at == '@') {
            s->kind = STEP_NAME;
            at++;
        } else {
            if (n > 1 && *at == '.') at++;
            if (!(at = name(s, at, p))) return fail(e, "path \"%s\": a name is missing or has quotes, backslashes or more than %d bytes", text, NAME_MAX_BYTES);
        }
        if (*at && *at != '.' && *at != '[' && *at != '@') return fail(e, "path \"%s\": unexpected text at \"%s\"", text, at);
    }
    return 0;
}
