/* request: one billed (or refused, or failed) call to a language model, and batches of them.
 *
 * This is the only thing that passes from collectors to the ledger. A Request has disjoint token buckets, so that a
 * cost is a plain sum. Names are indices into their batch's own name table: a batch is self-contained, is built by one
 * thread, handed over whole, and needs no lock and no allocation per request.
 */
#ifndef STORE_REQUEST_H
#define STORE_REQUEST_H
#include "store/base.h"

/* Dimensions with free-text values. Order is the order of columns everywhere; persistent in the dictionary table. */
typedef enum Dim {
    DIM_ACCOUNT, DIM_PROVIDER, DIM_MODEL, DIM_TIER /* standard flex priority batch ... */, DIM_FEATURE, DIM_TEAM, DIM_USER,
    DIM_KEY, DIM_SESSION, DIM_PROJECT, DIM_ENDPOINT /* route template */, DIM_GATEWAY, DIM_HOST,
    DIM_COUNT
} Dim;
extern const char *const dim_names[DIM_COUNT]; /* "account" ... "host" */

typedef enum Origin { ORIGIN_METERED, ORIGIN_REPORTED, ORIGIN_BILLED, ORIGIN_NOTIONAL, ORIGIN_COUNT } Origin;
typedef enum Outcome { OUTCOME_OK, OUTCOME_ERROR, OUTCOME_REFUSED, OUTCOME_INCOMPLETE, OUTCOME_COUNT } Outcome;
/* Which of two sources that saw one call is believed: the lower wins. Metrics are sums of many calls, of which none is known. */
typedef enum SourceClass { CLASS_GATEWAY, CLASS_TELEMETRY, CLASS_TRANSCRIPT, CLASS_METRICS } SourceClass;
extern const char *const origin_names[ORIGIN_COUNT], *const outcome_names[OUTCOME_COUNT];

typedef enum Token {
    TOK_INPUT /* uncached */, TOK_CACHE_READ, TOK_CACHE_WRITE_5M, TOK_CACHE_WRITE_1H, TOK_OUTPUT /* visible */,
    TOK_REASONING, TOK_AUDIO_INPUT, TOK_COUNT
} Token;

enum RequestFlag { /* persistent */
    REQ_UNPRICED = 1 << 0,        /* no price row: cost is 0 and means unknown */
    REQ_PRICE_APPROX = 1 << 1,    /* a missing-price rule was used (cost_flags say which) */
    REQ_USAGE_SUSPECT = 1 << 2,   /* counters contradict the record's own total */
    REQ_USAGE_ESTIMATED = 1 << 3, /* the gateway estimated them */
    REQ_USAGE_MISSING = 1 << 4,   /* billed at the vendor, but no counters were logged */
    REQ_CACHE_HIT = 1 << 5,       /* response-cache hit: tokens are not used, cost 0 */
    REQ_STREAM = 1 << 6,
    REQ_SIDECHAIN = 1 << 7,
    REQ_LINKED = 1 << 8,          /* another source's row of the same upstream call counts; this one does not */
    REQ_BATCH = 1 << 9,
    REQ_WRITE_SPLIT_UNKNOWN = 1 << 10, /* cache writes booked as 5m because the record does not split them */
    REQ_INCLUSIVE = 1 << 11,      /* raw input counter included the caches (rule used; raw = buckets + rule) */
    REQ_REASONING_APART = 1 << 12, /* raw output counter excluded reasoning */
    REQ_TIME_BORROWED = 1 << 13   /* the record has no time: it has that of the line it stands in, else of its file */
};

/* How a record may come again; a format declares it. */
typedef enum Replay {
    REPLAY_SAME_TIME, /* re-delivery repeats its time: the time-ordered key finds it */
    REPLAY_ANY_TIME   /* streams, agents, forks: needs the persisted id index */
} Replay;

