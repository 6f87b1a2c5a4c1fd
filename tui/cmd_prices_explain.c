/* cmd_prices_explain: `tollwatch prices explain MODEL`: one call's price, in words. */
#include "store/clock.h"
#include "store/price.h"
#include "tui/prices.h"

static const struct { PricesOption option; Token token; } counts[] = {
    {PRICES_INPUT, TOK_INPUT},   {PRICES_CACHED, TOK_CACHE_READ}, {PRICES_WRITE_5M, TOK_CACHE_WRITE_5M},
    {PRICES_WRITE_1H, TOK_CACHE_WRITE_1H}, {PRICES_OUTPUT, TOK_OUTPUT},     {PRICES_AUDIO, TOK_AUDIO_INPUT},
};

static int read_count(const char *text, int64_t *out, Err *e) {
    char *end = NULL;
    *out = strtoll(text, &end, 10);
    if (end != text && !*end && *out >= 0 && *out <= REQUEST_TOKENS_MAX) return 0;
    return fail(e, "\"%.40s\" is not a count; write a whole number", text);
}

static int read_counts(const PricesCall *c, Usage *u, Err *e) {
    bool any = false;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const char *text = c->value[counts[i].option];
        if (text && read_count(text, &u->tokens[counts[i].token], e) != 0) return -1;
        any = any || text;
    }
    if (c->value[PRICES_SEARCHES] && read_count(c->value[PRICES_SEARCHES], &u->web_searches, e) != 0) return -1;
    if (!any) u->tokens[TOK_INPUT] = u->tokens[TOK_OUTPUT] = 1000;
    return 0;
}

/* Nobody said who serves it, but the name begins with a provider: "openai/gpt-5". */
static void provider_from_name(const Book *b, Usage *u) {
    const char *slash = memchr(u->model.at, '/', u->model.len);
    Cost cost;
    if (u->provider.len) return;
    cost_of(b, u, &cost);
    if (cost.priced || !slash) return;
    Str prefix = {u->model.at, (size_t)(slash - u->model.at)};
    Usage named = *u;
    named.provider = prefix;
    cost_of(b, &named, &cost);
    if (cost.priced) u->provider = prefix;
}

/* Which other providers would price this name: said, never used. */
static void say_others(const Book *b, const Usage *u) {
    Usage other = *u;
    const char *last = "";
    Cost cost;
    int found = 0;
    for (size_t i = 0; i < book_size(b); i++) {
        const char *provider = price_row_provider(book_row_at(b, i));
        if (strcmp(provider, last) == 0) continue;
        last = provider;
        other.provider = str_of(provider);
        cost_of(b, &other, &cost);
        if (cost.priced) printf("%s%s", found++ ? ", " : "known to ", provider);
    }
    if (found) puts("; say which with --provider");
}

int prices_explain(PricesCall *c) {
    Err e = {0};
    Buf text = {0};
    Cost cost;
    if (app_book(c->app, &e) != 0) return app_fail(&e);
    Usage u = {.model = str_of(c->arg), .provider = str_of(c->value[PRICES_PROVIDER]), .tier = str_of(c->value[PRICES_TIER]),
               .geo = str_of(c->value[PRICES_GEO]), .speed = str_of(c->value[PRICES_SPEED]), .batch = c->value[PRICES_BATCH],
               .now_ms = app_now(c->app)};
    const char *at = c->value[PRICES_AT];
    if (at && time_parse_arg(c->app->zone, u.now_ms, at, &u.ts_ms, &e) != 0) return app_fail(&e);
    if (read_counts(c, &u, &e) != 0) return app_fail(&e);
    provider_from_name(c->app->book, &u);
    price_explain(c->app->book, &u, &text);
    fputs(text.at, stdout);
    buf_free(&text);
    cost_of(c->app->book, &u, &cost);
    if (!cost.priced) say_others(c->app->book, &u);
    return EXIT_DONE;
}
