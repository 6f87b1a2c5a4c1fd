/* price_resolve: from the provider and model that a log names to the one row that prices it. Each step strips something
 * exactly known from the name and looks the rest up exactly; no step guesses. Does not: compute prices.
 *
 * Order: exact or alias; models/ or own-provider prefix; [1m]; Bedrock :200k; one date suffix; ft:base; Bedrock profile.
 * OpenRouter: its own row, :free, a known suffix, then the author's row. Numeric tails are versions, never dates.
 */
#include "store/price_book.h"
#include <ctype.h>

typedef struct Search {
    const Book *book;
    When *when;
    Resolution found;
    Str provider, id;
} Search;

static Str rest(Str s, size_t from) {
    return (Str){s.at + from, s.len - from};
}

static Str but_last(Str s, size_t n) {
    return (Str){s.at, s.len - n};
}

static bool ends(Str s, Str tail) {
    return s.len >= tail.len && memcmp(s.at + s.len - tail.len, tail.at, tail.len) == 0;
}

/* Offset of the first (or last) c, or s.len. */
static size_t first_of(Str s, char c) {
    const char *at = s.len ? memchr(s.at, c, s.len) : NULL;
    return at ? (size_t)(at - s.at) : s.len;
}

static size_t last_of(Str s, char c) {
    for (size_t i = s.len; i > 0; i--)
        if (s.at[i - 1] == c) return i - 1;
    return s.len;
}

static bool try_id(Search *s, Str id, const char *step) {
    const PriceRow *row = id.len ? book_find(s->book, s->provider, id, s->when) : NULL;
    if (!row) return false;
    s->found.row = row;
    if (step) s->found.steps[s->found.step_count++] = step;
    return true;
}

/* The name changes for good, whether or not a row is there: later steps go on from here. */
static bool strip_to(Search *s, Str id, const char *step) {
    s->id = id;
    if (s->found.step_count < 4) s->found.steps[s->found.step_count++] = step;
    return try_id(s, id, NULL);
}

static bool step_path(Search *s) {
    size_t slash = first_of(s->id, '/');
    bool google = str_is(s->provider, "google") || str_is(s->provider, "vertex_ai");
    if (str_starts(s->id, "arn:") && str_is(s->provider, "bedrock"))
        return strip_to(s, rest(s->id, last_of(s->id, '/') + (last_of(s->id, '/') < s->id.len)), "ARN: its last part");
    if (google && (str_starts(s->id, "models/") || str_starts(s->id, "publishers/") || str_starts(s->id, "projects/")))
        return strip_to(s, rest(s->id, last_of(s->id, '/') + 1), "resource path taken off");
    if (slash < s->id.len && str_eq(provider_canonical((Str){s->id.at, slash}), s->provider))
        return strip_to(s, rest(s->id, slash + 1), "provider prefix taken off");
    return false;
}

static bool step_context(Search *s) {
    return ends(s->id, STR("[1m]")) && strip_to(s, but_last(s->id, 4), "[1m] taken off");
}

/* ":200k" names the context window of a Bedrock base model. */
static bool step_window(Search *s) {
    size_t colon = last_of(s->id, ':');
    if (!str_is(s->provider, "bedrock") || colon + 3 > s->id.len || s->id.at[s->id.len - 1] != 'k') return false;
    for (size_t i = colon + 1; i + 1 < s->id.len; i++)
        if (!isdigit((unsigned char)s->id.at[i])) return false;
    return strip_to(s, (Str){s->id.at, colon}, "context suffix taken off");
}

static int two(const char *at) {
    return isdigit((unsigned char)at[0]) && isdigit((unsigned char)at[1]) ? (at[0] - '0') * 10 + at[1] - '0' : -1;
}

/* "20" YY MM DD at these places, and a real month and day. */
static bool is_date(const char *year, const char *month, const char *day) {
    int m = two(month), d = two(day);
    return two(year) == 20 && two(year + 2) >= 0 && m >= 1 && m <= 12 && d >= 1 && d <= 31;
}

