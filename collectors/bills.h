/* bills: one worker per configured account: reads the provider's feeds page by page and hands whole reads to store/bill.
 *
 * Owns: when to read what, paging, retries, back-off, telling health. Does not: know a vendor (provider.h), or store (bill.h).
 * Rules: a page that fails half way publishes nothing; a cursor seen before ends the read as a failure; at most BILL_PAGES
 * pages a read; a trailing window of 3 days is read again each time; keys are read anew for each read and wiped after it.
 */
#ifndef COLLECTORS_BILLS_H
#define COLLECTORS_BILLS_H
#include "collectors/collect_parts.h"
#include "collectors/worker.h"

enum { BILL_PAGES = 2000 };
typedef struct BillsConfig {
    const Collecting *shared;
    const AccountConfig *account;
} BillsConfig;
extern const WorkerType bills_worker; /* config: a BillsConfig */

/* One cheap call with the account's key, for `doctor --online`: 0 = the key may read usage; else e says what to do. */
int bills_probe(const AccountConfig *a, int64_t now_ms, Err *e);
#endif
