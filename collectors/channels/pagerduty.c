/* pagerduty: Events API v2. One incident an alert, by its key; the end resolves it. */
#include "collectors/channels/channel.h"
#include "store/clock.h"
#include <jansson.h>

static json_t *payload(const Notice *n, const Access *a) {
    char at[32];
    time_format_utc(n->began_ms, at, sizeof at);
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:s, s:s, s:{s:o}}", "summary", json_text(n->title), "source", a->host, "severity",
                     n->severity == WEIGHT_ACT ? "critical" : "warning", "timestamp", at, "component", json_text(n->scope), "group",
                     "llm-cost", "class", n->rule, "custom_details", "detail", json_text(n->detail));
}

static int write_pagerduty(const Notice *n, const Access *a, Letter *out, Err *e) {
    bool over = n->kind == TELL_RESOLVED;
    json_t *event = json_pack("{s:o, s:s, s:s}", "routing_key", json_text(a->key), "event_action", over ? "resolve" : "trigger",
                              "dedup_key", n->key);
    if (!over) json_object_set_new(event, "payload", payload(n, a));
    if (!over && a->runbook && a->runbook[0])
        json_object_set_new(event, "links", json_pack("[{s:o, s:s}]", "href", json_text(a->runbook), "text", "runbook"));
    snprintf(out->url, sizeof out->url, "%s", a->url);
    return letter_json(out, event, e);
}

const ChannelType channel_pagerduty = {.name = "pagerduty", .needs = "key_env, key_file or key_command: the routing key",
                                       .default_url = "https://events.pagerduty.com/v2/enqueue", .needs_key = true,
                                       .write = write_pagerduty};