/* Length of a date suffix of the name, 0 = none. */
static size_t date_suffix(Str id) {
    const char *end = id.at + id.len;
    if (ends(id, STR("@default"))) return 8;
    if (ends(id, STR("@latest"))) return 7;
    if (id.len > 11 && end[-11] == '-' && end[-6] == '-' && end[-3] == '-' && is_date(end - 10, end - 5, end - 2)) return 11;
    if (id.len > 9 && (end[-9] == '-' || end[-9] == '@') && is_date(end - 8, end - 4, end - 2)) return 9;
    return 0;
}

static bool step_date(Search *s) {
    size_t n = date_suffix(s->id);
    return n && try_id(s, but_last(s->id, n), "date suffix taken off");
}

/* ft:BASE:org:suffix:id is priced as ft:BASE. */
static bool step_fine_tuned(Search *s) {
    if (!str_starts(s->id, "ft:")) return false;
    size_t base = first_of(rest(s->id, 3), ':') + 3;
    return base < s->id.len && try_id(s, (Str){s->id.at, base}, "fine-tuned: priced by ft:base");
}

/* Claude 4.5 and later: claude-FAMILY-MAJOR[-MINOR], where a date is no minor. */
static bool claude_from_4_5(Str id) {
    Str v = rest(id, strlen("anthropic.claude-"));
    v = rest(v, first_of(v, '-') + (first_of(v, '-') < v.len));
    if (v.len == 0 || !isdigit((unsigned char)v.at[0])) return false;
    int major = v.at[0] - '0', minor = 0;
    if (v.len > 1 && v.at[1] != '-') return isdigit((unsigned char)v.at[1]); /* two digits: far later */
    if (v.len > 2 && isdigit((unsigned char)v.at[2]) && (v.len == 3 || v.at[3] == '-')) minor = v.at[2] - '0';
    return major > 4 || (major == 4 && minor >= 5);
}

/* On Bedrock these cost 10 % more outside of the global profile; older models cost the same everywhere. */
static bool regional_premium(Str id) {
    static const char *const families[] = {"openai.gpt-5", "openai.gpt-6", "xai.grok-", "moonshotai.kimi-k3", "amazon.nova-2-"};
    if (str_starts(id, "anthropic.claude-")) return claude_from_4_5(id);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (str_starts(id, families[i])) return true;
    return false;
}

/* A profile without a row of its own. The global row is the list price; a bare id may be in-region already. */
static bool step_profile(Search *s) {
    static const char *const regions[] = {"us.", "eu.", "apac.", "jp.", "au.", "in.", "ca."};
    char global[2 * NAME_MAX_BYTES];
    bool geo = false;
    size_t dot = first_of(s->id, '.') + 1;
    if (!str_is(s->provider, "bedrock") || dot >= s->id.len || s->id.len > NAME_MAX_BYTES) return false;
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) geo = geo || str_starts(s->id, regions[i]);
    Str base = rest(s->id, dot);
    if (str_starts(s->id, "global.")) return try_id(s, base, "global profile: the base id's price");
    if (!geo) return false;
    int n = snprintf(global, sizeof global, "global.%.*s", (int)base.len, base.at);
    s->found.regional = regional_premium(base);
    if (try_id(s, (Str){global, (size_t)n}, s->found.regional ? "regional profile: 1.1 x the global profile" : "regional profile")) return true;
    /* Bare ids of other families than Claude are in-region prices: the premium is inside. */
    s->found.regional = s->found.regional && str_starts(base, "anthropic.");
    return try_id(s, base, s->found.regional ? "regional profile: 1.1 x the base id" : "regional profile: the base id's price");
}

static bool own_provider(Search *s) {
    return try_id(s, s->id, NULL) || step_path(s) || step_context(s) || step_window(s) || step_date(s) || step_fine_tuned(s) ||
           step_profile(s);
}

