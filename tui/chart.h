/* chart: bars over time with axes, big digits, and the small pictures that stand in a row of text.
 *
 * Owns: eighth blocks, scales, tick labels. ASCII comes from the canvas, except digits, which have their own shapes.
 * Does not: know where figures come from. Pure; all arithmetic is on integers.
 */
#ifndef TUI_CHART_H
#define TUI_CHART_H
#include "store/clock.h"
#include "tui/canvas.h"

typedef struct Chart {
    size_t slots;             /* values per array */
    const int64_t *burner;    /* the part drawn full, on top; NULL = none */
    const int64_t *rest;      /* drawn shaded under a burner, full when burner is NULL */
    const int64_t *usual;     /* -1 = unknown; NULL = none */
    bool line;                /* `usual` is another range that is compared with: also drawn through higher bars */
    int64_t since_ms, slot_ms;
    const Zone *zone;
    int64_t mark_ms;          /* 0 = none: "▲02:31" on the time axis */
    ThemeRole burner_role;    /* of what is drawn full from mark_ms on */
} Chart;

enum { CHART_AXIS = 7 };      /* columns left of the bars */
/* How many bars a chart of this width has: ask for as many slots. */
int chart_bars(int width);
/* Draws bars, both axes and the usual line; r.h >= 3. The lowest row is the time axis. */
void chart_draw(const Chart *ch, Canvas *c, Rect r);
/* The smallest round step (1 1.5 2 2.5 3 4 5 6 8 x 10^n) so that `ticks` of them reach max; at least 1. */
int64_t chart_step(int64_t max, int ticks);

/* "8.73" in digits of 3 or 5 rows; returns the columns used, also without drawing when c is NULL. */
int digits_draw(Canvas *c, int x, int y, int rows, ThemeRole role, unsigned attr, const char *text);

/* Text for one row; out takes 3 bytes a cell and a NUL. */
void bar_text(char *out, size_t size, int cells, int64_t part, int64_t whole);        /* "█████▋" */
void spark_text(char *out, size_t size, const int64_t *value, size_t count, int64_t max); /* "▁▁▃█"; below 0 = blank */
/* Spent, to come by the end, free; ► at the end when it breaks: "██████▒▒▒░". All in units of whole. */
void gauge_text(char *out, size_t size, int cells, int64_t spent, int64_t at_end, int64_t whole);
#endif
