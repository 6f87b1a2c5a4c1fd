/* reconcile: what logs metered, what the usage API reported and what the cost API billed, side by side, and why they differ.
 *
 * Owns: drift, coverage, causes ranked by dollars. Reads only. Per account, closed UTC day and model; days that are not over are
 * there and marked, but never compared.
 *   drift     reported to billed: are our prices right?           (reported - billed) / billed
 *   coverage  metered to reported (else to billed): did every call pass a gateway?
 * All money nano-dollars; other currencies are not compared (they stand in bill rows, see bill.h).
 */
#ifndef STORE_RECONCILE_H
#define STORE_RECONCILE_H
#include "store/price.h"
#include "store/query.h"

typedef struct ReconLine {
    char account[NAME_MAX_BYTES + 1], model[NAME_MAX_BYTES + 1];
    int64_t day_ms;
    Totals metered, reported;
    int64_t billed_nano;
    bool has_metered, has_reported, has_billed;
    bool open; /* the day is not over, or what the provider says of it was not read to its end: not comparable */
    bool is_sum; /* of lines that cannot all be compared (no bill yet, euros, no API): the parts that can, with each other */
    int64_t sum_reported_nano, sum_billed_nano; /* of lines that have both */
    int64_t sum_metered_nano, sum_known_nano;   /* of lines of which the provider said something: reported, else billed */
} ReconLine;
typedef struct Recon {
    ReconLine *at; /* by day, newest first, then account, then model */
    size_t count;
    int64_t since_ms, until_ms, now_ms;
    char account[NAME_MAX_BYTES + 1]; /* the only one; "" = all */
    char warning[ERR_MAX];            /* FILE:LINE of a person's products.csv that is wrong and was left out; "" = none */
} Recon;
typedef struct ReconAsk {
    const char *account;       /* NULL = all that have a provider API or metered spend */
    int64_t since_ms, until_ms, now_ms;
    const Book *book;          /* joins a model's dated and undated names; NULL = names as they are */
    const char *config_dir;    /* of a person's products.csv; may be NULL. A wrong one is left out whole: Recon.warning says so */
} ReconAsk;
/* Whole UTC days of [since, until). */
int reconcile_load(Db *db, const ReconAsk *ask, Recon *out, Err *e);
void reconcile_free(Recon *r);
/* Adds the line of a model to its account's day. Open days are left out unless into is an open line too. */
void reconcile_add(ReconLine *into, const ReconLine *line);
/* Adds lines of different days or accounts, each compared with itself alone, open ones not at all: what one lacks is no fault
 * of another. */
void reconcile_sum(ReconLine *into, const ReconLine *line);
/* In parts per million; INT64_MIN = cannot be said. */
int64_t recon_drift_ppm(const ReconLine *l);
int64_t recon_coverage_ppm(const ReconLine *l);
int64_t recon_unmetered_nano(const ReconLine *l); /* reported, else billed, less metered; 0 when neither is known */

/* What the account-days cost, part by part: the logs' models, and what providers know beyond them (or the logs had too much), so
 * that the parts are the sum exactly. A day that is over costs what is billed, else the larger of metered and reported. */
typedef enum ReconKind { RECON_MODEL, RECON_REST /* "(not in logs)" "(over-metered)" */, RECON_TOTAL /* of days that are not open */ } ReconKind;
typedef struct ReconPart {
    ReconKind kind;
    ReconLine line;
    int64_t spend_nano;
} ReconPart;
/* In the order of r, the rest of a day of an account behind its models, the total at the end. The caller's to free. */
size_t reconcile_parts(const Recon *r, ReconPart **out);
int64_t recon_spend_nano(const ReconLine *day, int64_t now_ms); /* of a sum of all models of an account's day */

/* Money in other currencies, which is in no sum. */
typedef struct ForeignView {
    char account[NAME_MAX_BYTES + 1], currency[16];
    int64_t nano;
    int days;
} ForeignView;
int reconcile_foreign(Db *db, const Recon *r, ForeignView *out, size_t max, size_t *count, Err *e);

typedef enum Cause {
    CAUSE_OUTSIDE,      /* keys or projects that the gateways never logged */
    CAUSE_UNPRICED,     /* metered tokens without a price */
    CAUSE_CACHE_WRITES, /* reported, not metered */
    CAUSE_TIER,         /* batch or service tier differ */
    CAUSE_ITEMS,        /* lines of the bill that are no tokens: web search, ... */
    CAUSE_PRICE,        /* the bill implies another price than our row */
    CAUSE_DAY_EDGE,     /* a day has what its neighbour lacks */
    CAUSE_REST,         /* what none of these explains */
    CAUSE_COUNT
} Cause;
extern const char *const cause_names[CAUSE_COUNT];
typedef struct ReconFinding {
    Cause cause;
    char account[NAME_MAX_BYTES + 1], what[NAME_MAX_BYTES + 1]; /* the key, model, item */
    char model[NAME_MAX_BYTES + 1];                             /* "" = more than one, or none */
    int64_t day_ms;                                             /* the UTC day on which it shows most */
    int64_t nano;                                               /* what it explains; its size ranks it */
    char evidence[320];
} ReconFinding;
enum { RECON_FINDINGS_MAX = 64 };
/* By dollars. Over the closed days of r. */
int reconcile_findings(Db *db, const Recon *r, ReconFinding *out, size_t max, size_t *count, Err *e);

/* What is left of prepaid credit and of spending limits, as providers said it last. */
typedef struct BalanceView {
    char account[NAME_MAX_BYTES + 1], kind[16] /* "balance", "limit": what is left; "month": the limit of a month, whole */, currency[8];
    int64_t nano, at_ms;
    int64_t day_nano;  /* what the account costs a day: metered in the last 24 hours, or the whole spend of the last UTC day if that is more */
    int64_t days_left; /* at that rate; -1 = cannot be said: another currency, nothing spent, a limit that begins anew */
} BalanceView;
/* Those of the last 7 days: an account that is gone must not stay for ever. */
int query_balances(Db *db, int64_t now_ms, BalanceView *out, size_t max, size_t *count, Err *e);
#endif
