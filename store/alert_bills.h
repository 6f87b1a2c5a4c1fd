/* alert_bills: the judges that hold bills and usage reports against the logs. For alert_rules.c alone. */
#ifndef STORE_ALERT_BILLS_H
#define STORE_ALERT_BILLS_H
#include "store/alert.h"

void judge_leak(const AlertRule *rule, const AlertFacts *f, Findings *out);
void judge_drift(const AlertRule *rule, const AlertFacts *f, Findings *out);
void judge_price(const AlertRule *rule, const AlertFacts *f, Findings *out);
#endif
