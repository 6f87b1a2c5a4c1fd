/* alerts: the worker that asks every few seconds whether something is worth telling, and books what is.
 *
 * Owns: the rounds. Does not: judge (store/alert.h), remember (store/alert_book.h) or send (collectors/notify.h).
 */
#ifndef COLLECTORS_ALERTS_H
#define COLLECTORS_ALERTS_H
#include "collectors/collect_parts.h"
#include "collectors/worker.h"
#include "store/alert_book.h"

extern const WorkerType alerts_worker; /* config: a Collecting */

/* The same by hand, for a clock of one's own. */
typedef struct Alerts Alerts;
int alerts_open(Alerts **out, const Collecting *c, Err *e);
void alerts_close(Alerts *a); /* NULL is fine */
int alerts_round(Alerts *a, int64_t now_ms, Err *e);
#endif
