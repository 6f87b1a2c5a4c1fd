/* metrics_savings: realised and possible savings by strategy, and what the calls were like: tiers, output, batches, latency,
 * endpoints. See metrics.h. */
#include "store/exposition.h"
#include "store/keytable.h"
#include "store/metrics.h"
#include "store/money.h"
#include "store/savings.h"

enum { DAYS = 7, CALLS = 50000, LABELS_MAX = 512, ENDPOINTS = 20 };

static void write_one(const Saving *s, bool possible, const char *name, Buf *out) {
    Buf labels = {.max = LABELS_MAX};
    if (!(possible ? s->possible_known : s->saved_known)) return;
    exposition_label(&labels, "strategy", s->name);
    if (possible) exposition_label(&labels, "confidence", s->sure == SURE_NOT ? "none" : save_sure_names[s->sure]);
    exposition_usd(out, name, labels.at, possible ? s->possible_nano : s->saved_nano);
    buf_free(&labels);
}

/* A realised figure without a sample here is exact on the calls looked at. */
static void write_spreads(const Savings *v, Buf *out) {
    exposition_gauge(out, "llm_savings_realised_spread_usd", "Two standard deviations of what a strategy saved, where that rests on an estimate.");
    for (int i = 0; i <= SAVE_COUNT; i++) {
        const Saving *s = i < SAVE_COUNT ? &v->by[i] : &v->combined;
        Buf labels = {.max = LABELS_MAX};
        exposition_label(&labels, "strategy", s->name);
        if (s->saved_known && s->saved_spread_nano) exposition_usd(out, "llm_savings_realised_spread_usd", labels.at, s->saved_spread_nano);
        buf_free(&labels);
    }
}

static void write_ttls(const Savings *v, Buf *out) {
    exposition_gauge(out, "llm_savings_response_cache_usd", "What a response cache with that time to live could have saved on the calls looked at.");
    for (int i = 0; i < SAVE_TTLS && v->by[SAVE_RESPONSE].possible_known; i++) {
        Buf labels = {.max = LABELS_MAX};
        char seconds[24];
        snprintf(seconds, sizeof seconds, "%lld", (long long)(save_ttls_ms[i] / 1000));
        exposition_label(&labels, "ttl_seconds", seconds);
        exposition_usd(out, "llm_savings_response_cache_usd", labels.at, v->ttl[i].nano);
        buf_free(&labels);
    }
}

static void write_all(const Savings *v, const SaveSample *s, Buf *out) {
    static const char *const names[] = {"llm_savings_realised_usd", "llm_savings_possible_usd"};
    static const char *const help[] = {"What a strategy saved on the calls looked at; cache writes that nobody reads make it negative.",
                                       "What a strategy could have saved on the calls looked at: an estimate."};
    for (int k = 0; k < 2; k++) {
        exposition_gauge(out, names[k], help[k]);
        for (int i = 0; i < SAVE_COUNT; i++) write_one(&v->by[i], k == 1, names[k], out);
        write_one(&v->combined, k == 1, names[k], out);
    }
    write_spreads(v, out);
    write_ttls(v, out);
    exposition_gauge(out, "llm_savings_calls", "Calls that the savings were worked out on, the newest of a week.");
    exposition_count(out, "llm_savings_calls", "", v->calls);
    exposition_gauge(out, "llm_savings_since_timestamp_seconds", "Time from which on these calls are.");
    exposition_seconds(out, "llm_savings_since_timestamp_seconds", "", s->since_ms);
}

/* ---- what the calls were like ---- */
typedef struct TierMetric { const char *name, *help; void (*write)(Buf *, const char *, const char *, int64_t); size_t field; } TierMetric;

