/* format_compile: one format file, from JSON to what the parser uses. FORMAT.md describes the members for users. */
#include "collectors/format_make.h"
#include "collectors/parser_hook.h"

const char *const format_fields[FIELD_COUNT] = {
    [FIELD_ACCOUNT] = "account", [FIELD_PROVIDER] = "provider", [FIELD_MODEL] = "model", [FIELD_TIER] = "tier",
    [FIELD_FEATURE] = "feature", [FIELD_TEAM] = "team", [FIELD_USER] = "user", [FIELD_KEY] = "key",
    [FIELD_SESSION] = "session", [FIELD_PROJECT] = "project", [FIELD_ENDPOINT] = "endpoint", [FIELD_GATEWAY] = "gateway",
    [FIELD_HOST] = "host", [FIELD_GEO] = "geo", [FIELD_SPEED] = "speed", [FIELD_ASKED] = "model_asked",
    [FIELD_TIME] = "time", [FIELD_LATENCY] = "latency",
    [FIELD_TTFT] = "ttft", [FIELD_STATUS] = "status", [FIELD_WEB_SEARCHES] = "web_searches",
    [FIELD_MAX_TOKENS] = "max_tokens", [FIELD_TOOLS] = "tools", [FIELD_REQUESTS] = "requests", [FIELD_PROMPT_BYTES] = "prompt_bytes",
    [FIELD_PREFIX_BYTES] = "prefix_bytes", [FIELD_GENERATION] = "policy_generation", [FIELD_PROMPT_HASH] = "prompt_hash",
    [FIELD_PREFIX_HASH] = "prefix_hash",
};
const char *const format_counters[COUNT_COUNT] = {
    [COUNT_INPUT] = "input", [COUNT_OUTPUT] = "output", [COUNT_CACHE_READ] = "cache_read", [COUNT_CACHE_WRITE] = "cache_write",
    [COUNT_CACHE_WRITE_5M] = "cache_write_5m", [COUNT_CACHE_WRITE_1H] = "cache_write_1h", [COUNT_REASONING] = "reasoning",
    [COUNT_AUDIO_INPUT] = "audio_input", [COUNT_TOOL_INPUT] = "tool_input", [COUNT_TOTAL] = "total",
};
const struct FlagName format_flags[FLAGS_COUNT] = {
    {"stream", REQ_STREAM}, {"cache_hit", REQ_CACHE_HIT}, {"batch", REQ_BATCH}, {"sidechain", REQ_SIDECHAIN},
    {"usage_estimated", REQ_USAGE_ESTIMATED}, {"usage_missing", REQ_USAGE_MISSING},
};

/* The number of a word in a list; the first when there is none given; -1 and an error when it is unknown. */
static int word(Maker *m, const char *member, const json_t *j, const char *const *words, int count) {
    const char *text = json_string_value(j);
    if (!j) return 0;
    for (int i = 0; text && i < count; i++)
        if (strcmp(text, words[i]) == 0) return i;
    make_fail(m, member, "\"%.40s\" is not known; the first of the known ones is \"%s\"", text ? text : "", words[0]);
    return 0;
}

static void texts(Maker *m, const char *member, const json_t *j, const char **out) {
    size_t n = json_array_size(j);
    if (n > PLACES_MAX) make_fail(m, member, "more than %d", PLACES_MAX);
    for (size_t i = 0; i < n && i < PLACES_MAX; i++) out[i] = json_string_value(json_array_get(j, i));
}

/* ---- usage ---- */
static void make_shape(Maker *m, const char *member, const json_t *j) {
    Format *f = m->f;
    if (!make_only(m, member, j, "name when input output cache_read cache_write cache_write_5m cache_write_1h reasoning "
                                 "audio_input tool_input total inclusive inclusive_model reasoning_apart")) return;
    Shape *s = &f->shapes[f->shape_count++];
    s->name = json_string_value(json_object_get(j, "name"));
    s->when = make_cond(m, member, json_object_get(j, "when"));
    for (int i = 0; i < COUNT_COUNT; i++) s->counters[i] = make_field(m, member, json_object_get(j, format_counters[i]));
    s->rule.inclusive = json_is_true(json_object_get(j, "inclusive"));
    s->rule.reasoning_apart = json_is_true(json_object_get(j, "reasoning_apart"));
    s->rule.inclusive_model = json_string_value(json_object_get(j, "inclusive_model"));
}

/* Every named shape at every place. */
static void make_named_shapes(Maker *m, const json_t *usage) {
    const json_t *at = json_object_get(usage, "at"), *names = json_object_get(usage, "shapes");
    if (!make_only(m, "usage", usage, "at shapes")) return;
    for (size_t i = 0; i < json_array_size(at) && !make_failed(m); i++) {
        const char *place = json_string_value(json_array_get(at, i));
        for (size_t k = 0; k < json_array_size(names) && !make_failed(m); k++) {
            const char *name = json_string_value(json_array_get(names, k));
            const json_t *shape = name ? shared_find(m->shared, "shapes", name) : NULL;
            if (!place || !shape) make_fail(m, "usage", "\"at\" holds paths, \"shapes\" names of known shapes; \"%s\" is none", name ? name : "");
            else m->prefix = place, make_shape(m, "usage", shape);
        }
    }
    m->prefix = "";
}

