/* doctor_file: what tollwatch sees in a log: its format and how its first records are read; for a log of no known format, a
 * format to start from. See doctor.h. */
#include "collectors/format_suggest.h"
#include "collectors/recognise.h"
#include "collectors/reader.h"
#include "store/clock.h"
#include "store/money.h"
#include "tui/doctor.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORDS_LOOKED = 10000, CALLS = 256 };

typedef struct Look {
    Doctor *d;
    const char *path;
    Reader *reader;
    Parser *parser;
    Batch *batch;
    uint64_t records, calls, bad, skipped, too_long, unpriced, borrowed, cached;
    int64_t first_ms, last_ms;
    char first_bad[ERR_MAX + 1100], first_call[400];
} Look;

static void describe(Look *l, const Request *r) {
    char at[32], cost[40] = "unpriced";
    Str provider = batch_name_at(l->batch, r->name[DIM_PROVIDER]), model = batch_name_at(l->batch, r->name[DIM_MODEL]);
    time_format_utc(r->ts_ms, at, sizeof at);
    if (!(r->flags & REQ_UNPRICED)) cost[0] = '$', nano_exact(r->cost_nano, cost + 1, sizeof cost - 1);
    int64_t written = r->tokens[TOK_CACHE_WRITE_5M] + r->tokens[TOK_CACHE_WRITE_1H];
    snprintf(l->first_call, sizeof l->first_call,
             "%s %.*s/%.*s, input %" PRId64 " uncached, %" PRId64 " read, %" PRId64 " written, output %" PRId64 ", %s", at, (int)provider.len,
             provider.at, (int)model.len, model.at, r->tokens[TOK_INPUT], r->tokens[TOK_CACHE_READ], written,
             r->tokens[TOK_OUTPUT] + r->tokens[TOK_REASONING], cost);
}

static void count_calls(Look *l) {
    for (size_t i = 0; i < batch_count(l->batch); i++) {
        const Request *r = batch_at(l->batch, i);
        if (!l->first_call[0]) describe(l, r);
        if (!l->first_ms || r->ts_ms < l->first_ms) l->first_ms = r->ts_ms;
        if (r->ts_ms > l->last_ms) l->last_ms = r->ts_ms;
        l->cached += r->tokens[TOK_CACHE_READ] > 0;
        l->borrowed += (r->flags & REQ_TIME_BORROWED) != 0;
        l->unpriced += (r->flags & REQ_UNPRICED) != 0;
        l->calls++;
    }
    batch_clear(l->batch);
}

static void parse(Look *l, const Record *r) {
    Err why = {0};
    ParseResult got;
    while ((got = parser_record(l->parser, r->text, r->len, r->offset, r->length, l->batch, &why)) == PARSE_FULL) {
        bool alone = batch_count(l->batch) == 0;
        count_calls(l);
        if (alone) break; /* more calls in one record than a batch holds, and none fits */
    }
    count_calls(l);
    l->bad += got == PARSE_BAD;
    l->skipped += got == PARSE_SKIPPED;
    if (got == PARSE_BAD && !l->first_bad[0]) snprintf(l->first_bad, sizeof l->first_bad, "%s:%" PRIu64 ": %s", l->path, r->line, why.text);
}

static int read_records(Look *l, Err *e) {
    Record r;
    for (ReadResult got; l->records < RECORDS_LOOKED && (got = reader_last(l->reader, &r, e)) != READ_END; l->records++) {
        if (got == READ_FAILED) return -1;
        if (got == READ_SKIPPED) l->too_long++;
        else parse(l, &r);
    }
    return 0;
}

