/* demo_load: see demo_load.h. */
#include "tui/demo_load.h"
#include "store/clock.h"

const char *const demo_gateways[DEMO_GATEWAYS] = {"edge-1", "edge-2", "litellm-1"};

typedef struct Model {
    const char *provider, *name, *endpoint;
} Model;
enum { OPUS, SONNET, HAIKU, TERRA, LUNA, FLASH, GROK, UNLISTED };
static const Model models[] = {
    [OPUS] = {"anthropic", "claude-opus-5-5", "/v1/messages"},    [SONNET] = {"anthropic", "claude-sonnet-5-5", "/v1/messages"},
    [HAIKU] = {"anthropic", "claude-haiku-5-5", "/v1/messages"},  [TERRA] = {"openai", "gpt-5.6-terra", "/v1/responses"},
    [LUNA] = {"openai", "gpt-5.6-luna", "/v1/responses"},         [FLASH] = {"google", "gemini-3.8-flash", "/v1beta/models/{model}"},
    [GROK] = {"xai", "grok-4.7", "/v1/chat/completions"},
    [UNLISTED] = {"mistral", "mistral-next-exp", "/v1/chat/completions"},
};

typedef struct Feature {
    const char *name, *team, *user, *key;
    int per_hour;                      /* calls at 100 % of the daily curve */
    struct { int model, percent; } mix[3];
    int input, read, write, output;    /* tokens of an average call */
    int latency_ms;
    bool nights_only;
    int limit;                         /* of output tokens, asked for by the client; 0 = none */
} Feature;
static const Feature features[] = {
    {"doc-agent", "docs", "svc-docs", "docs-agent-prod", 90, {{SONNET, 60}, {OPUS, 30}, {HAIKU, 10}}, 4000, 190000, 8000, 3000, 14000, false, 0},
    {"support-chat", "support", "svc-chat", "support-web", 270, {{SONNET, 88}, {HAIKU, 12}}, 6000, 60000, 2000, 2000, 4200, false, 0},
    {"search", "search", "svc-search", "search-web", 510, {{FLASH, 60}, {LUNA, 40}}, 12000, 9000, 0, 2000, 1100, false, 0},
    {"checkout", "shop", "svc-checkout", "checkout-prod", 100, {{TERRA, 100}}, 6000, 20000, 0, 1200, 1900, false, 0},
    {"summaries", "content", "svc-content", "content-batch", 180, {{LUNA, 65}, {TERRA, 20}, {GROK, 15}}, 10000, 0, 0, 1500, 2600, false, 3600},
    {"fraud", "risk", "svc-risk", "risk-prod", 30, {{OPUS, 100}}, 13000, 0, 0, 2800, 5200, false, 0},
    {"triage", "support", "svc-triage", "triage-prod", 80, {{OPUS, 100}}, 1300, 0, 0, 160, 1400, false, 0}, /* a large model for a small task */
    {"nightly-eval", "ml", "ci", "ci-runner", 90, {{TERRA, 70}, {SONNET, 30}}, 9000, 3000, 0, 900, 3000, true, 0},
    {"", "", "", "", 9, {{SONNET, 60}, {UNLISTED, 40}}, 3000, 0, 0, 300, 3000, false, 0},
};
enum { FEATURES = sizeof features / sizeof features[0], DOC_AGENT = 0, SUPPORT_CHAT = 1, SEARCH = 2, SUMMARIES = 4, TRIAGE = 6 };

/* Percent of the usual load by hour of the day (UTC), Monday to Friday; weekends have less. */
static const uint8_t by_hour[24] = {46, 42, 40, 40, 44, 56, 78, 104, 130, 146, 150, 142, 134, 144, 150, 142, 130, 118, 108, 98, 88, 74, 60, 52};
enum { WEEKEND_PERCENT = 62, CALLS_PERCENT_IN_INCIDENT = 430, EPOCH_WEEKDAY = 3 /* 1 Jan 1970 was a Thursday, Monday is 0 */ };

static uint64_t draw(uint64_t *state) {
    *state += 0x9E3779B97F4A7C15u;
    return hash64(state, sizeof *state, 0);
}

