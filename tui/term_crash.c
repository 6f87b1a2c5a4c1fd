/* term_crash: see term_crash.h. The one file of the terminal with static state: a signal handler has nothing else.
 *
 * Everything here is written before the handlers are armed and only read after; handlers call async-signal-safe
 * functions only.
 */
#include "tui/term_crash.h"
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum { RESTORE_MAX = 512, STACK_BYTES = 65536 };

static struct {
    atomic_bool armed;
    int fd;
    char bytes[RESTORE_MAX];
    size_t len;
    struct termios modes;
    bool registered;
} saved;
static _Alignas(16) unsigned char handler_stack[STACK_BYTES]; /* a stack overflow leaves no other */

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGSYS};

static void restore(void) {
    if (!atomic_exchange(&saved.armed, false)) return;
    ssize_t n = write(saved.fd, saved.bytes, saved.len);
    (void)n; /* nothing can be done about it here */
    tcsetattr(saved.fd, TCSANOW, &saved.modes);
}

/* SA_RESETHAND: the signal raised again ends the process as it would have without us. */
static void on_fatal(int signal_number) {
    static const char text[] = "tollwatch: ended by a fatal signal; nothing stored is lost, please report it\n";
    if (atomic_load(&saved.armed)) {
        restore();
        ssize_t n = write(STDERR_FILENO, text, sizeof text - 1);
        (void)n;
    }
    raise(signal_number);
}

static void set_handlers(void) {
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    sigaltstack(&stack, NULL);
    struct sigaction on = {.sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&on.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) sigaction(fatal[i], &on, NULL);
}

void crash_arm(int fd, Str bytes, const struct termios *modes) {
    atomic_store(&saved.armed, false);
    saved.fd = fd;
    saved.len = bytes.len < RESTORE_MAX ? bytes.len : RESTORE_MAX;
    memcpy(saved.bytes, bytes.at, saved.len);
    saved.modes = *modes;
    if (!saved.registered) {
        saved.registered = true;
        atexit(restore);
        set_handlers();
    }
    atomic_store(&saved.armed, true);
}

void crash_disarm(void) {
    atomic_store(&saved.armed, false);
}
