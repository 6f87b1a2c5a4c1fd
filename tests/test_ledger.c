/* test_ledger: one id is one row (L2), keys (L5), rollups equal the rows (L4), and a transaction is whole or was never there. */
#include "tests/ledger_lab.h"

#define HOUR MS_PER_HOUR
#define DAY MS_PER_DAY
#define T0 (LAB_NOW - 5 * HOUR)

/* ---- L2: one id is one row ---- */
static void a_record_read_again_changes_nothing(void **state) {
    Lab *lab = *state;
    for (int i = 0; i < 3; i++) {
        lab_add(lab, 7, T0);
        lab_ingest(lab);
    }
    assert_int_equal(lab->n.added, 1);
    assert_int_equal(lab->n.duplicate, 2);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 1);
    assert_int_equal(lab_sums(lab).v[SUM_COST], 4500000);
}

static void the_most_output_wins_at_the_earliest_time(void **state) {
    Lab *lab = *state;
    lab_add_any(lab, 7, T0 + 500, 10);
    lab_ingest(lab);
    lab_add_any(lab, 7, T0 + 900, 400);
    lab_ingest(lab);
    lab_add_any(lab, 7, T0, 50);
    lab_add_any(lab, 7, T0 + 2000, 3);
    lab_ingest(lab);
    Row row = lab_row(lab, 0);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 1);
    assert_int_equal(row.r.tokens[TOK_OUTPUT], 400);
    assert_int_equal(row.r.ts_ms, T0);
    assert_int_equal(row.own_ms, T0 + 900);
    assert_int_equal(lab_number(lab, "SELECT key FROM identity"), row.key);
    assert_int_equal(lab_sums(lab).v[SUM_TOKENS + TOK_OUTPUT], 400);
    assert_int_equal(lab_sums(lab).v[SUM_COST], 400 * 15000);
    assert_int_equal(lab->n.added, 1);
    assert_int_equal(lab->n.merged, 2);
    assert_int_equal(lab->n.duplicate, 1);
}

/* A row that moves into another quarter hour takes its sums along, and leaves no empty cell. */
static void a_moved_row_takes_its_sums_along(void **state) {
    Lab *lab = *state;
    lab_add_any(lab, 7, T0 + HOUR, 10);
    lab_ingest(lab);
    lab_add_any(lab, 7, T0, 10);
    lab_ingest(lab);
    for (Rollup r = 0; r < ROLLUPS; r++) {
        int64_t slot_ms = 0;
        assert_int_equal(lab_cells(lab, r, &slot_ms), 1);
        assert_int_equal(slot_ms, T0 / rollup_slot_ms(r) * rollup_slot_ms(r));
    }
}

static void what_else_decides_between_equals(void **state) {
    Lab *lab = *state;
    lab_add_any(lab, 1, T0, 10)->flags = REQ_SIDECHAIN;
    lab_add_any(lab, 1, T0, 10)->latency_ms = 5; /* not a sidechain */
    lab_add_any(lab, 2, T0, 10)->outcome = OUTCOME_INCOMPLETE;
    lab_add_any(lab, 2, T0 + 5, 10)->outcome = OUTCOME_ERROR; /* finished */
    lab_add_any(lab, 3, T0, 10)->source_class = CLASS_TRANSCRIPT;
    lab_add_any(lab, 3, T0, 3)->source_class = CLASS_GATEWAY;
    lab_add_any(lab, 4, T0 + 1, 10)->offset = 4;
    lab_add_any(lab, 4, T0, 10)->offset = 9; /* earlier */
    lab_add_any(lab, 5, T0, 10)->offset = 8;
    lab_add_any(lab, 5, T0, 10)->offset = 2; /* lower offset */
    lab_add_any(lab, 6, T0, 10)->latency_ms = 5; /* imported as paid for, and flat-rate by its source */
    lab_add_any(lab, 6, T0, 10)->origin = ORIGIN_NOTIONAL;
    lab_add_any(lab, 7, T0, 10)->origin = ORIGIN_NOTIONAL;
    lab_add_any(lab, 7, T0, 10)->latency_ms = 5;
    lab_ingest(lab);
    for (int i = 0; i < 7; i++) {
        Row row = lab_row(lab, i);
        switch (row.r.id) {
        case 1: assert_int_equal(row.r.latency_ms, 5); break;
        case 2: assert_int_equal(row.r.outcome, OUTCOME_ERROR); break;
        case 3: assert_int_equal(row.r.tokens[TOK_OUTPUT], 3); break;
        case 4: assert_int_equal(row.r.offset, 9); break;
        case 5: assert_int_equal(row.r.offset, 2); break;
        default: assert_int_equal(row.r.origin, ORIGIN_NOTIONAL);
        }
    }
    assert_int_equal(lab->n.added, 7);
}

