/* sigv4: AWS's signature of a request computed again, from the bytes that a server got, by SHA-256 and HMAC written here for
 * that alone: nothing of it is what the program signs with. */
#ifndef TESTS_SIGV4_H
#define TESTS_SIGV4_H
#include "tests/unit.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct Digest { uint8_t at[32]; } Digest;

/* Its constants are the first 32 bits of the fractions of roots of primes. */
static inline uint32_t sha_fraction(double root) { return (uint32_t)((root - floor(root)) * 4294967296.0); }

static inline int sha_prime(int n) {
    for (int p = 2;; p++) {
        bool prime = true;
        for (int d = 2; d * d <= p; d++) prime &= p % d != 0;
        if (prime && n-- == 0) return p;
    }
}

static inline uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static inline void sha_block(uint32_t h[8], const uint8_t *at, const uint32_t k[64]) {
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++) w[i] = (uint32_t)at[4 * i] << 24 | (uint32_t)at[4 * i + 1] << 16 | (uint32_t)at[4 * i + 2] << 8 | at[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
               (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(v, h, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t a = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
        uint32_t b = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += a;
        v[0] = a + b;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
}

static inline Digest sha256(const void *text, size_t len) {
    uint32_t h[8], k[64];
    size_t size = (len + 9 + 63) / 64 * 64;
    uint8_t *room = calloc(1, size);
    Digest d;
    assert_non_null(room);
    memcpy(room, text, len);
    room[len] = 0x80;
    for (int i = 0; i < 8; i++) room[size - 1 - (size_t)i] = (uint8_t)((uint64_t)len * 8 >> (8 * i));
    for (int i = 0; i < 8; i++) h[i] = sha_fraction(sqrt(sha_prime(i)));
    for (int i = 0; i < 64; i++) k[i] = sha_fraction(cbrt(sha_prime(i)));
    for (size_t i = 0; i < size; i += 64) sha_block(h, room + i, k);
    for (int i = 0; i < 32; i++) d.at[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    free(room);
    return d;
}

static inline Digest hmac256(const void *key, size_t key_len, const char *text) {
    uint8_t inner[4096] = {0}, outer[64 + 32] = {0};
    size_t len = strlen(text);
    assert_true(key_len <= 64 && len <= sizeof inner - 64);
    memcpy(inner, key, key_len);
    memcpy(outer, key, key_len);
    for (int i = 0; i < 64; i++) inner[i] ^= 0x36, outer[i] ^= 0x5c;
    memcpy(inner + 64, text, len);
    Digest d = sha256(inner, 64 + len);
    memcpy(outer + 64, d.at, 32);
    return sha256(outer, sizeof outer);
}

static inline void hex_of(Digest d, char out[65]) {
    for (int i = 0; i < 32; i++) snprintf(out + 2 * i, 3, "%02x", d.at[i]);
}

/* The value of a header of a raw request, by name of any case; "" = none. */
static inline void raw_header(const char *request, const char *name, char *out, size_t size) {
    size_t n = strlen(name);
    const char *end = strstr(request, "\r\n\r\n");
    *out = '\0';
    for (const char *line = strstr(request, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':') continue;
        const char *at = line + 3 + n + strspn(line + 3 + n, " ");
        snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
        return;
    }
}

/* The signing key of a day, region and service. */
static inline Digest sigv4_key(const char *secret, char *scope) {
    char first[128];
    int n = snprintf(first, sizeof first, "AWS4%s", secret);
    char *rest = scope, *word = strsep(&rest, "/");
    Digest d = hmac256(first, (size_t)n, word);
    while ((word = strsep(&rest, "/")) != NULL) d = hmac256(d.at, 32, word);
    return d;
}

/* The signature that a request to "/" without a query must have; `request` ends where its body ends. */
static inline void sigv4_of(const char *request, const char *secret, char out[65]) {
    char auth[1024], date[64], names[512] = "", scope[256] = "", canonical[3072], to_sign[1024], hash[65];
    const char *body = strstr(request, "\r\n\r\n"), *at;
    raw_header(request, "Authorization", auth, sizeof auth);
    raw_header(request, "X-Amz-Date", date, sizeof date);
    assert_non_null(body);
    assert_non_null(at = strstr(auth, "SignedHeaders="));
    snprintf(names, sizeof names, "%.*s", (int)strcspn(at + 14, ","), at + 14);
    assert_non_null(at = strchr(auth, '/')); /* after the key id */
    snprintf(scope, sizeof scope, "%.*s", (int)strcspn(at + 1, ","), at + 1);
    size_t n = (size_t)snprintf(canonical, sizeof canonical, "%.*s\n/\n\n", (int)strcspn(request, " "), request);
    char copy[512], *rest = copy, *name;
    snprintf(copy, sizeof copy, "%s", names);
    while ((name = strsep(&rest, ";")) != NULL) {
        char value[512];
        raw_header(request, name, value, sizeof value);
        if (!value[0]) fail_msg("no %s in %s", name, request);
        n += (size_t)snprintf(canonical + n, sizeof canonical - n, "%s:%s\n", name, value);
        assert_true(n < sizeof canonical);
    }
    hex_of(sha256(body + 4, strlen(body + 4)), hash);
    n += (size_t)snprintf(canonical + n, sizeof canonical - n, "\n%s\n%s", names, hash);
    assert_true(n < sizeof canonical);
    hex_of(sha256(canonical, n), hash);
    snprintf(to_sign, sizeof to_sign, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, hash);
    Digest key = sigv4_key(secret, scope);
    hex_of(hmac256(key.at, 32, to_sign), out);
}
#endif
