/* savings: what each way of spending less saves today and could save, from this site's own calls.
 *
 * Owns: the sample (calls of a range, held in memory), the strategies and their arithmetic. Does not: guess. A what-if is
 * priced by the code that prices bills, on the same call; what the logs do not tell is unknown, never 0.
 * Invariants (tests cite them):
 *  S1  A call priced as it is costs what the ledger says; calls of which that does not hold (another price book since) are
 *      in `paid` and in no estimate.
 *  S2  possible of a strategy = sum over the calls of (price as it is - price with it).
 *  S3  combined: all strategies one after the other on the same calls; at most the sum of the single ones, call by call and
 *      (prompt caching) prefix by prefix, so that its features and blocks add up to it; at most paid.
 *  S4  without_nano - paid_nano = what is saved, all taken together, to the nano-dollar.
 *  S6  A UTC day is played by itself: caches and conversations begin empty at its midnight. So the whole is the sum of its
 *      days, whoever adds them up and in whatever slices, and no estimate of what comes again is too high by it.
 *  S7  Each call is read once, in the order of time, and no transaction holds the ledger still meanwhile: a run whose calls came
 *      late, were repriced or purged before it was whole says so first of all.
 *  S5  Of a cut sample the whole range's saving is the sample's, in proportion to what was paid: never without a spread.
 * Thread: the caller's Db. Money in nano-dollars.
 */
#ifndef STORE_SAVINGS_H
#define STORE_SAVINGS_H
#include "store/save_call.h"
#include "store/tier.h"

struct json_t;

/* ---- a sample: metered calls that count, newest first ---- */
typedef struct SaveKind { /* what many calls share; texts are the sample's */
    const char *provider, *model, *tier, *feature, *geo, *speed, *endpoint; /* endpoint: NULL = not known */
} SaveKind;
/* As a limit on output cuts: the end first, which is what is visible, then the reasoning before it. Returns the tokens cut. */
int64_t save_cut_output(int64_t tokens[TOK_COUNT], int64_t most);
typedef struct SaveSample {
    SaveCall *call; size_t count;
    SaveKind *kind; size_t kinds;
    int64_t since_ms, until_ms;    /* since: of the oldest call when cut */
    bool cut;                      /* the range has more calls than were asked for */
    void *memory;
} SaveSample;
enum { SAVE_CALLS_DEFAULT = 100000, SAVE_CALLS_MAX = 5000000 };
/* The newest `max` calls of q's range and filter. */
int savings_load(Db *db, const Query *q, size_t max, SaveSample *out, Err *e);
void savings_free(SaveSample *s);

/* ---- the answer ---- */
typedef enum SaveStrategy { SAVE_RESPONSE, SAVE_ROUTING, SAVE_TOKENS, SAVE_PROMPT, SAVE_BATCH, SAVE_COUNT } SaveStrategy; /* in this order combined */
typedef enum SaveSure { SURE_NOT, SURE_LOW, SURE_MEDIUM, SURE_HIGH } SaveSure;
extern const char *const save_sure_names[]; /* "-" "low" "medium" "high" */

/* Response caches of several TTLs: calls that each would have answered, what they cost, and how many were in truth answered otherwise. */
enum { SAVE_TTLS = 4 };
extern const int64_t save_ttls_ms[SAVE_TTLS]; /* a minute, five, an hour, a day (S6: a UTC day) */
typedef struct SaveTtl { int64_t nano, calls, changed; } SaveTtl;
int save_best_ttl(const SaveTtl ttl[SAVE_TTLS]); /* that pays best and is not stale; a longer one only for a tenth more; -1 = none */

