/* table: rows and columns, right-aligned figures, selection, totals, sorting mark, scrolling.
 *
 * Owns: fitting columns into a width (they drop in a given order, they never shrink below their width), drawing, and
 * how keys move the selection. Does not: hold data; cells are asked for, visible ones only. Pure.
 */
#ifndef TUI_TABLE_H
#define TUI_TABLE_H
#include "tui/canvas.h"

typedef struct Column {
    const char *title;   /* "$/min"; holds the unit and the basis mark of its cells */
    int width;           /* of cells; two blank cells stand between columns */
    bool right;          /* figures: right-aligned, and the title too */
    uint8_t drop;        /* 0 = always shown; else the highest number goes first when there is no room */
    int grow;            /* takes spare width up to this many cells; 0 = stays */
} Column;

typedef struct TableCell {
    char text[192];
    uint8_t role, attr;
} TableCell;

enum { TABLE_COLUMNS_MAX = 24 };
#define TABLE_TOTAL SIZE_MAX /* the row number of the totals row */

/* What survives between frames. `key` names the selected row, so that the selection stays on it when rows move. */
typedef struct TableState {
    size_t selected, top;
    uint64_t key;        /* 0 = none yet */
} TableState;

typedef struct Table {
    const Column *columns;
    size_t column_count, rows;
    int sorted_by;       /* column index, -1 = none */
    bool ascending, has_total, has_selection;
    /* Fills a cell (zeroed before; role TEXT). row may be TABLE_TOTAL. */
    void (*cell)(const void *ctx, size_t row, size_t column, TableCell *out);
    const void *ctx;
} Table;

/* Title row, rows, totals row at the end of the rows. area.h includes all of them. Returns the rows of data shown. */
int table_draw(const Table *t, const TableState *s, Canvas *c, Rect area);

/* Which columns fit in `width`: sets shown[i], returns the columns used. */
int table_fit(const Column *columns, size_t count, int width, bool shown[TABLE_COLUMNS_MAX]);

/* After loading: puts the selection back on its key (row_key gives a row's), else keeps its place; keeps it in view. */
void table_follow(TableState *s, size_t rows, int page, uint64_t (*row_key)(const void *ctx, size_t row), const void *ctx);
/* Arrows, j k, PgUp PgDn, g G: true = moved or could have. The caller takes the new key from its row. */
bool table_key(TableState *s, size_t rows, int page, int key);
#endif
