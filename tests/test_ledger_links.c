/* test_ledger_links: two sources that saw one call count once (L3), and files are known again. */
#include "tests/ledger_lab.h"

#define HOUR MS_PER_HOUR
#define DAY MS_PER_DAY
#define T0 (LAB_NOW - 5 * HOUR)

/* ---- L3: two sources, one call ---- */
enum { GATEWAY, AGENT, SPANS, PROXY, SUMS };
static void add_all(Lab *lab, int who, uint64_t id, int64_t ts_ms, uint64_t upstream, uint64_t also, uint32_t flags) {
    static const char *const names[] = {"gw", "claude", "otel", "proxy", "sums"};
    static const uint8_t classes[] = {CLASS_GATEWAY, CLASS_TRANSCRIPT, CLASS_TELEMETRY, CLASS_GATEWAY, CLASS_METRICS};
    FileKnown file = lab_file(lab, names[who], names[who], 100 + (uint64_t)who, 100 + who);
    Request *r = lab_add_any(lab, id, ts_ms, 10);
    r->upstream = upstream;
    r->also = also;
    r->source_class = classes[who];
    r->flags |= flags;
    lab_mark(lab, file.file_id, 1);
    lab_ingest(lab);
}

static void add_flagged(Lab *lab, int who, uint64_t id, int64_t ts_ms, uint64_t upstream, uint32_t flags) {
    add_all(lab, who, id, ts_ms, upstream, 0, flags);
}

static void add_from(Lab *lab, int who, uint64_t id, int64_t ts_ms, uint64_t upstream) {
    add_flagged(lab, who, id, ts_ms, upstream, 0);
}

static bool is_linked(Lab *lab, uint64_t id) {
    for (int i = 0;; i++) {
        Row row = lab_row(lab, i);
        if (row.r.id == id) return row.r.flags & REQ_LINKED;
    }
}

static void the_gateway_counts_in_either_order(void **state) {
    Lab *lab = *state;
    add_from(lab, GATEWAY, 1, T0, 500);
    add_from(lab, AGENT, 2, T0 + 60000, 500);
    add_from(lab, AGENT, 3, T0, 600);
    add_from(lab, GATEWAY, 4, T0 + 60000, 600);
    assert_false(is_linked(lab, 1));
    assert_true(is_linked(lab, 2));
    assert_true(is_linked(lab, 3));
    assert_false(is_linked(lab, 4));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 2);
    assert_int_equal(lab->n.linked, 2);
}

/* Two calls of one file that show one id, in one batch, before and behind the other source's: the second is stored when the first is
 * judged, and stops counting only once. */
static void calls_of_one_batch_with_one_id_stop_counting_once(void **state) {
    Lab *lab = *state;
    add_from(lab, PROXY, 5, T0, 500);
    FileKnown file = lab_file(lab, "gw", "gw", 100, 100);
    for (uint64_t id = 1; id < 10; id += 8) {
        Request *r = lab_add_any(lab, id, T0 + (int64_t)id, 10);
        r->upstream = 500;
        r->source_class = CLASS_GATEWAY;
    }
    lab_mark(lab, file.file_id, 1);
    lab_ingest(lab);
    assert_true(is_linked(lab, 5) && is_linked(lab, 9) && !is_linked(lab, 1));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 1);
}

static void of_three_sources_the_best_counts(void **state) {
    Lab *lab = *state;
    add_from(lab, AGENT, 1, T0, 500);
    add_from(lab, SPANS, 2, T0, 500);
    add_from(lab, GATEWAY, 3, T0, 500);
    assert_true(is_linked(lab, 1) && is_linked(lab, 2) && !is_linked(lab, 3));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 1);
}

/* L3: a gateway that lost the counters of a call does not hide the ones of another; a better class still decides first. */
static void who_counted_goes_before_who_did_not(void **state) {
    Lab *lab = *state;
    add_flagged(lab, GATEWAY, 1, T0, 500, REQ_USAGE_MISSING);
    add_flagged(lab, PROXY, 2, T0, 500, 0);
    add_flagged(lab, PROXY, 4, T0, 600, REQ_USAGE_ESTIMATED);
    add_flagged(lab, GATEWAY, 3, T0, 600, REQ_USAGE_MISSING);
    add_flagged(lab, GATEWAY, 5, T0, 700, REQ_USAGE_MISSING);
    add_flagged(lab, AGENT, 6, T0, 700, 0);
    assert_true(is_linked(lab, 1) && !is_linked(lab, 2));
    assert_true(is_linked(lab, 3) && !is_linked(lab, 4));
    assert_true(!is_linked(lab, 5) && is_linked(lab, 6));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 3);
}

