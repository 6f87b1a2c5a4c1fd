/* test_import_parts: a large file read in parts is what it is read as a whole, wherever a part ends; and an import that is
 * stopped or killed loses nothing and doubles nothing. */
#include "collectors/logfile.h"
#include "tests/import_lab.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>

enum { LARGE_MIB = 36, LARGE_CALLS = 6000, SMALL_FILES = 400, SMALL_CALLS = 20 };
#define NOW_MS (DAY_MS + MS_PER_DAY)

/* ---- parts ---- */
typedef struct Reading { /* what a log, or two parts of it together, gave */
    Buf requests;
    uint64_t lines, records, bad, bytes;
    FileMark mark;
} Reading;

static void read_on(LogFile *f, Reading *out, bool whole) {
    Batch *b = batch_new(64);
    Filled got = FILLED_BATCH;
    Err e = {0};
    while (got == FILLED_BATCH) {
        got = logfile_fill(f, b, whole, &e);
        assert_int_not_equal(got, FILLED_FAILED);
        for (size_t i = 0; i < batch_count(b); i++) {
            const Request *r = batch_at(b, i);
            Str model = batch_name_at(b, r->name[DIM_MODEL]);
            buf_fmt(&out->requests, "%llx %lld %lld %.*s %llu+%u\n", (unsigned long long)r->id, (long long)r->ts_ms,
                    (long long)r->cost_nano, (int)model.len, model.at, (unsigned long long)r->offset, r->length);
        }
        batch_clear(b);
    }
    batch_free(b);
    out->mark = f->mark;
    out->bytes += f->bytes;
    out->lines += f->mark.lines;
    out->records += f->mark.records;
    out->bad += f->mark.bad_lines;
}

/* Lines of all kinds: long, short, blank, wrong, without an id (known by their place), the last without its end. */
static void write_mixed(const char *path, const char *end, const char *last_end) {
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    for (int i = 0; i < 12; i++) write_call(f, i, i * i * 40, end);
    fprintf(f, "%s{\"id\":%s%s   %s", end, end, end, end);
    for (int i = 0; i < 3; i++)
        fprintf(f, "{\"custom_llm_provider\":\"openai\",\"status\":\"success\",\"startTime\":1792886400.5,\"endTime\":1792886401,"
                   "\"model\":\"gpt-4o\",\"prompt_tokens\":10,\"completion_tokens\":1,\"total_tokens\":11}%s", end);
    write_call(f, 99, 5, last_end);
    fclose(f);
}

static void compare_at(const LogFile *log, const Reading *all, uint64_t at) {
    Reading two = {0};
    LogFile *part;
    Err e = {0};
    assert_int_equal(logfile_part(&part, log, 0, at, NULL, &e), 0);
    read_on(part, &two, false);
    logfile_close(part);
    assert_int_equal(two.mark.offset, at);
    assert_int_equal(logfile_part(&part, log, at, 0, NULL, &e), 0);
    read_on(part, &two, true);
    logfile_close(part);
    assert_same_dump(&two.requests, &all->requests);
    assert_int_equal(two.mark.offset, all->mark.offset);
    assert_int_equal(two.mark.tail_hash, all->mark.tail_hash);
    assert_int_equal(two.lines, all->lines);
    assert_int_equal(two.records, all->records);
    assert_int_equal(two.bad, all->bad);
    assert_int_equal(two.bytes, all->bytes);
    buf_free(&two.requests);
}

static void compare_everywhere(const Place *p, Ledger *l, const LogSetup *setup) {
    LogFile *log, *again;
    Reading all = {0};
    Err e = {0};
    assert_int_equal(logfile_open(&log, p->log, setup, l, &e), 0);
    assert_int_equal(logfile_open(&again, p->log, setup, l, &e), 0);
    assert_true(logfile_may_split(log));
    read_on(again, &all, true);
    assert_int_equal(all.records, 16);
    assert_int_equal(all.bad, 1);
    FILE *f = fopen(p->log, "re");
    uint64_t at = 0;
    for (int c; (c = fgetc(f)) != EOF;)
        if (at++, c == '\n') compare_at(log, &all, at);
    assert_int_equal(at, all.mark.offset);
    fclose(f);
    logfile_close(log);
    logfile_close(again);
    buf_free(&all.requests);
}

