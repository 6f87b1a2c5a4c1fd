/* guard: looks at the hard budgets after each commit and has the policy file say what they allow.
 *
 * Owns: when to look, and which state a budget is in now. Does not: write the policy (store/policy.h does, and decides what
 * the guard may touch), tell anybody (alerts.h), or act on budgets that only alert.
 *
 * Invariants (each has a test that cites it):
 *  G1  Only periods that are open now are looked at: importing last month's logs stops nobody.
 *  G2  The policy is written on a change of a state, a limit or a period only; amounts live in the ledger.
 *  G3  The policy file is the memory: after a restart nothing is engaged twice and nothing is forgotten.
 *  G4  A blocked scope opens at its period's end without a commit, and not before, whatever its spend does.
 *  G5  What a person did stands: a stop stays, a resume holds until the period's end.
 *  G6  The flag files of a stop whose time is over go within two seconds; out of step for another reason, they are set again.
 */
#ifndef COLLECTORS_GUARD_H
#define COLLECTORS_GUARD_H
#include "collectors/collect_parts.h"
#include "collectors/worker.h"

extern const WorkerType guard_worker; /* config: a Collecting */

/* The same by hand, for a clock of one's own. */
typedef struct Guard Guard;
int guard_open(Guard **out, const Collecting *c, Err *e);
void guard_close(Guard *g); /* NULL is fine */
/* *next_ms: when the first period, or a stop, ends. After a failure the next look tries again. */
int guard_look(Guard *g, int64_t now_ms, int64_t *next_ms, Err *e);
#endif
