/* cmd_report_table: reports for people: an aligned table, or Markdown for an incident channel. Columns that would be empty
 * are left out; what a figure leaves out is said below the table. Unknown is "unpriced" or at-least, never 0. */
#include "store/money.h"
#include "tui/canvas.h"
#include "tui/cmd_report.h"
#include "tui/number.h"
#include "tui/text_width.h"

typedef enum Field { FIELD_CALLS, FIELD_ERRORS, FIELD_REFUSED, FIELD_INCOMPLETE, FIELD_INPUT, FIELD_CACHED, FIELD_OUTPUT, FIELD_HITS,
                    FIELD_COST, FIELD_EACH, FIELD_NOTIONAL, FIELD_SAVED, FIELD_COUNT } Field;
enum { FIELD_TEXT = 600 };
#define ROW_TITLE (SIZE_MAX - 1)
#define ROW_TOTAL SIZE_MAX

typedef struct Sheet {
    const Report *r;
    bool markdown;
    int places; /* decimals of the money columns */
    Field fields[FIELD_COUNT];
    size_t field_count;
    int width[QUERY_BY_MAX + FIELD_COUNT];
} Sheet;

/* ---- what a cell says ---- */
/* Names come from logs: nothing invisible, nothing that moves a cursor or ends a Markdown cell. */
static void put_name(const Sheet *s, const char *name, char *out) {
    size_t n = 0;
    if (!*name) name = "(none)";
    while (*name && n + 8 < FIELD_TEXT) {
        const char *at = name;
        int32_t code = utf8_next(&name);
        bool shown = code_columns(code) >= 0 && !(s->r->ascii && code > 0x7e);
        if (!shown) out[n++] = '?';
        else {
            if (s->markdown && strchr("|<\\`", (int)code)) out[n++] = '\\';
            memcpy(out + n, at, (size_t)(name - at));
            n += (size_t)(name - at);
        }
    }
    out[n] = '\0';
}

static void put_money(const Sheet *s, int64_t nano, const char *mark, char *out) {
    char figure[48];
    nano_grouped(nano, s->places, figure, sizeof figure);
    snprintf(out, FIELD_TEXT, "%s%s", mark, figure);
}

/* Calls without a price among those that it is the sum of make it unknown, or at least so much. */
static void put_known(const Sheet *s, int64_t nano, int64_t unpriced, char *out) {
    bool partly = unpriced > 0;
    if (partly && nano == 0) snprintf(out, FIELD_TEXT, "unpriced");
    else put_money(s, nano, !partly ? "" : s->r->ascii ? ">=" : basis_mark(BASIS_AT_LEAST), out);
}

static void put_field(const Sheet *s, const Totals *t, Field c, char *out) {
    switch (c) {
    case FIELD_CALLS: snprintf(out, FIELD_TEXT, "%s", number_count(t->requests, 0).text); break;
    case FIELD_ERRORS: snprintf(out, FIELD_TEXT, "%s", number_count(t->errors, 0).text); break;
    case FIELD_REFUSED: snprintf(out, FIELD_TEXT, "%s", number_count(t->refused, 0).text); break;
    case FIELD_INCOMPLETE: snprintf(out, FIELD_TEXT, "%s", number_count(t->incomplete, 0).text); break;
    case FIELD_INPUT: snprintf(out, FIELD_TEXT, "%s", number_tokens(t->input_all).text); break;
    case FIELD_CACHED: snprintf(out, FIELD_TEXT, "%s", number_permille(totals_cache_hit_permille(t), 0).text); break;
    case FIELD_OUTPUT: snprintf(out, FIELD_TEXT, "%s", number_tokens(t->output_all).text); break;
    case FIELD_HITS: snprintf(out, FIELD_TEXT, "%s", number_count(t->response_cache_hits, 0).text); break;
    case FIELD_COST: put_known(s, t->cost_nano, t->unpriced_requests - t->unpriced_notional, out); break;
    case FIELD_EACH: snprintf(out, FIELD_TEXT, "%s", t->basis & 1u << ORIGIN_NOTIONAL ? "-" : number_cents_of(t, 0).text); break;
    case FIELD_NOTIONAL: put_known(s, t->notional_nano, t->unpriced_notional, out); break;
    case FIELD_SAVED: put_money(s, t->saved_cache_nano, "", out); break;
    case FIELD_COUNT: break;
    }
}

