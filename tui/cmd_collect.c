/* cmd_collect: the collectors without a screen, until a signal ends them. */
#include "collectors/collect.h"
#include "collectors/metrics_file.h"
#include "tui/commands.h"
#include "tui/policy_act.h"
#include <signal.h>
#include <stdlib.h>

static const Option options[] = {
    {"--metrics-file", "PATH", NULL, "write Prometheus text here every 15 seconds (see metrics)"},
    {0},
};

/* Signals are taken by waiting for them: no handler runs between the threads. They are blocked before any starts. */
static void wait_for_signal(const sigset_t *set) {
    int got;
    while (sigwait(set, &got) != 0) continue;
}

/* Collects until a signal; the file of metrics is renewed beside it. */
static int collect(App *a, const char *metrics_path, Stop *stop, const sigset_t *set, Err *e) {
    CollectOptions o = {.config = a->config, .book = a->book, .db_path = a->db_path, .policy_path = a->policy_path,
                        .failed = app_background_failed, .fixed_now_ms = a->fixed_now_ms};
    MetricsFile file = {.path = metrics_path, .db_path = a->db_path, .failed = app_background_failed, .book = a->book,
                        .ask = {.config = a->config, .zone = a->day_zone, .policy_path = a->policy_path, .now_ms = a->fixed_now_ms}};
    Collector *c = NULL;
    Worker *w = NULL;
    int rc = collector_start(&c, &o, stop, e);
    if (rc == 0 && metrics_path) rc = worker_start(&w, &metrics_file_worker, &file, stop, e);
    if (rc == 0) wait_for_signal(set);
    stop_set(stop);
    worker_join(w);
    collector_join(c);
    return rc;
}
static int prepare(App *a, int argc, char **argv, const char **metrics_path, Err *e) {
    const char *value[1], **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count;
    int code = options_parse(&cmd_collect, argc, argv, value, args, &count);
    free(args);
    if (code != EXIT_DONE) return code;
    if (count > 0) return usage_fail("collect takes no argument");
    if (a->readonly) return usage_fail("collect writes the database; leave --readonly out");
    if (value[0] && !value[0][0]) return usage_fail("--metrics-file needs the path of a file");
    *metrics_path = value[0];
    return app_book(a, e) == 0 ? EXIT_DONE : app_fail(e);
}

static int run(App *a, int argc, char **argv) {
    Err e = {0};
    sigset_t set;
    const char *metrics_path = NULL;
    int code = prepare(a, argc, argv, &metrics_path, &e);
    if (code != EXIT_DONE) return code;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    Stop *stop = stop_new();
    if (!stop) return fail(&e, "no descriptor is left; close other programs"), app_fail(&e);
    int saved, rc = app_log_begin(a, false, &saved, &e);
    policy_act_folder(a);
    if (rc == 0) rc = collect(a, metrics_path, stop, &set, &e);
    stop_free(stop);
    app_log_end(saved);
    return rc == 0 ? EXIT_DONE : app_fail(&e);
}

const Command cmd_collect = {
    .name = "collect", .args = "", .summary = "collect without a screen, until a signal", .options = options, .run = run,
    .details = "Follows the configured sources, or without any the logs at their usual places. One process collects; a second\n"
               "one waits and takes over within five seconds when the first is gone.",
};
