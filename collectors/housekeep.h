/* housekeep: heartbeat and purge as a worker. */
#ifndef COLLECTORS_HOUSEKEEP_H
#define COLLECTORS_HOUSEKEEP_H
#include "collectors/worker.h"
#include "store/config.h"

typedef struct HousekeepConfig { /* borrowed for the worker's life */
    const Config *config;
    const char *db_path;
    int64_t fixed_now_ms;
    void (*failed)(const Err *e);
} HousekeepConfig;
extern const WorkerType housekeep_worker;
#endif
