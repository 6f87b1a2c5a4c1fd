/* overview_side: budgets, caches, errors, latencies, sources: what stands beside the Overview's chart and list. Pure. */
#include "tui/chart.h"
#include "tui/overview.h"
#include "tui/view.h"
#include <stdarg.h>

enum { HEALTH_ROWS = 8, ROW_TEXT = 128 };

typedef struct HealthRow {
    char text[ROW_TEXT];
    ThemeRole role;
} HealthRow;

/* ---- budgets ---- */

static void budget_row(const BudgetRow *b, const View *v, Canvas *c, Rect r) {
    char gauge[64], at[16] = "", limit[48] = "";
    int wide = r.w >= 45,
        gauge_w = r.w >= 54   ? 16
                  : wide      ? 12
                  : r.w >= 38 ? 14
                              : 7,
        name = r.w - gauge_w - 13 - (wide ? 9 : 0);
    ThemeRole role = overview_budget_role(b, v->until_ms);
    if (b->v.breaks_ms >= 0)
        time_format(v->zone, b->v.breaks_ms, b->v.breaks_ms - v->until_ms < MS_PER_DAY ? "%H:%M" : "%a", at, sizeof at);
    if (b->v.spent_permille >= 1000) snprintf(at, sizeof at, "spent");
    gauge_text(gauge, sizeof gauge, gauge_w, b->v.spent_nano, b->v.end_at_rate_nano, b->b->limit_nano);
    canvas_text(c, r.x + 1, r.y, name - 1, ROLE_TEXT, 0, b->b->id);
    canvas_text(c, r.x + name + 1, r.y, gauge_w, role, 0, gauge);
    canvas_right(c, r.x + name + gauge_w + 6, r.y, 5, ROLE_TEXT, 0, number_permille(b->v.spent_permille, 0).text);
    if (wide) snprintf(limit, sizeof limit, "%s", number_usd_whole(b->b->limit_nano, 8, BASIS_NONE).text);
    canvas_right(c, r.x + r.w - 7, r.y, 8, ROLE_DIM, 0, limit);
    canvas_right(c, r.x + r.w, r.y, 6, role, role == ROLE_ACT ? ATTR_BOLD : 0, at[0] ? at : "-");
}

void overview_draw_budgets(const Overview *o, const View *v, Canvas *c, Rect r, bool titled) {
    if (r.h < 1 + titled) return;
    if (titled) {
        canvas_text(c, r.x + 1, r.y, r.w - 8, ROLE_TITLE, 0, "budgets");
        if (o->budgets) canvas_right(c, r.x + r.w, r.y, 6, ROLE_TITLE, 0, "breaks");
        if (o->budgets && r.w >= 45) canvas_right(c, r.x + r.w - 7, r.y, 8, ROLE_TITLE, 0, "of $");
        r.y++;
        r.h--;
    }
    if (o->budgets == 0)
        canvas_text(c, r.x + 1, r.y, r.w - 1, ROLE_DIM, 0,
                    r.w >= 50 ? "none yet: [budget NAME] in the config file" : "none set");
    for (int i = 0; i < r.h && (size_t)i < o->budgets; i++) {
        Rect row = {r.x, r.y + i, r.w, 1};
        size_t left = o->budgets - (size_t)i;
        if (i > 0 && i == r.h - 1 && left > 1)
            canvas_textf(c, row.x + 1, row.y, row.w - 1, ROLE_DIM, 0, "%zu more", left);
        else
            budget_row(&o->budget[i], v, c, row);
    }
}

/* ---- health ---- */

size_t overview_sources_fine(const Overview *o) {
    size_t fine = o->sources_unknown ? o->sources : 0;
    for (size_t i = 0; i < o->sources && !o->sources_unknown; i++) fine += source_is_fine(&o->source[i]);
    return fine;
}

static void sources_row(const Overview *o, HealthRow *row) {
    int64_t bad = 0;
    row->role = ROLE_DIM;
    snprintf(row->text, ROW_TEXT, "sources        ? their state then is not kept");
    if (o->sources_unknown) return;
    size_t fine = overview_sources_fine(o);
    for (size_t i = 0; i < o->sources; i++) bad += o->source[i].bad_lines + o->source[i].skipped_lines;
    row->role = fine < o->sources ? ROLE_WATCH : ROLE_TEXT;
    snprintf(row->text, ROW_TEXT, "sources        %zu/%zu fine  %s bad lines", fine, o->sources,
             number_count(bad, 0).text);
}

