/* bills_draw: see bills_draw.h. */
#include "tui/bills_draw.h"
#include "store/money.h"
#include "tui/chart.h"
#include "tui/number.h"
#include "tui/recon_words.h"

enum { SENTENCE_MAX = 768, FIGURES_COLUMNS = 72 /* from here on a part has its three figures */ };

/* Draws words into r, row by row, those after the first set in; the last row is cut. Returns the rows used. */
static int draw_words(Canvas *c, Rect r, ThemeRole role, unsigned attr, const char *text) {
    char line[SENTENCE_MAX];
    int y = 0;
    for (const char *at = text; *at && y < r.h; y++) {
        int in = y ? 3 : 0, room = r.w - in;
        size_t fit = strlen(at), end = fit;
        snprintf(line, sizeof line, "%s", at);
        while (y + 1 < r.h && text_columns(line) > room && end > 0) { /* word by word from the end */
            while (end > 0 && line[end - 1] != ' ') end--;
            if (end > 0) line[--end] = '\0', fit = end;
        }
        canvas_text(c, r.x + in, r.y + y, room, role, attr, line);
        at += fit;
        at += strspn(at, " ");
    }
    return y;
}

/* "+$3.00" */
static void dollars(int64_t nano, char *out, size_t size) {
    char text[32];
    nano_grouped(nano < 0 ? -nano : nano, 2, text, sizeof text);
    snprintf(out, size, "%s$%s", nano < 0 ? "-" : "+", text);
}

void bills_draw_verdict(const Bills *b, Canvas *c, Rect r) {
    char text[SENTENCE_MAX], size[40];
    const ReconFinding *f = &b->finding[0];
    const Rect at = {r.x + 1, r.y, r.w - 2, b->warning[0] ? 1 : r.h};
    if (b->warning[0]) canvas_textf(c, r.x + 1, r.y + 1, r.w - 2, ROLE_WATCH, 0, "▲ %s", b->warning);
    if (b->findings == 0) {
        canvas_text(c, at.x, at.y, at.w, ROLE_TEXT, 0, "○ Logs, usage and bills agree on the closed days.");
        return;
    }
    for (size_t i = 0; i < b->findings && f->cause != CAUSE_OUTSIDE; i++) /* spend that nobody logged is worse than a wrong price, whatever its size */
        if (b->finding[i].cause == CAUSE_OUTSIDE) f = &b->finding[i];
    dollars(f->nano, size, sizeof size);
    if (f->cause == CAUSE_OUTSIDE) snprintf(text, sizeof text, "● %s: %s", f->account, f->evidence);
    else snprintf(text, sizeof text, "▲ %s: %s %s, %s. %s", f->account, size, f->what, cause_names[f->cause], f->evidence);
    draw_words(c, at, f->cause == CAUSE_OUTSIDE ? ROLE_ACT : ROLE_WATCH, ATTR_BOLD, text);
}

/* ---- an opened row ---- */
static bool is_of(const ReconLine *chosen, const char *account) {
    return !chosen->account[0] || strcmp(chosen->account, account[0] ? account : "(none)") == 0;
}

static bool is_on(const ReconLine *chosen, const ReconFinding *f) { return f->day_ms == chosen->day_ms && is_of(chosen, f->account); }

/* A model that a finding of this day is about. */
static bool is_found(const Bills *b, const ReconLine *l) {
    for (size_t i = 0; i < b->findings; i++)
        if (l->model[0] && b->finding[i].day_ms == l->day_ms && strcmp(b->finding[i].account, l->account) == 0 && strcmp(b->finding[i].model, l->model) == 0) return true;
    return false;
}

