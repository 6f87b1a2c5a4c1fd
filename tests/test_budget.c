/* test_budget: a budget's scope is read strictly: one that was mistyped must not become another limit. */
#include "store/budget.h"
#include "tests/unit.h"

static void scopes_are_read(void **state) {
    (void)state;
    static const struct { const char *text; int dim; const char *value; } good[] = {
        {"global", -1, ""}, {"account:x", DIM_ACCOUNT, "x"}, {"provider:x", DIM_PROVIDER, "x"}, {"model:x", DIM_MODEL, "x"},
        {"feature:a:b c", DIM_FEATURE, "a:b c"}, {"team:x", DIM_TEAM, "x"}, {"user:x", DIM_USER, "x"}, {"key:x", DIM_KEY, "x"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        Budget b = {0};
        assert_int_equal(budget_parse_scope(&b, good[i].text, NULL), 0);
        assert_int_equal(b.scope_dim, good[i].dim);
        assert_string_equal(b.scope_value, good[i].value);
    }
}

static void what_is_no_scope_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"", "everything", "feature", "feature:", "session:x", "features:x", ":x", "global:x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Budget b = {0};
        Err e = {0};
        assert_int_equal(budget_parse_scope(&b, bad[i], &e), -1);
        assert_non_null(strstr(e.text, "write global, or"));
    }
}

/* A record's name is cut to 128 bytes at a character; a scope must be cut to the same name to match it. */
static void long_values_are_cut_like_names(void **state) {
    (void)state;
    char text[300] = "team:";
    for (int i = 0; i < 100; i++) memcpy(text + 5 + 2 * i, "\xC3\xA4", 3);
    text[5] = 'x';
    memmove(text + 6, text + 7, strlen(text + 7) + 1);
    Budget b = {0};
    Batch *batch = batch_new(1);
    assert_int_equal(budget_parse_scope(&b, text, NULL), 0);
    Str name = batch_name_at(batch, batch_name(batch, text + 5, strlen(text + 5)));
    assert_int_equal(name.len, 127);
    assert_true(str_is(name, b.scope_value));
    batch_free(batch);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(scopes_are_read), cmocka_unit_test(what_is_no_scope_is_refused),
                                       cmocka_unit_test(long_values_are_cut_like_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
