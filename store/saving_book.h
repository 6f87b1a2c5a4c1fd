/* saving_book: rules that were written to save money: what was expected of each, and what it saved since.
 *
 * Owns: table saving_rule; writing such a rule through the policy's one door, and taking exactly it out again; measuring.
 * Does not: judge which rules are good (savings.h), or try them (savings_rule.h).
 * Invariants (tests cite them):
 *  B1  A rule is in the book before it is in the policy, so that none is written and not followed.
 *  B2  Undoing takes out the entry that was written and nothing else; an entry that somebody changed since stays, and it is said.
 *  B3  What a route saved is the sum, over the calls that a gateway sent to another model by it, of the price on the model that
 *      was asked for less what the ledger says they cost; what a cache saved is the ledger's own. To the nano-dollar.
 *      What a limit or a rate saved cannot be seen in a call that is not there: it is estimated, and says so.
 *  B4  A call is measured for one rule of a kind at most: for the first in the policy's order (which is that of writing) that
 *      ran at the call's time and matches it, as gateways choose. So the rules' savings may be added.
 * Thread: the caller's Db.
 */
#ifndef STORE_SAVING_BOOK_H
#define STORE_SAVING_BOOK_H
#include "store/savings_rule.h"

typedef struct SavedRule {
    int64_t row;                    /* of the book */
    RuleKind kind;
    char id[80], user[128], reason[256];
    char *entry;                    /* the policy's JSON */
    char from_model[NAME_MAX_BYTES + 1], to_model[NAME_MAX_BYTES + 1];
    int64_t written_ms, generation; /* generation 0: was never written */
    int64_t expected_nano, spread_nano, expected_calls; /* a day */
    int64_t window_nano, window_calls, window_ms; /* the same of the whole range it was tried on; window_ms 0 = not known */
    int64_t ended_ms, ended_generation;
} SavedRule;
enum { SAVED_RULES_MAX = 64 };
/* Newest first, running ones before ended ones. */
int saving_book_list(Db *db, SavedRule *out, size_t max, size_t *count, Err *e);
void saving_book_free(SavedRule *list, size_t count);

typedef struct RuleMeasured {
    int64_t since_ms, until_ms;
    bool cut;                       /* only the newest calls were looked at */
    bool exact;                     /* B3 */
    int64_t calls, changed;         /* that match; on which the rule acted */
    int64_t saved_nano, unpriced;
    int64_t last_ms;                /* of the newest call that matches; 0 = none */
} RuleMeasured;
/* max_calls: only the newest so many are looked at; 0 = all. */
int saving_measure(Db *db, const Book *b, const SavedRule *r, int64_t now_ms, int64_t max_calls, RuleMeasured *out, Err *e);
/* The same in slices, each until interrupt(ctx) says stop. r lives as long as the run; *out is whole when more = false. */
typedef struct MeasureRun MeasureRun;
typedef struct MeasureAsk { const SavedRule *rule; int64_t now_ms, max_calls; int (*interrupt)(void *ctx); void *ctx; } MeasureAsk;
int saving_measure_open(Db *db, const Book *b, const MeasureAsk *ask, MeasureRun **out, Err *e);
int saving_measure_go_on(MeasureRun *r, RuleMeasured *out, bool *more, Err *e);
void saving_measure_close(MeasureRun *r);

/* ", no call of it since it was written", ", none since 23 Nov 10:15" when a day has gone without, or more; "" else. */
void saving_silence(const RuleMeasured *m, const Zone *zone, char *out, size_t size);

/* Writes r through the one door, with what is expected of it. Refused if an entry of its id is there already. db: for writing. */
int saving_write(Db *db, const PolicyWriter *w, const SaveRule *r, const RuleEffect *f, const char *reason, PolicyDone *done, Err *e);
int saving_undo(Db *db, const PolicyWriter *w, const SavedRule *r, const char *reason, PolicyDone *done, Err *e); /* B2 */
#endif
