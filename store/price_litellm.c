/* price_litellm: LiteLLM's model_prices_and_context_window.json as rows of ours. Does not: decide whether they are believed.
 *
 * LiteLLM writes dollars per token as JSON numbers (3e-06). jansson hands them out as binary numbers; printed back with
 * 15 digits they are the decimal that was written, and from there on everything is decimal. Prices finer than a
 * pico-dollar (unit conversions of resellers) are rounded to it.
 */
#include "store/money.h"
#include "store/price_book.h"
#include <jansson.h>

typedef struct Key { const char *name; Column column; } Key;
static const Key price_keys[] = {
    {"input_cost_per_token", COL_INPUT},
    {"cache_read_input_token_cost", COL_CACHED},
    {"cache_creation_input_token_cost", COL_WRITE_5M},
    {"cache_creation_input_token_cost_above_1hr", COL_WRITE_1H},
    {"output_cost_per_token", COL_OUTPUT},
    {"input_cost_per_token_batches", COL_BATCH_INPUT},
    {"cache_read_input_token_cost_batches", COL_BATCH_CACHED},
    {"output_cost_per_token_batches", COL_BATCH_OUTPUT},
    {"input_cost_per_token_priority", COL_PRIORITY_INPUT},
    {"cache_read_input_token_cost_priority", COL_PRIORITY_CACHED},
    {"output_cost_per_token_priority", COL_PRIORITY_OUTPUT},
    {"input_cost_per_token_flex", COL_FLEX_INPUT},
    {"cache_read_input_token_cost_flex", COL_FLEX_CACHED},
    {"output_cost_per_token_flex", COL_FLEX_OUTPUT},
    {"input_cost_per_audio_token", COL_AUDIO},
};
/* Long-context prices carry their threshold in the name; %s is "200k". */
static const Key tier_keys[] = {
    {"input_cost_per_token_above_%s_tokens", COL_TIER_INPUT},
    {"cache_read_input_token_cost_above_%s_tokens", COL_TIER_CACHED},
    {"cache_creation_input_token_cost_above_%s_tokens", COL_TIER_WRITE_5M},
    {"cache_creation_input_token_cost_above_1hr_above_%s_tokens", COL_TIER_WRITE_1H},
    {"output_cost_per_token_above_%s_tokens", COL_TIER_OUTPUT},
};
static const struct { const char *name, *tokens; } thresholds[] = {
    {"128k", "128000"}, {"200k", "200000"}, {"256k", "256000"}, {"272k", "272000"}, {"512k", "512000"},
};
static const char *const token_modes[] = {"chat", "completion", "responses", "embedding", "realtime"};

static void set(Book *owner, PriceRow *r, Column c, const char *text) {
    r->field[c] = book_own(owner, xstrdup(text));
    r->present |= UINT64_C(1) << c;
}

static bool set_price(Book *owner, PriceRow *r, Column c, const json_t *value) {
    char text[64];
    int64_t pico;
    if (!json_is_number(value)) return false;
    snprintf(text, sizeof text, "%.15g", json_number_value(value));
    if (decimal_parse(text, strlen(text), 12, &pico, NULL) != 0 || pico < 0) {
        set(owner, r, c, text); /* compiling the row refuses it by name */
        return true;
    }
    price_text(pico, text, sizeof text);
    set(owner, r, c, text);
    return true;
}

static void set_tier(Book *owner, PriceRow *r, json_t *entry) {
    char key[96];
    for (size_t t = 0; t < sizeof thresholds / sizeof *thresholds; t++) {
        for (size_t k = 0; k < sizeof tier_keys / sizeof *tier_keys; k++) {
            const char *rest = strstr(tier_keys[k].name, "%s");
            snprintf(key, sizeof key, "%.*s%s%s", (int)(rest - tier_keys[k].name), tier_keys[k].name, thresholds[t].name, rest + 2);
            set_price(owner, r, tier_keys[k].column, json_object_get(entry, key));
        }
        if (!*r->field[COL_TIER_INPUT]) continue;
        set(owner, r, COL_TIER_ABOVE, thresholds[t].tokens);
        set(owner, r, COL_TIER_CMP, strcmp(r->field[COL_PROVIDER], "xai") == 0 ? "ge" : "gt"); /* xAI counts the threshold in */
        return;
    }
}

static void set_limits(Book *owner, PriceRow *r, json_t *entry) {
    static const Key limits[] = {{"max_input_tokens", COL_CONTEXT}, {"max_output_tokens", COL_MAX_OUTPUT}};
    char text[32];
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        json_t *v = json_object_get(entry, limits[i].name);
        if (!json_is_integer(v) || json_integer_value(v) <= 0) continue;
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
        set(owner, r, limits[i].column, text);
    }
    const char *retired = json_string_value(json_object_get(entry, "deprecation_date"));
    if (retired && strlen(retired) == 10) set(owner, r, COL_RETIRED, retired);
}

