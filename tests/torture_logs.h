/* torture_logs: logs that are written, cut, rotated, packed, copied and taken away by chance, and beside them one master
 * file a format with every line that was ever written, in the order of writing. For test_torture.
 *
 * What is written must be there to be read at some time: what truncates or deletes for good first lets the reader catch up
 * (Logs.catch_up). All chance comes from one seed.
 */
#ifndef TESTS_TORTURE_LOGS_H
#define TESTS_TORTURE_LOGS_H
#include "store/base.h"
#include "store/clock.h"
#include "tests/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { LOG_LITELLM, LOG_GATEWAY, LOG_REMOTE /* through a command; only grows */, LOG_CLAUDE /* the first of several sessions */,
       SESSIONS = 5, LOGS = LOG_CLAUDE + SESSIONS };
enum { GENERATIONS = 14, LINE_MAX_BYTES = 2048, FILE_MAX_BYTES = 8 << 20 };

typedef struct Log {
    char base[64];                      /* below the folder */
    int fd;
    char rest[LINE_MAX_BYTES];          /* of the last line, not written yet */
    size_t rest_len;
    int generations;
    bool packed[GENERATIONS + 2];       /* [g]: generation g is a .gz */
} Log;

typedef struct Logs {
    char dir[64];
    uint64_t random;
    Log log[LOGS];
    int master[3], serial, copies, away;
    char last_message[32]; int message_out; /* of the growing Claude message */
    void (*catch_up)(void *ctx);
    void *ctx;
} Logs;

static inline unsigned chance(Logs *t, unsigned below) {
    t->random ^= t->random << 13, t->random ^= t->random >> 7, t->random ^= t->random << 17;
    return (unsigned)(t->random >> 11) % below;
}

static inline const char *in_dir(const Logs *t, const char *name, char out[256]) {
    snprintf(out, 256, "%.63s/%.180s", t->dir, name);
    return out;
}

static inline void put(int fd, const char *at, size_t len) {
    assert_int_equal(write(fd, at, len), (ssize_t)len);
}

static inline int open_in(const Logs *t, const char *name, int flags) {
    char path[256];
    int fd = open(in_dir(t, name, path), flags | O_CLOEXEC, 0600);
    if (fd < 0) fail_msg("open %s: %s", path, strerror(errno));
    return fd;
}

/* ---- lines ---- */

static inline int master_of(int log) {
    return log == LOG_LITELLM ? 0 : log < LOG_CLAUDE ? 1 : 2;
}

/* A quarter of the lines is written in two pieces, the second whenever something is written next. */
static inline void flush_line(Log *l) {
    put(l->fd, l->rest, l->rest_len);
    l->rest_len = 0;
}

static inline void emit(Logs *t, int log, const char *line) {
    Log *l = &t->log[log];
    size_t len = strlen(line), now = chance(t, 4) ? len : chance(t, (unsigned)len);
    flush_line(l);
    put(t->master[master_of(log)], line, len);
    put(l->fd, line, now);
    memcpy(l->rest, line + now, len - now);
    l->rest_len = len - now;
}

/* Some time of the last three days before noon; a later call is mostly later. */
static inline int64_t some_ms(Logs *t, int serial) {
    return INT64_C(1795521600000) - 3 * MS_PER_DAY + (int64_t)serial * 2000 + chance(t, 1000);
}

static inline const char *time_text(int64_t ms, char out[32]) {
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, 32 - n, ".%03dZ", (int)(ms % 1000));
    return out;
}

static inline void gateway_line(Logs *t, bool remote, char out[LINE_MAX_BYTES]) {
    char when[32];
    int n = t->serial, in = 10 + (int)chance(t, 5000);
    const char *const kind[] = {"chatcmpl", "msg", "gw", "remote"}; /* also seen by LiteLLM, by Claude, by nobody else */
    int which = remote ? 3 : (int)chance(t, 3), seen = remote ? n : n - (int)chance(t, 20);
    snprintf(out, LINE_MAX_BYTES,
             "{\"ts\":\"%s\",\"request_id\":\"gw-%d\",\"upstream_id\":\"%s-%d\",\"gateway\":\"edge\",\"provider\":\"openai\","
             "\"endpoint\":\"/v1/chat/completions\",\"model\":\"gpt-4o\",\"feature\":\"f%d\",\"key\":\"k%d\",\"status\":%d,"
             "\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d},\"usage_state\":\"full\"}\n",
             time_text(some_ms(t, n), when), n, kind[which], seen, n % 5, n % 7,
             chance(t, 30) ? 200 : 500, in, in / 7, in + in / 7);
}

