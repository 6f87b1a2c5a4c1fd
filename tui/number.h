/* number: a figure as the screens show it: basis mark, grouping, and shorter forms when the column is narrow.
 *
 * Owns: the rules of money, counts, ages and ratios on screens. Does not: draw, or compute. Money stays int64 nano-dollars.
 * A Number is returned by value: number_count(n, 9).text is valid to the end of the full expression.
 * `columns` <= 0 means no limit. What cannot fit even in its shortest form is drawn as '#' signs, never cut.
 */
#ifndef TUI_NUMBER_H
#define TUI_NUMBER_H
#include "store/query.h"

typedef struct Number { char text[48]; } Number;

typedef enum Basis { BASIS_NONE, BASIS_BILLED, BASIS_REPORTED, BASIS_METERED, BASIS_AT_LEAST, BASIS_PROJECTED } Basis;
const char *basis_mark(Basis b);        /* "" "=" "^" "~" "≥" "→" */
Basis basis_weakest(Basis a, Basis b);  /* a sum carries the weakest mark of its parts */
Basis basis_of(const Totals *t);        /* metered, reported or billed; "at least" with unpriced tokens inside */
Basis basis_of_spend(const Totals *logged, unsigned basis); /* of effective spend, by a bit per Origin in it */

Number number_money(int64_t nano, int columns, Basis mark);  /* tables: "1,234.56" then "1,235" then "1.23k" */
Number number_usd(int64_t nano, int columns, Basis mark);    /* the same with "$": "≥$465.68" */
Number number_usd_whole(int64_t nano, int columns, Basis mark); /* forecasts and limits: "→$11,355", "→$0.42" */
Number number_usd_short(int64_t nano, Basis mark);           /* one line, axes: "→$11.4k" */
Number number_money_signed(int64_t nano, int columns);       /* "+305.84" */
Number number_cents(int64_t nano_per_call, int columns);     /* "18.73", the column's title says cents */
/* A group's cents per answered call: "?" when none of its calls has a price, "-" when none was answered. */
Number number_cents_of(const Totals *t, int columns);
Number number_request_cost(int64_t nano, bool unpriced);     /* 6 places, or "unpriced" */
/* A group's cost: "unpriced" when nothing of it has a price, "≥" when a part has none. */
Number number_cost(const Totals *t, int columns, Basis column_mark);

Number number_count(int64_t n, int columns);                 /* "30,034" then "30.0k" */
Number number_tokens(int64_t n);                             /* "48.6M", "182k" */
Number number_percent(int64_t part, int64_t whole, int decimals); /* "63%", "-" when whole is 0 */
Number number_permille(int permille, int decimals);          /* -1 = "-" */
Number number_ratio(int64_t a, int64_t b);                   /* "10.9×", "37×"; "-" when b is 0 */
Number number_per_minute(int64_t count, int64_t ms);         /* "182.5" */
Number number_seconds(int64_t ms);                           /* "21.4"; "-" when unknown (-1) */
Number number_age(int64_t ms);                               /* "1s" "4m" "7h" "3d"; "-" when negative */
#endif
