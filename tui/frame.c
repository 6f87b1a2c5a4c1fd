/* frame: what stands around every screen: tabs, header, answer row, footer. Pure.
 *
 * Owns: what the header drops when it is narrow (who collects, date, words, zone, place, clock; never the switch, the
 * alert counts or that nobody collects). Does not: know any screen's content.
 */
#include "tui/frame.h"
#include "tui/drill.h"
#include "store/clock.h"
#include "tui/empty.h"
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/number.h"
#include "tui/view.h"

enum { SEGMENTS_MAX = 8, STOP_ENDED_SHOWN_MS = 15 * 60000, QUIT_W = 60 };

/* ---- the switch ---- */

static const char *stop_words(const PolicyView *p, int64_t now_ms, bool brief, char *out, size_t size) {
    const char *scope = p->state == SWITCH_ALL ? "all" : brief ? "non-crit" : "non-critical";
    int64_t left_ms = p->expires_at_ms - now_ms;
    int n = snprintf(out, size, "\u25a0%sSTOP %s", brief ? "" : " ", scope);
    if (p->gateways && n > 0 && (size_t)n < size) n += snprintf(out + n, size - (size_t)n, " %d/%d", p->obeyed, p->gateways);
    if (p->expires_at_ms > 0 && left_ms > 0 && n > 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, " %lldm", (long long)((left_ms + MS_PER_MINUTE - 1) / MS_PER_MINUTE));
    return out;
}

const char *switch_words(const PolicyView *p, const Zone *zone, int64_t now_ms, bool brief, char *out, size_t size, ThemeRole *role) {
    char at[16];
    *role = ROLE_TEXT;
    if (p->state == SWITCH_UNKNOWN && p->never) { /* nothing is set up: no reason for alarm */
        *role = ROLE_DIM;
        snprintf(out, size, brief ? "\u25cbno switch" : "\u25cb no switch yet");
    } else if (p->state == SWITCH_UNKNOWN) {
        *role = ROLE_WATCH;
        snprintf(out, size, brief ? "?switch" : "? switch unknown");
    } else if (p->state == SWITCH_NON_CRITICAL || p->state == SWITCH_ALL) {
        /* Once all obey, what is left is that it must not be forgotten. */
        *role = p->gateways && p->obeyed == p->gateways ? ROLE_WATCH : ROLE_ACT;
        stop_words(p, now_ms, brief, out, size);
    } else if (p->state == SWITCH_EXPIRED && now_ms - p->expires_at_ms < STOP_ENDED_SHOWN_MS) {
        *role = ROLE_WATCH;
        time_format(zone, p->expires_at_ms, "%H:%M", at, sizeof at);
        snprintf(out, size, brief ? "\u25cbpass" : "\u25cb calls pass, stop ended %s", at);
    } else {
        snprintf(out, size, brief ? "\u25cbpass" : "\u25cb calls pass");
    }
    return out;
}

/* ---- header ---- */

typedef struct Segment {
    char text[448]; /* holds a whole filter beside its range */
    ThemeRole role;
    unsigned attr;
} Segment;
typedef struct Line {
    Segment left[SEGMENTS_MAX], right[SEGMENTS_MAX];
    int lefts, rights, gap;
} Line;

/* What a header of one level of detail holds, from rich to poor. */
typedef struct Detail {
    const char *clock; /* time format, "" = none */
    bool long_words, words, who, span, place, left, range, brief;
    int crumbs;        /* of the way that was drilled, from its end */
    int filter;        /* columns of the filter; 0 = only that there is one: figures are never a part's unsaid */
} Detail;
static const Detail details[] = {
    {.clock = "%a %d %b %H:%M:%S %Z", .long_words = true, .words = true, .who = true, .span = true, .place = true, .left = true, .crumbs = DRILL_MAX, .filter = 80},
    {.clock = "%a %d %b %H:%M:%S %Z", .words = true, .who = true, .span = true, .place = true, .left = true, .crumbs = DRILL_MAX, .filter = 80},
    {.clock = "%a %d %b %H:%M:%S %Z", .words = true, .span = true, .place = true, .left = true, .crumbs = 2, .filter = 80},
    {.clock = "%H:%M:%S %Z", .words = true, .span = true, .place = true, .left = true, .crumbs = 2, .filter = 80},
    {.clock = "%H:%M:%S %Z", .words = true, .place = true, .left = true, .crumbs = 1, .filter = 80},
    {.clock = "%H:%M:%S %Z", .place = true, .left = true, .crumbs = 1, .filter = 80},
    {.clock = "%H:%M:%S", .place = true, .left = true, .crumbs = 1, .filter = 80},
    {.clock = "%H:%M", .place = true, .left = true, .crumbs = 1, .filter = 80},
    {.clock = "%H:%M", .place = true, .left = true, .crumbs = 1, .filter = 12},
    {.clock = "%H:%M:%S", .place = true, .crumbs = 1},
    {.clock = "%H:%M", .place = true, .crumbs = 1},
    {.clock = "%H:%M:%S", .place = true},
    {.clock = "%H:%M", .place = true},
    {.clock = "%H:%M", .range = true},
    {.clock = "%H:%M:%S"},
    {.clock = "%H:%M"},
    {.clock = ""},
    {.clock = "%H:%M", .brief = true},
    {.clock = "", .brief = true},
};

