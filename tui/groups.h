/* groups: the list that Models and Features share: what one dimension's values spend in the range and right now.
 *
 * Owns: loading these rows, their columns and values. Does not: choose the dimension; sort, or take keys (list.h).
 * Notional value is in a column of its own, shown only when there is some; it is never in a spend column.
 */
#ifndef TUI_GROUPS_H
#define TUI_GROUPS_H
#include "store/keytable.h"
#include "tui/list.h"
#include "tui/reading.h"
#include "tui/sparks.h"
#include "tui/usual_rates.h"

typedef struct GroupRow {
    const char *name, *second; /* values of by[0] and by[1]; lifetime: until the next load */
    Totals t;                  /* of the range */
    int64_t rate_nano;         /* metered, last 60 s */
    int64_t before_nano;       /* metered, of the range it is compared with */
    int64_t usual_nano;        /* a minute, in this hour of the week; -1 = unknown */
} GroupRow;

typedef struct Groups {
    int by[2];
    size_t by_count;
    Result range, minute, before; /* before: empty when nothing is compared */
    Reading reading, reading_before;
    ChartReading reading_spark;
    bool through;              /* range is whole, what stands beside it is being read */
    bool spark_due;
    bool compared;
    GroupRow *rows;
    size_t count;
    KeyTable names;            /* of the rows, in their order */
    int64_t rate_nano;
    UsualRates usual;
    Series spark;           /* asked for as seldom as the usual */
    TableState table;
} Groups;

void groups_init(Groups *g, int by, int second /* -1 = none */);
void groups_free(Groups *g);
int groups_load(Groups *g, View *v, int64_t deadline_us, bool *more, Err *e);
int groups_tick(Groups *g, View *v, Err *e); /* the last 60 s alone */
bool groups_list(const Groups *g, const View *v, const char *title, Rect area, Listing *out); /* false = no rows */
void groups_draw(const Groups *g, const View *v, const char *title, Canvas *c, Rect area);
void groups_draw_chart(const Groups *g, const View *v, Canvas *c, Rect r); /* of the selected row, where r has room for it */
void groups_change_words(int64_t nano, int64_t before_nano, char *out, size_t size); /* "+37%" "new" "gone" "12×" */
const GroupRow *groups_selected(const Groups *g); /* NULL when empty */
#endif
