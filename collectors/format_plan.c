/* format_plan: all paths of a format as scan plans: one for the record, one for each string that holds JSON itself.
 *
 * Until here a path is the number of its appearance; afterwards it is the index of its value. Values of the record come
 * first, in the plan's order, so that a format without nested JSON reads the scanner's own array.
 */
#include "collectors/format_make.h"

typedef struct Places {
    uint16_t index[SCAN_PATHS_MAX]; /* path number -> value index */
} Places;

/* The holder of "holder->rest", or NULL. */
static const char *arrow(const char *path) {
    return strstr(path, "->");
}

/* Makes sure that every holder is itself a path of the record. */
static void add_holders(Maker *m) {
    m->prefix = "";
    for (size_t i = 0, n = m->path_count; i < n; i++) {
        const char *at = arrow(m->paths[i]);
        if (at) make_path(m, make_text(m, "%.*s", (int)(at - m->paths[i]), m->paths[i]));
    }
}

static int plan_record(Maker *m, const char *each, Places *places) {
    const char *own[SCAN_PATHS_MAX];
    Format *f = m->f;
    for (size_t i = 0; i < m->path_count; i++) {
        if (arrow(m->paths[i])) continue;
        places->index[i] = (uint16_t)f->path_count;
        own[f->path_count++] = m->paths[i];
    }
    f->value_count = f->path_count;
    Err why = {0};
    return scan_plan(&f->plan, own, f->path_count, each, &why) == 0 ? 0 : (make_fail(m, "paths", "%s", why.text), -1);
}

static bool same_holder(const char *a, const char *b) {
    const char *at = arrow(a);
    return at && strncmp(a, b, (size_t)(at - a) + 2) == 0;
}

/* One plan for all paths that share the holder of path `first`. */
static int plan_nested(Maker *m, size_t first, Places *places) {
    const char *inner[SCAN_PATHS_MAX], *path = m->paths[first], *at = arrow(path);
    Format *f = m->f;
    if (f->nested_count == NESTED_MAX) return make_fail(m, path, "more than %d strings that hold JSON", NESTED_MAX), -1;
    Nested *n = &f->nested[f->nested_count++];
    n->first = (uint16_t)f->value_count;
    uint16_t holder = make_path(m, make_text(m, "%.*s", (int)(at - path), path));
    n->holder = places->index[holder];
    for (size_t i = first; i < m->path_count; i++) {
        if (!same_holder(m->paths[i], path)) continue;
        places->index[i] = (uint16_t)(n->first + n->count);
        inner[n->count++] = arrow(m->paths[i]) + 2;
    }
    f->value_count += n->count;
    Err why = {0};
    if (scan_plan(&n->plan, inner, n->count, NULL, &why) != 0) return make_fail(m, path, "%s", why.text), -1;
    f->wanted.inner[f->wanted.inner_count++] = (PruneInner){n->holder, n->plan};
    return 0;
}

static bool first_of_holder(const Maker *m, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (same_holder(m->paths[i], m->paths[at])) return false;
    return arrow(m->paths[at]) != NULL;
}

/* ---- numbers to indexes ---- */
static void place_cond(Cond *c, const Places *p) {
    if (!c) return;
    c->path = p->index[c->path];
    for (size_t i = 0; c->parts && i < c->count; i++) place_cond(&c->parts[i], p);
}

static void place_source(Source *s, const Places *p) {
    if (s->kind == FROM_PATH) s->path = p->index[s->path];
    s->plain = s->kind == FROM_PATH && !s->when && !s->last && !s->map;
    place_cond(s->when, p);
    for (size_t i = 0; i < s->count; i++) place_source(&s->parts[i], p);
}

static void place_field(Field *f, const Places *p) {
    for (size_t i = 0; i < f->count; i++) place_source(&f->alternatives[i], p);
}

static void place_all(Format *f, const Places *p) {
    for (int i = 0; i < FIELD_COUNT; i++) place_field(&f->fields[i], p);
    place_field(&f->upstream, p);
    for (size_t i = 0; i < f->id.count; i++) place_field(&f->id.parts[i], p);
    Cond *conds[] = {f->recognise, f->skip, f->refused, f->error, f->incomplete};
    for (size_t i = 0; i < sizeof conds / sizeof *conds; i++) place_cond(conds[i], p);
    for (int i = 0; i < FLAGS_COUNT; i++) place_cond(f->flags[i], p);
    for (size_t i = 0; i < f->shape_count; i++) {
        for (int k = 0; k < COUNT_COUNT; k++) place_field(&f->shapes[i].counters[k], p);
        place_cond(f->shapes[i].when, p);
    }
    f->hook_first = p->index[f->hook_first];
}

int make_plan(Maker *m, const char *each) {
    Places places = {0};
    add_holders(m);
    if (make_failed(m) || plan_record(m, each, &places) != 0) return -1;
    for (size_t i = 0; i < m->path_count; i++)
        if (first_of_holder(m, i) && plan_nested(m, i, &places) != 0) return -1;
    m->f->wanted.plan = m->f->plan;
    if (!make_failed(m)) place_all(m->f, &places);
    return make_failed(m) ? -1 : 0;
}
