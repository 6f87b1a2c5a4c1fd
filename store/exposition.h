/* exposition: writes Prometheus' text format 0.0.4: what may stand in it, how it is escaped. Pure.
 *
 * Owns: HELP and TYPE once before a name's samples, escaping, exact decimals. Does not: know any metric, or the clock.
 * Names of metrics and labels are literals of ours; label values come from outside and may be anything: a byte that is no
 * UTF-8 is written as \xNN, because one of them makes the reader refuse the whole text. Numbers are integers all the way.
 */
#ifndef STORE_EXPOSITION_H
#define STORE_EXPOSITION_H
#include "store/base.h"

/* All gauges: sums of a day or a month begin again at its end, and a bill may lower them. */
void exposition_gauge(Buf *out, const char *name, const char *help);

/* `{a="x",b="y"}` piece by piece; exposition_label() on an empty `to` opens the brace. */
void exposition_label(Buf *to, const char *name, const char *value);

/* labels: as exposition_label() left it, without the closing brace; "" = none. */
void exposition_count(Buf *out, const char *name, const char *labels, int64_t value);
void exposition_usd(Buf *out, const char *name, const char *labels, int64_t nano);     /* nine places, exact */
void exposition_seconds(Buf *out, const char *name, const char *labels, int64_t ms);   /* three places, exact */
#endif
