/* policy_change: the door. Lock, read, hold the change against what its author saw, edit, audit, replace, audit again,
 * flag files. Invariants P1 P5 P6 P8 P11 P14 of policy.h. */
#include "store/policy_parts.h"
#include <errno.h>
#include <unistd.h>

#define SECTIONS "section_generation"
#define GENERATION_MAX (INT64_C(1) << 53) /* what all readers count exactly */
enum { HISTORY = 32 };

typedef struct Change {
    const PolicyWriter *w;
    const PolicyEdit *edit;
    PolicyDone *done;
    PolicyFolder folder;
    json_t *policy;
    PolicyEvent event;
    bool broken; /* the file could not be read: the change goes on from the last good copy */
} Change;

static int64_t integer_of(const json_t *object, const char *key) {
    const json_t *v = json_object_get(object, key);
    return json_is_integer(v) ? json_integer_value(v) : 0;
}

static void warn(Change *c, const Err *e) {
    if (!c->done->warning[0]) snprintf(c->done->warning, sizeof c->done->warning, "%s", e->text);
}

/* ---- reading what is there ---- */
/* With a switch: strict readers take no policy that says nothing of it, and budgets alone may write the first. */
static json_t *policy_new(void) {
    return json_pack("{s:i, s:i, s:{s:b}}", "schema_version", POLICY_SCHEMA, "generation", 0, "kill_switch", "enabled", 0);
}

