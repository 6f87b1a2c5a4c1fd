/* fuzz_formats: every format's own samples, changed byte by byte, through recognising, reading, parsing and suggesting. What
 * comes out must be a request that the ledger may take: disjoint counters within their bounds, a cost that is no minus.
 * First byte: the format; second: the sample (or the bytes as they are); then changes: place, place, byte. `make fuzz`. */
#include "collectors/format_impl.h"
#include "collectors/format_suggest.h"
#include "collectors/reader.h"
#include "tests/unit.h"
#include <sys/mman.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 16, RECORDS_MAX = 4096 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Formats *formats;
static Book *book;
static size_t format_count;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    Err e = {0};
    if (formats_load(&formats, NULL, &e) != 0 || book_load(&book, NULL, &e) != 0) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
    while (formats_at(formats, format_count)) format_count++;
    return 0;
}

/* A sample as it stands in a log; NULL = there is no such sample. */
static char *sample_text(const Format *f, size_t which) {
    const json_t *s = json_array_get(json_object_get(f->root, "samples"), which), *line = json_object_get(s, "line"), *record = json_object_get(s, "record");
    if (line) return xstrdup(json_string_value(line));
    return s ? json_dumps(record ? record : json_object_get(s, "lines"), JSON_COMPACT) : NULL;
}

static size_t changed(char *text, size_t len, const uint8_t *change, size_t size) {
    for (; size >= 3 && len; change += 3, size -= 3) text[((size_t)change[0] << 8 | change[1]) % len] = (char)change[2];
    return len;
}

static void must(bool holds, const char *what, const Format *f) {
    if (holds) return;
    fprintf(stderr, "%s: %s\n", format_name(f), what);
    abort();
}

static void check(const Format *f, const Batch *b) {
    for (size_t i = 0; i < batch_count(b); i++) {
        const Request *r = batch_at(b, i);
        for (int t = 0; t < TOK_COUNT; t++) must(r->tokens[t] >= 0 && r->tokens[t] <= REQUEST_TOKENS_MAX, "a counter is out of bounds", f);
        must(r->cost_nano >= 0, "a cost is below 0", f);
        must(r->id != 0 && r->ts_ms > 0, "no identity or time", f);
    }
}

static void read_all(const Format *f, const char *text, size_t len) {
    int fd = memfd_create("log", MFD_CLOEXEC);
    Reader *r;
    Record record;
    Err e = {0};
    if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0) abort();
    if (reader_open_fd(&r, fd, "log", format_framing(f), &e) != 0) return;
    ParseContext c = {.book = book, .path = "log", .fingerprint = 1};
    Parser *p = parser_new(f, &c);
    Batch *b = batch_new(64);
    for (int n = 0; n < RECORDS_MAX; n++) {
        ReadResult got = reader_last(r, &record, &e);
        if (got == READ_END || got == READ_FAILED) break;
        if (got == READ_RECORD) parser_record(p, record.text, record.len, record.offset, record.length, b, &e);
        check(f, b);
        batch_clear(b);
    }
    batch_free(b);
    parser_free(p);
    reader_close(r);
}

static void look(const Format *f, const char *text, size_t len) {
    Suggestion s;
    Err e = {0};
    formats_guess(formats, "log", text, len);
    if (format_suggest(formats, "log", (Str){text, len}, &s, &e) == 0) suggestion_free(&s);
    read_all(f, text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > TEXT_MAX) return 0;
    const Format *f = formats_at(formats, data[0] % format_count);
    char *text = data[1] ? sample_text(f, data[1] - 1u) : NULL;
    size_t len = text ? changed(text, strlen(text), data + 2, size - 2) : size - 2;
    look(f, text ? text : (const char *)data + 2, len);
    free(text);
    return 0;
}
