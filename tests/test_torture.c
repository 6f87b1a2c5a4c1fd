/* test_torture: the real collector, killed at random moments while logs are written, rotated in all manners, packed, copied
 * and taken away; in the end its ledger says exactly what a whole import of every line ever written says.
 *
 * TORTURE_KILLS: how often (default: some seconds of it). TORTURE_SEED: the same chances again (the moments
 * of the kills stay the clock's). TORTURE_KEEP=1: the folder stays. Checked besides: the ledger's own sums against its
 * rows, that no collector ends by itself or complains, and that one that is asked to stop does.
 */
#include "store/ledger.h"
#include "store/query.h"
#include "tests/torture_logs.h"
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#ifdef TOLLWATCH_SANITIZED
enum { KILLS = 15, STARTED_MS = 1500, STOP_MS = 3000 };
#else
enum { KILLS = 30, STARTED_MS = 300, STOP_MS = 500 };
#endif
#define NOW_MS INT64_C(1795521600000) /* 2026-11-24T12:00:00Z */
enum { PATIENCE_MS = 30000, REPORT_MAX = 1 << 20 };
static const char config_text[] =
    "[source litellm]\npath = %s/litellm/*.jsonl\nformat = litellm\n"
    "[source gateway]\npath = %s/gateway/*.jsonl\nformat = gateway\n"
    "[source remote]\ncommand = exec tail -n +1 -F %s/remote.jsonl\nformat = gateway\n"
    "[source claude]\npath = %s/claude\nformat = claude-code\nbilling = payg\n";

typedef struct Torture {
    Logs logs;
    char program[256], config[128], db[128], oracle[128], errors[128], notes[128];
    pid_t pid; /* 0 = nobody collects */
    int64_t started_ms;
    int kills, stops, compared;
} Torture;

/* ---- the program ---- */

static void pause_ms(unsigned ms) {
    poll(NULL, 0, (int)ms);
}

/* Output goes to out and errors to notes; of the collector (out -1) all goes to errors. The arguments end with NULL. */
static pid_t run(const Torture *t, const char *db, int out, const char *const *args) {
    const char *argv[24] = {t->program, "--config", t->config, "--db", db, "--now", "2026-11-24T12:00:00Z"};
    size_t n = 7;
    posix_spawn_file_actions_t files;
    pid_t pid;
    while (*args && n < 23) argv[n++] = *args++;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 2, out >= 0 ? t->notes : t->errors, O_WRONLY | O_APPEND | O_CREAT, 0600);
    posix_spawn_file_actions_adddup2(&files, out >= 0 ? out : 2, 1);
    assert_int_equal(posix_spawn(&pid, t->program, &files, NULL, (char *const *)(uintptr_t)argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

static void show(const char *path) {
    char text[4000];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : 0;
    if (n > 0) print_error("%.*s\n", (int)n, text);
    close(fd);
}

static void must_end_well(const Torture *t, pid_t pid, const char *what) {
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status == 0) return;
    show(t->notes);
    show(t->errors);
    fail_msg("%s ended with status %d", what, status);
}

static void start(Torture *t) {
    if (t->pid) return;
    t->started_ms = clock_monotonic_ms();
    t->pid = run(t, t->db, -1, (const char *const[]){"collect", NULL});
}

/* It must not have ended by itself. */
static void must_run(Torture *t) {
    int status;
    if (!t->pid || waitpid(t->pid, &status, WNOHANG) == 0) return;
    show(t->errors);
    fail_msg("the collector ended by itself, status %d", status);
}

static void kill_it(Torture *t) {
    int status;
    must_run(t);
    if (!t->pid) return;
    kill(t->pid, SIGKILL);
    assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
    t->pid = 0;
    t->kills++;
}

static void stop_it(Torture *t) {
    must_run(t);
    if (!t->pid) return;
    if (clock_monotonic_ms() - t->started_ms < STARTED_MS) pause_ms(STARTED_MS); /* until it takes signals */
    int64_t began = clock_monotonic_ms();
    kill(t->pid, SIGTERM);
    must_end_well(t, t->pid, "the collector");
    assert_true(clock_monotonic_ms() - began < STOP_MS);
    t->pid = 0;
    t->stops++;
}

/* ---- what the two ledgers say ---- */

static Totals totals(const char *path) {
    Db *db;
    Err e = {0};
    Result r = {0};
    Totals t = {0};
    Query q = {.since_ms = INT64_C(1790000000000), .until_ms = INT64_C(1800000000000)};
    if (db_open(&db, path, DB_READ, &e) != 0) return t; /* not there yet */
    if (query_run(db, &q, &r, &e) == 0) t = r.total;
    result_free(&r);
    db_close(db);
    return t;
}

static void remove_ledger(const char *db) {
    static const char *const tails[] = {"", "-wal", "-shm"};
    char path[160];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", db, tails[i]);
        unlink(path);
    }
}