static size_t shapes_in(const json_t *usage) {
    return json_array_size(json_object_get(usage, "at")) * json_array_size(json_object_get(usage, "shapes")) + 1;
}

void make_shapes(Maker *m, const json_t *usage) {
    size_t n = json_is_array(usage) ? json_array_size(usage) : 1, most = 0;
    for (size_t i = 0; i < n; i++) most += shapes_in(json_is_array(usage) ? json_array_get(usage, i) : usage);
    m->f->shapes = make_alloc(m, most, sizeof *m->f->shapes);
    for (size_t i = 0; i < n && !make_failed(m); i++) {
        const json_t *j = json_is_array(usage) ? json_array_get(usage, i) : usage;
        if (!json_is_object(j))
            make_fail(m, "usage", "it is missing; say where the counters stand");
        else if (json_object_get(j, "shapes"))
            make_named_shapes(m, j);
        else
            make_shape(m, "usage", j);
    }
}

/* ---- the rest ---- */
static void make_identity(Maker *m, const json_t *j) {
    Identity *id = &m->f->id;
    if (json_array_size(j) > IDS_MAX) make_fail(m, "id", "more than %d alternatives", IDS_MAX);
    for (size_t i = 0; i < json_array_size(j) && !make_failed(m); i++)
        id->parts[id->count++] = make_field(m, "id", json_array_get(j, i));
}

static void make_hook(Maker *m, const char *name) {
    if (!name) return;
    m->f->hook = hook_find(name);
    if (!m->f->hook) make_fail(m, "hook", "\"%.40s\" is not known", name);
    for (size_t i = 0; m->f->hook && m->f->hook->paths[i]; i++) {
        /* Hook paths stand together: the hook gets them as one array. */
        uint16_t path = (uint16_t)m->path_count;
        if (m->path_count < SCAN_PATHS_MAX) m->paths[m->path_count++] = m->f->hook->paths[i];
        if (i == 0) m->f->hook_first = path;
    }
}

static void make_words(Maker *m, const json_t *root) {
    static const char *const framings[] = {"lines", "json-values", "document", "array"};
    static const char *const classes[] = {"gateway", "telemetry", "transcript", "metrics"};
    static const char *const replays[] = {"same_time", "any_time"}, *const ends[] = {"start", "end"};
    Format *f = m->f;
    f->framing = (Framing)word(m, "framing", json_object_get(root, "framing"), framings, 4);
    f->class = (SourceClass)word(m, "class", json_object_get(root, "class"), classes, 4);
    f->replay = (Replay)word(m, "replay", json_object_get(root, "replay"), replays, 2);
    f->time_is_end = word(m, "time_is", json_object_get(root, "time_is"), ends, 2) == 1;
    f->agent = json_is_true(json_object_get(root, "agent"));
    f->time_of_log = json_is_true(json_object_get(root, "time_of_log"));
    f->name = json_string_value(json_object_get(root, "name"));
    f->help = json_string_value(json_object_get(root, "help"));
    if (!f->name || !f->name[0] || strlen(f->name) > 31) make_fail(m, "name", "a name of at most 31 bytes is missing");
    f->refuse = json_string_value(json_object_get(root, "refuse"));
    f->note = json_string_value(json_object_get(root, "note"));
    f->note_uncached = json_string_value(json_object_get(root, "note_uncached"));
    if (!f->help) f->help = "";
    texts(m, "places", json_object_get(root, "places"), f->places);
}

static void make_conditions(Maker *m, const json_t *root) {
    Format *f = m->f;
    const json_t *outcome = json_object_get(root, "outcome"), *flags = json_object_get(root, "flags"), *known = json_object_get(root, "recognise");
    make_only(m, "outcome", outcome, "refused error incomplete");
    make_only(m, "recognise", known, "when paths score");
    make_only(m, "flags", flags, "stream cache_hit batch sidechain usage_estimated usage_missing");
    f->recognise = make_cond(m, "recognise.when", json_object_get(known, "when"));
    f->score = json_object_get(known, "score") ? (int)json_integer_value(json_object_get(known, "score")) : 50;
    texts(m, "recognise.paths", json_object_get(known, "paths"), f->path_globs);
    const json_t *skip = json_object_get(root, "skip");
    f->skip = make_cond(m, "skip", f->refuse && !skip ? json_object_get(known, "when") : skip); /* so that its samples prove it */
    f->refused = make_cond(m, "outcome.refused", json_object_get(outcome, "refused"));
    f->error = make_cond(m, "outcome.error", json_object_get(outcome, "error"));
    f->incomplete = make_cond(m, "outcome.incomplete", json_object_get(outcome, "incomplete"));
    for (int i = 0; i < FLAGS_COUNT; i++) f->flags[i] = make_cond(m, format_flags[i].name, json_object_get(flags, format_flags[i].name));
}