static inline void litellm_line(Logs *t, char out[LINE_MAX_BYTES]) {
    int n = t->serial, in = 10 + (int)chance(t, 5000);
    int64_t ms = some_ms(t, n);
    snprintf(out, LINE_MAX_BYTES,
             "{\"id\":\"chatcmpl-%d\",\"trace_id\":null,\"call_type\":\"acompletion\",\"status\":\"%s\",\"custom_llm_provider\":\"openai\","
             "\"startTime\":%lld.%03d,\"endTime\":%lld.9,\"model\":\"gpt-4o-mini\",\"metadata\":{\"user_api_key_alias\":\"key%d\"},"
             "\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d,\"end_user\":\"u%d\"}\n",
             n, chance(t, 30) ? "success" : "failure", (long long)(ms / 1000), (int)(ms % 1000), (long long)(ms / 1000 + 2),
             n % 5, in, in / 9, in + in / 9, n % 11);
}

/* Lines of one message: each says more than the one before, at another time, also across sessions (forks). */
static inline void claude_line(Logs *t, int session, char out[LINE_MAX_BYTES]) {
    char when[32];
    if (!t->last_message[0] || chance(t, 3) == 0) {
        snprintf(t->last_message, sizeof t->last_message, "msg-%d", t->serial);
        t->message_out = 1;
    }
    t->message_out += (int)chance(t, 200);
    snprintf(out, LINE_MAX_BYTES,
             "{\"parentUuid\":null,\"isSidechain\":false,\"sessionId\":\"s%d\",\"type\":\"assistant\",\"uuid\":\"u%d\",\"timestamp\":\"%s\","
             "\"requestId\":\"req\",\"message\":{\"id\":\"%s\",\"model\":\"claude-sonnet-4-5-20250929\",\"content\":[{\"type\":\"text\","
             "\"text\":\"%.*s\"}],\"usage\":{\"input_tokens\":7,\"cache_read_input_tokens\":1000,\"output_tokens\":%d}}}\n",
             session, t->serial, time_text(some_ms(t, t->serial), when), t->last_message, (int)chance(t, 300),
             "............................................................................................................."
             ".............................................................................................................", t->message_out);
}

static inline void write_line(Logs *t, int log) {
    char line[LINE_MAX_BYTES];
    t->serial++;
    if (log == LOG_GATEWAY || log == LOG_REMOTE) gateway_line(t, log == LOG_REMOTE, line);
    else if (log == LOG_LITELLM) litellm_line(t, line);
    else claude_line(t, log, line);
    emit(t, log, line);
    if (chance(t, 40) == 0) emit(t, log, line); /* delivered twice */
    if (chance(t, 100) == 0) emit(t, log, "{\"cut\":tr\n");
}

static inline void write_lines(Logs *t, int log, unsigned below) {
    for (unsigned n = chance(t, below); n > 0; n--) write_line(t, log);
}

/* ---- files ---- */

static inline const char *generation(const Log *l, int g, bool packed, char out[128]) {
    snprintf(out, 128, g ? "%s.%d%s" : "%s", l->base, g, packed ? ".gz" : "");
    return out;
}

static inline void move(const Logs *t, const char *from, const char *to) {
    char a[256], b[256];
    if (rename(in_dir(t, from, a), in_dir(t, to, b)) != 0) fail_msg("rename %s %s: %s", a, b, strerror(errno));
}

static inline size_t read_all(const Logs *t, const char *name, char *out) {
    int fd = open_in(t, name, O_RDONLY);
    ssize_t n = read(fd, out, FILE_MAX_BYTES);
    close(fd);
    assert_true(n >= 0 && n < FILE_MAX_BYTES);
    return (size_t)n;
}

