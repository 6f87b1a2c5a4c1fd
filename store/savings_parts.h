/* savings_parts: what the strategies see of each other. Private to store/savings*.c.
 *
 * Calls come one after the other, oldest first. A strategy changes a what-if of the call at hand: apply() puts it in where it
 * would help, undo() takes it out of a call that has it. Both leave the call alone; what a what-if costs is asked of the book.
 * What has been seen is kept by kind of call, and for a day at most by prompt, prefix and session.
 */
#ifndef STORE_SAVINGS_PARTS_H
#define STORE_SAVINGS_PARTS_H
#include "store/keytable.h"
#include "store/savings.h"

typedef enum Route { ROUTE_OWN, ROUTE_CHEAPER, ROUTE_DEAREST, ROUTE_COUNT } Route;
typedef struct WhatIf {
    int64_t tokens[TOK_COUNT];
    Route route;       /* to which of the kind's models */
    bool batch, dropped, hit;
} WhatIf;

typedef struct KindFacts {     /* of a kind, from the survey and the book */
    SaveClass price_class;
    int64_t min_cacheable;     /* tokens; 0 = the book does not say */
    bool charges_writes;
    bool can_wait, can_be_cheap; /* its feature tolerates a batch; a cheaper model, as the configuration says */
    const char *cheaper, *dearest; /* models to route to, and from; NULL = not known */
    int64_t output_limit;      /* INT64_MAX = too few answers to say what is usual */
    int64_t guessed_prefix;    /* tokens that may be one prefix; 0 = none */
    int64_t cache_ttl_ms;      /* of the policy's rule for it; 0 = none */
    uint32_t group;            /* of the survey; UINT32_MAX = none */
} KindFacts;

/* Sums over the calls of a kind. Of all: */
enum { K_CALLS, K_PAID, K_UNPRICED, K_REPRICED, K_GOOD, K_HITS, K_PROMPT_HASHED, K_PREFIX_HASHED, K_PREFIX_EXACT, K_TOOLS,
       /* of sound ones: */
       K_SOUND, K_SOUND_NANO, K_OUTPUT_NANO, K_SOUND_LIMITED, K_TIMED, K_LATENCY_MS, K_BATCH, K_BATCH_NANO, K_GUESS_NANO, K_GUESSED,
       /* of those that a model answered: */
       K_ASKED, K_ASKED_TOKENS, K_ASKED_TIMED, K_ASKED_MS, K_LIMITED, K_REACHED, K_REACHED_NANO, K_FORM, K_FORM_OUTPUT, K_FORM_NANO,
       K_AGAIN, K_CHANGED, K_ANSWERS, K_ANSWER_TOKENS,
       /* of those that a limit cut: what it saved, and all together did */
       K_CLAMPED, K_CLAMPED_NANO, K_CLAMPED_ALL_NANO, K_SUMS };
enum { KB_COST, KB_FREE_OUTPUT, KB_CACHED, KB_REACHED, KB_FORM, KB_CHANGED, KB_LONGEST, KIND_BESTS };
typedef struct Best { int64_t most, key; } Best; /* key 0 = none; of equal ones the newest */
static inline void best_add(Best *b, int64_t n, int64_t key) {
    if (!b->key || n >= b->most) *b = (Best){n, key};
}
typedef struct PartSum { int64_t nano, calls, most_nano, output; Route route; } PartSum;

/* Names of a kind by the ledger's numbers, so that the kinds of two threads meet. Many combos are one kind. */
enum { ID_PROVIDER, ID_MODEL, ID_TIER, ID_FEATURE, ID_GEO, ID_SPEED, ID_ENDPOINT, KIND_IDS };
typedef struct Kind {
    SaveKind text;
    int64_t id[KIND_IDS];
    uint64_t feature, model;   /* hashes */
    bool batch_tier;           /* the gateway names the batch as a tier */
    KindFacts f;
    PriceKind *price[ROUTE_COUNT][2]; /* [batch]; the room's, looked up when asked for first */
    int64_t n[K_SUMS];
    int64_t guessed_ms;        /* when its guessed prefix was used last; 0 = never */
    Best best[KIND_BESTS];
    PartSum part[SAVE_COUNT + 1];
    SaveTtl ttl[SAVE_TTLS];
} Kind;

/* An example while the day lasts: what it saves when its prefix is cached is known in the evening. */
typedef struct Example { int64_t nano, cached_nano, key; uint32_t prefix; } Example;
#define NO_PREFIX UINT32_MAX
typedef struct Examples { Example at[SAVE_EXAMPLES]; size_t count; } Examples;
typedef struct Tally { int64_t nano, calls, block[SAVE_BLOCKS], saved_nano, saved_calls; Examples examples, saved_examples; } Tally;
enum { SAVE_LEAST_CALLS = 50 }; /* below, nothing is usual */
enum { ALL = SAVE_COUNT }; /* the combined one's Tally and PartSum */

