/* json_out: JSON and CSV on a stream, for what has a fixed shape. Strings are made valid whatever they hold: names come
 * from logs. Thread: any. */
#ifndef TUI_JSON_OUT_H
#define TUI_JSON_OUT_H
#include <stdio.h>
#include "store/clock.h"

void json_out_string(FILE *out, const char *text); /* quoted; malformed UTF-8 becomes U+FFFD */
void json_out_money(FILE *out, int64_t nano);      /* "0.225547200": a decimal string with exactly 9 places */
void json_out_time(FILE *out, int64_t ms);         /* "2026-11-24T02:12:40.112Z" */
/* RFC 4180: quoted where a comma, a quote or a line end stands. */
void csv_out_text(FILE *out, const char *text);
#endif
