/* policy_log: the audit trail's rows in the ledger's database, beside the lines in the policy's own folder.
 *
 * Owns: table policy_event. A witness of policy_change(): the switch works without a database, so that what fails here is told
 * in `why` and keeps nobody from stopping calls. Thread: the caller's Db. */
#ifndef STORE_POLICY_LOG_H
#define STORE_POLICY_LOG_H
#include "store/db.h"
#include "store/policy.h"

typedef struct PolicyLog {
    Db *db;          /* NULL = there is no ledger (yet): nothing is logged */
    int64_t row;     /* of the change that is under way; 0 = none */
    Err why;         /* the first failure */
} PolicyLog;
/* Opens the ledger if there is one; waits for its lock 200 ms at most. Never fails: see `why`. */
void policy_log_open(PolicyLog *log, const char *db_path);
void policy_log_close(PolicyLog *log);
void policy_log_witness(void *log, const PolicyEvent *event); /* a PolicyWitness */
#endif
