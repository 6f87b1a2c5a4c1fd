/* price_book: how a price row and the book look inside; only store/price*.c include it.
 *
 * A row keeps every field as text (what a person wrote, for screens and for the row's id) and the compiled numbers
 * (what the arithmetic uses). Layers are merged as text first and compiled once, so that there is one place that
 * decides what a valid row is.
 */
#ifndef STORE_PRICE_BOOK_H
#define STORE_PRICE_BOOK_H
#include "store/price.h"

/* The columns of prices.csv, in its order. price_columns[] says what each one means. */
typedef enum Column {
    COL_PROVIDER, COL_MODEL, COL_ALIASES, COL_FROM, COL_STATUS, COL_MODE, COL_CLASS,
    COL_INPUT, COL_CACHED, COL_WRITE_5M, COL_WRITE_1H, COL_OUTPUT,
    COL_BATCH_INPUT, COL_BATCH_CACHED, COL_BATCH_OUTPUT,
    COL_PRIORITY_INPUT, COL_PRIORITY_CACHED, COL_PRIORITY_OUTPUT, COL_PRIORITY_LONG,
    COL_FLEX_INPUT, COL_FLEX_CACHED, COL_FLEX_OUTPUT, COL_FAST, COL_GEO,
    COL_TIER_ABOVE, COL_TIER_CMP, COL_TIER_INPUT, COL_TIER_CACHED, COL_TIER_WRITE_5M, COL_TIER_WRITE_1H, COL_TIER_OUTPUT,
    COL_OFFPEAK_INPUT, COL_OFFPEAK_CACHED, COL_OFFPEAK_OUTPUT, COL_PEAK_UTC,
    COL_AUDIO, COL_WEB_SEARCH, COL_STORAGE, COL_MIN_CACHEABLE, COL_CONTEXT, COL_MAX_OUTPUT, COL_RETIRED,
    COL_CONFIDENCE, COL_SOURCE, COL_NOTES,
    COL_COUNT
} Column;

/* Price lists of one row; each has a price per token class, PRICE_UNLISTED where the vendor publishes none. */
typedef enum List { LIST_BASE, LIST_BATCH, LIST_PRIORITY, LIST_FLEX, LIST_LONG, LIST_OFFPEAK, LIST_COUNT } List;
#define PRICE_UNLISTED INT64_C(-1)
#define PRICE_MAX_PICO INT64_C(10000000000) /* 10,000 dollars per million tokens: 16 times the dearest model there is */

typedef struct PriceColumn {
    const char *name;
    bool identity; /* part of the row's id: what can change a cost, not where we learnt it */
    bool price;    /* dollars per million tokens, in list[token] */
    List list;
    Token token;
} PriceColumn;
extern const PriceColumn price_columns[COL_COUNT];
int price_column(Str name); /* a Column, or -1 */

enum { PEAK_WINDOWS_MAX = 4, PEAK_RESTS_MAX = 16 };
typedef struct Peak { /* "Mon-Fri 01:00-04:00 06:00-10:00 not 2026-10-01..2026-10-07", UTC, half-open; outside it the off-peak list applies */
    uint8_t days; /* bit 0 = Monday; 0 = this row knows no hours */
    int count;
    int16_t from_min[PEAK_WINDOWS_MAX], until_min[PEAK_WINDOWS_MAX];
    int rests;    /* public holidays: first and last of some UTC days (ms / 86,400,000) */
    int64_t rest_from[PEAK_RESTS_MAX], rest_last[PEAK_RESTS_MAX];
} Peak;

typedef struct Ratio { int64_t num, den; } Ratio;

struct PriceRow {
    const char *field[COL_COUNT]; /* owned by the book; "" if empty */
    uint64_t present;             /* bit per column that the file's header named */
    const char *file;             /* where it was written, for error texts; owned by the book */
    size_t line;
    uint64_t id;
    int64_t from_ms;              /* INT64_MIN = always */
    int64_t price[LIST_COUNT][TOK_COUNT];
    int64_t long_above;           /* prompt tokens; 0 = flat */
    bool long_at;                 /* the threshold itself is already long ("ge") */
    bool priority_long;           /* the priority tier exists for long prompts */
    bool priced;                  /* false: a row that says "no public price" */
    Ratio fast, geo;              /* 0/1 = not offered */
    int64_t search_pico;          /* per web search; PRICE_UNLISTED */
    Peak peak;
};

typedef struct Rows { PriceRow *at; size_t count, cap; } Rows;
enum { ROWS_MAX = 20000, LAYER_BYTES_MAX = 16 << 20 };

typedef struct Ref { /* one name of one row; sorted so that the first effective one wins */
    uint64_t hash;
    int64_t from_ms;
    uint32_t row;
    bool alias;
    Str name; /* borrowed from the row's fields */
} Ref;

