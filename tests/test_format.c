/* test_format: every format file proves itself by its own samples; files are recognised; a user's format needs no code;
 * a wrong format file is refused with the member that is wrong. The engine's behaviour on odd lines: test_parser.c. */
#include "store/data.h"
#include "tests/formats_lab.h"
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

static void every_format_passes_its_samples(void **state) {
    (void)state;
    const Format *f;
    size_t total = 0;
    for (size_t i = 0; (f = formats_at(formats, i)); i++) {
        Err e = {0};
        size_t samples = 0;
        if (format_self_test(f, book, &samples, &e) != 0) fail_msg("%s", e.text);
        assert_true(samples >= (format_refusal(f) ? 1 : 5));
        total += samples;
    }
    assert_true(total > 30);
}

/* What every log has must be shown by the samples of its format. */
static void every_format_has_each_kind_of_sample(void **state) {
    (void)state;
    static const char *const kinds[] = {"normal", "stream", "cached", "failed", "refused", "malformed"};
    const Format *f;
    for (size_t i = 0; (f = formats_at(formats, i)); i++) {
        if (format_refusal(f)) continue;
        char path[128];
        snprintf(path, sizeof path, "collectors/formats/%s.json", format_name(f));
        json_t *root = json_load_file(path, 0, NULL);
        char *samples = json_dumps(json_object_get(root, "samples"), JSON_COMPACT);
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            char *at = samples, *name;
            bool found = false;
            for (; !found && (name = strstr(at, "\"name\":\"")); at = name + 8) {
                size_t len = strcspn(name + 8, "\"");
                found = memmem(name + 8, len, kinds[k], strlen(kinds[k])) != NULL;
            }
            if (!found) fail_msg("%s has no sample that is %s", path, kinds[k]);
        }
        free(samples);
        json_decref(root);
    }
}

/* The usage objects that formats share are proven like formats. */
static void the_usage_shapes_pass_their_samples(void **state) {
    (void)state;
    Err e = {0};
    size_t samples = 0;
    assert_non_null(formats_proof_at(formats, 0));
    if (format_self_test(formats_proof_at(formats, 0), book, &samples, &e) != 0) fail_msg("%s", e.text);
    assert_true(samples >= 16);
    assert_null(formats_proof_at(formats, 1));
    assert_null(formats_find(formats, "usage shapes"));
}

static const char *guess(const char *path, const char *head) {
    const Format *f = formats_guess(formats, path, head, strlen(head));
    return f ? format_name(f) : "none";
}

