/* query: every question that a screen, a report or the status line asks of the ledger.
 *
 * Owns: choosing rollup or rows, summing in C (a rollup group costs nanoseconds; SQL's GROUP BY a microsecond a row).
 * Does not: format. Thread: the caller's Db. No call holds a read transaction longer than one load.
 * Rows with REQ_LINKED are in no sum. Origins are never summed with each other: `cost_nano` is metered spend,
 * `notional_nano` stands apart.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H
#include "store/budget.h"
#include "store/clock.h"
#include "store/db.h"
#include "store/filter.h"
#include "store/request.h"
#include "store/row.h"

typedef struct Totals {
    int64_t requests, errors, refused, incomplete; /* requests counts all of them */
    int64_t tokens[TOK_COUNT];
    int64_t cost_nano, notional_nano, saved_cache_nano, saved_response_nano;
    int64_t response_cache_hits, unpriced_requests, unpriced_tokens;
    int64_t unpriced_notional;                     /* those of the unpriced requests whose value would be notional */
    int64_t input_all, output_all;                 /* input incl. caches and audio; visible + reasoning */
    unsigned basis;                                /* bit per Origin that contributed */
} Totals;
void totals_add(Totals *into, const Totals *from);
void totals_add_sums(Totals *into, Origin origin, const Sums *sums);
/* Is money missing from cost_nano? Flat-rate calls without a price lack only their notional value. (A usage API may report
 * tokens without a count of calls: those lack a price too.) */
bool totals_lack_a_price(const Totals *t);
/* per mille, -1 = undefined: read / (uncached + read + written) */
int totals_cache_hit_permille(const Totals *t);

/* "metered" (also of nothing) "reported" "billed" "notional", or "mixed" for several. */
const char *totals_basis(const Totals *t);

/* What to group by: Dims, then times. */
typedef enum By { BY_ORIGIN = DIM_COUNT, BY_OUTCOME, BY_STREAM, BY_MINUTE, BY_HOUR, BY_DAY, BY_WEEK, BY_MONTH, BY_COUNT } By;
int by_parse(const char *comma_list, int *out, size_t max, size_t *count, Err *e); /* "model,day" */
const char *by_name(int by);

enum { QUERY_BY_MAX = 4 };
typedef struct Query {
    int64_t since_ms, until_ms;   /* [since, until) */
    int by[QUERY_BY_MAX];
    size_t by_count;
    const Filter *filter;
    const Zone *zone;             /* for day, week, month */
    /* Called about every millisecond of work; non-zero aborts the load with what there is so far (aborted = true). */
    int (*interrupt)(void *ctx);
    void *ctx;
    int64_t *resume_key;          /* query_rows: set to the before_key that goes on where it stopped; may be NULL */
} Query;
typedef struct Group {
    const char *name[QUERY_BY_MAX]; /* "" = none; times as RFC 3339 in the zone, days as a date. Lifetime: the result's */
    Totals t;
} Group;
typedef struct Result {
    Group *groups; size_t count;    /* unsorted */
    Totals total;
    bool from_rows, aborted;
    int progress_permille;
    int purged_days;                /* days of the range that only purged rows could answer for: the answer lacks them */
    void *memory;
} Result;
/* Which origins count: metered and notional, unless the query groups by origin (then all, and the total leaves out
 * reported and billed) or its filter names others. A range that cuts a quarter of a purged day takes the whole quarter
 * in which it ends and none of the one in which it begins, so that neighbouring ranges still add up. At most
 * QUERY_GROUPS_MAX groups; what comes later is summed in one group named "(other)". */
enum { QUERY_GROUPS_MAX = 200000 };
int query_run(Db *db, const Query *q, Result *out, Err *e);
void result_free(Result *r);
/* The same in slices: each query_go_on() reads on (rows newest first) until interrupt() says stop, in its own transaction, and
 * the last (more = false) makes the answer whole. What is recorded meanwhile may be in it or not. q's filter, zone and ctx
 * live as long as the run. */
typedef struct QueryRun QueryRun;
int query_open(Db *db, const Query *q, QueryRun **out, Err *e);
int query_go_on(QueryRun *r, bool *more, Err *e);
int query_permille(const QueryRun *r);
void query_so_far(const QueryRun *r, Result *out); /* its names live as long as the run */
void query_take(QueryRun *r, Result *out);         /* when it is whole; closes the run */
void query_close(QueryRun *r);
/* Sorts by a ROW column's name ("cost_usd", "requests", "model", ...), descending for numbers; reverse flips. */
int result_sort(Result *r, const Query *q, const char *column, bool reverse, Err *e);

