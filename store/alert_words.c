/* alert_words: see alert_words.h. */
#include "store/alert_words.h"
#include "store/money.h"
#include <stdarg.h>

Words words_usd(int64_t nano) {
    Words w = {"$"};
    nano_grouped(nano, 2, w.text + 1, sizeof w.text - 1);
    return w;
}

Words words_ratio(int64_t a, int64_t b) {
    Words w = {"-"};
    if (b <= 0 || a < 0) return w;
    int64_t tenths = a > INT64_MAX / 10 ? a / b * 10 : a * 10 / b;
    if (tenths >= 1000) snprintf(w.text, sizeof w.text, "%lld×", (long long)(tenths / 10));
    else snprintf(w.text, sizeof w.text, "%lld.%lld×", (long long)(tenths / 10), (long long)(tenths % 10));
    return w;
}

Words words_percent(int64_t a, int64_t b) {
    Words w = {"-"};
    if (b > 0) snprintf(w.text, sizeof w.text, "%lld%%", (long long)(a > INT64_MAX / 100 ? a / b * 100 : a * 100 / b));
    return w;
}

Words words_clock(const AlertFacts *f, int64_t ms) {
    Words w;
    bool today = time_floor(f->zone, ms, UNIT_DAY) == time_floor(f->zone, f->now_ms, UNIT_DAY);
    time_format(f->zone, ms, today ? "%H:%M" : "%a %d %b %H:%M", w.text, sizeof w.text);
    return w;
}

void words_name(char *out, size_t size, const char *name) {
    size_t len = utf8_cut(name, strlen(name), size - 1 < 60 ? size - 1 : 60);
    for (size_t i = 0; i < len; i++) out[i] = (unsigned char)name[i] < 0x20 || name[i] == 0x7f ? '?' : name[i];
    out[len] = '\0';
    if (len == 0) snprintf(out, size, "(none)");
}

Finding *finding_add(Findings *out, const AlertRule *rule, const char *scope, Weight severity, int64_t nano_per_hour) {
    if (out->count == FINDINGS_MAX) return NULL;
    Finding *f = &out->at[out->count++];
    *f = (Finding){.rule = rule, .severity = severity, .nano_per_hour = nano_per_hour};
    size_t len = utf8_cut(scope, strlen(scope), sizeof f->scope - 1);
    memcpy(f->scope, scope, len);
    return f;
}

void finding_title(Finding *f, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->title, sizeof f->title, fmt, ap);
    va_end(ap);
    f->title[utf8_cut(f->title, strlen(f->title), sizeof f->title - 1)] = '\0';
}

void finding_line(Finding *f, const char *fmt, ...) {
    size_t used = strlen(f->detail), room = sizeof f->detail - used;
    va_list ap;
    if (used && room > 2) f->detail[used++] = '\n', f->detail[used] = '\0', room--;
    va_start(ap, fmt);
    vsnprintf(f->detail + used, room, fmt, ap);
    va_end(ap);
}

/* In single quotes; the reason has no others in it. */
static void quoted_reason(const Finding *f, char *out, size_t size) {
    size_t len = utf8_cut(f->title, strlen(f->title), size - 3), used = 0;
    out[used++] = '\'';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)f->title[i];
        out[used++] = c < 0x20 || c == 0x7f || c == '\'' ? ' ' : (char)c;
    }
    out[used++] = '\'';
    out[used] = '\0';
}

void finding_end(Finding *f, const AlertFacts *facts, bool stopping_helps) {
    char reason[120];
    if (facts->runbook && facts->runbook[0]) finding_line(f, "runbook: %s", facts->runbook);
    if (!stopping_helps) return;
    quoted_reason(f, reason, sizeof reason);
    finding_line(f, "stop: tollwatch kill --scope non_critical --for 30m --reason %s", reason);
}
