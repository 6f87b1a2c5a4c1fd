/* cmd_status_line: the status as one line: for people, for tmux, and by a template. What a word says is written once, in
 * words[]; the lines are templates themselves. See cmd_status.h. */
#include "tui/canvas.h"
#include "tui/cmd_status.h"
#include "tui/command.h"
#include "tui/glyphs.h"
#include "tui/number.h"
#include "tui/text_width.h"

typedef struct Word { /* {name} in a template; "" = there is nothing to say */
    const char *name;
    void (*say)(const Status *s, Buf *out);
} Word;

static void add_usd(Buf *out, int64_t nano, Basis mark) {
    buf_str(out, number_usd(nano, 0, mark).text);
}

static void say_glyph(const Status *s, Buf *out) {
    static const char *const glyphs[] = {"\u25cb", "\u25b2", "\u25cf", "?"}; /* ok watch act unknown */
    buf_str(out, glyphs[s->severity]);
}

static void say_rate(const Status *s, Buf *out) {
    add_usd(out, s->now.rate_nano_per_min, BASIS_NONE);
}

static void say_usual(const Status *s, Buf *out) {
    if (s->now.usual_nano_per_min < 0) buf_str(out, "unknown");
    else add_usd(out, s->now.usual_nano_per_min, BASIS_NONE);
}

static void say_ratio(const Status *s, Buf *out) {
    if (s->now.usual_nano_per_min > 0) buf_str(out, number_ratio(s->now.rate_nano_per_min, s->now.usual_nano_per_min).text);
}

static void say_today(const Status *s, Buf *out) {
    add_usd(out, s->now.today_effective_nano, basis_of_spend(&s->now.today, s->now.today_basis));
}

static void say_today_short(const Status *s, Buf *out) {
    buf_str(out, number_usd_short(s->now.today_effective_nano, basis_of_spend(&s->now.today, s->now.today_basis)).text);
}

static void say_end(const Status *s, Buf *out) {
    buf_str(out, number_usd_whole(s->now.eod_at_rate_nano, 0, BASIS_PROJECTED).text);
}

static void say_end_short(const Status *s, Buf *out) {
    buf_str(out, number_usd_short(s->now.eod_at_rate_nano, BASIS_PROJECTED).text);
}

static void say_month(const Status *s, Buf *out) {
    add_usd(out, s->now.month_effective_nano, basis_of_spend(&s->now.month, s->now.month_basis));
}

static void say_notional(const Status *s, Buf *out) {
    if (s->now.today.notional_nano) add_usd(out, s->now.today.notional_nano, BASIS_NONE);
}

static void say_calls(const Status *s, Buf *out) {
    buf_str(out, number_count(s->now.today.requests, 0).text);
}

static void say_errors(const Status *s, Buf *out) {
    buf_str(out, number_percent(s->now.today.errors, s->now.today.requests - s->now.today.refused, 1).text);
}

static void say_top(const Status *s, Buf *out) {
    if (s->top[0]) buf_fmt(out, "%s %d%%", s->top, s->top_percent);
}

static void say_budget(const Status *s, Buf *out) {
    if (!s->budget_count) return;
    const StatusBudget *b = &s->budgets[0];
    buf_fmt(out, "%s %d%%", b->budget->id, b->view.spent_permille / 10);
    if (b->view.breaks_ms <= s->now_ms) return;
    char clock[32];
    time_format(s->zone, b->view.breaks_ms, "%H:%M", clock, sizeof clock);
    buf_fmt(out, " %s", clock);
}

static void say_switch(const Status *s, Buf *out) {
    static const char *const texts[] = {[SWITCH_UNKNOWN] = "? switch unknown", [SWITCH_OFF] = "\u25cb calls pass",
                                        [SWITCH_NON_CRITICAL] = "\u25a0 STOP non-critical", [SWITCH_ALL] = "\u25a0 STOP all",
                                        [SWITCH_EXPIRED] = "\u25cb calls pass, stop ended"};
    buf_str(out, s->policy.never ? "\u25cb no switch yet" : texts[s->policy.state]);
}

static void say_state(const Status *s, Buf *out) {
    buf_str(out, severity_names[s->severity]);
}

static void say_reason(const Status *s, Buf *out) {
    for (size_t i = 0; i < s->reasons; i++) buf_fmt(out, "%s%s", i ? "; " : "", s->reason[i]);
}

static void say_untold(const Status *s, Buf *out) {
    if (s->untold) buf_str(out, s->reason[s->untold - 1]);
}

static void say_age(const Status *s, Buf *out) {
    buf_str(out, number_age(s->now.last_record_ms ? s->now_ms - s->now.last_record_ms : -1).text);
}

static const Word words[] = {
    {"glyph", say_glyph}, {"rate", say_rate}, {"usual", say_usual}, {"ratio", say_ratio}, {"today", say_today},
    {"today_short", say_today_short}, {"end_of_day", say_end}, {"end_short", say_end_short}, {"month", say_month},
    {"notional", say_notional}, {"calls", say_calls}, {"errors", say_errors}, {"top", say_top}, {"budget", say_budget},
    {"switch", say_switch}, {"state", say_state}, {"reason", say_reason}, {"untold", say_untold}, {"age", say_age}, {NULL, NULL},
};

/* Words need figures, but for these. */
static bool word_is_known(const Status *s, const Word *w) {
    return s->known || w->say == say_glyph || w->say == say_state || w->say == say_reason || w->say == say_untold;
}

static const Word *find_word(const char *at, size_t len) {
    for (const Word *w = words; w->name; w++)
        if (strlen(w->name) == len && memcmp(w->name, at, len) == 0) return w;
    return NULL;
}

