/* frame: what a click on the tabs or the footer means; drawing is declared in screen.h. */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H
#include "tui/screen.h"

/* The key that a click at a cell stands for; 0 = nothing is there. */
int frame_key_at(const Screen *s, int w, int h, int x, int y);
#endif
