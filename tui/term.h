/* term: the one file that knows curses: opening and always restoring the terminal, keys, colours, sending a canvas.
 *
 * Only changed cells are sent (curses' own diff), inside a synchronized update where offered. The terminal is restored
 * on exit, failure, SIGSEGV/SIGABRT, SIGHUP, SIGTERM and across SIGTSTP/SIGCONT. The user's palette is never redefined.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H
#include "tui/canvas.h"
#include "tui/theme.h"

typedef struct Term Term;
int term_open(Term **out, const Theme *theme, bool no_color, bool mouse, Err *e);
void term_close(Term *t); /* NULL is fine */
void term_size(Term *t, int *w, int *h);
void term_show(Term *t, const Canvas *c);
void term_set_theme(Term *t, const Theme *theme);
/* The next key without waiting, or -1: a code point, or KEY_* of keys.h. */
int term_key(Term *t);
int term_fd(const Term *t);
#endif
