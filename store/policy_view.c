/* policy_view: reading the policy file for the header of every screen and for doctor. See policy.h. */
#include "store/policy.h"
#include "store/clock.h"
#include "store/data.h"
#include <jansson.h>

enum { POLICY_BYTES = 1 << 20, SCHEMA_VERSION = 1 };

/* The file is other people's: what it says goes to a terminal. */
static void copy_text(char *out, size_t size, const json_t *from) {
    const char *text = json_string_value(from);
    size_t len = text ? utf8_cut(text, strlen(text), size - 1) : 0;
    for (size_t i = 0; i < len; i++) out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
    out[len] = '\0';
}

/* 0 when there is none; -1: there is something that is no time. */
static int read_time(const json_t *from, int64_t *out) {
    *out = 0;
    if (!from || json_is_null(from)) return 0;
    const char *text = json_string_value(from);
    return text ? time_parse_rfc3339(text, strlen(text), out) : -1;
}

static void read_author(const json_t *root, const json_t *kill_switch, PolicyView *out) {
    const json_t *by = json_object_get(root, "updated_by");
    copy_text(out->by, sizeof out->by, json_object_get(kill_switch, "engaged_by"));
    if (!out->by[0]) copy_text(out->by, sizeof out->by, json_is_object(by) ? json_object_get(by, "user") : by);
}

static int read_switch(const json_t *root, int64_t now_ms, PolicyView *out, Err *e) {
    const json_t *s = json_object_get(root, "kill_switch"), *enabled = json_object_get(s, "enabled");
    read_author(root, s, out);
    copy_text(out->reason, sizeof out->reason, json_object_get(s, "reason"));
    if (s && !json_is_boolean(enabled)) return fail(e, "kill_switch.enabled is not true or false");
    if (read_time(json_object_get(s, "engaged_at"), &out->engaged_at_ms) != 0)
        return fail(e, "kill_switch.engaged_at is not a time");
    if (read_time(json_object_get(s, "expires_at"), &out->expires_at_ms) != 0)
        return fail(e, "kill_switch.expires_at is not a time");
    out->state = SWITCH_OFF;
    if (!json_is_true(enabled)) return 0;
    const char *scope = json_string_value(json_object_get(s, "scope"));
    if (!scope || (strcmp(scope, "all") != 0 && strcmp(scope, "non_critical") != 0))
        return fail(e, "kill_switch.scope is neither all nor non_critical");
    bool expired = out->expires_at_ms && out->expires_at_ms <= now_ms; /* each reader's clock decides */
    out->state = expired ? SWITCH_EXPIRED : strcmp(scope, "all") == 0 ? SWITCH_ALL : SWITCH_NON_CRITICAL;
    return 0;
}

static int read_root(const json_t *root, int64_t now_ms, PolicyView *out, Err *e) {
    const json_t *version = json_object_get(root, "schema_version"), *generation = json_object_get(root, "generation");
    if (!json_is_object(root)) return fail(e, "not a JSON object");
    if (!json_is_integer(version)) return fail(e, "schema_version is missing");
    if (json_integer_value(version) != SCHEMA_VERSION)
        return fail(e, "schema %" JSON_INTEGER_FORMAT " is not known to this version; update tollwatch", json_integer_value(version));
    if (!json_is_integer(generation) || json_integer_value(generation) < 0) return fail(e, "generation is not a number");
    out->generation = json_integer_value(generation);
    return read_switch(root, now_ms, out, e);
}

static int read_policy(const char *path, int64_t now_ms, PolicyView *out, Err *e) {
    Buf file = {.max = POLICY_BYTES};
    json_error_t where;
    json_t *root = NULL;
    Err inner = {0};
    int rc = file_read(path, &file, e);
    if (rc == 0) {
        root = json_loadb(file.at ? file.at : "", file.len, JSON_REJECT_DUPLICATES, &where);
        if (!root) rc = fail(&inner, "line %d: %s", where.line, where.text);
        else rc = read_root(root, now_ms, out, &inner);
    }
    if (inner.text[0]) fail(e, "%s: %s", path, inner.text);
    json_decref(root);
    buf_free(&file);
    return rc;
}

void policy_view(const char *path, int64_t now_ms, PolicyView *out) {
    Err e = {0};
    *out = (PolicyView){0};
    if (read_policy(path, now_ms, out, &e) == 0) return;
    *out = (PolicyView){.state = SWITCH_UNKNOWN};
    snprintf(out->why_unknown, sizeof out->why_unknown, "%s", e.text);
}
