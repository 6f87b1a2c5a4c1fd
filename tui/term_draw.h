/* term_draw: the difference between two canvases as the fewest bytes for the terminal.
 *
 * Owns: what is on the terminal now, styles (a role and attributes as colours), cursor moves. Does not: write; the
 * caller sends the bytes. No curses here: capabilities come as strings.
 */
#ifndef TUI_TERM_DRAW_H
#define TUI_TERM_DRAW_H
#include "tui/term_caps.h"
#include "tui/theme.h"

typedef enum ColourMode { COLOUR_NONE, COLOUR_8, COLOUR_16, COLOUR_256, COLOUR_DIRECT } ColourMode;
ColourMode colour_mode(const TermCaps *c, bool no_color);

typedef struct Style { int32_t fg, bg; /* -1 = default; an index, or a Colour's rgb when direct */ unsigned attr; } Style;
Style style_of(const Theme *t, ColourMode mode, ThemeRole role, unsigned attr);

typedef struct Painter {
    const TermCaps *caps;
    ColourMode mode;
    Theme theme;
    Style style[ROLE_COUNT]; /* style_of(theme, mode, role, 0), made when a whole frame is drawn */
    Cell *shown; int w, h;   /* what the terminal shows; NULL = unknown: the next frame is drawn whole */
    int x, y;                /* the cursor; -1 = unknown */
    Style pen;
} Painter;
void painter_free(Painter *p);
void painter_forget(Painter *p); /* the terminal was cleared, resized or used by others; or the theme is another */
/* Adds the bytes that turn what is shown into c; nothing when they are equal. */
void painter_draw(Painter *p, const Canvas *c, Buf *out);
#endif
