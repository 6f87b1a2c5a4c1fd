/* budget: what a limit is set on. See budget.h. */
#include "store/budget.h"

int budget_parse_scope(Budget *b, const char *text, Err *e) {
    static const Dim allowed[] = {DIM_ACCOUNT, DIM_PROVIDER, DIM_MODEL, DIM_FEATURE, DIM_TEAM, DIM_USER, DIM_KEY};
    b->scope_dim = -1;
    if (strcmp(text, "global") == 0) return 0;
    const char *colon = strchr(text, ':');
    for (size_t i = 0; colon && colon[1] && i < sizeof allowed / sizeof *allowed; i++) {
        const char *name = dim_names[allowed[i]];
        if (strlen(name) != (size_t)(colon - text) || memcmp(name, text, strlen(name)) != 0) continue;
        b->scope_dim = (int)allowed[i];
        size_t len = utf8_cut(colon + 1, strlen(colon + 1), NAME_MAX_BYTES); /* as names of records are cut */
        memcpy(b->scope_value, colon + 1, len);
        b->scope_value[len] = '\0';
        return 0;
    }
    return fail(e, "scope \"%.60s\" is not known; write global, or account provider model feature team user key and :VALUE", text);
}