/* Metered spend over time for charts: slots of `slot_ms` from since to until; per slot and stack the largest values of
 * `dim` (a By; -1 = one stack of everything), the rest summed in the last stack: `stacks` rows at most, the rest included.
 * Fast when slot_ms and since are whole UTC days or quarter-hours, or whole minutes of the last 48 h and `dim` is account,
 * provider, model, tier or origin; else from rows. range->by is not used. */
enum { SERIES_STACKS_MAX = 32, SERIES_SLOTS_MAX = 4096 };
typedef struct Series {
    int64_t since_ms, slot_ms; size_t slots, stacks;
    char stack_name[SERIES_STACKS_MAX][NAME_MAX_BYTES + 1];
    size_t rest_values;         /* how many values the last stack sums; 0 = it is a value like the others */
    int64_t *nano;              /* [stack * slots + slot] */
    int64_t *notional_nano;     /* [slot]: list value of flat-rate use, in no stack */
    int64_t *usual_nano;        /* [slot]; -1 = unknown: median of up to 4 weeks, same weekday and hour */
    bool from_rows, aborted;
} Series;
int query_series(Db *db, const Query *range, int dim, size_t stacks, int64_t slot_ms, Series *out, Err *e);
void series_free(Series *s);
/* The same in slices, as with query_open(): first the slots, then what is usual (until then unknown). */
typedef struct SeriesRun SeriesRun;
int query_series_open(Db *db, const Query *range, int dim, size_t stacks, int64_t slot_ms, SeriesRun **out, Err *e);
int query_series_go_on(SeriesRun *r, bool *more, Err *e);
int query_series_permille(const SeriesRun *r);
int query_series_so_far(SeriesRun *r, Series *out, Err *e);
int query_series_take(SeriesRun *r, Series *out, Err *e); /* when it is whole; closes the run, also when it fails */
void query_series_close(SeriesRun *r);
/* Answers that come from the same rows are read together. Before the first go_on of either: what `lead` reads from now on,
 * the other gets as well, each for its own range; after the lead's last go_on one of the other's makes it whole. One query and
 * charts may join a lead, which is closed last. False: it goes on by itself, since rollups answer one of them. */
bool query_join(QueryRun *lead, QueryRun *other);
bool query_join_series(QueryRun *lead, SeriesRun *other);
bool query_from_rows(const QueryRun *r);

/* The Overview's figures as of now_ms. */
typedef struct Now {
    Totals today, month, last_10m;      /* today and month in the budget zone */
    int64_t today_effective_nano, month_effective_nano; /* effective spend (billed where closed, else max(metered, reported)) */
    int64_t month_billed_nano;          /* the billed part of the month's */
    unsigned today_basis, month_basis;  /* bit per Origin in these two */
    int64_t rate_nano_per_min;          /* last 60 s */
    int64_t usual_nano_per_min;         /* -1 = unknown (less than a week of history) */
    int64_t usual_today_nano;           /* usual spend from midnight to now; -1 = unknown */
    int64_t eod_at_rate_nano, eod_at_usual_nano; /* projected end of day; -1 = unknown */
    int64_t last_record_ms;             /* newest row's time; 0 = the ledger is empty */
    int32_t latency_p50_ms, latency_p95_ms, ttft_p50_ms, ttft_p95_ms; /* of the last latency_sample calls; -1 */
    int32_t latency_sample;
} Now;
int query_now(Db *db, const Zone *zone, int64_t now_ms, Now *out, Err *e);
/* Only the latencies: of the newest calls in [since, until). */
int query_latencies(Db *db, int64_t since_ms, int64_t until_ms, Now *out, Err *e);
/* Brings a Now of the same minute and the same data to now_ms: the last 60 s and what is projected from them. */
int query_now_tick(Db *db, const Zone *zone, int64_t now_ms, Now *now, Err *e);

/* The usual dollars a minute of the hour that contains now_ms, for each of these values of q->by[0], as Now has it for all:
 * nano_per_min[i]; -1 = unknown. q's range is not used. Quick only for a dimension that rollups have. */
int query_usual_rates(Db *db, const Query *q, int64_t now_ms, const char *const *name, size_t count, int64_t *nano_per_min, Err *e);

