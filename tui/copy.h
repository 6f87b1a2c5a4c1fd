/* copy: the selected row, and what is opened from it, as text for the clipboard.
 *
 * Only what is drawn (a raw record's message text is elided there), as it is drawn: no control character, at most COPY_MAX
 * bytes. Does not: send it (term_copy()).
 */
#ifndef TUI_COPY_H
#define TUI_COPY_H
#include "tui/list.h"

enum { COPY_MAX = 4096 };
/* "feature doc-agent   $/min 8.13 ...", and the lines below the list. name: the row's. false = no row is selected. */
bool copy_text(const Screen *s, void *self, const View *v, int w, int h, Buf *out, char *name, size_t size);
#endif
