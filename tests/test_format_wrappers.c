/* test_format_wrappers: what stands around a log changes nothing. Every format's own samples, pretty-printed, several on a
 * line, in an array, and in the lines of Docker, CRI, journald and syslog, compact and over many lines: they are recognised as
 * the same format and become the same requests.
 */
#include "collectors/format_impl.h"
#include "collectors/reader.h"
#include "tests/unit.h"
#include <sys/mman.h>
#include <unistd.h>

enum { LOG_MAX = 1 << 20, CALLS_MAX = 16 };
#ifdef TOLLWATCH_SANITIZED /* the room of a wrapped line is large, and filling it costs there */
enum { EACH = 9 };
#else
enum { EACH = 1 };
#endif

typedef struct Calls {
    size_t count, bad;
    struct { int64_t ts_ms, tokens[TOK_COUNT], outcome; char model[64]; } at[CALLS_MAX];
} Calls;

typedef void Wrap(Buf *out, const char *line, size_t len, bool last);

/* ---- the wrappers, a line at a time ---- */
static void put_json(Buf *out, const char *line, size_t len, const char *end) {
    json_t *s = json_stringn(line, len);
    char *text = json_dumps(s, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    buf_fmt(out, "%.*s%s\"", (int)strlen(text) - 1, text, end);
    free(text);
    json_decref(s);
}

static void plain(Buf *out, const char *line, size_t len, bool last) {
    (void)last;
    buf_add(out, line, len);
    buf_add(out, "\n", 1);
}

static void docker(Buf *out, const char *line, size_t len, bool last) {
    buf_str(out, "{\"log\":");
    put_json(out, line, len, "\\n");
    buf_fmt(out, ",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:%02d.000000001Z\"}\n", last ? 2 : 1);
    if (!last) buf_str(out, "{\"log\":\"INFO: a line between\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-01T00:00:01Z\"}\n");
}

static void cri(Buf *out, const char *line, size_t len, bool last) {
    size_t half = len / 2; /* cut by the runtime, as it cuts long ones */
    buf_fmt(out, "2026-01-01T00:00:%02d.000000001Z stdout P ", last ? 2 : 1);
    plain(out, line, half, last);
    buf_str(out, "2026-01-01T00:00:01Z stdout F ");
    plain(out, line + half, len - half, last);
}

static void journald(Buf *out, const char *line, size_t len, bool last) {
    buf_str(out, "{\"__REALTIME_TIMESTAMP\":\"1767225601000000\",\"_PID\":\"7\",\"MESSAGE\":");
    put_json(out, line, len, "");
    buf_str(out, ",\"PRIORITY\":\"6\"}\n");
    (void)last;
}

static void syslog(Buf *out, const char *line, size_t len, bool last) {
    buf_str(out, "<134>Oct 25 00:00:00 host proxy[12]: ");
    plain(out, line, len, last);
}

/* ---- a log of a sample ---- */
static void each_line(Buf *out, const char *text, Wrap *wrap) {
    for (const char *nl; *text; text = nl + (*nl == '\n')) {
        nl = strchrnul(text, '\n');
        wrap(out, text, (size_t)(nl - text), *nl == '\0');
    }
}

static const json_t *record_at(const json_t *sample, size_t i) {
    const json_t *lines = json_object_get(sample, "lines");
    return lines ? json_array_get(lines, i) : i == 0 ? json_object_get(sample, "record") : NULL;
}

static bool all_objects(const json_t *sample) {
    size_t i = 0;
    for (const json_t *r; (r = record_at(sample, i)); i++)
        if (!json_is_object(r)) return false;
    return i > 0;
}

static void log_of(Buf *out, const json_t *sample, size_t flags, Wrap *wrap) {
    const json_t *r;
    for (size_t i = 0; (r = record_at(sample, i)); i++) {
        char *text = json_dumps(r, flags);
        each_line(out, text, wrap);
        free(text);
    }
}

static void on_one_line(Buf *out, const json_t *sample, const char *begin, const char *between, const char *end) {
    const json_t *r;
    buf_str(out, begin);
    for (size_t i = 0; (r = record_at(sample, i)); i++) {
        char *text = json_dumps(r, JSON_COMPACT);
        if (i) buf_str(out, between);
        buf_str(out, text);
        free(text);
    }
    buf_str(out, end);
}

/* ---- reading it ---- */
static void take(Calls *calls, const Batch *b) {
    for (size_t i = 0; i < batch_count(b) && calls->count < CALLS_MAX; i++, calls->count++) {
        const Request *r = batch_at(b, i);
        Str model = batch_name_at(b, r->name[DIM_MODEL]);
        bool own = !(r->flags & REQ_TIME_BORROWED);
        calls->at[calls->count].ts_ms = own ? r->ts_ms : 0;
        calls->at[calls->count].outcome = r->outcome;
        memcpy(calls->at[calls->count].tokens, r->tokens, sizeof r->tokens);
        snprintf(calls->at[calls->count].model, sizeof calls->at[0].model, "%.*s", (int)model.len, model.at);
    }
}

static Calls read_log(const Format *f, const Buf *log) {
    Calls calls;
    memset(&calls, 0, sizeof calls);
    Framing framing = format_framing_of(f, log->at, log->len);
    int fd = memfd_create("log", MFD_CLOEXEC);
    Reader *r;
    Record record;
    Err e = {0};
    assert_true(fd >= 0 && write(fd, log->at, log->len) == (ssize_t)log->len && lseek(fd, 0, SEEK_SET) == 0);
    assert_int_equal(reader_open_fd(&r, fd, "log", framing, &e), 0);
    ParseContext c = {.path = "log", .fingerprint = 1, .framing = framing};
    Parser *p = parser_new(f, &c);
    parser_file_time(p, 1767225600000);
    Batch *b = batch_new(64);
    while (reader_last(r, &record, &e) == READ_RECORD) {
        calls.bad += parser_record(p, record.text, record.len, record.offset, record.length, b, &e) == PARSE_BAD;
        take(&calls, b);
        batch_clear(b);
    }
    batch_free(b);
    parser_free(p);
    reader_close(r);
    return calls;
}

static Formats *formats;

/* LiteLLM's payload is one format, in lines and printed. */
static bool same_log(const char *a, const char *b) {
    return strcmp(a, b) == 0 || (strncmp(a, "litellm", 7) == 0 && strncmp(b, "litellm", 7) == 0);
}

static void must_be(const Format *f, const json_t *sample, const Calls *want, const char *how, const Buf *log) {
    const Format *found = formats_guess(formats, "log", log->at, log->len);
    const char *name = json_string_value(json_object_get(sample, "name"));
    if (!found || !same_log(format_name(found), format_name(f)))
        fail_msg("%s, \"%s\", %s: taken for %s:\n%s", format_name(f), name, how, found ? format_name(found) : "nothing", log->at);
    Calls got = read_log(found, log);
    if (got.bad != 0 || got.count != want->count || memcmp(got.at, want->at, sizeof got.at) != 0)
        fail_msg("%s, \"%s\", %s: %zu calls, %zu bad, not the same %zu:\n%s", format_name(f), name, how, got.count, got.bad, want->count, log->at);
}

static void wrap_sample(const Format *f, const json_t *sample) {
    static const struct { const char *name; Wrap *wrap; } wraps[] = {
        {"plain", plain}, {"Docker", docker}, {"CRI", cri}, {"journald", journald}, {"syslog", syslog}};
    Buf log = {.max = LOG_MAX};
    log_of(&log, sample, JSON_COMPACT, plain);
    if (formats_guess(formats, "log", log.at, log.len) != f) { /* known by where it stands, or by more of it */
        buf_free(&log);
        return;
    }
    Calls want = read_log(f, &log);
    for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
        char how[64];
        buf_clear(&log);
        log_of(&log, sample, JSON_COMPACT, wraps[i].wrap);
        snprintf(how, sizeof how, "%s", wraps[i].name);
        must_be(f, sample, &want, how, &log);
        buf_clear(&log);
        log_of(&log, sample, JSON_INDENT(4), wraps[i].wrap);
        snprintf(how, sizeof how, "pretty-printed in %s", wraps[i].name);
        must_be(f, sample, &want, how, &log);
    }
    buf_clear(&log), on_one_line(&log, sample, "", " ", "\n"), must_be(f, sample, &want, "on one line", &log);
    buf_clear(&log), on_one_line(&log, sample, "[", ",\n ", "]\n"), must_be(f, sample, &want, "in an array", &log);
    buf_free(&log);
}

static void what_stands_around_a_record_changes_nothing(void **state) {
    (void)state;
    Err e = {0};
    size_t tried = 0;
    assert_int_equal(formats_load(&formats, NULL, &e), 0);
    for (size_t i = 0; formats_at(formats, i); i++) {
        const Format *f = formats_at(formats, i);
        const json_t *sample;
        size_t k;
        if (f->framing == FRAME_DOCUMENT || f->text || f->table.name || f->refuse) continue;
        json_array_foreach(json_object_get(f->root, "samples"), k, sample) {
            const char *result = json_string_value(json_object_get(sample, "result"));
            if (result && strcmp(result, "ok") != 0) continue;
            if (all_objects(sample) && tried++ % EACH == 0) wrap_sample(f, sample);
        }
    }
    assert_true(tried > 100);
    formats_free(formats);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_stands_around_a_record_changes_nothing)};
    return cmocka_run_group_tests_name("format_wrappers", tests, NULL, NULL);
}
