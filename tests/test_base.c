/* test_base: the error convention, bounded buffers, the persistent hash, and batches. */
#include "tests/unit.h"
#include "store/data.h"
#include "store/request.h"

static void first_error_wins(void **state) {
    (void)state;
    Err e = {0};
    assert_int_equal(fail(&e, "first %d", 1), -1);
    assert_int_equal(fail(&e, "second"), -1);
    assert_string_equal(e.text, "first 1");
    assert_int_equal(fail(NULL, "nobody listens"), -1);
}

static void buffer_stops_at_its_maximum(void **state) {
    (void)state;
    Buf b = {.max = 10};
    buf_str(&b, "12345678");
    assert_false(b.overflow);
    buf_fmt(&b, "%s", "abcdef");
    assert_true(b.overflow);
    assert_int_equal(b.len, 10);
    assert_string_equal(b.at, "12345678ab");
    buf_free(&b);
    assert_int_equal(b.max, 10);
}

/* These values are in databases: if this test fails, the hash changed and every identity with it. */
static void hash_is_persistent(void **state) {
    (void)state;
    assert_true(hash64("", 0, 0) == UINT64_C(0xC7388FBB10B40840));
    assert_true(hash64("msg_01Xq7TnR4", 13, 0) == UINT64_C(0xFF70C684590EA5A4));
    assert_true(hash64("0123456789abcdef0123456789abcdef", 32, 7) == UINT64_C(0xCA5635BD4CBAAD15));
}

static void hash_spreads_near_inputs(void **state) {
    (void)state;
    uint64_t seen = 0;
    for (int i = 0; i < 64; i++) {
        char text[16];
        int n = snprintf(text, sizeof text, "req-%d", i);
        seen |= UINT64_C(1) << (hash64(text, (size_t)n, 0) & 63);
    }
    assert_true(__builtin_popcountll(seen) > 30);
}

static void utf8_is_cut_on_a_boundary(void **state) {
    (void)state;
    assert_int_equal(utf8_cut("a\xC3\xA9", 3, 2), 1);
    assert_int_equal(utf8_cut("a\xC3\xA9", 3, 3), 3);
    assert_int_equal(utf8_cut("\xF0\x9F\x98\x80", 4, 3), 0);
}

static void names_are_interned_cut_and_cleaned(void **state) {
    (void)state;
    Batch *b = batch_new(2);
    char big[300];
    memset(big, 'x', sizeof big);
    uint32_t one = batch_name(b, "gpt", 3), two = batch_name(b, "gpt", 3), esc = batch_name(b, "a\x1b[2J", 5);
    assert_int_equal(one, two);
    assert_int_equal(batch_name(b, "", 0), 0);
    assert_true(str_is(batch_name_at(b, esc), "a?[2J"));
    assert_int_equal(batch_name_at(b, batch_name(b, big, sizeof big)).len, NAME_MAX_BYTES);
    batch_clear(b);
    assert_int_equal(batch_names(b), 1);
    batch_free(b);
}

static void batch_refuses_before_a_name_would_be_lost(void **state) {
    (void)state;
    Batch *b = batch_new(1 << 20);
    char text[NAME_MAX_BYTES + 16];
    size_t added = 0;
    while (batch_add(b)) {
        for (int d = 0; d < DIM_COUNT; d++) {
            snprintf(text, sizeof text, "%0*zu-%d", NAME_MAX_BYTES - 4, added, d);
            assert_int_not_equal(batch_name(b, text, strlen(text)), 0);
        }
        added++;
    }
    assert_true(added > 100 && added < 2000);
    batch_free(b);
}

static void schema_is_compiled_in(void **state) {
    (void)state;
    const DataFile *f = data_find("store/schema.sql");
    assert_non_null(f);
    assert_int_equal(f->at[f->len], 0);
    assert_non_null(strstr(f->at, "CREATE TABLE request("));
    assert_null(data_find("store/none.sql"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(buffer_stops_at_its_maximum),
        cmocka_unit_test(hash_is_persistent),
        cmocka_unit_test(hash_spreads_near_inputs),
        cmocka_unit_test(utf8_is_cut_on_a_boundary),
        cmocka_unit_test(names_are_interned_cut_and_cleaned),
        cmocka_unit_test(batch_refuses_before_a_name_would_be_lost),
        cmocka_unit_test(schema_is_compiled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