static void latency_row(const char *name, int32_t p50, int32_t p95, HealthRow *row) {
    row->role = ROLE_TEXT;
    snprintf(row->text, ROW_TEXT, "%-12s p50 %s p95 %s s", name, number_seconds(p50).text, number_seconds(p95).text);
}

TW_PRINTF(3, 4) static void say(HealthRow *row, ThemeRole role, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(row->text, ROW_TEXT, fmt, ap);
    va_end(ap);
    row->role = role;
}

/* In the order in which they go when there is no room. */
static int health_rows(const Overview *o, unsigned elsewhere, HealthRow row[HEALTH_ROWS]) {
    const Totals *t = &o->list.total;
    int64_t asked = t->requests - t->refused; /* refused calls are in no average */
    int n = 0;
    if (!(elsewhere & ELSEWHERE_CACHES)) {
        say(&row[n++], ROLE_TEXT, "prompt cache   %3s saved %s", number_permille(totals_cache_hit_permille(t), 0).text,
            number_usd_short(t->saved_cache_nano, BASIS_NONE).text);
        say(&row[n++], ROLE_TEXT, "response cache %3s saved %s",
            number_percent(t->response_cache_hits, asked, 0).text,
            number_usd_short(t->saved_response_nano, BASIS_NONE).text);
    }
    if (!(elsewhere & ELSEWHERE_ERRORS)) {
        say(&row[n++], t->errors * 50 > asked ? ROLE_WATCH : ROLE_TEXT,
            "errors         %3s of %s calls", number_percent(t->errors, asked, 1).text,
            number_count(asked, 0).text);
        sources_row(o, &row[n++]);
    }
    if (t->unpriced_requests)
        say(&row[n++], ROLE_WATCH, "unpriced %s tok, %s calls", number_tokens(t->unpriced_tokens).text,
            number_count(t->unpriced_requests, 0).text);
    if (!(elsewhere & ELSEWHERE_LATENCY)) {
        latency_row(o->filtered ? "all latency" : "latency", o->now.latency_p50_ms, o->now.latency_p95_ms, &row[n++]);
        latency_row(o->filtered ? "all 1st tok." : "first token", o->now.ttft_p50_ms, o->now.ttft_p95_ms, &row[n++]);
    }
    if (elsewhere & ELSEWHERE_TOKENS) return n;
    say(&row[n++], ROLE_TEXT, "tokens out/in  %3s", number_percent(t->output_all, t->input_all, 1).text);
    return n;
}

static void draw_rows(const HealthRow *row, int count, Canvas *c, Rect r) {
    for (int i = 0; i < count && i < r.h; i++) canvas_text(c, r.x + 1, r.y + i, r.w - 1, row[i].role, 0, row[i].text);
}

/* Budgets get what the health rows leave, three of them at least. */
void overview_draw_side(const Overview *o, const View *v, Canvas *c, Rect r, unsigned elsewhere) {
    HealthRow row[HEALTH_ROWS];
    int health = health_rows(o, elsewhere, row), budgets = r.h - health, wanted = o->budgets ? (int)o->budgets + 1 : 2;
    int least = wanted < 4 ? wanted : 4;
    if (budgets < least) budgets = least;
    if (budgets > wanted) budgets = wanted;
    bool gap = r.h - budgets > health;
    overview_draw_budgets(o, v, c, (Rect){r.x, r.y, r.w, budgets}, true);
    draw_rows(row, health, c, (Rect){r.x, r.y + budgets + gap, r.w, r.h - budgets - gap});
}

/* Wide screens: the switch and what stands behind the figures, at the right of them. */
void overview_draw_health(const Overview *o, const View *v, Canvas *c, Rect r) {
    HealthRow row[HEALTH_ROWS + 1];
    char words[96];
    const PolicyView *p = &v->policy;
    ThemeRole role;
    switch_words(p, v->zone, v->now_ms, false, words, sizeof words, &role);
    if (view_is_past(v))
        say(&row[0], role, "switch now     %s", words);
    else if (p->state == SWITCH_UNKNOWN)
        say(&row[0], role, "switch         %s", words);
    else
        say(&row[0], role, "switch         %s, generation %lld%s%.40s", words, (long long)p->generation,
            p->by[0] ? " by " : "", p->by);
    draw_rows(row, 1 + health_rows(o, ELSEWHERE_LATENCY, row + 1), c, r);
}
