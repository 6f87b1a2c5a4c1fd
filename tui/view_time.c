/* view_time: which time is shown: the range, live or as of an instant, and in which zone. See view.h.
 *
 * There is one way not to be live: asof_ms. Paused is as of the moment of the key; a range that is over, as of its end. Every
 * screen asks for what was until `until_ms`, so that all of them travel together. Prices and bills stay today's.
 */
#include "tui/view.h"
#include "tui/number.h"

enum { LONG_RANGE_DAYS = 2 /* minutes are kept for two days, quarters of an hour for good */ };
static const int64_t earliest_ms = INT64_C(946684800000); /* 2000: no log is older */

const char *const view_ranges[] = {"15m", "1h", "6h", "24h", "today", "7d", "30d", "month", NULL};

bool view_is_live(const View *v) {
    return v->asof_ms == 0;
}

bool view_is_past(const View *v) {
    return v->asof_ms != 0 && !v->paused;
}

int view_budget(const View *v, const Budget *b, BudgetView *out, Err *e) {
    return (view_is_live(v) ? query_budget : query_budget_asof)(v->db, b, v->app->day_zone, v->until_ms, out, e);
}

/* ---- the range ---- */

/* Of "a..b" both ends. Without "..": from `text` to `at`; of a day or a month that begins at `at` the one before. */
static int parse_range(const View *v, const char *text, int64_t at, int64_t *since, int64_t *until, Err *e) {
    char begin[sizeof v->range_text];
    const Zone *days = v->app->day_zone;
    const char *dots = strstr(text, "..");
    *until = at;
    if (strlen(text) >= sizeof begin) return fail(e, "\"%.40s...\" is too long for a range; write BEGIN..END", text);
    snprintf(begin, sizeof begin, "%.*s", dots ? (int)(dots - text) : (int)strlen(text), text);
    if (time_parse_arg(days, at, begin, since, e) != 0) return -1;
    if (!dots && *since >= at) time_parse_arg(days, at - 1, begin, since, NULL);
    if (dots && dots[2] && time_parse_arg(days, at, dots + 2, until, e) != 0) return -1;
    if (*since < *until) return 0;
    return fail(e, "%.40s begins at its end or later; give an earlier begin", text);
}

int view_range_words(const View *v, const char *text, char *out, size_t size, Err *e) {
    int64_t since, until;
    char from[24], to[24];
    if (parse_range(v, text, v->now_ms, &since, &until, e) != 0) return -1;
    const char *day = civil_at(v->zone, since).year == civil_at(v->zone, v->now_ms).year ? "%d %b %H:%M" : "%d %b %Y %H:%M";
    time_format(v->zone, since, day, from, sizeof from);
    time_format(v->zone, until, day, to, sizeof to);
    snprintf(out, size, "%s – %s", from, until >= v->now_ms ? "now" : to);
    return 0;
}

/* Live and as of T: a length that is known, else what the name says there. */
static void apply(View *v, int64_t at) {
    int64_t since = at - v->range_length_ms, until;
    if (!v->range_text[0] || parse_range(v, v->range_text, at, &since, &until, NULL) == 0) v->since_ms = since;
    else v->since_ms = at - MS_PER_HOUR; /* a begin that is later than the instant that is shown */
    v->until_ms = at;
}

/* "a..b", a date or a time says when, not how long: away from there only its length is left. */
static bool is_fixed(const char *text) {
    return strstr(text, "..") || strchr(text, '-');
}

static void keep_length(View *v) {
    if (!is_fixed(v->range_text)) return;
    v->range_length_ms = v->until_ms - v->since_ms;
    v->range_text[0] = '\0';
}

int view_set_range(View *v, const char *text, Err *e) {
    const char *dots = strstr(text, "..");
    int64_t since, until, at = view_is_live(v) || is_fixed(text) ? v->now_ms : v->asof_ms;
    if (parse_range(v, text, at, &since, &until, e) != 0) return -1;
    if (since >= v->now_ms) return fail(e, "range %.60s begins in the future; give one that has begun", text);
    snprintf(v->range_name, sizeof v->range_name, "%s", is_fixed(text) || strlen(text) > 7 ? "range" : text);
    if (text != v->range_text) snprintf(v->range_text, sizeof v->range_text, "%s", text);
    if (dots && until >= v->now_ms) v->range_text[dots - text] = '\0'; /* not over yet: from its begin until now */
    v->range_length_ms = 0;
    if (is_fixed(text)) v->paused = false, v->asof_ms = until < v->now_ms ? until : 0;
    v->since_ms = since;
    v->until_ms = until < v->now_ms ? until : at;
    if (!view_is_live(v)) keep_length(v);
    return 0;
}

void view_next_range(View *v, bool back) {
    int count = 0, at = 0;
    for (; view_ranges[count]; count++)
        if (strcmp(view_ranges[count], v->range_text) == 0) at = count;
    view_set_range(v, view_ranges[(at + (back ? count - 1 : 1)) % count], NULL);
}

/* ---- live, paused, as of ---- */

void view_to_now(View *v) {
    v->now_ms = app_now(v->app);
    if (view_is_live(v)) apply(v, v->now_ms);
}

void view_go_live(View *v) {
    v->asof_ms = 0;
    v->paused = false;
    apply(v, v->now_ms);
}

