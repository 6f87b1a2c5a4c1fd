/* config_values: from the text of a configuration value to the field. See config_parts.h. */
#include "store/config_parts.h"
#include "store/money.h"

/* Index of the value in a list of words, -1 = none of them. */
static int word_index(const char *value, const char *const *words) {
    for (int i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0) return i;
    return -1;
}

const char *config_set_text(void *field, size_t size, const char *value) {
    if (strlen(value) >= size) return "is too long";
    snprintf(field, size, "%s", value);
    return NULL;
}

const char *config_set_command(void *field, size_t size, const char *value) {
    return config_set_text(field, size, value);
}

const char *config_set_bool(void *field, size_t size, const char *value) {
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1", NULL};
    (void)size;
    int i = word_index(value, words);
    if (i < 0) return "must be yes or no";
    *(bool *)field = i % 2 == 1;
    return NULL;
}

const char *config_set_days(void *field, size_t size, const char *value) {
    (void)size;
    int64_t n;
    bool inexact;
    if (decimal_parse(value, strlen(value), 0, &n, &inexact) != 0 || inexact || n < 1 || n > 3660)
        return "must be a number of days from 1 to 3660";
    *(int *)field = (int)n;
    return NULL;
}

const char *config_set_tokens(void *field, size_t size, const char *value) {
    (void)size;
    int64_t n;
    bool inexact;
    if (decimal_parse(value, strlen(value), 0, &n, &inexact) != 0 || inexact || n < 1 || n > 100000000)
        return "must be a number of tokens from 1 to 100000000";
    *(int64_t *)field = n;
    return NULL;
}

const char *config_set_ms(void *ms, size_t size, const char *value) {
    (void)size;
    int64_t n;
    bool inexact;
    if (decimal_parse(value, strlen(value), 0, &n, &inexact) != 0 || inexact || n < 1 || n > 86400000)
        return "must be a number of milliseconds from 1 to 86400000";
    *(int64_t *)ms = n;
    return NULL;
}

const char *config_set_zone(void *field, size_t size, const char *value) {
    Zone *z;
    if (zone_open(&z, value, NULL) != 0) return "is no known time zone; write one like Europe/Berlin";
    zone_free(z);
    return config_set_text(field, size, value);
}

const char *config_set_url(void *field, size_t size, const char *value) {
    if (strncmp(value, "https://", 8) != 0 && strncmp(value, "http://", 7) != 0) return "must begin with https:// or http://";
    return config_set_text(field, size, value);
}

const char *config_set_billing(void *source, size_t size, const char *value) {
    static const char *const words[] = {"payg", "notional", NULL};
    (void)size;
    SourceConfig *s = source;
    int i = word_index(value, words);
    s->payg = i == 0;
    s->notional = i == 1;
    return i < 0 ? "must be payg or notional" : NULL;
}

const char *config_set_scope(void *budget, size_t size, const char *value) {
    (void)size;
    if (budget_parse_scope(budget, value, NULL) == 0) return NULL;
    return "must be global, or one of account provider model feature team user key with :VALUE, like feature:search";
}

const char *config_set_period(void *unit, size_t size, const char *value) {
    static const char *const words[] = {"hour", "day", "week", "month", NULL};
    static const Unit units[] = {UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH};
    (void)size;
    int i = word_index(value, words);
    if (i < 0) return "must be hour, day, week or month";
    *(Unit *)unit = units[i];
    return NULL;
}

const char *config_set_anchor(void *day, size_t size, const char *value) {
    (void)size;
    int64_t n;
    bool inexact;
    if (decimal_parse(value, strlen(value), 0, &n, &inexact) != 0 || inexact || n < 1 || n > 31)
        return "must be a day of the month from 1 to 31";
    *(int *)day = (int)n;
    return NULL;
}

const char *config_set_budget_zone(void *budget, size_t size, const char *value) {
    (void)size;
    Budget *b = budget;
    return zone_open(&b->zone, value, NULL) == 0 ? NULL : "is no known time zone; write one like Europe/Berlin";
}

const char *config_set_enforcement(void *budget, size_t size, const char *value) {
    static const char *const words[] = {"hard", "soft", NULL};
    (void)size;
    int i = word_index(value, words);
    if (i < 0) return "must be hard or soft";
    ((Budget *)budget)->soft = i == 1;
    return NULL;
}

const char *config_set_severity(void *severity, size_t size, const char *value) {
    static const char *const words[] = {"watch", "act", NULL};
    (void)size;
    int i = word_index(value, words);
    if (i < 0) return "must be watch or act";
    *(Weight *)severity = i == 0 ? WEIGHT_WATCH : WEIGHT_ACT;
    return NULL;
}

const char *config_set_minutes(void *ms, size_t size, const char *value) {
    (void)size;
    int64_t n;
    bool inexact;
    if (decimal_parse(value, strlen(value), 0, &n, &inexact) != 0 || inexact || n < 1 || n > 10080)
        return "must be a number of minutes from 1 to 10080";
    *(int64_t *)ms = n * MS_PER_MINUTE;
    return NULL;
}

const char *config_set_share(void *ppm, size_t size, const char *value) {
    (void)size;
    int64_t n;
    if (decimal_parse(value, strlen(value), 6, &n, NULL) != 0 || n < 1 || n > 1000000) return "must be a part between 0 and 1, like 0.95";
    *(int64_t *)ppm = n;
    return NULL;
}

const char *config_set_usd(void *nano, size_t size, const char *value) {
    (void)size;
    int64_t n;
    if (decimal_parse(value, strlen(value), 9, &n, NULL) != 0 || n <= 0) return "must be an amount of dollars above 0, like 500";
    *(int64_t *)nano = n;
    return NULL;
}

const char *config_set_warnings(void *permille, size_t size, const char *value) {
    int *out = permille;
    size_t max = size / sizeof *out, n = 0;
    memset(out, 0, size);
    for (const char *p = value + strspn(value, " ,\t"); *p; p += strspn(p, " ,\t")) {
        size_t len = strcspn(p, " ,\t");
        int64_t part;
        if (n == max) return "has more than four parts";
        if (decimal_parse(p, len, 3, &part, NULL) != 0 || part < 1 || part > 1000)
            return "must be parts between 0 and 1, like 0.5 0.8";
        out[n++] = (int)part;
        p += len;
    }
    return NULL;
}

const char *config_set_action(void *action, size_t size, const char *value) {
    static const char *const words[] = {"alert", "block", "kill", NULL};
    static const BudgetAction actions[] = {BUDGET_ALERT, BUDGET_BLOCK, BUDGET_KILL};
    (void)size;
    int i = word_index(value, words);
    if (i < 0) return "must be alert, block or kill";
    *(BudgetAction *)action = actions[i];
    return NULL;
}
