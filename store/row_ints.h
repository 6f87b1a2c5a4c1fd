/* row_ints: integers as rows and sums hold them. Private to store/row*.c. Owns: 7 bits a byte, lowest first; signed ones folded so
 * that small negatives are short. Does not: know what they mean. Reading checks every bound. */
#ifndef STORE_ROW_INTS_H
#define STORE_ROW_INTS_H
#include "store/base.h"
#include <endian.h>

static inline uint8_t *put(uint8_t *p, uint64_t v) {
    for (; v >= 0x80; v >>= 7) *p++ = (uint8_t)(v | 0x80);
    *p++ = (uint8_t)v;
    return p;
}

static inline uint8_t *put8(uint8_t *p, uint64_t v) {
    for (int i = 0; i < 8; i++, v >>= 8) *p++ = (uint8_t)v;
    return p;
}

static inline uint64_t fold(int64_t v) {
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t unfold(uint64_t v) {
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

typedef struct In {
    const uint8_t *at, *end;
    bool bad;
} In;

static inline uint64_t get_long(In *in) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return v;
    }
    in->bad = true;
    return 0;
}

static inline uint64_t low7(uint8_t byte, unsigned shift) { return (uint64_t)(byte & 0x7f) << shift; }

/* Written out, and in place: a request is some twenty of these, most of one to three bytes, and a loop takes twice as long. */
static inline __attribute__((always_inline)) uint64_t get(In *in) {
    const uint8_t *p = in->at;
    if (in->end - p < 4) return get_long(in);
    if (p[0] < 0x80) return in->at += 1, p[0];
    if (p[1] < 0x80) return in->at += 2, low7(p[0], 0) | low7(p[1], 7);
    if (p[2] < 0x80) return in->at += 3, low7(p[0], 0) | low7(p[1], 7) | low7(p[2], 14);
    if (p[3] < 0x80) return in->at += 4, low7(p[0], 0) | low7(p[1], 7) | low7(p[2], 14) | low7(p[3], 21);
    return get_long(in);
}

static inline uint64_t get8(In *in) {
    uint64_t v;
    if (in->end - in->at < 8) {
        in->bad = true;
        return 0;
    }
    memcpy(&v, in->at, sizeof v);
    in->at += 8;
    return le64toh(v);
}
#endif
