/* price_explain: why a call costs what it costs, in words: the name, the row, the rule, the arithmetic. Does not: compute
 * anything that cost_of does not. */
#include "store/clock.h"
#include "store/money.h"
#include "store/price_book.h"

static void show_row(const PriceRow *r, Buf *out) {
    bool dated = *r->field[COL_FROM];
    buf_fmt(out, "row      %s/%s%s%s, id %016llx, %s\n", r->field[COL_PROVIDER], r->field[COL_MODEL], dated ? " from " : "",
            r->field[COL_FROM], (unsigned long long)r->id, price_row_class(r));
    buf_fmt(out, "written  %s:%zu\n", r->file, r->line);
    if (*r->field[COL_SOURCE]) buf_fmt(out, "source   %s (confidence %s)\n", r->field[COL_SOURCE], r->field[COL_CONFIDENCE]);
    if (*r->field[COL_NOTES]) buf_fmt(out, "notes    %s\n", r->field[COL_NOTES]);
    if (*r->field[COL_STATUS]) buf_fmt(out, "status   %s\n", r->field[COL_STATUS]);
    if (*r->field[COL_RETIRED]) buf_fmt(out, "retired  %s\n", r->field[COL_RETIRED]);
}

static void show_list(const PriceRow *r, List list, const char *name, Buf *out) {
    static const char *const classes[TOK_COUNT] = {"input", "cached", "write 5m", "write 1h", "output", "", "audio"};
    bool any = false;
    for (int c = 0; c < COL_COUNT; c++) {
        const PriceColumn *p = &price_columns[c];
        if (!p->price || p->list != list || r->price[list][p->token] < 0) continue;
        if (!any) buf_fmt(out, "%-8s", name);
        buf_fmt(out, "%s %s %s", any ? "," : "", classes[p->token], r->field[c]);
        any = true;
    }
    if (any) buf_str(out, " dollars per million tokens\n");
}

static void show_prices(const PriceRow *r, Buf *out) {
    static const char *const lists[LIST_COUNT] = {"base", "batch", "priority", "flex", "long", "off-peak"};
    for (int l = 0; l < LIST_COUNT; l++) show_list(r, (List)l, lists[l], out);
    if (r->long_above) buf_fmt(out, "tier     the long prices hold for the whole call %s %s prompt tokens\n", r->long_at ? "from" : "above", r->field[COL_TIER_ABOVE]);
    if (r->peak.days) buf_fmt(out, "hours    peak, in UTC, is %s; public holidays that are not listed there count as weekdays\n", r->field[COL_PEAK_UTC]);
}

static void show_rules(const Cost *c, Buf *out) {
    buf_str(out, "rules   ");
    for (int bit = 0; cost_flag_names[bit]; bit++)
        if (c->flags & (1u << bit)) buf_fmt(out, " %s", cost_flag_names[bit]);
    buf_str(out, c->flags ? "\n" : " standard price, nothing special\n");
}

/* Exact dollars of a product of tokens and pico-dollars. */
static void dollars(int64_t units, int64_t pico, char *out, size_t size) {
    __extension__ typedef unsigned __int128 Wide;
    Wide w = (Wide)units * (Wide)pico;
    const Wide per_usd = 1000000000000;
    snprintf(out, size, "%llu.%012llu", (unsigned long long)(w / per_usd), (unsigned long long)(w % per_usd));
}

static void show_arithmetic(const Cost *c, Buf *out) {
    char units[32], price[32], amount[64];
    for (int i = 0; i < c->line_count; i++) {
        const CostLine *l = &c->lines[i];
        count_grouped(l->units, units, sizeof units);
        price_text(l->pico, price, sizeof price);
        dollars(l->units, l->pico, amount, sizeof amount);
        buf_fmt(out, "  %-14s %15s x %9s / 1,000,000 = $%s\n", l->what, units, price, amount);
    }
    if (c->mul_num != c->mul_den) buf_fmt(out, "  all tokens     x %lld/%lld\n", (long long)c->mul_num, (long long)c->mul_den);
    nano_exact(c->nano, amount, sizeof amount);
    buf_fmt(out, "cost     $%s\n", amount);
    nano_exact(c->saved_cache_nano, amount, sizeof amount);
    if (c->saved_cache_nano) buf_fmt(out, "saved    $%s by the prompt cache\n", amount);
}

static void show_unpriced(const Resolution *found, const When *when, Buf *out) {
    char day[32];
    if (found->row) {
        show_row(found->row, out);
        buf_str(out, "cost     UNPRICED: the row says that there is no public price\n");
        return;
    }
    buf_str(out, "cost     UNPRICED: no row of exactly this name; similar names are never used\n");
    if (when->until_ms == INT64_MAX) return;
    time_format(NULL, when->until_ms, "%Y-%m-%d", day, sizeof day);
    buf_fmt(out, "         (its price begins on %s)\n", day);
}

void price_explain(const Book *b, const Usage *u, Buf *out) {
    char at[32];
    Cost cost;
    When when = {.at_ms = u->ts_ms ? u->ts_ms : u->now_ms, .from_ms = INT64_MIN, .until_ms = INT64_MAX};
    Resolution found = book_resolve(b, u->provider, u->model, &when);
    time_format_utc(when.at_ms, at, sizeof at);
    buf_fmt(out, "model    %.*s, provider %.*s, at %s\n", (int)u->model.len, u->model.at, u->provider.len ? (int)u->provider.len : 7,
            u->provider.len ? u->provider.at : "unknown", at);
    for (int i = 0; i < found.step_count; i++) buf_fmt(out, "name     %s\n", found.steps[i]);
    cost_of(b, u, &cost);
    if (!cost.priced) {
        show_unpriced(&found, &when, out);
        return;
    }
    show_row(cost.row, out);
    show_prices(cost.row, out);
    show_rules(&cost, out);
    show_arithmetic(&cost, out);
}
