/* bench_scan: how fast one core turns lines into values, into requests, and into priced requests.
 *
 *   bench_scan FORMAT FILE...     MB/s and lines/s of CPU time for: lines only, scan, parse, parse and price; best of five
 *
 * FILE is a log of that format, read into memory first (at most 256 MiB of it).
 */
#include "collectors/format_impl.h"
#include <stdlib.h>

enum { ROUNDS = 5, BATCH = 4096 };
#define FILE_MAX ((size_t)256 << 20)

typedef struct Log {
    char *at;
    size_t len, lines;
} Log;

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool load(Log *log, const char *path) {
    FILE *f = fopen(path, "rbe");
    if (!f) return false;
    log->at = xmalloc(FILE_MAX + SCAN_PAD);
    log->len = fread(log->at, 1, FILE_MAX, f);
    memset(log->at + log->len, 0, SCAN_PAD);
    fclose(f);
    return log->len > 0;
}

typedef size_t LineFn(void *ctx, const char *at, size_t len, uint64_t offset);

static int nothing(void *ctx, const ScanValue *values) {
    *(size_t *)ctx += values[0].type;
    return 0;
}

static size_t only_line(void *ctx, const char *at, size_t len, uint64_t offset) {
    (void)ctx, (void)at, (void)offset;
    return len;
}

static size_t scan(void *ctx, const char *at, size_t len, uint64_t offset) {
    size_t seen = 0;
    (void)offset;
    return scan_line(ctx, at, len, nothing, &seen, NULL) == 0;
}

typedef struct Work {
    Parser *parser;
    Batch *batch;
} Work;

static size_t parse(void *ctx, const char *at, size_t len, uint64_t offset) {
    Work *w = ctx;
    ParseResult r = parser_record(w->parser, at, len, offset, (uint32_t)len, w->batch, NULL);
    if (r == PARSE_FULL) {
        batch_clear(w->batch);
        r = parser_record(w->parser, at, len, offset, (uint32_t)len, w->batch, NULL);
    }
    return r == PARSE_OK;
}

static void measure(const char *what, Log *log, LineFn *fn, void *ctx) {
    double best = 1e9;
    size_t done = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double began = cpu_seconds();
        done = log->lines = 0;
        for (size_t at = 0; at < log->len; log->lines++) {
            const char *nl = memchr(log->at + at, '\n', log->len - at);
            size_t n = (nl ? (size_t)(nl - log->at) : log->len) - at;
            done += fn(ctx, log->at + at, n, at) > 0;
            at += n + 1;
        }
        double took = cpu_seconds() - began;
        if (took < best) best = took;
    }
    printf("%-16s %7.0f MB/s %7.0f k lines/s  (%zu of %zu lines)\n", what, (double)log->len / best / 1e6,
           (double)log->lines / best / 1e3, done, log->lines);
}

static void bench(const Format *f, const Book *book, const char *path) {
    Log log = {0};
    if (!load(&log, path)) {
        printf("%s: cannot be read\n", path);
        return;
    }
    ParseContext plain = {.path = path, .fingerprint = 1}, priced = {.path = path, .fingerprint = 1, .book = book};
    Scan *s = scan_new(f->plan);
    Batch *batch = batch_new(BATCH);
    Work a = {parser_new(f, &plain), batch}, b = {parser_new(f, &priced), batch};
    printf("%s, %s\n", path, f->name);
    measure("lines", &log, only_line, NULL);
    measure("scan", &log, scan, s);
    measure("parse", &log, parse, &a);
    measure("parse and price", &log, parse, &b);
    parser_free(a.parser);
    parser_free(b.parser);
    scan_free(s);
    batch_free(batch);
    free(log.at);
}

int main(int argc, char **argv) {
    Formats *formats;
    Book *book;
    Err e = {0};
    if (argc < 3) return printf("usage: bench_scan FORMAT FILE...\n"), 2;
    if (formats_load(&formats, NULL, &e) != 0 || book_load(&book, NULL, &e) != 0) return printf("%s\n", e.text), 1;
    const Format *f = formats_find(formats, argv[1]);
    if (!f) return printf("no format \"%s\"\n", argv[1]), 2;
    for (int i = 2; i < argc; i++) bench(f, book, argv[i]);
    formats_free(formats);
    book_free(book);
    return 0;
}
