/* follow_lab: a follower in a folder of its own, stepped by hand on a clock that the test turns; nothing waits.
 *
 * The lines that lab_line() makes have no id of their own: they are known by their place in their file. A line that is
 * lost, read twice, or taken for one of another file shows in the sums, which lab_agrees() compares with what was written.
 */
#ifndef TESTS_FOLLOW_LAB_H
#define TESTS_FOLLOW_LAB_H
#include "collectors/collect_parts.h"
#include "collectors/follow.h"
#include "store/query.h"
#include "tests/unit.h"
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define LAB_NOW INT64_C(1795521600000) /* 2026-11-24T12:00:00Z */
enum { LAB_SOURCES = 4, LAB_STEPS_MAX = 100000 };

typedef struct Lab {
    char dir[64], db[128], policy[128];
    Config *config;
    SourceConfig source[LAB_SOURCES];
    Collecting c;
    Formats *formats;
    Book *book;
    Stop *stop;
    const WorkerType *type;   /* what is stepped: the follower, */
    const void *type_config;  /* and its config; NULL = c */
    void *follow;
    int64_t steady_ms;
    Wait next;
    int64_t requests, tokens; /* of the lines that must be in the ledger */
    int lines;                /* made so far */
} Lab;

static inline const char *lab_path(const Lab *lab, const char *name, char out[256]) {
    snprintf(out, 256, "%s/%s", lab->dir, name);
    return out;
}

/* ---- the follower ---- */

static inline void lab_start(Lab *lab) {
    Err e = {0};
    int rc = lab->type->open(&lab->follow, lab->type_config ? lab->type_config : &lab->c, lab->stop, &e);
    assert_string_equal(e.text, "");
    assert_int_equal(rc, 0);
}

static inline void lab_stop(Lab *lab) {
    lab->type->close(lab->follow);
    lab->follow = NULL;
}

static inline bool lab_woken(const Lab *lab) {
    struct pollfd p = {.fd = lab->next.fd, .events = POLLIN};
    return lab->next.sleep_ms == 0 || (p.fd >= 0 && poll(&p, 1, 0) > 0);
}

/* Steps until it wants to sleep; nothing when it is stopped. */
static inline void lab_settle(Lab *lab) {
    Err e = {0};
    int steps = 0;
    if (!lab->follow) return;
    do {
        int rc = lab->type->step(lab->follow, &lab->next, &e);
        assert_string_equal(e.text, "");
        assert_int_equal(rc, 0);
        assert_true(steps++ < LAB_STEPS_MAX);
    } while (lab_woken(lab));
}

/* So much time goes by, in the steps that the follower asks for. */
static inline void lab_pass(Lab *lab, int64_t ms) {
    int64_t until = lab->steady_ms + ms;
    for (lab_settle(lab); lab->steady_ms < until; lab_settle(lab)) {
        int64_t wake = lab->next.sleep_ms < 0 ? until : lab->steady_ms + lab->next.sleep_ms;
        lab->steady_ms = wake < until ? wake : until;
    }
}

