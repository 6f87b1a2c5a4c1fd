/* cmd_savings: what the parts of `tollwatch savings` share. */
#ifndef TUI_CMD_SAVINGS_H
#define TUI_CMD_SAVINGS_H
#include "store/savings.h"
#include "tui/savings_act.h"

typedef struct RuleWish {
    App *app;
    const char *rule, *undo, *reason, *format; /* rule: words or JSON; undo: an id */
    bool write;
    Query q;             /* since_ms 0 = yesterday */
    int64_t max_calls;
} RuleWish;
int savings_rule_run(const RuleWish *w); /* dry run, or write, or undo: an exit code */

/* Rules that were written, with what they saved since. */
typedef struct Followed { SavedRule rule[SAVED_RULES_MAX]; RuleMeasured m[SAVED_RULES_MAX]; size_t count; } Followed;
int savings_followed(App *a, Db *db, int64_t max_calls, Followed *out, Err *e); /* max_calls: of each rule; 0 = all */
void savings_followed_free(Followed *f);
void savings_followed_print(const Followed *f);      /* a table */
void savings_followed_json(const Followed *f);       /* ,"rules":[…] */

void savings_md_name(const char *text, char *out, size_t size); /* a bar in it is no column */
void savings_md(const Savings *v); /* strategies, TTLs, pitfalls and advice as Markdown */

/* What the calls are like, pitfalls and advice. */
void savings_notes_print(const Savings *v);
void savings_saved_print(const Savings *v); /* what the saved figures stand on */
void savings_keys_json(const int64_t *key, size_t count);
void savings_ttls_print(const Savings *v); /* what a response cache answers by its TTL */
void savings_ttls_json(const Savings *v);
void savings_range_print(const Savings *v, int64_t range_nano); /* of a cut sample: the whole range, ± */
void savings_range_json(const Savings *v, int64_t range_nano);
void savings_notes_json(const Savings *v); /* members of the object, with a comma before */
#endif
