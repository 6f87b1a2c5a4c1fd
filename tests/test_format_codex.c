/* test_format_codex: what a Codex session cost does not depend on how its file was read: stopped after any line and
 * started again, copied, packed, forked, in any order. */
#include "collectors/collect.h"
#include "collectors/scan.h"
#include "store/query.h"
#include "tests/formats_lab.h"
#include <zlib.h>

#define SINCE_MS INT64_C(1777593600000) /* 2026-05-01 00:00 UTC */
#define META(id, at, more) "{\"timestamp\":\"" at "\",\"type\":\"session_meta\",\"payload\":{\"id\":\"" id "\",\"cwd\":\"/p\",\"model_provider\":\"openai\"" more "}}"
#define MODEL(name, at) "{\"timestamp\":\"" at "\",\"type\":\"turn_context\",\"payload\":{\"model\":\"" name "\"}}"
#define USED(in, cached, out) "{\"input_tokens\":" #in ",\"cached_input_tokens\":" #cached ",\"output_tokens\":" #out ",\"reasoning_output_tokens\":0}"
#define COUNT(at, total, last) \
    "{\"timestamp\":\"" at "\",\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{\"total_token_usage\":" total ",\"last_token_usage\":" last "}}}"
#define ANSWER(at, id, usage) "{\"timestamp\":\"" at "\",\"type\":\"token_usage_record\",\"payload\":{\"response_id\":\"" id "\",\"usage\":" usage "}}"

/* Calls of 1000/100, 2000 (900 cached)/200, a refresh, 500 (400)/20 with another model, a new beginning of 300/7. */
static const char *const parent[] = {
    META("p", "2026-05-01T10:00:00.000Z", ""), MODEL("gpt-5.1-codex", "2026-05-01T10:00:01.000Z"),
    COUNT("2026-05-01T10:00:05.000Z", USED(1000, 0, 100), USED(1000, 0, 100)),
    "{\"timestamp\":\"2026-05-01T10:00:06.000Z\",\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"content\":[]}}",
    COUNT("2026-05-01T10:00:07.000Z", USED(1000, 0, 100), USED(1000, 0, 100)),
    COUNT("2026-05-01T10:00:20.000Z", USED(3000, 900, 300), USED(2000, 900, 200)),
    MODEL("gpt-5.1-codex-mini", "2026-05-01T10:00:21.000Z"), "not a line of Codex",
    COUNT("2026-05-01T10:00:30.000Z", USED(3500, 1300, 320), USED(500, 400, 20)),
    COUNT("2026-05-01T10:00:40.000Z", USED(300, 0, 7), USED(300, 0, 7)), NULL};
/* The parent's history again, written anew when the fork began; then a call of its own of 50/5. */
static const char *const fork_anew[] = {
    META("f", "2026-05-02T09:00:00.100Z", ",\"forked_from_id\":\"p\""), META("p", "2026-05-02T09:00:00.101Z", ""),
    MODEL("gpt-5.1-codex", "2026-05-02T09:00:00.102Z"),
    COUNT("2026-05-02T09:00:00.900Z", USED(1000, 0, 100), USED(1000, 0, 100)),
    COUNT("2026-05-02T09:00:01.001Z", USED(3000, 900, 300), USED(2000, 900, 200)),
    COUNT("2026-05-02T09:00:07.000Z", USED(3050, 900, 305), USED(50, 0, 5)), NULL};
/* A fork whose history keeps its times, which are later than its own first line says; then a call of 60/6. */
static const char *const fork_kept[] = {
    META("k", "2026-05-01T09:00:00.000Z", ",\"forked_from_id\":\"p\""), MODEL("gpt-5.1-codex", "2026-05-01T10:00:01.000Z"),
    COUNT("2026-05-01T10:00:05.000Z", USED(1000, 0, 100), USED(1000, 0, 100)),
    COUNT("2026-05-01T10:00:20.000Z", USED(3000, 900, 300), USED(2000, 900, 200)),
    COUNT("2026-05-03T10:00:00.000Z", USED(3060, 900, 306), USED(60, 0, 6)), NULL};