static int check_schema(const Change *c, Err *e) {
    const json_t *version = json_object_get(c->policy, "schema_version"), *generation = json_object_get(c->policy, "generation");
    if (json_is_integer(version) && json_integer_value(version) > POLICY_SCHEMA)
        return fail(e, "%s has schema %" JSON_INTEGER_FORMAT ", this version knows %d; update tollwatch", c->w->path,
                    json_integer_value(version), POLICY_SCHEMA);
    int64_t n = json_integer_value(generation);
    if (json_is_integer(version) && json_is_integer(generation) && n >= 0 && n < GENERATION_MAX) return 0;
    return fail(e, "%s has no schema_version and generation; this is no policy file", c->w->path);
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* The last generation that the trail says was written, by anybody or by people; 0 = none. */
static int64_t last_written(const Change *c, bool by_people) {
    PolicyEvent *events = xcalloc(HISTORY, sizeof *events);
    size_t count = 0;
    int64_t last = 0;
    Err ignored = {0};
    policy_history(c->w->path, events, HISTORY, &count, &ignored);
    for (size_t i = 0; i < count; i++)
        if (strcmp(events[i].outcome, "written") == 0 && !(by_people && strcmp(events[i].action, "budget") == 0)) last = larger(last, events[i].generation);
    free(events);
    return last;
}

/* The last that a gateway acknowledged: a generation that comes again would be taken for obeyed before anybody read it (P14). */
static int64_t last_obeyed(const Change *c) {
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    size_t count = 0;
    int64_t last = 0;
    Err ignored = {0};
    policy_acks(c->w->path, NULL, 0, 0, c->w->now_ms, acks, POLICY_ACKS_MAX, &count, &ignored);
    for (size_t i = 0; i < count; i++)
        if (acks[i].generation < GENERATION_MAX) last = larger(last, acks[i].generation);
    free(acks);
    return last;
}

/* The copy as it is, of a generation that gateways have not seen. */
static int read_last_good(Change *c, Err *e) {
    char prev[POLICY_NAME_MAX + 8];
    Err ignored = {0};
    json_decref(c->policy);
    c->policy = NULL;
    c->broken = true;
    snprintf(prev, sizeof prev, "%s.prev", c->folder.name);
    if (policy_folder_read(&c->folder, prev, &c->policy, &ignored) != 0 || check_schema(c, &ignored) != 0) {
        json_decref(c->policy);
        c->policy = policy_new();
    }
    int64_t copied = integer_of(c->policy, "generation"), last = larger(larger(last_written(c, false), last_obeyed(c)), copied);
    if (c->w->by->guard && last_written(c, true) > copied)
        return fail(e, "%s; its last good copy lacks what a person changed last, so budgets wait", c->done->warning);
    json_object_set_new(c->policy, "generation", json_integer(last));
    return 0;
}

static int read_present(Change *c, Err *e) {
    Err why = {0};
    int rc = policy_folder_read(&c->folder, c->folder.name, &c->policy, &why);
    if (rc != 0 && errno == ENOENT) {
        if (last_written(c, false) == 0) {
            c->policy = policy_new();
            return 0;
        }
        why = (Err){0};
        fail(&why, "%s is gone, and gateways keep what it said; copy %s.prev to it", c->w->path, c->folder.name);
    }
    if (rc == 0 && check_schema(c, &why) == 0) return 0;
    /* A newer schema is a good file that we must not reduce to what we know. */
    bool newer = c->policy && integer_of(c->policy, "schema_version") > POLICY_SCHEMA;
    if (!c->edit->rescue || newer) return fail(e, "%s", why.text);
    warn(c, &why);
    return read_last_good(c, e);
}

/* ---- conflicts ---- */
static void describe_conflict(Change *c, int64_t changed) {
    char user[128];
    const json_t *by = json_object_get(c->policy, "updated_by");
    bool last = changed == integer_of(c->policy, "generation");
    policy_text(user, sizeof user, json_object_get(by, "user"));
    snprintf(c->done->conflict, sizeof c->done->conflict, "%s was changed%s%s (generation %lld) after you looked (%lld); look again",
             c->edit->section, last ? " by " : "", last ? user : "", (long long)changed, (long long)c->w->seen_generation);
    c->done->result = POLICY_CONFLICT;
}

static bool conflicts(Change *c) {
    int64_t changed = integer_of(json_object_get(c->policy, SECTIONS), c->edit->section);
    if (c->w->seen_generation < 0 || changed <= c->w->seen_generation) return false;
    describe_conflict(c, changed);
    return true;
}

/* ---- the head of the file ---- */
static void set_author(Change *c) {
    const Actor *by = c->w->by;
    json_object_set_new(c->policy, "updated_at", policy_time_new(c->w->now_ms));
    json_object_set_new(c->policy, "updated_by", json_pack("{s:s, s:s, s:s, s:s}", "user", by->user, "host", by->host, "tool",
                                                           "tollwatch/" TOLLWATCH_VERSION, "origin", by->guard ? "guard" : "person"));
    json_object_set_new(c->policy, "reason", json_string(c->edit->reason ? c->edit->reason : ""));
}

static void set_generation(Change *c) {
    int64_t generation = integer_of(c->policy, "generation");
    c->event.from_generation = generation;
    c->event.generation = generation + 1;
    json_object_set_new(c->policy, "schema_version", json_integer(POLICY_SCHEMA));
    json_object_set_new(c->policy, "generation", json_integer(generation + 1));
    json_object_set_new(policy_object(c->policy, SECTIONS), c->edit->section, json_integer(generation + 1));
}

/* ---- the audit trail ---- */
static void start_event(PolicyEvent *v, const PolicyWriter *w, const char *action, const char *section, const char *reason) {
    const Actor *by = w->by;
    v->at_ms = w->now_ms;
    snprintf(v->action, sizeof v->action, "%s", action);
    snprintf(v->section, sizeof v->section, "%s", section);
    snprintf(v->user, sizeof v->user, "%s", by->user);
    snprintf(v->login, sizeof v->login, "%s", by->login);
    snprintf(v->host, sizeof v->host, "%s", by->host);
    snprintf(v->from, sizeof v->from, "%s", by->from);
    snprintf(v->reason, sizeof v->reason, "%.*s", (int)utf8_cut(reason, strlen(reason), sizeof v->reason - 1), reason);
}

/* A full disk or a foreign file must not keep calls from being stopped: the trail's failure is told, not obeyed. */
static void audit(Change *c, const char *outcome, const char *why) {
    Err e = {0};
    snprintf(c->event.outcome, sizeof c->event.outcome, "%s%s", outcome, why);
    if (policy_audit_write(&c->folder, &c->event, &e) != 0) warn(c, &e);
    if (c->w->witness) c->w->witness(c->w->ctx, &c->event);
}

static int replace(Change *c, Err *e) {
    Err flags = {0};
    set_generation(c);
    set_author(c);
    start_event(&c->event, c->w, c->edit->action, c->edit->section, c->edit->reason ? c->edit->reason : "");
    audit(c, "intended", "");
    if (c->broken) policy_folder_keep_broken(&c->folder);
    int rc = policy_folder_write(&c->folder, c->policy, !c->broken, e);
    audit(c, rc == 0 ? "written" : "failed: ", rc == 0 ? "" : e->text);
    if (rc == 0 && policy_flags_write(&c->folder, c->policy, c->w->now_ms, &flags) != 0) warn(c, &flags);
    return rc;
}

static int change_locked(Change *c, Err *e) {
    if (read_present(c, e) != 0) return -1;
    c->done->generation = integer_of(c->policy, "generation");
    if (conflicts(c)) return 0;
    int changed = c->edit->edit(c->edit->ctx, c->policy, e);
    if (changed < 0) return -1;
    c->done->result = changed ? POLICY_WRITTEN : POLICY_UNCHANGED;
    if (!changed) return 0;
    if (replace(c, e) != 0) return -1;
    c->done->generation = c->event.generation;
    return 0;
}

int policy_change(const PolicyWriter *w, const PolicyEdit *edit, PolicyDone *done, Err *e) {
    Change c = {.w = w, .edit = edit, .done = done};
    *done = (PolicyDone){0};
    if (policy_folder_open(&c.folder, w->path, e) != 0) return -1;
    int lock = policy_folder_lock(&c.folder, w->patience_ms ? w->patience_ms : POLICY_PATIENCE_MS, e);
    int rc = lock < 0 ? -1 : change_locked(&c, e);
    if (lock >= 0) close(lock);
    policy_folder_close(&c.folder);
    json_decref(c.policy);
    return rc;
}

int policy_note(const PolicyWriter *w, const char *action, int64_t generation, const char *outcome, Err *e) {
    PolicyFolder f;
    PolicyEvent v = {.from_generation = generation, .generation = generation};
    start_event(&v, w, action, "", "");
    snprintf(v.outcome, sizeof v.outcome, "%.*s", (int)utf8_cut(outcome, strlen(outcome), sizeof v.outcome - 1), outcome);
    if (policy_folder_open(&f, w->path, e) != 0) return -1;
    int rc = policy_audit_write(&f, &v, e);
    policy_folder_close(&f);
    if (w->witness) w->witness(w->ctx, &v);
    return rc;
}
