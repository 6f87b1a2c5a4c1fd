/* alert_bills: rules that hold bills and usage reports against the logs, for the newest UTC day of an account that is over and
 * read to its end. Each day of an account is told once. See alert.h; the table is in alert_rules.c. */
#include "store/alert_bills.h"
#include "store/alert_words.h"
#include "store/money.h"

#define LEAK_ACT_PPM 500000 /* under half: the gateways are passed by, or the account is someone else's */
__extension__ typedef __int128 Wide;

static int64_t size_of(int64_t nano) { return nano < 0 ? -nano : nano; }

static Words day_words(int64_t day_ms) { /* bills are of UTC days, whatever the zone of the reader */
    Words w;
    time_format(NULL, day_ms, "%a %d %b", w.text, sizeof w.text);
    return w;
}

static Words ppm_words(int64_t ppm) {
    Words w;
    int64_t a = size_of(ppm);
    snprintf(w.text, sizeof w.text, "%s%lld.%lld%%", ppm < 0 ? "-" : "", (long long)(a / 10000), (long long)(a / 1000 % 10));
    return w;
}

static void say_why(Finding *x, const FactBill *b) {
    for (size_t i = 0; i < b->why_count; i++) {
        char what[80];
        words_name(what, sizeof what, b->why[i].what);
        finding_line(x, "%s %s, %s: %.300s", words_usd(b->why[i].nano).text, what, cause_names[b->why[i].cause], b->why[i].evidence);
    }
}

static void end(Finding *x, const AlertFacts *f, const ReconLine *day) {
    char date[16];
    time_format(NULL, day->day_ms, "%Y-%m-%d", date, sizeof date);
    finding_line(x, "all of it: tollwatch reconcile --since %s", date);
    finding_end(x, f, false); /* what passes no gateway is not stopped by one */
    x->period_ms = day->day_ms;
}

static bool has_unknown_key(const FactBill *b) {
    for (size_t i = 0; i < b->why_count; i++)
        if (b->why[i].cause == CAUSE_OUTSIDE) return true;
    return false;
}

/* An account that no log ever had is not behind a gateway: nothing of it is missing. */
void judge_leak(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; i < f->bill_count; i++) {
        const FactBill *b = &f->bills[i];
        int64_t coverage = recon_coverage_ppm(&b->sure), missing = recon_unmetered_nano(&b->sure);
        if (!b->logged || coverage == INT64_MIN || coverage >= rule->threshold_ppm || missing < rule->floor_nano) continue;
        char name[80];
        words_name(name, sizeof name, b->day.account);
        bool act = has_unknown_key(b) || coverage < LEAK_ACT_PPM;
        Finding *x = finding_add(out, rule, b->day.account, act ? WEIGHT_ACT : WEIGHT_WATCH, missing / 24);
        if (!x) return;
        finding_title(x, "%s: %s of %s passed no gateway: coverage %s", name, words_usd(missing).text, day_words(b->day.day_ms).text,
                      ppm_words(coverage).text);
        finding_line(x, "%s in the logs, %s by the provider's %s", words_usd(b->sure.metered.cost_nano).text,
                     words_usd(nano_add(b->sure.metered.cost_nano, missing)).text, b->sure.has_reported && !b->sure.reported.unpriced_tokens ? "own count" : "bill");
        say_why(x, b);
        end(x, f, &b->day);
    }
}

/* What is billed apart from tokens is no matter of prices; a bill that names no model is compared whole. */
static ReconLine of_tokens(const FactBill *b) {
    ReconLine l = b->day;
    if (b->items_nano > 0 && b->items_nano < l.billed_nano) l.billed_nano -= b->items_nano;
    return l;
}

void judge_drift(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; i < f->bill_count; i++) {
        const FactBill *b = &f->bills[i];
        const ReconLine l = of_tokens(b);
        int64_t drift = recon_drift_ppm(&l), off = nano_add(l.reported.cost_nano, -l.billed_nano);
        if (drift == INT64_MIN || size_of(drift) <= rule->threshold_ppm || size_of(off) < rule->floor_nano) continue;
        char name[80];
        words_name(name, sizeof name, l.account);
        Finding *x = finding_add(out, rule, l.account, WEIGHT_WATCH, size_of(off) / 24);
        if (!x) return;
        finding_title(x, "%s: our prices say %s for the tokens of %s, the bill %s: drift %s%s", name, words_usd(l.reported.cost_nano).text,
                      day_words(l.day_ms).text, words_usd(l.billed_nano).text, drift > 0 ? "+" : "", ppm_words(drift).text);
        say_why(x, b);
        end(x, f, &l);
    }
}

/* In dollars per million tokens. */
static Words per_million(int64_t nano, int64_t tokens) {
    Words w = {"$"};
    Wide v = (Wide)nano * 1000000 / tokens;
    nano_grouped(v > INT64_MAX ? INT64_MAX : (int64_t)v, 4, w.text + 1, sizeof w.text - 1);
    return w;
}

void judge_price(const AlertRule *rule, const AlertFacts *f, Findings *out) {
    for (size_t i = 0; i < f->price_count; i++) {
        const ReconLine *l = &f->prices[i];
        int64_t drift = recon_drift_ppm(l), off = nano_add(l->billed_nano, -l->reported.cost_nano), tokens = l->reported.input_all + l->reported.output_all;
        if (drift == INT64_MIN || size_of(drift) <= rule->threshold_ppm || size_of(off) < rule->floor_nano || tokens <= 0) continue;
        char account[80], model[80], scope[ALERT_SCOPE_MAX];
        words_name(account, sizeof account, l->account);
        words_name(model, sizeof model, l->model);
        snprintf(scope, sizeof scope, "%s %s", account, model);
        Finding *x = finding_add(out, rule, scope, WEIGHT_WATCH, size_of(off) / 24);
        if (!x) return;
        finding_title(x, "%s at %s: billed implies %s per million tokens, our row says %s (%s)", model, account, per_million(l->billed_nano, tokens).text,
                      per_million(l->reported.cost_nano, tokens).text, day_words(l->day_ms).text);
        finding_line(x, "%lld tokens by the provider's own count: billed %s, at our prices %s", (long long)tokens, words_usd(l->billed_nano).text,
                     words_usd(l->reported.cost_nano).text);
        finding_line(x, "mend it: tollwatch prices explain %s, then a row in prices.csv", model);
        end(x, f, l);
    }
}