static Segment *add_left(Line *l, ThemeRole role, unsigned attr) {
    Segment *s = &l->left[l->lefts < SEGMENTS_MAX - 1 ? l->lefts++ : l->lefts];
    *s = (Segment){.role = role, .attr = attr};
    return s;
}

static Segment *add_right(Line *l, ThemeRole role, unsigned attr) {
    Segment *s = &l->right[l->rights < SEGMENTS_MAX - 1 ? l->rights++ : l->rights];
    *s = (Segment){.role = role, .attr = attr};
    return s;
}

/* "live, 1s old", "paused", "reading… 37%"; made-up figures never read as live ones. */
static void pace_words(const View *v, bool full, char *out, size_t size) {
    int64_t age_s = (v->now_ms - v->newest_ms) / MS_PER_SECOND;
    const char *live = v->demo ? "demo" : "live";
    if (v->reading_permille >= 0)
        snprintf(out, size, v->reading_permille > 0 ? "reading\u2026 %d%%" : "reading\u2026", v->reading_permille / 10);
    else if (!view_is_live(v))
        view_pace_words(v, full, out, size);
    else if (full && v->newest_ms > 0 && age_s >= 0 && age_s < 60)
        snprintf(out, size, "%s, %llds old", live, (long long)age_s);
    else
        snprintf(out, size, "%s", live);
}

/* The range by its name, else from when or how long it is: "range" alone says nothing. */
static void range_words(const View *v, bool span, char *out, size_t size) {
    char from[16], to[16];
    bool named = strcmp(v->range_name, "range") != 0;
    if (named) snprintf(out, size, "%s", v->range_name);
    else if (v->range_text[0]) snprintf(out, size, "since %.40s", v->range_text);
    else snprintf(out, size, "range of %s", number_age(v->until_ms - v->since_ms).text);
    if (!span || v->until_ms - v->since_ms >= MS_PER_DAY) return;
    time_format(v->zone, v->since_ms, "%H:%M", from, sizeof from);
    time_format(v->zone, v->until_ms, "%H:%M", to, sizeof to);
    size_t used = strlen(out);
    snprintf(out + used, size - used, " %s\u2013%s", from, to);
}

/* " · /model:gpt…": what was typed, cut to the columns; where nothing is filtered that all is shown. */
static void filter_words(const View *v, int columns, bool unfiltered, char *out, size_t size) {
    const char *typed = drill_typed_filter(v);
    size_t n = text_fit(typed, columns);
    out[0] = '\0';
    if (unfiltered && v->filter_text[0]) snprintf(out, size, " \u00b7 all calls%s", columns >= 80 ? ", whatever the filter" : "");
    else if (typed[0]) snprintf(out, size, " \u00b7 /%.*s%s", (int)(n < 240 ? n : 240), typed, typed[n] ? "\u2026" : "");
}

/* Where the range has no room: that time stands still, that the load is made up, that only a part of it is shown. */
static void warning_words(const View *v, const Detail *d, bool unfiltered, Line *l) {
    if (!view_is_live(v)) view_pace_words(v, false, add_left(l, ROLE_WATCH, ATTR_BOLD)->text, sizeof l->left[0].text);
    else if (v->demo) snprintf(add_left(l, ROLE_DIM, 0)->text, sizeof l->left[0].text, "demo");
    bool part = drill_typed_filter(v)[0] || (v->depth && !d->place);
    if (unfiltered && v->filter_text[0]) snprintf(add_left(l, ROLE_WATCH, 0)->text, sizeof l->left[0].text, "all");
    else if (part) snprintf(add_left(l, ROLE_WATCH, 0)->text, sizeof l->left[0].text, "/\u2026");
}

