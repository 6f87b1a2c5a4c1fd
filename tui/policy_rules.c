/* policy_rules: the rules of a policy in words, one a line. Pure. See policy_screen.h. */
#include "store/money.h"
#include "tui/policy_screen.h"
#include <inttypes.h>

typedef struct Words {
    char *at;
    size_t size, len;
} Words;

TW_PRINTF(2, 3) static void say(Words *w, const char *fmt, ...) {
    va_list ap;
    if (w->len + 1 >= w->size) return;
    va_start(ap, fmt);
    int n = vsnprintf(w->at + w->len, w->size - w->len, fmt, ap);
    va_end(ap);
    w->len += n > 0 ? (size_t)n : 0;
    if (w->len >= w->size) w->len = w->size - 1;
}

static void say_value(Words *w, const json_t *v) {
    if (json_is_string(v)) say(w, "%s", json_string_value(v));
    else if (json_is_integer(v)) say(w, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_boolean(v)) say(w, "%s", json_is_true(v) ? "yes" : "no");
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (i) say(w, ",");
        say_value(w, json_array_get(v, i));
    }
}

static void say_match(Words *w, const json_t *rule) {
    const char *key;
    json_t *v, *match = json_object_get(rule, "match");
    if (json_object_size(match) == 0) say(w, "all calls");
    json_object_foreach(match, key, v) {
        say(w, "%s%s:", w->len ? " " : "", key);
        say_value(w, v);
    }
    say(w, ":");
}

/* Members but id and match, in their own names: what a reader of the file would see. */
static void say_members(Words *w, const json_t *rule) {
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)rule, key, v) {
        if (strcmp(key, "id") == 0 || strcmp(key, "match") == 0 || json_is_object(v)) continue;
        say(w, " %s ", key);
        say_value(w, v);
    }
}

static void say_usd(Words *w, const json_t *v) {
    char text[40];
    int64_t nano;
    const char *exact = json_is_string(v) ? json_string_value(v) : "";
    if (decimal_parse(exact, strlen(exact), 9, &nano, NULL) != 0) return;
    nano_grouped(nano, 2, text, sizeof text);
    say(w, ", $%s", text);
}

/* "26 Nov 00:00 UTC": a file's milliseconds are for machines. */
static void say_time(Words *w, const json_t *v) {
    char at[40];
    int64_t ms;
    const char *text = json_is_string(v) ? json_string_value(v) : "";
    if (time_parse_rfc3339(text, strlen(text), &ms) != 0) return;
    time_format(NULL, ms, "%d %b %H:%M", at, sizeof at);
    say(w, ", resets %s UTC", at);
}

static void say_budget(Words *w, const json_t *b) {
    const json_t *scope = json_object_get(b, "scope");
    say_value(w, json_object_get(scope, "type"));
    if (json_object_get(scope, "value")) say(w, ":");
    say_value(w, json_object_get(scope, "value"));
    say(w, ": ");
    say_value(w, json_object_get(b, "state"));
    say_usd(w, json_object_get(b, "limit_usd"));
    say(w, " a ");
    say_value(w, json_object_get(b, "period"));
    say_time(w, json_object_get(b, "resets_at"));
}

static void clean(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
}

static void add(PolicyRule *r, const char *section, const json_t *rule) {
    Words w = {.at = r->words, .size = sizeof r->words};
    const char *id = json_string_value(json_object_get(rule, "id"));
    json_t *copy = json_copy((json_t *)(uintptr_t)rule);
    json_object_del(copy, "id");
    char *text = json_dumps(copy, JSON_COMPACT | JSON_PRESERVE_ORDER);
    *r = (PolicyRule){0};
    snprintf(r->at, sizeof r->at, strchr(id ? id : "", '.') ? "%s.\"%.100s\"" : "%s.%.100s", section, id ? id : "?");
    snprintf(r->value, sizeof r->value, "%s", text ? text : "");
    if (strcmp(section, "budgets") == 0) say_budget(&w, rule);
    else say_match(&w, rule), say_members(&w, rule);
    clean(r->at);
    clean(r->words);
    free(text);
    json_decref(copy);
}

void policy_rules_list(const json_t *policy, PolicyRule *out, size_t max, size_t *count) {
    static const char *const sections[] = {"budgets", "limits", "rate_limits", "routing.rules", "cache"};
    *count = 0;
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        const json_t *list = strcmp(sections[s], "routing.rules") == 0 ? json_object_get(json_object_get(policy, "routing"), "rules")
                                                                       : json_object_get(policy, sections[s]);
        for (size_t i = 0; i < json_array_size(list) && *count < max; i++)
            if (json_is_object(json_array_get(list, i))) add(&out[(*count)++], sections[s], json_array_get(list, i));
    }
}
