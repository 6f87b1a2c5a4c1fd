/* publish: runs the command that carries a changed policy to other hosts (`[policy] publish`), and tells how that went.
 *
 * Owns: one run of the command. Does not: retry. Thread: any; waits for the command, 30 s at
 * most, and ends it with all its processes when `stop` is set (may be NULL). */
#ifndef COLLECTORS_PUBLISH_H
#define COLLECTORS_PUBLISH_H
#include "collectors/worker.h"
#include "store/policy.h"

/* 0: it ended with code 0. Both ways the outcome is a line of the audit trail (action "publish"); e: how it failed, with the
 * last line that the command wrote to its errors. */
int publish_policy(const char *command, const PolicyWriter *w, int64_t generation, const Stop *stop, Err *e);
extern const WorkerType publisher_worker; /* config: a Collecting; publishes what nobody has published */
#endif