/* A column of one basis has its mark in the title. */
static void put_title(const Sheet *s, Field c, char *out) {
    static const char *const titles[FIELD_COUNT] = {"calls", "errors", "refused", "incomplete", "in tok", "cached", "out tok",
                                                   "cache hits", "cost", "¢/call", "notional $", "saved $"};
    unsigned money = s->r->result->total.basis & ~(1u << ORIGIN_NOTIONAL);
    const char *mark = money == 1u << ORIGIN_METERED ? "~" : money == 1u << ORIGIN_REPORTED ? "^" : money == 1u << ORIGIN_BILLED ? "=" : "";
    snprintf(out, FIELD_TEXT, "%s", titles[c]);
    if (c == FIELD_COST) snprintf(out, FIELD_TEXT, "cost %s$", mark);
    if (c == FIELD_EACH && s->r->ascii) snprintf(out, FIELD_TEXT, "c/call");
}

static void put(const Sheet *s, size_t row, size_t column, char *out) {
    const Report *r = s->r;
    const Totals *t = row == ROW_TOTAL || row == ROW_TITLE ? &r->result->total : &r->result->groups[row].t;
    size_t dims = r->query->by_count ? r->query->by_count : 1;
    if (column >= dims) {
        if (row == ROW_TITLE) put_title(s, s->fields[column - dims], out);
        else put_field(s, t, s->fields[column - dims], out);
    } else if (row == ROW_TOTAL) {
        snprintf(out, FIELD_TEXT, "%s", column == 0 ? "total" : "");
    } else if (row == ROW_TITLE) {
        snprintf(out, FIELD_TEXT, "%s", column < r->query->by_count ? by_name(r->query->by[column]) : "");
    } else {
        put_name(s, r->result->groups[row].name[column], out);
    }
}

/* ---- layout ---- */
static size_t columns_of(const Sheet *s) {
    return (s->r->query->by_count ? s->r->query->by_count : 1) + s->field_count;
}

static bool is_empty(const Totals *t, Field c) {
    switch (c) {
    case FIELD_ERRORS: return t->errors == 0;
    case FIELD_REFUSED: return t->refused == 0;
    case FIELD_INCOMPLETE: return t->incomplete == 0;
    case FIELD_HITS: return t->response_cache_hits == 0;
    case FIELD_NOTIONAL: return !(t->basis & 1u << ORIGIN_NOTIONAL);
    case FIELD_SAVED: return t->saved_cache_nano == 0;
    default: return false;
    }
}

static int64_t size_of(int64_t nano) {
    return nano < 0 ? -(nano + 1) : nano;
}

/* Cents for dollars; small sums need more places to be seen at all. */
static int places_for(const Totals *t) {
    int64_t largest = size_of(t->cost_nano) > size_of(t->notional_nano) ? size_of(t->cost_nano) : size_of(t->notional_nano);
    return largest >= 10 * NANO_PER_USD ? 2 : largest >= NANO_PER_USD / 10 ? 4 : 6;
}

static void widen(Sheet *s, size_t row) {
    char text[FIELD_TEXT];
    for (size_t c = 0; c < columns_of(s); c++) {
        put(s, row, c, text);
        int w = text_columns(text);
        if (w > s->width[c]) s->width[c] = w;
    }
}

static void lay_out(Sheet *s) {
    s->places = places_for(&s->r->result->total);
    for (int c = 0; c < FIELD_COUNT; c++)
        if (!is_empty(&s->r->result->total, (Field)c)) s->fields[s->field_count++] = (Field)c;
    for (size_t i = 0; i < s->r->shown; i++) widen(s, i);
    widen(s, ROW_TITLE);
    widen(s, ROW_TOTAL);
}

