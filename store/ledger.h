/* ledger: the one writer of requests. Rows, rollups, budgets and the file's offset commit together.
 *
 * Invariants (each has a test that cites it):
 *  L1  The ledger is a function of the set of records it was given: order, duplicates, growth and crashes change nothing.
 *  L2  Two records of one id are one row. The winner of the token counts is the greatest in this total order: most
 *      output (visible + reasoning), then most total, then notional, then non-sidechain, then earliest time, then lowest
 *      (file, offset).
 *      Its time is the earliest of all records of that id.
 *  L3  Two sources (or two formats of one, as an import has) whose rows share an upstream id saw one call: gateway >
 *      telemetry > transcript counts, then who has counters > estimated ones > none, then earliest id; the others stay as
 *      rows with REQ_LINKED and are in no sum. A transcript knows two ids, that of the answer and that of the request:
 *      who shares one of them each with it saw one call too.
 *      Response-cache hits are never linked. Metrics count only if no telemetry of their service lies within an hour of them.
 *  L4  Rollups equal the facts of every open day, exactly, always.
 *  L5  A row's key is ts_ms << 20 | 20 bits of its id; two ids on one key take the next free key. No UNIQUE index over rows.
 *  L6  A sealed day (its raw rows were purged) never changes: later records of it are counted as late.
 *  L7  At most 4,096 new values per dimension and UTC day of arrival; further ones become "(other)" and a finding.
 *  L8  A transaction holds the write lock at most about 20 ms: a batch has at most LEDGER_BATCH requests, and
 *      of several only as many are taken as there is time for.
 * Thread: one, the one that opened its Db (DB_WRITE). Only code in store/ledger*.c writes these tables.
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H
#include "store/clock.h"
#include "store/db.h"
#include "store/request.h"

enum { LEDGER_BATCH = 4096 };

typedef struct Ledger Ledger;
struct Budget; /* store/budget.h */

typedef struct LedgerOptions {
    const Zone *zone;               /* budget days; NULL = as the ledger was opened last, else UTC. Borrowed for its life */
    const struct Budget *budgets;   /* borrowed; summed up in the same transaction. NULL = those the ledger knows. Others
                                     * that it knows are forgotten, so whoever passes some passes all that are configured */
    size_t budget_count;
    int64_t now_ms;                 /* for what is recent (48 h of minutes, 92 days of combos) */
    int64_t group_ms;               /* how long ledger_ingest_some() takes batches into one transaction; 0 = 10 */
} LedgerOptions;

typedef struct IngestCounts {
    uint64_t added;     /* new rows */
    uint64_t merged;    /* an existing row grew or moved */
    uint64_t duplicate; /* nothing new */
    uint64_t linked;    /* another source counts this call; also rows that stop counting because a better one came */
    uint64_t late;      /* belongs to a sealed day: not added */
    uint64_t other;     /* values booked as (other) */
} IngestCounts;

int ledger_open(Ledger **out, Db *db, const LedgerOptions *o, Err *e);
void ledger_close(Ledger *l);
void ledger_set_now(Ledger *l, int64_t now_ms);

/* One transaction: every request of the batch, and its FileMark. On failure nothing of the batch is stored.
 * counts are added to, not set. */
int ledger_ingest(Ledger *l, Batch *b, IngestCounts *counts, Err *e);
/* The same for the first *stored of several batches (of several small files), at least one, in one transaction: that writes
 * far fewer pages. */
int ledger_ingest_some(Ledger *l, Batch *const *batches, size_t count, size_t *stored, IngestCounts *counts, Err *e);

/* Files. A file is known by the hash of its first complete line (decompressed); path, device and inode only find it
 * again after rotation. open() finds or makes the row; on return *known tells where reading may go on. */
typedef struct FileKey {
    const char *source; /* config section name, or "import FORMAT" */
    const char *format;
    const char *path;
    uint64_t fingerprint; /* hash64 of the first complete line without its newline, seed 0 */
    bool long_first;      /* that line is longer than the reader's buffer; before, such a one had another fingerprint */
    int64_t dev, ino;
} FileKey;
typedef struct FileKnown {
    int64_t file_id;
    uint64_t offset, tail_hash, lines, records, bad_lines, skipped_lines;
    uint8_t state[FILE_STATE_MAX];
    uint32_t state_len;
    bool is_new;
    bool moved; /* the same content under another path or inode: check tail_hash before going on from offset */
} FileKnown;
int ledger_file_open(Ledger *l, const FileKey *key, FileKnown *known, Err *e);
/* For who opens many: between these two, only ledger_file_open() is called, and all of it is one transaction. */
int ledger_files_begin(Ledger *l, Err *e);
int ledger_files_end(Ledger *l, Err *e);
/* Where every file was left, oldest row first, so that a start need only open what changed since. path and source:
 * until the next call. */
typedef void LedgerFileFn(void *ctx, const char *source, const char *path, const FileMark *mark);
int ledger_files(Ledger *l, LedgerFileFn *each, void *ctx, Err *e);

/* Housekeeping, each call bounded to about 20 ms of lock; *more tells whether to call again. */
/* A number that grows whenever rows older than a day are stored, by any process: while it does, more of their days may come,
 * and sealing these would make it late. */
int ledger_history(Ledger *l, int64_t *count, Err *e);
int ledger_purge(Ledger *l, int raw_days, bool *more, Err *e); /* seals and purges days older than raw_days; old rollups too */
int ledger_reopen_day(Ledger *l, int64_t day_ms, Err *e);      /* empties a sealed day so that a whole import can fill it */
/* The same in the transaction of the first request of that day: files that hold none of it must not cost what it was. */
void ledger_reopen_later(Ledger *l, int64_t day_ms);
bool ledger_reopen_waits(const Ledger *l); /* none has come yet */
int ledger_day_calls(Ledger *l, int64_t day_ms, int64_t *calls, Err *e); /* calls in that UTC day's sums, also a sealed one's */
int ledger_heartbeat(Ledger *l, const char *who, Err *e);      /* who collects from now on; then role_beat() */

/* Re-prices every row of the open days. `price` fills cost_nano, saved_*, price_row and the price flags of a request
 * whose names are in the batch. Returns the number of rows whose cost changed in *changed. */
typedef void LedgerPriceFn(void *ctx, Batch *b, Request *r);
int ledger_reprice(Ledger *l, LedgerPriceFn *price, void *ctx, uint64_t *changed, Err *e);

/* Recomputes every open day's rollups from the rows and compares. 0 = equal, -1 = e says where. */
int ledger_verify(Ledger *l, Err *e);
/* For doctor, of a Db that only reads: SQLite's own check, then the same. Long on large ledgers: after patience_ms it stops,
 * *whole is false, and what was looked at is equal. */
int ledger_check(Db *db, int64_t patience_ms, bool *whole, Err *e);

/* A source's health line (also for sources that have no file yet); replaces the previous one. */
typedef struct SourceHealth {
    const char *source, *kind /* format or provider */, *state /* "ok" "watch" "error" "waiting" */, *last_word;
    int64_t seen_ms;      /* newest data */
    int64_t lag_ms;       /* record read to committed, last one; -1 unknown */
    bool notional;
} SourceHealth;
int ledger_source_health(Ledger *l, const SourceHealth *h, Err *e);
#endif
