/* test_scan: the scanner says what jansson says, finds what is asked for, and needs no memory for long lines. */
#include "tests/scan_check.h"
#include "tests/unit.h"
#include <dirent.h>

enum { SEED_MAX = 1 << 12, MUTATIONS = 300 };

static void agree(size_t plan, const char *text, size_t len, const char *what) {
    for (size_t i = 0; i < 4; i++) {
        const char *difference = scan_check(plan, text, len, "}\"\n,"[i]);
        if (difference) fail_msg("%s, plan %zu: %s: %.*s", what, plan, difference, (int)len, text);
    }
}

typedef struct Seed {
    char name[64];
    unsigned char bytes[SEED_MAX];
    size_t len;
} Seed;

static int load_seeds(Seed *out, int max) {
    DIR *dir = opendir("tests/corpus/scan");
    assert_non_null(dir);
    int n = 0;
    for (struct dirent *d; n < max && (d = readdir(dir));) {
        char path[512];
        snprintf(path, sizeof path, "tests/corpus/scan/%s", d->d_name);
        FILE *f = d->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!f) continue;
        snprintf(out[n].name, sizeof out[n].name, "%.60s", d->d_name);
        out[n].len = fread(out[n].bytes, 1, SEED_MAX, f);
        fclose(f);
        if (out[n].len > 1) n++;
    }
    closedir(dir);
    return n;
}

static Seed *seeds;
static int seed_count;

static int setup(void **state) {
    (void)state;
    seeds = calloc(64, sizeof *seeds);
    seed_count = load_seeds(seeds, 64);
    assert_true(seed_count >= 15);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    free(seeds);
    return 0;
}

static void seeds_agree_under_every_plan(void **state) {
    (void)state;
    for (int i = 0; i < seed_count; i++)
        for (size_t plan = 0; plan < CHECK_PLANS; plan++)
            agree(plan, (const char *)seeds[i].bytes + 1, seeds[i].len - 1, seeds[i].name);
}

static void every_cut_is_bad_and_agrees(void **state) {
    (void)state;
    for (int i = 0; i < seed_count; i++)
        for (size_t len = 0; len + 1 < seeds[i].len; len++)
            agree(seeds[i].bytes[0], (const char *)seeds[i].bytes + 1, len, seeds[i].name);
}

static uint64_t next_random(uint64_t *x) {
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* One small damage: a byte changed, dropped or doubled, or a piece copied over another place. */
static size_t mutate(unsigned char *b, size_t len, uint64_t *x) {
    static const char likely[] = "{}[]:,\"\\ \n0e-.tfnu\x80\xc3";
    size_t at = next_random(x) % len, from = next_random(x) % len, n;
    switch (next_random(x) % 5) {
    case 0: b[at] = (unsigned char)likely[next_random(x) % (sizeof likely - 1)]; return len;
    case 1: b[at] = (unsigned char)next_random(x); return len;
    case 2: memmove(b + at, b + at + 1, len - at - 1); return len - 1;
    case 3: memmove(b + at + 1, b + at, len - at); return len + 1;
    default:
        n = next_random(x) % 12;
        if (n > len - at) n = len - at;
        if (n > len - from) n = len - from;
        memmove(b + at, b + from, n);
        return len;
    }
}

static void mutations_agree(void **state) {
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < seed_count; i++)
        for (int m = 0; m < MUTATIONS; m++) {
            unsigned char b[SEED_MAX + 8];
            size_t len = seeds[i].len - 1;
            memcpy(b, seeds[i].bytes + 1, len);
            for (uint64_t k = next_random(&x) % 4 + 1; k && len > 2; k--) len = mutate(b, len, &x);
            const char *difference = scan_check(seeds[i].bytes[0], (const char *)b, len, '}');
            if (difference) fail_msg("%s, mutation %d: %s: %.*s", seeds[i].name, m, difference, (int)len, (const char *)b);
        }
}

/* The index comes in chunks: a document must read the same wherever a chunk ends in it. */
static void chunk_borders_change_nothing(void **state) {
    (void)state;
    static const char doc[] = "{\"a\":[{\"key\":\"x\",\"value\":{\"s\":\"1\"}},{\"value\":{\"s\":\"\\\\\\\"\"},\"key\":\"y\"}],"
                              "\"b\":[{\"v\":[{}],\"k\":\"1\"}],\"c\":[\"p:one\"]}";
    enum { ZEROS = 4200 };
    static char text[ZEROS * 2 + sizeof doc + 64];
    for (int zeros = 3980; zeros < 4110; zeros++) {
        int n = snprintf(text, sizeof text, "{\"z\":[");
        for (int i = 0; i < zeros; i++, n += 2) memcpy(text + n, "0,", 2);
        n += snprintf(text + n, sizeof text - (size_t)n, "0],%s", doc + 1);
        const char *difference = scan_check(3, text, (size_t)n, '}');
        if (difference) fail_msg("%d zeros before: %s", zeros, difference);
    }
}

static int count_emits(void *ctx, const ScanValue *values) {
    (void)values;
    ++*(int *)ctx;
    return 0;
}

