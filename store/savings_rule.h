/* savings_rule: one rule of the policy that is to save money: read from JSON or short words, put into a policy, and tried on
 * the calls of the ledger before anybody writes it.
 *
 * Owns: the words of a rule, the dry run. Does not: write the policy (store/policy.h does) or remember what was written
 * (saving_book.h does). The dry run asks policy_decide(), as gateways do, and prices by the code that prices bills.
 * Invariants (tests cite them):
 *  R1  A call that the rule does not change costs what the ledger says, before and after.
 *  R2  saved_nano = before_nano - after_nano, sums over the changed calls, exact on the calls looked at.
 *  R3  A share (`percent`) is of the hash of the request id, which the ledger does not keep: the rule is tried on all calls
 *      and scaled, and what is scaled carries a spread (twice the standard deviation of drawing that share of the calls).
 *  R4  Of more calls than were asked for the newest are tried. What a day of them is expected to save is scaled, and carries a
 *      spread (twice the standard deviation of a sum of as many calls as happened to come) also for all of them.
 * Thread: the caller's Db. Money in nano-dollars.
 */
#ifndef STORE_SAVINGS_RULE_H
#define STORE_SAVINGS_RULE_H
#include "store/policy.h"
#include "store/price.h"
#include "store/query.h"

typedef enum RuleKind { RULE_ROUTE, RULE_LIMIT, RULE_RATE, RULE_CACHE, RULE_KINDS } RuleKind;
typedef struct SaveRule {
    RuleKind kind;
    struct json_t *json;   /* the entry with its id; the rule's own */
    char id[80], at[120];  /* at: as `policy set` takes it, "routing.rules.savings-routing-faq" */
} SaveRule;
extern const char *const rule_sections[RULE_KINDS]; /* "routing.rules" "limits" "rate_limits" "cache" */

/* From {"limits":[{…}]}, {"routing":{"rules":[{…}]}}, one entry {…}, or words: "route feature=faq percent=20
 * set_model=gpt-4.1-nano", "limit …", "rate …", "cache …". An id is made where there is none. Checked as a policy is. */
int save_rule_parse(SaveRule *out, const char *text, Err *e);
void save_rule_free(SaveRule *r);
int save_rule_percent(const SaveRule *r);              /* 100 = of all calls */
void save_rule_set_percent(SaveRule *r, int percent);  /* 100 takes it out */
char *save_rule_text(const SaveRule *r, bool with_id); /* JSON on one line; free() */
/* Puts the entry where it would be written: in the place of one of the same id, else at the end. */
void save_rule_put(const SaveRule *r, struct json_t *policy);
/* The entry of that kind and id in a policy; borrowed, NULL. */
struct json_t *save_rule_find(const struct json_t *policy, RuleKind kind, const char *id);

/* ---- trying it ---- */
enum { RULE_EXAMPLES = 10, RULE_CALLS_DEFAULT = 100000 };
typedef struct RuleExample {
    int64_t key, before_nano, after_nano; /* key: query_row() */
    int64_t output_cut;                   /* tokens */
    char model[NAME_MAX_BYTES + 1];       /* that would answer; "" = none: a hit or a refusal */
} RuleExample;
typedef struct RuleEffect {
    int64_t since_ms, until_ms;
    bool cut;                        /* the range has more calls than were asked for: the newest were taken */
    int64_t calls, matched, changed; /* looked at; whose match holds; that would go another way */
    int64_t paid_nano, before_nano, after_nano, saved_nano; /* paid: of all looked at; the others of the changed ones */
    int64_t refused, hits, cut_tokens;
    int64_t unpriced, repriced;      /* matched, but in no figure: no price, or another price today */
    int64_t guessed;                 /* matched by a size or tools that the logs lack: taken as 4 bytes a token, without tools */
    int64_t unhashed;                /* matched by a cache rule, but without a prompt hash: never a hit here */
    int64_t streamed;                /* matched by a cache rule, but streamed, which no gateway of ours keeps */
    int64_t root_nano;               /* root of the sum of squares of what each call saves */
    char from_model[NAME_MAX_BYTES + 1], to_model[NAME_MAX_BYTES + 1]; /* of most of the changed calls' dollars */
    RuleExample example[RULE_EXAMPLES]; /* that save most */
    size_t examples;
} RuleEffect;
typedef struct RuleAsk {
    const Query *q;                  /* range, filter, interrupt */
    const struct json_t *policy;     /* that is obeyed now; NULL = none. Its switch and budgets are left out: they pass */
    int64_t max_calls;               /* 0 = RULE_CALLS_DEFAULT */
} RuleAsk;
int save_rule_try(Db *db, const Book *b, const SaveRule *r, const RuleAsk *ask, RuleEffect *out, Err *e);

/* What is expected of a share of the calls: exact for 0, and for 100 of a range that was tried whole (R3, R4). */
typedef struct RuleShare { int64_t calls, saved_nano, spread_nano; } RuleShare;
RuleShare save_rule_share(const RuleEffect *f, int percent);
int64_t per_day(int64_t nano, int64_t since_ms, int64_t until_ms);

/* ---- the calls themselves; private to store/sav*.c ---- */
typedef struct RuleRow {
    const Row *row;
    const char *name[DIM_COUNT], *geo, *speed, *asked; /* asked: the model that the client asked for */
    char id[20];                                       /* stands in for the request id, which the ledger does not keep */
} RuleRow;
typedef int RuleRowFn(void *ctx, const RuleRow *r, Err *e); /* -1 ends */
/* Metered calls that count, oldest first; the newest max_calls of the range. */
int rule_rows(Db *db, const Query *q, int64_t max_calls, bool *cut, int64_t *since_ms, RuleRowFn *each, void *ctx, Err *e);
/* The same in slices: until q's interrupt says stop (more = true). */
typedef struct RulePlace { /* zero-initialise */
    bool begun, cut, more;
    int64_t since_ms, next_key;
} RulePlace;
int rule_rows_on(Db *db, const Query *q, int64_t max_calls, RulePlace *at, RuleRowFn *each, void *ctx, Err *e);
PolicyCall rule_call(const RuleRow *r);
/* A call as it is, or on another model with these tokens: nano-dollars; false = there is no price. */
bool rule_price(Pricer *p, const RuleRow *r, const char *model, const int64_t tokens[TOK_COUNT], int64_t *nano);
#endif
