/* alert_rules: the table of rules, and those that look at money. Those that look at machines are in alert_machine.c, at
 * bills in alert_bills.c. Each
 * judge is pure: facts in, findings out. See alert.h for the invariants that are cited here. */
#include "store/alert_words.h"
#include "store/alert_bills.h"
#include "store/alert_machine.h"
#include "store/alert_value.h"
#include "store/money.h"

#define MINUTES(n) ((n) * MS_PER_MINUTE)
#define HOURS(n) ((n) * MS_PER_HOUR)
#define USD(n) ((n) * NANO_PER_USD)
__extension__ typedef __int128 Wide;

static int64_t held(Wide v) {
    return v > INT64_MAX ? INT64_MAX : v < 0 ? 0 : (int64_t)v;
}

/* a × b / c, without overflow; 0 for nothing. */
static int64_t share(int64_t a, int64_t b, int64_t c) {
    return c <= 0 ? 0 : held((Wide)a * b / c);
}

/* What was in the fresh window, as an hour of it. */
static int64_t per_hour(int64_t nano) {
    return share(nano, MS_PER_HOUR, ALERT_FRESH_MS);
}

/* ---- budgets ---- */
static void say_top(Finding *x, const FactBudget *b) {
    char top[80];
    if (!b->top_nano) return;
    words_name(top, sizeof top, b->top);
    finding_line(x, "most of it: %s %s (%s)", top, words_usd(b->top_nano).text, words_percent(b->top_nano, b->view.spent_nano).text);
}

/* What gateways are told, not what was meant: a policy that could not be written stops nobody. */
static bool is_in_force(const FactBudget *b) {
    return budget_is_hard(b->budget) && strcmp(b->in_policy, "exhausted") == 0;
}

static void say_limit(Finding *x, const FactBudget *b) {
    bool kills = b->budget->action == BUDGET_KILL;
    if (!budget_is_hard(b->budget)) finding_line(x, "soft: nothing is refused");
    else if (is_in_force(b)) finding_line(x, "%s", kills ? "non-critical calls are stopped" : "its calls are refused");
    else finding_line(x, "NOT %s: the policy file says %s", kills ? "stopped" : "refused",
                      b->in_policy[0] ? b->in_policy : "nothing of it; see tollwatch doctor");
}

static void judge_budget(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; i < f->budget_count; i++) {
        const FactBudget *b = &f->budgets[i];
        if (b->view.level == 0) continue;
        Finding *x = finding_add(out, rule, b->budget->id, b->view.level >= 1000 ? WEIGHT_ACT : WEIGHT_WATCH, -1);
        if (!x) return;
        x->period_ms = b->view.begin_ms;
        x->step = b->view.level;
        finding_title(x, "budget %s is at %d%%: %s%s of %s until %s", b->budget->id, b->view.spent_permille / 10,
                      b->view.unpriced_tokens ? "≥ " : "", words_usd(b->view.spent_nano).text,
                      words_usd(b->budget->limit_nano).text, words_clock(f, b->view.end_ms).text);
        if (b->view.level >= 1000) say_limit(x, b);
        else if (b->view.breaks_ms > 0) finding_line(x, "at the rate of the last 15 minutes it breaks %s", words_clock(f, b->view.breaks_ms).text);
        say_top(x, b);
        finding_end(x, f, !is_in_force(b));
    }
}

/* The floor is what it would be over by. Within the hour somebody must act. */
static void judge_projected(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; i < f->budget_count; i++) {
        const FactBudget *b = &f->budgets[i];
        int64_t over = nano_add(b->view.end_at_rate_nano, -b->budget->limit_nano);
        if (b->view.level >= 1000 || b->view.breaks_ms < 0 || over < rule->floor_nano) continue;
        bool soon = b->view.breaks_ms - f->now_ms <= MS_PER_HOUR;
        Finding *x = finding_add(out, rule, b->budget->id, soon ? WEIGHT_ACT : WEIGHT_WATCH, b->view.rate_nano_per_min * 60);
        if (!x) return;
        x->period_ms = b->view.begin_ms;
        x->step = soon;
        finding_title(x, "budget %s breaks %s at %s/min: %s%s of %s spent, ends at %s", b->budget->id,
                      words_clock(f, b->view.breaks_ms).text, words_usd(b->view.rate_nano_per_min).text,
                      b->view.unpriced_tokens ? "≥ " : "", words_usd(b->view.spent_nano).text,
                      words_usd(b->budget->limit_nano).text, words_usd(b->view.end_at_rate_nano).text);
        say_top(x, b);
        finding_end(x, f, true);
    }
}

/* ---- the rate ---- */
static void say_burner(Finding *x, const AlertFacts *f) {
    char name[80];
    int64_t all = 0;
    for (size_t i = 0; i < f->feature_count; i++) all = nano_add(all, f->features[i].now.cost_nano);
    if (all <= 0) return;
    words_name(name, sizeof name, f->features[0].name);
    finding_line(x, "top contributor: %s %s/min (%s of the last 15 minutes)", name,
                 words_usd(share(f->features[0].now.cost_nano, MS_PER_MINUTE, ALERT_FRESH_MS)).text,
                 words_percent(f->features[0].now.cost_nano, all).text);
}

