/* bench_screen: the real dashboard on a terminal: how long from a line's being appended to its standing on the screen, and
 * what it takes when nothing happens.
 *
 * Appends go to a quiet log, at odd moments, to 200 of them; `tail -F` on a terminal of its own shows the same lines, as
 * the floor. Frames: what a 200x50 terminal is sent while five lines a second arrive. Idle: 60 s on bench_query's large ledger (an empty one without it), beside `top` in the same seconds.
 * Does not: judge what is on the screen; tests/test_terminal.sh does.
 */
#include "tests/bench.h"
#include <dirent.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>

enum { APPENDS = 200, PATIENCE_MS = 3000, SETTLE_MS = 8000, IDLE_MS = 60000, HELD = 1 << 16 };
enum { LINES_PER_S = 5, FRAMES_MS = 10000, FRAMES_MAX = 4096, FRAME_BYTES = 2048 };

typedef struct Terminal { /* a program, and what it wrote since terminal_forget() */
    pid_t pid;
    int fd;
    size_t len;
    uint64_t bytes;
    char text[HELD];
} Terminal;

static int terminal_start(Terminal *t, const char *const argv[], unsigned short columns, unsigned short rows) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    t->len = 0;
    t->bytes = 0;
    t->pid = forkpty(&t->fd, NULL, NULL, &size);
    if (t->pid != 0) return t->pid < 0 ? -1 : 0;
    char home[600];
    setenv("HOME", bench_path(home, sizeof home, "home"), 1);
    setenv("TERM", "xterm-256color", 1);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void terminal_stop(Terminal *t) {
    kill(t->pid, SIGTERM);
    waitpid(t->pid, NULL, 0);
    close(t->fd);
}

static void terminal_take(Terminal *t) {
    if (t->len > HELD / 2) { /* what is awaited is shorter than half of it */
        memmove(t->text, t->text + t->len - HELD / 4, HELD / 4);
        t->len = HELD / 4;
    }
    ssize_t n = read(t->fd, t->text + t->len, HELD - t->len);
    if (n <= 0) return;
    t->len += (size_t)n;
    t->bytes += (uint64_t)n;
}

static bool terminal_shows(const Terminal *t, const char *what) {
    return memmem(t->text, t->len, what, strlen(what)) != NULL;
}

/* Reads both until each has shown the text or the time is over; the seconds at which they did, 0 = they did not. */
static void await(Terminal *t[2], const char *what, int for_ms, double at_s[2]) {
    double end = bench_now_s() + for_ms / 1e3;
    at_s[0] = at_s[1] = 0;
    while (at_s[0] == 0 || at_s[1] == 0) {
        int left = (int)((end - bench_now_s()) * 1e3);
        struct pollfd p[2] = {{.fd = t[0]->fd, .events = POLLIN}, {.fd = t[1]->fd, .events = POLLIN}};
        if (left <= 0 || poll(p, 2, left) <= 0) return;
        for (int i = 0; i < 2; i++) {
            if (p[i].revents & POLLIN) terminal_take(t[i]);
            else if (p[i].revents) return;
            if (at_s[i] == 0 && *what && terminal_shows(t[i], what)) at_s[i] = bench_now_s();
        }
    }
}

/* ---- a line appended ---- */
/* No letter is the same as in the mark before, so that a screen that draws only what changed draws all of it. */
static void mark_of(int i, char out[7]) {
    int n = i / 2;
    for (int k = 0; k < 6; k++, n /= 13) out[k] = (char)('A' + n % 13 * 2 + (i & 1));
    out[6] = '\0';
}

static int append(const char *log, const char *mark) {
    char iso[40], line[800];
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(iso, sizeof iso, "%Y-%m-%dT%H:%M:%S", &tm);
    int n = snprintf(line, sizeof line,
                     "{\"ts\":\"%s.%03ldZ\",\"request_id\":\"r-%s\",\"gateway\":\"edge-1\",\"provider\":\"anthropic\",\"endpoint\":\"/v1/messages\","
                     "\"model\":\"claude-sonnet-4-5-20250929\",\"feature\":\"%s\",\"team\":\"t\",\"key\":\"k\",\"stream\":false,\"status\":200,"
                     "\"usage\":{\"input_tokens\":1000,\"output_tokens\":10},\"usage_state\":\"full\",\"cache\":\"miss\",\"latency_ms\":900}\n",
                     iso, now.tv_nsec / 1000000, mark, mark);
    int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    bool whole = fd >= 0 && write(fd, line, (size_t)n) == n;
    if (fd >= 0) close(fd);
    return whole ? 0 : -1;
}

