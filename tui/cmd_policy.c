/* cmd_policy: `tollwatch policy`: what the policy file says, who obeys it, who changed it; one value set. */
#include "collectors/publish.h"
#include "tui/commands.h"
#include "tui/json_out.h"
#include "tui/policy_act.h"
#include <inttypes.h>
#include <jansson.h>

enum { OPT_JSON, OPT_SEEN, OPT_LIMIT, OPT_COUNT };
enum { HISTORY_MAX = 1000, HISTORY_SHOWN = 20 };

static const Option options[] = {
    [OPT_JSON] = {"--json", NULL, NULL, "show, history: as JSON"},
    [OPT_SEEN] = {"--seen", "N", NULL, "set: the generation you looked at; a change of the same section since then is a conflict"},
    [OPT_LIMIT] = {"--limit", "N", NULL, "history: so many changes (20)"},
    {0},
};

typedef struct Call {
    App *app;
    const char *value[OPT_COUNT];
    const char *arg[2];
} Call;

/* ---- show ---- */
static void print_switch(const App *a, const PolicyView *v) {
    static const char *const states[] = {[SWITCH_UNKNOWN] = "unknown", [SWITCH_OFF] = "calls pass", [SWITCH_NON_CRITICAL] = "non-critical calls are stopped",
                                         [SWITCH_ALL] = "all calls are stopped", [SWITCH_EXPIRED] = "calls pass, a stop has expired"};
    char at[40];
    printf("generation %" PRId64 ": %s", v->generation, states[v->state]);
    if (v->state == SWITCH_NON_CRITICAL || v->state == SWITCH_ALL) {
        time_format(a->zone, v->engaged_at_ms, "%Y-%m-%d %H:%M %Z", at, sizeof at);
        printf(" by %s since %s", v->by, v->engaged_at_ms ? at : "?");
        time_format(a->zone, v->expires_at_ms, "%Y-%m-%d %H:%M %Z", at, sizeof at);
        printf(", %s%s", v->expires_at_ms ? "until " : "until resumed", v->expires_at_ms ? at : "");
        if (v->reason[0]) printf(": %s", v->reason);
    }
    putchar('\n');
}

static const char *const ack_states[] = {[ACK_OBEYED] = "obeyed", [ACK_BEHIND] = "behind", [ACK_UNKNOWN] = "unknown"};

static void print_ack(const PolicyAck *k, int64_t now_ms) {
    char age[32] = "never seen";
    if (k->seen_ms) snprintf(age, sizeof age, "seen %" PRId64 " s ago", (now_ms - k->seen_ms) / MS_PER_SECOND);
    printf("  %-24s %-8s generation %" PRId64 ", %s%s%s\n", k->id, ack_states[k->state], k->generation, age, k->host[0] ? ", on " : "", k->host);
}

static int show_text(App *a, const json_t *policy) {
    PolicyView v;
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    size_t count = 0;
    Err e = {0};
    int64_t now = app_now(a);
    policy_view(a->policy_path, now, &v);
    print_switch(a, &v);
    int rc = policy_act_acks(a, v.generation, now, acks, &count, &e);
    printf("gateways: %zu of %zu obey\n", policy_acks_obeyed(acks, count), count);
    for (size_t i = 0; i < count; i++) print_ack(&acks[i], now);
    free(acks);
    json_dumpf(policy, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    putchar('\n');
    return rc == 0 ? EXIT_DONE : app_fail(&e);
}

static int show(Call *c) {
    json_t *policy = NULL;
    Err e = {0};
    int code = EXIT_DONE;
    if (policy_act_none_yet(c->app)) {
        if (c->value[OPT_JSON]) puts("null");
        else printf("no policy yet, every call passes; `tollwatch kill` or `policy set` writes %s\n", c->app->policy_path);
        return EXIT_DONE;
    }
    if (policy_read(c->app->policy_path, &policy, &e) != 0) return app_fail(&e);
    if (!c->value[OPT_JSON]) code = show_text(c->app, policy);
    else json_dumpf(policy, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER), putchar('\n');
    json_decref(policy);
    return code;
}

/* ---- validate, set ---- */
static int validate(Call *c) {
    const char *path = c->arg[0] ? c->arg[0] : c->app->policy_path;
    json_t *policy = NULL;
    Err e = {0}, inner = {0};
    int rc = policy_read(path, &policy, &e);
    if (rc == 0 && policy_validate(policy, &inner) != 0) rc = fail(&e, "%s: %s", path, inner.text);
    json_decref(policy);
    if (rc != 0) return app_fail(&e);
    printf("%s: a valid policy\n", path);
    return EXIT_DONE;
}

static int tell_change(Call *c, PolicyAct *act, const PolicyDone *done) {
    Err e = {0};
    if (done->result == POLICY_CONFLICT) {
        snprintf(e.text, sizeof e.text, "%s", done->conflict);
        return app_fail(&e);
    }
    printf("generation %" PRId64 "%s\n", done->generation, done->result == POLICY_UNCHANGED ? ": it was so already" : "");
    fflush(stdout);
    if (done->warning[0]) usage_fail("%s", done->warning);
    if (done->result != POLICY_WRITTEN || !c->app->config->publish[0]) return EXIT_DONE;
    if (publish_policy(c->app->config->publish, &act->writer, done->generation, NULL, &e) != 0) return app_fail(&e);
    printf("published\n");
    return EXIT_DONE;
}

static int set(Call *c) {
    PolicyAct act;
    PolicyDone done;
    Err e = {0};
    int64_t seen;
    if (!c->arg[0] || !c->arg[1]) return usage_fail("policy set needs PATH and VALUE, like limits.batch.max_output_tokens 1024");
    if (c->app->readonly) return usage_fail("policy set changes the policy; leave out --readonly");
    if (option_number("policy", "--seen", c->value[OPT_SEEN], INT64_MAX / 10, -1, &seen) != EXIT_DONE) return EXIT_USAGE;
    policy_act_begin(&act, c->app);
    act.writer.seen_generation = seen;
    int code = policy_set(&act.writer, c->arg[0], c->arg[1], &done, &e) == 0 ? tell_change(c, &act, &done) : app_fail(&e);
    policy_act_end(&act);
    return code;
}

/* ---- history ---- */
static void print_event(const App *a, const PolicyEvent *v) {
    char at[40];
    time_format(a->zone, v->at_ms, "%Y-%m-%d %H:%M:%S", at, sizeof at);
    printf("%s  %4" PRId64 "  %-8s %-14s %s%s%s", at, v->generation, v->action, v->section, v->user, v->from[0] ? " from " : "", v->from);
    if (strcmp(v->user, v->login) != 0 && v->login[0]) printf(" (login %s)", v->login);
    printf("  %s%s%s\n", v->outcome, v->reason[0] ? ": " : "", v->reason);
}

static void print_event_json(const PolicyEvent *v, bool first) {
    const struct { const char *name, *text; } texts[] = {{"action", v->action}, {"section", v->section}, {"user", v->user}, {"login", v->login},
                                                         {"host", v->host}, {"from", v->from}, {"reason", v->reason}, {"outcome", v->outcome}};
    printf("%s{\"at\":", first ? "" : ",");
    json_out_time(stdout, v->at_ms);
    printf(",\"from_generation\":%" PRId64 ",\"generation\":%" PRId64, v->from_generation, v->generation);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        printf(",\"%s\":", texts[i].name);
        json_out_string(stdout, texts[i].text);
    }
    putchar('}');
}