struct Book {
    Rows rows;
    char **texts;       /* owned text that the rows' fields point into */
    size_t text_count;
    Ref *refs;
    size_t ref_count;
    uint32_t *slots;    /* open addressing: first ref of a name + 1, 0 = empty */
    size_t slot_mask;
};

/* book text */
char *book_own(Book *b, char *text); /* takes a malloc'd text; freed with the book */
PriceRow *rows_add(Rows *r);

/* price_csv.c: rows of one CSV, uncompiled, appended to `out`. Text is copied into the book. */
int price_csv_rows(Book *b, Rows *out, const char *file, const char *at, size_t len, Err *e);
void price_csv_write(const PriceRow *r, Buf *out); /* one line, all columns */
void price_csv_header(Buf *out);

/* price_row.c: numbers, ranges and id from the fields. e says FILE:LINE. */
int price_row_compile(PriceRow *r, Err *e);
int price_row_fail(const PriceRow *r, Err *e, const char *fmt, ...) TW_PRINTF(3, 4);
/* Pico-dollars per token as dollars per million tokens, as the CSV writes them: "2.50", "0.003625". */
void price_text(int64_t pico, char *out, size_t size);

/* price_layer.c: the user's rows over ours. */
void layer_replace(Book *b, const Rows *update); /* a model that update lists is priced by update's rows */
void layer_patch(Book *b, const Rows *user);     /* prices.csv of a person: undated changes all, dated begins anew */
#define PRICE_UPDATE_FILE "prices-updated.csv"
#define PRICE_USER_FILE "prices.csv"
int book_finish(Book *b, Err *e); /* compiles and indexes */

int book_load_ours(Book *b, const char *config_dir, Err *e); /* embedded rows and update layer, not finished */
void book_drop(Book *b, const PriceRow *like, bool dated);    /* that model's rows, or only the one of that date */

/* price_range.c: is a new price believable next to the present one (may be NULL)? why gets the reason. */
bool price_believable(const PriceRow *fresh, const PriceRow *present, char *why, size_t size);
/* One line "provider/model: input 2.50 -> 2.00, ..." of what differs in prices; false if nothing does. */
bool price_difference(const PriceRow *fresh, const PriceRow *present, Buf *line);

/* price_litellm.c: LiteLLM's map, model by model, as uncompiled rows; columns it says nothing of are not `present`. */
typedef void LitellmFn(void *ctx, PriceRow *r); /* r->line is its line in the map */
typedef struct Litellm { Book *owner; const char *path, *text; size_t len; LitellmFn *take; void *ctx; size_t read, skipped; } Litellm;
int litellm_read(Litellm *l, Err *e);

/* price_find.c: the names of a book. The row of exactly this name that is in effect at `at_ms`; NULL = none. Narrows
 * [from, until) to where the answer stays the same. */
typedef struct When { int64_t at_ms, from_ms, until_ms; } When;
const PriceRow *book_find(const Book *b, Str provider, Str name, When *when);
int book_index(Book *b, Err *e);

/* price_resolve.c */
typedef struct Resolution {
    const PriceRow *row;      /* NULL = no row of this name */
    uint32_t flags;           /* COST_SUFFIX_AS_BASE */
    bool regional;            /* a Bedrock profile we have no row for: 11/10 of the base id */
    const char *steps[8];     /* what was done to the name, for explain; literals */
    int step_count;
} Resolution;
Resolution book_resolve(const Book *b, Str provider, Str model, When *when);

/* price_plan.c: everything about a price that does not depend on the token counts. */
typedef struct Rates {
    int64_t pico[TOK_COUNT];
    uint16_t flags[TOK_COUNT]; /* count when the class has tokens */
} Rates;
typedef struct Plan {
    const PriceRow *row;      /* NULL = unpriced */
    int64_t from_ms, until_ms;
    Rates rates[2][2];        /* [long][off-peak] */
    uint32_t flags, long_flags; /* whatever the tokens; only when long */
    Ratio mul;
    bool has_hours;
} Plan;
void plan_make(const Book *b, const Usage *u, Plan *out);
bool peak_at(const Peak *p, int64_t ts_ms);

/* price_cost.c */
typedef struct Charge { int64_t nano, saved_cache_nano; uint32_t flags; const Rates *rates; } Charge;
void plan_cost(const Plan *p, const int64_t tokens[TOK_COUNT], int64_t calls, int64_t web_searches, int64_t ts_ms, Charge *out); /* leaves out what a cache saved */
Charge plan_charge(const Plan *p, const int64_t tokens[TOK_COUNT], int64_t calls, int64_t web_searches, int64_t ts_ms);
#endif
