/* glyphs: what stands for a character of ours on a terminal that has only ASCII.
 *
 * One cell stays one cell, so a layout is the same with both sets. Does not: change text of users except to '?'.
 */
#ifndef TUI_GLYPHS_H
#define TUI_GLYPHS_H
#include <stdint.h>

/* '?' for what has no stand-in. Of a stand-in of two characters this is the last one. */
char glyph_ascii(int32_t code);
/* The first of the two of ">=" and "->", 0 for all others: the caller takes the blank at the left for it. */
char glyph_ascii_first(int32_t code);
#endif
