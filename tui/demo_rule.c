/* demo_rule: see demo_rule.h. */
#include "tui/demo_rule.h"
#include "store/clock.h"
#include "store/saving_book.h"
#include <jansson.h>

json_t *demo_rule_policy(void) {
    SaveRule r;
    Err none = {0};
    json_t *policy = json_object();
    if (save_rule_parse(&r, demo_rule_words, &none) == 0) save_rule_put(&r, policy);
    save_rule_free(&r);
    return policy;
}

int demo_rule_write(Db *db, const Book *b, const char *policy_path, int64_t at_ms, Err *e) {
    const Actor by = {.user = "ana", .login = "ana", .host = "ops-1"};
    const PolicyWriter w = {.path = policy_path, .by = &by, .now_ms = at_ms, .seen_generation = -1};
    const Query q = {.since_ms = at_ms - MS_PER_DAY, .until_ms = at_ms};
    RuleEffect *f = xcalloc(1, sizeof *f);
    SaveRule r;
    PolicyDone done;
    int rc = save_rule_parse(&r, demo_rule_words, e);
    if (rc == 0) rc = save_rule_try(db, b, &r, &(RuleAsk){.q = &q}, f, e);
    if (rc == 0) rc = saving_write(db, &w, &r, f, "nobody sees the difference", &done, e);
    save_rule_free(&r);
    free(f);
    return rc;
}
