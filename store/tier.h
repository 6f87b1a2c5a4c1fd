/* tier: which of three tiers a model is (a classifier's, standard, premium), and what of a spend went where.
 *
 * Owns: the order in which the configuration's [tier NAME] and the price book's class are asked; the parts of a sum. Does not:
 * price a call anew: parts of sums are shares of what the ledger says, by the list prices of the model.
 */
#ifndef STORE_TIER_H
#define STORE_TIER_H
#include "store/config.h"
#include "store/price.h"
#include "store/query.h"

typedef enum SaveClass { CLASS_NONE, CLASS_ECONOMY, CLASS_STANDARD, CLASS_PREMIUM, CLASS_COUNT } SaveClass;
extern const char *const save_class_names[CLASS_COUNT]; /* "other" "classifier" "standard" "premium" */

typedef struct Tiers { const TierConfig *at; size_t count; } Tiers; /* the configuration's; none: the book alone says */
static inline Tiers tiers_of(const Config *c) { return (Tiers){c->tiers, c->tier_count}; }
/* The first [tier] whose models match, else the row's class; row NULL = not in the book. */
SaveClass tier_of(Tiers t, const char *model, const PriceRow *row);

/* Shares of what models cost: add() one group of provider and model after the other. */
typedef struct SpendMix { int64_t nano, output_nano, tier_nano[CLASS_COUNT]; } SpendMix; /* nano: of models with a price */
void spend_mix_add(SpendMix *m, const Book *b, Tiers t, const char *provider, const char *model, int64_t at_ms, const Totals *group);
int spend_mix_output_permille(const SpendMix *m);  /* -1 = nothing with a price was spent */
int spend_mix_tier_permille(const SpendMix *m, SaveClass tier);
#endif