typedef struct Request {
    int64_t ts_ms;              /* request start */
    uint64_t id, upstream;      /* hashes; id is never 0, upstream 0 = none */
    uint64_t also;              /* hash of what else others may know of it: in a transcript the vendor's id of the request, as
                                 * upstream is that of its answer; in telemetry and metrics the service. 0 = none */
    uint32_t name[DIM_COUNT];   /* batch name index; 0 = none */
    int64_t tokens[TOK_COUNT];  /* each 0 .. REQUEST_TOKENS_MAX */
    int64_t raw_input, raw_output, raw_total; /* as the record counted them; -1 = not in the record */
    int64_t cost_nano;          /* list price of the call; 0 with REQ_UNPRICED = unknown */
    int64_t saved_cache_nano;   /* what the prompt cache saved: reads at input price minus paid, minus write premiums; may be negative */
    int64_t saved_response_nano;/* response-cache hit: what the answer would have cost */
    uint64_t price_row;         /* content hash of the price row; 0 = none */
    int32_t latency_ms, ttft_ms;/* -1 = unknown */
    int32_t web_searches;
    int64_t more_calls;         /* a record may stand for several calls: how many besides the one, 0 .. REQUEST_CALLS_MAX */
    uint32_t geo, speed;        /* batch name index of what modifies the price ("us", "fast"); 0 = none */
    uint32_t asked;             /* batch name index of the model that was asked for, where a gateway called another; 0 = the same */
    int32_t max_tokens, tools;  /* -1 = not in the record */
    int64_t prompt_bytes;       /* -1 = not in the record */
    uint64_t prompt_hash, prefix_hash; /* 0 = not in the record */
    int64_t prefix_bytes, policy_generation;
    uint64_t offset;            /* of the record in the decompressed file */
    uint32_t length;            /* bytes */
    uint32_t flags;             /* enum RequestFlag */
    int16_t status;             /* HTTP status, 0 = unknown */
    uint8_t origin, outcome, source_class, replay;
} Request;

/* A transcript mostly has no id of its own but the provider's: its record's id is then made of the upstream id, and the
 * other way round, so that a row need not hold both. PERSISTENT */
static inline uint64_t transcript_id(uint64_t upstream) { return upstream ^ UINT64_C(0x7472616E73637270); }

#define REQUEST_TOKENS_MAX INT64_C(1000000000000) /* a larger counter is refused as a bad record */
#define REQUEST_CALLS_MAX INT64_C(1000000000)

/* What the ledger must remember of the file in the same transaction. One per batch at most. */
typedef struct FileMark {
    bool set;
    int64_t file_id;         /* from ledger_file_open() */
    uint64_t offset;         /* end of the last complete record, decompressed */
    uint64_t tail_hash;      /* hash64 of the up to 64 bytes before offset: proves that a copy is the same content */
    uint64_t lines, records, bad_lines, skipped_lines; /* running totals of this file */
    int64_t dev, ino, size, mtime_ms;
    char last_error[256];    /* "" or "line 88112: cut off" */
    const void *state; uint32_t state_len; /* parser state that must restart exactly (<= FILE_STATE_MAX) */
} FileMark;
enum { FILE_STATE_MAX = 4096 };

typedef struct Batch Batch; /* opaque table of names + array of requests; see batch_* */

/* A dated name of the model that was asked for ("gpt-4o", "gpt-4o-2024-08-06") is the same model; gpt-4o-mini is not. */
bool model_answers(Str asked, Str called);

Batch *batch_new(size_t max_requests); /* memory bound at birth: requests + 1 MiB of names */
void batch_free(Batch *b);
void batch_clear(Batch *b);
/* Index of a name; cut to NAME_MAX_BYTES on a UTF-8 boundary, control bytes replaced by '?'. "" is always 0. */
uint32_t batch_name(Batch *b, const char *at, size_t len);
Str batch_name_at(const Batch *b, uint32_t index);
size_t batch_names(const Batch *b);
/* A zeroed request whose unknown fields hold their "unknown" value, or NULL when the batch (or its names) is full. */
Request *batch_add(Batch *b);
void batch_undo(Batch *b); /* drops the last one */
bool batch_full(const Batch *b);
size_t batch_count(const Batch *b);
Request *batch_at(const Batch *b, size_t i);
FileMark *batch_mark(Batch *b);
#endif
