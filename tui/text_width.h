/* text_width: how many columns a code point takes, and stepping through hostile UTF-8.
 *
 * Owns: the locale used for widths (LC_CTYPE only; libc's table, so that we agree with the terminal's libc), decoding.
 * Does not: draw, allocate. Thread: the one that draws (it may call setlocale once).
 */
#ifndef TUI_TEXT_WIDTH_H
#define TUI_TEXT_WIDTH_H
#include "store/base.h"

/* Sets LC_CTYPE from the environment; true = the terminal speaks UTF-8. Where it does not, LC_CTYPE becomes C.UTF-8,
 * because our own text is UTF-8 whatever the terminal is (it is then drawn with ASCII glyphs). */
bool locale_is_utf8(void);

enum { CODE_BAD = -1 }; /* a malformed byte: one column, drawn as '?' */

/* The next code point of a NUL-terminated text, or CODE_BAD; *at moves on by at least one byte. */
int32_t utf8_next(const char **at);
/* 0 combining, 1 or 2 columns; -1: never drawn as it is (malformed, control, invisible, direction override). */
int code_columns(int32_t code);
/* Takes no column of its own: a combining mark, or invisible formatting (which is left out). */
bool code_is_unseen(int32_t code);
/* A text of a log as it is drawn, for files and the clipboard: invisible formatting is left out, other controls and
 * malformed bytes are '?'. out: at least as large as text, else it is cut. */
void text_plain(const char *text, char *out, size_t size);
#endif
