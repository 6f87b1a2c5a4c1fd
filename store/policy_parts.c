/* policy_parts: small things that the edits of a policy share: members made when missing, elements by id, overrides. */
#include "store/policy_parts.h"

json_t *policy_object(json_t *parent, const char *key) {
    json_t *v = json_object_get(parent, key);
    if (json_is_object(v)) return v;
    v = json_object();
    json_object_set_new(parent, key, v);
    return v;
}

json_t *policy_array(json_t *parent, const char *key) {
    json_t *v = json_object_get(parent, key);
    if (json_is_array(v)) return v;
    v = json_array();
    json_object_set_new(parent, key, v);
    return v;
}

static json_t *by_member(const json_t *array, const char *member, const char *id) {
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *at = json_array_get(array, i);
        const char *text = json_string_value(json_object_get(at, member));
        if (text && strcmp(text, id) == 0) return at;
    }
    return NULL;
}

json_t *policy_by_id(const json_t *array, const char *id) { return by_member(array, "id", id); }

bool policy_overridden(const json_t *policy, const char *budget, int64_t now_ms) {
    int64_t until_ms;
    const json_t *o = by_member(json_object_get(policy, "overrides"), "budget", budget);
    return o && policy_time(json_object_get(o, "until"), &until_ms) == 0 && (until_ms == 0 || until_ms > now_ms);
}

/* One override a budget; those that are over go, so that the list stays short. */
static void drop_over(json_t *list, const char *budget, int64_t now_ms) {
    for (size_t i = json_array_size(list); i-- > 0;) {
        int64_t until_ms;
        const json_t *o = json_array_get(list, i);
        const char *id = json_string_value(json_object_get(o, "budget"));
        bool over = policy_time(json_object_get(o, "until"), &until_ms) == 0 && until_ms && until_ms <= now_ms;
        if (over || (id && strcmp(id, budget) == 0)) json_array_remove(list, i);
    }
}

void policy_override(json_t *policy, const char *budget, const json_t *until, const PolicyWriter *w) {
    json_t *list = policy_array(policy, "overrides");
    drop_over(list, budget, w->now_ms);
    json_t *o = json_pack("{s:s, s:s}", "budget", budget, "by", w->by->user);
    json_object_set_new(o, "at", policy_time_new(w->now_ms));
    json_object_set_new(o, "until", until ? json_deep_copy(until) : json_null());
    json_array_append_new(list, o);
}

json_t *policy_words_new(const char *text) {
    json_t *list = json_array();
    for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
        size_t len = strcspn(text, " ,");
        if (json_array_append_new(list, json_stringn(text, len)) != 0) { /* not UTF-8 */
            json_decref(list);
            return NULL;
        }
        text += len;
    }
    return list;
}
