/* number: figures as text. See number.h. */
#include "tui/number.h"
#include "store/money.h"
#include "tui/canvas.h"
#include <stdarg.h>

const char *basis_mark(Basis b) {
    static const char *const marks[] = {[BASIS_NONE] = "",        [BASIS_BILLED] = "=",        [BASIS_REPORTED] = "^",
                                        [BASIS_METERED] = "~",    [BASIS_AT_LEAST] = "\u2265", [BASIS_PROJECTED] = "\u2192"};
    return marks[b];
}

Basis basis_weakest(Basis a, Basis b) {
    return a > b ? a : b;
}

Basis basis_of(const Totals *t) {
    if (totals_lack_a_price(t)) return BASIS_AT_LEAST;
    if (t->basis & 1u << ORIGIN_METERED) return BASIS_METERED;
    if (t->basis & 1u << ORIGIN_REPORTED) return BASIS_REPORTED;
    return t->basis & 1u << ORIGIN_BILLED ? BASIS_BILLED : BASIS_METERED;
}

Basis basis_of_spend(const Totals *logged, unsigned basis) {
    Totals t = *logged;
    t.basis = basis;
    if (basis == 1u << ORIGIN_BILLED) t.unpriced_tokens = 0; /* a bill knows what they cost */
    return basis_of(&t);
}

static bool fits(const Number *n, int columns) {
    return columns <= 0 || text_columns(n->text) <= columns;
}

/* "####": a number that is cut would be another number. */
static Number no_room(int columns) {
    Number n = {""};
    for (int i = 0; i < columns && i < (int)sizeof n.text - 1; i++) n.text[i] = '#';
    return n;
}

TW_PRINTF(1, 2) static Number format(const char *fmt, ...) {
    Number n;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(n.text, sizeof n.text, fmt, ap);
    va_end(ap);
    return n;
}

static Number unknown(void) {
    return (Number){"-"};
}

/* "-$1.00", not "$-1.00": the sign leads, then the currency, then the figure. */
static Number with_sign(const char *mark, const char *currency, const char *figure) {
    bool minus = figure[0] == '-';
    return format("%s%s%s%s", mark, minus ? "-" : "", currency, figure + minus);
}

static Number short_money(int64_t nano, const char *currency, Basis mark) {
    char s[32];
    nano_short(nano, s, sizeof s);
    const char *figure = s + (s[0] == '-');
    figure += *figure == '$';
    Number n = with_sign(basis_mark(mark), currency, figure);
    return s[0] == '-' ? format("%s-%s%s", basis_mark(mark), currency, figure) : n;
}

/* To the cent, else whole dollars, else three digits. */
static Number money(int64_t nano, int columns, const char *currency, Basis mark, int places) {
    for (int p = places; p >= 0; p -= 2) {
        char s[40];
        nano_grouped(nano, p, s, sizeof s);
        Number n = with_sign(basis_mark(mark), currency, s);
        if (fits(&n, columns)) return n;
    }
    Number n = short_money(nano, currency, mark);
    return fits(&n, columns) ? n : no_room(columns);
}

Number number_money(int64_t nano, int columns, Basis mark) {
    return money(nano, columns, "", mark, 2);
}

Number number_usd(int64_t nano, int columns, Basis mark) {
    return money(nano, columns, "$", mark, 2);
}

/* A few dollars keep their cents: a limit of $0.50 is not $1, nor a forecast less than what is spent. */
Number number_usd_whole(int64_t nano, int columns, Basis mark) {
    bool few = nano > -NANO_PER_USD * 10 && nano < NANO_PER_USD * 10 && nano % NANO_PER_USD;
    return money(nano, columns, "$", mark, few ? 2 : 0);
}

Number number_usd_short(int64_t nano, Basis mark) {
    return short_money(nano, "$", mark);
}

Number number_money_signed(int64_t nano, int columns) {
    if (nano < 0) return number_money(nano, columns, BASIS_NONE);
    if (columns == 1) return no_room(1);
    return format("+%s", number_money(nano, columns > 0 ? columns - 1 : 0, BASIS_NONE).text);
}