void view_set_paused(View *v, bool paused) {
    if (!paused) {
        view_go_live(v);
        return;
    }
    v->asof_ms = v->until_ms;
    v->paused = true;
}

int64_t view_slot_ms(const View *v) {
    return v->until_ms - v->since_ms <= LONG_RANGE_DAYS * MS_PER_DAY ? MS_PER_MINUTE : 15 * MS_PER_MINUTE;
}

void view_go_to(View *v, int64_t at_ms) {
    at_ms -= at_ms % view_slot_ms(v);
    if (at_ms >= v->now_ms) {
        view_go_live(v);
        return;
    }
    keep_length(v);
    v->paused = false;
    v->asof_ms = at_ms < earliest_ms ? earliest_ms : at_ms;
    apply(v, v->asof_ms);
}

void view_step(View *v, int tenths) {
    int64_t slot = view_slot_ms(v), step = (v->until_ms - v->since_ms) / 10;
    if (step < slot) step = slot;
    int64_t to = v->until_ms + step / slot * slot * tenths;
    view_go_to(v, tenths > 0 && to - to % slot <= v->until_ms ? v->until_ms + slot : to);
}

void view_pace_words(const View *v, bool full, char *out, size_t size) {
    char at[32];
    int64_t ago = v->now_ms - v->asof_ms;
    bool today = time_floor(v->zone, v->asof_ms, UNIT_DAY) == time_floor(v->zone, v->now_ms, UNIT_DAY);
    time_format(v->zone, v->asof_ms, today ? "%H:%M" : "%d %b %H:%M", at, sizeof at);
    if (view_is_live(v)) out[0] = '\0';
    else if (v->paused && full) snprintf(out, size, "paused %s, since %s", number_age(ago).text, at);
    else if (v->paused) snprintf(out, size, "paused %s", number_age(ago).text);
    else if (full) snprintf(out, size, "as of %s, %s ago", at, number_age(ago).text);
    else snprintf(out, size, "as of %s", at);
}

/* ---- comparing ---- */

static const char *const compare_names[] = {"off", "before", "yesterday", "week"};

void view_next_compare(View *v) {
    v->compare = (v->compare + 1) % (COMPARE_WEEK + 1);
}

int view_set_compare(View *v, const char *name, Err *e) {
    for (Compare c = COMPARE_OFF; c <= COMPARE_WEEK; c++)
        if (strcmp(compare_names[c], name) == 0) return v->compare = c, 0;
    return fail(e, "\"%.40s\" is nothing to compare with; write before, yesterday or week", name);
}

const char *view_compare_words(const View *v) {
    static const char *const words[] = {"", "before", "yesterday", "last week"};
    return words[v->compare];
}

/* By the calendar: on days when clocks change, the same time of the day. */
static int64_t earlier(const Zone *z, int64_t ms, int days, int months) {
    Civil c = civil_at(z, ms);
    c.day -= days;
    c.month -= months;
    return civil_ms(z, &c);
}

bool view_compared(const View *v, int64_t *since_ms, int64_t *until_ms) {
    const Zone *days = v->app->day_zone;
    bool month = strcmp(v->range_text, "month") == 0;
    int back = v->compare == COMPARE_WEEK ? 7 : v->compare == COMPARE_DAY || strcmp(v->range_text, "today") == 0 ? 1 : 0;
    if (v->compare == COMPARE_OFF) return false;
    *since_ms = v->since_ms - (v->until_ms - v->since_ms);
    *until_ms = v->since_ms;
    if (month && v->compare == COMPARE_BEFORE) { /* its first days, but no day of this month */
        *since_ms = earlier(days, v->since_ms, 0, 1);
        if (*since_ms + (v->until_ms - v->since_ms) < *until_ms) *until_ms = *since_ms + (v->until_ms - v->since_ms);
    } else if (back) {
        *since_ms = earlier(days, v->since_ms, back, 0);
        *until_ms = earlier(days, v->until_ms, back, 0);
    }
    return true;
}

/* ---- the zone ---- */

static const char *const zone_names[] = {[ZONE_CONFIG] = "config", [ZONE_UTC] = "UTC", [ZONE_LOCAL] = "local"};

static int show_zone(View *v, ZoneShown which, Err *e) {
    Zone *own = NULL;
    if (which != ZONE_CONFIG && zone_open(&own, zone_names[which], e) != 0) return -1;
    zone_free(v->zone_own);
    v->zone_own = own;
    v->zone_shown = which;
    v->zone = own ? own : v->app->zone;
    saved_set(v->saved, "zone", own ? zone_names[which] : NULL);
    return 0;
}

int view_set_zone(View *v, const char *name, Err *e) {
    for (ZoneShown z = ZONE_CONFIG; z <= ZONE_LOCAL; z++)
        if (strcmp(zone_names[z], name) == 0) return show_zone(v, z, e);
    return fail(e, "\"%.40s\" is no zone here; write config, UTC or local", name);
}

int view_next_zone(View *v, Err *e) {
    char before[64];
    snprintf(before, sizeof before, "%s", zone_name(v->zone));
    for (int tries = 0; tries < ZONE_LOCAL; tries++) {
        if (show_zone(v, (v->zone_shown + 1) % (ZONE_LOCAL + 1), e) != 0) return -1;
        if (strcmp(zone_name(v->zone), before) != 0) break;
    }
    return 0;
}
