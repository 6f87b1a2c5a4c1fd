/* query_scan: reading what a plan chose, cell by cell and row by row, through the filter. Private to store/query*.c.
 *
 * Owns: the dictionaries a query needs (names, lanes, combos, contexts), read on first use and bounded. Does not: sum:
 * every cell that passes is handed to a sink. A rollup cell and a raw row look alike to a sink.
 */
#ifndef STORE_QUERY_SCAN_H
#define STORE_QUERY_SCAN_H
#include "store/keytable.h"
#include "store/query_plan.h"

/* Texts by name id. The pointers live as long as the Texts. */
typedef struct Texts {
    KeyTable ids;
    char **text;
    size_t cap;
} Texts;
int texts_name(Texts *n, Db *db, int64_t id, const char **out, Err *e); /* id 0 is "" */
const char *texts_time(Texts *n, const Zone *zone, Unit unit, int64_t ms); /* RFC 3339; a date for days and longer */
void texts_free(Texts *n);

#define CONTEXT_DIMS (1u << DIM_USER | 1u << DIM_SESSION | 1u << DIM_PROJECT | 1u << DIM_ENDPOINT | 1u << DIM_HOST)

/* A lane, combo or context as a query sees it. */
typedef struct Member {
    uint32_t name[DIM_COUNT]; /* name ids; 0 = none or not known on this level */
    uint8_t origin, outcome;
    bool pass;                /* the filter's terms over these dimensions hold */
    uint32_t group, generation; /* for the sink: remembers where this member's cells go */
} Member;

typedef struct Cell {
    int64_t ms;            /* slot's start or request's time */
    Member *member;        /* lane or combo */
    const Member *context; /* NULL unless from a row */
    const Request *row;    /* NULL unless from a row */
    const Sums *sums;
} Cell;
typedef void CellSink(void *ctx, const Cell *cell);

/* Who else gets the rows that a scan reads: those of its own range. */
enum { RIDERS_MAX = 4 };
typedef struct Rider {
    CellSink *sink;
    void *ctx;
    int64_t since_ms, until_ms;
} Rider;

typedef enum MemberKind { MEMBER_LANE, MEMBER_COMBO, MEMBER_CONTEXT, MEMBER_KINDS } MemberKind;
typedef struct Members { /* Member by table id */
    KeyTable ids;
    Member *at;
    size_t cap;
} Members;

typedef struct Scan { /* zero-initialise, fill the first part */
    Db *db;
    const Filter *filter;
    unsigned origins;        /* bit per Origin that counts; metered and notional ones have rows */
    unsigned row_names;      /* bits of the row-only dimensions that the sink looks at */
    int (*interrupt)(void *ctx);
    void *interrupt_ctx;
    CellSink *sink;
    void *sink_ctx;
    unsigned sums;           /* how many of a cell's first sums the sink looks at; 0 = all */
    /* results and state */
    bool aborted, bills;     /* bills: lanes are all there is; what they lack is "" */
    unsigned uses;           /* filter_uses() | row_names */
    bool by_row;             /* the filter has terms that only a row can answer */
    bool sliced;             /* an abort leaves off between rows or slots, so that query_scan_plan() can go on */
    bool begun;
    size_t left;             /* segments of the plan that are not through; the last of them is being read */
    int64_t below_key;       /* the rows below this one are left of it; 0 = all of them */
    int64_t from_ms;         /* the slots from this one on are left of it; 0 = all of them */
    int64_t done_ms, all_ms; /* progress, of whole segments */
    int64_t part_ms;         /* and of the one that is being read */
    Rider rider[RIDERS_MAX]; /* of a shared scan, its own sink first */
    size_t riders;
    Texts texts;
    Members members[MEMBER_KINDS];
    uint64_t steps;
} Scan;
/* Newest segment first, newest row first. After an abort of a sliced scan another call goes on where it left off. */
int query_scan_plan(Scan *s, const Plan *p, Err *e);
int query_scan_permille(const Scan *s);
/* Before either began: `other` gets its rows from the lead's scan and has none to read any more. False: it must read them
 * itself, since it is not rows alone that answer both, or the filter is another. */
bool query_scan_join(Scan *lead, Plan *lead_plan, Scan *other, Plan *other_plan);
bool query_series_join(Scan *lead, Plan *lead_plan, SeriesRun *other); /* that for a chart */
/* Reported and billed cells (those of `origins`) of the quarters that begin in the range; they have no rows. Whole UTC days are
 * read from the days' sums where the grain of what is asked allows it. */
int query_scan_bills(Scan *s, unsigned origins, const Ask *ask, Err *e);
int query_scan_member(Scan *s, MemberKind kind, uint32_t id, Member **out, Err *e); /* valid until the next call */
/* What a filter sees of a row. */
int query_scan_filter_row(Scan *s, const Member *combo, const Member *context, const Request *r, FilterRow *out, Err *e);
void query_scan_forget(Scan *s); /* the members, not the texts */
void query_scan_free(Scan *s);

/* A read transaction over several statements; nested calls are fine. */
int read_begin(Db *db, bool *mine, Err *e);
void read_end(Db *db, bool mine);
#endif
