/* test_format_cases: whole logs through reader and parser, each framing and each format, on what logs may hold besides the
 * plain: spaces, nulls, any order of keys, escaped keys, usage in texts, broken lines, no end of the last line.
 *
 * A case is a folder of tests/formats: `log`; `expect`, what becomes of every record, after the name of the format that
 * recognises it; `formats/NAME.json` where it is a format of the user's own.
 */
#include "collectors/reader.h"
#include "store/clock.h"
#include "store/data.h"
#include "store/money.h"
#include "tests/unit.h"
#include <dirent.h>
#include <fcntl.h>

#define CASES "tests/formats"

static Book *book;

static void put_name(Buf *out, const char *member, const Batch *b, uint32_t name) {
    Str s = batch_name_at(b, name);
    if (s.len) buf_fmt(out, " %s=%.*s", member, (int)s.len, s.at);
}

static void put_request(Buf *out, const Batch *b, const Request *r, uint64_t line) {
    static const struct { const char *name; Dim dim; } names[] = {
        {"provider", DIM_PROVIDER}, {"feature", DIM_FEATURE}, {"team", DIM_TEAM}, {"key", DIM_KEY}, {"session", DIM_SESSION}};
    static const char *const tokens[TOK_COUNT] = {"in", "read", "write5m", "write1h", "out", "reasoning", "audio"};
    char time[32], cost[32] = "unpriced";
    time_format_utc(r->ts_ms, time, sizeof time);
    if (!(r->flags & REQ_UNPRICED)) nano_exact(r->cost_nano, cost, sizeof cost);
    Str model = batch_name_at(b, r->name[DIM_MODEL]);
    buf_fmt(out, "%llu: %s %s %.*s", (unsigned long long)line, time, outcome_names[r->outcome], (int)model.len, model.at);
    for (int i = 0; i < TOK_COUNT; i++)
        if (r->tokens[i]) buf_fmt(out, " %s=%lld", tokens[i], (long long)r->tokens[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) put_name(out, names[i].name, b, r->name[names[i].dim]);
    if (r->more_calls) buf_fmt(out, " calls=%lld", (long long)r->more_calls + 1);
    buf_fmt(out, " $%s\n", cost);
}

static void put_record(Buf *out, Parser *p, Batch *b, const Record *record) {
    Err e = {0};
    batch_clear(b);
    ParseResult result = parser_record(p, record->text, record->len, record->offset, record->length, b, &e);
    for (size_t i = 0; i < batch_count(b); i++) put_request(out, b, batch_at(b, i), record->line);
    if (result == PARSE_BAD) buf_fmt(out, "%llu: bad\n", (unsigned long long)record->line);
    if (result == PARSE_SKIPPED) buf_fmt(out, "%llu: skipped\n", (unsigned long long)record->line);
}

static void read_log(const Format *f, Framing framing, const char *path, int fd, Buf *out) {
    Reader *r;
    Record record;
    Err e = {0};
    ParseContext c = {.book = book, .path = path, .fingerprint = 1, .framing = framing, .account = "", .feature = "", .team = "", .gateway = ""};
    Parser *p = parser_new(f, &c);
    Batch *b = batch_new(64);
    assert_int_equal(reader_open_fd(&r, fd, path, framing, &e), 0);
    while (reader_last(r, &record, &e) == READ_RECORD) put_record(out, p, b, &record);
    assert_string_equal(e.text, "");
    reader_close(r);
    parser_free(p);
    batch_free(b);
}

static void run_case(const char *name) {
    char dir[300], path[400];
    Buf want = {.max = 64 << 10}, head = {.max = 64 << 10}, got = {.max = 64 << 10};
    Formats *formats;
    Err e = {0};
    snprintf(dir, sizeof dir, CASES "/%s", name);
    snprintf(path, sizeof path, "%s/expect", dir);
    if (formats_load(&formats, dir, &e) != 0 || file_read(path, &want, &e) != 0) fail_msg("%s: %s", name, e.text);
    snprintf(path, sizeof path, "%s/log", dir);
    if (file_read(path, &head, &e) != 0) fail_msg("%s: %s", name, e.text);
    const Format *f = formats_guess(formats, path, head.at, head.len);
    buf_fmt(&got, "format %s\n", f ? format_name(f) : "none");
    if (f) read_log(f, format_framing_of(f, head.at, head.len), path, open(path, O_RDONLY | O_CLOEXEC), &got);
    if (strcmp(got.at, want.at ? want.at : "") != 0) fail_msg("%s/expect does not say:\n%s", dir, got.at);
    formats_free(formats);
    buf_free(&want);
    buf_free(&head);
    buf_free(&got);
}

static void every_log_becomes_what_its_case_expects(void **state) {
    (void)state;
    DIR *cases = opendir(CASES);
    size_t count = 0;
    assert_non_null(cases);
    for (struct dirent *d; (d = readdir(cases));)
        if (d->d_name[0] != '.') run_case(d->d_name), count++;
    closedir(cases);
    assert_true(count >= 9);
}

static int setup(void **state) {
    (void)state;
    Err e = {0};
    if (book_load(&book, NULL, &e) != 0) fail_msg("%s", e.text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    book_free(book);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_log_becomes_what_its_case_expects)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
