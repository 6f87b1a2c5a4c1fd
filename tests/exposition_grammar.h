/* exposition_grammar: a strict reader of Prometheus' text format 0.0.4, for tests: HELP and TYPE once and before their
 * samples, escapes, UTF-8, no label and no sample twice. Only gauges with plain decimals, as ours are. */
#ifndef TESTS_EXPOSITION_GRAMMAR_H
#define TESTS_EXPOSITION_GRAMMAR_H
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "store/base.h"

enum { NAMES_MAX = 64, SAMPLES_MAX = 4096 };
typedef struct Reader {
    const char *at;
    int line;
    char name[NAMES_MAX][96];   /* in the order of their TYPE: the last is the open one */
    int names;
    char *sample[SAMPLES_MAX];  /* name and labels of each */
    int samples;
} Reader;

static inline bool take(Reader *r, const char *text) {
    size_t len = strlen(text);
    if (strncmp(r->at, text, len) != 0) return false;
    r->at += len;
    return true;
}

static inline bool take_name(Reader *r, bool colon, char *out, size_t size) {
    size_t len = 0;
    while (isalpha((unsigned char)r->at[len]) || r->at[len] == '_' || (colon && r->at[len] == ':') ||
           (len && isdigit((unsigned char)r->at[len])))
        len++;
    if (len == 0 || len >= size) return false;
    snprintf(out, size, "%.*s", (int)len, r->at);
    r->at += len;
    return true;
}

/* Between quotes: \\, \", \n and UTF-8 without control bytes. */
static inline bool take_value(Reader *r) {
    if (!take(r, "\"")) return false;
    while (*r->at && *r->at != '"') {
        unsigned char c = (unsigned char)*r->at++;
        if (c < 0x20) return false;
        if (c == '\\' && (!*r->at || !strchr("\\\"n", *r->at++))) return false;
    }
    return take(r, "\"");
}

static inline bool take_labels(Reader *r) {
    char seen[16][64];
    int count = 0;
    if (!take(r, "{")) return true;
    do {
        if (count == 16 || !take_name(r, false, seen[count], sizeof seen[0]) || strncmp(seen[count], "__", 2) == 0) return false;
        for (int i = 0; i < count; i++)
            if (strcmp(seen[i], seen[count]) == 0) return false;
        count++;
        if (!take(r, "=") || !take_value(r)) return false;
    } while (take(r, ","));
    return take(r, "}");
}

static inline bool take_number(Reader *r) {
    size_t digits;
    take(r, "-");
    if ((digits = strspn(r->at, "0123456789")) == 0) return false;
    r->at += digits;
    if (!take(r, ".")) return true;
    digits = strspn(r->at, "0123456789");
    r->at += digits;
    return digits > 0;
}

static inline bool read_sample(Reader *r) {
    char name[96];
    const char *begin = r->at;
    if (!take_name(r, true, name, sizeof name) || r->names == 0 || strcmp(name, r->name[r->names - 1]) != 0) return false;
    if (!take_labels(r) || r->samples == SAMPLES_MAX) return false;
    r->sample[r->samples++] = xstrndup(begin, (size_t)(r->at - begin));
    return take(r, " ") && take_number(r);
}

/* HELP and TYPE come together and once, before the samples of their name. */
static inline bool read_head(Reader *r) {
    char help[96], type[96];
    if (!take_name(r, true, help, sizeof help) || !take(r, " ")) return false;
    while (*r->at && *r->at != '\n' && *r->at != '\\') r->at++;
    if (!take(r, "\n# TYPE ") || !take_name(r, true, type, sizeof type) || strcmp(help, type) != 0) return false;
    for (int i = 0; i < r->names; i++)
        if (strcmp(r->name[i], type) == 0) return false;
    if (r->names == NAMES_MAX) return false;
    snprintf(r->name[r->names++], sizeof r->name[0], "%s", type);
    return take(r, " gauge");
}

static inline int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static inline bool is_utf8(const char *at, size_t len) { /* by another way than the writer: libc's */
    mbstate_t s = {0};
    setlocale(LC_CTYPE, "C.UTF-8");
    for (size_t n; len > 0; at += n, len -= n) {
        n = mbrtowc(NULL, at, len, &s);
        if (n == 0 || n > len) return false;
    }
    return true;
}

/* How many samples; -1 = it is not the format. */
static inline int grammar(const Buf *text) {
    Reader *r = xcalloc(1, sizeof *r);
    bool good = text->len > 0 && strlen(text->at) == text->len && is_utf8(text->at, text->len);
    r->at = good ? text->at : "";
    while (good && *r->at) good = (take(r, "# HELP ") ? read_head(r) : read_sample(r)) && take(r, "\n");
    int count = good ? r->samples : -1;
    qsort(r->sample, (size_t)r->samples, sizeof *r->sample, by_text);
    for (int i = 0; i < r->samples; i++) {
        if (i && strcmp(r->sample[i - 1], r->sample[i]) == 0) count = -1; /* the same labels twice */
    }
    for (int i = 0; i < r->samples; i++) free(r->sample[i]);
    free(r);
    return count;
}
#endif
