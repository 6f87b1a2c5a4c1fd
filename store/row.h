/* row: how one request and one set of sums are laid out in the database; the only place that knows.
 *
 * Owns: keys, the packed body of a request, packed sums. Does not: touch the database.
 * Both are short strings of variable-length integers, because most fields of most requests are zero or unknown: the
 * common request takes 35 to 45 bytes, and reading one costs about as much as reading three columns. Fields are only
 * ever added at the end, so old rows stay readable. Unpacking checks every bound: a damaged body is false, never a crash.
 */
#ifndef STORE_ROW_H
#define STORE_ROW_H
#include "store/save_call.h"

/* ---- keys: time-ordered, so that rows are found by time without an index ---- */
enum { KEY_ID_BITS = 20 };
static inline int64_t row_key_at(int64_t ms) { return (int64_t)((uint64_t)ms << KEY_ID_BITS); } /* first key of an instant */
static inline int64_t row_key_ms(int64_t key) { return key >> KEY_ID_BITS; }
#define ROW_MS_MAX (INT64_C(1) << 42) /* year 2109; times are held to [0, ROW_MS_MAX] */
/* The try-th key (0, 1, ...) at which a record may stand. Records of the two kinds of replay never share a key, so that
 * one that moves leaves no hole in the search of one that is found by its key alone. */
int64_t row_key_try(int64_t ts_ms, uint64_t id, Replay replay, int try);

/* ---- requests ---- */
typedef struct Row {
    int64_t key;
    uint32_t combo, context;   /* ids of these tables; combo also gives origin and outcome, which r holds as well */
    uint32_t price;            /* price_used.id; 0 = none (r.price_row is not filled) */
    uint32_t file;             /* file.id; 0 = none */
    uint32_t geo, speed, asked; /* name.id; 0 = none */
    int64_t own_ms;            /* time of the record whose counters these are; r.ts_ms is the earliest of all records */
    Request r;                 /* name[], geo, speed and asked are not filled */
} Row;
enum { ROW_BODY_MAX = 416 };
size_t row_pack(const Row *row, uint8_t out[ROW_BODY_MAX]);
bool row_unpack(int64_t key, const void *body, size_t len, Row *out);
/* That part of it; session, stands_for and kind are 0. */
bool row_unpack_call(int64_t key, const void *body, size_t len, SaveCall *out, SaveNames *names);

/* ---- sums: what a rollup cell holds and what totals are made of. PERSISTENT order ---- */
typedef enum Sum {
    SUM_REQUESTS, SUM_COST, SUM_TOKENS /* + Token */, SUM_SAVED_CACHE = SUM_TOKENS + TOK_COUNT, SUM_ERRORS, SUM_REFUSED,
    SUM_INCOMPLETE, SUM_UNPRICED_REQUESTS, SUM_UNPRICED_TOKENS, SUM_SAVED_RESPONSE, SUM_CACHE_HITS, SUM_COUNT
} Sum;
typedef struct Sums {
    int64_t v[SUM_COUNT];
} Sums;
#define SUM_FULL INT64_MAX /* beyond what can be counted: it is only known that it is that large; stays so */
void sum_add(int64_t *to, int64_t v, int sign); /* one of them; sign 1 or -1 */
enum { SUMS_BYTES_MAX = SUM_COUNT * 10 + 4 };
/* Adds (sign 1) or takes away (sign -1) what one request counts for. Not asked for rows with REQ_LINKED: they count
 * nowhere. Tokens of a response-cache hit were not used: they are in no sum. */
void sums_add_request(Sums *s, const Request *r, int sign);
void sums_add(Sums *s, const Sums *other, int sign);
bool sums_empty(const Sums *s);
size_t sums_pack(const Sums *s, uint8_t out[SUMS_BYTES_MAX]);
size_t sums_unpack(const void *at, size_t len, Sums *out); /* bytes used; 0 = damaged */
/* For who looks at few of many: how long the sums are, and only the first `count` of them (the others are left alone). */
size_t sums_length(const void *at, size_t len); /* 0 = damaged */
size_t sums_unpack_first(const void *at, size_t len, unsigned count, Sums *out);
#endif
