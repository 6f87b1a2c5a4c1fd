/* list: the list that a screen shows, as keys, clicks, files and the clipboard see it. One for every screen.
 *
 * A screen says in Screen.list which table it draws and where; moving, sorting, choosing columns, clicks (here), writing
 * it to a file (export.h) and copying a row (copy.h) work on that, so that no screen has keys of its own for them.
 * Does not: draw; the screen does, with the same Listing.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H
#include "tui/layout.h"
#include "tui/screen.h"
#include "tui/table.h"

typedef struct Listing {
    Table table;
    Rect area;                          /* where it is drawn; h == 0: not at this size */
    Rect detail;                        /* what of the selected row is shown below it; h == 0: nothing */
    Column column[TABLE_COLUMNS_MAX];   /* for columns whose titles change with the view; table.columns may point here */
    char title[3][48];                  /* their text */
    const void *pair[2];                /* the screen and the view: what table.ctx may point to */
} Listing;

TableState *list_state(const Screen *s, void *self);
/* What the screen lists in a window of this size; false = nothing. */
bool list_get(const Screen *s, const void *self, const View *v, int w, int h, Listing *out);
/* The list of the screen that is shown, whatever the window: what is written to a file. */
bool list_whole(const View *v, Listing *out);
/* "SCREEN.sort" and "SCREEN.columns" of what is saved: keeps the choices, and finds them again once there are rows.
 * Recalling returns false as long as there are none. */
void list_remember(const Screen *s, const Table *t, const TableState *state, View *v);
bool list_recall(const Screen *s, void *self, View *v, int w, int h);
/* Moving and sorting; true = handled. v->answer says by what it is sorted. */
bool list_key(const Screen *s, void *self, View *v, int w, int h, int key);
/* A click: a title sorts by it, a row is selected; *open: it was the selected one. true = the list was hit. */
bool list_click(const Screen *s, void *self, View *v, int w, int h, int x, int y, bool *open);
#endif
