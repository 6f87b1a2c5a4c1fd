/* alert_machine: rules that look at what runs: models that fail or have no price, sources that fell silent, gateways that do
 * not obey, stops that end. See alert.h; the table is in alert_rules.c. */
#include "store/alert_machine.h"
#include "store/alert_words.h"
#include "store/money.h"

enum { CALLS_MIN = 20, UNPRICED_TOKENS_MIN = 10000 };
#define KILL_NOTICE_MS (5 * MS_PER_MINUTE)
#define SILENCE_OVER_MS (24 * MS_PER_HOUR)
__extension__ typedef __int128 Wide;

static int64_t share(int64_t a, int64_t b, int64_t c) {
    Wide v = c > 0 ? (Wide)a * b / c : 0;
    return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

/* A4. The weight is what the failed calls would have cost if they had been like those that went well. */
void judge_errors(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; i < f->model_count; i++) {
        const Totals *t = &f->models[i].now;
        int64_t answered = t->requests - t->refused, good = answered - t->errors;
        if (answered < CALLS_MIN || t->errors * 10 < answered) continue;
        const Totals *known = good > 0 && t->cost_nano > 0 ? t : &f->models[i].before; /* nothing goes well: as the day before */
        int64_t known_good = known->requests - known->refused - known->errors;
        int64_t lost = share(share(known->cost_nano, t->errors, known_good), MS_PER_HOUR, ALERT_FRESH_MS);
        if (lost < rule->floor_nano) continue;
        char name[80];
        words_name(name, sizeof name, f->models[i].name);
        Finding *x = finding_add(out, rule, f->models[i].name, t->errors * 2 >= answered ? WEIGHT_ACT : WEIGHT_WATCH, lost);
        if (!x) return;
        finding_title(x, "%s of the calls to %s fail: %lld of %lld in 15 minutes, %s/h of work", words_percent(t->errors, answered).text,
                      name, (long long)t->errors, (long long)answered, words_usd(lost).text);
        finding_end(x, f, false);
    }
}

/* What unpriced tokens might cost: as much as the others. -1 = there are no others. */
static int64_t guess_nano(const AlertFacts *f, int64_t tokens) {
    int64_t cost = 0, known = 0;
    for (size_t i = 0; i < f->model_count; i++) {
        const Totals *t = &f->models[i].before;
        if (t->unpriced_requests) continue;
        cost = nano_add(cost, t->cost_nano);
        known += t->input_all + t->output_all;
    }
    return known ? share(cost, tokens, known) : -1;
}

void judge_unpriced(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; i < f->unpriced_count; i++) {
        const Totals *t = &f->unpriced[i].now;
        int64_t guess = guess_nano(f, t->unpriced_tokens);
        if (guess < 0 ? t->unpriced_tokens < UNPRICED_TOKENS_MIN : guess < rule->floor_nano) continue;
        char name[80];
        words_name(name, sizeof name, f->unpriced[i].name);
        Finding *x = finding_add(out, rule, f->unpriced[i].name, WEIGHT_WATCH, -1);
        if (!x) return;
        finding_title(x, "%s has no price: %lld tokens of %lld calls today are in no total", name, (long long)t->unpriced_tokens,
                      (long long)t->unpriced_requests);
        if (guess >= 0) finding_line(x, "about %s if they cost what other tokens cost", words_usd(guess).text);
        finding_line(x, "mend it: tollwatch prices unpriced");
        finding_end(x, f, false);
    }
}

/* A1: what is usual for this hour, else the average of a day. */
void judge_silent(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    int64_t expected = f->usual_nano_per_min >= 0 ? f->usual_nano_per_min : f->day_nano_per_min;
    if (expected * 60 < rule->floor_nano) return;
    for (size_t i = 0; i < f->source_count; i++) {
        const FactSource *s = &f->sources[i];
        int64_t quiet = f->now_ms - s->live_ms;
        if (s->live_ms == 0 || quiet < ALERT_FRESH_MS || quiet > SILENCE_OVER_MS) continue;
        char name[80];
        words_name(name, sizeof name, s->name);
        Finding *x = finding_add(out, rule, s->name, WEIGHT_WATCH, -1);
        if (!x) return;
        finding_title(x, "source %s is silent since %s; spend after that is not known", name, words_clock(f, s->live_ms).text);
        finding_line(x, "all sources together: %s/h is %s", words_usd(expected * 60).text,
                     f->usual_nano_per_min >= 0 ? "usual for this hour" : "the average of the last day");
        finding_end(x, f, false);
    }
}

void judge_gateway(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    bool stopped = f->policy.state == SWITCH_ALL || f->policy.state == SWITCH_NON_CRITICAL;
    for (size_t i = 0; i < f->ack_count; i++) {
        const PolicyAck *a = &f->acks[i];
        if (a->state == ACK_OBEYED || (a->seen_ms == 0 && !a->configured)) continue;
        char name[80];
        words_name(name, sizeof name, a->id);
        Finding *x = finding_add(out, rule, a->id, stopped ? WEIGHT_ACT : WEIGHT_WATCH, -1);
        if (!x) return;
        if (a->state == ACK_BEHIND)
            finding_title(x, "gateway %s obeys generation %lld, the policy is %lld%s", name, (long long)a->generation,
                          (long long)f->policy.generation, stopped ? ": calls may pass the stop" : "");
        else if (a->seen_ms)
            finding_title(x, "gateway %s has not reported since %s%s", name, words_clock(f, a->seen_ms).text,
                          stopped ? ": calls may pass the stop" : "");
        else finding_title(x, "gateway %s has never reported", name);
        finding_end(x, f, false);
    }
}

static void say_released(Finding *x, const AlertFacts *f) {
    if (f->held_nano_per_min >= 0)
        finding_line(x, "the calls it %s cost %s/min before", f->policy.state == SWITCH_EXPIRED ? "held back" : "holds back",
                     words_usd(f->held_nano_per_min).text);
    if (f->policy.by[0]) finding_line(x, "engaged by %s%s%s", f->policy.by, f->policy.reason[0] ? ": " : "", f->policy.reason);
}

/* Two alerts of one stop: the notice, resolved by its end or its renewal, and the end. */
void judge_kill(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    const PolicyView *p = &f->policy;
    bool on = p->state == SWITCH_ALL || p->state == SWITCH_NON_CRITICAL, over = p->state == SWITCH_EXPIRED;
    int64_t left = p->expires_at_ms - f->now_ms;
    if (!p->expires_at_ms || !((on && left <= KILL_NOTICE_MS) || (over && left > -ALERT_FRESH_MS))) return;
    Finding *x = finding_add(out, rule, over ? "ended" : "ends soon", over ? WEIGHT_ACT : WEIGHT_WATCH,
                             f->held_nano_per_min < 0 ? -1 : f->held_nano_per_min * 60);
    if (!x) return;
    x->period_ms = p->expires_at_ms; /* a stop that is prolonged is told of again */
    if (over) finding_title(x, "the stop ended %s: calls pass again%s%s", words_clock(f, p->expires_at_ms).text,
                            f->held_nano_per_min >= 0 ? ", " : "", f->held_nano_per_min >= 0 ? "their spend comes back" : "");
    else finding_title(x, "the stop of %s calls ends %s, in %lld minutes", p->state == SWITCH_ALL ? "all" : "non-critical",
                       words_clock(f, p->expires_at_ms).text, (long long)((left + MS_PER_MINUTE - 1) / MS_PER_MINUTE));
    say_released(x, f);
    finding_end(x, f, true);
}
