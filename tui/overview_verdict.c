/* overview_verdict: the sentence that comes first: what burns, since when, whether that is normal, which budget breaks.
 * Owns: its wording and what it leaves out where there is little room. Pure. */
#include "store/money.h"
#include "tui/layout.h"
#include "tui/overview.h"
#include "tui/view.h"

enum { PIECE = 192, SILENT_MS = 5 * 60000 };

static bool usual_known(const Now *n) {
    return n->usual_nano_per_min > 0;
}

/* More than three times the usual and more than a dollar a minute is a reason to act; twice is one to watch. */
ThemeRole overview_burn_role(const Now *n) {
    if (!usual_known(n)) return ROLE_TEXT;
    if (n->rate_nano_per_min > 3 * n->usual_nano_per_min && n->rate_nano_per_min > NANO_PER_USD) return ROLE_ACT;
    return n->rate_nano_per_min > 2 * n->usual_nano_per_min && n->rate_nano_per_min > NANO_PER_USD / 10 ? ROLE_WATCH
                                                                                                        : ROLE_TEXT;
}

/* A budget that is spent or will be within the hour is a reason to act; one that breaks later in its period, to watch. */
ThemeRole overview_budget_role(const BudgetRow *b, int64_t now_ms) {
    if (b->v.spent_permille >= 1000) return ROLE_ACT;
    if (b->v.breaks_ms >= 0) return b->v.breaks_ms - now_ms <= MS_PER_HOUR ? ROLE_ACT : ROLE_WATCH;
    return b->v.level > 0 ? ROLE_WATCH : ROLE_TEXT;
}

const char *overview_name(const char *name) {
    return name[0] ? name : "(none)";
}

int64_t overview_rate_of(const Overview *o, const char *name) {
    int64_t sum = 0;
    for (size_t i = 0; i < o->minute.count; i++)
        if (strcmp(o->minute.groups[i].name[0], name) == 0) sum = nano_add(sum, o->minute.groups[i].t.cost_nano);
    return sum;
}

/* The value that burns most in the last minute. */
typedef struct Burner {
    const char *name;
    int64_t part, whole;
} Burner;

static Burner burner_of(const Overview *o) {
    Burner b = {.name = "", .whole = o->minute.total.cost_nano};
    for (size_t i = 0; i < o->minute.count; i++) {
        const char *name = o->minute.groups[i].name[0];
        int64_t rate = overview_rate_of(o, name);
        if (rate > b.part) b = (Burner){name, rate, b.whole};
    }
    return b;
}

/* A sentence in three parts, each in a long and a short form; the longest that fits is drawn. */
typedef struct Sentence {
    char head[2][PIECE], who[2][PIECE], budget[2][PIECE]; /* [0] long, [1] short */
} Sentence;

static void head_words(const Overview *o, const View *v, ThemeRole role, Sentence *s) {
    const Now *n = &o->now;
    const char *all = o->filtered ? " in all" : ""; /* it judges the whole, whatever the list shows */
    char rate[64], at[48], since[80] = "";
    snprintf(rate, sizeof rate, "%s/min", number_usd(n->rate_nano_per_min, 0, BASIS_NONE).text);
    if (o->onset_ms && !o->filtered) {
        time_format(v->zone, o->onset_ms, "%H:%M", at, sizeof at);
        snprintf(since, sizeof since, " since %s%s", o->onset_before ? "before " : "", at);
    }
    time_format(v->zone, v->until_ms - v->until_ms % MS_PER_HOUR, "%a %H:00", at, sizeof at);
    if (role != ROLE_TEXT) {
        const char *glyph = role == ROLE_ACT ? "●" : "▲";
        const Number times = number_ratio(n->rate_nano_per_min, n->usual_nano_per_min);
        snprintf(s->head[0], PIECE, "%s %s usual%s%s%s", glyph, times.text, all, since, o->filtered ? "." : ":");
        snprintf(s->head[1], PIECE, "%s %s usual%s%s.", glyph, times.text, all, since);
    } else if (usual_known(n)) {
        snprintf(s->head[0], PIECE, "○ Usual%s: %s for %s.", all, rate, at);
        snprintf(s->head[1], PIECE, "○ Usual%s: %s.", all, rate);
    } else {
        snprintf(s->head[0], PIECE, "○ %s%s; what is usual is known after a week.", rate, all);
        snprintf(s->head[1], PIECE, "○ %s%s, usual unknown.", rate, all);
    }
}

