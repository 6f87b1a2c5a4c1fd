/* test_import: whole files once: again adds nothing, another name adds nothing, a reopened day is filled whole, and one
 * file that cannot be read keeps no other from being read. */
#include "tests/import_lab.h"

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
    place_setup(state);
    write_log(((Place *)*state)->log, 5000);
    return 0;
}

static ImportSummary import(const Place *p, const char *path, int64_t reopen_ms, int64_t now_ms) {
    ImportSummary sum = place_import(p, p->db, path, reopen_ms, now_ms);
    assert_string_equal(sum.first_failed, "");
    return sum;
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
    Totals first = place_totals(p);
    assert_int_equal(first.cost_nano, INT64_C(5000) * 3500000);
    assert_int_equal(import(p, p->log, 0, DAY_MS + MS_PER_DAY).rows.added, 0);
    snprintf(copy, sizeof copy, "%s/b.jsonl", p->dir);
    write_log(copy, 5000);
    assert_int_equal(import(p, copy, 0, DAY_MS + MS_PER_DAY).rows.added, 0);
    Totals last = place_totals(p);
    assert_memory_equal(&last, &first, sizeof first);
}

/* L6: a sealed day takes nothing; reopened, it is what the file says, and no request is lost by it. */
static void a_reopened_day_is_filled_whole(void **state) {
    const Place *p = *state;
    int64_t later_ms = DAY_MS + 60 * MS_PER_DAY;
    import(p, p->log, 0, DAY_MS + MS_PER_DAY);
    Totals before = place_totals(p);
    seal(p, later_ms);
    assert_int_equal(place_totals(p).cost_nano, before.cost_nano); /* sums outlive the rows */
    assert_int_equal(import(p, p->log, DAY_MS, later_ms).rows.added, 5000);
    Totals after = place_totals(p);
    assert_int_equal(after.requests, before.requests);
    assert_int_equal(after.cost_nano, before.cost_nano);
}

/* The rows of a sealed day are gone, its sums are all there is: a wrong or an empty file must not cost them, and who gives
 * only a part of the day hears what is missing. */
