/* The raw record behind a call: found again in its file, also packed or long; in one line why not when the file is gone,
 * another one, or shorter; and never with message text unless asked for. */
#include "collectors/raw_record.h"
#include "collectors/reader.h"
#include "tests/unit.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FIRST "{\"id\":\"a\",\"usage\":{\"input\":3}}"
#define SECOND "{ \"id\": \"b\", \"messages\": [{\"role\":\"user\",\"content\":\"my secret ]}\\\" here\"}], \"usage\": {\"input\": 12, \"output\": 7} }"
#define SECOND_AT (sizeof FIRST) /* with its newline */

static char dir[64], path[96];

static int setup(void **s) {
    (void)s;
    snprintf(dir, sizeof dir, "/tmp/tollwatch-raw-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/log.jsonl", dir);
    return 0;
}

static int teardown(void **s) {
    (void)s;
    unlink(path);
    return rmdir(dir);
}

static void write_log(const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static RawPlace place(uint64_t offset) {
    return (RawPlace){.path = path, .fingerprint = hash64(FIRST, strlen(FIRST), 0), .offset = offset};
}

static void reads(uint64_t offset, bool content, const char *expected) {
    Buf b = {.max = 4096};
    Err e = {""};
    const RawPlace at = place(offset);
    if (raw_record_read(&at, content, &b, &e) != 0) fail_msg("%s", e.text);
    assert_string_equal(b.at, expected);
    buf_free(&b);
}

static void fails(RawPlace at, const char *why) {
    Buf b = {.max = 4096};
    Err e = {""};
    assert_int_equal(raw_record_read(&at, false, &b, &e), -1);
    if (!strstr(e.text, why)) fail_msg("\"%s\" does not say \"%s\"", e.text, why);
    assert_null(strchr(e.text, '\n'));
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

static void message_text_is_left_out_unless_asked_for(void **s) {
    (void)s;
    write_log(FIRST "\n" SECOND "\n");
    reads(0, false, FIRST);
    reads(SECOND_AT, false, "{\"id\":\"b\",\"messages\":<49 bytes>,\"usage\":{\"input\":12,\"output\":7}}");
    reads(SECOND_AT, true, "{\"id\":\"b\",\"messages\":[{\"role\":\"user\",\"content\":\"my secret ]}\\\" here\"}],\"usage\":{\"input\":12,\"output\":7}}");
}

static void a_last_line_without_a_newline_is_a_record(void **s) {
    (void)s;
    write_log(FIRST "\n{\"id\":\"c\"}");
    reads(SECOND_AT, false, "{\"id\":\"c\"}");
}

static void a_packed_file_is_read_as_its_content(void **s) {
    (void)s;
    gzFile f = gzopen(path, "w");
    assert_true(gzputs(f, FIRST "\n" SECOND "\n") > 0);
    assert_int_equal(gzclose(f), Z_OK);
    reads(SECOND_AT, false, "{\"id\":\"b\",\"messages\":<49 bytes>,\"usage\":{\"input\":12,\"output\":7}}");
    fails(place(RAW_PACKED_MAX + 1), "MiB deep in the packed");
}

static void what_is_not_there_any_more_is_said_in_one_line(void **s) {
    (void)s;
    fails(place(0), "is gone: deleted, or renamed when it was rotated");
    write_log("{\"id\":\"other\"}\n" SECOND "\n");
    fails(place(SECOND_AT), "is another file by now");
    write_log(FIRST "\n");
    fails(place(4000), "is shorter than what was read of it before");
    RawPlace pipe = place(0);
    pipe.path = "-";
    fails(pipe, "did not come from a file");
    pipe.path = dir;
    fails(pipe, "is not a file");
}

/* A call of a log that is read otherwise than in lines: pretty-printed, and in the lines of a container runtime. */
static void a_record_over_many_lines_is_found(void **s) {
    (void)s;
    static const char *const logs[] = {
        "{\n  \"ts\": \"2026-11-24T10:00:00.000Z\",\n  \"request_id\": \"a\",\n  \"gateway\": \"g\", \"model\": \"m\", \"usage_state\": \"missing\"\n}\n",
        "2026-11-24T10:00:00.000000000Z stdout F {\n2026-11-24T10:00:00.000000000Z stdout F   \"ts\": \"2026-11-24T10:00:00.000Z\",\n"
        "2026-11-24T10:00:00.000000000Z stdout F   \"request_id\": \"a\", \"gateway\": \"g\", \"model\": \"m\", \"usage_state\": \"missing\"\n2026-11-24T10:00:00.000000000Z stdout F }\n",
        "{\"log\":\"{\\\"ts\\\":\\\"2026-11-24T10:00:00.000Z\\\",\\\"request_id\\\":\\\"a\\\",\\\"gateway\\\":\\\"g\\\",\\\"model\\\":\\\"m\\\",\\\"usage_state\\\":\\\"missing\\\"}\\n\","
        "\"stream\":\"stdout\",\"time\":\"2026-11-24T10:00:00.1Z\"}\n"};
    Formats *formats;
    Err e = {""};
    assert_int_equal(formats_load(&formats, NULL, &e), 0);
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        Reader *r;
        Record record;
        RawPlace at = {.path = path, .format = formats_find(formats, "gateway")};
        write_log(logs[i]);
        assert_int_equal(reader_open_fd(&r, open(path, O_RDONLY), path, format_framing_of(at.format, logs[i], strlen(logs[i])), &e), 0);
        assert_int_equal(reader_identify(r, true, &e), 1);
        at.fingerprint = reader_fingerprint(r);
        assert_int_equal(reader_last(r, &record, &e), READ_RECORD);
        at.offset = record.offset;
        reader_close(r);
        Buf b = {.max = 4096};
        if (raw_record_read(&at, false, &b, &e) != 0) fail_msg("%s", e.text);
        assert_string_equal(b.at, "{\"ts\":\"2026-11-24T10:00:00.000Z\",\"request_id\":\"a\",\"gateway\":\"g\",\"model\":\"m\",\"usage_state\":\"missing\"}");
        buf_free(&b);
    }
    formats_free(formats);
}

/* Ten megabytes of prompt: neither read into memory as a whole nor shown. */
static void a_huge_record_stays_small(void **s) {
    (void)s;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(FIRST "\n{\"id\":\"big\",\"prompt\":\"", f);
    for (int i = 0; i < 10240; i++)
        for (int k = 0; k < 16; k++) fputs("all work and no play makes a log a dull file, and so on and on..", f);
    fputs("\",\"usage\":{\"input\":9}}\n", f);
    assert_int_equal(fclose(f), 0);
    Buf b = {.max = 4096};
    Err e = {""};
    const RawPlace at = place(SECOND_AT);
    if (raw_record_read(&at, false, &b, &e) != 0) fail_msg("%s", e.text);
    assert_true(b.len < 200);
    assert_non_null(strstr(b.at, "\"usage\":{\"input\":9}"));
    assert_null(strstr(b.at, "dull"));
    buf_free(&b);
}

static void elides(const char *text, const char *expected) {
    Buf b = {.max = 4096};
    raw_record_elide(text, strlen(text), false, &b);
    assert_string_equal(b.at ? b.at : "", expected);
    buf_free(&b);
}

/* Whatever the text is, a secret in a content key never comes out, and nothing is read beyond the end. */
static void text_that_is_not_json_is_cut_too(void **s) {
    (void)s;
    elides("", "");
    elides("{\"content\":\"sec", "{\"content\":<4 bytes>");
    elides("{\"content\":{\"a\":[1,{\"b\":\"x\"}]},\"n\":1}", "{\"content\":<19 bytes>,\"n\":1}");
    elides("{\"content\" : [ ] , \"text\" : null}", "{\"content\":<3 bytes>,\"text\":null}");
    elides("{\"content\":\"a\\", "{\"content\":<3 bytes>");
    elides("\"content\"", "\"content\"");
    elides("plain words  here", "plainwordshere");
    char line[300];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    elides(line, "<299 bytes>");
    line[0] = line[298] = '"';
    elides(line, "<299 bytes>");
}

/* Every cut of a record, and every byte of it replaced: no crash (under the sanitizers), no secret. */
static void no_cut_and_no_byte_lets_a_secret_out(void **s) {
    (void)s;
    char text[256];
    for (size_t cut = 0; cut <= sizeof SECOND - 1; cut++) {
        Buf b = {.max = 4096};
        raw_record_elide(SECOND, cut, false, &b);
        assert_null(b.at ? strstr(b.at, "secret") : NULL);
        buf_free(&b);
    }
    for (size_t i = 0; i < sizeof SECOND - 1; i++)
        for (int c = 1; c < 256; c += 7) {
            Buf b = {.max = 4096};
            memcpy(text, SECOND, sizeof SECOND);
            text[i] = (char)c;
            raw_record_elide(text, sizeof SECOND - 1, false, &b);
            buf_free(&b);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(message_text_is_left_out_unless_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_last_line_without_a_newline_is_a_record, setup, teardown),
        cmocka_unit_test_setup_teardown(a_packed_file_is_read_as_its_content, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_over_many_lines_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_there_any_more_is_said_in_one_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_huge_record_stays_small, setup, teardown),
        cmocka_unit_test(text_that_is_not_json_is_cut_too),
        cmocka_unit_test(no_cut_and_no_byte_lets_a_secret_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
