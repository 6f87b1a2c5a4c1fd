/* format_suggest: see format_suggest.h. Names are compared by their letters and digits alone, so that startTime, start_time
 * and "start-time" are one. The first name of a row is the best; of two places with one name the shallower one. */
#include "collectors/format_suggest.h"
#include "collectors/format_impl.h"
#include "store/clock.h"
#include <ctype.h>

enum { LEAVES_MAX = 400, DEPTH_MAX = 8, PATH_MAX_BYTES = 240, TEXT_SHOWN = 80, SUGGEST_NAMES = 12 };

typedef struct Leaf {
    char path[PATH_MAX_BYTES], key[64]; /* key: its letters and digits */
    int depth;
    const json_t *value;
} Leaf;
typedef struct Leaves {
    Leaf at[LEAVES_MAX];
    size_t count;
    char usage[PATH_MAX_BYTES]; /* an object with counters of a known shape; "" = none */
    json_t *held[LEAVES_MAX];   /* JSON found inside of strings */
    size_t held_count;
} Leaves;

/* ---- the record's leaves ---- */
static void plain_key(const char *key, char *out, size_t size) {
    size_t n = 0;
    for (; *key && n + 1 < size; key++)
        if (isalnum((unsigned char)*key)) out[n++] = (char)tolower((unsigned char)*key);
    out[n] = '\0';
}

