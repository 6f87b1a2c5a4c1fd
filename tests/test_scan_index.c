/* test_scan_index: stage 1 of the scanner says the same on every kind of machine, and knows UTF-8 and escapes wherever blocks end. */
#include <ctype.h>
#include "collectors/scan_impl.h"
#include "tests/unit.h"

enum { TEXT_MAX = 20000 };

/* ---- both ways are one ---- */
static uint64_t next_random(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* Text that has much of what matters, so that nothing about it is rare. */
static void make_text(char *text, size_t len, uint64_t *seed) {
    static const char *const pieces[] = {"\"", "\"", "\\", "\\\"", "\\\\", "\\n", "\\u00e9", "\\x", "{", "}", "[", "]", ":", ",", " ", "\n",
                                         "abc", "0123456789 and some longer plain text", "\t", "\x7f", "\xc3\xa9", "\xe2\x82\xac",
                                         "\xf0\x9f\x98\x80", "\xe2\x82", "\x80", "\xff", "no", "nn"};
    memset(text, 0, len + SCAN_PAD);
    uint64_t kinds = 1 + next_random(seed) % (sizeof pieces / sizeof *pieces);
    for (size_t at = 0; at < len;) {
        const char *piece = pieces[next_random(seed) % kinds];
        size_t n = strlen(piece) < len - at ? strlen(piece) : len - at;
        memcpy(text + at, piece, n);
        at += n;
    }
}

static void compare(const char *text, uint32_t len, ScanIndex *a, ScanIndex *b) {
    bool more;
    *a = *b = (ScanIndex){0};
    index_start(a, text, 0, len);
    index_start(b, text, 0, len);
    do {
        more = index_fill_plain(a);
        assert_int_equal(index_fill_avx2(b), more);
        assert_int_equal(a->first, b->first);
        assert_int_equal(a->next, b->next);
        assert_int_equal(a->count, b->count);
        assert_memory_equal(a->at, b->at, a->count * sizeof *a->at);
        assert_string_equal(a->bad ? a->bad : "", b->bad ? b->bad : "");
    } while (more);
}

static void wide_and_narrow_steps_find_the_same(void **state) {
    (void)state;
    if (!index_has_avx2()) skip();
    char *text = xmalloc(TEXT_MAX + SCAN_PAD);
    ScanIndex *both = xcalloc(2, sizeof *both);
    uint64_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        size_t len = next_random(&seed) % (round % 50 ? 400 : TEXT_MAX);
        make_text(text, len, &seed);
        compare(text, (uint32_t)len, &both[0], &both[1]);
    }
    free(both);
    free(text);
}

/* ---- UTF-8 ---- */
/* As the standard's table has it, a byte at a time. */
static bool is_utf8(const unsigned char *p, size_t n) {
    for (size_t i = 0; i < n;) {
        unsigned char c = p[i], second = i + 1 < n ? p[i + 1] : 0;
        size_t len = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
        if (len == 0 || i + len > n) return false;
        for (size_t k = 1; k < len; k++)
            if ((p[i + k] & 0xC0) != 0x80) return false;
        if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) || (c == 0xF4 && second > 0x8F))
            return false;
        i += len;
    }
    return true;
}

/* The bytes in a string that begins `before` bytes into a block, with text or nothing behind it. */
static void check_bytes(ScanIndex *x, const unsigned char *bytes, size_t n, size_t before, bool closed) {
    char text[256] = "\"";
    memset(text + 1, 'a', before);
    memcpy(text + 1 + before, bytes, n);
    if (closed) memcpy(text + 1 + before + n, "\"]", 2);
    uint32_t len = (uint32_t)(1 + before + n + (closed ? 2 : 0));
    for (int way = 0; way < 2; way++) {
        if (way && !index_has_avx2()) return;
        x->bad = NULL;
        index_start(x, text, 0, len);
        while (way ? index_fill_avx2(x) : index_fill_plain(x)) {}
        if ((x->bad == NULL) != is_utf8(bytes, n))
            fail_msg("%02x %02x %02x %02x after %zu bytes: %s", bytes[0], bytes[1], bytes[2], bytes[3], before, x->bad ? x->bad : "good");
    }
}

static void utf8_is_known_wherever_a_block_ends(void **state) {
    static const unsigned char next[] = {'a', 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE1};
    enum { NEXT = sizeof next };
    (void)state;
    ScanIndex *x = xcalloc(1, sizeof *x);
    for (unsigned lead = 0x80; lead < 0x100; lead++)
        for (int i = 0; i < NEXT * NEXT * NEXT; i++) {
            const unsigned char bytes[4] = {(unsigned char)lead, next[i % NEXT], next[i / NEXT % NEXT], next[i / NEXT / NEXT]};
            check_bytes(x, bytes, 4, 56 + (size_t)i % 8, i % 3);
            check_bytes(x, bytes, 1 + (size_t)i % 3, 58 + (size_t)i % 7, i % 2);
        }
    free(x);
}

/* ---- escapes ---- */
/* As the standard has it: one of eight letters, or u and four digits of base 16. */
static bool is_escape(const char *p, size_t n) {
    if (*p != 'u') return strchr("\"\\/bfnrt", *p) != NULL;
    for (size_t i = 1; i <= 4; i++)
        if (i >= n || !isxdigit((unsigned char)p[i])) return false;
    return true;
}

static void check_escape(ScanIndex *x, const char *what, size_t n, size_t before) {
    char text[256] = "[\"";
    memset(text + 2, 'x', before);
    text[2 + before] = '\\';
    memcpy(text + 3 + before, what, n);
    memcpy(text + 3 + before + n, "\"]", 3);
    uint32_t len = (uint32_t)(5 + before + n);
    for (int way = 0; way < 2; way++) {
        if (way && !index_has_avx2()) return;
        x->bad = NULL;
        index_start(x, text, 0, len);
        while (way ? index_fill_avx2(x) : index_fill_plain(x)) {}
        if ((x->bad == NULL) != is_escape(what, n)) fail_msg("\\%.*s after %zu bytes: %s", (int)n, what, before, x->bad ? x->bad : "good");
    }
}

static void escapes_are_known_wherever_a_block_ends(void **state) {
    static const char digits[] = "09afAF/:@G`gx"; /* the ends of each range, and what stands beside them */
    (void)state;
    ScanIndex *x = xcalloc(1, sizeof *x);
    for (size_t before = 52; before < 64; before++) {
        for (int c = 0x20; c < 0x7f; c++) check_escape(x, (const char[]){(char)c, 'x'}, 2, before);
        for (size_t i = 0; i < sizeof digits - 1; i++)
            for (size_t at = 1; at <= 4; at++) {
                char what[6] = "u12aB";
                what[at] = digits[i];
                check_escape(x, what, 5, before);
                check_escape(x, what, at, before);
            }
    }
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wide_and_narrow_steps_find_the_same), cmocka_unit_test(escapes_are_known_wherever_a_block_ends),
        cmocka_unit_test(utf8_is_known_wherever_a_block_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
