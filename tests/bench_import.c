/* bench_import: importing whole logs with the real program, against others that read the same logs in the same run.
 *
 * Each corpus (build/corpus, made by corpus_*) is read in turn by tollwatch, by a peer that is installed, by jansson
 * and by wc, BENCH_ROUNDS times; figures are medians. What tollwatch stored must be the corpus's oracle exactly, every model's
 * tokens and cost: a difference fails the bench. Environment: CCUSAGE names ccusage's native binary, BENCH_CORPUS the folder.
 */
#include "tests/bench.h"
#include <sqlite3.h>

typedef struct Corpus {
    const char *title, *path, *oracle; /* below BENCH_CORPUS */
    const char *peer, *peer_path;      /* peer_path: where the peer finds the same requests */
    double wall_most, cpu_most;        /* of the peer's */
    double lines_least;                /* a second */
} Corpus;

static const Corpus corpora[] = {
    {"Claude Code transcripts", ".claude/projects", "claude.oracle.csv", "ccusage", "", .40, .35, 0},
    {"LiteLLM lines", "litellm.jsonl", "litellm.oracle.csv", NULL, NULL, 0, 0, 300000},
    {"nginx lines (JSON)", "access.jsonl", "access.oracle.csv", "goaccess", "access.log", .20, .20, 0},
};

typedef enum Reader { OURS, PEER, JANSSON, WC, READERS } Reader;

typedef struct Place {
    char path[600], oracle[600], peer_path[600], db[600], report[600], folder[512], jansson[600];
} Place;

static void place_make(Place *p, const Corpus *c) {
    snprintf(p->folder, sizeof p->folder, "%s", bench_env("BENCH_CORPUS", "build/corpus"));
    snprintf(p->path, sizeof p->path, "%.500s/%s", p->folder, c->path);
    snprintf(p->oracle, sizeof p->oracle, "%.500s/%s", p->folder, c->oracle);
    snprintf(p->peer_path, sizeof p->peer_path, "%.500s/%s", p->folder, c->peer_path ? c->peer_path : "");
    snprintf(p->jansson, sizeof p->jansson, "%.500s/tests/corpus_jansson", bench_env("BUILD", "build"));
    bench_path(p->db, sizeof p->db, "import.db");
    bench_path(p->report, sizeof p->report, "report.csv");
}

static void remove_db(const Place *p) {
    char side[700];
    for (int i = 0; i < 4; i++) {
        snprintf(side, sizeof side, "%s%s", p->db, (const char *const[]){"", "-wal", "-shm", ".lock"}[i]);
        unlink(side);
    }
}

/* ---- the readers ---- */
static BenchCost run_ours(const Place *p) {
    remove_db(p);
    return bench_run(&(BenchRun){.argv = {bench_program(), "--now", BENCH_NOW, "--db", p->db, "import", p->path}});
}

static BenchCost run_peer(const Corpus *c, const Place *p) {
    if (strcmp(c->peer, "ccusage") == 0)
        return bench_run(&(BenchRun){.argv = {getenv("CCUSAGE"), "claude", "daily", "--offline", "--json"}, .home = p->folder});
    char out[600];
    bench_path(out, sizeof out, "goaccess.json");
    return bench_run(&(BenchRun){.argv = {"goaccess", p->peer_path, "--no-global-config", "--no-progress", "--log-format=COMBINED", "-o", out}});
}

static bool have_peer(const Corpus *c) {
    if (!c->peer) return false;
    if (strcmp(c->peer, "ccusage") == 0) {
        const char *at = getenv("CCUSAGE");
        return at && access(at, X_OK) == 0;
    }
    return bench_run(&(BenchRun){.argv = {c->peer, "--version"}}).status == 0;
}

static BenchCost run_wc(const Place *p, const char *out) {
    return bench_run(&(BenchRun){.argv = {"sh", "-c", "find \"$0\" -name '*.jsonl' -exec cat {} + | wc -l", p->path}, .out = out});
}

/* ---- exactness ---- */
/* The oracle's columns of the report, as text. A difference is shown and is a failure. */
static int compare(const Corpus *c, const Place *p) {
    BenchRun report = {.argv = {bench_program(), "--now", BENCH_NOW, "--db", p->db, "report", "--since", "2026-09-01", "--by", "model",
                                "--format", "csv"}, .out = p->report};
    BenchRun check = {.argv = {"sh", "-c", "cut -d, -f1-3,6-10,13,14 \"$0\" | sort >\"$0.cut\"; sort \"$1\" | diff \"$0.cut\" - >&2",
                               p->report, p->oracle}};
    if (bench_run(&report).status == 0 && bench_run(&check).status == 0) {
        bench_row(VERDICT_MET, c->title, "exact", "tokens, requests and cost of each model equal the oracle");
        return 0;
    }
    bench_row(VERDICT_MISSED, c->title, "exact", "differs from the oracle %s", c->oracle);
    return -1;
}

