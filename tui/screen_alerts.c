/* screen_alerts: what needs somebody now, what is over, who was told and what they answered. `a` acknowledges, `x` is quiet for
 * an hour; the same key takes it back. Enter goes to what it is about. */
#include "store/outbox.h"
#include "tui/drill.h"
#include "tui/keys.h"
#include "tui/list.h"
#include "tui/number.h"
#include "tui/view.h"

enum { COL_SINCE, COL_WHAT, COL_COSTS, COL_TOLD, COL_COUNT };
enum { ALERTS_MAX = 200, TOLD_MAX = 12, DETAIL_ROWS = 9, PATIENCE_MS = 300 };

static const Column columns[COL_COUNT] = {
    [COL_SINCE] = {.title = "  since", .width = 8, .name = "since", .figure = FIGURE_TIME},
    [COL_WHAT] = {.title = "what", .width = 24, .grow = 100, .name = "what"},
    [COL_COSTS] = {.title = "costs", .width = 9, .right = true, .drop = 2, .name = "costs_per_hour", .figure = FIGURE_DOLLARS},
    [COL_TOLD] = {.title = "state", .width = 18, .drop = 1, .name = "state"},
};

typedef struct AlertScreen {
    AlertView *rows;
    size_t count, active;
    TableState table;
    Told told[TOLD_MAX]; /* of the selected one */
    size_t told_count;
} AlertScreen;

static void *open_alerts(void) {
    AlertScreen *s = xcalloc(1, sizeof *s);
    s->rows = xcalloc(ALERTS_MAX, sizeof *s->rows);
    return s;
}

static void close_alerts(void *self) {
    AlertScreen *s = self;
    if (!s) return;
    table_state_free(&s->table);
    free(s->rows);
    free(s);
}

static uint64_t row_key(const void *ctx, size_t row) {
    return (uint64_t)((const AlertScreen *)((const Listing *)ctx)->pair[0])->rows[row].id;
}

/* What was told after the instant that is shown. */
static void forget_later(AlertScreen *s, int64_t at_ms) {
    size_t kept = 0;
    for (size_t i = 0; i < s->told_count; i++)
        if (s->told[i].made_ms <= at_ms) s->told[kept++] = s->told[i];
    s->told_count = kept;
}

static const AlertView *selected(const AlertScreen *s) {
    const Table t = {.rows = s->count};
    return &s->rows[table_selected(&t, &s->table)];
}

static int load_told(AlertScreen *s, View *v, Err *e) {
    int rc = outbox_told(v->db, selected(s)->id, s->told, TOLD_MAX, &s->told_count, e);
    if (view_is_past(v)) forget_later(s, v->until_ms);
    return rc;
}

static bool listing(const AlertScreen *s, const View *v, Rect area, Listing *out);

static int load_alerts(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    AlertScreen *s = self;
    (void)deadline_us;
    *more = false;
    int rc = view_is_past(v) ? book_list_asof(v->db, v->until_ms, s->rows, ALERTS_MAX, &s->count, e)
                             : book_list(v->db, v->now_ms, true, s->rows, ALERTS_MAX, &s->count, e);
    if (rc != 0) return -1;
    s->active = s->told_count = 0;
    while (s->active < s->count && s->rows[s->active].state == ALERT_FIRING) s->active++;
    Listing l;
    if (listing(s, v, (Rect){0}, &l)) table_arrange(&l.table, &s->table);
    return s->count ? load_told(s, v, e) : 0;
}

/* ---- draw ---- */
static bool is_silenced(const AlertView *a, const View *v) {
    return a->silenced_until_ms > v->now_ms;
}

/* What nobody has to look at any more has no colour. */
static ThemeRole role_of(const AlertView *a, const View *v) {
    if (a->state == ALERT_RESOLVED) return ROLE_DIM;
    if (a->acked_ms || is_silenced(a, v)) return ROLE_TEXT;
    return a->severity == WEIGHT_ACT ? ROLE_ACT : ROLE_WATCH;
}

