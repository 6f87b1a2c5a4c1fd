/* accounts: see accounts.h. */
#include "collectors/accounts.h"

/* Whether a list of words holds this one. */
static bool listed(const char *words, Str word) {
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ,");
        if (n && str_eq((Str){p, n}, word)) return true;
        p += n + (p[n] != '\0');
    }
    return false;
}

const char *account_of(void *config, Str provider, Str key) {
    const Config *c = config;
    const char *found = NULL;
    for (size_t i = 0; i < c->account_count; i++) {
        const AccountConfig *a = &c->accounts[i];
        if (key.len && listed(a->keys, key)) return a->name;
        if (!found && a->keys[0] == '\0' && str_is(provider, a->provider)) found = a->name;
    }
    return found;
}
