/* policy_view: reading the policy file for the header of every screen and for doctor. See policy.h. */
#include "store/policy_parts.h"
#include <errno.h>
#include <unistd.h>

/* The file is other people's: what it says goes to a terminal. */
void policy_text(char *out, size_t size, const json_t *from) {
    const char *text = json_string_value(from);
    size_t len = text ? utf8_cut(text, strlen(text), size - 1) : 0;
    for (size_t i = 0; i < len; i++) out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
    out[len] = '\0';
}

int policy_time(const json_t *from, int64_t *out) {
    *out = 0;
    if (!from || json_is_null(from)) return 0;
    const char *text = json_string_value(from);
    return text ? time_parse_rfc3339(text, strlen(text), out) : -1;
}

json_t *policy_time_new(int64_t ms) {
    char text[40];
    if (ms == 0) return json_null();
    time_format_utc(ms, text, sizeof text);
    return json_string(text);
}

static void read_author(const json_t *root, const json_t *kill_switch, PolicyView *out) {
    const json_t *by = json_object_get(root, "updated_by");
    policy_text(out->by, sizeof out->by, json_object_get(kill_switch, "engaged_by"));
    if (!out->by[0]) policy_text(out->by, sizeof out->by, json_is_object(by) ? json_object_get(by, "user") : by);
}

SwitchState policy_switch_state(const json_t *root, int64_t now_ms) {
    const json_t *s = json_object_get(root, "kill_switch"), *enabled = json_object_get(s, "enabled");
    const char *scope = json_string_value(json_object_get(s, "scope"));
    int64_t expires_ms;
    if (s && !json_is_boolean(enabled)) return SWITCH_UNKNOWN;
    if (policy_time(json_object_get(s, "expires_at"), &expires_ms) != 0) return SWITCH_UNKNOWN;
    if (!json_is_true(enabled)) return SWITCH_OFF;
    if (!scope || (strcmp(scope, "all") != 0 && strcmp(scope, "non_critical") != 0)) return SWITCH_UNKNOWN;
    if (expires_ms && expires_ms <= now_ms) return SWITCH_EXPIRED; /* P12: each reader's clock decides */
    return strcmp(scope, "all") == 0 ? SWITCH_ALL : SWITCH_NON_CRITICAL;
}

static int read_switch(const json_t *root, int64_t now_ms, PolicyView *out, Err *e) {
    const json_t *s = json_object_get(root, "kill_switch");
    const char *inflight = json_string_value(json_object_get(s, "inflight"));
    read_author(root, s, out);
    policy_text(out->reason, sizeof out->reason, json_object_get(s, "reason"));
    out->abort = inflight && strcmp(inflight, "abort") == 0;
    if (s && !json_is_boolean(json_object_get(s, "enabled"))) return fail(e, "kill_switch.enabled is not true or false");
    if (policy_time(json_object_get(s, "engaged_at"), &out->engaged_at_ms) != 0)
        return fail(e, "kill_switch.engaged_at is not a time");
    if (policy_time(json_object_get(s, "expires_at"), &out->expires_at_ms) != 0)
        return fail(e, "kill_switch.expires_at is not a time");
    out->state = policy_switch_state(root, now_ms);
    return out->state == SWITCH_UNKNOWN ? fail(e, "kill_switch.scope is neither all nor non_critical") : 0;
}

static int read_root(const json_t *root, int64_t now_ms, PolicyView *out, Err *e) {
    const json_t *version = json_object_get(root, "schema_version"), *generation = json_object_get(root, "generation");
    if (!json_is_object(root)) return fail(e, "not a JSON object");
    if (!json_is_integer(version)) return fail(e, "schema_version is missing");
    if (json_integer_value(version) != POLICY_SCHEMA)
        return fail(e, "schema %" JSON_INTEGER_FORMAT " is not known to this version; update tollwatch", json_integer_value(version));
    if (!json_is_integer(generation) || json_integer_value(generation) < 0) return fail(e, "generation is not a number");
    out->generation = json_integer_value(generation);
    out->critical_count = (int)json_array_size(json_object_get(json_object_get(root, "critical"), "features"));
    return read_switch(root, now_ms, out, e);
}

/* A file that is gone is another matter: it was written once, and gateways go on with what it said. */
static bool was_never_written(const char *path, int why) {
    char prev[1100];
    int n = snprintf(prev, sizeof prev, "%s.prev", path);
    return why == ENOENT && n > 0 && (size_t)n < sizeof prev && access(prev, F_OK) != 0;
}

void policy_view(const char *path, int64_t now_ms, PolicyView *out) {
    Err inner = {0}, e = {0};
    json_t *root = NULL;
    *out = (PolicyView){0};
    errno = 0;
    int rc = policy_read(path, &root, &e), why = errno;
    if (rc == 0) rc = read_root(root, now_ms, out, &inner);
    if (inner.text[0]) fail(&e, "%s: %s", path, inner.text);
    json_decref(root);
    if (rc == 0) return;
    *out = (PolicyView){.state = SWITCH_UNKNOWN, .never = inner.text[0] == '\0' && was_never_written(path, why)};
    snprintf(out->why_unknown, sizeof out->why_unknown, "%s", e.text);
}
