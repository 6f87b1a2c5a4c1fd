/* demo_rule: a rule that saves, written six hours before the demo began, so that what was expected of it stands beside what it
 * saved since, and u takes it out. Owns: the rule. The demo's gateways obey it (demo_gateways.h). */
#ifndef TUI_DEMO_RULE_H
#define TUI_DEMO_RULE_H
#include "store/price.h"
#include "store/query.h"

enum { DEMO_RULE_HOURS = 6, DEMO_RULE_NEEDS_HOURS = DEMO_RULE_HOURS + 24 /* of history: it is tried on the day before */ };
static const char demo_rule_words[] = "route feature=summaries model=gpt-5.6-terra tools=no set_model=gpt-5.6-luna";
/* The policy that had only it; json_decref(). */
struct json_t *demo_rule_policy(void);
/* Into the policy and the book, as of at_ms, with what the day before it lets expect. db: for writing. */
int demo_rule_write(Db *db, const Book *b, const char *policy_path, int64_t at_ms, Err *e);
#endif
