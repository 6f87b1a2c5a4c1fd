/* alert_value: rules that look at what money buys: a call's cost, the prompt cache's hit rate, output and premium models in the
 * spend, latency. What is too much only the site knows: each is quiet until the configuration gives it a figure. See alert.h. */
#ifndef STORE_ALERT_VALUE_H
#define STORE_ALERT_VALUE_H
#include "store/alert.h"

void judge_call(const AlertRule *rule, const AlertFacts *f, Findings *out);
void judge_hits(const AlertRule *rule, const AlertFacts *f, Findings *out);
void judge_hitrate(const AlertRule *rule, const AlertFacts *f, Findings *out);
void judge_output(const AlertRule *rule, const AlertFacts *f, Findings *out);
void judge_premium(const AlertRule *rule, const AlertFacts *f, Findings *out);
void judge_latency(const AlertRule *rule, const AlertFacts *f, Findings *out);
#endif
