/* bell: rings the terminal that the collector runs on. Only when an alert fires, not at its end. */
#include "collectors/channels/channel.h"
#include <fcntl.h>
#include <unistd.h>

static Verdict deliver_bell(const Notice *n, const Access *a, const Stop *stop, char *word, size_t size) {
    (void)a, (void)stop;
    int fd = n->kind == TELL_RESOLVED ? -1 : open("/dev/tty", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    bool rang = fd >= 0 && write(fd, "\a", 1) == 1;
    if (fd >= 0) close(fd);
    snprintf(word, size, "%s", rang ? "rang" : n->kind == TELL_RESOLVED ? "an end is not rung for" : "there is no terminal");
    return rang || n->kind == TELL_RESOLVED ? VERDICT_DONE : VERDICT_NEVER; /* an hour later it would say nothing */
}

const ChannelType channel_bell = {.name = "bell", .needs = "nothing", .deliver = deliver_bell};
