/* colour: one colour of a theme: reading it, how well it can be read on another, and the nearest a terminal has.
 *
 * Does not: know roles or files (theme.h), nor write bytes (term_draw.h). Integers only, so that every machine agrees.
 */
#ifndef TUI_COLOUR_H
#define TUI_COLOUR_H
#include "store/base.h"

/* 0xRRGGBB; COLOUR_OWN + 0..15 = that colour of the terminal's own palette; -1 = the terminal's default. */
typedef struct Colour { int32_t rgb; } Colour;
enum { COLOUR_OWN = 0x1000000, CONTRAST_TEXT = 4500 /* WCAG AA for text */ };

/* "#rrggbb", "#gg" (a grey), "r g b" (decimals), "ansi N" (ours); anything else is -1. */
Colour colour_parse(const char *at, size_t len);
/* WCAG's contrast ratio in thousandths, 1000..21000. Own colours count as xterm has them. Neither may be -1. */
int32_t colour_contrast(Colour a, Colour b);
/* The same colour, or moved towards white or black until it has CONTRAST_TEXT on the ground. */
Colour colour_readable(Colour c, Colour ground);

/* The nearest in each palette; -1 = default. */
int colour_to_256(Colour c);
int colour_to_16(Colour c);
/* Among the first `count` (8 or 16), of those that can be read as text on own colour `ground` (-1 = of all). */
int colour_to_few(Colour c, int count, int ground);
#endif