static int64_t below(uint64_t *state, int64_t n) {
    return n > 0 ? (int64_t)(draw(state) % (uint64_t)n) : 0;
}

/* Half to one and a half times the average. */
static int64_t around(uint64_t *state, int64_t average) {
    return average / 2 + below(state, average + 1);
}

static int curve_percent(const Feature *f, int64_t minute_ms) {
    int hour = (int)(minute_ms / MS_PER_HOUR % 24), weekday = (int)((minute_ms / MS_PER_DAY + EPOCH_WEEKDAY) % 7);
    if (f->nights_only) return hour < 5 ? 100 : 0;
    return weekday >= 5 ? by_hour[hour] * WEEKEND_PERCENT / 100 : by_hour[hour];
}

static int pick_model(const Feature *f, bool incident, uint64_t *state) {
    int64_t roll = below(state, 100);
    if (incident) return roll < 82 ? OPUS : SONNET;
    for (size_t i = 0; i < 3; i++)
        if ((roll -= f->mix[i].percent) < 0) return f->mix[i].model;
    return f->mix[0].model;
}

static void set_names(Request *r, Batch *b, const Feature *f, const Model *m, const char *gateway, uint64_t *state) {
    char session[24] = "";
    int64_t n = below(state, 24);
    if (f->name[0]) snprintf(session, sizeof session, "run-%04x", (unsigned)(hash64(f->name, strlen(f->name), (uint64_t)n) & 0xFFFF));
    const char *const text[DIM_COUNT] = {
        [DIM_ACCOUNT] = m->provider, [DIM_PROVIDER] = m->provider, [DIM_MODEL] = m->name, [DIM_TIER] = "standard",
        [DIM_FEATURE] = f->name, [DIM_TEAM] = f->team, [DIM_USER] = f->user, [DIM_KEY] = f->key, [DIM_SESSION] = session,
        [DIM_PROJECT] = "", [DIM_ENDPOINT] = m->endpoint, [DIM_GATEWAY] = gateway, [DIM_HOST] = "demo",
    };
    for (int d = 0; d < DIM_COUNT; d++) r->name[d] = batch_name(b, text[d], strlen(text[d]));
}

/* Some answers are three times as long as others; some clients ask for a limit where their feature has one. */
static void set_answer(Request *r, const Feature *f, uint64_t *state) {
    enum { LONG_PERCENT = 5, LONG_TIMES = 3, LIMITED_PERCENT = 60 };
    int64_t length = around(state, f->output);
    if (below(state, 100) < LONG_PERCENT) length *= LONG_TIMES;
    if (f->limit && below(state, 100) < LIMITED_PERCENT) {
        r->max_tokens = f->limit;
        if (length > f->limit) length = f->limit;
    }
    r->tokens[TOK_REASONING] = length / 3;
    r->tokens[TOK_OUTPUT] = length - length / 3;
}

/* In the incident the prompt is written to the cache at every call and read at none. */
static void set_tokens(Request *r, const Feature *f, bool incident, uint64_t *state) {
    r->tokens[TOK_INPUT] = around(state, f->input);
    r->tokens[TOK_CACHE_READ] = around(state, incident ? f->read / 8 : f->read);
    r->tokens[TOK_CACHE_WRITE_5M] = around(state, incident ? f->read + f->read / 4 : f->write);
    set_answer(r, f, state);
    r->latency_ms = (int32_t)around(state, f->latency_ms);
    r->ttft_ms = r->latency_ms / 6 + (int32_t)below(state, 120);
    if (f != &features[SUPPORT_CHAT] && f != &features[SUMMARIES] && !f->nights_only) r->flags |= REQ_STREAM; /* nobody reads along */
}

