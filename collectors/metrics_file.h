/* metrics_file: keeps a file of metrics fresh, for a node exporter's textfile folder.
 *
 * Owns: the rounds, every 15 s by the monotonic clock (savings every 10 minutes: they look at single calls). Does not: know the metrics (store/metrics.h), or need the collector's
 * role: whoever waits for the role writes the same figures. Readers see the old text or the new one, whole (file_write()).
 */
#ifndef COLLECTORS_METRICS_FILE_H
#define COLLECTORS_METRICS_FILE_H
#include "collectors/worker.h"
#include "store/metrics.h"

typedef struct MetricsFile { /* borrowed */
    const char *path, *db_path;
    const Book *book;        /* NULL = without what could be saved */
    MetricsAsk ask;          /* now_ms: 0 = the clock; interrupt is the worker's */
    void (*failed)(const Err *e);
} MetricsFile;
extern const WorkerType metrics_file_worker; /* config: a MetricsFile */
#endif