static void who_words(const Overview *o, ThemeRole role, Sentence *s) {
    const Burner b = burner_of(o);
    const char *name = overview_name(b.name);
    bool model_is_news = o->dim != DIM_MODEL && o->burner_model[0];
    if (b.part <= 0 || o->filtered) return; /* of those that pass none need be the one that burns */
    if (role == ROLE_TEXT) {
        snprintf(s->who[0], PIECE, " Largest: %.60s %s.", name, number_percent(b.part, b.whole, 0).text);
        memcpy(s->who[1], s->who[0], PIECE);
        return;
    }
    snprintf(s->who[0], PIECE, " %.60s%s%.60s burns %s of %s/min.", name, model_is_news ? " on " : "",
             model_is_news ? o->burner_model : "", number_usd(b.part, 0, BASIS_NONE).text,
             number_usd(b.whole, 0, BASIS_NONE).text);
    snprintf(s->who[1], PIECE, " %.60s burns %s.", name, number_percent(b.part, b.whole, 0).text);
}

/* "docs-day breaks 03:17, in 5m", or that it is spent. */
static void one_budget(const BudgetRow *r, const View *v, bool with_left, char *out, size_t size) {
    char at[32];
    int64_t left = r->v.breaks_ms - v->until_ms;
    if (r->v.spent_permille >= 1000) {
        snprintf(out, size, " %.40s is spent", r->b->id);
        return;
    }
    time_format(v->zone, r->v.breaks_ms, left < MS_PER_DAY ? "%H:%M" : "%a %H:%M", at, sizeof at);
    snprintf(out, size, " %.40s breaks %s%s%.12s", r->b->id, at, with_left ? ", in " : "",
             with_left ? number_age(left).text : "");
}

static void budget_words(const Overview *o, const View *v, Sentence *s) {
    char one[PIECE / 2 + 24], next[PIECE / 6 + 32] = "", at[16];
    if (o->budgets == 0) return;
    const BudgetRow *first = &o->budget[0], *second = o->budgets > 1 ? &o->budget[1] : NULL;
    if (first->v.breaks_ms < 0 && first->v.spent_permille < 1000) {
        snprintf(s->budget[0], PIECE, " No budget breaks.");
        return;
    }
    if (second && second->v.breaks_ms >= v->until_ms && second->v.breaks_ms - v->until_ms < MS_PER_DAY) {
        time_format(v->zone, second->v.breaks_ms, "%H:%M", at, sizeof at);
        snprintf(next, sizeof next, "; %.30s %s", second->b->id, at);
    }
    one_budget(first, v, true, one, sizeof one);
    snprintf(s->budget[0], PIECE, "%.120s%.64s.", one, next);
    one_budget(first, v, false, one, sizeof one);
    snprintf(s->budget[1], PIECE, "%.120s.", one);
}

/* Which form of each part to try, from rich to poor; 2 = left out. */
static void fit_sentence(const Sentence *s, int width, char *out, size_t size) {
    static const char tries[][3] = {{0, 0, 0}, {0, 0, 1}, {1, 1, 0}, {1, 1, 1}, {1, 1, 2}, {1, 2, 1}, {1, 2, 2}};
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        const char *t = tries[i];
        snprintf(out, size, "%s%s%s", s->head[(int)t[0]], t[1] < 2 ? s->who[(int)t[1]] : "",
                 t[2] < 2 ? s->budget[(int)t[2]] : "");
        if (text_columns(out) <= width) return;
    }
}