/* What a gateway logs of a prompt beside its tokens: its size, tools, hashes of it and of its first part. */
static void set_prompt(Request *r, const Feature *f, uint64_t id) {
    enum { BYTES_PER_TOKEN = 4, PREFIX_TOKENS = 6000, QUESTIONS = 12 };
    uint64_t feature = hash64(f->name, strlen(f->name), 1);
    bool asked_before = f == &features[SUPPORT_CHAT] && id % 4 == 0;
    r->prompt_bytes = (r->tokens[TOK_INPUT] + r->tokens[TOK_CACHE_READ] + r->tokens[TOK_CACHE_WRITE_5M]) * BYTES_PER_TOKEN;
    r->tools = f == &features[DOC_AGENT] ? 5 : 0;
    if (f == &features[SEARCH] || !f->name[0]) return; /* its cache is the gateway's own, and nobody labels the last */
    if (asked_before && id / 64 % 12) r->tokens[TOK_OUTPUT] = 900 + (int64_t)(id / 4 % QUESTIONS) * 70; /* mostly the same answer */
    r->prompt_hash = (asked_before ? hash64(&feature, sizeof feature, id / 4 % QUESTIONS) : id) | 1;
    r->prefix_hash = feature | 1;
    r->prefix_bytes = PREFIX_TOKENS * BYTES_PER_TOKEN;
    if (f == &features[TRIAGE]) r->prefix_hash = 0, r->prefix_bytes = -1; /* too short to be worth it */
    if (r->prefix_bytes > r->prompt_bytes) r->prefix_bytes = r->prompt_bytes;
}

static void set_outcome(Request *r, bool incident, uint64_t *state) {
    r->status = 200;
    r->outcome = OUTCOME_OK;
    if (below(state, 1000) >= (incident ? 21 : 3)) return;
    static const int16_t codes[] = {529, 500, 429};
    r->status = codes[below(state, 3)];
    r->outcome = OUTCOME_ERROR;
    r->latency_ms = 300;
    r->ttft_ms = -1;
    memset(r->tokens, 0, sizeof r->tokens);
}

static void add_call(const Feature *f, bool incident, int64_t ts_ms, uint64_t id, uint64_t *state,
                     Batch *const batch[DEMO_GATEWAYS]) {
    int64_t roll = below(state, 100);
    int gateway = f == &features[SEARCH] ? 1 : roll < 50 ? 0 : roll < 88 ? 1 : 2;
    int model = pick_model(f, incident, state);
    Request *r = batch_add(batch[gateway]);
    if (!r) return; /* the caller's batches hold a minute */
    r->ts_ms = ts_ms;
    r->id = id | 1;
    r->origin = ORIGIN_METERED;
    r->source_class = CLASS_GATEWAY;
    r->replay = REPLAY_SAME_TIME;
    set_names(r, batch[gateway], f, &models[model], demo_gateways[gateway], state);
    set_tokens(r, f, incident, state);
    set_prompt(r, f, id);
    set_outcome(r, incident, state);
    if (f == &features[SEARCH] && below(state, 100) < 8) r->flags |= REQ_CACHE_HIT;
}

void demo_minute(const DemoLoad *load, int64_t minute_ms, int64_t from_ms, int64_t to_ms, Batch *const batch[DEMO_GATEWAYS]) {
    bool burning = minute_ms >= load->onset_ms;
    for (size_t i = 0; i < FEATURES; i++) {
        const Feature *f = &features[i];
        bool incident = burning && i == DOC_AGENT;
        uint64_t state = load->seed ^ hash64(&minute_ms, sizeof minute_ms, i);
        /* Calls of this minute in thousandths; the fraction is a chance. */
        int64_t mille = (int64_t)f->per_hour * curve_percent(f, minute_ms) * 1000 / 6000;
        if (incident) mille = (int64_t)f->per_hour * CALLS_PERCENT_IN_INCIDENT * 1000 / 6000;
        mille = around(&state, mille);
        int64_t calls = mille / 1000 + (below(&state, 1000) < mille % 1000);
        for (int64_t n = 0; n < calls && n < DEMO_MINUTE_MAX / (int)FEATURES; n++) {
            int64_t ts = minute_ms + below(&state, MS_PER_MINUTE);
            uint64_t id = draw(&state), own = id;
            if (ts >= from_ms && ts < to_ms) add_call(f, incident, ts, id, &own, batch);
        }
    }
}
