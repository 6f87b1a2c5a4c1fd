/* stop_effect: see stop_effect.h. */
#include "tui/stop_effect.h"
#include "store/money.h"
#include "tui/policy_act.h"
#include <jansson.h>

static void add_critical(Critical *c, const char *at, size_t len) {
    if (c->count == CRITICAL_MAX || len == 0) return;
    snprintf(c->name[c->count++], sizeof c->name[0], "%.*s", (int)(len > NAME_MAX_BYTES ? NAME_MAX_BYTES : len), at);
}

void critical_load(const App *a, Critical *out) {
    json_t *policy = NULL;
    Err ignored = {0};
    *out = (Critical){0};
    for (const char *p = a->config->critical_features; *p; p += strspn(p, " ,")) {
        size_t len = strcspn(p, " ,");
        add_critical(out, p, len);
        p += len;
    }
    if (out->count || policy_read(a->policy_path, &policy, &ignored) != 0) return;
    const json_t *list = json_object_get(json_object_get(policy, "critical"), "features");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (name) add_critical(out, name, strlen(name));
    }
    json_decref(policy);
}

bool critical_has(const Critical *c, const char *feature) {
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->name[i], *feature ? feature : "unknown") == 0) return true;
    return false;
}

static bool obeys(const PolicyAck *acks, size_t count, const char *gateway) {
    for (size_t i = 0; i < count; i++)
        if (acks[i].state != ACK_UNKNOWN && strcmp(acks[i].id, gateway) == 0) return true;
    return false;
}

typedef struct FeatureSum {
    char name[NAME_MAX_BYTES + 1];
    int64_t calls, nano;
} FeatureSum;

static FeatureSum *sum_of(FeatureSum *sums, size_t *count, const char *name) {
    for (size_t i = 0; i < *count; i++)
        if (strcmp(sums[i].name, name) == 0) return &sums[i];
    snprintf(sums[*count].name, sizeof sums[0].name, "%s", name);
    return &sums[(*count)++];
}

static void add_part(EffectPart *p, const FeatureSum *s) {
    p->calls += s->calls;
    p->nano = nano_add(p->nano, s->nano);
    p->features++;
    if (p->features > 1 && s->nano <= p->most_nano) return;
    snprintf(p->most, sizeof p->most, "%s", s->name[0] ? s->name : "(none)");
    p->most_nano = s->nano;
}

void stop_effect_of(const Result *r, const Critical *critical, bool all, const PolicyAck *acks, size_t acks_count, StopEffect *out) {
    FeatureSum *sums = xcalloc(r->count + 1, sizeof *sums);
    size_t count = 0;
    *out = (StopEffect){.critical = critical->count};
    for (size_t i = 0; i < r->count; i++) {
        const Group *g = &r->groups[i];
        FeatureSum *s = sum_of(sums, &count, g->name[0]);
        s->calls += g->t.requests - g->t.refused;
        s->nano = nano_add(s->nano, g->t.cost_nano);
        if (obeys(acks, acks_count, g->name[1])) out->obeying_nano = nano_add(out->obeying_nano, g->t.cost_nano);
    }
    for (size_t i = 0; i < count; i++)
        add_part(!all && critical_has(critical, sums[i].name) ? &out->passes : &out->refused, &sums[i]);
    for (size_t i = 0; i < acks_count; i++) {
        if (acks[i].state == ACK_UNKNOWN) out->silent++;
        else out->obeying++;
    }
    free(sums);
}

int stop_effect_load(View *v, bool all, StopEffect *out, Err *e) {
    Critical *critical = xcalloc(1, sizeof *critical);
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    size_t count = 0;
    Result r = {0};
    Err no_acks = {0};
    Query q = {.since_ms = v->now_ms - EFFECT_MS, .until_ms = v->now_ms + 1, .by = {DIM_FEATURE, DIM_GATEWAY}, .by_count = 2};
    critical_load(v->app, critical);
    if (policy_act_acks(v->app, v->policy.generation, v->now_ms, acks, &count, &no_acks) != 0) count = 0; /* nobody obeys then */
    int rc = query_run(v->db, &q, &r, e);
    if (rc == 0) stop_effect_of(&r, critical, all, acks, count, out);
    result_free(&r);
    free(acks);
    free(critical);
    return rc;
}
