/* places: where our files are: options win, then the shared folders, then the user's own (XDG). Folders that are ours
 * to make are private (0700). */
#include "store/config.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_CONFIG "/etc/tollwatch/config"

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int join(char *out, size_t size, const char *a, const char *b, Err *e) {
    if ((size_t)snprintf(out, size, "%s%s", a, b) < size) return 0;
    return fail(e, "path %.60s... is too long; use a shorter one", a);
}

static int home_folder(char *out, size_t size, const char *variable, const char *under_home, Err *e) {
    const char *xdg = getenv(variable), *home = getenv("HOME");
    if (xdg && *xdg == '/') return join(out, size, xdg, "", e);
    if (home && *home == '/') return join(out, size, home, under_home, e);
    return fail(e, "neither %s nor HOME is set; set HOME, or name the file by option", variable);
}

void place_make_folder_of(const char *path) {
    char dir[1024];
    snprintf(dir, sizeof dir, "%s", path);
    for (char *p = dir + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        if (mkdir(dir, 0700) != 0 && errno != EEXIST) return;
        *p = '/';
    }
}

int place_expand(char *out, size_t size, const char *path, Err *e) {
    const char *home = getenv("HOME");
    if (path[0] == '~' && (path[1] == '/' || !path[1])) {
        if (!home || !*home) return fail(e, "%s: HOME is not set; write the whole path", path);
        return join(out, size, home, path + 1, e);
    }
    if (path[0] != '$') return join(out, size, path, "", e);
    char name[64];
    size_t len = strspn(path + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    snprintf(name, sizeof name, "%.*s", (int)len, path + 1);
    const char *value = len < sizeof name ? getenv(name) : NULL;
    if (!value || !*value) return fail(e, "%s: %s is not set; write the whole path", path, name);
    return join(out, size, value, path + 1 + len, e);
}

int key_file_check(const char *path, Err *e) {
    struct stat st;
    if (stat(path, &st) != 0) return fail(e, "%s: %s; write the key into it", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) return fail(e, "%s is not a regular file; name the file that holds the key", path);
    if (st.st_mode & 077)
        return fail(e, "%s may be read by others (mode %04o); chmod 600 %s", path, (unsigned)(st.st_mode & 07777), path);
    return 0;
}

int place_config(char *path, size_t size, char *dir, size_t dir_size, const char *option, Err *e) {
    char home[1024];
    *path = *dir = '\0';
    if (option) {
        if (place_expand(path, size, option, e) != 0) return -1;
    } else if (home_folder(home, sizeof home, "XDG_CONFIG_HOME", "/.config", NULL) == 0) {
        if (join(dir, dir_size, home, "/tollwatch", e) != 0 || join(path, size, dir, "/config", e) != 0) return -1;
    }
    if (!option && (!*path || access(path, F_OK) != 0))
        snprintf(path, size, "%s", access(SYSTEM_CONFIG, F_OK) == 0 ? SYSTEM_CONFIG : "");
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(dir, dir_size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    else if (*path)
        snprintf(dir, dir_size, ".");
    return 0;
}

int place_database(char *out, size_t size, const char *option, Err *e) {
    char home[1024];
    if (option) return place_expand(out, size, option, e);
    if (is_folder("/var/lib/tollwatch")) return join(out, size, "/var/lib/tollwatch/ledger.db", "", e);
    if (home_folder(home, sizeof home, "XDG_STATE_HOME", "/.local/state", e) != 0) return -1;
    if (join(out, size, home, "/tollwatch/ledger.db", e) != 0) return -1;
    place_make_folder_of(out);
    return 0;
}

int place_policy(char *out, size_t size, const char *option, Err *e) {
    char home[1024];
    const char *env = getenv("LLM_POLICY_FILE");
    if (option) return place_expand(out, size, option, e);
    if (env && *env) return join(out, size, env, "", e);
    if (is_folder("/var/lib/llm-policy")) return join(out, size, "/var/lib/llm-policy/policy.json", "", e);
    if (home_folder(home, sizeof home, "XDG_STATE_HOME", "/.local/state", e) != 0) return -1;
    return join(out, size, home, "/tollwatch/policy/policy.json", e);
}

int place_view(char *out, size_t size, Err *e) {
    char home[1024];
    if (home_folder(home, sizeof home, "XDG_STATE_HOME", "/.local/state", e) != 0) return -1;
    return join(out, size, home, "/tollwatch/view", e);
}