/* Descriptors of this process. */
static inline size_t lab_open_files(void) {
    size_t n = 0;
    for (int fd = 0; fd < 1024; fd++) n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* ---- what is written ---- */

/* A line of no file yet; it must be in the ledger at the next lab_agrees(). */
static inline const char *lab_line(Lab *lab, char out[512]) {
    int n = ++lab->lines;
    lab->requests++;
    lab->tokens += n;
    snprintf(out, 512, "{\"ts\":\"2026-11-24T11:%02d:%02d.%03dZ\",\"gateway\":\"g\",\"provider\":\"openai\",\"model\":\"gpt-4o\","
                       "\"status\":200,\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":0,\"total_tokens\":%d},"
                       "\"usage_state\":\"full\"}\n", n / 60000 % 60, n / 1000 % 60, n % 1000, n, n);
    return out;
}

static inline void lab_write_fd(int fd, const char *text, size_t len) {
    assert_int_equal(write(fd, text, len), (ssize_t)len);
}

static inline void lab_write_line(Lab *lab, int fd) {
    char line[512];
    lab_line(lab, line);
    lab_write_fd(fd, line, strlen(line));
}

static inline int lab_open_file(const Lab *lab, const char *name, int flags) {
    char path[256];
    int fd = open(lab_path(lab, name, path), flags | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static inline void lab_append_text(const Lab *lab, const char *name, const char *text) {
    int fd = lab_open_file(lab, name, O_WRONLY | O_APPEND | O_CREAT);
    lab_write_fd(fd, text, strlen(text));
    close(fd);
}

static inline void lab_append(Lab *lab, const char *name, int lines) {
    int fd = lab_open_file(lab, name, O_WRONLY | O_APPEND | O_CREAT);
    for (; lines > 0; lines--) lab_write_line(lab, fd);
    close(fd);
}

static inline void lab_rename(const Lab *lab, const char *from, const char *to) {
    char a[256], b[256];
    assert_int_equal(rename(lab_path(lab, from, a), lab_path(lab, to, b)), 0);
}

static inline void lab_unlink(const Lab *lab, const char *name) {
    char path[256];
    assert_int_equal(unlink(lab_path(lab, name, path)), 0);
}

static inline void lab_mkdir(const Lab *lab, const char *name) {
    char path[256];
    assert_int_equal(mkdir(lab_path(lab, name, path), 0700), 0);
}

/* As if it was last written so long ago. */
static inline void lab_age(const Lab *lab, const char *name, int64_t seconds) {
    char path[256];
    struct timespec t[2] = {{.tv_sec = clock_now_ms() / 1000 - seconds}, {.tv_sec = clock_now_ms() / 1000 - seconds}};
    assert_int_equal(utimensat(AT_FDCWD, lab_path(lab, name, path), t, 0), 0);
}

static inline size_t lab_read_file(const Lab *lab, const char *name, char *out, size_t size) {
    int fd = lab_open_file(lab, name, O_RDONLY);
    ssize_t n = read(fd, out, size);
    close(fd);
    assert_true(n >= 0 && (size_t)n < size);
    return (size_t)n;
}

static inline void lab_copy(const Lab *lab, const char *from, const char *to) {
    static char bytes[1 << 20];
    size_t n = lab_read_file(lab, from, bytes, sizeof bytes);
    int fd = lab_open_file(lab, to, O_WRONLY | O_CREAT | O_TRUNC);
    lab_write_fd(fd, bytes, n);
    close(fd);
}

static inline void lab_gzip(const Lab *lab, const char *from, const char *to) {
    static char bytes[1 << 20];
    char path[256];
    size_t n = lab_read_file(lab, from, bytes, sizeof bytes);
    gzFile z = gzopen(lab_path(lab, to, path), "wb");
    assert_int_equal(gzwrite(z, bytes, (unsigned)n), (int)n);
    assert_int_equal(gzclose(z), Z_OK);
}

/* ---- life ---- */

/* Sources whose patterns are below the lab's folder, NULL at the end. */
static inline Lab *lab_new(const char *const *patterns) {
    Lab *lab = xcalloc(1, sizeof *lab);
    Err e = {0};
    char path[256];
    *lab = (Lab){.dir = "/tmp/tollwatch-follow-XXXXXX", .steady_ms = 1000000, .type = &follow_worker, .stop = stop_new()};
    assert_non_null(mkdtemp(lab->dir));
    snprintf(lab->db, sizeof lab->db, "%s/ledger.db", lab->dir);
    snprintf(lab->policy, sizeof lab->policy, "%s/policy.json", lab->dir);
    lab_append_text(lab, "config", "[general]\ntimezone = UTC\n");
    assert_int_equal(config_load(&lab->config, lab_path(lab, "config", path), &e), 0);
    assert_int_equal(formats_load(&lab->formats, NULL, &e), 0);
    assert_int_equal(book_load(&lab->book, NULL, &e), 0);
    lab->c = (Collecting){.config = lab->config, .sources = lab->source, .formats = lab->formats, .book = lab->book,
                          .db_path = lab->db, .policy_path = lab->policy, .fixed_now_ms = LAB_NOW, .steady_ms = &lab->steady_ms};
    for (size_t i = 0; patterns[i]; i++) {
        SourceConfig *s = &lab->source[lab->c.source_count++];
        snprintf(s->name, sizeof s->name, "s%zu", i);
        snprintf(s->format, sizeof s->format, "gateway");
        snprintf(s->path, sizeof s->path, "%s", lab_path(lab, patterns[i], path));
    }
    return lab;
}

static inline int lab_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static inline void lab_free(Lab *lab) {
    lab_stop(lab);
    config_free(lab->config);
    formats_free(lab->formats);
    book_free(lab->book);
    stop_free(lab->stop);
    nftw(lab->dir, lab_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(lab);
}

/* ---- what the ledger says ---- */

static inline Totals lab_totals(const Lab *lab) {
    Db *db;
    Err e = {0};
    Result r;
    Query q = {.since_ms = LAB_NOW - MS_PER_DAY, .until_ms = LAB_NOW + MS_PER_DAY};
    assert_int_equal(db_open(&db, lab->db, DB_READ, &e), 0);
    assert_int_equal(query_run(db, &q, &r, &e), 0);
    Totals t = r.total;
    result_free(&r);
    db_close(db);
    return t;
}

#define lab_agrees(lab)                                                                                                \
    do {                                                                                                               \
        Totals lab_t = lab_totals(lab);                                                                                \
        assert_int_equal(lab_t.requests, (lab)->requests);                                                             \
        assert_int_equal(lab_t.tokens[TOK_INPUT], (lab)->tokens);                                                      \
    } while (0)

static inline SourceView lab_source(const Lab *lab, size_t nth) {
    static SourceView all[LAB_SOURCES];
    Db *db;
    Err e = {0};
    size_t n = 0;
    assert_int_equal(db_open(&db, lab->db, DB_READ, &e), 0);
    assert_int_equal(query_sources(db, LAB_NOW, all, LAB_SOURCES, &n, &e), 0);
    db_close(db);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].source, lab->source[nth].name) == 0) return all[i];
    return (SourceView){0};
}
#endif
