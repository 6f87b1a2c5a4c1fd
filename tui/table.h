/* table: rows and columns, right-aligned figures, selection, totals, sorting, chosen columns, scrolling, clicks.
 *
 * Owns: fitting columns into a width (they drop in a given order, they never shrink below their width), drawing, the order
 * of the rows (table_sort.c), and how keys and clicks move the selection. Does not: hold data; cells are asked for, to
 * draw visible ones only, and the rows stay where their screen has them: only their order is kept here. Pure.
 */
#ifndef TUI_TABLE_H
#define TUI_TABLE_H
#include "tui/canvas.h"

/* What a column's value() is, so that it sorts and can be written exactly. */
typedef enum Figure {
    FIGURE_TEXT,     /* no value: its text is compared */
    FIGURE_DOLLARS,  /* nano-dollars */
    FIGURE_CENTS,    /* nano-dollars, shown as cents */
    FIGURE_COUNT, FIGURE_PERMILLE, FIGURE_PPM,
    FIGURE_SECONDS,  /* ms, shown as seconds */
    FIGURE_TIME,     /* ms since 1970 */
    FIGURE_PICTURE   /* a sparkline: not sorted by, in no file */
} Figure;
#define FIGURE_UNKNOWN INT64_MIN /* a value that is not known; sorts last either way */

typedef struct Column {
    const char *title;   /* "$/min"; holds the unit and the basis mark of its cells */
    int width;           /* of cells; two blank cells stand between columns */
    bool right;          /* figures: right-aligned, and the title too */
    uint8_t drop;        /* 0 = always shown; else the highest number goes first when there is no room */
    int grow;            /* takes spare width up to this many cells; 0 = stays */
    const char *name;    /* one word, the same whatever the title says: in files, in the list of columns, saved */
    Figure figure;
    bool spare;          /* hidden until it is chosen */
    bool bars;           /* its text is a picture: under the selection it keeps its own colours, else it looks turned round */
    bool filed;          /* in files also while it is hidden: they would say something else without it */
} Column;

typedef struct TableCell {
    char text[192];
    uint8_t role, attr;
} TableCell;

enum { TABLE_COLUMNS_MAX = 24 };
#define TABLE_TOTAL SIZE_MAX /* the row number of the totals row */

/* What survives between frames. `key` names the selected row, so that the selection stays on it when rows move.
 * Places (selected, top) count in the order shown; table_row() gives the row. */
typedef struct TableState {
    size_t selected, top;
    uint64_t key;        /* 0 = none yet */
    int sort;            /* column + 1; 0 = as loaded */
    bool ascending;
    uint32_t toggled;    /* bit a column: shown or hidden by the user, otherwise than its `spare` says */
    uint32_t *order;     /* [ordered] rows in the order shown; NULL = as loaded. Freed by table_state_free() */
    size_t ordered;
} TableState;

typedef struct Table {
    const Column *columns;
    size_t column_count, rows;
    bool has_total, has_selection;
    bool more;           /* there are more rows than these: "of 200+" */
    uint32_t absent;     /* bit a column that would hold nothing: it is not shown */
    bool fixed;          /* its order means something: it cannot be sorted */
    int tie;             /* equal rows go by this column, then by the first */
    /* Fills a cell (zeroed before; role TEXT). row may be TABLE_TOTAL. */
    void (*cell)(const void *ctx, size_t row, size_t column, TableCell *out);
    int64_t (*value)(const void *ctx, size_t row, size_t column); /* of columns with a figure; row may be TABLE_TOTAL */
    uint64_t (*key)(const void *ctx, size_t row);                 /* names a row, not 0; NULL = places are kept */
    const void *ctx;
} Table;

/* Title row, rows, totals row at the end of the rows. area.h includes all of them. Returns the rows of data shown. */
int table_draw(const Table *t, const TableState *s, Canvas *c, Rect area);

/* Which columns fit in `width`: sets shown[i], returns the columns used. `hidden`: those that are not wanted. */
int table_fit(const Column *columns, size_t count, uint32_t hidden, int width, bool shown[TABLE_COLUMNS_MAX]);
uint32_t table_hidden(const Table *t, const TableState *s); /* bit a column */

void table_state_free(TableState *s); /* the order; the choices stay */
/* After loading: sorts, puts the selection back on its key, else keeps its place; keeps it in view. */
void table_arrange(const Table *t, TableState *s);
size_t table_row(const Table *t, const TableState *s, size_t place); /* the row shown at a place */
/* The selected row, or SIZE_MAX where there is none. */
size_t table_selected(const Table *t, const TableState *s);
/* Sorts by a column: figures the largest first, text from A; the same again turns it round. */
void table_sort_by(const Table *t, TableState *s, int column);
/* The next (or last) column that is shown in the width and can be sorted by; -1 = none, the rows as loaded. */
int table_next_sort(const Table *t, const TableState *s, int width, bool back);

/* Arrows, j k, PgUp PgDn, g G: true = moved or could have. */
bool table_key(const Table *t, TableState *s, int page, int key);
void table_select(const Table *t, TableState *s, size_t place, int page);
int table_page(const Table *t, Rect area); /* rows of data that have room */

typedef enum HitKind { HIT_NOTHING, HIT_TITLE, HIT_ROW } HitKind;
typedef struct TableHit {
    HitKind kind;
    size_t at; /* the column, or the place of the row */
} TableHit;
/* What of a table drawn there is at a cell. */
TableHit table_hit(const Table *t, const TableState *s, Rect area, int x, int y);
#endif