static void place_words(const Screen *s, const View *v, const Detail *d, bool numbered, Line *l) {
    char crumbs[160];
    Segment *place = add_left(l, ROLE_TEXT, ATTR_BOLD);
    drill_crumbs(v, d->crumbs, crumbs, sizeof crumbs);
    snprintf(place->text, sizeof place->text, "%.1s%s%s%s%s", numbered ? &s->key : "", numbered ? " " : "", s->title,
             v->depth ? " \u203a " : "", crumbs);
}

/* "2 · 6h": where the names have no room, the screen's number and the range. */
static void short_words(const Screen *s, const View *v, Line *l) {
    bool numbered = s->key >= '0' && s->key <= '9', named = strcmp(v->range_name, "range") != 0;
    snprintf(add_left(l, ROLE_DIM, 0)->text, sizeof l->left[0].text, "%.1s%s%s", numbered ? &s->key : "", numbered ? " \u00b7 " : "",
             named ? v->range_name : number_age(v->until_ms - v->since_ms).text);
}

static void left_words(const Screen *s, const View *v, const Detail *d, bool tabs, Line *l) {
    char range[80], pace[48], filter[256];
    bool numbered = s->key >= '0' && s->key <= '9';
    if (d->place && (v->depth || !(tabs && numbered))) place_words(s, v, d, numbered, l);
    if (d->range) short_words(s, v, l);
    if (!d->left) {
        warning_words(v, d, s->unfiltered, l);
        return;
    }
    range_words(v, d->span && tabs, range, sizeof range);
    pace_words(v, d->span, pace, sizeof pace);
    filter_words(v, d->filter, s->unfiltered, filter, sizeof filter);
    Segment *time = add_left(l, view_is_live(v) ? ROLE_DIM : ROLE_WATCH, 0);
    snprintf(time->text, sizeof time->text, "%s%s%s \u00b7 %s%s", range, v->compare ? " vs " : "", view_compare_words(v), pace, filter);
    if (d->who && v->collecting[0]) {
        Segment *who = add_left(l, ROLE_DIM, 0);
        snprintf(who->text, sizeof who->text, "collecting: %s", v->collecting);
    }
}

/* Who stopped calls, since when and until when, where there is room for it. */
static void who_stopped(const View *v, Line *l) {
    const PolicyView *p = &v->policy;
    char since[16], until[24] = "until resumed";
    if (p->state != SWITCH_ALL && p->state != SWITCH_NON_CRITICAL) return;
    time_format(v->zone, p->engaged_at_ms, "%H:%M", since, sizeof since);
    if (p->expires_at_ms) time_format(v->zone, p->expires_at_ms, "until %H:%M", until, sizeof until);
    Segment *who = add_right(l, ROLE_DIM, 0);
    snprintf(who->text, sizeof who->text, "by %.60s since %s %s", p->by, p->engaged_at_ms ? since : "?", until);
}

static void right_words(const View *v, const Detail *d, Line *l) {
    if (!v->collecting[0] && !(d->brief && view_is_past(v))) { /* of two that do not fit, that it is not live */
        Segment *nobody = add_right(l, ROLE_ACT, ATTR_BOLD);
        snprintf(nobody->text, sizeof nobody->text, d->brief ? "NOT COLLECTING" : "NOBODY IS COLLECTING");
    }
    if (v->alerts_act > 0) {
        Segment *act = add_right(l, ROLE_ACT, 0);
        snprintf(act->text, sizeof act->text, "\u25cf%d%s", v->alerts_act, d->long_words ? " act now" : "");
    }
    if (v->alerts_watch > 0) {
        Segment *watch = add_right(l, ROLE_WATCH, 0);
        snprintf(watch->text, sizeof watch->text, "\u25b2%d%s", v->alerts_watch, d->long_words ? " watch" : !d->words ? "" : v->alerts_watch == 1 ? " alert" : " alerts");
    }
    ThemeRole role;
    Segment *sw = add_right(l, ROLE_TEXT, 0);
    size_t now = view_is_past(v) && !d->brief ? (size_t)snprintf(sw->text, sizeof sw->text, "now ") : 0; /* it never travels */
    switch_words(&v->policy, v->zone, v->now_ms, d->brief, sw->text + now, sizeof sw->text - now, &role);
    sw->role = role;
    sw->attr = role == ROLE_ACT ? ATTR_BOLD : 0;
    if (d->long_words) who_stopped(v, l);
    if (!d->clock[0]) return;
    Segment *clock = add_right(l, ROLE_TEXT, 0);
    time_format(v->zone, v->now_ms, d->clock, clock->text, sizeof clock->text);
}

