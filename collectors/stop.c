/* stop: the stop event: an eventfd that is set once and that every wait watches. See worker.h. */
#include "collectors/worker.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct Stop {
    int fd;
};

Stop *stop_new(void) {
    Stop *s = xcalloc(1, sizeof *s);
    s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->fd >= 0) return s;
    free(s);
    return NULL;
}

void stop_set(Stop *s) {
    uint64_t one = 1;
    if (s && write(s->fd, &one, sizeof one) < 0) return; /* already set as far as it goes */
}

int stop_fd(const Stop *s) {
    return s->fd;
}

bool stop_wait(const Stop *s, int64_t ms) {
    struct pollfd p = {.fd = s ? s->fd : -1, .events = POLLIN};
    return s && poll(&p, 1, ms > INT32_MAX ? INT32_MAX : (int)ms) > 0;
}

bool stop_is_set(const Stop *s) {
    return stop_wait(s, 0);
}

void stop_free(Stop *s) {
    if (!s) return;
    close(s->fd);
    free(s);
}