/* A row that changes what it belongs to leaves the sums of the old place. */
static void a_row_may_change_its_combo(void **state) {
    Lab *lab = *state;
    lab_add_any(lab, 7, T0, 0)->outcome = OUTCOME_INCOMPLETE;
    lab_ingest(lab);
    assert_int_equal(lab_sums(lab).v[SUM_INCOMPLETE], 1);
    lab_add_any(lab, 7, T0, 20)->name[DIM_FEATURE] = lab_name(lab, "search");
    lab_ingest(lab);
    Sums s = lab_sums(lab);
    assert_int_equal(s.v[SUM_INCOMPLETE], 0);
    assert_int_equal(s.v[SUM_REQUESTS], 1);
    assert_int_equal(lab_cells(lab, ROLLUP_COMBO, NULL), 1);
}

static void nothing_known_is_lost_on_the_way(void **state) {
    Lab *lab = *state;
    Request *r = lab_add(lab, 7, T0), sent;
    r->raw_input = 5;
    r->raw_total = 99;
    r->max_tokens = 4096;
    r->prompt_hash = UINT64_MAX;
    r->policy_generation = 3;
    r->upstream = 11;
    r->flags = REQ_STREAM | REQ_PRICE_APPROX;
    r->geo = lab_name(lab, "us");
    r->name[DIM_SESSION] = lab_name(lab, "s1");
    sent = *r;
    lab_ingest(lab);
    Row row = lab_row(lab, 0);
    assert_int_equal(lab_number(lab, "SELECT row_hash FROM price_used"), 77);
    assert_int_equal(row.geo, lab_number(lab, "SELECT id FROM name WHERE dim = 100 AND value = 'us'"));
    assert_int_equal(row.context, lab_number(lab, "SELECT c.id FROM context c JOIN name n ON n.id = c.session WHERE n.value = 's1'"));
    memset(sent.name, 0, sizeof sent.name);
    sent.geo = 0;
    sent.price_row = 0;
    assert_memory_equal(&row.r, &sent, sizeof sent);
}

/* What no good parser sends does no harm either. */
static void absurd_requests_are_held_to_bounds(void **state) {
    Lab *lab = *state;
    Request *r = lab_add(lab, 0, INT64_MIN);
    r->tokens[TOK_INPUT] = -5;
    r->tokens[TOK_OUTPUT] = INT64_MAX;
    r->cost_nano = INT64_MAX;
    lab_add(lab, 9, INT64_MAX)->cost_nano = INT64_MAX;
    lab_ingest(lab);
    assert_int_equal(lab->n.added, 2);
    assert_int_equal(lab_row(lab, 0).r.tokens[TOK_INPUT], 0);
    assert_int_equal(lab_row(lab, 0).r.tokens[TOK_OUTPUT], REQUEST_TOKENS_MAX);
    assert_int_equal(lab_row(lab, 1).r.ts_ms, ROW_MS_MAX);
}

