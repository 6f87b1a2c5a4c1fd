/* test_import: whole files once: again adds nothing, another name adds nothing, and a reopened day is filled whole. */
#include "collectors/collect.h"
#include "store/query.h"
#include "tests/unit.h"

#define DAY_MS INT64_C(1792886400000) /* 2026-10-25 00:00 UTC */

typedef struct Place {
    char dir[512], db[600], log[600];
    Config *config;
} Place;

static void write_log(const char *path, int requests) {
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    for (int i = 0; i < requests; i++)
        fprintf(f, "{\"id\":\"chatcmpl-%d\",\"custom_llm_provider\":\"openai\",\"status\":\"success\",\"startTime\":%d.5,\"endTime\":%d.9,"
                   "\"model\":\"gpt-4o\",\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}\n",
                i, 1792886400 + i, 1792886400 + i);
    fclose(f);
}

static int setup(void **state) {
    Place *p = xcalloc(1, sizeof *p);
    Err e = {0};
    snprintf(p->dir, sizeof p->dir, "%s/import-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->db, sizeof p->db, "%s/ledger.db", p->dir);
    snprintf(p->log, sizeof p->log, "%s/a.jsonl", p->dir);
    assert_int_equal(config_load(&p->config, NULL, &e), 0);
    write_log(p->log, 5000);
    *state = p;
    return 0;
}

static int teardown(void **state) {
    Place *p = *state;
    config_free(p->config);
    free(p);
    return 0;
}

static ImportSummary import(const Place *p, const char *path, int64_t reopen_ms, int64_t now_ms) {
    ImportOptions o = {.config = p->config, .db_path = p->db, .format = "litellm", .reopen_day_ms = reopen_ms, .now_ms = now_ms};
    ImportSummary sum;
    Err e = {0};
    if (import_files(&o, &path, 1, &sum, NULL, &e) != 0) print_error("%s\n", e.text);
    assert_string_equal(e.text, "");
    assert_string_equal(sum.first_failed, "");
    return sum;
}

static Totals day(const Place *p) {
    Db *db;
    Err e = {0};
    Result r;
    Query q = {.since_ms = DAY_MS, .until_ms = DAY_MS + MS_PER_DAY};
    assert_int_equal(db_open(&db, p->db, DB_READ, &e), 0);
    assert_int_equal(query_run(db, &q, &r, &e), 0);
    Totals t = r.total;
    result_free(&r);
    db_close(db);
    return t;
}

static void seal(const Place *p, int64_t now_ms) {
    Db *db;
    Ledger *l;
    Err e = {0};
    LedgerOptions o = {.now_ms = now_ms};
    assert_int_equal(db_open(&db, p->db, DB_WRITE, &e), 0);
    assert_int_equal(ledger_open(&l, db, &o, &e), 0);
    for (bool more = true; more;) assert_int_equal(ledger_purge(l, 35, &more, &e), 0);
    ledger_close(l);
    db_close(db);
}

static void again_adds_nothing(void **state) {
    const Place *p = *state;
    char copy[700];
    assert_int_equal(import(p, p->log, 0, DAY_MS + MS_PER_DAY).rows.added, 5000);
    Totals first = day(p);
    assert_int_equal(first.cost_nano, INT64_C(5000) * 3500000);
    assert_int_equal(import(p, p->log, 0, DAY_MS + MS_PER_DAY).rows.added, 0);
    snprintf(copy, sizeof copy, "%s/b.jsonl", p->dir);
    write_log(copy, 5000);
    assert_int_equal(import(p, copy, 0, DAY_MS + MS_PER_DAY).rows.added, 0);
    Totals last = day(p);
    assert_memory_equal(&last, &first, sizeof first);
}

/* L6: a sealed day takes nothing; reopened, it is what the file says, and no request is lost by it. */
static void a_reopened_day_is_filled_whole(void **state) {
    const Place *p = *state;
    int64_t later_ms = DAY_MS + 60 * MS_PER_DAY;
    import(p, p->log, 0, DAY_MS + MS_PER_DAY);
    Totals before = day(p);
    seal(p, later_ms);
    assert_int_equal(day(p).cost_nano, before.cost_nano); /* sums outlive the rows */
    assert_int_equal(import(p, p->log, DAY_MS, later_ms).rows.added, 5000);
    Totals after = day(p);
    assert_int_equal(after.requests, before.requests);
    assert_int_equal(after.cost_nano, before.cost_nano);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(again_adds_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reopened_day_is_filled_whole, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
