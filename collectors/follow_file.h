/* follow_file: one followed path: what is open under it, and telling growth from rotation and truncation. */
#ifndef COLLECTORS_FOLLOW_FILE_H
#define COLLECTORS_FOLLOW_FILE_H
#include "collectors/logfile.h"

typedef struct Followed {
    char *path;
    const SourceConfig *source;
    LogFile *log;            /* NULL = not open: unchanged, or without a complete line yet */
    int64_t dev, ino, size, mtime_ms; /* as last seen */
    int64_t used_ms;         /* last time it had something: the least recently used is closed first */
    bool dirty, gone, failed;
} Followed;

typedef enum Change { CHANGE_NONE, CHANGE_GREW, CHANGE_REPLACED /* another file, or truncated */, CHANGE_GONE } Change;
/* Compares the path with what is open under it; refreshes dev, ino, size, mtime. */
Change followed_change(Followed *f);
#endif
