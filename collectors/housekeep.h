/* housekeep: the worker that says that somebody collects, purges what is older than it should be, and moves the
 * write-ahead log into the database while nothing else does. Its config is a Collecting (collect_parts.h). */
#ifndef COLLECTORS_HOUSEKEEP_H
#define COLLECTORS_HOUSEKEEP_H
#include "collectors/worker.h"

extern const WorkerType housekeep_worker;
#endif
