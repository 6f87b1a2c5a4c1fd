/* test_follow_growth: a log is the same whatever pieces it comes in: lines, pretty-printed values, arrays, told by its content or
 * by the configuration, with restarts between the pieces and with pauses that are long enough for its rest to be tried. */
#include "tests/follow_lab.h"

enum { RECORDS = 6 };

typedef struct Shape {
    const char *name, *begin, *between, *end;
    bool pretty;
} Shape;

static const Shape shapes[] = {
    {"lines", "", "\n", "\n", false},
    {"lines, no last newline", "", "\n", "", false},
    {"values on several lines", "", "\n", "\n", true},
    {"values on several lines, no last newline", "", "\n", "", true},
    {"values one after the other", "", "", "\n", false},
    {"an array on several lines", "[\n", ",\n", "\n]\n", true},
    {"an array, a value a line", "[\n", ",\n", "\n]\n", false},
    {"an array on one line", "[", ",", "]\n", false},
    {"CRLF and a mark", "\xEF\xBB\xBF", "\r\n", "\r\n", false},
};

static void add_record(Lab *lab, const Shape *s, bool ids, int i, Buf *out) {
    int n = ++lab->lines;
    const char *nl = s->pretty ? "\n  " : "";
    lab->requests++, lab->tokens += n;
    buf_str(out, i ? s->between : s->begin);
    buf_fmt(out, "{%s\"ts\": \"2026-11-24T11:00:%02d.%03dZ\",%s", nl, n / 1000 % 60, n % 1000, nl);
    if (ids) buf_fmt(out, "\"request_id\": \"r%d\",%s", n, nl);
    buf_fmt(out, "\"gateway\": \"g\",%s\"provider\": \"openai\",%s\"model\": \"gpt-4o\",%s\"status\": 200,%s", nl, nl, nl, nl);
    buf_fmt(out, "\"usage\": {%s\"prompt_tokens\": %d,%s\"completion_tokens\": 0,%s\"total_tokens\": %d%s},%s", nl, n, nl, nl, n, nl, nl);
    buf_fmt(out, "\"usage_state\": \"full\"%s}", s->pretty ? "\n" : "");
}

static char *make_text(Lab *lab, const Shape *s, bool ids) {
    Buf b = {0};
    for (int i = 0; i < RECORDS; i++) add_record(lab, s, ids, i, &b);
    buf_str(&b, s->end);
    return b.at;
}

typedef struct Pace {
    const char *name;
    size_t piece;
    int64_t pause_ms;
    bool restarts;
} Pace;

static void grow(Lab *lab, const char *name, const char *text, const Pace *p) {
    size_t len = strlen(text);
    for (size_t at = 0; at < len; at += p->piece) {
        int fd = lab_open_file(lab, name, O_WRONLY | O_APPEND | O_CREAT);
        lab_write_fd(fd, text + at, at + p->piece < len ? p->piece : len - at);
        close(fd);
        if (p->restarts) lab_stop(lab), lab_start(lab);
        lab_settle(lab);
        lab_pass(lab, p->pause_ms);
    }
    lab_pass(lab, 60000);
}

static bool ledger_is_seen(Db *db) {
    return sqlite3_exec(db_handle(db), "SELECT count(*) FROM file", NULL, NULL, NULL) == SQLITE_OK;
}

static void a_log_grows_in_pieces(const char *format, bool ids) {
    static const Pace paces[] = {{"at once", SIZE_MAX / 2, 0, false}, {"in pieces", 67, 10, false}, {"slowly", 131, 8000, false},
                                 {"with restarts", 101, 10, true}, {"slowly with restarts", 257, 8000, true}};
    Lab *lab = lab_new((const char *[]){"*.jsonl", NULL});
    snprintf(lab->source[0].format, sizeof lab->source[0].format, "%s", format);
    lab_start(lab);
    Db *held; /* so that a restart need not empty the write-ahead log, which is slow */
    Err e = {0};
    assert_int_equal(db_open(&held, lab->db, DB_READ, &e), 0);
    assert_true(ledger_is_seen(held));
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t k = 0; k < sizeof paces / sizeof *paces; k++) {
            char name[32], *text = make_text(lab, &shapes[i], ids);
            snprintf(name, sizeof name, "%zu-%zu.jsonl", i, k);
            grow(lab, name, text, &paces[k]);
            free(text);
            Totals t = lab_totals(lab);
            if (t.requests != lab->requests) print_message("%s, %s: %s\n", shapes[i].name, paces[k].name, lab_source(lab, 0).last_word);
            assert_int_equal(t.requests, lab->requests);
            assert_int_equal(t.tokens[TOK_INPUT], lab->tokens);
        }
    db_close(held);
    lab_free(lab);
}

static void told_by_its_content(void **state) {
    (void)state;
    a_log_grows_in_pieces("", true);
}

static void told_by_the_configuration(void **state) {
    (void)state;
    a_log_grows_in_pieces("gateway", false);
    a_log_grows_in_pieces("gateway", true);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(told_by_its_content), cmocka_unit_test(told_by_the_configuration)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