/* A newer version: one record an answer; the file of the fork repeats the first; one of its own of 40/4. */
static const char *const answers[] = {
    META("a", "2026-05-01T11:00:00.000Z", ""), MODEL("gpt-5.1-codex", "2026-05-01T11:00:01.000Z"),
    ANSWER("2026-05-01T11:00:05.000Z", "resp_1", USED(10, 0, 1)), COUNT("2026-05-01T11:00:05.001Z", USED(10, 0, 1), USED(10, 0, 1)),
    ANSWER("2026-05-01T11:00:09.000Z", "resp_2", USED(20, 5, 2)), COUNT("2026-05-01T11:00:09.001Z", USED(30, 5, 3), USED(20, 5, 2)), NULL};
static const char *const fork_answers[] = {
    META("b", "2026-05-02T11:00:00.000Z", ",\"forked_from_id\":\"a\""), MODEL("gpt-5.1-codex", "2026-05-02T11:00:00.001Z"),
    ANSWER("2026-05-02T11:00:00.002Z", "resp_1", USED(10, 0, 1)), COUNT("2026-05-02T11:00:00.003Z", USED(10, 0, 1), USED(10, 0, 1)),
    ANSWER("2026-05-02T11:00:30.000Z", "resp_9", USED(40, 0, 4)), COUNT("2026-05-02T11:00:30.001Z", USED(50, 0, 5), USED(40, 0, 4)), NULL};

/* ---- a parser that stops after every line ---- */

static void feed(Parser *p, const char *line, uint64_t offset, Batch *b) {
    char text[1024 + SCAN_PAD] = {0};
    Err e = {0};
    size_t len = strlen(line);
    memcpy(text, line, len);
    parser_record(p, text, len, offset, (uint32_t)len + 1, b, &e);
}

static ParseContext context(void) {
    return (ParseContext){.book = book, .path = "/x", .fingerprint = 7, .account = "", .feature = "", .team = "", .gateway = ""};
}

/* Lines [0, stop) through one parser, the rest through another that has its state. */
static Batch *read_with_stop(const char *const *lines, size_t stop) {
    Batch *b = batch_new(64);
    ParseContext c = context();
    const Format *f = formats_find(formats, "codex");
    Parser *p = parser_new(f, &c);
    uint64_t offset = 0;
    for (size_t i = 0; lines[i]; offset += strlen(lines[i]) + 1, i++) {
        if (i == stop) {
            uint8_t state[FILE_STATE_MAX];
            Err e = {0};
            uint32_t len = parser_state(p, state);
            parser_free(p);
            p = parser_new(f, &c);
            assert_int_equal(parser_restore(p, state, len, &e), 0);
        }
        feed(p, lines[i], offset, b);
    }
    parser_free(p);
    return b;
}

static void same_requests(const Batch *a, const Batch *b) {
    assert_int_equal(batch_count(a), batch_count(b));
    for (size_t i = 0; i < batch_count(a); i++) {
        const Request *x = batch_at(a, i), *y = batch_at(b, i);
        assert_true(x->id == y->id && x->ts_ms == y->ts_ms && x->cost_nano == y->cost_nano && x->flags == y->flags);
        assert_memory_equal(x->tokens, y->tokens, sizeof x->tokens);
        for (int d = 0; d < DIM_COUNT; d++) {
            Str m = batch_name_at(a, x->name[d]), n = batch_name_at(b, y->name[d]);
            assert_true(m.len == n.len && memcmp(m.at, n.at, m.len) == 0);
        }
    }
}

static void a_stop_after_any_line_changes_nothing(void **state) {
    (void)state;
    const char *const *const files[] = {parent, fork_anew, fork_kept, answers, fork_answers};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        Batch *whole = read_with_stop(files[i], SIZE_MAX);
        assert_true(batch_count(whole) > 0);
        for (size_t stop = 0; files[i][stop]; stop++) {
            Batch *b = read_with_stop(files[i], stop);
            same_requests(whole, b);
            batch_free(b);
        }
        batch_free(whole);
    }
}

/* ---- ledgers ---- */
typedef struct Home {
    char dir[400], db[500];
    Config *config;
} Home;

