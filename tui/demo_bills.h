/* demo_bills: what the demo's providers say of the days that are over, made up from what the demo itself metered on them, so that the
 * figures add up. anthropic agrees; google's price row is outdated; openai bills a key that no gateway ever logged; xai has
 * prepaid credit. Through the store's functions for real bills (bill.h), so that causes and alerts are found as in real life.
 *
 * Owns: the accounts, the differences. Does not: fetch, or know what is found of them.
 */
#ifndef TUI_DEMO_BILLS_H
#define TUI_DEMO_BILLS_H
#include "store/bill.h"
#include "store/query.h"

enum { DEMO_ACCOUNTS = 4 };
typedef struct DemoBills {
    Db *db;
    Ledger *ledger;
    Pricer *pricer;
    int64_t start_ms; /* of the demo: the differences are that many days old */
} DemoBills;
/* Bills of a UTC day that is over and metered whole; read at now_ms. */
int demo_bills_day(const DemoBills *d, int64_t day_ms, int64_t now_ms, Err *e);
/* Names and credit, as of now_ms. */
int demo_bills_say(const DemoBills *d, int64_t now_ms, Err *e);
/* The accounts as sources, read up to until_ms; 0 = nothing yet. */
int demo_bills_health(const DemoBills *d, int64_t until_ms, int64_t now_ms, Err *e);
#endif
