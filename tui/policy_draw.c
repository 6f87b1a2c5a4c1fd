/* policy_draw: the Policy screen to cells. Pure. What matters at 3 am stands first: what the switch says, who obeys, what was
 * refused; rules and history take what room is left. */
#include "tui/number.h"
#include "tui/policy_screen.h"
#include "tui/view.h"
#include <inttypes.h>

typedef struct Pen {
    Canvas *c;
    Rect area;
    int y, end;
    Rect rules; /* where their list came to stand */
} Pen;

static bool has_row(const Pen *p) { return p->y < p->end; }

TW_PRINTF(4, 5) static void row(Pen *p, ThemeRole role, unsigned attr, const char *fmt, ...) {
    char text[512];
    va_list ap;
    if (!has_row(p)) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    canvas_text(p->c, p->area.x + 1, p->y++, p->area.w - 2, role, attr, text);
}

static void blank(Pen *p) {
    if (p->area.h > 14) p->y++;
}

/* ---- the sentence ---- */
static void draw_sentence(Pen *p, const View *v) {
    const PolicyView *s = &v->policy;
    char since[32], until[48] = "until resumed";
    time_format(v->zone, s->engaged_at_ms, "%H:%M:%S", since, sizeof since);
    if (s->expires_at_ms) time_format(v->zone, s->expires_at_ms, "until %H:%M:%S", until, sizeof until);
    if (policy_is_stopped(s) && p->area.w < 60)
        row(p, ROLE_ACT, ATTR_BOLD, "■ %s stopped by %s", s->state == SWITCH_ALL ? "all" : "non-critical", s->by);
    else if (policy_is_stopped(s))
        row(p, ROLE_ACT, ATTR_BOLD, "■ %s calls are stopped by %s since %s, %s. %s", s->state == SWITCH_ALL ? "All" : "Non-critical", s->by,
            since, until, s->reason);
    else if (s->state == SWITCH_UNKNOWN && s->never) {
        row(p, ROLE_TEXT, 0, "○ No switch yet: no gateway has a policy to obey. K writes the first one, to the place that is named here:");
        row(p, ROLE_DIM, 0, "  %s", s->why_unknown);
    } else if (s->state == SWITCH_UNKNOWN) {
        row(p, ROLE_WATCH, 0, "? The switch is not known; K stops calls all the same. Why:");
        row(p, ROLE_WATCH, 0, "  %s", s->why_unknown);
    } else
        row(p, ROLE_TEXT, 0, "○ Calls pass. Generation %" PRId64 ". %s", s->generation,
            s->critical_count ? "" : "▲ No feature is critical: a stop of non-critical calls stops everything.");
}

/* ---- the proof: written, obeyed, refused, spend ---- */
static void column(Pen *p, int at, ThemeRole role, const char *title, const char *big, const char *small) {
    int x = p->area.x + 1 + at, max = p->area.w - 1 - at;
    canvas_text(p->c, x, p->y, max, ROLE_DIM, 0, title);
    canvas_text(p->c, x, p->y + 1, max, role, ATTR_BOLD, big);
    canvas_text(p->c, x, p->y + 2, max, ROLE_DIM, 0, small);
}

static int64_t slowest_ms(const PolicyScreen *s, const View *v) {
    int64_t most = -1;
    for (size_t i = 0; i < s->ack_count; i++) {
        int64_t took = s->acks[i].ack.applied_ms - v->policy.engaged_at_ms;
        if (s->acks[i].ack.state == ACK_OBEYED && took > most) most = took;
    }
    return most;
}

static void spend_words(const PolicyScreen *s, char *out, size_t size) {
    snprintf(out, size, "%s → %s/min", number_usd(s->rate_before_nano, 0, BASIS_METERED).text, number_usd(s->rate_now_nano, 0, BASIS_METERED).text);
}

/* Four columns, or where those have no room one row. */
static void draw_proof_narrow(Pen *p, const PolicyScreen *s, const PolicyView *v, bool all) {
    char spend[128];
    spend_words(s, spend, sizeof spend);
    row(p, all ? ROLE_PROOF : ROLE_ACT, ATTR_BOLD, "%d of %d obey %s  %s refused", v->obeyed, v->gateways, all ? "○" : "●",
        number_count((int64_t)s->refused, 9).text);
    row(p, ROLE_TEXT, 0, "%s", spend);
}

