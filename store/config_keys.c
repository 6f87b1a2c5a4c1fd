/* config_keys: the tables of the configuration: kinds of sections, and keys with their default, help and field. A new
 * key is one row here. Reading, man page, doctor and error hints follow them. */
#include "store/alert.h"
#include "store/config_parts.h"

static const char *check_source(const void *element) {
    const SourceConfig *s = element;
    return !s->path[0] == !s->command[0] ? "needs either path = or command =" : NULL;
}

static const char *check_account(const void *element) {
    const AccountConfig *a = element;
    int keys = (a->key_env[0] != 0) + (a->key_file[0] != 0) + (a->key_command[0] != 0);
    if (!a->provider[0]) return "needs provider =, like openai";
    if (strcmp(a->api, "reports") != 0 && strcmp(a->api, "analytics") != 0) return "takes api = reports or api = analytics";
    return keys > 1 ? "takes one of key_env, key_file and key_command, not several" : NULL;
}

static const char *check_budget(const void *element) {
    const Budget *b = element;
    if (b->anchor_day > 1 && b->period != UNIT_MONTH) return "has anchor_day without period = month";
    return b->limit_nano <= 0 ? "needs limit_usd =" : NULL;
}

static const char *check_alert(const void *element) {
    const AlertConfig *a = element;
    int urls = (a->url[0] != 0) + (a->url_env[0] != 0) + (a->url_file[0] != 0) + (a->url_command[0] != 0);
    int keys = (a->key_env[0] != 0) + (a->key_file[0] != 0) + (a->key_command[0] != 0);
    if (urls > 1) return "takes one of url, url_env, url_file and url_command, not several";
    if (keys > 1) return "takes one of key_env, key_file and key_command, not several";
    return !a->channel[0] ? "needs channel =" : NULL;
}

static const char *check_rule(const void *element) {
    const RuleConfig *r = element;
    const AlertRule *known = alert_rule(r->name);
    if (!known) return "is no rule; known are budget projected burn cache errors unpriced silent gateway request kill leak drift price call hitrate hits output premium latency";
    if (r->threshold_ppm && known->takes != TAKES_SHARE) return "has no threshold; it is a key of leak, drift, price, hitrate, hits, output and premium";
    if (r->above_nano && known->takes != TAKES_USD) return "has no above_usd; it is a key of call";
    return r->above_ms && known->takes != TAKES_MS ? "has no above_ms; it is a key of latency" : NULL;
}

static const char *check_tier(const void *element) {
    const TierConfig *t = element;
    if (strcmp(t->name, "classifier") != 0 && strcmp(t->name, "standard") != 0 && strcmp(t->name, "premium") != 0)
        return "is no tier; known are classifier standard premium";
    return !t->models[0] ? "needs models =, like gpt-*-nano claude-haiku-*" : NULL;
}

#define ARRAY(array, count, type) offsetof(Config, array), offsetof(Config, count), sizeof(type)
const ConfigSection config_sections[] = {
    {"general", false, 0, 0, 0, NULL},
    {"source", true, ARRAY(sources, source_count, SourceConfig), check_source},
    {"account", true, ARRAY(accounts, account_count, AccountConfig), check_account},
    {"budget", true, ARRAY(budgets, budget_count, Budget), check_budget},
    {"alert", true, ARRAY(alerts, alert_count, AlertConfig), check_alert},
    {"rule", true, ARRAY(rules, rule_count, RuleConfig), check_rule},
    {"policy", false, 0, 0, 0, NULL},
    {"savings", false, 0, 0, 0, NULL},
    {"tier", true, ARRAY(tiers, tier_count, TierConfig), check_tier},
    {"gateway", true, ARRAY(gateways, gateway_count, GatewayConfig), NULL},
    {0},
};

