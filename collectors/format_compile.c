/* format_compile: from a format's JSON file to its compiled form. Unknown members are errors, so that a typing mistake
 * is found when the file is loaded and not in the sums. */
#include "collectors/format_parts.h"

const char *const field_names[F_COUNT] = {
    "account", "provider", "model", "tier", "feature", "team", "user", "key", "session", "project", "endpoint", "gateway",
    "host", "id", "upstream", "time", "end", "first_token", "latency", "ttft", "status", "status_text", "refused", "stream",
    "cache_hit", "sidechain", "batch", "geo", "speed", "usage_state", "saved_usd", "web_searches", "max_tokens", "tools",
    "prompt_bytes", "prompt_hash", "prefix_hash", "prefix_bytes", "policy_generation", "input", "output", "total",
    "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "reasoning", "audio_input", "tool_input"};

typedef struct Compile {
    Format *f;
    const char *file;
    Err *e;
    const char *path[SCAN_PATHS_MAX]; /* borrowed from the document */
    size_t count;
    bool wrong;
} Compile;

static void wrong(Compile *c, const char *what, const char *which) {
    c->wrong = true;
    fail(c->e, "%s: %s%s%s", c->file, what, which ? " " : "", which ? which : "");
}

static uint16_t path_index(Compile *c, const char *path) {
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->path[i], path) == 0) return (uint16_t)i;
    if (c->count == SCAN_PATHS_MAX) return wrong(c, "too many paths", NULL), (uint16_t)0;
    c->path[c->count] = path;
    return (uint16_t)c->count++;
}

/* A text or a list of texts: calls for each. */
typedef void EachText(Compile *c, const char *text, void *ctx);
static void texts(Compile *c, const json_t *v, const char *where, EachText *each, void *ctx) {
    if (json_is_string(v)) {
        each(c, json_string_value(v), ctx);
        return;
    }
    size_t i;
    json_t *item;
    if (v && !json_is_array(v)) wrong(c, "a text or a list of texts is wanted at", where);
    json_array_foreach(v, i, item) {
        if (json_is_string(item)) each(c, json_string_value(item), ctx);
        else wrong(c, "a text is wanted at", where);
    }
}

static void add_alternative(Compile *c, const char *path, void *ctx) {
    FieldRule *r = ctx;
    if (r->count == ALTERNATIVES_MAX) wrong(c, "too many alternatives", path);
    else r->path[r->count++] = path_index(c, path);
}

typedef struct PathList { uint16_t *at; size_t *count; } PathList;
static void add_path(Compile *c, const char *path, void *ctx) {
    PathList *l = ctx;
    if (*l->count == WORDS_MAX) wrong(c, "too many paths:", path);
    else l->at[(*l->count)++] = path_index(c, path);
}

typedef struct WordList { char **at; size_t *count; size_t max; } WordList;
static void add_word(Compile *c, const char *word, void *ctx) {
    WordList *l = ctx;
    if (*l->count == l->max) wrong(c, "too many words:", word);
    else l->at[(*l->count)++] = xstrdup(word);
}

static int field_of(const char *name) {
    for (int i = 0; i < F_COUNT; i++)
        if (strcmp(field_names[i], name) == 0) return i;
    return -1;
}

static int scale_of(Compile *c, const char *unit) {
    static const struct { const char *name; int scale; } units[] = {{"s", 3}, {"ms", 0}, {"us", -3}, {"ns", -6}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0) return units[i].scale;
    wrong(c, "a unit is one of s ms us ns, not", unit);
    return 0;
}

/* {"path": ..., "max": ..., "sum": ..., "unit": "s", "default": "x", "after": "projects"} */
static void rule_object(Compile *c, FieldRule *r, json_t *v, const char *name) {
    const char *key;
    json_t *item;
    json_object_foreach(v, key, item) {
        const char *text = json_string_value(item);
        bool list = strcmp(key, "path") == 0 || strcmp(key, "max") == 0 || strcmp(key, "sum") == 0;
        if (list) {
            r->pick = key[0] == 'm' ? PICK_MAX : key[0] == 's' ? PICK_SUM : PICK_FIRST;
            texts(c, item, name, add_alternative, r);
        } else if (!text) {
            wrong(c, "a text is wanted in", name);
        } else if (strcmp(key, "unit") == 0) {
            r->scale = scale_of(c, text);
        } else if (strcmp(key, "default") == 0) {
            snprintf(r->fallback, sizeof r->fallback, "%s", text);
        } else if (strcmp(key, "after") == 0) {
            snprintf(r->after, sizeof r->after, "%s", text);
        } else {
            wrong(c, "unknown member in a field:", key);
        }
    }
}

static void compile_fields(Compile *c, json_t *fields) {
    const char *key;
    json_t *item;
    json_object_foreach(fields, key, item) {
        int f = field_of(key);
        if (f < 0) wrong(c, "unknown field", key);
        else if (json_is_object(item)) rule_object(c, &c->f->field[f], item, key);
        else texts(c, item, key, add_alternative, &c->f->field[f]);
    }
}

/* "skip": [{"path": "type", "unless": ["assistant"]}, {"path": "op", "when": ["execute_tool"]}] */
static void compile_skip(Compile *c, json_t *list) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        const char *path = json_string_value(json_object_get(item, "path"));
        json_t *unless = json_object_get(item, "unless"), *when = json_object_get(item, "when");
        if (!path || (!unless && !when) || c->f->condition_count == CONDITIONS_MAX) {
            wrong(c, "skip needs path and when or unless", NULL);
            return;
        }
        Condition *k = &c->f->condition[c->f->condition_count++];
        k->path = path_index(c, path);
        k->unless = unless != NULL;
        texts(c, unless ? unless : when, "skip", add_word, &(WordList){k->word, &k->count, WORDS_MAX});
    }
}

