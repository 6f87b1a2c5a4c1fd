/* canvas: a grid of cells. Every screen draws here and nowhere else; a canvas can be read back as text by tests.
 *
 * Owns: clipping (wide and combining characters), glyph sets, the roles of cells. Does not: know curses or colours.
 * A cell holds one grapheme (base + at most 3 combining marks); control characters never enter a cell.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H
#include "store/base.h"

typedef enum ThemeRole { /* MOCKUPS section 1.6 */
    ROLE_TEXT, ROLE_DIM, ROLE_TITLE, ROLE_KEY, ROLE_RULE, ROLE_SELECTED, ROLE_WATCH, ROLE_ACT, ROLE_PROOF, ROLE_CHART,
    ROLE_COUNT
} ThemeRole;
enum { ATTR_BOLD = 1, ATTR_REVERSE = 2, ATTR_UNDERLINE = 4 };

typedef struct Cell { char text[16]; uint8_t role, attr, width /* 0 = right half of a wide one */; } Cell;
typedef struct Rect { int x, y, w, h; } Rect;
typedef struct Canvas { int w, h; bool ascii; Cell *cells; } Canvas;

Canvas *canvas_new(int w, int h, bool ascii);
void canvas_free(Canvas *c);
void canvas_clear(Canvas *c);
/* Draws UTF-8 within columns [x, x+max), with "…" at the end of what had no room; returns columns used. In ascii mode glyphs are replaced by the table of
 * MOCKUPS section 4 and any other non-ASCII by '?'. */
int canvas_text(Canvas *c, int x, int y, int max, ThemeRole role, unsigned attr, const char *utf8);
int canvas_textf(Canvas *c, int x, int y, int max, ThemeRole role, unsigned attr, const char *fmt, ...) TW_PRINTF(7, 8);
int canvas_right(Canvas *c, int right, int y, int max, ThemeRole role, unsigned attr, const char *utf8); /* ends before column right */
void canvas_fill(Canvas *c, Rect r, ThemeRole role, unsigned attr, const char *glyph);
void canvas_restyle(Canvas *c, Rect r, ThemeRole role, unsigned attr); /* keeps the text: selection */
int text_columns(const char *utf8); /* display width */
size_t text_fit(const char *utf8, int columns); /* the bytes of it that are no wider */
void canvas_dump(const Canvas *c, Buf *out); /* rows with trailing blanks cut, for golden tests and `render` */
#endif
