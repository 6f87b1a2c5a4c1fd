/* test_format: every format's own samples; recognition; users' formats; bad format files. */
#include "collectors/format.h"
#include "store/data.h"
#include "tests/unit.h"
#include <sys/stat.h>

static Book *book(void) {
    Book *b;
    Err e = {0};
    if (book_load(&b, NULL, &e) != 0) print_error("%s\n", e.text);
    return b;
}

static void samples_of_every_format_hold(void **state) {
    (void)state;
    Formats *f;
    Err e = {0};
    Book *b = book();
    if (formats_load(&f, NULL, &e) != 0) print_error("%s\n", e.text);
    assert_non_null(f);
    size_t total = 0;
    for (size_t i = 0; formats_at(f, i); i++) {
        size_t n = 0;
        if (format_self_test(formats_at(f, i), b, &n, &e) != 0) print_error("%s\n", e.text);
        assert_string_equal(e.text, "");
        assert_true(n >= 4);
        total += n;
    }
    assert_true(total > 20);
    formats_free(f);
    book_free(b);
}

static void formats_recognise_their_own_lines(void **state) {
    (void)state;
    static const struct { const char *line, *name; } cases[] = {
        {"{\"ts\":\"2026-10-25T00:00:00Z\",\"request_id\":\"r\",\"gateway\":\"g\",\"model_requested\":\"m\",\"usage_state\":\"full\"}\n", "gateway"},
        {"{\"type\":\"summary\"}\n{\"parentUuid\":null,\"sessionId\":\"s\",\"type\":\"user\",\"uuid\":\"u\"}\n", "claude-code"},
        {"{\"time\":\"x\",\"request_id\":\"r\",\"uri\":\"/\",\"prompt_tokens\":1,\"request_time\":1}\n", "nginx-json"},
        {"{\"startTime\":1,\"endTime\":2,\"custom_llm_provider\":\"openai\",\"prompt_tokens\":1}\n", "litellm"},
        {"plain text\n", NULL}, {"{\"a\":1}\n", NULL}};
    Formats *f;
    Err e = {0};
    assert_int_equal(formats_load(&f, NULL, &e), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Format *got = formats_guess(f, "x", cases[i].line, strlen(cases[i].line));
        if (cases[i].name) assert_string_equal(got ? format_name(got) : "none", cases[i].name);
        else assert_null(got);
    }
    formats_free(f);
}

static void write_file(const char *path, const char *text) {
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void a_users_format_needs_no_code(void **state) {
    (void)state;
    char dir[512], sub[600], path[700];
    snprintf(dir, sizeof dir, "%s/format-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(dir));
    snprintf(sub, sizeof sub, "%s/formats", dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    snprintf(path, sizeof path, "%s/mine.json", sub);
    write_file(path, "{\"name\":\"mine\",\"recognise\":[\"when\",\"tokens_in\"],\"fields\":{\"time\":\"when\",\"model\":\"llm\","
                     "\"input\":\"tokens_in\",\"output\":\"tokens_out\"},\"samples\":[{\"is\":\"normal\",\"record\":{\"when\":1792886400,"
                     "\"llm\":\"gpt-4o\",\"tokens_in\":7,\"tokens_out\":3},\"expect\":[{\"input\":7,\"output\":3,\"model\":\"gpt-4o\"}]}]}");
    Formats *f;
    Err e = {0};
    Book *b = book();
    size_t n;
    assert_int_equal(formats_load(&f, dir, &e), 0);
    assert_non_null(formats_find(f, "mine"));
    assert_int_equal(format_self_test(formats_find(f, "mine"), b, &n, &e), 0);
    formats_free(f);
    write_file(path, "{\"name\":\"mine\",\"fields\":{\"time\":\"t\",\"tokens\":\"x\"}}");
    assert_int_equal(formats_load(&f, dir, &e), -1);
    assert_non_null(strstr(e.text, "mine.json: unknown field tokens"));
    book_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_of_every_format_hold),
        cmocka_unit_test(formats_recognise_their_own_lines),
        cmocka_unit_test(a_users_format_needs_no_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
