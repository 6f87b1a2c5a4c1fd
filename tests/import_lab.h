/* import_lab: a ledger in a folder of its own, logs to import into it, and what it holds afterwards, as text. */
#ifndef TESTS_IMPORT_LAB_H
#define TESTS_IMPORT_LAB_H
#include "collectors/collect.h"
#include "store/query.h"
#include "tests/unit.h"
#include <stdlib.h>
#include <unistd.h>

#define DAY_MS INT64_C(1792886400000) /* 2026-10-25 00:00 UTC */

typedef struct Place {
    char dir[512], db[600], log[600];
    Config *config;
} Place;

static inline int place_setup(void **state) {
    Place *p = xcalloc(1, sizeof *p);
    Err e = {0};
    snprintf(p->dir, sizeof p->dir, "%s/import-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->db, sizeof p->db, "%s/ledger.db", p->dir);
    snprintf(p->log, sizeof p->log, "%s/a.jsonl", p->dir);
    assert_int_equal(config_load(&p->config, NULL, &e), 0);
    *state = p;
    return 0;
}

static inline int place_teardown(void **state) {
    Place *p = *state;
    config_free(p->config);
    free(p);
    return 0;
}

/* One call of number n; the prompt is `padding` bytes long. */
static inline void write_call(FILE *f, int n, int padding, const char *end) {
    fprintf(f, "{\"id\":\"chatcmpl-%d\",\"custom_llm_provider\":\"openai\",\"status\":\"success\",\"startTime\":%d.5,\"endTime\":%d.9,"
               "\"end_user\":\"u%d\",\"model\":\"%s\",\"messages\":\"%0*d\",\"prompt_tokens\":1000,\"completion_tokens\":%d,"
               "\"total_tokens\":%d}%s",
            n, 1792886400 + n % 80000, 1792886400 + n % 80000, n % 13, n % 3 ? "gpt-4o" : "gpt-4o-mini", padding, 0, 100 + n % 7,
            1100 + n % 7, end);
}

static inline ImportSummary place_import(const Place *p, const char *db, const char *path, int64_t reopen_ms, int64_t now_ms) {
    ImportOptions o = {.config = p->config, .db_path = db, .format = "litellm", .reopen_day_ms = reopen_ms, .now_ms = now_ms};
    ImportSummary sum;
    Err e = {0};
    if (import_files(&o, &path, 1, &sum, NULL, &e) != 0) print_error("%s\n", e.text);
    assert_string_equal(e.text, "");
    return sum;
}

static inline Db *place_open(const char *path) {
    Db *db;
    Err e = {0};
    if (db_open(&db, path, DB_READ, &e) != 0) print_error("%s\n", e.text);
    assert_string_equal(e.text, "");
    return db;
}

static inline Totals place_totals(const Place *p) {
    Err e = {0};
    Result r;
    Query q = {.since_ms = DAY_MS, .until_ms = DAY_MS + MS_PER_DAY};
    Db *db = place_open(p->db);
    assert_int_equal(query_run(db, &q, &r, &e), 0);
    Totals t = r.total;
    result_free(&r);
    db_close(db);
    return t;
}

static inline void dump_row(Buf *out, const RowView *v) {
    const Request *r = &v->r;
    buf_fmt(out, "%lld %llx %s %s %lld+%lld %lld %x %d at %llu+%u\n", (long long)v->key, (unsigned long long)r->id, v->name[DIM_MODEL],
            v->name[DIM_USER], (long long)r->tokens[TOK_INPUT], (long long)r->tokens[TOK_OUTPUT], (long long)r->cost_nano, r->flags,
            (int)r->latency_ms, (unsigned long long)r->offset, r->length);
}

/* Every row with its names, and how far each file was read: the same for the same logs, whoever read which part of them. */
static inline void dump(const char *path, Buf *out) {
    enum { PAGE = 256 };
    Err e = {0};
    Query q = {.since_ms = 0, .until_ms = ROW_MS_MAX};
    RowView *rows = xcalloc(PAGE, sizeof *rows);
    Db *db = place_open(path);
    size_t count;
    bool more = true;
    for (int64_t before = INT64_MAX; more; before = rows[count - 1].key) {
        assert_int_equal(query_rows(db, &q, before, rows, PAGE, &count, &more, &e), 0);
        for (size_t i = 0; i < count; i++) dump_row(out, &rows[i]);
        if (count == 0) break;
    }
    sqlite3_stmt *s = db_prepare(db, "SELECT offset, tail_hash, lines, records, bad_lines FROM file ORDER BY offset", &e);
    assert_non_null(s);
    while (db_step(db, s, "read files", &e) == 1)
        for (int i = 0; i < 5; i++) buf_fmt(out, "%s%c", (const char *)sqlite3_column_text(s, i), i < 4 ? ' ' : '\n');
    db_close(db);
    free(rows);
}

/* The same lines; says the first that is not. */
static inline void assert_same_dump(const Buf *a, const Buf *b) {
    const char *x = a->at, *y = b->at, *line = x;
    for (; *x && *x == *y; x++, y++)
        if (*x == '\n') line = x + 1;
    if (*x != *y) fail_msg("\"%.200s\" is not \"%.200s\"", line, b->at + (line - a->at));
}
#endif
