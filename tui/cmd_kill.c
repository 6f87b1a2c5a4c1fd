/* cmd_kill: `tollwatch kill` and `tollwatch resume`: the switch from the command line, and the proof that it is obeyed. */
#include "collectors/publish.h"
#include "tui/commands.h"
#include "tui/policy_act.h"
#include <inttypes.h>

enum { OPT_SCOPE, OPT_REASON, OPT_FOR, OPT_INFLIGHT, OPT_WAIT, OPT_COUNT };
enum { RESUME_REASON, RESUME_WAIT, RESUME_COUNT };
static const char no_gateway[] =
    "no gateway has ever said that it obeys this file; see collectors/gateways/ (installed: share/tollwatch/gateways/) for those that do";
enum { LOOK_NS = 50000000, WAIT_MAX_S = 3600 };

static const Option kill_options[] = {
    [OPT_SCOPE] = {"--scope", "SCOPE", "non_critical all", "which calls: non_critical (the default) or all"},
    [OPT_REASON] = {"--reason", "TEXT", NULL, "why; clients and colleagues read it"},
    [OPT_FOR] = {"--for", "TIME", "15m 30m 1h 4h none", "how long, like 30m (the default), 2h, or none = until resumed"},
    [OPT_INFLIGHT] = {"--inflight", "MODE", "drain abort", "calls under way: drain (the default) or abort"},
    [OPT_WAIT] = {"--wait", "SECONDS", NULL, "wait until all known gateways obey; exit 1 if they do not"},
    {0},
};
static const Option resume_options[] = {
    [RESUME_REASON] = {"--reason", "TEXT", NULL, "why; it goes into the audit trail"},
    [RESUME_WAIT] = {"--wait", "SECONDS", NULL, "wait until all known gateways obey; exit 1 if they do not"},
    {0},
};

/* ---- the proof ---- */
static void print_laggards(const PolicyAck *acks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (acks[i].state == ACK_BEHIND) fprintf(stderr, "tollwatch: %s is at generation %" PRId64 " still\n", acks[i].id, acks[i].generation);
        if (acks[i].state == ACK_UNKNOWN) fprintf(stderr, "tollwatch: %s is silent; whether it obeys is not known\n", acks[i].id);
    }
}

/* What the switch is to be when all obey. Whoever obeys a later generation obeys ours, as long as the switch still stands so. */
static int64_t generation_to_obey(const App *a, int64_t ours, SwitchState as) {
    PolicyView v;
    policy_view(a->policy_path, app_now(a), &v);
    bool stands = v.state == as || (as == SWITCH_NON_CRITICAL && v.state == SWITCH_ALL);
    return stands && v.generation > ours ? v.generation : ours;
}

static int obeyed_now(App *a, int64_t ours, SwitchState as, PolicyAck *acks, size_t *count, Err *e) {
    if (policy_act_acks(a, generation_to_obey(a, ours, as), clock_now_ms(), acks, count, e) != 0) return -1;
    return *count > 0 && policy_acks_obeyed(acks, *count) == *count;
}

/* Looks every 50 ms until all obey or the time is over. */
static int wait_obeyed(App *a, int64_t generation, SwitchState as, int64_t seconds) {
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    size_t count = 0;
    Err e = {0};
    int64_t until = clock_monotonic_ms() + seconds * MS_PER_SECOND;
    int all = obeyed_now(a, generation, as, acks, &count, &e);
    while (all == 0 && clock_monotonic_ms() < until) {
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
        all = obeyed_now(a, generation, as, acks, &count, &e);
    }
    int code = all < 0 ? app_fail(&e) : all ? EXIT_DONE : EXIT_FAILED;
    if (all >= 0 && count) printf("obeyed by %zu of %zu gateways\n", policy_acks_obeyed(acks, count), count);
    if (all >= 0 && !count) usage_fail("%s", no_gateway);
    if (all == 0) print_laggards(acks, count);
    free(acks);
    return code;
}

/* ---- after the change ---- */
static int print_publishing(App *a, const PolicyAct *act, int64_t generation) {
    Err e = {0};
    if (!a->config->publish[0]) return EXIT_DONE;
    if (publish_policy(a->config->publish, &act->writer, generation, NULL, &e) != 0) return app_fail(&e);
    printf("published\n");
    fflush(stdout);
    return EXIT_DONE;
}

/* Without --wait nobody looks for the proof, but a stop that nothing can obey must not read like one that holds. */
static void warn_unread(App *a, int64_t generation) {
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    size_t count = 0;
    Err e = {0};
    if (policy_act_acks(a, generation, clock_now_ms(), acks, &count, &e) == 0 && count == 0) usage_fail("%s", no_gateway);
    free(acks);
}

static int finish(App *a, PolicyAct *act, const PolicyDone *done, SwitchState as, int64_t wait_s) {
    fflush(stdout); /* the generation is on the terminal before the slow part */
    if (done->warning[0]) usage_fail("%s", done->warning);
    if (act->log.why.text[0]) usage_fail("%s; the change is not in the ledger's audit trail", act->log.why.text);
    /* What other hosts did not get is not done, unless all gateways say that they obey. */
    int code = done->result == POLICY_WRITTEN ? print_publishing(a, act, done->generation) : EXIT_DONE;
    return wait_s >= 0 ? wait_obeyed(a, done->generation, as, wait_s) : code;
}

