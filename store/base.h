/* base: errors, strings and hashes that every other file uses.
 *
 * Owns: the error convention, the growable buffer, the persistent hash.
 * Does not: allocate behind the caller's back, log, or know any domain word.
 *
 * Error convention: a function that can fail returns int, 0 = done, -1 = failed with `Err` filled by fail().
 * The first error wins: fail() on an Err that already holds text keeps the text. Every text reads
 * "what is wrong; what to do", without the "tollwatch: " prefix (the printer adds it) and without a newline.
 * Out of memory is not an error value: x*alloc() prints one line and exits 1, because nothing stored is lost by that.
 */
#ifndef STORE_BASE_H
#define STORE_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ERR_MAX = 512, NAME_MAX_BYTES = 128 };

typedef struct Err {
    char text[ERR_MAX]; /* "" = no error */
} Err;

#define TW_PRINTF(f, a) __attribute__((format(printf, f, a)))

int fail(Err *e, const char *fmt, ...) TW_PRINTF(2, 3); /* always -1; e may be NULL */

/* A borrowed piece of text; not NUL-terminated. Lifetime: whoever lends it says so. */
typedef struct Str {
    const char *at;
    size_t len;
} Str;

#define STR(literal) ((Str){(literal), sizeof(literal) - 1})
Str str_of(const char *z); /* NULL gives the empty Str */
bool str_eq(Str a, Str b);
bool str_is(Str a, const char *z);
bool str_starts(Str a, const char *z);

/* Growable bytes with a maximum at birth; always NUL-terminated. Zero-initialise with .max set (0 = 1 MiB). */
typedef struct Buf {
    char *at;
    size_t len, cap, max;
    bool overflow; /* something did not fit: the content is cut, never beyond .max */
} Buf;

void buf_add(Buf *b, const char *at, size_t len);
void buf_str(Buf *b, const char *z);
void buf_fmt(Buf *b, const char *fmt, ...) TW_PRINTF(2, 3);
void buf_clear(Buf *b); /* keeps the memory */
void buf_free(Buf *b);  /* keeps .max */

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *z);
char *xstrndup(const char *at, size_t len);

/* The hash that identities are built of. PERSISTENT: its values are in databases, so it never changes.
 * Not for hostile collisions in memory tables of unbounded size; tables bound themselves. */
uint64_t hash64(const void *at, size_t len, uint64_t seed);

/* Cuts `len` bytes to at most `max` on a UTF-8 boundary; returns the new length. */
size_t utf8_cut(const char *at, size_t len, size_t max);
#endif
