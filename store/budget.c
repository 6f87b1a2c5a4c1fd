/* budget: what a limit covers. See budget.h. */
#include "store/budget.h"


bool budget_covers(const Budget *b, const Batch *batch, const Request *r) {
    if (r->origin != ORIGIN_METERED || r->outcome == OUTCOME_REFUSED) return false;
    return b->scope_dim < 0 || str_is(batch_name_at(batch, r->name[b->scope_dim]), b->scope_value);
}

int budget_parse_scope(Budget *b, const char *text, Err *e) {
    static const Dim allowed[] = {DIM_ACCOUNT, DIM_PROVIDER, DIM_MODEL, DIM_FEATURE, DIM_TEAM, DIM_USER, DIM_KEY};
    b->scope_dim = -1;
    if (strcmp(text, "global") == 0) return 0;
    const char *colon = strchr(text, ':');
    for (size_t i = 0; colon && colon[1] && i < sizeof allowed / sizeof *allowed; i++) {
        const char *name = dim_names[allowed[i]];
        if (strlen(name) != (size_t)(colon - text) || memcmp(name, text, strlen(name)) != 0) continue;
        b->scope_dim = (int)allowed[i];
        snprintf(b->scope_value, sizeof b->scope_value, "%.*s", NAME_MAX_BYTES, colon + 1);
        return 0;
    }
    return fail(e, "scope \"%.60s\" is not known; write global, or account provider model feature team user key and :VALUE", text);
}
