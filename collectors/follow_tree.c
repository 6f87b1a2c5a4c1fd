/* follow_tree: the folders of the sources, their watches, and events. See follow_tree.h. */
#include "collectors/follow_tree_parts.h"
#include <errno.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    SELF_EVENTS = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD,
    NAME_EVENTS = IN_CREATE | IN_MOVED_TO,
    FILE_EVENTS = NAME_EVENTS | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_DELETE
};

Tree *tree_new(TreeLook *look, void *ctx, bool watched) {
    Tree *t = xcalloc(1, sizeof *t);
    *t = (Tree){.look = look, .ctx = ctx, .inotify = watched ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1, .wants_scan = true};
    return t;
}

int tree_fd(const Tree *t) {
    return t->inotify;
}

bool tree_wants_scan(const Tree *t) {
    return t->wants_scan;
}

size_t tree_unwatched(const Tree *t) {
    return t->unwatched;
}

const char *tree_trouble(const Tree *t, size_t source) {
    return t->source[source].trouble;
}

void tree_say_trouble(TreeSource *s, const char *what, const char *path, int error) {
    if (!s->trouble[0]) snprintf(s->trouble, sizeof s->trouble, "%s %.180s: %s", what, *path ? path : ".", strerror(error));
}

size_t tree_add(Tree *t, const char *pattern) {
    t->source = xrealloc(t->source, (t->source_count + 1) * sizeof *t->source);
    TreeSource *s = &t->source[t->source_count];
    char *rest;
    *s = (TreeSource){.text = xstrdup(pattern), .absolute = pattern[0] == '/'};
    for (char *p = strtok_r(s->text, "/", &rest); p && s->count < TREE_PARTS_MAX; p = strtok_r(NULL, "/", &rest))
        if (strcmp(p, ".") != 0) s->part[s->count++] = p;
    return t->source_count++;
}

/* ---- folders and their watches ---- */

static size_t path_bucket(const char *path) {
    return hash64(path, strlen(path), 0) % TREE_BUCKETS;
}

