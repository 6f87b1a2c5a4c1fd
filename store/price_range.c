/* price_range: is a new price believable? Public price lists have carried prices a thousand times too high, zeros and
 * swapped units; a wrong price opens or closes budgets, so it must not come in by itself. Does not: read files. */
#include "store/price_book.h"

enum { SLIP = 50 /* no vendor has changed a price by more than 10 times */, SPREAD = 1000 };
#define BELIEVABLE_MAX_PICO INT64_C(2000000000) /* 2,000 dollars per million tokens; the dearest model asks 600 */
#define BELIEVABLE_MIN_PICO INT64_C(100)        /* 0.0001; the cheapest asks 0.001 */

static int64_t price_in(const PriceRow *r, const PriceColumn *p) {
    return r->price[p->list][p->token];
}

/* More than `times` apart, either way; zeros are not compared. */
static bool apart(int64_t a, int64_t b, int64_t times) {
    return a > 0 && b > 0 && (a / times >= b || b / times >= a);
}

/* NULL = believable, else what is wrong with it. */
static const char *objection(const PriceRow *fresh, const PriceRow *present, const PriceColumn *p) {
    int64_t price = price_in(fresh, p), was = present ? price_in(present, p) : PRICE_UNLISTED;
    if (price == was) return NULL;
    if (price > BELIEVABLE_MAX_PICO) return "is more than any model costs";
    if (price > 0 && price < BELIEVABLE_MIN_PICO) return "is less than any model costs";
    if (price == 0 && was > 0) return "would make it free";
    if (apart(price, was, SLIP)) return "is too far from the present price";
    if (apart(price, fresh->price[LIST_BASE][TOK_INPUT], SPREAD)) return "is a thousand times off its own input price";
    return NULL;
}

bool price_believable(const PriceRow *fresh, const PriceRow *present, char *why, size_t size) {
    for (int c = 0; c < COL_COUNT; c++) {
        const char *what = price_columns[c].price ? objection(fresh, present, &price_columns[c]) : NULL;
        if (!what) continue;
        const char *now = present && *present->field[c] ? present->field[c] : "none";
        snprintf(why, size, "%s %.20s %s (now: %.20s); check the unit, or write it into your own " PRICE_USER_FILE,
                 price_columns[c].name, fresh->field[c], what, now);
        return false;
    }
    return true;
}

bool price_difference(const PriceRow *fresh, const PriceRow *present, Buf *line) {
    bool any = false;
    for (int c = 0; c < COL_COUNT; c++) {
        const PriceColumn *p = &price_columns[c];
        if (!p->price || price_in(fresh, p) == price_in(present, p)) continue;
        buf_fmt(line, "%s%.*s %s -> %s", any ? ", " : "", (int)(strstr(p->name, "_per_mtok") - p->name), p->name,
                *present->field[c] ? present->field[c] : "none", *fresh->field[c] ? fresh->field[c] : "none");
        any = true;
    }
    return any;
}
