/* term_caps: what the terminal of $TERM can do, asked of ncurses' terminfo. term_caps.c is the one file that knows curses.
 *
 * Does not: write to the terminal. Why only terminfo: curses' screen half cannot show direct colours without a terminfo
 * entry of its own (which minimal systems do not have), nor wrap a frame in a synchronized update as one write.
 */
#ifndef TUI_TERM_CAPS_H
#define TUI_TERM_CAPS_H
#include "store/base.h"

typedef struct TermCaps {
    /* "" = the terminal cannot. */
    char enter[64], leave[64];           /* alternate screen */
    char hide_cursor[32], show_cursor[32], keypad_on[32], keypad_off[32], no_wrap[32], wrap[32];
    char clear[32], clear_to_end[32], normal[32], bold[32], reverse[32], underline[32];
    const char *move_pattern, *right_pattern, *fg_pattern, *bg_pattern; /* terminfo's; lifetime: until caps_close */
    int colours;                         /* 0 = none */
    bool back_colour_erase, direct_colour;
} TermCaps;

int caps_open(TermCaps *c, int fd, Err *e);
void caps_close(void);
void caps_move(const TermCaps *c, Buf *out, int x, int y);
void caps_right(const TermCaps *c, Buf *out, int cells); /* only with right_pattern */
void caps_colour(const TermCaps *c, Buf *out, bool background, int index);
#endif
