/* savings_pane_draw: the open rule and the rules that run, to cells. Pure. See savings_pane.h. */
#include "store/money.h"
#include "tui/number.h"
#include "tui/savings_pane.h"
#include <stdarg.h>

enum { NAME_W = 11, WIDE_W = 64, BOTH_MODELS_W = 110, ONE_LINE_W = 150, RULE_ROWS = 3, STEP_PERCENT = 10 };

__extension__ typedef __int128 Wide;
typedef struct Pen { Canvas *c; Rect r; int y; } Pen;

static bool has_room(const Pen *p, int rows) { return p->y + rows <= p->r.h; }

/* "sample     12 of 30 calls": the name at the left where there is room for it. */
TW_PRINTF(4, 5) static void pen_row(Pen *p, const char *name, ThemeRole role, const char *fmt, ...) {
    char text[512];
    int x = p->r.w >= WIDE_W ? NAME_W : 0;
    va_list ap;
    if (!has_room(p, 1)) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (x) canvas_text(p->c, p->r.x + 1, p->r.y + p->y, NAME_W, ROLE_DIM, 0, name);
    canvas_text(p->c, p->r.x + 1 + x, p->r.y + p->y++, p->r.w - 2 - x, role, 0, text);
}

/* ---- what runs ---- */
static int64_t expected_by_now(const SavedRule *s, const RuleMeasured *m) {
    int64_t ms = m->until_ms - m->since_ms;
    return ms > 0 ? (int64_t)((Wide)s->expected_nano * ms / MS_PER_DAY) : 0;
}

static void running_words(const SavingsPane *p, size_t i, const View *v, char who[160], char what[448]) {
    const SavedRule *s = &p->saved[i];
    const RuleMeasured *m = &p->m[i];
    char since[40], day[48], now[48], spread[64] = "", silent[64];
    time_format(v->zone, s->written_ms, "%d %b %H:%M", since, sizeof since);
    snprintf(day, sizeof day, "%s", number_usd(s->expected_nano, 0, BASIS_PROJECTED).text);
    snprintf(now, sizeof now, "%s", number_usd(expected_by_now(s, m), 0, BASIS_PROJECTED).text);
    if (s->spread_nano) snprintf(spread, sizeof spread, " ±%s", number_money(s->spread_nano, 0, BASIS_NONE).text);
    snprintf(who, 160, "► %s since %s, %s", s->id, since, p->obeyed[i]);
    saving_silence(m, v->zone, silent, sizeof silent);
    snprintf(what, 448, "%sexpected %s%s/day, %s by now; measured %s%s, %s of %s calls%s%s", v->filter ? "without the filter: " : "", day, spread, now, m->cut ? "≥" : m->exact ? "" : "±",
             number_usd(m->saved_nano, 0, m->exact && !m->cut ? BASIS_METERED : BASIS_NONE).text, number_count(m->changed, 0).text, number_count(m->calls, 0).text,
             m->cut ? ", the newest alone" : "", silent);
}

/* One row is all there is: the newest, and how many more. */
static void draw_brief(const SavingsPane *p, Canvas *c, Rect r) {
    const RuleMeasured *m = &p->m[0];
    char now[48], more[24] = "";
    snprintf(now, sizeof now, "%s", number_usd(expected_by_now(&p->saved[0], m), 0, BASIS_PROJECTED).text);
    if (p->shown > 1) snprintf(more, sizeof more, " +%zu", p->shown - 1);
    canvas_textf(c, r.x, r.y, r.w, ROLE_PROOF, 0, "►%s by now, measured %s%s%s", now, m->cut ? "≥" : m->exact ? "" : "±",
                 number_usd(m->saved_nano, 0, m->exact && !m->cut ? BASIS_METERED : BASIS_NONE).text, more);
}

int savings_pane_running(const SavingsPane *p, const View *v, Canvas *c, Rect r) {
    int y = 0;
    if (p->shown && r.h == 1) return draw_brief(p, c, r), 1;
    for (size_t i = 0; i < p->shown && y < r.h; i++) {
        char who[160], what[448];
        running_words(p, i, v, who, what);
        if (r.w >= ONE_LINE_W) canvas_textf(c, r.x + 1, r.y + y++, r.w - 2, ROLE_TEXT, 0, "%s: %s", who, what);
        else {
            canvas_text(c, r.x + 1, r.y + y++, r.w - 2, ROLE_TEXT, 0, who);
            if (y < r.h) canvas_text(c, r.x + 3, r.y + y++, r.w - 4, ROLE_TEXT, 0, what);
        }
    }
    return y ? y + 1 : 0;
}

