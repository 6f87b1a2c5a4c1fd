/* recognise: which format a log is of, told by its head; more of the head is read as long as nothing fits, because the first
 * record may be long. And why a file is not read. See format_unknown.h for what is no log at all. */
#ifndef COLLECTORS_RECOGNISE_H
#define COLLECTORS_RECOGNISE_H
#include "collectors/format.h"
#include "collectors/reader.h"

/* head: of reader_head(), longer afterwards. *out NULL = no known format; it may be one that refuses. */
int recognise(const Formats *formats, Reader *r, const char *path, Str *head, const Format **out, Err *e);
/* Why such a log is not read, and what to do instead; NULL = it is. */
const char *refusal_of(const Format *f, const char *path, Str head);
#endif
