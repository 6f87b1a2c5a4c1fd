/* bill: what providers' own usage and cost APIs say, beside what the logs say.
 *
 * Owns: tables bill_feed, bill, bill_name, bill_balance, and these rows' share of the lanes' rollups. Does not: fetch; know a
 * vendor. Invariants (each has a test that cites it):
 *  C1  A bucket is replaced whole when it is read again: nothing is ever added twice, whatever the order and number of reads.
 *  C2  A read that fails half way changes nothing: the caller hands over a whole set or none.
 *  C3  The rollups of reported and billed money are the sums of these rows, per account, provider, model, tier and day.
 *  C4  Money that is not in US dollars is kept, shown as such, and in no sum.
 *  C5  Where two feeds of an account tell the same calls, one of them counts, day by day: the winner where it has rows, else the
 *      other. A vendor's own estimate (a notional feed) is kept and in no sum.
 * Buckets belong to the UTC day in which they begin. Thread: the ledger's. Nano-units, milliseconds since 1970 UTC.
 */
#ifndef STORE_BILL_H
#define STORE_BILL_H
#include "store/ledger.h"
#include "store/price.h"

enum { BILL_ROWS_MAX = 200000 }; /* of one read; more is a failure, so that memory is bounded */

typedef struct BillRow {
    int64_t start_ms, end_ms;
    uint32_t model, tier, project, key, item, currency; /* names of the set; currency 0 = USD */
    int64_t tokens[TOK_COUNT];   /* disjoint, as in a Request */
    int64_t requests;            /* 0 = not said */
    int64_t searches;            /* web searches */
    int64_t nano;                /* money; of usage what the source itself says, until bills_replace() fills in our price */
    bool batch, money;           /* money: a cost, not usage */
    bool long_prompts;           /* usage that the provider itself tells apart as calls with long prompts */
} BillRow;

/* What one read of a feed gave. Names are in a batch of their own, which also serves pricing. */
typedef struct BillSet {
    Batch *names;
    BillRow *at;
    size_t count, cap;
    bool full;                   /* a row or name did not fit: the read failed */
    uint64_t *seen;              /* hashes of ids, an open table */
    size_t seen_count, seen_cap;
    uint32_t *merged;            /* rows by their names, an open table: index + 1 */
    size_t merged_cap;
} BillSet;
void bill_set_init(BillSet *s);
void bill_set_free(BillSet *s);
BillRow *bill_set_add(BillSet *s);                       /* zeroed; NULL = full */
uint32_t bill_set_name(BillSet *s, const char *text);    /* NULL and "" are 0 */
/* The row with this bucket, these names and flags, new if there is none: for sources that tell single calls. NULL = full. A set
 * is filled either so or by bill_set_add(). */
BillRow *bill_set_merge(BillSet *s, const BillRow *like);
/* Whether this id is new to the set: what pages tell twice, while rows move between them, counts once. */
bool bill_set_first(BillSet *s, const char *id);
/* Ends a page, whose rows begin at `from`: one that says the same as an earlier page of the read is taken out. Merged rows stay. */
void bill_set_page(BillSet *s, size_t from);

typedef struct BillRead {
    const char *account, *provider, *feed;
    const char *rival;           /* C5: the feed of the account that tells the same calls; NULL = none */
    bool wins;                   /* against the rival */
    Origin origin;               /* ORIGIN_REPORTED or ORIGIN_BILLED; ORIGIN_NOTIONAL for estimates */
    int64_t from_ms, until_ms;   /* the buckets that begin in [from, until) are what was read */
    int64_t closed_ms;           /* buckets that end by then are complete */
    int64_t now_ms;
} BillRead;
/* Replaces these buckets, a day in a transaction; usage is priced. */
int bills_replace(Ledger *l, const BillRead *read, BillSet *set, Pricer *pricer, Err *e);
/* End of the newest closed bucket of a feed, and when it was read last; 0 = never. */
int bill_feed_state(Db *db, const char *account, const char *feed, int64_t *until_ms, int64_t *read_ms, Err *e);
/* Accounts that were ever read, by name. */
typedef struct BillPayer { char account[64]; int64_t read_ms; } BillPayer;
int bill_payers(Db *db, BillPayer *out, size_t max, size_t *count, Err *e);
/* For a reopened day: puts the rows' sums back into rollups that were emptied; inside the caller's transaction. */
int bills_restore(Ledger *l, int64_t from_ms, int64_t to_ms, Err *e);

int bill_name_set(Ledger *l, const char *account, const char *kind, const char *id, const char *name, Err *e);
int bill_balance_set(Ledger *l, const char *account, const char *kind, const char *currency, int64_t nano, int64_t at_ms, Err *e);
/* Days of an account whose bill or report was read before the day's end: what is there is a part, not the day. */
typedef struct BillPart { char account[64]; int64_t day_ms; } BillPart;
enum { BILL_PARTS_MAX = 256 };
int bill_parts(Db *db, int64_t since_ms, BillPart out[BILL_PARTS_MAX], size_t *count, Err *e);
bool bill_is_part(const BillPart *parts, size_t count, const char *account, int64_t day_ms);
#endif
