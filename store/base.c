/* base: errors, strings and hashes. See base.h for what it owns and why. */
#include "store/base.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUF_DEFAULT_MAX = 1 << 20, BUF_FIRST = 256 };

int fail(Err *e, const char *fmt, ...) {
    if (!e || e->text[0]) return -1;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    if (!e->text[0]) memcpy(e->text, "unknown error", 14);
    return -1;
}

Str str_of(const char *z) {
    return z ? (Str){z, strlen(z)} : (Str){"", 0};
}

bool str_eq(Str a, Str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool str_is(Str a, const char *z) {
    return str_eq(a, str_of(z));
}

bool str_starts(Str a, const char *z) {
    size_t n = strlen(z);
    return a.len >= n && memcmp(a.at, z, n) == 0;
}

static _Noreturn void out_of_memory(void) {
    fputs("tollwatch: out of memory; nothing stored is lost, start it again with more\n", stderr);
    exit(1);
}

void *xmalloc(size_t n) {
    void *p = malloc(n ? n : 1);
    if (!p) out_of_memory();
    return p;
}

void *xcalloc(size_t n, size_t size) {
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p) out_of_memory();
    return p;
}

void *xrealloc(void *p, size_t n) {
    void *q = realloc(p, n ? n : 1);
    if (!q) out_of_memory();
    return q;
}

char *xstrndup(const char *at, size_t len) {
    char *p = xmalloc(len + 1);
    if (len) memcpy(p, at, len);
    p[len] = '\0';
    return p;
}

char *xstrdup(const char *z) {
    return xstrndup(z, strlen(z));
}

/* Room for `more` bytes and a NUL, or as many of them as the maximum allows. */
static size_t buf_room(Buf *b, size_t more) {
    size_t max = b->max ? b->max : BUF_DEFAULT_MAX;
    if (more > max - b->len) {
        more = max - b->len;
        b->overflow = true;
    }
    if (b->len + more + 1 <= b->cap) return more;
    size_t cap = b->cap ? b->cap * 2 : BUF_FIRST;
    while (cap < b->len + more + 1) cap *= 2;
    b->at = xrealloc(b->at, cap);
    b->cap = cap;
    return more;
}

void buf_add(Buf *b, const char *at, size_t len) {
    len = buf_room(b, len);
    if (len) memcpy(b->at + b->len, at, len);
    b->len += len;
    b->at[b->len] = '\0';
}

void buf_str(Buf *b, const char *z) {
    buf_add(b, z, strlen(z));
}

void buf_fmt(Buf *b, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int need = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (need > 0) {
        size_t n = buf_room(b, (size_t)need);
        vsnprintf(b->at + b->len, n + 1, fmt, again);
        b->len += n;
    }
    va_end(again);
}

void buf_clear(Buf *b) {
    b->len = 0;
    b->overflow = false;
    if (b->at) b->at[0] = '\0';
}

void buf_free(Buf *b) {
    free(b->at);
    *b = (Buf){.max = b->max};
}

/* 64 x 64 -> 128 bit multiply folded to 64: the mixing step of the wyhash family. */
static uint64_t mix(uint64_t a, uint64_t b) {
    __extension__ typedef unsigned __int128 Wide;
    Wide w = (Wide)a * b;
    return (uint64_t)w ^ (uint64_t)(w >> 64);
}

/* Little-endian on every machine: the values are stored. */
static uint64_t load(const unsigned char *p, size_t n) {
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static uint64_t load8(const unsigned char *p) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
#else
    return load(p, 8);
#endif
}

uint64_t hash64(const void *at, size_t len, uint64_t seed) {
    const uint64_t k0 = 0x9E3779B97F4A7C15u, k1 = 0xD1B54A32D192ED03u, k2 = 0x8CB92BA72F3D8DD7u;
    const unsigned char *p = at;
    uint64_t h = mix(seed ^ k0, (uint64_t)len ^ k1);
    size_t left = len;
    for (; left >= 16; left -= 16, p += 16) h = mix(load8(p) ^ h ^ k1, load8(p + 8) ^ k2) + h;
    uint64_t a = left > 8 ? load8(p) : load(p, left), b = left > 8 ? load(p + 8, left - 8) : 0;
    h = mix(a ^ h ^ k1, b ^ k2 ^ h);
    return mix(h ^ k0, h ^ k2);
}

size_t utf8_cut(const char *at, size_t len, size_t max) {
    if (len <= max) return len;
    while (max > 0 && ((unsigned char)at[max] & 0xC0) == 0x80) max--;
    return max;
}
