/* test_policy_decide: `tollwatch check` decides as every gateway does: the cases of tests/gateway/decisions.jsonl. */
#include "store/clock.h"
#include "store/policy.h"
#include "tests/unit.h"
#include <jansson.h>

static int64_t time_of(const json_t *o, const char *key) {
    int64_t ms = 0;
    const char *text = json_string_value(json_object_get(o, key));
    assert_non_null(text);
    assert_int_equal(time_parse_rfc3339(text, strlen(text), &ms), 0);
    return ms;
}

static int64_t number_of(const json_t *o, const char *key) {
    const json_t *v = json_object_get(o, key);
    return json_is_integer(v) ? json_integer_value(v) : -1;
}

static PolicyCall call_of(const json_t *o) {
    const json_t *tools = json_object_get(o, "tools");
#define TEXT(name) .name = json_string_value(json_object_get(o, #name))
    return (PolicyCall){TEXT(feature), TEXT(model), TEXT(team), TEXT(user), TEXT(key), TEXT(provider), TEXT(account),
                        TEXT(endpoint), TEXT(request_id), .max_tokens = number_of(o, "max_tokens"),
                        .prompt_bytes = number_of(o, "prompt_bytes"), .tools = tools ? json_is_true(tools) : -1};
#undef TEXT
}

static void check_allowed(const char *name, const json_t *expect, const PolicyDecision *d) {
    const char *model = json_string_value(json_object_get(expect, "model"));
    if (model && strcmp(model, d->model) != 0) fail_msg("%s: model %s, not %s", name, d->model, model);
    if (json_object_get(expect, "max_tokens") && d->max_tokens != number_of(expect, "max_tokens"))
        fail_msg("%s: max_tokens %lld", name, (long long)d->max_tokens);
    if (json_object_get(expect, "timeout_ms") && d->timeout_ms != number_of(expect, "timeout_ms"))
        fail_msg("%s: timeout_ms %lld", name, (long long)d->timeout_ms);
}

static void check_case(const json_t *c) {
    PolicyDecision d;
    const char *name = json_string_value(json_object_get(c, "name"));
    const json_t *expect = json_object_get(c, "expect");
    const char *decision = json_string_value(json_object_get(expect, "decision")), *code = json_string_value(json_object_get(expect, "code"));
    PolicyCall call = call_of(json_object_get(c, "call"));
    policy_decide(json_object_get(c, "policy"), &call, time_of(c, "now"), &d);
    assert_non_null(decision);
    if (d.refuse != (strcmp(decision, "refuse") == 0)) fail_msg("%s: refuse=%d (%s)", name, d.refuse, d.code);
    if (strcmp(d.code, code ? code : "") != 0) fail_msg("%s: code %s, not %s", name, d.code, code ? code : "none");
    if (!d.refuse) check_allowed(name, expect, &d);
}

static void every_case_is_decided_alike(void **state) {
    (void)state;
    FILE *f = fopen("tests/gateway/decisions.jsonl", "r");
    char *line = NULL;
    size_t cap = 0, count = 0;
    assert_non_null(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *c = json_loads(line, 0, NULL);
        assert_non_null(c);
        if (json_object_get(c, "policy")) check_case(c), count++;
        json_decref(c);
    }
    free(line);
    fclose(f);
    assert_true(count >= 70);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_is_decided_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
