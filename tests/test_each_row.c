/* test_each_row: the requests of a range come in order, whole, once, and no further than they are wanted; the function may ask the
 * database itself; nobody who writes SQL can call it. */
#include "store/each_row.h"
#include "tests/query_fixture.h"

#define T0 INT64_C(1795478400000)
enum { COUNT = 300 };

typedef struct Seen { Db *db; int64_t last, count, stop_at; bool asks; } Seen;

static bool see(void *ctx, int64_t key, const void *body, size_t len) {
    Seen *s = ctx;
    Row row;
    Err e = {0};
    assert_true(key > s->last);
    if (s->asks) {
        sqlite3_stmt *st = db_prepare(s->db, "SELECT count(*) FROM request WHERE key <= ?1", &e);
        sqlite3_bind_int64(st, 1, key);
        must(db_step(s->db, st, "count", &e) == 1 ? 0 : -1, &e);
        assert_int_equal(sqlite3_column_int64(st, 0), s->count + 1);
        sqlite3_reset(st);
    }
    assert_true(row_unpack(key, body, len, &row)); /* also after the database was asked */
    assert_int_equal(row.r.cost_nano, row.r.ts_ms - T0);
    s->last = key;
    return ++s->count == s->stop_at;
}

static int64_t run(Db *db, int64_t from_ms, int64_t to_ms, int64_t stop_at, bool asks, bool *stopped) {
    Seen s = {.db = db, .stop_at = stop_at, .asks = asks};
    Err e = {0};
    must(each_row(db, row_key_at(from_ms), row_key_at(to_ms), see, &s, stopped, &e), &e);
    return s.count;
}

static void rows_come_in_order_until_it_is_enough(void **state) {
    Fixture *f = *state;
    bool stopped;
    assert_int_equal(run(f->db, 0, ROW_MS_MAX, 0, false, &stopped), COUNT);
    assert_false(stopped);
    assert_int_equal(run(f->db, 0, ROW_MS_MAX, 7, false, &stopped), 7);
    assert_true(stopped);
    assert_int_equal(run(f->db, T0 + 10, T0 + 20, 0, false, &stopped), 10);
    assert_int_equal(run(f->db, T0 + 20, T0 + 10, 0, false, &stopped), 0);
    assert_int_equal(run(f->db, 0, ROW_MS_MAX, COUNT, true, &stopped), COUNT);
    assert_true(stopped); /* at the last one too */
    assert_true(sqlite3_get_autocommit(db_handle(f->db)) != 0 && sqlite3_next_stmt(db_handle(f->db), NULL) != NULL);
    for (sqlite3_stmt *st = NULL; (st = sqlite3_next_stmt(db_handle(f->db), st));) assert_false(sqlite3_stmt_busy(st)); /* no transaction stays */
}

static void sql_alone_cannot_call_it(void **state) {
    Fixture *f = *state;
    Err e = {0};
    assert_int_equal(db_exec(f->db, "SELECT see_row(1, 2, 3)", &e), -1);
    assert_non_null(strstr(e.text, "tollwatch's own"));
    assert_int_equal(db_exec(f->db, "SELECT see_row(NULL, key, body) FROM request", &e), -1);
}

static int set_up(void **state) {
    Fixture *f = xcalloc(1, sizeof *f);
    fixture_open(f, "UTC", T0 + MS_PER_DAY);
    for (int i = 0; i < COUNT; i++) fixture_add(f, &(Spec){.ts_ms = T0 + i, .cost_nano = i});
    fixture_flush(f);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture_close(*state);
    free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_order_until_it_is_enough),
        cmocka_unit_test(sql_alone_cannot_call_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
