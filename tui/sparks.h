/* sparks: a small picture of a range for each row of a list: what its value spent, slot by slot.
 *
 * Owns: asking for whole quarter-hours, so that rollups answer; one scale for all. Does not: draw anywhere. */
#ifndef TUI_SPARKS_H
#define TUI_SPARKS_H
#include "tui/screen.h"

enum { SPARK_SLOTS = 12 };
/* No slots: the range is too short, or rollups cannot answer this dimension with this filter. */
int sparks_load(Series *out, View *v, int dim, Err *e);
/* Of one value; "" if it is not among the largest. usual_nano a minute, -1 = unknown. */
void sparks_text(const Series *s, const char *name, int64_t usual_nano, char *out, size_t size);
#endif