static int segments_width(const Segment *s, int count, int gap) {
    int w = 0;
    for (int i = 0; i < count; i++) w += text_columns(s[i].text) + (i ? gap : 0);
    return w;
}

static void draw_segments(Canvas *c, int x, int y, int end, const Segment *s, int count, int gap) {
    for (int i = 0; i < count && x < end; i++) x += canvas_text(c, x, y, end - x, s[i].role, s[i].attr, s[i].text) + gap;
}

static void draw_header(const Screen *s, const View *v, Canvas *c, Rect r, bool tabs) {
    Line l;
    int right = 0, end = r.x + r.w;
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        l = (Line){.gap = details[i].brief ? 1 : 3};
        left_words(s, v, &details[i], tabs, &l);
        right_words(v, &details[i], &l);
        int left = segments_width(l.left, l.lefts, l.gap);
        right = segments_width(l.right, l.rights, l.gap);
        if ((left ? 1 + left + l.gap : 0) + right <= r.w) break;
    }
    draw_segments(c, r.x + 1, r.y, end, l.left, l.lefts, l.gap);
    draw_segments(c, right < r.w ? end - right : r.x, r.y, end, l.right, l.rights, l.gap);
    if (!view_is_live(v) && !v->paused) canvas_restyle(c, r, ROLE_SELECTED, ATTR_REVERSE);
}

/* ---- tabs, answer row, footer ---- */

/* A word that a click can hit: a tab or a footer item. */
typedef struct Spot {
    int x, w, key;
    const KeyCommand *command; /* of a footer item */
    const Screen *screen;      /* of a tab */
} Spot;
enum { SPOTS_MAX = 32 };

static int tab_spots(Rect r, Spot out[SPOTS_MAX]) {
    int n = 0, x = r.x;
    for (size_t i = 0; screens[i] && n < SPOTS_MAX; i++) {
        const Screen *s = screens[i];
        if (s->key < '0' || s->key > '9') continue;
        out[n] = (Spot){.x = x, .w = text_columns(s->title) + 4, .key = s->key, .screen = s};
        x += out[n++].w;
    }
    return n;
}

static void draw_tabs(const Screen *now, Canvas *c, Rect r) {
    Spot spot[SPOTS_MAX];
    int n = tab_spots(r, spot), end = r.x + r.w, x = r.x;
    for (int i = 0; i < n; i++) {
        bool here = spot[i].screen == now;
        x = spot[i].x + canvas_textf(c, spot[i].x, r.y, end - spot[i].x, here ? ROLE_SELECTED : ROLE_DIM, 0, here ? "[%c %s]" : " %c %s ",
                                     spot[i].key, spot[i].screen->title);
    }
    const char *name = "tollwatch";
    if (x + text_columns(name) + 1 < end) canvas_right(c, end, r.y, r.w, ROLE_DIM, 0, name);
}

/* The newest alert only where it takes no other row: keys stay seen. */
static bool draw_answer(const View *v, bool has_row, Canvas *c, Rect r) {
    bool is_error = strncmp(v->answer, "tollwatch:", 10) == 0;
    if (v->prompt.kind)
        prompt_draw(&v->prompt, c, r);
    else if (v->answer[0])
        canvas_text(c, r.x + 1, r.y, r.w - 1, is_error ? ROLE_WATCH : ROLE_TEXT, 0, v->answer);
    else if (has_row && v->ticker[0])
        canvas_text(c, r.x + 1, r.y, r.w - 1, strncmp(v->ticker, "\u25cf", 3) == 0 ? ROLE_ACT : ROLE_WATCH, 0, v->ticker);
    return v->prompt.kind || v->answer[0];
}

static int item_width(const KeyCommand *k) {
    return text_columns(k->keys) + 1 + text_columns(k->footer);
}