static Folder **watch_bucket(Tree *t, int watch) {
    return &t->by_watch[(size_t)watch % TREE_BUCKETS];
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static Folder *find(Tree *t, const Folder *w) {
    for (Folder *f = t->by_path[path_bucket(w->path)]; f; f = f->next_path)
        if (f->kind == w->kind && f->source == w->source && f->part == w->part && strcmp(f->path, w->path) == 0 &&
            same_text(f->link, w->link) && same_text(f->name, w->name))
            return f;
    return NULL;
}

/* Others write to network file systems without this kernel hearing of it. */
static bool is_remote(const char *path) {
    struct statfs s;
    if (statfs(path, &s) != 0) return false;
    switch ((unsigned long)s.f_type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case 0xFF534D42: /* CIFS */
    case 0xFE534D42: /* SMB2 */
    case CEPH_SUPER_MAGIC:
    case FUSE_SUPER_MAGIC:
    case V9FS_MAGIC: return true;
    default: return false;
    }
}

/* -1: not there or not ours to see. Otherwise the folder is watched, or only a scan will see its changes. */
static int watch(Tree *t, Folder *f) {
    const char *path = *f->path ? f->path : ".";
    uint32_t mask = SELF_EVENTS | (f->kind == FOLDER_WAITS ? NAME_EVENTS : FILE_EVENTS);
    f->watch = t->inotify >= 0 ? inotify_add_watch(t->inotify, path, mask) : -1;
    int why = f->watch < 0 && t->inotify >= 0 ? errno : 0;
    if (why == EACCES) tree_say_trouble(&t->source[f->source], "watch", path, why);
    if (why == EACCES || why == ENOENT || why == ENOTDIR) return -1;
    if (f->watch < 0 || is_remote(path)) {
        f->unseen = true;
        t->unwatched++;
    }
    if (f->watch < 0) return 0;
    Folder **b = watch_bucket(t, f->watch);
    f->next_watch = *b;
    *b = f;
    return 0;
}

static void unlink_watch(Tree *t, Folder *f) {
    if (f->watch < 0) return;
    Folder **at = watch_bucket(t, f->watch);
    while (*at != f) at = &(*at)->next_watch;
    *at = f->next_watch;
    for (Folder *o = *watch_bucket(t, f->watch); o; o = o->next_watch)
        if (o->watch == f->watch) return; /* another source's */
    inotify_rm_watch(t->inotify, f->watch);
}

static void release(Folder *f) {
    free(f->path);
    free(f->name);
    free(f->link);
    free(f);
}

void folder_drop(Tree *t, Folder *f) {
    Folder **at = &t->by_path[path_bucket(f->path)];
    while (*at != f) at = &(*at)->next_path;
    *at = f->next_path;
    unlink_watch(t, f);
    t->unwatched -= f->unseen;
    t->folders--;
    release(f);
}

Folder *folder_keep(Tree *t, const Folder *wanted) {
    Folder *f = find(t, wanted);
    if (f) {
        f->scan = t->scan;
        return f;
    }
    if (t->folders >= TREE_FOLDERS_MAX) {
        tree_say_trouble(&t->source[wanted->source], "too many folders at", wanted->path, EMFILE);
        return NULL;
    }
    f = xcalloc(1, sizeof *f);
    *f = *wanted;
    f->path = xstrdup(wanted->path);
    f->name = wanted->name ? xstrdup(wanted->name) : NULL;
    f->link = wanted->link ? xstrdup(wanted->link) : NULL;
    f->scan = t->scan;
    if (watch(t, f) != 0) return release(f), NULL;
    Folder **b = &t->by_path[path_bucket(f->path)];
    f->next_path = *b;
    *b = f;
    t->folders++;
    return f;
}

/* ---- scans and events ---- */

/* Drops the folders that are to go; how many they were. */
static size_t drop_folders(Tree *t, bool (*drop)(const Folder *, const void *), const void *ctx) {
    size_t before = t->folders;
    for (size_t i = 0; i < TREE_BUCKETS; i++)
        for (Folder *f = t->by_path[i], *next; f; f = next) {
            next = f->next_path;
            if (drop(f, ctx)) folder_drop(t, f);
        }
    return before - t->folders;
}

static bool is_stale(const Folder *f, const void *scan) {
    return f->scan != *(const unsigned *)scan;
}

static bool has_watch(const Folder *f, const void *watch_number) {
    return f->watch == *(const int *)watch_number;
}

void tree_scan(Tree *t) {
    t->scan++;
    t->wants_scan = false;
    for (size_t i = 0; i < t->source_count; i++) walk_source(t, i);
    drop_folders(t, is_stale, &t->scan);
}

/* The folders that share a watch. They are copied because what they are told may change the index. */
static size_t folders_of(Tree *t, int watch_number, Folder **out, size_t max) {
    size_t n = 0;
    for (Folder *f = *watch_bucket(t, watch_number); f && n < max; f = f->next_watch)
        if (f->watch == watch_number) out[n++] = f;
    return n;
}

static void on_name(Tree *t, const struct inotify_event *ev) {
    Folder *f[64];
    bool folder = ev->mask & IN_ISDIR;
    if (folder && !(ev->mask & (NAME_EVENTS | IN_ATTRIB))) return; /* its own watch tells that it goes */
    size_t n = folders_of(t, ev->wd, f, sizeof f / sizeof *f);
    for (size_t i = 0; i < n; i++) walk_name(t, f[i], ev->name, folder);
}

static void on_event(Tree *t, const struct inotify_event *ev) {
    if (ev->mask & IN_Q_OVERFLOW) {
        t->wants_scan = true;
    } else if (ev->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) {
        if (drop_folders(t, has_watch, &ev->wd) > 0) t->wants_scan = true; /* a moved one would tell wrong paths */
    } else if (ev->len > 0) {
        on_name(t, ev);
    } else if (ev->mask & IN_ATTRIB) {
        t->wants_scan = true; /* it may be readable now */
    }
}

void tree_events(Tree *t) {
    char room[16384] __attribute__((aligned(8)));
    ssize_t n;
    while (t->inotify >= 0 && (n = read(t->inotify, room, sizeof room)) > 0)
        for (char *p = room; p < room + n;) {
            const struct inotify_event *ev = (const struct inotify_event *)(void *)p;
            on_event(t, ev);
            p += sizeof *ev + ev->len;
        }
}

static bool always(const Folder *f, const void *ctx) {
    (void)f, (void)ctx;
    return true;
}

void tree_free(Tree *t) {
    if (!t) return;
    drop_folders(t, always, NULL);
    for (size_t i = 0; i < t->source_count; i++) free(t->source[i].text);
    if (t->inotify >= 0) close(t->inotify);
    free(t->source);
    free(t);
}