/* All that was ever written, once, from the start. */
static void import_masters(const Torture *t) {
    static const char *const formats[] = {"litellm", "gateway", "claude-code"};
    remove_ledger(t->oracle);
    for (size_t i = 0; i < 3; i++) {
        char name[64], path[256];
        snprintf(name, sizeof name, "master/%s", formats[i]);
        int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
        const char *const args[] = {"import", "--json", "--format", formats[i], in_dir(&t->logs, name, path), NULL};
        must_end_well(t, run(t, t->oracle, quiet, args), "import");
        close(quiet);
    }
}

static char *report(const Torture *t, const char *db, const char *by) {
    char path[256], *text = xcalloc(1, REPORT_MAX);
    int fd = open(in_dir(&t->logs, "report", path), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const char *const args[] = {"report", "--since", "2026-10-01", "--until", "2026-12-31", "--by", by, "--sort", by,
                                "--format", "json", NULL};
    must_end_well(t, run(t, db, fd, args), "report");
    ssize_t n = pread(fd, text, REPORT_MAX - 1, 0);
    close(fd);
    assert_true(n > 0);
    return text;
}

static void must_be_equal(Torture *t) {
    static const char *const by[] = {"model", "day", "hour", "feature", "key", "user", "session", "gateway", "outcome"};
    for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
        char *is = report(t, t->db, by[i]), *must = report(t, t->oracle, by[i]);
        size_t at = 0;
        while (is[at] && is[at] == must[at]) at++;
        if (is[at] || must[at]) fail_msg("by %s: ...%.300s\ninstead of ...%.300s", by[i], is + (at > 200 ? at - 200 : 0), must + (at > 200 ? at - 200 : 0));
        free(is);
        free(must);
    }
    t->compared++;
}

/* L4: its sums are those of its rows. */
static void must_verify(const Torture *t) {
    Db *db;
    Ledger *l;
    Err e = {0};
    LedgerOptions o = {.now_ms = NOW_MS};
    assert_int_equal(db_open(&db, t->db, DB_WRITE, &e), 0);
    assert_int_equal(ledger_open(&l, db, &o, &e), 0);
    if (ledger_verify(l, &e) != 0) fail_msg("%s", e.text);
    ledger_close(l);
    db_close(db);
}

static void catch_up(void *ctx) {
    Torture *t = ctx;
    bring_back(&t->logs);
    for (int i = 0; i < LOGS; i++) flush_line(&t->logs.log[i]);
    import_masters(t);
    Totals must = totals(t->oracle), is = {0};
    start(t);
    for (int64_t until = clock_monotonic_ms() + PATIENCE_MS; clock_monotonic_ms() < until; poll(NULL, 0, 5)) {
        is = totals(t->db);
        must_run(t);
        if (memcmp(&is, &must, sizeof is) == 0) break;
    }
    must_be_equal(t);
}

/* ---- the torture ---- */

