/* nearest: the known word that a mistyped one most likely means, for "did you mean" in error lines.
 * Give it the known words one by one; only a close one is ever offered. */
#ifndef STORE_NEAREST_H
#define STORE_NEAREST_H
#include "store/base.h"

typedef struct Nearest {
    const char *word, *best; /* borrowed; best = NULL until a close word was seen */
    size_t distance;
} Nearest;

Nearest nearest_start(const char *word);
void nearest_try(Nearest *n, const char *known);
/* "; did you mean \"format\"?" or "" when nothing is close. */
void nearest_hint(const Nearest *n, char *out, size_t size);
#endif
