/* bench: running a program and measuring what it takes, medians, and the rows of the table at the end.
 *
 * Owns: one way of measuring for all bench_*.c. Does not: decide what is compared. A figure that has a target says whether
 * it was met; one that was missed is printed as missed. Environment: BENCH_DIR (scratch, kept), BENCH_TABLE (rows are
 * appended to it), TOLLWATCH (the program).
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BENCH_ARGS = 16, BENCH_ROUNDS = 3 };
#define BENCH_NOW "2026-11-24T00:00:00Z" /* the corpora end here */

typedef struct BenchCost {
    double wall_s, cpu_s;
    int64_t peak_kb;
    int status; /* exit status; -1 = it could not be run or was killed */
} BenchCost;

typedef struct BenchRun {
    const char *argv[BENCH_ARGS]; /* NULL ends them */
    const char *home, *in, *out;  /* NULL: $BENCH_DIR/home, nothing, nowhere */
    int in_fd;                    /* > 0: instead of `in` */
} BenchRun;

static inline const char *bench_env(const char *name, const char *otherwise) {
    const char *v = getenv(name);
    return v && *v ? v : otherwise;
}

static inline const char *bench_program(void) {
    return bench_env("TOLLWATCH", "build/tollwatch");
}

static inline const char *bench_path(char *out, size_t size, const char *name) {
    snprintf(out, size, "%s/%s", bench_env("BENCH_DIR", "build/bench"), name);
    return out;
}

static inline double bench_now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline void bench_child(const BenchRun *r) {
    char home[512];
    int in = r->in_fd > 0 ? r->in_fd : open(r->in ? r->in : "/dev/null", O_RDONLY);
    int out = open(r->out ? r->out : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    bench_path(home, sizeof home, "home");
    mkdir(home, 0777);
    setenv("HOME", r->home ? r->home : home, 1);
    static const char *const strangers[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "LLM_POLICY_FILE",
                                            "CLAUDE_CONFIG_DIR", "CODEX_HOME", "NO_COLOR"};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) unsetenv(strangers[i]);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0) _exit(126);
    execvp(r->argv[0], (char *const *)(uintptr_t)r->argv);
    _exit(127);
}

static inline double bench_seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static inline pid_t bench_start(const BenchRun *r) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) bench_child(r);
    return pid;
}

static inline BenchCost bench_wait(pid_t pid, double since_s) {
    BenchCost c = {.status = -1};
    struct rusage u;
    int status;
    if (pid < 0 || wait4(pid, &status, 0, &u) != pid) return c;
    c.wall_s = bench_now_s() - since_s;
    c.cpu_s = bench_seconds(u.ru_utime) + bench_seconds(u.ru_stime);
    c.peak_kb = u.ru_maxrss;
    if (WIFEXITED(status)) c.status = WEXITSTATUS(status);
    return c;
}

static inline BenchCost bench_run(const BenchRun *r) {
    double begin = bench_now_s();
    return bench_wait(bench_start(r), begin);
}

/* ---- many measurements ---- */
static inline int bench_order(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The part-th of all, 0.5 = the median; sorts them. */
static inline double bench_rank(double *v, size_t n, double part) {
    if (n == 0) return 0;
    qsort(v, n, sizeof *v, bench_order);
    size_t i = (size_t)((double)n * part);
    return v[i < n ? i : n - 1];
}

/* Each figure's own median. */
static inline BenchCost bench_median(const BenchCost *c, size_t n) {
    double wall[64], cpu[64];
    BenchCost m = {0};
    for (size_t i = 0; i < n && i < 64; i++) {
        wall[i] = c[i].wall_s;
        cpu[i] = c[i].cpu_s;
        if (c[i].peak_kb > m.peak_kb) m.peak_kb = c[i].peak_kb;
        if (c[i].status != 0) m.status = c[i].status;
    }
    m.wall_s = bench_rank(wall, n, .5);
    m.cpu_s = bench_rank(cpu, n, .5);
    return m;
}

/* ---- the table ---- */
typedef enum Verdict { VERDICT_NONE, VERDICT_MET, VERDICT_MISSED } Verdict;

static inline Verdict bench_at_most(double figure, double most) {
    return figure <= most ? VERDICT_MET : VERDICT_MISSED;
}

static inline Verdict bench_at_least(double figure, double least) {
    return figure >= least ? VERDICT_MET : VERDICT_MISSED;
}

/* A row: what, the target ("" = none) and whether it was met, and the figures in words. */
__attribute__((format(printf, 4, 5))) static inline void bench_row(Verdict v, const char *what, const char *target, const char *fmt, ...) {
    static const char *const words[] = {"", "met", "MISSED"};
    char figures[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(figures, sizeof figures, fmt, ap);
    va_end(ap);
    printf("%-42s %-64s %-16s %s\n", what, figures, target, words[v]);
    fflush(stdout);
    FILE *f = fopen(bench_env("BENCH_TABLE", "/dev/null"), "a");
    if (!f) return;
    fprintf(f, "%-42s %-64s %-16s %s\n", what, figures, target, words[v]);
    fclose(f);
}
#endif