static int history(Call *c) {
    int64_t limit;
    size_t count = 0;
    Err e = {0};
    if (option_number("policy", "--limit", c->value[OPT_LIMIT], HISTORY_MAX, HISTORY_SHOWN, &limit) != EXIT_DONE) return EXIT_USAGE;
    PolicyEvent *events = xcalloc(HISTORY_MAX, sizeof *events);
    size_t max = limit < HISTORY_MAX ? (size_t)limit : HISTORY_MAX;
    int rc = policy_act_none_yet(c->app) ? 0 : policy_history(c->app->policy_path, events, max, &count, &e);
    if (rc == 0 && c->value[OPT_JSON]) putchar('[');
    for (size_t i = 0; i < count; i++) {
        if (c->value[OPT_JSON]) print_event_json(&events[i], i == 0);
        else print_event(c->app, &events[i]);
    }
    if (rc == 0 && c->value[OPT_JSON]) puts("]");
    free(events);
    return rc == 0 ? EXIT_DONE : app_fail(&e);
}

typedef struct Sub { const char *name; size_t args; int (*run)(Call *c); } Sub;
static const Sub subs[] = {{"show", 0, show}, {"validate", 1, validate}, {"set", 2, set}, {"history", 0, history}};

static int run_sub(Call *c, const char *name, size_t args) {
    Err e = {0};
    for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
        if (strcmp(subs[i].name, name) != 0) continue;
        if (args > subs[i].args) return usage_fail("policy %s takes no such argument; see `tollwatch policy --help`", name);
        if (app_config(c->app, &e) != 0) return app_fail(&e);
        return subs[i].run(c);
    }
    return usage_fail("policy %.40s is unknown; use show, validate, set or history", name);
}

static int run(App *a, int argc, char **argv) {
    Call c = {.app = a};
    const char **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count = 0;
    int code = options_parse(&cmd_policy, argc, argv, c.value, args, &count);
    for (size_t i = 0; i + 1 < count && i < 2; i++) c.arg[i] = args[i + 1];
    if (code == EXIT_DONE) code = run_sub(&c, count ? args[0] : "show", count ? count - 1 : 0);
    free(args);
    return code;
}

const Command cmd_policy = {
    .name = "policy", .args = "[show|validate [FILE]|set PATH VALUE|history]", .options = options, .run = run,
    .summary = "the policy file, who obeys it, who changed it",
    .details = "show      the switch, the gateways that acknowledge it, and the file\n"
               "validate  what is wrong with a policy file, if anything\n"
               "set       one value: limits.batch '{\"match\":{\"feature\":\"batch\"},\"max_output_tokens\":1024}',\n"
               "          limits.batch.max_output_tokens 512 (a limit without a match holds for all calls),\n"
               "          rate_limits.chat.requests_per_minute 600, critical.features 'checkout fraud',\n"
               "          routing.tiers.economy gpt-4.1-nano, budgets.ID.state ok (reopens its scope); null removes\n"
               "history   the audit trail, newest first",
};
