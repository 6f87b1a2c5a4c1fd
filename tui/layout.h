/* layout: where everything stands. One pure function from a size to rectangles.
 *
 * Owns: what is shown at which size. Sizes add, they never rearrange: what 80x24 shows is also on 120x40.
 * Does not: draw. Rectangles never overlap and never leave the screen (tested for every size from 20x1 to 300x100).
 * A part with h == 0 is not shown at this size; the caller asks nothing else.
 */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H
#include "tui/canvas.h"

typedef enum Part {
    PART_TABS,    /* from 110 columns */
    PART_HEADER,  /* place, range, pace, alerts, switch, clock */
    PART_BODY,    /* a screen's area: everything between header and answer row */
    PART_ANSWER,  /* newest alert, answer to the last key, or a prompt; below 16 rows the footer gives its row */
    PART_FOOTER,
    /* Overview, inside PART_BODY */
    PART_VERDICT, /* one sentence; two rows below 60 columns */
    PART_RATE,    /* dollars per minute now: 1, 3 or 5 rows */
    PART_FIGURES, /* today, 24:00, month */
    PART_MORE,    /* calls, cost, tokens, latencies: a row from 80x24, beside the figures from 110 columns */
    PART_HEALTH,  /* switch, sources, caches: from 160 columns */
    PART_CHART,   /* spend over time: from 60x20 */
    PART_LIST,    /* spend by feature */
    PART_SIDE,    /* budgets and caches, right of the list: from 80x24 */
    PART_MODELS,  /* one row from 80x24, a table from 110x36 */
    PART_MOVERS,  /* right of the models: from 110x36 */
    PART_LIVE,    /* newest requests: from 160 columns and 44 rows */
    PART_COUNT
} Part;

typedef enum SizeClass { SIZE_LINE /* 1 or 2 rows, or under 40x10 */, SIZE_THREE /* 3 to 9 rows */, SIZE_FULL } SizeClass;

typedef struct Layout {
    SizeClass size;
    Rect at[PART_COUNT];
} Layout;
Layout layout_make(int w, int h);

/* A list above what was opened in it: the detail gets what it wants, the list keeps at least a third. */
void layout_split(Rect body, int detail_rows, Rect *list, Rect *detail);
#endif
