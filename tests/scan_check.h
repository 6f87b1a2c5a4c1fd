/* scan_check: the scanner against jansson: the same verdict and the same values. Used by test_scan and fuzz_scan.
 *
 * The reference reads a path step by step in jansson's tree, with code of its own. Where jansson cannot hold what is
 * valid JSON (\u0000, half surrogate pairs, numbers beyond 64 bits), only our verdict may differ, and it must be "valid".
 */
#ifndef TESTS_SCAN_CHECK_H
#define TESTS_SCAN_CHECK_H
#include "collectors/scan_prune.h"
#include <jansson.h>
#include <math.h>

typedef struct CheckPlan {
    const char *each;
    const char *paths[8];
} CheckPlan;

static const CheckPlan check_plans[] = {
    {NULL, {"a", "b", "a.b", "a.b.c", "usage.prompt_tokens", "\"a.b\"", "usage.\"a.b\"", "long_key_name_of_23_bytes"}},
    {NULL, {"a.*.b", "a.*.b.c", "a.b.b", "*.a", "a.*", "a", "b.*.*", "*"}},
    {NULL, {"a[0]", "a[1].b", "a[0].b.c", "b[-1]", "b[-1].a", "b[-1].c.d", "[0].a", "[2]"}},
    {NULL, {"a[key=x].value", "a[key=y].value.s", "a[key=x].value.s", "b[k=1].v", "a", "b[k=long_selecting_text].v", "c[^p:]", "c[^q]"}},
    {"a[]", {"a[].b", "a[]", "b", "a[].c[0]", "a[].b.c", "c", "a[].c.*.d", "a[].d[key=x].v"}},
    {"a[].b[]", {"a[].b[].c", "a[].x", "a[].b[]", "x", "a[].b[].d.e", "a[].x.y", "b", "a[].c"}},
    {"[]", {"[]", "[].a", "[].a.b", "[].b", "[].c[0]", "[].c[1]", "[].\"d\"", "[].usage.prompt_tokens"}},
    {"a.*", {"a.*@", "a.*", "a.*.b", "a.*.b.c", "b", "c.d", "a.*.c[0]", "a.*.d[-1]"}},
    {"a.*.b[]", {"a.*@", "a.*.b[].c", "a.*.c", "b", "a.*.b[]", "a.*.b[].d.e", "c", "a.*.b[].*.f"}},
};
enum { CHECK_PLANS = sizeof check_plans / sizeof *check_plans };

/* ---- reference: one step of a path, in jansson's tree ---- */
static const char *ref_name(const char *path, char *out) {
    size_t n = 0;
    if (*path == '"') {
        for (path++; *path != '"';) out[n++] = *path++;
        path++;
    } else {
        while (*path && !strchr(".[@", *path)) out[n++] = *path++;
    }
    out[n] = '\0';
    return path;
}

static json_t *ref_get(json_t *v, const char *path);

/* The member that `*` means: the last one that could answer what follows. */
static json_t *ref_any(json_t *v, const char *rest) {
    const char *key;
    json_t *member, *last = NULL;
    char name[256] = "";
    bool any = *rest == '\0';
    if (*rest == '.') {
        ref_name(rest + 1, name);
        any = strcmp(name, "*") == 0;
    }
    json_object_foreach(v, key, member)
        if (any || json_object_get(member, name)) {
            /* "*.*" looks for a member that has members at all */
            if (any && *rest && !(json_is_object(member) && json_object_size(member))) continue;
            last = member;
        }
    return last;
}

static json_t *ref_bracket(json_t *v, const char *inside) {
    size_t n = json_array_size(v);
    json_t *found = NULL;
    if (!json_is_array(v)) return NULL;
    if (strcmp(inside, "-1") == 0) return n ? json_array_get(v, n - 1) : NULL;
    const char *equals = strchr(inside, '=');
    if (!equals) return json_array_get(v, strtoul(inside, NULL, 10));
    char key[64] = "";
    memcpy(key, inside, (size_t)(equals - inside));
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_object_get(json_array_get(v, i), key));
        if (text && strcmp(text, equals + 1) == 0) found = json_array_get(v, i);
    }
    return found;
}

static json_t *ref_get(json_t *v, const char *path) {
    char text[256];
    if (!v || *path == '\0') return v;
    if (*path == '.') path++;
    if (*path == '[') {
        size_t len = strcspn(path + 1, "]");
        memcpy(text, path + 1, len);
        text[len] = '\0';
        return ref_get(ref_bracket(v, text), path + len + 2);
    }
    bool quoted = *path == '"';
    const char *rest = ref_name(path, text);
    if (!quoted && strcmp(text, "*") == 0) return ref_get(ref_any(v, rest), rest);
    return ref_get(json_object_get(v, text), rest);
}

/* ---- comparing ---- */
typedef struct Check {
    const CheckPlan *plan;
    json_t *root;
    bool values;           /* compare values, not only the verdict */
    json_t *names;         /* owns what @ made */
    json_t *expect;        /* with each: an array with one array of values per element, built in document order */
    size_t emitted;
    const char *difference; /* NULL = none */
} Check;

