/* glyphs: what stands for a character of ours on a terminal that has only ASCII.
 *
 * One cell stays one cell, so a layout is the same with both sets. Does not: change text of users except to '?'.
 */
#ifndef TUI_GLYPHS_H
#define TUI_GLYPHS_H
#include <stdint.h>

enum { GLYPH_AT_LEAST = 1 }; /* the two-cell ">=": the caller takes the blank at its left */

char glyph_ascii(int32_t code); /* '?' for what has no stand-in */
#endif