/* LiteLLM's key is provider/model for most; the model's own slashes stay. False: a form that no log uses (regions, terms). */
static bool set_names(Book *owner, PriceRow *r, const char *key, Str provider) {
    const char *slash = strchr(key, '/');
    char text[256];
    if (slash && str_eq(provider_canonical((Str){key, (size_t)(slash - key)}), provider)) key = slash + 1;
    bool regional = str_is(provider, "bedrock") || str_is(provider, "azure");
    if (!*key || strlen(key) > NAME_MAX_BYTES || provider.len > NAME_MAX_BYTES || (regional && strchr(key, '/'))) return false;
    snprintf(text, sizeof text, "%.*s", (int)provider.len, provider.at);
    set(owner, r, COL_PROVIDER, text);
    set(owner, r, COL_MODEL, key);
    return true;
}

static bool litellm_row(Book *owner, const char *key, json_t *entry, PriceRow *out) {
    const char *provider = json_string_value(json_object_get(entry, "litellm_provider"));
    const char *mode = json_string_value(json_object_get(entry, "mode"));
    bool tokens = false;
    for (size_t i = 0; mode && i < sizeof token_modes / sizeof *token_modes; i++) tokens = tokens || strcmp(mode, token_modes[i]) == 0;
    *out = (PriceRow){0};
    for (int c = 0; c < COL_COUNT; c++) out->field[c] = "";
    if (!provider || !tokens || !set_names(owner, out, key, provider_canonical(str_of(provider)))) return false;
    for (size_t i = 0; i < sizeof price_keys / sizeof *price_keys; i++)
        set_price(owner, out, price_keys[i].column, json_object_get(entry, price_keys[i].name));
    if (!*out->field[COL_OUTPUT] && strcmp(mode, "embedding") == 0) set(owner, out, COL_OUTPUT, "0.00");
    if (!*out->field[COL_INPUT] || !*out->field[COL_OUTPUT]) return false;
    set(owner, out, COL_MODE, mode);
    set_tier(owner, out, entry);
    set_limits(owner, out, entry);
    return true;
}

/* Where we are in the text, for messages: keys come in the order in which they are written. */
typedef struct Place { const char *at; size_t line; } Place;

static void move_to_key(Place *p, const char *key) {
    size_t n = strlen(key);
    for (const char *q = p->at; (q = strstr(q, key)); q++) {
        if (q == p->at || q[-1] != '"' || q[n] != '"' || q[n + 1 + strspn(q + n + 1, " \t")] != ':') continue;
        for (; p->at < q; p->at++) p->line += *p->at == '\n';
        return;
    }
}

/* Several keys can mean one model ("gemini-x" and "vertex_ai/gemini-x"): the first counts. */
typedef struct Seen { uint64_t *hash; size_t mask; } Seen;

static bool first_time(Seen *s, const PriceRow *r) {
    uint64_t h = hash64(r->field[COL_PROVIDER], strlen(r->field[COL_PROVIDER]), 1);
    h = hash64(r->field[COL_MODEL], strlen(r->field[COL_MODEL]), h) | 1;
    size_t i = h & s->mask;
    for (; s->hash[i]; i = (i + 1) & s->mask)
        if (s->hash[i] == h) return false;
    s->hash[i] = h;
    return true;
}

static void each_model(Litellm *l, json_t *map) {
    Place place = {l->text, 1};
    Seen seen = {.mask = 63};
    const char *key;
    json_t *entry;
    while (seen.mask < json_object_size(map) * 2) seen.mask = seen.mask * 2 + 1;
    seen.hash = xcalloc(seen.mask + 1, sizeof *seen.hash);
    json_object_foreach(map, key, entry) {
        PriceRow r;
        move_to_key(&place, key);
        l->read++;
        if (litellm_row(l->owner, key, entry, &r) && first_time(&seen, &r)) {
            r.file = l->path;
            r.line = place.line;
            l->take(l->ctx, &r);
        } else {
            l->skipped++;
        }
    }
    free(seen.hash);
}

int litellm_read(Litellm *l, Err *e) {
    json_error_t why;
    json_t *map = json_loadb(l->text, l->len, 0, &why);
    if (!map) return fail(e, "%s:%d: %s; get the file again", l->path, why.line, why.text);
    int rc = 0;
    if (json_is_object(map) && json_object_size(map) <= ROWS_MAX)
        each_model(l, map);
    else
        rc = fail(e, "%s is not a map of models; name LiteLLM's model_prices_and_context_window.json or our CSV", l->path);
    json_decref(map);
    return rc;
}
