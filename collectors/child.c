/* child: see child.h. */
#include "collectors/child.h"
#include "store/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRACE_MS = 75, ERROR_LINE_MAX = 200 };

struct Child {
    pid_t pid; /* also its process group; 0 = ended and waited for */
    int output, errors, wait; /* -1 = closed, or taken */
    int output_seen;          /* the output's number, also when it was taken */
    char line[ERROR_LINE_MAX + 1], last[ERROR_LINE_MAX + 1];
    size_t line_len;
};

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* In the new process, where only the simplest calls are allowed. Its own session: no terminal and no signal of ours reaches
 * it, and it is one group to end. When the thread that started it is no more, killed perhaps, the shell is ended. */
static _Noreturn void become(const char *command, int in, int out, int err, pid_t starter) {
    sigset_t none;
    sigemptyset(&none);
    setsid();
    for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (in < 0) in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool alone = prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != starter;
    if (!alone && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2) execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static int spawn(Child *c, const char *command, int in, int out, int err) {
    pid_t self = getpid(), pid = fork();
    if (pid == 0) become(command, in, out, err, self);
    if (pid > 0) c->pid = pid;
    return pid > 0 ? 0 : errno;
}

static int watch(Child *c, int fd) {
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(c->wait, EPOLL_CTL_ADD, fd, &ev);
}

int child_start(Child **out, const char *command, Err *e) {
    return child_start_with(out, command, -1, e);
}

int child_start_with(Child **out, const char *command, int input, Err *e) {
    Child *c = xcalloc(1, sizeof *c);
    int o[2] = {-1, -1}, r[2] = {-1, -1}, rc = -1;
    *c = (Child){.output = -1, .errors = -1, .wait = epoll_create1(EPOLL_CLOEXEC)};
    *out = NULL;
    if (c->wait >= 0 && pipe2(o, O_CLOEXEC) == 0 && pipe2(r, O_CLOEXEC) == 0) rc = spawn(c, command, input, o[1], r[1]);
    else rc = errno;
    close_fd(&o[1]);
    close_fd(&r[1]);
    c->output = c->output_seen = o[0], c->errors = r[0];
    if (rc == 0) {
        fcntl(c->output, F_SETFL, O_NONBLOCK);
        fcntl(c->errors, F_SETFL, O_NONBLOCK);
        if (watch(c, c->output) == 0 && watch(c, c->errors) == 0) return *out = c, 0;
        rc = errno;
    }
    child_free(c);
    return fail(e, "start %.100s: %s; check the command", command, strerror(rc));
}

int child_take_output(Child *c) {
    int fd = c->output;
    c->output = -1;
    return fd;
}

int child_wait_fd(const Child *c) {
    return c->wait;
}

const char *child_last_error(const Child *c) {
    return c->last;
}

/* Lines are kept without control characters, cut to what a screen shows. */
static void take_error_byte(Child *c, char b) {
    if (b != '\n') {
        if (c->line_len < ERROR_LINE_MAX) c->line[c->line_len++] = (unsigned char)b < 0x20 || b == 0x7f ? ' ' : b;
        return;
    }
    size_t n = utf8_cut(c->line, c->line_len, ERROR_LINE_MAX);
    while (n > 0 && c->line[n - 1] == ' ') n--;
    if (n > 0) {
        memcpy(c->last, c->line, n);
        c->last[n] = '\0';
    }
    c->line_len = 0;
}

void child_read_errors(Child *c) {
    char room[4096];
    ssize_t n = 1;
    for (int turns = 16; c->errors >= 0 && turns > 0 && (n = read(c->errors, room, sizeof room)) > 0; turns--)
        for (ssize_t i = 0; i < n; i++) take_error_byte(c, room[i]);
    if (c->errors < 0 || n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))) return;
    take_error_byte(c, '\n');
    close_fd(&c->errors); /* also takes it out of what is waited for */
}

bool child_output_ended(Child *c) {
    struct pollfd p = {.fd = c->output_seen, .events = POLLIN};
    return poll(&p, 1, 0) > 0 && !(p.revents & POLLIN) && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* The first process becomes a zombie that is not waited for yet: its number, the group's, cannot be given out again. */
static bool ended_within(pid_t pid, int64_t ms) {
    siginfo_t info = {0};
    int64_t until = clock_monotonic_ms() + ms;
    for (;;) {
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid) return true;
        if (clock_monotonic_ms() >= until) return false;
        poll(NULL, 0, 2);
    }
}

void child_wait_end(Child *c) {
    if (c->pid) ended_within(c->pid, GRACE_MS);
}

bool child_ended(const Child *c, int64_t ms) {
    return c->pid == 0 || ended_within(c->pid, ms);
}

void child_stop(Child *c, char *how, size_t size) {
    int status = 0;
    if (c->pid == 0) return;
    bool by_itself = ended_within(c->pid, 0);
    if (!by_itself) kill(-c->pid, SIGTERM);
    if (!by_itself) ended_within(c->pid, GRACE_MS);
    kill(-c->pid, SIGKILL); /* whoever of the group is left */
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) continue;
    c->pid = 0;
    child_read_errors(c);
    if (!by_itself) snprintf(how, size, "was stopped");
    else if (WIFEXITED(status)) snprintf(how, size, "ended with code %d", WEXITSTATUS(status));
    else snprintf(how, size, "was ended by signal %d", WTERMSIG(status));
}

void child_free(Child *c) {
    char how[64];
    if (!c) return;
    child_stop(c, how, sizeof how);
    close_fd(&c->output);
    close_fd(&c->errors);
    close_fd(&c->wait);
    free(c);
}
