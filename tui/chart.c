/* chart: bars over time with a value axis, a time axis and the usual line. See chart.h. */
#include "tui/chart.h"
#include "store/money.h"

enum { EIGHTHS = 8, LABEL_CELLS = 5, MARK_CELLS = 6 /* "▲13:21" */, LABELS_APART = 10, NANO_PER_CENT = 10000000 };
static const int64_t MONTH_MS = 28 * MS_PER_DAY;

/* value * scale / whole, never negative, saturated: levels in eighths of a row. */
static int64_t level(int64_t value, int64_t scale, int64_t whole) {
    __extension__ typedef __int128 Wide;
    if (value <= 0 || whole <= 0) return 0;
    Wide q = (Wide)value * scale / whole;
    return q > INT32_MAX ? INT32_MAX : (int64_t)q;
}

int chart_bars(int width) {
    return width > CHART_AXIS ? width - CHART_AXIS : 0;
}

int64_t chart_step(int64_t max, int ticks) {
    static const int64_t tenths[] = {10, 15, 20, 25, 30, 40, 50, 60, 80};
    if (ticks < 1) ticks = 1;
    if (max < ticks) return 1;
    for (int64_t decade = 1;; decade *= 10)
        for (size_t i = 0; i < sizeof tenths / sizeof tenths[0]; i++) {
            if (decade > INT64_MAX / 100) return INT64_MAX / ticks;
            int64_t step = decade * tenths[i] / 10;
            if (step > INT64_MAX / ticks || step * ticks >= max) return step;
        }
}

/* What one column shows: the average of the slots it covers. */
typedef struct Bar {
    int64_t burner, rest, usual; /* usual -1 = unknown */
} Bar;

static int64_t average(const int64_t *value, size_t from, size_t to, bool unknown_is_negative) {
    int64_t sum = 0, n = 0;
    for (size_t i = from; value && i < to; i++) {
        if (unknown_is_negative && value[i] < 0) continue;
        sum = nano_add(sum, value[i]);
        n++;
    }
    return n ? sum / n : unknown_is_negative ? -1 : 0;
}

static Bar bar_at(const Chart *ch, size_t column, size_t columns) {
    size_t from = column * ch->slots / columns, to = (column + 1) * ch->slots / columns;
    if (to <= from) to = from + 1;
    return (Bar){average(ch->burner, from, to, false), average(ch->rest, from, to, false), average(ch->usual, from, to, true)};
}

/* What the drawing functions share: the place of the bars and the value of their full height. */
typedef struct Plot {
    const Chart *ch;
    Canvas *c;
    int x, y, w, h;          /* of the bars, without axes */
    int rows_per_tick, ticks;
    int64_t max, step, top;  /* largest value, value of a tick, value of the highest row's upper edge */
} Plot;

static Plot plot_of(const Chart *ch, Canvas *c, Rect r) {
    Plot p = {.ch = ch, .c = c, .x = r.x + CHART_AXIS, .y = r.y, .w = chart_bars(r.w), .h = r.h - 1};
    int64_t max = 0;
    for (int i = 0; i < p.w; i++) {
        Bar b = bar_at(ch, (size_t)i, (size_t)p.w);
        int64_t total = nano_add(b.burner, b.rest), high = b.usual > total ? b.usual : total;
        if (high > max) max = high;
    }
    p.rows_per_tick = p.h >= 9 ? 3 : p.h >= 2 ? 2 : 1;
    p.ticks = p.h / p.rows_per_tick;
    p.max = max;
    p.step = chart_step(max, p.ticks);
    p.top = p.step > INT64_MAX / p.h ? INT64_MAX : p.step * p.h / p.rows_per_tick;
    return p;
}

