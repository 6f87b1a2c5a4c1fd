/* cmd_collect: the collectors without a screen, until a signal ends them. */
#include "collectors/collect.h"
#include "tui/commands.h"
#include <signal.h>

static void say(const Err *e) {
    fprintf(stderr, "tollwatch: %s\n", e->text);
}

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
    CollectOptions o = {.config = a->config, .db_path = a->db_path, .failed = say, .fixed_now_ms = a->fixed_now_ms};
    if (!stop) return fail(&e, "no descriptor is left; close other programs"), app_fail(&e);
    int code = collector_start(&c, &o, stop, &e) == 0 ? EXIT_DONE : app_fail(&e);
    if (code == EXIT_DONE) wait_for_signal(&set);
    stop_set(stop);
    collector_join(c);
    stop_free(stop);
    return code;
}

const Command cmd_collect = {
    .name = "collect", .args = "", .summary = "collect without a screen, until a signal", .run = run,
    .details = "Follows the configured sources, or without any the logs at their usual places. One process collects; a second\n"
               "one waits and takes over within five seconds when the first is gone.",
};