static void two_parts_are_the_whole_wherever_one_ends(void **state) {
    static const char *const ends[][2] = {{"\n", "\n"}, {"\r\n", "\r\n"}, {"\n", ""}, {"\r\n", ""}};
    const Place *p = *state;
    Formats *formats;
    Book *book;
    Db *db;
    Ledger *l;
    Err e = {0};
    LedgerOptions o = {.now_ms = NOW_MS};
    assert_int_equal(formats_load(&formats, NULL, &e), 0);
    assert_int_equal(book_load(&book, NULL, &e), 0);
    assert_int_equal(db_open(&db, p->db, DB_WRITE, &e), 0);
    assert_int_equal(ledger_open(&l, db, &o, &e), 0);
    const SourceConfig source = {.name = "import", .format = "litellm"};
    const LogSetup setup = {.formats = formats, .book = book, .config = p->config, .source = &source, .now_ms = NOW_MS};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        write_mixed(p->log, ends[i][0], ends[i][1]);
        compare_everywhere(p, l, &setup);
    }
    ledger_close(l);
    db_close(db);
    book_free(book);
    formats_free(formats);
}

/* ---- a large file ---- */
static void write_large(const char *path, const char *end) {
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    for (int i = 0; i < LARGE_CALLS; i++) {
        write_call(f, i, (int)((LARGE_MIB << 20) / LARGE_CALLS) * (1 + i % 3) / 2, i == LARGE_CALLS - 1 ? "" : end);
        if (i % 500 == 7) fprintf(f, "{\"cut%s", end);
    }
    fclose(f);
}

static void pack(const char *from, const char *to) {
    char piece[65536];
    FILE *f = fopen(from, "re");
    gzFile z = gzopen(to, "wb1");
    assert_true(f && z);
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;) assert_int_equal(gzwrite(z, piece, (unsigned)n), n);
    assert_int_equal(gzclose(z), Z_OK);
    fclose(f);
}

/* Packed, it has no parts: one parser reads it in order. */
static void a_large_file_is_what_its_packed_twin_is(void **state) {
    const Place *p = *state;
    char packed[700], other[700];
    Buf plain = {.max = 8 << 20}, twin = {.max = 8 << 20};
    snprintf(packed, sizeof packed, "%s/a.gz", p->dir);
    snprintf(other, sizeof other, "%s/other.db", p->dir);
    write_large(p->log, "\r\n");
    pack(p->log, packed);
    ImportSummary a = place_import(p, p->db, p->log, 0, NOW_MS), b = place_import(p, other, packed, 0, NOW_MS);
    assert_int_equal(a.rows.added, LARGE_CALLS);
    assert_int_equal(a.bad_lines, 12);
    assert_int_equal(a.bytes, b.bytes);
    assert_int_equal(a.lines, b.lines);
    assert_string_equal(strrchr(a.first_bad, '/') + 8, strrchr(b.first_bad, '/') + 5); /* :LINE: what */
    dump(p->db, &plain);
    dump(other, &twin);
    assert_same_dump(&plain, &twin);
    buf_free(&plain);
    buf_free(&twin);
}

/* ---- stopped and killed ---- */
static void write_small(const Place *p, char *folder, size_t size) {
    char path[800];
    snprintf(folder, size, "%s/logs", p->dir);
    if (mkdir(folder, 0700) != 0) assert_int_equal(errno, EEXIST);
    for (int i = 0; i < SMALL_FILES; i++) {
        snprintf(path, sizeof path, "%s/%d.jsonl", folder, i);
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        for (int n = 0; n < SMALL_CALLS; n++) write_call(f, i * SMALL_CALLS + n, 20, "\n");
        fclose(f);
    }
}

