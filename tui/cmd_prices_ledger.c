/* cmd_prices_ledger: `tollwatch prices unpriced|reprice|update`: what prices mean for what was recorded, and new prices. */
#include "store/clock.h"
#include "store/db.h"
#include "store/ledger.h"
#include "store/money.h"
#include "store/query.h"
#include "tui/prices.h"

static int range(const PricesCall *c, int64_t *since, int64_t *until, Err *e) {
    int64_t now = app_now(c->app);
    *since = 0;
    *until = now + MS_PER_DAY;
    if (c->value[PRICES_SINCE] && time_parse_arg(c->app->zone, now, c->value[PRICES_SINCE], since, e) != 0) return -1;
    if (c->value[PRICES_UNTIL] && time_parse_arg(c->app->zone, now, c->value[PRICES_UNTIL], until, e) != 0) return -1;
    return 0;
}

/* No price can be given to what has no name, or shares one with others. */
static bool can_be_priced(const Group *g) {
    return g->name[1][0] && strcmp(g->name[1], "(other)") != 0;
}

static void advise(const Result *r) {
    size_t named = 0;
    for (size_t i = 0; i < r->count; i++) named += can_be_priced(&r->groups[i]);
    if (named) puts("Give them a price in your prices.csv (or `tollwatch prices update FILE`), then `tollwatch prices reprice`.");
    if (named < r->count) puts("Calls whose log names no model have no price; `tollwatch doctor FILE` says what is read of a log.");
}

static void show_unpriced(const Result *r) {
    char requests[32], tokens[32];
    if (r->count == 0) {
        puts("every recorded call has a price");
        return;
    }
    printf("%-14s %-48s %14s %18s\n", "provider", "model", "requests", "tokens");
    for (size_t i = 0; i < r->count; i++) {
        const Group *g = &r->groups[i];
        count_grouped(g->t.unpriced_requests, requests, sizeof requests);
        count_grouped(g->t.unpriced_tokens, tokens, sizeof tokens);
        printf("%-14s %-48s %14s %18s\n", *g->name[0] ? g->name[0] : "(none)", *g->name[1] ? g->name[1] : "(none)", requests, tokens);
    }
    count_grouped(r->total.unpriced_requests, requests, sizeof requests);
    count_grouped(r->total.unpriced_tokens, tokens, sizeof tokens);
    printf("%-14s %-48s %14s %18s\n", "total", "", requests, tokens);
    advise(r);
}

int prices_unpriced(PricesCall *c) {
    Err e = {0};
    Db *db = NULL;
    Result r = {0};
    int64_t since, until;
    if (app_config(c->app, &e) != 0 || range(c, &since, &until, &e) != 0) return app_fail(&e);
    int rc = db_open(&db, c->app->db_path, DB_READ, &e);
    if (rc == 0) rc = query_unpriced(db, since, until, &r, &e);
    if (rc == 0) show_unpriced(&r);
    result_free(&r);
    db_close(db);
    return rc == 0 ? EXIT_DONE : app_fail(&e);
}

static void price_again(void *ctx, Batch *b, Request *r) {
    pricer_price(ctx, b, r);
}

static int reprice(App *a, uint64_t *changed, Err *e) {
    Db *db = NULL;
    Ledger *l = NULL;
    LedgerOptions o = {.zone = a->day_zone, .budgets = a->config->budgets, .budget_count = a->config->budget_count, .now_ms = app_now(a)};
    Pricer *p = pricer_new(a->book);
    int rc = db_open(&db, a->db_path, DB_WRITE, e);
    if (rc == 0) rc = ledger_open(&l, db, &o, e);
    if (rc == 0) rc = ledger_reprice(l, price_again, p, changed, e);
    ledger_close(l);
    db_close(db);
    pricer_free(p);
    return rc;
}

int prices_reprice(PricesCall *c) {
    Err e = {0};
    uint64_t changed = 0;
    char text[32];
    if (c->app->readonly) return usage_fail("prices reprice changes the database; leave out --readonly");
    if (app_book(c->app, &e) != 0 || reprice(c->app, &changed, &e) != 0) return app_fail(&e);
    count_grouped((int64_t)changed, text, sizeof text);
    printf("%s %s another cost now; days whose raw rows were purged keep theirs\n", text, changed == 1 ? "request has" : "requests have");
    return EXIT_DONE;
}

/* Each refusal on a line of its own. */
static void complain(const char *lines, bool but_first) {
    for (const char *at = lines; at && *at; but_first = false) {
        size_t len = strcspn(at, "\n");
        if (!but_first) usage_fail("refused: %.*s", (int)len, at);
        at += len + (at[len] == '\n');
    }
}

int prices_update_command(PricesCall *c) {
    Err e = {0};
    PriceUpdateReport r;
    if (c->app->readonly && !c->value[PRICES_DRY_RUN]) return usage_fail("prices update writes a file; add --dry-run or leave out --readonly");
    if (app_config(c->app, &e) != 0) return app_fail(&e);
    if (!c->app->config->dir[0]) return fail(&e, "there is no configuration folder; set HOME, or name one with --config"), app_fail(&e);
    const PriceUpdate u = {.path = c->arg, .config_dir = c->app->config->dir, .now_ms = app_now(c->app),
                           .only_new = c->value[PRICES_ONLY_NEW], .dry_run = c->value[PRICES_DRY_RUN]};
    int rc = prices_update(&u, &r, &e);
    complain(r.refusals.at, rc != 0); /* the first one is the error then */
    if (rc == 0) {
        if (r.changes.at) fputs(r.changes.at, stdout);
        printf("%zu read: %zu new, %zu changed, %zu the same, %zu left out, %zu refused\n", r.read, r.added, r.changed,
               r.same, r.skipped, r.refused);
        if (r.written[0]) printf("written to %s; `tollwatch prices reprice` applies it to the open days\n", r.written);
    }
    prices_update_free(&r);
    return rc == 0 ? EXIT_DONE : app_fail(&e);
}
