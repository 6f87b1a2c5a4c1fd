/* format_make: what the files that compile a format share: memory, paths, and errors that name the member.
 * Only collectors/format_*.c include this. */
#ifndef COLLECTORS_FORMAT_MAKE_H
#define COLLECTORS_FORMAT_MAKE_H
#include "collectors/format_impl.h"

typedef struct Maker {
    Format *f;
    const Shared *shared;
    const char *prefix;       /* put before every path: where a usage object stands; "" = none */
    const char *paths[SCAN_PATHS_MAX]; /* as written, in order of appearance; the index is the path until make_plan() */
    size_t path_count;
    Err *e;
} Maker;

/* Fails with "FILE: member: what is wrong"; returns NULL, as a JSON value that is not there. */
void *make_fail(Maker *m, const char *member, const char *fmt, ...) TW_PRINTF(3, 4);
void *make_alloc(Maker *m, size_t n, size_t size); /* zeroed, freed with the format */
const char *make_text(Maker *m, const char *fmt, ...) TW_PRINTF(2, 3);
uint16_t make_path(Maker *m, const char *path);
/* Every member of `object` is in the list "a b c"; else it fails. */
bool make_only(Maker *m, const char *member, const json_t *object, const char *list);

Field make_field(Maker *m, const char *member, const json_t *j); /* j NULL = an empty field */
Cond *make_cond(Maker *m, const char *member, const json_t *j);  /* j NULL = NULL */
void make_shapes(Maker *m, const json_t *usage);
/* Compiles all paths seen so far and puts value indexes in the place of path numbers. */
int make_plan(Maker *m, const char *each);

static inline bool make_failed(const Maker *m) {
    return m->e->text[0] != '\0';
}
#endif
