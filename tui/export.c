/* export: see export.h. */
#include "tui/export.h"
#include <inttypes.h>
#include "store/money.h"
#include "tui/json_out.h"
#include "tui/text_width.h"
#include "tui/view.h"

const char *const export_endings[] = {".csv", ".json", ".md", NULL}, *const export_names[] = {"CSV", "JSON", "Markdown", NULL};

enum { TEXT_SIZE = 256, NANO_PER_CENT = 10000000 };

typedef struct Sheet {
    const Table *t;
    const TableState *state;
    const View *v;
    size_t column[TABLE_COLUMNS_MAX], columns;
    FILE *out;
} Sheet;

int export_form(const char *path) {
    const char *dot = strrchr(path, '.');
    for (int i = 0; dot && export_endings[i]; i++)
        if (strcasecmp(dot, export_endings[i]) == 0) return i;
    return -1;
}

static void choose_columns(Sheet *s) {
    uint32_t hidden = table_hidden(s->t, s->state);
    for (size_t i = 0; i < s->t->column_count && i < TABLE_COLUMNS_MAX; i++) {
        const Column *c = &s->t->columns[i];
        bool wanted = !(hidden >> i & 1) || (c->filed && !(s->t->absent >> i & 1));
        if (wanted && c->figure != FIGURE_PICTURE) s->column[s->columns++] = i;
    }
}

size_t export_columns(const Listing *l, const TableState *s) {
    Sheet sheet = {.t = &l->table, .state = s};
    choose_columns(&sheet);
    return sheet.columns;
}

/* ---- fields ---- */

/* "cost_usd": what the name does not say. */
static void field_name(const Column *c, char *out, size_t size) {
    static const char *const units[] = {[FIGURE_DOLLARS] = "_usd", [FIGURE_PERMILLE] = "_permille", [FIGURE_PPM] = "_ppm", [FIGURE_PICTURE] = NULL};
    snprintf(out, size, "%s%s", c->name, units[c->figure] ? units[c->figure] : "");
}

static void scaled(int64_t value, int64_t unit, int places, char *out, size_t size) {
    uint64_t n = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, per = (uint64_t)unit;
    snprintf(out, size, "%s%" PRIu64 ".%0*" PRIu64, value < 0 ? "-" : "", n / per, places, n % per);
}

static bool is_number(const Column *c) { /* in JSON too; money is a decimal string, so that no reader rounds it */
    return c->figure == FIGURE_COUNT || c->figure == FIGURE_PERMILLE || c->figure == FIGURE_PPM || c->figure == FIGURE_SECONDS;
}

/* A row's state stands before its name, which is what a file is joined by. */
static const char *name_of(const char *text) {
    static const char *const states[] = {"\u25cf ", "\u25b2 ", "\u25cb ", "\u25a0 "};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strncmp(text, states[i], strlen(states[i])) == 0) return text + strlen(states[i]);
    return text + strspn(text, " ");
}

static void shown_text(const Sheet *s, size_t row, size_t column, char *out, size_t size) {
    TableCell cell = {.text = ""};
    s->t->cell(s->t->ctx, row, column, &cell);
    text_plain(name_of(cell.text), out, size);
}

/* false = it is not known. */
static bool field(const Sheet *s, size_t row, size_t column, char *out, size_t size) {
    const Figure figure = s->t->columns[column].figure;
    if (figure == FIGURE_TEXT) {
        shown_text(s, row, column, out, size);
        return true;
    }
    int64_t value = s->t->value(s->t->ctx, row, column);
    out[0] = '\0';
    if (value == FIGURE_UNKNOWN) return false;
    switch (figure) {
    case FIGURE_DOLLARS: nano_exact(value, out, size); break;
    case FIGURE_CENTS: scaled(value, NANO_PER_CENT, 7, out, size); break;
    case FIGURE_SECONDS: scaled(value, MS_PER_SECOND, 3, out, size); break;
    case FIGURE_TIME: time_format_utc(value, out, size); break;
    default: snprintf(out, size, "%" PRId64, value);
    }
    return true;
}

/* A sum with calls inside that have no price. */
static bool is_at_least(const Sheet *s, size_t row, size_t column) {
    char text[TEXT_SIZE];
    if (s->t->columns[column].figure != FIGURE_DOLLARS) return false;
    shown_text(s, row, column, text, sizeof text);
    return strncmp(text, "\u2265", 3) == 0;
}

/* The names of such columns, with blanks between; "" = none. */
static void at_least(const Sheet *s, size_t row, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < s->columns && used < size; i++) {
        char name[64];
        if (!is_at_least(s, row, s->column[i])) continue;
        field_name(&s->t->columns[s->column[i]], name, sizeof name);
        used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", name);
    }
}

static bool any_at_least(const Sheet *s) {
    char names[TEXT_SIZE];
    for (size_t i = 0; i < s->t->rows; i++) {
        at_least(s, i, names, sizeof names);
        if (names[0]) return true;
    }
    return false;
}

/* ---- CSV: rows only, so that a column can be summed ---- */

/* A name that a spreadsheet would take for a formula becomes text by an apostrophe; one that begins with an apostrophe gets
 * another, so that taking one away gives the name back. */
static void csv_name(FILE *out, const char *text) {
    char quoted[TEXT_SIZE + 1];
    bool formula = text[0] && strchr("=+-@'", text[0]) && strcmp(text, "-") != 0;
    snprintf(quoted, sizeof quoted, "%s%s", formula ? "'" : "", text);
    csv_out_text(out, quoted);
}