static inline void copy(const Logs *t, const char *from, const char *to, bool pack) {
    char *bytes = xmalloc(FILE_MAX_BYTES), path[256];
    size_t n = read_all(t, from, bytes);
    if (pack) {
        gzFile z = gzopen(in_dir(t, to, path), "wb1");
        if (n) assert_int_equal(gzwrite(z, bytes, (unsigned)n), (int)n);
        assert_int_equal(gzclose(z), Z_OK);
    } else {
        int fd = open_in(t, to, O_WRONLY | O_CREAT | O_TRUNC);
        put(fd, bytes, n);
        close(fd);
    }
    free(bytes);
}

static inline void drop(const Logs *t, const char *name) {
    char path[256];
    assert_int_equal(unlink(in_dir(t, name, path)), 0);
}

static inline void reopen(Logs *t, Log *l) {
    l->fd = open_in(t, l->base, O_WRONLY | O_APPEND | O_CREAT);
}

/* Makes generation 1 free. The last one goes for good. */
static inline void shift(Logs *t, Log *l) {
    char from[128], to[128];
    if (l->generations == GENERATIONS) {
        t->catch_up(t->ctx);
        drop(t, generation(l, GENERATIONS, l->packed[GENERATIONS], from));
        l->generations--;
    }
    for (int g = l->generations; g >= 1; g--) {
        move(t, generation(l, g, l->packed[g], from), generation(l, g + 1, l->packed[g], to));
        l->packed[g + 1] = l->packed[g];
    }
    l->generations++;
    l->packed[1] = false;
}

/* By rename; whoever has the old descriptor writes on for a while. */
static inline void rotate_by_rename(Logs *t, int log) {
    Log *l = &t->log[log];
    char to[128];
    shift(t, l);
    move(t, l->base, generation(l, 1, false, to));
    if (chance(t, 2)) write_line(t, log);
    flush_line(l);
    close(l->fd);
    reopen(t, l);
}

static inline void rotate_by_copy(Logs *t, int log) {
    Log *l = &t->log[log];
    char to[128];
    flush_line(l);
    shift(t, l);
    copy(t, l->base, generation(l, 1, false, to), false);
    assert_int_equal(ftruncate(l->fd, 0), 0);
}

static inline void pack_one(Logs *t, int log) {
    Log *l = &t->log[log];
    char from[128], to[128];
    int g = l->generations ? 1 + (int)chance(t, (unsigned)l->generations) : 0;
    if (!g || l->packed[g]) return;
    copy(t, generation(l, g, false, from), generation(l, g, true, to), true);
    drop(t, from);
    l->packed[g] = true;
}

/* A copy of some file comes under another name, plain or packed; also one that was away meanwhile. */
static inline void copy_one(Logs *t, int log) {
    Log *l = &t->log[log];
    char from[128], to[160];
    int g = (int)chance(t, (unsigned)l->generations + 1);
    bool packed = g && l->packed[g], pack = !packed && chance(t, 2);
    generation(l, g, packed, from);
    const char *slash = strrchr(l->base, '/');
    snprintf(to, sizeof to, "%.*s/copy%d-%s%s", (int)(slash - l->base), l->base, ++t->copies, slash + 1, packed || pack ? ".gz" : "");
    copy(t, from, to, pack);
}

/* Out of all patterns; comes back under its name of then, at the latest when the reader is to catch up. */
static inline void take_away(Logs *t, int log) {
    Log *l = &t->log[log];
    char from[128];
    if (t->away || l->generations == 0 || l->packed[l->generations]) return;
    move(t, generation(l, l->generations, false, from), "away");
    l->generations--;
    t->away = log + 1;
}

static inline void bring_back(Logs *t) {
    char to[128];
    if (!t->away) return;
    Log *l = &t->log[t->away - 1];
    const char *slash = strrchr(l->base, '/');
    snprintf(to, sizeof to, "%.*s/back%d-%s%s", (int)(slash - l->base), l->base, ++t->copies, slash + 1, chance(t, 2) ? "" : ".gz");
    if (strstr(to, ".gz")) copy(t, "away", to, true), drop(t, "away");
    else move(t, "away", to);
    t->away = 0;
}

