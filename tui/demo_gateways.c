/* demo_gateways: see demo_gateways.h. */
#include "tui/demo_gateways.h"
#include "store/clock.h"
#include "store/data.h"
#include "tui/demo_load.h"
#include <inttypes.h>
#include <jansson.h>

enum { ACK_EVERY_MS = 10000, REFUSED_STATUS = 503, OVER_BUDGET_STATUS = 429, REFUSAL_MS = 2 };

static int acknowledge(const DemoSwitch *s, const char *gateway, int64_t generation, int64_t now_ms, Err *e) {
    char path[256], text[256], at[40];
    const char *slash = strrchr(s->policy_path, '/');
    time_format_utc(now_ms, at, sizeof at);
    snprintf(path, sizeof path, "%.*sacks/%s.json", (int)(slash - s->policy_path) + 1, s->policy_path, gateway);
    int n = snprintf(text, sizeof text, "{\"gateway\":\"%s\",\"host\":\"demo\",\"workers\":2,\"generation\":%" PRId64
                     ",\"applied_at\":\"%s\",\"seen_at\":\"%s\"}\n", gateway, generation, at, at);
    return file_write(path, text, (size_t)n, e);
}

static int acknowledge_all(DemoSwitch *s, int64_t generation, int64_t now_ms, Err *e) {
    for (int g = 0; g < DEMO_GATEWAYS; g++)
        if (acknowledge(s, demo_gateways[g], generation, now_ms, e) != 0) return -1;
    if (s->told_ms == 0 && acknowledge(s, "batch-1", generation, now_ms - 3 * MS_PER_MINUTE, e) != 0) return -1; /* and never again */
    s->told_generation = generation;
    s->told_ms = now_ms;
    return 0;
}

int demo_switch_look(DemoSwitch *s, int64_t now_ms, Err *e) {
    json_t *policy = NULL;
    Err ignored = {0};
    if (policy_read(s->policy_path, &policy, &ignored) == 0) {
        json_decref(s->policy);
        s->policy = policy;
    }
    int64_t generation = json_integer_value(json_object_get(s->policy, "generation"));
    if (s->told_ms && generation == s->told_generation && now_ms - s->told_ms < ACK_EVERY_MS) return 0;
    return acknowledge_all(s, generation, now_ms, e);
}

static void refuse(Request *r, const char *code) {
    r->status = strcmp(code, "kill_switch_engaged") == 0 ? REFUSED_STATUS : OVER_BUDGET_STATUS;
    r->outcome = OUTCOME_REFUSED;
    r->latency_ms = REFUSAL_MS;
    r->ttft_ms = -1;
    memset(r->tokens, 0, sizeof r->tokens);
}

void demo_switch_apply(const DemoSwitch *s, Batch *b, int64_t from_ms) {
    for (size_t i = 0; i < batch_count(b); i++) {
        Request *r = batch_at(b, i);
        char feature[NAME_MAX_BYTES + 1], model[NAME_MAX_BYTES + 1];
        PolicyDecision d;
        if (r->ts_ms < from_ms) continue;
        Str f = batch_name_at(b, r->name[DIM_FEATURE]), m = batch_name_at(b, r->name[DIM_MODEL]);
        snprintf(feature, sizeof feature, "%.*s", (int)f.len, f.at);
        snprintf(model, sizeof model, "%.*s", (int)m.len, m.at);
        const PolicyCall call = {.feature = feature, .model = model, .max_tokens = -1, .prompt_bytes = -1, .tools = -1};
        policy_decide(s->policy, &call, r->ts_ms, &d);
        if (d.refuse) refuse(r, d.code);
    }
}

void demo_switch_free(DemoSwitch *s) { json_decref(s->policy); }