static void draw_part(const Bills *b, const ReconPart *p, Canvas *c, Rect r, bool named) {
    const ReconLine *l = &p->line;
    int x = r.x + r.w;
    canvas_right(c, x - 1, r.y, 12, ROLE_TEXT, 0, number_money(p->spend_nano, 11, BASIS_NONE).text);
    if (r.w >= FIGURES_COLUMNS && p->kind == RECON_MODEL) {
        canvas_right(c, x - 14, r.y, 12, ROLE_TEXT, 0, l->has_billed ? number_money(l->billed_nano, 11, BASIS_NONE).text : "-");
        canvas_right(c, x - 27, r.y, 12, ROLE_TEXT, 0, l->has_reported ? number_money(l->reported.cost_nano, 11, BASIS_NONE).text : "-");
    }
    canvas_textf(c, r.x + 1, r.y, r.w - (r.w >= FIGURES_COLUMNS ? 40 : 14), p->kind == RECON_REST || is_found(b, l) ? ROLE_WATCH : ROLE_TEXT, 0, "%s%s%s",
                 named ? l->account : "", named ? " " : "", l->model[0] ? l->model : "(no model)");
}

/* Metered, and billed (else reported), of the account, a mark a day, oldest first. */
static void draw_spark(const Bills *b, const ReconLine *chosen, Canvas *c, Rect r) {
    int64_t metered[BILLS_DAYS + 1] = {0}, known[BILLS_DAYS + 1] = {0}, max = 1;
    char text[2][3 * (BILLS_DAYS + 1) + 1];
    size_t n = 0;
    for (size_t i = b->count; i > 0 && n <= BILLS_DAYS; i--) {
        const ReconLine *l = &b->line[i - 1];
        if (strcmp(l->account, chosen->account) != 0) continue;
        metered[n] = l->metered.cost_nano;
        known[n] = l->has_billed ? l->billed_nano : l->reported.cost_nano;
        if (metered[n] > max) max = metered[n];
        if (known[n] > max) max = known[n];
        n++;
    }
    spark_text(text[0], sizeof text[0], metered, n, max);
    spark_text(text[1], sizeof text[1], known, n, max);
    bool both = 28 + 2 * (int)n <= r.w; /* with their words */
    canvas_textf(c, r.x + 1, r.y, r.w - 2, ROLE_DIM, 0, "by day   metered %s%s%s", text[0], both ? "   billed " : "", both ? text[1] : "");
}

/* The findings of the account: first what shows most on this day, then what shows on others. */
static void draw_why(const Bills *b, const ReconLine *chosen, Canvas *c, Rect r) {
    int y = r.y;
    for (int others = 0; others < 2; others++)
        for (size_t i = 0; i < b->findings && y < r.y + r.h; i++) {
            const ReconFinding *f = &b->finding[i];
            char day[40] = "", text[SENTENCE_MAX], size[40];
            if (!is_of(chosen, f->account) || is_on(chosen, f) == others) continue;
            if (others) time_format(NULL, f->day_ms, " on %a %d %b", day, sizeof day);
            dollars(f->nano, size, sizeof size);
            snprintf(text, sizeof text, "%s%s %s: %s. %s", size, day, f->what[0] ? f->what : "(no model)", cause_names[f->cause], f->evidence);
            y += draw_words(c, (Rect){r.x + 1, y, r.w - 2, r.y + r.h - y}, f->cause == CAUSE_OUTSIDE ? ROLE_ACT : others ? ROLE_DIM : ROLE_TEXT, 0, text);
        }
}

static void draw_title(const Bills *b, const ReconLine *chosen, Canvas *c, Rect r) {
    char day[32];
    size_t at = b->next ? (b->next - 1) % (b->findings ? b->findings : 1) : 0;
    time_format(NULL, chosen->day_ms, "%a %d %b", day, sizeof day);
    canvas_fill(c, r, ROLE_RULE, 0, "─");
    canvas_textf(c, r.x + 2, r.y, r.w - 4, ROLE_TITLE, 0, " %s %s%s ", day, chosen->account[0] ? chosen->account : "all accounts",
                 chosen->open ? ", not comparable yet" : "");
    if (b->next && b->findings && is_on(chosen, &b->finding[at]) && r.w >= FIGURES_COLUMNS) {
        char text[96];
        snprintf(text, sizeof text, " finding %zu of %zu, by dollars ", at + 1, b->findings);
        canvas_right(c, r.x + r.w - 2, r.y, 40, ROLE_TITLE, 0, text);
    }
}