static bool same_value(json_t *want, const ScanValue *got) {
    int64_t n;
    json_t *parsed = NULL;
    bool same = false;
    char *plain;
    switch (got->type) {
    case SCAN_MISSING: return want == NULL;
    case SCAN_NULL: return json_is_null(want);
    case SCAN_TRUE: return json_is_true(want);
    case SCAN_FALSE: return json_is_false(want);
    case SCAN_NUMBER:
        if (json_is_integer(want)) return scan_int(got, &n) == 0 && n == json_integer_value(want);
        return json_is_real(want) && strtod(got->text.at, NULL) == json_real_value(want);
    case SCAN_STRING:
        plain = malloc(got->text.len + 1);
        n = (int64_t)scan_unescape(got->text, plain, got->text.len);
        same = json_is_string(want) && (size_t)n == json_string_length(want) && memcmp(plain, json_string_value(want), (size_t)n) == 0;
        free(plain);
        return same;
    default:
        parsed = json_loadb(got->text.at, got->text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        same = parsed && json_equal(parsed, want);
        json_decref(parsed);
        return same;
    }
}

/* The prefix step has no place in ref_get, which gives existing nodes: compared here. */
static bool same_prefix(json_t *root, const char *path, const ScanValue *got) {
    char prefix[32] = "", key = path[0];
    memcpy(prefix, path + 3, strcspn(path + 3, "]"));
    json_t *list = json_object_get(root, (char[]){key, '\0'}), *found = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *text = json_array_get(list, i);
        if (json_is_string(text) && strncmp(json_string_value(text), prefix, strlen(prefix)) == 0) found = text;
    }
    if (!found || got->type != SCAN_STRING) return !found && got->type == SCAN_MISSING;
    json_t *rest = json_stringn_nocheck(json_string_value(found) + strlen(prefix), json_string_length(found) - strlen(prefix));
    bool same = same_value(rest, got);
    json_decref(rest);
    return same;
}

static int check_emit(void *ctx, const ScanValue *values) {
    Check *c = ctx;
    json_t *wanted = c->expect ? json_array_get(c->expect, c->emitted) : NULL;
    c->emitted++;
    if (!c->values) return 0;
    if (c->expect && !wanted) return c->difference = "more elements than there are", 1;
    for (size_t i = 0; i < 8; i++) {
        const char *path = c->plan->paths[i];
        bool same = c->expect           ? same_value(json_is_false(json_array_get(json_array_get(wanted, i), 0))
                                                         ? NULL : json_array_get(json_array_get(wanted, i), 1), &values[i])
                    : strchr(path, '^') ? same_prefix(c->root, path, &values[i])
                                        : same_value(ref_get(c->root, path), &values[i]);
        if (!same) c->difference = path;
    }
    return 0;
}

/* [found?, value] of a path that may begin like `each`, whose matched part is already walked to `at`. */
static json_t *ref_pair(json_t *v) {
    json_t *pair = json_array();
    json_array_append_new(pair, json_boolean(v != NULL));
    json_array_append(pair, v ? v : json_null());
    return pair;
}

/* Walks `each` level by level; known[i] = values of paths that belong to outer levels. done = matched part of each. */
static void ref_each(Check *c, json_t *at, const char *each, size_t done, json_t **known, const char *member) {
    const char *rest = each + done;
    json_t *row[8], *element;
    memcpy(row, known, sizeof row);
    for (size_t i = 0; i < 8; i++) {
        const char *path = c->plan->paths[i];
        if (done && strncmp(path, each, done) != 0) continue;
        if (path[done] == '@') {
            json_array_append_new(c->names, json_string_nocheck(member));
            row[i] = json_array_get(c->names, json_array_size(c->names) - 1);
        } else if (*rest == '\0' || !strstr(path + done, "[]")) {
            const char *star = strstr(rest, "*");
            if (star && strncmp(path + done, rest, (size_t)(star - rest) + 1) == 0) continue; /* a deeper level's */
            row[i] = ref_get(at, path + done);
        }
    }
    if (*rest == '\0') {
        json_t *values = json_array();
        for (size_t i = 0; i < 8; i++) json_array_append_new(values, ref_pair(row[i]));
        json_array_append_new(c->expect, values);
        return;
    }
    const char *list = strstr(rest, "[]"), *star = strchr(rest, '*'), *key, *stop = !star || (list && list < star) ? list : star;
    char path[64] = "";
    memcpy(path, rest, (size_t)(stop - rest));
    if (*stop == '*' && stop > rest) path[stop - rest - 1] = '\0'; /* the dot */
    json_t *holder = ref_get(at, path);
    size_t n, next = (size_t)(stop - each) + (*stop == '*' ? 1 : 2);
    if (*stop == '*') {
        json_object_foreach(holder, key, element) ref_each(c, element, each, next, row, key);
    } else {
        json_array_foreach(holder, n, element) ref_each(c, element, each, next, row, member);
    }
}

