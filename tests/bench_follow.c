/* bench_follow: how long after a line was appended its row is committed, and what a collector with nothing to do costs.
 *
 * bench_follow [LINES [QUIET_SECONDS]]: the real program ($TOLLWATCH, else build/tollwatch) on a log and a ledger in
 * $TMPDIR. Lines are appended some milliseconds apart, each when the one before is committed; the clock runs from before the
 * write until another process sees the row's file advance. Then nothing is written: processor time and wake-ups of all
 * its threads, from /proc.
 */
#include "store/clock.h"
#include "store/db.h"
#include "tests/bench.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINES_MAX = 100000, PATIENCE_MS = 5000 };

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static _Noreturn void give_up(const char *why) {
    fprintf(stderr, "bench_follow: %s\n", why);
    exit(1);
}

typedef struct Bench {
    char dir[512], config[600], db[600], log[600];
    int log_fd;
    Db *ledger;
    pid_t pid;
    int64_t took_us[LINES_MAX];
} Bench;

static void start(Bench *b) {
    const char *program = getenv("TOLLWATCH") ? getenv("TOLLWATCH") : "build/tollwatch";
    const char *const argv[] = {program, "--config", b->config, "--db", b->db, "collect", NULL};
    if (posix_spawn(&b->pid, program, NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0) give_up("build the program first");
    for (int64_t until = clock_monotonic_ms() + PATIENCE_MS; !b->ledger; poll(NULL, 0, 5)) {
        Err e = {0};
        if (db_open(&b->ledger, b->db, DB_READ, &e) == 0 || clock_monotonic_ms() < until) continue;
        kill(b->pid, SIGTERM);
        give_up(e.text);
    }
}

static void set_up(Bench *b) {
    const char *dir = getenv("TMPDIR");
    snprintf(b->dir, sizeof b->dir, "%s/bench-follow-XXXXXX", dir ? dir : "/tmp");
    if (!mkdtemp(b->dir)) give_up("no folder in $TMPDIR");
    snprintf(b->config, sizeof b->config, "%s/config", b->dir);
    snprintf(b->db, sizeof b->db, "%s/ledger.db", b->dir);
    snprintf(b->log, sizeof b->log, "%s/gateway.jsonl", b->dir);
    FILE *f = fopen(b->config, "we");
    if (!f) give_up("the folder cannot be written");
    fprintf(f, "[source gateway]\npath = %s\nformat = gateway\n", b->log);
    fclose(f);
    b->log_fd = open(b->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void append(Bench *b, int n) {
    char line[512], when[40];
    int64_t ms = clock_now_ms();
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    int len = snprintf(line, sizeof line, "{\"ts\":\"%s.%03dZ\",\"request_id\":\"r%d\",\"gateway\":\"g\",\"provider\":\"openai\",\"model\":\"gpt-4o\","
                       "\"status\":200,\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100},"
                       "\"usage_state\":\"full\"}\n", when, (int)(ms % 1000), n);
    if (write(b->log_fd, line, (size_t)len) != len) give_up("the log cannot be written");
}

static int64_t records(Bench *b) {
    Err e = {0};
    sqlite3_stmt *s = db_prepare(b->ledger, "SELECT max(records) FROM file", &e);
    int64_t n = s && db_step(b->ledger, s, "read", &e) == 1 ? sqlite3_column_int64(s, 0) : 0;
    if (s) sqlite3_reset(s);
    return n;
}

static void until_committed(Bench *b, int n) {
    for (int64_t until = clock_monotonic_ms() + PATIENCE_MS; records(b) < n;) {
        if (clock_monotonic_ms() > until) give_up("a line was not committed in time");
        ppoll(NULL, 0, &(struct timespec){.tv_nsec = 50000}, NULL);
    }
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void measure_lines(Bench *b, int lines) {
    for (int i = 0; i < lines; i++) {
        poll(NULL, 0, 3 + i % 11);
        int64_t began = now_us();
        append(b, i + 1);
        until_committed(b, i + 1);
        b->took_us[i] = now_us() - began;
    }
    qsort(b->took_us, (size_t)lines, sizeof *b->took_us, by_size);
    int64_t p99 = b->took_us[lines * 99 / 100];
    bench_row(bench_at_most((double)p99 / 1000, 5), "appended -> committed, p99", "<= 5 ms", "%.2f ms; p50 %.2f ms, longest of %d %.2f ms",
              (double)p99 / 1000, (double)b->took_us[lines / 2] / 1000, lines, (double)b->took_us[lines - 1] / 1000);
}

/* ---- when nothing happens ---- */

typedef struct Cost {
    int64_t cpu_us, wakes;
} Cost;

static void add_thread(const char *path, Cost *c) {
    char line[256], file[400];
    long long run_ns = 0, n;
    snprintf(file, sizeof file, "%s/schedstat", path);
    FILE *f = fopen(file, "re");
    if (f && fgets(line, sizeof line, f)) run_ns = strtoll(line, NULL, 10);
    if (f) fclose(f);
    c->cpu_us += run_ns / 1000;
    snprintf(file, sizeof file, "%s/status", path);
    for (f = fopen(file, "re"); f && fgets(line, sizeof line, f);)
        if (sscanf(line, "voluntary_ctxt_switches: %lld", &n) == 1) c->wakes += n;
    if (f) fclose(f);
}

static Cost cost(pid_t pid) {
    char path[300];
    Cost c = {0};
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (const struct dirent *at; d && (at = readdir(d));) {
        if (at->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.100s", (int)pid, at->d_name);
        add_thread(path, &c);
    }
    if (d) closedir(d);
    return c;
}

static void measure_quiet(const Bench *b, int seconds) {
    poll(NULL, 0, 3000); /* what follows the last line: its health */
    Cost before = cost(b->pid);
    poll(NULL, 0, seconds * 1000);
    Cost after = cost(b->pid);
    double cpu = (double)(after.cpu_us - before.cpu_us) / (double)seconds / 10000, wakes = (double)(after.wakes - before.wakes) / seconds;
    bench_row(bench_at_most(cpu, .2), "idle collector: CPU", "<= 0.2 %", "%.3f %%, %.2f wake-ups /s, for %d s", cpu, wakes, seconds);
}

static void tear_down(Bench *b) {
    const char *const tails[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.lock", "config", "gateway.jsonl"};
    char path[700];
    db_close(b->ledger);
    kill(b->pid, SIGTERM);
    waitpid(b->pid, NULL, 0);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        snprintf(path, sizeof path, "%s/%s", b->dir, tails[i]);
        unlink(path);
    }
    rmdir(b->dir);
    close(b->log_fd);
}

int main(int argc, char **argv) {
    int lines = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 500, seconds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 10;
    if (lines < 1 || lines > LINES_MAX || seconds < 1) give_up("how many lines, and how many seconds without any?");
    Bench *b = xcalloc(1, sizeof *b);
    set_up(b);
    start(b);
    measure_lines(b, lines);
    measure_quiet(b, seconds);
    tear_down(b);
    free(b);
    return 0;
}
