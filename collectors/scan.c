/* scan: one line: validate it, collect what is wanted, and give it out per element of the plan's `each`.
 *
 * The whole line is validated before anything is given out: a cut line gives nothing. Then each level of `each` is
 * walked again, element by element, so that outer values are known whatever the order of the keys.
 */
#include "collectors/scan_impl.h"

Scan *scan_new(const ScanPlan *p) {
    Scan *s = xcalloc(1, sizeof *s);
    s->plan = p;
    return s;
}

void scan_free(Scan *s) {
    free(s);
}

static void forget_below(Scan *s, size_t level) {
    const ScanPlan *p = s->plan;
    for (uint16_t i = 0; i < p->level_path_count[level]; i++)
        s->values[p->lists[p->level_paths[level] + i]] = (ScanValue){0};
}

/* The whole text is one object or array and nothing else. */
static bool whole(Scan *s) {
    ScanIndex *x = &s->index;
    Cursor c = scan_refill(s), first = c;
    uint32_t pos = scan_next(s, &first);
    char open = pos < x->len ? x->text[pos] : 0;
    if (open != '{' && open != '[') return s->why = "neither an object nor an array", false;
    bool good = scan_walk(s, s->plan->root[0], 0, c);
    if (x->first >= x->len && (!good || s->end > x->len)) return s->why = "cut off", false;
    if (!good) return false;
    c = scan_seek(s, s->end);
    bool more = scan_next(s, &c) < x->len;
    for (uint32_t i = s->end; i < x->len && !more; i++) more = !scan_is_space(x->text[i]);
    if (more) return s->why = "text behind the end of the value", false;
    return !x->bad;
}

typedef struct Giver {
    ScanEmit *emit;
    void *ctx;
} Giver;

static int give_level(Scan *s, size_t level, const Giver *g);

/* One element or member of the level, which begins at *pos; moves *pos behind what follows it. Sets *more. */
static int give_element(Scan *s, size_t level, uint32_t *pos, bool *more, const Giver *g) {
    const ScanPlan *p = s->plan;
    const char *text = s->index.text;
    Cursor c = scan_seek(s, *pos);
    forget_below(s, level + 1);
    if (p->members[level]) {
        uint32_t key = scan_next(s, &c), colon = scan_next(s, &c);
        const char *end = text + colon - 1;
        while (*end != '"') end--;
        Str name = {text + key + 1, (size_t)(end - text) - key - 1};
        bool escaped = memchr(name.at, '\\', name.len) != NULL;
        if (p->named[level]) s->values[p->named[level] - 1] = (ScanValue){SCAN_STRING, escaped, name};
        *pos = colon + 1;
    }
    scan_walk(s, p->root[level + 1], *pos, c);
    uint32_t end = s->end;
    int rc = level + 1 < p->level_count ? give_level(s, level + 1, g) : g->emit(g->ctx, s->values);
    c = scan_seek(s, end);
    end = scan_next(s, &c);
    *more = text[end] == ',';
    *pos = end + 1;
    return rc;
}

static int give_level(Scan *s, size_t level, const Giver *g) {
    const ScanValue *list = &s->values[s->plan->path_count + level];
    if (list->type != (s->plan->members[level] ? SCAN_OBJECT : SCAN_ARRAY)) return 0;
    uint32_t pos = (uint32_t)(list->text.at - s->index.text) + 1, last = pos + (uint32_t)list->text.len - 2;
    Cursor c = scan_seek(s, pos);
    bool more = scan_next(s, &c) < last;
    if (!more) { /* empty, or one number or word, which has no entry of its own */
        for (uint32_t i = pos; i < last && !more; i++) more = !scan_is_space(s->index.text[i]);
    }
    int rc = 0;
    while (more && rc == 0) rc = give_element(s, level, &pos, &more, g);
    return rc;
}

int scan_line(Scan *s, const char *text, size_t len, ScanEmit *emit, void *ctx, Err *e) {
    if (len > UINT32_MAX / 2) return fail(e, "longer than 2 GiB");
    index_start(&s->index, text, 0, (uint32_t)len);
    s->index.bad = NULL;
    s->index.count = 0;
    forget_below(s, 0);
    if (!whole(s)) return fail(e, "not valid JSON: %s", s->index.bad ? s->index.bad : s->why);
    if (!s->plan->level_count) return emit(ctx, s->values);
    return give_level(s, 0, &(Giver){emit, ctx});
}