/* ---- the rule and its effect ---- */
static void draw_title(const SavingsPane *p, Pen *pen) {
    const Offer *o = &p->offer[p->at];
    Rect r = pen->r;
    canvas_fill(pen->c, (Rect){r.x, r.y, r.w, 1}, ROLE_RULE, 0, "─");
    canvas_textf(pen->c, r.x + 1, r.y, r.w - 2, ROLE_TITLE, ATTR_BOLD, " %s %zu of %zu: %s ", p->name, p->at + 1, p->offers, o->feature[0] ? o->feature : "(no feature)");
    const char *keys = p->parsed.json ? " n next  w write  Esc back " : " n next  Esc back ";
    if (r.w >= WIDE_W) canvas_right(pen->c, r.x + r.w - 2, r.y, text_columns(keys), ROLE_TITLE, 0, keys);
    pen->y = 1;
}

/* Cut at the width, onto a few rows. */
static void draw_rule_text(const SavingsPane *p, Pen *pen) {
    char *text = save_rule_text(&p->parsed, true);
    size_t len = strlen(text), width = pen->r.w > NAME_W + 4 ? (size_t)(pen->r.w - 2 - (pen->r.w >= WIDE_W ? NAME_W : 0)) : 1;
    int rows = pen->r.h >= 12 ? RULE_ROWS : 1;
    for (size_t at = 0, n; at < len && rows-- > 0; at += n) {
        n = utf8_cut(text + at, len - at, width);
        if (n == 0) break;
        pen_row(pen, at ? "" : "rule", ROLE_TEXT, "%.*s", (int)n, text + at);
    }
    free(text);
}

static void draw_effect(const SavingsPane *p, Pen *pen) {
    const RuleEffect *f = &p->f;
    RuleShare share = save_rule_share(f, p->percent);
    char day[48], spread[64] = "", before[48];
    snprintf(day, sizeof day, "%s", number_usd(per_day(share.saved_nano, f->since_ms, f->until_ms), 0, BASIS_PROJECTED).text);
    snprintf(before, sizeof before, "%s", number_usd(f->before_nano, 0, BASIS_METERED).text);
    if (share.spread_nano) snprintf(spread, sizeof spread, " ±%s", number_money(per_day(share.spread_nano, f->since_ms, f->until_ms), 0, BASIS_NONE).text);
    if (p->parsed.kind == RULE_ROUTE) pen_row(pen, "expected", ROLE_TEXT, "%s%s a day on %d%% of them  ←→ %d…100%%", day, spread, p->percent, (int)STEP_PERCENT);
    else pen_row(pen, "expected", ROLE_TEXT, "%s%s a day", day, spread);
    draw_rule_text(p, pen);
    pen_row(pen, "yesterday", ROLE_TEXT, "%s of %s calls would change: %s -> %s", number_count(f->changed, 0).text, number_count(f->calls, 0).text, before,
            number_usd(f->after_nano, 0, BASIS_METERED).text);
    pen_row(pen, "sample", ROLE_DIM, "%s – %s%s", p->from, p->to, f->cut ? ", its newest calls alone: a day of them is scaled" : "");
    pen_row(pen, "sure", ROLE_DIM, "%s: %s", p->sure, p->stands_on);
}

/* What the dry run cannot know or what it takes away from somebody. */
static void draw_limits(const RuleEffect *f, Pen *pen) {
    const struct { int64_t n; const char *what; } rows[] = {
        {f->refused, "calls would be refused"}, {f->cut_tokens, "output tokens would be cut off"}, {f->guessed, "calls without size or tools in the log: ±"},
        {f->streamed, "calls are streamed: never a hit"}, {f->unhashed, "calls without prompt_hash: never a hit"}, {f->unpriced, "calls without a price: in no figure"}, {f->repriced, "calls with an older price: in no figure"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].n && has_room(pen, 3)) pen_row(pen, "", ROLE_WATCH, "▲ %s %s", number_count(rows[i].n, 0).text, rows[i].what);
}

