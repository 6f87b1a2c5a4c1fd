/* notify: the worker of one configured channel: takes its notices out of the outbox, one after the other, and tells them.
 *
 * Owns: secrets for the time of a delivery, retries with back-off (a receiver's Retry-After wins), and giving up. Does not:
 * know a receiver's shapes (channels/channel.h). A worker a channel, so that a dead receiver holds up nobody else.
 */
#ifndef COLLECTORS_NOTIFY_H
#define COLLECTORS_NOTIFY_H
#include "collectors/collect_parts.h"
#include "collectors/worker.h"

typedef struct NotifyConfig { /* borrowed for the worker's life */
    const Collecting *shared;
    const AlertConfig *to;
} NotifyConfig;
extern const WorkerType notify_worker; /* config: a NotifyConfig */

/* What is wrong with a channel's configuration, for doctor: NULL = nothing. */
const char *notify_check(const AlertConfig *to, char *out, size_t size);
#endif