/* A budget's present period. Its metered spend is kept by the ledger as long as the budget is configured for the collector;
 * what bills and usage reports add to it (budget_is_effective()) is taken from the rollups. */
typedef struct BudgetView {
    int64_t begin_ms, end_ms, spent_nano, metered_nano, unpriced_tokens;
    int spent_permille, level;          /* level: budget_level() */
    unsigned basis;                     /* bit per Origin in spent_nano */
    int64_t rate_nano_per_min;          /* of its scope, last 60 s */
    int64_t end_at_rate_nano;           /* projected at that rate */
    int64_t breaks_ms;                  /* when it is spent at that rate; -1 = not in this period */
    int64_t end_at_usual_nano;          /* projected at the usual pace; -1 = unknown */
} BudgetView;
/* What is spent, its level and the period: cheap, the guard asks at each commit. The rest is 0. */
int query_budget_spent(Db *db, const Budget *b, const Zone *day_zone, int64_t now_ms, BudgetView *out, Err *e);
int query_budget(Db *db, const Budget *b, const Zone *day_zone, int64_t now_ms, BudgetView *out, Err *e); /* without usual */
/* Of a past instant: what was metered by then comes from rollups, and from rows where those do not know the scope. */
int query_budget_asof(Db *db, const Budget *b, const Zone *day_zone, int64_t at_ms, BudgetView *out, Err *e);
/* The same in slices: as of now or of a past instant, with or without the usual pace. */
typedef struct BudgetAsk {
    const Budget *budget;
    const Zone *day_zone;
    int64_t at_ms;
    bool past, usual;
    int (*interrupt)(void *ctx);
    void *ctx;
} BudgetAsk;
typedef struct BudgetRun BudgetRun;
int query_budget_open(Db *db, const BudgetAsk *ask, BudgetRun **out, Err *e);
int query_budget_go_on(BudgetRun *r, bool *more, Err *e);
void query_budget_take(BudgetRun *r, BudgetView *out); /* when it is whole; closes the run */
void query_budget_close(BudgetRun *r);
/* Metered calls of a budget's scope; NULL = all. The caller's. */
int query_budget_filter(const Budget *b, Filter **out, Err *e);

/* Raw rows, newest first, for the live tail; `before_key` pages (INT64_MAX = from the newest). */
typedef struct RowView {
    int64_t key;                      /* ledger key */
    Request r;                        /* name[] are unused here */
    char name[DIM_COUNT][NAME_MAX_BYTES + 1];
    char geo[64], speed[32];          /* what modified the price; "" = nothing */
    char asked[NAME_MAX_BYTES + 1];   /* the model that was asked for, where another one was called; "" = the same */
    int64_t file_id; char file_path[512], source[64], format[32];
    uint64_t fingerprint;             /* of the file */
} RowView;
int query_rows(Db *db, const Query *q, int64_t before_key, RowView *out, size_t max, size_t *count, bool *more, Err *e);
int query_row(Db *db, int64_t key, RowView *out, Err *e);

/* Sources screen: one per source (config section, import, followed agent). */
typedef struct SourceView {
    char source[64], kind[32], state[16], last_word[256], path[512];
    int64_t seen_ms, lag_ms; int64_t files, lines, records, bad_lines, skipped_lines, late; bool notional;
    int64_t today_requests;           /* calls since midnight in the budget zone that count; -1 = unknown (over 48 h ago) */
} SourceView;
bool source_is_fine(const SourceView *v); /* nothing is wrong with it: read, or waiting for its first record */
int query_sources(Db *db, int64_t now_ms, SourceView *out, size_t max, size_t *count, Err *e);
int64_t query_heartbeat_ms(Db *db); /* the ledger says when collecting began, its lock what came since; 0 = never */
int64_t query_newest_ms(Db *db);    /* time of the newest request; 0 = there is none */
bool query_is_empty(Db *db);        /* no call and no bill was ever read */
bool query_has_sources(Db *db);     /* something was ever looked at */

/* The first values of a dimension, in order, that begin with these bytes: an index answers, whatever the dictionary's size. */
typedef struct QueryName { char text[NAME_MAX_BYTES + 1]; } QueryName;
int query_names(Db *db, int dim, const char *prefix, QueryName *out, size_t max, size_t *count, Err *e);

/* Models without a price row in the range, with tokens and calls. */
int query_unpriced(Db *db, int64_t since_ms, int64_t until_ms, Result *out, Err *e);
#endif