static void home_make(Home *h) {
    Err e = {0};
    snprintf(h->dir, sizeof h->dir, "%s/codex-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(h->dir));
    snprintf(h->db, sizeof h->db, "%s/ledger.db", h->dir);
    assert_int_equal(config_load(&h->config, NULL, &e), 0);
}

static void put(const Home *h, const char *name, const char *const *lines, size_t count, bool packed) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", h->dir, name);
    gzFile out = gzopen(path, packed ? "wb" : "wbT"); /* T: as it is */
    assert_non_null(out);
    for (size_t i = 0; i < count && lines[i]; i++) gzprintf(out, "%s\n", lines[i]);
    gzclose(out);
}

static void import(const Home *h, const char *name) {
    char path[600];
    const char *paths[] = {path};
    ImportOptions o = {.config = h->config, .db_path = h->db, .format = "codex", .now_ms = SINCE_MS + 5 * MS_PER_DAY};
    ImportSummary sum;
    Err e = {0};
    snprintf(path, sizeof path, "%s/%s", h->dir, name);
    if (import_files(&o, paths, 1, &sum, NULL, &e) != 0) print_error("%s\n", e.text);
    assert_string_equal(e.text, "");
    assert_string_equal(sum.first_failed, "");
}

static Totals total(const Home *h, int64_t until_ms) {
    Db *db;
    Err e = {0};
    Result r;
    Query q = {.since_ms = SINCE_MS, .until_ms = until_ms};
    assert_int_equal(db_open(&db, h->db, DB_READ, &e), 0);
    assert_int_equal(query_run(db, &q, &r, &e), 0);
    Totals t = r.total;
    result_free(&r);
    db_close(db);
    return t;
}

static void a_file_that_grows_line_by_line_counts_once(void **state) {
    (void)state;
    Home h;
    home_make(&h);
    size_t lines = 0;
    while (parent[lines]) lines++;
    for (size_t n = 1; n <= lines; n++) {
        put(&h, "rollout.jsonl", parent, n, false);
        import(&h, "rollout.jsonl");
    }
    Totals t = total(&h, SINCE_MS + MS_PER_DAY);
    assert_int_equal(t.requests, 4);
    assert_int_equal(t.tokens[TOK_INPUT], 1000 + 1100 + 100 + 300);
    assert_int_equal(t.tokens[TOK_CACHE_READ], 900 + 400);
    assert_int_equal(t.tokens[TOK_OUTPUT], 100 + 200 + 20 + 7);
    config_free(h.config);
}

static const struct Copy { const char *name; const char *const *lines; bool packed; } copies[] = {
    {"rollout-p.jsonl", parent, false}, {"archived.jsonl", parent, false}, {"rollout-p.jsonl.gz", parent, true},
    {"rollout-f.jsonl", fork_anew, false}, {"rollout-k.jsonl", fork_kept, false}, {"rollout-a.jsonl.gz", answers, true},
    {"rollout-b.jsonl", fork_answers, false}};
enum { COPIES = sizeof copies / sizeof *copies };

/* Every start, forwards and backwards. */
static void copies_and_forks_in_any_order_count_once(void **state) {
    (void)state;
    for (size_t order = 0; order < COPIES * 2; order++) {
        Home h;
        home_make(&h);
        for (size_t i = 0; i < COPIES; i++) {
            const struct Copy *c = &copies[(order % COPIES + (order < COPIES ? i : COPIES - i)) % COPIES];
            put(&h, c->name, c->lines, SIZE_MAX, c->packed);
            import(&h, c->name);
        }
        Totals first = total(&h, SINCE_MS + MS_PER_DAY), all = total(&h, SINCE_MS + 5 * MS_PER_DAY);
        assert_int_equal(first.requests, 4 + 2); /* at the times of the originals */
        assert_int_equal(all.requests, 4 + 1 + 1 + 2 + 1);
        assert_int_equal(all.tokens[TOK_INPUT], 2500 + 50 + 60 + 10 + 15 + 40);
        assert_int_equal(all.tokens[TOK_CACHE_READ], 1300 + 5);
        assert_int_equal(all.tokens[TOK_OUTPUT], 327 + 5 + 6 + 1 + 2 + 4);
        config_free(h.config);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_after_any_line_changes_nothing),
        cmocka_unit_test(a_file_that_grows_line_by_line_counts_once),
        cmocka_unit_test(copies_and_forks_in_any_order_count_once),
    };
    return cmocka_run_group_tests(tests, formats_setup, formats_teardown);
}
