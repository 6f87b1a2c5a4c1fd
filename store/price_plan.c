/* price_plan: the price per token of every class for one kind of call: which list, which tier, which multiplier, and what
 * is done where a vendor lists nothing. Independent of the token counts, so that it can be remembered.
 *
 * Order: off-peak, long context, then one of batch, flex, priority; multipliers (fast mode, geography) are kept apart.
 * Where a price is missing: cached read and cache write at the input price (Claude's 1-hour write: twice the input
 * price), audio at the text price, a tier's class scaled like its input price, an unlisted batch, flex or priority at the
 * standard price. Each of these raises a flag. Derived prices are rounded half up to a pico-dollar.
 */
#include "store/clock.h"
#include "store/price_book.h"
#include <ctype.h>

typedef enum Mode { MODE_STANDARD, MODE_BATCH, MODE_FLEX, MODE_PRIORITY, MODE_FAST, MODE_UNKNOWN } Mode;

static bool is_word(Str s, const char *lower) {
    size_t i = 0;
    while (i < s.len && lower[i] && tolower((unsigned char)s.at[i]) == lower[i]) i++;
    return i == s.len && lower[i] == '\0';
}

static Mode mode_of(const Usage *u) {
    static const struct { const char *word; Mode mode; } words[] = {
        {"", MODE_STANDARD}, {"standard", MODE_STANDARD}, {"default", MODE_STANDARD}, {"auto", MODE_STANDARD},
        {"standard_only", MODE_STANDARD}, {"on_demand", MODE_STANDARD}, {"on-demand", MODE_STANDARD},
        {"batch", MODE_BATCH}, {"flex", MODE_FLEX}, {"priority", MODE_PRIORITY}, {"fast", MODE_FAST},
    };
    if (u->batch) return MODE_BATCH;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(u->tier, words[i].word)) return words[i].mode == MODE_STANDARD && is_word(u->speed, "fast") ? MODE_FAST : words[i].mode;
    return MODE_UNKNOWN;
}

/* a * b / c, half up, at most the greatest price: so that a charge fits into 128 bits whatever a table says. */
static int64_t scale(int64_t a, int64_t b, int64_t c) {
    __extension__ typedef unsigned __int128 Wide;
    if (c == 0) return b;
    Wide q = ((Wide)a * (Wide)b * 2 + (Wide)c) / ((Wide)c * 2);
    return q < PRICE_MAX_PICO ? (int64_t)q : PRICE_MAX_PICO;
}

static void fill_class(const PriceRow *row, Rates *r, Token t, uint16_t flag) {
    r->pico[t] = row->price[LIST_BASE][t];
    if (r->pico[t] >= 0) return;
    r->pico[t] = row->price[LIST_BASE][TOK_INPUT];
    r->flags[t] |= flag;
}

static void base_rates(const PriceRow *row, Rates *r) {
    *r = (Rates){0};
    for (int t = 0; t < TOK_COUNT; t++) r->pico[t] = row->price[LIST_BASE][t];
    fill_class(row, r, TOK_CACHE_READ, COST_CACHE_READ_AT_INPUT);
    fill_class(row, r, TOK_CACHE_WRITE_5M, COST_WRITE_AT_INPUT);
    fill_class(row, r, TOK_CACHE_WRITE_1H, COST_WRITE_AT_INPUT);
    fill_class(row, r, TOK_AUDIO_INPUT, COST_AUDIO_AT_INPUT);
    if (row->price[LIST_BASE][TOK_CACHE_WRITE_1H] < 0 && strstr(row->field[COL_MODEL], "claude"))
        r->pico[TOK_CACHE_WRITE_1H] *= 2;
}

/* Puts a list on top of what is there: each class times (listed / base); unlisted classes times the input's ratio. */
static void put_list(const PriceRow *row, List list, Rates *r) {
    const int64_t *listed = row->price[list], *base = row->price[LIST_BASE];
    for (int t = 0; t < TOK_COUNT; t++) {
        if (listed[t] >= 0 && base[t] >= 0) {
            r->pico[t] = scale(r->pico[t], listed[t], base[t]);
        } else if (listed[t] >= 0) {
            r->pico[t] = listed[t];
            r->flags[t] = 0;
        } else {
            r->pico[t] = scale(r->pico[t], listed[TOK_INPUT], base[TOK_INPUT]);
            r->flags[t] |= COST_TIER_DERIVED;
        }
    }
}

/* What a vendor does with the prompt cache in batches where its table lists no price for it. */
typedef struct BatchCaching { const char *provider; bool reads_at_input, writes_at_input; } BatchCaching;
static const BatchCaching batch_caching[] = {
    {"openai", true, false}, /* the Batch table of 4.1, 4o and the o-series has no cached price */
    {"bedrock", true, true}, /* no prompt caching in batch */
};

static void at_input(Rates *r, Token t, uint16_t flag) {
    r->pico[t] = r->pico[TOK_INPUT];
    r->flags[t] = flag;
}

/* The general rule: a cached token costs no more than in a plain call, and no more than an uncached one in the batch. */
static void put_batch(const PriceRow *row, Rates *r) {
    int64_t plain_read = r->pico[TOK_CACHE_READ];
    put_list(row, LIST_BATCH, r);
    if (row->price[LIST_BATCH][TOK_CACHE_READ] < 0)
        r->pico[TOK_CACHE_READ] = plain_read < r->pico[TOK_INPUT] ? plain_read : r->pico[TOK_INPUT];
    for (size_t i = 0; i < sizeof batch_caching / sizeof *batch_caching; i++) {
        const BatchCaching *c = &batch_caching[i];
        if (strcmp(c->provider, row->field[COL_PROVIDER]) != 0) continue;
        if (c->reads_at_input && row->price[LIST_BATCH][TOK_CACHE_READ] < 0) at_input(r, TOK_CACHE_READ, COST_CACHE_READ_AT_INPUT);
        if (c->writes_at_input) at_input(r, TOK_CACHE_WRITE_5M, COST_WRITE_AT_INPUT);
        if (c->writes_at_input) at_input(r, TOK_CACHE_WRITE_1H, COST_WRITE_AT_INPUT);
    }
}