static void draw_none(const SavingsPane *p, Pen *pen) {
    const Offer *o = &p->offer[p->at];
    pen_row(pen, "possible", ROLE_TEXT, "%s on %s calls of the range", number_usd(o->nano, 0, BASIS_METERED).text, number_count(o->calls, 0).text);
    pen_row(pen, "rule", ROLE_WATCH, "%s", p->why_none);
    pen_row(pen, "sure", ROLE_DIM, "%s: %s", p->sure, p->stands_on);
}

/* ---- the calls ---- */
static void example_row(const SavingsPane *p, size_t i, const View *v, Pen *pen) {
    const RowView *x = &p->example[i];
    const int64_t *t = x->r.tokens;
    char at[40], was[48], then[64] = "", in[48], to[NAME_MAX_BYTES + 8] = "";
    bool on = i == p->picked;
    time_format(v->zone, x->r.ts_ms, pen->r.w >= WIDE_W ? "%d %b %H:%M:%S" : "%H:%M:%S", at, sizeof at);
    snprintf(was, sizeof was, "%s", number_request_cost(x->r.cost_nano, false).text);
    if (p->after_nano[i] >= 0) snprintf(then, sizeof then, " -> ~$%s", number_request_cost(p->after_nano[i], false).text);
    snprintf(in, sizeof in, "%s", number_count(t[TOK_INPUT] + t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H], 0).text);
    if (p->then[i][0] && strcmp(p->then[i], x->name[DIM_MODEL]) != 0) snprintf(to, sizeof to, " -> %s", p->then[i]);
    if (on) canvas_fill(pen->c, (Rect){pen->r.x, pen->r.y + pen->y, pen->r.w, 1}, ROLE_SELECTED, 0, " ");
    const char *from = to[0] && pen->r.w < BOTH_MODELS_W ? "" : x->name[DIM_MODEL];
    canvas_textf(pen->c, pen->r.x + 1, pen->r.y + pen->y++, pen->r.w - 2, on ? ROLE_SELECTED : ROLE_TEXT, 0, "%s %s  ~$%s%s  %s in, %s out  %s%s", on ? "►" : " ", at, was, then, in,
                 number_count(t[TOK_OUTPUT] + t[TOK_REASONING], 0).text, from, to[0] && !*from ? to + 1 : to);
}

/* The picked one is always in sight. */
static void draw_examples(const SavingsPane *p, const View *v, Pen *pen) {
    if (p->examples == 0 || !has_room(pen, 2)) return;
    pen_row(pen, "examples", ROLE_DIM, "the %zu that save most: ↑↓, Enter opens one", p->examples);
    size_t room = (size_t)(pen->r.h - pen->y), from = p->picked >= room ? p->picked - room + 1 : 0;
    for (size_t i = from; i < p->examples && has_room(pen, 1); i++) example_row(p, i, v, pen);
}

void savings_pane_draw(const SavingsPane *p, const View *v, Canvas *c, Rect r) {
    Pen pen = {.c = c, .r = r};
    if (r.h < 1) return;
    draw_title(p, &pen);
    if (p->parsed.json) draw_effect(p, &pen);
    else draw_none(p, &pen);
    const SavedRule *runs = p->parsed.json ? savings_pane_runs(p, p->parsed.id) : NULL;
    if (runs) pen_row(&pen, "runs", ROLE_PROOF, "written by %s, generation %lld; u undoes it", runs->user, (long long)runs->generation);
    draw_limits(&p->f, &pen);
    if (p->detail.key && !p->detail.whole && has_room(&pen, 6)) {
        request_detail_draw(&p->detail, &p->example[p->picked], v, c, (Rect){r.x, r.y + pen.y, r.w, r.h - pen.y});
        return;
    }
    if (p->detail.key) { /* no room for both */
        canvas_fill(c, r, ROLE_TEXT, 0, " ");
        request_detail_draw(&p->detail, &p->example[p->picked], v, c, r);
        return;
    }
    draw_examples(p, v, &pen);
}