static void write_csv(const Sheet *s) {
    char text[TEXT_SIZE];
    bool marked = any_at_least(s);
    for (size_t i = 0; i < s->columns; i++) {
        field_name(&s->t->columns[s->column[i]], text, sizeof text);
        fprintf(s->out, "%s%s", i ? "," : "", text);
    }
    fputs(marked ? ",at_least\n" : "\n", s->out);
    for (size_t row = 0; row < s->t->rows; row++) {
        size_t at = table_row(s->t, s->state, row);
        for (size_t i = 0; i < s->columns; i++) {
            if (i) fputc(',', s->out);
            field(s, at, s->column[i], text, sizeof text);
            if (s->t->columns[s->column[i]].figure == FIGURE_TEXT) csv_name(s->out, text);
            else fputs(text, s->out);
        }
        at_least(s, at, text, sizeof text);
        fprintf(s->out, "%s%s\n", marked ? "," : "", text);
    }
}

/* ---- JSON ---- */

static void json_row(const Sheet *s, size_t row) {
    char text[TEXT_SIZE];
    fputc('{', s->out);
    for (size_t i = 0; i < s->columns; i++) {
        const Column *c = &s->t->columns[s->column[i]];
        field_name(c, text, sizeof text);
        fprintf(s->out, "%s\"%s\":", i ? "," : "", text);
        if (!field(s, row, s->column[i], text, sizeof text)) fputs("null", s->out);
        else if (is_number(c)) fputs(text, s->out);
        else json_out_string(s->out, text);
    }
    at_least(s, row, text, sizeof text);
    if (text[0]) fputs(",\"at_least\":", s->out), json_out_string(s->out, text);
    fputc('}', s->out);
}

static void write_json(const Sheet *s) {
    const View *v = s->v;
    fprintf(s->out, "{\"schema_version\":1,\"screen\":\"%s\",\"since\":", v->shown->name);
    json_out_time(s->out, v->since_ms);
    fputs(",\"until\":", s->out);
    json_out_time(s->out, v->until_ms);
    fputs(",\"filter\":", s->out);
    json_out_string(s->out, v->filter ? v->filter_text : "");
    fputs(",\"compared_with\":", s->out);
    json_out_string(s->out, view_compare_words(v));
    fprintf(s->out, ",\"complete\":%s,\"rows\":[", s->t->more || v->reading_permille >= 0 ? "false" : "true");
    for (size_t i = 0; i < s->t->rows; i++) {
        fputs(i ? ",\n" : "\n", s->out);
        json_row(s, table_row(s->t, s->state, i));
    }
    fputs("],\n\"total\":", s->out);
    if (s->t->has_total) json_row(s, TABLE_TOTAL);
    else fputs("null", s->out);
    fputs("}\n", s->out);
}

/* ---- Markdown ---- */

static void markdown_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (strchr("\\`*_[]<>|~#", *text)) fputc('\\', out);
        fputc(*text, out);
    }
}

/* The noughts behind the cents say nothing to a person. */
static void trim_noughts(char *text) {
    char *dot = strchr(text, '.');
    size_t n = strlen(text);
    while (dot && text + n > dot + 3 && text[n - 1] == '0') text[--n] = '\0';
}

static void markdown_row(const Sheet *s, size_t row) {
    char text[TEXT_SIZE];
    for (size_t i = 0; i < s->columns; i++) {
        const Column *c = &s->t->columns[s->column[i]];
        bool known = field(s, row, s->column[i], text, sizeof text);
        if (known && (c->figure == FIGURE_DOLLARS || c->figure == FIGURE_CENTS)) trim_noughts(text);
        if (!known) shown_text(s, row, s->column[i], text, sizeof text); /* "unpriced", "-" */
        fprintf(s->out, "| %s", is_at_least(s, row, s->column[i]) ? "\u2265" : "");
        markdown_text(s->out, text);
        fputc(' ', s->out);
    }
    fputs("|\n", s->out);
}

static void markdown_head(const Sheet *s) {
    char since[40], until[40], name[64];
    time_format_utc(s->v->since_ms, since, sizeof since);
    time_format_utc(s->v->until_ms, until, sizeof until);
    fprintf(s->out, "**LLM spend, %s** %s to %s", s->v->shown->name, since, until);
    if (s->v->filter) fputs(", only ", s->out), markdown_text(s->out, s->v->filter_text);
    fputs("\n\n", s->out);
    for (size_t i = 0; i < s->columns; i++) {
        field_name(&s->t->columns[s->column[i]], name, sizeof name);
        fprintf(s->out, "| %s ", name);
    }
    fputs("|\n", s->out);
    for (size_t i = 0; i < s->columns; i++) fputs(s->t->columns[s->column[i]].right ? "| ---: " : "| --- ", s->out);
    fputs("|\n", s->out);
}

static void write_markdown(const Sheet *s) {
    markdown_head(s);
    for (size_t i = 0; i < s->t->rows; i++) markdown_row(s, table_row(s->t, s->state, i));
    if (s->t->has_total) markdown_row(s, TABLE_TOTAL);
    if (s->t->more) fputs("\nThere are more rows than these.\n", s->out);
}

void export_write(const Listing *l, const TableState *s, const View *v, ExportForm form, FILE *out) {
    static void (*const write[])(const Sheet *) = {write_csv, write_json, write_markdown};
    Sheet sheet = {.t = &l->table, .state = s, .v = v, .out = out};
    choose_columns(&sheet);
    write[form](&sheet);
}