/* L3: telemetry shows the id of the request alone, a gateway that of the answer, and the transcript both: one call, in every order. */
static void a_transcript_joins_by_the_request_too(void **state) {
    Lab *lab = *state;
    static const int orders[6][3] = {{AGENT, SPANS, GATEWAY}, {AGENT, GATEWAY, SPANS}, {SPANS, AGENT, GATEWAY},
                                     {SPANS, GATEWAY, AGENT}, {GATEWAY, AGENT, SPANS}, {GATEWAY, SPANS, AGENT}};
    for (uint64_t i = 0; i < 6; i++) {
        uint64_t answer = 1000 + i, request = 2000 + i;
        for (int k = 0; k < 3; k++) {
            int who = orders[i][k];
            add_all(lab, who, 10 * i + 1 + (uint64_t)who, T0, who == SPANS ? request : answer, who == AGENT ? request : 0, 0);
        }
        assert_true(is_linked(lab, 10 * i + 1 + AGENT) && is_linked(lab, 10 * i + 1 + SPANS) && !is_linked(lab, 10 * i + 1 + GATEWAY));
    }
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 6);
}

/* Without the transcript nobody knows that they are one; when it moves away, they are two again. */
static void what_joined_two_goes_and_both_count(void **state) {
    Lab *lab = *state;
    add_from(lab, GATEWAY, 1, T0, 500);
    add_from(lab, SPANS, 2, T0, 600);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 2);
    add_all(lab, AGENT, 3, T0, 500, 600, 0);
    assert_true(!is_linked(lab, 1) && is_linked(lab, 2) && is_linked(lab, 3));
    add_all(lab, AGENT, 3, T0 - 4 * HOUR, 500, 600, 0);
    assert_true(!is_linked(lab, 1) && !is_linked(lab, 2) && !is_linked(lab, 3));
}

/* L3: sums yield to the calls of their service within an hour, whichever came first; those of other services and hours count. */
static void metrics_yield_to_their_services_calls(void **state) {
    Lab *lab = *state;
    enum { SHOP = 7, CART = 8 };
    add_all(lab, SUMS, 1, T0, 0, SHOP, 0);
    add_all(lab, SUMS, 2, T0, 0, CART, 0);
    add_all(lab, SUMS, 3, T0 - 3 * HOUR, 0, SHOP, 0);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 3);
    add_all(lab, SPANS, 4, T0 - HOUR, 0, SHOP, 0);
    assert_true(is_linked(lab, 1) && !is_linked(lab, 2) && !is_linked(lab, 3) && !is_linked(lab, 4));
    add_all(lab, SUMS, 5, T0 - HOUR, 0, SHOP, 0);
    assert_true(is_linked(lab, 5));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 3);
    add_all(lab, SPANS, 4, T0 - 5 * HOUR, 0, SHOP, 0); /* the only call moves away */
    assert_true(!is_linked(lab, 1) && !is_linked(lab, 3) && !is_linked(lab, 5));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 5);
}

/* Rows of sums and services' hours go with the day they belong to. */
static void services_are_purged_with_their_day(void **state) {
    Lab *lab = *state;
    add_all(lab, SUMS, 1, T0 - 40 * DAY, 0, 7, 0);
    add_all(lab, SPANS, 2, T0 - 40 * DAY, 0, 7, 0);
    add_all(lab, SUMS, 3, T0, 0, 7, 0);
    lab_purge(lab, 35);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM service_hour"), 1);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM service_metric"), 1);
}

static void rows_of_one_source_are_never_linked(void **state) {
    Lab *lab = *state;
    add_from(lab, AGENT, 1, T0, 500);
    add_from(lab, AGENT, 2, T0, 500);
    add_from(lab, GATEWAY, 3, T0, 501);
    add_from(lab, GATEWAY, 4, T0, 501);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 4);
    assert_int_equal(lab->n.linked, 0);
}

/* An import is one source, but a transcript and a gateway's log in it saw one call. */
static void two_formats_of_one_source_are_linked(void **state) {
    Lab *lab = *state;
    static const char *const formats[] = {"claude-code", "gateway"};
    static const uint8_t classes[] = {CLASS_TRANSCRIPT, CLASS_GATEWAY};
    Err e = {""};
    for (int i = 0; i < 2; i++) {
        const FileKey key = {.source = "import", .format = formats[i], .path = formats[i], .fingerprint = 100 + (uint64_t)i, .dev = 1, .ino = 100 + i};
        FileKnown file;
        OK(e, ledger_file_open(lab->l, &key, &file, &e));
        Request *r = lab_add_any(lab, 1 + (uint64_t)i, T0, 10);
        r->upstream = 500;
        r->source_class = classes[i];
        lab_mark(lab, file.file_id, 1);
        lab_ingest(lab);
    }
    assert_true(is_linked(lab, 1) && !is_linked(lab, 2));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 1);
}

