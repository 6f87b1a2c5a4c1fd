/* signals: a signalfd. See signals.h. */
#include "tui/signals.h"
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct Signals {
    int fd;
    sigset_t before;
};

int signals_open(Signals **out, Err *e) {
    Signals *s = xcalloc(1, sizeof *s);
    sigset_t ours;
    sigemptyset(&ours);
    const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) sigaddset(&ours, wanted[i]);
    pthread_sigmask(SIG_BLOCK, &ours, &s->before);
    s->fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->fd < 0) {
        fail(e, "signalfd: %s", strerror(errno));
        signals_close(s);
        return -1;
    }
    *out = s;
    return 0;
}

void signals_close(Signals *s) {
    if (!s) return;
    if (s->fd >= 0) close(s->fd);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    free(s);
}

int signals_fd(const Signals *s) {
    return s->fd;
}

SignalEvent signals_next(Signals *s) {
    struct signalfd_siginfo info;
    if (read(s->fd, &info, sizeof info) != (ssize_t)sizeof info) return SIGNAL_NONE;
    switch (info.ssi_signo) {
    case SIGWINCH: return SIGNAL_SIZE;
    case SIGTSTP: return SIGNAL_STOPPED;
    case SIGCONT: return SIGNAL_CONTINUED;
    default: return SIGNAL_END;
    }
}
