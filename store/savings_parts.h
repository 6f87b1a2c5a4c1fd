/* savings_parts: what the strategies see of each other. Private to store/savings*.c.
 *
 * A strategy changes what-ifs: apply() puts it into every call that it would help and that is not dropped, undo() takes it
 * out of a call that has it. Both leave the calls alone; what a what-if costs is asked of the price book.
 */
#ifndef STORE_SAVINGS_PARTS_H
#define STORE_SAVINGS_PARTS_H
#include "store/keytable.h"
#include "store/savings.h"

typedef struct WhatIf {
    int64_t tokens[TOK_COUNT];
    const char *model; /* the kind's, or another one */
    bool batch, dropped, hit;
} WhatIf;

typedef struct KindFacts { /* beside each SaveKind */
    SaveClass price_class;
    int64_t min_cacheable;     /* tokens; 0 = the book does not say */
    bool charges_writes;
    bool can_wait;             /* its feature tolerates a batch */
    const char *cheaper, *dearest; /* models to route to, and from; NULL = not known */
} KindFacts;

typedef struct SaveRoom { /* one analysis */
    const SaveSample *s;
    const Book *book;
    const SaveAsk *ask;
    Pricer *pricer;
    KindFacts *facts;  /* [s->kinds] */
    bool write_1h;     /* prompt caching by the hour */
    bool *sound;       /* [s->count]: S1 holds and the call has a price */
} SaveRoom;

typedef struct Strategy {
    const char *name, *guide;
    int64_t (*booked)(const SaveCall *c); /* what the ledger says was saved on a call; NULL = undo tells */
    bool (*undo)(const SaveRoom *r, const SaveCall *c, WhatIf *w); /* false = the call has nothing of it. NULL = not in the logs */
    void (*apply)(SaveRoom *r, WhatIf *w);                         /* w[s->count] */
    void (*say)(const SaveRoom *r, Saving *out);                   /* sure, stands_on; possible_known when that is unknown */
} Strategy;
extern const Strategy save_response, save_routing, save_tokens, save_prompt, save_batch;


/* ---- notes ---- */
typedef struct NoteRoom { SaveRoom *r; WhatIf *w; Savings *out; } NoteRoom; /* w: [s->count], free to use */
SaveNote *save_note(NoteRoom *n, const char *name, bool finding); /* NULL = there are too many */
void save_mix(const SaveRoom *r, SaveMix *out);
void save_findings(NoteRoom *n);
void save_advice(NoteRoom *n);
void save_sessions(NoteRoom *n); /* conversations that grow */
void save_prefixes(NoteRoom *n); /* an hour against five minutes; prefixes that nobody logs */
void save_hourly(NoteRoom *n);   /* machines of one's own */
int64_t whatif_total(const SaveRoom *r, const WhatIf *w, int64_t *calls); /* what the what-ifs save, and of how many calls */
void whatif_reset(const SaveRoom *r, WhatIf *w);

static inline bool save_given(const char *text) { return text && *text; }
void save_facts(SaveRoom *r); /* fills r->facts, which is zeroed */
WhatIf whatif_of(const SaveRoom *r, const SaveCall *c); /* the call as it is */
bool whatif_price(const SaveRoom *r, const SaveCall *c, const WhatIf *w, int64_t *nano, uint32_t *flags); /* false = no price */
int64_t call_input(const int64_t tokens[TOK_COUNT]); /* all of it, caches and audio too */
/* A call that a what-if may touch: one good answer, sound, not dropped and not a hit. */
bool whatif_open(const SaveRoom *r, size_t i, const WhatIf *w);
#endif
