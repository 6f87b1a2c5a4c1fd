/* doctor_config: configuration, prices and log formats. See doctor.h. */
#include "collectors/notify.h"
#include "store/recon_names.h"
#include "store/tier.h"
#include "tui/doctor.h"
#include "tui/theme.h"
#include <unistd.h>

static void check_account(Doctor *d, const AccountConfig *a) {
    char about[96], path[1024];
    Err e = {0};
    snprintf(about, sizeof about, "account %s", a->name);
    if (a->key_env[0] && !getenv(a->key_env))
        found(d, LEVEL_MEND, about, "key_env names %s, which is not set; set it for the collector too", a->key_env);
    if (a->key_file[0] && (place_expand(path, sizeof path, a->key_file, &e) != 0 || key_file_check(path, &e) != 0))
        found(d, LEVEL_MEND, about, "key_file %s", e.text);
}

static void check_env(Doctor *d, const char *name, const char *key, const char *env) {
    if (env[0] && !getenv(env))
        found(d, LEVEL_MEND, "alert", "[alert %s] %s names %s, which is not set; set it for the collector too", name, key, env);
}

static void check_alert(Doctor *d, const AlertConfig *a) {
    const char *const files[] = {a->url_file, a->key_file};
    char wrong[300], path[1024];
    if (notify_check(a, wrong, sizeof wrong)) found(d, LEVEL_MEND, "alert", "%s", wrong);
    check_env(d, a->name, "url_env", a->url_env);
    check_env(d, a->name, "key_env", a->key_env);
    for (size_t i = 0; i < 2; i++) {
        Err e = {0};
        if (files[i][0] && (place_expand(path, sizeof path, files[i], &e) != 0 || key_file_check(path, &e) != 0))
            found(d, LEVEL_MEND, "alert", "[alert %s] %s", a->name, e.text);
    }
}

void check_config(Doctor *d) {
    const Config *c = d->app->config;
    Theme theme;
    Err e = {0};
    if (c->path[0])
        found(d, LEVEL_OK, "configuration", "%s: %zu sources, %zu accounts, %zu budgets, zone %s", c->path, c->source_count,
              c->account_count, c->budget_count, zone_name(d->app->day_zone));
    else
        found(d, LEVEL_NOTE, "configuration", "none at %s/config: defaults, zone UTC, logs at their usual places", c->dir);
    if (theme_load(&theme, c->theme, c->dir, &e) != 0) found(d, LEVEL_MEND, "theme", "%s", e.text);
    for (size_t i = 0; i < c->account_count; i++) check_account(d, &c->accounts[i]);
    for (size_t i = 0; i < c->alert_count; i++) check_alert(d, &c->alerts[i]);
}

/* The newest date that is not in the future of today; rows beyond it are scheduled. */
static const char *newest_date(const Book *b, const char *today, size_t *scheduled) {
    const char *newest = "";
    *scheduled = 0;
    for (size_t i = 0; i < book_size(b); i++) {
        const char *from = price_row_field(book_row_at(b, i), "effective_from");
        if (strcmp(from, today) > 0) ++*scheduled;
        else if (strcmp(from, newest) > 0) newest = from;
    }
    return newest;
}

/* How many models of the book each tier has; a [tier] that names none of them is a slip, or models without a price. */
static void check_tiers(Doctor *d) {
    const Tiers tiers = tiers_of(d->app->config);
    size_t in[CLASS_COUNT] = {0}, *named = xcalloc(tiers.count + 1, sizeof *named);
    for (size_t i = 0; i < book_size(d->app->book); i++) {
        const PriceRow *row = book_row_at(d->app->book, i);
        const char *model = price_row_model(row);
        in[tier_of(tiers, model, row)]++;
        for (size_t k = 0; k < tiers.count; k++) named[k] += tier_of((Tiers){&tiers.at[k], 1}, model, NULL) != CLASS_NONE;
    }
    found(d, LEVEL_OK, "tiers", "price rows: %zu premium, %zu standard, %zu classifier, %zu of no tier%s", in[CLASS_PREMIUM], in[CLASS_STANDARD], in[CLASS_ECONOMY],
          in[CLASS_NONE], tiers.count ? ", the [tier] sections first" : ", by list price");
    for (size_t k = 0; k < tiers.count; k++)
        if (!named[k]) found(d, LEVEL_NOTE, "tiers", "[tier %s] models = %.120s: none is in the price book; see `tollwatch prices list`", tiers.at[k].name, tiers.at[k].models);
    free(named);
}

void check_prices(Doctor *d) {
    char today[16], own[1100];
    size_t scheduled;
    Err e = {0};
    if (app_book(d->app, &e) != 0) {
        found(d, LEVEL_MEND, "prices", "%s", e.text);
        return;
    }
    time_format(NULL, app_now(d->app), "%Y-%m-%d", today, sizeof today);
    const char *newest = newest_date(d->app->book, today, &scheduled);
    snprintf(own, sizeof own, "%s/prices.csv", d->app->config->dir);
    bool has_own = access(own, F_OK) == 0;
    found(d, LEVEL_OK, "prices", "%zu rows, the newest of %s, %zu scheduled%s%s", book_size(d->app->book), newest, scheduled,
          has_own ? ", with those of " : "", has_own ? own : "");
    check_tiers(d);
}

/* A person's table of what bills call models: alerts leave out one that is wrong, so it is said here. */
void check_products(Doctor *d) {
    char own[1100];
    ReconNames *names = NULL;
    Err e = {0};
    snprintf(own, sizeof own, "%s/products.csv", d->app->config->dir);
    if (access(own, F_OK) != 0) return;
    if (recon_names_open(&names, NULL, NULL, d->app->config->dir, &e) != 0) found(d, LEVEL_MEND, "products", "%s", e.text);
    else found(d, LEVEL_OK, "products", "%s is read as names that bills use", own);
    recon_names_free(names);
}

static void check_samples(Doctor *d, const Format *f, size_t *samples, Buf *names) {
    Err e = {0};
    size_t n = 0;
    if (format_self_test(f, d->app->book, &n, &e) != 0) found(d, LEVEL_MEND, "format", "%s; mend the file or its sample", e.text);
    *samples += n;
    if (names && !format_refusal(f)) buf_fmt(names, " %s", format_name(f));
}

void check_formats(Doctor *d) {
    Err e = {0};
    size_t samples = 0, count = 0, at = 0;
    Buf names = {.max = 800};
    if (formats_load(&d->formats, d->app->config->dir, &e) != 0) {
        found(d, LEVEL_MEND, "formats", "%s", e.text);
        return;
    }
    for (size_t i = 0; formats_broken_at(d->formats, i); i++)
        found(d, LEVEL_MEND, "formats", "%s", formats_broken_at(d->formats, i));
    if (!d->app->book) return; /* samples are priced; the missing prices are said already */
    int before = d->to_mend;
    for (const Format *f; (f = formats_at(d->formats, at)); at++) check_samples(d, f, &samples, &names), count += !format_refusal(f);
    for (size_t i = 0; formats_proof_at(d->formats, i); i++) check_samples(d, formats_proof_at(d->formats, i), &samples, NULL);
    if (d->to_mend == before)
        found(d, LEVEL_OK, "formats", "%zu with %zu samples, all read as expected:%s", count, samples, names.at ? names.at : "");
    buf_free(&names);
}
