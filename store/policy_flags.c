/* policy_flags: derived/kill_all and derived/kill_non_critical, for proxies that cannot read JSON. They have no clock of
 * their own, so whoever collects takes them away when a stop's time is over. Invariant P13 of policy.h. */
#include "store/policy_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAG_FOLDER "derived"

static int open_folder(const PolicyFolder *f, PolicyFolder *out, Err *e) {
    *out = *f;
    snprintf(out->path, sizeof out->path, "%.1000s/" FLAG_FOLDER, f->path);
    out->fd = openat(f->fd, FLAG_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (out->fd < 0 && errno == ENOENT && mkdirat(f->fd, FLAG_FOLDER, f->mode & 02775) == 0) {
        out->fd = openat(f->fd, FLAG_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (out->fd >= 0 && (fchown(out->fd, (uid_t)-1, f->group) != 0 || fchmod(out->fd, f->mode & 02775) != 0)) errno = 0;
    }
    return out->fd >= 0 ? 0 : fail(e, "%s: %s; proxies that obey flag files do not see this change", out->path, strerror(errno));
}

static int set_flag(const PolicyFolder *f, const char *name, bool on, Err *e) {
    if (!on) {
        if (unlinkat(f->fd, name, 0) == 0 || errno == ENOENT) return 0;
        return fail(e, "remove %s/%s: %s; proxies that obey flag files still refuse calls", f->path, name, strerror(errno));
    }
    int fd = policy_folder_open_file(f, name, O_WRONLY | O_CREAT, 0664);
    if (fd < 0) return fail(e, "%s/%s: %s; proxies that obey flag files do not see this stop", f->path, name, strerror(errno));
    close(fd);
    return 0;
}

int policy_flags_write(const PolicyFolder *f, const json_t *policy, int64_t now_ms, Err *e) {
    PolicyFolder flags;
    SwitchState state = policy_switch_state(policy, now_ms);
    if (state == SWITCH_UNKNOWN) return 0; /* readers keep what they have */
    if (open_folder(f, &flags, e) != 0) return -1;
    /* A stop of all calls is one of the non-critical too, for a proxy that looks at that flag alone. */
    int a = set_flag(&flags, "kill_all", state == SWITCH_ALL, e);
    int b = set_flag(&flags, "kill_non_critical", state == SWITCH_ALL || state == SWITCH_NON_CRITICAL, e);
    policy_folder_close(&flags);
    return a == 0 && b == 0 ? 0 : -1;
}

static bool in_step(const PolicyFolder *f, const json_t *policy, int64_t now_ms) {
    SwitchState state = policy_switch_state(policy, now_ms);
    bool all = faccessat(f->fd, FLAG_FOLDER "/kill_all", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    bool some = faccessat(f->fd, FLAG_FOLDER "/kill_non_critical", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    return state == SWITCH_UNKNOWN || (all == (state == SWITCH_ALL) && some == (state == SWITCH_ALL || state == SWITCH_NON_CRITICAL));
}

static int sync_locked(const PolicyFolder *f, int64_t now_ms, Err *e) {
    json_t *policy = NULL;
    int lock = policy_folder_lock(f, POLICY_PATIENCE_MS, e);
    int rc = lock < 0 ? -1 : policy_folder_read(f, f->name, &policy, e);
    if (rc == 0) rc = policy_flags_write(f, policy, now_ms, e);
    if (lock >= 0) close(lock);
    json_decref(policy);
    return rc;
}

int policy_flags_sync(const char *path, int64_t now_ms, Err *e) {
    PolicyFolder f;
    json_t *policy = NULL;
    if (policy_folder_open(&f, path, e) != 0) return -1;
    int rc = policy_folder_read(&f, f.name, &policy, e);
    if (rc == 0 && !in_step(&f, policy, now_ms)) rc = sync_locked(&f, now_ms, e);
    policy_folder_close(&f);
    json_decref(policy);
    return rc;
}