static void a_stored_answer_is_a_call_of_its_own(void **state) {
    Lab *lab = *state;
    add_from(lab, AGENT, 1, T0, 500);
    FileKnown file = lab_file(lab, "gw", "gw", 100, 100);
    Request *r = lab_add(lab, 2, T0);
    r->upstream = 500;
    r->flags = REQ_CACHE_HIT;
    lab_mark(lab, file.file_id, 1);
    lab_ingest(lab);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 2);
}

/* Only rows within an hour of each other are compared: an upstream id is no name for ever. */
static void far_apart_is_another_call(void **state) {
    Lab *lab = *state;
    add_from(lab, GATEWAY, 1, T0 - 3 * HOUR, 500);
    add_from(lab, AGENT, 2, T0, 500);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 2);
    add_from(lab, GATEWAY, 3, T0 + HOUR, 500); /* the hour after */
    assert_true(is_linked(lab, 2));
}

/* L1 with L3: when the better row moves out of reach, the other one counts again. */
static void the_loser_counts_again_when_the_winner_moves_away(void **state) {
    Lab *lab = *state;
    add_from(lab, GATEWAY, 1, T0, 500);
    add_from(lab, AGENT, 2, T0, 500);
    assert_true(is_linked(lab, 2));
    add_from(lab, GATEWAY, 1, T0 - 4 * HOUR, 500); /* the same record, seen with an earlier time */
    assert_false(is_linked(lab, 2));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 2);
}

static void a_linked_row_that_grows_still_counts_nowhere(void **state) {
    Lab *lab = *state;
    add_from(lab, GATEWAY, 1, T0, 500);
    add_from(lab, AGENT, 2, T0, 500);
    FileKnown file = lab_file(lab, "claude", "claude", 101, 101);
    Request *r = lab_add_any(lab, 2, T0, 5000);
    r->upstream = 500;
    r->source_class = CLASS_TRANSCRIPT;
    lab_mark(lab, file.file_id, 2);
    lab_ingest(lab);
    assert_true(is_linked(lab, 2));
    assert_int_equal(lab_sums(lab).v[SUM_TOKENS + TOK_OUTPUT], 10);
}

/* What one process remembers of an hour is not what another has made of it since. */
static void two_writers_link_each_others_rows(void **state) {
    Lab *lab = *state, other = *lab;
    other.b = batch_new(16);
    lab_connect(&other);
    add_from(lab, GATEWAY, 1, T0, 500);
    add_from(&other, AGENT, 2, T0, 500); /* the hour is indexed now */
    add_from(lab, GATEWAY, 3, T0, 600);
    add_from(&other, AGENT, 4, T0, 600);
    assert_true(is_linked(lab, 2) && is_linked(lab, 4));
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 2);
    lab_disconnect(&other);
    batch_free(other.b);
}

/* An "upstream id" that everything shows is a constant, not an id. */
static void a_constant_upstream_id_links_nothing_more(void **state) {
    Lab *lab = *state;
    FileKnown gw = lab_file(lab, "gw", "gw", 100, 100), agent = lab_file(lab, "claude", "claude", 101, 101);
    for (uint64_t i = 1; i <= 2000; i++) lab_add(lab, i, T0 + (int64_t)i)->upstream = 500;
    lab_mark(lab, gw.file_id, 1);
    lab_ingest(lab);
    for (uint64_t i = 1; i <= 2000; i++) lab_add(lab, 10000 + i, T0 + (int64_t)i)->upstream = 500;
    lab_mark(lab, agent.file_id, 1);
    lab_ingest(lab);
    assert_int_equal(lab_sums(lab).v[SUM_REQUESTS], 4000);
}

