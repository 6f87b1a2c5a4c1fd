/* log_name: see log_name.h. The forms are those of logrotate (create, dateext), lumberjack, kubelet and APISIX. */
#include "collectors/log_name.h"
#include <ctype.h>
#include <fnmatch.h>

enum { DATE_DIGITS = 8, GENERATION_DIGITS = 3 };

static bool is_digit(char c) {
    return isdigit((unsigned char)c) != 0;
}

bool log_name_packed(const char *name) {
    size_t n = strlen(name);
    return n > 3 && strcmp(name + n - 3, ".gz") == 0;
}

/* ".1" ... ".999" at the end. */
static size_t without_generation(const char *name, size_t len) {
    size_t at = len;
    while (at > 0 && is_digit(name[at - 1])) at--;
    bool some = at < len && len - at <= GENERATION_DIGITS;
    return some && at > 1 && name[at - 1] == '.' ? at - 1 : len;
}

/* The length of the date that begins here: digits and what stands between them, at least eight digits; else 0. */
static size_t date_length(const char *at, size_t len) {
    size_t n = 0, digits = 0, last = 0;
    for (; n < len && (is_digit(at[n]) || strchr("-_.:T", at[n])); n++) {
        if (!is_digit(at[n])) continue;
        digits++;
        last = n + 1;
    }
    return digits >= DATE_DIGITS ? last : 0;
}

static bool is_separator(char c) {
    return c == '-' || c == '_' || c == '.';
}

/* Cuts the first date out of name[0, len), with the separator before it, or after it where nothing stands before. */
static size_t without_date(char *name, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(name[i]) || (i > 0 && !is_separator(name[i - 1]))) continue;
        size_t n = date_length(name + i, len - i), from = i > 0 ? i - 1 : 0, to = i + n;
        if (!n) continue;
        while (from == 0 && to < len && is_separator(name[to])) to++;
        memmove(name + from, name + to, len - to);
        return len - (to - from);
    }
    return len;
}

void log_name_base(const char *name, char *out, size_t size) {
    snprintf(out, size, "%s", name);
    size_t len = strlen(out);
    if (log_name_packed(out)) len -= 3;
    len = without_generation(out, len);
    len = without_date(out, len);
    out[len] = '\0';
}

bool log_name_fits(const char *glob, const char *name) {
    char base[256];
    if (fnmatch(glob, name, FNM_PERIOD) == 0) return true;
    log_name_base(name, base, sizeof base);
    return strcmp(base, name) != 0 && base[0] && fnmatch(glob, base, FNM_PERIOD) == 0;
}
