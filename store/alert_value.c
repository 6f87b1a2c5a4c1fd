/* alert_value: see alert_value.h; the table is in alert_rules.c. */
#include "store/alert_value.h"
#include "store/alert_words.h"
#include "store/columns.h"
#include "store/money.h"

enum { CALLS_MIN = 20, CACHEABLE_MIN = 1024 /* tokens; no vendor caches less */ };
enum { WINDOWS_AN_HOUR = MS_PER_HOUR / ALERT_FRESH_MS };

static int64_t per_hour(int64_t nano) { return nano > INT64_MAX / WINDOWS_AN_HOUR ? INT64_MAX : nano * WINDOWS_AN_HOUR; }

static int64_t answered(const Totals *t) { return t->requests - t->refused; }

/* "$0.0125": cents are too coarse for a call. */
static void call_words(int64_t nano, char out[40]) {
    char text[32];
    nano_grouped(nano, 4, text, sizeof text);
    snprintf(out, 40, "$%s", text);
}

/* The floor is what the calls cost above what they may. */
void judge_call(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; rule->above > 0 && i < f->feature_count; i++) {
        const Totals *t = &f->features[i].now;
        int64_t each = column_value(t, COL_PER_REQUEST), calls = answered(t);
        if (calls < CALLS_MIN || each <= rule->above) continue;
        int64_t over = per_hour(each - rule->above > INT64_MAX / calls ? INT64_MAX : (each - rule->above) * calls);
        if (over < rule->floor_nano) continue;
        char name[80], now[40], may[40];
        words_name(name, sizeof name, f->features[i].name);
        call_words(each, now);
        call_words(rule->above, may);
        Finding *x = finding_add(out, rule, f->features[i].name, WEIGHT_WATCH, over);
        if (!x) return;
        finding_title(x, "a call of %s costs %s, above %s: %s/h more", name, now, may, words_usd(over).text);
        finding_line(x, "%lld calls in the last 15 minutes; what would be cheaper: tollwatch savings", (long long)calls);
        finding_end(x, f, false);
    }
}

/* Prompts that no vendor caches are no miss. */
void judge_hitrate(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; rule->threshold_ppm > 0 && i < f->feature_count; i++) {
        const Totals *t = &f->features[i].now;
        int hit = totals_cache_hit_permille(t);
        int64_t calls = answered(t), spend = per_hour(t->cost_nano);
        if (calls < CALLS_MIN || hit < 0 || hit * INT64_C(1000) >= rule->threshold_ppm || t->input_all / calls < CACHEABLE_MIN || spend < rule->floor_nano) continue;
        char name[80];
        words_name(name, sizeof name, f->features[i].name);
        Finding *x = finding_add(out, rule, f->features[i].name, WEIGHT_WATCH, -1);
        if (!x) return;
        finding_title(x, "prompt cache of %s: hit rate %d%%, below %lld%%, at %s/h", name, hit / 10, (long long)(rule->threshold_ppm / 10000), words_usd(spend).text);
        finding_line(x, "%lld calls of %lld tokens in the last 15 minutes; what caching would save: tollwatch savings", (long long)calls, (long long)(t->input_all / calls));
        finding_end(x, f, false);
    }
}

/* Of features that a response cache answered in the day before: others have none to lose. */
void judge_hits(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; rule->threshold_ppm > 0 && i < f->feature_count; i++) {
        const FactScope *s = &f->features[i];
        int64_t hit = column_value(&s->now, COL_RESPONSE_HIT), calls = answered(&s->now), spend = per_hour(s->now.cost_nano);
        if (s->before.response_cache_hits == 0 || calls < CALLS_MIN || hit < 0 || hit * 1000 >= rule->threshold_ppm || spend < rule->floor_nano) continue;
        char name[80];
        words_name(name, sizeof name, s->name);
        Finding *x = finding_add(out, rule, s->name, WEIGHT_WATCH, -1);
        if (!x) return;
        finding_title(x, "response cache of %s: %lld%% of the calls are hits, below %lld%%, at %s/h", name, (long long)(hit / 10), (long long)(rule->threshold_ppm / 10000), words_usd(spend).text);
        finding_line(x, "%lld calls in the last 15 minutes; what another TTL would answer: tollwatch savings", (long long)calls);
        finding_end(x, f, false);
    }
}

/* A part of the last 15 minutes' spend against its threshold; the floor is of the part. */
static void judge_share(const AlertRule *rule, const AlertFacts *f, const char *what, int64_t part_nano, int permille, Findings *out) {
    int64_t spend = per_hour(part_nano);
    if (rule->threshold_ppm <= 0 || permille < 0 || permille * INT64_C(1000) <= rule->threshold_ppm || spend < rule->floor_nano) return;
    Finding *x = finding_add(out, rule, "all", WEIGHT_WATCH, -1);
    if (!x) return;
    finding_title(x, "%s %d%% of the spend, above %lld%%: %s/h", what, permille / 10, (long long)(rule->threshold_ppm / 10000), words_usd(spend).text);
    if (f->feature_count) {
        char name[80];
        words_name(name, sizeof name, f->features[0].name);
        finding_line(x, "most spend: %s; what would be cheaper: tollwatch savings", name);
    }
    finding_end(x, f, false);
}

void judge_output(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    judge_share(rule, f, "output is", f->mix.output_nano, spend_mix_output_permille(&f->mix), out);
}

void judge_premium(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    judge_share(rule, f, "premium models are", f->mix.tier_nano[CLASS_PREMIUM], spend_mix_tier_permille(&f->mix, CLASS_PREMIUM), out);
}

void judge_latency(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    int64_t spend = f->rate_nano_per_min > INT64_MAX / 60 ? INT64_MAX : f->rate_nano_per_min * 60;
    if (rule->above <= 0 || f->latency_sample < CALLS_MIN || f->latency_p95_ms <= rule->above || spend < rule->floor_nano) return;
    Finding *x = finding_add(out, rule, "all", WEIGHT_WATCH, -1);
    if (!x) return;
    finding_title(x, "latency: 5%% of the calls take %d ms or more, above %lld ms, at %s/h", f->latency_p95_ms, (long long)rule->above, words_usd(spend).text);
    finding_line(x, "median %d ms of %d calls in the last 15 minutes", f->latency_p50_ms, f->latency_sample);
    finding_end(x, f, false);
}
