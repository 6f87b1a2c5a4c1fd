/* provider: what the bills worker must know of a vendor: its feeds, each a pure pair of functions: a request for one page, and
 * what its answer says.
 *
 * Owns: the contract. Does not: fetch, wait, retry, page or store: bills.c does that once for all. A provider is one file in
 * collectors/providers/ and one line in providers[]. request and parse touch nothing but their arguments.
 */
#ifndef COLLECTORS_PROVIDER_H
#define COLLECTORS_PROVIDER_H
#include "collectors/http.h"
#include "store/bill.h"
#include "store/config.h"
#include <jansson.h>

enum { PAGE_URL_MAX = 4096, PAGE_BODY_MAX = 16384, CURSOR_MAX = 2048, SECRET_MAX = 4096 };

/* One window of one feed, page by page. */
typedef struct FeedCall {
    const AccountConfig *account;
    const char *secret;            /* the key; never in a URL, an error or a log. AWS: "SECRET" or "SECRET SESSION_TOKEN" */
    const char *base_url;          /* without a slash at its end; "" = the feed knows its host */
    const void *arg;               /* Feed.arg */
    int64_t from_ms, until_ms, now_ms;
    int page;                      /* from 0 */
    char cursor[CURSOR_MAX];       /* what parse left for the next page; "" on the first */
    char token[SECRET_MAX];        /* the bearer token that Provider.sign_in gave; "" = none */
    int64_t fresh_ms;              /* parse: buckets that end later are not whole, whatever the clock says; 0 = not said */
    bool unfinished;               /* parse: the answer is not ready; what the cursor names now is asked after a wait */
} FeedCall;

typedef struct PageRequest {
    char url[PAGE_URL_MAX];
    char header[HTTP_HEADERS_MAX][SECRET_MAX + 64]; /* "name: value"; "" ends */
    char method[8];                /* "" = GET, or POST with a body */
    char body[PAGE_BODY_MAX];      /* "" = none */
    char aws_sigv4[96];            /* "aws:amz:REGION:SERVICE"; "" = not signed. Keys: FeedCall.account's key id and secret */
} PageRequest;

/* Names and balances that an answer brought, besides rows. Called during parse. */
typedef struct FeedSink {
    BillSet *rows;
    void (*name)(void *ctx, const char *kind, const char *id, const char *name);
    void (*balance)(void *ctx, const char *kind, const char *currency, int64_t nano);
    void *ctx;
} FeedSink;

typedef struct Feed {
    const char *name;              /* "usage completions"; NULL ends the list */
    Origin origin;
    bool cheap;                    /* for `doctor --online`: one call proves the key */
    bool no_rows;                  /* names or balances only: nothing is replaced */
    const char *rival;             /* a feed that tells the same calls: one of the two counts, day by day; NULL = none */
    bool wins;                     /* this one, where it has rows; of two that win, what was read last */
    bool optional;                 /* when it cannot be read the rival stands in: told, but no error */
    int pages_max;                 /* of one walk; 0 = BILL_PAGES */
    int64_t every_ms;              /* between two reads */
    int64_t bucket_ms;             /* windows begin and end at multiples of it */
    int64_t history_ms;            /* how far back the first read goes */
    int64_t window_ms;             /* longest range of one walk of pages */
    int64_t settles_ms;            /* how long after its end a bucket is complete: it is not read before, since half a bill would
                                    * stand for a day's whole spend; 0 = what there is of today is read, too */
    const void *arg;
    bool (*wanted)(const AccountConfig *a); /* whether the account is configured for it; NULL = always */
    /* 0, or -1: something is missing in the configuration (e says what). */
    int (*request)(const FeedCall *c, PageRequest *out, Err *e);
    /* A 2xx answer that is JSON. Sets c->cursor: "" = this was the last page. -1: it is not what it should be. */
    int (*parse)(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e);
} Feed;

typedef struct Provider {
    const char *name;              /* as in `provider =` */
    const char *base_url;
    const char *nothing;           /* why there is nothing to ask; then it has no feeds. NULL = it has */
    const char *key_help;          /* "an admin key (sk-admin-...), made by an Owner under Settings > Admin keys" */
    const Feed *feeds;
    const Feed *sign_in;           /* its request and parse alone: changes the key into FeedCall.token before a walk; NULL = none */
    bool throttles_with_400;       /* AWS: told apart by __type */
    /* Whether an answer means "nothing there yet", though it is no answer that parse understands; NULL = none does.
     * answer is NULL when there is no JSON. */
    bool (*no_data)(int status, const json_t *answer);
} Provider;
extern const Provider *const providers[]; /* visible list, NULL ends */
const Provider *provider_find(const char *name); /* NULL */

/* ---- for request functions ---- */
TW_PRINTF(2, 3) void page_header(PageRequest *p, const char *fmt, ...);
/* An integer count as JSON says it: 1500 and 1500.0 and "1500"; absent and null are 0; -1 in *bad for anything else. */
int64_t json_count(const json_t *object, const char *key, bool *bad);
int64_t json_whole(const json_t *value, bool *bad);          /* the same of a value */
/* Money as number or decimal text, in units of 10^-scale dollars... scaled to nano: cents have scale -2. */
int json_nano(const json_t *value, int cents, int64_t *nano);
const char *json_str(const json_t *object, const char *key); /* "" for absent, null or another type */
/* "2026-11-23T00:00:00Z" or "2026-11-23" to milliseconds. */
int json_time(const json_t *value, int64_t *ms);
typedef int RowFn(const json_t *r, BillRow *row, BillSet *set, Err *e);
/* The rows of one bucket: `fill` is called for each element of `results`, a JSON array. A bucket told twice in one read counts once. */
int bucket_rows(const json_t *results, int64_t start_ms, int64_t end_ms, const FeedSink *out, RowFn *fill, Err *e);
/* The cursor of the next page, which stands under `key` while has_more is true. -1: it is too long. */
int page_cursor(FeedCall *c, const json_t *answer, const char *key, Err *e);
/* The address of a request: frees `url`. -1: it did not fit. */
int page_url(PageRequest *p, Buf *url, Err *e);
/* The body of a request: takes `body`. -1: NULL, or larger than PAGE_BODY_MAX. */
int page_json(PageRequest *p, json_t *body, Err *e);
/* "Claude Sonnet 5" and "NovaPro" as logs would write them: "claude-sonnet-5", "nova-pro". */
void model_slug(const char *at, size_t len, char *out, size_t size);
/* Parses an answer; every number with a fraction or an exponent becomes a text first, so that no money is ever a double. */
json_t *provider_json(const char *at, size_t len, Err *e);
#endif
