/* overview: the Overview's rows, shared by its loading (screen_overview.c) and its drawing (overview_draw.c). */
#ifndef TUI_OVERVIEW_H
#define TUI_OVERVIEW_H
#include "tui/screen.h"

enum { SLOTS_MAX = 96, SOURCES_SHOWN = 64 };

typedef struct Overview {
    int dim;                     /* what the list is by */
    Now now;
    Result list, minute, models; /* of the range, of the last 60 s, of the range by model */
    Series series;
    int64_t *per_min, *usual;    /* [series.slots], nano-dollars a minute; usual -1 = unknown */
    SourceView *source;
    size_t sources;
} Overview;

void overview_draw(const void *self, const View *v, Canvas *c, Rect area);
#endif