typedef struct SavePart { /* texts: the sample's */
    const char *feature;
    int64_t nano, calls;
    const char *model, *to_model; /* of the call that would save most: its model, and the one it would go to */
    int64_t most_nano, output;    /* what that call would save; its output tokens then */
    SaveTtl ttl[SAVE_TTLS];       /* of response caching */
    bool can_be_cheap;            /* of model routing: its feature is named, so that size and tools do not count */
} SavePart;
enum { SAVE_PARTS = 24, SAVE_EXAMPLES = 10, SAVE_BLOCKS = 16 };
typedef struct Saving {
    const char *name, *guide;      /* "prompt caching", "80–90%" */
    bool saved_known, possible_known;
    int64_t saved_nano, possible_nano; /* saved may be negative: cache writes that nobody read */
    int64_t saved_calls, calls;    /* that are saved on; that would change */
    SaveSure sure, saved_sure;     /* of possible; of saved */
    char stands_on[128], saved_on[128]; /* or what the logs lack */
    int64_t saved_spread_nano;     /* ± of saved where it rests on an estimate, two standard deviations; 0 = exact on the calls looked at */
    SavePart part[SAVE_PARTS];     /* of possible, by dollars */
    size_t parts;
    int64_t block_nano[SAVE_BLOCKS]; /* of possible, by sixteenths of the calls in the order of time */
    int64_t example[SAVE_EXAMPLES]; /* ledger keys of the calls that would save most */
    size_t examples;
    int64_t saved_example[SAVE_EXAMPLES]; /* and that saved most */
    size_t saved_examples;
} Saving;
/* What the calls are like, on sound calls (S1). */
typedef struct SaveMix {
    int64_t calls[CLASS_COUNT], nano[CLASS_COUNT], latency_ms[CLASS_COUNT]; /* latency: the mean; -1 = not logged */
    int64_t sound_nano, output_nano; /* output: what the calls would cost less without any */
    int64_t batch_calls, batch_nano, limited_calls; /* limited: with a limit on output in the log */
} SaveMix;
/* What to do or to know beside the strategies: pitfalls with their evidence, and advice that no estimate combines. */
typedef struct SaveNote {
    const char *name;
    bool finding, nano_known;       /* a pitfall; else advice */
    int64_t nano, spread_nano;      /* what it is about, or would save; ± */
    SaveSure sure;                  /* of nano; high: what was paid, or exact on the calls looked at */
    int64_t calls, example;         /* ledger key of a call that shows it; 0 = none */
    int64_t more[SAVE_EXAMPLES];    /* of an estimate: the calls it would save most on */
    size_t examples;
    char text[272];
} SaveNote;
enum { SAVE_NOTES = 20 };
typedef struct Savings {
    SaveMix mix;
    SaveNote note[SAVE_NOTES];      /* findings first */
    size_t notes;
    Saving by[SAVE_COUNT], combined;
    SaveTtl ttl[SAVE_TTLS];
    int64_t paid_nano, without_nano;   /* without: had nothing of it been done */
    int64_t block_paid[SAVE_BLOCKS];
    int64_t calls, unpriced, repriced; /* repriced: priced otherwise now, see S1 */
} Savings;
typedef struct SaveAsk {
    int64_t ttl_ms;                 /* of a response cache; 0 = SAVE_TTL_MS */
    const char *route_to;           /* model for simple calls; NULL or "" = the most used cheaper one of the same provider */
    int64_t simple_input, simple_output; /* tokens of a call that a cheaper model may answer; 0 = the defaults */
    int64_t window;                 /* tokens of a conversation's sliding window; 0 = SAVE_WINDOW */
    bool no_budget;                 /* no budget is configured */
    Tiers tiers;                    /* of models; none = as the price book says */
    const char *hourly;             /* models of one's own machines, "llama-70b:2.50 qwen:1.20", dollars an hour; NULL, "" */
    const char *self_hosted;        /* models of one's own machines that the book prices by the token; NULL, "" = none */
    const struct json_t *policy;    /* that is obeyed now: how long its caches keep an answer; NULL = not known */
    const char *can_wait;           /* features, parted by blanks or commas; NULL or "" = found by their hours */
    const char *can_be_cheap;       /* features whose calls a cheaper model may answer whatever their size; NULL or "" = none is named */
} SaveAsk;
SaveAsk savings_ask(const Config *c); /* as the configuration says; its texts */
enum { SAVE_TTL_MS = 300000, SAVE_SIMPLE_INPUT = 2000, SAVE_SIMPLE_OUTPUT = 300, SAVE_WINDOW = 8000 };
void savings_work_out(const SaveSample *s, const Book *b, const SaveAsk *ask, Savings *out);

/* ---- all calls of a range, in slices ----
 * First a survey: up to SAVE_SURVEY calls spread over the range (all of them where there are no more) choose what the what-ifs
 * are: limits on output, models to route to, features that wait. Then every call is looked at, oldest first: figures are of
 * all of them. Memory is the tables of one day. b, ask, and what they point to, must outlive the run; the filter is q's. */
enum { SAVE_SURVEY = 100000 };
typedef struct SaveRun SaveRun;
int savings_open(SaveRun **out, Db *db, const Book *b, const SaveAsk *ask, const Query *q, Err *e);
/* Until deadline_us of the monotonic clock, or q's interrupt. *more = false: it is whole. */
int savings_step(SaveRun *r, int64_t deadline_us, bool *more, Err *e);
bool savings_surveyed(const SaveRun *r);
int savings_permille(const SaveRun *r);
/* When it is whole. Texts and sample live as long as the run; the sample has the examples' calls alone, newest first. */
int savings_result(SaveRun *r, Savings *out, SaveSample *examples, Err *e);
void savings_close(SaveRun *r);
/* The older days of a surveyed run, for another thread with its own db; the run itself goes on with the newer ones. NULL = too
 * few days or calls. Until the part is added or closed, the run must neither be ended nor its result be asked. */
SaveRun *savings_part(SaveRun *r, Db *db);
void savings_rejoin(SaveRun *r, SaveRun *part); /* nobody took the part, which has read nothing: it is undone */
void savings_add(SaveRun *r, SaveRun *part); /* when both are whole; closes the part */
__extension__ typedef unsigned __int128 SaveWide; /* squares of nano-dollars */
int64_t save_root(SaveWide n);
typedef struct SaveScaled { int64_t nano, spread_nano; bool scaled; } SaveScaled;
SaveScaled savings_scaled(const Savings *v, const Saving *s, int64_t range_nano); /* range_nano: paid in all of the range */
#endif
