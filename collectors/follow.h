/* follow: one worker that reads on in every log file of every source, as it grows, rotates, appears and goes.
 *
 * Owns: the watch on folders (inotify; a slow timer where that fails), which files changed, the descriptors of files
 * that were rotated away. Does not: parse or store; logfile and ledger do.
 */
#ifndef COLLECTORS_FOLLOW_H
#define COLLECTORS_FOLLOW_H
#include "collectors/logfile.h"
#include "collectors/worker.h"

typedef struct FollowConfig { /* borrowed for the worker's life */
    const Config *config;
    const SourceConfig *sources; /* configured and discovered ones */
    size_t source_count;
    const char *db_path;
    int64_t fixed_now_ms;        /* 0 = the clock */
    void (*failed)(const Err *e);
} FollowConfig;
extern const WorkerType follow_worker;
#endif
