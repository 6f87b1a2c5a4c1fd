/* prices: the sub-commands of `tollwatch prices`; only tui/cmd_prices*.c include it. */
#ifndef TUI_PRICES_H
#define TUI_PRICES_H
#include "tui/commands.h"

/* The order of prices_options[]; value[i] is what was given. */
typedef enum PricesOption {
    PRICES_CSV, PRICES_AT, PRICES_PROVIDER, PRICES_TIER, PRICES_BATCH, PRICES_GEO, PRICES_SPEED, PRICES_INPUT, PRICES_CACHED,
    PRICES_WRITE_5M, PRICES_WRITE_1H, PRICES_OUTPUT, PRICES_AUDIO, PRICES_SEARCHES, PRICES_SINCE, PRICES_UNTIL,
    PRICES_ONLY_NEW, PRICES_DRY_RUN,
    PRICES_OPTIONS
} PricesOption;

typedef struct PricesCall {
    App *app;
    const char *value[PRICES_OPTIONS]; /* NULL = not given */
    const char *arg;                   /* after the sub-command's name; NULL = none */
} PricesCall;

int prices_list(PricesCall *c);
int prices_explain(PricesCall *c);
int prices_unpriced(PricesCall *c);
int prices_update_command(PricesCall *c);
int prices_reprice(PricesCall *c);
int prices_cost(PricesCall *c);
#endif