/* Hostile counters fill a sum; they never turn it over into a small or negative one, also when the record grows or comes again. */
static void hostile_sums_are_full_not_small(void **state) {
    Lab *lab = *state;
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t id = 1; id <= 40; id++) {
            Request *r = lab_add_any(lab, id << 32, T0, 10 + (int64_t)round);
            r->tokens[TOK_INPUT] = REQUEST_TOKENS_MAX;
            r->cost_nano = INT64_MAX / 20;
        }
        lab_ingest(lab);
    }
    Sums total = lab_sums(lab);
    assert_int_equal(total.v[SUM_COST], SUM_FULL);
    assert_int_equal(total.v[SUM_TOKENS + TOK_INPUT], 40 * REQUEST_TOKENS_MAX);
    lab_verify(lab);
}

/* ---- L5: keys ---- */
static void ids_on_one_key_stand_side_by_side(void **state) {
    Lab *lab = *state;
    for (uint64_t i = 1; i <= 40; i++) lab_add(lab, i << 32 | 5, T0);
    for (uint64_t i = 1; i <= 40; i++) lab_add_any(lab, i << 40 | 5, T0, 10);
    lab_ingest(lab);
    for (uint64_t i = 1; i <= 40; i++) lab_add(lab, i << 32 | 5, T0);
    for (uint64_t i = 1; i <= 40; i++) lab_add_any(lab, i << 40 | 5, T0, 10);
    lab_ingest(lab);
    assert_int_equal(lab->n.added, 80);
    assert_int_equal(lab->n.duplicate, 80);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 80);
}

/* One that moves away from a shared key does not hide those that stand behind it. */
static void a_moved_row_leaves_no_hole(void **state) {
    Lab *lab = *state;
    for (uint64_t i = 1; i <= 3; i++) lab_add(lab, i << 32 | 5, T0);
    for (uint64_t i = 1; i <= 3; i++) lab_add_any(lab, i << 40 | 5, T0, 10);
    lab_ingest(lab);
    lab_add_any(lab, UINT64_C(1) << 40 | 5, T0 - 1000, 10);
    lab_ingest(lab);
    for (uint64_t i = 1; i <= 3; i++) lab_add(lab, i << 32 | 5, T0);
    for (uint64_t i = 1; i <= 3; i++) lab_add_any(lab, i << 40 | 5, T0, 10);
    lab_ingest(lab);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 6);
}

/* ---- transactions ---- */
static void what_was_not_committed_was_never_there(void **state) {
    Lab *lab = *state;
    Err e = {""};
    FileKnown file = lab_file(lab, "gw", "gw.log", 1, 1);
    lab_add(lab, 1, T0);
    lab_mark(lab, file.file_id, 100);
    lab_ingest(lab);
    OK(e, db_exec(lab->db, "PRAGMA wal_checkpoint(TRUNCATE); VACUUM", &e));
    char limit[64];
    snprintf(limit, sizeof limit, "PRAGMA max_page_count = %lld", (long long)lab_number(lab, "PRAGMA page_count"));
    OK(e, db_exec(lab->db, limit, &e));
    for (uint64_t i = 2; i < 4000; i++) lab_add(lab, i, T0 + (int64_t)i)->name[DIM_FEATURE] = lab_name(lab, "new");
    lab_mark(lab, file.file_id, 200);
    IngestCounts n = {0};
    assert_int_equal(ledger_ingest(lab->l, lab->b, &n, &e), -1);
    assert_non_null(strstr(e.text, "full; nothing is lost"));
    assert_int_equal(n.added, 0);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 1);
    assert_int_equal(lab_number(lab, "SELECT offset FROM file"), 100);
    lab_verify(lab);
    e = (Err){""};
    OK(e, db_exec(lab->db, "PRAGMA max_page_count = 1000000", &e));
    lab_ingest(lab); /* the same batch again */
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 3999);
    assert_int_equal(lab_number(lab, "SELECT offset FROM file"), 200);
}

