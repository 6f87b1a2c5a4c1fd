/* test_stop_effect: what a stop would refuse: critical features pass, unlabelled calls do not, and only gateways that spoke
 * within 30 s obey. */
#include "tests/unit.h"
#include "tui/stop_effect.h"

static Group group(const char *feature, const char *gateway, int64_t requests, int64_t refused, int64_t nano) {
    return (Group){.name = {feature, gateway}, .t = {.requests = requests, .refused = refused, .cost_nano = nano}};
}

static const Critical critical = {.name = {"checkout", "fraud"}, .count = 2};
static const PolicyAck acks[] = {{.id = "a", .state = ACK_OBEYED}, {.id = "b", .state = ACK_BEHIND}, {.id = "c", .state = ACK_UNKNOWN}};

static StopEffect effect(bool all, const Critical *c) {
    Group groups[] = {group("doc", "a", 10, 0, 700), group("doc", "c", 5, 1, 50), group("search", "b", 3, 0, 20),
                      group("checkout", "a", 2, 0, 9), group("", "c", 1, 0, 4)};
    Result r = {.groups = groups, .count = 5};
    StopEffect s;
    stop_effect_of(&r, c, all, acks, 3, &s);
    return s;
}

static void critical_features_pass(void **state) {
    (void)state;
    StopEffect s = effect(false, &critical);
    assert_int_equal(s.refused.calls, 10 + 4 + 3 + 1);
    assert_int_equal(s.refused.nano, 774);
    assert_int_equal(s.refused.features, 3);
    assert_string_equal(s.refused.most, "doc");
    assert_int_equal(s.passes.calls, 2);
    assert_string_equal(s.passes.most, "checkout");
    assert_int_equal(s.obeying_nano, 700 + 20 + 9);
    assert_int_equal(s.obeying, 2);
    assert_int_equal(s.silent, 1);
}

static void all_means_all(void **state) {
    (void)state;
    StopEffect s = effect(true, &critical);
    assert_int_equal(s.refused.calls, 20);
    assert_int_equal(s.passes.features, 0);
    s = effect(false, &(Critical){0}); /* nothing is critical */
    assert_int_equal(s.refused.calls, 20);
    assert_int_equal(s.critical, 0);
}

static void unlabelled_calls_are_unknown(void **state) {
    (void)state;
    const Critical unknown = {.name = {"unknown"}, .count = 1};
    assert_int_equal(effect(false, &unknown).passes.calls, 1);
    assert_string_equal(effect(false, &unknown).passes.most, "(none)");
    assert_false(critical_has(&critical, "check*"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(critical_features_pass), cmocka_unit_test(all_means_all),
                                       cmocka_unit_test(unlabelled_calls_are_unknown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