static void a_day_is_not_emptied_for_nothing(void **state) {
    const Place *p = *state;
    int64_t later_ms = DAY_MS + 60 * MS_PER_DAY;
    char missing[700];
    import(p, p->log, 0, DAY_MS + MS_PER_DAY);
    Totals before = place_totals(p);
    seal(p, later_ms);
    snprintf(missing, sizeof missing, "%s/none.jsonl", p->dir);
    assert_true(place_import(p, p->db, missing, DAY_MS, later_ms).day_kept);
    assert_int_equal(place_totals(p).cost_nano, before.cost_nano);
    FILE *f = fopen(p->log, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    assert_true(import(p, p->log, DAY_MS, later_ms).day_kept);
    assert_int_equal(place_totals(p).cost_nano, before.cost_nano);
    write_log(p->log, 4990);
    ImportSummary sum = import(p, p->log, DAY_MS, later_ms);
    assert_false(sum.day_kept);
    assert_int_equal(sum.day_fewer, 10);
    write_log(p->log, 5000);
    sum = import(p, p->log, DAY_MS, later_ms);
    assert_int_equal(sum.day_fewer, 0);
    assert_int_equal(place_totals(p).cost_nano, before.cost_nano);
}

/* Imported while its last line was being written: the next import reads that line whole. */
static void a_line_cut_off_is_read_again(void **state) {
    const Place *p = *state;
    FILE *f = fopen(p->log, "w");
    assert_non_null(f);
    write_call(f, 1, 10, "\n");
    long whole = ftell(f);
    write_call(f, 2, 10, "\n");
    assert_int_equal(fclose(f), 0);
    assert_int_equal(truncate(p->log, whole + 40), 0);
    ImportSummary sum = place_import(p, p->db, p->log, 0, DAY_MS + MS_PER_DAY);
    assert_int_equal(sum.rows.added, 1);
    assert_int_equal(sum.bad_lines, 1);
    f = fopen(p->log, "w");
    assert_non_null(f);
    for (int n = 1; n <= 3; n++) write_call(f, n, 10, "\n");
    assert_int_equal(fclose(f), 0);
    sum = place_import(p, p->db, p->log, 0, DAY_MS + MS_PER_DAY);
    assert_int_equal(sum.rows.added, 2);
    assert_int_equal(sum.bad_lines, 0);
    assert_int_equal(place_totals(p).requests, 3);
}

/* So far it may end as a record does: with an object within it that begins as it does itself. */
static void what_a_line_cut_off_holds_is_no_record(void **state) {
    const Place *p = *state;
    FILE *f = fopen(p->log, "w");
    assert_non_null(f);
    write_call(f, 1, 10, "\n");
    fputs("{\"id\":\"chatcmpl-2\",\"response\":", f);
    write_call(f, 9, 10, "");
    assert_int_equal(fclose(f), 0);
    ImportSummary sum = place_import(p, p->db, p->log, 0, DAY_MS + MS_PER_DAY);
    assert_int_equal(sum.rows.added, 1);
    f = fopen(p->log, "a");
    assert_non_null(f);
    fputs(",\"custom_llm_provider\":\"openai\",\"status\":\"success\",\"startTime\":1792886402.5,\"endTime\":1792886402.9,"
          "\"model\":\"gpt-4o\",\"prompt_tokens\":7,\"completion_tokens\":1,\"total_tokens\":8}\n", f);
    assert_int_equal(fclose(f), 0);
    sum = place_import(p, p->db, p->log, 0, DAY_MS + MS_PER_DAY);
    assert_int_equal(sum.rows.added, 1);
    assert_int_equal(sum.bad_lines, 0);
    assert_int_equal(place_totals(p).requests, 2);
    assert_int_equal(place_totals(p).tokens[TOK_INPUT], 1007);
}

/* Three files that cannot be read, each in its own way, among good ones. */
static void a_file_that_fails_is_named_and_keeps_no_other_back(void **state) {
    const Place *p = *state;
    const char *content[] = {NULL, "\x28\xB5\x2F\xFD packed", NULL, "BZh9 packed", NULL, "\x1f\x8b\x08 cut"};
    char path[6][700];
    const char *paths[6];
    for (int i = 0; i < 6; i++) {
        snprintf(path[i], sizeof path[i], "%s/%d.jsonl", p->dir, i);
        paths[i] = path[i];
        FILE *f = fopen(path[i], "we");
        assert_non_null(f);
        if (content[i]) fputs(content[i], f);
        else for (int n = 0; n < 100; n++) write_call(f, i * 100 + n, 10, "\n");
        fclose(f);
    }
    ImportOptions o = {.config = p->config, .db_path = p->db, .format = "litellm", .now_ms = DAY_MS + MS_PER_DAY};
    ImportSummary sum;
    Err e = {0};
    assert_int_equal(import_files(&o, paths, 6, &sum, NULL, &e), 0);
    assert_int_equal(sum.rows.added, 300);
    assert_int_equal(sum.files, 6);
    assert_int_equal(sum.failed_files, 3);
    assert_non_null(strstr(sum.first_failed, "1.jsonl is zstd-compressed"));
    assert_int_equal(place_totals(p).requests, 300);
}

/* One that takes longer to fail than files are opened for at once: the next is opened although nothing is being read. */
static void a_file_that_fails_slowly_keeps_no_other_back(void **state) {
    const Place *p = *state;
    char hole[700];
    const char *paths[] = {hole, p->log};
    snprintf(hole, sizeof hole, "%s/0.jsonl", p->dir);
    FILE *f = fopen(hole, "we");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), 128 << 20), 0);
    fclose(f);
    ImportOptions o = {.config = p->config, .db_path = p->db, .format = "litellm", .now_ms = DAY_MS + MS_PER_DAY};
    ImportSummary sum;
    Err e = {0};
    alarm(30); /* instead of for ever */
    assert_int_equal(import_files(&o, paths, 2, &sum, NULL, &e), 0);
    alarm(0);
    assert_int_equal(sum.rows.added, 5000);
    assert_int_equal(sum.files, 2);
}

/* A stop ends it also while one file after the other fails. */
static void a_stop_does_not_wait_for_files_that_fail(void **state) {
    enum { FILES = 40 };
    const Place *p = *state;
    char path[FILES][700];
    const char *paths[FILES];
    Stop *stop = stop_new();
    for (int i = 0; i < FILES; i++) {
        snprintf(path[i], sizeof path[i], "%s/%d.jsonl", p->dir, i);
        paths[i] = path[i];
        FILE *f = fopen(path[i], "we");
        assert_non_null(f);
        fputs("(\265/\375 is no log\n", f);
        fclose(f);
    }
    ImportOptions o = {.config = p->config, .db_path = p->db, .format = "litellm", .now_ms = DAY_MS + MS_PER_DAY};
    ImportSummary sum;
    Err e = {0};
    stop_set(stop);
    assert_int_equal(import_files(&o, paths, FILES, &sum, stop, &e), -1);
    assert_non_null(strstr(e.text, "import was stopped"));
    assert_true(sum.files < FILES);
    stop_free(stop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(again_adds_nothing, setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_stop_does_not_wait_for_files_that_fail, setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_reopened_day_is_filled_whole, setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_day_is_not_emptied_for_nothing, setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_line_cut_off_is_read_again, setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_a_line_cut_off_holds_is_no_record, setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_fails_is_named_and_keeps_no_other_back, setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_fails_slowly_keeps_no_other_back, setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
