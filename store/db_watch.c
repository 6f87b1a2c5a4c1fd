/* db_watch: see db_watch.h. */
#include "store/db_watch.h"
#include <sys/inotify.h>
#include <unistd.h>

enum { FIRST_LOOK_MS = 2, SECOND_LOOK_MS = 20 };

struct DbWatch {
    Db *db;
    int fd, wd;                 /* wd -1: the file is not there (yet) */
    int64_t version;
    int64_t first_ms, second_ms; /* looks after an event; 0 = none */
};

static void watch_file(DbWatch *w) {
    char path[1100];
    if (w->fd < 0 || w->wd >= 0) return;
    snprintf(path, sizeof path, "%s-wal", db_path(w->db));
    w->wd = inotify_add_watch(w->fd, path, IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF);
}

DbWatch *dbwatch_open(Db *db) {
    DbWatch *w = xcalloc(1, sizeof *w);
    *w = (DbWatch){.db = db, .wd = -1, .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    w->version = db_data_version(db);
    watch_file(w);
    return w;
}

void dbwatch_close(DbWatch *w) {
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    free(w);
}

int dbwatch_fd(const DbWatch *w) {
    return w->fd;
}

void dbwatch_event(DbWatch *w, int64_t now_ms) {
    _Alignas(struct inotify_event) char bytes[4096];
    ssize_t n;
    bool any = false;
    while ((n = read(w->fd, bytes, sizeof bytes)) > 0)
        for (char *p = bytes; p < bytes + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)(void *)p)->len, any = true)
            if (((struct inotify_event *)(void *)p)->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) w->wd = -1;
    watch_file(w);
    if (!any) return;
    w->first_ms = now_ms + FIRST_LOOK_MS;
    w->second_ms = now_ms + SECOND_LOOK_MS;
}

int64_t dbwatch_due_ms(const DbWatch *w) {
    int64_t due = INT64_MAX;
    if (w->second_ms && w->second_ms < due) due = w->second_ms;
    if (w->first_ms && w->first_ms < due) due = w->first_ms;
    return due;
}

bool dbwatch_look(DbWatch *w, int64_t now_ms) {
    if (w->first_ms && now_ms >= w->first_ms) w->first_ms = 0;
    if (w->second_ms && now_ms >= w->second_ms) w->second_ms = 0;
    watch_file(w);
    int64_t version = db_data_version(w->db);
    bool changed = version != w->version;
    w->version = version;
    if (changed) w->first_ms = w->second_ms = 0; /* what the looks were for is found */
    return changed;
}