/* "values": {"provider": {"gemini": "google"}} */
static void compile_values(Compile *c, json_t *values) {
    const char *field, *from;
    json_t *map, *to;
    json_object_foreach(values, field, map) {
        int f = field_of(field);
        if (f < 0) wrong(c, "unknown field in values:", field);
        json_object_foreach(map, from, to) {
            if (c->f->map_count == MAP_MAX || !json_is_string(to)) wrong(c, "values: too many, or not a text:", from);
            else c->f->map[c->f->map_count++] = (ValueMap){(Field)f, xstrdup(from), xstrdup(json_string_value(to))};
        }
    }
}

/* The index of a word in a list, for members that choose. */
static int choice(Compile *c, json_t *v, const char *member, const char *const *words, int fallback) {
    const char *text = json_string_value(v);
    for (int i = 0; text && words[i]; i++)
        if (strcmp(words[i], text) == 0) return i;
    if (v) wrong(c, "unknown value of", member);
    return fallback;
}

static void compile_choices(Compile *c, json_t *d) {
    static const char *const framings[] = {"lines", "json-values", "document", "array", NULL};
    static const char *const replays[] = {"same_time", "any_time", NULL};
    static const char *const classes[] = {"gateway", "telemetry", "transcript", NULL};
    Format *f = c->f;
    f->framing = (Framing)choice(c, json_object_get(d, "framing"), "framing", framings, 0);
    f->replay = (Replay)choice(c, json_object_get(d, "replay"), "replay", replays, 0);
    f->source_class = (SourceClass)choice(c, json_object_get(d, "class"), "class", classes, 0);
    f->agent = json_is_true(json_object_get(d, "agent"));
    f->time_is_end = json_is_true(json_object_get(d, "time_is_end"));
    f->input_has_cache = json_is_true(json_object_get(d, "input_includes_cache"));
    f->output_has_reasoning = !json_is_false(json_object_get(d, "output_includes_reasoning"));
}

static void check_members(Compile *c, json_t *d) {
    static const char *const known[] = {"name", "help", "framing", "replay", "class", "agent", "time_is_end",
        "input_includes_cache", "output_includes_reasoning", "cache_apart_when", "places", "recognise", "need", "each", "skip",
        "fields", "values", "errors", "samples", NULL};
    const char *key;
    json_t *item;
    json_object_foreach(d, key, item) {
        int i = 0;
        while (known[i] && strcmp(known[i], key) != 0) i++;
        if (!known[i]) wrong(c, "unknown member", key);
    }
}

static void compile_document(Compile *c, json_t *d) {
    Format *f = c->f;
    size_t places = 0;
    const char *name = json_string_value(json_object_get(d, "name")), *help = json_string_value(json_object_get(d, "help"));
    if (!name || !*name || strlen(name) >= sizeof f->name) wrong(c, "name is missing or too long", NULL);
    snprintf(f->name, sizeof f->name, "%s", name ? name : "");
    snprintf(f->help, sizeof f->help, "%s", help ? help : "");
    check_members(c, d);
    compile_choices(c, d);
    texts(c, json_object_get(d, "places"), "places", add_word, &(WordList){f->places, &places, PLACES_MAX});
    texts(c, json_object_get(d, "recognise"), "recognise", add_path, &(PathList){f->has, &f->has_count});
    texts(c, json_object_get(d, "need"), "need", add_path, &(PathList){f->need, &f->need_count});
    texts(c, json_object_get(d, "cache_apart_when"), "cache_apart_when", add_path, &(PathList){f->apart, &f->apart_count});
    texts(c, json_object_get(d, "errors"), "errors", add_word, &(WordList){f->errors, &f->error_count, WORDS_MAX});
    compile_fields(c, json_object_get(d, "fields"));
    compile_skip(c, json_object_get(d, "skip"));
    compile_values(c, json_object_get(d, "values"));
    if (f->field[F_TIME].count == 0) wrong(c, "fields has no time", NULL);
    if (c->wrong) return;
    Err inner = {0};
    f->path_count = c->count;
    if (scan_plan(&f->plan, c->path, c->count, json_string_value(json_object_get(d, "each")), &inner) != 0)
        wrong(c, inner.text, NULL);
}

int format_compile(Format **out, const char *text, size_t len, const char *file, Err *e) {
    json_error_t je;
    *out = NULL;
    json_t *d = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
    if (!d) return fail(e, "%s:%d: %s", file, je.line, je.text);
    Compile c = {.f = xcalloc(1, sizeof *c.f), .file = file, .e = e};
    c.f->source = d;
    compile_document(&c, d);
    if (!c.wrong) return *out = c.f, 0;
    format_free(c.f);
    return -1;
}

void format_free(Format *f) {
    if (!f) return;
    scan_plan_free(f->plan);
    for (size_t i = 0; f->places[i]; i++) free(f->places[i]);
    for (size_t i = 0; i < f->condition_count; i++)
        for (size_t w = 0; w < f->condition[i].count; w++) free(f->condition[i].word[w]);
    for (size_t i = 0; i < f->map_count; i++) free(f->map[i].from), free(f->map[i].to);
    for (size_t i = 0; i < f->error_count; i++) free(f->errors[i]);
    json_decref(f->source);
    free(f);
}
