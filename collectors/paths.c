/* paths: see paths.h. */
#include "collectors/paths.h"
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>

static int keep(Paths *p, const char *name, Err *e) {
    if (p->count == PATHS_MAX) return fail(e, "more than %d files; name fewer at a time", PATHS_MAX);
    if (p->count == p->room) {
        p->room = p->room ? p->room * 2 : 64;
        p->path = xrealloc(p->path, p->room * sizeof *p->path);
    }
    p->path[p->count++] = xstrdup(name);
    return 0;
}

bool path_is_log(const char *name) {
    static const char *const parts[] = {".jsonl", ".ndjson", ".json", ".log"};
    const char *base = strrchr(name, '/');
    base = base ? base + 1 : name;
    if (strcmp(base, "journal.jsonl") == 0) return false; /* agents' own bookkeeping */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *at = strstr(base, parts[i]);
        if (!at) continue;
        at += strlen(parts[i]);
        if (*at == '\0' || *at == '.' || *at == '-') return true; /* x.log.1, x.log-20261124.gz */
    }
    return false;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(Paths *p, const char *dir, int depth, Err *e);

static int add_entry(Paths *p, const char *dir, const char *name, int depth, Err *e) {
    char path[4096];
    struct stat st;
    if (name[0] == '.' || (size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path) return 0;
    if (lstat(path, &st) != 0) return 0; /* gone meanwhile */
    if (S_ISDIR(st.st_mode)) return add_folder(p, path, depth + 1, e);
    if (S_ISLNK(st.st_mode) && (stat(path, &st) != 0 || !S_ISREG(st.st_mode))) return 0;
    return S_ISREG(st.st_mode) && path_is_log(name) ? keep(p, path, e) : 0;
}

static int add_folder(Paths *p, const char *dir, int depth, Err *e) {
    struct dirent **entry;
    if (depth > PATHS_DEPTH_MAX) return 0;
    int n = scandir(dir, &entry, NULL, by_name), rc = 0;
    if (n < 0) return depth == 0 ? fail(e, "%s: %s", dir, strerror(errno)) : 0;
    for (int i = 0; i < n; i++) {
        if (rc == 0) rc = add_entry(p, dir, entry[i]->d_name, depth, e);
        free(entry[i]);
    }
    free(entry);
    return rc;
}

static int add_one(Paths *p, const char *name, Err *e) {
    struct stat st;
    if (strcmp(name, "-") == 0) return keep(p, name, e);
    if (stat(name, &st) != 0) return fail(e, "%s: %s", name, strerror(errno));
    return S_ISDIR(st.st_mode) ? add_folder(p, name, 0, e) : keep(p, name, e);
}

int paths_add(Paths *p, const char *name, Err *e) {
    struct stat st;
    if (!strpbrk(name, "*?[") || stat(name, &st) == 0) return add_one(p, name, e);
    glob_t g;
    int rc = glob(name, 0, NULL, &g);
    if (rc == GLOB_NOMATCH) return fail(e, "%s: no file matches", name);
    if (rc != 0) return fail(e, "%s: cannot be searched", name);
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++) rc = add_one(p, g.gl_pathv[i], e);
    globfree(&g);
    return rc;
}

void paths_free(Paths *p) {
    for (size_t i = 0; i < p->count; i++) free(p->path[i]);
    free(p->path);
    *p = (Paths){0};
}
