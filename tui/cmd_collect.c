/* cmd_collect: the collectors without a screen, until a signal ends them. */
#include "collectors/collect.h"
#include "tui/commands.h"
#include "tui/policy_act.h"
#include <signal.h>

/* Signals are taken by waiting for them: no handler runs between the threads. They are blocked before any starts. */
static void wait_for_signal(const sigset_t *set) {
    int got;
    while (sigwait(set, &got) != 0) continue;
}

static int run(App *a, int argc, char **argv) {
    Err e = {0};
    sigset_t set;
    Collector *c = NULL;
    (void)argv;
    if (argc > 0) return usage_fail("collect takes no argument");
    if (a->readonly) return usage_fail("collect writes the database; leave --readonly out");
    if (app_config(a, &e) != 0) return app_fail(&e);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    Stop *stop = stop_new();
    CollectOptions o = {.config = a->config, .db_path = a->db_path, .policy_path = a->policy_path,
                        .failed = app_background_failed, .fixed_now_ms = a->fixed_now_ms};
    if (!stop) return fail(&e, "no descriptor is left; close other programs"), app_fail(&e);
    int saved, rc = app_log_begin(a, false, &saved, &e);
    policy_act_folder(a);
    if (rc == 0) rc = collector_start(&c, &o, stop, &e);
    if (rc == 0) wait_for_signal(&set);
    stop_set(stop);
    collector_join(c);
    stop_free(stop);
    app_log_end(saved);
    return rc == 0 ? EXIT_DONE : app_fail(&e);
}

const Command cmd_collect = {
    .name = "collect", .args = "", .summary = "collect without a screen, until a signal", .run = run,
    .details = "Follows the configured sources, or without any the logs at their usual places. One process collects; a second\n"
               "one waits and takes over within five seconds when the first is gone.",
};