/* Many files opened at once: all of them, or none and the reason; and then again. */
static void files_are_opened_all_or_none(void **state) {
    enum { FILES = 2000 };
    Lab *lab = *state;
    Err e = {""}, last = {""};
    char limit[64];
    FileKnown known;
    FileKey key = {.source = "gw", .format = "lab", .path = "gw.log", .dev = 1};
    snprintf(limit, sizeof limit, "PRAGMA max_page_count = %lld", (long long)lab_number(lab, "PRAGMA page_count") + 2);
    for (int full = 1; full >= 0; full--) {
        OK(e, db_exec(lab->db, full ? limit : "PRAGMA max_page_count = 1000000", &e));
        OK(e, ledger_files_begin(lab->l, &e));
        for (key.ino = 1; key.ino <= FILES; key.ino++) {
            key.fingerprint = (uint64_t)key.ino;
            ledger_file_open(lab->l, &key, &known, &last);
        }
        assert_int_equal(ledger_files_end(lab->l, &e), -full);
        assert_int_equal(strstr(e.text, "full; nothing is lost") != NULL, full);
        assert_string_equal(e.text, last.text);
        assert_int_equal(lab_number(lab, "SELECT count(*) FROM file"), full ? 0 : FILES);
        e = last = (Err){""};
    }
}

/* A ledger of before knows a file with a long first line by another fingerprint: at its place it is the same file, which
 * goes on where it was left; no other file is. */
static void a_long_first_line_is_known_by_its_place(void **state) {
    Lab *lab = *state;
    Err e = {""};
    FileKnown was, now;
    FileKey key = {.source = "gw", .format = "lab", .path = "gw.log", .dev = 1, .ino = 7, .fingerprint = 1};
    OK(e, ledger_file_open(lab->l, &key, &was, &e));
    lab_mark(lab, was.file_id, 5 << 20);
    batch_mark(lab->b)->dev = 1, batch_mark(lab->b)->ino = 7;
    lab_ingest(lab);
    const FileKey others[] = {
        {.source = "gw", .format = "lab", .path = "gw.log", .dev = 1, .ino = 7, .fingerprint = 2},
        {.source = "gw", .format = "lab", .path = "gw.log", .dev = 1, .ino = 8, .fingerprint = 3, .long_first = true},
        {.source = "gw", .format = "lab", .path = "gw2.log", .dev = 1, .ino = 7, .fingerprint = 4, .long_first = true},
        {.source = "gw", .format = "lab2", .path = "gw.log", .dev = 1, .ino = 7, .fingerprint = 5, .long_first = true}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        OK(e, ledger_file_open(lab->l, &others[i], &now, &e));
        assert_true(now.is_new && now.file_id != was.file_id && now.offset == 0);
    }
    key.fingerprint = 6, key.long_first = true;
    for (int again = 0; again < 2; again++) {
        OK(e, ledger_file_open(lab->l, &key, &now, &e));
        assert_true(!now.is_new && now.file_id == was.file_id && now.offset == 5 << 20);
    }
}

static void several_batches_are_one_transaction(void **state) {
    Lab *lab = *state;
    Err e = {""};
    size_t stored;
    Batch *other = batch_new(16);
    FileKnown a = lab_file(lab, "gw", "a", 1, 1), b = lab_file(lab, "gw", "b", 2, 2);
    lab_add(lab, 1, T0)->name[DIM_TEAM] = lab_name(lab, "red");
    lab_mark(lab, a.file_id, 10);
    Batch *first = lab->b;
    lab->b = other;
    lab_name(lab, "so that indices differ");
    lab_add(lab, 2, T0)->name[DIM_TEAM] = lab_name(lab, "blue");
    lab_mark(lab, b.file_id + 1000, 20); /* unknown: the whole transaction fails */
    assert_int_equal(ledger_ingest_some(lab->l, (Batch *[]){first, other}, 2, &stored, &lab->n, &e), -1);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM request"), 0);
    e = (Err){""};
    batch_mark(other)->file_id = b.file_id;
    OK(e, ledger_ingest_some(lab->l, (Batch *[]){first, other}, 2, &stored, &lab->n, &e));
    assert_int_equal(stored, 2);
    lab->b = first;
    batch_free(other);
    assert_int_equal(lab->n.added, 2);
    assert_int_equal(lab_number(lab, "SELECT count(DISTINCT team) FROM combo"), 2);
    assert_int_equal(lab_number(lab, "SELECT sum(offset) FROM file"), 30);
}