static void judge_burn(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    int64_t usual = f->usual_nano_per_min, rate = f->rate_nano_per_min;
    if (usual < 0 || rate / 3 <= usual || held((Wide)rate * 60) < rule->floor_nano) return;
    Finding *x = finding_add(out, rule, "all", WEIGHT_ACT, (rate - usual) * 60);
    if (!x) return;
    finding_title(x, "burn %s%s: %s/min against %s", usual ? words_ratio(rate, usual).text : "without precedent",
                  usual ? " usual" : "", words_usd(rate).text, words_usd(usual).text);
    say_burner(x, f);
    finding_end(x, f, true);
}

/* ---- the prompt cache ---- */
/* What the reads would have saved that the same hit rate as before would have brought. */
static int64_t lost_nano(const FactScope *s) {
    const int64_t *was = s->before.tokens, *now = s->now.tokens;
    int64_t in_was = was[TOK_INPUT] + was[TOK_CACHE_READ] + was[TOK_CACHE_WRITE_5M] + was[TOK_CACHE_WRITE_1H];
    int64_t in_now = now[TOK_INPUT] + now[TOK_CACHE_READ] + now[TOK_CACHE_WRITE_5M] + now[TOK_CACHE_WRITE_1H];
    int64_t expected = share(was[TOK_CACHE_READ], in_now, in_was), missing = expected - now[TOK_CACHE_READ];
    return missing > 0 ? share(s->before.saved_cache_nano > 0 ? s->before.saved_cache_nano : 0, missing, was[TOK_CACHE_READ]) : 0;
}

static void judge_cache(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; i < f->feature_count; i++) {
        const FactScope *s = &f->features[i];
        int was = totals_cache_hit_permille(&s->before), now = totals_cache_hit_permille(&s->now);
        int64_t lost = per_hour(lost_nano(s));
        if (was < 0 || now < 0 || was - now < 200 || lost < rule->floor_nano) continue;
        char name[80];
        words_name(name, sizeof name, s->name);
        Finding *x = finding_add(out, rule, s->name, WEIGHT_WATCH, lost);
        if (!x) return;
        finding_title(x, "prompt cache lost on %s: hit rate %d%% → %d%%, costs %s/h", name, was / 10, now / 10, words_usd(lost).text);
        finding_line(x, "%lld calls in the last 15 minutes; usual causes: a changed first part of the prompt, a new model or key",
                     (long long)s->now.requests);
        finding_end(x, f, true);
    }
}

/* ---- single requests ---- */
static void judge_request(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; i < f->call_count && f->calls[i].cost_nano >= rule->floor_nano; i++) {
        const FactCall *c = &f->calls[i];
        char feature[80], model[80];
        bool told = false; /* the most expensive of each feature */
        for (size_t k = 0; k < i; k++) told |= strcmp(f->calls[k].feature, c->feature) == 0;
        if (told) continue;
        words_name(feature, sizeof feature, c->feature);
        words_name(model, sizeof model, c->model);
        Finding *x = finding_add(out, rule, c->feature, WEIGHT_WATCH, -1);
        if (!x) return;
        finding_title(x, "one request cost %s: %s on %s", words_usd(c->cost_nano).text, feature, model);
        finding_end(x, f, true);
    }
}