/* ---- files ---- */
static void a_file_is_known_by_its_first_line(void **state) {
    Lab *lab = *state;
    FileKnown a = lab_file(lab, "gw", "/log/a", 1, 10);
    assert_true(a.is_new && !a.moved && a.offset == 0);
    lab_mark(lab, a.file_id, 500);
    batch_mark(lab->b)->tail_hash = 42;
    batch_mark(lab->b)->lines = 7;
    batch_mark(lab->b)->ino = 10;
    batch_mark(lab->b)->state = "abc";
    batch_mark(lab->b)->state_len = 3;
    lab_ingest(lab);
    FileKnown again = lab_file(lab, "gw", "/log/a", 1, 10);
    assert_int_equal(again.file_id, a.file_id);
    assert_true(!again.is_new && !again.moved);
    assert_int_equal(again.offset, 500);
    assert_int_equal(again.tail_hash, 42);
    assert_int_equal(again.lines, 7);
    assert_int_equal(again.state_len, 3);
    assert_memory_equal(again.state, "abc", 3);
    FileKnown renamed = lab_file(lab, "gw", "/log/a.1", 1, 10); /* rotated by rename */
    assert_int_equal(renamed.file_id, a.file_id);
    assert_false(renamed.moved);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM file WHERE path = '/log/a.1'"), 1);
    FileKnown fresh = lab_file(lab, "gw", "/log/a", 2, 11); /* the new file at the old path */
    assert_true(fresh.is_new);
    assert_int_not_equal(fresh.file_id, a.file_id);
}

/* A copy (gzipped, copied, forked) gets its own row, and may go on where the other one stands if the tail proves it. */
static void a_copy_has_its_own_row(void **state) {
    Lab *lab = *state;
    FileKnown a = lab_file(lab, "gw", "/log/a", 1, 10);
    lab_mark(lab, a.file_id, 500);
    batch_mark(lab->b)->tail_hash = 42;
    lab_ingest(lab);
    FileKnown copy = lab_file(lab, "gw", "/log/a.gz", 1, 77);
    assert_int_not_equal(copy.file_id, a.file_id);
    assert_true(copy.moved && !copy.is_new);
    assert_int_equal(copy.offset, 500);
    assert_int_equal(copy.tail_hash, 42);
    FileKnown again = lab_file(lab, "gw", "/log/a.gz", 1, 77); /* nothing of it was committed: begin at 0 */
    assert_int_equal(again.file_id, copy.file_id);
    assert_int_equal(again.offset, 0);
    FileKnown imported = lab_file(lab, "import", "/log/a", 1, 10); /* another source reads for itself */
    assert_true(imported.is_new);
}

static void a_replaced_file_at_its_path_must_prove_its_tail(void **state) {
    Lab *lab = *state;
    FileKnown a = lab_file(lab, "gw", "/log/a", 1, 10);
    lab_mark(lab, a.file_id, 500);
    lab_ingest(lab);
    FileKnown b = lab_file(lab, "gw", "/log/a", 1, 12);
    assert_int_equal(b.file_id, a.file_id);
    assert_true(b.moved);
    assert_int_equal(b.offset, 500);
}

static void sources_have_their_health(void **state) {
    Lab *lab = *state;
    Err e = {""};
    lab_file(lab, "gw", "/log/a", 1, 10);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM source WHERE name = 'gw' AND state = 'waiting'"), 1);
    SourceHealth h = {.source = "gw", .kind = "gateway", .state = "ok", .last_word = "", .seen_ms = 5, .lag_ms = 2};
    OK(e, ledger_source_health(lab->l, &h, &e));
    h.seen_ms = 3;
    OK(e, ledger_source_health(lab->l, &h, &e));
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM source WHERE state = 'ok' AND seen_ms = 5 AND lag_ms = 2"), 1);
    OK(e, ledger_heartbeat(lab->l, "host 1 me", &e));
    assert_int_equal(lab_number(lab, "SELECT value FROM meta WHERE key = 'heartbeat_ms'"), LAB_NOW);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM meta WHERE key = 'heartbeat_by' AND value = 'host 1 me'"), 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_gateway_counts_in_either_order),
        CASE(calls_of_one_batch_with_one_id_stop_counting_once),
        CASE(of_three_sources_the_best_counts),
        CASE(who_counted_goes_before_who_did_not), CASE(rows_of_one_source_are_never_linked),
        CASE(a_transcript_joins_by_the_request_too), CASE(what_joined_two_goes_and_both_count),
        CASE(metrics_yield_to_their_services_calls), CASE(services_are_purged_with_their_day),
        CASE(two_formats_of_one_source_are_linked),
        CASE(a_stored_answer_is_a_call_of_its_own),
        CASE(far_apart_is_another_call),
        CASE(the_loser_counts_again_when_the_winner_moves_away),
        CASE(a_linked_row_that_grows_still_counts_nowhere),
        CASE(two_writers_link_each_others_rows),
        CASE(a_constant_upstream_id_links_nothing_more),
        CASE(a_file_is_known_by_its_first_line),
        CASE(a_copy_has_its_own_row),
        CASE(a_replaced_file_at_its_path_must_prove_its_tail),
        CASE(sources_have_their_health),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
