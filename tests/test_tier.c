/* test_tier: the configuration's globs before the book's class, and what of a spend was output and premium. */
#include "store/money.h"
#include "store/tier.h"
#include "tests/unit.h"

static const char prices[] =
    "provider,model,mode,class,input_per_mtok,output_per_mtok,confidence,source\n"
    "acme,big,chat,premium,5,25,high,made\nacme,small,chat,economy,1,5,high,made\nacme,mid,chat,standard,2,10,high,made\n"
    "acme,words,embedding,economy,0.01,0,high,made\n";
static Book *book;

static int set_up(void **state) {
    Err e = {0};
    (void)state;
    if (book_load_csv(&book, "made.csv", prices, sizeof prices - 1, &e) != 0) fail_msg("%s", e.text);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    book_free(book);
    return 0;
}

static SaveClass tier(Tiers t, const char *model) {
    Cost c;
    cost_of(book, &(Usage){.provider = str_of("acme"), .model = str_of(model), .ts_ms = INT64_C(1795478400000)}, &c);
    return tier_of(t, model, c.row);
}

static void the_book_says_where_nothing_is_configured(void **state) {
    (void)state;
    const Tiers none = {0};
    assert_int_equal(tier(none, "big"), CLASS_PREMIUM);
    assert_int_equal(tier(none, "mid"), CLASS_STANDARD);
    assert_int_equal(tier(none, "small"), CLASS_ECONOMY);
    assert_int_equal(tier(none, "words"), CLASS_NONE); /* an embedding answers nobody */
    assert_int_equal(tier(none, "unknown"), CLASS_NONE);
    assert_string_equal(save_class_names[CLASS_ECONOMY], "classifier");
}

/* The first section that names a model has it; one without a price has a tier too. */
static void the_configuration_is_asked_first(void **state) {
    (void)state;
    static const TierConfig at[] = {{"classifier", "mid, our-small*"}, {"premium", "b* our-*"}, {"standard", "*"}};
    const Tiers t = {at, 2}, all = {at, 3};
    assert_int_equal(tier(t, "mid"), CLASS_ECONOMY);
    assert_int_equal(tier(t, "big"), CLASS_PREMIUM);
    assert_int_equal(tier(t, "our-70b"), CLASS_PREMIUM);
    assert_int_equal(tier(t, "small"), CLASS_ECONOMY);
    assert_int_equal(tier(all, "small"), CLASS_STANDARD);
}

/* 1,000 in and 100 out on each: big 5,000,000 + 2,500,000, small 1,000,000 + 500,000 nano-dollars, ten calls of each. */
static void parts_of_a_spend_are_shares_of_what_was_paid(void **state) {
    (void)state;
    SpendMix m = {0};
    const Totals big = {.requests = 10, .tokens = {[TOK_INPUT] = 10000, [TOK_OUTPUT] = 1000}, .cost_nano = 75000000},
                 small = {.requests = 10, .tokens = {[TOK_INPUT] = 10000, [TOK_OUTPUT] = 1000}, .cost_nano = 15000000};
    assert_int_equal(spend_mix_output_permille(&m), -1);
    spend_mix_add(&m, book, (Tiers){0}, "acme", "big", INT64_C(1795478400000), &big);
    spend_mix_add(&m, book, (Tiers){0}, "acme", "small", INT64_C(1795478400000), &small);
    spend_mix_add(&m, book, (Tiers){0}, "acme", "nobody", INT64_C(1795478400000), &(Totals){.requests = 1, .cost_nano = 5}); /* no price: in no part */
    assert_int_equal(m.nano, 90000000);
    assert_int_equal(m.output_nano, 30000000);
    assert_int_equal(m.tier_nano[CLASS_PREMIUM], 75000000);
    assert_int_equal(spend_mix_output_permille(&m), 333);
    assert_int_equal(spend_mix_tier_permille(&m, CLASS_PREMIUM), 833);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_book_says_where_nothing_is_configured),
        cmocka_unit_test(the_configuration_is_asked_first),
        cmocka_unit_test(parts_of_a_spend_are_shares_of_what_was_paid),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
