/* cmd_metrics: `tollwatch metrics`: the metrics once, on standard output. Reads only; all of it or nothing. */
#include <stdio.h>
#include "store/metrics.h"
#include "tui/commands.h"

static int load(App *a, Buf *out, Err *e) {
    Db *db;
    if (app_config(a, e) != 0 || app_book(a, e) != 0 || db_open(&db, a->db_path, DB_READ, e) != 0) return -1;
    MetricsAsk ask = {.config = a->config, .zone = a->day_zone, .policy_path = a->policy_path, .now_ms = app_now(a)};
    int rc = metrics_text(db, &ask, out, e);
    if (rc == 0) rc = metrics_savings(db, &ask, a->book, out, e);
    db_close(db);
    return rc;
}

static int run(App *a, int argc, char **argv) {
    Err e = {0};
    Buf text = {.max = METRICS_TEXT_MAX};
    (void)argv;
    if (argc > 0) return usage_fail("metrics takes no argument");
    int rc = load(a, &text, &e);
    if (rc == 0 && (fwrite(text.at, 1, text.len, stdout) != text.len || fflush(stdout) != 0))
        rc = fail(&e, "the metrics could not be written; is the disk full?");
    buf_free(&text);
    return rc == 0 ? EXIT_DONE : app_fail(&e);
}

const Command cmd_metrics = {
    .name = "metrics", .args = "", .summary = "Prometheus text: spend, budgets, the switch, sources", .run = run,
    .details = "Text format 0.0.4, all gauges. llm_cost_usd, llm_requests and llm_tokens are of the day and month so far,\n"
               "by provider, model and feature; the 100 dearest each, the rest is \"(other)\". No user, key or request is named.\n"
               "llm_savings_* are what `tollwatch savings` says of the newest 50000 calls of a week.\n"
               "To be read regularly from a file: tollwatch collect --metrics-file /var/lib/node_exporter/tollwatch.prom",
};
