/* metrics_switch: what the policy file says and which gateways obey it. See metrics.h. */
#include <stdlib.h>
#include "store/exposition.h"
#include "store/metrics.h"
#include "store/policy.h"

static void write_one(Buf *out, const char *name, const char *label, const char *value, int64_t count) {
    Buf labels = {.max = 256};
    exposition_label(&labels, label, value);
    exposition_count(out, name, labels.at, count);
    buf_free(&labels);
}

static void write_switch(const PolicyView *v, Buf *out) {
    bool known = v->state != SWITCH_UNKNOWN;
    exposition_gauge(out, "llm_policy_readable", "1 = the policy file could be read; else the switch and the generation are unknown.");
    exposition_count(out, "llm_policy_readable", "", known);
    if (!known) return;
    exposition_gauge(out, "llm_kill_switch_engaged", "1 = calls of this scope are stopped.");
    write_one(out, "llm_kill_switch_engaged", "scope", "all", v->state == SWITCH_ALL);
    write_one(out, "llm_kill_switch_engaged", "scope", "non_critical", v->state == SWITCH_NON_CRITICAL);
    exposition_gauge(out, "llm_policy_generation", "How often the policy file was changed.");
    exposition_count(out, "llm_policy_generation", "", v->generation);
}

static void write_gateways(const PolicyAck *acks, size_t count, Buf *out) {
    static const char *const names[] = {[ACK_OBEYED] = "obeyed", [ACK_BEHIND] = "behind", [ACK_UNKNOWN] = "unknown"};
    int64_t in[3] = {0}, applied_ms = 0;
    for (size_t i = 0; i < count; i++) {
        in[acks[i].state]++;
        if (acks[i].applied_ms > applied_ms) applied_ms = acks[i].applied_ms;
    }
    exposition_gauge(out, "llm_gateways", "Gateways by what they do with the present policy.");
    for (int i = 0; i < 3; i++) write_one(out, "llm_gateways", "state", names[i], in[i]);
    if (applied_ms == 0) return;
    exposition_gauge(out, "llm_policy_last_apply_timestamp_seconds", "When a gateway last took a policy over.");
    exposition_seconds(out, "llm_policy_last_apply_timestamp_seconds", "", applied_ms);
}

/* Spend is told where there is no policy, or its folder cannot be read: then nothing is known of gateways. */
void metrics_switch(const MetricsAsk *ask, Buf *out) {
    const Config *c = ask->config;
    const char **names = xcalloc(c->gateway_count + 1, sizeof *names);
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    PolicyView v;
    size_t count = 0;
    for (size_t i = 0; i < c->gateway_count; i++) names[i] = c->gateways[i].ack[0] ? c->gateways[i].ack : c->gateways[i].name;
    policy_view(ask->policy_path, ask->now_ms, &v);
    write_switch(&v, out);
    if (policy_acks(ask->policy_path, names, c->gateway_count, v.generation, ask->now_ms, acks, POLICY_ACKS_MAX, &count, NULL) == 0)
        write_gateways(acks, count, out);
    free(acks);
    free(names);
}
