/* corpus: what the makers of benchmark logs share: a seeded generator, made-up text, times, and the oracle.
 *
 * Owns: the same seed gives the same bytes; what a corpus must add up to, computed from the prices stated here and not by
 * the program under test. Does not: know any log format (corpus_claude.c, corpus_litellm.c, corpus_access.c do).
 */
#ifndef TESTS_CORPUS_H
#define TESTS_CORPUS_H
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CORPUS_END_MS INT64_C(1795478400000) /* 2026-11-24T00:00:00Z; nothing is later */
#define DAY_MS INT64_C(86400000)

/* ---- numbers ---- */
typedef struct Random {
    uint64_t state;
} Random;

static inline uint64_t random_bits(Random *r) {
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline double random_part(Random *r) { /* [0, 1) */
    return (double)(random_bits(r) >> 11) * 0x1p-53;
}

static inline int64_t random_in(Random *r, int64_t low, int64_t high) { /* both ends may come */
    return low + (int64_t)(random_bits(r) % (uint64_t)(high - low + 1));
}

/* Most are near e^mu, a few many times as large, as sizes and token counts are. */
static inline int64_t random_size(Random *r, double mu, double sigma, int64_t low, int64_t high) {
    double normal = sqrt(-2 * log(1 - random_part(r))) * cos(6.283185307179586 * random_part(r));
    double v = exp(mu + sigma * normal);
    return v < (double)low ? low : v > (double)high ? high : (int64_t)v;
}

static inline void random_id(Random *r, char *out, size_t len) { /* letters and digits, and a 0 */
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (size_t i = 0; i < len; i++) out[i] = digits[random_bits(r) % 62];
    out[len] = '\0';
}

static inline void random_uuid(Random *r, char out[37]) {
    uint64_t a = random_bits(r), b = random_bits(r);
    snprintf(out, 37, "%08x-%04x-4%03x-a%03x-%012" PRIx64, (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff,
             (unsigned)a & 0xfff, (unsigned)(b >> 48) & 0xfff, b & 0xffffffffffffu);
}

/* ---- text, as it stands inside a JSON string ---- */
enum { PIECES = 4096, PIECE_MAX = 1400 };
typedef struct Prose {
    char (*piece)[PIECE_MAX + 200];
} Prose;

static inline const char *random_word(Random *r) {
    static const char *const words[] = {"request", "handler", "returns", "stream", "tokens", "cache", "error", "file", "parse",
                                        "line", "buffer", "index", "merge", "branch", "static", "return", "struct", "node",
                                        "value", "false", "import", "class", "await", "assert", "link", "queue", "worker",
                                        "lock", "retry", "timeout", "pointer", "free"};
    return words[random_bits(r) % (sizeof words / sizeof *words)];
}

/* Code, prose, compiler output, JSON that looks like usage, coloured terminal output. */
static inline size_t prose_sentence(Random *r, char *to, size_t size) {
    const char *a = random_word(r), *b = random_word(r), *c = random_word(r), *d = random_word(r);
    int n = (int)random_in(r, 1, 9999), len = 0;
    switch (random_bits(r) % 5) {
    case 0: len = snprintf(to, size, "%6d\\tif (%s->%s[%d] == '\\\\0') { return \\\"%s %s\\\"; }\\n", n, a, b, n % 100, c, d); break;
    case 1: len = snprintf(to, size, "The %s %s the %s while the %s waits for %d more of them. ", a, b, c, d, n); break;
    case 2: len = snprintf(to, size, "/home/dev/src/%s/%s.c:%d:9: warning: %s is never the %s\\n", a, b, n, c, d); break;
    case 3: len = snprintf(to, size, "{\\\"%s\\\":{\\\"usage\\\":{\\\"input_tokens\\\":%d,\\\"output_tokens\\\":7}},\\\"%s\\\":null}\\n", a, n, b); break;
    default: len = snprintf(to, size, "\\u001b[32m%s\\u001b[0m %s %s \u2713 %s\\n", a, b, c, d); break;
    }
    return (size_t)len;
}

static inline void prose_make(Prose *p, Random *r) {
    p->piece = malloc(PIECES * sizeof *p->piece);
    if (!p->piece) exit(1);
    for (size_t i = 0; i < PIECES; i++) {
        size_t len = 0, want = (size_t)random_size(r, 5.5, 1.0, 40, PIECE_MAX);
        while (len < want) len += prose_sentence(r, p->piece[i] + len, sizeof p->piece[i] - len);
    }
}

static inline const char *prose_piece(const Prose *p, Random *r) {
    return p->piece[random_bits(r) % PIECES];
}

/* ---- time ---- */
static inline const char *time_iso(int64_t ms, char out[32]) {
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, 32 - n, ".%03uZ", (unsigned)(ms % 1000));
    return out;
}

/* ---- what it must add up to ---- */
enum { T_INPUT, T_READ, T_WRITE_5M, T_WRITE_1H, T_OUTPUT, T_COUNT };
typedef struct Model {
    const char *name, *provider;
    int64_t pico[T_COUNT]; /* dollars a million tokens = this / 1,000,000 */
    bool unpriced;         /* no price is known: counted, never taken for 0 */
} Model;

typedef struct Tally {
    int64_t requests, errors, unpriced, tokens[T_COUNT], nano;
} Tally;

/* One call. Its cost is rounded once, half up. What a response cache answered used no tokens of the provider. */
static inline void tally_add(Tally *t, const Model *m, const int64_t tokens[T_COUNT], bool error, bool cached) {
    int64_t pico = 0, all = 0;
    t->requests++;
    t->errors += error;
    if (cached) return;
    for (int i = 0; i < T_COUNT; i++) {
        t->tokens[i] += tokens[i];
        all += tokens[i];
        pico += tokens[i] * m->pico[i];
    }
    if (!m->unpriced) t->nano += (pico + 500) / 1000;
    else if (all > 0) t->unpriced++;
}

/* Columns as `report --by model --format csv` names them, so that the two can be compared as text. */
static inline void oracle_write(const char *path, const Model *models, const Tally *t, size_t count) {
    FILE *f = fopen(path, "w");
    if (!f) {
        fprintf(stderr, "corpus: %s cannot be written\n", path);
        exit(1);
    }
    fprintf(f, "model,requests,errors,input_tokens,cache_read_tokens,cache_write_5m_tokens,cache_write_1h_tokens,"
               "output_tokens,unpriced_requests,cost_usd\n");
    for (size_t i = 0; i < count; i++, t++)
        if (t->requests)
            fprintf(f, "%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
                       ",%" PRId64 ".%09" PRId64 "\n",
                    models[i].name, t->requests, t->errors, t->tokens[T_INPUT], t->tokens[T_READ], t->tokens[T_WRITE_5M],
                    t->tokens[T_WRITE_1H], t->tokens[T_OUTPUT], t->unpriced, t->nano / 1000000000, t->nano % 1000000000);
    if (fclose(f) != 0) exit(1);
}

static inline FILE *corpus_open(const char *path) {
    FILE *f = fopen(path, "w");
    if (!f || setvbuf(f, NULL, _IOFBF, 1 << 20) != 0) {
        fprintf(stderr, "corpus: %s cannot be written\n", path);
        exit(1);
    }
    return f;
}

static inline void corpus_close(FILE *f, const char *path) {
    if (fclose(f) == 0) return;
    fprintf(stderr, "corpus: %s cannot be written; is the disk full?\n", path);
    exit(1);
}
#endif