static const char *glyph_of(const AlertView *a, const View *v) {
    ThemeRole r = role_of(a, v);
    return r == ROLE_ACT ? "●" : r == ROLE_WATCH ? "▲" : "○";
}

static void clock_words(const View *v, int64_t ms, char *out, size_t size) {
    bool today = time_floor(v->zone, ms, UNIT_DAY) == time_floor(v->zone, v->until_ms, UNIT_DAY);
    time_format(v->zone, ms, today ? "%H:%M" : "%d %b", out, size);
}

static void state_words(const AlertView *a, const View *v, char *out, size_t size) {
    char at[24];
    if (a->state == ALERT_RESOLVED) {
        clock_words(v, a->resolved_ms, at, sizeof at);
        snprintf(out, size, "over %s", at);
    } else if (a->acked_ms) {
        snprintf(out, size, "ack %.40s", a->acked_by);
    } else if (is_silenced(a, v)) {
        clock_words(v, a->silenced_until_ms, at, sizeof at);
        snprintf(out, size, "silent till %s", at);
    } else {
        snprintf(out, size, "%s", a->severity == WEIGHT_ACT ? "act now" : "watch");
    }
}

static void cost_words(const AlertView *a, char *out, size_t size) {
    if (a->nano_per_hour < 0) snprintf(out, size, "-");
    else snprintf(out, size, "%s/h", number_usd_short(a->nano_per_hour, BASIS_NONE).text);
}

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    const Listing *l = ctx;
    const View *v = l->pair[1];
    const AlertView *a = &((const AlertScreen *)l->pair[0])->rows[row];
    char at[24];
    out->role = (uint8_t)role_of(a, v);
    switch (column) {
    case COL_SINCE:
        clock_words(v, a->began_ms, at, sizeof at);
        snprintf(out->text, sizeof out->text, "%s %s", glyph_of(a, v), at);
        break;
    case COL_WHAT: snprintf(out->text, sizeof out->text, "%.*s", (int)utf8_cut(a->title, strlen(a->title), sizeof out->text - 1), a->title); break;
    case COL_COSTS: cost_words(a, out->text, sizeof out->text); break;
    default: state_words(a, v, out->text, sizeof out->text); break;
    }
}

/* "slack 02:36 ok   pagerduty waits, 3 tries: 503": each channel's last word. */
static void told_words(const AlertScreen *s, const View *v, Buf *out) {
    for (size_t i = 0; i < s->told_count; i++) {
        const Told *t = &s->told[i];
        char at[24];
        bool newer = false;
        for (size_t k = 0; k < i; k++) newer |= strcmp(s->told[k].channel, t->channel) == 0;
        if (newer) continue;
        clock_words(v, t->state ? t->done_ms : t->made_ms, at, sizeof at);
        buf_fmt(out, "%s%s %s ", out->len ? "   " : "", t->channel, at);
        if (t->state == 1) buf_str(out, t->word[0] ? t->word : "ok");
        else if (t->state == 2) buf_fmt(out, "given up: %.60s", t->word);
        else buf_fmt(out, "waits, %d %s%s%.60s", t->tries, t->tries == 1 ? "try" : "tries", t->word[0] ? ": " : "", t->word);
    }
}

static void row_of(Canvas *c, Rect r, int *y, const char *name, const char *text) {
    if (*y >= r.y + r.h) return;
    canvas_text(c, r.x + 3, *y, 8, ROLE_DIM, 0, name);
    canvas_text(c, r.x + 12, *y, r.w - 13, ROLE_TEXT, 0, text);
    ++*y;
}

