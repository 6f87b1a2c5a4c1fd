/* ledger_lab: a ledger in a folder of its own, requests to put into it, and its content as text, for tests. */
#ifndef TESTS_LEDGER_LAB_H
#define TESTS_LEDGER_LAB_H
#include "store/ledger.h"
#include "store/rollup.h"
#include "tests/unit.h"
#include <sys/stat.h>
#include <unistd.h>

#define LAB_NOW INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */

typedef struct Lab {
    char dir[64], path[128];
    Db *db;
    Ledger *l;
    Batch *b;
    IngestCounts n; /* of all lab_ingest() so far */
    LedgerOptions o;
} Lab;

#define OK(e, call)                                                                                                    \
    do {                                                                                                               \
        if ((call) != 0) print_error("%s:%d: %s\n", __FILE__, __LINE__, (e).text);                                     \
        assert_string_equal((e).text, "");                                                                             \
    } while (0)

static inline void lab_connect(Lab *lab) {
    Err e = {""};
    OK(e, db_open(&lab->db, lab->path, DB_WRITE, &e));
    OK(e, ledger_open(&lab->l, lab->db, &lab->o, &e));
}

static inline void lab_disconnect(Lab *lab) {
    ledger_close(lab->l);
    db_close(lab->db);
    lab->l = NULL;
    lab->db = NULL;
}

static inline void lab_open(Lab *lab, const LedgerOptions *o) {
    *lab = (Lab){.dir = "/tmp/tollwatch-lab-XXXXXX"};
    if (o) lab->o = *o;
    if (!lab->o.now_ms) lab->o.now_ms = LAB_NOW;
    lab->o.group_ms = MS_PER_MINUTE; /* what a transaction holds must not hang on how fast the machine is */
    assert_non_null(mkdtemp(lab->dir));
    snprintf(lab->path, sizeof lab->path, "%s/ledger.db", lab->dir);
    lab->b = batch_new(LEDGER_BATCH);
    lab_connect(lab);
}

static inline void lab_remove(const char *dir) {
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.lock", "link"};
    char path[160];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static inline void lab_close(Lab *lab) {
    lab_disconnect(lab);
    batch_free(lab->b);
    lab_remove(lab->dir);
}

static inline uint32_t lab_name(Lab *lab, const char *text) {
    return batch_name(lab->b, text, strlen(text));
}

/* A good gateway call: 1,000 tokens in, 100 out, $0.0045, at `ts_ms`. */
static inline Request *lab_add(Lab *lab, uint64_t id, int64_t ts_ms) {
    Request *r = batch_add(lab->b);
    assert_non_null(r);
    r->id = id;
    r->ts_ms = ts_ms;
    r->name[DIM_PROVIDER] = lab_name(lab, "openai");
    r->name[DIM_MODEL] = lab_name(lab, "gpt-6");
    r->name[DIM_ACCOUNT] = lab_name(lab, "main");
    r->tokens[TOK_INPUT] = 1000;
    r->tokens[TOK_OUTPUT] = 100;
    r->cost_nano = 4500000;
    r->price_row = 77;
    r->status = 200;
    return r;
}

static inline void lab_ingest(Lab *lab) {
    Err e = {""};
    OK(e, ledger_ingest(lab->l, lab->b, &lab->n, &e));
    batch_clear(lab->b);
}

static inline void lab_verify(Lab *lab) {
    Err e = {""};
    OK(e, ledger_verify(lab->l, &e));
}

static inline int64_t lab_number(Lab *lab, const char *sql) {
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_prepare_v2(db_handle(lab->db), sql, -1, &s, NULL), SQLITE_OK);
    int64_t n = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;
    sqlite3_finalize(s);
    return n;
}

static inline FileKnown lab_file(Lab *lab, const char *source, const char *path, uint64_t fingerprint, int64_t ino) {
    FileKnown known;
    Err e = {""};
    const FileKey key = {.source = source, .format = "lab", .path = path, .fingerprint = fingerprint, .dev = 1, .ino = ino};
    OK(e, ledger_file_open(lab->l, &key, &known, &e));
    return known;
}

static inline void lab_mark(Lab *lab, int64_t file, uint64_t offset) {
    *batch_mark(lab->b) = (FileMark){.set = true, .file_id = file, .offset = offset, .dev = 1};
}

/* The only row, or the nth in key order. */
static inline Row lab_row(Lab *lab, int nth) {
    sqlite3_stmt *s = NULL;
    Row row;
    memset(&row, 0, sizeof row); /* also what is between its members: tests compare rows byte by byte */
    const char *sql = "SELECT key, body FROM request ORDER BY key LIMIT 1 OFFSET ?1";
    assert_int_equal(sqlite3_prepare_v2(db_handle(lab->db), sql, -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_int(s, 1, nth);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_true(row_unpack(sqlite3_column_int64(s, 0), sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1), &row));
    sqlite3_finalize(s);
    return row;
}

/* What all lanes together say, of all time. */
static inline Sums lab_sums(Lab *lab) {
    Sums total = {0};
    RollupCursor c;
    Err e = {""};
    OK(e, rollup_open(&c, lab->db, ROLLUP_LANE, 0, INT64_MAX, &e));
    while (rollup_next(&c, &e) == 1) sums_add(&total, &c.now.sums, 1);
    assert_string_equal(e.text, "");
    rollup_close(&c);
    return total;
}

/* How many cells a rollup has, and the slot of the first. */
static inline int lab_cells(Lab *lab, Rollup r, int64_t *first_slot_ms) {
    RollupCursor c;
    Err e = {""};
    int count = 0;
    OK(e, rollup_open(&c, lab->db, r, 0, INT64_MAX, &e));
    while (rollup_next(&c, &e) == 1)
        if (count++ == 0 && first_slot_ms) *first_slot_ms = cell_slot(c.now.cell) * rollup_slot_ms(r);
    assert_string_equal(e.text, "");
    rollup_close(&c);
    return count;
}

/* One that may come again with another time, 15,000 nano-dollars for each token of output. */
static inline Request *lab_add_any(Lab *lab, uint64_t id, int64_t ts_ms, int64_t output) {
    Request *r = lab_add(lab, id, ts_ms);
    r->replay = REPLAY_ANY_TIME;
    r->tokens[TOK_OUTPUT] = output;
    r->cost_nano = output * 15000;
    return r;
}

static inline void lab_purge(Lab *lab, int raw_days) {
    Err e = {""};
    bool more = true;
    for (int i = 0; more; i++) {
        assert_true(i < 1000);
        OK(e, ledger_purge(lab->l, raw_days, &more, &e));
    }
}

/* The same ledger, opened by a program with other budgets at another time. */
static inline void lab_reopen(Lab *lab, const struct Budget *b, size_t count, int64_t now_ms) {
    lab_disconnect(lab);
    lab->o.budgets = b;
    lab->o.budget_count = count;
    lab->o.now_ms = now_ms;
    lab_connect(lab);
}

static inline int lab_setup(void **state) {
    Lab *lab = xcalloc(1, sizeof *lab);
    lab_open(lab, NULL);
    *state = lab;
    return 0;
}

static inline int lab_teardown(void **state) {
    lab_verify(*state); /* L4: whatever a test did, rollups equal the rows */
    lab_close(*state);
    free(*state);
    return 0;
}
#endif
