/* reader_source: the bytes under a reader: plain, or gzip through zlib (also of several members). Private to reader*.c. */
#ifndef COLLECTORS_READER_SOURCE_H
#define COLLECTORS_READER_SOURCE_H
#include "collectors/rows.h"
#include <sys/types.h>

typedef struct Source Source;
/* The descriptor is the source's from now on, also on failure. Looks at the first bytes, if there are any yet. */
int source_open(Source **out, int fd, const char *name, Err *e);
Source *source_of_rows(Rows *rows); /* which are the source's from now on */
void source_close(Source *s);
/* 0 = nothing more for now, -1 = failed. A gzip file that ends within a member fails; it may be read on when it grew. */
ssize_t source_read(Source *s, char *to, size_t size, const char *name, Err *e);
bool source_seek(Source *s, uint64_t offset); /* false: cannot (gzip only to 0), read and drop instead */
void source_end_at(Source *s, uint64_t offset); /* of a plain file; 0 = no such end */
uint64_t source_raw(const Source *s); /* bytes of the descriptor consumed */
int source_fd(const Source *s);
bool source_is_packed(const Source *s);
#endif
