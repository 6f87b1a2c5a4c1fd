/* svg: a canvas as a picture, with the colours of a theme: what a terminal shows, for a README or an incident's page.
 *
 * Owns: the file's form. Does not: draw screens, or know any terminal. Blocks are drawn as areas, because fonts leave gaps.
 */
#ifndef TUI_SVG_H
#define TUI_SVG_H
#include "tui/canvas.h"
#include "tui/theme.h"

/* The same bytes for the same cells; text of users is escaped. */
void svg_write(const Canvas *c, const Theme *t, Buf *out);
#endif
