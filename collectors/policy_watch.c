/* policy_watch: see policy_watch.h. */
#include "collectors/policy_watch.h"
#include <sys/inotify.h>
#include <unistd.h>

struct PolicyWatch {
    char folder[1200], name[256];
    int fd, wd; /* wd -1: the folder is not there (yet) */
};

static void watch_folder(PolicyWatch *w) {
    const uint32_t mask = IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    if (w->fd >= 0 && w->wd < 0) w->wd = inotify_add_watch(w->fd, w->folder, mask);
}

PolicyWatch *policy_watch_open(const char *policy_path) {
    PolicyWatch *w = xcalloc(1, sizeof *w);
    const char *slash = strrchr(policy_path, '/');
    int folder = slash ? (int)(slash - policy_path) : 0;
    snprintf(w->folder, sizeof w->folder, "%.*s", folder ? folder : 1, slash ? policy_path : ".");
    snprintf(w->name, sizeof w->name, "%s", slash ? slash + 1 : policy_path);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    w->wd = -1;
    watch_folder(w);
    return w;
}

void policy_watch_close(PolicyWatch *w) {
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    free(w);
}

int policy_watch_fd(const PolicyWatch *w) {
    return w->fd;
}

bool policy_watch_works(const PolicyWatch *w) {
    return w->wd >= 0;
}

/* A folder that has just come may hold the file already; one that goes, and a queue that ran over, may hide a change. */
bool policy_watch_changed(PolicyWatch *w) {
    _Alignas(struct inotify_event) char bytes[4096];
    bool touched = false, had = w->wd >= 0;
    ssize_t n;
    while ((n = read(w->fd, bytes, sizeof bytes)) > 0)
        for (char *p = bytes; p < bytes + n;) {
            const struct inotify_event *event = (const void *)p;
            touched |= (event->mask & IN_Q_OVERFLOW) || (event->len && strcmp(event->name, w->name) == 0);
            if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) w->wd = -1;
            p += sizeof *event + event->len;
        }
    if (had && w->wd < 0) touched = true;
    watch_folder(w);
    return touched || (!had && w->wd >= 0);
}
