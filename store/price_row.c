/* price_row: what a column means, and the numbers, ranges and id of one row. Does not: know files or other rows. */
#include "store/clock.h"
#include "store/money.h"
#include "store/price_book.h"
#include <stdarg.h>

#define TEXT(n) {.name = (n)}
#define MARK(n) {.name = (n), .identity = true}
#define PRICE(n, l, t) {.name = (n), .identity = true, .price = true, .list = (l), .token = (t)}
const PriceColumn price_columns[COL_COUNT] = {
    [COL_PROVIDER] = MARK("provider"),
    [COL_MODEL] = MARK("model"),
    [COL_ALIASES] = TEXT("aliases"),
    [COL_FROM] = MARK("effective_from"),
    [COL_STATUS] = TEXT("status"),
    [COL_MODE] = TEXT("mode"),
    [COL_CLASS] = TEXT("class"),
    [COL_INPUT] = PRICE("input_per_mtok", LIST_BASE, TOK_INPUT),
    [COL_CACHED] = PRICE("cached_input_per_mtok", LIST_BASE, TOK_CACHE_READ),
    [COL_WRITE_5M] = PRICE("cache_write_5m_per_mtok", LIST_BASE, TOK_CACHE_WRITE_5M),
    [COL_WRITE_1H] = PRICE("cache_write_1h_per_mtok", LIST_BASE, TOK_CACHE_WRITE_1H),
    [COL_OUTPUT] = PRICE("output_per_mtok", LIST_BASE, TOK_OUTPUT),
    [COL_BATCH_INPUT] = PRICE("batch_input_per_mtok", LIST_BATCH, TOK_INPUT),
    [COL_BATCH_CACHED] = PRICE("batch_cached_input_per_mtok", LIST_BATCH, TOK_CACHE_READ),
    [COL_BATCH_OUTPUT] = PRICE("batch_output_per_mtok", LIST_BATCH, TOK_OUTPUT),
    [COL_PRIORITY_INPUT] = PRICE("priority_input_per_mtok", LIST_PRIORITY, TOK_INPUT),
    [COL_PRIORITY_CACHED] = PRICE("priority_cached_input_per_mtok", LIST_PRIORITY, TOK_CACHE_READ),
    [COL_PRIORITY_OUTPUT] = PRICE("priority_output_per_mtok", LIST_PRIORITY, TOK_OUTPUT),
    [COL_PRIORITY_LONG] = MARK("priority_long"),
    [COL_FLEX_INPUT] = PRICE("flex_input_per_mtok", LIST_FLEX, TOK_INPUT),
    [COL_FLEX_CACHED] = PRICE("flex_cached_input_per_mtok", LIST_FLEX, TOK_CACHE_READ),
    [COL_FLEX_OUTPUT] = PRICE("flex_output_per_mtok", LIST_FLEX, TOK_OUTPUT),
    [COL_FAST] = MARK("fast_multiplier"),
    [COL_GEO] = MARK("geo_multiplier"),
    [COL_TIER_ABOVE] = MARK("tier_threshold_tokens"),
    [COL_TIER_CMP] = MARK("tier_cmp"),
    [COL_TIER_INPUT] = PRICE("tier_input_per_mtok", LIST_LONG, TOK_INPUT),
    [COL_TIER_CACHED] = PRICE("tier_cached_input_per_mtok", LIST_LONG, TOK_CACHE_READ),
    [COL_TIER_WRITE_5M] = PRICE("tier_cache_write_5m_per_mtok", LIST_LONG, TOK_CACHE_WRITE_5M),
    [COL_TIER_WRITE_1H] = PRICE("tier_cache_write_1h_per_mtok", LIST_LONG, TOK_CACHE_WRITE_1H),
    [COL_TIER_OUTPUT] = PRICE("tier_output_per_mtok", LIST_LONG, TOK_OUTPUT),
    [COL_OFFPEAK_INPUT] = PRICE("offpeak_input_per_mtok", LIST_OFFPEAK, TOK_INPUT),
    [COL_OFFPEAK_CACHED] = PRICE("offpeak_cached_input_per_mtok", LIST_OFFPEAK, TOK_CACHE_READ),
    [COL_OFFPEAK_OUTPUT] = PRICE("offpeak_output_per_mtok", LIST_OFFPEAK, TOK_OUTPUT),
    [COL_PEAK_UTC] = MARK("peak_utc"),
    [COL_AUDIO] = PRICE("audio_input_per_mtok", LIST_BASE, TOK_AUDIO_INPUT),
    [COL_WEB_SEARCH] = MARK("web_search_per_1k"),
    [COL_STORAGE] = TEXT("cache_storage_per_mtok_hour"),
    [COL_MIN_CACHEABLE] = TEXT("min_cacheable_tokens"),
    [COL_CONTEXT] = TEXT("context_window"),
    [COL_MAX_OUTPUT] = TEXT("max_output"),
    [COL_RETIRED] = TEXT("retired_on"),
    [COL_CONFIDENCE] = TEXT("confidence"),
    [COL_SOURCE] = TEXT("source"),
    [COL_NOTES] = TEXT("notes"),
};