static void make_fields(Maker *m, const json_t *fields) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)fields, key, value) {
        int i = 0;
        while (i < FIELD_COUNT && strcmp(format_fields[i], key) != 0) i++;
        if (i == FIELD_COUNT)
            make_fail(m, "fields", "unknown field \"%.40s\"; see FORMAT.md for the list", key);
        else
            m->f->fields[i] = make_field(m, key, value);
    }
    if (!m->f->fields[FIELD_TIME].count) make_fail(m, "fields.time", "it is missing; every record needs a time");
}

static void make_lines(Maker *m, const json_t *j) {
    Err why = {0};
    if (!j) return;
    make_only(m, "text", j, "mark lines");
    if (m->f->framing != FRAME_LINES) make_fail(m, "text", "it is for the framing \"lines\"");
    else if (text_compile(&m->f->text, j, &why) != 0) make_fail(m, "text", "%s", why.text);
}

static void make_columns(Maker *m, const char *member, const json_t *j, const char **out) {
    size_t n = json_array_size(j);
    if (n > TABLE_SPEC_MAX) make_fail(m, member, "more than %d columns", TABLE_SPEC_MAX);
    for (size_t i = 0; i < n && i < TABLE_SPEC_MAX; i++)
        if (!(out[i] = json_string_value(json_array_get(j, i)))) make_fail(m, member, "a column's name is a text");
}

static void make_table(Maker *m, const json_t *j) {
    enum { WINDOW_ROWS = 5000, WINDOW_MAX = 1000000000 };
    TableSpec *t = &m->f->table;
    if (!j || !make_only(m, "table", j, "name order key window_rows needs takes")) return;
    const char *order = json_string_value(json_object_get(j, "order"));
    const json_t *window = json_object_get(j, "window_rows");
    t->name = json_string_value(json_object_get(j, "name"));
    t->key = json_string_value(json_object_get(j, "key"));
    t->order = order ? order : "rowid";
    t->window_rows = window ? json_integer_value(window) : WINDOW_ROWS;
    t->score = m->f->score;
    make_columns(m, "table.needs", json_object_get(j, "needs"), t->needs);
    make_columns(m, "table.takes", json_object_get(j, "takes"), t->takes);
    if (!t->name || !t->key || !t->needs[0]) make_fail(m, "table", "it needs a name, a key and needs: the columns without which it is another table");
    if (t->window_rows < 1 || t->window_rows > WINDOW_MAX) make_fail(m, "table.window_rows", "1 to %d", WINDOW_MAX);
    if (m->f->framing != FRAME_LINES || m->f->text) make_fail(m, "table", "its rows are lines of JSON: without framing and text");
}

static void make_also(Maker *m, const json_t *request, const json_t *service) {
    SourceClass class = m->f->class;
    if (request && class != CLASS_TRANSCRIPT) make_fail(m, "request", "it is for the class \"transcript\"");
    if (service && class != CLASS_TELEMETRY && class != CLASS_METRICS) make_fail(m, "service", "it is for the classes \"telemetry\" and \"metrics\"");
    m->f->also = make_field(m, request ? "request" : "service", request ? request : service);
}

static int compile(Maker *m, const json_t *root) {
    make_only(m, "format", root, "name help note note_uncached refuse framing text table class replay time_is time_of_log agent places recognise each skip fields usage outcome flags id "
                                 "upstream request service hook samples");
    make_words(m, root);
    make_lines(m, json_object_get(root, "text"));
    make_hook(m, json_string_value(json_object_get(root, "hook")));
    bool read = !m->f->refuse;
    if (read || json_object_get(root, "fields")) make_fields(m, json_object_get(root, "fields"));
    make_conditions(m, root);
    make_table(m, json_object_get(root, "table"));
    if (read || json_object_get(root, "usage")) make_shapes(m, json_object_get(root, "usage"));
    make_identity(m, json_object_get(root, "id"));
    m->f->upstream = make_field(m, "upstream", json_object_get(root, "upstream"));
    make_also(m, json_object_get(root, "request"), json_object_get(root, "service"));
    if (make_failed(m)) return -1;
    m->f->many = json_object_get(root, "each") && !m->f->hook;
    return make_plan(m, json_string_value(json_object_get(root, "each")));
}

int format_compile(Format **out, json_t *root, const char *file, const Shared *shared, Err *e) {
    Err why = {0};
    Maker m = {.f = xcalloc(1, sizeof *m.f), .shared = shared, .prefix = "", .e = &why};
    m.f->root = root;
    snprintf(m.f->file, sizeof m.f->file, "%s", file);
    if (compile(&m, root) != 0) {
        format_free(m.f);
        return fail(e, "%s", why.text);
    }
    *out = m.f;
    return 0;
}

void format_free(Format *f) {
    if (!f) return;
    for (size_t i = 0; i < f->owned_count; i++) free(f->owned[i]);
    for (size_t i = 0; i < f->nested_count; i++) scan_plan_free(f->nested[i].plan);
    scan_plan_free(f->plan);
    text_free(f->text);
    free(f->owned);
    json_decref(f->root);
    free(f);
}
