/* usual_rates: see usual_rates.h. */
#include "tui/usual_rates.h"

enum { EVERY_MS = 2000 };

bool usual_rates_due(const UsualRates *u, const View *v) {
    return u->asked_ms == 0 || v->asof_ms || v->until_ms < u->asked_ms || v->until_ms - u->asked_ms >= EVERY_MS;
}

bool usual_rates_quick(int dim, const View *v) {
    static const int quick[] = {DIM_FEATURE, DIM_MODEL, DIM_PROVIDER, DIM_ACCOUNT,
                                DIM_TIER,    DIM_TEAM,  DIM_KEY,      DIM_GATEWAY};
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        if (dim == quick[i]) return !filter_needs_rows(v->filter);
    return false;
}

int usual_rates_load(UsualRates *u, View *v, int dim, const Result *rows, Err *e) {
    const char *name[USUAL_ROWS];
    u->asked_ms = v->until_ms;
    u->count = 0;
    if (!usual_rates_quick(dim, v)) return 0;
    size_t n = rows->count < USUAL_ROWS ? rows->count : USUAL_ROWS;
    for (size_t i = 0; i < n; i++) {
        snprintf(u->name[i], sizeof u->name[i], "%s", rows->groups[i].name[0]);
        name[i] = u->name[i];
    }
    const Query q = {.by = {dim}, .by_count = 1, .filter = v->filter, .zone = v->app->day_zone};
    if (n > 0 && query_usual_rates(v->db, &q, v->until_ms, name, n, u->nano, e) != 0) return -1;
    u->count = n;
    return 0;
}

int64_t usual_rates_of(const UsualRates *u, const char *name) {
    for (size_t i = 0; i < u->count; i++)
        if (strcmp(u->name[i], name) == 0) return u->nano[i];
    return -1;
}