int price_column(Str name) {
    for (int c = 0; c < COL_COUNT; c++)
        if (str_is(name, price_columns[c].name)) return c;
    return -1;
}

int price_row_fail(const PriceRow *r, Err *e, const char *fmt, ...) {
    char what[ERR_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return fail(e, "%s:%zu: %.60s/%.120s: %s", r->file, r->line, r->field[COL_PROVIDER], r->field[COL_MODEL], what);
}

/* "" is unlisted; anything else must be a decimal within [0, max]. */
static int number(const PriceRow *r, Column c, int scale, int64_t max, int64_t *out, Err *e) {
    const char *text = r->field[c];
    *out = PRICE_UNLISTED;
    if (!*text) return 0;
    if (decimal_parse(text, strlen(text), scale, out, NULL) != 0)
        return price_row_fail(r, e, "%s \"%.40s\" is not a number; write it like 2.50", price_columns[c].name, text);
    if (*out < 0 || *out > max)
        return price_row_fail(r, e, "%s %.40s is outside of what any model costs; check the unit (dollars per million tokens)",
                              price_columns[c].name, text);
    return 0;
}

static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        int64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

/* A multiplier of at most two decimals and at most 20, as an exact fraction. */
static int ratio(const PriceRow *r, Column c, Ratio *out, Err *e) {
    int64_t hundredths;
    *out = (Ratio){0, 1};
    if (number(r, c, 2, 2000, &hundredths, e) != 0) return -1;
    if (hundredths == PRICE_UNLISTED) return 0;
    if (hundredths == 0) return price_row_fail(r, e, "%s is 0; leave it empty if there is none", price_columns[c].name);
    int64_t g = gcd(hundredths, 100);
    *out = (Ratio){hundredths / g, 100 / g};
    return 0;
}

static int date(PriceRow *r, Err *e) {
    const char *text = r->field[COL_FROM];
    char full[64];
    r->from_ms = INT64_MIN;
    if (!*text) return 0;
    snprintf(full, sizeof full, "%.30s%s", text, strlen(text) == 10 ? "T00:00:00Z" : "");
    if (time_parse_rfc3339(full, strlen(full), &r->from_ms) == 0) return 0;
    return price_row_fail(r, e, "effective_from \"%.40s\" is not a date; write it like 2026-11-24", text);
}

/* "01:00-04:00" at *at; moves *at behind it. */
static bool window(const char **at, Peak *p) {
    int h1, m1, h2, m2, used = 0;
    if (p->count == PEAK_WINDOWS_MAX) return false;
    if (sscanf(*at, " %2d:%2d-%2d:%2d%n", &h1, &m1, &h2, &m2, &used) != 4 || used == 0) return false;
    int from = h1 * 60 + m1, until = h2 * 60 + m2;
    if (from < 0 || until > 24 * 60 || from >= until) return false;
    p->from_min[p->count] = (int16_t)from;
    p->until_min[p->count++] = (int16_t)until;
    *at += used;
    return true;
}

static int weekday(const char *at) {
    static const char names[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    for (int i = 0; i < 7; i++)
        if (strncmp(at, names[i], 3) == 0) return i;
    return -1;
}

/* "2026-10-01" at *at; moves *at behind it. */
static bool rest_day(const char **at, int64_t *day) {
    char full[24];
    int64_t ms;
    snprintf(full, sizeof full, "%.10sT00:00:00Z", *at);
    if (strlen(full) != 20 || time_parse_rfc3339(full, 20, &ms) != 0) return false;
    *day = ms / MS_PER_DAY;
    *at += 10;
    return true;
}

/* " 2026-10-01" or " 2026-10-01..2026-10-07". */
static bool rest(const char **at, Peak *p) {
    int64_t *from = &p->rest_from[p->rests], *last = &p->rest_last[p->rests];
    if (p->rests == PEAK_RESTS_MAX || *(*at)++ != ' ' || !rest_day(at, from)) return false;
    *last = *from;
    if (strncmp(*at, "..", 2) == 0) {
        *at += 2;
        if (!rest_day(at, last) || *last < *from) return false;
    }
    p->rests++;
    return true;
}

static bool parse_peak(const char *text, Peak *p) {
    if (strlen(text) < 8 || text[3] != '-') return false;
    int first = weekday(text), last = weekday(text + 4);
    if (first < 0 || last < first) return false;
    for (int d = first; d <= last; d++) p->days |= (uint8_t)(1u << d);
    const char *at = text + 7;
    while (*at && strncmp(at, " not ", 5) != 0)
        if (!window(&at, p)) return false;
    if (*at) at += 4;
    while (*at)
        if (!rest(&at, p)) return false;
    return p->count > 0;
}

static int hours(PriceRow *r, Err *e) {
    const char *text = r->field[COL_PEAK_UTC];
    r->peak = (Peak){0};
    if (*text && !parse_peak(text, &r->peak))
        return price_row_fail(r, e, "peak_utc \"%.60s\" is not understood; write it like \"Mon-Fri 01:00-04:00 not 2026-10-01..2026-10-07\"", text);
    if (r->peak.days && r->price[LIST_OFFPEAK][TOK_INPUT] < 0)
        return price_row_fail(r, e, "peak_utc without offpeak_input_per_mtok; give the off-peak prices too");
    return 0;
}

static int long_context(PriceRow *r, Err *e) {
    const char *cmp = r->field[COL_TIER_CMP], *priority = r->field[COL_PRIORITY_LONG];
    if (number(r, COL_TIER_ABOVE, 0, REQUEST_TOKENS_MAX, &r->long_above, e) != 0) return -1;
    if (r->long_above < 0) r->long_above = 0;
    if (*cmp && strcmp(cmp, "gt") != 0 && strcmp(cmp, "ge") != 0)
        return price_row_fail(r, e, "tier_cmp is \"%.20s\"; write gt or ge", cmp);
    if (*priority && strcmp(priority, "no") != 0 && strcmp(priority, "yes") != 0)
        return price_row_fail(r, e, "priority_long is \"%.20s\"; write no or leave it empty", priority);
    if (r->long_above && r->price[LIST_LONG][TOK_INPUT] < 0)
        return price_row_fail(r, e, "tier_threshold_tokens without tier_input_per_mtok; give the tier's prices too");
    r->long_at = strcmp(cmp, "ge") == 0;
    r->priority_long = strcmp(priority, "no") != 0;
    return 0;
}

static int prices(PriceRow *r, Err *e) {
    for (int l = 0; l < LIST_COUNT; l++)
        for (int t = 0; t < TOK_COUNT; t++) r->price[l][t] = PRICE_UNLISTED;
    for (int c = 0; c < COL_COUNT; c++) {
        const PriceColumn *p = &price_columns[c];
        if (p->price && number(r, (Column)c, 6, PRICE_MAX_PICO, &r->price[p->list][p->token], e) != 0) return -1;
    }
    const int64_t *base = r->price[LIST_BASE];
    for (int l = 0; l < LIST_COUNT; l++) {
        r->price[l][TOK_REASONING] = r->price[l][TOK_OUTPUT];
        /* Tables write 0 where a vendor lists no price for cached reads; where input costs something they are not free. */
        if (r->price[l][TOK_CACHE_READ] == 0 && base[TOK_INPUT] > 0) r->price[l][TOK_CACHE_READ] = PRICE_UNLISTED;
    }
    if ((base[TOK_INPUT] < 0) != (base[TOK_OUTPUT] < 0))
        return price_row_fail(r, e, "only one of input_per_mtok and output_per_mtok is given; write 0 if one is free");
    return 0;
}

static bool all_zero(const PriceRow *r) {
    return r->price[LIST_BASE][TOK_INPUT] == 0 && r->price[LIST_BASE][TOK_OUTPUT] == 0;
}

static int status(PriceRow *r, Err *e) {
    static const char *const known[] = {"", "announced", "free", "dropped"};
    const char *s = r->field[COL_STATUS];
    bool ok = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) ok = ok || strcmp(s, known[i]) == 0;
    if (!ok) return price_row_fail(r, e, "status \"%.20s\" is unknown; use announced, free or dropped", s);
    /* A table full of zeros makes budgets blind: free must be said. */
    r->priced = r->price[LIST_BASE][TOK_INPUT] >= 0 && (!all_zero(r) || strcmp(s, "free") == 0);
    return 0;
}

/* Persistent: ids are in ledgers. A column that is added later and empty changes no id. */
static uint64_t identity(const PriceRow *r) {
    uint64_t h = 0;
    for (int c = 0; c < COL_COUNT; c++) {
        if (!price_columns[c].identity || !*r->field[c]) continue;
        h = hash64(price_columns[c].name, strlen(price_columns[c].name), h);
        h = hash64(r->field[c], strlen(r->field[c]), h);
    }
    return h ? h : 1;
}

/* Rows are shown on terminals: nothing in them may move the cursor. A note may have several lines. */
static int texts(const PriceRow *r, Err *e) {
    for (int c = 0; c < COL_COUNT; c++)
        for (const char *p = r->field[c]; *p; p++)
            if (((unsigned char)*p < 0x20 && !(c == COL_NOTES && *p == '\n')) || *p == 0x7f)
                return price_row_fail(r, e, "%s holds a control byte; take it out", price_columns[c].name);
    return 0;
}

int price_row_compile(PriceRow *r, Err *e) {
    if (texts(r, e) != 0) return -1;
    if (!*r->field[COL_PROVIDER] || !*r->field[COL_MODEL])
        return price_row_fail(r, e, "provider and model must not be empty; fill them in");
    if (date(r, e) != 0 || prices(r, e) != 0 || status(r, e) != 0) return -1;
    if (long_context(r, e) != 0 || hours(r, e) != 0) return -1;
    if (ratio(r, COL_FAST, &r->fast, e) != 0 || ratio(r, COL_GEO, &r->geo, e) != 0) return -1;
    if (number(r, COL_WEB_SEARCH, 9, INT64_C(10000000000000), &r->search_pico, e) != 0) return -1;
    r->id = identity(r);
    return 0;
}

void price_text(int64_t pico, char *out, size_t size) {
    int n = snprintf(out, size, "%lld.%06lld", (long long)(pico / 1000000), (long long)(pico % 1000000));
    while (n > 3 && n < (int)size && out[n - 1] == '0' && out[n - 3] != '.') out[--n] = '\0';
}

const char *price_row_provider(const PriceRow *r) {
    return r->field[COL_PROVIDER];
}

const char *price_row_model(const PriceRow *r) {
    return r->field[COL_MODEL];
}

const char *price_row_field(const PriceRow *r, const char *column) {
    int c = price_column(str_of(column));
    return c < 0 ? "" : r->field[c];
}

uint64_t price_row_id(const PriceRow *r) {
    return r->id;
}

/* By what a million tokens in and a million out cost together: Opus and Sol are premium, Sonnet and GPT-5 standard,
 * Haiku, Flash and mini economy. The CSV's class column overrides it. */
enum { PREMIUM_FROM_USD = 24, STANDARD_FROM_USD = 8 };

const char *price_row_class(const PriceRow *r) {
    if (*r->field[COL_CLASS]) return r->field[COL_CLASS];
    if (!r->priced) return "";
    int64_t sum = r->price[LIST_BASE][TOK_INPUT] + r->price[LIST_BASE][TOK_OUTPUT];
    const int64_t pico_per_usd = 1000000; /* a dollar per million tokens is 10^6 pico-dollars per token */
    if (sum >= PREMIUM_FROM_USD * pico_per_usd) return "premium";
    return sum >= STANDARD_FROM_USD * pico_per_usd ? "standard" : "economy";
}