/* "{word}" is replaced; what stands between IF and END is left out when a word in it has nothing to say. */
#define IF "\1"
#define END "\2"
/* In tmux's line: what follows has the colour of the state, of the first budget, of the switch, of the bar. */
#define BY_STATE "\3"
#define BY_BUDGET "\4"
#define BY_SWITCH "\5"
#define PLAIN "\6"

/* What a word says comes from logs and files, too: it cannot hold what is a mark here. */
static void say_word(const Status *s, const Word *w, Buf *out) {
    size_t before = out->len;
    w->say(s, out);
    for (size_t i = before; i < out->len; i++)
        if (out->at[i] >= *IF && out->at[i] <= *PLAIN) out->at[i] = '?';
}

static int expand(const Status *s, const char *at, Buf *out) {
    size_t group = SIZE_MAX;
    bool empty = false;
    for (; *at; at++) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (end) {
            const Word *w = find_word(at + 1, (size_t)(end - at - 1));
            if (!w) return usage_fail("status: {%.*s} is none of the words; see `tollwatch status --help`",
                                      (int)utf8_cut(at + 1, (size_t)(end - at - 1), 40), at + 1);
            size_t before = out->len;
            if (word_is_known(s, w)) say_word(s, w, out);
            empty |= out->len == before;
            at = end;
        } else if (*at == *IF && group == SIZE_MAX) {
            group = out->len;
            empty = false;
        } else if (*at == *END && group != SIZE_MAX) {
            if (empty && out->at) out->at[out->len = group] = '\0';
            group = SIZE_MAX;
        } else {
            buf_add(out, at, 1);
        }
    }
    return EXIT_DONE;
}

typedef struct Look {
    bool ascii, tmux;
    const Theme *theme; /* of tmux; NULL = no colours */
} Look;

static void write_colour(const char *ground, Colour c, FILE *out) {
    if (c.rgb >= COLOUR_OWN) fprintf(out, "%s=colour%d", ground, (int)(c.rgb - COLOUR_OWN));
    else fprintf(out, "%s=#%06x", ground, (unsigned)c.rgb);
}

/* What is fine looks as the bar does. What is not is black or white on the role's colour: a bar may have any ground. */
static void write_style(Severity severity, const Theme *t, FILE *out) {
    static const Colour black = {0}, white = {0xFFFFFF};
    if (severity == SEVERITY_OK) return;
    Colour c = t->fg[severity == SEVERITY_CRITICAL ? ROLE_ACT : ROLE_WATCH];
    fputs("#[", out);
    if (c.rgb < 0) {
        fputs("reverse", out);
    } else {
        write_colour("fg", colour_contrast(black, c) >= colour_contrast(white, c) ? black : white, out);
        write_colour(",bg", c, out);
    }
    fputs(severity == SEVERITY_CRITICAL ? ",bold]" : "]", out);
}

static void write_mark(const Status *s, char mark, const Look *look, FILE *out) {
    if (!look->theme) return;
    if (mark == *PLAIN) fputs("#[default]", out);
    else if (mark == *BY_STATE) write_style(s->severity, look->theme, out);
    else if (mark == *BY_BUDGET) write_style(s->budget_count ? s->budgets[0].severity : SEVERITY_OK, look->theme, out);
    else write_style(status_switch_severity(s), look->theme, out);
}

/* Names come from logs: nothing may move a cursor; in tmux nothing of theirs may begin a style. */
static void write_clean(const Status *s, const char *text, const Look *look, FILE *out) {
    while (*text) {
        const char *at = text;
        int32_t code = utf8_next(&text);
        if (look->tmux && *at >= *BY_STATE && *at <= *PLAIN) write_mark(s, *at, look, out);
        else if (code_columns(code) < 0) fputc('?', out);
        else if (look->ascii && code > 0x7e) {
            if (glyph_ascii_first(code)) fputc(glyph_ascii_first(code), out);
            fputc(glyph_ascii(code), out);
        }
        else if (look->tmux && code == '#') fputc('_', out);
        else fwrite(at, 1, (size_t)(text - at), out);
    }
    fputc('\n', out);
}

static int say(const Status *s, const char *template, const Look *look, FILE *out) {
    Buf line = {.max = 8192};
    int code = expand(s, template, &line);
    if (code == EXIT_DONE) write_clean(s, line.at ? line.at : "", look, out);
    buf_free(&line);
    return code;
}

int status_template(const Status *s, const char *template, bool ascii, FILE *out) {
    return say(s, template, &(Look){.ascii = ascii}, out);
}

void status_line(const Status *s, bool ascii, FILE *out) {
    say(s, s->known ? "{glyph} {rate}/min" IF " {ratio} usual" END IF " | {top}" END " | today {today} {end_of_day}"
                      IF " | notional {notional}" END IF " | {budget}" END " | {switch}" IF " | {reason}" END
                    : "{glyph} {state}: {reason}", &(Look){.ascii = ascii}, out);
}

/* 80 columns hold it with names of ordinary length; tmux cuts the rest. */
void status_tmux(const Status *s, bool ascii, const Theme *theme, FILE *out) {
    say(s, s->known ? BY_STATE "{rate}/m {glyph}" IF "{ratio}" END IF " {untold}" END PLAIN IF " {top}" END " | {today_short} {end_short}"
                      IF " | " BY_BUDGET "{budget}" PLAIN END " | " BY_SWITCH "{switch}" PLAIN
                    : BY_STATE "{glyph} tollwatch {state}" IF ": {untold}" END PLAIN,
        &(Look){.ascii = ascii, .tmux = true, .theme = theme}, out);
}