static void report(Look *l, const Format *f) {
    char from[32], to[32];
    found(l->d, LEVEL_OK, l->path, "format %s: %s", format_name(f), format_help(f) ? format_help(f) : "");
    found(l->d, l->calls ? LEVEL_OK : LEVEL_MEND, l->path, "%s%" PRIu64 " records looked at: %" PRIu64 " calls, %" PRIu64 " that are none, %" PRIu64 " bad",
          l->records == RECORDS_LOOKED ? "the first " : "", l->records, l->calls, l->skipped, l->bad + l->too_long);
    time_format_utc(l->first_ms, from, sizeof from), time_format_utc(l->last_ms, to, sizeof to);
    if (l->calls) found(l->d, LEVEL_OK, l->path, "from %s to %s", from, to), found(l->d, LEVEL_OK, l->path, "first call: %s", l->first_call);
    if (l->unpriced) found(l->d, LEVEL_NOTE, l->path, "%" PRIu64 " calls have no price; `tollwatch prices explain MODEL` says why", l->unpriced);
    if (l->borrowed) found(l->d, LEVEL_NOTE, l->path, "%" PRIu64 " records do not say when they were; they have the time of the log line they stand in, or else of the file", l->borrowed);
    const char *note = format_note(f, l->cached > 0);
    if (note) found(l->d, LEVEL_NOTE, l->path, "%s", note);
    if (l->bad) found(l->d, LEVEL_MEND, "first bad record", "%s", l->first_bad);
    if (l->too_long) found(l->d, LEVEL_MEND, l->path, "%" PRIu64 " records are too long and left out", l->too_long);
}

static int64_t file_time(const Reader *r) {
    struct stat st;
    int fd = reader_fd(r);
    return fd >= 0 && fstat(fd, &st) == 0 ? (int64_t)st.st_mtim.tv_sec * MS_PER_SECOND + st.st_mtim.tv_nsec / 1000000 : 0;
}

static int look_with(Look *l, const Format *f, Framing framing, Err *e) {
    App *a = l->d->app;
    reader_set_framing(l->reader, framing);
    if (reader_identify(l->reader, true, e) < 0) return -1;
    ParseContext ctx = {.book = a->book, .path = l->path, .now_ms = app_now(a), .framing = framing, .fingerprint = reader_fingerprint(l->reader)};
    l->parser = parser_new(f, &ctx);
    parser_file_time(l->parser, file_time(l->reader));
    l->batch = batch_new(CALLS);
    int rc = read_records(l, e);
    if (rc == 0) report(l, f);
    parser_free(l->parser);
    batch_free(l->batch);
    return rc;
}

/* What is to be read goes to standard error, so that standard output is a file that can be saved as it is. */
static int suggest(Look *l, Str head, Err *e) {
    Suggestion s;
    if (format_suggest(l->d->formats, l->path, head, &s, e) != 0) return -1;
    const char *name = json_string_value(json_object_get(s.file, "name"));
    fprintf(stderr, "tollwatch: %s: no known format fits; this is one to start from: %s\n", l->path, s.found);
    if (s.missing[0]) fprintf(stderr, "tollwatch: not found in its first record: %s\n", s.missing);
    fprintf(stderr, "tollwatch: look at each line, save it as %s/formats/%s.json, then run doctor on the log again\n",
            l->d->app->config->dir[0] ? l->d->app->config->dir : "~/.config/tollwatch", name);
    json_dumpf(s.file, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
    putchar('\n');
    l->d->to_mend++;
    suggestion_free(&s);
    return 0;
}

/* Its columns say what it is; its rows are then read as lines are. */
static int look_at_database(Look *l, Err *e) {
    Rows *rows;
    const Format *f;
    if (rows_open(&rows, l->path, l->d->formats, "", &f, e) != 0) return -1;
    l->reader = reader_open_rows(rows, l->path);
    return look_with(l, f, FRAME_LINES, e);
}

static int look_at(Look *l, Err *e) {
    Str head;
    if (rows_is_database(l->path)) return look_at_database(l, e);
    int fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail(e, "%s; name a log file", strerror(errno));
    if (reader_open_fd(&l->reader, fd, l->path, FRAME_LINES, e) != 0 || reader_head(l->reader, &head, e) < 0) return -1;
    if (head.len == 0) return fail(e, "it is empty; wait until something is written there");
    const Format *f;
    if (recognise(l->d->formats, l->reader, l->path, &head, &f, e) != 0) return -1;
    const char *refusal = refusal_of(f, l->path, head);
    if (refusal) return fail(e, "%s", refusal);
    return f ? look_with(l, f, format_framing_of(f, head.at, head.len), e) : suggest(l, head, e);
}

void check_file(Doctor *d, const char *path) {
    Look l = {.d = d, .path = path};
    Err e = {0};
    if (look_at(&l, &e) != 0) {
        size_t n = strlen(path); /* the reader's own sentences begin with the name */
        found(d, LEVEL_MEND, path, "%s", strncmp(e.text, path, n) == 0 ? e.text + n + strspn(e.text + n, ": ") : e.text);
    }
    reader_close(l.reader);
}