static int one_append(Terminal *t[2], const char *log, int i, double took_ms[2]) {
    char mark[7];
    double at[2];
    mark_of(i, mark);
    t[0]->len = t[1]->len = 0;
    double begin = bench_now_s();
    if (append(log, mark) != 0) return -1;
    await(t, mark, PATIENCE_MS, at);
    for (int k = 0; k < 2; k++) took_ms[k] = at[k] > 0 ? (at[k] - begin) * 1e3 : PATIENCE_MS;
    await(t, "", 130 + i * 37 % 140, at); /* quiet again; odd moments between the clock's ticks */
    return 0;
}

static int latency(Terminal *t[2], const char *log) {
    static double took[2][APPENDS];
    double at[2], warm[2];
    await(t, "help", PATIENCE_MS, at);
    if (at[0] == 0 || write(t[0]->fd, "4", 1) != 1) return -1;
    for (int i = 0; i < 4; i++) /* the first lines find the log and start its follower */
        if (one_append(t, log, APPENDS + i, warm) != 0) return -1;
    for (int i = 0; i < APPENDS; i++) {
        double both[2];
        if (one_append(t, log, i, both) != 0) return -1;
        took[0][i] = both[0];
        took[1][i] = both[1];
    }
    double p50 = bench_rank(took[0], APPENDS, .5), p99 = bench_rank(took[0], APPENDS, .99);
    double floor50 = bench_rank(took[1], APPENDS, .5), floor99 = bench_rank(took[1], APPENDS, .99);
    bench_row(VERDICT_NONE, "appended -> on the screen, p50", "", "%.1f ms; tail -F %.1f ms", p50, floor50);
    bench_row(bench_at_most(p99, 100), "appended -> on the screen, p99 of 200", "<= 100 ms", "%.1f ms, longest %.1f ms; tail -F %.1f ms", p99,
              took[0][APPENDS - 1], floor99);
    return 0;
}

/* ---- frames ---- */
/* Between the marks of a synchronized update stands one frame. Takes out what is whole. */
static size_t take_frames(Terminal *t, double *size, size_t count) {
    static const char last[] = "\033[?2026l";
    char *from = t->text;
    for (char *end; (end = memmem(from, t->len - (size_t)(from - t->text), last, sizeof last - 1)); from = end) {
        end += sizeof last - 1;
        if (count < FRAMES_MAX) size[count++] = (double)(end - from);
    }
    t->len -= (size_t)(from - t->text);
    memmove(t->text, from, t->len);
    return count;
}

/* Five lines a second for ten seconds, on the screen that is shown. */
static int frames_of(Terminal *t, const char *log, const char *screen, int first) {
    static double size[FRAMES_MAX];
    size_t count = 0;
    double begin = bench_now_s(), sum = 0;
    for (int i = 0; i < FRAMES_MS * LINES_PER_S / 1000;) {
        char mark[7];
        double left = begin + (double)i / LINES_PER_S - bench_now_s();
        struct pollfd p = {.fd = t->fd, .events = POLLIN};
        if (left > 0 && poll(&p, 1, (int)(left * 1e3) + 1) > 0) {
            if (!(p.revents & POLLIN)) return -1;
            terminal_take(t);
            count = take_frames(t, size, count);
        } else if (left <= 0) {
            mark_of(first + i++, mark);
            if (append(log, mark) != 0) return -1;
        }
    }
    for (size_t i = 0; i < count; i++) sum += size[i];
    if (count == 0) return -1;
    double mean = sum / (double)count, p99 = bench_rank(size, count, .99);
    char what[80];
    snprintf(what, sizeof what, "a frame of 200x50 at 5 lines/s, %s", screen);
    bench_row(bench_at_most(p99, FRAME_BYTES), what, "<= 2 KB", "p99 %.0f bytes, mean %.0f, %zu frames in %d s", p99, mean, count, FRAMES_MS / 1000);
    return 0;
}

static int frames(Terminal *both[2], const char *log) {
    static const char knows[] = "\033[?2026;2$y";
    Terminal *t = both[0];
    double at[2];
    await(both, "help", PATIENCE_MS, at);
    if (at[0] == 0 || write(t->fd, knows, sizeof knows - 1) != sizeof knows - 1) return -1;
    static const char *const screens[][2] = {{"1", "Overview"}, {"4", "Requests"}};
    for (int i = 0; i < 2; i++) {
        if (write(t->fd, screens[i][0], 1) != 1) return -1;
        await(both, "", SETTLE_MS / 4, at);
        t->len = 0;
        if (frames_of(t, log, screens[i][1], 1000 + i * 100) != 0) return -1;
    }
    return 0;
}

/* ---- idle ---- */
typedef struct Use {
    double cpu_s;
    uint64_t wakeups;
    int64_t rss_kb, pss_kb; /* pss: what it shares with others is divided by their number */
} Use;