Number number_cents(int64_t nano_per_call, int columns) {
    char s[40];
    bool beyond = nano_per_call > INT64_MAX / 100 || nano_per_call < INT64_MIN / 100;
    nano_grouped(beyond ? nano_per_call : nano_per_call * 100, beyond ? 0 : 2, s, sizeof s);
    Number n = format("%s", s);
    return fits(&n, columns) && !beyond ? n : no_room(columns);
}

Number number_cents_of(const Totals *t, int columns) {
    int64_t answered = t->requests - t->refused;
    if (answered <= 0) return (Number){"-"};
    if (t->cost_nano == 0 && totals_lack_a_price(t)) return (Number){"?"};
    return number_cents(t->cost_nano / answered, columns);
}

Number number_request_cost(int64_t nano, bool unpriced) {
    char s[40];
    if (unpriced) return (Number){"unpriced"};
    nano_grouped(nano, 6, s, sizeof s);
    return format("%s", s);
}

Number number_cost(const Totals *t, int columns, Basis column_mark) {
    if (t->cost_nano == 0 && totals_lack_a_price(t)) {
        Number n = {"unpriced"};
        return fits(&n, columns) ? n : (Number){"?"};
    }
    Basis b = basis_of(t);
    return number_money(t->cost_nano, columns, b == column_mark ? BASIS_NONE : b);
}

Number number_count(int64_t n, int columns) {
    char s[40];
    count_grouped(n, s, sizeof s);
    Number whole = format("%s", s);
    if (fits(&whole, columns)) return whole;
    Number brief = number_tokens(n);
    return fits(&brief, columns) ? brief : no_room(columns);
}

Number number_tokens(int64_t n) {
    char s[40];
    count_short(n, s, sizeof s);
    return format("%s", s);
}

/* a * scale / b, rounded half up, without overflow; b > 0. */
static int64_t proportion(int64_t a, int64_t b, int64_t scale) {
    __extension__ typedef __int128 Wide;
    Wide q = ((Wide)a * scale * 2 + b) / ((Wide)b * 2);
    return q > INT64_MAX ? INT64_MAX : q < INT64_MIN ? INT64_MIN : (int64_t)q;
}

Number number_percent(int64_t part, int64_t whole, int decimals) {
    if (whole <= 0) return unknown();
    if (decimals <= 0) return format("%lld%%", (long long)proportion(part, whole, 100));
    int64_t permille = proportion(part, whole, 1000);
    return format("%s%lld.%lld%%", permille < 0 ? "-" : "", llabs(permille / 10), llabs(permille % 10));
}

Number number_permille(int permille, int decimals) {
    return permille < 0 ? unknown() : number_percent(permille, 1000, decimals);
}

Number number_ratio(int64_t a, int64_t b) {
    if (b <= 0 || a < 0) return unknown();
    int64_t tenths = proportion(a, b, 10);
    if (tenths >= 200) return format("%lld\u00d7", (long long)((tenths + 5) / 10));
    return format("%lld.%lld\u00d7", (long long)(tenths / 10), (long long)(tenths % 10));
}

Number number_per_minute(int64_t count, int64_t ms) {
    if (ms <= 0) return unknown();
    int64_t tenths = proportion(count, ms, 10 * MS_PER_MINUTE);
    char s[40];
    count_grouped(tenths / 10, s, sizeof s);
    return format("%s.%lld", s, (long long)(tenths % 10));
}

Number number_seconds(int64_t ms) {
    if (ms < 0) return unknown();
    int64_t tenths = (ms + 50) / 100;
    return format("%lld.%lld", (long long)(tenths / 10), (long long)(tenths % 10));
}

Number number_age(int64_t ms) {
    if (ms < 0) return unknown();
    int64_t s = ms / MS_PER_SECOND;
    if (s < 60) return format("%llds", (long long)s);
    if (s < 3600) return format("%lldm", (long long)(s / 60));
    if (s < 2 * 86400) return format("%lldh", (long long)(s / 3600));
    return format("%lldd", (long long)(s / 86400));
}