/* The lines of the detail as they are told, each "word: text" in two columns. */
static void draw_lines(const char *detail, Canvas *c, Rect r, int *y) {
    for (const char *p = detail; *p;) {
        size_t n = strcspn(p, "\n");
        char line[ALERT_DETAIL_MAX], *text;
        snprintf(line, sizeof line, "%.*s", (int)n, p);
        p += n + (p[n] == '\n');
        text = strstr(line, ": ");
        bool named = text && text - line <= 8 && !memchr(line, ' ', (size_t)(text - line));
        if (named) *text = '\0';
        row_of(c, r, y, named ? line : "", named ? text + 2 : line);
    }
}

static void draw_detail(const AlertScreen *s, const View *v, Canvas *c, Rect r) {
    const AlertView *a = selected(s);
    const AlertRule *rule = alert_rule(a->rule);
    char began[24], fired[24], text[320];
    Buf told = {.max = 600};
    int y = r.y + 2;
    clock_words(v, a->began_ms, began, sizeof began);
    clock_words(v, a->fired_ms, fired, sizeof fired);
    canvas_fill(c, (Rect){r.x, r.y, r.w, 1}, ROLE_RULE, 0, "─");
    canvas_textf(c, r.x + 1, r.y + 1, r.w - 2, role_of(a, v), ATTR_BOLD, "%s", a->title);
    snprintf(text, sizeof text, "began %s, fired %s, %s %s", began, fired, rule ? rule->title : a->rule, a->scope);
    row_of(c, r, &y, "what", text);
    if (rule) row_of(c, r, &y, "rule", rule->holds);
    draw_lines(a->detail, c, r, &y);
    told_words(s, v, &told);
    row_of(c, r, &y, "told", told.len ? told.at : "nobody: no [alert NAME] is configured for it");
    buf_free(&told);
}

static void draw_none(const View *v, Canvas *c, Rect area) {
    char at[40];
    time_format(v->zone, v->until_ms, "%d %b %H:%M", at, sizeof at);
    if (view_is_past(v)) canvas_textf(c, area.x + 1, area.y, area.w - 2, ROLE_TEXT, 0, "○ No alert at %s, or in the 90 days before today.", at);
    else canvas_text(c, area.x + 1, area.y, area.w - 2, ROLE_TEXT, 0, "○ No alert, now or in the last 90 days.");
    int y = area.y + 2;
    for (const AlertRule *r = alert_rules; r->name && y < area.y + area.h; r++, y++) {
        canvas_text(c, area.x + 3, y, 10, ROLE_TEXT, 0, r->name);
        canvas_text(c, area.x + 14, y, area.w - 15, ROLE_DIM, 0, r->holds);
    }
    static const char *const told[] = {"Every [alert NAME] of the configuration is told; for example", "  [alert slack]", "  channel = slack",
                                       "  url_env = SLACK_WEBHOOK"};
    y += area.y + area.h - y > 4;
    for (int i = 0; i < 4 && y < area.y + area.h; i++, y++) canvas_text(c, area.x + 1, y, area.w - 2, ROLE_TEXT, 0, told[i]);
}

static int64_t value(const void *ctx, size_t row, size_t column) {
    const AlertView *a = &((const AlertScreen *)((const Listing *)ctx)->pair[0])->rows[row];
    if (column == COL_SINCE) return a->began_ms;
    return a->nano_per_hour < 0 ? FIGURE_UNKNOWN : a->nano_per_hour;
}

static bool listing(const AlertScreen *s, const View *v, Rect area, Listing *out) {
    if (s->count == 0) return false;
    out->pair[0] = s;
    out->pair[1] = v;
    out->area = area;
    out->table = (Table){.columns = columns, .column_count = COL_COUNT, .rows = s->count, .has_selection = true, .cell = cell,
                         .value = value, .key = row_key, .ctx = out};
    return true;
}

static void split(Rect area, Rect *list, Rect *detail) {
    *list = area;
    *detail = (Rect){0};
    if (area.h >= 12) layout_split(area, DETAIL_ROWS, list, detail);
}

static bool list_alerts(const void *self, const View *v, const Layout *l, Listing *out) {
    Rect list, detail;
    split(l->at[PART_BODY], &list, &detail);
    out->detail = detail;
    return listing(self, v, list, out);
}

