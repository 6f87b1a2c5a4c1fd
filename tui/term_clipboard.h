/* term_clipboard: a text as the bytes (OSC 52) that ask the terminal to put it on the clipboard of whoever sits at it, also over
 * ssh. Pure. Whether the terminal obeys cannot be known; it never answers. */
#ifndef TUI_TERM_CLIPBOARD_H
#define TUI_TERM_CLIPBOARD_H
#include "store/base.h"

/* through_screen: GNU screen passes on only what is wrapped for it, in pieces of limited length. */
void clipboard_bytes(Buf *out, const char *text, size_t len, bool through_screen);
#endif
