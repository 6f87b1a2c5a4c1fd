/* savings_act: see savings_act.h. */
#include "tui/savings_act.h"
#include <jansson.h>

Query savings_yesterday(Db *db, const Zone *day_zone, int64_t now_ms) {
    int64_t today = time_floor(day_zone, now_ms, UNIT_DAY), from = time_floor(day_zone, today - 1, UNIT_DAY);
    Query q = {.since_ms = from, .until_ms = today};
    Err ignored = {0};
    Result r = {0};
    bool some = query_run(db, &q, &r, &ignored) == 0 && r.total.requests > 0;
    result_free(&r);
    if (!some) q = (Query){.since_ms = now_ms - MS_PER_DAY, .until_ms = now_ms};
    return q;
}

json_t *savings_policy(const App *a) {
    json_t *policy = NULL;
    Err none = {0};
    return policy_read_last_good(a->policy_path, &policy, &none) == 0 ? policy : NULL;
}

int savings_try(App *a, Db *db, const SaveRule *r, const Query *q, int64_t max_calls, RuleEffect *out, Err *e) {
    json_t *policy = savings_policy(a);
    RuleAsk ask = {.q = q, .policy = policy, .max_calls = max_calls};
    int rc = save_rule_try(db, a->book, r, &ask, out, e);
    json_decref(policy);
    return rc;
}

static int ledger_of(PolicyAct *act, Err *e) {
    if (act->log.db) return 0;
    if (act->log.why.text[0]) return fail(e, "%s", act->log.why.text);
    return fail(e, "there is no ledger, so the rule could not be followed; run `tollwatch collect` first, or use `tollwatch policy set`");
}

int savings_write(PolicyAct *act, const SaveRule *r, const RuleEffect *f, const char *reason, PolicyDone *done, Err *e) {
    if (ledger_of(act, e) != 0) return -1;
    return saving_write(act->log.db, &act->writer, r, f, reason, done, e);
}

int savings_undo(PolicyAct *act, const SavedRule *r, const char *reason, PolicyDone *done, Err *e) {
    return ledger_of(act, e) != 0 ? -1 : saving_undo(act->log.db, &act->writer, r, reason, done, e);
}