static void draw_proof(Pen *p, const PolicyScreen *s, const View *v) {
    char big[128], small[64], at[16];
    int step = p->area.w >= 84 ? 21 : 19;
    bool all = v->policy.gateways > 0 && v->policy.obeyed == v->policy.gateways;
    if (!policy_is_stopped(&v->policy)) return;
    if (p->area.w < 76 || p->end - p->y < 3) {
        draw_proof_narrow(p, s, &v->policy, all);
        return;
    }
    snprintf(big, sizeof big, "generation %" PRId64, v->policy.generation);
    time_format(v->zone, v->policy.engaged_at_ms, "at %H:%M:%S", at, sizeof at);
    column(p, 0, ROLE_TEXT, "written", big, at);
    snprintf(big, sizeof big, "%d of %d %s", v->policy.obeyed, v->policy.gateways, all ? "○" : "●");
    int64_t took = slowest_ms(s, v);
    if (took >= 0) snprintf(small, sizeof small, "slowest %s s", number_seconds(took).text);
    else snprintf(small, sizeof small, "nobody yet");
    column(p, step, all ? ROLE_PROOF : ROLE_ACT, "obeyed", big, small);
    snprintf(big, sizeof big, "%s calls", number_count((int64_t)s->refused, 9).text);
    snprintf(small, sizeof small, "in %s", number_age(v->now_ms - v->policy.engaged_at_ms).text);
    column(p, 2 * step, ROLE_TEXT, "refused", big, small);
    spend_words(s, big, sizeof big);
    column(p, 3 * step, ROLE_TEXT, "spend", big, "of the last minute");
    p->y += 3;
    blank(p);
}

/* ---- gateways ---- */
enum { COL_GATEWAY, COL_STATE, COL_GENERATION, COL_AGE, COL_REFUSED, COL_PASSED, COL_PASSED_NANO, COL_COUNT };
static const Column columns[COL_COUNT] = {
    [COL_GATEWAY] = {.title = "gateway", .width = 12, .grow = 30}, [COL_STATE] = {.title = "says", .width = 9},
    [COL_GENERATION] = {.title = "generation", .width = 10, .right = true, .drop = 3}, [COL_AGE] = {.title = "seen", .width = 6, .right = true, .drop = 1},
    [COL_REFUSED] = {.title = "refused", .width = 9, .right = true, .drop = 2}, [COL_PASSED] = {.title = "let through", .width = 11, .right = true, .drop = 4},
    [COL_PASSED_NANO] = {.title = "~$", .width = 10, .right = true, .drop = 5}};

static void cell(const void *ctx, size_t r, size_t col, TableCell *out) {
    static const char *const states[] = {[ACK_OBEYED] = "○ obeys", [ACK_BEHIND] = "● behind", [ACK_UNKNOWN] = "? unknown"};
    static const ThemeRole roles[] = {[ACK_OBEYED] = ROLE_PROOF, [ACK_BEHIND] = ROLE_ACT, [ACK_UNKNOWN] = ROLE_WATCH};
    const struct { const PolicyScreen *s; const View *v; } *x = ctx;
    const GatewayRow *g = &x->s->acks[r];
    char *to = out->text;
    size_t size = sizeof out->text;
    switch (col) {
    case COL_GATEWAY: snprintf(to, size, "%s", g->ack.id); break;
    case COL_STATE: snprintf(to, size, "%s", states[g->ack.state]); out->role = (uint8_t)roles[g->ack.state]; break;
    case COL_GENERATION: snprintf(to, size, "%" PRId64, g->ack.generation); break;
    case COL_AGE: snprintf(to, size, "%s", g->ack.seen_ms ? number_age(x->v->now_ms - g->ack.seen_ms).text : "never"); break;
    case COL_REFUSED: snprintf(to, size, "%s", number_count(g->refused, 9).text); break;
    case COL_PASSED: snprintf(to, size, "%s", number_count(g->passed, 9).text); break;
    default: snprintf(to, size, "%s", number_money(g->passed_nano, 10, BASIS_NONE).text);
    }
}

static void draw_gateways(Pen *p, const PolicyScreen *s, const View *v) {
    const struct { const PolicyScreen *s; const View *v; } ctx = {s, v};
    if (s->ack_count == 0) {
        row(p, ROLE_WATCH, 0, "▲ No gateway has ever said that it obeys this file. Gateways that do are in");
        row(p, ROLE_TEXT, 0, "  share/tollwatch/gateways/ (of the source: collectors/gateways/).");
        row(p, ROLE_TEXT, 0, "  Which must obey, says the configuration, by the names of their acks:");
        row(p, ROLE_TEXT, 0, "  [gateway edge-1]");
        row(p, ROLE_TEXT, 0, "  ack = edge-1");
        blank(p);
        return;
    }
    int rows = (int)s->ack_count + 1, most = (p->end - p->y) / 2 > 3 ? (p->end - p->y) / 2 : 3;
    Rect area = {p->area.x, p->y, p->area.w, rows < most ? rows : most};
    if (area.y + area.h > p->end) area.h = p->end - area.y;
    if (area.h < 2) return;
    Table t = {.columns = columns, .column_count = COL_COUNT, .rows = s->ack_count, .cell = cell, .ctx = &ctx};
    table_draw(&t, &(TableState){0}, p->c, area);
    p->y += area.h;
    blank(p);
}

