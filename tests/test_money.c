/* test_money: money is text and integers, exactly; nothing is lost between them. */
#include "store/money.h"
#include "tests/unit.h"
#include <inttypes.h>

typedef void Show(int64_t v, char *out, size_t size);

static void shows(Show *show, int64_t v, const char *expected) {
    char out[48];
    show(v, out, sizeof out);
    assert_string_equal(out, expected);
}

static void money_is_shown_exactly(void **state) {
    (void)state;
    shows(nano_exact, 225547200, "0.225547200");
    shows(nano_exact, -1, "-0.000000001");
    shows(nano_exact, INT64_MAX, "9223372036.854775807");
    shows(nano_exact, INT64_MIN, "-9223372036.854775808");
    char out[48];
    nano_grouped(1234565000000, 2, out, sizeof out);
    assert_string_equal(out, "1,234.57"); /* half up */
    nano_grouped(-4000000, 2, out, sizeof out);
    assert_string_equal(out, "0.00"); /* no minus on nothing */
    nano_grouped(INT64_C(11354900000000), 0, out, sizeof out);
    assert_string_equal(out, "11,355");
}

static void short_forms_keep_three_digits(void **state) {
    (void)state;
    shows(nano_short, 8730000000, "$8.73");
    shows(nano_short, INT64_C(11354900000000), "$11.4k");
    shows(nano_short, INT64_C(1240000000000000), "$1.24M");
    shows(nano_short, INT64_C(999950000000000), "$1.00M"); /* the carry changes the suffix */
    shows(count_short, 9999, "9,999");
    shows(count_short, 182412, "182k");
    shows(count_short, 48630000, "48.6M");
    shows(count_grouped, 30034, "30,034");
}

static void decimals_are_read_exactly(void **state) {
    (void)state;
    static const struct { const char *text; int scale; int64_t value; bool inexact; } cases[] = {
        {"3e-06", 12, 3000000, false}, {"0.003625", 6, 3625, false}, {"2.9999900000000002e-06", 12, 2999990, true},
        {"1.5E+3", 0, 1500, false}, {"-0.5", 0, -1, true}, {"1792886401.859480", 3, INT64_C(1792886401859), true},
        {".5", 1, 5, false}, {"007", 0, 7, false}, {"1e-400", 9, 0, true}, {"0e99999", 9, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t v;
        bool inexact;
        assert_int_equal(decimal_parse(cases[i].text, strlen(cases[i].text), cases[i].scale, &v, &inexact), 0);
        assert_int_equal(v, cases[i].value);
        assert_int_equal(inexact, cases[i].inexact);
    }
    static const char *const bad[] = {"", "-", ".", "1.2.3", "1e", "0x10", "1 ", "nan", "99999999999999999999", "1e40"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t v;
        assert_int_equal(decimal_parse(bad[i], strlen(bad[i]), 3, &v, NULL), -1);
    }
}

static void sums_saturate(void **state) {
    (void)state;
    assert_true(nano_add(INT64_MAX, 1) == INT64_MAX);
    assert_true(nano_add(INT64_MIN, -1) == INT64_MIN);
    assert_int_equal(nano_add(2, 3), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_is_shown_exactly), cmocka_unit_test(short_forms_keep_three_digits),
        cmocka_unit_test(decimals_are_read_exactly), cmocka_unit_test(sums_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