/* The commands of a footer: the screen's own by use, then filter (where it has not said how much that is used), palette, help, quit. */
static int footer_items(const Screen *s, const KeyCommand **out, int max) {
    char names[256];
    int n = 0;
    snprintf(names, sizeof names, "%s filter palette help quit", s->footer ? s->footer : "");
    for (char *save, *name = strtok_r(names, " ", &save); name && n < max; name = strtok_r(NULL, " ", &save)) {
        const KeyCommand *k = key_command(name);
        bool twice = false;
        for (int i = 0; i < n; i++) twice |= out[i] == k;
        if (k && !twice) out[n++] = k;
    }
    return n;
}

static bool is_kept(const KeyCommand *k, int width) {
    return k->act == DO_PALETTE || k->act == DO_HELP || (k->act == DO_QUIT && width >= QUIT_W);
}

/* Cut from the right, but never the palette and help, which lead everywhere, nor (where there is room) the way out. */
static int footer_spots(const Screen *s, Rect r, Spot out[SPOTS_MAX]) {
    const KeyCommand *item[SPOTS_MAX];
    int n = footer_items(s, item, SPOTS_MAX), total = 0, gap, placed = 0, must = 0;
    for (int i = 0; i < n; i++) total += item_width(item[i]);
    gap = 1 + total + 3 * (n - 1) <= r.w ? 3 : 2;
    for (int i = 0; i < n; i++) must += is_kept(item[i], r.w) ? item_width(item[i]) + gap : 0;
    int x = r.x + 1, end = r.x + r.w;
    for (int i = 0; i < n; i++) {
        bool keep = is_kept(item[i], r.w);
        int w = item_width(item[i]);
        if (!keep && x + w + must > end) continue;
        out[placed++] = (Spot){.x = x, .w = w, .key = item[i]->codes[0], .command = item[i]};
        x += w + gap;
        if (keep) must -= w + gap;
    }
    return placed;
}

/* Dim while a dialog or a line that is typed takes the keys: none of these acts. */
static void draw_footer(const Screen *s, const View *v, Canvas *c, Rect r) {
    Spot spot[SPOTS_MAX];
    int n = footer_spots(s, r, spot), end = r.x + r.w;
    for (int i = 0; i < n; i++) {
        int x = spot[i].x;
        x += canvas_text(c, x, r.y, end - x, ROLE_KEY, ATTR_BOLD, spot[i].command->keys) + 1;
        canvas_text(c, x, r.y, end - x, ROLE_TEXT, 0, spot[i].command->footer);
    }
    if (v->dialog.type || v->prompt.kind) canvas_restyle(c, r, ROLE_DIM, 0);
}

int frame_key_at(const Screen *s, int w, int h, int x, int y) {
    const Layout l = layout_make(w, h);
    Rect tabs = l.at[PART_TABS], footer = l.at[PART_FOOTER];
    Spot spot[SPOTS_MAX];
    int n = 0;
    if (tabs.h > 0 && y == tabs.y)
        n = tab_spots(tabs, spot);
    else if (footer.h > 0 && y == footer.y)
        n = footer_spots(s, footer, spot);
    for (int i = 0; i < n; i++)
        if (x >= spot[i].x && x < spot[i].x + spot[i].w) return spot[i].key;
    return 0;
}

/* The third line of a three-line view: state, and the two keys that lead everywhere. */
static void draw_three(const View *v, Canvas *c, Rect r) {
    Line l = {.gap = r.w < 60 ? 1 : 3};
    right_words(v, &(Detail){.clock = r.w < 60 ? "%H:%M" : "%H:%M:%S %Z", .brief = r.w < 60}, &l);
    draw_segments(c, r.x, r.y, r.x + r.w, l.right, l.rights, l.gap);
}

void frame_draw(const Screen *s, const void *self, const View *v, Canvas *c) {
    const Layout l = layout_make(c->w, c->h);
    canvas_clear(c);
    if (l.size != SIZE_FULL || !empty_draw(s, v, c, l.at[PART_BODY])) s->draw(self, v, c, l.at[PART_BODY]);
    if (l.size == SIZE_LINE) return;
    if (l.size == SIZE_THREE) {
        draw_three(v, c, l.at[PART_HEADER]);
        return;
    }
    bool tabs = l.at[PART_TABS].h > 0, has_row = l.at[PART_ANSWER].h > 0;
    if (tabs) draw_tabs(s, c, l.at[PART_TABS]);
    draw_header(s, v, c, l.at[PART_HEADER], tabs);
    bool answered = draw_answer(v, has_row, c, l.at[has_row ? PART_ANSWER : PART_FOOTER]);
    if (has_row || !answered) draw_footer(s, v, c, l.at[PART_FOOTER]);
}
