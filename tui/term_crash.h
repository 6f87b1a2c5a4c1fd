/* term_crash: gives the terminal back when the program ends without passing through term_close. */
#ifndef TUI_TERM_CRASH_H
#define TUI_TERM_CRASH_H
#include "store/base.h"
#include <termios.h>

/* On exit() and on SIGSEGV SIGBUS SIGFPE SIGILL SIGABRT SIGQUIT SIGSYS: writes `bytes` to fd and restores `modes`. */
void crash_arm(int fd, Str bytes, const struct termios *modes);
void crash_disarm(void);
#endif
