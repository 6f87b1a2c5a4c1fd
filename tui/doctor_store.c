/* doctor_store: the database, who collects into it, and the policy file. See doctor.h. */
#include "store/bill.h"
#include "store/ledger.h"
#include "store/policy.h"
#include "store/query.h"
#include "tui/doctor.h"
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { SOURCES_MAX = 256, PAYERS_MAX = 256, NFS_MAGIC = 0x6969, STALE_MS = 60000, CHECK_MS = 5000 };
#define SPACE_MIN (UINT64_C(512) << 20)

/* The folder of a file, "." for a plain name. */
static void folder_of(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/');
    if (!slash) snprintf(out, size, ".");
    else snprintf(out, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static void check_disk(Doctor *d, const char *folder) {
    struct statfs fs;
    struct statvfs space;
    if (statfs(folder, &fs) == 0 && (long)fs.f_type == NFS_MAGIC)
        found(d, LEVEL_MEND, "database", "%s is on NFS, where SQLite's locks do not work; use --db on a local disk", folder);
    if (statvfs(folder, &space) != 0) return;
    uint64_t free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    if (free_bytes < SPACE_MIN)
        found(d, LEVEL_MEND, "database", "%s has %llu MiB left; free some space", folder, (unsigned long long)(free_bytes >> 20));
}

static void check_collector(Doctor *d, Db *db) {
    char holder[256];
    int64_t beat = query_heartbeat_ms(db), age_ms = app_now(d->app) - beat;
    if (role_holder(d->app->db_path, holder, sizeof holder) != 0)
        found(d, LEVEL_NOTE, "collector", "nobody is collecting; open the dashboard or start `tollwatch collect`");
    else if (beat && age_ms > STALE_MS)
        found(d, LEVEL_MEND, "collector", "%s holds the role but gave no sign for %lld s; look at it or restart it", holder,
              (long long)(age_ms / 1000));
    else
        found(d, LEVEL_OK, "collector", "%s", holder);
}

/* What the collector met while reading. */
static void check_ledger_sources(Doctor *d, Db *db) {
    SourceView *s = xcalloc(SOURCES_MAX, sizeof *s);
    size_t count = 0;
    Err e = {0};
    if (query_sources(db, app_now(d->app), s, SOURCES_MAX, &count, &e) != 0) found(d, LEVEL_MEND, "database", "%s", e.text);
    for (size_t i = 0; i < count; i++) {
        char about[96];
        snprintf(about, sizeof about, "read from %s", s[i].source);
        if (s[i].bad_lines || s[i].skipped_lines)
            found(d, LEVEL_NOTE, about, "%lld of %lld lines are left out: %s", (long long)(s[i].bad_lines + s[i].skipped_lines),
                  (long long)s[i].lines, s[i].last_word[0] ? s[i].last_word : s[i].path);
    }
    free(s);
}

static bool is_configured(const Config *c, const char *account) {
    for (size_t i = 0; i < c->account_count; i++)
        if (strcmp(c->accounts[i].name, account) == 0) return true;
    return false;
}

/* An account under a new name is read anew, back to months ago, beside what stands under the old one. */
static void check_payers(Doctor *d, Db *db) {
    BillPayer *p = xcalloc(PAYERS_MAX, sizeof *p);
    size_t count = 0;
    Err e = {0};
    if (bill_payers(db, p, PAYERS_MAX, &count, &e) != 0) found(d, LEVEL_MEND, "database", "%s", e.text);
    for (size_t i = 0; i < count; i++) {
        char about[96], day[16];
        if (is_configured(d->app->config, p[i].account)) continue;
        snprintf(about, sizeof about, "account %s", p[i].account);
        time_format(NULL, p[i].read_ms, "%Y-%m-%d", day, sizeof day);
        found(d, LEVEL_NOTE, about, "read last on %s, and not configured any more; what it cost still counts. If it only has another name now, "
              "its days stand there twice: give it the old name back", day);
    }
    free(p);
}

/* Screens read sums and trust them; here they are held against the calls. */
static void check_content(Doctor *d, Db *db) {
    bool whole;
    Err e = {0};
    if (ledger_check(db, CHECK_MS, &whole, &e) != 0) found(d, LEVEL_MEND, "ledger", "%s", e.text);
    else if (whole) found(d, LEVEL_OK, "ledger", "every call can be read, and all sums are theirs");
    else found(d, LEVEL_NOTE, "ledger", "nothing wrong was found in %d s; it is too large to be looked at whole", CHECK_MS / 1000);
}

void check_database(Doctor *d) {
    const char *path = d->app->db_path;
    char folder[1024];
    Db *db;
    Err e = {0};
    if (d->app->schemas) found(d, LEVEL_NOTE, "database", "%zu files in %s/schema replace ours for new ledgers", d->app->schemas, d->app->config->dir);
    folder_of(path, folder, sizeof folder);
    check_disk(d, folder);
    if (access(path, F_OK) != 0) {
        if (access(folder, W_OK) != 0)
            found(d, LEVEL_MEND, "database", "%s cannot be made in %s: %s; use --db or mend the folder", path, folder, strerror(errno));
        else
            found(d, LEVEL_NOTE, "database", "%s is not there yet; collecting or importing makes it", path);
        return;
    }
    bool kept = check_private(d, "database", folder, 02) && check_private(d, "database", path, 027);
    if (db_open(&db, path, DB_READ, &e) != 0) {
        found(d, LEVEL_MEND, "database", "%s", e.text);
        return;
    }
    if (kept) found(d, LEVEL_OK, "database", "%s", path);
    check_content(d, db);
    check_collector(d, db);
    check_ledger_sources(d, db);
    check_payers(d, db);
    db_close(db);
}

void check_policy(Doctor *d) {
    static const char *const states[] = {[SWITCH_OFF] = "calls pass", [SWITCH_NON_CRITICAL] = "non-critical calls are stopped",
                                         [SWITCH_ALL] = "all calls are stopped", [SWITCH_EXPIRED] = "calls pass, a stop has expired"};
    const char *path = d->app->policy_path;
    char folder[1024];
    PolicyView v;
    folder_of(path, folder, sizeof folder);
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        found(d, LEVEL_NOTE, "policy", "%s is not there yet: gateways are told nothing", path);
        return;
    }
    policy_view(path, app_now(d->app), &v);
    check_private(d, "policy", folder, 02);
    check_private(d, "policy", path, 02);
    if (v.state == SWITCH_UNKNOWN)
        found(d, LEVEL_MEND, "policy", "%s; gateways keep the last good one", v.why_unknown);
    else
        found(d, LEVEL_OK, "policy", "%s: generation %lld, %s", path, (long long)v.generation, states[v.state]);
}
