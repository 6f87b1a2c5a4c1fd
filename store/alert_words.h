/* alert_words: how an alert is worded. Pure; used by the rules alone.
 *
 * Names come out of logs: they are cut, stripped of control characters, and quoted where a shell would read them (A5).
 */
#ifndef STORE_ALERT_WORDS_H
#define STORE_ALERT_WORDS_H
#include "store/alert.h"

typedef struct Words { char text[64]; } Words;
Words words_usd(int64_t nano);              /* "$1,234.56" */
Words words_ratio(int64_t a, int64_t b);    /* "10.9×" */
Words words_percent(int64_t a, int64_t b);  /* "93%" */
Words words_clock(const AlertFacts *f, int64_t ms); /* "03:17", with the day when it is another */
void words_name(char *out, size_t size, const char *name); /* a name as text */

/* Adds a finding, with the lines that all have: runbook, and, where stopping helps, the command. NULL: the list is full. */
Finding *finding_add(Findings *out, const AlertRule *rule, const char *scope, Weight severity, int64_t nano_per_hour);
void finding_title(Finding *f, const char *fmt, ...) TW_PRINTF(2, 3);
void finding_line(Finding *f, const char *fmt, ...) TW_PRINTF(2, 3); /* a line of the detail */
void finding_end(Finding *f, const AlertFacts *facts, bool stopping_helps);
#endif
