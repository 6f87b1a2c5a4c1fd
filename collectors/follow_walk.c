/* follow_walk: from a pattern to folders and files: what tree_scan() and new names do. See follow_tree.h. */
#include "collectors/follow_tree_parts.h"
#include "collectors/log_name.h"
#include "collectors/paths.h"
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <sys/stat.h>

static void walk_part(Tree *t, size_t source, const char *path, int part);
static void walk_all(Tree *t, size_t source, const char *path, int depth);

static bool is_glob(const char *part) {
    return strpbrk(part, "*?[") != NULL;
}

/* "" is the folder we are in, "/" the root. false: too long for any system call. */
static bool join(char *out, size_t size, const char *dir, const char *name) {
    const char *between = !*dir || strcmp(dir, "/") == 0 ? "" : "/";
    return (size_t)snprintf(out, size, "%s%s%s", dir, between, name) < size;
}

static const char *dir_of(const char *path) {
    return *path ? path : ".";
}

typedef enum Kind { KIND_NONE, KIND_FILE, KIND_FOLDER, KIND_LINK_FILE, KIND_LINK_FOLDER } Kind;

static Kind kind_of(const char *path) {
    struct stat st;
    if (lstat(path, &st) != 0) return KIND_NONE;
    if (S_ISREG(st.st_mode)) return KIND_FILE;
    if (S_ISDIR(st.st_mode)) return KIND_FOLDER;
    if (!S_ISLNK(st.st_mode) || stat(path, &st) != 0) return KIND_NONE;
    return S_ISREG(st.st_mode) ? KIND_LINK_FILE : S_ISDIR(st.st_mode) ? KIND_LINK_FOLDER : KIND_NONE;
}

/* Changes of a link's target happen in the target's folder. */
static void watch_target(Tree *t, size_t source, const char *link) {
    char real[PATH_MAX];
    if (!realpath(link, real)) return;
    char *slash = strrchr(real, '/');
    if (!slash) return;
    *slash = '\0';
    folder_keep(t, &(Folder){.kind = FOLDER_TARGET, .path = *real ? real : (char[]){"/"}, .name = slash + 1,
                             .link = (char *)(uintptr_t)link, .source = source});
}

static void found(Tree *t, size_t source, const char *path, Kind kind) {
    if (kind == KIND_LINK_FILE) watch_target(t, source, path);
    t->look(t->ctx, source, path);
}

/* One name in a folder whose names are compared with a component. */
static void walk_glob_name(Tree *t, const Folder *f, const char *name, Kind kind, const char *path) {
    const TreeSource *s = &t->source[f->source];
    bool last = f->part == s->count - 1, folder = kind == KIND_FOLDER || kind == KIND_LINK_FOLDER;
    if (folder && fnmatch(s->part[f->part], name, FNM_PERIOD) == 0) {
        if (last) walk_all(t, f->source, path, 0);
        else walk_part(t, f->source, path, f->part + 1);
    }
    if (!folder && last && log_name_fits(s->part[f->part], name)) found(t, f->source, path, kind);
}

static void walk_entry(Tree *t, const Folder *f, const char *name, Kind kind, const char *path) {
    if (f->kind == FOLDER_GLOB) {
        walk_glob_name(t, f, name, kind, path);
    } else if (name[0] == '.') {
        return;
    } else if (kind == KIND_FOLDER) {
        walk_all(t, f->source, path, f->depth + 1);
    } else if (kind != KIND_LINK_FOLDER && path_is_log(name)) {
        found(t, f->source, path, kind);
    }
}

/* Names that cannot fit are not even looked at: a folder may be a busy one. */
static bool may_fit(const Tree *t, const Folder *f, const char *name) {
    const TreeSource *s = &t->source[f->source];
    if (f->kind == FOLDER_ALL) return name[0] != '.';
    return log_name_fits(s->part[f->part], name);
}

static void list(Tree *t, Folder *f) {
    char path[PATH_MAX];
    DIR *d = opendir(dir_of(f->path));
    if (!d) {
        if (errno != ENOENT) tree_say_trouble(&t->source[f->source], "list", f->path, errno);
        return;
    }
    for (const struct dirent *at; (at = readdir(d));) {
        if (strcmp(at->d_name, ".") == 0 || strcmp(at->d_name, "..") == 0) continue;
        if (!may_fit(t, f, at->d_name) || !join(path, sizeof path, f->path, at->d_name)) continue;
        Kind kind = at->d_type == DT_REG ? KIND_FILE : at->d_type == DT_DIR ? KIND_FOLDER : kind_of(path);
        if (kind != KIND_NONE) walk_entry(t, f, at->d_name, kind, path);
    }
    closedir(d);
}

static void walk_folder(Tree *t, const Folder *wanted) {
    Folder *f = folder_keep(t, wanted); /* watched before it is listed, so that nothing falls between */
    if (f) list(t, f);
}

static void walk_all(Tree *t, size_t source, const char *path, int depth) {
    if (depth > TREE_DEPTH_MAX) return;
    walk_folder(t, &(Folder){.kind = FOLDER_ALL, .path = (char *)(uintptr_t)path, .source = source, .depth = depth});
}

/* Goes down the pattern from component `part` in the folder `path`. */
static void walk_part(Tree *t, size_t source, const char *path, int part) {
    const TreeSource *s = &t->source[source];
    char below[PATH_MAX];
    Folder f = {.kind = FOLDER_GLOB, .path = (char *)(uintptr_t)path, .source = source, .part = part};
    bool last = part == s->count - 1;
    if (!is_glob(s->part[part])) {
        if (!join(below, sizeof below, path, s->part[part])) return;
        Kind kind = kind_of(below);
        bool folder = kind == KIND_FOLDER || kind == KIND_LINK_FOLDER;
        if (folder && last) walk_all(t, source, below, 0);
        if (folder && !last) walk_part(t, source, below, part + 1);
        if (folder) return;
        if (!last) f.kind = FOLDER_WAITS;
    }
    if (f.kind == FOLDER_WAITS) folder_keep(t, &f);
    else walk_folder(t, &f);
}

void walk_source(Tree *t, size_t source) {
    TreeSource *s = &t->source[source];
    s->trouble[0] = '\0';
    if (s->count == 0) {
        if (s->absolute) walk_all(t, source, "/", 0);
        return;
    }
    walk_part(t, source, s->absolute ? "/" : "", 0);
}

void walk_name(Tree *t, Folder *f, const char *name, bool is_folder) {
    char path[PATH_MAX];
    if (f->kind == FOLDER_TARGET) {
        if (strcmp(f->name, name) == 0) t->look(t->ctx, f->source, f->link);
        return;
    }
    if (f->kind == FOLDER_WAITS) {
        if (strcmp(t->source[f->source].part[f->part], name) == 0) walk_part(t, f->source, f->path, f->part);
        return;
    }
    if (!may_fit(t, f, name) || !join(path, sizeof path, f->path, name)) return;
    Kind kind = is_folder ? KIND_FOLDER : kind_of(path);
    /* What is gone has no kind any more, but whoever follows it must hear of it. */
    walk_entry(t, f, name, kind == KIND_NONE && !is_folder ? KIND_FILE : kind, path);
}
