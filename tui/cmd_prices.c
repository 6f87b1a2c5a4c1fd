/* cmd_prices: `tollwatch prices`: which sub-command, and the one that lists the book. */
#include "store/price.h"
#include "tui/prices.h"

static const Option prices_options[PRICES_OPTIONS + 1] = {
    [PRICES_CSV] = {"--csv", NULL, NULL, "list: the whole book, every column, to copy lines from into your prices.csv"},
    [PRICES_AT] = {"--at", "T", NULL, "explain: the price at this time (2026-08-01, 7d, today)"},
    [PRICES_PROVIDER] = {"--provider", "NAME", NULL, "explain: who serves the model; any name that logs use"},
    [PRICES_TIER] = {"--tier", "NAME", "standard flex priority fast batch", "explain: service tier"},
    [PRICES_BATCH] = {"--batch", NULL, NULL, "explain: a call of a batch"},
    [PRICES_GEO] = {"--geo", "NAME", NULL, "explain: where it is processed, like us or us-east5"},
    [PRICES_SPEED] = {"--speed", "NAME", "fast", "explain: fast mode"},
    [PRICES_INPUT] = {"--input", "N", NULL, "explain: uncached input tokens (1000 if no count is given)"},
    [PRICES_CACHED] = {"--cached", "N", NULL, "explain: input tokens read from the prompt cache"},
    [PRICES_WRITE_5M] = {"--write-5m", "N", NULL, "explain: tokens written to the 5-minute cache"},
    [PRICES_WRITE_1H] = {"--write-1h", "N", NULL, "explain: tokens written to the 1-hour cache"},
    [PRICES_OUTPUT] = {"--output", "N", NULL, "explain: output tokens, reasoning included (1000 if no count is given)"},
    [PRICES_AUDIO] = {"--audio", "N", NULL, "explain: audio input tokens"},
    [PRICES_SEARCHES] = {"--searches", "N", NULL, "explain: web searches"},
    [PRICES_SINCE] = {"--since", "T", NULL, "unpriced: from when (default: everything)"},
    [PRICES_UNTIL] = {"--until", "T", NULL, "unpriced: up to when"},
    [PRICES_ONLY_NEW] = {"--only-new", NULL, NULL, "update: models without a price; change no price that is there"},
    [PRICES_DRY_RUN] = {"--dry-run", NULL, NULL, "update: check and show, change nothing"},
};

typedef struct Sub { const char *name; bool needs_arg; int (*run)(PricesCall *c); } Sub;
static const Sub subs[] = {
    {"list", false, prices_list},         {"explain", true, prices_explain}, {"unpriced", false, prices_unpriced},
    {"update", true, prices_update_command}, {"reprice", false, prices_reprice}, {"cost", false, prices_cost},
};

static int run_prices(App *a, int argc, char **argv) {
    PricesCall call = {.app = a};
    const char **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count = 0;
    int code = options_parse(&cmd_prices, argc, argv, call.value, args, &count);
    const char *name = count ? args[0] : "list";
    call.arg = count > 1 ? args[1] : NULL;
    free(args);
    if (code != EXIT_DONE) return code;
    if (count > 2) return usage_fail("prices %s takes one argument; see `tollwatch prices --help`", name);
    for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
        if (strcmp(subs[i].name, name) != 0) continue;
        if (subs[i].needs_arg && !call.arg) return usage_fail("prices %s needs a name; see `tollwatch prices --help`", name);
        return subs[i].run(&call);
    }
    return usage_fail("prices %.40s is unknown; use list, explain, unpriced, update, reprice or cost", name);
}

const Command cmd_prices = {
    .name = "prices",
    .args = "[list [WORD]|explain MODEL|unpriced|update FILE|reprice|cost [FILE|-]]",
    .summary = "the price book: what is in it, why a call costs what it costs, what has no price",
    .details = "list      rows whose provider or model contains WORD, newest book first over the built-in one\n"
               "explain   the row, the rule and the arithmetic of one call; MODEL may be provider/model\n"
               "unpriced  models in the ledger without a price, and how much they used\n"
               "update    takes LiteLLM's model_prices_and_context_window.json or a CSV with our columns into\n"
               "          prices-updated.csv beside the configuration; prices that cannot be right are refused\n"
               "reprice   prices the open days again, after an update or a change of your own prices.csv\n"
               "cost      prices usage records, one JSON object a line: id, provider, model, ts, input_uncached, cache_read,\n"
               "          cache_write_5m, cache_write_1h, output, audio_input, service_tier, batch, speed, geo,\n"
               "          web_search_calls; prints id, nano-dollars or UNPRICED, price row, flags; last a total\n"
               "\n"
               "Your own prices.csv beside the configuration wins. A row without effective_from changes the columns that the\n"
               "header names in every row of that model; with one it begins a new price. status = dropped takes a row out,\n"
               "for example an announced price that never came. Prices are dollars per million tokens; besides them:\n"
               "  aliases                other exact names, separated by |; for Azure: your deployments\n"
               "  status                 announced, free (a price of 0 is meant), dropped\n"
               "  tier_threshold_tokens  above it (tier_cmp gt) or from it (ge) the tier_ prices hold for the whole call\n"
               "  priority_long          no: there is no priority tier above the threshold\n"
               "  peak_utc               like \"Mon-Fri 01:00-04:00 06:00-10:00\"; outside of it the offpeak_ prices hold;\n"
               "                         holidays: \"Mon-Fri 01:00-04:00 not 2026-10-01..2026-10-07 2027-01-01\"\n"
               "  fast_multiplier        fast mode, all tokens; geo_multiplier: regional processing, all tokens\n"
               "  class                  premium, standard or economy; empty: by price",
    .options = prices_options,
    .run = run_prices,
};

static bool wanted(const PriceRow *r, const char *word) {
    return !word || strstr(price_row_provider(r), word) || strstr(price_row_model(r), word);
}

static void list_row(const PriceRow *r) {
    static const char *const columns[] = {"input_per_mtok", "cached_input_per_mtok", "cache_write_5m_per_mtok",
                                          "cache_write_1h_per_mtok", "output_per_mtok"};
    const char *from = price_row_field(r, "effective_from");
    printf("%-11s %-44s %-10.10s %-8s", price_row_provider(r), price_row_model(r), *from ? from : "always", price_row_class(r));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const char *price = price_row_field(r, columns[i]);
        printf(" %9s", *price ? price : "-");
    }
    printf("  %s %s\n", price_row_field(r, "confidence"), price_row_field(r, "status"));
}

int prices_list(PricesCall *c) {
    Err e = {0};
    if (app_book(c->app, &e) != 0) return app_fail(&e);
    const Book *b = c->app->book;
    if (c->value[PRICES_CSV]) {
        Buf csv = {.max = 64 << 20};
        book_csv(b, &csv);
        fputs(csv.at, stdout);
        buf_free(&csv);
        return EXIT_DONE;
    }
    printf("%-11s %-44s %-10s %-8s %9s %9s %9s %9s %9s  %s\n", "provider", "model", "from", "class", "input", "cached", "write 5m",
           "write 1h", "output", "confidence (dollars per million tokens)");
    for (size_t i = 0; i < book_size(b); i++)
        if (wanted(book_row_at(b, i), c->arg)) list_row(book_row_at(b, i));
    return EXIT_DONE;
}