static int64_t status_field(const char *path, const char *name) {
    char line[256];
    int64_t v = 0;
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    while (fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0) v = strtoll(line + strlen(name), NULL, 10);
    fclose(f);
    return v;
}

/* All threads together, to the nanosecond. */
static Use use_of(pid_t pid) {
    char path[300];
    Use u = {0};
    struct dirent *d;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    u.rss_kb = status_field(path, "VmRSS:");
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    u.pss_kb = status_field(path, "Pss:");
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    while (tasks && (d = readdir(tasks))) {
        if (d->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/schedstat", (int)pid, d->d_name);
        u.cpu_s += (double)status_field(path, "") * 1e-9;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/status", (int)pid, d->d_name);
        u.wakeups += (uint64_t)status_field(path, "voluntary_ctxt_switches:");
    }
    if (tasks) closedir(tasks);
    return u;
}

static void idle(Terminal *t[2], bool large) {
    double none[2], seconds = IDLE_MS / 1e3;
    await(t, "", SETTLE_MS, none);
    Use ours = use_of(t[0]->pid), top = use_of(t[1]->pid);
    uint64_t bytes = t[0]->bytes;
    await(t, "", IDLE_MS, none);
    Use then = use_of(t[0]->pid), top_then = use_of(t[1]->pid);
    double cpu = (then.cpu_s - ours.cpu_s) / seconds * 100, top_cpu = (top_then.cpu_s - top.cpu_s) / seconds * 100;
    double wakes = (double)(then.wakeups - ours.wakeups) / seconds;
    const char *where = large ? "the large ledger" : "an empty ledger";
    bench_row(bench_at_most(cpu, .2), "idle dashboard: CPU", "<= 0.2 %", "%.3f %% in %d s on %s; %.2fx of top's %.3f %%; %.0f bytes/s drawn", cpu, IDLE_MS / 1000, where,
              cpu / top_cpu, top_cpu, (double)(t[0]->bytes - bytes) / seconds);
    bench_row(bench_at_most(wakes, 2), "idle dashboard: wake-ups", "<= 2 /s", "%.2f /s; top %.2f /s", wakes,
              (double)(top_then.wakeups - top.wakeups) / seconds);
    bench_row(bench_at_most((double)then.rss_kb, 16 * 1024), "idle dashboard: memory", "<= 16 MiB", "%.1f MiB, PSS %.1f; %.2fx of top's %.1f MiB",
              (double)then.rss_kb / 1024, (double)then.pss_kb / 1024, (double)then.rss_kb / (double)top_then.rss_kb, (double)top_then.rss_kb / 1024);
}

/* ---- the stage ---- */
static int write_config(const char *path, const char *log) {
    FILE *f = fopen(path, "w");
    if (!f) return -1;
    fprintf(f, "[source gateway]\npath = %s\nformat = gateway\n", log);
    return fclose(f);
}

static int measured(int (*measure)(Terminal *[2], const char *), Terminal *t[2], const char *log, const char *const argv[],
                    unsigned short columns, unsigned short rows) {
    if (terminal_start(t[0], argv, columns, rows) != 0) return -1;
    int rc = measure(t, log);
    terminal_stop(t[0]);
    return rc;
}

int main(void) {
    static Terminal ours, other;
    Terminal *both[2] = {&ours, &other};
    char log[600], config[600], db[600], large[600], policy[600];
    bench_path(log, sizeof log, "screen.jsonl");
    bench_path(config, sizeof config, "screen.config");
    bench_path(db, sizeof db, "screen.db");
    bench_path(large, sizeof large, "query.db");
    bench_path(policy, sizeof policy, "no-policy.json");
    unlink(log);
    unlink(db);
    if (write_config(config, log) != 0 || append(log, "before") != 0) return 1;
    const char *const dashboard[] = {bench_program(), "--config", config, "--db", db, "--policy", policy, NULL};
    const char *const tail[] = {"tail", "-n", "1", "-F", log, NULL}, *const top[] = {"top", NULL};
    if (terminal_start(&other, tail, 80, 24) != 0) return 1;
    int rc = measured(latency, both, log, dashboard, 80, 24);
    if (rc == 0) rc = measured(frames, both, log, dashboard, 200, 50);
    terminal_stop(&other);
    if (rc != 0) fprintf(stderr, "bench_screen: the dashboard shows nothing\n%.*s\n", (int)ours.len, ours.text);
    const bool is_large = access(large, R_OK) == 0;
    const char *const quiet[] = {bench_program(), "--config", config, "--db", is_large ? large : db, "--policy", policy, NULL};
    if (rc != 0 || terminal_start(&ours, quiet, 80, 24) != 0 || terminal_start(&other, top, 80, 24) != 0) return 1;
    idle(both, is_large);
    terminal_stop(&ours);
    terminal_stop(&other);
    return 0;
}
