/* format_suggest: a format to start from, for records that no format fits.
 *
 * Owns: the names that logs give to what we want to know, and what follows from a record's own numbers (whether input
 * counts the cache). Does not: claim to be right; what it makes is compiled, tried on the record and shown to a person.
 * Pure; any thread.
 */
#ifndef COLLECTORS_FORMAT_SUGGEST_H
#define COLLECTORS_FORMAT_SUGGEST_H
#include "collectors/format.h"
#include <jansson.h>

typedef struct Suggestion {
    json_t *file;      /* a whole format file with the record as its sample; the caller's to give back */
    char found[600];   /* "time = ts, model = llm, input = tok.in" */
    char missing[200]; /* "feature, key": what would be worth logging */
} Suggestion;
/* text: one record as JSON. path: the log's, for the name. -1: e says what the record lacks. */
int format_suggest(const Formats *f, const char *path, Str text, Suggestion *out, Err *e);
void suggestion_free(Suggestion *s);
#endif
