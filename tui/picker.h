/* picker: which columns the shown list has: a box with a line a column; what is marked is shown at once, behind the box.
 *
 * Owns: which line is chosen. Does not: keep the choice (TableState, and list_remember() for the next start); decide what
 * fits: a chosen column still gives way where the window has no room for it, and says so here. Thread: the UI's.
 */
#ifndef TUI_PICKER_H
#define TUI_PICKER_H
#include "tui/list.h"

typedef struct Picker {
    bool open;
    size_t at; /* a column */
} Picker;

void picker_open(Picker *p, View *v); /* an answer where nothing is listed */
void picker_key(Picker *p, View *v, int w, int h, int key);
void picker_draw(const Picker *p, const View *v, Canvas *c);
#endif