static double stored_requests(const char *path) {
    sqlite3 *db;
    sqlite3_stmt *s;
    double n = 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
        if (sqlite3_prepare_v2(db, "SELECT count(*) FROM request", -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
            n = (double)sqlite3_column_int64(s, 0);
        sqlite3_finalize(s);
    }
    sqlite3_close(db);
    return n;
}

/* ---- rows of the table ---- */
static double lines_in(const char *counted) {
    double n = 0;
    FILE *f = fopen(counted, "r");
    if (!f) return 0;
    if (fscanf(f, "%lf", &n) != 1) n = 0;
    fclose(f);
    return n;
}

/* The machine drifts: each round's two runs are a pair, the ratio is the median of the pairs'. */
static void pair(const BenchCost *ours, const BenchCost *other, double *wall, double *cpu) {
    double walls[BENCH_ROUNDS], cpus[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        walls[i] = ours[i].wall_s / other[i].wall_s;
        cpus[i] = ours[i].cpu_s / other[i].cpu_s;
    }
    *wall = bench_rank(walls, BENCH_ROUNDS, .5);
    *cpu = bench_rank(cpus, BENCH_ROUNDS, .5);
}

static void against(const char *what, const BenchCost *our_rounds, const BenchCost *other_rounds, const Corpus *targets) {
    char wall_target[40] = "", cpu_target[40] = "";
    double wall, cpu;
    BenchCost ours = bench_median(our_rounds, BENCH_ROUNDS), other = bench_median(other_rounds, BENCH_ROUNDS);
    if (other.status != 0) {
        bench_row(VERDICT_NONE, what, "", "it failed (exit %d), skipped", other.status);
        return;
    }
    pair(our_rounds, other_rounds, &wall, &cpu);
    if (targets) {
        snprintf(wall_target, sizeof wall_target, "<= %.2fx", targets->wall_most);
        snprintf(cpu_target, sizeof cpu_target, "<= %.2fx", targets->cpu_most);
    }
    bench_row(targets ? bench_at_most(wall, targets->wall_most) : VERDICT_NONE, what, wall_target,
              "wall %.3fx of it (%.2f s against %.2f s)", wall, ours.wall_s, other.wall_s);
    bench_row(targets ? bench_at_most(cpu, targets->cpu_most) : VERDICT_NONE, what, cpu_target,
              "CPU %.3fx, peak memory %.2fx (%.0f MiB against %.0f MiB)", cpu, (double)ours.peak_kb / (double)other.peak_kb,
              (double)ours.peak_kb / 1024, (double)other.peak_kb / 1024);
}

/* Bytes of a ledger without a request: of a small one they are a good part. */
static int64_t empty_ledger(const Place *p) {
    struct stat st = {0};
    remove_db(p);
    bench_run(&(BenchRun){.argv = {bench_program(), "--now", BENCH_NOW, "--db", p->db, "import", "-"}}); /* of nothing */
    stat(p->db, &st);
    return st.st_size;
}

static void itself(const Corpus *c, const Place *p, const BenchCost *ours, double lines) {
    struct stat st = {0};
    double requests = stored_requests(p->db), rate = lines / ours->wall_s;
    stat(p->db, &st);
    bench_row(c->lines_least > 0 ? bench_at_least(rate, c->lines_least) : VERDICT_NONE, "  rate",
              c->lines_least > 0 ? ">= 300k lines/s" : "", "%.0f lines/s, %.0f a CPU second; wall %.2f s, %.0f lines", rate,
              lines / ours->cpu_s, ours->wall_s, lines);
    bench_row(bench_at_most((double)ours->peak_kb, 48 * 1024), "  peak memory", "<= 48 MiB", "%.1f MiB", (double)ours->peak_kb / 1024);
    double empty = (double)empty_ledger(p);
    bench_row(bench_at_most(((double)st.st_size - empty) / requests, 110), "  database", "<= 110 bytes", "%.1f bytes a request of %.0f, and %.0f KiB for none (%.1f with them)",
              ((double)st.st_size - empty) / requests, requests, empty / 1024, (double)st.st_size / requests);
}

static int measure(const Corpus *c) {
    Place p;
    char counted[600], what[80];
    BenchCost cost[READERS][BENCH_ROUNDS];
    place_make(&p, c);
    bench_path(counted, sizeof counted, "lines");
    const bool peer = have_peer(c);
    run_wc(&p, counted); /* the page cache is warm for everybody */
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        cost[OURS][i] = run_ours(&p);
        if (peer) cost[PEER][i] = run_peer(c, &p);
        cost[JANSSON][i] = bench_run(&(BenchRun){.argv = {p.jansson, p.path}});
        cost[WC][i] = run_wc(&p, counted);
    }
    BenchCost ours = bench_median(cost[OURS], BENCH_ROUNDS);
    if (ours.status != 0 || compare(c, &p) != 0) return -1;
    itself(c, &p, &ours, lines_in(counted));
    for (int r = PEER; r < READERS; r++) {
        const char *name = r == PEER ? c->peer : r == JANSSON ? "jansson tree" : "cat | wc -l";
        if (!name) continue;
        snprintf(what, sizeof what, "  against %s", name);
        if (r == PEER && !peer) {
            bench_row(VERDICT_NONE, what, "", "not installed, skipped");
            continue;
        }
        against(what, cost[OURS], cost[r], r == PEER ? c : NULL);
    }
    remove_db(&p);
    return 0;
}

int main(void) {
    int rc = 0;
    for (size_t i = 0; i < sizeof corpora / sizeof *corpora; i++) rc |= measure(&corpora[i]);
    return rc != 0;
}
