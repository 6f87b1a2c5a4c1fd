/* sparks: a small picture of a range for each row of a list: what its value spent, slot by slot.
 *
 * Owns: asking for whole quarter-hours, so that rollups answer; one scale for all. Does not: draw anywhere. */
#ifndef TUI_SPARKS_H
#define TUI_SPARKS_H
#include "tui/reading.h"

enum { SPARK_SLOTS = 12 };
/* No slots: the range is too short, or rollups cannot answer this dimension with this filter. */
/* In slices; more: call again, until then *out is what it was. */
int sparks_step(ChartReading *r, Series *out, View *v, int dim, int64_t deadline_us, bool *more, Err *e);
/* Of one value; "" if it is not among the largest. usual_nano a minute, -1 = unknown. */
void sparks_text(const Series *s, const char *name, int64_t usual_nano, char *out, size_t size);
#endif