static bool is_silent(const Overview *o, const View *v) {
    return o->now.last_record_ms == 0 || v->until_ms - o->now.last_record_ms > SILENT_MS;
}

static void silence(const Overview *o, const View *v, char *out, size_t size) {
    char at[48];
    int64_t quiet_ms = v->until_ms - o->now.last_record_ms;
    if (o->now.last_record_ms == 0) {
        snprintf(out, size, "? No call was read yet.");
        return;
    }
    time_format(v->zone, o->now.last_record_ms, quiet_ms < MS_PER_DAY ? "%H:%M" : "%d %b %H:%M", at, sizeof at);
    snprintf(out, size, "? No call for %s; nothing here is newer than %s.", number_age(quiet_ms).text, at);
}

/* "■ Non-critical calls are stopped by alice: INC-4242. $0.17/min still passes." */
static void stopped(const Overview *o, const View *v, char *out, size_t size) {
    const PolicyView *p = &v->policy;
    snprintf(out, size, "■ %s are stopped%s%.40s%s%.80s. %s/min still passes.",
             p->state == SWITCH_ALL ? "All calls" : "Non-critical calls", p->by[0] ? " by " : "", p->by,
             p->reason[0] ? ": " : "", p->reason, number_usd(o->now.rate_nano_per_min, 0, BASIS_NONE).text);
}

/* On narrow screens in two rows: what, and who. */
static void two_rows(const Sentence *s, Canvas *c, Rect r, ThemeRole role) {
    char second[2 * PIECE];
    snprintf(second, sizeof second, "%s%s", s->who[1], s->budget[1]);
    if (text_columns(second) > r.w - 2) snprintf(second, sizeof second, "%s", s->who[1]);
    canvas_text(c, r.x + 1, r.y, r.w - 1, role, ATTR_BOLD, s->head[1]);
    canvas_text(c, r.x + 2, r.y + 1, r.w - 2, role, ATTR_BOLD, second);
}

void overview_draw_verdict(const Overview *o, const View *v, Canvas *c, Rect r) {
    Sentence s = {.head = {""}};
    char text[4 * PIECE];
    ThemeRole role = overview_burn_role(&o->now),
              budget = o->budgets ? overview_budget_role(&o->budget[0], v->until_ms) : ROLE_TEXT;
    bool is_stopped = !view_is_past(v) && (v->policy.state == SWITCH_ALL || v->policy.state == SWITCH_NON_CRITICAL);
    if (is_stopped || is_silent(o, v)) {
        if (is_stopped) stopped(o, v, text, sizeof text);
        else silence(o, v, text, sizeof text);
        canvas_text(c, r.x + 1, r.y, r.w - 1, is_stopped || o->now.last_record_ms ? ROLE_WATCH : ROLE_TEXT, ATTR_BOLD,
                    text);
        return;
    }
    head_words(o, v, role, &s);
    who_words(o, role, &s);
    budget_words(o, v, &s);
    if (role == ROLE_TEXT && budget != ROLE_TEXT) { /* the rate is usual, a budget is not */
        role = budget;
        for (int i = 0; i < 2; i++) memcpy(s.head[i], role == ROLE_ACT ? "●" : "▲", 3);
    }
    if (role == ROLE_TEXT && v->leak[0]) { /* nothing burns, but something passes by */
        canvas_textf(c, r.x + 1, r.y, r.w - 1, ROLE_ACT, ATTR_BOLD, "● %s", v->leak);
        return;
    }
    if (r.h >= 2) {
        two_rows(&s, c, r, role);
        return;
    }
    fit_sentence(&s, r.w - 1, text, sizeof text);
    canvas_text(c, r.x + 1, r.y, r.w - 1, role, ATTR_BOLD, text);
}