/* A block of n eighths, n 1..8. */
static const char *block(int64_t n) {
    static const char *const blocks[] = {" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
    return blocks[n < 0 ? 0 : n > EIGHTHS ? EIGHTHS : n];
}

static int64_t column_ms(const Plot *p, int column) {
    return p->ch->since_ms + (int64_t)p->ch->slots * p->ch->slot_ms * column / p->w;
}

/* The usual, or what is compared with. A bar that ends in the line's own cell is as high as the line: it stays to be seen;
 * through a higher one only what is compared with shows. */
static void draw_line(const Plot *p, int column, int64_t line, int64_t total) {
    int row = line > 0 ? (int)((line - 1) / EIGHTHS) : 0;
    bool above = row * EIGHTHS >= total, inside = total >= (row + 1) * EIGHTHS;
    int x = p->x + column, y = p->y + p->h - 1 - row;
    if (p->ch->line && inside) canvas_text(p->c, x, y, 1, ROLE_KEY, 0, p->c->ascii ? "+" : "\u2022");
    else if (above) canvas_text(p->c, x, y, 1, p->ch->line ? ROLE_KEY : ROLE_DIM, 0, p->c->ascii ? "-" : "\u00b7");
}

/* What stands out does so from the mark on. */
static void draw_bar(const Plot *p, int column, Bar b) {
    const int64_t scale = (int64_t)p->h * EIGHTHS;
    int64_t rest = level(b.rest, scale, p->top), total = level(nano_add(b.burner, b.rest), scale, p->top);
    if (total == 0 && (b.rest > 0 || b.burner > 0)) total = 1;
    for (int row = 0; row < p->h && row * EIGHTHS < total; row++) {
        int64_t low = row * EIGHTHS;
        bool burns = p->ch->mark_ms > 0 && column_ms(p, column + 1) > p->ch->mark_ms;
        bool shaded = p->ch->burner && b.rest > 0 && (rest - low >= EIGHTHS / 2 || (row == 0 && b.burner == 0));
        canvas_text(p->c, p->x + column, p->y + p->h - 1 - row, 1, shaded || !burns ? ROLE_CHART : p->ch->burner_role, 0,
                    shaded ? "\u2592" : block(total - low));
    }
    if (b.usual >= 0) draw_line(p, column, level(b.usual, scale, p->top), total);
}

/* An axis has few cells: "9" of "9.00" where all its ticks are whole dollars, else all have the same decimals. Under a cent
 * ".05¢": ticks that all said 0 would be no axis. */
static void money_label(int64_t value, bool whole, char *out, size_t size) {
    if (value > 0 && value < NANO_PER_CENT) {
        int64_t milli = value / (NANO_PER_CENT / 1000);
        if (milli >= 10) snprintf(out, size, ".%02lld\u00a2", (long long)(milli / 10));
        else if (milli) snprintf(out, size, ".00%lld\u00a2", (long long)milli);
        else *out = '\0';
        return;
    }
    nano_short(value, out, size);
    char *point = strchr(out, '.');
    if (whole && point && strspn(point + 1, "0") == strlen(point + 1)) *point = '\0';
    memmove(out, out + (out[0] == '$'), strlen(out + (out[0] == '$')) + 1);
}

static void draw_value_axis(const Plot *p) {
    for (int row = 0; row < p->h; row++) canvas_text(p->c, p->x - 1, p->y + row, 1, ROLE_RULE, 0, "\u2502");
    for (int k = p->max > 0 ? p->ticks : 0; k >= 1; k--) {
        char label[32], text[40];
        bool dollars = p->step * k >= NANO_PER_CENT;
        money_label(p->step * k, p->step % NANO_PER_USD == 0, label, sizeof label);
        snprintf(text, sizeof text, "%s%s", k == p->ticks && dollars ? "$" : "", label);
        int y = p->y + p->h - k * p->rows_per_tick;
        canvas_right(p->c, p->x - 2, y, LABEL_CELLS, ROLE_DIM, 0, text);
        canvas_text(p->c, p->x - 1, y, 1, ROLE_RULE, 0, "\u2524");
    }
}

/* "usual" beside the row where the newest known usual stands; it takes a tick's place, except the highest's. */
static void draw_usual_label(const Plot *p) {
    int64_t usual = -1;
    for (size_t i = p->ch->slots; p->ch->usual && !p->ch->line && i-- > 0 && usual < 0;) usual = p->ch->usual[i];
    if (usual < 0) return;
    int64_t eighths = level(usual, (int64_t)p->h * EIGHTHS, p->top);
    int row = eighths > 0 ? (int)((eighths - 1) / EIGHTHS) : 0, y = p->y + p->h - 1 - row;
    if (y <= p->y) return;
    canvas_text(p->c, p->x - CHART_AXIS, y, LABEL_CELLS, ROLE_DIM, 0, "usual");
    canvas_text(p->c, p->x - 1, y, 1, ROLE_RULE, 0, "\u2524");
}

static int64_t span_ms(const Chart *ch) {
    return (int64_t)ch->slots * ch->slot_ms;
}

/* The smallest round unit whose labels stand at least 10 columns apart; of weeks so many as it takes. */
static int64_t time_unit(const Plot *p) {
    static const int64_t minutes[] = {1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2 * 1440};
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++)
        if (minutes[i] * MS_PER_MINUTE * p->w / span_ms(p->ch) >= LABELS_APART) return minutes[i] * MS_PER_MINUTE;
    int64_t unit = 7 * MS_PER_DAY;
    while (unit * p->w / span_ms(p->ch) < LABELS_APART && unit < span_ms(p->ch)) unit *= 2;
    return unit;
}