static void draw_alerts(const void *self, const View *v, Canvas *c, Rect area) {
    const AlertScreen *s = self;
    Rect list, detail;
    Listing l;
    split(area, &list, &detail);
    if (!listing(s, v, list, &l)) {
        draw_none(v, c, area);
        return;
    }
    table_draw(&l.table, &s->table, c, list);
    if (detail.h >= 3) draw_detail(s, v, c, detail);
}

/* ---- keys ---- */
static int write_word(const AlertView *a, View *v, bool ack, const char *by, Err *e) {
    Db *db;
    if (db_open(&db, v->app->db_path, DB_WRITE, e) != 0) return -1;
    db_patience(db, PATIENCE_MS);
    int64_t until = is_silenced(a, v) ? 0 : v->now_ms + MS_PER_HOUR;
    int rc = ack ? book_ack(db, a->id, by, v->now_ms, e) : book_silence(db, a->rule, a->scope, until, by, e);
    db_close(db);
    return rc;
}

/* What a person says to an alert goes into the ledger; the same again takes it back. */
static void say(AlertScreen *s, View *v, bool ack) {
    const AlertView *a = selected(s);
    Actor who;
    Err e = {""};
    if (view_is_past(v)) {
        snprintf(v->answer, sizeof v->answer, "tollwatch: these are the alerts of then; Space goes back to live");
        return;
    }
    if (v->readonly) {
        snprintf(v->answer, sizeof v->answer, "tollwatch: --readonly: nothing is %s", ack ? "acknowledged" : "silenced");
        return;
    }
    actor_find(v->app->config->user, &who);
    s->table.key = (uint64_t)a->id; /* it moves down, and stays selected */
    bool back = ack ? a->acked_ms != 0 : is_silenced(a, v);
    if (write_word(a, v, ack, who.user, &e) != 0) snprintf(v->answer, sizeof v->answer, "tollwatch: %.230s", e.text);
    else snprintf(v->answer, sizeof v->answer, "%s%s", ack ? "acknowledged" : "silent for an hour", back ? ": taken back" : "");
}

/* Where the cause is seen, by rule; a dimension makes the scope the filter. */
static void go_to_cause(const AlertView *a, View *v) {
    static const struct { const char *rule, *screen; int dim; } where[] = {
        {"budget", "budgets", -1}, {"projected", "budgets", -1}, {"burn", "features", -1}, {"cache", "models", DIM_FEATURE},
        {"errors", "requests", DIM_MODEL}, {"unpriced", "requests", DIM_MODEL}, {"silent", "sources", -1}, {"gateway", "policy", -1},
        {"request", "requests", DIM_FEATURE}, {"kill", "policy", -1}};
    for (size_t i = 0; i < sizeof where / sizeof *where; i++)
        if (strcmp(where[i].rule, a->rule) == 0) drill_to(v, where[i].screen, where[i].dim, a->scope);
}

static bool key_alerts(void *self, View *v, int key) {
    AlertScreen *s = self;
    const KeyCommand *k = key_meaning(key);
    if (s->count && k && (k->act == DO_ACKNOWLEDGE || k->act == DO_SILENCE)) return say(s, v, k->act == DO_ACKNOWLEDGE), true;
    if (s->count && k && k->act == DO_OPEN) return go_to_cause(selected(s), v), true;
    return false;
}

static void moved_alerts(void *self, View *v) {
    AlertScreen *s = self;
    Err e = {""};
    if (load_told(s, v, &e) != 0) s->told_count = 0;
}

const Screen screen_alerts = {
    .name = "alerts", .title = "Alerts", .key = '7', .open = open_alerts, .close = close_alerts, .load = load_alerts,
    .draw = draw_alerts, .key_pressed = key_alerts, .list = list_alerts, .table_at = offsetof(AlertScreen, table),
    .moved = moved_alerts, .unfiltered = true, .footer = "stop open acknowledge silence sort copy export",
};
