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

/* ---- rules ---- */
static void route(Batch *b, Request *r, const PolicyDecision *d, const char *model) {
    if (!d->model[0] || strcmp(d->model, model) == 0) return;
    r->asked = r->name[DIM_MODEL];
    r->name[DIM_MODEL] = batch_name(b, d->model, strlen(d->model));
}

static void clamp(Request *r, int64_t most) {
    if (most < 0 || most > INT32_MAX) return;
    int64_t over = r->tokens[TOK_OUTPUT] + r->tokens[TOK_REASONING] - most;
    r->max_tokens = (int32_t)most;
    if (over <= 0) return;
    int64_t visible = over < r->tokens[TOK_OUTPUT] ? over : r->tokens[TOK_OUTPUT];
    r->tokens[TOK_OUTPUT] -= visible;
    r->tokens[TOK_REASONING] -= over - visible;
}

/* One answer to a prompt, in a small table of the newest ones. */
static void answer_again(DemoSwitch *s, Request *r, const PolicyCall *call) {
    const json_t *list = json_object_get(s->policy, "cache"), *rule = NULL;
    for (size_t i = 0; i < json_array_size(list) && !rule; i++)
        if (policy_rule_matches(json_array_get(list, i), call)) rule = json_array_get(list, i);
    if (!rule || !r->prompt_hash || r->outcome != OUTCOME_OK) return;
    uint64_t key = hash64(call->model, strlen(call->model), r->prompt_hash);
    int64_t ttl_ms = json_integer_value(json_object_get(rule, "ttl_seconds")) * 1000, age_ms = r->ts_ms - s->stored[key % DEMO_STORED].ts_ms;
    bool known = s->stored[key % DEMO_STORED].key == key && age_ms >= 0 && age_ms < ttl_ms;
    if (known) r->flags |= REQ_CACHE_HIT;
    else s->stored[key % DEMO_STORED].key = key, s->stored[key % DEMO_STORED].ts_ms = r->ts_ms;
}

static void apply_one(DemoSwitch *s, Batch *b, Request *r, bool live) {
    char feature[NAME_MAX_BYTES + 1], model[NAME_MAX_BYTES + 1], id[24];
    PolicyDecision d;
    Str f = batch_name_at(b, r->name[DIM_FEATURE]), m = batch_name_at(b, r->name[DIM_MODEL]);
    snprintf(feature, sizeof feature, "%.*s", (int)f.len, f.at);
    snprintf(model, sizeof model, "%.*s", (int)m.len, m.at);
    snprintf(id, sizeof id, "%016" PRIx64, r->id);
    PolicyCall call = {.feature = feature, .model = model, .request_id = id, .max_tokens = -1, .prompt_bytes = r->prompt_bytes, .tools = r->tools < 0 ? -1 : r->tools > 0};
    policy_decide(live ? s->policy : s->past, &call, r->ts_ms, &d);
    if (live && d.refuse) {
        refuse(r, d.code);
        return;
    }
    route(b, r, &d, model);
    if (!live) return;
    r->policy_generation = d.generation;
    clamp(r, d.max_tokens);
    call.model = d.model[0] ? d.model : model;
    answer_again(s, r, &call);
}

void demo_switch_apply(DemoSwitch *s, Batch *b, int64_t from_ms) {
    for (size_t i = 0; i < batch_count(b); i++) {
        Request *r = batch_at(b, i);
        bool live = r->ts_ms >= from_ms;
        if (live || (s->past && r->ts_ms >= s->past_ms)) apply_one(s, b, r, live);
    }
}

void demo_switch_free(DemoSwitch *s) {
    json_decref(s->policy);
    json_decref(s->past);
}