static const char *time_words(int64_t unit) {
    return unit < MS_PER_DAY ? "%H:%M" : unit < MONTH_MS ? "%d %b" : "%b %Y";
}

static int64_t time_column(const Plot *p, int64_t ms) {
    return (ms - p->ch->since_ms) * p->w / span_ms(p->ch);
}

static void draw_time_label(const Plot *p, int64_t ms, const char *fmt, ThemeRole role, unsigned attr) {
    char text[32];
    int64_t column = time_column(p, ms);
    time_format(p->ch->zone, ms, fmt, text, sizeof text);
    int n = text_columns(text), most = p->w - n;
    if (attr && column > most) column = most; /* a mark is always shown */
    if (column >= 0 && column <= most) canvas_text(p->c, p->x + (int)column, p->y + p->h, n, role, attr, text);
}

static void draw_time_axis(const Plot *p) {
    int y = p->y + p->h;
    canvas_right(p->c, p->x - 2, y, LABEL_CELLS, ROLE_DIM, 0, "0");
    canvas_text(p->c, p->x - 1, y, 1, ROLE_RULE, 0, "\u253c");
    canvas_fill(p->c, (Rect){p->x, y, p->w, 1}, ROLE_RULE, 0, "\u2500");
    const int64_t unit = time_unit(p), until = p->ch->since_ms + span_ms(p->ch);
    int64_t offset = zone_offset_s(p->ch->zone, p->ch->since_ms) * MS_PER_SECOND;
    int64_t ms = p->ch->since_ms + unit - 1 - (p->ch->since_ms + offset + unit - 1) % unit;
    while (ms < until) {
        bool under_mark = p->ch->mark_ms > 0 && llabs(time_column(p, ms) - time_column(p, p->ch->mark_ms)) <= MARK_CELLS;
        if (!under_mark) draw_time_label(p, ms, time_words(unit), ROLE_DIM, 0);
        int64_t then = zone_offset_s(p->ch->zone, ms) * MS_PER_SECOND;
        ms += unit;
        ms -= zone_offset_s(p->ch->zone, ms) * MS_PER_SECOND - then; /* a clock change in between */
    }
    if (p->ch->mark_ms > 0) draw_time_label(p, p->ch->mark_ms, "\u25b2%H:%M", p->ch->burner_role, ATTR_BOLD);
}

void chart_draw(const Chart *ch, Canvas *c, Rect r) {
    if (r.h < 3 || chart_bars(r.w) < 1 || ch->slots == 0 || ch->slot_ms <= 0) return;
    const Plot p = plot_of(ch, c, r);
    draw_value_axis(&p);
    draw_usual_label(&p);
    for (int i = 0; i < p.w; i++) draw_bar(&p, i, bar_at(ch, (size_t)i, (size_t)p.w));
    draw_time_axis(&p);
}

/* Appends a glyph while it fits whole. */
static void append(char *out, size_t size, size_t *used, const char *glyph) {
    size_t n = strlen(glyph);
    if (*used + n + 1 > size) return;
    memcpy(out + *used, glyph, n + 1);
    *used += n;
}

void bar_text(char *out, size_t size, int cells, int64_t part, int64_t whole) {
    static const char *const eighth[] = {"", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589"};
    size_t used = 0;
    int64_t n = level(part, (int64_t)cells * EIGHTHS, whole), most = (int64_t)cells * EIGHTHS;
    if (n == 0 && part > 0 && whole > 0) n = 1;
    if (n > most) n = most;
    if (size) out[0] = '\0';
    for (; n >= EIGHTHS; n -= EIGHTHS) append(out, size, &used, "\u2588");
    append(out, size, &used, eighth[n]);
}

void spark_text(char *out, size_t size, const int64_t *value, size_t count, int64_t max) {
    size_t used = 0;
    if (size) out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int64_t n = level(value[i], EIGHTHS, max);
        append(out, size, &used, value[i] < 0 ? " " : block(n < 1 ? 1 : n));
    }
}

void gauge_text(char *out, size_t size, int cells, int64_t spent, int64_t at_end, int64_t whole) {
    size_t used = 0;
    bool breaks = whole > 0 && at_end >= whole;
    int64_t full = level(spent, cells, whole), coming = level(at_end, cells, whole);
    if (size) out[0] = '\0';
    for (int i = 0; i < cells; i++)
        append(out, size, &used, i == cells - 1 && breaks ? "\u25ba" : i < full ? "\u2588" : i < coming ? "\u2592" : "\u2591");
}