static void draw_refused(Pen *p, const PolicyScreen *s) {
    char text[512] = "";
    size_t len = 0;
    if (s->refused_features == 0) return;
    for (size_t i = 0; i < s->refused_features && len < sizeof text; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "  %.60s %s", s->refused_by[i].name, number_count(s->refused_by[i].calls, 0).text);
    row(p, ROLE_TEXT, 0, "refused%s", text);
    blank(p);
}

/* ---- rules and history share what is left ---- */
enum { RULE_AT, RULE_WORDS, RULE_COLUMNS };
static const Column rule_columns[RULE_COLUMNS] = {[RULE_AT] = {.title = "rule", .width = 20, .grow = 30, .name = "rule"},
                                                  [RULE_WORDS] = {.title = "says", .width = 16, .grow = 200, .name = "says"}};

static void rule_cell(const void *ctx, size_t r, size_t col, TableCell *out) {
    const PolicyScreen *s = ctx;
    snprintf(out->text, sizeof out->text, "%.190s", col == RULE_AT ? s->rules[r].at : s->rules[r].words);
}

static uint64_t rule_key(const void *ctx, size_t r) {
    const PolicyScreen *s = ctx;
    return hash64(s->rules[r].at, strlen(s->rules[r].at), 0) | 1;
}

void policy_rules_table(const PolicyScreen *s, Table *out) {
    *out = (Table){.columns = rule_columns, .column_count = RULE_COLUMNS, .rows = s->rule_count, .has_selection = true,
                   .cell = rule_cell, .key = rule_key, .ctx = s};
}

static void draw_rules(Pen *p, const PolicyScreen *s) {
    int left = p->end - p->y, history = s->history_count ? (int)s->history_count + 1 : 0;
    int rows = (int)s->rule_count + 1, room = left - (history < left / 2 ? history : left / 2);
    if (s->rule_count == 0) {
        row(p, ROLE_DIM, 0, "no rules: w writes one, like a limit of output tokens for a feature");
        return;
    }
    Rect area = {p->area.x, p->y, p->area.w, rows < room ? rows : room};
    if (area.h < 2) return;
    Table t;
    policy_rules_table(s, &t);
    table_draw(&t, &s->table, p->c, area);
    p->rules = area;
    p->y += area.h;
}

static void draw_history(Pen *p, const PolicyScreen *s, const View *v) {
    char at[32];
    if (p->end - p->y < 2) return;
    blank(p);
    for (size_t i = 0; i < s->history_count && has_row(p); i++) {
        const PolicyEvent *h = &s->history[i];
        bool failed = strncmp(h->outcome, "failed", 6) == 0;
        time_format(v->zone, h->at_ms, "%d %b %H:%M:%S", at, sizeof at);
        row(p, failed ? ROLE_WATCH : ROLE_DIM, 0, "%-8s %4" PRId64 "  %s  %-7s %s@%s%s%s%s%s", i ? "" : "history", h->generation, at,
            h->action, h->user, h->host, h->reason[0] ? ": " : "", h->reason, failed ? "  " : "", failed ? h->outcome : "");
    }
}

static Rect draw_all(const PolicyScreen *s, const View *v, Canvas *c, Rect area) {
    Pen p = {.c = c, .area = area, .y = area.y, .end = area.y + area.h};
    blank(&p);
    draw_sentence(&p, v);
    blank(&p);
    draw_proof(&p, s, v);
    draw_gateways(&p, s, v);
    draw_refused(&p, s);
    draw_rules(&p, s);
    draw_history(&p, s, v);
    return p.rules;
}

void policy_screen_draw(const void *self, const View *v, Canvas *c, Rect area) {
    if (view_is_past(v)) policy_asof_draw(self, v, c, area);
    else draw_all(self, v, c, area);
}

/* What stands above the rules decides where they are: that is drawn once more, where nobody sees it. */
bool policy_screen_list(const void *self, const View *v, const Layout *l, Listing *out) {
    const PolicyScreen *s = self;
    const Rect body = l->at[PART_BODY];
    if (s->rule_count == 0 || view_is_past(v)) return false;
    Canvas *unseen = canvas_new(body.x + body.w, body.y + body.h, v->ascii);
    out->area = draw_all(s, v, unseen, body);
    canvas_free(unseen);
    policy_rules_table(s, &out->table);
    return out->area.h > 0;
}
