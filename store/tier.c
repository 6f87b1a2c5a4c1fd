/* tier: see tier.h. */
#include "store/tier.h"
#include "store/filter_term.h"
#include "store/money.h"

const char *const save_class_names[CLASS_COUNT] = {"other", "classifier", "standard", "premium"};
__extension__ typedef __int128 Wide;

static bool is_listed(const char *list, Str model) {
    size_t word;
    for (; *(list += strspn(list, " ,")); list += word) {
        word = strcspn(list, " ,");
        if (glob_matches((Str){list, word}, model)) return true;
    }
    return false;
}

static SaveClass named(const char *name) {
    for (int i = CLASS_ECONOMY; i < CLASS_COUNT; i++)
        if (strcmp(name, save_class_names[i]) == 0) return (SaveClass)i;
    return strcmp(name, "economy") == 0 ? CLASS_ECONOMY : CLASS_NONE; /* the book's word */
}

SaveClass tier_of(Tiers t, const char *model, const PriceRow *row) {
    for (size_t i = 0; i < t.count; i++)
        if (is_listed(t.at[i].models, str_of(model))) return named(t.at[i].name);
    if (!row) return CLASS_NONE;
    const char *mode = price_row_field(row, "mode");
    if (*mode && strcmp(mode, "chat") != 0) return CLASS_NONE; /* an embedding answers nobody */
    return named(price_row_class(row));
}

/* Sums are priced as that many calls of the mean size, so that a long context is seen where calls have one. */
void spend_mix_add(SpendMix *m, const Book *b, Tiers t, const char *provider, const char *model, int64_t at_ms, const Totals *group) {
    Usage u = {.provider = str_of(provider), .model = str_of(model), .ts_ms = at_ms, .more_calls = group->requests > 0 ? group->requests - 1 : 0};
    Cost all, none;
    memcpy(u.tokens, group->tokens, sizeof u.tokens);
    cost_of(b, &u, &all);
    if (!all.priced || group->cost_nano <= 0) return;
    u.tokens[TOK_OUTPUT] = u.tokens[TOK_REASONING] = 0;
    cost_of(b, &u, &none);
    SaveClass tier = tier_of(t, model, all.row);
    m->nano = nano_add(m->nano, group->cost_nano);
    m->tier_nano[tier] = nano_add(m->tier_nano[tier], group->cost_nano);
    if (all.nano > 0) m->output_nano = nano_add(m->output_nano, (int64_t)((Wide)group->cost_nano * (all.nano - none.nano) / all.nano));
}

static int permille(int64_t part, int64_t whole) { return whole > 0 ? (int)((Wide)part * 1000 / whole) : -1; }

int spend_mix_output_permille(const SpendMix *m) { return permille(m->output_nano, m->nano); }

int spend_mix_tier_permille(const SpendMix *m, SaveClass tier) { return permille(m->tier_nano[tier], m->nano); }
