/* savings_pane: the rules that bring a saving, on the Savings screen: opened with Enter, one for each feature of the strategy
 * (n goes to the next), each tried on yesterday's calls, its share changed with left and right, its calls opened with Enter,
 * written with w, undone with u; and the rules that run, with what they saved since.
 * Does not: estimate (store/savings.h), ask (savings_dialogs.h) or write (savings_act.h). Texts are its own: the sample that a
 * strategy's point to is read again while the pane is open. */
#ifndef TUI_SAVINGS_PANE_H
#define TUI_SAVINGS_PANE_H
#include "store/savings.h"
#include "tui/request_detail.h"
#include "tui/savings_act.h"
#include "tui/screen.h"

enum { PANE_RULES = 3, PANE_CALLS = 50000 };
typedef struct Offer { /* a feature that a strategy would save on */
    char feature[NAME_MAX_BYTES + 1], model[NAME_MAX_BYTES + 1], to_model[NAME_MAX_BYTES + 1];
    bool can_be_cheap;           /* whatever the size of its calls */
    int ttl;                     /* index of the TTL that pays best; -1 = none */
    int64_t nano, calls, output; /* of the range shown; output: tokens of the call that would save most, then */
} Offer;
typedef struct PaneReading { /* what runs, as it is being read: shown when it is whole */
    SavedRule *saved;
    RuleMeasured m[PANE_RULES];
    size_t count, measured;
    MeasureRun *run;
    int64_t at_ms, generation, deadline_us; /* at_ms 0 = nothing is being read */
    bool of_then;
} PaneReading;
typedef struct SavingsPane {
    bool open;
    SaveStrategy by;
    char name[32], sure[8], stands_on[128];
    Offer offer[SAVE_PARTS];
    size_t offers, at;
    char rule[400], why_none[160], from[40], to[40]; /* rule: its words; "" = no rule of a gateway brings this; from, to: of the dry run */
    int percent;
    SaveRule parsed;
    RuleEffect f;
    RowView *example;                /* SAVE_EXAMPLES; calls that would save most */
    int64_t after_nano[SAVE_EXAMPLES];
    char then[SAVE_EXAMPLES][NAME_MAX_BYTES + 1]; /* the model that would answer, or what would become of the call */
    size_t examples, picked;
    RequestDetail detail;            /* of the picked one, when it is opened */
    int64_t read_ms, generation;     /* of what runs; 0 = not read */
    bool of_then;                    /* what ran then, measured until then */
    SavedRule *saved;                /* running ones, newest first */
    RuleMeasured m[PANE_RULES];
    char obeyed[PANE_RULES][48];
    size_t count, shown;
    PaneReading reading;
} SavingsPane;
void savings_pane_free(SavingsPane *p);
bool savings_pane_open(SavingsPane *p, View *v, SaveStrategy by, const Saving *s); /* true: the key was its */
int savings_pane_load(SavingsPane *p, View *v, int64_t deadline_us, bool *more, Err *e);
bool savings_pane_key(SavingsPane *p, View *v, int key);
const SavedRule *savings_pane_runs(const SavingsPane *p, const char *id); /* NULL */

/* ---- savings_pane_draw.c: pure ---- */
int savings_pane_running(const SavingsPane *p, const View *v, Canvas *c, Rect r); /* rows used */
void savings_pane_draw(const SavingsPane *p, const View *v, Canvas *c, Rect r);
#endif