static void write_tiers(const SaveMix *m, Buf *out) {
    static const TierMetric metrics[] = {
        {"llm_tier_requests", "Calls of the sample by tier: classifier, standard, premium.", exposition_count, offsetof(SaveMix, calls)},
        {"llm_tier_cost_usd", "What they cost.", exposition_usd, offsetof(SaveMix, nano)},
        {"llm_tier_latency_seconds", "Their mean latency; no sample where the log has none.", exposition_seconds, offsetof(SaveMix, latency_ms)}};
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        exposition_gauge(out, metrics[i].name, metrics[i].help);
        for (int k = 0; k < CLASS_COUNT; k++) {
            Buf labels = {.max = LABELS_MAX};
            int64_t value;
            memcpy(&value, (const char *)m + metrics[i].field + (size_t)k * sizeof value, sizeof value);
            exposition_label(&labels, "tier", save_class_names[k]);
            if (m->calls[k] && value >= 0) metrics[i].write(out, metrics[i].name, labels.at, value);
            buf_free(&labels);
        }
    }
}

static int64_t permille(int64_t part, int64_t whole) { return part > INT64_MAX / 1000 ? part / (whole / 1000 + 1) : part * 1000 / whole; }

static void write_mix(const SaveMix *m, Buf *out) {
    const struct { const char *name, *help; int64_t nano; } parts[] = {
        {"llm_output_cost_ratio", "What of the sample's cost its output was.", m->output_nano},
        {"llm_premium_cost_ratio", "What of it went to models of the premium tier.", m->nano[CLASS_PREMIUM]},
        {"llm_batch_cost_ratio", "What of it was at batch prices.", m->batch_nano}};
    write_tiers(m, out);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        exposition_gauge(out, parts[i].name, parts[i].help);
        if (m->sound_nano > 0) exposition_seconds(out, parts[i].name, "", permille(parts[i].nano, m->sound_nano));
    }
}

typedef struct Endpoint { const char *name; int64_t nano; } Endpoint;

static int dearest_first(const void *a, const void *b) {
    const Endpoint *x = a, *y = b;
    return x->nano != y->nano ? (x->nano < y->nano) - (x->nano > y->nano) : strcmp(x->name, y->name);
}

static void write_endpoints(const SaveSample *s, Buf *out) {
    KeyTable ids = {.width = 1};
    Endpoint *at = xcalloc(s->kinds + 1, sizeof *at);
    exposition_gauge(out, "llm_endpoint_cost_usd", "Cost of the sample's calls by endpoint, the dearest ones.");
    for (size_t i = 0; i < s->count; i++) {
        const char *name = s->kind[s->call[i].kind].endpoint;
        if (!name || !*name) continue;
        const int64_t key = (int64_t)(hash64(name, strlen(name), 0) >> 1);
        bool is_new;
        Endpoint *e = &at[keytable_index(&ids, &key, &is_new)];
        *e = (Endpoint){name, nano_add(e->nano, s->call[i].cost_nano)};
    }
    if (ids.count) qsort(at, ids.count, sizeof *at, dearest_first);
    for (size_t i = 0; i < ids.count && i < ENDPOINTS; i++) {
        Buf labels = {.max = LABELS_MAX};
        exposition_label(&labels, "endpoint", at[i].name);
        exposition_usd(out, "llm_endpoint_cost_usd", labels.at, at[i].nano);
        buf_free(&labels);
    }
    free(at);
    keytable_free(&ids);
}

int metrics_savings(Db *db, const MetricsAsk *ask, const Book *b, Buf *out, Err *e) {
    const Query q = {.since_ms = ask->now_ms - DAYS * MS_PER_DAY, .until_ms = ask->now_ms, .interrupt = ask->interrupt, .ctx = ask->ctx};
    const SaveAsk how = savings_ask(ask->config);
    SaveSample s;
    int rc = savings_load(db, &q, CALLS, &s, e);
    if (rc == 0) {
        Savings *v = xcalloc(1, sizeof *v);
        savings_work_out(&s, b, &how, v);
        write_all(v, &s, out);
        write_mix(&v->mix, out);
        write_endpoints(&s, out);
        free(v);
    }
    savings_free(&s);
    return rc;
}