static bool is_simple(const char *key) {
    for (const char *p = key; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-') return false;
    return key[0] != '\0';
}

static bool join(char *out, size_t size, const char *parent, const char *between, const char *key) {
    const char *quote = is_simple(key) ? "" : "\"";
    if (strpbrk(key, "\"\\")) return false;
    return (size_t)snprintf(out, size, "%s%s%s%s%s", parent, parent[0] ? between : "", quote, key, quote) < size;
}

static bool is_usage(const json_t *o) {
    static const char *const pairs[][2] = {{"prompt_tokens", "completion_tokens"}, {"input_tokens", "output_tokens"},
                                           {"promptTokenCount", "totalTokenCount"}, {"inputTokens", "outputTokens"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (json_is_integer(json_object_get(o, pairs[i][0])) && json_is_integer(json_object_get(o, pairs[i][1]))) return true;
    return false;
}

static void collect(Leaves *l, const json_t *object, const char *parent, const char *between, int depth);

/* A string may hold JSON of its own, as nginx writes a body. */
static bool collect_inside(Leaves *l, const json_t *text, const char *path, int depth) {
    if (json_string_value(text)[0] != '{' || l->held_count == LEAVES_MAX || depth > 2 || strstr(path, "->")) return false;
    json_t *inside = json_loadb(json_string_value(text), json_string_length(text), 0, NULL);
    if (!inside) return false;
    l->held[l->held_count++] = inside;
    collect(l, inside, path, "->", depth + 1);
    return true;
}

static void collect(Leaves *l, const json_t *object, const char *parent, const char *between, int depth) {
    const char *key;
    json_t *value;
    if (parent[0] && !l->usage[0] && is_usage(object)) snprintf(l->usage, sizeof l->usage, "%s", parent);
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (l->count == LEAVES_MAX) return;
        Leaf *leaf = &l->at[l->count];
        char path[PATH_MAX_BYTES];
        if (!join(path, sizeof path, parent, between, key)) continue;
        if (json_is_object(value) && depth < DEPTH_MAX) collect(l, value, path, ".", depth + 1);
        if (!json_is_string(value) && !json_is_number(value)) continue;
        if (json_is_string(value) && collect_inside(l, value, path, depth)) continue;
        *leaf = (Leaf){.depth = depth, .value = value};
        snprintf(leaf->path, sizeof leaf->path, "%s", path);
        plain_key(key, leaf->key, sizeof leaf->key);
        l->count++;
    }
}

/* ---- what a leaf may be ---- */
static bool is_time(const json_t *v) {
    int64_t ms;
    if (json_is_string(v)) return time_parse_rfc3339(json_string_value(v), json_string_length(v), &ms) == 0;
    return json_number_value(v) > 1e9;
}
static bool is_text(const json_t *v) { return json_is_string(v) && json_string_length(v) > 0; }
static bool is_count(const json_t *v) { return json_is_integer(v) && json_integer_value(v) >= 0; }
static bool is_number(const json_t *v) { return json_is_number(v) && json_number_value(v) >= 0; }
static bool is_status(const json_t *v) {
    int64_t n = json_is_string(v) ? strtol(json_string_value(v), NULL, 10) : json_integer_value(v);
    return n >= 100 && n < 600;
}

typedef struct Guess {
    const char *field;
    bool (*may_be)(const json_t *v);
    const char *names[SUGGEST_NAMES];
} Guess;
static const Guess field_guesses[] = {
    {"time", is_time, {"ts", "timestamp", "time", "starttime", "startedat", "start", "createdat", "created", "datetime", "eventtime", "when", "date"}},
    {"model", is_text, {"model", "modelname", "modelid", "responsemodel", "genairesponsemodel", "requestmodel", "genairequestmodel", "llm", "engine", "deployment"}},
    {"provider", is_text, {"provider", "providername", "vendor", "customllmprovider", "genaiprovidername", "genaisystem", "upstream"}},
    {"latency", is_number, {"latencyms", "durationms", "responsetimems", "elapsedms", "latency", "duration", "responsetime", "requesttime", "tookms", "took", "elapsed"}},
    {"ttft", is_number, {"ttftms", "timetofirsttokenms", "ttft", "timetofirsttoken", "firsttokenms"}},
    {"status", is_status, {"statuscode", "httpstatus", "httpstatuscode", "responsestatus", "status", "code"}},
    {"feature", is_text, {"feature", "usecase", "application", "app", "servicename", "service", "tag"}},
    {"team", is_text, {"team", "teamname", "teamalias", "department", "org", "teamid"}},
    {"user", is_text, {"user", "userid", "username", "enduser", "customer"}},
    {"key", is_text, {"keyalias", "apikeyalias", "keyname", "apikeyname", "tokenname", "apikeyid", "keyid"}},
    {"session", is_text, {"sessionid", "session", "conversationid", "threadid"}},
    {"project", is_text, {"project", "projectid", "projectname"}},
    {"endpoint", is_text, {"endpoint", "route", "path", "uri", "url"}},
    {"host", is_text, {"host", "hostname"}},
};
static const Guess counter_guesses[] = {
    {"input", is_count, {"prompttokens", "inputtokens", "tokensin", "tokensinput", "tokensprompt", "prompttokencount", "inputtokencount", "intokens", "promptlen", "genaiusageinputtokens"}},
    {"output", is_count, {"completiontokens", "outputtokens", "tokensout", "tokensoutput", "tokenscompletion", "candidatestokencount", "outputtokencount", "outtokens", "completionlen", "genaiusageoutputtokens"}},
    {"cache_read", is_count, {"cachedtokens", "cachereadtokens", "cachereadinputtokens", "cachedinputtokens", "tokenscached", "promptcachehittokens", "cachedcontenttokencount"}},
    {"cache_write", is_count, {"cachewritetokens", "cachecreationinputtokens", "cachecreationtokens"}},
    {"reasoning", is_count, {"reasoningtokens", "thinkingtokens", "reasoningoutputtokens", "thoughtstokencount"}},
    {"total", is_count, {"totaltokens", "tokenstotal", "totaltokencount"}},
};
static const char *const id_names[SUGGEST_NAMES] = {"requestid", "callid", "reqid", "id", "uuid"};
static const char *const upstream_names[SUGGEST_NAMES] = {"responseid", "upstreamid", "completionid", "generationid"};

static const Leaf *find(const Leaves *l, const char *const *names, bool (*may_be)(const json_t *)) {
    for (size_t n = 0; n < SUGGEST_NAMES && names[n]; n++) {
        const Leaf *best = NULL;
        for (size_t i = 0; i < l->count; i++) {
            const Leaf *one = &l->at[i];
            if (strcmp(one->key, names[n]) == 0 && may_be(one->value) && (!best || one->depth < best->depth)) best = one;
        }
        if (best) return best;
    }
    return NULL;
}

/* ---- the file ---- */
static void say(char *out, size_t size, const char *field, const char *path) {
    size_t n = strlen(out);
    if (n < size) snprintf(out + n, size - n, "%s%s%s%s", n ? ", " : "", field, path ? " = " : "", path ? path : "");
}

/* Durations are milliseconds unless the name or the size says seconds. */
static json_t *duration(const Leaf *leaf) {
    bool ms = strstr(leaf->key, "ms") != NULL, whole = json_is_integer(leaf->value);
    if (ms || (whole && leaf->key[strlen(leaf->key) - 1] != 's')) return json_string(leaf->path);
    return json_pack("{s:s, s:s}", "path", leaf->path, "unit", "s");
}

static json_t *suggest_fields(const Leaves *l, Suggestion *out) {
    json_t *fields = json_object();
    for (size_t i = 0; i < sizeof field_guesses / sizeof *field_guesses; i++) {
        const Guess *g = &field_guesses[i];
        const Leaf *leaf = find(l, g->names, g->may_be);
        if (!leaf) {
            say(out->missing, sizeof out->missing, g->field, NULL);
            continue;
        }
        json_object_set_new(fields, g->field, g->may_be == is_number ? duration(leaf) : json_string(leaf->path));
        say(out->found, sizeof out->found, g->field, leaf->path);
    }
    return fields;
}

/* Whether input counts the cache: by the record's own sum, where there is one; else most logs do. */
static bool is_inclusive(const int64_t n[6]) {
    enum { IN, OUT, READ, WRITE, REASONING, TOTAL };
    if (n[READ] + n[WRITE] > n[IN]) return false;
    return n[TOTAL] < 0 || n[TOTAL] < n[IN] + n[OUT] + n[READ] + n[WRITE] || n[READ] + n[WRITE] == 0;
}

static json_t *suggest_usage(const Leaves *l, Suggestion *out) {
    json_t *usage = json_object();
    int64_t n[6] = {0, 0, 0, 0, 0, -1};
    if (l->usage[0]) {
        say(out->found, sizeof out->found, "usage", l->usage);
        json_object_set_new(usage, "at", json_pack("[s]", l->usage));
        json_object_set_new(usage, "shapes", json_pack("[s,s,s,s,s]", "openai-responses", "anthropic", "openai-chat", "gemini", "bedrock"));
        return usage;
    }
    for (size_t i = 0; i < sizeof counter_guesses / sizeof *counter_guesses; i++) {
        const Leaf *leaf = find(l, counter_guesses[i].names, counter_guesses[i].may_be);
        if (!leaf) continue;
        n[i] = json_integer_value(leaf->value);
        json_object_set_new(usage, counter_guesses[i].field, json_string(leaf->path));
        say(out->found, sizeof out->found, counter_guesses[i].field, leaf->path);
    }
    json_object_set_new(usage, "inclusive", json_boolean(is_inclusive(n)));
    return usage;
}

/* The log's name without what dates and rotations add, in letters that a name may have. */
static void name_of(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/');
    size_t n = 0;
    for (const char *p = slash ? slash + 1 : path; *p && *p != '.' && n + 1 < size; p++)
        if (isalpha((unsigned char)*p) || (*p == '-' && n)) out[n++] = (char)tolower((unsigned char)*p);
    while (n && out[n - 1] == '-') n--;
    out[n] = '\0';
    if (!n) snprintf(out, size, "mine");
}

/* ---- the sample: what is mapped and nothing else, since prompts and credentials do not belong in a file that is shared ---- */
/* A path of the file's members: `path` itself, or with `inside` one that goes into the JSON that the string there holds. */
static bool is_mapped(const json_t *v, const char *path, bool inside) {
    const char *key, *text = json_string_value(v);
    json_t *one;
    size_t i, n = strlen(path);
    if (text) return inside ? strncmp(text, path, n) == 0 && strncmp(text + n, "->", 2) == 0 : strcmp(text, path) == 0;
    json_object_foreach((json_t *)(uintptr_t)v, key, one) if (is_mapped(one, path, inside)) return true;
    json_array_foreach(v, i, one) if (is_mapped(one, path, inside)) return true;
    return false;
}

static json_t *mapped_part(const json_t *maps, const json_t *object, const char *parent, const char *between, bool counters, int depth);

static json_t *mapped_text(const json_t *maps, const json_t *v, const char *path, int depth) {
    if (is_mapped(maps, path, false)) return json_stringn(json_string_value(v), utf8_cut(json_string_value(v), json_string_length(v), TEXT_SHOWN));
    if (!is_mapped(maps, path, true)) return NULL;
    json_t *inside = json_loadb(json_string_value(v), json_string_length(v), 0, NULL), *part = mapped_part(maps, inside, path, "->", false, depth + 1);
    char *text = part ? json_dumps(part, JSON_COMPACT) : NULL;
    json_t *out = text ? json_string(text) : NULL;
    free(text);
    json_decref(part);
    json_decref(inside);
    return out;
}

/* counters: within a usage object, whose numbers its shapes read. */
static json_t *mapped_part(const json_t *maps, const json_t *object, const char *parent, const char *between, bool counters, int depth) {
    json_t *out = json_object(), *value;
    const char *key;
    char path[PATH_MAX_BYTES];
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        json_t *kept = NULL;
        if (!join(path, sizeof path, parent, between, key)) continue;
        bool mapped = counters || is_mapped(maps, path, false);
        if (json_is_object(value) && depth < DEPTH_MAX) kept = mapped_part(maps, value, path, ".", mapped, depth + 1);
        else if (json_is_string(value)) kept = mapped_text(maps, value, path, depth);
        else if (json_is_number(value) && mapped) kept = json_incref(value);
        if (kept && !(json_is_object(kept) && json_object_size(kept) == 0)) json_object_set(out, key, kept);
        json_decref(kept);
    }
    return out;
}

static json_t *first_of(const json_t *usage, const char *a, const char *b) {
    json_t *v = json_object_get(usage, a);
    return json_incref(v ? v : json_object_get(usage, b));
}

static void add_ids(json_t *file, const Leaves *l) {
    const Leaf *id = find(l, id_names, is_text), *upstream = find(l, upstream_names, is_text);
    if (id) json_object_set_new(file, "id", json_pack("[s]", id->path));
    if (upstream) json_object_set_new(file, "upstream", json_string(upstream->path));
}

static json_t *make_file(const Leaves *l, const char *path, Suggestion *out) {
    char name[48];
    name_of(path, name, sizeof name);
    json_t *fields = suggest_fields(l, out), *usage = suggest_usage(l, out), *all = json_array();
    json_array_append(all, json_object_get(fields, "model"));
    if (l->usage[0]) json_array_append_new(all, json_string(l->usage));
    else json_array_append_new(all, first_of(usage, "input", "output"));
    json_t *file = json_pack("{s:s, s:s, s:{s:{s:o}}, s:o, s:o}", "name", name, "help", "Made by tollwatch doctor: look at each line.",
                             "recognise", "when", "all", all, "fields", fields, "usage", usage);
    add_ids(file, l);
    return file;
}

static int check_enough(const json_t *file, Err *e) {
    const json_t *fields = json_object_get(file, "fields"), *usage = json_object_get(file, "usage");
    bool counts = json_object_get(usage, "at") || json_object_get(usage, "input") || json_object_get(usage, "output");
    if (!counts) return fail(e, "no token counters in its first record; tollwatch needs a log of calls with input and output tokens");
    if (!json_object_get(fields, "model")) return fail(e, "token counters but no model in its first record; let the log say the model");
    if (!json_object_get(fields, "time")) return fail(e, "no time in its first record; let the log say when a call was (RFC 3339 or seconds)");
    return 0;
}

/* The record becomes the sample, and what the format makes of it the expectation that a person confirms. */
static int add_sample(const Formats *f, json_t *file, const json_t *record, Err *e) {
    json_t *sample = json_pack("{s:s, s:o}", "name", "normal", "record", mapped_part(file, record, "", ".", false, 0));
    json_object_set_new(file, "samples", json_pack("[O]", sample));
    int rc = format_expect(f, file, sample, e);
    json_decref(sample);
    return rc;
}

int format_suggest(const Formats *f, const char *path, Str text, Suggestion *out, Err *e) {
    *out = (Suggestion){0};
    json_t *record = json_loadb(text.at, text.len, JSON_DISABLE_EOF_CHECK, NULL);
    if (!json_is_object(record)) {
        json_decref(record);
        return fail(e, "its first record is no JSON object; let the gateway log JSON, one object a line");
    }
    Leaves *l = xcalloc(1, sizeof *l);
    collect(l, record, "", ".", 0);
    out->file = make_file(l, path, out);
    int rc = check_enough(out->file, e);
    for (size_t i = 0; i < l->held_count; i++) json_decref(l->held[i]);
    free(l);
    if (rc == 0) rc = add_sample(f, out->file, record, e);
    json_decref(record);
    if (rc != 0) suggestion_free(out);
    return rc;
}

void suggestion_free(Suggestion *s) {
    if (!s) return;
    json_decref(s->file);
    s->file = NULL;
}
