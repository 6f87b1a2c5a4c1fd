/* cmd_check: `tollwatch check`: the decision that a gateway takes under the present policy, for scripts and for proxies that
 * ask another program. */
#include "tui/commands.h"
#include "tui/json_out.h"
#include "tui/policy_act.h"
#include "store/policy.h"
#include <inttypes.h>
#include <jansson.h>

enum { OPT_FEATURE, OPT_MODEL, OPT_TEAM, OPT_USER, OPT_KEY, OPT_PROVIDER, OPT_ACCOUNT, OPT_ENDPOINT, OPT_REQUEST, OPT_MAX_TOKENS,
       OPT_PROMPT_BYTES, OPT_TOOLS, OPT_COUNT };

#define NUMBER_MAX INT64_C(1000000000000)

static const Option options[] = {
    [OPT_FEATURE] = {"--feature", "F", NULL, "feature; without one the call is `unknown`, and not critical"},
    [OPT_MODEL] = {"--model", "M", NULL, "model that the client asks for"},
    [OPT_TEAM] = {"--team", "T", NULL, "team"},
    [OPT_USER] = {"--user", "U", NULL, "user"},
    [OPT_KEY] = {"--key", "K", NULL, "name of the API key"},
    [OPT_PROVIDER] = {"--provider", "P", NULL, "provider"},
    [OPT_ACCOUNT] = {"--account", "A", NULL, "billing account"},
    [OPT_ENDPOINT] = {"--endpoint", "PATH", NULL, "endpoint, like /v1/chat/completions"},
    [OPT_REQUEST] = {"--request-id", "ID", NULL, "request id, for rules that take a percentage of calls"},
    [OPT_MAX_TOKENS] = {"--max-tokens", "N", NULL, "output tokens that the client asks for"},
    [OPT_PROMPT_BYTES] = {"--prompt-bytes", "N", NULL, "size of the request's body"},
    [OPT_TOOLS] = {"--tools", "YES", "yes no", "whether the call brings tools"},
    {0},
};

static int read_call(const char *const *v, PolicyCall *c) {
    const char *tools = v[OPT_TOOLS];
    *c = (PolicyCall){.feature = v[OPT_FEATURE], .model = v[OPT_MODEL], .team = v[OPT_TEAM], .user = v[OPT_USER], .key = v[OPT_KEY],
                      .provider = v[OPT_PROVIDER], .account = v[OPT_ACCOUNT], .endpoint = v[OPT_ENDPOINT], .request_id = v[OPT_REQUEST], .tools = -1};
    if (tools && strcmp(tools, "yes") != 0 && strcmp(tools, "no") != 0) return usage_fail("check: --tools is yes or no, not %.40s", tools);
    if (tools) c->tools = strcmp(tools, "yes") == 0;
    if (option_number("check", "--max-tokens", v[OPT_MAX_TOKENS], NUMBER_MAX, -1, &c->max_tokens) != EXIT_DONE) return EXIT_USAGE;
    return option_number("check", "--prompt-bytes", v[OPT_PROMPT_BYTES], NUMBER_MAX, -1, &c->prompt_bytes);
}

static void print_text(const char *name, const char *text) {
    printf(",\"%s\":", name);
    if (*text) json_out_string(stdout, text);
    else fputs("null", stdout);
}

static void print_number(const char *name, int64_t n) {
    if (n < 0) printf(",\"%s\":null", name);
    else printf(",\"%s\":%" PRId64, name, n);
}

static void print_decision(const PolicyDecision *d) {
    printf("{\"decision\":\"%s\"", d->refuse ? "refuse" : "allow");
    print_text("code", d->code);
    print_text("rule", d->rule);
    print_text("model", d->model);
    print_number("max_tokens", d->max_tokens);
    print_number("timeout_ms", d->timeout_ms);
    printf(",\"generation\":%" PRId64 "}\n", d->generation);
}

static int decide(App *a, const PolicyCall *call) {
    Err e = {0};
    PolicyDecision d;
    json_t *policy = NULL;
    if (app_config(a, &e) != 0) return app_fail(&e);
    if (!policy_act_none_yet(a) && policy_read_last_good(a->policy_path, &policy, &e) != 0) return app_fail(&e);
    policy_decide(policy, call, app_now(a), &d); /* no policy ever: allowed, at generation 0 */
    json_decref(policy);
    print_decision(&d);
    return d.refuse ? EXIT_REFUSED : EXIT_DONE;
}

static int run(App *a, int argc, char **argv) {
    const char *value[OPT_COUNT], **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count;
    PolicyCall call;
    int code = options_parse(&cmd_check, argc, argv, value, args, &count);
    if (code == EXIT_DONE && count) code = usage_fail("check takes no argument like %.40s; see `tollwatch check --help`", args[0]);
    if (code == EXIT_DONE) code = read_call(value, &call);
    if (code == EXIT_DONE) code = decide(a, &call);
    free(args);
    return code;
}

const Command cmd_check = {
    .name = "check", .args = "", .summary = "the decision a gateway takes for a call under the present policy", .options = options, .run = run,
    .details = "Prints {\"decision\":\"allow|refuse\",\"code\":...,\"rule\":...,\"model\":...,\"max_tokens\":...,\"timeout_ms\":...,\n"
               "\"generation\":N}; exit code 0 = allowed, 3 = refused. Rates per minute are each gateway's own and not in it.\n"
               "A policy file that cannot be read is decided by its last good copy.",
};
