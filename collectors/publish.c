/* publish: see publish.h. */
#include "collectors/publish.h"
#include "collectors/child.h"
#include "store/clock.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

/* What it prints is of no use and must not fill a pipe that nobody reads. false = the output is at its end. */
static bool drain(int fd) {
    char room[4096];
    ssize_t n;
    do n = read(fd, room, sizeof room);
    while (n > 0 || (n < 0 && errno == EINTR));
    return n < 0 && errno == EAGAIN;
}

/* true: the command closed its output, which it does at its end. */
static bool wait_for(Child *c, int output, const Stop *stop) {
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        struct pollfd fds[] = {{.fd = output, .events = POLLIN}, {.fd = stop ? stop_fd(stop) : -1, .events = POLLIN}};
        int64_t left = until - clock_monotonic_ms();
        if (left <= 0 || (stop && stop_is_set(stop))) return false;
        if (poll(fds, 2, left < 200 ? (int)left : 200) < 0 && errno != EINTR) return false;
        child_read_errors(c);
        if (!drain(output)) return true;
    }
}

static int run(const char *command, const Stop *stop, Err *e) {
    Child *c = NULL;
    char how[64] = "";
    if (child_start(&c, command, e) != 0) return -1;
    int output = child_take_output(c);
    bool ended = wait_for(c, output, stop);
    close(output);
    if (ended) child_wait_end(c);
    child_stop(c, how, sizeof how);
    bool done = strcmp(how, "ended with code 0") == 0;
    const char *said = child_last_error(c);
    if (!done && !ended) fail(e, "publish: `%.100s` took more than %d s and %s", command, PATIENCE_MS / 1000, how);
    if (!done) fail(e, "publish: `%.100s` %s%s%s", command, how, *said ? ": " : "", said);
    child_free(c);
    return done ? 0 : -1;
}

int publish_policy(const char *command, const PolicyWriter *w, int64_t generation, const Stop *stop, Err *e) {
    char outcome[ERR_MAX + 16];
    Err trail = {0};
    policy_note(w, "publish", generation, "intended", &trail); /* so that nobody else does it meanwhile */
    trail = (Err){0};
    int rc = run(command, stop, e);
    snprintf(outcome, sizeof outcome, "%s%s", rc == 0 ? "done" : "failed: ", rc == 0 ? "" : e->text);
    if (policy_note(w, "publish", generation, outcome, &trail) != 0 && rc == 0) return fail(e, "%s", trail.text);
    return rc;
}