#define FIELD(set, type, field) config_set_##set, offsetof(type, field), sizeof(((type *)0)->field)
#define WHOLE(set, type) config_set_##set, 0, sizeof(type) /* a value that goes into several fields */
const ConfigKey config_keys[] = {
    {"general", "timezone", "UTC", "zone of days and budget periods, like Europe/Berlin; local = the system's",
     FIELD(zone, Config, timezone)},
    {"general", "raw_days", "35", "days for which single requests are kept; sums are kept for good", FIELD(days, Config, raw_days)},
    {"general", "theme", "default", "colour theme", FIELD(text, Config, theme)},
    {"general", "user", "", "who acts, for the audit trail; empty = the login", FIELD(text, Config, user)},
    {"general", "runbook", "", "address that alerts name for what to do", FIELD(url, Config, runbook)},
    {"general", "ascii", "no", "draw with ASCII only", FIELD(bool, Config, glyphs_ascii)},
    {"general", "mouse", "no", "mouse on at start", FIELD(bool, Config, mouse)},
    {"source", "path", "", "a file, a glob or a folder; new and rotated files are found", FIELD(text, SourceConfig, path)},
    {"source", "command", "", "a command whose output is followed, like ssh gw2 tail -n +1 -F FILE",
     FIELD(command, SourceConfig, command)},
    {"source", "format", "", "name of the log format; empty = recognise", FIELD(text, SourceConfig, format)},
    {"source", "billing", "", "payg = costs money, notional = flat-rate use; empty = notional for coding agents, else payg",
     WHOLE(billing, SourceConfig)},
    {"source", "account", "", "billing account of its requests; empty = one per provider", FIELD(text, SourceConfig, account)},
    {"source", "feature", "", "feature where the record names none", FIELD(text, SourceConfig, feature)},
    {"source", "team", "", "team where the record names none", FIELD(text, SourceConfig, team)},
    {"source", "gateway", "", "gateway where the record names none", FIELD(text, SourceConfig, gateway)},
    {"account", "provider", "", "whose account it is: openai, anthropic, ...", FIELD(text, AccountConfig, provider)},
    {"account", "key_env", "", "environment variable that holds the admin key", FIELD(text, AccountConfig, key_env)},
    {"account", "key_file", "", "file of mode 0600 that holds the admin key", FIELD(text, AccountConfig, key_file)},
    {"account", "key_command", "", "command that prints the admin key", FIELD(command, AccountConfig, key_command)},
    {"account", "base_url", "", "other address of the provider's API", FIELD(url, AccountConfig, base_url)},
    {"account", "key_id", "", "AWS: access key id; the key is its secret, or SECRET SESSION_TOKEN", FIELD(text, AccountConfig, key_id)},
    {"account", "region", "us-east-1", "AWS: region of CloudWatch's figures", FIELD(text, AccountConfig, region)},
    {"account", "tenant", "", "Azure: tenant id", FIELD(text, AccountConfig, tenant)},
    {"account", "client_id", "", "Azure: application (client) id; its secret is the key", FIELD(text, AccountConfig, client_id)},
    {"account", "scope", "", "Azure: like subscriptions/ID; xAI: team id", FIELD(text, AccountConfig, scope)},
    {"account", "resource", "", "Azure: /subscriptions/.../accounts/NAME of an Azure OpenAI resource, for its metrics",
     FIELD(text, AccountConfig, resource)},
    {"account", "api", "reports", "Anthropic: analytics = its newer usage and cost API (beta) instead of the reports", FIELD(text, AccountConfig, api)},
    {"account", "project", "", "Google: project id", FIELD(text, AccountConfig, project)},
    {"account", "table", "", "Google: PROJECT.DATASET.TABLE of the billing export", FIELD(text, AccountConfig, table)},
    {"account", "keys", "", "names of API keys whose calls this account pays", FIELD(text, AccountConfig, keys)},
    {"budget", "scope", "global", "global, or account provider model feature team user key with :VALUE", WHOLE(scope, Budget)},
    {"budget", "period", "day", "hour, day, week or month", FIELD(period, Budget, period)},
    {"budget", "anchor_day", "1", "day on which its months begin; the last day of months that are shorter",
     FIELD(anchor, Budget, anchor_day)},
    {"budget", "zone", "", "zone of its periods; empty = timezone of [general]", WHOLE(budget_zone, Budget)},
    {"budget", "limit_usd", "", "dollars per period", FIELD(usd, Budget, limit_nano)},
    {"budget", "warn_at", "0.5 0.8", "parts of the limit at which to warn", FIELD(warnings, Budget, warn_permille)},
    {"budget", "enforcement", "hard", "soft = only alert at the limit, whatever the action", WHOLE(enforcement, Budget)},
    {"budget", "action", "alert", "what happens at the limit: alert, block or kill", FIELD(action, Budget, action)},
    {"alert", "channel", "", "how to tell: slack pagerduty alertmanager ntfy webhook heartbeat command bell tmux",
     FIELD(text, AlertConfig, channel)},
    {"alert", "severity", "watch", "what it is told of: watch = everything, act = what needs somebody now",
     FIELD(severity, AlertConfig, least)},
    {"alert", "url", "", "its address, if that is no secret", FIELD(url, AlertConfig, url)},
    {"alert", "url_env", "", "environment variable that holds its address", FIELD(text, AlertConfig, url_env)},
    {"alert", "url_file", "", "file of mode 0600 that holds its address", FIELD(text, AlertConfig, url_file)},
    {"alert", "url_command", "", "command that prints its address", FIELD(command, AlertConfig, url_command)},
    {"alert", "key_env", "", "environment variable that holds its key: PagerDuty's routing key, a token",
     FIELD(text, AlertConfig, key_env)},
    {"alert", "key_file", "", "file of mode 0600 that holds its key", FIELD(text, AlertConfig, key_file)},
    {"alert", "key_command", "", "command that prints its key", FIELD(command, AlertConfig, key_command)},
    {"alert", "topic", "", "ntfy's topic", FIELD(text, AlertConfig, topic)},
    {"alert", "command", "", "channel = command: run with the alert as JSON on its input", FIELD(command, AlertConfig, command)},
    {"rule", "off", "no", "yes = this rule tells nothing", FIELD(bool, RuleConfig, off)},
    {"rule", "floor_usd", "", "dollars (an hour; of the request for `request`, of the day for leak, drift, price) under which it tells nothing",
     FIELD(usd, RuleConfig, floor_nano)},
    {"rule", "threshold", "", "leak, hitrate, hits: part under which it tells, like 0.95; drift, price, output, premium: over which, like 0.02",
     FIELD(share, RuleConfig, threshold_ppm)},
    {"rule", "above_usd", "", "call: dollars a call, on average, above which it tells; without it the rule is quiet", FIELD(usd, RuleConfig, above_nano)},
    {"rule", "above_ms", "", "latency: milliseconds above which it tells; without it the rule is quiet", FIELD(ms, RuleConfig, above_ms)},
    {"rule", "again_minutes", "", "minutes after which it is told again while it holds", FIELD(minutes, RuleConfig, again_ms)},
    {"policy", "critical_features", "", "features that a stop of non-critical calls lets pass",
     FIELD(text, Config, critical_features)},
    {"policy", "publish", "", "command to run after each change of the policy file", FIELD(command, Config, publish)},
    {"savings", "can_wait", "", "features whose calls could go at batch prices; empty = found by their hours", FIELD(text, Config, can_wait)},
    {"savings", "can_be_cheap", "", "features that tolerate a cheaper model whatever the size of their calls; others do where calls are simple", FIELD(text, Config, can_be_cheap)},
    {"savings", "route_to", "", "model for simple calls; empty = the cheaper one in use", FIELD(text, Config, route_to)},
    {"savings", "simple_input", "2000", "input tokens up to which a call of a premium model is simple", FIELD(tokens, Config, simple_input)},
    {"savings", "simple_output", "300", "output tokens up to which it is", FIELD(tokens, Config, simple_output)},
    {"savings", "window", "8000", "tokens of a conversation that a sliding window would keep", FIELD(tokens, Config, window)},
    {"savings", "hourly", "", "models on machines of one's own with dollars an hour, like llama-70b:2.50", FIELD(text, Config, hourly)},
    {"savings", "self_hosted", "", "models on machines of one's own that prices.csv prices by the token", FIELD(text, Config, self_hosted)},
    {"tier", "models", "", "models of this tier (classifier, standard or premium), with * for any letters; others as the price book's class says",
     FIELD(text, TierConfig, models)},
    {"gateway", "ack", "", "name of the gateway's acknowledgement file", FIELD(text, GatewayConfig, ack)},
    {0},
};