static bool cannot_hold(const char *text) {
    return strstr(text, "NUL byte") || strstr(text, "invalid Unicode") || strstr(text, "too big") || strstr(text, "overflow");
}

/* ---- what pruning leaves, against the whole ---- */
typedef struct Twin { /* what the whole gave, element by element, or what is compared with it */
    Buf *seen;
} Twin;

/* Of a value wanted as it stands a beginning is kept: only its kind must be the same. */
static int twin_emit(void *ctx, const ScanValue *values) {
    Twin *t = ctx;
    for (size_t i = 0; i < 8; i++) {
        const ScanValue *v = &values[i];
        bool short_one = v->type != SCAN_OBJECT && v->type != SCAN_ARRAY && v->text.len <= 1024;
        buf_fmt(t->seen, "%d %d:", (int)v->type, (int)v->escaped);
        if (short_one) buf_add(t->seen, v->text.at, v->text.len);
        buf_str(t->seen, "\n");
    }
    return 0;
}

/* Pieces of 1 to 7 bytes and of more, by turns. */
static size_t prune_in_pieces(Pruner *pruner, char *text, size_t len) {
    size_t kept = 0, from = 0;
    for (size_t i = 0; from < len; i++) {
        size_t n = i % 3 == 2 ? 200 : 1 + (from * 7 + i) % 7, to = from + n < len ? from + n : len;
        memmove(text + kept, text + from, to - from); /* as the reader moves what follows up */
        kept = pruner_run(pruner, text, kept, kept + (to - from));
        from = to;
    }
    return kept;
}

/* What is valid stays valid and gives the same values; what is cut off stays invalid. */
static const char *prune_check(const ScanPlan *plan, Scan *scan, const char *text, size_t len) {
    Buf whole = {.max = 64 << 20}, left = {.max = 64 << 20};
    Twin a = {&whole}, b = {&left};
    PruneSpec spec = {.plan = plan};
    Pruner *pruner = pruner_new();
    Err e = {0};
    char *copy = calloc(1, len + SCAN_PAD);
    if (len) memcpy(copy, text, len);
    int want = scan_line(scan, copy, len, twin_emit, &a, &e);
    pruner_start(pruner, &spec);
    size_t kept = prune_in_pieces(pruner, copy, len);
    memset(copy + kept, ' ', len + SCAN_PAD - kept);
    int got = scan_line(scan, copy, kept, twin_emit, &b, &e);
    const char *difference = NULL;
    if (want == 0 && got != 0) difference = "pruning makes it invalid";
    if (want != 0 && got == 0 && strstr(e.text, "cut off")) difference = "pruning makes it whole";
    if (want == 0 && got == 0 && (whole.len != left.len || (whole.len && memcmp(whole.at, left.at, whole.len) != 0)))
        difference = "pruning changes a value";
    buf_free(&whole);
    buf_free(&left);
    pruner_free(pruner);
    free(copy);
    return difference;
}

/* NULL = no difference; else what differs. `pad` fills the readable bytes behind the text. */
static const char *scan_check(size_t which, const char *text, size_t len, char pad) {
    Check c = {.plan = &check_plans[which % CHECK_PLANS]};
    ScanPlan *plan = NULL;
    Err e = {0};
    if (scan_plan(&plan, c.plan->paths, 8, c.plan->each, &e) != 0) return "the plan does not compile";
    Scan *scan = scan_new(plan);
    json_error_t why = {.text = ""};
    bool nul = memchr(text, '\0', len) != NULL; /* jansson drops NUL bytes behind a word or number; they are no JSON */
    c.root = nul ? NULL : json_loadb(text, len, JSON_ALLOW_NUL, &why);
    json_t *strict = json_loadb(text, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    c.values = c.root && (strict || which % CHECK_PLANS == 0); /* duplicates: plain paths only */
    json_t *none[8] = {0};
    if (c.plan->each && c.root) {
        c.expect = json_array();
        c.names = json_array();
        ref_each(&c, c.root, c.plan->each, 0, none, NULL);
    }
    char *copy = malloc(len + SCAN_PAD); /* not one byte more: the sanitizer sees what reads on */
    if (len) memcpy(copy, text, len);
    memset(copy + len, pad, SCAN_PAD);
    int rc = scan_line(scan, copy, len, check_emit, &c, &e);
    if (rc < 0 && c.emitted) c.difference = "gave something out of a bad line";
    if (rc < 0 && c.root) c.difference = "rejects what jansson accepts";
    if (rc == 0 && !c.root && !cannot_hold(why.text)) c.difference = "accepts what jansson rejects";
    if (rc == 0 && c.expect && c.values && c.emitted != json_array_size(c.expect)) c.difference = "number of elements";
    if (!c.difference) c.difference = prune_check(plan, scan, text, len);
    json_decref(c.root);
    json_decref(strict);
    json_decref(c.expect);
    json_decref(c.names);
    scan_free(scan);
    scan_plan_free(plan);
    free(copy);
    return c.difference;
}
#endif