/* ---- the table ---- */
const AlertRule alert_rules[] = {
    {"budget", "budget level crossed", "the open period's spend reaches a part of warn_at, or the limit",
     "a budget that the collector does not know yet is quiet", 0, 0, 0, 0, 0, judge_budget, 0, TAKES_NOTHING, 0},
    {"projected", "projected to break a budget", "at the rate of the last 15 minutes the limit is passed in this period, by $1",
     "no spend in the last 15 minutes: quiet", USD(1), MINUTES(5), MINUTES(15), HOURS(1), HOURS(4), judge_projected, 0, TAKES_NOTHING, 0},
    {"burn", "burn rate against the same hour", "last 5 minutes > 3× the median of 4 same weekdays and hours, and > $2/min",
     "quiet until a week of history exists", USD(120), MINUTES(5), MINUTES(10), MINUTES(15), HOURS(1), judge_burn, 0, TAKES_NOTHING, 0},
    {"cache", "prompt cache lost", "a feature's hit rate is 20 points under that of the last 24 hours, and costs $5/h",
     "quiet for features without a day of cached calls", USD(5), MINUTES(10), MINUTES(15), HOURS(1), HOURS(4), judge_cache, 0, TAKES_NOTHING, 0},
    {"errors", "error rate", "of the last 15 minutes' calls to a model, 20 or more, 10% fail (refused ones apart); $1/h of work",
     "fewer than 20 calls: quiet", USD(1), MINUTES(2), MINUTES(10), MINUTES(30), HOURS(1), judge_errors, 0, TAKES_NOTHING, 0},
    {"unpriced", "a model has no price", "a model without a price row was used today; 10¢ if priced like the others",
     "nothing priced to compare with: told from 10,000 tokens on", USD(1) / 10, 0, HOURS(1), HOURS(24), HOURS(24), judge_unpriced, 0, TAKES_NOTHING, 0},
    {"silent", "a source is silent", "a source that was live has had no record for 15 minutes; $1/h is usual now",
     "a source that was never seen live is quiet, and after 24 h it is history", USD(1), 0, 0, MINUTES(30), HOURS(4), judge_silent, 0, TAKES_NOTHING, 0},
    {"gateway", "a gateway does not obey", "its acknowledgement is behind, or not renewed for 30 s; whatever it costs",
     "a gateway that is not configured and was never seen is unknown", 0, MINUTES(1), MINUTES(1), MINUTES(10), HOURS(1), judge_gateway, 0, TAKES_NOTHING, 0},
    {"request", "expensive single request", "one request of the last 15 minutes cost $5 or more (floor: of the request)",
     "unpriced requests are quiet here", USD(5), 0, MINUTES(15), HOURS(1), 0, judge_request, 0, TAKES_NOTHING, 0},
    {"kill", "a stop is about to end", "five minutes before a stop ends, and when it has ended; whatever it costs",
     "no policy file: quiet", 0, 0, 0, 0, 0, judge_kill, 0, TAKES_NOTHING, 0},
    {"leak", "spend that passed no gateway", "the logs hold less than 95% of what the provider says of an account's last closed UTC day; $5 of that day",
     "no bill or usage report of the account, or no log of it in that week: quiet", USD(5), 0, 0, 0, 0, judge_leak, 950000, TAKES_SHARE, 0},
    {"drift", "the bill is not what our prices say", "reported tokens at our prices and the bill of a closed UTC day differ by 2%; $5 of that day",
     "a day that is not billed, or reported tokens without a price: quiet", USD(5), 0, 0, 0, 0, judge_drift, 20000, TAKES_SHARE, 0},
    {"price", "a price row is outdated", "the bill of a model implies a price 2% off our row; $1 of that closed UTC day",
     "a bill that names no model: quiet", USD(1), 0, 0, 0, 0, judge_price, 20000, TAKES_SHARE, 0},
    {"call", "cost per call", "a feature's calls of 15 minutes, 20 or more, cost above_usd each on average; $1/h more than that",
     "quiet until [rule call] above_usd = is given", USD(1), MINUTES(5), MINUTES(15), HOURS(1), HOURS(4), judge_call, 0, TAKES_USD, 0},
    {"hitrate", "prompt cache hit rate", "a feature of 20 or more calls in 15 minutes is under threshold; $5/h of its spend",
     "quiet until [rule hitrate] threshold = is given, and for prompts under 1,024 tokens", USD(5), MINUTES(10), MINUTES(15), HOURS(1), HOURS(24), judge_hitrate, 0, TAKES_SHARE, 0},
    {"hits", "response cache hit rate", "of a feature's 20 or more calls in 15 minutes fewer are hits than threshold; $5/h of its spend",
     "quiet until [rule hits] threshold = is given, and for features without a hit in the day before", USD(5), MINUTES(10), MINUTES(15), HOURS(1), HOURS(24), judge_hits, 0, TAKES_SHARE, 0},
    {"output", "output in the spend", "output is more than threshold of the last 15 minutes' spend, at list prices; $5/h of it",
     "quiet until [rule output] threshold = is given", USD(5), MINUTES(15), MINUTES(15), HOURS(1), HOURS(24), judge_output, 0, TAKES_SHARE, 0},
    {"premium", "premium models in the spend", "models of the premium tier are more than threshold of the last 15 minutes' spend; $5/h of it",
     "quiet until [rule premium] threshold = is given", USD(5), MINUTES(15), MINUTES(15), HOURS(1), HOURS(24), judge_premium, 0, TAKES_SHARE, 0},
    {"latency", "latency beside spend", "5% of the last 15 minutes' calls, 20 or more, take above_ms; $1/h is spent",
     "quiet until [rule latency] above_ms = is given, or without latency in the log", USD(1), MINUTES(5), MINUTES(10), MINUTES(30), HOURS(4), judge_latency, 0, TAKES_MS, 0},
    {0},
};

const AlertRule *alert_rule(const char *name) {
    for (const AlertRule *r = alert_rules; r->name; r++)
        if (strcmp(r->name, name) == 0) return r;
    return NULL;
}

static const RuleConfig *configured(const RuleConfig *rules, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].name, name) == 0) return &rules[i];
    return NULL;
}

void alert_judge(const AlertFacts *f, const RuleConfig *rules, size_t count, Findings *out) {
    out->count = 0;
    for (const AlertRule *r = alert_rules; r->name; r++) {
        const RuleConfig *c = configured(rules, count, r->name);
        AlertRule own = *r;
        size_t first = out->count;
        if (c && c->off) continue;
        if (c && c->floor_nano) own.floor_nano = c->floor_nano;
        if (c && c->threshold_ppm) own.threshold_ppm = c->threshold_ppm;
        if (c) own.above = own.takes == TAKES_USD ? c->above_nano : c->above_ms;
        r->judge(&own, f, out);
        for (size_t i = first; i < out->count; i++) out->at[i].rule = r; /* the table's, which outlives this */
    }
}
