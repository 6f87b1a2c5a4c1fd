/* alert_machine: the judges that look at models, sources, gateways and the switch. For alert_rules.c alone. */
#ifndef STORE_ALERT_MACHINE_H
#define STORE_ALERT_MACHINE_H
#include "store/alert.h"

typedef void AlertJudge(const AlertRule *rule, const AlertFacts *f, Findings *out);
AlertJudge judge_errors, judge_unpriced, judge_silent, judge_gateway, judge_kill;
#endif
