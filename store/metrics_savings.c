/* metrics_savings: realised and possible savings by strategy. See metrics.h. */
#include "store/exposition.h"
#include "store/metrics.h"
#include "store/savings.h"

enum { DAYS = 7, CALLS = 50000, LABELS_MAX = 512 };

static void write_one(const Saving *s, bool possible, const char *name, Buf *out) {
    Buf labels = {.max = LABELS_MAX};
    if (!(possible ? s->possible_known : s->saved_known)) return;
    exposition_label(&labels, "strategy", s->name);
    if (possible) exposition_label(&labels, "confidence", s->sure == SURE_NOT ? "none" : save_sure_names[s->sure]);
    exposition_usd(out, name, labels.at, possible ? s->possible_nano : s->saved_nano);
    buf_free(&labels);
}

static void write_all(const Savings *v, const SaveSample *s, Buf *out) {
    static const char *const names[] = {"llm_savings_realised_usd", "llm_savings_possible_usd"};
    static const char *const help[] = {"What a strategy saved on the calls looked at; cache writes that nobody reads make it negative.",
                                       "What a strategy could have saved on the calls looked at: an estimate."};
    for (int k = 0; k < 2; k++) {
        exposition_gauge(out, names[k], help[k]);
        for (int i = 0; i < SAVE_COUNT; i++) write_one(&v->by[i], k == 1, names[k], out);
        write_one(&v->combined, k == 1, names[k], out);
    }
    exposition_gauge(out, "llm_savings_calls", "Calls that the savings were worked out on, the newest of a week.");
    exposition_count(out, "llm_savings_calls", "", v->calls);
    exposition_gauge(out, "llm_savings_since_timestamp_seconds", "Time from which on these calls are.");
    exposition_seconds(out, "llm_savings_since_timestamp_seconds", "", s->since_ms);
}

int metrics_savings(Db *db, const MetricsAsk *ask, const Book *b, Buf *out, Err *e) {
    const Query q = {.since_ms = ask->now_ms - DAYS * MS_PER_DAY, .until_ms = ask->now_ms, .interrupt = ask->interrupt, .ctx = ask->ctx};
    const SaveAsk how = {.can_wait = ask->config->can_wait, .route_to = ask->config->route_to, .simple_input = ask->config->simple_input,
                          .simple_output = ask->config->simple_output, .window = ask->config->window, .hourly = ask->config->hourly,
                          .no_budget = ask->config->budget_count == 0};
    SaveSample s;
    int rc = savings_load(db, &q, CALLS, &s, e);
    if (rc == 0) {
        Savings *v = xcalloc(1, sizeof *v);
        savings_work_out(&s, b, &how, v);
        write_all(v, &s, out);
        free(v);
    }
    savings_free(&s);
    return rc;
}
