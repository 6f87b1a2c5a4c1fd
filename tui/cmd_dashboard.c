/* cmd_dashboard: `tollwatch` without a command: the live screens, collecting in the background if nobody does. */
#include "collectors/collect.h"
#include "tui/commands.h"
#include "tui/policy_act.h"
#include "tui/dashboard.h"

static int start(void *ctx, const App *a, const Stop *stop, Err *e) {
    const CollectOptions o = {.config = a->config, .book = a->book, .db_path = a->db_path, .policy_path = a->policy_path,
                              .failed = app_background_failed, .fixed_now_ms = a->fixed_now_ms};
    policy_act_folder(a);
    return collector_start(ctx, &o, stop, e);
}

static void join(void *ctx) {
    Collector **c = ctx;
    if (*c) collector_join(*c);
}

static int dashboard_command(App *a, int argc, char **argv) {
    Err e = {""};
    DashboardEnd end;
    Collector *collector = NULL;
    const Background background = {.start = start, .join = join, .ctx = &collector, .empty_screen = "first-run"};
    if (argc > 0) return usage_fail("\"%.60s\" is not expected here; see `tollwatch --help`", argv[0]);
    int saved, rc = app_log_begin(a, true, &saved, &e); /* the screen is no place for errors of the background */
    if (rc == 0) rc = dashboard_run(a, &background, &end, &e);
    app_log_end(saved);
    if (rc != 0) return app_fail(&e);
    return end == DASHBOARD_DEMO ? cmd_demo.run(a, 0, NULL) : EXIT_DONE;
}

const Command cmd_dashboard = {
    .name = "dashboard", .args = "", .summary = "the live screens (also without a command)", .run = dashboard_command, .hidden = true,
};
