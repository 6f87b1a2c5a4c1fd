/* alert: the rules by which something is worth telling, as one visible table of pure functions.
 *
 * Owns: what is judged, its floor in dollars, for how long it must hold, how long it must be quiet before it counts as
 * resolved, when it may begin again, what it says without data. Does not: read the ledger (alert_facts.h), remember
 * (alert_book.h), or send (collectors/notify.h).
 *
 * Invariants (each has a test that cites it):
 *  A1  What cannot be known raises nothing: without data a rule is quiet, and its `no_data` says so in words.
 *  A2  Records older than 15 minutes never raise rate, error, single-request or silence alerts.
 *  A3  Every rule weighs dollars: below its floor it is quiet, whatever the ratio is. A floor of 0 is said to be one.
 *  A4  Refused calls are no errors.
 *  A5  A name out of the logs can change neither the words around it nor the command that is proposed.
 */
#ifndef STORE_ALERT_H
#define STORE_ALERT_H
#include "store/config.h"
#include "store/policy.h"
#include "store/query.h"
#include "store/reconcile.h"
#include "store/tier.h"

enum { ALERT_SCOPE_MAX = 160, ALERT_TITLE_MAX = 240, ALERT_DETAIL_MAX = 1200, FINDINGS_MAX = 128 };
#define ALERT_FRESH_MS (15 * MS_PER_MINUTE) /* A2 */

typedef struct Finding {        /* something is worth telling now */
    const struct AlertRule *rule;
    char scope[ALERT_SCOPE_MAX];
    int64_t period_ms;          /* told once in it; 0 = told once an episode */
    int step;                   /* of a ladder, like a budget's levels: a higher one is told anew */
    Weight severity;
    int64_t nano_per_hour;      /* what it costs; -1 = not to be said */
    char title[ALERT_TITLE_MAX], detail[ALERT_DETAIL_MAX];
} Finding;
typedef struct Findings {
    Finding *at; /* FINDINGS_MAX */
    size_t count;
} Findings;

/* ---- what is known ---- */
enum { FACT_SCOPES_MAX = 64, FACT_CALLS_MAX = 16, FACT_SOURCES_MAX = 64 };
typedef struct FactBudget {
    const Budget *budget;
    BudgetView view;            /* rate and forecast: of the last 15 minutes */
    char top[NAME_MAX_BYTES + 1]; /* who spent most of the period; "" = unknown or none */
    int64_t top_nano;
    char in_policy[16];         /* its state in the policy file: "exhausted"; "" = it is not in it */
} FactBudget;
typedef struct FactScope {      /* one value of a dimension, the last 15 minutes against the 24 hours before */
    char name[NAME_MAX_BYTES + 1];
    Totals now, before;
} FactScope;
typedef struct FactCall { int64_t key, cost_nano; char feature[NAME_MAX_BYTES + 1], model[NAME_MAX_BYTES + 1]; } FactCall;
typedef struct FactSource {
    char name[64];
    int64_t live_ms;            /* when its newest record was last seen to be young; 0 = never (A2) */
} FactSource;

enum { FACT_BILLS_MAX = 32, FACT_PRICES_MAX = 64, FACT_WHY_MAX = 3 };
typedef struct FactBill {       /* an account's newest UTC day that is over and of which usage or bill was read to its end */
    ReconLine day;              /* all of it */
    ReconLine sure;             /* without models that lack a price: what can be held against the logs */
    int64_t items_nano;         /* billed apart from tokens */
    bool logged;                /* the logs had calls of the account on that day or in the week before */
    ReconFinding why[FACT_WHY_MAX]; size_t why_count; /* the largest causes */
} FactBill;

typedef struct AlertFacts {
    int64_t now_ms;
    const Zone *zone;           /* for times in texts */
    const char *runbook;        /* "" = none */
    FactBudget *budgets; size_t budget_count;
    int64_t rate_nano_per_min, usual_nano_per_min, day_nano_per_min; /* last 5 min; -1 = unknown; average of the last 24 h */
    FactScope *features; size_t feature_count;  /* by cost, largest first */
    FactScope *models; size_t model_count;
    FactScope *unpriced; size_t unpriced_count; /* models without a price row, today */
    FactCall *calls; size_t call_count;         /* most expensive of the last 15 minutes first */
    FactSource *sources; size_t source_count;
    PolicyAck *acks; size_t ack_count;
    FactBill *bills; size_t bill_count;
    ReconLine *prices; size_t price_count;     /* of those days, models that are both reported and billed */
    PolicyView policy;
    SpendMix mix;               /* of the last 15 minutes */
    int32_t latency_p50_ms, latency_p95_ms, latency_sample; /* of the newest 1,000 calls of them */
    int64_t held_nano_per_min;  /* what the calls cost that a stop refuses, before it; -1 = unknown */
} AlertFacts;

/* ---- the rules ---- */
typedef enum RuleTakes { TAKES_NOTHING, TAKES_SHARE, TAKES_USD, TAKES_MS } RuleTakes; /* threshold, above_usd, above_ms */
typedef struct AlertRule {
    const char *name;      /* "burn": in the configuration, the tables and the keys of receivers */
    const char *title;
    const char *holds;     /* when, in words */
    const char *no_data;   /* what it does when it cannot know (A1) */
    int64_t floor_nano;    /* an hour, unless `holds` says otherwise; 0 = tells whatever it costs (A3) */
    int64_t after_ms;      /* it must hold for so long */
    int64_t clear_ms;      /* it must be quiet for so long before it counts as resolved */
    int64_t cooldown_ms;   /* no new episode of the same scope sooner after the last */
    int64_t again_ms;      /* told again while it holds; 0 = not */
    void (*judge)(const struct AlertRule *rule, const AlertFacts *f, Findings *out);
    int64_t threshold_ppm; /* a share that the configuration may change; 0 = it has none, or is quiet until it gives one */
    RuleTakes takes;       /* what the configuration may give it */
    int64_t above;         /* from the configuration alone: nano-dollars or ms; 0 = quiet */
} AlertRule;
extern const AlertRule alert_rules[]; /* ends with name == NULL */
const AlertRule *alert_rule(const char *name);

/* All rules, as the configuration has them; out->at holds FINDINGS_MAX. */
void alert_judge(const AlertFacts *f, const RuleConfig *rules, size_t rule_count, Findings *out);
#endif