/* For good, after it was read: deleted, or cut to nothing and grown again. */
static inline void start_anew(Logs *t, int log) {
    Log *l = &t->log[log];
    flush_line(l);
    t->catch_up(t->ctx);
    if (chance(t, 2)) {
        assert_int_equal(ftruncate(l->fd, 0), 0);
    } else {
        drop(t, l->base);
        close(l->fd);
        reopen(t, l);
    }
}

/* A fork: a session's first lines again, in another session's file, at their own times. */
static inline void fork_session(Logs *t) {
    int from = LOG_CLAUDE + (int)chance(t, SESSIONS), to = LOG_CLAUDE + (int)chance(t, SESSIONS);
    char *bytes = xmalloc(FILE_MAX_BYTES), line[LINE_MAX_BYTES], *rest;
    size_t n = read_all(t, t->log[from].base, bytes);
    bytes[n] = '\0';
    char *whole_end = from == to ? NULL : strrchr(bytes, '\n');
    if (whole_end) *whole_end = '\0';
    int left = 10;
    for (char *p = whole_end ? strtok_r(bytes, "\n", &rest) : NULL; p && left-- > 0; p = strtok_r(NULL, "\n", &rest)) {
        snprintf(line, sizeof line, "%s\n", p);
        char *when = strstr(line, "\"timestamp\":\"2026-"), now[32];
        if (when && chance(t, 2)) { /* an agent that tells the time of the replay */
            time_text(some_ms(t, t->serial + 1000 + left), now);
            memcpy(when + strlen("\"timestamp\":\""), now, strlen(now));
        }
        emit(t, to, line);
    }
    free(bytes);
}

/* A session that begins as another one did, byte for byte, and goes on in its own way. */
static inline void branch_session(Logs *t) {
    int from = LOG_CLAUDE + (int)chance(t, SESSIONS), to = LOG_CLAUDE + (int)chance(t, SESSIONS);
    char *bytes = xmalloc(FILE_MAX_BYTES);
    size_t n = from == to ? 0 : read_all(t, t->log[from].base, bytes), keep = 0;
    for (unsigned lines = 1 + chance(t, 5); lines > 0 && keep < n; lines--) {
        const char *nl = memchr(bytes + keep, '\n', n - keep);
        keep = nl ? (size_t)(nl - bytes) + 1 : n;
    }
    if (keep && bytes[keep - 1] == '\n') {
        rotate_by_copy(t, to);
        put(t->log[to].fd, bytes, keep);
    }
    free(bytes);
}

static inline void act(Logs *t) {
    int log = (int)chance(t, LOGS);
    switch (log == LOG_REMOTE ? 29 : chance(t, 30)) {
    case 0: case 1: rotate_by_rename(t, log); break;
    case 2: case 3: rotate_by_copy(t, log); write_lines(t, log, 60); break; /* beyond its size, before anybody looks */
    case 4: case 5: pack_one(t, log); break;
    case 6: copy_one(t, log); break;
    case 7: take_away(t, log); break;
    case 8: bring_back(t); break;
    case 9: fork_session(t); break;
    case 10: if (chance(t, 6) == 0) start_anew(t, log); break;
    case 11: flush_line(&t->log[log]); break;
    case 12: branch_session(t); break;
    default: write_lines(t, log, 25);
    }
}

static inline void logs_open(Logs *t) {
    static const char *const folders[] = {"litellm", "gateway", "claude"};
    char path[256];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) assert_int_equal(mkdir(in_dir(t, folders[i], path), 0700), 0);
    for (int i = 0; i < LOGS; i++) {
        Log *l = &t->log[i];
        static const char *const names[] = {"litellm/app.jsonl", "gateway/edge.jsonl", "remote.jsonl"};
        if (i < LOG_CLAUDE) snprintf(l->base, sizeof l->base, "%s", names[i]);
        else snprintf(l->base, sizeof l->base, "claude/s%d.jsonl", i);
        reopen(t, l);
        write_line(t, i);
    }
}
#endif
