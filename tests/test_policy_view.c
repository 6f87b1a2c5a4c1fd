/* test_policy_view: the header tells the truth about the switch: what cannot be read for certain is unknown, never off. */
#include "store/clock.h"
#include "store/policy.h"
#include "tests/unit.h"
#include <unistd.h>

enum { NOW_S = 1795486360 };

static void view_of(const char *text, size_t len, PolicyView *out) {
    char folder[] = "/tmp/tollwatch-policy-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/policy.json", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    policy_view(path, NOW_S * INT64_C(1000), out);
    remove(path);
    rmdir(folder);
}

static const char engaged[] =
    "{\"schema_version\":1,\"generation\":42,\"updated_at\":\"2026-11-24T08:15:00Z\",\"updated_by\":{\"user\":\"bob\"},"
    "\"kill_switch\":{\"enabled\":true,\"scope\":\"non_critical\",\"reason\":\"INC-1 \\u001b[31mloop\","
    "\"engaged_at\":\"2026-11-24T01:00:00Z\",\"engaged_by\":\"alice\",\"expires_at\":\"2026-11-24T10:15:00Z\"},\"more\":[{}]}";

static void an_engaged_switch_is_shown(void **state) {
    (void)state;
    PolicyView v;
    view_of(engaged, strlen(engaged), &v);
    assert_int_equal(v.state, SWITCH_NON_CRITICAL);
    assert_int_equal(v.generation, 42);
    assert_string_equal(v.by, "alice");
    assert_string_equal(v.reason, "INC-1 ?[31mloop"); /* nothing that moves a cursor */
    assert_int_equal(v.engaged_at_ms, INT64_C(1795482000000));
    assert_int_equal(v.expires_at_ms, INT64_C(1795515300000));
    assert_string_equal(v.why_unknown, "");
}

#define HEAD "{\"schema_version\":1,\"generation\":7"
static void states_are_told_apart(void **state) {
    (void)state;
    static const struct { const char *text; SwitchState state; const char *why; } cases[] = {
        {HEAD "}", SWITCH_OFF, ""},
        {HEAD ",\"kill_switch\":{\"enabled\":false,\"scope\":\"all\"}}", SWITCH_OFF, ""},
        {HEAD ",\"kill_switch\":{\"enabled\":true,\"scope\":\"all\",\"expires_at\":null}}", SWITCH_ALL, ""},
        {HEAD ",\"kill_switch\":{\"enabled\":true,\"scope\":\"all\",\"expires_at\":\"2026-11-24T01:00:00Z\"}}", SWITCH_EXPIRED, ""},
        {HEAD ",\"kill_switch\":{\"enabled\":\"yes\"}}", SWITCH_UNKNOWN, "enabled"},
        {HEAD ",\"kill_switch\":[]}", SWITCH_UNKNOWN, "enabled"},
        {HEAD ",\"kill_switch\":{\"enabled\":true,\"scope\":\"some\"}}", SWITCH_UNKNOWN, "scope"},
        {HEAD ",\"kill_switch\":{\"enabled\":true,\"scope\":\"all\",\"expires_at\":\"soon\"}}", SWITCH_UNKNOWN, "expires_at"},
        {"{\"schema_version\":2,\"generation\":7}", SWITCH_UNKNOWN, "update tollwatch"},
        {"{\"generation\":7}", SWITCH_UNKNOWN, "schema_version"},
        {"{\"schema_version\":1,\"generation\":-1}", SWITCH_UNKNOWN, "generation"},
        {"{\"schema_version\":1,\"generation\":1,\"generation\":2}", SWITCH_UNKNOWN, "policy.json:1: duplicate"},
        {"[]", SWITCH_UNKNOWN, "object"},
        {"", SWITCH_UNKNOWN, "policy.json:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PolicyView v;
        view_of(cases[i].text, strlen(cases[i].text), &v);
        if (v.state != cases[i].state || !strstr(v.why_unknown, cases[i].why))
            fail_msg("case %zu: state %d, \"%s\"", i, (int)v.state, v.why_unknown);
    }
}

static void a_cut_file_is_never_off(void **state) {
    (void)state;
    for (size_t len = 0; len + 1 < sizeof engaged; len++) {
        PolicyView v;
        view_of(engaged, len, &v);
        assert_int_equal(v.state, SWITCH_UNKNOWN);
        assert_true(v.why_unknown[0] && v.generation == 0);
    }
    PolicyView v;
    policy_view("/nowhere/policy.json", 0, &v);
    assert_int_equal(v.state, SWITCH_UNKNOWN);
    assert_non_null(strstr(v.why_unknown, "policy folder /nowhere: "));
    assert_true(v.never);
    view_of("{", 1, &v);
    assert_false(v.never); /* it is there, and broken */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engaged_switch_is_shown),
        cmocka_unit_test(states_are_told_apart),
        cmocka_unit_test(a_cut_file_is_never_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