/* OpenRouter writes anthropic/claude-opus-4.5 where Anthropic writes claude-opus-4-5. */
static bool by_author(Search *s) {
    char dashed[NAME_MAX_BYTES];
    size_t slash = first_of(s->id, '/');
    if (slash + 1 >= s->id.len || s->id.len > sizeof dashed) return false;
    Str author = provider_canonical((Str){s->id.at, slash}), model = rest(s->id, slash + 1);
    if (str_is(author, "openrouter")) return false;
    if (str_is(author, "anthropic")) {
        for (size_t i = 0; i < model.len; i++) dashed[i] = model.at[i] == '.' ? '-' : model.at[i];
        model = (Str){dashed, model.len};
    }
    Search in = {.book = s->book, .when = s->when, .provider = author, .id = model};
    if (!own_provider(&in)) return false;
    s->found.row = in.found.row;
    s->found.regional = in.found.regional;
    if (s->found.step_count < 8) s->found.steps[s->found.step_count++] = "OpenRouter: the author's price";
    return true;
}

static bool openrouter(Search *s) {
    static const char *const variants[] = {":nitro", ":floor", ":exacto", ":thinking", ":extended", ":beta", ":online"};
    if (try_id(s, s->id, NULL)) return true;
    if (str_starts(s->id, "openrouter/") && strip_to(s, rest(s->id, 11), "openrouter/ taken off")) return true;
    if (ends(s->id, STR(":free"))) return try_id(s, STR("*:free"), ":free costs nothing");
    if (by_author(s)) return true;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        if (!ends(s->id, str_of(variants[i]))) continue;
        s->found.flags |= COST_SUFFIX_AS_BASE;
        return strip_to(s, but_last(s->id, strlen(variants[i])), "OpenRouter variant priced as its base") || by_author(s);
    }
    return false;
}

/* Who makes models and sells them under their own name. */
static const char *const first_party[] = {"openai", "anthropic", "google", "mistral", "cohere", "deepseek", "xai"};

/* The log names no provider: only a name that exactly one vendor has is safe. */
static void any_vendor(Search *s) {
    int hits = 0;
    for (size_t i = 0; i < sizeof first_party / sizeof *first_party; i++) {
        const PriceRow *row = book_find(s->book, str_of(first_party[i]), s->id, s->when);
        if (!row) continue;
        s->found.row = row;
        hits++;
    }
    if (hits != 1) s->found.row = NULL;
    if (hits == 1) s->found.steps[s->found.step_count++] = "no provider in the log: the one vendor of this id";
}

Resolution book_resolve(const Book *b, Str provider, Str model, When *when) {
    Search s = {.book = b, .when = when, .provider = provider_canonical(provider), .id = model};
    if (model.len == 0 || model.len > 1024) return s.found;
    if (s.provider.len == 0)
        any_vendor(&s);
    else if (str_is(s.provider, "openrouter"))
        openrouter(&s);
    else
        own_provider(&s);
    return s.found;
}

/* Is `dated` the name with a snapshot's date behind it? */
static bool is_snapshot(Str dated, Str name) {
    return dated.len > name.len && memcmp(dated.at, name.at, name.len) == 0 && date_suffix(dated) == dated.len - name.len;
}

/* Bedrock puts the profile's region before the same model's id. */
static const char *without_region(Str provider, const char *model) {
    static const char *const regions[] = {"us.", "eu.", "apac.", "jp.", "au.", "in.", "ca.", "global."};
    for (size_t i = 0; str_is(provider, "bedrock") && i < sizeof regions / sizeof *regions; i++)
        if (str_starts(str_of(model), regions[i])) return model + strlen(regions[i]);
    return model;
}

const char *book_model(const Book *b, Str provider, const char *model, int64_t at_ms) {
    When when = {.at_ms = at_ms, .from_ms = INT64_MIN, .until_ms = INT64_MAX};
    const char *name = without_region(provider_canonical(provider), model);
    const PriceRow *row = book_resolve(b, provider, str_of(name), &when).row;
    if (!row) return name;
    Str ours = str_of(price_row_model(row)), theirs = str_of(name);
    return is_snapshot(theirs, ours) || is_snapshot(ours, theirs) ? ours.at : name;
}
