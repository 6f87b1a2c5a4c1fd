/* term: the terminal: opening it, always restoring it, keys in, canvases out.
 *
 * Owns: raw mode, the alternate screen, synchronized updates, one write per frame. Curses is only in term_caps.c, bytes
 * of a frame in term_draw.c, decoding of keys in term_keys.c. The terminal is restored by term_close, by exit(), and by
 * crashes (term_crash.c); signals that end or stop the program come to the event loop as events (signals.h).
 * The user's palette is never redefined. Thread: one.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H
#include "tui/canvas.h"
#include "tui/keys.h"
#include "tui/term_keys.h"
#include "tui/theme.h"

typedef struct Term Term;
typedef struct TermOptions {
    const Theme *theme;
    bool no_color, mouse;
    int tty; /* a terminal that is already open, for tests; 0 = standard output and input */
} TermOptions;
int term_open(Term **out, const TermOptions *o, Err *e);
void term_close(Term *t); /* NULL is fine */
void term_size(const Term *t, int *w, int *h);
void term_show(Term *t, const Canvas *c);
void term_redraw(Term *t); /* the next term_show draws everything again */
void term_set_theme(Term *t, const Theme *theme); /* the next term_show draws everything again */
bool term_has_colours(const Term *t);
/* Asks the terminal to put it on the clipboard; false = a terminal that has none. */
bool term_copy(Term *t, const char *text, size_t len);
void term_set_mouse(Term *t, bool on);
/* The next key without waiting, or -1: a code point, or KEY_* of keys.h. */
int term_key(Term *t);
const MouseEvent *term_mouse(const Term *t); /* of the last KEY_MOUSE */
int term_fd(const Term *t);        /* readable: call term_key until -1 */
int term_wait_ms(const Term *t);   /* call term_key again after this long (a lone Esc); -1 = no need */
bool term_lost(const Term *t);     /* hung up: nobody sees us any more */
void term_suspend(Term *t);        /* restores the terminal, stops the process, comes back when it goes on */
void term_resume(Term *t);         /* after SIGCONT from outside: takes the terminal again */
/* Does the terminal understand our UTF-8 glyphs? By locale and TERM. */
bool term_is_utf8(void);
#endif