static void files_are_recognised_by_their_content(void **state) {
    (void)state;
    static const struct { const char *line, *name; } cases[] = {
        {"{\"ts\":\"2026-10-25T00:00:00Z\",\"request_id\":\"r\",\"gateway\":\"g\",\"model_requested\":\"m\",\"usage_state\":\"full\"}\n", "gateway"},
        {"{\"type\":\"summary\"}\n{\"parentUuid\":null,\"sessionId\":\"s\",\"type\":\"user\",\"uuid\":\"u\",\"timestamp\":\"t\"}\n", "claude-code"},
        {"{\"time\":\"x\",\"request_id\":\"r\",\"uri\":\"/\",\"prompt_tokens\":1,\"request_time\":1}\n", "nginx-json"},
        {"not json\n{\"startTime\":1,\"endTime\":2,\"call_type\":\"completion\",\"metadata\":{},\"prompt_tokens\":1}", "litellm"},
        {"plain text\n", "none"}, {"{\"a\":1}\n", "none"}, {"", "none"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_string_equal(guess("x", cases[i].line), cases[i].name);
}

static void a_place_decides_where_the_first_lines_say_nothing(void **state) {
    (void)state;
    assert_string_equal(guess("/home/u/.claude/projects/p/s.jsonl", "{\"type\":\"summary\",\"summary\":\"x\"}\n"), "claude-code");
    assert_string_equal(guess("/home/u/.claude/projects/p/s.jsonl",
                              "{\"ts\":1,\"request_id\":\"r\",\"gateway\":\"g\",\"model\":\"m\",\"usage_state\":\"full\"}\n"), "gateway");
}

/* ---- a user's files ---- */
typedef struct Home {
    char dir[256], file[400];
} Home;

static void home_make(Home *h) {
    char sub[300];
    snprintf(h->dir, sizeof h->dir, "%s/format-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(h->dir));
    snprintf(sub, sizeof sub, "%s/formats", h->dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    snprintf(h->file, sizeof h->file, "%s/mine.json", sub);
}

static void home_drop(Home *h) {
    char sub[300];
    snprintf(sub, sizeof sub, "%s/formats", h->dir);
    unlink(h->file);
    rmdir(sub);
    rmdir(h->dir);
}

static void write_file(const char *path, const char *text) {
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void a_users_format_needs_no_code(void **state) {
    (void)state;
    Home h;
    home_make(&h);
    write_file(h.file, "{\"name\":\"mine\",\"recognise\":{\"when\":\"tokens_in\"},\"fields\":{\"time\":\"when\",\"model\":\"llm\"},"
                       "\"usage\":{\"input\":\"tokens_in\",\"output\":\"tokens_out\"},\"samples\":[{\"record\":{\"when\":1792886400,"
                       "\"llm\":\"gpt-4o\",\"tokens_in\":7,\"tokens_out\":3},\"expect\":[{\"input\":7,\"output\":3,\"model\":\"gpt-4o\"}]},"
                       "{\"name\":\"wrong\",\"record\":{\"when\":1,\"tokens_in\":7},\"expect\":[{\"input\":8}]}]}");
    Formats *f;
    Err e = {0};
    size_t n = 0;
    assert_int_equal(formats_load(&f, h.dir, &e), 0);
    assert_non_null(formats_find(f, "mine"));
    assert_non_null(formats_find(f, "litellm"));
    assert_int_equal(format_self_test(formats_find(f, "mine"), book, &n, &e), -1);
    assert_non_null(strstr(e.text, "sample \"wrong\": input is \"7\", expected \"8\""));
    formats_free(f);
    home_drop(&h);
}

static void a_users_file_of_the_same_name_replaces_ours(void **state) {
    (void)state;
    Home h;
    home_make(&h);
    write_file(h.file, "{\"name\":\"litellm\",\"help\":\"my own\",\"fields\":{\"time\":\"t\"},\"usage\":{\"input\":\"i\"}}");
    Formats *f;
    Err e = {0};
    assert_int_equal(formats_load(&f, h.dir, &e), 0);
    assert_string_equal(format_help(formats_find(f, "litellm")), "my own");
    formats_free(f);
    home_drop(&h);
}

static void a_wrong_format_file_is_refused_by_name(void **state) {
    (void)state;
    static const struct { const char *text, *why; } cases[] = {
        {"{", "mine.json:1: "},
        {"{\"name\":\"m\",\"fields\":{\"time\":\"t\",\"tokens\":\"x\"},\"usage\":{}}", "unknown field \"tokens\""},
        {"{\"name\":\"m\",\"fields\":{\"model\":\"x\"},\"usage\":{}}", "fields.time: it is missing"},
        {"{\"name\":\"m\",\"feilds\":{},\"fields\":{\"time\":\"t\"},\"usage\":{}}", "unknown member \"feilds\""},
        {"{\"name\":\"m\",\"fields\":{\"time\":\"t\"}}", "usage: it is missing"},
        {"{\"fields\":{\"time\":\"t\"},\"usage\":{}}", "name: a name"},
        {"{\"name\":\"m\",\"framing\":\"csv\",\"fields\":{\"time\":\"t\"},\"usage\":{}}", "framing: \"csv\" is not known"},
        {"{\"name\":\"m\",\"fields\":{\"time\":\"a..b\"},\"usage\":{}}", "path \"a..b\""},
        {"{\"name\":\"m\",\"fields\":{\"time\":{\"path\":\"t\",\"unit\":\"h\"}},\"usage\":{}}", "unit \"h\""},
        {"{\"name\":\"m\",\"fields\":{\"time\":{\"pth\":\"t\"}},\"usage\":{}}", "unknown member \"pth\""},
        {"{\"name\":\"m\",\"fields\":{\"time\":\"t\"},\"usage\":{\"at\":[\"u\"],\"shapes\":[\"nobodys\"]}}", "\"nobodys\" is none"},
        {"{\"name\":\"m\",\"fields\":{\"time\":\"t\"},\"usage\":{},\"skip\":{\"path\":\"x\",\"in\":[1]}}", "write numbers and true in quotes"},
        {"{\"name\":\"m\",\"fields\":{\"time\":\"t\"},\"usage\":{},\"each\":\"a.b\"}", "it must end in []"},
        {"{\"name\":\"m\",\"fields\":{\"time\":\"t\"},\"usage\":{},\"hook\":\"nobodys\"}", "hook: \"nobodys\""}};
    Home h;
    home_make(&h);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Formats *f;
        Err e = {0};
        write_file(h.file, cases[i].text);
        assert_int_equal(formats_load(&f, h.dir, &e), 0);
        const char *why = formats_broken_at(f, 0);
        if (!why || !strstr(why, cases[i].why) || !strstr(why, "mine.json")) fail_msg("case %zu says: %s", i, why ? why : "nothing");
        assert_null(formats_broken_at(f, 1));
        assert_non_null(formats_find(f, "litellm")); /* the others are not lost with it */
        formats_free(f);
    }
    home_drop(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_passes_its_samples),
        cmocka_unit_test(every_format_has_each_kind_of_sample),
        cmocka_unit_test(the_usage_shapes_pass_their_samples),
        cmocka_unit_test(files_are_recognised_by_their_content),
        cmocka_unit_test(a_place_decides_where_the_first_lines_say_nothing),
        cmocka_unit_test(a_users_format_needs_no_code),
        cmocka_unit_test(a_users_file_of_the_same_name_replaces_ours),
        cmocka_unit_test(a_wrong_format_file_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, formats_setup, formats_teardown);
}
