/* Figures: basis marks, grouping, shorter forms, unknown as a word. */
#include "store/money.h"
#include "tests/unit.h"
#include "tui/canvas.h"
#include "tui/number.h"

#define CENTS (NANO_PER_USD / 100)

static void money_gets_shorter_but_is_never_cut(void **s) {
    (void)s;
    const int64_t n = 2963230 * CENTS;
    assert_string_equal(number_money(n, 0, BASIS_NONE).text, "29,632.30");
    assert_string_equal(number_money(n, 8, BASIS_NONE).text, "29,632");
    assert_string_equal(number_money(n, 5, BASIS_NONE).text, "29.6k");
    assert_string_equal(number_money(n, 4, BASIS_NONE).text, "####");
    assert_string_equal(number_usd(n, 0, BASIS_AT_LEAST).text, "≥$29,632.30");
    assert_string_equal(number_usd(-n, 0, BASIS_METERED).text, "~-$29,632.30");
    assert_string_equal(number_usd_whole(1135490 * CENTS, 0, BASIS_PROJECTED).text, "→$11,355");
    assert_string_equal(number_usd_whole(42 * CENTS, 0, BASIS_PROJECTED).text, "→$0.42");
    assert_string_equal(number_usd_whole(400 * CENTS, 0, BASIS_NONE).text, "$4");
    assert_string_equal(number_usd_whole(-150 * CENTS, 0, BASIS_NONE).text, "-$1.50");
    assert_string_equal(number_usd_short(1135490 * CENTS, BASIS_PROJECTED).text, "→$11.4k");
    assert_string_equal(number_usd_short(-1135490 * CENTS, BASIS_NONE).text, "-$11.4k");
    for (int64_t v = 1; v < INT64_MAX / 11; v *= 11)
        for (int columns = 1; columns < 16; columns++) {
            assert_true(text_columns(number_money(v, columns, BASIS_METERED).text) <= columns);
            assert_true(text_columns(number_usd(-v, columns, BASIS_PROJECTED).text) <= columns);
            assert_true(text_columns(number_money_signed(v, columns).text) <= columns);
            assert_true(text_columns(number_count(v, columns).text) <= columns);
            assert_true(text_columns(number_cents(v, columns).text) <= columns);
        }
}

static void differences_are_always_signed(void **s) {
    (void)s;
    assert_string_equal(number_money_signed(30584 * CENTS, 0).text, "+305.84");
    assert_string_equal(number_money_signed(-132 * CENTS, 0).text, "-1.32");
    assert_string_equal(number_money_signed(0, 0).text, "+0.00");
}

static void an_unknown_price_is_a_word_not_a_zero(void **s) {
    (void)s;
    Totals t = {.requests = 37, .unpriced_requests = 37, .unpriced_tokens = 182000, .basis = 1u << ORIGIN_METERED};
    assert_string_equal(number_cost(&t, 9, BASIS_METERED).text, "unpriced");
    assert_string_equal(number_cost(&t, 5, BASIS_METERED).text, "?");
    t.cost_nano = 46568 * CENTS;
    assert_string_equal(number_cost(&t, 9, BASIS_METERED).text, "≥465.68");
    t.unpriced_requests = t.unpriced_tokens = 0;
    assert_string_equal(number_cost(&t, 9, BASIS_METERED).text, "465.68"); /* the column's title has the mark */
    assert_string_equal(number_cost(&t, 9, BASIS_NONE).text, "~465.68");
    assert_string_equal(number_request_cost(225547200, false).text, "0.225547");
    assert_string_equal(number_request_cost(0, true).text, "unpriced");
}

static void a_sum_carries_its_weakest_mark(void **s) {
    (void)s;
    assert_int_equal(basis_weakest(BASIS_BILLED, BASIS_METERED), BASIS_METERED);
    assert_int_equal(basis_weakest(BASIS_PROJECTED, BASIS_AT_LEAST), BASIS_PROJECTED);
    assert_string_equal(basis_mark(BASIS_REPORTED), "^");
}

static void counts_shares_ratios_and_ages(void **s) {
    (void)s;
    assert_string_equal(number_count(30034, 6).text, "30,034");
    assert_string_equal(number_cents(187300000, 0).text, "18.73");
    assert_string_equal(number_percent(63, 100, 0).text, "63%");
    assert_string_equal(number_percent(4, 1000, 1).text, "0.4%");
    assert_string_equal(number_percent(1, 0, 0).text, "-");
    assert_string_equal(number_permille(-1, 0).text, "-");
    assert_string_equal(number_permille(894, 0).text, "89%");
    assert_string_equal(number_ratio(873, 80).text, "10.9×");
    assert_string_equal(number_ratio(813, 22).text, "37×");
    assert_string_equal(number_ratio(1, 0).text, "-");
    assert_string_equal(number_per_minute(1825, 10 * MS_PER_MINUTE).text, "182.5");
    assert_string_equal(number_seconds(21432).text, "21.4");
    assert_string_equal(number_seconds(-1).text, "-");
    assert_string_equal(number_age(999).text, "0s");
    assert_string_equal(number_age(4 * MS_PER_MINUTE).text, "4m");
    assert_string_equal(number_age(7 * MS_PER_HOUR).text, "7h");
    assert_string_equal(number_age(72 * MS_PER_HOUR).text, "3d");
}

static void flat_rate_use_without_a_price_lacks_no_money(void **state) {
    (void)state;
    const Totals flat = {.requests = 3, .unpriced_requests = 2, .unpriced_notional = 2, .unpriced_tokens = 900};
    const Totals both = {.requests = 3, .unpriced_requests = 3, .unpriced_notional = 2, .unpriced_tokens = 900};
    const Totals reported = {.unpriced_tokens = 900}; /* a usage API that counts no calls */
    assert_false(totals_lack_a_price(&flat));
    assert_true(totals_lack_a_price(&both));
    assert_true(totals_lack_a_price(&reported));
    assert_int_equal(basis_of(&both), BASIS_AT_LEAST);
    assert_true(basis_of(&flat) != BASIS_AT_LEAST);
    assert_string_equal(number_cost(&both, 10, BASIS_METERED).text, "unpriced");
    assert_string_not_equal(number_cost(&flat, 10, BASIS_METERED).text, "unpriced");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_rate_use_without_a_price_lacks_no_money), cmocka_unit_test(money_gets_shorter_but_is_never_cut),
        cmocka_unit_test(differences_are_always_signed),
        cmocka_unit_test(an_unknown_price_is_a_word_not_a_zero),
        cmocka_unit_test(a_sum_carries_its_weakest_mark),
        cmocka_unit_test(counts_shares_ratios_and_ages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