/* ---- what a day remembers ---- */
typedef enum PrefixMode { PREFIX_ALONE, PREFIX_COMBINED, PREFIX_HOUR, PREFIX_MODES } PrefixMode;
typedef struct Prefix { /* of one model and feature: in each mode when it was used last, and what caching it would have saved */
    int64_t used_ms[PREFIX_MODES], nano[PREFIX_MODES], calls[PREFIX_MODES], most_nano, output;
    uint32_t kind, block;
} Prefix;
typedef struct Stored { uint32_t at_ms, output; } Stored; /* at_ms: of the day, from 1 on; 0 = none */
typedef struct Prompt { int64_t stored_ms, output; Stored by_ttl[SAVE_TTLS]; } Prompt; /* output: of the last answer; -1 = none */
typedef struct Talk { int64_t turns, first_input, summarised; } Talk; /* summarised: input that the last summary stands for */
typedef struct DayTable { KeyTable keys; void *at; size_t cap, size; } DayTable; /* size: of one */
void *day_table_at(DayTable *t, const int64_t *key, bool *is_new); /* what is new is zeroed; a full table begins anew */
bool day_table_is_full(const DayTable *t);
void day_table_clear(DayTable *t);
void day_table_free(DayTable *t);

typedef struct Grown { int64_t window_nano, summary_nano, calls, sessions; Examples examples; } Grown;
typedef struct SaveFacts SaveFacts;

typedef struct SaveRoom { /* one analysis */
    const Book *book;
    const SaveAsk *ask;
    const SaveFacts *facts;
    int64_t since_ms, until_ms;
    Kind *kind; size_t kinds, kind_cap;
    KeyTable prices; PriceKind **price; size_t price_cap; /* shared by kinds: few, so that they stay near */
    /* sums */
    int64_t paid_nano, block_paid[SAVE_BLOCKS], hour_nano, hour_calls;
    Tally tally[SAVE_COUNT + 1];
    Grown grown;
    Examples guessed;
    unsigned block; int64_t block_from_ms, block_until_ms; /* of the last call */
    /* the day's */
    int64_t day;
    DayTable prompts, prefixes, talks;
    Examples day_prompt, day_all;
} SaveRoom;

typedef struct SaveNow { /* the call at hand */
    SaveRoom *r;
    const SaveCall *c;
    Kind *k;
    bool sound;     /* S1 holds and the call has a price */
    unsigned block;
    WhatIf as_is;
} SaveNow;

typedef struct Strategy {
    const char *name, *guide;
    int64_t (*booked)(const SaveCall *c);       /* what the ledger says was saved on a call; NULL = undo tells */
    bool (*undo)(const SaveNow *now, WhatIf *w);    /* false = the call has nothing of it, and w is as it was */
    bool (*apply)(const SaveNow *now, WhatIf *w);   /* true = it changed the what-if, for the cheaper; else w is as it was. NULL: prompt caching, see save_prefix() */
    void (*say)(const SaveRoom *r, Saving *out); /* sure, stands_on, what is known */
} Strategy;
extern const Strategy save_response, save_routing, save_tokens, save_prompt, save_batch;
extern const Strategy *const save_strategies[SAVE_COUNT];

/* ---- one call ---- */
void save_see(SaveRoom *r, const SaveCall *c);
bool whatif_price(const SaveNow *now, const WhatIf *w, int64_t *nano, uint32_t *flags); /* false = no price */
bool whatif_open(const SaveNow *now, const WhatIf *w); /* a call that a what-if may touch: one good answer, sound, not dropped and not a hit */
int64_t call_input(const int64_t tokens[TOK_COUNT]); /* all of it, caches and audio too */
static inline int64_t call_output(const int64_t t[TOK_COUNT]) { return t[TOK_OUTPUT] + t[TOK_REASONING]; }
static inline bool save_given(const char *text) { return text && *text; }
void examples_merge(Examples *to, const Examples *from);
void examples_add(Examples *x, int64_t key, int64_t nano, int64_t cached_nano, uint32_t prefix);
void part_add(PartSum *p, int64_t nano, Route route, int64_t output);

