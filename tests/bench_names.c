/* bench_names: peak memory of hostile imports: every line names a user and a key that no other line does; lines of 63 MiB.
 *
 * corpus_access makes the lines while tollwatch reads them (`import -`): few (100,000), then many (BENCH_NAMES, 10^7). The long
 * lines are brackets and commas, none of which can be left out before it is known that nobody wants them.
 */
#include "tests/bench.h"

enum { FEW = 100000 };

static void remove_db(const char *db) {
    char side[700];
    for (int i = 0; i < 4; i++) {
        snprintf(side, sizeof side, "%s%s", db, (const char *const[]){"", "-wal", "-shm", ".lock"}[i]);
        unlink(side);
    }
}

static BenchCost import_names(int64_t count) {
    char maker[600], number[32], db[600];
    int ends[2];
    snprintf(maker, sizeof maker, "%.500s/tests/corpus_access", bench_env("BUILD", "build"));
    snprintf(number, sizeof number, "%" PRId64, count / 2); /* two a line */
    remove_db(bench_path(db, sizeof db, "names.db"));
    if (pipe2(ends, O_CLOEXEC) != 0) return (BenchCost){.status = -1};
    BenchRun import = {.argv = {bench_program(), "--now", BENCH_NOW, "--db", db, "import", "--format", "nginx-json", "-"}, .in_fd = ends[0]};
    char to[32];
    snprintf(to, sizeof to, "/dev/fd/%d", ends[1]);
    double begin = bench_now_s();
    pid_t reader = bench_start(&import);
    pid_t writer = bench_start(&(BenchRun){.argv = {maker, "names", number}, .out = to});
    close(ends[0]);
    close(ends[1]);
    BenchCost made = bench_wait(writer, begin), read = bench_wait(reader, begin);
    remove_db(db);
    if (made.status != 0) read.status = made.status;
    return read;
}

/* ---- long lines ---- */
static int write_long(const char *path, int lines) {
    FILE *f = fopen(path, "w");
    if (!f) return -1;
    for (int n = 0; n < lines; n++) {
        fputs("{\"stuff\":[0", f);
        for (int i = 0; i < 63 << 20; i += 9) fputs(",[],{},[]", f);
        fprintf(f, "],\"id\":\"c-%d\",\"custom_llm_provider\":\"openai\",\"status\":\"success\",\"startTime\":%d.5,\"endTime\":%d.9,"
                   "\"model\":\"gpt-4o\",\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}\n",
                n, 1792886400 + n, 1792886400 + n);
    }
    return fclose(f);
}

static int long_lines(void) {
    char log[600], db[600];
    bench_path(log, sizeof log, "long.jsonl");
    remove_db(bench_path(db, sizeof db, "long.db"));
    if (write_long(log, 4) != 0) return -1;
    BenchCost c = bench_run(&(BenchRun){.argv = {bench_program(), "--now", BENCH_NOW, "--db", db, "import", "--format", "litellm", log}});
    unlink(log);
    remove_db(db);
    bench_row(bench_at_most((double)c.peak_kb, 48 * 1024), "4 lines of 63 MiB of brackets: peak memory", "<= 48 MiB", "%.1f MiB; %.0f MB/s",
              (double)c.peak_kb / 1024, 4 * 66.06 / c.wall_s);
    return c.status;
}

int main(void) {
    int64_t many = strtoll(bench_env("BENCH_NAMES", "10000000"), NULL, 10);
    BenchCost few = import_names(FEW), all = import_names(many);
    if (few.status != 0 || all.status != 0 || few.peak_kb == 0) {
        fprintf(stderr, "bench_names: an import failed (exit %d, %d)\n", few.status, all.status);
        return 1;
    }
    double grown = (double)all.peak_kb / (double)few.peak_kb;
    bench_row(bench_at_most(grown, 1.25), "memory with distinct names", "<= 1.25x", "%.2fx: %.1f MiB with %" PRId64 ", %.1f MiB with %d",
              grown, (double)all.peak_kb / 1024, many, (double)few.peak_kb / 1024, FEW);
    bench_row(bench_at_most((double)all.peak_kb, 48 * 1024), "  peak memory", "<= 48 MiB", "%.1f MiB; %.0f lines/s", (double)all.peak_kb / 1024,
              (double)many / 2 / all.wall_s);
    return long_lines();
}