void bills_draw_open(const Bills *b, const ReconLine *chosen, Canvas *c, Rect r) {
    int y = r.y + 1, end = r.y + r.h;
    int64_t sum = 0;
    draw_title(b, chosen, c, (Rect){r.x, r.y, r.w, 1});
    if (r.w >= FIGURES_COLUMNS) canvas_right(c, r.x + r.w - 1, y, 39, ROLE_DIM, 0, "reported ^$    billed =$     spend $");
    if (r.h > 8) draw_spark(b, chosen, c, (Rect){r.x, y, r.w - 40, 1}), y++;
    else if (r.w >= FIGURES_COLUMNS) y++;
    for (size_t i = 0; i < b->part_count; i++) {
        const ReconPart *p = &b->parts[i];
        if (p->line.day_ms != chosen->day_ms || !is_of(chosen, p->line.account)) continue;
        sum = nano_add(sum, p->spend_nano);
        if (y < end - 1) draw_part(b, p, c, (Rect){r.x, y++, r.w, 1}, !chosen->account[0]);
    }
    canvas_text(c, r.x + 1, y, r.w - 14, ROLE_TEXT, ATTR_BOLD, "together, the spend of the day");
    canvas_right(c, r.x + r.w - 1, y++, 12, ROLE_TEXT, ATTR_BOLD, number_money(sum, 11, BASIS_NONE).text);
    draw_why(b, chosen, c, (Rect){r.x, y, r.w, end - y});
}

void bills_draw_findings(const Bills *b, Canvas *c, Rect r) {
    for (int i = 0; i < r.h && (size_t)i < b->findings; i++) {
        const ReconFinding *f = &b->finding[i];
        canvas_right(c, r.x + 12, r.y + i, 12, ROLE_TEXT, 0, number_money_signed(f->nano, 11).text);
        canvas_textf(c, r.x + 14, r.y + i, r.w - 15, f->cause == CAUSE_OUTSIDE ? ROLE_ACT : ROLE_DIM, 0, "%s %s: %s. %s", f->account, f->what,
                     cause_names[f->cause], f->evidence);
    }
}

/* ---- what stands apart ---- */
static void draw_left(const BalanceView *l, const View *v, Canvas *c, Rect r) {
    char days[96] = "";
    if (l->days_left >= 0)
        snprintf(days, sizeof days, ", %lld day%s at $%s a day", (long long)(l->days_left > 9999 ? 9999 : l->days_left), l->days_left == 1 ? "" : "s", number_money(l->day_nano, 0, BASIS_NONE).text);
    canvas_textf(c, r.x, r.y, r.w, l->days_left >= 0 && l->days_left < 3 ? ROLE_WATCH : ROLE_TEXT, 0, "%s %s %s %s%s, %s old", l->account, recon_left_words(l),
                 number_money(l->nano, 0, BASIS_NONE).text, l->currency, days, number_age(v->now_ms - l->at_ms).text);
}

static void draw_foreign(const ForeignView *f, Canvas *c, Rect r) {
    canvas_textf(c, r.x, r.y, r.w, ROLE_TEXT, 0, "%s billed %s %s on %d day%s, in no sum", f->account, number_money(f->nano, 0, BASIS_NONE).text, f->currency,
                 f->days, f->days == 1 ? "" : "s");
}

void bills_draw_apart(const Bills *b, const View *v, Canvas *c, Rect r) {
    for (int i = 0; i < r.h; i++) { /* currencies first: they are money spent */
        bool foreign = (size_t)i < b->foreigns;
        const Rect at = {r.x + 8, r.y + i, r.w - 9, 1};
        canvas_text(c, r.x + 1, at.y, 6, ROLE_DIM, 0, foreign ? "apart" : "left");
        if (foreign) draw_foreign(&b->foreign[i], c, at);
        else draw_left(&b->balance[(size_t)i - b->foreigns], v, c, at);
    }
}
