/* bench_ledger: how fast the one writer stores requests, and how many bytes they take.
 *
 * bench_ledger [SHAPE RECORDS [DAYS]]: SHAPE is nginx (60 keys x 8 models, no upstream id), litellm (upstream id, teams,
 * users, hints) or agent (each message three times, growing; 190 records a file). Without arguments: each of them, and a
 * dense nginx log. Prints records a second of processor time for each million, and the database's bytes per row.
 */
#include "store/ledger.h"
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define END_MS INT64_C(1795478400000) /* 2026-11-24 */

static uint64_t scramble(uint64_t z) {
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint32_t name(Batch *b, const char *fmt, unsigned i) {
    char text[64];
    int n = snprintf(text, sizeof text, fmt, i);
    return batch_name(b, text, (size_t)n);
}

/* What differs between the shapes: who asked, and what else the log tells. */
static void shape(Batch *b, Request *r, uint64_t z, bool litellm) {
    unsigned key = (unsigned)(z >> 3) % 60;
    r->name[DIM_KEY] = name(b, "key-%02u", key);
    r->name[DIM_ENDPOINT] = name(b, "/v1/%u", (unsigned)(z >> 30) % 4);
    r->raw_input = -1;
    r->raw_output = -1;
    r->raw_total = -1;
    if (!litellm) return;
    r->name[DIM_TEAM] = name(b, "team-%u", key % 9);
    r->name[DIM_USER] = name(b, "user-%u", key * 7);
    r->upstream = scramble(z + 1);
    r->ttft_ms = r->latency_ms / 5;
    r->max_tokens = 4096;
    r->flags = REQ_STREAM | REQ_INCLUSIVE;
    r->raw_input = r->tokens[TOK_INPUT] + r->tokens[TOK_CACHE_READ];
    r->raw_output = r->tokens[TOK_OUTPUT];
    r->raw_total = r->raw_input + r->raw_output;
}

/* Three lines of one message, whose output grows. */
static void agent(Batch *b, Request *r, uint64_t i) {
    uint64_t z = scramble(i / 3);
    r->id = r->upstream = z | 1;
    r->replay = REPLAY_ANY_TIME;
    r->source_class = CLASS_TRANSCRIPT;
    r->origin = ORIGIN_NOTIONAL;
    r->tokens[TOK_INPUT] = (int64_t)(z % 50);
    r->tokens[TOK_CACHE_READ] = (int64_t)(z % 160000);
    r->tokens[TOK_CACHE_WRITE_5M] = (int64_t)(z % 3000);
    r->tokens[TOK_OUTPUT] = 1 + (int64_t)(i % 3) * 300;
    r->name[DIM_KEY] = 0;
    r->name[DIM_SESSION] = name(b, "session-%u", (unsigned)(i / 190));
    r->name[DIM_PROJECT] = name(b, "project-%u", (unsigned)(i / 190 % 20));
}

static void fill(Batch *b, Request *r, uint64_t i, int64_t ts_ms, const char *kind) {
    const bool litellm = kind[0] == 'l';
    static const char *const providers[] = {"openai", "openai", "openai", "anthropic", "anthropic", "google", "google", "bedrock"};
    uint64_t z = scramble(i);
    unsigned model = (unsigned)(z >> 12) % 8;
    int64_t input = 50 + (int64_t)((z >> 16) % 20000), output = (int64_t)((z >> 32) % 3000);
    r->ts_ms = ts_ms;
    r->id = z | 1;
    r->name[DIM_PROVIDER] = batch_name(b, providers[model], strlen(providers[model]));
    r->name[DIM_ACCOUNT] = r->name[DIM_PROVIDER];
    r->name[DIM_MODEL] = name(b, "some-model-%u", model);
    r->tokens[TOK_CACHE_READ] = (z >> 50) % 10 < 3 ? input / 3 : 0;
    r->tokens[TOK_INPUT] = input - r->tokens[TOK_CACHE_READ];
    r->tokens[TOK_OUTPUT] = output;
    r->cost_nano = r->tokens[TOK_INPUT] * 3000 + output * 15000 + r->tokens[TOK_CACHE_READ] * 300;
    r->saved_cache_nano = r->tokens[TOK_CACHE_READ] * 2700;
    r->price_row = model + 1;
    r->latency_ms = (int32_t)((z >> 5) % 20000);
    r->status = 200;
    r->offset = i * (litellm ? 3450 : 395);
    r->length = litellm ? 3450 : 395;
    if ((z >> 40) % 100 < 3) {
        r->outcome = OUTCOME_ERROR;
        r->status = 500;
    }
    shape(b, r, z, litellm);
    if (kind[0] == 'a') agent(b, r, i);
}

static void clean(const char *path) {
    char side[300];
    unlink(path);
    for (int i = 0; i < 2; i++) {
        snprintf(side, sizeof side, "%s%s", path, i ? "-shm" : "-wal");
        unlink(side);
    }
}

static int64_t bytes_of(Db *db, const char *path) {
    struct stat st = {0};
    db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
    stat(path, &st);
    return st.st_size;
}

typedef struct Load {
    const char *shape;
    uint64_t rows;
    int days;
} Load;

/* Only the ledger's own time is counted, not the making of the batches. */
static int run(Ledger *l, const Load *load, Err *e) {
    const bool is_agent = load->shape[0] == 'a';
    Batch *b = batch_new(is_agent ? 190 : LEDGER_BATCH);
    const int64_t span_ms = load->days * MS_PER_DAY;
    IngestCounts n = {0};
    double spent = 0, last = 0, longest = 0;
    uint64_t counted = 0, next = 1000000;
    int rc = 0;
    for (uint64_t i = 0; i < load->rows && rc == 0;) {
        batch_clear(b);
        for (Request *r; i < load->rows && (r = batch_add(b)); i++)
            fill(b, r, i, END_MS - span_ms + (int64_t)((double)i / (double)load->rows * (double)span_ms), load->shape);
        double before = cpu_s();
        rc = ledger_ingest(l, b, &n, e);
        double took = cpu_s() - before;
        spent += took;
        if (took > longest) longest = took;
        if (i < next && i < load->rows) continue;
        printf("%-8s %9llu records, %8.0f a second (all: %.0f), longest batch %.1f ms\n", load->shape, (unsigned long long)i,
               (double)(i - counted) / (spent - last), (double)i / spent, longest * 1e3);
        counted = i;
        next = i + 1000000;
        last = spent;
    }
    batch_free(b);
    return rc;
}

static int measure(const Load *load, const char *path, Err *e) {
    Db *db;
    Ledger *l;
    clean(path);
    if (db_open(&db, path, DB_WRITE, e)) return -1;
    int rc = ledger_open(&l, db, &(LedgerOptions){.now_ms = END_MS}, e);
    if (rc == 0) rc = run(l, load, e);
    if (rc == 0)
        printf("%-8s %9llu records in %d days: %.1f bytes of database per row\n", load->shape, (unsigned long long)load->rows,
               load->days, (double)bytes_of(db, path) / (double)load->rows * (load->shape[0] == 'a' ? 3 : 1));
    ledger_close(l);
    db_close(db);
    clean(path);
    return rc;
}

int main(int argc, char **argv) {
    const char *dir = getenv("TMPDIR");
    char path[256];
    Err e = {""};
    Load loads[] = {{"nginx", 200000, 30}, {"litellm", 200000, 30}, {"agent", 220000, 30}, {"nginx", 2000000, 7}};
    size_t count = sizeof loads / sizeof *loads;
    if (argc > 2) {
        loads[0] = (Load){argv[1], strtoull(argv[2], NULL, 10), argc > 3 ? (int)strtol(argv[3], NULL, 10) : 30};
        count = 1;
    }
    snprintf(path, sizeof path, "%s/bench_ledger.%ld.db", dir ? dir : "/tmp", (long)getpid());
    for (size_t i = 0; i < count; i++)
        if (measure(&loads[i], path, &e)) {
            fprintf(stderr, "bench_ledger: %s\n", e.text);
            return 1;
        }
    return 0;
}
