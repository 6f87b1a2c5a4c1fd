/* reader_source: the bytes under a reader: plain, or gzip through zlib (also of several members). Private to reader.c. */
#ifndef COLLECTORS_READER_SOURCE_H
#define COLLECTORS_READER_SOURCE_H
#include "store/base.h"
#include <sys/types.h>

typedef struct Source Source;
int source_open(Source **out, int fd, const char *name, Err *e); /* the descriptor is closed with it, also on failure */
void source_close(Source *s);
/* 0 = nothing more for now (or an empty pipe), -1 = failed. */
ssize_t source_read(Source *s, char *to, size_t size, const char *name, Err *e);
bool source_seek(Source *s, uint64_t offset); /* false: not seekable, read and drop instead */
uint64_t source_raw(const Source *s);
int source_fd(const Source *s);
bool source_is_packed(const Source *s);
#endif
