/* empty: what a screen shows when nothing was ever read: which screen it is, and what to configure, with the lines to paste.
 *
 * Does not: speak for a range without calls (the screen does), nor offer the demo (screen_first_run does).
 */
#ifndef TUI_EMPTY_H
#define TUI_EMPTY_H
#include "tui/screen.h"

/* True if it drew the body in the screen's place. */
bool empty_draw(const Screen *s, const View *v, Canvas *c, Rect area);
#endif