static void write_row(const Sheet *s, size_t row, FILE *out) {
    char text[FIELD_TEXT];
    size_t dims = s->r->query->by_count ? s->r->query->by_count : 1, count = columns_of(s);
    for (size_t c = 0; c < count; c++) {
        put(s, row, c, text);
        int pad = s->width[c] - text_columns(text);
        bool right = c >= dims, last = c + 1 == count;
        fputs(s->markdown ? "| " : c ? "  " : "", out);
        if (right) fprintf(out, "%*s%s", pad, "", text);
        else if (last && !s->markdown) fputs(text, out);
        else fprintf(out, "%s%*s", text, pad, "");
        if (s->markdown) fputs(last ? " |" : " ", out);
    }
    fputc('\n', out);
}

static void write_rule(const Sheet *s, FILE *out) {
    size_t dims = s->r->query->by_count ? s->r->query->by_count : 1;
    for (size_t c = 0; c < columns_of(s); c++) {
        fputs("| ", out);
        for (int i = 0; i < s->width[c] - (c >= dims); i++) fputc('-', out);
        fputs(c >= dims ? ": " : " ", out);
    }
    fputs("|\n", out);
}

/* ---- around the table ---- */
static void write_range(const Sheet *s, FILE *out) {
    char since[40], until[40];
    time_format(s->r->zone, s->r->query->since_ms, "%Y-%m-%d %H:%M:%S", since, sizeof since);
    time_format(s->r->zone, s->r->query->until_ms, "%Y-%m-%d %H:%M:%S", until, sizeof until);
    const char *bold = s->markdown ? "**" : "";
    fprintf(out, "%sLLM spend%s %s to %s %s\n\n", bold, bold, since, until, zone_name(s->r->zone));
}

static void note(const Sheet *s, FILE *out, bool *first, const char *text) {
    if (*first) fputc('\n', out);
    *first = false;
    fprintf(out, "%s%s\n", s->markdown ? "- " : "", text);
}

static void write_notes(const Sheet *s, FILE *out) {
    const Result *r = s->r->result;
    char text[256];
    bool first = true;
    if (s->r->shown < r->count) {
        size_t left = r->count - s->r->shown;
        snprintf(text, sizeof text, "%s more row%s in the total; --limit shows more", number_count((int64_t)left, 0).text,
                 left == 1 ? " is" : "s are");
        note(s, out, &first, text);
    }
    if (r->total.unpriced_requests) {
        int64_t calls = r->total.unpriced_requests;
        snprintf(text, sizeof text, "%s call%s, %s tokens, without a price: not in the cost; `tollwatch prices unpriced` names them",
                 number_count(calls, 0).text, calls == 1 ? "" : "s", number_tokens(r->total.unpriced_tokens).text);
        note(s, out, &first, text);
    }
    if (r->total.basis & 1u << ORIGIN_NOTIONAL) note(s, out, &first, "notional is the list value of flat-rate use; it is no spend");
    if (r->from_rows) note(s, out, &first, "answered from raw rows");
}

static void write_sheet(Sheet *s, FILE *out) {
    lay_out(s);
    write_range(s, out);
    if (s->r->result->total.requests == 0) {
        fputs("no requests in this range\n", out);
        return;
    }
    write_row(s, ROW_TITLE, out);
    if (s->markdown) write_rule(s, out);
    for (size_t i = 0; i < s->r->shown; i++) write_row(s, i, out);
    write_row(s, ROW_TOTAL, out);
    write_notes(s, out);
}

void report_table(const Report *r, FILE *out) {
    Sheet s = {.r = r};
    write_sheet(&s, out);
    report_events(r, false, out);
}

void report_markdown(const Report *r, FILE *out) {
    Sheet s = {.r = r, .markdown = true};
    write_sheet(&s, out);
    report_events(r, true, out);
}
