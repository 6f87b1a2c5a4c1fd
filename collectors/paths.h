/* paths: names on a command line or in a configuration to log files: globs, and folders with what is in them. */
#ifndef COLLECTORS_PATHS_H
#define COLLECTORS_PATHS_H
#include "store/base.h"

typedef struct Paths {
    char **path;
    size_t count, room;
} Paths;
enum { PATHS_MAX = 1000000, PATHS_DEPTH_MAX = 16 };
/* A file as it is; a folder's *.jsonl *.json *.ndjson *.log and rotated or gzip forms of them, recursively, links to
 * folders not followed; a glob's matches. "-" stays. Sorted by name within a folder. -1: nothing is there. */
int paths_add(Paths *p, const char *name, Err *e);
bool path_is_log(const char *name); /* whether a folder's file would be taken */
void paths_free(Paths *p);
#endif