static bool lists(const PriceRow *row, List list) {
    return row->price[list][TOK_INPUT] >= 0;
}

/* The discount or surcharge of the service tier; flags say when the vendor lists none. */
static uint32_t put_mode(const PriceRow *row, Mode mode, bool is_long, Rates *r) {
    switch (mode) {
    case MODE_STANDARD: return 0;
    case MODE_BATCH:
        if (!lists(row, LIST_BATCH)) return COST_BATCH_UNLISTED;
        put_batch(row, r);
        return 0;
    case MODE_FLEX:
        if (!lists(row, LIST_FLEX)) return COST_TIER_UNLISTED;
        put_list(row, LIST_FLEX, r);
        return 0;
    case MODE_FAST: /* Anthropic's is a multiplier; for OpenAI fast is the new name of priority */
        if (row->fast.num) return 0;
        __attribute__((fallthrough));
    case MODE_PRIORITY:
        if (!lists(row, LIST_PRIORITY) || (is_long && !row->priority_long)) return COST_TIER_UNLISTED;
        put_list(row, LIST_PRIORITY, r);
        return 0;
    case MODE_UNKNOWN: return COST_TIER_UNLISTED;
    }
    return 0;
}

/* Which geographies cost more; the row's geo_multiplier says how much. NULL = any that is named and not global. */
typedef struct GeoRule { const char *provider, *geo; bool prefix; } GeoRule;
static const GeoRule geo_rules[] = {
    {"anthropic", "us", false}, {"azure", "us", false},       {"azure", "eu", false}, {"azure", "datazone", true},
    {"xai", "us", true},        {"openai", NULL, false},      {"vertex_ai", NULL, false},
};

static bool geo_costs_more(const char *provider, Str geo) {
    bool nowhere = geo.len == 0 || is_word(geo, "global") || is_word(geo, "default") || is_word(geo, "not_available") || is_word(geo, "none");
    for (size_t i = 0; i < sizeof geo_rules / sizeof *geo_rules && !nowhere; i++) {
        const GeoRule *g = &geo_rules[i];
        if (strcmp(g->provider, provider) != 0) continue;
        if (!g->geo || is_word(geo, g->geo) || (g->prefix && geo.len > strlen(g->geo) && is_word((Str){geo.at, strlen(g->geo)}, g->geo))) return true;
    }
    return false;
}

static void multiply(Ratio *into, Ratio by) {
    into->num *= by.num;
    into->den *= by.den;
}

static void multipliers(const Usage *u, const Resolution *found, Mode mode, Plan *p) {
    const PriceRow *row = p->row;
    p->mul = (Ratio){1, 1};
    if (mode == MODE_FAST && row->fast.num) multiply(&p->mul, row->fast);
    if (found->regional) multiply(&p->mul, (Ratio){11, 10});
    bool geo = row->geo.num && geo_costs_more(row->field[COL_PROVIDER], u->geo);
    if (geo) multiply(&p->mul, row->geo);
    if (geo || found->regional) p->flags |= COST_GEO;
}

static void all_rates(const PriceRow *row, Mode mode, Plan *p) {
    for (int is_long = 0; is_long < 2; is_long++)
        for (int off = 0; off < 2; off++) {
            Rates *r = &p->rates[is_long][off];
            base_rates(row, r);
            if (off && row->peak.days) put_list(row, LIST_OFFPEAK, r);
            if (is_long && row->long_above) put_list(row, LIST_LONG, r);
            uint32_t flags = put_mode(row, mode, is_long, r);
            if (is_long)
                p->long_flags = flags | COST_LONG_CONTEXT;
            else
                p->flags |= flags;
        }
}

void plan_make(const Book *b, const Usage *u, Plan *out) {
    When when = {.at_ms = u->ts_ms ? u->ts_ms : u->now_ms, .from_ms = INT64_MIN, .until_ms = INT64_MAX};
    Resolution found = book_resolve(b, u->provider, u->model, &when);
    out->row = found.row && found.row->priced ? found.row : NULL;
    out->from_ms = when.from_ms;
    out->until_ms = when.until_ms;
    out->flags = out->long_flags = 0;
    if (!out->row) return;
    Mode mode = mode_of(u);
    out->flags = found.flags;
    out->has_hours = out->row->peak.days != 0;
    all_rates(out->row, mode, out);
    multipliers(u, &found, mode, out);
}

bool peak_at(const Peak *p, int64_t ts_ms) {
    int64_t day = ts_ms / MS_PER_DAY - (ts_ms % MS_PER_DAY < 0);
    int minute = (int)((ts_ms - day * MS_PER_DAY) / MS_PER_MINUTE);
    int weekday = (int)(((day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday; 0 = Monday */
    if (!(p->days & (1u << weekday))) return false;
    for (int i = 0; i < p->rests; i++)
        if (day >= p->rest_from[i] && day <= p->rest_last[i]) return false;
    for (int i = 0; i < p->count; i++)
        if (minute >= p->from_min[i] && minute < p->until_min[i]) return true;
    return false;
}