/* ---- L4 is watched ---- */
static void the_check_sees_a_wrong_rollup(void **state) {
    Lab *lab = *state;
    Err e = {""};
    lab_add(lab, 1, T0);
    lab_ingest(lab);
    lab_verify(lab);
    for (Rollup r = 0; r < ROLLUPS; r++) {
        Err found = {""};
        CellSum wrong = {.cell = cell_of(T0 / rollup_slot_ms(r), 1), .sums.v[SUM_REQUESTS] = 1};
        OK(e, rollup_add(lab->db, r, &wrong, 1, &e));
        assert_int_equal(ledger_verify(lab->l, &found), -1);
        assert_non_null(strstr(found.text, "differs"));
        wrong.sums.v[SUM_REQUESTS] = -1;
        OK(e, rollup_add(lab->db, r, &wrong, 1, &e));
        lab_verify(lab);
    }
    OK(e, db_exec(lab->db, "CREATE TABLE kept AS SELECT * FROM request; DELETE FROM request", &e));
    assert_int_equal(ledger_verify(lab->l, &e), -1);
    e = (Err){""};
    OK(e, db_exec(lab->db, "INSERT INTO request SELECT * FROM kept", &e));
}

/* Doctor looks with a connection that cannot write, at pages, rows and sums, and stops when it takes too long. */
static void the_check_needs_no_writer_and_ends(void **state) {
    Lab *lab = *state;
    Err e = {""};
    Db *db;
    bool whole = false;
    for (uint64_t i = 1; i <= 4000; i++) lab_add(lab, i, LAB_NOW - 3600000 + (int64_t)i);
    lab_ingest(lab);
    OK(e, db_open(&db, lab->path, DB_READ, &e));
    OK(e, ledger_check(db, 60000, &whole, &e));
    assert_true(whole);
    OK(e, ledger_check(db, -1, &whole, &e));
    assert_false(whole);
    OK(e, db_exec(lab->db, "CREATE TABLE kept AS SELECT * FROM request; UPDATE request SET body = x'0011' WHERE key = (SELECT max(key) FROM request)", &e));
    assert_int_equal(ledger_check(db, 60000, &whole, &e), -1);
    assert_non_null(strstr(e.text, "cannot be read; move the ledger away"));
    e = (Err){""};
    OK(e, db_exec(lab->db, "DELETE FROM request; INSERT INTO request SELECT * FROM kept; DROP TABLE kept", &e));
    db_close(db);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_record_read_again_changes_nothing),
        CASE(the_most_output_wins_at_the_earliest_time),
        CASE(a_moved_row_takes_its_sums_along),
        CASE(what_else_decides_between_equals),
        CASE(a_row_may_change_its_combo),
        CASE(nothing_known_is_lost_on_the_way),
        CASE(absurd_requests_are_held_to_bounds),
        CASE(hostile_sums_are_full_not_small),
        CASE(ids_on_one_key_stand_side_by_side),
        CASE(a_moved_row_leaves_no_hole),
        CASE(what_was_not_committed_was_never_there),
        CASE(files_are_opened_all_or_none),
        CASE(a_long_first_line_is_known_by_its_place),
        CASE(several_batches_are_one_transaction),
        CASE(the_check_sees_a_wrong_rollup),
        CASE(the_check_needs_no_writer_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