static int64_t rows_in(const char *path) {
    Db *db;
    Err e = {0};
    if (db_open(&db, path, DB_READ, &e) != 0) return 0;
    sqlite3_stmt *s = db_prepare(db, "SELECT count(*) FROM request", &e);
    int64_t n = s && db_step(db, s, "count", &e) == 1 ? sqlite3_column_int64(s, 0) : 0;
    db_close(db);
    return n;
}

/* Until the other one has stored some rows; bounded, should it never do. */
static void await_rows(const char *db, int64_t more_than) {
    for (int i = 0; i < 20000 && rows_in(db) <= more_than; i++) poll(NULL, 0, 1);
}

static pid_t start_child(const Place *p, const char *path) {
    pid_t pid = fork();
    if (pid == 0) {
        ImportOptions o = {.config = p->config, .db_path = p->db, .format = "litellm", .now_ms = NOW_MS};
        ImportSummary sum;
        _exit(import_files(&o, &path, 1, &sum, NULL, NULL) == 0 ? 0 : 1);
    }
    assert_true(pid > 0);
    return pid;
}

/* Killed again and again, each time a little later, until one import comes to its end; then it must be complete. */
static void kill_until_done(const Place *p, const char *path, int64_t calls) {
    char other[700];
    Buf killed = {.max = 8 << 20}, whole = {.max = 8 << 20};
    int status = -1;
    for (int64_t seen = 0; seen < calls && status != 0;) {
        pid_t pid = start_child(p, path);
        await_rows(p->db, seen);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        int64_t now = rows_in(p->db);
        assert_true(now > seen);
        seen = now;
    }
    place_import(p, p->db, path, 0, NOW_MS);
    snprintf(other, sizeof other, "%s/other.db", p->dir);
    assert_int_equal(place_import(p, other, path, 0, NOW_MS).rows.added, calls);
    dump(p->db, &killed);
    dump(other, &whole);
    assert_same_dump(&killed, &whole);
    Err e = {0};
    Db *db;
    Ledger *l;
    LedgerOptions o = {.now_ms = NOW_MS};
    assert_int_equal(db_open(&db, p->db, DB_WRITE, &e), 0);
    assert_int_equal(ledger_open(&l, db, &o, &e), 0);
    assert_int_equal(ledger_verify(l, &e), 0);
    ledger_close(l);
    db_close(db);
    buf_free(&killed);
    buf_free(&whole);
}

static void killed_among_small_files(void **state) {
    char folder[700];
    write_small(*state, folder, sizeof folder);
    kill_until_done(*state, folder, SMALL_FILES * SMALL_CALLS);
}

static void killed_within_a_large_file(void **state) {
    const Place *p = *state;
    write_large(p->log, "\n");
    kill_until_done(p, p->log, LARGE_CALLS);
}

typedef struct Stopper {
    const Place *place;
    Stop *stop;
} Stopper;

static void *stop_soon(void *arg) {
    const Stopper *s = arg;
    await_rows(s->place->db, 0);
    stop_set(s->stop);
    return NULL;
}

static void a_stopped_import_goes_on_where_it_was(void **state) {
    const Place *p = *state;
    Stopper s = {p, stop_new()};
    pthread_t thread;
    ImportOptions o = {.config = p->config, .db_path = p->db, .format = "litellm", .now_ms = NOW_MS};
    ImportSummary sum;
    Err e = {0};
    const char *path = p->log;
    write_large(p->log, "\n");
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &s), 0);
    int rc = import_files(&o, &path, 1, &sum, s.stop, &e);
    pthread_join(thread, NULL);
    uint64_t first = sum.rows.added;
    if (rc != 0) assert_non_null(strstr(e.text, "run it again"));
    ImportSummary rest = place_import(p, p->db, path, 0, NOW_MS);
    assert_int_equal(first + rest.rows.added, LARGE_CALLS);
    assert_int_equal(place_totals(p).requests, LARGE_CALLS);
    stop_free(s.stop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_parts_are_the_whole_wherever_one_ends, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_large_file_is_what_its_packed_twin_is, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(killed_among_small_files, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(killed_within_a_large_file, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_stopped_import_goes_on_where_it_was, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