/* ---- kill ---- */
static int read_stop(App *a, const char *const *value, PolicyStop *s) {
    Err e = {0};
    int64_t length_ms = POLICY_STOP_DEFAULT_MS;
    const char *scope = value[OPT_SCOPE] ? value[OPT_SCOPE] : "non_critical", *mode = value[OPT_INFLIGHT] ? value[OPT_INFLIGHT] : "drain";
    s->all = strcmp(scope, "all") == 0;
    s->abort = strcmp(mode, "abort") == 0;
    if (!s->all && strcmp(scope, "non_critical") != 0) return usage_fail("kill: --scope is non_critical or all, not %.40s", scope);
    if (!s->abort && strcmp(mode, "drain") != 0) return usage_fail("kill: --inflight is drain or abort, not %.40s", mode);
    if (value[OPT_FOR] && policy_duration_parse(value[OPT_FOR], &length_ms, &e) != 0) return usage_fail("kill: --for %s", e.text);
    s->expires_ms = length_ms ? app_now(a) + length_ms : 0;
    s->reason = value[OPT_REASON] ? value[OPT_REASON] : "";
    s->critical = a->config->critical_features;
    return EXIT_DONE;
}

static void print_stop(App *a, const PolicyStop *s, const PolicyDone *done) {
    char until[32] = "until resumed";
    PolicyView v;
    if (s->expires_ms) time_format(a->zone, s->expires_ms, "until %H:%M %Z", until, sizeof until);
    policy_view(a->policy_path, app_now(a), &v);
    printf("generation %" PRId64 "\n%s calls are stopped %s; calls under way are %s\n", done->generation,
           s->all ? "all" : "non-critical", until, s->abort ? "aborted" : "drained");
    if (!s->all && v.critical_count == 0)
        usage_fail("no feature is critical, so every call is stopped; name some by critical_features in [policy]");
}

static int do_kill(App *a, const char *const *value) {
    PolicyStop stop = {0};
    PolicyAct act;
    PolicyDone done;
    Err e = {0};
    int64_t wait_s;
    int code = option_number("kill", "--wait", value[OPT_WAIT], WAIT_MAX_S, -1, &wait_s);
    if (code == EXIT_DONE) code = read_stop(a, value, &stop);
    if (code != EXIT_DONE) return code;
    policy_act_begin(&act, a);
    if (policy_kill(&act.writer, &stop, &done, &e) != 0) code = app_fail(&e);
    if (code == EXIT_DONE) {
        print_stop(a, &stop, &done);
        if (wait_s < 0) warn_unread(a, done.generation);
        code = finish(a, &act, &done, stop.all ? SWITCH_ALL : SWITCH_NON_CRITICAL, wait_s);
    }
    policy_act_end(&act);
    return code;
}

/* ---- resume ---- */
static int do_resume(App *a, const char *const *value) {
    PolicyAct act;
    PolicyDone done;
    Err e = {0};
    int64_t wait_s;
    int code = option_number("resume", "--wait", value[RESUME_WAIT], WAIT_MAX_S, -1, &wait_s);
    if (code != EXIT_DONE) return code;
    policy_act_begin(&act, a);
    if (policy_resume(&act.writer, value[RESUME_REASON], &done, &e) != 0) code = app_fail(&e);
    if (code == EXIT_DONE) {
        printf("generation %" PRId64 "\n%s\n", done.generation, done.result == POLICY_WRITTEN ? "calls pass again" : "calls were not stopped");
        code = finish(a, &act, &done, SWITCH_OFF, wait_s);
    }
    policy_act_end(&act);
    return code;
}

/* Nothing that is wrong in the configuration keeps calls from being stopped. */
static int configure(App *a, Err *e) {
    Err why = {0};
    if (app_config(a, &why) == 0) return 0;
    if (app_config_none(a, e) != 0) return -1;
    usage_fail("%s; going on without the configuration: the critical features are those in the policy file, and nothing is published", why.text);
    return 0;
}

static int run(App *a, const Command *c, int argc, char **argv, size_t options, int (*act)(App *a, const char *const *value)) {
    const char **value = xcalloc(options + 1, sizeof *value), **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count;
    Err e = {0};
    int code = options_parse(c, argc, argv, value, args, &count);
    if (code == EXIT_DONE && count) code = usage_fail("%s takes no argument like %.40s; see `tollwatch %s --help`", c->name, args[0], c->name);
    if (code == EXIT_DONE && a->readonly) code = usage_fail("%s changes the policy; leave out --readonly", c->name);
    if (code == EXIT_DONE && configure(a, &e) != 0) code = app_fail(&e);
    if (code == EXIT_DONE) code = act(a, value);
    free(value);
    free(args);
    return code;
}

static int run_kill(App *a, int argc, char **argv) { return run(a, &cmd_kill, argc, argv, OPT_COUNT, do_kill); }
static int run_resume(App *a, int argc, char **argv) { return run(a, &cmd_resume, argc, argv, RESUME_COUNT, do_resume); }

const Command cmd_kill = {
    .name = "kill", .args = "", .summary = "stop calls: gateways that read the policy file refuse them", .options = kill_options, .run = run_kill, .goes_on = true,
    .details = "Prints the generation of the policy file. Gateways acknowledge a generation when they obey it; --wait waits\n"
               "for them. A stop ends by itself after --for, by each gateway's own clock.",
};
const Command cmd_resume = {
    .name = "resume", .args = "", .summary = "let calls pass again", .options = resume_options, .run = run_resume, .goes_on = true,
    .details = "Where a budget had stopped the calls, it will not stop them again before its period ends.",
};
