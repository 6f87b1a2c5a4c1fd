/* price: the price book, name resolution by exact rules, and the cost of one call.
 *
 * Owns: store/prices.csv (embedded), the user's prices.csv beside the config, `prices update`'s book.
 * Rules and their sources: contracts of the vendors as described row by row in the book's `source` column.
 * No fuzzy match ever: an unknown model is unpriced. A Book is immutable after loading and may be read by all threads;
 * a Pricer (its memo) belongs to one thread. Prices are pico-dollars per token, int64.
 */
#ifndef STORE_PRICE_H
#define STORE_PRICE_H
#include "store/request.h"

typedef struct Book Book;
typedef struct PriceRow PriceRow; /* opaque; price_row_* read it */

/* The embedded book, over it <config_dir>/prices-updated.csv (what `prices update` wrote), over that <config_dir>/prices.csv
 * (a person's; price_layer.c says how its rows change ours). Missing files are no layer, wrong ones an error with
 * FILE:LINE. config_dir may be NULL. */
int book_load(Book **out, const char *config_dir, Err *e);
int book_load_csv(Book **out, const char *name, const char *at, size_t len, Err *e); /* one CSV alone, for tests */
void book_free(Book *b);
size_t book_size(const Book *b);

/* Logs name one vendor in many ways ("gemini", "gcp.gemini"; "aws.bedrock"): our name for it, or the given one if it is
 * none of the known ones. Visible table in price_provider.c; the provider dimension uses it too. */
Str provider_canonical(Str name);

/* What is priced: the disjoint buckets and what modifies a price. */
typedef struct Usage {
    Str provider, model;
    int64_t ts_ms;             /* picks the row by date, and off-peak hours */
    int64_t now_ms;            /* with ts_ms == 0: the newest row not in the future of now */
    int64_t tokens[TOK_COUNT]; /* output and reasoning are priced alike */
    Str tier;                  /* service tier: "" standard default auto flex priority fast batch */
    bool batch;
    Str geo, speed;            /* "us", "us-east5"; "fast" */
    int64_t web_searches;
    int64_t more_calls;        /* as in a Request */
} Usage;

enum CostFlag { COST_CACHE_READ_AT_INPUT = 1, COST_WRITE_AT_INPUT = 2, COST_BATCH_UNLISTED = 4, COST_TIER_UNLISTED = 8,
                COST_LONG_CONTEXT = 16, COST_OFFPEAK = 32, COST_TIER_DERIVED = 64, COST_SUFFIX_AS_BASE = 128, COST_GEO = 256,
                COST_OVERFLOW = 512, COST_AUDIO_AT_INPUT = 1024, COST_FEE_UNLISTED = 2048 };
extern const char *const cost_flag_names[]; /* by bit number; NULL ends */

typedef struct CostLine { /* one line of the arithmetic, for `explain` and the detail pane */
    const char *what;     /* "input" "cache read" ... "web search" */
    int64_t units, pico;  /* price per unit after tier; multipliers are in Cost.mul_num/den */
} CostLine;
typedef struct Cost {
    bool priced;
    int64_t nano;                 /* rounded once, half up */
    int64_t saved_cache_nano;     /* cache reads at the input price minus paid, minus what writes cost above input */
    uint64_t row_id;              /* hash of the row's content */
    const PriceRow *row;          /* lifetime: the book's */
    uint32_t flags;               /* enum CostFlag */
    int64_t mul_num, mul_den;     /* geography, fast mode: applied to all token lines */
    CostLine lines[TOK_COUNT + 1];
    int line_count;
} Cost;
void cost_of(const Book *b, const Usage *u, Cost *out);

/* Fills cost_nano, saved_*, price_row and REQ_UNPRICED/REQ_PRICE_APPROX of a request in a batch; fast (memo by name).
 * A response-cache hit costs 0 and its price goes to saved_response_nano; a refused call costs 0. */
typedef struct Pricer Pricer;
Pricer *pricer_new(const Book *b);
void pricer_free(Pricer *p);
void pricer_price(Pricer *p, const Batch *batch, Request *r); /* geography and speed: r->geo, r->speed */
/* cost_of() with the memo, for what-ifs over many calls: nano-dollars and enum CostFlag; false = there is no price. */
bool pricer_usage(Pricer *p, const Usage *u, int64_t *nano, uint32_t *flags);
/* The prices of one kind of call, looked up once, for who prices millions of them: what `like` says but its time and tokens.
 * Its texts are borrowed until it is freed. */
typedef struct PriceKind PriceKind;
PriceKind *price_kind_new(const Book *b, const Usage *like);
void price_kind_free(PriceKind *k);
typedef struct KindCall { int64_t ts_ms, more_calls; const int64_t *tokens; int32_t web_searches; } KindCall; /* tokens: TOK_COUNT */
bool price_kind_call(PriceKind *k, const KindCall *c, int64_t *nano, uint32_t *flags);

/* Reading rows, for screens and `prices`. */
const PriceRow *book_row_by_id(const Book *b, uint64_t row_id);
const char *price_row_provider(const PriceRow *r);
const char *price_row_model(const PriceRow *r);
/* "effective_from", "source", "confidence", ... as in the CSV's header; "" if empty. Lifetime: the book's. */
const char *price_row_field(const PriceRow *r, const char *column);
uint64_t price_row_id(const PriceRow *r); /* hash of what can change a cost; notes and sources are not in it */
/* "premium" "standard" "economy" by list price, or what the row's class column says; "" if it has no price. */
const char *price_row_class(const PriceRow *r);
void book_csv(const Book *b, Buf *out);   /* the whole book as a prices.csv */
/* One name for a model that is named with and without its snapshot's date, or on Bedrock with a region: where both are priced
 * by one row, that row's name; else the given one. Lifetime: the book's or the given name's. */
const char *book_model(const Book *b, Str provider, const char *model, int64_t at_ms);
const PriceRow *book_row_at(const Book *b, size_t i); /* 0 .. book_size() - 1, sorted by provider, model, date */

/* `prices update`: takes LiteLLM's map (JSON) or our CSV into <config_dir>/prices-updated.csv, which lies over the embedded
 * book and under the user's own prices.csv. LiteLLM's prices begin today; what they say about the past is unknown.
 * Nothing is believed blindly: a price outside of what models cost, 50 times the present one or a fiftieth of it, or free
 * where it was not, is refused. A CSV with a refused row is refused whole (mend the line); LiteLLM's map is taken without
 * its refused models. */
typedef struct PriceUpdate {
    const char *path, *config_dir;
    int64_t now_ms;
    bool only_new; /* models that have no price yet; no present price changes */
    bool dry_run;  /* everything but the writing */
} PriceUpdate;
typedef struct PriceUpdateReport {
    size_t read, added, changed, same, skipped, refused; /* models; skipped = no token price in it */
    Buf changes, refusals;                               /* one line each, '\n' after every line */
    char written[2048];                                  /* "" = nothing was */
} PriceUpdateReport;
int prices_update(const PriceUpdate *u, PriceUpdateReport *out, Err *e); /* out is filled also when it fails */
void prices_update_free(PriceUpdateReport *r);

/* How a call is resolved and priced, for `explain`: the steps taken with the name, then row, rule and arithmetic. */
void price_explain(const Book *b, const Usage *u, Buf *out);
#endif