static int verdict(const char *text, size_t len, Err *e) {
    ScanPlan *plan = NULL;
    int emitted = 0;
    const char *path = "a";
    assert_int_equal(scan_plan(&plan, &path, 1, NULL, NULL), 0);
    Scan *s = scan_new(plan);
    char *copy = calloc(len + SCAN_PAD, 1);
    memcpy(copy, text, len);
    int rc = scan_line(s, copy, len, count_emits, &emitted, e);
    assert_int_equal(emitted, rc == 0);
    free(copy);
    scan_free(s);
    scan_plan_free(plan);
    return rc;
}

static void depth_is_bounded(void **state) {
    (void)state;
    char *text = malloc(SCAN_DEPTH_MAX * 2 + 8);
    for (size_t depth = SCAN_DEPTH_MAX; depth <= SCAN_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        Err e = {0};
        assert_int_equal(verdict(text, depth * 2, &e), depth > SCAN_DEPTH_MAX ? -1 : 0);
        if (depth > SCAN_DEPTH_MAX) assert_non_null(strstr(e.text, "nested too deeply"));
    }
    free(text);
}

static void valid_text_that_jansson_cannot_hold_is_kept(void **state) {
    (void)state;
    static const char *const good[] = {"{\"a\":\"\\ud83d\"}", "{\"a\":\"\\udead x\"}", "{\"a\":\"\\u0000\"}", "{\"a\":123456789012345678901234567890}",
                                       "{\"a\":1e99999}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_int_equal(verdict(good[i], strlen(good[i]), NULL), 0);
}

static void a_cut_line_is_called_cut_off(void **state) {
    (void)state;
    static const char text[] = "{\"a\":{\"b\":[1,2,\"three\"]}}";
    for (size_t len = 1; len < sizeof text - 1; len++) {
        Err e = {0};
        assert_int_equal(verdict(text, len, &e), -1);
        assert_non_null(strstr(e.text, "cut off"));
    }
}

static void wrong_paths_are_refused_with_a_reason(void **state) {
    (void)state;
    static const char *const wrong[] = {"a..b", "a[", "a[x]", "a.", "\"a", "a\\b", "a[]", "a@", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ScanPlan *plan = NULL;
        Err e = {0};
        if (scan_plan(&plan, &wrong[i], 1, NULL, &e) == 0) fail_msg("%s was taken", wrong[i]);
        assert_true(e.text[0] != '\0');
    }
    ScanPlan *plan = NULL;
    const char *mixed[] = {"a[0].b", "a[key=x].b"};
    assert_int_equal(scan_plan(&plan, mixed, 2, NULL, NULL), -1);
    assert_int_equal(scan_plan(&plan, mixed, 1, "a.b", NULL), -1);
}

static int64_t decimal(const char *text, int scale) {
    ScanValue v = {SCAN_NUMBER, false, str_of(text)};
    int64_t out = -77;
    return scan_decimal(&v, scale, &out) == 0 ? out : -77;
}

static void numbers_are_exact(void **state) {
    (void)state;
    assert_int_equal(decimal("1767225600.123456", 3), 1767225600123);
    assert_int_equal(decimal("1767225600.1235", 3), 1767225600124);
    assert_int_equal(decimal("0.0005", 3), 1);
    assert_int_equal(decimal("12.5", 3), 12500);
    assert_int_equal(decimal("3e-2", 3), 30);
    assert_int_equal(decimal("-1.5", 3), -1500);
    assert_int_equal(decimal("99999999999999999999", 3), -77);
    int64_t n;
    ScanValue v = {SCAN_STRING, false, STR("12.0")};
    assert_int_equal(scan_int(&v, &n), 0);
    assert_int_equal(n, 12);
    static const char *const no[] = {"", "12.5", "x", "1 2", "9223372036854775808", "0x10"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        v.text = str_of(no[i]);
        assert_int_equal(scan_int(&v, &n), -1);
    }
}

static void unescape_cuts_on_a_character(void **state) {
    (void)state;
    char out[16];
    assert_int_equal(scan_unescape(STR("a\\u20acb\\n\\ud83d\\ude00"), out, 16), 10);
    assert_memory_equal(out, "a\xE2\x82\xAC" "b\n\xF0\x9F\x98\x80", 10);
    assert_int_equal(scan_unescape(STR("a\\u20ac"), out, 3), 1);
    assert_int_equal(scan_unescape(STR("ab\xE2\x82\xAC"), out, 4), 2);
    assert_int_equal(scan_unescape(STR("\\ud83d-"), out, 16), 4);
    assert_memory_equal(out, "\xEF\xBF\xBD-", 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_agree_under_every_plan),
        cmocka_unit_test(every_cut_is_bad_and_agrees),
        cmocka_unit_test(mutations_agree),
        cmocka_unit_test(chunk_borders_change_nothing),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(valid_text_that_jansson_cannot_hold_is_kept),
        cmocka_unit_test(a_cut_line_is_called_cut_off),
        cmocka_unit_test(wrong_paths_are_refused_with_a_reason),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(unescape_cuts_on_a_character),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
