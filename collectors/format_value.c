/* format_value: what a format file's conditions say of one record's values. Pure. */
#include "collectors/format_impl.h"

bool glob_match(const char *glob, Str text) {
    const char *star = NULL, *at = text.at, *end = text.at + text.len, *again = NULL;
    while (at < end) {
        if (*glob == '*') {
            star = ++glob;
            again = at;
        } else if (*glob == *at && *glob) {
            glob++;
            at++;
        } else if (star) {
            glob = star;
            at = ++again;
        } else {
            return false;
        }
    }
    while (*glob == '*') glob++;
    return *glob == '\0';
}

static bool is_there(const ScanValue *v) {
    return v->type > SCAN_NULL && !(v->type == SCAN_STRING && v->text.len == 0);
}

static bool is_one_of(const Cond *c, const ScanValue *v) {
    char plain[512];
    Str text = v->text;
    if (v->type == SCAN_MISSING || v->type == SCAN_NULL) return false;
    if (v->escaped) text = (Str){plain, scan_unescape(text, plain, sizeof plain)};
    for (size_t i = 0; i < c->count; i++)
        if (glob_match(c->texts[i], text)) return true;
    return false;
}

static bool parts_hold(const Cond *c, const ScanValue *values, bool all) {
    for (size_t i = 0; i < c->count; i++)
        if (cond_holds(&c->parts[i], values) != all) return !all;
    return all;
}

bool cond_holds(const Cond *c, const ScanValue *values) {
    const ScanValue *v = &values[c->path];
    int64_t n;
    switch (c->test) {
    case TEST_PRESENT: return is_there(v);
    case TEST_MISSING: return !is_there(v);
    case TEST_EXISTS: return v->type != SCAN_MISSING;
    case TEST_IN: return is_one_of(c, v);
    case TEST_NOT_IN: return !is_one_of(c, v);
    case TEST_MIN: return scan_decimal(v, 0, &n) == 0 && n >= c->min;
    case TEST_ALL: return parts_hold(c, values, true);
    default: return parts_hold(c, values, false);
    }
}
