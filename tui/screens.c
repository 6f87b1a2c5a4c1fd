/* screens: the visible list of screens, in the order of the tabs. A new screen is one file and one line here. */
#include "tui/screen.h"

extern const Screen screen_overview, screen_models, screen_features, screen_requests, screen_bills, screen_budgets, screen_alerts,
    screen_policy, screen_sources, screen_savings, screen_help, screen_first_run;

const Screen *const screens[] = {
    &screen_overview,
    &screen_models,
    &screen_features,
    &screen_requests,
    &screen_bills,
    &screen_budgets,
    &screen_alerts,
    &screen_policy,
    &screen_sources,
    &screen_savings,
    &screen_help,
    &screen_first_run,
    NULL,
};

const Screen *screen_find(const char *name) {
    for (size_t i = 0; screens[i]; i++)
        if (strcmp(screens[i]->name, name) == 0) return screens[i];
    return NULL;
}