/* prompt caching: the prefix of the call in a mode; NULL = none. A call that has it read or written stands in *cached. */
Prefix *save_prefix(const SaveNow *now);
bool save_prefix_apply(const SaveNow *now, Prefix *p, PrefixMode mode, const WhatIf *w, WhatIf *cached);
void save_prefixes_end(SaveRoom *r); /* the evening: prefixes whose writes cost more than their reads save are left as they are */
Prompt *save_prompt_of(const SaveNow *now); /* the day's, by whole prompt, model and feature; NULL = not logged */
void save_ttls_see(const SaveNow *now, Prompt *p);
void save_ttls_add(SaveTtl to[SAVE_TTLS], const SaveTtl from[SAVE_TTLS]);
bool save_answer_changed(int64_t output, int64_t before); /* tokens of two answers to one prompt */
bool save_is_stale(int64_t changed, int64_t again); /* enough of them, and too many of these changed */
void save_end_day(SaveRoom *r);

void save_mix_see(const SaveNow *now);
void save_advice_see(const SaveNow *now);
void save_stale_see(const SaveNow *now, Prompt *p);
void save_guess_see(const SaveNow *now);
void save_session_see(const SaveNow *now);

/* ---- facts ---- */
SaveFacts *save_facts_new(const Book *b, const SaveAsk *ask, const SaveSample *survey); /* texts: the survey's */
void save_facts_free(SaveFacts *f);
void save_facts_of(const SaveRoom *r, Kind *k, int64_t ts_ms);
/* Tokens that an answer cut at max_tokens would go on for, as longer answers of its group do; -1 = not known. */
int64_t save_excess(const SaveFacts *f, uint32_t group, int64_t max_tokens);
typedef struct ExcessSpread { int64_t permille, answers; } ExcessSpread; /* a standard deviation of the mean, and of how many; answers 0 = not known */
ExcessSpread save_excess_spread(const SaveFacts *f, uint32_t group); /* of the group's widest limit */

/* ---- the room ---- */
PriceKind *save_price_of(SaveRoom *r, const Usage *like);
void save_room_init(SaveRoom *r, const Book *b, const SaveAsk *ask, const SaveFacts *f, int64_t since_ms, int64_t until_ms);
void save_room_free(SaveRoom *r);
Kind *save_kind_add(SaveRoom *r, const SaveKind *text, const int64_t id[KIND_IDS], int64_t ts_ms); /* the next index */
void save_room_add(SaveRoom *to, const SaveRoom *from); /* S6: kinds meet by id */
void save_result(SaveRoom *r, Savings *out);
Best save_best(const SaveRoom *r, int best); /* KB_... of all kinds */
int64_t save_sum(const SaveRoom *r, int sum); /* K_... over all kinds */

/* ---- notes ---- */
typedef struct NoteRoom { const SaveRoom *r; Savings *out; } NoteRoom;
void save_note_examples(SaveNote *n, const Examples *x);
int64_t save_clamped_spread(const SaveRoom *r, int sum); /* K_CLAMPED_...: two standard deviations of it */
SaveNote *save_note(NoteRoom *n, const char *name, bool finding); /* NULL = there are too many */
void save_mix(const SaveRoom *r, SaveMix *out);
void save_findings(NoteRoom *n);
void save_advice(NoteRoom *n);
void save_sessions(NoteRoom *n); /* conversations that grow */
void save_prefixes(NoteRoom *n); /* an hour against five minutes; prefixes that nobody logs */
void save_hourly(NoteRoom *n);   /* machines of one's own, by the hour */
void save_self_hosted(NoteRoom *n); /* and by the token */

/* ---- S7 ---- */
int save_mark(Db *db, int64_t since_ms, int64_t until_ms, uint64_t *mark, Err *e); /* of what is known of the range, but for its last hour */
void save_say_changed(Savings *out);
int save_say_purged(Db *db, int64_t since_ms, int64_t until_ms, Savings *out, Err *e); /* days whose calls are gone */

/* ---- reading (savings_load.c): rows through the filter to calls; a sample grows, or one call is handed on ---- */
typedef struct Intake Intake;
typedef struct IntakeRow { SaveCall call; SaveNames names; uint32_t who, where; } IntakeRow; /* numbers of names: the intake's own */
typedef struct IntakeKind { SaveKind text; int64_t id[KIND_IDS]; } IntakeKind;
Intake *intake_new(Db *db, const Query *q);
void intake_free(Intake *in);
int intake_take(Intake *in, int64_t key, const void *body, size_t len, IntakeRow *out, Err *e); /* 1 = asked for, 0 = not, -1 */
/* Index of its kind, in order of arrival; *is_new: *out is what it is, its texts the intake's. */
int intake_kind(Intake *in, const IntakeRow *row, uint32_t *index, bool *is_new, IntakeKind *out, Err *e);
int survey_step(SaveSample *s, Intake *in, Db *db, int64_t from_ms, int64_t to_ms, uint32_t max, Err *e); /* the first calls of a slot, weighed */
int sample_key(SaveSample *s, Intake *in, Db *db, int64_t key, Err *e); /* one call; none when it is gone */
#endif