static void one_life(Torture *t) {
    Logs *l = &t->logs;
    start(t);
    if (chance(l, 2)) pause_ms(chance(l, 30));
    for (unsigned n = chance(l, 8); n > 0; n--) {
        act(l);
        if (chance(l, 3) == 0) pause_ms(chance(l, 8));
    }
    if (chance(l, 20) == 0) pause_ms(1200); /* packed files wait a second */
    pause_ms(chance(l, 10) ? chance(l, 20) : chance(l, 200));
    if (chance(l, 12)) kill_it(t);
    else stop_it(t);
    for (unsigned n = chance(l, 4); n > 0; n--) act(l);
}

/* Nobody kills it, so that nothing heals by starting again; at its end it must have all. */
static void long_life(Torture *t) {
    Logs *l = &t->logs;
    start(t);
    for (unsigned n = 40 + chance(l, 60); n > 0; n--) {
        act(l);
        if (chance(l, 2)) pause_ms(chance(l, 10));
    }
    catch_up(t);
}

static int number(const char *variable, int fallback) {
    const char *text = getenv(variable);
    return text && *text ? (int)strtol(text, NULL, 10) : fallback;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void set_up(Torture *t) {
    static const char *const masters[] = {"master/litellm", "master/gateway", "master/claude-code"};
    Logs *l = &t->logs;
    const char *program = getenv("TOLLWATCH");
    char text[1024], state[256];
    assert_non_null(mkdtemp(strcpy(l->dir, "/tmp/tollwatch-torture-XXXXXX")));
    assert_non_null(realpath(program ? program : "build/tollwatch", t->program));
    snprintf(t->config, sizeof t->config, "%s/config", l->dir);
    snprintf(t->db, sizeof t->db, "%s/ledger.db", l->dir);
    snprintf(t->oracle, sizeof t->oracle, "%s/oracle.db", l->dir);
    snprintf(t->errors, sizeof t->errors, "%s/errors", l->dir);
    snprintf(t->notes, sizeof t->notes, "%s/notes", l->dir);
    setenv("HOME", l->dir, 1);
    setenv("XDG_STATE_HOME", in_dir(l, "state", state), 1);
    snprintf(text, sizeof text, config_text, l->dir, l->dir, l->dir, l->dir);
    int fd = open_in(l, "config", O_WRONLY | O_CREAT);
    put(fd, text, strlen(text));
    close(fd);
    l->catch_up = catch_up, l->ctx = t;
    assert_int_equal(mkdir(in_dir(l, "master", state), 0700), 0);
    for (int i = 0; i < 3; i++) l->master[i] = open_in(l, masters[i], O_WRONLY | O_APPEND | O_CREAT);
    logs_open(l);
}

static void nothing_is_lost_or_doubled(void **state) {
    (void)state;
    Torture *t = xcalloc(1, sizeof *t);
    int seed = number("TORTURE_SEED", (int)(clock_now_ms() & 0xffffff)), kills = number("TORTURE_KILLS", KILLS);
    t->logs.random = ((uint64_t)seed << 20) + 0x9e3779b97f4a7c15u;
    set_up(t);
    print_message("# TORTURE_SEED=%d TORTURE_KILLS=%d in %s\n", seed, kills, t->logs.dir);
    for (int next = 15; t->kills < kills;) {
        one_life(t);
        if (t->kills < next) continue;
        long_life(t);
        next = t->kills + 20 + (int)chance(&t->logs, 40);
    }
    catch_up(t);
    kill_it(t);
    must_verify(t);
    start(t);
    pause_ms(300);
    stop_it(t);
    must_be_equal(t);
    struct stat st;
    bool complained = stat(t->errors, &st) == 0 && st.st_size > 0;
    if (complained) show(t->errors);
    assert_false(complained);
    Totals sum = totals(t->db);
    print_message("# %d kills, %d stops, %d comparisons, %lld requests of %d lines\n", t->kills, t->stops, t->compared,
                  (long long)sum.requests, t->logs.serial);
    if (!number("TORTURE_KEEP", 0)) nftw(t->logs.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    for (int i = 0; i < 3; i++) close(t->logs.master[i]);
    for (int i = 0; i < LOGS; i++) close(t->logs.log[i].fd);
    free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost_or_doubled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
