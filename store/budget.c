/* budget: what a limit is set on, when its periods begin and end, and when it will be reached. See budget.h. */
#include "store/budget.h"
#include "store/money.h"
#include <limits.h>

enum { OBEYED_AFTER_MS = 1500 };
__extension__ typedef __int128 Wide;

/* ---- scope ---- */
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

void budget_scope_text(const Budget *b, char *out, size_t size) {
    if (b->scope_dim < 0) snprintf(out, size, "global");
    else snprintf(out, size, "%s:%s", dim_names[b->scope_dim], b->scope_value);
}

bool budget_is_hard(const Budget *b) {
    return b->action != BUDGET_ALERT && !b->soft;
}

bool budget_is_effective(const Budget *b) {
    return b->scope_dim < 0 || b->scope_dim == DIM_PROVIDER || b->scope_dim == DIM_ACCOUNT;
}

/* ---- periods ---- */
const Zone *budget_zone(const Budget *b, const Zone *days) {
    return b->zone ? b->zone : days;
}

static int month_days(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Where the anchored month begins that begins in this calendar month; month 0 and 13 are the neighbouring years'. */
static int64_t month_begin(const Zone *zone, int year, int month, int anchor) {
    Civil c = {.year = year + (month == 13) - (month == 0), .month = month == 13 ? 1 : month == 0 ? 12 : month};
    int last = month_days(c.year, c.month);
    c.day = anchor < last ? anchor : last;
    return civil_ms(zone, &c);
}

static int64_t month_edge(const Budget *b, const Zone *zone, int64_t ms, int step) {
    Civil c = civil_at(zone, ms);
    bool begun = ms >= month_begin(zone, c.year, c.month, b->anchor_day);
    return month_begin(zone, c.year, c.month - !begun + step, b->anchor_day);
}

int64_t budget_begin_ms(const Budget *b, const Zone *days, int64_t ms) {
    const Zone *zone = budget_zone(b, days);
    return b->period == UNIT_MONTH && b->anchor_day > 1 ? month_edge(b, zone, ms, 0) : time_floor(zone, ms, b->period);
}

int64_t budget_end_ms(const Budget *b, const Zone *days, int64_t ms) {
    const Zone *zone = budget_zone(b, days);
    return b->period == UNIT_MONTH && b->anchor_day > 1 ? month_edge(b, zone, ms, 1) : time_next(zone, ms, b->period);
}

/* ---- amounts ---- */
int budget_permille(int64_t spent, int64_t limit) {
    if (limit <= 0) return spent > 0 ? INT_MAX : 0;
    Wide p = (Wide)spent * 1000 / limit;
    return p > INT_MAX ? INT_MAX : p < 0 ? 0 : (int)p;
}

int budget_level(const Budget *b, int64_t spent) {
    int now = budget_permille(spent, b->limit_nano), level = now >= 1000 ? 1000 : 0;
    for (size_t i = 0; i < sizeof b->warn_permille / sizeof *b->warn_permille && b->warn_permille[i]; i++)
        if (now >= b->warn_permille[i] && b->warn_permille[i] > level) level = b->warn_permille[i];
    return level;
}

static int64_t saturate(Wide v) {
    return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v;
}

Forecast budget_forecast(const Budget *b, int64_t spent, int64_t rate, int64_t now_ms, int64_t end_ms) {
    int64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 0;
    Forecast f = {.breaks_ms = -1};
    f.end_nano = nano_add(spent, saturate((Wide)rate * left_ms / MS_PER_MINUTE));
    if (spent >= b->limit_nano) f.breaks_ms = now_ms;
    if (spent >= b->limit_nano || rate <= 0) return f;
    Wide wait_ms = ((Wide)b->limit_nano - spent) * MS_PER_MINUTE / rate;
    if (wait_ms < left_ms) f.breaks_ms = now_ms + (int64_t)wait_ms;
    return f;
}

int64_t budget_overshoot_nano(int64_t rate_nano_per_min) {
    return rate_nano_per_min <= 0 ? 0 : saturate((Wide)rate_nano_per_min * OBEYED_AFTER_MS / MS_PER_MINUTE);
}
