/* alertmanager: Prometheus Alertmanager's API v2. An alert is its labels, so nothing that changes is in them; but people route
 * by severity, so an alert that grew from watch to act ends the one with the smaller label in the same message. */
#include "collectors/channels/channel.h"
#include "store/clock.h"
#include <jansson.h>

/* An alert ends by itself when nobody tells its end: after a day when it is told again meanwhile, else after the longest
 * period that a budget has. */
static int64_t firing_ms(const Notice *n) {
    const AlertRule *r = alert_rule(n->rule);
    return r && r->again_ms ? 26 * MS_PER_HOUR : 32 * MS_PER_DAY;
}

static json_t *alert(const Notice *n, const Access *a, Weight severity, bool firing) {
    char name[48], begin[32], end[32];
    snprintf(name, sizeof name, "tollwatch_%s", n->rule);
    time_format_utc(n->began_ms, begin, sizeof begin);
    time_format_utc(firing ? a->now_ms + firing_ms(n) : a->now_ms, end, sizeof end);
    json_t *o = json_pack("{s:{s:s, s:o, s:s}, s:{s:o, s:o}, s:s, s:s}", "labels", "alertname", name, "scope", json_text(n->scope),
                          "severity", severity == WEIGHT_ACT ? "critical" : "warning", "annotations", "summary", json_text(n->title),
                          "description", json_text(n->detail), "startsAt", begin, "endsAt", end);
    if (a->runbook && a->runbook[0])
        json_object_set_new(json_object_get(o, "annotations"), "runbook_url", json_text(a->runbook));
    return o;
}

static int write_alertmanager(const Notice *n, const Access *a, Letter *out, Err *e) {
    json_t *all = json_array();
    size_t len = strlen(a->url);
    bool firing = n->kind != TELL_RESOLVED;
    json_array_append_new(all, alert(n, a, n->severity, firing));
    if (n->severity == WEIGHT_ACT) json_array_append_new(all, alert(n, a, WEIGHT_WATCH, false));
    while (len > 0 && a->url[len - 1] == '/') len--;
    snprintf(out->url, sizeof out->url, "%.*s/api/v2/alerts", (int)len, a->url);
    if (a->key[0]) {
        char bearer[560];
        snprintf(bearer, sizeof bearer, "Bearer %s", a->key);
        letter_header(out, "Authorization", bearer);
    }
    return letter_json(out, all, e);
}

const ChannelType channel_alertmanager = {.name = "alertmanager", .needs = "url: Alertmanager's address, without /api",
                                          .needs_url = true, .write = write_alertmanager};
